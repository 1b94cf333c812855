"""What is slow in pyradiomics 3.0.1, replaced by what gives the same numbers."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import product

import numpy as np
from radiomics import imageoperations
from radiomics import shape as pyradiomics_shape
from scipy import ndimage


class _SliceMesh:
    """Stands in for pyradiomics' C module of shape, for masks one voxel thick.

    The C code compares every vertex of the mesh with every other: seconds for a large nodule.
    The same numbers follow from less. Farthest vertices lie on the outline, so the C code is
    asked for the diameters of the outline alone. Surface and volume are sums over the 2x2
    neighbourhoods of the mask, so a count of the 16 possible ones is enough.
    """

    @staticmethod
    def calculate_coefficients(mask, spacing):
        """Surface (mm2), volume (mm3) and the four diameters (mm) of a mask padded by zeros."""
        if len(mask) != 3:  # resampling across slices was asked for
            return _MESH.calculate_coefficients(mask, spacing)
        plane = mask[1]
        inside = ndimage.binary_erosion(plane, np.ones((3, 3)))
        outline = np.zeros_like(mask)
        outline[1] = plane & ~inside
        diameters = _MESH.calculate_coefficients(outline, spacing)[2]
        surface, volume = _neighbourhoods(plane) @ _neighbourhood_sizes(tuple(spacing))
        return surface, volume, diameters


_MESH = pyradiomics_shape.cShape


@contextmanager
def shortcuts() -> Iterator[None]:
    """Replace what is slow in pyradiomics by what gives the same numbers, for one extraction."""
    pyradiomics_shape.cShape = _SliceMesh
    # Every class looks for the ends of its bins among all pixels, with Python's own functions.
    imageoperations.min, imageoperations.max = np.min, np.max
    try:
        yield
    finally:
        pyradiomics_shape.cShape = _MESH
        del imageoperations.min, imageoperations.max


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
    counts, sizes = [], []
    for pixels in product((False, True), repeat=9):
        mask = np.zeros((3, 5, 5), dtype=bool)
        mask[1, 1:4, 1:4] = np.reshape(pixels, (3, 3))
        counts.append(_neighbourhoods(mask[1]))
        sizes.append(_MESH.calculate_coefficients(mask, np.array(spacing))[:2])
    return np.linalg.lstsq(np.array(counts), np.array(sizes), rcond=None)[0]
