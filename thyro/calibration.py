"""Agreement of predicted probabilities with observed outcomes."""

from dataclasses import asdict, dataclass
from math import ceil

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit, logit

from thyro.checks import as_labels, as_probabilities


@dataclass(frozen=True)
class HosmerLemeshow:
    """Hosmer-Lemeshow test and the table behind it."""

    statistic: float  # NaN when a group is empty or expects exactly nobody of one class
    df: int
    p_value: float  # upper tail; a large value is weak evidence of good calibration
    table: pd.DataFrame  # one row per group of predicted risk


@dataclass(frozen=True)
class Calibration:
    """Summary of calibration, on the 0-1 scale but for the first three fields (logit scale)."""

    intercept: float  # of the joint recalibration y ~ intercept + slope * logit(p); ideal 0
    slope: float  # of the same fit; ideal 1, below 1 when predictions are too extreme
    citl: float  # calibration in the large: intercept when the slope is held at 1; ideal 0
    brier: float  # mean squared error
    e_avg: float  # mean of |p - smoothed outcome|, also called ICI
    e_50: float  # median of the same
    e_90: float  # its 90th centile
    e_max: float  # its largest value
    n_extreme: int  # predictions of exactly 0 or 1, which intercept, slope and citl leave out

    def to_frame(self, model: str) -> pd.DataFrame:
        """One row indexed by `model`, one column per field."""
        return pd.DataFrame([asdict(self)], index=pd.Index([model], name="model"))


@dataclass(frozen=True)
class CalibrationCurve:
    """Smoothed and grouped calibration curve, on the 0-1 scale."""

    predicted: np.ndarray  # distinct predictions, increasing
    observed: np.ndarray  # lowess of the outcome there; may leave 0-1 by a little
    bin_predicted: np.ndarray  # mean prediction per group
    bin_observed: np.ndarray  # share with metastasis per group
    bin_n: np.ndarray  # patients per group


