"""The models of two studies side by side, with the test of their difference."""

from functools import partial

import pandas as pd

from thyro.study import PROTOCOLS
from thyro.tables.markdown import formatted
from thyro.tables.rounding import ABSENT, cohort_name, coverage, estimate, p_value


def between_studies(
    frame: pd.DataFrame, names: tuple[str, str], *, level: float = 0.95
) -> pd.DataFrame:
    """AUC of every model in two studies, their difference, and how it was tested.

    Parameters
    ----------
    frame : DataFrame
        As `statistics.compare_studies`.
    names : (str, str)
        Of the studies, for the headings.
    level : float, default 0.95
        Coverage of the intervals, for the headings.
    """
    spec: dict = {}
    if frame["protocol"].nunique() > 1:
        spec["Recipe"] = (["protocol"], protocol_words)
    spec |= {"Model": (["model"], str), "Cohort": (["cohort"], cohort_name)}
    for name, one in zip(names, "ab", strict=True):
        spec[f"{name}: patients (events)"] = ([f"n_{one}", f"events_{one}"], _counted)
        sources = [f"{key}_{one}" for key in ("auc", "ci_low", "ci_high")]
        spec[f"{name}: AUC ({coverage(level)} CI)"] = (sources, estimate)
    ends = ["difference", "difference_low", "difference_high"]
    spec |= {
        f"Difference ({coverage(level)} CI)": (ends, partial(estimate, digits=3)),
        "P": (["p_value"], lambda p: ABSENT if pd.isna(p) else p_value(p)),
        "DeLong test": (["design", "common"], _design),
    }
    return formatted(frame, spec)


def protocol_words(name: str) -> str:
    """A recipe and how it was evaluated: "Classical, in-sample"; another name as it is."""
    if name not in PROTOCOLS:
        return name
    protocol = PROTOCOLS[name]
    return f"{protocol.recipe.label}, {'cross-fitted' if protocol.cross_fitted else 'in-sample'}"


def _counted(n: int, events: int) -> str:
    return f"{n:,} ({events:,})"


def _design(design: str, common: int) -> str:
    return f"{design} ({common:,})" if common else design
