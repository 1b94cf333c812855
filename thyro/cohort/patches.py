"""Whether images are large enough for 01: it learns from square patches of the training scans."""

import numpy as np
import pandas as pd

from thyro import imaging
from thyro.cohort import cells
from thyro.cohort.ingested import Ingested
from thyro.study import LEAST_PATCH_PX, PATCH_STEP_PX

# Scans fill more than half of their frame; of larger frames only 01, which comes next, looks.
SCAN_SHARE = 0.5


def check_patches(ingested: Ingested, split: pd.Series, patch_px: int) -> list[str]:
    """Training images that are smaller than a patch of the super-resolution, as problems.

    Parameters
    ----------
    ingested
        The cohort, with images.
    split
        "train" or "test" of the included, by the index of the table.
    patch_px
        Side of a patch; 0 where no super-resolution learns from them.

    Returns
    -------
    list of str
        One line with the rows and the largest patch that fits every training image, or, of rows
        with images that no patch fits, one that says so.
    """
    if not patch_px:
        return []
    sides = _scan_sides(ingested, split.index[split == "train"], patch_px)
    small = sides[sides.min(axis=1) < patch_px]
    hopeless = small[small.min(axis=1) < LEAST_PATCH_PX]
    lines = cells.row_lines(
        hopeless.index,
        f"{_smallest(hopeless)}, too small for the super-resolution, which learns from patches of "
        f"at least {LEAST_PATCH_PX} x {LEAST_PATCH_PX}; export larger images, or exclude these",
    )
    rest = small.drop(hopeless.index)
    if rest.empty:
        return lines
    fits = int(rest.to_numpy().min()) // PATCH_STEP_PX * PATCH_STEP_PX
    return lines + cells.row_lines(
        rest.index,
        f"{_smallest(rest)}, smaller than the patches of {patch_px} x {patch_px} from which the "
        f"super-resolution learns; set super_resolution.patch_px: {fits}, the largest that fits, "
        "or exclude these images",
    )


def _scan_sides(ingested: Ingested, rows: pd.Index, patch_px: int) -> pd.DataFrame:
    """Rows and columns of the scan of each small image, by the row of the table."""
    flags = ingested.image_flags
    small = flags[["rows", "columns"]].min(axis=1) < patch_px / SCAN_SHARE
    found = {}
    for place, row in enumerate(flags.index):
        if small[row] and row in rows:
            image = np.rint(ingested.cases[place].image).astype(np.uint8)
            found[row] = image[imaging.scan_area(image)].shape
    return pd.DataFrame.from_dict(found, orient="index", columns=["rows", "columns"])


def _smallest(sides: pd.DataFrame) -> str:
    """Size of the smallest scan, in words."""
    if sides.empty:
        return ""
    rows, columns = sides.loc[sides.min(axis=1).idxmin()]
    return f"the scan has {rows} x {columns} pixels{' (the smallest)' if len(sides) > 1 else ''}"
