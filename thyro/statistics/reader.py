"""A yes/no reader beside a score, at the reader's own specificity."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from thyro.core import as_labels, as_level, as_scores
from thyro.statistics.classification import specificity_threshold
from thyro.statistics.performance import cohorts


@dataclass(frozen=True)
class ReaderComparison:
    """Sensitivities of a score and of a reader at the same specificity."""

    threshold: float  # of the score
    specificity: float  # of the score there, not below that of the reader
    reader_specificity: float
    sensitivity: float  # of the score
    reader_sensitivity: float
    difference: float  # sensitivity of the score less that of the reader
    ci_low: float  # of the difference
    ci_high: float
    score_only: int  # cases that the score found and the reader did not
    reader_only: int
    p_value: float  # McNemar's exact test on the cases, two-sided


def reader_comparison(
    y: ArrayLike, score: ArrayLike, calls: ArrayLike, *, level: float = 0.95
) -> ReaderComparison:
    """Compare a score with a yes/no reader where both call as many controls negative.

    A yes/no reading is one point of a ROC plane; the area below the lines that join it to the
    corners is no AUC that a score could be tested against. So the score is cut where its
    specificity in these patients is that of the reader, or the next above, and the cases that one
    of both found alone are counted. The cut-off is that of these patients: it makes the comparison
    and is nothing to be used. The test does not know that it was chosen.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
        1 for lymph-node metastasis, 0 for none.
    score : array_like of float, shape (n_patients,)
        Higher is more suspicious.
    calls : array_like of 0 and 1, shape (n_patients,)
        Of the reader.
    level : float, default 0.95
        Coverage of the interval of the difference (Bonett, Price).

    Raises
    ------
    ValueError
        If `calls` are not 0 and 1, a class has fewer than two patients, or lengths differ.

    References
    ----------
    McNemar (1947), Psychometrika 12:153-157. Bonett, Price (2012), J. Educ. Behav. Stat.
    37:479-488.
    """
    y = as_labels(y, "y")
    score, calls = as_scores(score, "score", len(y)), as_scores(calls, "calls", len(y))
    if not np.isin(calls, (0, 1)).all():
        raise ValueError("calls: expected 0 and 1; cut the grades of a reader first.")
    reader = calls == 1
    threshold = specificity_threshold(y, score, float(np.mean(~reader[y == 0])))
    positive = score >= threshold
    alone = int(np.sum((positive & ~reader)[y == 1])), int(np.sum((reader & ~positive)[y == 1]))
    n = int(y.sum())
    a, b = ((count + 1) / (n + 2) for count in alone)
    half = stats.norm.isf((1 - as_level(level)) / 2) * np.sqrt((a + b - (a - b) ** 2) / (n + 2))
    return ReaderComparison(
        threshold=threshold,
        specificity=float(np.mean(~positive[y == 0])),
        reader_specificity=float(np.mean(~reader[y == 0])),
        sensitivity=float(np.mean(positive[y == 1])),
        reader_sensitivity=float(np.mean(reader[y == 1])),
        difference=(alone[0] - alone[1]) / n,
        ci_low=float(max(a - b - half, -1.0)),
        ci_high=float(min(a - b + half, 1.0)),
        score_only=alone[0],
        reader_only=alone[1],
        p_value=float(stats.binomtest(alone[0], sum(alone)).pvalue) if sum(alone) else 1.0,
    )


def reader_table(
    y: ArrayLike,
    scores: pd.DataFrame,
    split: ArrayLike,
    models: Sequence[str],
    readers: Sequence[str],
    *,
    yes_from: float = 1,
    level: float = 0.95,
) -> pd.DataFrame:
    """`reader_comparison` of every model and reader in every cohort.

    Parameters
    ----------
    y, split
        As in `performance_table`.
    scores : DataFrame, shape (n_patients, n_scores)
        With a column for each of `models` and `readers`.
    models, readers : sequence of str
    yes_from : float, default 1
        Reading from which a reader calls a patient positive.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        model, reader, cohort and the fields of `ReaderComparison`; no row without a reader.
    """
    y, rows = as_labels(y, "y"), []
    for reader, model in product(readers, models):
        calls = scores[reader].ge(yes_from).to_numpy()
        for cohort, chosen in cohorts(split).items():
            found = reader_comparison(
                y[chosen], scores[model].to_numpy()[chosen], calls[chosen], level=level
            )
            rows.append((model, reader, cohort, *astuple(found)))
    names = [field.name for field in fields(ReaderComparison)]
    return pd.DataFrame(rows, columns=["model", "reader", "cohort", *names])
