"""How much of a model's performance is owed to its own patients: Harrell's bootstrap."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from thyro.core import as_labels
from thyro.statistics import lowess

MEASURES = ("auc", "r2", "intercept", "slope", "brier")
Predict = Callable[[pd.DataFrame], np.ndarray]  # from patients to probabilities
FARTHEST = 30.0  # a linear predictor beyond it belongs to a separated sample


@dataclass(frozen=True)
class Validation:
    """Apparent performance, its optimism, and what is left; one row per measure.

    Columns of `table`: apparent, training (mean over models of the samples, in their samples),
    test (the same models in all patients), optimism = training - test and corrected = apparent -
    optimism. Measures: AUC, Nagelkerke's R2, calibration intercept and slope, Brier score.
    """

    table: pd.DataFrame
    draws: int  # samples that count
    failed: int  # samples left out: one outcome only, or separated


def resamples(n: int, draws: int, seed: int) -> np.ndarray:
    """Rows of bootstrap samples of `n` patients, shape (draws, n)."""
    return np.random.default_rng(seed).integers(0, n, (draws, n))


def fit_samples(
    design: np.ndarray, y: np.ndarray, counts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Logistic regressions of many weighted samples at once.

    Parameters
    ----------
    design : ndarray, shape (n_patients, n_coefficients)
        With the column of ones.
    y : ndarray of int, shape (n_patients,)
    counts : ndarray, shape (n_samples, n_patients)
        How often each patient is in each sample.

    Returns
    -------
    coefficients : ndarray, shape (n_samples, n_coefficients)
    sound : ndarray of bool, shape (n_samples,)
        Whether there is a maximum with linear predictors of less than 30.
    """
    beta = np.zeros((len(counts), design.shape[1]))
    squares = (design[:, :, None] * design[:, None, :]).reshape(len(y), -1)
    going = (counts @ y > 0) & (counts @ (1 - y) > 0)
    sound = going.copy()
    for _ in range(60):
        if not going.any():
            break
        rows = np.flatnonzero(going)
        p = expit(beta[rows] @ design.T)
        score = (counts[rows] * (y - p)) @ design
        information = (counts[rows] * p * (1 - p)) @ squares
        information = information.reshape(len(rows), *[design.shape[1]] * 2)
        # A level that a sample lacks has no information; its coefficient then stays where it is.
        step = np.einsum("bij,bj->bi", np.linalg.pinv(information, hermitian=True), score)
        beta[rows] += step
        far = np.abs(beta[rows] @ design.T).max(axis=1) > FARTHEST
        done = np.einsum("bi,bi->b", step, score) < 1e-18
        sound[rows[far]] = False
        going[rows[far | done]] = False
    sound &= ~going
    return beta, sound


def _weighted_auc(y: np.ndarray, score: np.ndarray, count: np.ndarray) -> float:
    """AUC with every patient counted so many times; ties count one half."""
    order = np.argsort(score, kind="stable")
    ranked = score[order]
    group = np.concatenate([[0], np.cumsum(ranked[1:] != ranked[:-1])])
    cases = np.bincount(group, weights=(count * y)[order])
    controls = np.bincount(group, weights=(count * (1 - y))[order])
    below = np.cumsum(controls) - controls / 2
    return float(cases @ below / (cases.sum() * controls.sum()))


