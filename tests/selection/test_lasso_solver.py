"""The solution at every penalty meets the conditions of optimality."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from thyro.selection import lasso_path, lasso_solver


@pytest.mark.parametrize("family", lasso_path.FAMILIES)
@pytest.mark.parametrize("shape", [(80, 20), (60, 90)])
def test_every_penalty_meets_the_optimality_conditions(family, shape):
    rng = np.random.default_rng(3)
    X = rng.normal(size=shape)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    y = (X[:, 0] + rng.normal(size=len(X)) > 0.3).astype(float)
    path = lasso_path.fit_path(X, y, lasso_path.lambda_grid(X, y, n_lambdas=30), family=family)
    for penalty, intercept, beta in zip(
        path.lambdas, path.intercepts, path.coefficients, strict=True
    ):
        eta = intercept + X @ beta
        residual = y - (expit(eta) if family == "binomial" else eta)
        gradient = X.T @ residual / len(y)
        assert abs(residual.mean()) < 1e-7
        assert np.abs(gradient).max() <= penalty + 2e-7
        active = beta != 0
        np.testing.assert_allclose(gradient[active], penalty * np.sign(beta[active]), atol=1e-7)
    assert (path.coefficients[0] == 0).all()
    assert (np.diff(path.explained) > -1e-9).all()


def test_a_coefficient_that_has_just_entered_is_found():
    """Just below the largest penalty the gain is tiny, and still the optimum has a coefficient."""
    rng = np.random.default_rng(3)
    X, y = rng.standard_normal((34, 300)), np.arange(34) % 3 == 0
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    largest = lasso_path.lambda_grid(X, y.astype(float))[0]
    path = lasso_path.fit_path(X, y.astype(float), [largest * (1 - 3e-4)])
    assert np.count_nonzero(path.coefficients) == 1


@pytest.mark.parametrize("family", lasso_path.FAMILIES)
def test_the_solution_is_that_of_a_general_optimiser(family):
    """Positive and negative parts of coefficients, as bounded variables of L-BFGS-B."""
    rng = np.random.default_rng(8)
    X = rng.normal(size=(70, 5))
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    y = (X[:, 0] - X[:, 1] + rng.normal(size=70) > 0).astype(float)
    penalty = 0.05

    def objective(v):
        eta = v[0] + X @ (v[1:6] - v[6:])
        fit = lasso_solver.deviance(y, eta, family).mean() / 2
        return fit + penalty * v[1:].sum()

    bounds = [(None, None)] + [(0, None)] * 10
    options = {"ftol": 1e-15, "gtol": 1e-9, "maxiter": 5000}
    found = minimize(objective, np.zeros(11), method="L-BFGS-B", bounds=bounds, options=options)
    ((intercept, beta),) = lasso_solver.solutions(X, y, [penalty], family)
    assert intercept == pytest.approx(found.x[0], abs=1e-4)
    np.testing.assert_allclose(beta, found.x[1:6] - found.x[6:], atol=1e-4)
    own = objective(np.r_[intercept, np.maximum(beta, 0), np.maximum(-beta, 0)])
    assert own <= found.fun + 1e-12


def test_deviance_is_minus_twice_the_log_likelihood():
    y, eta = np.array([0.0, 1.0, 1.0]), np.array([-0.3, 2.0, -40.0])
    p = expit(eta)
    want = -2 * np.log(np.where(y == 1, p, 1 - p))
    np.testing.assert_allclose(lasso_solver.deviance(y, eta, "binomial"), want)
    bounded = lasso_solver.deviance(y, eta, "binomial", bound=1e-5)
    assert bounded[2] == pytest.approx(-2 * np.log(1e-5))
    assert lasso_solver.deviance(y, eta, "gaussian").tolist() == ((y - eta) ** 2).tolist()


def test_separated_outcomes_have_a_finite_solution():
    X = np.linspace(-1, 1, 20)[:, None]
    X = X / X.std()
    y = (X[:, 0] > 0).astype(float)
    for _, beta in lasso_solver.solutions(X, y, [0.1, 1e-3, 1e-4], "binomial"):
        assert np.isfinite(beta).all() and beta[0] > 0
