"""Texture matrices of a slice: every count and every sum is that of pyradiomics' C code."""

import numpy as np
import pytest
from radiomics import cMatrices
from scipy.ndimage import gaussian_filter

from thyro.radiomics import matrices

TOUCHING = np.array([1])


def drawn(seed):
    """A slice and a ragged mask with holes, of any size and number of grey levels."""
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(2, 50, 2))
    smooth = gaussian_filter(rng.normal(size=shape), rng.uniform(0, 2))
    highest = (1, 3, 14, 15, 60, 300)[seed % 6]  # 14 and 15: the last in one byte, the first in two
    image = 1 + np.digitize(smooth, np.linspace(smooth.min(), smooth.max(), highest + 1)[1:-1])
    mask = gaussian_filter(rng.normal(size=shape), 1) > -0.1
    mask[:2, :2] = True
    return image, mask


def calls(image, mask, distances=TOUCHING, alpha=0):
    """Name and arguments of each function, as pyradiomics calls it."""
    n, plane = int(image[mask].max()), (False, 0)
    yield "calculate_glcm", (image, mask, distances, n, *plane)
    yield "calculate_glrlm", (image, mask, n, max(image.shape), *plane)
    yield "calculate_glszm", (image, mask, n, int(mask.sum()), *plane)
    yield "calculate_gldm", (image, mask, distances, n, alpha, *plane)
    yield "calculate_ngtdm", (image, mask, distances, n, *plane)


def equal(*given, **how):
    for name, arguments in calls(*given, **how):
        ours, theirs = (getattr(of, name)(*arguments) for of in (matrices, cMatrices))
        pairs = zip(ours, theirs, strict=True) if isinstance(ours, tuple) else [(ours, theirs)]
        for one, other in pairs:
            np.testing.assert_array_equal(one, other, err_msg=name, strict=one.dtype == float)
            assert one.flags.c_contiguous  # sums round by the order in memory


@pytest.mark.parametrize("seed", range(36))
def test_equal_in_a_plane_and_in_a_slice(seed):
    image, mask = drawn(seed)
    equal(image, mask)
    equal(image[None], mask[None])


def test_equal_where_no_pixel_has_a_neighbour():
    mask = np.zeros((9, 9), dtype=bool)
    mask[::2, ::2] = True
    equal(np.arange(81).reshape(9, 9) % 5 + 1, mask)


def test_equal_where_one_direction_has_no_neighbours():
    mask = np.zeros((8, 8), dtype=bool)
    mask[range(8), range(8)] = True
    image = np.arange(64).reshape(8, 8) % 3 + 1
    equal(image, mask)
    equal(image[:, ::-1], mask[:, ::-1])


@pytest.mark.parametrize("how", [{"alpha": 1}, {"distances": np.array([1, 2])}])
def test_other_settings_are_left_to_pyradiomics(how):
    equal(*drawn(3), **how)


def test_several_slices_and_single_rows_are_left_to_pyradiomics():
    image, mask = drawn(9)
    equal(np.stack([image, image[::-1]]), np.stack([mask, mask[::-1]]))
    equal(image[:1], np.ones_like(mask[:1]))
