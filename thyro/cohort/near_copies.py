"""Frames that look alike: the same one saved again, shifted, brightened, or with a caliper on it.

Two patients never give the same speckle. Every image leaves a small print of its detail, without
coarse grey and brightness; prints whose signs mostly agree are held against each other by
normalised cross-correlation at every small shift. Of 273 frames of DDTI, two different ones reach
0.8 at most, while a copy that was compressed, shifted by 3 pixels, darkened and marked keeps 0.94.
"""

from collections.abc import Iterator

import numpy as np
from PIL import Image
from scipy import ndimage

SIDE = 64  # pixels of a print
CELLS = 16  # to each side, whose signs make the hash
COARSE, FINE = 5.0, 1.0  # SD, in pixels of a print, of what is taken out as grey, and as noise
CONTRAST = 2.5  # local SDs: lines and letters drawn on the frame count no more
ALIKE_BITS = 40  # of 256: at most so many signs differ between prints that are compared
ALIKE = 0.85  # correlation of two prints of one frame
REACH = 4  # pixels of a print by which a copy may be shifted
CHUNK = 256  # hashes that are held against all others at once


def print_of(image: np.ndarray) -> np.ndarray:
    """The detail of an image, int8, shape (64, 64): small however large the image is.

    Parameters
    ----------
    image
        Grey 0-255, shape (rows, columns).
    """
    small = Image.fromarray(image.astype(np.float32)).resize((SIDE, SIDE), Image.Resampling.BOX)
    grey = np.asarray(small)
    detail = ndimage.gaussian_filter(grey, FINE) - ndimage.gaussian_filter(grey, COARSE)
    local = np.sqrt(ndimage.gaussian_filter(detail**2, COARSE)) + 1  # 1: nothing is seen in black
    return np.rint(np.clip(detail / local, -CONTRAST, CONTRAST) * 127 / CONTRAST).astype(np.int8)


def near_copies(prints: np.ndarray) -> list[tuple[int, int, float]]:
    """Pairs of images that show the same frame.

    Takes time with the square of the number of images, but little of it (20 000 in a minute), and
    memory in proportion.

    Parameters
    ----------
    prints
        Of `print_of`, int8, shape (n_images, 64, 64).

    Returns
    -------
    list of (earlier, later, correlation)
        In the order of the later one; positions in `prints`.
    """
    found = []
    for earlier, later in _candidates(_hashes(prints)):
        agreement = correlation(prints[earlier], prints[later])
        if agreement >= ALIKE:
            found.append((earlier, later, agreement))
    return sorted(found, key=lambda pair: (pair[1], pair[0]))


def first_rows(prints: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Of every image the row of the first one that shows its frame, which may be its own.

    Parameters
    ----------
    prints
        As in `near_copies`.
    rows
        Number of the row of each, shape (n_images,).

    Returns
    -------
    int array, shape (n_images,)
    """
    found = np.array(rows, dtype=int)
    for earlier, later, _ in near_copies(prints):  # so the earlier one is settled
        found[later] = min(found[later], found[earlier])
    return found


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Normalised cross-correlation of two prints, at the best of small shifts; 0 if even."""
    a, b = (one - one.mean() for one in (first.astype(float), second.astype(float)))
    scale = np.sqrt(np.sum(a**2) * np.sum(b**2))
    if scale == 0:
        return 0.0
    product = np.fft.irfft2(np.fft.rfft2(a) * np.conj(np.fft.rfft2(b)), a.shape)
    near = np.roll(product, (REACH, REACH), axis=(0, 1))[: 2 * REACH + 1, : 2 * REACH + 1]
    return float(near.max() / scale)


def _hashes(prints: np.ndarray) -> np.ndarray:
    """Signs of the cells of each print, packed: uint64, shape (n_images, 4)."""
    side = SIDE // CELLS
    means = prints.reshape(-1, CELLS, side, CELLS, side).mean(axis=(2, 4))
    return np.packbits(means.reshape(len(prints), -1) > 0, axis=1).view(np.uint64)


def _candidates(hashes: np.ndarray) -> Iterator[tuple[int, int]]:
    for start in range(0, len(hashes), CHUNK):
        block = hashes[start : start + CHUNK, None]
        differing = np.bitwise_count(block ^ hashes[None, start:]).sum(axis=2, dtype=np.uint16)
        rows, columns = np.nonzero(np.triu(differing <= ALIKE_BITS, 1))
        yield from zip((rows + start).tolist(), (columns + start).tolist(), strict=True)
