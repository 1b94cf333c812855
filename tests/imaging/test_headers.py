"""Headers that ITK cannot bear are told from those that programs write."""

import pytest

from tests.imaging.test_reading import GREY, write_volume
from tests.imaging.test_segments import BOTH, GLAND, NODULE, write_segments
from thyro.imaging import headers

HEAD = {
    ".nrrd": b"NRRD0004\ntype: uint8\ndimension: 2\nsizes: 20 12\nencoding: raw\n\n",
    ".mha": b"NDims = 2\nDimSize = 20 12\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n",
}


def is_plain(folder, ending, *change):
    path = folder / f"a{ending}"
    path.write_bytes(HEAD[ending].replace(*change) if change else HEAD[ending])
    return headers.is_plain(path, ending)


def test_what_programs_write_is_plain(tmp_path):
    write_volume(tmp_path / "a.nrrd", GREY[None], origin=(-1.5, 2e-7, 3))
    write_volume(tmp_path / "a.mha", GREY[None], spacing=(0.1, 1e-3, 1))
    write_segments(tmp_path / "m.nrrd", [GLAND, NODULE], BOTH)
    for name, ending in (("a.nrrd", ".nrrd"), ("a.mha", ".mha"), ("m.nrrd", ".nrrd")):
        assert headers.is_plain(tmp_path / name, ending)
    assert is_plain(tmp_path, ".nrrd") and is_plain(tmp_path, ".mha")


def test_a_long_text_of_the_user_is_no_field(tmp_path):
    text = b"Segment0_Tags:=" + b"x" * 5000 + b"\nsizes"
    assert is_plain(tmp_path, ".nrrd", b"sizes", text)
    assert is_plain(tmp_path, ".nrrd", b"type", b"# " + b"x" * 5000 + b"\ntype")


@pytest.mark.parametrize(
    ("ending", "old", "new"),
    [
        (".nrrd", b"uint8", b"9" * 5000),
        (".nrrd", b"20 12", b"20 -12"),
        (".nrrd", b"20 12", b"20 99999999999"),
        (".nrrd", b"dimension: 2", b"dimension: x"),
        (".nrrd", b"raw", b"\x00raw"),
        (".mha", b"20 12", b"20 0"),
        (".mha", b"MET_UCHAR", b"x" * 300),
        (".mha", b"NDims = 2", b"NDims = -1"),
        (".mha", b"DimSize", b"ElementSpacing = 0.1 nan\nDimSize"),
    ],
)
def test_fields_that_no_program_writes_are_not_plain(tmp_path, ending, old, new):
    assert not is_plain(tmp_path, ending, old, new)


def test_other_kinds_of_files_are_left_to_their_readers(tmp_path):
    assert headers.is_plain(tmp_path / "not there.nii", ".nii")
