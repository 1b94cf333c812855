"""Images of an unknown folder, found by what a column of the table says.

A file belongs to a row when its path holds the cell as a word of its own: `img/P7_long.png` holds
P7, `img/P71.png` does not. What is left of the path is a form, such as `img/{id}_long.png`; the
form that most rows have a file for is the guess.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from thyro.cohort import cells
from thyro.cohort.column_content import FILE
from thyro.cohort.declared_cells import names_in
from thyro.cohort.header_words import found

MASKED = ("mask", "masks", "seg", "segmentation", "roi", "label", "labels", "contour")
MASKED_CHINESE = ("掩膜", "掩码", "标注", "分割", "勾画")
LEAST = 0.5  # of the rows need a file of a form
MOST_ROWS = 2000  # whose files are looked for; of a larger table the first


@dataclass(frozen=True)
class FoundFiles:
    """One form of names, such as "images/{id}.png", and how the rows of the table fill it.

    Attributes
    ----------
    form : str
        Relative to the folder, with a column in braces.
    matched : int
        Rows whose file is there.
    missing : list of int
        Rows without, by the index of the table.
    """

    form: str
    matched: int
    missing: list[int]

    @property
    def evidence(self) -> str:
        """In words."""
        rows = self.matched + len(self.missing)
        return f"{self.matched} of {rows} rows have a file of this name"


@dataclass(frozen=True)
class FoundImages:
    """Forms that fit images and masks, best first, and files that no row of the best has."""

    images: list[FoundFiles]
    masks: list[FoundFiles]
    unused: list[str]


def image_files(folder: Path) -> list[str]:
    """Files below a folder that are images by their ending, relative to it; no hidden ones."""
    return sorted(
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*")
        if file.is_file()
        and FILE.fullmatch(file.name)
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )


def find_images(table: pd.DataFrame, columns: Sequence[str], files: Sequence[str]) -> FoundImages:
    """Find how images and masks are named after a column.

    Parameters
    ----------
    table
        Every cell as text.
    columns
        That may be in the names, such as those of ids.
    files
        Relative to the data folder.
    """
    forms = [form for column in columns for form in _forms(table, column, files)]
    filled = [one for form in dict.fromkeys(forms) if (one := _filled(table, form, files))]
    enough = [one for one in filled if one.matched >= LEAST * len(table)]
    enough.sort(key=lambda one: -one.matched)
    masks = [one for one in enough if is_mask(one.form)]
    images = [one for one in enough if not is_mask(one.form)]
    used = {
        name
        for group in (images[:1], masks[:1])
        for one in group
        for name in _names(table, one.form)
    }
    return FoundImages(images, masks, [file for file in files if file not in used])


def is_mask(path: str) -> bool:
    """Whether a path says that it holds a mask."""
    return bool(found(path, MASKED) or found(path, MASKED_CHINESE))


def _forms(table: pd.DataFrame, column: str, files: Sequence[str]) -> list[str]:
    """Forms that two rows or more have a file for, the most frequent first."""
    values = dict.fromkeys(filter(None, map(cells.plain, table[column].iloc[:MOST_ROWS])))
    counts: Counter[str] = Counter()
    for value in values:
        word = re.compile(rf"(?<![^\W_]){re.escape(value)}(?![^\W_])")
        for file in files:
            if value in file:
                form, n = word.subn(f"{{{column}}}", file)
                counts[form] += bool(n)
    return [form for form, n in counts.most_common() if n > 1]


def _filled(table: pd.DataFrame, form: str, files: Sequence[str]) -> FoundFiles | None:
    there = set(files)
    if "{" in re.sub(r"\{[^{}]+\}", "", form):
        return None
    missing = [
        int(row)
        for row, name in zip(table.index, _names(table, form), strict=True)
        if name not in there
    ]
    return FoundFiles(form, len(table) - len(missing), missing)


def _names(table: pd.DataFrame, form: str) -> Iterable[str]:
    (column,) = set(names_in(form))
    return [form.replace(f"{{{column}}}", cells.plain(text)) for text in table[column]]
