"""Tables of gaps in clinical variables: where they are, and what filling them changes."""

from collections.abc import Mapping, Sequence

import pandas as pd

from thyro.tables.baseline import variable_label
from thyro.tables.markdown import formatted
from thyro.tables.rounding import ABSENT, cohort_name, count, coverage, estimate, percent

COHORTS = {"train": "Training", "test": "Test", "external": "External"}


def missing_cells(
    frame: pd.DataFrame, dictionary: Mapping[str, Mapping], outcome_levels: Sequence[str]
) -> pd.DataFrame:
    """Empty cells by variable (rows), cohort and outcome (columns): count (percent).

    Parameters
    ----------
    frame : DataFrame
        As `cohort.missing_cells`.
    dictionary : mapping of name to {"label", "unit"}
    outcome_levels : sequence of str
        Names of 0 and 1.
    """
    columns: dict[str, list[str]] = {"Variable": []}
    names = list(dict.fromkeys(frame["variable"]))
    columns["Variable"] = [variable_label(name, dictionary) for name in names]
    for (cohort, y), part in frame.groupby(["cohort", "y"], sort=False):
        heading = f"{COHORTS[str(cohort)]}, {outcome_levels[int(y)]} (n = {part['n'].iloc[0]})"
        cells = part.set_index("variable").loc[names]
        columns[heading] = [
            count(int(k), int(n)) for k, n in zip(cells["missing"], cells["n"], strict=True)
        ]
    return pd.DataFrame(columns)


def inputs_of_models(frame: pd.DataFrame) -> pd.DataFrame:
    """Patients of whom frozen models had an input filled, or outside of their training patients.

    Parameters
    ----------
    frame : DataFrame
        As `inputs` of `frozen.predict_patients`.
    """
    spec = {
        "Model": (["model"], str),
        "Cohort": (["cohort"], cohort_name),
        "Input": (["input"], str),
        "Not known": (["filled", "n"], lambda k, n: count(int(k), int(n))),
        "Outside of training": (["outside", "n"], lambda k, n: count(int(k), int(n))),
    }
    return formatted(frame, spec)


def complete_cases(
    frame: pd.DataFrame, labels: Mapping[str, str], *, level: float = 0.95
) -> pd.DataFrame:
    """Odds ratios of complete patients beside those of all, imputed.

    Parameters
    ----------
    frame : DataFrame
        As `clinical.complete_case_table`.
    labels : mapping of term to text
    level : float, default 0.95
        Coverage of the intervals, for the headings.
    """
    spec: dict = {
        "Nomogram": (["nomogram"], lambda name: str(name).replace("_", " ")),
        "Term": (["term"], lambda term: labels.get(term, term)),
        "Level": (["level"], lambda one: "" if pd.isna(one) else str(one)),
    }
    for which in ("complete", "imputed"):
        patients = [f"n_{which}", f"events_{which}"]
        spec[f"{which.capitalize()}: patients (events)"] = (
            patients,
            lambda n, events: ABSENT if pd.isna(n) else f"{int(n)} ({int(events)})",
        )
        spec[f"{which.capitalize()}: OR ({coverage(level)} CI)"] = (
            [f"{one}_{which}" for one in ("odds_ratio", "ci_low", "ci_high")],
            lambda *x: estimate(*x, digits=2),
        )
    spec["Missing information"] = (["fmi"], percent)
    return formatted(frame, spec)
