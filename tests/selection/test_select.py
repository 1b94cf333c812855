"""Filters, LASSO and the whole selection."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import mannwhitneyu, spearmanr

from tests import reference
from thyro.selection import lasso_path, scaling, select

# R 4.2.2, glmnet 4.1-6; the calls stand in the file.
GLMNET = json.loads((Path(__file__).parents[1] / "golden" / "glmnet.json").read_text())["cases"]


def cohort(n=120, p=12, seed=0):
    """Invented patients: f00 and f01 tell, the others do not."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        rng.normal(size=(n, p)) * 3 + 7,
        columns=[f"f{i:02d}" for i in range(p)],
        index=[f"p{i}" for i in range(n)],
    )
    y = (rng.random(n) < expit((X["f00"] - X["f01"]) / 2)).astype(int).to_numpy()
    return X, y


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


@pytest.mark.parametrize("case", GLMNET, ids=lambda case: case["name"])
def test_lasso_select_matches_cv_glmnet(case):
    X = pd.DataFrame(np.array(case["X_thousandths"]) / 1000).rename(columns="x{}".format)
    result = select.lasso_select(X, case["y"], cv=case["fold"])
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


def test_penalty_is_the_minimum_of_the_curve():
    X, y = cohort()
    result = select.lasso_select(X, y, seed=4)
    best = int(np.argmin(result.cv_mean))
    assert result.lambda_min == result.lambdas[best]
    assert result.lambda_1se >= result.lambda_min
    pd.testing.assert_series_equal(
        result.path.iloc[best].loc[result.kept], result.coefficients, check_names=False
    )
    assert {"f00", "f01"} <= set(result.kept)
    assert result.note == ""
    assert select.lasso_select(X, y, seed=4).kept == result.kept


def test_units_of_a_feature_do_not_matter_to_the_lasso():
    X, y = cohort()
    other = X.assign(f00=X["f00"] * 1e4 - 5)
    a, b = (select.lasso_select(x, y) for x in (X, other))
    np.testing.assert_allclose(a.table["coefficient"], b.table["coefficient"], atol=1e-7)


def test_gaussian_lasso_is_another_model():
    X, y = cohort()
    result = select.lasso_select(X, y, family="gaussian")
    assert result.cv_mean[0] == pytest.approx(np.var(y), rel=0.05)
    with pytest.raises(ValueError, match="family: expected one of binomial, gaussian"):
        select.lasso_select(X, y, family="poisson")


def test_noise_leaves_the_first_feature_of_the_path():
    rng = np.random.default_rng(12)
    X = pd.DataFrame(rng.normal(size=(60, 4)), columns=list("abcd"))
    result = select.lasso_select(X, rng.permutation([0, 1] * 30))
    assert len(result.kept) == 1
    assert f"{result.kept[0]} entered the path first" in result.note
    assert result.coefficients.iloc[0] != 0


def test_folds_are_checked():
    X, y = cohort(n=20)
    with pytest.raises(ValueError, match="cv: expected 2 to"):
        lasso_path.checked_folds(y, 15)
    by_outcome = np.where(y == 1, 1, 2)
    with pytest.raises(ValueError, match="without fold 1 all patients have the same outcome"):
        select.lasso_select(X, y, cv=by_outcome)
    with pytest.raises(ValueError, match="cv: expected 20 fold numbers"):
        select.lasso_select(X, y, cv=[1, 2, 3])
    folds = lasso_path.checked_folds(y, 4, seed=1)
    shares = pd.Series(y).groupby(folds).sum()
    assert shares.max() - shares.min() <= 1


def test_fewer_patients_than_folds_make_fewer_folds():
    X, _ = cohort(n=40)
    y = (np.arange(40) < 3).astype(int)
    X["f00"] += 30 * y
    chosen = select.select_features(X, y, cv=5)
    assert "in 3 folds instead of 5" in chosen.note and "f00" in chosen.kept
    assert chosen.lasso.cv_mean.shape == chosen.lasso.lambdas.shape


