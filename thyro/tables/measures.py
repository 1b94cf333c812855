"""Tables beside Table 2: calibration with intervals, cut-offs, net benefit, reader, splits."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd

from thyro.study import protocol_label
from thyro.tables.markdown import by_protocol, formatted
from thyro.tables.rounding import (
    cohort_name,
    coverage,
    estimate,
    number,
    p_value,
    percent,
    probability,
)

CALIBRATION = {
    "citl": ("In the large", 2),
    "slope": ("Slope", 2),
    "observed_expected": ("O:E", 2),
    "e_avg": ("ICI", 3),
    "e_90": ("E90", 3),
    "brier": ("Brier", 3),
    "scaled_brier": ("Scaled Brier", 3),
}


def calibrated(frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Measures of calibration with intervals, one row per model and cohort.

    Parameters
    ----------
    frame : DataFrame
        As `statistics.calibration_by_cohort`.
    level : float, default 0.95
        Coverage of the intervals, for the headings.
    """
    keys = ["model", "cohort"]
    table = frame[keys].drop_duplicates().reset_index(drop=True)
    out = formatted(table, {"Model": (["model"], str), "Cohort": (["cohort"], cohort_name)})
    for measure, (heading, digits) in CALIBRATION.items():
        rows = table.merge(frame[frame["measure"].eq(measure)], on=keys, validate="one_to_one")
        sources = ["estimate", "ci_low", "ci_high"]
        spec = {f"{heading} ({coverage(level)} CI)": (sources, partial(estimate, digits=digits))}
        out = out.join(formatted(rows, spec))
    return out


def judged(
    frame: pd.DataFrame,
    kinds: Mapping[str, str],
    *,
    published: Mapping[str, Mapping[str, float]] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Scores of a table in every cohort, from `statistics.judged_performance`.

    `kinds` says of each whether it is a probability, a score or a reading, which has no AUC;
    `published` has AUCs that others printed, by score and cohort.
    """
    spec = {
        "Score": (["model"], str),
        "Kind": (["model"], lambda name: kinds[name]),
        "Cohort": (["cohort"], cohort_name),
        f"AUC ({coverage(level)} CI)": (["auc", "ci_low", "ci_high"], estimate),
    }
    if published:
        spec["AUC, published"] = (
            ["model", "cohort"],
            lambda name, cohort: probability(published.get(name, {}).get(cohort, np.nan)),
        )
    for name, heading in (("sensitivity", "Sensitivity"), ("specificity", "Specificity")):
        sources = [name, f"{name}_low", f"{name}_high"]
        spec[f"{heading} ({coverage(level)} CI)"] = (sources, estimate)
    spec |= {"PPV": (["ppv"], probability), "NPV": (["npv"], probability)}
    return formatted(frame, spec)


def cutoffs(frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Two cut-offs of every score and what they do, from `statistics.cutoff_table`."""
    spec = {
        "Protocol": (["protocol"], protocol_label),
        "Model": (["model"], str),
        "Cohort": (["cohort"], cohort_name),
        "Cut-off": (["aimed_at"], _aim),
        "At": (["threshold"], number),
    }
    for name, heading in (("sensitivity", "Sensitivity"), ("specificity", "Specificity")):
        sources = [name, f"{name}_low", f"{name}_high"]
        spec[f"{heading} ({coverage(level)} CI)"] = (sources, estimate)
    spec |= {"PPV": (["ppv"], probability), "NPV": (["npv"], probability)}
    return formatted(by_protocol(frame), spec, optional=["Protocol"])


def _aim(sensitivity: float) -> str:
    """What a cut-off was chosen for."""
    return "Youden" if pd.isna(sensitivity) else f"Sensitivity {percent(sensitivity, 0)}"


def between(frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Every score in two cohorts, from `statistics.between_cohorts`."""
    spec = {
        "Score": (["model"], str),
        "Cohort A": (["cohort_a"], cohort_name),
        "Cohort B": (["cohort_b"], cohort_name),
        "AUC A": (["auc_a"], probability),
        "AUC B": (["auc_b"], probability),
        f"Difference ({coverage(level)} CI)": (["difference", "ci_low", "ci_high"], estimate),
        "P": (["p_value"], p_value),
    }
    return formatted(frame, spec)


def net_benefit(frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Differences of net benefit, from `statistics.net_benefit_differences`."""
    sources = ["difference", "ci_low", "ci_high"]
    spec = {
        "Cohort": (["cohort"], cohort_name),
        "Model": (["model_a"], str),
        "Against": (["model_b"], str),
        "Threshold": (["threshold"], lambda t: percent(t, 0)),
        "Net benefit": (["benefit_a"], number),
        "of the other": (["benefit_b"], number),
        f"Difference ({coverage(level)} CI)": (sources, estimate),
    }
    return formatted(frame, spec)


def reader(frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Scores at the specificity of a yes/no reader, from `statistics.reader_table`."""
    sources = ["difference", "ci_low", "ci_high"]
    spec = {
        "Model": (["model"], str),
        "Cohort": (["cohort"], cohort_name),
        "Specificity": (["specificity"], probability),
        "of the reader": (["reader_specificity"], probability),
        "Sensitivity": (["sensitivity"], probability),
        "that of the reader": (["reader_sensitivity"], probability),
        f"Difference ({coverage(level)} CI)": (sources, estimate),
        "Found by one alone": (["score_only", "reader_only"], lambda a, b: f"{a} and {b}"),
        "P (McNemar)": (["p_value"], p_value),
    }
    return formatted(frame, spec)


def splits(frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Differences over random splits, from `statistics.differences_over_splits`."""
    sources = ["difference", "ci_low", "ci_high"]
    spec = {
        "Model A": (["model_a"], str),
        "Model B": (["model_b"], str),
        "Splits": (["splits"], lambda n: number(n, 0)),
        f"Mean difference ({coverage(level)} CI)": (sources, estimate),
        "P": (["p_value"], p_value),
        "At or below zero": (["not_above"], lambda x: percent(x, 0)),
    }
    return formatted(frame, spec)
