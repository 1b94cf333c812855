"""Discrimination, classification and calibration of every score, per cohort."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from thyro.core import as_labels
from thyro.statistics import calibration, classification, delong, reclassification

COHORTS = ("train", "test", "external")  # in the order of every table


def cohorts(split: ArrayLike) -> dict[str, np.ndarray]:
    """Who belongs to which cohort, in the order train, test, external, or as the user names them.

    Parameters
    ----------
    split : array_like of str, shape (n_patients,)
        "train", "test" or, for a cohort that is only ever predicted on, "external". A Series with
        categories names its own cohorts, in their order.

    Returns
    -------
    dict of str to ndarray of bool, shape (n_patients,)
        The cohorts that occur.

    Raises
    ------
    ValueError
        If a patient has no cohort or, without categories, nobody trains or there is another name.
    """
    declared = getattr(split, "dtype", None)
    split = np.asarray(split, dtype=object)
    found = set(split.tolist())
    if isinstance(declared, pd.CategoricalDtype):
        if not found <= set(declared.categories):
            raise ValueError("split: every patient needs a cohort; found one without.")
        return {str(name): split == name for name in declared.categories if name in found}
    if "train" not in found or not found <= set(COHORTS):
        raise ValueError(
            f"split: expected 'train' and other names of {', '.join(COHORTS)}; "
            f"found {sorted(map(str, found))}."
        )
    return {name: split == name for name in COHORTS if name in found}


def performance_table(
    y: ArrayLike,
    scores: pd.DataFrame,
    split: ArrayLike,
    *,
    level: float = 0.95,
    cutoffs: Mapping[str, float] | None = None,
    sensitivity: float | None = None,
) -> pd.DataFrame:
    """Table 2: discrimination and classification of every score, per cohort.

    The cut-off of a score maximises Youden's index on the training patients, or reaches a
    sensitivity there, and is applied unchanged to all others (R-68): neither the test nor an
    external cohort ever chooses it. Where nobody trains, the first cohort does.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
    scores : DataFrame, shape (n_patients, n_scores)
        One column per model, higher meaning more suspicious.
    split : array_like of str, shape (n_patients,)
        As in `cohorts`.
    level : float, default 0.95
        Coverage of the AUC's interval.
    cutoffs : mapping of score to threshold, optional
        Of scores that bring their own, such as the grade from which a reader calls a patient
        positive.
    sensitivity : float, optional
        Of the other cut-offs in training, as `sensitivity_threshold`; Youden's without it.

    Returns
    -------
    DataFrame
        One row per score and cohort, unrounded: model, cohort, auc, se, ci_low, ci_high,
        threshold, the fields of `statistics.Metrics`, the ends of Wilson's interval of every
        proportion (`accuracy_low`, `accuracy_high`, ...) and no_information_rate.

    Raises
    ------
    ValueError
        If a cohort has fewer than two patients of a class, a score is not finite, and as
        `cohorts`.
    """
    y, members = as_labels(y, "y"), cohorts(split)
    rows, first = [], next(iter(members.values()))
    for model, score in scores.items():
        score = score.to_numpy()
        train = members.get("train", first)
        threshold = (cutoffs or {}).get(model)
        if threshold is None:
            threshold = (
                classification.youden_threshold(y[train], score[train])
                if sensitivity is None
                else classification.sensitivity_threshold(y[train], score[train], sensitivity)
            )
        for cohort, chosen in members.items():
            auc = delong.auc_ci(y[chosen], score[chosen], level=level)
            metrics = classification.threshold_metrics(y[chosen], score[chosen], threshold)
            ends = {
                f"{name}_{end}": value
                for name, interval in metrics.intervals(level=level).items()
                for end, value in zip(("low", "high"), interval, strict=True)
            }
            rows.append(
                {"model": model, "cohort": cohort}
                | asdict(auc)
                | {"threshold": threshold}
                | asdict(metrics)
                | ends
                | {"no_information_rate": metrics.no_information_rate}
            )
    return pd.DataFrame(rows)


def calibration_table(
    y: ArrayLike, p: pd.DataFrame, split: ArrayLike, *, groups: int = 10
) -> pd.DataFrame:
    """Calibration and the Hosmer-Lemeshow test of every model, per cohort.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
    p : DataFrame, shape (n_patients, n_models)
        Predicted probabilities, one column per model.
    split : array_like of str, shape (n_patients,)
        As in `cohorts`.
    groups : int, default 10
        Groups of predicted risk of the Hosmer-Lemeshow test. Its df are `groups` - 2 in the
        training patients, who fitted the model, and `groups` in all others (R-73).

    Returns
    -------
    DataFrame
        One row per cohort and model, unrounded: model, cohort, the fields of
        `calibration.Calibration`, statistic, df and p_value of the test, and p_as_fitted, the p
        with `groups` - 2 degrees of freedom whoever the patients are.

    Raises
    ------
    ValueError
        As `calibration.calibration` and `calibration.hosmer_lemeshow`.
    """
    y = as_labels(y, "y")
    rows = []
    for cohort, chosen in cohorts(split).items():
        df = groups - 2 if cohort == "train" else groups
        for model, values in p.items():
            values = values.to_numpy()[chosen]
            fit = calibration.hosmer_lemeshow(y[chosen], values, groups=groups, df=df)
            test = {"statistic": fit.statistic, "df": fit.df, "p_value": fit.p_value}
            test["p_as_fitted"] = float(stats.chi2.sf(fit.statistic, groups - 2))
            measures = asdict(calibration.calibration(y[chosen], values))
            rows.append({"model": model, "cohort": cohort} | measures | test)
    return pd.DataFrame(rows)


def auc_intervals(
    y: ArrayLike,
    scores: pd.DataFrame,
    split: ArrayLike,
    *,
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Intervals of every AUC by three methods, per cohort.

    Parameters
    ----------
    y, scores, split
        As in `performance_table`.
    level : float, default 0.95
        Coverage of the intervals.
    draws, seed : int
        Of the stratified bootstrap.

    Returns
    -------
    DataFrame
        One row per score and cohort: model, cohort, auc, wald_low and wald_high (DeLong, as
        `auc_ci`), logit_low, logit_high, bootstrap_low, bootstrap_high (as `auc_interval`).

    Raises
    ------
    ValueError
        As `performance_table`.
    """
    y, rows = as_labels(y, "y"), []
    for model, score in scores.items():
        for cohort, chosen in cohorts(split).items():
            outcome, values = y[chosen], score.to_numpy()[chosen]
            found = delong.auc_ci(outcome, values, level=level)
            row = {"model": model, "cohort": cohort, "auc": found.auc}
            row |= {"wald_low": found.ci_low, "wald_high": found.ci_high}
            for method in ("logit", "bootstrap"):
                row[f"{method}_low"], row[f"{method}_high"] = delong.auc_interval(
                    outcome, values, method=method, level=level, draws=draws, seed=seed
                )
            rows.append(row)
    return pd.DataFrame(rows)


