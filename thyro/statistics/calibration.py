"""Agreement of predicted probabilities with observed outcomes."""

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import logit

from thyro.core import as_labels, as_level, as_probabilities
from thyro.statistics.newton import logistic_information, maximise_logistic
from thyro.statistics.smoothing import loess_weights, lowess


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
    scaled_brier: float  # 1 less its ratio to that of the prevalence for everybody; 1 is perfect
    e_avg: float  # mean of |p - smoothed outcome|, also called ICI
    e_50: float  # median of the same
    e_90: float  # its 90th centile
    e_max: float  # its largest value
    n_extreme: int  # predictions of exactly 0 or 1, which intercept, slope and citl leave out
    intercept_se: float
    slope_se: float
    citl_se: float
    lr_statistic: float  # of intercept 0 and slope 1 together, on 2 degrees of freedom
    lr_p: float
    observed_expected: float  # patients with metastasis over the sum of the predictions
    spiegelhalter_z: float  # Brier score against what the predictions themselves expect
    spiegelhalter_p: float

    def to_frame(self, model: str) -> pd.DataFrame:
        """One row indexed by `model`, one column per field."""
        return pd.DataFrame([asdict(self)], index=pd.Index([model], name="model"))


@dataclass(frozen=True)
class CalibrationCurve:
    """Smoothed and grouped calibration curve, on the 0-1 scale."""

    predicted: np.ndarray  # increasing, from the smallest to the largest prediction
    observed: np.ndarray  # loess of the outcome there, within 0-1
    low: np.ndarray  # pointwise interval of the same
    high: np.ndarray
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


def hosmer_lemeshow(
    y: ArrayLike, p: ArrayLike, *, groups: int = 10, df: int | None = None
) -> HosmerLemeshow:
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


def _standard_errors(
    design: np.ndarray, beta: np.ndarray, offset: np.ndarray | float = 0.0
) -> np.ndarray:
    """Of the coefficients of a logistic regression."""
    covariance = np.linalg.inv(logistic_information(design, beta, offset))
    return np.sqrt(np.diag(covariance))


def recalibration(y: np.ndarray, p: np.ndarray) -> dict[str, float]:
    """Fields of `Calibration` that come from recalibration; NaN where there is none.

    Parameters
    ----------
    y : ndarray of 0 and 1, shape (n_patients,)
    p : ndarray of float, shape (n_patients,)
        Probabilities above 0 and below 1.
    """
    names = ("intercept", "slope", "citl", "intercept_se", "slope_se", "citl_se")
    found = dict.fromkeys([*names, "lr_statistic", "lr_p"], float("nan"))
    if len(np.unique(y)) < 2:
        return found
    lp = logit(p)
    ones = np.ones((len(y), 1))
    beta, _ = maximise_logistic(ones, y, offset=lp)
    (found["citl"],), (found["citl_se"],) = beta, _standard_errors(ones, beta, lp)
    if np.ptp(lp) == 0:  # one prediction carries no slope; rms::val.prob reports 0
        return found | {"intercept": float(logit(y.mean())), "slope": 0.0}
    cases, controls = lp[y == 1], lp[y == 0]
    if cases.min() >= controls.max() or controls.min() >= cases.max():
        return found  # separated: the slope runs to infinity
    design = np.column_stack([np.ones_like(lp), lp])
    beta, height = maximise_logistic(design, y)
    se = _standard_errors(design, beta)
    gain = 2 * (height - float(np.sum(y * lp - np.logaddexp(0, lp))))
    found |= dict(zip(("intercept", "slope"), map(float, beta), strict=True))
    found |= dict(zip(("intercept_se", "slope_se"), map(float, se), strict=True))
    return found | {"lr_statistic": gain, "lr_p": float(stats.chi2.sf(gain, 2))}


