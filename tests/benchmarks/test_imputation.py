"""The simulation of pooled intervals."""

import numpy as np
import pytest

from tests.benchmarks import imputation


def test_a_fifth_of_two_variables_is_lost_at_random_given_age_and_outcome():
    whole, gaps, y = imputation.cohort(20000, np.random.default_rng(1))
    lost = gaps.isna()
    assert not lost["age"].any()
    assert lost["size"].mean() == pytest.approx(imputation.LOST, abs=0.01)
    older = whole["age"] > 0
    assert lost.loc[older & (y == 1), "size"].mean() > 2 * lost.loc[older & (y == 0), "size"].mean()


@pytest.mark.slow
def test_imputation_removes_the_bias_of_complete_patients():
    table = imputation.summary(imputation.studies(30, n=400, m=5))
    assert set(table.index.get_level_values("way")) == set(imputation.WAYS)
    bias = table["bias"].unstack("way")
    assert abs(bias.loc["age", "complete patients"]) > 3 * abs(bias.loc["age", "imputed"])
    assert table.loc["imputed", "coverage"].min() > 80  # 30 cohorts: three errors below 95
