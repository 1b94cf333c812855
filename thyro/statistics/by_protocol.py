"""Scores under each protocol side by side, and Table 2 of all of them."""

from collections.abc import Iterable, Mapping

import pandas as pd
from numpy.typing import ArrayLike

from thyro.statistics.performance import performance_table


def scores_by_protocol(
    predictions: Iterable[pd.DataFrame],
    patients: pd.Index,
    *,
    others: Mapping[str, pd.Series] | None = None,
) -> dict[str, pd.DataFrame]:
    """What every model gives every patient, a table per protocol.

    Parameters
    ----------
    predictions : iterable of DataFrame
        One row per patient, model and protocol: patient_id, model, p, protocol.
    patients : Index
        Rows of the tables, in this order.
    others : mapping of score to Series, optional
        Scores that depend on no protocol, such as a reader's: last columns of every table.

    Returns
    -------
    dict of protocol to DataFrame, shape (n_patients, n_scores)
        Models by name; no protocol where `predictions` has no row.

    Raises
    ------
    KeyError
        If a patient has no prediction.
    """
    added = {name: score.loc[patients].astype(float) for name, score in (others or {}).items()}
    return {
        protocol: part.pivot(index="patient_id", columns="model", values="p")
        .loc[patients]
        .assign(**added)
        for protocol, part in pd.concat(list(predictions)).groupby("protocol")
    }


def performance_by_protocol(
    y: ArrayLike,
    scores: Mapping[str, pd.DataFrame],
    split: ArrayLike,
    *,
    level: float = 0.95,
    cutoffs: Mapping[str, float] | None = None,
) -> dict[str, pd.DataFrame]:
    """Table 2 under each protocol: `performance_table` of each table of scores.

    Parameters
    ----------
    y, split, level, cutoffs
        As in `performance_table`.
    scores : mapping of protocol to DataFrame
        As `scores_by_protocol`; rows of the results in the order of the columns.
    """
    return {
        protocol: performance_table(y, table, split, level=level, cutoffs=cutoffs)
        for protocol, table in scores.items()
    }
