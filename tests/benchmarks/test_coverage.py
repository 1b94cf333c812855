"""The simulations of coverage, small: what they compute is right, and what they find is near."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score

from tests.benchmarks import coverage

RNG = np.random.default_rng(2)
Y = RNG.binomial(1, 0.4, 90)
X = RNG.normal(size=(90, 3)) + 0.8 * Y[:, None]
TRAIN = RNG.random((4, 90)) < 0.6


def test_the_discriminants_and_their_aucs_are_those_of_scikit_learn():
    w = coverage.directions(X, Y, TRAIN)
    aucs = coverage.held_out_aucs(w @ X.T, Y, TRAIN)
    for direction, auc, train in zip(w, aucs, TRAIN, strict=True):
        fit = LinearDiscriminantAnalysis(solver="lsqr").fit(X[train], Y[train])
        ratio = fit.coef_[0] / direction
        np.testing.assert_allclose(ratio, ratio[0], rtol=1e-6)
        want = roc_auc_score(Y[~train], fit.decision_function(X[~train]))
        assert auc == pytest.approx(want, abs=1e-12)


def test_the_true_auc_is_that_of_a_large_sample():
    case = coverage.Folds(400, 3, 1.0, repeats=2)
    found = coverage.covered(case, 3)
    # in closed form; new patients scatter about it by 0.027 / sqrt(3) here
    assert np.abs(found["fresh"] - found["target"]).mean() < 0.06
    assert found["target"].between(0.70, 0.7603).all()  # at most Phi(1 / sqrt 2)


def test_the_interval_covers_where_there_is_a_signal():
    found = coverage.covered(coverage.Folds(380, 5, 1.2, repeats=2), 100)
    assert found["holds"].sum() >= 87  # 94 expected, standard deviation 2.4


def test_the_test_keeps_its_level():
    case = coverage.Splits(300, 5, 1.0, shared=0.5, splits=20)
    p_values = coverage.rejected(case, 100)["p_value"]
    assert (p_values < 0.05).sum() <= 12  # 5 expected, standard deviation 2.2
    assert 0.3 < p_values.mean() < 0.75  # nothing is found, and the test is not deaf either


def test_a_share_has_its_monte_carlo_error(capsys):
    assert coverage.share(np.repeat([True, False], [95, 5])) == pytest.approx(
        (95, 2.1794), rel=1e-4
    )