def between_cohorts(
    y: ArrayLike, scores: pd.DataFrame, split: ArrayLike, *, level: float = 0.95
) -> pd.DataFrame:
    """Whether a score discriminates otherwise in other patients: unpaired DeLong tests.

    Parameters
    ----------
    y, scores, split
        As in `performance_table`.
    level : float, default 0.95
        Coverage of the intervals of the difference.

    Returns
    -------
    DataFrame
        One row per score and pair of cohorts: model, cohort_a, cohort_b, auc_a, auc_b,
        difference (a less b), ci_low, ci_high, statistic, df, p_value (as `unpaired_test`).

    Raises
    ------
    ValueError
        As `performance_table`.
    """
    y, rows = as_labels(y, "y"), []
    members = cohorts(split)
    for model, score in scores.items():
        for a, b in combinations(members, 2):
            parts = [part for name in (a, b) for part in (y[members[name]], score[members[name]])]
            result = asdict(delong.unpaired_test(*parts, level=level))
            rows.append({"model": model, "cohort_a": a, "cohort_b": b} | result)
    return pd.DataFrame(rows)


def reclassification_table(
    y: ArrayLike,
    p: pd.DataFrame,
    split: ArrayLike,
    pairs: Sequence[tuple[str, str]],
    *,
    cuts: Sequence[float],
    level: float = 0.95,
) -> pd.DataFrame:
    """Net reclassification and integrated discrimination of pairs of models, per cohort.

    Parameters
    ----------
    y, split
        As in `performance_table`.
    p : DataFrame, shape (n_patients, n_models)
        Predicted probabilities.
    pairs : sequence of (str, str)
        The new model and the old one it is compared with.
    cuts : sequence of float
        Limits between categories of risk.

    Returns
    -------
    DataFrame
        One row per pair, cohort and measure ("NRI, category-free", "NRI, categories", "IDI"):
        new, old, cohort, measure, estimate, ci_low, ci_high, p_value. Intervals of the NRI have
        the multinomial standard error, its p that of no improvement.
    """
    y, rows = as_labels(y, "y"), []
    for new, old in pairs:
        for cohort, chosen in cohorts(split).items():
            values = y[chosen], p[old].to_numpy()[chosen], p[new].to_numpy()[chosen]
            found = {"IDI": (reclassification.discrimination(*values, level=level).idi,) * 2}
            for what, limits in (("category-free", None), ("categories", cuts)):
                result = reclassification.reclassification(*values, cuts=limits, level=level)
                found[f"NRI, {what}"] = result.nri, result.test
            for measure, (change, test) in sorted(found.items(), reverse=True):
                rows.append(
                    {"new": new, "old": old, "cohort": cohort, "measure": measure}
                    | {key: getattr(change, key) for key in ("estimate", "ci_low", "ci_high")}
                    | {"p_value": test.p_value}
                )
    return pd.DataFrame(rows)
