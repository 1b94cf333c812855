"""Filters: features set aside, that do not differ, that are copies of others."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu, spearmanr

from tests.selection.cohorts import cohort
from thyro.selection import filters


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
        got = filters.mann_whitney_filter(X, np.repeat([1, 0], [len(x), len(z)])).table.loc["f"]
        assert got["p"] == pytest.approx(want["p_normal_continuity"], rel=1e-10, abs=1e-10)
        assert got["statistic"] == pytest.approx(want["W"], rel=1e-10)
        checked += 1
    assert checked >= 5


def test_spearman_equals_scipy():
    X, _ = cohort(n=80, p=15)
    X["tied"] = X["f00"].round(-1)
    X["copy"] = X["f03"] + 0.3 * X["f04"]
    result = filters.spearman_filter(X, threshold=0.3)
    rho = pd.DataFrame(spearmanr(X).statistic, X.columns, X.columns)
    for name, row in result.table[result.table["partner"] != ""].iterrows():
        assert row["rho"] == pytest.approx(rho.loc[name, row["partner"]], abs=1e-10)
    kept = rho.loc[result.kept, result.kept].to_numpy()
    assert np.abs(kept - np.eye(len(kept))).max() <= 0.3 + 1e-10


def test_mann_whitney_equals_scipy_column_by_column():
    X, y = cohort()
    X["tied"] = X["f00"].round(-1)
    X["same"] = 4.0
    result = filters.mann_whitney_filter(X, y)
    for name in X.columns.drop("same"):
        test = mannwhitneyu(X.loc[y == 1, name], X.loc[y == 0, name], method="asymptotic")
        assert result.table.loc[name, ["statistic", "p"]].tolist() == [test.statistic, test.pvalue]
    assert result.table.loc["same", "p"] == 1
    assert result.kept == list(X.columns[result.table["p"] < 0.05])
    assert (result.table["p_bh"] >= result.table["p"]).all()


def test_p_equal_to_alpha_is_dropped():
    X, y = cohort()
    p = filters.mann_whitney_filter(X, y).table["p"]
    kept = filters.mann_whitney_filter(X, y, alpha=p["f00"]).kept
    assert "f00" not in kept
    assert kept == list(p.index[p < p["f00"]])


def test_no_remaining_pair_is_correlated():
    X, _ = cohort()
    rng = np.random.default_rng(1)
    for i in range(8):
        X[f"twin{i}"] = X[f"f{i:02d}"] + rng.normal(size=len(X)) * rng.uniform(0.1, 3)
    result = filters.spearman_filter(X, threshold=0.7)
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
    assert filters.spearman_filter(X, order=order).kept == ["b", "d"]
    assert filters.spearman_filter(X, order=order * 0).kept == ["a", "d"]
    assert filters.spearman_filter(X).kept == ["b", "d"]
    assert filters.spearman_filter(X, threshold=1.0).kept == list(X.columns)


def test_spearman_does_not_depend_on_the_order_of_patients():
    X, _ = cohort()
    X["twin"] = X["f03"].rank() ** 2
    shuffled = X.sample(frac=1, random_state=3)
    a, b = (filters.spearman_filter(x, threshold=0.2) for x in (X, shuffled))
    pd.testing.assert_frame_equal(a.table, b.table, check_exact=True)


def test_features_are_left_out_and_unknown_names_ignored():
    X, _ = cohort()
    left = filters.leave_out(X, ["f03", "f01", "not there"])
    assert list(left.columns) == [name for name in X.columns if name not in ("f01", "f03")]
    assert filters.leave_out(X, []).equals(X)


def test_nothing_left_is_said_with_the_key_that_sets_features_aside():
    X, _ = cohort(p=3)
    with pytest.raises(
        ValueError, match="set_aside: all 3 features are set aside.* minimum_icc.* minimum_distinct"
    ):
        filters.leave_out(X, X.columns)


def test_a_constant_feature_correlates_with_none():
    X, _ = cohort(p=3)
    rho = filters.rank_correlation(X.assign(same=2.0))
    assert (rho[3] == 0).all() and (np.diag(rho)[:3] == 1).all()
    kept = filters.spearman_filter(X.assign(same=2.0, copy=X["f00"])).kept
    assert kept == ["f00", "f01", "f02", "same"]


def test_wrong_tables_are_named():
    X, y = cohort()
    with pytest.raises(ValueError, match="values are missing, the first in 'f02'"):
        filters.mann_whitney_filter(X.assign(f02=np.nan), y)
    with pytest.raises(ValueError, match="order: lacks 12"):
        filters.spearman_filter(X, order=pd.Series(dtype=float))
