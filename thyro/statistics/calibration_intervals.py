"""Calibration of every model in every cohort, each measure with its interval."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from thyro.core import as_labels, as_level, as_probabilities
from thyro.statistics.calibration import calibration
from thyro.statistics.performance import cohorts
from thyro.statistics.smoothing import LARGE, lowess, steps

MEASURES = ("citl", "slope", "observed_expected", "e_avg", "e_90", "brier", "scaled_brier")
RESAMPLED = ("e_avg", "e_90", "brier", "scaled_brier")
DISTANCES = ("e_avg", "e_90")  # from a smoothed curve: larger in a sample of the patients
STEP = 0.02  # of the range of the predictions: the curve of a bootstrap sample is fitted this often


def calibration_intervals(
    y: ArrayLike, p: ArrayLike, *, level: float = 0.95, draws: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Calibration in the large, slope, O:E, ICI, E90, Brier and scaled Brier with intervals.

    Calibration in the large (the intercept with the slope held at 1) and the slope have Wald
    intervals, the ratio of observed to expected patients one on the log scale. The others have
    percentiles of bootstrap samples of patients; the curve behind ICI and E90 is smoothed anew in
    each. These two are distances from a curve with noise of its own: they are above zero where
    calibration is perfect, and larger in a sample than in the patients themselves. So their
    percentiles are moved by the mean of the samples less the estimate, and end at zero; where
    calibration is perfect the interval still seldom reaches zero.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
        1 for lymph-node metastasis, 0 for none.
    p : array_like of float, shape (n_patients,)
        Predicted probabilities.
    level : float, default 0.95
        Coverage of the intervals.
    draws, seed : int
        Of the bootstrap. A sample without cases, or without controls, has no scaled Brier score.

    Returns
    -------
    DataFrame
        measure (of MEASURES, names as in `Calibration`), estimate, ci_low, ci_high. NaN where
        there is no recalibration, as for predictions that separate the classes.

    Raises
    ------
    ValueError
        As `calibration`.

    References
    ----------
    Riley et al. (2021), Stat. Med. 40:4230-4251 (standard error of log O:E). Austin, Steyerberg
    (2019), Stat. Med. 38:4051-4065 (ICI, E90). Steyerberg et al. (2010), Epidemiology 21:128-138
    (scaled Brier score).
    """
    y = as_labels(y, "y")
    p = as_probabilities(p, "p", len(y))
    found = calibration(y, p)
    z = float(stats.norm.isf((1 - as_level(level)) / 2))
    ends = {
        "citl": (found.citl - z * found.citl_se, found.citl + z * found.citl_se),
        "slope": (found.slope - z * found.slope_se, found.slope + z * found.slope_se),
    }
    factor = np.exp(z * np.sqrt((1 - y.mean()) / y.sum()))
    ends["observed_expected"] = (found.observed_expected / factor, found.observed_expected * factor)
    tails = [(1 - level) / 2, (1 + level) / 2]
    drawn = _resampled(y, p, draws, seed)
    for name in RESAMPLED:
        low, high = np.nanquantile(drawn[name], tails)
        ends[name] = low, high
        if name in DISTANCES:
            bias = drawn[name].mean() - getattr(found, name)
            ends[name] = max(low - bias, 0.0), high - bias
    rows = [(name, getattr(found, name), *map(float, ends[name])) for name in MEASURES]
    return pd.DataFrame(rows, columns=["measure", "estimate", "ci_low", "ci_high"])


def _resampled(y: np.ndarray, p: np.ndarray, draws: int, seed: int) -> pd.DataFrame:
    """The RESAMPLED measures in samples of patients with replacement, one row each."""
    rows, rng = [], np.random.default_rng(seed)
    distances = _distances_of_groups(y, p) if len(p) > LARGE else partial(_distances, y, p)
    for _ in range(draws):  # one sample after the other: all of many patients fill the memory
        row = rng.integers(0, len(y), len(y))
        outcome = y[row]
        brier = np.mean((p[row] - outcome) ** 2)
        variance = outcome.mean() * (1 - outcome.mean())
        scaled = 1 - brier / variance if variance else np.nan
        rows.append((*distances(row), brier, scaled))
    return pd.DataFrame(rows, columns=list(RESAMPLED))


def _distances(y: np.ndarray, p: np.ndarray, row: np.ndarray) -> tuple[float, float]:
    """ICI and E90 of the sample `row`."""
    outcome, predicted = y[row], p[row]
    x, smooth = lowess(predicted, outcome, delta=STEP * np.ptp(predicted))
    error = np.abs(predicted - smooth[np.searchsorted(x, predicted)])
    return error.mean(), np.quantile(error, 0.9)


def _distances_of_groups(
    y: np.ndarray, p: np.ndarray
) -> Callable[[np.ndarray], tuple[float, float]]:
    """`_distances` of samples of many patients: the `steps` of `p` part them into groups.

    A group stands at its mean prediction, so that a sample is smoothed in the time of its groups.
    """
    edges = steps(p)[1:-1:2]
    groups = np.searchsorted(edges, p)
    at = np.bincount(groups, p) / np.bincount(groups)

    def distances(row: np.ndarray) -> tuple[float, float]:
        group = groups[row]
        n = np.bincount(group, minlength=len(at))
        events = np.bincount(group, y[row], len(at))
        there = n > 0
        x, share, n = at[there], (events[there] / n[there]), n[there]
        error = np.abs(x - lowess(x, share, delta=STEP * np.ptp(x), counts=n)[1])
        order = np.argsort(error)
        ninth = np.searchsorted(np.cumsum(n[order]), 0.9 * n.sum())
        return float(error @ n / n.sum()), float(error[order[ninth]])

    return distances


def calibration_by_cohort(
    y: ArrayLike,
    p: pd.DataFrame,
    split: ArrayLike,
    *,
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """`calibration_intervals` of every model in every cohort.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
    p : DataFrame, shape (n_patients, n_models)
        Predicted probabilities, one column per model.
    split : array_like of str, shape (n_patients,)
        As in `cohorts`.
    level, draws, seed
        As in `calibration_intervals`.

    Returns
    -------
    DataFrame
        model, cohort, measure, estimate, ci_low, ci_high.
    """
    y = as_labels(y, "y")
    options: dict[str, Any] = {"level": level, "draws": draws, "seed": seed}
    return pd.concat(
        [
            calibration_intervals(y[chosen], values.to_numpy()[chosen], **options).assign(
                model=model, cohort=cohort
            )
            for model, values in p.items()
            for cohort, chosen in cohorts(split).items()
        ],
        ignore_index=True,
    )[["model", "cohort", "measure", "estimate", "ci_low", "ci_high"]]
