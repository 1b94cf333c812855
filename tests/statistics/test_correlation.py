"""Rank correlation of many columns with one."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from thyro.statistics import correlation

RNG = np.random.default_rng(3)
PATIENTS = [f"P{i}" for i in range(60)]
SIZE = pd.Series(RNG.lognormal(2, 0.6, 60), PATIENTS)
TABLE = pd.DataFrame(
    {"grows": SIZE**2, "falls": -np.log(SIZE), "noise": RNG.normal(size=60), "same": 3.0}
)
TABLE["mixed"] = (np.log(SIZE) + TABLE["noise"]).round(1)


def test_rho_is_scipys_and_ranks_are_all_that_matters():
    found = correlation.correlations_with(TABLE, SIZE)
    for name in ("grows", "falls", "noise", "mixed"):
        assert found.at[name, "rho"] == pytest.approx(spearmanr(TABLE[name], SIZE).statistic)
    assert found.loc["grows", ["rho", "ci_low", "ci_high"]].tolist() == pytest.approx([1, 1, 1])
    assert found.at["falls", "rho"] == pytest.approx(-1)
    assert found.loc["same", ["rho", "ci_low", "ci_high"]].isna().all()
    again = correlation.correlations_with(TABLE, np.log(SIZE).sample(frac=1, random_state=0))
    pd.testing.assert_frame_equal(found, again)


def test_the_interval_is_bonett_and_wrights():
    # Bonett, Wright (2000): tanh(atanh(rho) +- 1.96 sqrt((1 + rho^2 / 2) / (n - 3))).
    row = correlation.correlations_with(TABLE, SIZE).loc["mixed"]
    half = 1.959963984540054 * np.sqrt((1 + row["rho"] ** 2 / 2) / 57)
    want = np.tanh(np.arctanh(row["rho"]) + np.array([-half, half]))
    assert row[["ci_low", "ci_high"]].tolist() == pytest.approx(want)


def test_a_missing_value_leaves_its_patient_out_of_its_column():
    table = TABLE.copy()
    table.iloc[:10, 2] = np.nan
    found = correlation.correlations_with(table, SIZE)
    assert found["n"].tolist() == [60, 60, 50, 60, 60]
    want = spearmanr(TABLE["noise"].iloc[10:], SIZE.iloc[10:]).statistic
    assert found.at["noise", "rho"] == pytest.approx(want)
    few = correlation.correlations_with(TABLE.iloc[:3], SIZE)
    assert few["rho"].notna().tolist() == [True, True, True, False, True]
    assert few["ci_low"].isna().all()


def test_every_patient_has_a_size():
    with pytest.raises(ValueError, match="other: lacks 1 of the patients, first 'P5'"):
        correlation.correlations_with(TABLE, SIZE.drop("P5"))
