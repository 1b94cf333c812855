"""Differences over random splits of the same patients, which are not independent of each other."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from thyro.core import as_level, as_scores


@dataclass(frozen=True)
class CorrectedDifference:
    """Mean of a difference over random splits. Every number is unrounded."""

    difference: float  # mean over splits
    se: float  # corrected
    ci_low: float
    ci_high: float
    statistic: float  # Student's t; NaN where the splits do not differ
    df: int
    p_value: float  # two-sided
    not_above: float  # share of the splits with a difference at or below zero
    splits: int


def corrected_difference(
    differences: ArrayLike, *, test_train_ratio: float, level: float = 0.95
) -> CorrectedDifference:
    """Mean difference of two recipes over random splits, with a variance that knows of overlap.

    Training parts of two splits share most of their patients, so the variance of the mean of J
    differences is not s²/J; Nadeau and Bengio replace 1/J by 1/J + n_test/n_train. The factor is
    an approximation: it takes the correlation of two splits to be the share of the test part. At
    5 % the test rejected 4.5 to 7.0 % of true null hypotheses in `tests/benchmarks/coverage.py`,
    most often where many features say little.

    Parameters
    ----------
    differences : array_like of float, shape (n_splits,)
        Held-out performance of one recipe less that of the other, one value per split.
    test_train_ratio : float
        Patients held out over patients that train.
    level : float, default 0.95
        Coverage of the interval.

    Returns
    -------
    CorrectedDifference
        Splits that all give the same difference have p 1 where it is zero, else 0.

    Raises
    ------
    ValueError
        For fewer than two splits, or a ratio that is not above zero.

    References
    ----------
    Nadeau, Bengio (2003), Mach. Learn. 52:239-281.
    """
    values = as_scores(differences, "differences")
    if len(values) < 2 or not (test_train_ratio > 0 and np.isfinite(test_train_ratio)):
        raise ValueError(
            "differences, test_train_ratio: expected two or more splits and a ratio above 0, got "
            f"{len(values)} and {test_train_ratio}."
        )
    n, mean = len(values), float(values.mean())
    # Of equal numbers rounding leaves a variance of 1e-33, and of their mean an error of 1e-17.
    variance = float(values.var(ddof=1)) if np.ptp(values) > 0 else 0.0
    se = float(np.sqrt((1 / n + test_train_ratio) * variance))
    half = float(stats.t.isf((1 - as_level(level)) / 2, n - 1)) * se
    statistic = mean / se if se else float("nan")
    p_value = float(2 * stats.t.sf(abs(statistic), n - 1)) if se else float(mean == 0)
    return CorrectedDifference(
        difference=mean,
        se=se,
        ci_low=mean - half,
        ci_high=mean + half,
        statistic=statistic,
        df=n - 1,
        p_value=p_value,
        not_above=float(np.mean(values <= 0)),
        splits=n,
    )


def differences_over_splits(
    auc: pd.DataFrame,
    pairs: Sequence[tuple[str, str]],
    *,
    test_train_ratio: float,
    level: float = 0.95,
) -> pd.DataFrame:
    """`corrected_difference` of the held-out AUCs of pairs of models.

    Parameters
    ----------
    auc : DataFrame
        repeat, model and test (the held-out AUC), one row per split and model.
    pairs : sequence of (str, str)
        Models; the AUC of the second is taken from that of the first, split by split.
    test_train_ratio, level
        As in `corrected_difference`.

    Returns
    -------
    DataFrame
        model_a, model_b and the fields of `CorrectedDifference`, one row per pair.

    Raises
    ------
    KeyError
        If a model has no row.
    """
    held_out = auc.pivot(index="repeat", columns="model", values="test")
    rows = []
    for a, b in pairs:
        found = corrected_difference(
            held_out[a] - held_out[b], test_train_ratio=test_train_ratio, level=level
        )
        rows.append({"model_a": a, "model_b": b} | asdict(found))
    return pd.DataFrame(rows)


def permutation_p(observed: float, permuted: ArrayLike) -> float:
    """How often permuted outcomes do as well: (1 + number at or above) / (1 + permutations).

    Parameters
    ----------
    observed : float
        With the true outcomes; the same statistic as the permuted ones, such as the held-out AUC
        of one split, not a mean of many.
    permuted : array_like of float, shape (n_permutations,)
        With outcomes permuted anew each time.

    Raises
    ------
    ValueError
        Where a value is missing.

    References
    ----------
    Phipson, Smyth (2010), Stat. Appl. Genet. Mol. Biol. 9:39 (why one is added).
    """
    values = as_scores(permuted, "permuted")
    (observed,) = as_scores([observed], "observed")
    return float((1 + np.sum(values >= observed)) / (1 + len(values)))
