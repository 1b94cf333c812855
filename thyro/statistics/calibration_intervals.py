"""Calibration of every model in every cohort, each measure with its interval."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from thyro.core import as_labels, as_level, as_probabilities
from thyro.statistics.calibration import calibration
from thyro.statistics.performance import cohorts
from thyro.statistics.smoothing import lowess

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
    rows = []
    for row in np.random.default_rng(seed).integers(0, len(y), (draws, len(y))):
        outcome, predicted = y[row], p[row]
        x, smooth = lowess(predicted, outcome, delta=STEP * np.ptp(predicted))
        error = np.abs(predicted - smooth[np.searchsorted(x, predicted)])
        brier = np.mean((predicted - outcome) ** 2)
        variance = outcome.mean() * (1 - outcome.mean())
        scaled = 1 - brier / variance if variance else np.nan
        rows.append((error.mean(), np.quantile(error, 0.9), brier, scaled))
    return pd.DataFrame(rows, columns=list(RESAMPLED))


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
