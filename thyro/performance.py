"""Table 2: every score of a study, in the training and in the test cohort."""

from dataclasses import asdict

import numpy as np
import pandas as pd

from thyro import statistics
from thyro.checks import as_labels


def performance_table(y, scores: pd.DataFrame, is_train, *, level: float = 0.95) -> pd.DataFrame:
    """Discrimination and classification of every score, per cohort.

    The cut-off of a score maximises Youden's index on the training patients and is applied
    unchanged to the test patients (R-68): the test cohort never chooses it.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
    scores : DataFrame, shape (n_patients, n_scores)
        One column per model, higher meaning more suspicious.
    is_train : array_like of bool, shape (n_patients,)
    level : float, default 0.95
        Coverage of the AUC's interval.

    Returns
    -------
    DataFrame
        One row per score and cohort ("train", "test"), unrounded: model, cohort, auc, se, ci_low,
        ci_high, threshold, and the fields of `statistics.Metrics`.

    Raises
    ------
    ValueError
        If a cohort has fewer than two patients of a class, or a score is not finite.
    """
    y, is_train = as_labels(y, "y"), np.asarray(is_train, dtype=bool)
    rows = []
    for model, score in scores.items():
        score = score.to_numpy()
        threshold = statistics.youden_threshold(y[is_train], score[is_train])
        for cohort, chosen in (("train", is_train), ("test", ~is_train)):
            auc = statistics.auc_ci(y[chosen], score[chosen], level=level)
            metrics = statistics.threshold_metrics(y[chosen], score[chosen], threshold)
            rows.append(
                {"model": model, "cohort": cohort}
                | asdict(auc)
                | {"threshold": threshold}
                | asdict(metrics)
            )
    return pd.DataFrame(rows)
