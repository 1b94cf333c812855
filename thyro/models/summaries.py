"""What random splits amount to, as the report tells it: one number where a table has many."""

from collections.abc import Mapping, Sequence

import pandas as pd

from thyro.core import as_level


def held_out_summary(auc: pd.DataFrame, *, level: float = 0.95) -> dict[str, dict[str, float]]:
    """Median AUC of the held-out patients, and the middle `level` of all splits.

    Parameters
    ----------
    auc : DataFrame
        `Repeats.auc`: model and test, one row per split and model.
    level : float, default 0.95
        Share of the splits between `low` and `high`; a spread of splits, no confidence interval.

    Returns
    -------
    dict of model to dict
        low, median and high, AUCs on the 0-1 scale; models in the order of `auc`.
    """
    tail = (1 - as_level(level)) / 2
    ends = {"low": tail, "median": 0.5, "high": 1 - tail}
    return {
        model: {name: float(values.quantile(q)) for name, q in ends.items()}
        for model, values in auc.groupby("model", sort=False)["test"]
    }


def reselection_summary(frequency: pd.DataFrame, own: Mapping[str, Sequence[str]]) -> dict:
    """How often random splits select a feature, and how often one of the study's own.

    Parameters
    ----------
    frequency : DataFrame
        `selection_frequency`.
    own : mapping of signature to names
        The features that the study selected.

    Returns
    -------
    dict
        once: signature to number of features that a split selected; own_share: median share of
        the splits that select a feature of `own`, which is 0 for one that none of them selects.
    """
    shares = [
        part.set_index("feature")["share"].reindex(own[signature], fill_value=0.0)
        for signature, part in frequency.groupby("signature")
    ]
    once = frequency[frequency["n"] > 0].groupby("signature").size()
    return {"once": once.to_dict(), "own_share": float(pd.concat(shares).median())}
