"""What a reader looks at before anything is learned: every image with its outline, and the flags.

A flag is a reason to look. The decision is the reader's, in a column of the table or in a file.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from thyro import imaging, store
from thyro.cohort import image_flags
from thyro.cohort.clinical_table import DECISIONS
from thyro.cohort.decisions import DecisionFile
from thyro.cohort.ingested import SIMULATED, Ingested


def count_flags(ingested: Ingested) -> dict[str, int]:
    """How many examined images carry each flag; nothing for a table of scores."""
    examined = ingested.image_flags
    return {flag: int(examined[flag].sum()) for flag in image_flags.FLAGS if flag in examined}


def included_cases(patients: pd.DataFrame, examined: pd.DataFrame) -> Iterator[tuple]:
    """(title, image, mask, flags in words) of every included patient, as results hold them."""
    studied = examined[examined["included"]] if len(examined) else examined
    words = _in_words(studied).set_axis(studied.get("patient_id", []))
    for patient in patients.itertuples() if "image" in patients else ():
        image, _ = imaging.read_image(store.path(patient.image))
        mask = imaging.read_mask(store.path(patient.mask), image)
        yield patient.patient_id, image, mask, words[patient.patient_id]


def flagged_cases(ingested: Mapping[str, Ingested]) -> Iterator[tuple]:
    """(title, image, mask, row and flags in words) of every image that carries a flag."""
    for one in ingested.values():
        words = _in_words(one.image_flags)
        for i, row in enumerate(one.image_flags.itertuples()):
            if words.iloc[i]:
                case = one.cases[i]
                decision = "kept" if row.included else "not included"
                note = f"row {row.table_row}, {decision}: {words.iloc[i]}"
                yield row.patient_id, _shown(case.image, row), case.mask, note


class Review:
    """Every examined image as a reader browses them, and where the decisions go.

    Attributes
    ----------
    images : DataFrame
        One row per image, by its id, in the order of the tables: where it stands, its size, what
        was measured of the nodule, flags in words.
    decided : dict
        "keep" or "exclude" by image id, as file and table say; also of images that were not
        examined in this run.
    fixed : dict
        Of images whose decision no file can hold, why.
    origin : str
        What every picture of invented patients says; "" for others.
    """

    def __init__(self, ingested: Mapping[str, Ingested]):
        self._ingested = list(ingested.values())
        self._files = list(dict.fromkeys(one.decisions for one in self._ingested if one.decisions))
        invented = [
            one.opened.made is not None or one.opened.source.simulated for one in self._ingested
        ]
        self.origin = SIMULATED if any(invented) else ""
        seen = [one for one in self._ingested if one.cases is not None]
        self._places = {
            one.image_ids[row]: (one, i)
            for one in seen
            for i, row in enumerate(one.image_flags.index)
        }
        self.images = _listed(seen)
        self.decided: dict[str, str] = {}
        self.fixed: dict[str, str] = {}
        for one in self._ingested:
            told = dict(zip(one.image_ids, one.told, strict=True))
            self.decided |= {image: decision for image, decision in told.items() if decision}
            self.decided |= one.decisions.decided() if one.decisions else {}
            self.fixed |= {image: why for image in told if (why := _why_fixed(one, told[image]))}

    @property
    def status(self) -> str:
        """What is decided in every file, in words."""
        if not self._files:
            return "The study names no file of a reader's decisions on images (`decisions`)."
        return "\n".join(f"{file.name}: {_counted(file)}" for file in self._files)

    def read(self, image_id: str) -> tuple[np.ndarray, np.ndarray]:
        """Image, grey 0-255, and mask; without what a flagged sheet does not show either."""
        one, i = self._places[image_id]
        case, row = one.cases[i], next(one.image_flags.iloc[[i]].itertuples())
        return _shown(case.image, row), case.mask

    def words(self, image_id: str) -> list[str]:
        """What there is to know of an image beside its numbers, line by line."""
        one, i = self._places[image_id]
        row = one.image_flags.iloc[i]
        there = "studied" if row["included"] else "not studied"
        table = "external table" if one.opened.name == "external" else "table"
        size = f"{row['rows']} × {row['columns']} pixels"
        lines = [f"Row {row['table_row']} of the {table}, {size}, {there} in this run."]
        lines += [
            f"{flag.capitalize()}: {meaning}"
            for flag, meaning in image_flags.FLAGS.items()
            if row[flag]
        ]
        lines += [f"{note[:1].upper()}{note[1:]}." for note in row["notes"].split("; ") if note]
        return lines + ([self.fixed[image_id]] if image_id in self.fixed else [])

    def save(self, decided: Mapping[str, str]) -> str:
        """Replace the files by what is decided now; says what they hold.

        Parameters
        ----------
        decided
            As `decided`.

        Raises
        ------
        CohortError, OSError
            As `DecisionFile.save` does; the files before the one in question are saved.
        """
        for file in self._files:
            asking = [one for one in self._ingested if one.decisions is file]
            may_hold = {*file.decided()}.union(*(one.image_ids[one.told == ""] for one in asking))
            file.save({image: word for image, word in decided.items() if image in may_hold})
        return self.status


def _why_fixed(one: Ingested, told: str) -> str:
    """Why no file can hold a decision on an image; "" where one can."""
    if told:
        column = one.opened.source.quality_column
        return f"The column {column!r} of the table says {told}: change it there."
    return "" if one.decisions else "No decision can be saved: the study names no file of them."


def _counted(file: DecisionFile) -> str:
    """What a file holds, in words."""
    if not file.there:
        return "not there yet, so nothing is decided."
    words = list(file.decided().values())
    return ", ".join(f"{word} {words.count(word)}" for word in DECISIONS) + "."


def _listed(ingested: list[Ingested]) -> pd.DataFrame:
    """Examined images as a table to be sorted, with the sizes of nodules in one unit."""
    examined = pd.concat([one.image_flags for one in ingested]) if ingested else pd.DataFrame()
    if examined.empty:
        return pd.DataFrame()
    ids = [image for one in ingested for image in one.image_ids[one.image_flags.index]]
    unit = "mm" if examined["mask_diameter_mm"].notna().all() else "px"
    area = "mm²" if unit == "mm" else "px"
    columns = {"Cohort": examined["cohort"]} if len(ingested) > 1 else {}
    columns |= {
        "Row": examined["table_row"],
        "Pixels": examined["rows"] * examined["columns"],
        f"Area, {area}": examined["mask_area_mm2" if unit == "mm" else "mask_area_px"],
        f"Ø, {unit}": examined[f"mask_diameter_{unit}"],
        "Sharpness": examined["sharpness"],
        "Flags": _in_words(examined),
    }
    return pd.DataFrame({name: values.to_numpy() for name, values in columns.items()}, index=ids)


def _shown(image: np.ndarray, row) -> np.ndarray:
    """The image; of one that was excluded, without the text that may say whose it is."""
    if row.included or not row.text:
        return image
    scan = imaging.scan_area(image)
    shown = np.zeros_like(image)
    shown[scan] = image[scan]
    return shown


def _in_words(examined: pd.DataFrame) -> pd.Series:
    """Flags of every examined image, joined."""
    flags = examined.reindex(columns=list(image_flags.FLAGS), fill_value=False)
    return pd.Series(
        [", ".join(flags.columns[row]) for row in flags.to_numpy(bool)],
        index=examined.index,
        dtype=object,
    )
