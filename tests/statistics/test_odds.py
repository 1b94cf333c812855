"""The scale of cross-fitted predictions: kept within limits, and calibrated without reordering."""

import numpy as np
import pytest
from scipy.special import expit, logit

from thyro.statistics.newton import maximise_logistic
from thyro.statistics.odds import LEAST_SLOPE, calibrate_across_folds, log_odds


def test_log_odds_of_shares_that_are_0_or_1_are_finite():
    assert log_odds([[0.0, 0.5], [1.0, 0.2]]).tolist() == [
        [logit(0.01), 0.0],
        [logit(0.99), logit(0.2)],
    ]


def patients(slope, n=4000, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.normal(-1, 1, n)
    return (rng.random(n) < expit(0.3 + slope * values)).astype(int), values


@pytest.mark.parametrize("slope", [0.5, 1.0, 2.0])
def test_a_calibration_finds_the_slope_that_made_the_outcomes(slope):
    y, values = patients(slope)
    found = calibrate_across_folds(y, values)
    assert found.slope == pytest.approx(slope, abs=0.15)
    assert found(values).mean() == pytest.approx(y.mean(), abs=0.001)
    design = np.column_stack([np.ones(len(y)), values])
    firth = maximise_logistic(design, y, firth=True)[0]
    assert [found.intercept, found.slope] == firth.tolist()


def test_patients_keep_their_order_where_the_models_are_worse_than_chance():
    y, values = patients(-1.0)
    found = calibrate_across_folds(y, values)
    assert found.slope == LEAST_SLOPE
    assert (np.argsort(found(values)) == np.argsort(values)).all()
    assert found(values).mean() == pytest.approx(y.mean(), abs=0.01)


def test_a_model_that_separates_and_one_that_says_nothing_have_a_calibration():
    y = np.repeat([0, 1], 10)
    assert np.isfinite(calibrate_across_folds(y, np.arange(20.0))(np.arange(20.0))).all()
    assert calibrate_across_folds(y, np.zeros(20))(np.zeros(20)).tolist() == [0.5] * 20
