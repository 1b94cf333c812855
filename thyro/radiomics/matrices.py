"""The texture matrices of pyradiomics 3.0.1 for one slice and neighbours that touch.

pyradiomics' C code asks every pixel for each of its neighbours, in 3-D. In one slice there are four
directions, and all pairs of neighbours along one are two views of the same array. The functions
have the names, arguments and results of the C code; what lies off this path (several slices, other
distances) they leave to it.
"""

from collections.abc import Iterator

import numpy as np
from radiomics import cMatrices

N_DEPENDENCES = 17  # columns of the dependence matrix in C; of one slice at most nine are used


def calculate_glcm(
    image: np.ndarray, mask: np.ndarray, distances: np.ndarray, n_levels: int, *plane: object
) -> tuple[np.ndarray, np.ndarray]:
    """How often level i has level j as its neighbour, by direction.

    Parameters
    ----------
    image, mask : ndarray of int and bool, shape (1, rows, columns) or (rows, columns)
        Grey levels from 1 inside the mask.
    distances : ndarray of int
        In pixels.
    n_levels : int
        The highest level.
    *plane
        Settings of pyradiomics that restrict directions.

    Returns
    -------
    counts : ndarray of float, shape (1, n_levels, n_levels, n_directions)
    directions : ndarray of int, shape (n_directions, n_dimensions)
    """
    levels = _levels(image, mask, n_levels, distances)
    if levels is None:
        return cMatrices.calculate_glcm(image, mask, distances, n_levels, *plane)
    counts = [
        np.bincount((first * (n_levels + 1) + second).ravel(), minlength=(n_levels + 1) ** 2)
        for first, second in _neighbours(levels)
    ]
    table = np.reshape(counts, (-1, n_levels + 1, n_levels + 1))[:, 1:, 1:]
    return np.ascontiguousarray(table.transpose(1, 2, 0)[None], dtype=float), _directions(image)


def calculate_glrlm(
    image: np.ndarray, mask: np.ndarray, n_levels: int, longest: int, *plane: object
) -> tuple[np.ndarray, np.ndarray]:
    """Number of runs of equal pixels by level, length and direction.

    Parameters
    ----------
    image, mask, n_levels, *plane
        As in `calculate_glcm`.
    longest : int
        Pixels of the longest run that could be.

    Returns
    -------
    counts : ndarray of float, shape (1, n_levels, longest, n_directions)
    directions : ndarray of int, shape (n_directions, n_dimensions)
    """
    levels = _levels(image, mask, n_levels)
    # In a direction without any two neighbours the C code counts nothing.
    if levels is None or not all((one & two).any() for one, two in _neighbours(levels > 0)):
        return cMatrices.calculate_glrlm(image, mask, n_levels, longest, *plane)
    counts = []
    for pixels in _lines(levels):
        starts = np.flatnonzero(pixels[1:] != pixels[:-1]) + 1  # the first pixel is outside
        lengths = np.minimum(np.diff(starts, append=pixels.size), longest)
        code = pixels[starts] * np.int64(longest) + lengths - 1
        counts.append(np.bincount(code, minlength=(n_levels + 1) * longest))
    table = np.reshape(counts, (-1, n_levels + 1, longest))[:, 1:]
    return np.ascontiguousarray(table.transpose(1, 2, 0)[None], dtype=float), _directions(image)


def calculate_glszm(
    image: np.ndarray, mask: np.ndarray, n_levels: int, largest: int, *plane: object
) -> np.ndarray:
    """Number of zones of connected equal pixels by level and size.

    Parameters
    ----------
    image, mask, n_levels, *plane
        As in `calculate_glcm`.
    largest : int
        Pixels of the largest zone that could be.

    Returns
    -------
    ndarray of float, shape (1, n_levels, pixels of the largest zone)
    """
    levels = _levels(image, mask, n_levels)
    if levels is None:
        return cMatrices.calculate_glszm(image, mask, n_levels, largest, *plane)
    from skimage.measure import label  # a quarter of a second

    zones = label(levels, background=0, connectivity=2).ravel()
    sizes = np.bincount(zones)[1:]
    level = np.zeros(len(sizes) + 1, dtype=int)
    level[zones] = levels.ravel()
    width = int(sizes.max())
    code = (level[1:] - 1) * width + sizes - 1
    return np.bincount(code, minlength=n_levels * width).reshape(1, n_levels, width).astype(float)


