"""The clinical model without screening: every candidate, splines, and shrinkage instead."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from thyro.clinical.design import Prepared, prepare
from thyro.clinical.logistic import PENALISED, LogisticFit
from thyro.clinical.rare_levels import merge_levels
from thyro.clinical.splines import default_knots
from thyro.statistics import (
    FARTHEST,
    NoMaximum,
    is_categorical,
    logistic_information,
    maximise_logistic,
)

PENALTIES = (0.0, *np.geomspace(0.1, 1000, 41).tolist())


@dataclass(frozen=True)
class _Shrunk:
    """The fit at one penalty."""

    penalty: float
    beta: np.ndarray
    height: float  # log-likelihood without the penalty
    df: float  # effective, without the intercept
    held: np.ndarray  # information and penalty, whose inverse is the covariance


def fit_penalised(
    frame: pd.DataFrame,
    y: ArrayLike,
    terms: list[str],
    *,
    n_knots: int = 4,
    knots: Mapping[str, list[float]] | None = None,
    penalties: tuple[float, ...] = PENALTIES,
    merged: Mapping[str, Mapping] | None = None,
) -> LogisticFit:
    """Logistic regression of all `terms` with a ridge penalty chosen by the corrected AIC.

    Continuous terms enter as restricted cubic splines with knots at Harrell's quantiles, or
    linearly where ties leave fewer than three knots. The penalty is that of R's rms::lrm: columns
    are penalised per standard deviation, the levels of a factor by their distance from the mean
    of all levels, so it does not matter which is the reference, and a declared level that no
    patient has gets that mean. Of the `penalties` the one with the largest corrected AIC is taken,
    as rms::pentrace: likelihood-ratio statistic minus 2 df n / (n - df - 1), with the effective
    degrees of freedom tr(I (I + P)^-1).

    Parameters
    ----------
    frame : DataFrame
        One row per training patient.
    y : array_like of int, shape (n_patients,)
    terms : list of str
        Every candidate named beforehand. Those with a single value are set aside; `note` says so.
    n_knots : int, default 4
        3 to 7; 0 leaves continuous terms linear.
    knots : mapping of str to list of float, optional
        Of continuous terms, in place of these quantiles; fewer than three leave a term linear.
    penalties : tuple of float
    merged : mapping of variable to mapping of level to level, optional
        As in `fit_logistic`.

    Returns
    -------
    LogisticFit
        `method` is "penalised", `lr_p` is NaN, `covariance` is (I + P)^-1 and the log-likelihood
        that without the penalty. `note` has the penalty and the effective degrees of freedom.

    Raises
    ------
    ValueError
        If no term has two values, and as `logistic.fit_logistic`; but the outcome may be separated,
        and terms may be computed from each other.

    References
    ----------
    Harrell (2015), Regression Modeling Strategies, 2nd ed., 9.10. Hurvich, Tsai (1989),
    Biometrika 76:297-307.
    """
    frame = merge_levels(frame, merged or {})
    varied = [t for t in terms if frame[t].nunique() > 1] if len(frame) else []
    if not varied:
        raise ValueError(f"terms: all of {', '.join(terms)} have a single value.")
    aside = [t for t in terms if t not in varied]
    numeric = [t for t in varied if not is_categorical(frame[t])]
    if knots is None:
        knots = {t: default_knots(frame[t], n_knots) for t in numeric} if n_knots else {}
    knots = {t: at for t, at in knots.items() if at and t in varied}
    data = prepare(frame, y, varied, knots, dependent=True, merged=merged)
    _, null = maximise_logistic(data.design, data.y, free=[0])
    best = _best(data, null, penalties)
    note = f"Ridge penalty {best.penalty:.3g}, {best.df:.1f} effective degrees of freedom."
    if aside:
        note += f" {', '.join(aside)}: a single value in training, set aside."
    return LogisticFit(
        **data.described(),
        coefficients=best.beta,
        covariance=np.linalg.inv(best.held),
        log_likelihood=float(best.height),
        null_log_likelihood=float(null),
        lr_p=dict.fromkeys(varied, float("nan")),
        method=PENALISED,
        note=" ".join([note, *data.notes]),
    )


def _best(data: Prepared, null: float, penalties: tuple[float, ...]) -> _Shrunk:
    """Of the fits at all penalties that with the largest corrected AIC; the first of equals."""
    shape, n = _penalty(data), len(data.y)
    length = np.linalg.norm(data.design, axis=0)
    alone = np.linalg.matrix_rank(data.design / np.where(length, length, 1)) == len(length)
    best, highest = None, -np.inf
    for penalty in penalties:
        # Without a penalty there may be no maximum, or many; then this one is not a candidate.
        if not (penalty or alone):
            continue
        try:
            found = _shrunk(data, penalty, shape)
        except NoMaximum:
            continue
        if found.df >= n - 2:  # as many effective coefficients as patients
            continue
        score = 2 * (found.height - null) - 2 * found.df * n / (n - found.df - 1)
        if best is None or score > highest:
            best, highest = found, score
    if best is None:
        raise ValueError(
            f"penalties: at none of {penalties[0]:g} to {penalties[-1]:g} is there a maximum with "
            "risks away from 0 and 1. Allow larger ones."
        )
    return best


def _shrunk(data: Prepared, penalty: float, shape: np.ndarray) -> _Shrunk:
    """The fit at one penalty; NoMaximum where risks reach 0 or 1."""
    beta, height = maximise_logistic(data.design, data.y, ridge=penalty * shape, farthest=FARTHEST)
    height += penalty * beta @ shape @ beta / 2
    information = logistic_information(data.design, beta)
    held = information + penalty * shape
    df = float(np.trace(np.linalg.solve(held, information))) - 1
    return _Shrunk(penalty, beta, height, df, held)


def _penalty(data: Prepared) -> np.ndarray:
    """Shape of the penalty, a matrix of one row and column per coefficient; as rms's penalty."""
    shape = np.zeros((len(data.names),) * 2)
    for term, block in data.blocks.items():
        if term in data.levels:
            # Squared distance of all levels, the reference at 0 among them, from their mean.
            n = len(block)
            shape[np.ix_(block, block)] = np.eye(n) - np.ones((n, n)) / (n + 1)
        else:
            shape[block, block] = data.design[:, block].var(axis=0, ddof=1)
    return shape
