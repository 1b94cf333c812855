"""Square crops around the nodule: what networks see."""

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch.nn import functional as F


def crop_square(mask: ArrayLike, *, margin: float = 0.1) -> tuple[int, int, int]:
    """Top row, left column and side in pixels of the square around the nodule.

    The longer side of the bounding box, widened by `margin` of it on each side. Where the frame
    allows, the square is shifted back inside; otherwise it is centred on the frame's shorter
    side and sticks out of it, at negative rows or columns.
    """
    mask = np.asarray(mask)
    if mask.ndim != 2 or mask.dtype != bool or not mask.any():
        raise ValueError(
            "mask: expected bool, shape (rows, columns), with at least one pixel, "
            f"got {mask.dtype} of shape {mask.shape}."
        )
    if margin < 0:
        raise ValueError(f"margin: expected 0 or more (share of the box), got {margin}.")
    boxes = [np.flatnonzero(mask.any(axis=axis))[[0, -1]] for axis in (1, 0)]
    side = int(np.ceil(max(last - first + 1 for first, last in boxes) * (1 + 2 * margin)))
    starts = []
    for (first, last), length in zip(boxes, mask.shape, strict=True):
        if side <= length:
            start = int(np.clip((first + last + 1 - side) // 2, 0, length - side))
        else:
            start = (length - side) // 2
        starts.append(start)
    return starts[0], starts[1], side


def crop(image: ArrayLike, mask: ArrayLike, *, size: int = 224, margin: float = 0.1) -> np.ndarray:
    """Cut the square around the nodule and resize it; never stretched.

    Parameters
    ----------
    image : array_like of float or uint8, shape (rows, columns)
        Grey levels 0-255. The surroundings of the nodule are kept.
    mask : array_like of bool, shape (rows, columns)
    size : int, default 224
        Rows and columns of the result.
    margin : float, default 0.1
        Share of the longer side of the bounding box added on each side.

    Returns
    -------
    ndarray of float32, shape (size, size)
        Outside the frame its mirror image, where the frame is too small for a square.
    """
    image, mask = np.asarray(image, dtype=np.float32), np.asarray(mask)
    if image.shape != mask.shape or not np.isfinite(image).all():
        raise ValueError(
            "image: expected finite grey levels in the shape of the mask, "
            f"{mask.shape}, got {image.shape}."
        )
    top, left, side = crop_square(mask, margin=margin)
    padding = [
        (max(-start, 0), max(start + side - length, 0))
        for start, length in zip((top, left), image.shape, strict=True)
    ]
    top, left = top + padding[0][0], left + padding[1][0]
    square = np.pad(image, padding, mode="symmetric")[top : top + side, left : left + side]
    resized = F.interpolate(
        torch.from_numpy(square.copy())[None, None],
        size=(size, size),
        mode="bilinear",
        antialias=True,
        align_corners=False,
    )
    # weights that add up to one but for rounding would make white whiter than 255
    return resized[0, 0].clamp(0, 255).numpy()


def crop_mask(mask: ArrayLike, *, size: int = 224, margin: float = 0.1) -> np.ndarray:
    """The mask on the grid of `crop`.

    Parameters
    ----------
    mask, size, margin
        As in `crop`.

    Returns
    -------
    ndarray of bool, shape (size, size)
    """
    return crop(np.asarray(mask) * 255.0, mask, size=size, margin=margin) > 127.5


def as_crops(crops: ArrayLike) -> np.ndarray:
    """Checked crops, float32 of shape (n, size, size), grey levels 0-255."""
    crops = np.asarray(crops, dtype=np.float32)
    if crops.ndim != 3 or not len(crops) or crops.shape[1] != crops.shape[2]:
        raise ValueError(f"crops: expected shape (n, size, size), n >= 1, got {crops.shape}.")
    if not np.isfinite(crops).all() or crops.min() < 0 or crops.max() > 255:
        raise ValueError(
            "crops: expected finite grey levels from 0 to 255, "
            f"found {np.nanmin(crops):g} to {np.nanmax(crops):g}."
        )
    return crops
