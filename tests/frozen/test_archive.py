"""A file of members with checksums: whole, or refused by the name of what was changed."""

import json
import zipfile

import pytest

from thyro.frozen import archive

MEMBERS = {"model.json": b'{"a": 1}', "parts/one.bin": bytes(range(256))}


@pytest.fixture
def file(tmp_path):
    target = tmp_path / "x.thyro"
    target.write_bytes(archive.to_bytes(MEMBERS))
    return target


def rewritten(file, change):
    """The same ZIP with members changed by `change`."""
    with zipfile.ZipFile(file) as source:
        members = {name: source.read(name) for name in source.namelist()}
    change(members)
    with zipfile.ZipFile(file, "w") as target:
        for name, data in members.items():
            target.writestr(name, data)
    return file


def test_members_come_back_and_equal_members_give_equal_bytes(file):
    assert archive.read(file) == MEMBERS
    assert archive.to_bytes(dict(reversed(MEMBERS.items()))) == file.read_bytes()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda m: m.update({"model.json": b'{"a": 2}'}), "model.json was changed"),
        (lambda m: m.pop("parts/one.bin"), "parts/one.bin is missing"),
        (lambda m: m.update({"new.bin": b""}), "new.bin was added"),
    ],
)
def test_a_member_that_is_not_as_exported_is_named(file, change, told):
    with pytest.raises(archive.FrozenError, match=f"refused, {told} since it was exported"):
        archive.read(rewritten(file, change))


def test_bytes_changed_in_place_are_refused_by_name(file):
    data = bytearray(file.read_bytes())
    with zipfile.ZipFile(file) as source:
        info = source.getinfo("parts/one.bin")
    data[info.header_offset + 30 + len(info.filename) + 9] ^= 1
    file.write_bytes(data)
    with pytest.raises((archive.FrozenError), match=r"parts/one.bin was changed|damaged"):
        archive.read(file)


def test_what_is_no_such_file_is_said_so(tmp_path, file):
    with pytest.raises(archive.FrozenError, match="not there. `thyro export STUDY` writes one"):
        archive.read(tmp_path / "absent.thyro")
    (tmp_path / "text.thyro").write_text("no ZIP")
    with pytest.raises(archive.FrozenError, match="no file that `thyro export` wrote"):
        archive.read(tmp_path / "text.thyro")

    def older(members):
        members[archive.MANIFEST] = json.dumps({"format": "other", "sha256": {}}).encode()

    with pytest.raises(archive.FrozenError, match="written in the form 'other'"):
        archive.read(rewritten(file, older))
