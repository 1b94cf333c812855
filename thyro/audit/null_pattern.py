"""How often the pattern of a publication arises where super-resolution does nothing.

`null_pattern.json` holds the test AUCs of all models in cohorts in which the original (OR) and the
super-resolved (SR) features of each patient changed places at random, so that neither image set
tells more; `python -m tests.benchmarks.null_pattern` writes it and says how.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from thyro import statistics
from thyro.audit.printed import SLACK, NotPrinted, Printed

LEVEL = 0.95  # coverage of the interval that the number of draws leaves


def draws() -> pd.DataFrame:
    """AUC in the tested cohort: one row per draw, one column per model."""
    table = _table()
    return pd.DataFrame(table["auc"], columns=table["models"])


@cache
def _table() -> dict[str, Any]:
    path = Path(__file__).with_name("null_pattern.json")
    return json.loads(path.read_text(encoding="utf-8"))


def measures(auc: pd.DataFrame, pairs: list[tuple[str, str]]) -> pd.DataFrame:
    """What a reader sees first of pairs of models on SR and OR images.

    Parameters
    ----------
    auc : DataFrame, shape (n_draws, n_models)
    pairs : list of (str, str)
        The model on SR images, its twin on OR images.

    Returns
    -------
    DataFrame
        One row per draw: best (the best SR model less the best OR model), largest (of the gains of
        the pairs), above (pairs whose SR model is above).
    """
    sr, of = (auc[[pair[k] for pair in pairs]].to_numpy() for k in (0, 1))
    return pd.DataFrame(
        {
            "best": sr.max(axis=1) - of.max(axis=1),
            "largest": (sr - of).max(axis=1),
            "above": (sr > of).sum(axis=1),
        }
    )


def surprise(printed: Printed) -> dict[str, Any]:
    """The printed pattern, and how often cohorts have as much of it where there is nothing.

    Returns
    -------
    dict
        draws, train and test (patients), pairs (how many); for best, largest and above
        the printed value, share (of draws with at least as much), low and high (Wilson's interval
        of the share, for the number of draws); for best and largest also quartiles (of
        the draws); all_above (share, low, high);
        mean_auc (printed, drawn: over all models).

    Raises
    ------
    NotPrinted
        If the publication has no pairs on SR and OR images, or other ones than were drawn.
    """
    pairs = [tuple(pair) for pair in printed.need("claims", "sr_above_or", "pairs")]
    null, test = draws(), printed.tested_on()
    models = [name for pair in pairs for name in pair]
    if not set(models) <= set(null):
        raise NotPrinted(f"pairs of {list(null)}")
    auc = {name: printed.interval(name, test).auc.value for name in models}
    seen = measures(pd.DataFrame([auc]), pairs).iloc[0]
    drawn = measures(null, pairs)
    found: dict[str, Any] = {
        name: {"printed": float(seen[name])} | _share(drawn[name] >= seen[name] - SLACK)
        for name in ("best", "largest", "above")
    }
    for name in ("best", "largest"):
        found[name]["quartiles"] = np.quantile(drawn[name], [0.25, 0.5, 0.75]).tolist()
    sizes: Mapping[str, int] = _table()["patients"]
    found["all_above"] = _share(drawn["above"].eq(len(pairs)))
    found["mean_auc"] = {"printed": float(np.mean([*auc.values()])), "drawn": _mean(null[models])}
    return {"draws": len(null), "pairs": len(pairs)} | dict(sizes) | found


def _mean(auc: pd.DataFrame) -> float:
    return float(auc.to_numpy().mean())


def _share(hit: pd.Series) -> dict[str, float]:
    low, high = statistics.proportion_ci(int(hit.sum()), len(hit), level=LEVEL)
    return {"share": float(hit.mean()), "low": low, "high": high}
