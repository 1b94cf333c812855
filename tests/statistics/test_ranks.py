"""The AUC from ranks: pairs counted one by one, repeated patients, and what is no AUC."""

import numpy as np
import pytest
from hypothesis import given

from tests.statistics.scored import scored
from thyro.statistics.delong import auc_ci
from thyro.statistics.ranks import placements, rank_auc


@given(scored())
def test_the_auc_from_ranks_counts_pairs_and_is_that_of_the_placements(data):
    y, a, _ = data
    pairs = np.sign(a[y == 1][:, None] - a[y == 0])
    assert rank_auc(y, a) == pytest.approx((pairs.mean() + 1) / 2, abs=1e-15)
    assert rank_auc(y, a) == pytest.approx(auc_ci(y, a).auc, abs=1e-14)


@given(scored())
def test_counted_patients_are_repeated_patients(data):
    y, a, b = data
    counts = np.abs(b * 4).astype(int) + 1
    assert rank_auc(y, a, counts=counts) == rank_auc(np.repeat(y, counts), np.repeat(a, counts))


def test_a_sample_of_one_class_has_no_auc():
    assert np.isnan(rank_auc([0, 1, 1], [1.0, 2, 3], counts=[0, 2, 1]))
    assert rank_auc([0, 1], [1.0, 2.0]) == 1  # one of each is enough
    with pytest.raises(ValueError, match="y: needs at least 1 patients per class"):
        rank_auc([1, 1], [1.0, 2.0])


def test_placements_by_hand():
    # Cases at 2 and 3, controls at 1, 2 and 4: half of the tie counts.
    auc, cases, controls = placements(np.array([1, 1, 0, 0, 0]), np.array([2.0, 3, 1, 2, 4]))
    np.testing.assert_allclose(cases, [1.5 / 3, 2 / 3])
    np.testing.assert_allclose(controls, [1, 1.5 / 2, 0])
    assert auc == pytest.approx(3.5 / 6)
