"""Both predictions of a patient side by side."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from thyro.statistics import auc_ci, delong_test
from thyro.statistics.by_harmonisation import harmonisation_table


def test_a_shift_of_all_predictions_changes_calibration_and_no_auc():
    rng = np.random.default_rng(0)
    lp = rng.normal(0, 1, 400)
    y = pd.Series((rng.uniform(size=400) < expit(lp)).astype(int))
    shifted = pd.DataFrame({"model": expit(lp + 1)})
    right = pd.DataFrame({"model": expit(lp)})
    row = harmonisation_table(y, shifted, right).iloc[0]
    assert row["auc_as_is"] == row["auc_harmonised"] == auc_ci(y, right["model"]).auc
    assert row["difference"] == 0 and row["p_value"] == 1
    assert row["citl_as_is"] == pytest.approx(row["citl_harmonised"] - 1)
    assert row["slope_as_is"] == pytest.approx(row["slope_harmonised"])
    assert row["slope_low_as_is"] < row["slope_as_is"] < row["slope_high_as_is"]


def test_the_difference_is_delongs():
    rng = np.random.default_rng(1)
    lp = rng.normal(0, 1, 300)
    y = pd.Series((rng.uniform(size=300) < expit(lp)).astype(int))
    first = pd.DataFrame({"a": expit(lp), "b": expit(-lp)})
    second = pd.DataFrame(expit(logit(first) + rng.normal(0, 1, first.shape)), columns=["a", "b"])
    table = harmonisation_table(y, first, second, level=0.9).set_index("model")
    test = delong_test(y, second["b"], first["b"], level=0.9)
    assert table.loc["b", "p_value"] == test.p_value
    assert table.loc["b", "difference_low"] == test.ci_low
    with pytest.raises(ValueError, match="patients and models"):
        harmonisation_table(y, first, second[["b", "a"]])
