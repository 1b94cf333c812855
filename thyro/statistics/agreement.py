"""Do several versions of the same images give the same features, and which features do so alike?"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import rankdata

GOOD_ICC = 0.75  # ICC from which reliability is good: Koo, Li (2016), J. Chiropr. Med. 15:155-163
NEARLY_CONSTANT = 1e-10  # range as a share of the largest value: rounding noise


def icc(ratings: ArrayLike) -> float:
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


def agreement_table(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
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
        versions or a patient lacks its value. A patient without any value is left out.

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
    # Who could not be measured in one of the versions says nothing of any feature.
    known = ~(np.isnan(a).all(axis=1) | np.isnan(b).all(axis=1))
    a, b = a[known], b[known]
    if len(a) < 2:
        raise ValueError(
            f"first, second: expected two or more patients with features, got {len(a)}."
        )
    usable = _varies(a) & _varies(b)
    a, b = a[:, usable], b[:, usable]
    agreed = pd.DataFrame({"icc": np.nan, "spearman": np.nan}, index=names)
    agreed.loc[usable, "icc"] = _icc(np.stack([a, b], axis=1))
    agreed.loc[usable, "spearman"] = _spearman(a, b)
    return agreed


def icc_of_features(ratings: ArrayLike, *, fewest: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """ICC(2,1) of many features at once, each over the subjects who have all its ratings.

    Parameters
    ----------
    ratings : array_like of float, shape (n_subjects, n_raters, n_features)
        NaN where a rating is missing: of a feature, the subjects without one are left out.
    fewest : int, default 2
        Subjects below which a feature has no ICC.

    Returns
    -------
    icc : ndarray of float, shape (n_features,)
        As `icc`, feature by feature.
    n_subjects : ndarray of int, shape (n_features,)
        Subjects who have all ratings.

    Raises
    ------
    ValueError
        If there are fewer than two raters.
    """
    ratings = np.asarray(ratings, dtype=float)
    if ratings.ndim != 3 or ratings.shape[1] < 2:
        raise ValueError(
            "ratings: expected shape (n_subjects, n_raters, n_features) with two or more raters, "
            f"got {ratings.shape}."
        )
    complete = ~np.isnan(ratings).any(axis=1)
    found = np.full(ratings.shape[2], np.nan)
    counts = complete.sum(axis=0)
    # Nearly all features miss the same subjects, so there are few patterns to go through.
    patterns, of_feature = np.unique(complete, axis=1, return_inverse=True)
    for number, subjects in enumerate(patterns.T):
        if subjects.sum() >= max(fewest, 2):
            features = np.flatnonzero(of_feature == number)
            found[features] = _icc(ratings[np.ix_(subjects, np.arange(ratings.shape[1]), features)])
    return found, counts


def rank_correlation(features: pd.DataFrame) -> pd.DataFrame:
    """Spearman's correlation of every pair of features.

    Parameters
    ----------
    features : DataFrame of float, shape (n_patients, n_features)

    Returns
    -------
    DataFrame, shape (n_features, n_features)
        NaN in the row and column of a feature that is constant or lacks a value.
    """
    values = features.to_numpy(dtype=float)
    usable = _varies(values)
    ranks = _centred_ranks(values[:, usable])
    ranks /= np.sqrt((ranks**2).sum(axis=0))
    matrix = np.full((values.shape[1],) * 2, np.nan)
    matrix[np.ix_(usable, usable)] = ranks.T @ ranks
    return pd.DataFrame(matrix, index=features.columns, columns=features.columns)


def agreement_summary(table: pd.DataFrame, *, suffix: str = "") -> dict[str, float]:
    """Medians of a table of agreement, and how many features agree well.

    Parameters
    ----------
    table : DataFrame
        `agreement_table` without features that lack an ICC: icc and spearman.
    suffix : str
        Of the two columns, where the table holds a second comparison.

    Returns
    -------
    dict
        n (features), icc and spearman (medians), good (share with an ICC of `GOOD_ICC` or more).
    """
    icc, rho = table[f"icc{suffix}"], table[f"spearman{suffix}"]
    medians = {"icc": float(icc.median()), "spearman": float(rho.median())}
    return {"n": len(table)} | medians | {"good": float((icc >= GOOD_ICC).mean())}


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
    """Spearman's correlation of the columns of `a` with those of `b`."""
    a, b = _centred_ranks(a), _centred_ranks(b)
    return (a * b).sum(axis=0) / np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))


def _centred_ranks(x: np.ndarray) -> np.ndarray:
    """Ranks of every column of `x` (n, n_features) around zero; ties get midranks."""
    return rankdata(x, axis=0) - (len(x) + 1) / 2


def _varies(x: np.ndarray) -> np.ndarray:
    """Columns of `x` (n, n_features) whose values are all there and not all the same."""
    return np.ptp(x, axis=0) > NEARLY_CONSTANT * np.abs(x).max(axis=0)  # false for NaN
