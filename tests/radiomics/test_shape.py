"""Shape of a slice, by the numbers of pyradiomics' C code."""

import numpy as np
import pytest
from radiomics import cShape

from thyro.radiomics import shape


@pytest.mark.parametrize("seed", range(6))
def test_equals_the_mesh_of_any_mask(seed):
    mask = np.zeros((3, 22, 30), dtype=bool)
    share = np.random.default_rng(seed).uniform(0.2, 0.9)
    mask[1, 1:-1, 1:-1] = np.random.default_rng(seed).random((20, 28)) < share
    spacing = np.array([1.0, 0.1, 0.23])
    surface, volume, diameters = shape.calculate_coefficients(mask, spacing)
    slow = cShape.calculate_coefficients(mask, spacing)
    assert (surface, volume) == pytest.approx(slow[:2], rel=1e-11)
    assert diameters == slow[2]


def test_diameters_do_not_see_the_inside():
    mask = np.zeros((3, 40, 40), dtype=bool)
    mask[1, 3:37, 3:37] = True
    mask[1, 3:20, 3:9] = False
    spacing = np.array([1.0, 0.3, 0.3])
    fast = shape.calculate_coefficients(mask, spacing)
    assert fast[2] == cShape.calculate_coefficients(mask, spacing)[2]
