"""Checks of the table of characteristics: sums, percentages, tests, and counts of the outcome."""

from collections.abc import Iterator
from functools import cache
from itertools import product

import numpy as np
import pandas as pd
from scipy import stats

from thyro import statistics
from thyro.audit.finding import CANNOT_TELL, CONSISTENT, INCONSISTENT, Found, check
from thyro.audit.printed import NotPrinted, Printed, Rounded, listed
from thyro.tables import number

FEWEST_EXPECTED = 5  # patients of a cell, for a chi-square test (Cochran 1954, Biometrics 10:417)
TESTS = {"yates": "chi-square with Yates' correction", "pearson": "chi-square", "g": "G test"}
TESTS |= {"fisher": "Fisher's exact test"}


@check(
    "A1",
    "Sums and percentages of the table of characteristics",
    kind="number",
    weight="major",
    consequence="A count or a percentage of the table is wrong.",
)
def sums(printed: Printed) -> Found:
    """Every variable sums to the cohorts, every level to the whole, and every percentage follows
    from its count to the decimals printed."""
    wrong, percentages, levels = [], 0, 0
    variables = printed.variables("categorical")
    for row in variables:
        counts = printed.counts(row["variable"])
        levels += len(counts)
        for cohort, n in printed.sizes.items():
            if counts[cohort].sum() != n:
                wrong.append(f"{row['variable']} sums to {counts[cohort].sum()} of {n} in {cohort}")
        for level in row["levels"]:
            where = f"{row['variable']}, {level['level']}"
            if printed.has("cohorts", "whole"):
                parts = sum(level[name]["n"] for name in printed.parts)
                if parts != level[printed.whole()]["n"]:
                    wrong.append(f"{where}: cohorts sum to {parts}")
            for cohort, n in printed.sizes.items():
                text = level[cohort].get("percent")
                percentages += text is not None
                if text is not None and not Rounded.of(text).agrees(100 * level[cohort]["n"] / n):
                    wrong.append(f"{where}: {text}% in {cohort}")
    return Found(
        INCONSISTENT if wrong else CONSISTENT,
        printed.place("table_1"),
        f"{len(variables)} categorical variables, {levels} levels, {percentages} percentages",
        f"{len(wrong)} failures" + (f": {'; '.join(wrong)}" if wrong else ""),
    )


@cache
def p_by_test(printed: Printed) -> pd.DataFrame:
    """P of every categorical variable between the cohorts, by several tests.

    Returns
    -------
    DataFrame
        Index variable; columns printed (text), levels, expected (the smallest count expected) and
        the keys of TESTS, NaN where a test is for two by two tables alone or the table too large.
    """
    rows = {}
    for row in printed.variables("categorical"):
        if row.get("p") is not None:
            table = printed.counts(row["variable"])[list(printed.parts)].to_numpy()
            table = table[table.sum(axis=1) > 0]
            rows[row["variable"]] = {"printed": str(row["p"]), "levels": len(table)} | tests(table)
    if not rows:
        raise NotPrinted("table_1: p of a categorical variable")
    return pd.DataFrame.from_dict(rows, orient="index")


def tests(table: np.ndarray) -> dict[str, float]:
    """P of a table of counts, levels by cohorts, by every test of TESTS; and `expected`."""
    square = table.shape == (2, 2)
    pearson = stats.chi2_contingency(table, correction=False)
    return {
        "expected": float(pearson.expected_freq.min()),
        "yates": float(stats.chi2_contingency(table).pvalue) if square else np.nan,
        "pearson": float(pearson.pvalue),
        "g": float(
            stats.chi2_contingency(table, correction=False, lambda_="log-likelihood").pvalue
        ),
        "fisher": _fisher(table),
    }


def _fisher(table: np.ndarray) -> float:
    cells = list(np.ndindex(table.shape))
    levels = np.repeat([f"level {i}" for i, _ in cells], table.ravel())
    cohorts = np.repeat([j for _, j in cells], table.ravel())
    try:
        return statistics.group_test(levels, cohorts, test="fisher").p_value
    except statistics.TableTooLarge:
        return np.nan


