"""What the LASSO keeps, at which penalty, and what it says when that is nothing."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.selection.cohorts import cohort
from thyro.selection import lasso_path, lasso_selection

# R 4.2.2, glmnet 4.1-6; the calls stand in the file.
GLMNET = json.loads((Path(__file__).parents[1] / "golden" / "glmnet.json").read_text())["cases"]


@pytest.mark.parametrize("case", GLMNET, ids=lambda case: case["name"])
def test_lasso_select_matches_cv_glmnet(case):
    X = pd.DataFrame(np.array(case["X_thousandths"]) / 1000).rename(columns="x{}".format)
    result = lasso_selection.lasso_select(X, case["y"], cv=case["fold"])
    assert result.lambda_min == pytest.approx(case["lambda_min"], rel=1e-10)
    assert result.lambda_1se == pytest.approx(case["lambda_1se"], rel=1e-10)
    wide = np.array(case["lambda"]) > result.lambda_min / 5  # glmnet converges less far below
    np.testing.assert_allclose(result.cv_mean[wide], np.array(case["cvm"])[wide], atol=5e-6)
    np.testing.assert_allclose(result.cv_se[wide], np.array(case["cvsd"])[wide], atol=5e-6)
    np.testing.assert_allclose(result.cv_mean, case["cvm"], atol=2e-4)
    np.testing.assert_allclose(
        result.table["coefficient"], case["at_lambda_min"]["beta"], atol=1e-6
    )
    assert result.intercept == pytest.approx(case["at_lambda_min"]["intercept"], abs=1e-6)
    assert result.kept == list(X.columns[np.array(case["at_lambda_min"]["beta"]) != 0])


def test_penalty_is_the_minimum_of_the_curve():
    X, y = cohort()
    result = lasso_selection.lasso_select(X, y, seed=4)
    best = int(np.argmin(result.cv_mean))
    assert result.lambda_min == result.lambdas[best]
    assert result.lambda_1se >= result.lambda_min
    pd.testing.assert_series_equal(
        result.path.iloc[best].loc[result.kept], result.coefficients, check_names=False
    )
    assert {"f00", "f01"} <= set(result.kept)
    assert result.note == ""
    assert lasso_selection.lasso_select(X, y, seed=4).kept == result.kept


def test_units_of_a_feature_do_not_matter_to_the_lasso():
    X, y = cohort()
    other = X.assign(f00=X["f00"] * 1e4 - 5)
    a, b = (lasso_selection.lasso_select(x, y) for x in (X, other))
    np.testing.assert_allclose(a.table["coefficient"], b.table["coefficient"], atol=1e-7)


def test_gaussian_lasso_is_another_model():
    X, y = cohort()
    result = lasso_selection.lasso_select(X, y, family="gaussian")
    assert result.cv_mean[0] == pytest.approx(np.var(y), rel=0.05)
    with pytest.raises(ValueError, match="family: expected one of binomial, gaussian"):
        lasso_selection.lasso_select(X, y, family="poisson")


def test_noise_leaves_the_first_feature_of_the_path():
    rng = np.random.default_rng(12)
    X = pd.DataFrame(rng.normal(size=(60, 4)), columns=list("abcd"))
    result = lasso_selection.lasso_select(X, rng.permutation([0, 1] * 30))
    assert len(result.kept) == 1
    assert f"{result.kept[0]} entered the path first" in result.note
    assert result.coefficients.iloc[0] != 0


def test_folds_are_checked():
    X, y = cohort(n=20)
    with pytest.raises(ValueError, match="cv: expected 2 to"):
        lasso_path.checked_folds(y, 15)
    by_outcome = np.where(y == 1, 1, 2)
    with pytest.raises(ValueError, match="without fold 1 all patients have the same outcome"):
        lasso_selection.lasso_select(X, y, cv=by_outcome)
    with pytest.raises(ValueError, match="cv: expected 20 fold numbers"):
        lasso_selection.lasso_select(X, y, cv=[1, 2, 3])
    folds = lasso_path.checked_folds(y, 4, seed=1)
    shares = pd.Series(y).groupby(folds).sum()
    assert shares.max() - shares.min() <= 1


def test_one_standard_error_keeps_fewer_features():
    X, y = cohort(n=200, p=40, seed=2)
    least, sparse = (
        lasso_selection.lasso_select(X, y, penalty=p) for p in lasso_selection.PENALTIES
    )
    assert least.lambda_1se == sparse.lambda_1se > sparse.lambda_min
    np.testing.assert_array_equal(least.cv_mean, sparse.cv_mean)
    assert len(sparse.kept) < len(least.kept)
    row = least.path.loc[least.lambda_1se]
    assert list(row.index[row != 0]) == sparse.kept
    with pytest.raises(ValueError, match="penalty"):
        lasso_selection.lasso_select(X, y, penalty="best")


def test_nothing_left_at_one_standard_error_leaves_the_first_of_the_path():
    X, _ = cohort(n=60)
    y = (np.random.default_rng(5).random(60) < 0.5).astype(int)
    result = lasso_selection.lasso_select(X, y, penalty="1se")
    assert len(result.kept) == 1 and "entered the path first" in result.note


def test_a_path_that_ends_early_finds_the_same_penalty():
    X, y = cohort(n=200, p=60, seed=4)
    whole = lasso_selection.lasso_select(X, y)
    early = lasso_selection.lasso_select(X, y, patience=10)
    assert early.lambda_min == whole.lambda_min and early.kept == whole.kept
    np.testing.assert_allclose(early.coefficients, whole.coefficients, atol=1e-9)
    assert len(early.lambdas) < len(whole.lambdas)
    n = len(early.cv_mean)
    assert n - 1 - np.argmin(early.cv_mean) == 10
    np.testing.assert_allclose(early.cv_mean, whole.cv_mean[:n], atol=1e-9)
    noise = np.random.default_rng(0).permutation(y)  # nothing improves on the largest penalty
    fallbacks = [lasso_selection.lasso_select(X, noise, patience=k) for k in (None, 10)]
    assert fallbacks[0].lambda_min == fallbacks[1].lambda_min == fallbacks[0].lambdas[0]
    assert fallbacks[0].kept == fallbacks[1].kept and len(fallbacks[0].kept) == 1


def test_labels_of_other_patients_are_named():
    X, y = cohort()
    with pytest.raises(ValueError, match="y: expected 120 labels"):
        lasso_selection.lasso_select(X, y[:-1])
