"""Standardising features by the training patients, and what replaces a missing value."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from thyro.core import as_labels

NEARLY_CONSTANT = 1e-10  # range as a share of the largest value: rounding noise


@dataclass(frozen=True)
class Scaler:
    """Training mean and SD, and what replaces a missing value. One entry per usable feature."""

    mean: pd.Series
    sd: pd.Series  # ddof = 0, as glmnet and scikit-learn standardise
    median: pd.Series  # of the values present
    n_missing: pd.Series  # training patients without a value; every feature given
    set_aside: pd.Series  # feature -> "constant" or "missing in n of m patients"

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Impute by the training median, then z-score; the features set aside are left out.

        Raises
        ------
        ValueError
            If a feature is absent from `X` or a value is infinite.
        """
        absent = [name for name in self.mean.index if name not in X.columns]
        if absent:
            raise ValueError(f"X: lacks {len(absent)} of the training features, {absent[:3]} ...")
        X = as_features(X[self.mean.index], missing=True)
        values = _filled(X.to_numpy(), self.median.to_numpy())
        z = (values - self.mean.to_numpy()) / self.sd.to_numpy()
        return pd.DataFrame(z, index=X.index, columns=X.columns)

    def to_frame(self) -> pd.DataFrame:
        """One row per feature, those set aside at the end with the reason."""
        columns = {"mean": self.mean, "sd": self.sd, "median": self.median}
        table = pd.DataFrame(columns).reindex([*self.mean.index, *self.set_aside.index])
        return table.assign(n_missing=self.n_missing, set_aside=self.set_aside)


def fit_scaler(X: pd.DataFrame, *, max_missing: float = 0.2) -> Scaler:
    """Learn mean, SD and median of every feature.

    Parameters
    ----------
    X : DataFrame of float, shape (n_patients, n_features)
        Training patients. NaN marks a feature that could not be computed.
    max_missing : float, default 0.2
        Features missing in a larger share of patients are set aside, as are constant ones.

    Returns
    -------
    Scaler
        SD with ddof = 0, after imputation by the median.
    """
    X = as_features(X, missing=True)
    values = X.to_numpy()
    n_missing = np.isnan(values).sum(axis=0)
    sparse = n_missing > max_missing * len(X)
    median = np.full(X.shape[1], np.nan)
    complete = n_missing == 0
    median[complete] = np.median(values[:, complete], axis=0)
    for column in np.flatnonzero(~complete & ~sparse):  # rare
        median[column] = np.nanmedian(values[:, column])
    filled = _filled(values, median)
    with np.errstate(invalid="ignore"):  # a sparse feature may have no value at all
        spread, largest = np.ptp(filled, axis=0), np.abs(filled).max(axis=0)
    constant = ~sparse & (spread <= NEARLY_CONSTANT * largest)
    reasons = {X.columns[i]: "constant" for i in np.flatnonzero(constant)}
    reasons |= {
        X.columns[i]: f"missing in {n_missing[i]} of {len(X)} patients"
        for i in np.flatnonzero(sparse)
    }
    if len(reasons) == X.shape[1]:
        raise ValueError(f"X: all {X.shape[1]} features are constant or missing.")
    used = ~constant & ~sparse
    names = X.columns[used]
    return Scaler(
        mean=pd.Series(filled[:, used].mean(axis=0), names),
        sd=pd.Series(filled[:, used].std(axis=0), names),
        median=pd.Series(median[used], names),
        n_missing=pd.Series(n_missing, X.columns),
        set_aside=pd.Series(reasons, dtype=object, name="set_aside"),
    )


def as_features(X: pd.DataFrame, *, missing: bool = False) -> pd.DataFrame:
    """`X` as a float table with distinct names and at least one feature, finite.

    With `missing` values may be missing, as NaN.
    """
    if not isinstance(X, pd.DataFrame):
        raise TypeError(f"X: expected a DataFrame with one column per feature, got {type(X)}.")
    if X.shape[1] == 0 or X.columns.has_duplicates:
        twice = list(X.columns[X.columns.duplicated()][:3])
        raise ValueError(f"X: expected distinct features, at least one; repeated: {twice}.")
    values = X.to_numpy(dtype=float)  # once: a table read from a file has a block for each column
    infinite, absent = np.isinf(values), np.isnan(values)
    if infinite.any():
        name, patient = X.columns[infinite.any(axis=0)][0], X.index[infinite.any(axis=1)][0]
        raise ValueError(
            f"X: {int(infinite.sum())} values are infinite, the first in {name!r} of patient "
            f"{patient!r}. What could not be computed is to be missing (NaN): correct the table."
        )
    if absent.any() and not missing:
        raise ValueError(
            f"X: {int(absent.sum())} values are missing, the first in "
            f"{X.columns[absent.any(axis=0)][0]!r}. `fit_scaler` and its `transform` replace them."
        )
    return pd.DataFrame(values, index=X.index, columns=X.columns, copy=False)


def as_outcome(y: ArrayLike, n: int) -> np.ndarray:
    """`y` as 0/1 of `n` patients."""
    y = as_labels(y, "y")
    if len(y) != n:
        raise ValueError(f"y: expected {n} labels, one per row of X, got {len(y)}.")
    return y


def _filled(values, median):
    """Missing values replaced by the median of their feature."""
    return np.where(np.isnan(values), median, values)
