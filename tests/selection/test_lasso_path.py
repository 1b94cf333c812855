"""The path and its cross-validation are those of glmnet."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from tests import reference
from thyro.selection import lasso_path

# R 4.2.2, glmnet 4.1-6; the calls stand in the file.
GLMNET = json.loads((Path(__file__).parents[1] / "golden" / "glmnet.json").read_text())["cases"]


def golden(case):
    X = np.array(case["X_thousandths"]) / 1000
    return (X - X.mean(axis=0)) / X.std(axis=0), np.array(case["y"], dtype=float)


@pytest.mark.parametrize("case", GLMNET, ids=lambda case: case["name"])
def test_path_matches_glmnet(case):
    X, y = golden(case)
    grid = lasso_path.lambda_grid(X, y)
    path = lasso_path.fit_path(X, y, grid, stop_early=True)
    np.testing.assert_allclose(path.lambdas, case["lambda"], rtol=1e-10)
    np.testing.assert_allclose(path.explained, case["dev_ratio"], atol=5e-7)
    close = 0
    for step in case["path"]:
        beta = np.zeros(X.shape[1])
        beta[step["nonzero"]] = step["beta"]
        want = np.r_[step["intercept"], beta]
        got = np.r_[path.intercepts[step["index"]], path.coefficients[step["index"]]]
        off = (np.abs(got - want) / np.maximum(1, np.abs(want))).max()
        reference.note("glmnet", f"{case['name']} {step['index']}", off, 1e-5)
        if off > 1e-5:
            # glmnet's coordinate descent stops before its optimum at the smallest penalties; where
            # the two differ it must be glmnet that is farther from it.
            penalty = path.lambdas[step["index"]]
            assert violation(X, y, penalty, want) > 100 * violation(X, y, penalty, got)
            assert off < 5e-5
        close += off <= 1e-5
    assert close >= len(case["path"]) - 4


def violation(X, y, penalty, coefficients):
    """Largest departure of non-zero coefficients from the conditions of optimality."""
    intercept, beta = coefficients[0], coefficients[1:]
    gradient = X.T @ (y - expit(intercept + X @ beta)) / len(y)
    return np.abs(gradient - penalty * np.sign(beta))[beta != 0].max()


@pytest.mark.parametrize(
    ("n", "p", "ratio"), [(30, 29, 1e-4), (30, 30, 1e-4), (30, 31, 1e-2)], ids=["n > p", "=", "<"]
)
def test_the_smallest_penalty_is_that_of_glmnet(n, p, ratio):
    # glmnet 4.1: lambda.min.ratio = ifelse(nobs < nvars, 0.01, 1e-04)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(n, p)), np.arange(n) % 2
    grid = lasso_path.lambda_grid(X, y)
    assert len(grid) == 100 and (np.diff(grid) < 0).all()
    assert grid[-1] / grid[0] == pytest.approx(ratio)
    np.testing.assert_allclose(np.diff(np.log(grid)), np.log(ratio) / 99)
    assert lasso_path.lambda_grid(X, y, ratio=0.5)[-1] == pytest.approx(grid[0] / 2)


def test_the_largest_penalty_is_the_smallest_that_leaves_no_coefficient():
    rng = np.random.default_rng(4)
    X, y = rng.normal(size=(50, 6)), (np.arange(50) % 2).astype(float)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    largest = lasso_path.lambda_grid(X, y)[0]
    path = lasso_path.fit_path(X, y, [largest * 1.001, largest * 0.99])
    assert np.count_nonzero(path.coefficients, axis=1).tolist() == [0, 1]


def test_the_curve_is_the_deviance_of_left_out_patients():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(60, 4))
    y = (X[:, 0] + rng.normal(size=60) > 0).astype(float)
    folds = np.arange(60) % 3
    grid = lasso_path.lambda_grid(X, y, n_lambdas=6)
    curve = lasso_path.cross_validate(X, y, grid, folds)
    by_fold = []
    for k in range(3):
        path = lasso_path.fit_path(X[folds != k], y[folds != k], grid)
        eta = path.intercepts[:, None] + path.coefficients @ X[folds == k].T
        p = np.clip(expit(eta), 1e-5, 1 - 1e-5)  # as cv.glmnet bounds it
        left_out = y[folds == k]
        by_fold.append(-2 * np.mean(np.log(np.where(left_out == 1, p, 1 - p)), axis=1))
    np.testing.assert_allclose(curve.mean, np.mean(by_fold, axis=0), rtol=1e-9)
    np.testing.assert_allclose(curve.se, np.std(by_fold, axis=0) / np.sqrt(2), rtol=1e-8)
    assert curve.index_1se <= curve.index_min
    frame = curve.to_frame()
    assert list(frame.columns) == ["lambda", "mean", "se"] and len(frame) == 6