def test_one_standard_error_keeps_fewer_features():
    X, y = cohort(n=200, p=40, seed=2)
    least, sparse = (select.lasso_select(X, y, penalty=p) for p in select.PENALTIES)
    assert least.lambda_1se == sparse.lambda_1se > sparse.lambda_min
    np.testing.assert_array_equal(least.cv_mean, sparse.cv_mean)
    assert len(sparse.kept) < len(least.kept)
    row = least.path.loc[least.lambda_1se]
    assert list(row.index[row != 0]) == sparse.kept
    with pytest.raises(ValueError, match="penalty"):
        select.lasso_select(X, y, penalty="best")


def test_nothing_left_at_one_standard_error_leaves_the_first_of_the_path():
    X, _ = cohort(n=60)
    y = (np.random.default_rng(5).random(60) < 0.5).astype(int)
    result = select.lasso_select(X, y, penalty="1se")
    assert len(result.kept) == 1 and "entered the path first" in result.note


def test_the_rule_says_who_stays_of_a_correlated_pair():
    """a and b are copies but for noise; b is nearer to the outcome, a less like c."""
    rng = np.random.default_rng(1)
    n = 300
    y = (np.arange(n) % 2).astype(int)
    base = rng.normal(size=n) + 0.5 * y
    X = pd.DataFrame({"a": base + 0.25 * rng.normal(size=n), "b": base})
    X["c"] = base + 0.6 * rng.normal(size=n) + 0.4 * y
    left = {rule: select.select_features(X, y, threshold=0.9, rule=rule) for rule in select.RULES}
    gone = {
        rule: list(chosen.fate.index[chosen.fate["step"] == "Spearman"])
        for rule, chosen in left.items()
    }
    p = left["p"].fate["p"]
    assert gone["p"] == ["a" if p["b"] < p["a"] else "b"]
    assert gone["mean correlation"] == ["b"]
    assert gone["column order"] == ["b"]
    turned = select.select_features(X[["b", "a", "c"]], y, rule="column order").fate
    assert turned.loc["a", "step"] == "Spearman"
    with pytest.raises(ValueError, match="rule"):
        select.select_features(X, y, rule="coin")


def test_mann_whitney_equals_r():
    # R 4.2.2: wilcox.test(x, y, exact = FALSE, correct = TRUE); see tests/golden/group_tests.json
    cases = json.loads((Path(__file__).parents[1] / "golden" / "group_tests.json").read_text())
    checked = 0
    for case in cases["two_group_cases"]:
        x, z = (np.array(case["input"][key], dtype=float) for key in ("x", "y"))
        want = case["output"]["wilcoxon"]
        if want["p_normal_continuity"] == "NaN":  # constant: here p = 1
            continue
        X = pd.DataFrame({"f": np.r_[x, z]})
        got = select.mann_whitney_filter(X, np.repeat([1, 0], [len(x), len(z)])).table.loc["f"]
        assert got["p"] == pytest.approx(want["p_normal_continuity"], rel=1e-10, abs=1e-10)
        assert got["statistic"] == pytest.approx(want["W"], rel=1e-10)
        checked += 1
    assert checked >= 5


def test_spearman_equals_scipy():
    X, _ = cohort(n=80, p=15)
    X["tied"] = X["f00"].round(-1)
    X["copy"] = X["f03"] + 0.3 * X["f04"]
    result = select.spearman_filter(X, threshold=0.3)
    rho = pd.DataFrame(spearmanr(X).statistic, X.columns, X.columns)
    for name, row in result.table[result.table["partner"] != ""].iterrows():
        assert row["rho"] == pytest.approx(rho.loc[name, row["partner"]], abs=1e-10)
    kept = rho.loc[result.kept, result.kept].to_numpy()
    assert np.abs(kept - np.eye(len(kept))).max() <= 0.3 + 1e-10


def test_mann_whitney_equals_scipy_column_by_column():
    X, y = cohort()
    X["tied"] = X["f00"].round(-1)
    X["same"] = 4.0
    result = select.mann_whitney_filter(X, y)
    for name in X.columns.drop("same"):
        test = mannwhitneyu(X.loc[y == 1, name], X.loc[y == 0, name], method="asymptotic")
        assert result.table.loc[name, ["statistic", "p"]].tolist() == [test.statistic, test.pvalue]
    assert result.table.loc["same", "p"] == 1
    assert result.kept == list(X.columns[result.table["p"] < 0.05])
    assert (result.table["p_bh"] >= result.table["p"]).all()


