"""What would stop the clinical model in 05: levels that nobody trains, variables said twice."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from thyro.cohort import cells
from thyro.cohort.gaps import check_gaps
from thyro.cohort.ingested import Ingested
from thyro.statistics import likelihood_ratio_p, redundant_columns
from thyro.study import TRAIN, told_from_parts


def check_regressions(
    ingested: Mapping[str, Ingested], split: pd.Series, **screened: Any
) -> list[str]:
    """All that would stop 05: levels, dependence and gaps of the clinical variables.

    Nothing where a study names models of others: their inputs enter no regression here.

    Parameters
    ----------
    ingested, split, screened
        As in `check_levels`.
    """
    if ingested["cohort"].opened.source.models:
        return []
    return [
        *check_levels(ingested, split, **screened),
        *check_dependence(ingested, split, **screened),
        *check_gaps(ingested, split),
    ]


def check_levels(
    ingested: Mapping[str, Ingested],
    split: pd.Series,
    *,
    candidates: Collection[str] = (),
    composites: str = "parts",
    entry: float = 0.1,
) -> list[str]:
    """Levels that the clinical model could not predict, as problems.

    A regression has no coefficient for a level that no training patient has, and stops at a patient
    who has it. Only variables that can come into the model count: required, known when predicting,
    and alone with a likelihood-ratio p below `entry` in the training patients, or the one with the
    smallest if none is below. All others stay out of the screened model, and the penalised one
    knows the declared levels.

    Parameters
    ----------
    ingested
        "cohort", and "external" where there is one.
    split
        Cohort of each of the included of "cohort", by the index of the table.
    candidates
        Names of the variables that may come into the model; empty: all.
    composites
        "parts" or "score": what stays where a score and all its parts may.
    entry
        As in the screening of the clinical model.

    Returns
    -------
    list of str
        One line for each variable, level and cohort, with its rows.
    """
    main = ingested["cohort"]
    frames = {part: main.flow.frame[split == part] for part in split.unique()}
    if "external" in ingested:
        frames["external"] = ingested["external"].flow.frame
    train = frames.pop(TRAIN, main.flow.frame[:0])
    return [
        line
        for name in _entering(train, _candidates(main, candidates, composites), entry)
        if isinstance(train[name].dtype, pd.CategoricalDtype)
        for part, rows in frames.items()
        for line in _unseen(name, train, rows, part)
    ]


def check_dependence(
    ingested: Mapping[str, Ingested],
    split: pd.Series,
    *,
    candidates: Collection[str] = (),
    composites: str = "parts",
    entry: float = 0.1,
) -> list[str]:
    """Variables that can be computed from others, as problems: mm and cm, a total and its parts.

    No regression can tell their coefficients. Looked at are the continuous candidates, of which
    that is no accident, and all variables that come into the clinical model.

    Parameters
    ----------
    ingested, split, candidates, composites, entry
        As in `check_levels`.

    Returns
    -------
    list of str
        One line for each such variable, with the names of the others.
    """
    main = ingested["cohort"]
    train = main.flow.frame[split == TRAIN]
    names = _varied(train, _candidates(main, candidates, composites))
    if not names:
        return []
    numeric = [n for n in names if not isinstance(train[n].dtype, pd.CategoricalDtype)]
    lines = _computed(train, numeric) + _computed(train, _entering(train, names, entry))
    return list(dict.fromkeys(lines))


def _candidates(main: Ingested, named: Collection[str], composites: str) -> list[str]:
    """Variables that a model may use, as far as declarations tell."""
    usable = [
        variable["name"]
        for variable in main.opened.variables
        if variable["required"] and variable["preoperative"]
        if not named or variable["name"] in named
    ]
    composed = {v["name"]: v.get("composed_of") or [] for v in main.opened.variables}
    told = told_from_parts(composed, usable, stays=composites)
    out = {name for of_score in told.values() for name in of_score}
    return [name for name in usable if name not in out]


def _varied(train: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Those with two values: 05 sets the others aside."""
    return [name for name in names if train[name].nunique() > 1]


def _entering(train: pd.DataFrame, names: Sequence[str], entry: float) -> list[str]:
    """Those that the screening of 05 lets into the regression with several variables."""
    y = train["y"].to_numpy(int)
    there = {name: train[name].notna().to_numpy() for name in names}  # a gap is filled only in 05
    p = {name: _p_alone(train[name][there[name]], y[there[name]]) for name in _varied(train, names)}
    return [name for name in p if p[name] < entry] or ([min(p, key=p.__getitem__)] if p else [])


def _p_alone(values: pd.Series, y: np.ndarray) -> float:
    """Likelihood-ratio p of one variable, as the screening of 05 has it."""
    try:
        return likelihood_ratio_p(_with_intercept([_columns(values)], len(y)), y)
    except (RuntimeError, np.linalg.LinAlgError):  # there, too; until then it counts as entering
        return 0.0


def _computed(train: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """One line for each variable of which a column is a combination of others' columns."""
    train = train.dropna(subset=list(names))
    blocks = [_columns(train[name]) for name in names]
    owner = ["", *(name for name, block in zip(names, blocks, strict=True) for _ in block.T)]
    others: dict[str, dict[str, None]] = {}
    for column, made_of in redundant_columns(_with_intercept(blocks, len(train))).items():
        known = {owner[k]: None for k in made_of if owner[k] not in ("", owner[column])}
        others.setdefault(owner[column], {}).update(known)
    return [
        f"{name}: can be computed from {', '.join(known)} in all {len(train)} training patients, "
        "so that the clinical model cannot hold them together; leave one of them out of "
        "`nomogram.candidates` (without names, these are all variables known at the time "
        "of prediction)"
        for name, known in others.items()
    ]


def _columns(values: pd.Series) -> np.ndarray:
    """Columns of a variable in a regression: a number, or 0 and 1 for each level but the first."""
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return values.to_numpy(float)[:, None]
    found = values.cat.remove_unused_categories()
    return pd.get_dummies(found, drop_first=True, dtype=float).to_numpy()


def _with_intercept(blocks: Sequence[np.ndarray], n: int) -> np.ndarray:
    """Columns of a regression of `n` patients, the first of ones."""
    return np.hstack([np.ones((n, 1)), *blocks])


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
