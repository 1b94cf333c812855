"""Scores that came with the table, each judged by its kind; nothing is fitted."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from numpy.typing import ArrayLike

from thyro.statistics.performance import performance_table

YES = 1.0  # of a reading
OF_AUC = ["auc", "se", "ci_low", "ci_high"]


def judged_performance(
    y: ArrayLike,
    scores: pd.DataFrame,
    split: ArrayLike,
    kinds: Mapping[str, str],
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """`performance_table` of probabilities, scores and yes/no readings.

    A reading calls who is called; it is one point of the ROC plane, and the area below the lines
    that join it to the corners is no AUC that could stand beside those of scores.

    Parameters
    ----------
    y, scores, split, level
        As in `performance_table`.
    kinds : mapping of score to "probability", "score" or "reading"

    Returns
    -------
    DataFrame
        As `performance_table`; of readings threshold is 1, and auc, se, ci_low and ci_high are NaN.
    """
    readings = [name for name in scores if kinds[name] == "reading"]
    options: dict[str, Any] = {"level": level, "cutoffs": dict.fromkeys(readings, YES)}
    table = performance_table(y, scores, split, **options)
    table.loc[table["model"].isin(readings), OF_AUC] = float("nan")
    return table
