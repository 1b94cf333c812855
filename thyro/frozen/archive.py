"""One file of many members, each with its checksum: a ZIP that holds no pickle and runs no code."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

MANIFEST = "manifest.json"
FORMAT = "thyro frozen models 1"
SUFFIX = ".thyro"


class FrozenError(ValueError):
    """A file of frozen models, or what was asked of it, is not as it has to be."""


def checksum(data: bytes) -> str:
    """SHA-256, as the manifest lists it."""
    return hashlib.sha256(data).hexdigest()


def to_bytes(members: Mapping[str, bytes]) -> bytes:
    """A file with these members and their manifest; equal members give equal bytes.

    Parameters
    ----------
    members : mapping of name to bytes
    """
    sums = {name: checksum(members[name]) for name in sorted(members)}
    manifest = json.dumps({"format": FORMAT, "sha256": sums}, indent=1).encode()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in ({MANIFEST: manifest} | dict(sorted(members.items()))).items():
            entry = zipfile.ZipInfo(name)  # dated 1980-01-01
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return target.getvalue()


def read(file: Path) -> dict[str, bytes]:
    """The members of a file, once all of them are as the manifest says.

    Raises
    ------
    FrozenError
        If the file is not there or is none of frozen models; naming every member that was
        changed, added or taken away.
    """
    if not file.is_file():
        raise FrozenError(f"{file}: not there. `thyro export STUDY` writes one.")
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            manifest = json.loads(archive.read(MANIFEST))
            sums = dict(manifest["sha256"])
            found = {name: _member(archive, name) for name in names if name != MANIFEST}
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError):
        raise FrozenError(f"{file}: no file that `thyro export` wrote, or a damaged one.") from None
    if manifest.get("format") != FORMAT:
        raise FrozenError(
            f"{file}: written in the form {manifest.get('format')!r}, read is {FORMAT!r}. "
            "Export the study again with this version."
        )
    wrong = [
        *(f"{name} is missing" for name in sorted(set(sums) - set(found))),
        *(f"{name} was added" for name in sorted(set(found) - set(sums))),
        *(f"{name} was changed" for name in sums if name in found and _differs(found, sums, name)),
    ]
    if wrong or len(names) != len(set(names)):
        told = "; ".join(wrong) or "a member comes twice"
        raise FrozenError(f"{file}: refused, {told} since it was exported. Ask for a new copy.")
    return found


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of a member; none where they are damaged, which its checksum then says."""
    try:
        return archive.read(name)
    except zipfile.BadZipFile:
        return b""


def _differs(found: Mapping[str, bytes], sums: Mapping[str, str], name: str) -> bool:
    return checksum(found[name]) != sums[name]
