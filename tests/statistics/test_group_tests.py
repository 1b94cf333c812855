"""Tests and distances between groups: against R, tableone, and by hand."""

import json
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.reference import cases, compare, number
from thyro.statistics.group_tests import group_test, is_categorical, standardised_difference


def golden(name, part):
    """Cases of a reference file, as parameters named by case."""
    cases = json.loads((Path(__file__).parents[1] / "golden" / name).read_text())[part]
    return [pytest.param(case, id=case.get("name", str(i))) for i, case in enumerate(cases)]


def close(got, want, tolerance):
    """Assert |got - want| <= tolerance * max(1, |want|), NaN and infinities equal."""
    want = np.asarray(want, dtype=float)
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


A = [0.1, 0.3, 0.2, 0.6, 0.4, 0.4, 0.7, 0.8, 0.9, 0.5]


B = [0.2, 0.5, 0.1, 0.7, 0.3, 0.3, 0.6, 0.5, 0.9, 0.2]


def in_groups(case):
    x, y = case["input"]["x"], case["input"]["y"]
    group = pd.Categorical(["x"] * len(x) + ["y"] * len(y), categories=["x", "y"])
    return np.array(x + y, dtype=float), group


@pytest.mark.parametrize("case", golden("group_tests.json", "two_group_cases"))
@pytest.mark.parametrize(("test", "key"), [("student", "t_pooled"), ("welch", "t_welch")])
def test_t_tests_match_r(case, test, key):
    x, group = in_groups(case)
    want = case["output"][key]
    if "error" in want:  # R: data are essentially constant
        with pytest.raises(ValueError, match="some variance"):
            group_test(x, group, test=test)
        return
    got = group_test(x, group, test=test)
    close([got.statistic, got.p_value], [want["t"], want["p"]], 1e-10)


@pytest.mark.parametrize("case", golden("group_tests.json", "two_group_cases"))
def test_mann_whitney_matches_r(case):
    want = case["output"]["wilcoxon"]
    got = group_test(*in_groups(case), test="mann-whitney")
    close(got.p_value, want["r_default_p"], 1e-10)
    if not np.isnan(got.p_value):
        close(got.statistic, want["W"], 1e-10)


@pytest.mark.parametrize("case", golden("group_tests.json", "two_group_cases"))
def test_auto_follows_shapiro_wilk_per_group(case):
    shapiro = (case["output"]["shapiro_x"], case["output"]["shapiro_y"])
    normal = all("error" not in s and s["p"] >= 0.05 for s in shapiro)
    assert group_test(*in_groups(case)).test == ("student" if normal else "mann-whitney")


@pytest.mark.parametrize("case", golden("group_tests.json", "table_cases"))
def test_table_tests_match_r(case):
    table = np.array(case["input"]["table"])
    rows, columns = np.indices(table.shape)
    # Strings, because numbers would be continuous.
    x = np.repeat([f"level {r}" for r in rows.ravel()], table.ravel())
    group = np.repeat(columns.ravel(), table.ravel())
    want = case["output"]["chisq_yates"] or case["output"]["chisq_no_correction"]
    got = group_test(x, group)
    assert got.test == "chi2"
    close([got.statistic, got.p_value], [want["X2"], want["p"]], 1e-10)
    fisher = group_test(x, group, test="fisher")
    close(fisher.p_value, case["output"]["fisher"]["p"], 1e-7)


GROUPS = "group_tests"


def check(name, got, want, tolerance, what):
    """Compare where R has a number; it says NA where a test does not apply."""
    if want is not None:
        compare(GROUPS, name, got, want, tolerance, what=what)


