"""Do two versions of the same images give the same features?"""

import numpy as np
import pandas as pd
from scipy.stats import rankdata

NEARLY_CONSTANT = 1e-10  # range as a share of the largest value: rounding noise


def icc(ratings) -> float:
    """Intraclass correlation ICC(2,1): two-way random, absolute agreement, single rater.

    Parameters
    ----------
    ratings : array_like of float, shape (n_subjects, n_raters)
        Every rater rated every subject; at least two of each.

    Returns
    -------
    float
        1 where the raters agree in every subject, at most 0 where subjects differ no more than the
        ratings of one. A rater who is off by a constant lowers it, unlike a correlation. NaN if
        all ratings are the same or one is missing: there is nothing to agree on.

    Raises
    ------
    ValueError
        If there are fewer than two subjects or raters.

    References
    ----------
    Shrout, Fleiss (1979), Psychol. Bull. 86:420-428. McGraw, Wong (1996), Psychol. Methods
    1:30-46, case 2, ICC(A,1).
    """
    ratings = np.asarray(ratings, dtype=float)
    if ratings.ndim != 2 or min(ratings.shape) < 2:
        raise ValueError(
            "ratings: expected shape (n_subjects, n_raters) with two or more of each, "
            f"got {ratings.shape}."
        )
    return float(_icc(ratings[:, :, None])[0])


def table(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Agreement of every feature between two versions of the same images.

    Parameters
    ----------
    first, second : DataFrame of float, shape (n_patients, n_features)
        The same patients and features, in any order.

    Returns
    -------
    DataFrame
        Index `feature`, in the order of `first`: icc (ICC(2,1), the versions being the raters) and
        spearman (rank correlation). Both are NaN where the feature is constant in one of the
        versions or a patient has no value.

    Raises
    ------
    ValueError
        If patients or features differ, repeat, or there are fewer than two patients.
    """
    for what, a, b in (
        ("patients", first.index, second.index),
        ("features", first.columns, second.columns),
    ):
        if a.has_duplicates or b.has_duplicates or set(a) != set(b):
            strange = list(a[a.duplicated()]) + list(b[b.duplicated()])
            strange += list(a.symmetric_difference(b, sort=False))
            raise ValueError(
                f"first, second: expected the same {what}, once each; repeated or in one of them "
                f"only: {strange[:3]}. Measure both versions of the same cohort."
            )
    if len(first) < 2:
        raise ValueError(f"first, second: expected two or more patients, got {len(first)}.")
    names = first.columns.rename("feature")
    a = first.to_numpy(dtype=float)
    b = second.loc[first.index, first.columns].to_numpy(dtype=float)
    usable = _varies(a) & _varies(b)
    a, b = a[:, usable], b[:, usable]
    agreed = pd.DataFrame({"icc": np.nan, "spearman": np.nan}, index=names)
    agreed.loc[usable, "icc"] = _icc(np.stack([a, b], axis=1))
    agreed.loc[usable, "spearman"] = _spearman(a, b)
    return agreed


def _icc(ratings: np.ndarray) -> np.ndarray:
    """ICC(2,1) of ratings (n_subjects, n_raters, n_features), from the two-way mean squares."""
    n, k, _ = ratings.shape
    centred = ratings - ratings.mean(axis=(0, 1))
    of_subjects = centred.mean(axis=1)
    of_raters = centred.mean(axis=0)
    rest = centred - of_subjects[:, None] - of_raters
    subjects = k * (of_subjects**2).sum(axis=0) / (n - 1)
    raters = n * (of_raters**2).sum(axis=0) / (k - 1)
    error = (rest**2).sum(axis=(0, 1)) / ((n - 1) * (k - 1))
    spread = subjects + (k - 1) * error + k * (raters - error) / n
    # 0/0 where all ratings are the same; their rounding noise must not become an agreement.
    varies = _varies(ratings.reshape(n * k, -1))
    return np.divide(subjects - error, spread, out=np.full(len(spread), np.nan), where=varies)


def _spearman(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Rank correlation of the columns of `a` with those of `b`; ties get midranks."""
    a, b = (rankdata(x, axis=0) - (len(x) + 1) / 2 for x in (a, b))
    return (a * b).sum(axis=0) / np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))


def _varies(x: np.ndarray) -> np.ndarray:
    """Columns of `x` (n, n_features) whose values are all there and not all the same."""
    return np.ptp(x, axis=0) > NEARLY_CONSTANT * np.abs(x).max(axis=0)  # false for NaN
