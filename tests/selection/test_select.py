"""The whole selection, and its log of every feature."""

import numpy as np
import pandas as pd
import pytest

from tests.selection.cohorts import cohort
from thyro.selection import select


def test_fewer_patients_than_folds_make_fewer_folds():
    X, _ = cohort(n=40)
    y = (np.arange(40) < 3).astype(int)
    X["f00"] += 30 * y
    chosen = select.select_features(X, y, cv=5)
    assert "in 3 folds instead of 5" in chosen.note and "f00" in chosen.kept
    assert chosen.lasso.cv_mean.shape == chosen.lasso.lambdas.shape


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
        rule: list(chosen.log.index[chosen.log["step"] == "Spearman"])
        for rule, chosen in left.items()
    }
    p = left["p"].log["p"]
    assert gone["p"] == ["a" if p["b"] < p["a"] else "b"]
    assert gone["mean correlation"] == ["b"]
    assert gone["column order"] == ["b"]
    turned = select.select_features(X[["b", "a", "c"]], y, rule="column order").log
    assert turned.loc["a", "step"] == "Spearman"
    with pytest.raises(ValueError, match="rule"):
        select.select_features(X, y, rule="coin")


def test_select_accounts_for_every_feature():
    X, y = cohort(n=200)
    X = X.assign(same=1.0, twin=X["f00"] * 2 + 1e-9 * X["f01"], noise_band=X["f00"] * 3)
    X.iloc[4, 1] = np.nan
    result = select.select_features(X, y, set_aside=["noise_band", "not there"])
    assert list(result.log.index) == list(X.columns)
    assert result.log.loc["noise_band", ["step", "reason"]].tolist() == ["z-score", "set aside"]
    assert result.log.loc["same", ["step", "reason"]].tolist() == ["z-score", "constant"]
    pair = result.log.loc[["f00", "twin"], "step"]
    assert (pair == "Spearman").sum() == 1
    assert set(result.log["step"]) <= {"z-score", "Mann-Whitney U", "Spearman", "LASSO", "kept"}
    assert result.kept == list(result.log.index[result.log["step"] == "kept"])
    assert (result.log.loc[result.kept, "coefficient"] != 0).all()
    assert (result.log["reason"] == "").sum() == len(result.kept)
    assert result.note.startswith("1 missing values were replaced")
    assert list(result.transform(X).columns) == result.kept


def test_the_log_says_at_which_step_a_feature_was_set_aside():
    X, y = cohort()
    left = {"f05": ("ICC", "ICC 0.25 below 0.75"), "f07": ("Distinct values", "3 distinct values")}
    result = select.select_features(X, y, set_aside=left | {"not there": ("ICC", "")})
    assert list(result.log.index) == list(X.columns)
    for name, (step, reason) in left.items():
        assert result.log.loc[name, ["step", "reason"]].tolist() == [step, reason]
    assert not {"f05", "f07"} & set(result.scaler.mean.index)
    without = select.select_features(X, y, set_aside=list(left))
    assert without.kept == result.kept


def test_select_goes_on_when_nothing_passes():
    X, y = cohort(p=15)
    result = select.select_features(X, y, alpha=1e-12)
    assert "No feature had p < 1e-12; the 10 smallest p went on." in result.note
    assert {"f00", "f01"} <= set(result.kept)


def test_select_can_leave_only_the_lasso():
    X, y = cohort()
    X["same_twin"] = X["f00"]
    result = select.select_features(X, y, alpha=1, threshold=1)
    assert set(result.log["step"]) == {"LASSO", "kept"}


def test_labels_of_noise_select_no_signal():
    X, y = cohort(n=200, p=40)
    rng = np.random.default_rng(7)
    counts = [len(select.select_features(X, rng.permutation(y)).kept) for _ in range(5)]
    assert np.mean(counts) < 8  # 5% of 40 pass the first step on average


def test_wrong_tables_are_named():
    X, y = cohort()
    with pytest.raises(ValueError, match="y: expected 120 labels"):
        select.select_features(X, y[:-1])
    with pytest.raises(ValueError, match="1 values are infinite, the first in 'f02'"):
        select.select_features(X.assign(f02=X["f02"].where(X.index != "p9", np.inf)), y)
    with pytest.raises(ValueError, match="set_aside: all 12 features are set aside"):
        select.select_features(X, y, set_aside=X.columns)
