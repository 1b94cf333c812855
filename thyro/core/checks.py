"""Checks of arguments that several modules share.

Every function returns its argument in the one form that the numerics expect, or raises an error
that names the argument, what was expected and what was found. Nothing is repaired in silence.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

FEWEST_PIXELS = 16  # of a nodule's mask, on two rows and columns: less has no texture to measure


def as_labels(y: ArrayLike, name: str = "y", *, min_per_class: int = 2) -> np.ndarray:
    """Return `y` as a 0/1 vector with at least `min_per_class` patients per class.

    Parameters
    ----------
    y : array_like, shape (n_patients,)
        1 with the outcome, 0 without it; integers, floats or booleans.
    name : str
        Name of the argument, for the message.
    min_per_class : int, default 2
        Two are needed for any variance; counts and proportions can do with 0.

    Returns
    -------
    ndarray of int, shape (n_patients,)

    Raises
    ------
    ValueError
        If `y` is not a vector, holds anything but 0 and 1, or a class is too small.
    """
    y = np.asarray(y)
    if y.ndim != 1 or y.size == 0:
        raise ValueError(f"{name}: expected shape (n,) with n >= 1, got {y.shape}.")
    strange = sorted(set(y.tolist()) - {0, 1}, key=repr)
    if strange:
        raise ValueError(
            f"{name}: expected only 0 (without the outcome) and 1 (with it), found "
            f"{strange[:5]}. Recode them where the cohort is read."
        )
    y = y.astype(int)
    n_cases = int(y.sum())
    if min(n_cases, len(y) - n_cases) < min_per_class:
        raise ValueError(
            f"{name}: needs at least {min_per_class} patients per class, "
            f"got {n_cases} with and {len(y) - n_cases} without the outcome."
        )
    return y


def as_scores(score: ArrayLike, name: str = "score", n: int | None = None) -> np.ndarray:
    """Return `score` as a vector of finite floats, of length `n` when that is given.

    Raises
    ------
    ValueError
        If it is not a vector of numbers, has the wrong length, or holds a missing or infinite
        value.
    """
    try:
        score = np.asarray(score, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: expected numbers, found something else ({error}).") from None
    if score.ndim != 1 or score.size == 0:
        raise ValueError(f"{name}: expected shape (n,) with n >= 1, got {score.shape}.")
    if n is not None and len(score) != n:
        raise ValueError(
            f"{name}: expected {n} values, one per patient, got {len(score)}. "
            "Align the tables by patient_id first."
        )
    bad = np.flatnonzero(~np.isfinite(score))
    if len(bad):
        raise ValueError(
            f"{name}: {len(bad)} of {len(score)} values are missing or infinite, "
            f"the first at position {bad[0]} ({score[bad[0]]})."
        )
    return score


def as_probabilities(p: ArrayLike, name: str = "p", n: int | None = None) -> np.ndarray:
    """Return `p` as a vector of probabilities on the 0-1 scale.

    Raises
    ------
    ValueError
        As `as_scores`, and if a value lies outside 0-1 (percent, a score or a linear predictor).
    """
    p = as_scores(p, name, n)
    bad = np.flatnonzero((p < 0) | (p > 1))
    if len(bad):
        raise ValueError(
            f"{name}: expected probabilities between 0 and 1, found {p[bad[0]]} at position "
            f"{bad[0]} and {len(bad)} outside in all. Divide percent by 100; convert a linear "
            "predictor with expit."
        )
    return p


def as_level(level: float, name: str = "level") -> float:
    """Return the coverage of an interval, a number strictly between 0 and 1."""
    if not 0 < level < 1:
        raise ValueError(f"{name}: expected a coverage between 0 and 1 such as 0.95, got {level}.")
    return float(level)


def as_one_of(value: str, name: str, accepted: Iterable[str]) -> str:
    """Return `value` when it is one of `accepted`; the message lists what is."""
    accepted = list(accepted)
    if value not in accepted:
        raise ValueError(f"{name}: expected one of {', '.join(accepted)}; got {value!r}.")
    return value


def as_columns(frame: pd.DataFrame, columns: Iterable[str], name: str = "frame") -> pd.DataFrame:
    """Return the named columns of `frame`, complete and each of them once.

    Parameters
    ----------
    frame : DataFrame
        One row per patient; the index is quoted when a value is missing.
    columns : iterable of str
        At least one name.
    name : str
        Name of the argument, for the message.

    Raises
    ------
    TypeError
        If `frame` is not a DataFrame or `columns` is a single string.
    ValueError
        If no or an unknown column is named, one is named twice, or a value is missing.
    """
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"{name}: expected a DataFrame, got {type(frame).__name__}.")
    if isinstance(columns, str):
        raise TypeError(f"{name}: expected a list of column names, got the string {columns!r}.")
    columns = list(columns)
    absent = [column for column in columns if column not in frame.columns]
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if not columns or absent or twice:
        raise ValueError(
            f"{name}: expected distinct column names out of {list(map(str, frame.columns))}, got "
            f"{columns} (unknown: {absent}, repeated: {twice})."
        )
    chosen = frame[columns]
    missing = chosen.isna()
    if missing.to_numpy().any():
        column = missing.any().idxmax()
        raise ValueError(
            f"{name}: {int(missing[column].sum())} values of {column!r} are missing, the first in "
            f"row {missing[column].idxmax()!r}. Exclude or impute where the cohort is read."
        )
    return chosen


def as_grey(image: ArrayLike, name: str = "image") -> np.ndarray:
    """Return `image` as an array of shape (rows, columns) with grey values 0-255.

    Raises
    ------
    ValueError
        If it is not two-dimensional, or holds a missing value or one out of range.
    """
    image = np.asarray(image)
    if image.ndim != 2 or not (image.min() >= 0 and image.max() <= 255):  # false for NaN too
        raise ValueError(
            f"{name}: expected a 2-D array of grey values 0-255, got shape {image.shape} with "
            f"values {image.min():g} to {image.max():g}."
        )
    return image
