"""Discrimination, classification and calibration of every score, per cohort."""

from dataclasses import asdict

import numpy as np
import pandas as pd

from thyro import calibration, statistics
from thyro.checks import as_labels

COHORTS = ("train", "test", "external")  # in the order of every table


def cohorts(split) -> dict[str, np.ndarray]:
    """Who belongs to which cohort, in the order train, test, external.

    Parameters
    ----------
    split : array_like of str, shape (n_patients,)
        "train", "test" or, for a cohort that is only ever predicted on, "external".

    Returns
    -------
    dict of str to ndarray of bool, shape (n_patients,)
        The cohorts that occur.

    Raises
    ------
    ValueError
        If nobody trains, or there is another name.
    """
    split = np.asarray(split, dtype=object)
    found = set(split.tolist())
    if "train" not in found or not found <= set(COHORTS):
        raise ValueError(
            f"split: expected 'train' and other names of {', '.join(COHORTS)}; "
            f"found {sorted(map(str, found))}."
        )
    return {name: split == name for name in COHORTS if name in found}


def performance_table(y, scores: pd.DataFrame, split, *, level: float = 0.95) -> pd.DataFrame:
    """Table 2: discrimination and classification of every score, per cohort.

    The cut-off of a score maximises Youden's index on the training patients and is applied
    unchanged to all others (R-68): neither the test nor an external cohort ever chooses it.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
    scores : DataFrame, shape (n_patients, n_scores)
        One column per model, higher meaning more suspicious.
    split : array_like of str, shape (n_patients,)
        As in `cohorts`.
    level : float, default 0.95
        Coverage of the AUC's interval.

    Returns
    -------
    DataFrame
        One row per score and cohort, unrounded: model, cohort, auc, se, ci_low, ci_high,
        threshold, and the fields of `statistics.Metrics`.

    Raises
    ------
    ValueError
        If a cohort has fewer than two patients of a class, a score is not finite, and as
        `cohorts`.
    """
    y, members = as_labels(y, "y"), cohorts(split)
    rows = []
    for model, score in scores.items():
        score = score.to_numpy()
        threshold = statistics.youden_threshold(y[members["train"]], score[members["train"]])
        for cohort, chosen in members.items():
            auc = statistics.auc_ci(y[chosen], score[chosen], level=level)
            metrics = statistics.threshold_metrics(y[chosen], score[chosen], threshold)
            rows.append(
                {"model": model, "cohort": cohort}
                | asdict(auc)
                | {"threshold": threshold}
                | asdict(metrics)
            )
    return pd.DataFrame(rows)


def optimism(paper: pd.DataFrame, sound: pd.DataFrame) -> pd.DataFrame:
    """How much better the paper's protocol makes every model look than the sound one.

    Parameters
    ----------
    paper, sound : DataFrame
        `performance_table` of the same models and cohorts under both protocols. In the training
        cohort the scores of `paper` are of models that saw the patients, those of `sound` of
        models that did not.

    Returns
    -------
    DataFrame
        One row per model and cohort in the order of `paper`: every measure of both, with the
        endings `_paper` and `_sound`, and `optimism`, auc_paper - auc_sound.

    Raises
    ------
    ValueError
        If the models or cohorts of one are not those of the other.
    """
    keys = ["model", "cohort"]
    rows, others = (
        set(zip(*(frame[key] for key in keys), strict=True)) for frame in (paper, sound)
    )
    if rows != others:
        raise ValueError(
            f"sound: expected the models and cohorts of paper; {sorted(rows ^ others)[:3]} are in "
            "one of them only."
        )
    both = paper.merge(sound, on=keys, suffixes=("_paper", "_sound"), validate="one_to_one")
    return both.assign(optimism=both["auc_paper"] - both["auc_sound"])


def calibration_table(y, p: pd.DataFrame, split, *, groups: int = 10) -> pd.DataFrame:
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
        `calibration.Calibration`, and statistic, df and p_value of the test.

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
            measures = asdict(calibration.calibration(y[chosen], values))
            rows.append({"model": model, "cohort": cohort} | measures | test)
    return pd.DataFrame(rows)