def _spiegelhalter(y: np.ndarray, p: np.ndarray) -> tuple[float, float]:
    """Statistic and two-sided p; NaN when every prediction is 0, 1/2 or 1."""
    variance = np.sum((1 - 2 * p) ** 2 * p * (1 - p))
    if variance == 0:
        return float("nan"), float("nan")
    z = float(np.sum((y - p) * (1 - 2 * p)) / np.sqrt(variance))
    return z, float(2 * stats.norm.sf(abs(z)))


def calibration(y: ArrayLike, p: ArrayLike) -> Calibration:
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
        Intercept and slope are NaN when the predictions separate the classes. When all predictions
        are equal the slope is 0, as in rms, and has no standard error. `lr_statistic` is U of
        val.prob times n, plus 2.

    Raises
    ------
    ValueError
        If `y` is not 0/1, a class has fewer than two patients, or `p` is not a probability.

    References
    ----------
    Cox (1958), Biometrika 45:562-565. Spiegelhalter (1986), Stat. Med. 5:421-433. Austin,
    Steyerberg (2019), Stat. Med. 38:4051-4065. Steyerberg et al. (2010), Epidemiology 21:128-138
    (scaled Brier score).
    """
    y = as_labels(y, "y")
    p = as_probabilities(p, "p", len(y))
    inside = (p > 0) & (p < 1)
    z, z_p = _spiegelhalter(y, p)
    predicted, observed = lowess(p, y)
    error = np.abs(p - observed[np.searchsorted(predicted, p)])
    brier = float(np.mean((p - y) ** 2))
    return Calibration(
        **recalibration(y[inside], p[inside]),
        brier=brier,
        scaled_brier=float(1 - brier / (y.mean() * (1 - y.mean()))),
        e_avg=float(error.mean()),
        e_50=float(np.quantile(error, 0.5)),
        e_90=float(np.quantile(error, 0.9)),
        e_max=float(error.max()),
        n_extreme=int(np.sum(~inside)),
        observed_expected=float(y.sum() / p.sum()) if p.any() else float("inf"),
        spiegelhalter_z=z,
        spiegelhalter_p=z_p,
    )


def calibration_curve(
    y: ArrayLike, p: ArrayLike, *, bins: int = 10, points: int = 201, level: float = 0.95
) -> CalibrationCurve:
    """Points of a calibration plot: the loess curve with its band, and groups of equal size.

    The curve is R's loess of degree 2 and span 0.75 with direct fits. Its band is pointwise, with
    the binomial variance of the smoothed outcome: an outcome of 0 or 1 does not have the constant
    variance that predict.loess assumes.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
    p : array_like of float, shape (n_patients,)
        Predicted probabilities.
    bins : int, default 10
        Groups at the quantiles of `p`. Ties are never split, so groups can be fewer and unequal.
    points : int, default 201
        Of the curve, equally spaced; with fewer distinct predictions it has these.
    level : float, default 0.95
        Coverage of the band.

    Returns
    -------
    CalibrationCurve
        With a single distinct prediction the curve is one point, the observed share.
    """
    y = as_labels(y, "y")
    p = as_probabilities(p, "p", len(y))
    if bins < 1:
        raise ValueError(f"bins: expected at least 1, got {bins}.")
    x = np.unique(p)
    if len(x) > points:
        x = np.linspace(p.min(), p.max(), points)
    weights = loess_weights(x, p)
    observed = np.clip(weights @ y, 0, 1)
    at_patients = np.interp(p, x, observed)
    se = np.sqrt(weights**2 @ (at_patients * (1 - at_patients)))
    half = stats.norm.isf((1 - as_level(level)) / 2) * se
    group = _quantile_groups(p, bins)[1]
    n = np.bincount(group)
    full = n > 0
    return CalibrationCurve(
        predicted=x,
        observed=observed,
        low=np.clip(observed - half, 0, 1),
        high=np.clip(observed + half, 0, 1),
        bin_predicted=np.bincount(group, weights=p)[full] / n[full],
        bin_observed=np.bincount(group, weights=y)[full] / n[full],
        bin_n=n[full],
    )
