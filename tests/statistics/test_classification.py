"""ROC curves, cut-offs and confusion matrices: against R, the printed Table 2, and themselves."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import log_loss

from tests.reference import cases, compare, number
from thyro.statistics import classification
from thyro.statistics.calibration import calibration
from thyro.statistics.classification import (
    metrics_from_counts,
    proportion_ci,
    roc_curve,
    threshold_metrics,
    youden_threshold,
)
from thyro.statistics.delong import auc_ci


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


def upwards(case):
    """Outcome and score of a ROC case, with the score turned so that higher means a case."""
    score = np.array(case["input"]["score"])
    return case["input"]["y"], score if case["input"]["direction"] == "<" else -score


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


COUNTS = ("tp", "fp", "tn", "fn")


RATES = ("sensitivity", "specificity", "ppv", "npv", "accuracy")


def turned(case):
    """Labels, and the score turned so that higher is more suspicious."""
    y, score = (np.array(case["input"][key]) for key in ("y", "score"))
    return y, score if case["input"]["direction"] == "<" else -score


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
    y, score = turned(case)
    want, curve = case["output"]["curve"], classification.roc_curve(y, score)
    sign = 1 if case["input"]["direction"] == "<" else -1
    compare("roc", case["name"], sign * curve.threshold, want["threshold"], 1e-12, what="threshold")
    for key in ("sensitivity", "specificity"):
        compare("roc", case["name"], getattr(curve, key), want[key], 1e-12, what=key)


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
    "clopper_pearson": "clopper-pearson",
}


def check_proportion(name, want):
    for key, method in METHODS.items():
        got = classification.proportion_ci(want["x"], want["n"], method=method)
        compare("metrics", name, got, want[key], 1e-9, what=method)


@pytest.mark.parametrize("case", cases("metrics", "proportion_ci_cases"))
def test_proportions(case):
    check_proportion(f"{case['x']} of {case['n']}", case)


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


def test_wilson_is_mirrored():
    low, high = proportion_ci(3, 17)
    np.testing.assert_allclose(proportion_ci(14, 17), (1 - high, 1 - low), rtol=1e-12)


def test_youden_does_not_move_with_units():
    assert youden_threshold(Y, np.multiply(A, 100)) == pytest.approx(100 * youden_threshold(Y, A))


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
    nobody = metrics_from_counts(0, 0, 0, 0)
    assert np.isnan([nobody.accuracy, nobody.kappa, nobody.mcc, nobody.no_information_rate]).all()
    # Called and true alike, all of one kind: chance already agrees, so 0/0.
    assert np.isnan(metrics_from_counts(0, 0, 0, 7).kappa)


@pytest.mark.parametrize("counts", [(-1, 0, 0, 1), (0.5, 0, 0, 1), (np.nan, 0, 0, 1)])
def test_counts_are_whole_patients(counts):
    with pytest.raises(ValueError, match="tp: expected a whole number"):
        metrics_from_counts(*counts)


def test_proportions_of_nobody_and_impossible_ones():
    assert np.isnan(proportion_ci(0, 0)).all()
    with pytest.raises(ValueError, match="0 <= k <= n"):
        proportion_ci(3, 2)
    with pytest.raises(ValueError, match="method: expected one of wilson, clopper-pearson"):
        proportion_ci(1, 2, method="agresti")


# Ten cases and ten controls in turn.
TURNS = np.tile([0, 1], 10)
RISING = np.arange(20.0)


@pytest.mark.parametrize(
    ("sensitivity", "threshold"), [(0.9, 2.5), (0.85, 2.5), (0.91, 0.5), (1, 0.5), (0.05, 18.5)]
)
def test_the_cut_off_of_a_sensitivity_counts_cases(sensitivity, threshold):
    found = classification.sensitivity_threshold(TURNS, RISING, sensitivity)
    assert found == threshold
    assert threshold_metrics(TURNS, RISING, found).sensitivity >= sensitivity


@pytest.mark.parametrize(
    ("specificity", "threshold"), [(0.7, 12.5), (0.65, 12.5), (0.71, 14.5), (0, -np.inf), (1, 18.5)]
)
def test_the_cut_off_of_a_specificity_counts_controls(specificity, threshold):
    found = classification.specificity_threshold(TURNS, RISING, specificity)
    assert found == threshold
    assert threshold_metrics(TURNS, RISING, found).specificity >= specificity


def test_both_cut_offs_mirror_each_other():
    rng = np.random.default_rng(0)
    y, score = rng.permutation(np.repeat([0, 1], 25)), rng.normal(size=50).round(1)
    here = classification.sensitivity_threshold(y, score, 0.8)
    there = classification.specificity_threshold(1 - y, -score, 0.8)
    assert here == -there


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_is_one(share):
    for cut in (classification.sensitivity_threshold, classification.specificity_threshold):
        with pytest.raises(ValueError, match="expected a share"):
            cut(TURNS, RISING, share)
    with pytest.raises(ValueError, match="above 0"):
        classification.sensitivity_threshold(TURNS, RISING, 0)
