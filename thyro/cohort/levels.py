"""Levels that patients of the test or external cohort have, and no training patient."""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd
from scipy.stats import chi2_contingency

from thyro.cohort import cells
from thyro.cohort.intake import Ingested


def check_levels(
    ingested: Mapping[str, Ingested],
    split: pd.Series,
    *,
    candidates: Collection[str] = (),
    entry: float = 0.1,
) -> list[str]:
    """Levels that the clinical model could not predict, as problems.

    A regression has no coefficient for a level that no training patient has, and stops at a patient
    who has it. Only variables that can come into the model count: categorical, required, known
    before surgery, and alone with a likelihood-ratio p below `entry` in the training patients. All
    others stay out of the screened model, and the penalised one knows the declared levels.

    Parameters
    ----------
    ingested
        "cohort", and "external" where there is one.
    split
        "train" or "test" of the included of "cohort", by the index of the table.
    candidates
        Names of the variables that may come into the model; empty: all.
    entry
        As in the screening of the clinical model.

    Returns
    -------
    list of str
        One line for each variable, level and cohort, with its rows.
    """
    main = ingested["cohort"]
    frames = {part: main.flow.frame[split == part] for part in ("train", "test")}
    if "external" in ingested:
        frames["external"] = ingested["external"].flow.frame
    train = frames.pop("train")
    return [
        line
        for variable in main.opened.variables
        if _may_enter(train, variable, candidates, entry)
        for part, rows in frames.items()
        for line in _unseen(variable["name"], train, rows, part)
    ]


def _may_enter(
    train: pd.DataFrame, variable: Mapping, candidates: Collection[str], entry: float
) -> bool:
    if variable["kind"] != "categorical" or (candidates and variable["name"] not in candidates):
        return False
    if not (variable["required"] and variable["preoperative"]):
        return False
    counts = pd.crosstab(train[variable["name"]], train["y"])
    # What a regression on this factor alone gives: its fit is the share of every level.
    return chi2_contingency(counts, correction=False, lambda_="log-likelihood").pvalue < entry


def _unseen(name: str, train: pd.DataFrame, rows: pd.DataFrame, part: str) -> Sequence[str]:
    known = set(train[name])
    levels = [level for level in rows[name].cat.categories if level not in known]
    lines = []
    for level in levels:
        what = (
            f"{name}: no training patient has the level {level!r}, so that the clinical model "
            "cannot predict it; merge it with another level (`recode`), or leave the variable out "
            "of `nomogram.candidates`"
        )
        of_level = cells.row_lines(rows.index[rows[name] == level], what)
        lines += [f"external {line}" for line in of_level] if part == "external" else of_level
    return lines
