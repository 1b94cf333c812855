"""Rare levels of clinical variables, merged before any regression is fitted."""

from collections.abc import Hashable, Iterable, Mapping, Sequence

import pandas as pd

from thyro.statistics import is_categorical

Merged = dict[str, dict]  # variable -> rare level -> the level that it counts as


def rare_levels(frame: pd.DataFrame, variables: Iterable[str], *, smallest: int) -> Merged:
    """Which levels are merged: those that fewer than `smallest` patients have, by two rules.

    A rare level counts as the most common level of its variable (of equals, the first). That is
    plainer than a level "other", which may be rare itself and has no meaning for the next patient,
    and safer than the reference, which may be the rare one; and a level that is far more common
    is the least changed by those who join it. Where levels rise (an ordered Categorical, such as
    grades) the most common one may be far away: there a rare level counts as its neighbour towards
    the most common one, and where both together are rare, as the next again.

    Nothing but these patients is counted, and no outcome is looked at: give it training patients
    only. A declared level that none of them has is the rarest of all. Where every level is rare,
    one is left, and the variable is set aside as one with a single value.

    Parameters
    ----------
    frame : DataFrame
        One row per training patient.
    variables : iterable of str
        Columns of `frame`; those that are continuous have no levels.
    smallest : int
        Patients that a level must have; 0 and below merge nothing.

    Returns
    -------
    dict of variable to dict of level to level
        Rare levels with that which each counts as. Variables without one are left out.

    References
    ----------
    Harrell (2015), Regression Modeling Strategies, 2nd ed., 4.1 (pooling without the outcome).
    """
    found = {}
    for variable in variables:
        if is_categorical(frame[variable]):
            counts = _counts(frame[variable])
            dtype = frame[variable].dtype
            ordered = isinstance(dtype, pd.CategoricalDtype) and bool(dtype.ordered)
            into = _towards(counts, smallest) if ordered else _most_common(counts, smallest)
            found |= {variable: into} if into else {}
    return found


def merge_levels(frame: pd.DataFrame, merged: Mapping[str, Mapping]) -> pd.DataFrame:
    """Patients with rare levels replaced, as `rare_levels` found them in others or in these.

    Columns that `frame` lacks are passed over. A Categorical loses the levels that were merged, so
    that the first one left is the reference; a level that the rule does not know stays as it is.
    """
    changed = {}
    for variable, into in merged.items():
        if variable in frame:
            values = frame[variable]
            replaced = values.astype(object).map(lambda level, into=into: into.get(level, level))
            if isinstance(values.dtype, pd.CategoricalDtype):
                left = [level for level in values.cat.categories if level not in into]
                dtype = pd.CategoricalDtype(left, ordered=values.cat.ordered)
                changed[variable] = replaced.astype(dtype)
            else:
                changed[variable] = replaced.astype(values.dtype)
    return frame.assign(**changed)


def merged_table(frame: pd.DataFrame, merged: Mapping[str, Mapping]) -> pd.DataFrame:
    """What was merged, for readers.

    Parameters
    ----------
    frame : DataFrame
        The training patients, as they came.
    merged
        As `rare_levels`.

    Returns
    -------
    DataFrame
        variable, level, n (training patients who have it) and into: one row per rare level.
    """
    rows = [
        (variable, str(level), int((frame[variable] == level).sum()), str(goal))
        for variable, into in merged.items()
        for level, goal in into.items()
    ]
    return pd.DataFrame(rows, columns=["variable", "level", "n", "into"])


def _counts(values: pd.Series) -> dict[Hashable, int]:
    """Patients of every level: in declared order, those without any too, or sorted."""
    counts = values.value_counts(sort=False)
    if not isinstance(values.dtype, pd.CategoricalDtype):
        counts = counts.sort_index()
    return {level: int(n) for level, n in counts.items()}


def _most_common(counts: Mapping[Hashable, int], smallest: int) -> dict:
    common = max(counts, key=counts.__getitem__, default=None)
    return {level: common for level, n in counts.items() if n < smallest and level != common}


def _towards(counts: Mapping[Hashable, int], smallest: int) -> dict:
    """From both ends to the most common level: who is too few waits for the next.

    Where the most common level was rare itself, those gathered beside it may now be more: again.
    """
    levels = list(counts)
    common = levels.index(max(counts, key=counts.__getitem__))
    into: dict = {}
    for side in (levels[:common], levels[:common:-1]):
        into |= _gathered(side, counts, smallest, last=levels[common])
    left = dict.fromkeys((level for level in levels if level not in into), 0)
    for level in levels:
        left[into.get(level, level)] += counts[level]
    if len(left) > 1 and min(left.values()) < smallest:
        again = _towards(left, smallest)
        into = {level: again.get(goal, goal) for level, goal in into.items()} | again
    return {level: into[level] for level in levels if level in into}


def _gathered(
    side: Sequence[Hashable], counts: Mapping[Hashable, int], smallest: int, *, last: Hashable
) -> dict:
    """Rare levels of one side, which is ordered towards `last`, with what each counts as."""
    into, waiting, n = {}, [], 0
    for level in side:
        n += counts[level]
        if n < smallest:
            waiting.append(level)
        else:
            into |= dict.fromkeys(waiting, level)
            waiting, n = [], 0
    return into | dict.fromkeys(waiting, last)
