"""Surface, volume and diameters of a mask one voxel thick: the numbers of pyradiomics, sooner.

pyradiomics' C code compares every vertex of the mesh with every other: seconds for a large nodule.
"""

from functools import cache, lru_cache
from itertools import product

import numpy as np
from radiomics import cShape
from scipy import ndimage


def calculate_coefficients(mask: np.ndarray, spacing: np.ndarray) -> tuple[float, float, tuple]:
    """What pyradiomics' `cShape.calculate_coefficients` gives.

    Farthest vertices lie on the outline, so the C code is asked for the diameters of the outline
    alone. Surface and volume are sums over the 2x2 neighbourhoods of the mask, so a count of the 16
    possible ones is enough.

    Parameters
    ----------
    mask : ndarray of bool, shape (3, rows, columns)
        The middle slice holds the region; all of the border is empty.
    spacing : ndarray of float, shape (3,)
        In mm: slice, row, column.

    Returns
    -------
    surface : float
        In mm2.
    volume : float
        In mm3.
    diameters : tuple of float
        In mm: within slices, columns, rows, and in 3-D.
    """
    plane = mask[1]
    inside = ndimage.binary_erosion(plane, np.ones((3, 3)))
    outline = np.zeros_like(mask)
    outline[1] = plane & ~inside
    diameters = cShape.calculate_coefficients(outline, spacing)[2]
    surface, volume = _neighbourhoods(plane) @ _neighbourhood_sizes(tuple(spacing))
    return surface, volume, diameters


def _neighbourhoods(plane):
    """How often each of the 16 possible 2x2 neighbourhoods occurs, shape (16,)."""
    plane = plane.astype(int)
    code = plane[:-1, :-1] + 2 * plane[:-1, 1:] + 4 * plane[1:, :-1] + 8 * plane[1:, 1:]
    return np.bincount(code.ravel(), minlength=16)


@lru_cache
def _neighbourhood_sizes(spacing):
    """Surface and volume that each 2x2 neighbourhood adds, shape (16, 2).

    Solved from the C code's own answers for every mask of 3x3 pixels, so that its triangle
    table need not be copied here.
    """
    masks, counts = _small_masks()
    sizes = [cShape.calculate_coefficients(mask, np.array(spacing))[:2] for mask in masks]
    return np.linalg.lstsq(counts, np.array(sizes), rcond=None)[0]


@cache
def _small_masks():
    """Every mask of 3x3 pixels, shape (512, 3, 5, 5), and its neighbourhoods, shape (512, 16)."""
    masks = np.zeros((2**9, 3, 5, 5), dtype=bool)
    masks[:, 1, 1:4, 1:4] = np.reshape(list(product((False, True), repeat=9)), (-1, 3, 3))
    return masks, np.array([_neighbourhoods(mask[1]) for mask in masks])
