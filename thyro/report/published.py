"""The published numbers of Li et al. 2024 as frames; `thyro.audit` recomputes what they imply.

Every function takes the folder that holds `paper_reference.yml` (as printed). Cohorts are named as
in our own results: "all", "train", "test".

References
----------
Li et al. (2024), Discover Oncology 15, doi 10.1007/s12672-024-01601-0.
"""

from functools import cache
from pathlib import Path

import pandas as pd
import yaml

METRICS = ["accuracy", "sensitivity", "specificity", "ppv", "npv", "f1"]
COHORTS = {"ALL": "all", "Test": "test", "Train": "train"}


def published_sizes(folder: str | Path) -> dict[str, int]:
    """Patients by cohort: all, train, test."""
    known = reference(folder)["cohorts"]
    sizes = {known["whole"]["name"]: known["whole"]["n"]} | known["parts"]
    return {COHORTS[name]: n for name, n in sizes.items()}


def published_table_1(folder: str | Path) -> pd.DataFrame:
    """Table 1: one row per variable, level and cohort.

    Columns: variable, kind, level ("" for a continuous variable), cohort, n, percent, mean, sd and
    p_value (train against test, the same in all rows of a variable). What is not printed is NaN.
    """
    rows = []
    for variable in reference(folder)["table_1"]["rows"]:
        about = {"variable": variable["variable"], "kind": variable["kind"]}
        for entry in variable.get("levels", [variable]):
            for heading, cohort in COHORTS.items():
                cells = {name: _number(text) for name, text in entry[heading].items()}
                where = {"level": entry.get("level", ""), "cohort": cohort}
                rows.append(about | where | cells | {"p_value": _number(variable["p"])})
    columns = ["variable", "kind", "level", "cohort", "n", "percent", "mean", "sd", "p_value"]
    return pd.DataFrame(rows, columns=columns)


def published_table_2(folder: str | Path) -> pd.DataFrame:
    """Table 2: one row per model and cohort, with AUC, its interval and six metrics (0-1)."""
    rows = [
        {"model": row["model"], "cohort": COHORTS[row["cohort"]]} | _performance(row)
        for row in reference(folder)["table_2"]["rows"]
    ]
    return pd.DataFrame(rows, columns=["model", "cohort", "auc", "ci_low", "ci_high", *METRICS])


def published_nomograms(folder: str | Path) -> pd.DataFrame:
    """The three nomograms in the test cohort; only AUC, its interval and accuracy are printed.

    Same columns as `published_table_2`, so that the two can be stacked.
    """
    rows = [
        {"model": model, "cohort": "test"} | _performance(entry["test"])
        for model, entry in reference(folder)["nomograms"].items()
    ]
    return pd.DataFrame(rows, columns=["model", "cohort", "auc", "ci_low", "ci_high", *METRICS])


@cache
def reference(folder: str | Path) -> dict:
    """Everything that is kept of the publication, as `paper_reference.yml` has it."""
    return yaml.safe_load(_text(folder, "paper_reference.yml"))


def _text(folder: str | Path, name: str) -> str:
    path = Path(folder) / name
    if not path.is_file():
        raise FileNotFoundError(
            f"folder: expected the published numbers in {path}; they are kept in report/published."
        )
    return path.read_text(encoding="utf-8")


def _performance(row: dict) -> dict[str, float]:
    low, high = row["ci95"].split("–")
    interval = {"auc": _number(row["auc"]), "ci_low": float(low), "ci_high": float(high)}
    return interval | {name: _number(row.get(name)) for name in METRICS}


def _number(text: str | int | None) -> float:
    return float("nan") if text is None else float(text)
