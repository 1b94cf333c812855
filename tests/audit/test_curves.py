"""Errors and bounds of AUCs, against simulation, DeLong's own code and the audit found by hand."""

import numpy as np
import pytest
from scipy.stats import norm

from thyro.audit import curves
from thyro.audit.printed import interval
from thyro.statistics import auc_ci, delong_test

from .conftest import original


def test_hanley_and_mcneils_error():
    # Hanley, McNeil (1982), formula 2; Table 1 of the audit found by hand: SR_SVM, Test.
    assert curves.hanley_mcneil(0.878, 45, 119) == pytest.approx(0.0349, abs=5e-5)


def test_the_error_comes_back_from_the_width():
    rng = np.random.default_rng(1)
    y = np.repeat([0, 1], [119, 45])
    ci = auc_ci(y, rng.normal(size=164) + y)
    printed = interval({"auc": f"{ci.auc:.3f}", "ci95": f"{ci.ci_low:.4f}–{ci.ci_high:.4f}"})
    assert curves.standard_error(printed) == pytest.approx(ci.se, abs=5e-5)


@pytest.mark.parametrize("spread", [0.5, 1.0, 2.0])
def test_the_binormal_error_is_delongs_on_average(spread):
    rng, cases, controls, auc = np.random.default_rng(2), 45, 119, 0.85
    d = norm.ppf(auc) * np.sqrt(1 + spread**2)
    y = np.repeat([1, 0], [cases, controls])
    got = [
        auc_ci(y, np.r_[rng.normal(d, 1, cases), rng.normal(0, spread, controls)]).se ** 2
        for _ in range(300)
    ]
    want = curves.binormal_error(auc, cases, controls, spread=spread)
    assert np.sqrt(np.mean(got)) == pytest.approx(want, rel=0.04)


def test_no_error_exceeds_the_largest():
    rng = np.random.default_rng(3)
    y = np.repeat([0, 1], [30, 12])
    for _ in range(50):
        ci = auc_ci(y, rng.integers(0, 4, 42) + y)
        assert ci.se <= curves.largest_error(ci.auc, 12, 30) * np.sqrt(12 / 11)


def test_the_correlation_gives_the_p_back():
    a, b = (original().interval(model, "Test") for model in ("SR_SVM", "OR_SVM"))
    of = curves.difference(a, b)
    r = of.correlation(0.013)
    assert r == pytest.approx(0.787, abs=5e-4)
    se = np.sqrt(of.se_a**2 + of.se_b**2 - 2 * r * of.se_a * of.se_b)
    assert 2 * norm.sf(of.difference / se) == pytest.approx(0.013)


def test_two_scores_of_the_same_patients_are_correlated_as_their_p_says():
    rng = np.random.default_rng(4)
    y = np.repeat([0, 1], [119, 45])
    shared = rng.normal(size=164)
    a, b = (shared + 0.6 * rng.normal(size=164) + k * y for k in (1.6, 1.1))
    test, (ci_a, ci_b) = delong_test(y, a, b), (auc_ci(y, s) for s in (a, b))
    got = curves.Difference(test.difference, ci_a.se, ci_b.se).correlation(test.p_value)
    variance = (test.difference / test.z) ** 2
    assert 2 * got * ci_a.se * ci_b.se == pytest.approx(ci_a.se**2 + ci_b.se**2 - variance)
    assert 0 < got < 1


def test_a_yes_no_reading_has_delongs_error():
    y = np.repeat([1, 1, 0, 0], [29, 16, 19, 100])
    reading = np.repeat([1, 0, 1, 0], [29, 16, 19, 100])
    ci = auc_ci(y, reading)
    assert curves.reading_error(np.array(29), np.array(19), 45, 119) == pytest.approx(ci.se)
    assert curves.reading_aucs(48, 45, 119)[29] == pytest.approx(ci.auc)
    low, high = f"{ci.ci_low:.4f}", f"{ci.ci_high:.4f}"
    own = interval({"auc": f"{ci.auc:.3f}", "ci95": f"{low}–{high}"})
    assert (45, 29, 19) in curves.yes_no_readings(own, 164)


def test_readings_of_the_publication():
    # By hand: none in Test, one in Train.
    train, test = (original().interval("Radiologist", c) for c in ("Train", "Test"))
    assert curves.yes_no_readings(test, 164) == []
    assert curves.yes_no_readings(train, 380) == [(117, 93, 48)]


def test_bounds_hold_the_area_of_a_curve_through_the_point():
    low, high = curves.auc_bounds(0.8, 0.7)
    assert (low, high) == pytest.approx((0.56, 0.94))
    assert low < (0.8 + 0.7) / 2 < high


def test_a_fall_between_cohorts():
    # By hand: SR_ResNet101, z 4.01, p 6.2e-05.
    one, other = (original().interval("SR_ResNet101", c) for c in ("Train", "Test"))
    assert curves.unpaired_p(one, other) == pytest.approx(6.2e-5, rel=0.02)
