"""How much of a model's performance is owed to its own patients: Harrell's bootstrap."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from thyro.core import as_labels
from thyro.statistics import NoMaximum, lowess, maximise_logistic, rank_auc

MEASURES = ("auc", "r2", "intercept", "slope", "brier")
Predict = Callable[[pd.DataFrame], np.ndarray]  # from patients to probabilities
MIDDLE = (0.025, 0.975)  # of the risks that one patient has by the models of the samples
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
    failed: int  # samples left out: a level or an outcome is lacking, or no calibration
    left_out_auc: float  # mean AUC in the patients whom a sample lacks; no correction by itself
    risks: pd.DataFrame  # one row per patient: what the models of the samples say, `_spread`


def resamples(n: int, draws: int, seed: int) -> np.ndarray:
    """Rows of bootstrap samples of `n` patients, shape (draws, n)."""
    return np.random.default_rng(seed).integers(0, n, (draws, n))


def _nagelkerke(y: np.ndarray, lp: np.ndarray, counts: np.ndarray) -> float:
    """R2 of a linear predictor as it is."""
    n = counts.sum()
    share = counts @ y / n
    null = n * (share * np.log(share) + (1 - share) * np.log(1 - share))
    height = np.sum(counts * (y * lp - np.logaddexp(0, lp)))
    return (1 - np.exp(2 * (null - height) / n)) / (1 - np.exp(2 * null / n))


def _in_sample(y: np.ndarray, lp: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """MEASURES of a model in the patients who fitted it, each counted so many times.

    Intercept and slope of its calibration are 0 and 1 by construction.
    """
    brier = np.sum(counts * (expit(lp) - y) ** 2) / counts.sum()
    return np.array([rank_auc(y, lp, counts=counts), _nagelkerke(y, lp, counts), 0.0, 1.0, brier])


def _left_out(y: np.ndarray, lp: np.ndarray, counts: np.ndarray) -> list[float]:
    """AUC in the patients who are not in the sample; none where one of the outcomes is lacking."""
    out = counts == 0
    return [rank_auc(y[out], lp[out])] if len(set(y[out])) == 2 else []


def _elsewhere(y: np.ndarray, lp: np.ndarray) -> np.ndarray:
    """MEASURES of a model in all patients, once each; R2 is that after recalibration.

    Raises ValueError where there is no recalibration: all linear predictors are the same, or
    they separate the outcome.
    """
    once = np.ones(len(y))
    found = _fitted(np.column_stack([once, lp]), y) if np.ptp(lp) > 0 else None
    if found is None:
        raise ValueError("the linear predictor cannot be recalibrated")
    intercept, slope = found
    r2 = _nagelkerke(y, intercept + slope * lp, once)
    return np.array([rank_auc(y, lp), r2, intercept, slope, np.mean((expit(lp) - y) ** 2)])


def _fitted(design: np.ndarray, y: np.ndarray) -> np.ndarray | None:
    """Coefficients of a logistic regression; None where a sample has no maximum, or many."""
    try:
        return maximise_logistic(design, y, farthest=FARTHEST)[0]
    except (NoMaximum, np.linalg.LinAlgError):
        return None


def optimism_of(
    fit: Callable[[pd.DataFrame, np.ndarray], Mapping[str, Predict]],
    frame: pd.DataFrame,
    y: ArrayLike,
    *,
    draws: int = 500,
    seed: int = 0,
    rows: np.ndarray | None = None,
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
        Of the bootstrap.
    rows : ndarray of int, shape (n_samples, n_patients), optional
        The samples themselves, counted from 0.

    Returns
    -------
    dict of str to Validation
        By the names that `fit` gives its models.

    Raises
    ------
    ValueError
        If more than half of the samples fail; and whatever `fit` raises on all patients.

    References
    ----------
    Harrell, Lee, Mark (1996), Stat. Med. 15:361-387.
    """
    y = as_labels(y, "y")
    rows = resamples(len(y), draws, seed) if rows is None else np.asarray(rows)
    return _validated(fit, frame, y, ((frame, row) for row in rows), asked=len(rows))


