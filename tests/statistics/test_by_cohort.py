"""Curves and tests by cohort: each is that of its own patients and its own score."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from thyro.statistics import by_cohort, calibration, classification, decision, delong, performance

RNG = np.random.default_rng(4)
SPLIT = np.repeat(["external", "train", "test"], 40)
Y = np.tile([0, 1, 1, 0], 30)
P = pd.DataFrame({name: expit(RNG.normal(size=120) + k * Y) for k, name in enumerate("ABC")})
COHORTS = ["train", "test", "external"]
GRID = [0.1, 0.3, 0.6]


def of(cohort):
    return SPLIT == cohort


def test_aucs_are_those_of_each_cohort():
    table = by_cohort.auc_table(Y, P, SPLIT)
    assert list(table.index) == list("ABC") and list(table) == COHORTS
    for cohort in COHORTS:
        for model in P:
            alone = delong.auc_ci(Y[of(cohort)], P.loc[of(cohort), model]).auc
            assert table.loc[model, cohort] == alone


def test_roc_curves_are_those_of_each_cohort():
    curves = by_cohort.roc_curves(Y, P, SPLIT)
    assert list(curves) == COHORTS and list(curves["test"]) == list("ABC")
    alone = classification.roc_curve(Y[of("test")], P.loc[of("test"), "B"])
    np.testing.assert_array_equal(curves["test"]["B"].threshold, alone.threshold)
    np.testing.assert_array_equal(curves["test"]["B"].sensitivity, alone.sensitivity)


def test_every_two_scores_of_a_group_are_compared_in_every_cohort():
    table = by_cohort.delong_by_family(Y, P, SPLIT, {"all": [list("ABC")]}, level=0.9)
    assert table["cohort"].tolist() == [c for c in COHORTS for _ in range(3)]
    assert table.index.tolist() == list(range(9)) and list(table)[-2:] == ["cohort", "family"]
    alone = delong.delong_matrix(Y[of("test")], P[of("test")], level=0.9)
    rows = table[table["cohort"].eq("test")].drop(columns=["cohort", "family"])
    pd.testing.assert_frame_equal(rows.reset_index(drop=True), alone)


def test_a_family_is_adjusted_as_one_whatever_its_groups():
    groups = [["A", "B"], ["C", "A"], ["B", "A"]]
    table = by_cohort.delong_by_family(Y, P, SPLIT, {"few": groups})
    pairs = list(zip(table["model_a"], table["model_b"], strict=True))
    assert pairs == [("A", "B"), ("C", "A")] * 3  # the third group is the first once more
    test = table[table["cohort"].eq("test")]
    want = delong.holm_adjusted(test["p_value"].to_numpy())
    np.testing.assert_array_equal(test["p_holm"], want)
    assert (want > test["p_value"]).any()


def test_a_contrast_has_the_same_p_wherever_it_is_shown():
    families = {"image": [list("AB"), list("ABD")], "nomogram": [list("CE")]}
    scores = P.assign(D=P["A"] ** 2 + RNG.random(120), E=RNG.random(120))
    table = by_cohort.delong_by_family(Y, scores, SPLIT, families)
    shown = [
        by_cohort.contrasts(table, groups) for groups in ([list("ABD")], [list("BA")], [list("EC")])
    ]
    assert [len(part) for part in shown] == [9, 3, 3]
    assert shown[0]["cohort"].tolist() == [c for c in COHORTS for _ in range(3)]
    every = pd.concat([table, *shown])
    contrast = every["model_a"] + every["model_b"] + every["cohort"]
    assert every.groupby(contrast)["p_holm"].nunique().eq(1).all()
    assert every.groupby(contrast)["p_value"].nunique().eq(1).all()


def test_contrasts_of_several_groups_stand_by_cohort():
    table = by_cohort.delong_by_family(Y, P, SPLIT, {"all": [list("ABC")]})
    shown = by_cohort.contrasts(table.iloc[::-1], [list("AB"), list("BC")])
    assert shown["cohort"].tolist() == [c for c in COHORTS for _ in range(2)]
    assert not (shown["model_a"] + shown["model_b"]).eq("AC").any()


def test_a_family_without_a_comparison_has_no_row():
    table = by_cohort.delong_by_family(Y, P, SPLIT, {"image": [["A"]], "nomogram": [["C", "B"]]})
    assert table["family"].tolist() == ["nomogram"] * 3 and table["cohort"].tolist() == COHORTS
    assert set(table["model_a"]) == {"C"}


@pytest.mark.parametrize("families", [{"a": [["A"]]}, {"a": [list("AB")], "b": [list("BAC")]}])
def test_a_comparison_is_in_one_family(families):
    with pytest.raises(ValueError, match="each comparison in one family"):
        by_cohort.delong_by_family(Y, P, SPLIT, families)


def test_decision_curves_are_those_of_each_cohort():
    curves = by_cohort.decision_curves(Y, P, SPLIT, GRID, draws=20, seed=3, level=0.8)
    assert list(curves) == COHORTS
    assert [curve.model for curve in curves["test"]] == list("ABC")
    alone = decision.decision_curve(
        Y[of("test")], P.loc[of("test"), "B"], GRID, draws=20, seed=3, level=0.8
    )
    np.testing.assert_array_equal(curves["test"][1].net_benefit, alone.net_benefit)
    np.testing.assert_array_equal(curves["test"][1].low, alone.low)


def test_a_grade_is_judged_by_the_call_at_its_cut_off():
    graded = P.assign(R=np.tile([1, 4, 3, 2, 5], 24).astype(float))
    curves = by_cohort.decision_curves(Y, graded, SPLIT, GRID, cutoffs={"R": 4, "absent": 1})
    assert [curve.model for curve in curves["train"]] == ["A", "B", "C", "R"]
    called = graded.loc[of("train"), "R"] >= 4
    assert set(curves["train"][3].tp) == {int((Y[of("train")][called] == 1).sum())}


def test_all_points_stand_in_one_table():
    curves = by_cohort.decision_curves(Y, P, SPLIT, GRID)
    table = by_cohort.decision_table(curves)
    assert len(table) == 3 * 3 * 3 and table.index.tolist() == list(range(27))
    assert table["cohort"].drop_duplicates().tolist() == COHORTS
    rows = table[table["cohort"].eq("external") & table["model"].eq("C")]
    assert rows["net_benefit"].tolist() == curves["external"][2].net_benefit.tolist()


def test_calibration_curves_are_those_of_each_cohort():
    curves = by_cohort.calibration_curves(Y, P, SPLIT, level=0.8)
    alone = calibration.calibration_curve(Y[of("test")], P.loc[of("test"), "C"], level=0.8)
    np.testing.assert_array_equal(curves["test"]["C"].low, alone.low)


def test_an_updated_intercept_makes_the_mean_prediction_right_and_keeps_the_ranks():
    calibrated = performance.calibration_table(Y, P, SPLIT)
    updated = by_cohort.updated_curves(Y, P, SPLIT, calibrated)
    assert list(updated) == ["external"] and list(updated["external"]) == list("ABC")
    for model, curve in updated["external"].items():
        groups = curve.bin_n / curve.bin_n.sum()
        assert groups @ curve.bin_predicted == pytest.approx(Y[of("external")].mean(), abs=1e-8)
        before = by_cohort.calibration_curves(Y, P, SPLIT)["external"][model]
        np.testing.assert_array_equal(curve.bin_observed, before.bin_observed)
        moved = logit(curve.predicted[[0, -1]]) - logit(before.predicted[[0, -1]])
        assert moved[0] == pytest.approx(moved[1])


def test_a_study_without_that_cohort_has_no_updated_curve():
    inside = SPLIT != "external"
    calibrated = performance.calibration_table(Y[inside], P[inside], SPLIT[inside])
    assert by_cohort.updated_curves(Y[inside], P[inside], SPLIT[inside], calibrated) == {}


def test_metrics_at_a_threshold_are_those_of_one_cohort():
    y = pd.Series([0, 1, 1, 0, 1, 0])
    p = pd.DataFrame({"A": [0.1, 0.9, 0.4, 0.6, 0.7, 0.2], "B": 0.5})
    split = pd.Series(["train", "train", "train", "test", "test", "test"])
    found = by_cohort.metrics_at(y, p, split, "test", "A", 0.65)
    assert (found.tp, found.fn, found.fp, found.tn) == (1, 0, 0, 2)
    found = by_cohort.metrics_at(y, p, split, "train", "B", 0.5)
    assert (found.tp, found.fn, found.fp, found.tn) == (2, 0, 1, 0)