def _nagelkerke(y: np.ndarray, lp: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """R2 of linear predictors as they are; all of shape (n_samples, n_patients) but `y`."""
    n = counts.sum(axis=1)
    share = counts @ y / n
    null = n * (share * np.log(share) + (1 - share) * np.log(1 - share))
    height = np.sum(counts * (y * lp - np.logaddexp(0, lp)), axis=1)
    return (1 - np.exp(2 * (null - height) / n)) / (1 - np.exp(2 * null / n))


def _measures(y: np.ndarray, lp: np.ndarray, counts: np.ndarray, *, refit: bool) -> np.ndarray:
    """MEASURES of every sample, shape (n_samples, 5).

    With `refit` intercept, slope and R2 are those of a recalibration, as of patients that did not
    fit the model; without it intercept and slope are 0 and 1 by construction.
    """
    auc = [_weighted_auc(y, score, count) for score, count in zip(lp, counts, strict=True)]
    brier = np.sum(counts * (expit(lp) - y) ** 2, axis=1) / counts.sum(axis=1)
    intercept, slope = np.zeros(len(lp)), np.ones(len(lp))
    line = lp
    if refit:
        pairs = [
            fit_samples(np.column_stack([np.ones_like(score), score]), y, count[None])[0][0]
            for score, count in zip(lp, counts, strict=True)
        ]
        intercept, slope = np.array(pairs).T
        line = intercept[:, None] + slope[:, None] * lp
    return np.column_stack([auc, _nagelkerke(y, line, counts), intercept, slope, brier])


def optimism(
    X, y, *, draws: int = 500, seed: int = 0, rows: np.ndarray | None = None
) -> Validation:
    """Bootstrap optimism of a logistic regression with fixed terms, as R's rms::validate.

    Parameters
    ----------
    X : array_like of float, shape (n_patients, n_columns)
        Design without the column of ones; the columns are not chosen anew in the samples.
    y : array_like of int, shape (n_patients,)
    draws, seed : int
        Of the bootstrap.
    rows : ndarray of int, shape (draws, n_patients), optional
        The samples themselves, counted from 0.

    Returns
    -------
    Validation

    Raises
    ------
    ValueError
        If the outcome is separated by the columns, or more than half of the samples are.

    References
    ----------
    Harrell, Lee, Mark (1996), Stat. Med. 15:361-387.
    """
    y = as_labels(y, "y")
    design = np.column_stack([np.ones(len(y)), np.asarray(X, dtype=float)])
    rows = resamples(len(y), draws, seed) if rows is None else np.asarray(rows)
    counts = np.array([np.bincount(row, minlength=len(y)) for row in rows], dtype=float)
    once = np.ones((1, len(y)))
    whole, fitted = fit_samples(design, y, once)
    if not fitted[0]:
        raise ValueError("X: the outcome is separated, so there is no regression to validate.")
    beta, sound = fit_samples(design, y, counts)
    beta, counts = beta[sound], counts[sound]
    lp = beta @ design.T
    return _collected(
        _measures(y, whole @ design.T, once, refit=False)[0],
        _measures(y, lp, counts, refit=False),
        _measures(y, lp, np.ones_like(counts), refit=True),
        asked=len(rows),
    )


def optimism_of(
    fit: Callable[[pd.DataFrame, np.ndarray], Mapping[str, Predict]],
    frame: pd.DataFrame,
    y,
    *,
    draws: int = 500,
    seed: int = 0,
) -> dict[str, Validation]:
    """Bootstrap optimism of a whole modelling process, with whatever it chooses, in each sample.

    Parameters
    ----------
    fit : callable
        Takes patients and outcomes, gives for every model a function from patients to
        probabilities. A ValueError of it, or of such a function, makes the sample a failed one.
    frame : DataFrame, shape (n_patients, n_columns)
    y : array_like of int, shape (n_patients,)
    draws, seed : int

    Returns
    -------
    dict of str to Validation
        By the names that `fit` gives its models.

    Raises
    ------
    ValueError
        If more than half of the samples fail; and whatever `fit` raises on all patients.
    """
    y = as_labels(y, "y")
    once = np.ones((1, len(y)))
    whole = {name: _lp(predict(frame)) for name, predict in fit(frame, y).items()}
    training, test = ({name: [] for name in whole} for _ in range(2))
    for row in resamples(len(y), draws, seed):
        try:
            models = fit(frame.iloc[row], y[row])
            drawn = {name: _lp(predict(frame)) for name, predict in models.items()}
        except ValueError:  # a level or an outcome that the sample lacks
            continue
        counts = np.bincount(row, minlength=len(y))[None].astype(float)
        for name, lp in drawn.items():
            training[name].append(_measures(y, lp, counts, refit=False)[0])
            test[name].append(_measures(y, lp, once, refit=True)[0])
    return {
        name: _collected(
            _measures(y, lp, once, refit=False)[0],
            *(np.reshape(part[name], (-1, len(MEASURES))) for part in (training, test)),
            asked=draws,
        )
        for name, lp in whole.items()
    }


def _lp(p: np.ndarray) -> np.ndarray:
    """Linear predictor of one model, shape (1, n_patients), kept away from infinity."""
    return np.clip(logit(np.asarray(p, dtype=float)), -FARTHEST, FARTHEST)[None]


def _collected(
    apparent: np.ndarray, training: np.ndarray, test: np.ndarray, *, asked: int
) -> Validation:
    if len(training) < asked / 2:
        raise ValueError(
            f"draws: only {len(training)} of {asked} samples could be fitted; the others lack an "
            "outcome or are separated. Take fewer terms, or merge rare levels."
        )
    table = pd.DataFrame(
        {"apparent": apparent, "training": training.mean(axis=0), "test": test.mean(axis=0)},
        index=pd.Index(MEASURES, name="measure"),
    )
    table["optimism"] = table["training"] - table["test"]
    table["corrected"] = table["apparent"] - table["optimism"]
    return Validation(table, len(training), asked - len(training))


def calibrate(X, y, at, *, draws: int = 200, seed: int = 0) -> pd.DataFrame:
    """Calibration curve of a logistic regression, corrected for optimism, as R's rms::calibrate.

    The curve is R's lowess of the outcome on the prediction; its optimism at each point is the
    mean difference between the curves of a sample's model in the sample and in all patients.

    Parameters
    ----------
    X : array_like of float, shape (n_patients, n_columns)
        Design without the column of ones.
    y : array_like of int, shape (n_patients,)
    at : array_like of float, shape (n_points,)
        Predicted probabilities at which the curve is wanted.
    draws, seed : int

    Returns
    -------
    DataFrame
        predicted, apparent and corrected; NaN beyond the predictions of all patients.
    """
    y, at = as_labels(y, "y"), np.asarray(at, dtype=float)
    design = np.column_stack([np.ones(len(y)), np.asarray(X, dtype=float)])
    rows = resamples(len(y), draws, seed)
    counts = np.array([np.bincount(row, minlength=len(y)) for row in rows], dtype=float)
    whole, _ = fit_samples(design, y, np.ones((1, len(y))))
    apparent = _curve(expit(design @ whole[0]), y, at)
    beta, sound = fit_samples(design, y, counts)
    differences = []
    for row, coefficients in zip(rows[sound], beta[sound], strict=True):
        p = expit(design @ coefficients)
        differences.append(_curve(p[row], y[row], at) - _curve(p, y, at))
    differences = np.array(differences)
    known = np.isfinite(differences)
    mean = np.sum(np.where(known, differences, 0), axis=0) / np.maximum(known.sum(axis=0), 1)
    return pd.DataFrame({"predicted": at, "apparent": apparent, "corrected": apparent - mean})


def _curve(p: np.ndarray, y: np.ndarray, at: np.ndarray) -> np.ndarray:
    """R's lowess with its default delta, interpolated; NaN beyond the predictions."""
    x, smooth = lowess(p, y, delta=0.01 * np.ptp(p))
    return np.interp(at, x, smooth, left=np.nan, right=np.nan)
