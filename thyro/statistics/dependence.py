"""Columns of a regression that others make up exactly: their coefficients are not to be had."""

import numpy as np

SMALLEST = 1e-6  # of a coefficient between columns of length 1: below it is rounding


def redundant_columns(design: np.ndarray) -> dict[int, list[int]]:
    """Columns that are a combination of those before them, and of which.

    Exactly means as far as floating-point numbers tell: numpy's matrix_rank on columns of length 1.

    Parameters
    ----------
    design : ndarray of float, shape (n_patients, n_columns)

    Returns
    -------
    dict of int to list of int
        Redundant column -> the columns before it that make it up, none of them redundant.
    """
    length = np.linalg.norm(design, axis=0)
    scaled = design / np.where(length, length, 1)
    if np.linalg.matrix_rank(scaled) == scaled.shape[1]:
        return {}
    kept: list[int] = []
    made_of: dict[int, list[int]] = {}
    for k in range(scaled.shape[1]):
        if np.linalg.matrix_rank(scaled[:, np.array([*kept, k])]) == len(kept) + 1:
            kept.append(k)
            continue
        coefficients = np.linalg.lstsq(scaled[:, np.array(kept)], scaled[:, k], rcond=None)[0]
        made_of[k] = [j for j, c in zip(kept, coefficients, strict=True) if abs(c) > SMALLEST]
    return made_of
