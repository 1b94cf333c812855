"""Rank correlation of many features or scores with one other number of the same patients."""

import numpy as np
import pandas as pd
from scipy.stats import norm, rankdata

from thyro.core import as_level
from thyro.statistics.agreement import NEARLY_CONSTANT

FEWEST = 4  # patients of an interval


def correlations_with(
    table: pd.DataFrame, other: pd.Series, *, level: float = 0.95
) -> pd.DataFrame:
    """Spearman's correlation of every column with `other`, such as the diameter of the nodule.

    Ranks alone count: the correlation with a diameter is that with its logarithm.

    Parameters
    ----------
    table : DataFrame of float, shape (n_patients, n_columns)
        Features or scores. A patient without a value is left out of that column.
    other : Series of float
        Of these patients at least, by the same index.
    level : float, default 0.95
        Coverage of the intervals, by Fisher's transformation with the variance of Bonett, Wright.

    Returns
    -------
    DataFrame, index the columns of `table`
        rho, ci_low, ci_high, n. A constant has no correlation (NaN); fewer than 4 patients have no
        interval.

    Raises
    ------
    ValueError
        If `other` lacks a patient of `table`.

    References
    ----------
    Bonett, Wright (2000), Psychometrika 65:23-28.
    """
    absent = table.index.difference(other.index)
    if len(absent):
        raise ValueError(f"other: lacks {len(absent)} of the patients, first {absent[0]!r}.")
    against = other.loc[table.index].to_numpy(dtype=float)
    half = norm.isf((1 - as_level(level)) / 2)
    rows = [_row(column.to_numpy(dtype=float), against, half) for _, column in table.items()]
    return pd.DataFrame(rows, table.columns, columns=["rho", "ci_low", "ci_high", "n"])


def _row(values, against, half):
    known = ~(np.isnan(values) | np.isnan(against))
    values, against, n = values[known], against[known], int(known.sum())
    if n < 2 or not (_varies(values) and _varies(against)):
        return np.nan, np.nan, np.nan, n
    rho = float(np.corrcoef(rankdata(values), rankdata(against))[0, 1])
    if n < FEWEST:
        return rho, np.nan, np.nan, n
    reach = half * np.sqrt((1 + rho**2 / 2) / (n - 3))
    z = np.arctanh(np.clip(rho, -1 + 1e-15, 1 - 1e-15))  # a perfect order has no finite z
    return rho, float(np.tanh(z - reach)), float(np.tanh(z + reach)), n


def _varies(x):
    return np.ptp(x) > NEARLY_CONSTANT * np.abs(x).max()
