"""Net benefit against R, and against what treating all and none must give."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.reference import cases, compare
from thyro.statistics.decision import decision_curve

CASES = json.loads((Path(__file__).parents[1] / "golden" / "dca.json").read_text())["dca_cases"]


GRID = np.arange(1, 100) / 100


Y = [0, 0, 0, 1, 0, 1, 0, 1, 1, 0]


P = [0.1, 0.2, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_net_benefit_matches_r(case):
    want = case["output"]
    got = decision_curve(case["input"]["y"], case["input"]["p"], want["threshold"])
    for name, key in (("net_benefit", "net_benefit_model"), ("treat_all", "net_benefit_all")):
        np.testing.assert_allclose(getattr(got, name), want[key], rtol=1e-12, atol=1e-12)


def test_by_hand():
    # At 0.5: treated are 0.5 0.6 0.7 0.8 0.9, three cases and two controls; the weight is 1.
    got = decision_curve(Y, P, [0.5])
    assert got.net_benefit[0] == pytest.approx(3 / 10 - 2 / 10)
    assert got.treat_all[0] == pytest.approx(4 / 10 - 6 / 10)


def test_treating_none_gains_nothing_and_treating_all_breaks_even_at_the_prevalence():
    curve = decision_curve(Y, P, [0.2, 0.4])
    assert curve.treat_none.tolist() == [0, 0]
    assert curve.treat_all[1] == pytest.approx(0, abs=1e-15)


def test_a_model_that_treats_everybody_is_treat_all():
    curve = decision_curve(Y, np.ones(10), GRID)
    np.testing.assert_allclose(curve.net_benefit, curve.treat_all, atol=1e-12)


def test_a_perfect_model_gains_the_prevalence_at_every_threshold():
    np.testing.assert_allclose(decision_curve(Y, Y, GRID).net_benefit, 0.4, rtol=1e-12)


def test_a_yes_no_reading_keeps_its_counts():
    reading = [0, 0, 1, 1, 0, 1, 0, 1, 0, 0]  # three of four cases, one control
    curve = decision_curve(Y, reading, GRID)
    np.testing.assert_allclose(curve.net_benefit, 0.3 - 0.1 * GRID / (1 - GRID), atol=1e-12)


def test_a_prediction_equal_to_the_threshold_is_treated():
    assert decision_curve(Y, P, [0.9]).net_benefit[0] == pytest.approx(-0.1 * 0.9 / 0.1)


def test_a_cohort_without_cases_is_allowed():
    assert decision_curve([0, 0], [0.1, 0.2], [0.5]).net_benefit[0] == 0


def test_the_frame_repeats_the_name():
    frame = decision_curve(Y, P, GRID, model="Nomogram_A").to_frame()
    assert set(frame["model"]) == {"Nomogram_A"}
    assert len(frame) == 99


@pytest.mark.parametrize(
    ("p", "thresholds", "message"),
    [
        (P, [0.5, 1.0], "found \\[1.0\\]. At 1 the weight"),
        (P, [-0.1], "thresholds: expected probabilities"),
        (np.multiply(P, 100), [0.5], "p: expected probabilities between 0 and 1"),
        (P[:9], [0.5], "p: expected 10 values"),
    ],
)
def test_what_is_no_probability_is_refused(p, thresholds, message):
    with pytest.raises(ValueError, match=message):
        decision_curve(Y, p, thresholds)


@pytest.mark.parametrize("case", cases("dca", "dca_cases"))
def test_decision_curves(case):
    want, name = case["output"], case["name"]
    curve = decision_curve(case["input"]["y"], case["input"]["p"], want["threshold"])
    for mine, theirs in (
        ("tp", "tp"),
        ("fp", "fp"),
        ("net_benefit", "net_benefit_model"),
        ("treat_all", "net_benefit_all"),
        ("treat_none", "net_benefit_none"),
        ("interventions_avoided", "net_interventions_avoided_per_100"),
    ):
        compare("dca", name, getattr(curve, mine), want[theirs], 1e-12, what=theirs)
    prevalence = np.mean(case["input"]["y"])
    compare("dca", name, prevalence, want["prevalence"], 1e-12, what="prevalence")
    relative = curve.net_benefit / prevalence
    compare("dca", name, relative, want["standardized_net_benefit_model"], 1e-12, what="relative")
    better = curve.net_benefit > np.maximum(curve.treat_all, 0) + 1e-12
    expected = want["thresholds_where_model_beats_all_and_none"]
    assert curve.threshold[better].tolist() == [float(t) for t in np.atleast_1d(expected)]
    area = np.trapezoid(curve.net_benefit, curve.threshold)
    compare("dca", name, area, want["area_nb_trapezoid_0.01_0.99"], 1e-12, what="area")
