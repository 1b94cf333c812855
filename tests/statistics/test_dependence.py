"""Columns that others make up, found as linear algebra finds them."""

import numpy as np
import pytest

from thyro.statistics import redundant_columns

RNG = np.random.default_rng(3)
A, B, C = RNG.normal(size=(3, 30))
ONE = np.ones(30)


@pytest.mark.parametrize(
    ("columns", "made_of"),
    [
        ([ONE, A, B, C], {}),
        ([ONE, A, 10 * A], {2: [1]}),
        ([ONE, A, 3 - A], {2: [0, 1]}),
        ([A, B, A + B, C], {2: [0, 1]}),
        ([A, B, C, A - 2 * C], {3: [0, 2]}),
        ([ONE, A, 2 * A, 3 * A, B, A + B], {2: [1], 3: [1], 5: [1, 4]}),
        ([ONE, 1e9 * A, 1e-9 * A], {2: [1]}),
        ([ONE, A, A + 1e-9 * B], {}),
        ([ONE, 0 * A], {1: []}),
    ],
)
def test_each_redundant_column_is_told_with_those_that_make_it_up(columns, made_of):
    assert redundant_columns(np.column_stack(columns)) == made_of


def test_more_columns_than_patients_are_redundant():
    assert set(redundant_columns(RNG.normal(size=(4, 6)))) == {4, 5}
