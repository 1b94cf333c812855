"""Differences of net benefit against decision curves and a loop over samples."""

import sys

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from thyro.statistics.decision import decision_curve
from thyro.statistics.net_benefit import DEFAULT, net_benefit_differences

RNG = np.random.default_rng(9)
N = 240
SPLIT = np.repeat(["train", "test"], N // 2)
Y = RNG.binomial(1, 0.3, N)
P = pd.DataFrame({"A": expit(-1 + Y + RNG.normal(size=N)), "B": expit(-1 + RNG.normal(size=N))})
POINTS = [0.1, 0.2, 0.4]
PAIRS = [("A", "B"), ("B", DEFAULT)]


def differences(pairs=PAIRS, p=P, **options):
    return net_benefit_differences(Y, p, SPLIT, pairs, POINTS, **{"draws": 100, **options})


def test_benefits_are_those_of_the_decision_curves():
    table = differences()
    assert table["cohort"].tolist() == ["train"] * 6 + ["test"] * 6
    here = SPLIT == "test"
    a, b = (decision_curve(Y[here], P.loc[here, name], POINTS) for name in "AB")
    rows = table[table["cohort"].eq("test") & table["model_a"].eq("A")]
    np.testing.assert_allclose(rows["benefit_a"], a.net_benefit)
    np.testing.assert_allclose(rows["difference"], a.net_benefit - b.net_benefit)
    best = np.maximum(b.treat_all, 0)
    rows = table[table["cohort"].eq("test") & table["model_b"].eq(DEFAULT)]
    np.testing.assert_allclose(rows["benefit_b"], best)
    np.testing.assert_allclose(rows["difference"], b.net_benefit - best)


def test_intervals_are_of_paired_samples():
    table = differences(draws=60, seed=5, level=0.8)
    here = SPLIT == "test"
    y, p = Y[here], P[here]
    counts = np.random.default_rng(5).multinomial(len(y), np.full(len(y), 1 / len(y)), size=60)
    drawn = []
    for row in counts:
        who = np.repeat(np.arange(len(y)), row)
        a, b = (decision_curve(y[who], p[name].to_numpy()[who], POINTS) for name in "AB")
        drawn.append(a.net_benefit - b.net_benefit)
    rows = table[table["cohort"].eq("test") & table["model_a"].eq("A")]
    np.testing.assert_allclose(rows["ci_low"], np.quantile(drawn, 0.1, axis=0))
    np.testing.assert_allclose(rows["ci_high"], np.quantile(drawn, 0.9, axis=0))


def test_a_model_is_worth_as_much_as_itself():
    same = differences([("A", "A2")], P.assign(A2=P["A"]))
    assert same[["difference", "ci_low", "ci_high"]].eq(0).all(axis=None)


def test_a_reader_of_grades_is_judged_by_the_calls():
    graded = P.assign(R=np.tile([1, 4, 3, 2, 5], 48))
    got = differences([("A", "R")], graded, cutoffs={"R": 4})
    want = differences([("A", "R")], graded.assign(R=graded["R"].ge(4).astype(int)))
    pd.testing.assert_frame_equal(got, want)
    with pytest.raises(ValueError, match="R: expected probabilities"):
        differences([("A", "R")], graded)


@pytest.mark.parametrize("point", [-0.1, 1.0])
def test_a_threshold_has_finite_odds(point):
    with pytest.raises(ValueError, match="from 0 to below 1"):
        net_benefit_differences(Y, P, SPLIT, PAIRS, [0.2, point])


def test_many_patients_are_drawn_by_kind(monkeypatch):
    plain = differences(draws=4000)
    monkeypatch.setattr(sys.modules[net_benefit_differences.__module__], "LARGE", 100)
    by_kind = differences(draws=4000)
    told = ["benefit_a", "benefit_b", "difference"]
    pd.testing.assert_frame_equal(by_kind[told], plain[told])
    assert not by_kind["ci_low"].equals(plain["ci_low"])
    ends = ["ci_low", "ci_high"]
    np.testing.assert_allclose(by_kind[ends], plain[ends], atol=0.01)
