"""Table 1: the patients by cohort, or by outcome, with a test and a distance between the groups.

Notebooks call it `tables.baseline`.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from thyro.core import as_columns
from thyro.statistics import TableTooLarge, group_test, standardised_difference
from thyro.tables.rounding import ABSENT, count, mean_sd, number, p_value

INDENT = "\N{EM SPACE}"  # a level under its variable
NO_YES = ["No", "Yes"]
SMALL_EXPECTED = 5  # expected count below which chi-square is doubtful (Cochran 1954)
TESTS = {
    "student": "Student t",
    "welch": "Welch t",
    "mann-whitney": "Mann–Whitney U",
    "chi2": "Chi-square",
    "fisher": "Fisher exact",
}

COMPARISON = ["P", "Test used", "Fisher P", "SMD"]  # columns, after those of the groups


def baseline_table(
    patients: pd.DataFrame,
    variables: Sequence[str],
    dictionary: Mapping[str, Mapping],
    *,
    test: Callable = group_test,
    by: str = "split",
    columns: Mapping | None = None,
) -> pd.DataFrame:
    """Table 1: the patients, all and by group, with a test between the groups.

    Parameters
    ----------
    patients : DataFrame
        One row per patient.
    variables : sequence of str
        Rows, in order. Continuous ones are shown as mean ± SD, others as count (percent) per
        level. A 0/1 variable that the dictionary calls categorical reads "No" and "Yes", or the
        two `levels` of its entry.
    dictionary : mapping of name to {"label", "unit", "kind", "levels"}
        Every declared level has its row in the declared order, also one that no patient has;
        without declared levels those of a Categorical have theirs, else those that occur.
    test : callable
        Called with values and groups as `groups.group_test`; gives `.test` and `.p_value`.
    by : str, default "split"
        Column that makes the groups; "y" gives the same table by outcome (Table 1b).
    columns : mapping of heading to value of `by`
        Groups in the order of the columns. The first two are compared and are "All"; further ones
        are shown only. Without it {"Test": "test", "Train": "train"}, and {"External":
        "external"} where there are such patients.

    Returns
    -------
    DataFrame of str
        Characteristic, All, one column per group, P, Test used, SMD, and "Fisher P" where an
        expected count is below 5. With a third group the heading of P names the two it compares.
        SMD is the size of `groups.standardised_difference`, without its sign. A row "Missing" ends
        a variable with missing values, which percent, test and SMD leave out. A dash stands where
        there is nothing to compare (one value only, or none in a group), and for a Fisher P of a
        table too large to enumerate.

    Raises
    ------
    ValueError
        If a variable is unknown, holds a value beside its declared levels (whatever its dtype), or
        a patient is in none of the groups.
    """
    group = as_columns(patients, [by], "patients")[by].reset_index(drop=True)
    if columns is None:
        columns = {"Test": "test", "Train": "train"}
        columns |= {"External": "external"} if (group == "external").any() else {}
    if len(columns) < 2:
        raise ValueError(f"columns: expected two groups to compare, got {list(columns)}.")
    outside = sorted(set(group) - set(columns.values()), key=str)
    if outside:
        raise ValueError(f"columns: {by} also holds {outside}; give every group its heading.")
    unknown = [name for name in variables if name not in patients]
    if unknown:
        raise ValueError(f"variables: expected columns of patients, found no {unknown}.")
    inside = {heading: (group == value).to_numpy() for heading, value in columns.items()}
    first, second, *further = inside.values()
    parts = {
        f"{heading} (n = {part.sum()})": part
        for heading, part in ({"All": first | second} | inside).items()
    }
    names = list(columns)[:2]
    compared = pd.Categorical.from_codes(np.select([first, second], [0, 1], -1), names)
    rows = []
    for name in variables:
        values = _readable(patients[name].reset_index(drop=True), name, dictionary.get(name, {}))
        head, *others = _counted(values, parts)
        label = {"Characteristic": variable_label(name, dictionary)}
        rows += [label | head | _compared(values, pd.Series(compared), test), *others]
    comparison = [name for name in COMPARISON if any(name in row for row in rows)]
    table = pd.DataFrame(rows, columns=["Characteristic", *parts, *comparison]).fillna("")
    return table.rename(columns={"P": f"P ({' vs '.join(names)})"} if further else {})


def variable_label(name: str, dictionary: Mapping[str, Mapping]) -> str:
    """Label of a variable with its unit, as rows of a table say it: "Age, years"."""
    entry = dictionary.get(name, {})
    unit = entry.get("unit") or ""
    return entry.get("label", name) + (f", {unit}" if unit else "")


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


def _counted(values: pd.Series, parts: Mapping[str, np.ndarray]) -> list[dict[str, str]]:
    """Rows of one variable: mean ± SD, or an empty one and its levels; missing values last."""
    held = {heading: values[inside].dropna() for heading, inside in parts.items()}
    if not isinstance(values.dtype, pd.CategoricalDtype):
        rows = [{key: mean_sd(part) if len(part) else ABSENT for key, part in held.items()}]
    else:
        rows = [dict.fromkeys(parts, "")]
        for level in values.cat.categories:
            cells = {
                heading: count(int((part == level).sum()), len(part))
                for heading, part in held.items()
            }
            rows.append({"Characteristic": f"{INDENT}{level}"} | cells)
    if values.isna().any():
        missing = {heading: str(values[inside].isna().sum()) for heading, inside in parts.items()}
        rows.append({"Characteristic": f"{INDENT}Missing"} | missing)
    return rows


def _compared(values: pd.Series, group: pd.Series, test: Callable) -> dict[str, str]:
    """P, name of the test, distance, and Fisher's P where chi-square is doubtful."""
    known = values.notna() & group.notna()
    values, group = values[known], group[known]
    if values.nunique() < 2 or group.nunique() < 2:
        return {"P": ABSENT, "Test used": ABSENT, "SMD": ABSENT}
    result = test(values, group)
    cells = {"P": p_value(result.p_value), "Test used": TESTS.get(result.test, result.test)}
    if isinstance(values.dtype, pd.CategoricalDtype):
        table = pd.crosstab(values, group).to_numpy()
        expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
        if expected.min() < SMALL_EXPECTED:
            cells["Fisher P"] = _fisher(values, group, test)
    return cells | {"SMD": number(abs(standardised_difference(values, group)))}


def _fisher(values: pd.Series, group: pd.Series, test: Callable) -> str:
    try:
        return p_value(test(values, group, test="fisher").p_value)
    except TableTooLarge:
        return ABSENT
