"""The reader's decisions on images, in a CSV of the data folder that notebook 00 writes.

One row per image: its pseudonym, which says nothing of who the patient is, and "keep" or "exclude".
They count as those of `quality_column` do. Columns of the reader's own, such as remarks, stay.
"""

import codecs
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pandas as pd

from thyro import imaging, store
from thyro.cohort import cells, spreadsheet
from thyro.cohort.clinical_table import DECISIONS, CohortError

IMAGE, DECISION = "image_id", "decision"  # columns of the file


class DecisionFile:
    """The decisions of one file, as they were read; none where there is no such file yet.

    Parameters
    ----------
    data_dir
        The user's folder, relative to the project.
    name
        Of the file in it.

    Raises
    ------
    CohortError, ImageError, TableError
        If the name leads out of the folder, or the file is no table of decisions.
    """

    def __init__(self, data_dir: str, name: str):
        self.name = name
        self._file = _place(store.path(data_dir), name)
        self._bytes: bytes | None = None
        self._take_rows(pd.DataFrame(columns=[IMAGE, DECISION], dtype=str))
        if self._file.is_file():
            inside = self._file.relative_to(store.path(data_dir).resolve())
            self._take(store.read_bytes(f"{data_dir}/{inside}"))

    @property
    def there(self) -> bool:
        """Whether the file was there, or has been saved since."""
        return self._bytes is not None

    def decided(self) -> dict[str, str]:
        """ "keep" or "exclude" by image id, in the order of the file."""
        return self._decided[self._decided != ""].to_dict()

    def problems(self, known: Mapping[str, str] | None = None) -> list[str]:
        """What is wrong with the file, one line each; it begins with the name of the file.

        Parameters
        ----------
        known
            What the table itself says, "" where nothing, by the id of every image of the cohorts
            that have this file; None where they are not all known.
        """
        ids, found = self._rows[IMAGE], list(self._problems)
        found += cells.row_lines(
            ids.index[ids == ""], f"{IMAGE}: empty, expected the id of an image; remove the line"
        )
        for image, rows in ids[(ids != "") & ids.duplicated(keep=False)].groupby(ids, sort=False):
            found += cells.row_lines(rows.index, f"{IMAGE}: {image} twice; leave one of the lines")
        if known is not None:
            unknown = ids.index[(ids != "") & ~ids.isin(list(known))]
            found += cells.row_lines(
                unknown,
                f"{IMAGE}: no row of the table has this id: that of its patient or the name of its "
                "file was changed, or the key of the pseudonyms; remove the line, and decide again "
                "in notebook 00",
            )
            for row, (image, decision) in enumerate(self._decided.items()):
                told = known.get(image) or decision
                if decision and told != decision:
                    what = f"{DECISION}: {decision}, but `quality_column` says {told}"
                    found += cells.row_lines([row], f"{what} of this image; change one of them")
        return [f"{self.name} {line}" for line in found]

    def save(self, decided: Mapping[str, str]) -> None:
        """Replace the file, whole or not at all, by what is decided now.

        Parameters
        ----------
        decided
            "keep" or "exclude" by image id; of an image that is not named nothing is decided.

        Raises
        ------
        CohortError
            If the file is not as it was read: what somebody else decided would be lost.
        OSError
            If it cannot be written.
        """
        if (self._file.read_bytes() if self._file.is_file() else None) != self._bytes:
            raise CohortError(
                f"{self.name} was changed since this notebook read it, and is left as it is; run "
                "the notebook again, and decide on what it shows then."
            )
        rows = self._rows.set_index(IMAGE)
        rows = rows.reindex([*rows.index, *(image for image in decided if image not in rows.index)])
        rows[DECISION] = [decided.get(image, "") for image in rows.index]
        rows = rows.fillna("")
        rows = rows[(rows != "").any(axis=1)]
        # Excel knows UTF-8 by this mark alone.
        marked = (self._bytes or b"").startswith(codecs.BOM_UTF8)
        data = rows.to_csv(lineterminator="\n").encode("utf-8-sig" if marked else "utf-8")
        with store.atomic(self._file) as temporary:
            temporary.write_bytes(data)
        self._take(data)

    def _take(self, data: bytes) -> None:
        """Read the content of the file."""
        rows = spreadsheet.read(data, self.name, may_be_empty=True)
        absent = [column for column in (IMAGE, DECISION) if column not in rows]
        if absent:
            raise CohortError(
                f"{self.name} has no column {' and no column '.join(absent)}. A file of decisions "
                f"has the columns {IMAGE} and {DECISION}; name another one in `decisions`."
            )
        self._bytes = data
        self._take_rows(rows.assign(**{IMAGE: rows[IMAGE].map(cells.plain)}))

    def _take_rows(self, rows: pd.DataFrame) -> None:
        self._rows, self._problems = rows, []
        read = partial(cells.word, accepted=DECISIONS)
        values = cells.column(rows[DECISION], read, self._problems)
        self._decided = pd.Series([value or "" for value in values], rows[IMAGE], dtype=str)


def _place(folder: Path, name: str) -> Path:
    """Where the file lies, perhaps in another spelling, or is going to."""
    try:
        return imaging.inside(folder, name, "decisions")
    except imaging.ImageError:
        place = (folder / name).resolve()
        if place.is_relative_to(folder.resolve()) and not _answers(place):
            return place  # not there yet
        raise


def _answers(place: Path) -> bool:
    """Whether anything is there under this name, however it is spelled."""
    spelled = cells.plain(place.name).casefold()
    entries = place.parent.iterdir() if place.parent.is_dir() else ()
    return any(cells.plain(entry.name).casefold() == spelled for entry in entries)
