"""Curves and tests of several scores, each cohort apart."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from thyro.core import as_labels
from thyro.statistics.calibration import CalibrationCurve, calibration_curve
from thyro.statistics.classification import Metrics, RocCurve, roc_curve, threshold_metrics
from thyro.statistics.decision import DecisionCurve, decision_curve
from thyro.statistics.delong import auc_ci, delong_pairs
from thyro.statistics.performance import COHORTS, cohorts


def auc_table(y: ArrayLike, scores: pd.DataFrame, split: ArrayLike) -> pd.DataFrame:
    """The AUC of every score: a row per score, a column per cohort.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
    scores : DataFrame, shape (n_patients, n_scores)
        Higher meaning more suspicious.
    split : array_like of str, shape (n_patients,)
        As in `cohorts`.
    """
    y = as_labels(y, "y")
    return pd.DataFrame(
        {
            cohort: {model: auc_ci(y[chosen], score[chosen]).auc for model, score in scores.items()}
            for cohort, chosen in cohorts(split).items()
        }
    )


def roc_curves(
    y: ArrayLike, scores: pd.DataFrame, split: ArrayLike
) -> dict[str, dict[str, RocCurve]]:
    """The ROC curve of every score: cohort -> score -> curve.

    Parameters
    ----------
    y, scores, split
        As in `auc_table`.
    """
    y = as_labels(y, "y")
    return {
        cohort: {model: roc_curve(y[chosen], score[chosen]) for model, score in scores.items()}
        for cohort, chosen in cohorts(split).items()
    }


def metrics_at(
    y: ArrayLike,
    scores: pd.DataFrame,
    split: ArrayLike,
    cohort: str,
    model: str,
    threshold: float,
) -> Metrics:
    """Confusion matrix of one model in one cohort, called positive at `threshold` or above.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
    scores : DataFrame
        One column per model, rows in the order of `y`.
    split : array_like of str, shape (n_patients,)
    cohort, model : str
    threshold : float

    Returns
    -------
    Metrics
        Of `threshold_metrics`.
    """
    chosen = cohorts(split)[cohort]
    return threshold_metrics(np.asarray(y)[chosen], scores.loc[chosen, model], threshold)


def delong_by_family(
    y: ArrayLike,
    scores: pd.DataFrame,
    split: ArrayLike,
    families: Mapping[str, Sequence[Sequence[str]]],
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """Paired DeLong tests of families of comparisons, per cohort.

    Holm's method adjusts for all comparisons of a family in a cohort, whichever table shows them:
    `contrasts` picks those of a table out of the result.

    Parameters
    ----------
    y, scores, split
        As in `auc_table`.
    families : mapping of family to groups of scores
        Within a group every two scores are compared; a comparison that two groups share is made
        once. A group of one score has nothing to be compared with.
    level : float, default 0.95
        Coverage of the intervals of the differences.

    Returns
    -------
    DataFrame
        Rows of `delong_pairs` by family and cohort, with `cohort` and `family` as last columns.

    Raises
    ------
    ValueError
        If no family has a comparison, or two families share one, and as `delong_pairs`.
    """
    y = as_labels(y, "y")
    compared = {name: _compared(groups) for name, groups in families.items()}
    every = [frozenset(pair) for pairs in compared.values() for pair in pairs]
    if not every or len(set(every)) < len(every):
        raise ValueError(f"families: expected each comparison in one family, got {compared}.")
    return pd.concat(
        [
            delong_pairs(y[chosen], scores.loc[chosen], pairs, level=level).assign(
                cohort=cohort, family=name
            )
            for name, pairs in compared.items()
            if pairs
            for cohort, chosen in cohorts(split).items()
        ],
        ignore_index=True,
    )


def _compared(groups: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    """Every two scores of each group, once."""
    pairs: dict[frozenset[str], tuple[str, str]] = {}
    for group in groups:
        for pair in combinations(group, 2):
            pairs.setdefault(frozenset(pair), pair)
    return list(pairs.values())


def contrasts(compared: pd.DataFrame, groups: Sequence[Sequence[str]]) -> pd.DataFrame:
    """The comparisons within some groups of scores, with the p values that they have anywhere.

    Parameters
    ----------
    compared : DataFrame
        As `delong_by_family`.
    groups : sequence of groups of scores
        As there.

    Returns
    -------
    DataFrame
        Rows of `compared`, by cohort.
    """
    wanted = {frozenset(pair) for pair in _compared(groups)}
    pairs = zip(compared["model_a"], compared["model_b"], strict=True)
    rows = compared[[frozenset(pair) in wanted for pair in pairs]]
    # Cohorts that the user names stand as they come.
    names = dict.fromkeys([*COHORTS, *compared["cohort"]])
    places = {name: place for place, name in enumerate(names)}
    order = rows["cohort"].map(places)
    return rows.iloc[order.argsort(kind="stable")].reset_index(drop=True)


def decision_curves(
    y: ArrayLike,
    p: pd.DataFrame,
    split: ArrayLike,
    thresholds: ArrayLike,
    *,
    cutoffs: Mapping[str, float] | None = None,
    draws: int = 0,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, list[DecisionCurve]]:
    """The decision curve of every model: cohort -> curves in the order of the columns.

    Parameters
    ----------
    y, split
        As in `auc_table`.
    p : DataFrame of float, shape (n_patients, n_models)
        Probabilities, or scores that are in `cutoffs`.
    thresholds, draws, level, seed
        As in `decision_curve`; every curve has the same random draws.
    cutoffs : mapping of score to threshold, optional
        Of a reader's grades: a grade is no probability, the call at the cut-off is one.
    """
    y = as_labels(y, "y")
    called = {name: p[name].ge(cutoff) for name, cutoff in (cutoffs or {}).items() if name in p}
    options: dict[str, Any] = {"draws": draws, "level": level, "seed": seed}
    return {
        cohort: [
            decision_curve(y[chosen], values[chosen], thresholds, model=str(model), **options)
            for model, values in (dict(p.items()) | called).items()
        ]
        for cohort, chosen in cohorts(split).items()
    }


def decision_table(curves: Mapping[str, Sequence[DecisionCurve]]) -> pd.DataFrame:
    """All points of `decision_curves`: the columns of `DecisionCurve.to_frame`, and `cohort`."""
    frames = [
        curve.to_frame().assign(cohort=cohort)
        for cohort, of_cohort in curves.items()
        for curve in of_cohort
    ]
    return pd.concat(frames, ignore_index=True)


def calibration_curves(
    y: ArrayLike, p: pd.DataFrame, split: ArrayLike, *, level: float = 0.95
) -> dict[str, dict[str, CalibrationCurve]]:
    """The calibration curve of every model: cohort -> model -> curve.

    Parameters
    ----------
    y, split
        As in `auc_table`.
    p : DataFrame of float, shape (n_patients, n_models)
        Probabilities.
    level : float, default 0.95
        Coverage of the bands.
    """
    y = as_labels(y, "y")
    return {
        cohort: {
            model: calibration_curve(y[chosen], values[chosen], level=level)
            for model, values in p.items()
        }
        for cohort, chosen in cohorts(split).items()
    }


def updated_curves(
    y: ArrayLike,
    p: pd.DataFrame,
    split: ArrayLike,
    calibrated: pd.DataFrame,
    *,
    cohort: str = "external",
    level: float = 0.95,
) -> dict[str, dict[str, CalibrationCurve]]:
    """The calibration curves of one cohort had the intercepts been updated in it, and no more.

    Parameters
    ----------
    y, p, split, level
        As in `calibration_curves`.
    calibrated : DataFrame
        `calibration_table` of the same models: its `citl` moves the linear predictor.
    cohort : str, default "external"

    Returns
    -------
    dict
        As `calibration_curves`, with `cohort` alone; empty where the study has no such cohort.
    """
    y, members = as_labels(y, "y"), cohorts(split)
    if cohort not in members:
        return {}
    chosen = members[cohort]
    moves = calibrated[calibrated["cohort"].eq(cohort)].set_index("model")["citl"]
    return {
        cohort: {
            model: calibration_curve(
                y[chosen], expit(logit(values[chosen]) + moves[model]), level=level
            )
            for model, values in p.items()
        }
    }
