"""Random splits in one number each: against numpy, and where nothing was selected."""

import numpy as np
import pandas as pd
import pytest

from thyro.models.summaries import held_out_summary, reselection_summary

AUC = pd.DataFrame(
    {
        "model": np.repeat(["SR_SVM", "SR_KNN"], 101),
        "test": np.r_[np.linspace(0.7, 0.5, 101), np.full(101, 0.55)],
    }
)


def test_the_middle_of_the_splits_is_that_of_numpy():
    found = held_out_summary(AUC, level=0.9)
    assert list(found) == ["SR_SVM", "SR_KNN"]
    wanted = np.quantile(AUC.loc[AUC["model"].eq("SR_SVM"), "test"], [0.05, 0.5, 0.95])
    np.testing.assert_allclose(list(found["SR_SVM"].values()), wanted, rtol=1e-12)
    assert found["SR_KNN"] == {"low": 0.55, "median": 0.55, "high": 0.55}


def test_a_larger_share_of_the_splits_reaches_further():
    narrow, wide = (held_out_summary(AUC, level=level)["SR_SVM"] for level in (0.5, 0.95))
    assert wide["low"] < narrow["low"] < narrow["median"] == wide["median"] < narrow["high"]
    with pytest.raises(ValueError, match="level"):
        held_out_summary(AUC, level=95)


def test_a_feature_that_no_split_selects_counts_as_zero():
    frequency = pd.DataFrame(
        {
            "signature": ["OR", "OR", "SR"],
            "feature": ["a", "b", "c"],
            "n": [50, 0, 10],
            "share": [0.5, 0.0, 0.1],
        }
    )
    found = reselection_summary(frequency, {"OR": ["a", "never"], "SR": ["c"]})
    assert found == {"once": {"OR": 1, "SR": 1}, "own_share": 0.1}
