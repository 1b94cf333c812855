"""How large a nodule is: what a score may have measured instead of texture."""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from thyro.radiomics import filters, shape


def nodule_sizes(patients: Iterable[str], read: Callable) -> pd.DataFrame:
    """Diameter and area of every nodule, from its mask and the size of a pixel.

    Parameters
    ----------
    patients : iterable of str
    read : callable
        `read(patient_id)` gives (image, mask, spacing_mm).

    Returns
    -------
    DataFrame, index patient_id
        diameter : longest distance in the slice: `original_shape_Maximum2DDiameterSlice` of the
            paper's set, also of nodules that could not be measured. In mm, or in pixels where
            their size is unknown.
        area : of the pixels in the mask, in mm2, or pixels.

    Raises
    ------
    ValueError
        If a mask is empty.
    """
    rows = {patient: _size(patient, *read(patient)[1:]) for patient in patients}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["diameter", "area"])
    return table.rename_axis("patient_id")


def _size(patient, mask, spacing_mm):
    mask = np.asarray(mask, dtype=bool)
    if not mask.any():
        raise ValueError(f"patient {patient}: the mask has no pixel.")
    plane = mask[filters.box(mask)]
    padded = np.pad(plane[None], 1)
    spacing = np.array([filters.SLICE_THICKNESS_MM, *spacing_mm])
    diameter = shape.calculate_coefficients(padded, spacing)[2][0]
    return float(diameter), float(plane.sum() * np.prod(spacing_mm))
