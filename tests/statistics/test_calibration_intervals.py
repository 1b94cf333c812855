"""Intervals of calibration against their formulas, a plain bootstrap, and known truths."""

import sys

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from thyro.statistics.calibration import calibration
from thyro.statistics.calibration_intervals import (
    MEASURES,
    RESAMPLED,
    calibration_by_cohort,
    calibration_intervals,
)

RNG = np.random.default_rng(3)
P = expit(RNG.normal(-0.7, 1.0, 300))
Y = RNG.binomial(1, P)


def table(y=Y, p=P, **options):
    return calibration_intervals(y, p, **{"draws": 200, **options}).set_index("measure")


def test_estimates_are_those_of_calibration():
    found, alone = table(), calibration(Y, P)
    assert list(found.index) == list(MEASURES)
    assert found["estimate"].tolist() == [getattr(alone, name) for name in MEASURES]


def test_walds_intervals_of_intercept_and_slope():
    found, alone = table(level=0.9), calibration(Y, P)
    z = 1.6448536269514722
    for name in ("citl", "slope"):
        value, se = getattr(alone, name), getattr(alone, f"{name}_se")
        assert found.loc[name, "ci_low"] == pytest.approx(value - z * se)
        assert found.loc[name, "ci_high"] == pytest.approx(value + z * se)


def test_observed_over_expected_by_hand():
    # 30 observed of 100, 25 expected: ln 1.2 +- 1.96 sqrt(0.7 / 30)
    y = np.repeat([1, 0], [30, 70])
    p = np.tile([0.2, 0.3], 50)
    row = table(y, p).loc["observed_expected"]
    got = [row["estimate"], row["ci_low"], row["ci_high"]]
    np.testing.assert_allclose(got, [1.2, 0.889516, 1.618858], rtol=1e-5)


def test_the_bootstrap_is_that_of_patients():
    found = table(draws=50, seed=4)
    drawn = np.random.default_rng(4).integers(0, 300, (50, 300))
    brier = [np.mean((P[row] - Y[row]) ** 2) for row in drawn]
    scaled = [1 - b / np.var(Y[row]) for b, row in zip(brier, drawn, strict=True)]
    for name, values in (("brier", brier), ("scaled_brier", scaled)):
        np.testing.assert_allclose(
            found.loc[name, ["ci_low", "ci_high"]].tolist(), np.quantile(values, [0.025, 0.975])
        )
    # the curve of a sample is fitted at fewer points than that of the estimate
    whole = [calibration(Y[row], P[row]) for row in drawn]
    for name in ("e_avg", "e_90"):
        values = np.array([getattr(one, name) for one in whole])
        want = np.quantile(values, [0.025, 0.975]) - values.mean() + found.loc[name, "estimate"]
        got = found.loc[name, ["ci_low", "ci_high"]].tolist()
        np.testing.assert_allclose(got, np.maximum(want, 0), atol=0.004)


def test_samples_of_many_patients_are_smoothed_in_groups(monkeypatch):
    plain = table(draws=200).loc[["e_avg", "e_90"]]
    module = sys.modules[calibration_intervals.__module__]
    monkeypatch.setattr(module, "LARGE", 100)
    grouped = table(draws=200).loc[["e_avg", "e_90"]]
    assert not grouped.equals(plain)
    np.testing.assert_allclose(grouped["ci_low"], plain["ci_low"], atol=0.003)
    np.testing.assert_allclose(grouped["ci_high"], plain["ci_high"], atol=0.003)


def test_a_distance_lies_within_its_interval_also_where_calibration_is_perfect():
    for run in range(5):
        p = expit(np.random.default_rng(run).normal(-0.7, 1, 60))
        found = table(np.random.default_rng(run + 9).binomial(1, p), p)
        for name in ("e_avg", "e_90"):
            low, high = found.loc[name, ["ci_low", "ci_high"]]
            assert 0 <= low <= found.loc[name, "estimate"] <= high


def test_a_perfect_and_a_useless_prediction():
    prevalence = calibration(Y, np.full(300, Y.mean()))
    assert prevalence.scaled_brier == pytest.approx(0)
    assert calibration(Y, Y.astype(float)).scaled_brier == 1
    assert table(p=np.full(300, Y.mean())).loc["observed_expected", "estimate"] == pytest.approx(1)


def test_predictions_that_are_too_high_are_seen_in_the_large_alone():
    found = table(p=expit(logit(P) + 1))
    assert found.loc["citl", "ci_high"] < 0 and found.loc["observed_expected", "ci_high"] < 1
    assert found.loc["slope", "ci_low"] < 1 < found.loc["slope", "ci_high"]
    assert found.loc["e_avg", "estimate"] > 0.1


def test_separated_classes_have_no_slope():
    y = np.repeat([0, 1], 10)
    found = table(y, np.linspace(0.1, 0.9, 20), draws=20)
    assert found.loc["slope"].isna().all() and found.loc[[*RESAMPLED]].notna().all(axis=None)


@pytest.mark.slow
def test_intervals_cover_what_is_known():
    """100 cohorts of a calibrated model: in the large 0, slope 1, O:E 1, its true Brier score."""
    rng = np.random.default_rng(0)
    big = expit(rng.normal(-0.7, 1.0, 400_000))
    truth = {"citl": 0, "slope": 1, "observed_expected": 1, "brier": np.mean(big * (1 - big))}
    share = truth["brier"], big.mean() * (1 - big.mean())
    truth["scaled_brier"] = 1 - share[0] / share[1]
    hits = dict.fromkeys(truth, 0)
    for run in range(100):
        p = expit(rng.normal(-0.7, 1.0, 150))
        found = table(rng.binomial(1, p), p, draws=100, seed=run)
        for name, value in truth.items():
            hits[name] += found.loc[name, "ci_low"] <= value <= found.loc[name, "ci_high"]
    # 95 expected, Monte Carlo SD 2.2; a bootstrap of 100 samples is a little short
    assert all(88 <= count for count in hits.values()), hits


def test_every_model_in_every_cohort():
    split = np.repeat(["train", "test", "external"], 100)
    models = pd.DataFrame({"A": P, "B": P**2})
    whole = calibration_by_cohort(Y, models, split, draws=20, level=0.8)
    assert len(whole) == 2 * 3 * len(MEASURES)
    assert list(whole) == ["model", "cohort", "measure", "estimate", "ci_low", "ci_high"]
    rows = whole[whole["model"].eq("B") & whole["cohort"].eq("test")]
    alone = calibration_intervals(Y[100:200], P[100:200] ** 2, draws=20, level=0.8)
    pd.testing.assert_frame_equal(
        rows.drop(columns=["model", "cohort"]).reset_index(drop=True), alone
    )
