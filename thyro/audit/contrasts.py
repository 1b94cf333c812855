"""Differences of AUCs that can be set beside those of another study: shapes, not levels.

How far an AUC falls from the patients who fitted the model to those who tested it, and what a
signature adds to the clinical factors: of printed numbers, and of a run.
"""

import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import norm

from thyro import statistics
from thyro.audit.curves import difference
from thyro.audit.printed import NotPrinted, Printed
from thyro.study import CLINICAL, NomogramName

FALL, ADDED = "fall", "added"
COLUMNS = ["contrast", "name", "cohort", "difference", "ci_low", "ci_high"]
PRINCIPAL = str(NomogramName("A", None))  # the nomogram that is set against the clinical one


def printed_contrasts(printed: Printed, *, level: float = 0.95) -> pd.DataFrame:
    """The differences of printed AUCs.

    Parameters
    ----------
    printed : Printed
    level : float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        contrast ("fall": of a model, from the fitted to the tested cohort; "added": of a nomogram,
        over the clinical model of the same cohort), name, cohort ("train", "test"; "" of a fall),
        difference (AUC, 0-1), ci_low, ci_high. The two cohorts of a fall are different patients, so
        its interval follows from the two that are printed. That of "added" does not, as nobody
        prints the correlation: NaN. No rows where the AUCs are not printed.
    """
    rows = [*_falls(printed, level), *_added(printed)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _falls(printed: Printed, level: float) -> list[tuple]:
    found, z = [], norm.isf((1 - level) / 2)
    for model in dict.fromkeys(row["model"] for row in _rows(printed)):
        try:
            a, b = (printed.interval(model, c) for c in (printed.fitted_on(), printed.tested_on()))
        except NotPrinted:
            continue
        both = difference(a, b)
        half = z * (both.se_a**2 + both.se_b**2) ** 0.5
        fall = a.auc.value - b.auc.value
        found.append((FALL, model, "", fall, both.difference - half, both.difference + half))
    return found


def _added(printed: Printed) -> list[tuple]:
    clinical = printed.data.get("clinical_model", {}).get("model")
    signed = [n for n, entry in printed.data.get("nomograms", {}).items() if entry.get("signature")]
    cohorts = {printed.fitted_on(): "train", printed.tested_on(): "test"}
    auc = {(r["model"], r["cohort"]): float(r["auc"]) for r in _rows(printed) if r.get("auc")}
    none = float("nan")
    return [
        (ADDED, name, ours, auc[name, cohort] - auc[clinical, cohort], none, none)
        for name in signed[:1]
        for cohort, ours in cohorts.items()
        if {(name, cohort), (clinical, cohort)} <= set(auc)
    ]


def _rows(printed: Printed) -> list[dict]:
    try:
        return printed.rows
    except NotPrinted:
        return []


def run_contrasts(
    y: ArrayLike,
    scores: pd.DataFrame,
    split: ArrayLike,
    delong: pd.DataFrame,
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """The same differences of a run, as `printed_contrasts`; "added" also of an external cohort.

    Parameters
    ----------
    y, scores, split
        As in `statistics.between_cohorts`: of every model, reader and nomogram.
    delong : DataFrame
        As `statistics.delong_by_family`, with the nomograms among its comparisons.
    level : float
        Coverage of the intervals of falls; those of "added" are as in `delong`.
    """
    between = statistics.between_cohorts(y, scores, split, level=level)
    falls = between[between["cohort_a"].eq("train") & between["cohort_b"].eq("test")]
    falls = falls.assign(contrast=FALL, name=falls["model"], cohort="")
    added = statistics.contrasts(delong, [[PRINCIPAL, CLINICAL]])
    added = added.assign(contrast=ADDED, name=added["model_a"])
    return pd.concat([falls[COLUMNS], added[COLUMNS]], ignore_index=True)