@pytest.mark.filterwarnings("ignore:Precision loss")  # scipy, of a group without variance
@pytest.mark.parametrize("case", cases("group_tests", "two_group_cases"))
def test_two_groups(case):
    x, y = (np.array(case["input"][key], dtype=float) for key in ("x", "y"))
    want, name = case["output"], case["name"]
    values, group = np.r_[x, y], np.repeat(["a", "b"], [len(x), len(y)])
    for part, key in ((x, "describe_x"), (y, "describe_y")):
        got = [
            len(part),
            part.mean(),
            part.std(ddof=1),
            *np.quantile(part, [0.5, 0.25, 0.75, 0, 1]),
        ]
        keys = ("n", "mean", "sd", "median", "q1", "q3", "min", "max")
        compare(GROUPS, name, got, [want[key][k] for k in keys], 1e-10, what=key)
    for test, key, equal in (("welch", "t_welch", False), ("student", "t_pooled", True)):
        if "error" in want[key]:
            with pytest.raises(ValueError, match="variance"):
                group_test(values, group, test=test)
            continue
        got = group_test(values, group, test=test)
        check(name, [got.statistic, got.p_value], [want[key]["t"], want[key]["p"]], 1e-10, key)
        whole = stats.ttest_ind(x, y, equal_var=equal)
        check(
            name,
            [whole.df, *whole.confidence_interval()],
            [want[key]["df"], *want[key]["ci95"]],
            1e-10,
            key,
        )
        check(name, x.mean() - y.mean(), want[key]["mean_diff"], 1e-10, key)
    check_wilcoxon(name, x, y, want["wilcoxon"])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = x.var(ddof=1) / y.var(ddof=1)
    spread = stats.f(len(x) - 1, len(y) - 1)
    p = 2 * min(spread.cdf(ratio), spread.sf(ratio)) if np.isfinite(ratio) else np.nan
    check(
        name, [ratio, p], [want["f_test_variances"]["F"], want["f_test_variances"]["p"]], 1e-10, "F"
    )
    for part, key in ((x, "shapiro_x"), (y, "shapiro_y")):
        if "error" not in want[key]:
            check_shapiro(name, part, want[key])


def check_wilcoxon(name, x, y, want):
    values, group = np.r_[x, y], np.repeat(["a", "b"], [len(x), len(y)])
    got = group_test(values, group, test="mann-whitney")
    check(name, got.p_value, want["r_default_p"], 1e-10, "Wilcoxon as R chooses")
    if np.ptp(values) == 0:  # one value: thyro has no statistic, either
        assert np.isnan(got.statistic)
        return
    check(name, got.statistic, want["W"], 1e-10, "W")
    check(name, got.statistic / (len(x) * len(y)), want["auc_from_W"], 1e-10, "AUC of W")
    for method, correct, key in (
        ("asymptotic", True, "p_normal_continuity"),
        ("asymptotic", False, "p_normal_no_continuity"),
        ("exact", False, "p_exact"),
    ):
        p = stats.mannwhitneyu(x, y, method=method, use_continuity=correct).pvalue
        check(name, p, want[key], 1e-10, key)


def check_shapiro(name, x, want):
    got = stats.shapiro(x)
    check(name, got.statistic, want["W"], 1e-6, "Shapiro W")
    check(name, got.pvalue, want["p"], 1e-5, "Shapiro p")


@pytest.mark.parametrize("case", cases("group_tests", "table_cases"))
def test_tables(case):
    table, want, name = np.array(case["input"]["table"]), case["output"], case["name"]
    rows, columns = (np.repeat(axis.ravel(), table.ravel()) for axis in np.indices(table.shape))
    x, group = rows.astype(str), columns.astype(str)
    expected = stats.contingency.expected_freq(table)
    check(name, expected, want["expected"], 1e-10, "expected")
    check(name, expected.min(), want["min_expected"], 1e-10, "smallest expected")
    plain = stats.chi2_contingency(table, correction=False)
    keys = [want["chisq_no_correction"][key] for key in ("X2", "df", "p")]
    check(name, [plain.statistic, plain.dof, plain.pvalue], keys, 1e-10, "X2")
    got = group_test(x, group, test="chi2")
    default = want["chisq_yates"] or want["chisq_no_correction"]
    check(name, [got.statistic, got.p_value], [default["X2"], default["p"]], 1e-10, "X2 of R")
    n, smaller = table.sum(), min(table.shape) - 1
    cramer = np.sqrt(plain.statistic / (n * smaller))
    check(name, cramer, want["cramers_v"], 1e-10, "Cramer's V")
    exact = group_test(x, group, test="fisher").p_value
    check(name, exact, want["fisher"]["p"], 1e-7, "Fisher p")
    if table.shape == (2, 2):
        for side, key in (("greater", "p_greater"), ("less", "p_less")):
            p = stats.fisher_exact(table, alternative=side).pvalue
            check(name, p, want["fisher"][key], 1e-7, key)
        check_odds(name, table, want["fisher"])