def test_p_equal_to_alpha_is_dropped():
    X, y = cohort()
    p = select.mann_whitney_filter(X, y).table["p"]
    kept = select.mann_whitney_filter(X, y, alpha=p["f00"]).kept
    assert "f00" not in kept
    assert kept == list(p.index[p < p["f00"]])


def test_no_remaining_pair_is_correlated():
    X, _ = cohort()
    rng = np.random.default_rng(1)
    for i in range(8):
        X[f"twin{i}"] = X[f"f{i:02d}"] + rng.normal(size=len(X)) * rng.uniform(0.1, 3)
    result = select.spearman_filter(X, threshold=0.7)
    rho = np.abs(spearmanr(X[result.kept]).statistic) - np.eye(len(result.kept))
    assert rho.max() <= 0.7
    left = result.table[result.table["reason"] != ""]
    assert set(left.index) == set(X.columns) - set(result.kept)
    for name, row in left.iterrows():
        assert row["partner"] in result.kept
        assert row["rho"] == pytest.approx(spearmanr(X[name], X[row["partner"]]).statistic)
        assert abs(row["rho"]) > 0.7


def test_the_smaller_p_stays_and_names_break_ties():
    x = np.arange(10.0)
    X = pd.DataFrame({"b": x, "a": -(x**3), "c": np.exp(x), "d": x % 3})
    order = pd.Series({"a": 0.5, "b": 0.01, "c": 0.01, "d": 0.9})
    assert select.spearman_filter(X, order=order).kept == ["b", "d"]
    assert select.spearman_filter(X, order=order * 0).kept == ["a", "d"]
    assert select.spearman_filter(X).kept == ["b", "d"]
    assert select.spearman_filter(X, threshold=1.0).kept == list(X.columns)


def test_spearman_does_not_depend_on_the_order_of_patients():
    X, _ = cohort()
    X["twin"] = X["f03"].rank() ** 2
    shuffled = X.sample(frac=1, random_state=3)
    a, b = (select.spearman_filter(x, threshold=0.2) for x in (X, shuffled))
    pd.testing.assert_frame_equal(a.table, b.table, check_exact=True)


def test_scaler_learns_from_training_patients_only():
    X, _ = cohort()
    train, test = X.iloc[:80].copy(), X.iloc[80:].copy()
    train.iloc[0, 0] = np.nan
    test.iloc[0, 0] = np.nan
    scaler = scaling.fit_scaler(train.assign(same=0.3, gone=np.nan))
    Z = scaler.transform(train)
    np.testing.assert_allclose(Z.mean(), 0, atol=1e-12)
    np.testing.assert_allclose(Z.std(ddof=0), 1)
    median = train["f00"].median()
    expected = (median - scaler.mean["f00"]) / scaler.sd["f00"]
    assert scaler.transform(test).iloc[0, 0] == pytest.approx(expected)
    assert scaler.n_missing["f00"] == 1
    assert scaler.set_aside.to_dict() == {
        "same": "constant",
        "gone": "missing in 80 of 80 patients",
    }
    assert scaler.to_frame().loc["same", "set_aside"] == "constant"


def test_rounding_noise_counts_as_constant():
    X, _ = cohort()
    noise = 0.28209479177387836 * (1 + 1e-15 * np.arange(len(X)))
    assert scaling.fit_scaler(X.assign(noise=noise)).set_aside.index.tolist() == ["noise"]


