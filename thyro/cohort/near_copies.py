"""Frames that look alike: the same one saved again, shifted, brightened, or with a caliper on it.

Two patients never give the same speckle. Every image leaves a small print of its detail, without
coarse grey and brightness; prints that correlate when seen coarsely are held against each other by
normalised cross-correlation at every small shift. Of 273 frames of DDTI, two different ones reach
0.8 at most, while a copy that was compressed, shifted by 3 pixels, darkened and marked keeps 0.94.
Not found is a copy that was mirrored, turned by several degrees, or cropped or framed all round, so
that its scale in the picture is another.
"""

from collections.abc import Iterator

import numpy as np
from PIL import Image
from scipy import ndimage

SIDE = 64  # pixels of a print
CELLS = 16  # to each side of the coarse print, which is held against all others
COARSE, FINE = 5.0, 1.0  # SD, in pixels of a print, of what is taken out as grey, and as noise
CONTRAST = 2.5  # local SDs: lines and letters drawn on the frame count no more
LIKELY = 0.7  # correlation of coarse prints that are looked at in detail: one pair of a thousand
ALIKE = 0.85  # correlation of two prints of one frame
REACH = 4  # pixels of a print by which a copy may be shifted
CHUNK = 256  # coarse prints that are held against all others at once


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

    Takes time with the square of the number of images (20 000 in less than five minutes), and
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
    for earlier, later in _candidates(prints):
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


def _candidates(prints: np.ndarray) -> Iterator[tuple[int, int]]:
    """Pairs whose coarse prints agree, the earlier one first."""
    side = SIDE // CELLS
    coarse = np.zeros((len(prints), CELLS**2), np.float32)
    for start in range(0, len(prints), CHUNK):
        block = prints[start : start + CHUNK].reshape(-1, CELLS, side, CELLS, side)
        means = block.mean(axis=(2, 4), dtype=np.float32).reshape(len(block), -1)
        means -= means.mean(axis=1, keepdims=True)
        length = np.linalg.norm(means, axis=1, keepdims=True)
        coarse[start : start + CHUNK] = means / np.where(length > 0, length, 1)
    for start in range(0, len(prints), CHUNK):
        likely = coarse[start : start + CHUNK] @ coarse[start:].T >= LIKELY
        rows, columns = np.nonzero(np.triu(likely, 1))
        yield from zip((rows + start).tolist(), (columns + start).tolist(), strict=True)
