"""Folds: each patient in one, the outcome spread evenly, the same for the same seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold

from thyro.core.folds import grouped_folds, outer_folds, stratified_folds

OUTCOMES = st.tuples(st.integers(2, 30), st.integers(2, 30), st.integers(0, 99)).map(
    lambda c: np.random.default_rng(c[2]).permutation(np.repeat([0, 1], c[:2]))
)


@given(OUTCOMES, st.integers(2, 8), st.integers(0, 2**31))
def test_every_fold_has_its_share_of_every_outcome(y, n, seed):
    folds = outer_folds(y, n, seed=seed)
    used = min(n, np.bincount(y).min())
    assert set(folds) == set(range(used))
    for outcome in (0, 1):
        counts = np.bincount(folds[y == outcome], minlength=used)
        assert counts.min() >= 1 and counts.max() - counts.min() <= 1
    assert np.array_equal(folds, outer_folds(y.tolist(), n, seed=seed))


def test_folds_are_those_of_scikit_learn():
    y = np.arange(23) % 3 == 0
    found = stratified_folds(y, 4, seed=7)
    splits = StratifiedKFold(4, shuffle=True, random_state=7).split(np.zeros(23), y)
    for number, (_, left_out) in enumerate(splits):
        assert np.array_equal(np.flatnonzero(found == number), left_out)


def test_another_seed_shuffles_otherwise():
    y = np.arange(40) % 2
    assert not np.array_equal(outer_folds(y, 5, seed=0), outer_folds(y, 5, seed=1))


@pytest.mark.parametrize(("y", "n"), [([0, 0, 0, 1], 1), ([1, 1], 0), ([0, 0, 0], 0)])
def test_one_patient_of_an_outcome_cannot_be_left_out(y, n):
    with pytest.raises(ValueError, match=rf"has {n} patient\(s\) of the rarer outcome"):
        outer_folds(y, 3, seed=0)


@given(OUTCOMES, st.integers(2, 8), st.integers(0, 99))
def test_copies_of_a_patient_stay_in_one_fold(y, n, seed):
    rows = np.random.default_rng(seed).integers(0, len(y), len(y))
    drawn = np.unique(rows)
    smaller = np.bincount(y[drawn], minlength=2).min()
    if smaller < 2:
        with pytest.raises(
            ValueError, match=r"patient\(s\) of the rarer outcome make no two folds"
        ):
            grouped_folds(y[rows], rows, n, seed=seed)
        return
    folds = grouped_folds(y[rows], rows, n, seed=seed)
    of_patient = {row: set(folds[rows == row]) for row in drawn}
    assert all(len(found) == 1 for found in of_patient.values())
    assert set(folds) == set(range(min(n, smaller)))
    for outcome in (0, 1):  # patients, not copies, are spread evenly
        firsts = [min(of_patient[row]) for row in drawn if y[row] == outcome]
        counts = np.bincount(firsts, minlength=min(n, smaller))
        assert counts.max() - counts.min() <= 1


def test_where_nobody_has_a_copy_the_folds_are_the_stratified_ones():
    y = np.arange(23) % 3 == 0
    found = grouped_folds(y, np.arange(23), 4, seed=7)
    assert np.array_equal(found, stratified_folds(y, 4, seed=7))


def test_copies_have_one_outcome():
    with pytest.raises(ValueError, match="copies of one patient differ in the outcome"):
        grouped_folds([0, 1, 0, 1, 1], ["a", "a", "b", "c", "d"], 2, seed=0)


def test_groups_are_folds_whatever_their_outcomes_are():
    folds = outer_folds([0, 1, 0, 0, 1], 5, seed=1, groups=["B", "A", "B", "C", "A"])
    assert folds.tolist() == [1, 0, 1, 2, 0]
