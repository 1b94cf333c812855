"""One model in two studies: its AUC in each, and their difference."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from thyro.statistics.delong import auc_ci, delong_test, unpaired_test
from thyro.statistics.performance import cohorts

PAIRED, COMMON, UNPAIRED = "paired", "paired, patients in common", "unpaired"
UNTESTED = "not tested"  # too few in common for a pair, and too many to be independent
FEWEST = 2  # patients of either outcome, of a test
COUNTED = ["n", "events", "auc", "ci_low", "ci_high"]
KEYS = ["protocol", "model", "cohort"]
TESTED = ["design", "common", "difference", "difference_low", "difference_high", "p_value"]


@dataclass(frozen=True)
class StudyScores:
    """What a study knows of its patients, by their pseudonyms, and what its models say of them."""

    y: pd.Series  # 1 with the outcome, 0 without
    split: pd.Series  # cohort
    scores: Mapping[str, pd.DataFrame]  # protocol -> patients x models
    variables: pd.DataFrame  # clinical ones, patients x variables


def same_patients(a: StudyScores, b: StudyScores) -> pd.Index:
    """Patients who are in both studies.

    Those with the same pseudonym and the same outcome. Pseudonyms follow from ids, and simulated
    patients, or rows that were counted, have the same ids in other cohorts: where fewer than half
    of those with the same pseudonym agree in the outcome and in every number that both studies
    know, nobody is the same.
    """
    both = a.y.index.intersection(b.y.index)
    alike = a.y[both].eq(b.y[both])
    known = [name for name in a.variables if name in b.variables]
    numbers = [
        name
        for name in known
        if all(pd.api.types.is_numeric_dtype(one.variables[name]) for one in (a, b))
    ]
    agrees = alike.copy()
    for name in numbers:
        first, second = (one.variables.loc[both, name].astype(float) for one in (a, b))
        agrees &= np.isclose(first, second) | first.isna() | second.isna()
    return both[alike] if agrees.mean() >= 0.5 else both[:0]


def compare_studies(a: StudyScores, b: StudyScores, *, level: float = 0.95) -> pd.DataFrame:
    """AUC of every model that both studies have, in every cohort and protocol that both have.

    Parameters
    ----------
    a, b : StudyScores
        Cohorts are the same where their names are.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        protocol, model, cohort; n, events, auc, ci_low and ci_high of each study (`n_a` ...);
        design, common (patients in both cohorts); difference (a less b) with its ends, and p_value.
        Paired DeLong test where the cohorts are of the same patients, or of those in common;
        unpaired where nobody is; NaN where those in common are too few.

    References
    ----------
    As `delong_test` and `unpaired_test`.
    """
    same, rows = same_patients(a, b), []
    parts = [cohorts(one.split) for one in (a, b)]
    for protocol in [name for name in a.scores if name in b.scores]:
        first, second = a.scores[protocol], b.scores[protocol]
        for model in [name for name in first if name in second]:
            for cohort in [name for name in parts[0] if name in parts[1]]:
                found = [
                    _measured(study, scores[model], part[cohort], level)
                    for study, scores, part in zip((a, b), (first, second), parts, strict=True)
                ]
                who = [one.y.index[p[cohort]] for one, p in zip((a, b), parts, strict=True)]
                tested = _tested(
                    (a.y, first[model], who[0]), (b.y, second[model], who[1]), same, level
                )
                rows.append(
                    {"protocol": protocol, "model": str(model), "cohort": cohort}
                    | {f"{key}_a": value for key, value in found[0].items()}
                    | {f"{key}_b": value for key, value in found[1].items()}
                    | tested
                )
    columns = [*KEYS, *(f"{key}_{one}" for one in "ab" for key in COUNTED), *TESTED]
    return pd.DataFrame(rows, columns=columns)


def _measured(study: StudyScores, score: pd.Series, chosen: np.ndarray, level: float) -> dict:
    y = study.y[chosen]
    found = auc_ci(y, score[y.index], level=level)
    values = (len(y), int(y.sum()), found.auc, found.ci_low, found.ci_high)
    return dict(zip(COUNTED, values, strict=True))


def _tested(
    a: tuple[pd.Series, pd.Series, pd.Index],
    b: tuple[pd.Series, pd.Series, pd.Index],
    same: pd.Index,
    level: float,
) -> dict:
    """The test that fits who the patients are; `a` and `b` are outcome, score, and who it is."""
    (y, first, here), (other_y, second, there) = a, b
    common = here.intersection(there).intersection(same)
    if not len(common):
        found = unpaired_test(y[here], first[here], other_y[there], second[there], level=level)
        return _row(UNPAIRED, 0, found)
    design = PAIRED if len(common) == len(here) == len(there) else COMMON
    events = int(y[common].sum())
    if min(events, len(common) - events) < FEWEST:
        return _row(UNTESTED, len(common), None)
    paired = delong_test(y[common], first[common], second[common], level=level)
    return _row(design, len(common), paired)


def _row(design: str, common: int, found: object) -> dict:
    keys = ("difference", "ci_low", "ci_high", "p_value")
    values = [getattr(found, key, float("nan")) for key in keys]
    return dict(zip(TESTED, (design, common, *values), strict=True))
