"""ROC, DeLong, metrics and group tests against R, the printed Table 2 and their own logic."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from thyro.statistics.classification import (
    metrics_from_counts,
    proportion_ci,
    roc_curve,
    threshold_metrics,
    youden_threshold,
)
from thyro.statistics.delong import auc_ci, delong_matrix, delong_test, holm
from thyro.statistics.group_tests import group_test


def golden(name, part):
    """Cases of a reference file, as parameters named by case."""
    cases = json.loads((Path(__file__).parents[1] / "golden" / name).read_text())[part]
    return [pytest.param(case, id=case.get("name", str(i))) for i, case in enumerate(cases)]


def close(got, want, tolerance):
    """Assert |got - want| <= tolerance * max(1, |want|), NaN and infinities equal."""
    want = np.asarray(want, dtype=float)
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


# Ten invented patients, with ties inside and across the classes.
Y = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
A = [0.1, 0.3, 0.2, 0.6, 0.4, 0.4, 0.7, 0.8, 0.9, 0.5]
B = [0.2, 0.5, 0.1, 0.7, 0.3, 0.3, 0.6, 0.5, 0.9, 0.2]


def upwards(case):
    """Outcome and score of a ROC case, with the score turned so that higher means a case."""
    score = np.array(case["input"]["score"])
    return case["input"]["y"], score if case["input"]["direction"] == "<" else -score


def test_delong_matches_proc():
    # R 4.2.2, pROC 1.18.0: roc.test(roc(Y, A), roc(Y, B), paired=TRUE, method="delong"),
    # both with direction="<".
    r = delong_test(Y, A, B)
    got = [r.auc_a, r.auc_b, r.z, r.p_value, r.ci_low, r.ci_high]
    want = [0.9, 0.66, 1.94665705356915, 0.0515758636208769, -0.0016405886322714, 0.481640588632272]
    np.testing.assert_allclose(got, want, rtol=1e-12)


@pytest.mark.parametrize("case", golden("roc.json", "roc_cases"))
def test_auc_matches_proc(case):
    y, score = upwards(case)
    want = case["output"]
    close(roc_curve(y, score).auc, want["auc"], 1e-12)
    if want["se_delong"] is None:  # pROC gives NA for a single case; here it is refused
        with pytest.raises(ValueError, match="at least 2 patients per class"):
            auc_ci(y, score)
        return
    got = auc_ci(y, score)
    close([got.auc, got.se], [want["auc"], want["se_delong"]], 1e-12)
    close([got.ci_low, got.ci_high], want["ci95_delong"], 1e-12)
    wide = auc_ci(y, score, level=0.9)
    close([wide.ci_low, wide.ci_high], want["ci90_delong"], 1e-12)
    assert (got.n_cases, got.n_controls) == (want["n_cases"], want["n_controls"])


@pytest.mark.parametrize("case", golden("roc.json", "roc_cases"))
def test_youden_is_one_of_the_best_of_proc(case):
    y, score = upwards(case)
    best = case["output"]["best_youden_all_exact_ties"]
    turn = 1 if case["input"]["direction"] == "<" else -1
    wanted = [turn * float(t) for t in best["threshold"]]
    got = youden_threshold(y, score)
    assert np.any(np.isclose(got, wanted, rtol=1e-12, atol=1e-12)), (got, wanted)
    metrics = threshold_metrics(y, score, got)
    j = metrics.sensitivity + metrics.specificity - 1
    close(j, case["output"]["best_youden_J"], 1e-12)


@pytest.mark.parametrize("case", golden("roc.json", "roc_cases"))
def test_metrics_at_a_threshold_match_proc(case):
    want = case["output"]["at_threshold"]
    y, score = upwards(case)
    turn = 1 if case["input"]["direction"] == "<" else -1
    got = threshold_metrics(y, score, turn * want["threshold"])
    for name in ("tp", "fp", "tn", "fn", "sensitivity", "specificity", "ppv", "npv", "accuracy"):
        close(getattr(got, name), want[name], 1e-12)


CURVES = [p for p in golden("roc.json", "roc_cases") if "curve" in p.values[0]["output"]]


@pytest.mark.parametrize("case", CURVES)
def test_roc_curve_matches_proc(case):
    y, score = upwards(case)
    got, want = roc_curve(y, score), case["output"]["curve"]
    turn = 1 if case["input"]["direction"] == "<" else -1
    close(got.threshold, turn * np.array(want["threshold"], dtype=float), 1e-12)
    close(got.sensitivity, want["sensitivity"], 1e-12)
    close(got.specificity, want["specificity"], 1e-12)


@pytest.mark.parametrize("case", golden("metrics.json", "metric_cases"))
def test_metrics_match_r(case):
    data, want = case["input"], case["output"]
    got = threshold_metrics(data["y"], data["p"], data["threshold"])
    for name in ("tp", "fp", "tn", "fn", "accuracy", "sensitivity", "specificity", "ppv", "npv"):
        close(getattr(got, name), want[name], 1e-12)
    close(got.f1, want["f1"], 1e-12)


@pytest.mark.parametrize("case", golden("metrics.json", "proportion_ci_cases"))
def test_proportion_intervals_match_r(case):
    close(proportion_ci(case["x"], case["n"]), case["wilson"], 1e-9)
    exact = proportion_ci(case["x"], case["n"], method="clopper-pearson")
    close(exact, case["clopper_pearson"], 1e-9)


@pytest.mark.parametrize("row", golden("table_2.json", "rows"))
def test_confusion_matrices_return_the_printed_table_2(row):
    got = metrics_from_counts(**row["counts"])
    for name, printed in row["printed"].items():
        if row["model"] == "Radiologist" and name == "f1":
            continue  # the paper prints 0.682 twice, which its own counts contradict
        assert f"{getattr(got, name):.3f}" == f"{float(printed):.3f}", name


def test_the_printed_f1_of_the_radiologist_is_not_that_of_its_counts():
    rows = [p.values[0] for p in golden("table_2.json", "rows")]
    rows = [row for row in rows if row["model"] == "Radiologist"]
    got = [round(metrics_from_counts(**row["counts"]).f1, 3) for row in rows]
    assert got == [0.736, 0.624]
    assert [row["printed"]["f1"] for row in rows] == ["0.682", "0.682"]


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


# --- properties


def test_auc_of_a_yes_no_reading_is_the_mean_of_sensitivity_and_specificity():
    reading = [0, 1, 0, 0, 1, 1, 1, 0, 1, 1]
    metrics = threshold_metrics(Y, reading, 0.5)
    assert auc_ci(Y, reading).auc == pytest.approx((metrics.sensitivity + metrics.specificity) / 2)


def test_auc_is_the_area_under_the_roc_curve():
    rng = np.random.default_rng(1)
    y, score = rng.integers(0, 2, 80), rng.integers(0, 7, 80)
    curve = roc_curve(y, score)
    area = np.trapezoid(curve.sensitivity[::-1], 1 - curve.specificity[::-1])
    assert auc_ci(y, score).auc == pytest.approx(area, abs=1e-14)


def test_delong_is_antisymmetric_and_rank_only():
    forward, back = delong_test(Y, A, B), delong_test(Y, np.exp(B), A)
    assert back.difference == pytest.approx(-forward.difference)
    assert back.z == pytest.approx(-forward.z)
    assert back.p_value == pytest.approx(forward.p_value)


def test_delong_variance_is_that_of_auc_against_a_constant():
    # A constant score has AUC 0.5 and no variance, so only that of the other score is left.
    against = delong_test(Y, A, np.ones(10))
    alone = auc_ci(Y, A)
    assert against.ci_high - against.difference == pytest.approx(
        stats.norm.isf(0.025) * alone.se, rel=1e-12
    )


def test_the_matrix_holds_every_pair_once_and_adjusts():
    scores = pd.DataFrame({"a": A, "b": B, "c": np.negative(A)})
    table = delong_matrix(Y, scores)
    assert list(zip(table["model_a"], table["model_b"], strict=True)) == [
        ("a", "b"),
        ("a", "c"),
        ("b", "c"),
    ]
    assert table.loc[0, "p_value"] == delong_test(Y, A, B).p_value
    np.testing.assert_allclose(table["p_holm"], holm(table["p_value"]))
    assert (table["p_holm"] >= table["p_value"]).all()


def test_holm_is_that_of_r():
    # R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") is 0.03 0.06 0.06 0.02.
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    # The paper's 0.013 among four comparisons.
    assert holm([0.013, 0.2, 0.3, 0.4])[0] == pytest.approx(0.052)
    np.testing.assert_array_equal(holm([0.6, 0.7]), [1.0, 1.0])


def test_wilson_is_mirrored():
    low, high = proportion_ci(3, 17)
    np.testing.assert_allclose(proportion_ci(14, 17), (1 - high, 1 - low), rtol=1e-12)


def test_youden_does_not_move_with_units():
    assert youden_threshold(Y, np.multiply(A, 100)) == pytest.approx(100 * youden_threshold(Y, A))


def test_groups_may_be_swapped():
    x, group = np.r_[A, B], ["train"] * 10 + ["test"] * 10
    one = group_test(x, group, test="student")
    other = group_test(x, pd.Categorical(group, categories=["train", "test"]), test="student")
    assert other.statistic == pytest.approx(-one.statistic)
    assert other.p_value == pytest.approx(one.p_value)


def test_fisher_of_a_larger_table_agrees_with_resampling():
    table = np.array([[6, 1, 2], [2, 5, 3], [1, 4, 7]])
    rows, columns = np.indices(table.shape)
    x = np.repeat(rows.ravel(), table.ravel())
    group = np.repeat(columns.ravel(), table.ravel())
    got = group_test(x.astype(str), group, test="fisher").p_value
    rng = np.random.default_rng(3)
    sampled = stats.fisher_exact(table, method=stats.MonteCarloMethod(9999, rng=rng)).pvalue
    assert got == pytest.approx(sampled, abs=4 * np.sqrt(got * (1 - got) / 9999))


def test_fisher_does_not_care_for_rows_or_columns():
    x, group = list("aabbbcccccaab"), list("uvuuvuvvvvuuv")
    assert group_test(x, group, test="fisher").p_value == pytest.approx(
        group_test(group, x, test="fisher").p_value
    )


def test_frames_carry_the_name_and_every_field():
    assert list(auc_ci(Y, A).to_frame("m").index) == ["m"]
    assert delong_test(Y, A, B).to_frame("A v B").loc["A v B", "n_cases"] == 5
    assert metrics_from_counts(1, 2, 3, 4).to_frame("m").loc["m", "fp"] == 3
    assert len(roc_curve(Y, A).to_frame()) == len(set(A)) + 1


# --- boundaries


def test_identical_scores_do_not_differ():
    r = delong_test(Y, A, A)
    assert (r.difference, r.z, r.p_value, r.ci_low, r.ci_high) == (0, 0, 1, 0, 0)


def test_opposite_perfect_scores_differ_for_sure():
    r = delong_test(Y, Y, np.negative(Y))
    assert (r.difference, r.z, r.p_value) == (1, np.inf, 0)


def test_neighbouring_doubles_are_still_separated():
    # The midpoint of 1 and the next double rounds to 1, which would call both positive.
    score = [1.0, 1.0, np.nextafter(1, 2), np.nextafter(1, 2)]
    threshold = youden_threshold([0, 0, 1, 1], score)
    assert threshold_metrics([0, 0, 1, 1], score, threshold).accuracy == 1


def test_undefined_metrics_are_nan_and_f1_follows_its_formula():
    nobody_called = metrics_from_counts(0, 5, 0, 7)
    assert np.isnan(nobody_called.ppv)
    assert nobody_called.f1 == 0
    assert np.isnan(metrics_from_counts(0, 0, 0, 7).f1)


@pytest.mark.parametrize("counts", [(-1, 0, 0, 1), (0.5, 0, 0, 1), (np.nan, 0, 0, 1)])
def test_counts_are_whole_patients(counts):
    with pytest.raises(ValueError, match="tp: expected a whole number"):
        metrics_from_counts(*counts)


def test_proportions_of_nobody_and_impossible_ones():
    assert np.isnan(proportion_ci(0, 0)).all()
    with pytest.raises(ValueError, match="0 <= k <= n"):
        proportion_ci(3, 2)
    with pytest.raises(ValueError, match="method: expected one of wilson, wilson-cc"):
        proportion_ci(1, 2, method="agresti")


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


def test_a_table_too_large_for_enumeration_is_refused():
    rng = np.random.default_rng(5)
    x, group = rng.integers(0, 5, 3000).astype(str), rng.integers(0, 4, 3000)
    with pytest.raises(ValueError, match="too large; use 'chi2'"):
        group_test(x, group, test="fisher")


def test_a_matrix_needs_two_models():
    with pytest.raises(ValueError, match="two or more distinct models"):
        delong_matrix(Y, pd.DataFrame({"a": A}))
    with pytest.raises(ValueError, match="NaN"):
        threshold_metrics(Y, A, np.nan)