@check(
    "A2",
    "Which test gives each printed categorical p",
    kind="number",
    weight="major",
    consequence="A p value does not come from the counts beside it by any usual test.",
)
def which_test(printed: Printed) -> Found:
    """Chi-square with and without Yates' correction, G test and Fisher's exact test of the printed
    counts; a test reproduces a p value if it rounds to it."""
    table = p_by_test(printed)
    by = {
        name: [t for t in TESTS if Rounded.of(row["printed"]).agrees(row[t])]
        for name, row in table.iterrows()
    }
    # Of 2 x 2 tables Yates', of larger ones Pearson's is what R and scipy give unasked.
    default = sum(("yates" in by[v]) if n == 2 else ("pearson" in by[v]) for v, n in _sizes(table))
    alone = sum(len(tests) == 1 for tests in by.values())
    lost = [f"{name} {table.loc[name, 'printed']}" for name, tests in by.items() if not tests]
    implied = f"{len(by) - len(lost)} of {len(by)} reproduced, {default} by the test that R and "
    implied += "scipy take unasked (Yates' correction for two by two tables, none for larger), "
    implied += f"{alone} by a single one of the tests tried"
    return Found(
        INCONSISTENT if lost else CONSISTENT,
        printed.place("table_1"),
        f"{len(by)} p values",
        implied + (f"; not reproduced: {listed(lost)}" if lost else ""),
    )


def _sizes(table: pd.DataFrame) -> Iterator[tuple[str, int]]:
    return zip(table.index, table["levels"], strict=True)


@check(
    "A3",
    "Chi-square tests with small expected counts",
    kind="method",
    weight="minor",
    consequence="The p value is approximate; Fisher's test was due.",
)
def small_expected(printed: Printed) -> Found:
    """Expected counts from the margins, where a chi-square test alone gives the printed p; each
    should be five or more. Fisher's p beside it."""
    table = p_by_test(printed)
    fits = {
        t: [Rounded.of(row["printed"]).agrees(row[t]) for _, row in table.iterrows()] for t in TESTS
    }
    chi = np.array(fits["yates"]) | np.array(fits["pearson"])
    small = table[(table["expected"] < FEWEST_EXPECTED) & chi & ~np.array(fits["fisher"])]
    told = [
        f"{name} {number(row['expected'], 2)} (Fisher's p "
        + (f"{number(row['fisher'])})" if np.isfinite(row["fisher"]) else "not computed)")
        for name, row in small.iterrows()
    ]
    return Found(
        INCONSISTENT if told else CONSISTENT,
        printed.place("table_1"),
        listed([f"{name} p {row['printed']}" for name, row in small.iterrows()]),
        f"smallest expected count: {'; '.join(told)}" if told else "no expected count below five",
    )


@check(
    "A4",
    "P of continuous variables",
    kind="number",
    weight="minor",
    consequence="The test cannot be named: mean and SD are printed beside the p of another test.",
)
def continuous_p(printed: Printed) -> Found:
    """Student's and Welch's t test from means and SDs, over all corners of their rounding. A rank
    test cannot be recomputed from mean and SD."""
    told, given, reached = [], [], []
    for row in printed.moments():
        if row.get("p") is None:
            continue
        ranges = {name: _t_range(printed, row, equal) for name, equal in _T.items()}
        p = Rounded.of(row["p"])
        reached.append(
            any(low - p.half <= p.value <= high + p.half for low, high in ranges.values())
        )
        given.append(f"{row['variable']} {row['p']}")
        told.append(
            f"{row['variable']}: "
            + ", ".join(
                f"{name} {number(low)} to {number(high)}" for name, (low, high) in ranges.items()
            )
        )
    if not given:
        raise NotPrinted("table_1: p of a continuous variable")
    return Found(
        CONSISTENT if all(reached) else CANNOT_TELL,
        printed.place("table_1"),
        listed(given),
        "; ".join(told) + ("" if all(reached) else "; not all are p values of a t test"),
    )


_T = {"Student": True, "Welch": False}


