"""DeLong's test: against pROC, what must hold for any scores, coverage by simulation, bad input."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from scipy import stats
from statsmodels.stats.multitest import multipletests

from tests.reference import cases, compare
from tests.statistics.scored import scored
from thyro.statistics import classification, delong
from thyro.statistics.classification import (
    metrics_from_counts,
    roc_curve,
    threshold_metrics,
)
from thyro.statistics.delong import (
    auc_ci,
    auc_interval,
    delong_matrix,
    delong_test,
    holm_adjusted,
    unpaired_test,
)


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


@given(scored())
def test_identical_models_do_not_differ(data):
    y, a, _ = data
    got = delong_test(y, a, a)
    assert (got.difference, got.z, got.p_value, got.ci_low, got.ci_high) == (0, 0, 1, 0, 0)


@given(scored())
def test_swapping_turns_the_sign(data):
    y, a, b = data
    one, other = delong_test(y, a, b), delong_test(y, b, a)
    assert one.difference == -other.difference
    assert one.z == -other.z and one.p_value == other.p_value
    assert 0 <= one.p_value <= 1 and not np.isnan(one.z)


@given(scored())
def test_only_ranks_matter(data):
    y, a, b = data
    one, other = delong_test(y, a, b), delong_test(y, np.exp(3 * a), b**3 + b)
    assert one == other
    assert auc_ci(y, a) == auc_ci(y, 100 * a - 7)
    assert auc_interval(y, a) == auc_interval(y, np.exp(a))


@given(scored())
def test_turning_a_score_turns_the_auc(data):
    y, a, _ = data
    assert auc_ci(y, a).auc + auc_ci(y, -a).auc == pytest.approx(1)
    assert auc_ci(y, a).se == pytest.approx(auc_ci(y, -a).se, abs=1e-12)


@given(scored())
def test_auc_counts_pairs(data):
    y, a, _ = data
    pairs = np.sign(a[y == 1][:, None] - a[y == 0])
    assert auc_ci(y, a).auc == pytest.approx((pairs.mean() + 1) / 2, abs=1e-12)


@given(scored(), scored())
def test_unpaired_is_symmetric_and_equal_to_itself(first, second):
    (y_a, a, _), (y_b, b, _) = first, second
    one, other = unpaired_test(y_a, a, y_b, b), unpaired_test(y_b, b, y_a, a)
    assert one.difference == -other.difference
    assert one.p_value == pytest.approx(other.p_value, abs=1e-12)
    assert unpaired_test(y_a, a, y_a, a).p_value == 1


@given(scored(scores=1))
def test_intervals_hold_the_auc_and_stay_within_0_and_1(data):
    y, a = data
    auc = auc_ci(y, a).auc
    for method in ("logit", "bootstrap"):
        low, high = auc_interval(y, a, method=method, draws=50)
        assert 0 <= low <= high <= 1
    low, high = auc_interval(y, a)
    assert low - 1e-12 <= auc <= high + 1e-12


def test_the_matrix_holds_the_pairs():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [60, 30])
    scores = pd.DataFrame(rng.normal(size=(90, 4)) + y[:, None], columns=list("abcd"))
    table = delong_matrix(y, scores)
    assert len(table) == 6
    for row in table.itertuples():
        got = delong_test(y, scores[row.model_a], scores[row.model_b])
        assert (got.difference, got.z, got.p_value) == (row.difference, row.z, row.p_value)


def binormal(auc, n, cases, rng, rho=None):
    """Labels and one score, or two of the same AUC with correlation `rho` within the classes."""
    y = (np.arange(n) < cases).astype(int)
    shift = np.sqrt(2) * stats.norm.ppf(auc) * y
    first = rng.normal(size=n)
    if rho is None:
        return y, first + shift
    return y, first + shift, rho * first + np.sqrt(1 - rho**2) * rng.normal(size=n) + shift


def coverage(auc, draws=2000):
    """Share of intervals that hold the true AUC: Wald's and that of the log odds."""
    rng = np.random.default_rng(20)
    inside = np.zeros(2)
    for _ in range(draws):
        y, score = binormal(auc, 164, 45, rng)
        wald, (low, high) = auc_ci(y, score), auc_interval(y, score)
        inside += [wald.ci_low <= auc <= wald.ci_high, low <= auc <= high]
    return inside / draws


def test_intervals_cover_the_true_auc():
    wald, of_log_odds = coverage(0.75)
    assert 0.935 <= wald <= 0.965 and 0.935 <= of_log_odds <= 0.965
    # Near the border Wald's interval, which pROC and most papers print, is too short with 45
    # cases: 12 000 draws give 92.0 %, and 94.4 % for that of the log odds.
    wald, of_log_odds = coverage(0.9)
    assert 0.91 <= wald <= 0.935 and 0.935 <= of_log_odds <= 0.965


def test_the_test_keeps_its_level():
    rng = np.random.default_rng(21)
    rejected = sum(
        delong_test(*binormal(0.8, 164, 45, rng, rho=0.6)).p_value < 0.05 for _ in range(2000)
    )
    assert 0.04 <= rejected / 2000 <= 0.06


def test_bootstrap_and_delong_are_about_as_wide():
    y, score = binormal(0.8, 400, 120, np.random.default_rng(5))
    wald = auc_ci(y, score)
    low, high = auc_interval(y, score, method="bootstrap", seed=3)
    assert high - low == pytest.approx(wald.ci_high - wald.ci_low, rel=0.1)
    assert (low, high) == auc_interval(y, score, method="bootstrap", seed=3)
    assert (low, high) != auc_interval(y, score, method="bootstrap", seed=4)
    # The logit interval leans towards one half.
    low, high = auc_interval(y, score)
    assert wald.auc - low > high - wald.auc


