"""The published numbers of Li et al. 2024 and the audit of them, as frames.

Every function takes the folder that holds `paper_reference.yml` (as printed) and `audit.json` (what
the printed numbers imply). Cohorts are named as in our own results: "all", "train", "test".

References
----------
Li et al. (2024), Discover Oncology 15, doi 10.1007/s12672-024-01601-0.
"""

import json
from functools import cache
from pathlib import Path

import pandas as pd
import yaml

from thyro.statistics import metrics_from_counts

PLACES = ("CLNM", "Location of LNM", "Radiologist")  # rows of Table 1
METRICS = ["accuracy", "sensitivity", "specificity", "ppv", "npv", "f1"]
COMPARISONS = 4  # of image models in its test cohort, of which one p value is printed
COHORTS = {"ALL": "all", "Test": "test", "Train": "train"}


def published_table_1(folder: str | Path) -> pd.DataFrame:
    """Table 1: one row per variable, level and cohort.

    Columns: variable, kind, level ("" for a continuous variable), cohort, n, percent, mean, sd and
    p_value (train against test, the same in all rows of a variable). What is not printed is NaN.
    """
    rows = []
    for variable in _reference(folder)["table_1"]["rows"]:
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
        for row in _reference(folder)["table_2"]["rows"]
    ]
    return pd.DataFrame(rows, columns=["model", "cohort", "auc", "ci_low", "ci_high", *METRICS])


def published_nomograms(folder: str | Path) -> pd.DataFrame:
    """The three nomograms in the test cohort; only AUC, its interval and accuracy are printed.

    Same columns as `published_table_2`, so that the two can be stacked.
    """
    rows = [
        {"model": model, "cohort": "test"} | _performance(entry["test"])
        for model, entry in _reference(folder)["nomograms"].items()
    ]
    return pd.DataFrame(rows, columns=["model", "cohort", "auc", "ci_low", "ci_high", *METRICS])


def published_confusion(folder: str | Path) -> pd.DataFrame:
    """The confusion matrices that Table 2 implies: model, cohort, tp, fn, fp, tn, f1_printed.

    Each is the only one in whole patients that gives the printed row (F1 left aside).
    """
    table = pd.DataFrame(_audit(folder)["confusion_matrices"])
    return table.assign(
        cohort=table["cohort"].map(COHORTS), f1_printed=table["f1_printed"].map(float)
    )


def published_delong_p(folder: str | Path) -> float:
    """P of SR_SVM against OR_SVM in the test cohort, the one of four comparisons with a p value."""
    return _number(_reference(folder)["comparisons"]["SR_SVM_vs_OR_SVM_test"]["p"])


def audit_findings(folder: str | Path) -> pd.DataFrame:
    """The audit: one row per check with id, where, topic, printed, implied, verdict, severity."""
    columns = ["id", "where", "topic", "printed", "implied", "verdict", "kind", "severity", "how"]
    return pd.DataFrame(_audit(folder)["findings"], columns=columns)


def published_choice(folder: str | Path) -> str:
    """The image model that the publication chose by its result in the test cohort."""
    return _reference(folder)["nomograms"]["Nomogram_A"]["signature"]


def published_facts(folder: str | Path) -> dict:
    """What the discussion names: counts, the radiologist's F1, and what follows from them.

    Returns
    -------
    dict
        n (patients by cohort), checks and inconsistent (of the audit), outcome (how many patients
        have it, by three places of the publication), suspected (how many the radiologist called,
        by two), radiologist_f1 (as printed, and as the counts imply), delong_p of SR_SVM against
        OR_SVM and the same after Holm's adjustment, chosen (image model), auc (in the test cohort,
        by model). Numbers are not rounded.
    """
    patients = published_table_1(folder)
    everyone = patients[patients["cohort"].eq("all")]
    size = patients[patients["variable"].eq("CLNM")].groupby("cohort")["n"].sum()
    of = {name: everyone[everyone["variable"].eq(name)].set_index("level")["n"] for name in PLACES}
    confusion = published_confusion(folder)
    reading = confusion[confusion["model"].eq("Radiologist")].set_index("cohort")
    f1 = {
        cohort: metrics_from_counts(row["tp"], row["fn"], row["fp"], row["tn"]).f1
        for cohort, row in reading.iterrows()
    }
    verdicts = audit_findings(folder)["verdict"]
    auc = pd.concat([published_table_2(folder), published_nomograms(folder)])
    p = published_delong_p(folder)
    return {
        "n": {cohort: int(n) for cohort, n in size.items()},
        "checks": len(verdicts),
        "inconsistent": int(verdicts.eq("inconsistent").sum()),
        "outcome": {
            "table1": int(of["CLNM"]["Yes"]),
            "location": int(of["Location of LNM"].drop("No").sum()),
            "table2": int((reading["tp"] + reading["fn"]).sum()),
        },
        "suspected": {
            "table1": int(of["Radiologist"]["Yes"]),
            "table2": int((reading["tp"] + reading["fp"]).sum()),
        },
        "radiologist_f1": {"printed": float(reading.loc["test", "f1_printed"])} | f1,
        "delong_p": p,
        "delong_p_holm": min(1.0, COMPARISONS * p),  # Holm's factor of the smallest
        "chosen": published_choice(folder),
        "auc": auc[auc["cohort"].eq("test")].set_index("model")["auc"].to_dict(),
    }


@cache
def _reference(folder: str | Path) -> dict:
    return yaml.safe_load(_text(folder, "paper_reference.yml"))


def _audit(folder: str | Path) -> dict:
    return json.loads(_text(folder, "audit.json"))


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
