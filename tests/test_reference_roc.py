"""Discrimination, classification and group tests against R: pROC, Hmisc and base R."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import log_loss

from tests.reference import cases, compare, number
from thyro.statistics import classification, delong
from thyro.statistics.calibration import calibration
from thyro.statistics.group_tests import group_test
from thyro.statistics.reclassification import discrimination, reclassification

COUNTS = ("tp", "fp", "tn", "fn")
RATES = ("sensitivity", "specificity", "ppv", "npv", "accuracy")


def turned(case):
    """Labels, and the score turned so that higher is more suspicious."""
    y, score = (np.array(case["input"][key]) for key in ("y", "score"))
    return y, score if case["input"]["direction"] == "<" else -score


@pytest.mark.parametrize("case", cases("roc", "roc_cases"))
def test_auc_and_its_intervals(case):
    y, score = turned(case)
    want, name = case["output"], case["name"]
    assert [int(y.sum()), int((1 - y).sum())] == [want["n_cases"], want["n_controls"]]
    compare("roc", name, classification.roc_curve(y, score).auc, want["auc"], 1e-12, what="AUC")
    if want["var_delong"] is None:  # a single case: pROC gives NA, thyro says why
        with pytest.raises(ValueError, match="at least 2"):
            delong.auc_ci(y, score)
        return
    got = delong.auc_ci(y, score)
    compare("roc", name, got.auc, want["auc"], 1e-12, what="AUC")
    compare("roc", name, [got.se, got.se**2], [want["se_delong"], want["var_delong"]], 1e-12)
    compare("roc", name, [got.ci_low, got.ci_high], want["ci95_delong"], 1e-12, what="CI")
    half = stats.norm.isf(0.025) * got.se
    compare("roc", name, [got.auc - half, got.auc + half], want["ci95_unclipped"], 1e-12)
    got = delong.auc_ci(y, score, level=0.9)
    compare("roc", name, [got.ci_low, got.ci_high], want["ci90_delong"], 1e-12, what="90 % CI")


def check_point(name, y, score, threshold, want, sign):
    """Counts and rates at one threshold; `want` holds one value of each."""
    got = classification.threshold_metrics(y, score, threshold)
    for key in (*COUNTS, *RATES):
        compare("roc", name, getattr(got, key), want[key], 1e-12, what=key)
    compare("roc", name, sign * threshold, want["threshold"], 1e-12, what="threshold")


@pytest.mark.parametrize("case", cases("roc", "roc_cases"))
def test_operating_points(case):
    y, score = turned(case)
    want, name = case["output"], case["name"]
    sign = 1 if case["input"]["direction"] == "<" else -1
    rows = [
        dict(zip(want["best_youden_all_exact_ties"], row, strict=True))
        for row in zip(*want["best_youden_all_exact_ties"].values(), strict=True)
    ]
    threshold = classification.youden_threshold(y, score)
    chosen = [row for row in rows if number(row["threshold"]) == pytest.approx(sign * threshold)]
    assert len(chosen) == 1  # any at the exact maximum is right
    check_point(name, y, score, threshold, chosen[0], sign)
    curve = classification.roc_curve(y, score)
    best = np.max(curve.sensitivity + curve.specificity) - 1
    compare("roc", name, best, want["best_youden_J"], 1e-12, what="Youden's J")
    for row in zip(*want["best_youden"].values(), strict=True):
        row = dict(zip(want["best_youden"], row, strict=True))
        assert row["sensitivity"] + row["specificity"] - 1 == pytest.approx(best, abs=1e-12)
    nearest = (1 - curve.sensitivity) ** 2 + (1 - curve.specificity) ** 2
    for row in zip(*want["best_closest_topleft"].values(), strict=True):
        row = dict(zip(want["best_closest_topleft"], row, strict=True))
        distance = (1 - row["sensitivity"]) ** 2 + (1 - row["specificity"]) ** 2
        compare("roc", name, nearest.min(), distance, 1e-12, what="closest to the corner")
    fixed = want["at_threshold"]
    check_point(name, y, score, sign * number(fixed["threshold"]), fixed, sign)


@pytest.mark.parametrize("case", cases("roc", "roc_cases"))
def test_whole_curves(case):
    if "curve" not in case["output"]:
        return
    y, score = turned(case)
    want, curve = case["output"]["curve"], classification.roc_curve(y, score)
    sign = 1 if case["input"]["direction"] == "<" else -1
    compare("roc", case["name"], sign * curve.threshold, want["threshold"], 1e-12, what="threshold")
    for key in ("sensitivity", "specificity"):
        compare("roc", case["name"], getattr(curve, key), want[key], 1e-12, what=key)


@pytest.mark.parametrize("case", cases("roc", "paired_delong_cases"))
def test_paired_delong(case):
    given, want, name = case["input"], case["output"], case["name"]
    y = np.array(given["y"])
    a, b = (
        np.array(given[f"score{k}"]) * (1 if given[f"direction{k}"] == "<" else -1) for k in (1, 2)
    )
    got, swapped = delong.delong_test(y, a, b), delong.delong_test(y, b, a)
    compare("roc", name, [got.auc_a, got.auc_b], [want["auc1"], want["auc2"]], 1e-12, what="AUCs")
    compare("roc", name, got.difference, want["diff"], 1e-12, what="difference")
    for score, key in ((a, "var1"), (b, "var2")):
        compare("roc", name, delong.auc_ci(y, score).se ** 2, want[key], 1e-12, what=key)
    compare("roc", name, [got.ci_low, got.ci_high], want["diff_ci95"], 1e-9, what="CI")
    if name == "monotone_transform_same_auc":  # R leaves a variance of rounding
        assert (got.z, got.p_value, swapped.p_value) == (0, 1, 1)
        return
    compare("roc", name, [got.z, swapped.z], [want["z"], want["z_swapped"]], 1e-9, what="z")
    p = [got.p_value, swapped.p_value, stats.norm.sf(got.z), stats.norm.cdf(got.z)]
    keys = ("p_two_sided", "p_swapped", "p_greater", "p_less")
    compare("roc", name, p, [want[key] for key in keys], 1e-9, what="p")


@pytest.mark.parametrize("case", cases("roc", "unpaired_delong_cases"))
def test_unpaired_delong(case):
    given, want, name = case["input"], case["output"], case["name"]
    sign = 1 if given["direction"] == "<" else -1
    scores = [sign * np.array(given[f"score{k}"]) for k in (1, 2)]
    got = delong.unpaired_test(given["y1"], scores[0], given["y2"], scores[1])
    compare("roc", name, [got.auc_a, got.auc_b], [want["auc1"], want["auc2"]], 1e-12, what="AUCs")
    for k in (1, 2):
        se = delong.auc_ci(given[f"y{k}"], scores[k - 1]).se
        compare("roc", name, se**2, want[f"var{k}"], 1e-12, what="variance")
    compare("roc", name, [got.statistic, got.df], [want["D"], want["df"]], 1e-9, what="D, df")
    spread = stats.t(got.df)
    p = [got.p_value, spread.sf(got.statistic), spread.cdf(got.statistic)]
    p += [2 * stats.norm.sf(abs(got.statistic))]
    keys = ("p_two_sided", "p_greater", "p_less", "p_two_sided_normal_approx")
    compare("roc", name, p, [want[key] for key in keys], 1e-9, what="p")


@pytest.mark.parametrize("case", cases("metrics", "metric_cases"))
def test_metrics(case):
    given, want, name = case["input"], case["output"], case["name"]
    y, p = np.array(given["y"]), np.array(given["p"])
    got = classification.threshold_metrics(y, p, given["threshold"])
    keys = dict.fromkeys([*COUNTS, *RATES, "f1", "balanced_accuracy", "mcc", "kappa"])
    mine = {key: getattr(got, key) for key in keys}
    mine |= {"lr_pos": got.lr_positive, "lr_neg": got.lr_negative}
    mine["youden"] = got.sensitivity + got.specificity - 1
    for key, value in mine.items():
        compare("metrics", name, value, want[key], 1e-12, what=key)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.float64(got.tp * got.tn) / (got.fp * got.fn)
    compare("metrics", name, odds, want["diagnostic_or"], 1e-12, what="odds ratio")
    null = np.mean(y) * (1 - np.mean(y))
    compare("metrics", name, null, want["brier_null"], 1e-12, what="null Brier")
    if 1 < y.sum() < len(y) - 1:
        brier = calibration(y, p).brier
        compare("metrics", name, brier, want["brier"], 1e-12, what="Brier")
        compare("metrics", name, 1 - brier / null, want["brier_scaled"], 1e-12, what="scaled")
    if want["log_loss"] is not None:
        loss = log_loss(y, p, labels=[0, 1])
        compare("metrics", name, loss, want["log_loss"], 1e-12, what="log loss")
    intervals = got.intervals()
    for key, proportion in want["ci95"].items():
        if proportion["n"]:
            compare("metrics", name, intervals[key], proportion["wilson"], 1e-9, what=key)
            check_proportion(name, proportion)
        else:
            assert np.isnan(intervals[key]).all()


METHODS = {
    "wilson": "wilson",
    "wilson_cc": "wilson-cc",
    "clopper_pearson": "clopper-pearson",
    "wald_unclipped": "wald",
}


def check_proportion(name, want):
    for key, method in METHODS.items():
        got = classification.proportion_ci(want["x"], want["n"], method=method)
        compare("metrics", name, got, want[key], 1e-9, what=method)


@pytest.mark.parametrize("case", cases("metrics", "proportion_ci_cases"))
def test_proportions(case):
    check_proportion(f"{case['x']} of {case['n']}", case)


# --- groups; what thyro takes from scipy unchanged is compared as scipy gives it


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


@pytest.mark.parametrize("case", cases("nri_idi", "nri_idi_cases"))
def test_reclassification(case):
    given, want, name = case["input"], case["output"], case["name"]
    y, old, new = (np.array(given[key]) for key in ("y", "p_old", "p_new"))
    cuts = np.atleast_1d(given["category_cuts"])
    for kind, limits in (("continuous_nri", None), ("categorical_nri", cuts)):
        got, expected = reclassification(y, old, new, cuts=limits), want[kind]
        counts = [got.up_cases, got.down_cases, got.up_controls, got.down_controls]
        keys = ("up_events", "down_events", "up_nonevents", "down_nonevents")
        assert counts == [expected[key] for key in keys]
        both = {
            "multinomial_se": got.nri,
            "events_multinomial_se": got.nri_cases,
            "nonevents_multinomial_se": got.nri_controls,
            "pencina2008_null_se": got.test,
            "events_null_se": got.test_cases,
            "nonevents_null_se": got.test_controls,
        }
        for key, change in both.items():
            check_change(name, change, expected[key], f"{kind} {key}")
        compare("nri_idi", name, got.nri.estimate, expected["nri"], 1e-10, what=kind)
        if limits is not None:
            for table, key in ((got.cases, "events"), (got.controls, "nonevents")):
                assert table.tolist() == expected[f"table_{key}_rows_old_cols_new"]
    got, expected = discrimination(y, old, new), want["idi"]
    check_change(name, got.idi, expected, "IDI")
    slopes = [expected["discrimination_slope_old"], expected["discrimination_slope_new"]]
    compare("nri_idi", name, [got.slope_old, got.slope_new], slopes, 1e-10, what="slopes")
    compare("nri_idi", name, got.relative, expected["relative_idi"], 1e-10, what="relative IDI")
    hmisc, continuous = want["hmisc_improveProb"], reclassification(y, old, new)
    if continuous.nri.estimate:
        for key, value in (("nri", continuous.nri), ("nri.ev", continuous.nri_cases)):
            compare("nri_idi", name, value.estimate, hmisc[key], 1e-10, what=f"Hmisc {key}")
            compare("nri_idi", name, value.se, hmisc[f"se.{key}"], 1e-10, what=f"Hmisc {key}")
    compare("nri_idi", name, got.idi.se, hmisc["se.idi"], 1e-10, what="Hmisc IDI")


def check_change(name, got, want, what):
    compare("nri_idi", name, [got.estimate, got.se], [want["estimate"], want["se"]], 1e-10)
    if got.se == 0:  # R has 0/0; nothing changed, so there is no evidence of a change
        assert (got.z, got.p_value) == (0, 1) if got.estimate == 0 else got.p_value == 0
        return
    compare("nri_idi", name, [got.z, got.p_value], [want["z"], want["p"]], 1e-10, what=what)
    compare("nri_idi", name, [got.ci_low, got.ci_high], want["ci95"], 1e-10, what=what)