def test_the_bootstrap_draws_each_class_on_its_own():
    # One control above all cases: its share of the samples is what decides.
    y, score = np.repeat([1, 0], [5, 4]), np.array([2, 2, 2, 2, 2, 1, 1, 1, 3.0])
    low, high = auc_interval(y, score, method="bootstrap", draws=4000)
    # Samples have 0 to 4 of that control: AUC 1, 0.75, 0.5, 0.25, 0.
    assert {low, high} <= {0, 0.25, 0.5, 0.75, 1} and high == 1


PERFECT = np.array([0.0, 1, 2, 3]), np.array([0, 0, 1, 1])


def test_perfect_and_constant_scores_have_documented_values():
    score, y = PERFECT
    got = auc_ci(y, score)
    assert (got.auc, got.se, got.ci_low, got.ci_high) == (1, 0, 1, 1)
    assert auc_interval(y, score) == (1, 1) == auc_interval(y, score, method="bootstrap")
    flat = auc_ci(y, np.ones(4))
    assert (flat.auc, flat.se, flat.ci_low, flat.ci_high) == (0.5, 0, 0.5, 0.5)
    against = delong_test(y, score, np.ones(4))
    assert (against.difference, against.p_value) == (0.5, 0)  # not by chance: no variance at all
    assert unpaired_test(y, score, y, score).p_value == 1


@pytest.mark.parametrize(
    ("y", "score", "message"),
    [
        ([1, 1, 1, 1], [1, 2, 3, 4], "needs at least 2 patients per class"),
        ([1, 0, 0, 0], [1, 2, 3, 4], "needs at least 2 patients per class"),
        ([1, 1, 0, 2], [1, 2, 3, 4], "y: expected only 0"),
        ([1, 1, 0, 0], [1, 2, 3, np.nan], "score.*finite"),
        ([1, 1, 0, 0], [1, 2, 3, np.inf], "score.*finite"),
        ([1, 1, 0, 0], [1, 2, 3], "score: expected"),
    ],
)
def test_bad_input_says_what_is_wrong(y, score, message):
    with pytest.raises(ValueError, match=message):
        auc_ci(y, score)


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
    np.testing.assert_array_equal(table["p_holm"], holm_adjusted(table["p_value"].to_numpy()))


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        # R: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm") and so on
        ([0.01, 0.02, 0.03, 0.04, 0.05], [0.05, 0.08, 0.09, 0.09, 0.09]),
        ([0.04, 0.001, 0.03], [0.06, 0.003, 0.06]),
        ([0.5, 0.6], [1.0, 1.0]),
        ([0.2], [0.2]),
    ],
)
def test_holm_steps_down_and_never_falls(p_values, adjusted):
    np.testing.assert_allclose(holm_adjusted(np.array(p_values)), adjusted, rtol=1e-12)


def test_holm_is_that_of_statsmodels():
    rng = np.random.default_rng(0)
    for n in (1, 2, 28, 200):
        p_values = rng.random(n).round(2)  # with ties
        expected = multipletests(p_values, method="holm")[1]
        np.testing.assert_array_equal(holm_adjusted(p_values), expected)


def test_frames_carry_the_name_and_every_field():
    assert list(auc_ci(Y, A).to_frame("m").index) == ["m"]
    assert delong_test(Y, A, B).to_frame("A v B").loc["A v B", "n_cases"] == 5
    assert metrics_from_counts(1, 2, 3, 4).to_frame("m").loc["m", "fp"] == 3
    assert len(roc_curve(Y, A).to_frame()) == len(set(A)) + 1


def test_identical_scores_do_not_differ():
    r = delong_test(Y, A, A)
    assert (r.difference, r.z, r.p_value, r.ci_low, r.ci_high) == (0, 0, 1, 0, 0)


def test_opposite_perfect_scores_differ_for_sure():
    r = delong_test(Y, Y, np.negative(Y))
    assert (r.difference, r.z, r.p_value) == (1, np.inf, 0)


def test_a_matrix_needs_two_models():
    with pytest.raises(ValueError, match="two or more distinct models"):
        delong_matrix(Y, pd.DataFrame({"a": A}))
    with pytest.raises(ValueError, match="NaN"):
        threshold_metrics(Y, A, np.nan)


def test_an_unknown_interval_is_named():
    with pytest.raises(ValueError, match="method: expected one of logit, bootstrap"):
        auc_interval([0, 0, 1, 1], [1, 2, 3, 4], method="wald")


def test_some_pairs_are_those_of_the_matrix_adjusted_for_their_own_number():
    rng = np.random.default_rng(3)
    y = np.tile([0, 1, 0], 30)
    scores = pd.DataFrame({name: rng.normal(size=90) + k * y for k, name in enumerate("ABC")})
    matrix = delong.delong_matrix(y, scores).set_index(["model_a", "model_b"])
    some = delong.delong_pairs(y, scores, [("B", "C"), ("A", "C")])
    assert some["model_a"].tolist() == ["B", "A"]
    for row in some.itertuples():
        assert row.p_value == matrix.loc[(row.model_a, row.model_b), "p_value"]
    np.testing.assert_array_equal(some["p_holm"], delong.holm_adjusted(some["p_value"].to_numpy()))
    for pairs in ([], [("A", "B"), ("B", "A")]):
        with pytest.raises(ValueError, match="one or more distinct comparisons"):
            delong.delong_pairs(y, scores, pairs)
