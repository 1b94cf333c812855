"""Words on groups of patients: which the study names, how they differ, how little that can show."""

from collections.abc import Mapping

import pandas as pd

from thyro import tables
from thyro.report.results import Results
from thyro.report.words.phrases import inside, listed
from thyro.study import Study, nomograms

COMPARED = "auc"  # the measure of the sentences
CALLED = ("sensitivity", "specificity")  # what a cut-off decides
TABLES = ("subgroups", "subgroup_differences")  # of 06
SMALL = (
    "A group of this size can show that a model fails in it badly, and cannot show that it does "
    "as well as elsewhere."
)


def texts(study: Study, results: Results) -> dict:
    """Texts of the subgroups, for the first nomogram.

    Returns
    -------
    dict
        subgroups: named, found, smallest and discussion.
    """
    first, level = str(nomograms(study.nomogram.signatures)[0]), study.statistics.level
    tables_of = (results.table(f"06_statistics/{name}") for name in TABLES)
    groups, differences = (table[table["model"].eq(first)] for table in tables_of)
    said = {
        "named": named(study, results.values("00_cohort/cohort")["variables"]),
        "threshold": tables.percent(study.statistics.subgroup_threshold, 0),
        "model": first,
        "found": found(first, groups, differences, level=level) + called(differences, level=level),
        "smallest": smallest(groups, level=level),
        "discussion": discussion(differences),
    }
    return {"subgroups": said}


def named(study: Study, dictionary: Mapping[str, Mapping]) -> str:
    """ "gender, age (cut at 55 years) and diameter (cut at 10 mm)"."""
    told = []
    for one in study.statistics.subgroups:
        entry = dictionary[one.variable]
        unit = f" {entry['unit']}" if entry.get("unit") else ""
        cuts = listed([f"{cut:g}" for cut in one.cuts])
        told.append(inside(entry["label"]) + (f" (cut at {cuts}{unit})" if cuts else ""))
    return listed(told)


def found(first: str, groups: pd.DataFrame, differences: pd.DataFrame, *, level: float) -> str:
    """Which differences of the AUC have an interval without zero, of how many.

    Parameters
    ----------
    first : str
        The nomogram.
    groups, differences : DataFrame
        Of `statistics.Subgroups`, its rows.
    level : float
    """
    rows = _compared(differences)
    if rows.empty:
        return f"No two groups have an AUC of {first} that can be compared."
    apart = rows[_excludes_zero(rows)]
    if len(rows) == 1:
        holds = "excludes" if len(apart) else "holds"
        told = _difference(rows.iloc[0], level)
        return f"Its AUC differs between the two groups by an interval that {holds} zero: {told}."
    many = f"Of {len(rows)} differences of its AUC between two groups"
    if apart.empty:
        widest = rows.loc[(rows["ci_high"] - rows["ci_low"]).idxmax()]
        return (
            f"{many} none has an interval that excludes zero; the widest is that of "
            f"{_difference(widest, level)}."
        )
    said = "; ".join(_difference(row, level) for _, row in apart.iterrows())
    return f"{many} the interval of {len(apart)} excludes zero: {said}."


def called(differences: pd.DataFrame, *, level: float) -> str:
    """Where the cut-off from training finds or spares other shares of the patients of a group."""
    rows = pd.concat([_compared(differences, measure) for measure in CALLED])
    apart = rows[_excludes_zero(rows)]
    if apart.empty:
        return ""
    said = "; ".join(f"{row['measure']}, {_difference(row, level)}" for _, row in apart.iterrows())
    return (
        f" At the cut-off from training the interval of {len(apart)} of {len(rows)} differences "
        f"of sensitivity or specificity excludes zero: {said}."
    )


def _compared(differences: pd.DataFrame, measure: str = COMPARED) -> pd.DataFrame:
    """The differences of a measure that have an interval."""
    return differences[differences["measure"].eq(measure)].dropna(subset=["ci_low"])


def _excludes_zero(rows: pd.DataFrame) -> pd.Series:
    return (rows["ci_low"] > 0) | (rows["ci_high"] < 0)


def _difference(row: pd.Series, level: float) -> str:
    """ "test cohort, gender, Male less Female −0.05 (95% CI −0.20 to 0.10)"."""
    ends = tables.interval(row["ci_low"], row["ci_high"], 2)
    return (
        f"{row['cohort']} cohort, {inside(row['variable'])}, {row['group']} less "
        f"{row['reference']} {tables.number(row['difference'], 2)}, {tables.coverage(level)} CI "
        f"{ends}"
    )


def smallest(groups: pd.DataFrame, *, level: float) -> str:
    """The group with the fewest patients of either outcome, and how little it can show.

    `groups` is that of `statistics.Subgroups`, for one model.
    """
    rows = groups[groups["measure"].eq(COMPARED) & groups["variable"].ne(groups["group"])]
    fewest = rows[["events", "n"]].assign(free=rows["n"] - rows["events"])
    order = fewest[["events", "free"]].min(axis=1)
    row = rows.loc[order.idxmin()]
    who = (
        f"The smallest group, {row['group']} ({inside(row['variable'])}) in the {row['cohort']} "
        f"cohort, has {_patients(row['n'])}, {row['events']} with the outcome"
    )
    if pd.isna(row["ci_low"]):
        lacking = int(rows["ci_low"].isna().sum())
        others = "" if lacking == 1 else f" {lacking} groups have none."
        return f"{who}, and so no AUC with an interval ({row['reason']}).{others} {SMALL}"
    value = tables.estimate(row["estimate"], row["ci_low"], row["ci_high"], 2)
    return f"{who}; its AUC is {value}. {SMALL}"


def _patients(n: int) -> str:
    return f"{n:,} patient" if n == 1 else f"{n:,} patients"


def discussion(differences: pd.DataFrame) -> str:
    """What the comparison of groups allows to be said of fairness."""
    rows = _compared(differences)
    apart, n = int(_excludes_zero(rows).sum()), len(rows)
    compared = "one comparison" if n == 1 else f"{n} comparisons"
    if not n:
        shown = "No groups could be compared."
    elif apart:
        shown = (
            f"In {apart} of {compared} of groups the interval of the difference of the AUC "
            "excludes zero; with many looks some do so by chance, and none was adjusted for."
        )
    else:
        shown = (
            f"No difference of the AUC between groups is shown in {compared}. That is not to say "
            "that there is none: the intervals are as wide as small groups make them."
        )
    return (
        f"{shown} Whether a model is fair to a group is also a question of who is in the data at "
        "all, and of how the outcome was found in them."
    )