def pipeline_optimism(
    fit: Callable[[pd.DataFrame, np.ndarray], Mapping[str, Predict]],
    frame: pd.DataFrame,
    y: ArrayLike,
    resampled: pd.DataFrame,
    *,
    draws: int,
) -> dict[str, Validation]:
    """`optimism_of` a process whose signatures were made again in every sample, too.

    In a sample its own signature predicts the patients who made it, as in-sample signatures do,
    and the same signature predicts all patients once: nothing is conditional on a signature. All
    patients are 63 % those of the sample. A classifier that learns patients by heart does too well
    on these, so that its optimism is larger than what is found; `left_out_auc` has none of them.

    Parameters
    ----------
    fit, frame, y
        As in `optimism_of`; the index of `frame` are the patients.
    resampled : DataFrame
        sample, patient_id, drawn (how often the patient is in the sample) and columns of signatures
        that replace those of `frame`; sample 0 holds everybody once, with the signatures that all
        patients make.
    draws : int
        Samples asked for; those that `resampled` lacks count as failed.

    Raises
    ------
    ValueError
        If sample 0 or a patient is absent, and as `optimism_of`.

    References
    ----------
    Harrell, Lee, Mark (1996), Stat. Med. 15:361-387. Efron, Tibshirani (1997), JASA 92:548-560
    (patients whom a sample lacks).
    """
    y = as_labels(y, "y")
    of_sample = {
        int(number): part.set_index("patient_id").drop(columns="sample")
        for number, part in resampled.groupby("sample")
    }
    lacking = [n for n, part in of_sample.items() if not frame.index.isin(part.index).all()]
    if 0 not in of_sample or lacking:
        raise ValueError("resampled: expected sample 0, and every patient in every sample.")

    def with_signatures(part: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(**part.loc[frame.index].drop(columns="drawn"))

    samples = (
        (
            with_signatures(part),
            np.repeat(np.arange(len(frame)), part["drawn"].loc[frame.index]),
        )
        for number, part in of_sample.items()
        if number
    )
    return _validated(fit, with_signatures(of_sample[0]), y, samples, asked=draws)


def _validated(
    fit: Callable[[pd.DataFrame, np.ndarray], Mapping[str, Predict]],
    frame: pd.DataFrame,
    y: np.ndarray,
    samples: Iterable[tuple[pd.DataFrame, np.ndarray]],
    *,
    asked: int,
) -> dict[str, Validation]:
    """Optimism over samples: the patients as each sample describes them, and who was drawn."""
    once = np.ones(len(y))
    whole = {name: _lp(predict(frame)) for name, predict in fit(frame, y).items()}
    training: dict[str, list[np.ndarray]] = {name: [] for name in whole}
    test: dict[str, list[np.ndarray]] = {name: [] for name in whole}
    everywhere: dict[str, list[np.ndarray]] = {name: [] for name in whole}
    left_out: dict[str, list[float]] = {name: [] for name in whole}
    for patients, row in samples:
        counts = np.bincount(row, minlength=len(y)).astype(float)
        try:
            models = fit(patients.iloc[row], y[row])
            drawn = {name: _lp(predict(patients)) for name, predict in models.items()}
            there = {name: _elsewhere(y, lp) for name, lp in drawn.items()}
        except ValueError:  # a level or an outcome that the sample lacks
            continue
        for name, lp in drawn.items():
            training[name].append(_in_sample(y, lp, counts))
            test[name].append(there[name])
            left_out[name] += _left_out(y, lp, counts)
            everywhere[name].append(lp)
    return {
        name: _collected(
            _in_sample(y, lp, once),
            *(np.reshape(part[name], (-1, len(MEASURES))) for part in (training, test)),
            asked=asked,
            left_out=left_out[name],
            risks=_spread(lp, everywhere[name], frame.index),
        )
        for name, lp in whole.items()
    }


def validation_table(found: Mapping[str, Mapping[str, Validation]]) -> pd.DataFrame:
    """Tables of several validations, stacked.

    Parameters
    ----------
    found : mapping of signature to mapping of model to Validation
        "fixed" where signatures stayed as they were, "repeated" where samples made them again.

    Returns
    -------
    DataFrame
        measure, the columns of `Validation.table`, model, signature, left_out_auc.
    """
    return pd.concat(
        [
            one.table.reset_index().assign(
                model=model, signature=signature, left_out_auc=one.left_out_auc
            )
            for signature, of_models in found.items()
            for model, one in of_models.items()
        ],
        ignore_index=True,
    )


def failed_samples(found: Mapping[str, Mapping[str, Validation]]) -> dict[str, int]:
    """Samples that count for no model, by signature; `found` as in `validation_table`."""
    return {
        signature: next(iter(of_models.values())).failed for signature, of_models in found.items()
    }


def _lp(p: np.ndarray) -> np.ndarray:
    """Linear predictor of one model, shape (n_patients,), kept away from infinity."""
    return np.clip(logit(np.asarray(p, dtype=float)), -FARTHEST, FARTHEST)


def _collected(
    apparent: np.ndarray,
    training: np.ndarray,
    test: np.ndarray,
    *,
    asked: int,
    left_out: Sequence[float],
    risks: pd.DataFrame,
) -> Validation:
    if len(training) < asked / 2:
        raise ValueError(_too_few(len(training), asked))
    table = pd.DataFrame(
        {"apparent": apparent, "training": training.mean(axis=0), "test": test.mean(axis=0)},
        index=pd.Index(MEASURES, name="measure"),
    )
    table["optimism"] = table["training"] - table["test"]
    table["corrected"] = table["apparent"] - table["optimism"]
    mean = float(np.mean(left_out)) if len(left_out) else float("nan")
    return Validation(table, len(training), asked - len(training), mean, risks)


def _spread(lp: np.ndarray, drawn: Sequence[np.ndarray], patients: pd.Index) -> pd.DataFrame:
    """Risk of every patient by the model of all, and how far those of the samples are from it.

    Columns: risk; mean_error, the mean of the absolute differences over samples; and low and high,
    between which the middle 95 % of the samples' risks lie.
    """
    risk = expit(lp)
    # Only where every sample fails are there none, which is refused thereafter.
    others = expit(np.array(drawn)) if len(drawn) else np.full((1, len(risk)), np.nan)
    low, high = np.quantile(others, MIDDLE, axis=0)
    error = np.abs(others - risk).mean(axis=0)
    columns = {"risk": risk, "mean_error": error, "low": low, "high": high}
    return pd.DataFrame(columns, patients)


def _too_few(fitted: int, asked: int) -> str:
    return (
        f"draws: only {fitted} of {asked} samples could be fitted; the others lack an "
        "outcome or are separated. Take fewer terms, or merge rare levels."
    )


def calibrate(
    X: ArrayLike, y: ArrayLike, at: ArrayLike, *, draws: int = 200, seed: int = 0
) -> pd.DataFrame:
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
        Of the bootstrap.

    Returns
    -------
    DataFrame
        predicted, apparent and corrected; NaN beyond the predictions of all patients.

    Raises
    ------
    ValueError
        If the outcome is separated by the columns, or in more than half of the samples.
    """
    y, at = as_labels(y, "y"), np.asarray(at, dtype=float)
    design = np.column_stack([np.ones(len(y)), np.asarray(X, dtype=float)])
    whole = _fitted(design, y)
    if whole is None:
        raise ValueError("X: the outcome is separated, so there is no regression to correct.")
    apparent = _curve(expit(design @ whole), y, at)
    differences = []
    for row in resamples(len(y), draws, seed):
        beta = _fitted(design[row], y[row])
        if beta is not None:
            p = expit(design @ beta)
            differences.append(_curve(p[row], y[row], at) - _curve(p, y, at))
    if len(differences) < draws / 2:
        raise ValueError(_too_few(len(differences), draws))
    found = np.array(differences)
    known = np.isfinite(found)
    mean = np.sum(np.where(known, found, 0), axis=0) / np.maximum(known.sum(axis=0), 1)
    return pd.DataFrame({"predicted": at, "apparent": apparent, "corrected": apparent - mean})


def _curve(p: np.ndarray, y: np.ndarray, at: np.ndarray) -> np.ndarray:
    """R's lowess with its default delta, interpolated; NaN beyond the predictions."""
    x, smooth = lowess(p, y, delta=0.01 * np.ptp(p))
    return np.interp(at, x, smooth, left=np.nan, right=np.nan)
