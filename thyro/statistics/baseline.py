"""What stands in Table 1: every variable by group, with a test and a distance between two."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from thyro.core import as_columns
from thyro.statistics.fisher import TableTooLarge
from thyro.statistics.group_tests import group_test, is_categorical, standardised_difference

NO_YES = ["No", "Yes"]
SMALL_EXPECTED = 5  # expected count below which chi-square is doubtful (Cochran 1954)
EVERYBODY = "All"  # heading of both compared groups together
COLUMNS = [
    *("variable", "kind", "row", "level", "group", "n_group", "n", "count", "mean", "sd"),
    *("group_a", "group_b", "test", "statistic", "p_value", "p_fisher", "fisher", "difference"),
]


def baseline_comparison(
    frame: pd.DataFrame,
    variables: Sequence[Mapping],
    *,
    by: str = "split",
    groups: Mapping | None = None,
) -> pd.DataFrame:
    """Every variable described in each group, tested and measured between the first two.

    Parameters
    ----------
    frame : DataFrame
        One row per patient.
    variables : sequence of {"name", "kind", "levels"}
        In the order of the rows. A 0/1 variable whose kind is "categorical" reads "No" and "Yes",
        or its two `levels`. Every declared level has its rows in the declared order, also one that
        no patient has; without declared levels those of a Categorical have theirs, else those that
        occur. Without a kind that of the values counts. Other keys are ignored.
    by : str, default "split"
        Column that makes the groups.
    groups : mapping of heading to value of `by`, optional
        In their order. The first two are compared and are "All"; further ones are described only.
        Without it {"Test": "test", "Train": "train"}, and {"External": "external"} where there are
        such patients; of a column with categories these, test and train first.

    Returns
    -------
    DataFrame
        Unrounded. Per variable and group ("All" first) one row "summary", one row "level" for each
        level of a categorical variable, and one row "missing" where anybody lacks a value:

        variable, kind ("continuous" or "categorical"), row, level (text; "" but in rows of
        levels), group, n_group (patients), n (those with a value), count (of the level, or of the
        missing; NaN in a summary), mean and sd (ddof 1; NaN unless continuous).

        Of the comparison, the same in every row of the variable: group_a, group_b, test,
        statistic, p_value, p_fisher, fisher ("", "exact", or "too large" to enumerate) and
        difference (standardised, first less second; of levels without a sign). The test is ""
        and the numbers are NaN where there is nothing to compare: one value only, or none in a
        group. Fisher's test stands beside a chi-square with an expected count below 5.

    Raises
    ------
    ValueError
        If a variable is unknown, holds a value beside its declared levels (whatever its dtype),
        there are fewer than two groups, or a patient is in none of them.
    """
    group = as_columns(frame, [by], "patients")[by].reset_index(drop=True)
    members = _members(group, by, groups)
    names = [str(variable["name"]) for variable in variables]
    unknown = [name for name in names if name not in frame]
    if unknown:
        raise ValueError(f"variables: expected columns of patients, found no {unknown}.")
    (name_a, first), (name_b, second), *_ = members.items()
    compared = pd.Series(
        pd.Categorical.from_codes(np.select([first, second], [0, 1], -1), [name_a, name_b])
    )
    parts = {EVERYBODY: first | second} | members
    rows = []
    for name, variable in zip(names, variables, strict=True):
        values = _readable(frame[name].reset_index(drop=True), name, variable)
        kind = "categorical" if is_categorical(values) else "continuous"
        comparison = {"group_a": name_a, "group_b": name_b} | _compared(values, compared)
        about = {"variable": name, "kind": kind}
        rows += [about | row | comparison for row in _described(values, parts)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _members(group: pd.Series, by: str, groups: Mapping | None) -> dict[str, np.ndarray]:
    """Who is in which group, by its heading."""
    if groups is None:
        names = ["test", "train", "external"] if (group == "external").any() else ["test", "train"]
        if isinstance(group.dtype, pd.CategoricalDtype):
            declared = [str(name) for name in group.cat.categories]
            names = sorted(declared, key=lambda name: ["test", "train", name].index(name))
        groups = {name.replace("_", " ").capitalize(): name for name in names}
    if len(groups) < 2:
        raise ValueError(f"columns: expected two groups to compare, got {list(groups)}.")
    outside = sorted(set(group) - set(groups.values()), key=str)
    if outside:
        raise ValueError(f"columns: {by} also holds {outside}; give every group its heading.")
    return {heading: (group == value).to_numpy() for heading, value in groups.items()}


def _readable(values: pd.Series, name: str, entry: Mapping) -> pd.Series:
    """Numbers as floats, everything else as Categorical with readable levels.

    Declared levels come before those of a Categorical, which are its own only without any.
    """
    levels = list(entry.get("levels") or [])
    categorical = entry.get("kind") == "categorical"
    held = set(values.dropna())
    yes_no = bool(held) and all(isinstance(value, bool | np.bool_) for value in held)
    if (yes_no or (categorical and held and held <= {0, 1})) and len(levels) in (0, 2):
        codes = [-1 if pd.isna(value) else int(value) for value in values]
        return pd.Series(pd.Categorical.from_codes(codes, levels or NO_YES))
    if pd.api.types.is_numeric_dtype(values) and not categorical:
        return pd.Series(values.to_numpy(dtype=float, na_value=np.nan))
    if not levels:
        return values.astype("category")
    strange = sorted(held - set(levels), key=str)
    if strange:
        raise ValueError(
            f"patients: {name!r} holds {strange[:5]}, expected its declared levels {levels}."
        )
    # As objects: pandas warns of categories beyond these even where nobody has them.
    return pd.Series(pd.Categorical(values.astype(object), levels))


def _described(values: pd.Series, parts: Mapping[str, np.ndarray]) -> list[dict]:
    """Rows of one variable: its summary, its levels, and who lacks it; each for every group."""
    rows = []
    for heading, inside in parts.items():
        held = values[inside].dropna()
        numbers = pd.Series(dtype=float) if is_categorical(values) else held
        of_group = {"group": heading, "n_group": int(inside.sum()), "n": len(held)}
        summary = {"count": np.nan, "mean": float(numbers.mean()), "sd": float(numbers.std())}
        rows.append({"row": "summary", "level": ""} | of_group | summary)
        nothing = {"mean": np.nan, "sd": np.nan}
        for level in values.cat.categories if is_categorical(values) else []:
            counted = {"count": float((held == level).sum())} | nothing
            rows.append({"row": "level", "level": str(level)} | of_group | counted)
        if values.isna().any():
            counted = {"count": float(inside.sum() - len(held))} | nothing
            rows.append({"row": "missing", "level": ""} | of_group | counted)
    return rows


def _compared(values: pd.Series, group: pd.Series) -> dict:
    """Test, distance, and Fisher's p where chi-square is doubtful, of the two groups."""
    nothing = {"test": "", "statistic": np.nan, "p_value": np.nan, "p_fisher": np.nan}
    nothing |= {"fisher": "", "difference": np.nan}
    known = values.notna() & group.notna()
    values, group = values[known], group[known]
    if values.nunique() < 2 or group.nunique() < 2:
        return nothing
    result = group_test(values, group)
    found = {"test": result.test, "statistic": result.statistic, "p_value": result.p_value}
    found["difference"] = standardised_difference(values, group)
    if is_categorical(values):
        table = pd.crosstab(values, group).to_numpy()
        expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
        if expected.min() < SMALL_EXPECTED:
            found |= _fisher(values, group)
    return nothing | found


def _fisher(values: pd.Series, group: pd.Series) -> dict:
    try:
        return {"p_fisher": group_test(values, group, test="fisher").p_value, "fisher": "exact"}
    except TableTooLarge:
        return {"fisher": "too large"}
