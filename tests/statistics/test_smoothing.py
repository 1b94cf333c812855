"""Lowess and loess: against R, and of curves that they must return."""

import numpy as np
import pytest

from tests.reference import cases, compare
from thyro.statistics import smoothing
from thyro.statistics.calibration import calibration, calibration_curve


@pytest.mark.parametrize("case", cases("calibration", "calibration_cases"))
def test_smooth_curves(case):
    y, p = (np.array(case["input"][key], dtype=float) for key in ("y", "p"))
    if np.ptp(p) == 0:
        assert "lowess" not in case["output"]
        return
    want, name = case["output"], case["name"]
    got = calibration(y.astype(int), p)
    exact, default = want["lowess_delta0"], want["lowess"]
    keys = ("Eavg", "E50", "E90", "Emax")
    errors = [got.e_avg, got.e_50, got.e_90, got.e_max]
    compare("calibration", name, errors, [exact[k] for k in keys], 1e-8, what="E, delta 0")
    x, smooth = smoothing.lowess(p, y)
    per_patient = smooth[np.searchsorted(x, p)]
    compare("calibration", name, per_patient, exact["calibrated_per_obs"], 1e-8, what="lowess")
    x, smooth = smoothing.lowess(p, y, delta=0.01 * np.ptp(p))
    compare("calibration", name, x, default["x_unique"], 1e-12, what="x")
    per_patient = np.interp(p, x, smooth)
    compare("calibration, R's delta", name, per_patient, default["calibrated_per_obs"], 5e-3)
    off = np.abs(p - per_patient)
    mine = [off.mean(), *np.quantile(off, [0.5, 0.9]), off.max()]
    compare("calibration, R's delta", name, mine, [default[k] for k in keys], 5e-3, what="E")
    direct = want["loess_direct"]
    x = np.unique(p)
    fitted = (smoothing.loess_weights(x, p) @ y)[np.searchsorted(x, p)]
    off = np.abs(p - fitted)
    mine = [off.mean(), *np.quantile(off, [0.5, 0.9]), off.max()]
    keys = ("ICI", "E50", "E90", "Emax")
    compare("calibration, loess", name, mine, [direct[k] for k in keys], 1e-6, what="loess")


def test_a_parabola_is_its_own_loess_and_a_line_its_own_lowess():
    x = np.sort(np.random.default_rng(0).random(80))
    weights = smoothing.loess_weights(x, x)
    np.testing.assert_allclose(weights @ (3 * x**2 - x + 1), 3 * x**2 - x + 1, atol=1e-10)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-10)
    np.testing.assert_allclose(smoothing.lowess(x, 2 * x - 1)[1], 2 * x - 1, atol=1e-10)


def test_loess_of_few_distinct_values_is_their_mean():
    p, y = np.repeat([0.2, 0.8], 10), np.tile([0.0, 1, 1, 0, 1], 4)
    smooth = smoothing.loess_weights(np.array([0.2, 0.8]), p) @ y
    np.testing.assert_allclose(smooth, [0.6, 0.6], atol=1e-9)


def test_heavy_ties_are_smoothed_by_their_mean():
    # Nine of ten patients share a prediction, more than the span: no line can be fitted there.
    y, p = [0] * 6 + [1] * 3 + [1], [0.3] * 9 + [0.8]
    curve = calibration_curve(y, p)
    assert curve.observed[0] == pytest.approx(1 / 3)
    assert calibration_curve(y, [0.3] * 10, bins=4).bin_n.tolist() == [10]


def many(n=1200, seed=5):
    """Skewed predictions, some of them tied, as most are small; and outcomes that differ."""
    rng = np.random.default_rng(seed)
    p = np.round(rng.beta(0.6, 3, n), 4)
    return p, (rng.random(n) < p**1.3).astype(float)


def test_entries_that_stand_for_several_patients_are_these_patients():
    p, y = many()
    x, n = np.unique(p, return_counts=True)
    share = np.array([y[p == value].mean() for value in x])
    alone = smoothing.lowess(p, y)
    np.testing.assert_allclose(smoothing.lowess(x, share, counts=n), alone, atol=1e-12)


def test_of_many_patients_the_smooth_is_that_of_all_points(monkeypatch):
    p, y = many()
    exact = smoothing.lowess(p, y)
    monkeypatch.setattr(smoothing, "LARGE", 1000)
    x, smooth = smoothing.lowess(p, y)
    np.testing.assert_array_equal(x, exact[0])
    assert 0 < np.abs(smooth - exact[1]).max() < 0.002
    off, exact_off = (np.abs(x - values) for values in (smooth, exact[1]))
    assert off.mean() == pytest.approx(exact_off.mean(), abs=1e-4)


def test_the_steps_do_not_grow_with_the_patients():
    # The time of a smooth is the patients times its fitted points, so linear in the patients.
    for n in (10_000, 40_000):
        points = smoothing.steps(many(n)[0])
        assert len(points) <= 2 * (smoothing.STEPS + 1) and (np.diff(points) > 0).all()
        assert points[0] == many(n)[0].min() and points[-1] == many(n)[0].max()
        assert np.diff(points).max() < 2 / smoothing.STEPS + 0.05
