"""Tables of groups of patients: every measure with its interval, and differences of groups."""

from functools import partial

import pandas as pd

from thyro.tables.markdown import formatted
from thyro.tables.rounding import coverage, estimate, percent

MEASURES = {  # heading, decimals
    "auc": ("AUC", 2),
    "slope": ("Slope", 2),
    "citl": ("In the large", 2),
    "sensitivity": ("Sensitivity", 2),
    "specificity": ("Specificity", 2),
    "net_benefit": ("Net benefit", 3),
}
KEYS = ["model", "cohort", "variable", "group"]


def group_name(variable: str, group: str) -> str:
    """ "Gender: Male"; the name alone where it is everybody."""
    return group if variable == group else f"{variable}: {group}"


def grouped(frame: pd.DataFrame, *, threshold: float, level: float = 0.95) -> pd.DataFrame:
    """Measures of every group with intervals, one row per cohort and group.

    Parameters
    ----------
    frame : DataFrame
        `groups` of `statistics.subgroup_performance`, for one model.
    threshold : float
        Of the net benefit, for its heading.
    level : float, default 0.95
        Coverage of the intervals, for the headings.
    """
    spec = {
        "Cohort": (["cohort"], str.capitalize),
        "Group": (["variable", "group"], group_name),
        "Patients (events)": (["n", "events"], lambda n, events: f"{n:.0f} ({events:.0f})"),
    }
    return _with_measures(frame, spec, "estimate", threshold, level)


def group_differences(
    frame: pd.DataFrame, *, threshold: float, level: float = 0.95
) -> pd.DataFrame:
    """Differences between groups of a variable, of every model.

    Parameters
    ----------
    frame : DataFrame
        `differences` of `statistics.subgroup_performance`.
    threshold, level
        As in `grouped`.
    """
    spec = {
        "Model": (["model"], str),
        "Cohort": (["cohort"], str.capitalize),
        "Group": (["variable", "group"], group_name),
        "Less": (["reference"], str),
    }
    return _with_measures(frame, spec, "difference", threshold, level)


def _with_measures(
    frame: pd.DataFrame, spec: dict, value: str, threshold: float, level: float
) -> pd.DataFrame:
    """Rows by `KEYS` with a column for each measure."""
    first = frame.drop_duplicates(KEYS).reset_index(drop=True)
    out = formatted(first, spec)
    for measure, (heading, digits) in MEASURES.items():
        at = f" at {percent(threshold, 0)}" if measure == "net_benefit" else ""
        of = frame[frame["measure"].eq(measure)]
        rows = first[KEYS].merge(of, on=KEYS, validate="one_to_one")
        sources = [value, "ci_low", "ci_high"]
        name = f"{heading}{at} ({coverage(level)} CI)"
        out = out.join(formatted(rows, {name: (sources, partial(estimate, digits=digits))}))
    return out


def group_note(frame: pd.DataFrame) -> str:
    """Why cells are a dash: the groups by reason, "" where none is.

    `frame` is `groups` of `statistics.subgroup_performance`.
    """
    absent = frame[frame["reason"].ne("")].drop_duplicates(["reason", *KEYS[1:]])
    told = []
    for reason, rows in absent.groupby("reason", sort=False):
        named = [
            f"{group_name(row.variable, row.group)} ({row.cohort})" for row in rows.itertuples()
        ]
        told.append(f"{reason}: {', '.join(named)}")
    return f"–: no such measure or no interval, as of {'; '.join(told)}." if told else ""
