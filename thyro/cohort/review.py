"""What a reader looks at before anything is learned: every image with its outline, and the flags.

A flag is a reason to look. The decision is the reader's, in a column of the table.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from thyro import imaging, store
from thyro.cohort import image_flags
from thyro.cohort.intake import Ingested


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
