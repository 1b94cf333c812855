"""Rubin's rules: one answer from the regressions of several imputed data sets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from thyro.core import as_level

SMALLEST_LAMBDA = 1e-4  # below it R's mice takes this, so that the degrees of freedom stay finite


@dataclass(frozen=True)
class PooledEstimates:
    """Coefficients pooled over imputed data sets; every array has one entry per coefficient."""

    estimate: np.ndarray
    se: np.ndarray  # of the total variance
    df: np.ndarray  # Barnard and Rubin (1999)
    p_value: np.ndarray  # two-sided, t distribution
    ci_low: np.ndarray
    ci_high: np.ndarray
    fmi: np.ndarray  # fraction of missing information, 0-1
    covariance: np.ndarray  # total: within + (1 + 1/m) between, shape (n_coefficients,) * 2


def pool(
    estimates: ArrayLike, covariances: ArrayLike, *, dfcom: float, level: float = 0.95
) -> PooledEstimates:
    """Pool estimates of imputed data sets by Rubin's rules, as R's mice::pool.

    Parameters
    ----------
    estimates : array_like of float, shape (m, n_coefficients)
        Of each of the m >= 2 imputed data sets.
    covariances : array_like of float, shape (m, n_coefficients, n_coefficients)
        Or (m, n_coefficients): variances alone.
    dfcom : float
        Degrees of freedom without a gap: patients less coefficients.
    level : float, default 0.95
        Coverage of the intervals.

    Raises
    ------
    ValueError
        If there are fewer than two data sets, or shapes do not fit.

    References
    ----------
    Rubin (1987), Multiple Imputation for Nonresponse in Surveys. Barnard, Rubin (1999),
    Biometrika 86:948-955.
    """
    q, u = _checked(estimates, covariances)
    m = len(q)
    estimate, within, between = q.mean(axis=0), u.mean(axis=0), _between(q)
    covariance = within + (1 + 1 / m) * between
    total = np.diag(covariance)
    riv = (1 + 1 / m) * np.diag(between) / np.diag(within)
    df = barnard_rubin((1 + 1 / m) * np.diag(between) / total, m, dfcom)
    se = np.sqrt(total)
    half = stats.t.isf((1 - as_level(level)) / 2, df) * se
    return PooledEstimates(
        estimate=estimate,
        se=se,
        df=df,
        p_value=2 * stats.t.sf(np.abs(estimate / se), df),
        ci_low=estimate - half,
        ci_high=estimate + half,
        fmi=(riv + 2 / (df + 3)) / (riv + 1),
        covariance=covariance,
    )


def barnard_rubin(share: ArrayLike, m: int, dfcom: float) -> np.ndarray:
    """Degrees of freedom of pooled estimates; `share` of the total variance is owed to gaps."""
    share = np.maximum(np.asarray(share, dtype=float), SMALLEST_LAMBDA)
    of_imputations = (m - 1) / share**2
    observed = (dfcom + 1) / (dfcom + 3) * dfcom * (1 - share)
    return of_imputations * observed / (of_imputations + observed)


@dataclass(frozen=True)
class PooledTest:
    """Wald test of several coefficients together."""

    statistic: float  # F
    df_numerator: int
    df_denominator: float
    p_value: float
    riv: float  # relative increase of the variance, mean over the coefficients


def pooled_wald_test(estimates: ArrayLike, covariances: ArrayLike, *, dfcom: float) -> PooledTest:
    """Test whether all of these coefficients are 0: D1 of Li, Raghunathan and Rubin.

    As R's mice::D1, with the denominator's degrees of freedom by Reiter.

    Parameters
    ----------
    estimates, covariances, dfcom
        As in `pool`, of the tested coefficients alone and with whole covariances.

    Raises
    ------
    ValueError
        As `pool`.

    References
    ----------
    Li, Raghunathan, Rubin (1991), JASA 86:1065-1073. Reiter (2007), Biometrika 94:502-508.
    """
    q, u = _checked(estimates, covariances)
    m, k = q.shape
    mean, within = q.mean(axis=0), u.mean(axis=0)
    riv = (1 + 1 / m) * float(np.trace(np.linalg.solve(within, _between(q)))) / k
    statistic = float(mean @ np.linalg.solve(within, mean)) / (k * (1 + riv))
    df = _reiter_df(riv, k * (m - 1), dfcom)
    return PooledTest(statistic, k, df, float(stats.f.sf(statistic, k, df)), riv)


def _reiter_df(riv: float, t: int, dfcom: float) -> float:
    """Denominator's degrees of freedom; `t` is coefficients times imputations less one."""
    if t <= 4:  # Reiter's need more: those of a single coefficient
        return float(barnard_rubin(riv / (1 + riv), t + 1, dfcom))
    a = riv * t / (t - 2)
    star = (dfcom + 1) / (dfcom + 3) * dfcom
    c0, c1, c2 = 1 / (t - 4), star - 2 * (1 + a), star - 4 * (1 + a)
    z = 1 / c2 + c0 * (
        a**2 * c1 / ((1 + a) ** 2 * c2)
        + 8 * a**2 * c1 / ((1 + a) * c2**2)
        + 4 * a**2 / ((1 + a) * c2)
        + 4 * a**2 / (c2 * c1)
        + 16 * a**2 * c1 / c2**3
        + 8 * a**2 / c2**2
    )
    return 4 + 1 / z


def _between(q: np.ndarray) -> np.ndarray:
    """Covariance of the estimates over the data sets."""
    return np.atleast_2d(np.cov(q, rowvar=False))


def _checked(estimates: ArrayLike, covariances: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Estimates, shape (m, k), and covariances, shape (m, k, k)."""
    q, u = np.asarray(estimates, dtype=float), np.asarray(covariances, dtype=float)
    if u.ndim == 2:
        u = u[:, :, None] * np.eye(u.shape[1])
    if q.ndim != 2 or len(q) < 2 or u.shape != (*q.shape, q.shape[1]):
        raise ValueError(
            "estimates: expected shape (m, k) of two or more data sets with covariances of shape "
            f"(m, k, k), got {q.shape} and {u.shape}."
        )
    return q, u


def mean_linear_predictor(predictors: Sequence[ArrayLike]) -> np.ndarray:
    """Mean over imputed data sets, shape (n_patients,): each by its own fit and on its own rows."""
    return np.mean([np.asarray(one, dtype=float) for one in predictors], axis=0)
