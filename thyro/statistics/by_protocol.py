"""Scores under each protocol side by side, and Table 2 of all of them."""

from collections.abc import Iterable, Mapping
from typing import Any

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
    sensitivity: float | None = None,
) -> dict[str, pd.DataFrame]:
    """Table 2 under each protocol: `performance_table` of each table of scores.

    Parameters
    ----------
    y, split, level, cutoffs, sensitivity
        As in `performance_table`.
    scores : mapping of protocol to DataFrame
        As `scores_by_protocol`; rows of the results in the order of the columns.
    """
    options: dict[str, Any] = {"level": level, "cutoffs": cutoffs, "sensitivity": sensitivity}
    return {
        protocol: performance_table(y, table, split, **options)
        for protocol, table in scores.items()
    }


def cutoff_table(
    youden: Mapping[str, pd.DataFrame],
    sensitive: Mapping[str, pd.DataFrame],
    *,
    sensitivity: float,
) -> pd.DataFrame:
    """Two cut-offs of every score side by side, both chosen in training.

    Parameters
    ----------
    youden, sensitive : mapping of protocol to DataFrame
        `performance_by_protocol` at Youden's cut-offs and at those of `sensitivity`. Scores that
        `sensitive` lacks, such as a reader who has no other cut-off, are left out.
    sensitivity : float
        Asked for in training.

    Returns
    -------
    DataFrame
        Rows of both by protocol, score and cohort, with protocol and aimed_at: NaN for Youden's
        index, else the sensitivity.
    """
    tables = [
        frame.assign(protocol=protocol, aimed_at=aim)
        for made, aim in ((youden, float("nan")), (sensitive, sensitivity))
        for protocol, frame in made.items()
    ]
    keys = ["protocol", "model", "cohort"]
    table = pd.concat(tables, ignore_index=True)
    both = table[table.groupby(keys)["threshold"].transform("size").eq(2)]
    first = both.groupby(keys, sort=False).ngroup()  # each beside its other cut-off
    return both.iloc[first.argsort(kind="stable")].reset_index(drop=True)
