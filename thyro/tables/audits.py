"""Tables of the audit of printed numbers. Full-precision frames in, frames of strings out."""

from functools import partial

import pandas as pd

from thyro.tables.markdown import formatted
from thyro.tables.rounding import coverage, estimate, number, percent

RATES = {"accuracy": "Accuracy", "sensitivity": "Sensitivity", "specificity": "Specificity"}
RATES |= {"ppv": "PPV", "npv": "NPV"}
TEXT = {"Printed": (["printed"], str), "Implied": (["implied"], str)}


def contradictions(findings: pd.DataFrame) -> pd.DataFrame:
    """The checks in which two printed numbers contradict each other.

    Parameters
    ----------
    findings : DataFrame
        As `audit.audit` returns it: one row per check.
    """
    wrong = findings[findings["verdict"].eq("inconsistent") & findings["kind"].eq("number")]
    spec = {"Check": (["id", "topic"], "{}. {}".format)} | TEXT
    spec |= {"How": (["how"], str), "Consequence": (["consequence"], str)}
    return formatted(wrong, spec)


def audit(findings: pd.DataFrame) -> pd.DataFrame:
    """Every check with what is printed and what follows, its verdict and its weight.

    `findings` is as in `contradictions`. A verdict from facts that were read is marked "(read)". A
    check whose numbers are not printed is left out.
    """
    spec = {"Check": (["id", "topic"], "{}. {}".format), "Where": (["where"], str)} | TEXT
    spec |= {"Verdict": (["verdict", "kind", "weight", "basis"], _verdict)}
    return formatted(_asked(findings), spec)


def _asked(findings: pd.DataFrame) -> pd.DataFrame:
    return findings[findings["verdict"].ne("not printed")]


def _verdict(verdict: str, kind: str, weight: str, basis: str) -> str:
    """ "inconsistent: number, major"; "cannot tell: critical (read)"."""
    more = ", ".join(text for text in (kind, "" if weight == "info" else weight) if text)
    read = " (read)" if basis == "facts" else ""
    return f"{verdict}: {more}{read}" if more else f"{verdict}{read}"


def _several(*values: float) -> str:
    return ", ".join(number(x) for x in values)


def audit_methods(findings: pd.DataFrame) -> pd.DataFrame:
    """How every check is computed, and what follows where it is not consistent."""
    spec = {"Check": (["id", "topic"], "{}. {}".format), "How": (["how"], str)}
    spec |= {"Consequence": (["consequence"], str)}
    return formatted(_asked(findings), spec)


def rules(
    proportions: pd.DataFrame, benefits: pd.DataFrame, *, level: float = 0.95
) -> pd.DataFrame:
    """Confusion matrices of a publication, with the interval of every proportion and net benefit.

    Parameters
    ----------
    proportions : DataFrame
        Of `audit.audit_file`: one row per model and cohort, with counts, values and their ends.
    benefits : DataFrame
        Of the same: model, cohort, threshold, net_benefit.
    level : float
        Coverage of the intervals, for the headings.
    """
    ci = f"({coverage(level)} CI)"
    spec = {
        "Model": (["model"], str),
        "Cohort": (["cohort"], str),
        "TP, FN, FP, TN": (["tp", "fn", "fp", "tn"], "{}, {}, {}, {}".format),
    }
    for name, label in RATES.items():
        spec[f"{label} {ci}"] = ([name, f"{name}_low", f"{name}_high"], partial(estimate, digits=2))
    wide = benefits.pivot(index=["model", "cohort"], columns="threshold", values="net_benefit")
    points = ", ".join(percent(threshold, 0) for threshold in wide.columns)
    spec[f"Net benefit at {points}"] = (list(wide.columns), _several)
    return formatted(proportions.join(wide, on=["model", "cohort"]), spec)