def check_odds(name, table, want):
    odds = stats.contingency.odds_ratio(table)
    low, high = odds.confidence_interval()
    for got, key in (
        (odds.statistic, want["conditional_or"]),
        (low, want["or_ci95"][0]),
        (high, want["or_ci95"][1]),
    ):
        # R searches odds above one by their reciprocal, in which its tolerance holds.
        got, key = (1 / got, 1 / number(key)) if got > 1 else (got, key)
        if key is not None:
            compare("group_tests, odds ratio", name, got, key, 1e-3, what="Fisher odds ratio")


@pytest.mark.parametrize("case", cases("group_tests", "shapiro_cases"))
def test_normality(case, request):
    check_shapiro(request.node.name, np.array(case["input"]["x"], dtype=float), case["output"])


@pytest.mark.parametrize("case", cases("group_tests", "k_group_cases"))
def test_several_groups(case):
    x, group = (np.array(case["input"][key]) for key in ("x", "group"))
    want, name = case["output"], case["name"]
    parts = [x[group == level] for level in np.unique(group)]
    rank, variance = stats.kruskal(*parts), stats.f_oneway(*parts)
    check(name, [rank.statistic, rank.pvalue], [want["kruskal_H"], want["p"]], 1e-10, "Kruskal")
    check(
        name,
        [variance.statistic, variance.pvalue],
        [want["anova_F"], want["anova_p"]],
        1e-10,
        "ANOVA",
    )
    df = [len(parts) - 1, len(parts) - 1, len(x) - len(parts)]
    check(name, df, [want["df"], want["anova_df1"], want["anova_df2"]], 1e-10, "df")


def test_groups_may_be_swapped():
    x, group = np.r_[A, B], ["train"] * 10 + ["test"] * 10
    one = group_test(x, group, test="student")
    other = group_test(x, pd.Categorical(group, categories=["train", "test"]), test="student")
    assert other.statistic == pytest.approx(-one.statistic)
    assert other.p_value == pytest.approx(one.p_value)


def test_a_variable_with_a_single_value_has_no_p():
    assert np.isnan(group_test([3.0] * 6, [0, 0, 0, 1, 1, 1]).p_value)
    assert np.isnan(group_test(["TR4"] * 6, [0, 0, 0, 1, 1, 1]).p_value)


def test_unused_categories_are_no_groups():
    group = pd.Categorical(["a"] * 5 + ["b"] * 5, categories=["none", "a", "b"])
    assert group_test(A, group, test="welch").test == "welch"


@pytest.mark.parametrize(
    ("x", "group", "test", "message"),
    [
        ([1.0, np.nan, 2.0, 3.0], [0, 0, 1, 1], "auto", "x: 1 values are missing, .* position 1"),
        ([1.0, 2.0, 3.0], [0, 1, 2], "auto", "expected two groups"),
        ([1.0, 2.0], [0, 1, 1], "auto", "expected one length, got 2 and 3"),
        (["a", "b"], [0, 1], "student", "'student' needs numbers"),
        ([1.0, 2.0], [0, 1], "anova", "test: expected one of"),
        ([1.0, 2.0, 3.0], [0, 0, 1], "welch", "two patients per group"),
        (["a", "b"], [1, 1], "chi2", "two or more groups, found 1"),
    ],
)
def test_group_tests_refuse_what_they_cannot_answer(x, group, test, message):
    with pytest.raises(ValueError, match=message):
        group_test(x, group, test=test)


# --- standardised difference


GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "smd.json").read_text())


each_table = pytest.mark.parametrize("case", GOLDEN["table_cases"], ids=lambda case: case["name"])


def as_patients(case):
    table = np.array(case["input"]["table"])
    rows, columns = np.indices(table.shape)
    x = np.repeat([f"level {r}" for r in rows.ravel()], table.ravel())
    return x, np.repeat(np.array(["train", "test"])[columns.ravel()], table.ravel())


@each_table
def test_difference_of_shares_matches_tableone(case):
    got = standardised_difference(*as_patients(case))
    assert got == pytest.approx(case["output"]["smd"], rel=1e-10)


