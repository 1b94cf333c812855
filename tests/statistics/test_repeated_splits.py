"""Differences over splits against the formula by hand, and permutation p values by counting."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from thyro.statistics.repeated_splits import (
    corrected_difference,
    differences_over_splits,
    permutation_p,
)

VALUES = [0.05, -0.01, 0.02, 0.00, 0.04]


def test_the_formula_by_hand():
    # mean 0.02; sum of squares about it 0.0026, variance 0.00065; 1/5 + 164/380 = 0.6315789...
    found = corrected_difference(VALUES, test_train_ratio=164 / 380, level=0.9)
    se = (0.00065 * (0.2 + 164 / 380)) ** 0.5
    assert found.difference == pytest.approx(0.02) and found.se == pytest.approx(se)
    assert found.statistic == pytest.approx(0.02 / se) and found.df == 4
    assert found.ci_low == pytest.approx(0.02 - 2.131846786 * se)  # t of 4 df, 95th centile
    assert found.p_value == pytest.approx(2 * (1 - stats.t.cdf(0.02 / se, 4)))
    assert (found.not_above, found.splits) == (0.4, 5)


def test_without_overlap_it_is_students_test():
    got = corrected_difference(VALUES, test_train_ratio=1e-12)
    want = stats.ttest_1samp(VALUES, 0)
    assert got.statistic == pytest.approx(want.statistic)
    assert got.p_value == pytest.approx(want.pvalue)


def test_more_splits_of_the_same_patients_do_not_shrink_it_to_nothing():
    many = corrected_difference(VALUES * 200, test_train_ratio=0.4)
    assert many.se > np.sqrt(0.4) * np.std(VALUES)


def test_the_other_order_has_the_other_sign():
    here, there = (
        corrected_difference(np.array(VALUES) * sign, test_train_ratio=0.4) for sign in (1, -1)
    )
    assert here.ci_low == -there.ci_high and here.p_value == there.p_value


@pytest.mark.parametrize(("value", "p"), [(0.0, 1.0), (0.1, 0.0)])
def test_splits_that_agree(value, p):
    found = corrected_difference([value] * 7, test_train_ratio=0.4)
    assert (found.se, found.p_value) == (0, p)
    assert found.ci_low == found.ci_high == pytest.approx(value)


@pytest.mark.parametrize(("values", "ratio"), [([0.1], 0.4), (VALUES, 0), (VALUES, np.inf)])
def test_what_has_no_variance_is_refused(values, ratio):
    with pytest.raises(ValueError, match="expected two or more splits and a ratio above 0"):
        corrected_difference(values, test_train_ratio=ratio)


def test_models_are_paired_by_split():
    auc = pd.DataFrame(
        [(2, "B", 0.5), (0, "A", 0.7), (0, "B", 0.6), (1, "A", 0.5), (1, "B", 0.6), (2, "A", 0.8)],
        columns=["repeat", "model", "test"],
    )
    table = differences_over_splits(auc, [("A", "B"), ("B", "A")], test_train_ratio=0.5)
    assert table["difference"].tolist() == pytest.approx([0.1, -0.1])
    assert table["not_above"].tolist() == pytest.approx([1 / 3, 2 / 3])
    alone = corrected_difference([0.1, -0.1, 0.3], test_train_ratio=0.5)
    assert table.loc[0, "se"] == pytest.approx(alone.se)
    with pytest.raises(KeyError):
        differences_over_splits(auc, [("A", "C")], test_train_ratio=0.5)


@pytest.mark.parametrize(("observed", "p"), [(0.9, 0.2), (0.6, 0.6), (0.4, 1.0)])
def test_a_permutation_p_is_never_zero(observed, p):
    assert permutation_p(observed, [0.5, 0.55, 0.6, 0.7]) == pytest.approx(p)


def test_a_missing_permutation_is_no_permutation():
    with pytest.raises(ValueError, match="missing or infinite"):
        permutation_p(0.6, [0.5, np.nan])
    with pytest.raises(ValueError, match="missing or infinite"):
        permutation_p(np.nan, [0.5])
