"""Table 1: the patients by cohort, or by outcome, with a test and a distance between the groups.

Notebooks call it `tables.baseline_table`.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from thyro.tables.rounding import ABSENT, count, number, p_value

INDENT = "\N{EM SPACE}"  # a level under its variable
TESTS = {
    "student": "Student t",
    "welch": "Welch t",
    "mann-whitney": "Mann–Whitney U",
    "chi2": "Chi-square",
    "fisher": "Fisher exact",
}


def baseline_table(compared: pd.DataFrame, dictionary: Mapping[str, Mapping]) -> pd.DataFrame:
    """Table 1: the patients, all and by group, with a test between the groups.

    Parameters
    ----------
    compared : DataFrame
        As `statistics.baseline_comparison` gives it. Continuous variables are shown as mean ± SD,
        others as count (percent) per level.
    dictionary : mapping of name to {"label", "unit"}
        How the variables are called.

    Returns
    -------
    DataFrame of str
        Characteristic, All, one column per group, P, Test used, SMD, and "Fisher P" where an
        expected count is below 5. With a third group the heading of P names the two it compares.
        SMD is the size of the standardised difference, without its sign, and a dash where the
        groups share no value, so that it would be infinite. A row "Missing" ends a
        variable with missing values, which percent, test and SMD leave out. A dash stands where
        there is nothing to compare, and for a Fisher P of a table too large to enumerate.
    """
    if compared.empty:
        return pd.DataFrame(columns=["Characteristic"])
    rows = []
    for name, of_variable in compared.groupby("variable", sort=False):
        # One block of rows per line of the table: the summary, each level, those missing.
        for (row, level), cells in of_variable.groupby(["row", "level"], sort=False):
            line = {
                f"{cell.group} (n = {cell.n_group})": _cell(cell) for cell in cells.itertuples()
            }
            if row == "summary":
                first = variable_label(name, dictionary)
                line |= _comparison(cells.iloc[0])
            else:
                first = INDENT + (level if row == "level" else "Missing")
            rows.append({"Characteristic": first} | line)
    headings = list(dict.fromkeys(key for row in rows for key in row))
    last = [key for key in ("P", "Test used", "Fisher P", "SMD") if key in headings]
    order = [key for key in headings if key not in last] + last
    table = pd.DataFrame(rows, columns=order).fillna("")
    pair = compared[["group_a", "group_b"]].iloc[0]
    three = compared["group"].nunique() > 3  # with "All"
    return table.rename(columns={"P": f"P ({' vs '.join(pair)})"} if three else {})


def variable_label(name: str, dictionary: Mapping[str, Mapping]) -> str:
    """Label of a variable with its unit, as rows of a table say it: "Age, years"."""
    entry = dictionary.get(name, {})
    unit = entry.get("unit") or ""
    return entry.get("label", name) + (f", {unit}" if unit else "")


def _cell(cell) -> str:
    """One variable or level in one group."""
    if cell.row == "level":
        return count(int(cell.count), cell.n)
    if cell.row == "missing":
        return str(int(cell.count))
    if cell.kind == "categorical":
        return ""
    return f"{number(cell.mean, 2)} ± {number(cell.sd, 2)}" if cell.n else ABSENT


def _comparison(row: pd.Series) -> dict[str, str]:
    """P, name of the test, distance, and Fisher's P where chi-square is doubtful."""
    if not row["test"]:
        return {"P": ABSENT, "Test used": ABSENT, "SMD": ABSENT}
    cells = {"P": p_value(row["p_value"]), "Test used": TESTS[row["test"]]}
    if row["fisher"]:
        cells["Fisher P"] = p_value(row["p_fisher"])  # a dash where the table was too large
    # Groups that share no value have no distance in standard deviations: the outcome told again.
    distance = abs(row["difference"])
    return cells | {"SMD": ABSENT if np.isinf(distance) else number(distance)}
