"""Standardising: learned from training patients, and what it refuses."""

import numpy as np
import pandas as pd
import pytest

from tests.selection.cohorts import cohort
from thyro.selection import scaling


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


@pytest.mark.parametrize(("missing", "stays"), [(0, True), (24, True), (25, False)])
def test_a_feature_missing_in_more_than_a_fifth_of_patients_is_set_aside(missing, stays):
    X, _ = cohort(n=120)
    X.iloc[:missing, 2] = np.nan
    scaler = scaling.fit_scaler(X)
    assert ("f02" in scaler.mean.index) == stays
    assert scaler.n_missing["f02"] == missing
    if stays:
        filled = X["f02"].fillna(X["f02"].median())
        assert scaler.sd["f02"] == pytest.approx(filled.std(ddof=0))


def test_wrong_tables_are_named():
    X, y = cohort()
    with pytest.raises(ValueError, match="lacks 1 of the training features"):
        scaling.fit_scaler(X).transform(X.drop(columns="f03"))
    with pytest.raises(TypeError, match="X: expected a DataFrame"):
        scaling.fit_scaler(X.to_numpy())
    with pytest.raises(ValueError, match="all 1 features are constant"):
        scaling.fit_scaler(pd.DataFrame({"a": [1.0, 1.0]}))
    with pytest.raises(ValueError, match=r"distinct features, at least one; repeated: \['f00'\]"):
        scaling.fit_scaler(X.rename(columns={"f01": "f00"}))
    with pytest.raises(ValueError, match="120 values are missing, the first in 'f02'"):
        scaling.as_features(X.assign(f02=np.nan))
    with pytest.raises(ValueError, match="y: expected 120 labels"):
        scaling.as_outcome(y[:-1], 120)


@pytest.mark.parametrize("missing", [False, True])
def test_infinite_values_are_named_as_such(missing):
    X, _ = cohort()
    X.iloc[4:6, 1] = np.inf
    X.iloc[7, 3] = np.nan
    with pytest.raises(ValueError, match="2 values are infinite, .* 'f01' of patient 'p4'.*NaN"):
        scaling.as_features(X, missing=missing)
    with pytest.raises(ValueError, match="infinite"):
        scaling.fit_scaler(X)