def test_select_accounts_for_every_feature():
    X, y = cohort(n=200)
    X = X.assign(same=1.0, twin=X["f00"] * 2 + 1e-9 * X["f01"], noise_band=X["f00"] * 3)
    X.iloc[4, 1] = np.nan
    result = select.select_features(X, y, set_aside=["noise_band", "not there"])
    assert list(result.fate.index) == list(X.columns)
    assert result.fate.loc["noise_band", ["step", "reason"]].tolist() == ["z-score", "set aside"]
    assert result.fate.loc["same", ["step", "reason"]].tolist() == ["z-score", "constant"]
    pair = result.fate.loc[["f00", "twin"], "step"]
    assert (pair == "Spearman").sum() == 1
    assert set(result.fate["step"]) <= {"z-score", "Mann-Whitney U", "Spearman", "LASSO", "kept"}
    assert result.kept == list(result.fate.index[result.fate["step"] == "kept"])
    assert (result.fate.loc[result.kept, "coefficient"] != 0).all()
    assert (result.fate["reason"] == "").sum() == len(result.kept)
    assert result.note.startswith("1 missing values were replaced")
    assert list(result.transform(X).columns) == result.kept


def test_select_goes_on_when_nothing_passes():
    X, y = cohort(p=15)
    result = select.select_features(X, y, alpha=1e-12)
    assert "No feature had p < 1e-12; the 10 smallest p went on." in result.note
    assert {"f00", "f01"} <= set(result.kept)


def test_select_can_leave_only_the_lasso():
    X, y = cohort()
    X["same_twin"] = X["f00"]
    result = select.select_features(X, y, alpha=1, threshold=1)
    assert set(result.fate["step"]) == {"LASSO", "kept"}


def test_labels_of_noise_select_no_signal():
    X, y = cohort(n=200, p=40)
    rng = np.random.default_rng(7)
    counts = [len(select.select_features(X, rng.permutation(y)).kept) for _ in range(5)]
    assert np.mean(counts) < 8  # 5% of 40 pass the first step on average


def test_wrong_tables_are_named():
    X, y = cohort()
    with pytest.raises(ValueError, match="missing or infinite, the first in 'f02'"):
        select.mann_whitney_filter(X.assign(f02=np.nan), y)
    with pytest.raises(ValueError, match="y: expected 120 labels"):
        select.lasso_select(X, y[:-1])
    with pytest.raises(ValueError, match="lacks 1 of the training features"):
        scaling.fit_scaler(X).transform(X.drop(columns="f03"))
    with pytest.raises(ValueError, match="order: lacks 12"):
        select.spearman_filter(X, order=pd.Series(dtype=float))
    with pytest.raises(TypeError, match="X: expected a DataFrame"):
        scaling.fit_scaler(X.to_numpy())
    with pytest.raises(ValueError, match="all 1 features are constant"):
        scaling.fit_scaler(pd.DataFrame({"a": [1.0, 1.0]}))


def test_a_coefficient_that_has_just_entered_is_found():
    """Just below the largest penalty the gain is tiny, and still the optimum has a coefficient."""
    rng = np.random.default_rng(3)
    X, y = rng.standard_normal((34, 300)), np.arange(34) % 3 == 0
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    largest = lasso_path.lambda_grid(X, y.astype(float))[0]
    path = lasso_path.fit_path(X, y.astype(float), [largest * (1 - 3e-4)])
    assert np.count_nonzero(path.coefficients) == 1


def test_a_path_that_ends_early_finds_the_same_penalty():
    X, y = cohort(n=200, p=60, seed=4)
    whole = select.lasso_select(X, y)
    early = select.lasso_select(X, y, patience=10)
    assert early.lambda_min == whole.lambda_min and early.kept == whole.kept
    np.testing.assert_allclose(early.coefficients, whole.coefficients, atol=1e-9)
    assert len(early.lambdas) < len(whole.lambdas)
    n = len(early.cv_mean)
    assert n - 1 - np.argmin(early.cv_mean) == 10
    np.testing.assert_allclose(early.cv_mean, whole.cv_mean[:n], atol=1e-9)
    noise = np.random.default_rng(0).permutation(y)  # nothing improves on the largest penalty
    fallbacks = [select.lasso_select(X, noise, patience=k) for k in (None, 10)]
    assert fallbacks[0].lambda_min == fallbacks[1].lambda_min == fallbacks[0].lambdas[0]
    assert fallbacks[0].kept == fallbacks[1].kept and len(fallbacks[0].kept) == 1