def _quantile_groups(p: np.ndarray, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Breaks at the quantiles of `p` and the group of every patient, counted from 0.

    Intervals are right-closed, the first one closed on both sides, and equal breaks are merged,
    so tied predictions are never split (R: cut(p, unique(quantile(p)), include.lowest=TRUE)).
    """
    breaks = np.unique(np.quantile(p, np.arange(groups + 1) / groups))
    return breaks, np.maximum(np.searchsorted(breaks, p, side="left") - 1, 0)


def hosmer_lemeshow(y, p, *, groups: int = 10, df: int | None = None) -> HosmerLemeshow:
    """Hosmer-Lemeshow goodness-of-fit test, as ResourceSelection::hoslem.test.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
        1 for lymph-node metastasis, 0 for none.
    p : array_like of float, shape (n_patients,)
        Predicted probabilities.
    groups : int, default 10
        Groups of predicted risk asked for. Ties can leave fewer.
    df : int, optional
        Degrees of freedom; `groups` - 2 when not given, however many groups the ties left, as in
        R. Pass `groups` for patients who did not fit the model.

    Returns
    -------
    HosmerLemeshow
        `table` has low, high, n, observed_cases, expected_cases, observed_controls and
        expected_controls, one row per group, intervals (low, high]. As in R the statistic is NaN
        when an interval between two blocks of ties holds nobody, or expects exactly 0 patients.

    Raises
    ------
    ValueError
        If all predictions are equal, `df` is not positive, and as `as_labels`.

    References
    ----------
    Hosmer, Lemeshow (1980), Commun. Stat. A 9:1043-1069.
    """
    y = as_labels(y, "y")
    p = as_probabilities(p, "p", len(y))
    df = groups - 2 if df is None else df
    if groups < 2 or df < 1:
        raise ValueError(f"groups, df: expected groups >= 2 and df >= 1, got {groups} and {df}.")
    breaks, group = _quantile_groups(p, groups)
    if len(breaks) < 2:
        raise ValueError(f"p: all predictions are {p[0]}; expected two or more distinct values.")
    n = np.bincount(group, minlength=len(breaks) - 1)
    observed = np.bincount(group, weights=y, minlength=len(n))
    expected = np.bincount(group, weights=p, minlength=len(n))
    table = pd.DataFrame(
        {
            "low": breaks[:-1],
            "high": breaks[1:],
            "n": n,
            "observed_cases": observed,
            "expected_cases": expected,
            "observed_controls": n - observed,
            "expected_controls": n - expected,
        }
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        # Observed and expected differ by the same number in both classes.
        statistic = float(np.sum((observed - expected) ** 2 * (1 / expected + 1 / (n - expected))))
    return HosmerLemeshow(statistic, int(df), float(stats.chi2.sf(statistic, df)), table)


def _lowess(p: np.ndarray, y: np.ndarray, fraction: float = 2 / 3) -> tuple[np.ndarray, np.ndarray]:
    """Locally linear smooth of `y` at the distinct values of `p`, without robustness iterations.

    R's lowess(p, y, f=2/3, iter=0, delta=0). Written out because statsmodels divides by zero
    where more than the fraction of the patients share one prediction.

    References
    ----------
    Cleveland (1979), JASA 74:829-836.
    """
    x = np.unique(p)
    # In blocks, because every block holds its distances to all patients.
    blocks = np.array_split(x, ceil(len(x) * len(p) / 1e6))
    return x, np.concatenate([_smooth_at(block, p, y, fraction) for block in blocks])


def _smooth_at(x: np.ndarray, p: np.ndarray, y: np.ndarray, fraction: float) -> np.ndarray:
    """Value at each `x` of the tricube-weighted line through its nearest patients."""
    distance = np.abs(p - x[:, None])
    neighbours = max(int(fraction * len(p) + 1e-7), 2)
    reach = np.partition(distance, neighbours - 1, axis=1)[:, [neighbours - 1]]
    share = np.divide(distance, reach, out=np.zeros_like(distance), where=reach > 0)
    # The limits of 0.001 and 0.999 of the reach are those of Cleveland's code.
    weight = np.where(share > 0.001, (1 - np.minimum(share, 1) ** 3) ** 3, 1.0)
    weight[distance > 0.999 * reach] = 0.0
    weight /= weight.sum(axis=1, keepdims=True)
    centre = (weight @ p)[:, None]
    spread = np.sum(weight * (p - centre) ** 2, axis=1, keepdims=True)
    straight = np.sqrt(spread) > 0.001 * np.ptp(p)  # else all neighbours sit at one point
    leaning = (x[:, None] - centre) * (p - centre)
    tilt = np.divide(leaning, spread, out=np.zeros_like(leaning), where=straight)
    return (weight * (1 + tilt)) @ y


def _logistic(design: np.ndarray, y: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Maximum-likelihood coefficients by Newton's method with step halving."""

    def log_likelihood(beta):
        eta = offset + design @ beta
        return np.sum(y * eta - np.logaddexp(0, eta))

    beta = np.zeros(design.shape[1])
    for _ in range(200):
        fitted = expit(offset + design @ beta)
        score = design.T @ (y - fitted)
        step = np.linalg.solve((design.T * (fitted * (1 - fitted))) @ design, score)
        # Twice the gain still to be had; below this the next step only moves rounding noise.
        if step @ score < 1e-18:
            break
        while log_likelihood(beta + step) < log_likelihood(beta) - 1e-9:
            step = step / 2
        beta = beta + step
    return beta


def _recalibration(y: np.ndarray, p: np.ndarray) -> tuple[float, float, float]:
    """Joint intercept and slope, and the intercept at slope 1; NaN where none exists."""
    lp, undefined = logit(p), float("nan")
    if len(np.unique(y)) < 2:
        return undefined, undefined, undefined
    citl = float(_logistic(np.ones((len(y), 1)), y, lp)[0])
    if np.ptp(lp) == 0:  # one prediction carries no slope; rms::val.prob reports 0
        return float(logit(y.mean())), 0.0, citl
    cases, controls = lp[y == 1], lp[y == 0]
    if cases.min() >= controls.max() or controls.min() >= cases.max():
        return undefined, undefined, citl  # separated: the slope runs to infinity
    intercept, slope = _logistic(np.column_stack([np.ones_like(lp), lp]), y, np.zeros_like(lp))
    return float(intercept), float(slope), citl


def calibration(y, p) -> Calibration:
    """Intercept, slope, Brier score and smoothed calibration errors, as rms::val.prob.

    The errors compare every prediction with the lowess smooth of the outcome (span 2/3). rms
    interpolates between points 1 % of the range apart, here every point is fitted (delta = 0),
    which moves them by less than 0.001.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
        1 for lymph-node metastasis, 0 for none.
    p : array_like of float, shape (n_patients,)
        Predicted probabilities. Values of exactly 0 or 1 have no logit and are left out of
        intercept, slope and `citl` only.

    Returns
    -------
    Calibration
        Intercept and slope are NaN when the predictions separate the classes.

    Raises
    ------
    ValueError
        If `y` is not 0/1, a class has fewer than two patients, or `p` is not a probability.

    References
    ----------
    Cox (1958), Biometrika 45:562-565. Austin, Steyerberg (2019), Stat. Med. 38:4051-4065.
    """
    y = as_labels(y, "y")
    p = as_probabilities(p, "p", len(y))
    inside = (p > 0) & (p < 1)
    intercept, slope, citl = _recalibration(y[inside], p[inside])
    predicted, observed = _lowess(p, y)
    error = np.abs(p - observed[np.searchsorted(predicted, p)])
    return Calibration(
        intercept=intercept,
        slope=slope,
        citl=citl,
        brier=float(np.mean((p - y) ** 2)),
        e_avg=float(error.mean()),
        e_50=float(np.quantile(error, 0.5)),
        e_90=float(np.quantile(error, 0.9)),
        e_max=float(error.max()),
        n_extreme=int(np.sum(~inside)),
    )


def calibration_curve(y, p, *, bins: int = 10) -> CalibrationCurve:
    """Points of a calibration plot: the lowess curve and groups of equal size.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
    p : array_like of float, shape (n_patients,)
        Predicted probabilities.
    bins : int, default 10
        Groups at the quantiles of `p`. Ties are never split, so groups can be fewer and unequal.
    """
    y = as_labels(y, "y")
    p = as_probabilities(p, "p", len(y))
    if bins < 1:
        raise ValueError(f"bins: expected at least 1, got {bins}.")
    predicted, observed = _lowess(p, y)
    group = _quantile_groups(p, bins)[1]
    n = np.bincount(group)
    full = n > 0
    return CalibrationCurve(
        predicted=predicted,
        observed=observed,
        bin_predicted=np.bincount(group, weights=p)[full] / n[full],
        bin_observed=np.bincount(group, weights=y)[full] / n[full],
        bin_n=n[full],
    )