def _t_range(printed: Printed, row: dict, equal_var: bool) -> tuple[float, float]:
    cohorts = list(printed.parts)
    if len(cohorts) != 2:
        raise NotPrinted("cohorts.parts: two of them")
    values = [Rounded.of(row[cohort][name]) for cohort in cohorts for name in ("mean", "sd")]
    found = []
    for m1, s1, m2, s2 in product(*(value.corners for value in values)):
        n1, n2 = printed.parts.values()
        test = stats.ttest_ind_from_stats(m1, s1, n1, m2, s2, n2, equal_var=equal_var)
        found.append(float(test.pvalue))
    return min(found), max(found)


@check(
    "A5",
    "Pooled mean and SD",
    kind="number",
    weight="major",
    consequence="Mean or SD of all patients does not follow from those of the cohorts.",
)
def pooled(printed: Printed) -> Found:
    """Weighted mean and total sum of squares of the cohorts, over all corners of their rounding."""
    told, given, fine = [], [], []
    for row in printed.moments():
        whole = row[printed.whole()]
        cells = [Rounded.of(row[c][name]) for c in printed.parts for name in ("mean", "sd")]
        exact = _pool([cell.value for cell in cells], list(printed.parts.values()))
        corners = np.array(
            [
                _pool(corner, list(printed.parts.values()))
                for corner in product(*(cell.corners for cell in cells))
            ]
        )
        for k, name in enumerate(("mean", "sd")):
            low, high = Rounded.of(whole[name]).corners
            fine.append(bool(corners[:, k].min() <= high and corners[:, k].max() >= low))
        given.append(f"{row['variable']} {whole['mean']} ± {whole['sd']}")
        told.append(f"{row['variable']} {number(exact[0], 4)} ± {number(exact[1], 4)}")
    return Found(
        CONSISTENT if all(fine) else INCONSISTENT,
        printed.place("table_1"),
        "; ".join(given),
        f"from the cohorts: {'; '.join(told)}",
    )


def _pool(values: list[float] | tuple[float, ...], sizes: list[int]) -> tuple[float, float]:
    means, sds, n = np.array(values[::2]), np.array(values[1::2]), np.array(sizes)
    mean = n @ means / n.sum()
    squares = (n - 1) @ sds**2 + n @ (means - mean) ** 2
    return float(mean), float(np.sqrt(squares / (n.sum() - 1)))


@check(
    "A6",
    "Clinical logic between rows",
    kind="number",
    weight="major",
    consequence="Two rows of the table cannot both be right.",
)
def logic(printed: Printed) -> Found:
    """In every cohort: whoever has the second finding must have the first, so the first is at least
    as frequent."""
    rules = printed.need("logic")
    told, broken = [], []
    for rule in rules:
        larger, smaller = (printed.patients(rule[side]) for side in ("larger", "smaller"))
        told.append(
            f"{larger[list(printed.parts)].tolist()} v {smaller[list(printed.parts)].tolist()}"
        )
        broken += [rule["why"]] if (larger < smaller).any() else []
    return Found(
        INCONSISTENT if broken else CONSISTENT,
        printed.place("table_1"),
        f"{len(rules)} pairs of rows; by {' and '.join(printed.parts)}: {'; '.join(told)}",
        f"violated: {listed(broken)}" if broken else "every first count is at least the second",
    )


@check(
    "H2",
    "Numbers of the table of characteristics repeated in the text",
    kind="number",
    weight="minor",
    consequence="Text and table differ.",
)
def repeated(printed: Printed) -> Found:
    """Comparison of every number with the table, digit by digit."""
    whole, wrong, given = printed.whole(), [], []
    values = printed.need("repeated", "values")
    cells = {row["variable"]: row for row in printed.need("table_1", "rows")}
    for value in values:
        row = cells[value["variable"]]
        entry = next((e for e in row.get("levels", []) if e["level"] == value.get("level")), row)
        for name in ("n", "percent", "mean", "sd"):
            if name in value:
                given.append(f"{value[name]}")
                if str(value[name]) != str(entry[whole].get(name)):
                    wrong.append(
                        f"{value['variable']}: {value[name]}, not {entry[whole].get(name)}"
                    )
    return Found(
        INCONSISTENT if wrong else CONSISTENT,
        printed.place("repeated", "table_1"),
        f"{len(given)} numbers",
        f"{len(wrong)} disagreements" + (f": {'; '.join(wrong)}" if wrong else ""),
    )
