"""The file that a cell of the user's table names, below the user's folder and nowhere else."""

import unicodedata
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path, PurePosixPath

from thyro.imaging.pixels import ImageError

SHOWN = 3  # files of a message
FOLDERS_KEPT = 1024  # listings that are remembered


def inside(folder: Path, name: str, what: str) -> Path:
    """Path of a file that a table names, which must lie below the user's folder.

    A file of exactly this name is taken. Where there is none, one that differs only in the form of
    its letters is: a Mac writes é as two characters into a zip, and programs for Windows do not
    tell capitals from small letters. It must be the only one; see `respelled`.

    Parameters
    ----------
    folder
        The user's.
    name
        The cell of the table.
    what
        What the file is, for messages: "image", "mask".

    Raises
    ------
    ImageError
        If the name is empty, leaves the folder (by `..`, an absolute path or a link), no such
        file is there, or several are in other spellings.
    """
    if not name.strip():
        raise ImageError(f"{what}: no file named; fill the cell.")
    try:
        file = (folder / name).resolve()
        within = file.is_relative_to(folder.resolve())
        there, is_folder = file.is_file(), file.is_dir()
    # Too long for a name, with a character that none can hold, or a link that leads to itself.
    except (OSError, ValueError, RuntimeError):
        within, there, is_folder = True, False, False
    if not within:
        raise ImageError(f"{what} {name!r} lies outside the data folder; copy it there.")
    if is_folder:
        raise ImageError(f"{what} {name!r} is a folder; name one file in it.")
    return file if there else _in_another_spelling(folder, name, what)


def respelled(folder: Path, name: str) -> bool:
    """Whether `inside` takes a file whose name is spelled otherwise than in the table."""
    return not (folder / name).is_file()


def _in_another_spelling(folder: Path, name: str, what: str) -> Path:
    """The only file whose name is `name` but for the form of its letters, or for capitals."""
    where = f"{what} {name!r} is not in the data folder {folder}"
    for form in (composed, _without_capitals):
        files = _answering(folder, name, form)
        if len(files) > 1:
            several = ", ".join(ascii(str(file.relative_to(folder))) for file in files[:SHOWN])
            raise ImageError(
                f"{where}, but in another spelling: {several}. Write which one, as it is spelled."
            )
        if files:
            file = files[0].resolve()
            if not file.is_relative_to(folder.resolve()):
                raise ImageError(f"{what} {name!r} lies outside the data folder; copy it there.")
            return file
    remedy = " Write / between folder and file." if "\\" in name else ""
    raise ImageError(f"{where}.{remedy}")


def _answering(folder: Path, name: str, form: Callable[[str], str]) -> list[Path]:
    """Files below `folder` whose path has the form of `name`, in order."""
    parts = PurePosixPath(name).parts
    if ".." in parts or PurePosixPath(name).is_absolute():
        return []
    try:
        found = [folder]
        for part in parts:
            found = [
                place / entry
                for place in found
                if place.is_dir()
                for entry in _entries(place, form).get(form(part), ())
            ]
        return [file for file in found if file.is_file()]
    except (OSError, ValueError):
        return []


def _entries(folder: Path, form: Callable[[str], str]) -> dict[str, list[str]]:
    """Names in a folder by their form; listed again where the folder has changed."""
    return _listed(folder, folder.stat().st_mtime_ns, form)


# Kept by the process and not by a reader: workers get a new one for every few images.
@lru_cache(maxsize=FOLDERS_KEPT)
def _listed(folder: Path, changed: int, form: Callable[[str], str]) -> dict[str, list[str]]:
    by_form: dict[str, list[str]] = {}
    for entry in sorted(folder.iterdir()):
        by_form.setdefault(form(entry.name), []).append(entry.name)
    return by_form


def composed(name: str) -> str:
    """`name` with every letter as one character where there is such: Unicode NFC."""
    return unicodedata.normalize("NFC", name)


def _without_capitals(name: str) -> str:
    return composed(composed(name).casefold())
