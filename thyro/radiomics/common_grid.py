"""Frames on pixels of one size, so that texture is measured at one scale in every patient.

A scanner shows a deep field with coarser pixels, and a large nodule needs a deep field: on images
as they come, texture tells the size of the nodule. Shafiq-ul-Hassan et al. (2017), Med. Phys.
44:1050-1062, show it for CT and remedy it so.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from thyro.core import FEWEST_PIXELS

SEPARATOR = "@"  # "P0001@eroded" is a version of patient P0001, see `stability`
# Around the nodule: four times the widest Laplacian of Gaussian, beyond which it sees nothing.
MARGIN_MM = 8.0


@dataclass(frozen=True)
class CommonGrid:
    """Puts the frames of a study on pixels of one size.

    Attributes
    ----------
    pixel_mm
        Side of the new pixels; 0 leaves every frame as it is.
    sized
        Patients whose pixel size is known. The frames of all others stay as they are.
    """

    pixel_mm: float
    sized: frozenset[str]

    def side(self, key: str) -> float:
        """Side in mm of the new pixels of a patient, or "patient@version"; 0 where none are."""
        return self.pixel_mm if key.partition(SEPARATOR)[0] in self.sized else 0.0

    def __call__(
        self, key: str, image: np.ndarray, mask: np.ndarray, spacing_mm: tuple[float, float]
    ) -> tuple[np.ndarray, np.ndarray, tuple[float, float]]:
        """Image, mask and (row, column) in mm of the patient, resampled where that can be done.

        Raises
        ------
        ValueError
            If too few pixels of the mask are left.
        """
        side = self.side(key)
        if not side:
            return image, mask, spacing_mm
        resampled = resample(image, mask, spacing_mm, side)
        left = np.count_nonzero(resampled[1])
        if left < FEWEST_PIXELS:
            raise ValueError(
                f"mask: {left} of {np.count_nonzero(mask)} pixels are left on pixels of {side:g} "
                f"mm; at least {FEWEST_PIXELS} are needed. A smaller `pixel_mm` keeps more."
            )
        return resampled


def resample(
    image: np.ndarray,
    mask: np.ndarray,
    spacing_mm: tuple[float, float],
    pixel_mm: float,
    *,
    margin_mm: float = MARGIN_MM,
) -> tuple[np.ndarray, np.ndarray, tuple[float, float]]:
    """The nodule and its surroundings on square pixels of one size.

    Cubic B-splines for the image, as in pyradiomics; grey levels are not rounded, but kept within
    0-255. Where the new pixels are the larger ones, a Gaussian takes away first what they cannot
    show: its SD is half of what they are larger, in old pixels. The mask is interpolated linearly
    and holds the pixels that are inside by half or more.

    Parameters
    ----------
    image : ndarray of float, shape (rows, columns)
        Grey levels, 0-255.
    mask : ndarray of bool, same shape
    spacing_mm : (row, column)
    pixel_mm : float
        Above 0.
    margin_mm : float
        Around the nodule's box, as far as the frame goes: what lies beyond is cut off.

    Returns
    -------
    image : ndarray of float, shape (new rows, new columns)
    mask : ndarray of bool, same shape
    spacing_mm : (float, float)
        `pixel_mm` twice.
    """
    mask = np.asarray(mask, dtype=bool)
    box = tuple(
        _around(np.flatnonzero(mask.any(axis=1 - axis)), spacing_mm[axis], margin_mm)
        for axis in (0, 1)
    )
    image, inside = np.asarray(image, dtype=float)[box], mask[box].astype(float)
    step = pixel_mm / np.asarray(spacing_mm, dtype=float)  # in old pixels
    # The first new pixel begins where the first old one does.
    grid = {"offset": (step - 1) / 2, "output_shape": _shape(image.shape, step)}
    smooth = ndimage.gaussian_filter(image, np.maximum(step - 1, 0) / 2, mode="mirror")
    resampled = ndimage.affine_transform(smooth, step, order=3, mode="mirror", **grid)
    kept = ndimage.affine_transform(inside, step, order=1, mode="nearest", **grid) >= 0.5
    return np.clip(resampled, 0, 255), kept, (pixel_mm, pixel_mm)


def _around(lines: np.ndarray, side_mm: float, margin_mm: float) -> slice:
    """Rows or columns of the nodule and of what lies around it; all where there is no nodule."""
    if not len(lines):
        return slice(None)
    margin = int(np.ceil(margin_mm / side_mm))
    return slice(max(int(lines[0]) - margin, 0), int(lines[-1]) + 1 + margin)


def _shape(shape: tuple[int, int], step: np.ndarray) -> tuple[int, ...]:
    """Whole new pixels in the old ones, one at least."""
    return tuple(max(1, int(n / one + 1e-9)) for n, one in zip(shape, step, strict=True))