@pytest.mark.parametrize("case", GOLDEN["number_cases"], ids=lambda case: case["name"])
def test_difference_of_means_matches_tableone(case):
    train, test = case["input"]["train"], case["input"]["test"]
    group = ["train"] * len(train) + ["test"] * len(test)
    # In sorted order test comes first, so the difference is test minus train.
    assert standardised_difference(train + test, group) == pytest.approx(
        -case["output"]["train_minus_test"], rel=1e-10
    )


def test_difference_of_three_levels_by_hand():
    # Shares 1/2, 1/4, 1/4 against 1/4, 1/4, 1/2. Without the last level d = (1/4, 0) and the mean
    # covariance is [[7/32, -3/32], [-3/32, 3/16]], whose inverse begins with 64/11:
    # D2 = (1/4)^2 * 64/11 = 4/11.
    x = ["a", "a", "b", "c", "a", "b", "c", "c"]
    got = standardised_difference(x, [0] * 4 + [1] * 4)
    assert got**2 == pytest.approx(float(Fraction(4, 11)))


def test_difference_of_two_levels_is_the_textbook_formula():
    # Austin 2009: |p1 - p2| / sqrt((p1 q1 + p2 q2) / 2) with p = 0.3 and 0.5.
    x = [True] * 3 + [False] * 7 + [True] * 5 + [False] * 5
    got = standardised_difference(x, ["a"] * 10 + ["b"] * 10)
    assert got == pytest.approx(0.2 / np.sqrt((0.21 + 0.25) / 2))


def test_difference_is_first_minus_second_and_free_of_units():
    x, group = np.array([1.0, 2, 3, 5, 4, 6]), ["a", "a", "a", "b", "b", "b"]
    got = standardised_difference(x, group)
    assert got == pytest.approx(-3.0)  # means 2 and 5, both variances 1
    assert standardised_difference(10 * x + 7, group) == pytest.approx(got)
    turned = pd.Categorical(group, ["b", "a"])
    assert standardised_difference(x, turned) == pytest.approx(-got)


def test_difference_does_not_depend_on_the_level_left_out():
    rng = np.random.default_rng(8)
    x, group = rng.integers(0, 4, 200), rng.integers(0, 2, 200)
    ways = [pd.Categorical.from_codes(x, list(names)) for names in ("abcd", "dcba", "bdac")]
    got = [standardised_difference(way.astype(str), group) for way in ways]
    assert got == pytest.approx([got[0]] * 3)


def test_difference_where_the_groups_share_nothing_or_everything():
    group = ["a"] * 3 + ["b"] * 3
    assert standardised_difference(list("uuvwww"), group) == np.inf
    assert standardised_difference([1.0, 1, 1, 2, 2, 2], group) == -np.inf
    assert np.isnan(standardised_difference([4.0] * 6, group))
    assert np.isnan(standardised_difference(["u"] * 6, group))
    assert np.isnan(standardised_difference([1.0, 2.0, 3.0], ["a", "b", "b"]))
    unused = pd.Categorical(list("uuvuvv"), ["none", "u", "v", "neither"])
    assert standardised_difference(unused, group) == standardised_difference(list("uuvuvv"), group)


@pytest.mark.parametrize(
    ("x", "group", "message"),
    [
        ([1.0, 2.0], [0, 0], "group: expected two groups, found [0]."),
        ([1.0, 2.0, 3.0], [0, 1, 2], "group: expected two groups, found [0, 1, 2]."),
        ([1.0], [0, 1], "x, group: expected one length, got 1 and 2."),
        ([1.0, None], [0, 1], "x: 1 values are missing, the first at position 1."),
    ],
)
def test_difference_refuses_what_it_cannot_answer(x, group, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        standardised_difference(x, group)


def test_what_has_levels_is_told_by_the_dtype():
    levels = pd.Series(pd.Categorical.from_codes([0, 1, 1], [1.0, 2.0]))
    for values in (
        levels,
        pd.Series([True, False]),
        pd.Series(["a", "b"]),
        pd.Series([True, None]),
    ):
        assert is_categorical(values)
    for values in (pd.Series([0, 1]), pd.Series([0.5, np.nan]), pd.array([1, None], "Int64")):
        assert not is_categorical(pd.Series(values))