def calculate_gldm(
    image: np.ndarray,
    mask: np.ndarray,
    distances: np.ndarray,
    n_levels: int,
    alpha: float,
    *plane: object,
) -> np.ndarray:
    """Number of pixels by level and by how many neighbours are like them.

    Parameters
    ----------
    image, mask, distances, n_levels, *plane
        As in `calculate_glcm`.
    alpha : float
        By how many levels a neighbour may differ.

    Returns
    -------
    ndarray of float, shape (1, n_levels, 17)
    """
    levels = _levels(image, mask, n_levels, distances)
    if levels is None or alpha != 0:
        return cMatrices.calculate_gldm(image, mask, distances, n_levels, alpha, *plane)
    alike = np.zeros_like(levels)
    for (one, two), (of_one, of_two) in zip(_neighbours(levels), _neighbours(alike), strict=True):
        equal = one == two  # never across the outline: outside is level 0
        of_one += equal
        of_two += equal
    code = (levels * N_DEPENDENCES + alike).ravel()
    counts = np.bincount(code, minlength=(n_levels + 1) * N_DEPENDENCES)
    return counts.reshape(1, n_levels + 1, N_DEPENDENCES)[:, 1:].astype(float)


def calculate_ngtdm(
    image: np.ndarray, mask: np.ndarray, distances: np.ndarray, n_levels: int, *plane: object
) -> np.ndarray:
    """By level, number of pixels and sum of their differences from the mean of their neighbours.

    Parameters
    ----------
    image, mask, distances, n_levels, *plane
        As in `calculate_glcm`.

    Returns
    -------
    ndarray of float, shape (1, n_levels, 3)
        Number, sum, and the level itself.
    """
    levels = _levels(image, mask, n_levels, distances)
    if levels is None:
        return cMatrices.calculate_ngtdm(image, mask, distances, n_levels, *plane)
    inside = levels > 0
    total, n = np.zeros_like(levels), np.zeros_like(levels)
    for values, sums in ((levels, total), (inside, n)):
        for (one, two), (of_one, of_two) in zip(
            _neighbours(values), _neighbours(sums), strict=True
        ):
            of_one += two
            of_two += one
    level, n = levels[inside], n[inside]
    # A pixel without neighbours differs from none: pixel after pixel, as sums round by their order.
    difference = np.abs(level - total[inside] / np.maximum(n, 1).astype(float))
    difference[n == 0] = 0
    table = np.empty((1, n_levels, 3))
    table[0, :, 0] = np.bincount(level, minlength=n_levels + 1)[1:]
    table[0, :, 1] = np.bincount(level, difference, minlength=n_levels + 1)[1:]
    table[0, :, 2] = np.arange(1, n_levels + 1)
    return table


def _levels(image, mask, n_levels, distances=(1,)):
    """Grey levels of one slice, 0 outside the mask; None where this is not its path.

    In as few bytes as hold what is made of them: a pair of levels, and 17 times a level.
    """
    rows, columns = image.shape[-2:]
    if image.size != rows * columns or min(rows, columns) < 2 or list(distances) != [1]:
        return None
    kind = np.min_scalar_type((n_levels + 1) * max(n_levels + 1, N_DEPENDENCES))
    return np.where(mask, image, 0).reshape(rows, columns).astype(kind)


def _directions(image):
    """Steps to the neighbours, in the order of pyradiomics."""
    steps = np.array([[1, 1], [1, 0], [1, -1], [0, 1]])
    return np.pad(steps, ((0, 0), (image.ndim - 2, 0)))


def _neighbours(plane) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For each direction two views: pixels, and their neighbours in this direction."""
    yield plane[:-1, :-1], plane[1:, 1:]
    yield plane[:-1], plane[1:]
    yield plane[:-1, 1:], plane[1:, :-1]
    yield plane[:, :-1], plane[:, 1:]


def _lines(levels) -> Iterator[np.ndarray]:
    """For each direction all pixels along it, one line behind the other, zeros between them."""
    rows, columns = levels.shape
    padded = np.zeros((rows + 3, columns + 1), dtype=levels.dtype)
    padded[:rows, 1:] = levels
    width = padded.shape[1]
    # In rows longer by one, a step to the next row is one to the right, too. A line that leaves the
    # slice comes by a zero before it goes on at the other side.
    for length in (width + 1, width, width - 1):
        used = padded.ravel()[: padded.size // length * length]
        yield used.reshape(-1, length).T.ravel()
    yield padded.ravel()
