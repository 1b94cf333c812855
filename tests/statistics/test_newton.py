"""Newton's method for a logistic likelihood: against statsmodels, its score, and where it stops."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit

from thyro.statistics.newton import NoMaximum, logistic_information, maximise_logistic


def cohort(n=150, seed=3):
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    return design, rng.binomial(1, expit(design @ [-0.5, 1.0, 0.3])), rng.normal(size=n)


def test_the_maximum_is_that_of_statsmodels_also_with_an_offset():
    design, y, offset = cohort()
    for known in (None, offset):
        beta, height = maximise_logistic(design, y, offset=known)
        model = sm.GLM(y, design, family=sm.families.Binomial(), offset=known)
        want = model.fit(tol=1e-14)
        np.testing.assert_allclose(beta, want.params, atol=1e-9)
        assert height == pytest.approx(want.llf, abs=1e-9)
        information = logistic_information(design, beta, 0.0 if known is None else known)
        np.testing.assert_allclose(np.linalg.inv(information), want.cov_params(), atol=1e-8)


def test_an_intercept_alone_is_the_log_odds():
    y = np.repeat([0, 1], [30, 10])
    beta, height = maximise_logistic(np.ones((40, 1)), y)
    assert beta[0] == pytest.approx(logit(0.25), abs=1e-12)
    assert height == pytest.approx(30 * np.log(0.75) + 10 * np.log(0.25), abs=1e-12)


def test_held_coefficients_stay_where_they_start():
    design, y, _ = cohort()
    start = np.array([0.0, 0.7, 0.0])
    beta, height = maximise_logistic(design, y, free=[0, 2], start=start)
    assert beta[1] == 0.7
    by_offset, same = maximise_logistic(design[:, [0, 2]], y, offset=0.7 * design[:, 1])
    np.testing.assert_allclose(beta[[0, 2]], by_offset, atol=1e-10)
    assert height == pytest.approx(same, abs=1e-10)
    assert height < maximise_logistic(design, y)[1]


def test_a_ridge_holds_back_and_its_score_is_zero():
    design, y, _ = cohort()
    ridge = np.diag([0.0, 4.0, 4.0])
    beta, _ = maximise_logistic(design, y, ridge=ridge)
    score = design.T @ (y - expit(design @ beta)) - ridge @ beta
    np.testing.assert_allclose(score, 0, atol=1e-7)
    assert np.abs(beta[1:]).sum() < np.abs(maximise_logistic(design, y)[0][1:]).sum()


def test_a_separated_outcome_has_no_maximum_but_firths():
    x = np.linspace(-1, 1, 12)
    design, y = np.column_stack([np.ones(12), x]), (x > 0).astype(int)
    with pytest.raises(NoMaximum, match="a linear predictor exceeds 18"):
        maximise_logistic(design, y, farthest=18)
    beta, height = maximise_logistic(design, y, firth=True)
    assert np.isfinite(beta).all() and np.isfinite(height) and beta[1] > 0


def test_a_column_of_zeros_is_singular():
    design, y, _ = cohort()
    with pytest.raises(np.linalg.LinAlgError):
        maximise_logistic(np.column_stack([design, np.zeros(len(y))]), y)
