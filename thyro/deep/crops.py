"""Square crops around the nodule: what networks see."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch.nn import functional as F

from thyro.study import NETWORKS


@dataclass(frozen=True)
class Cropping:
    """What of a frame a network sees.

    Attributes
    ----------
    size : int
        Rows and columns of the crop.
    margin : float
        Share of the longer side of the nodule's box added on each side.
    side_mm : float
        Side of a square around the middle of the box instead, the same for every nodule: pixels
        then have one size, and a large nodule looks large. 0: the box and its margin, in which
        every nodule looks as large as the next, and texture finer the larger it is.
    sized : frozenset of str
        Patients whose pixel size is known; around the nodules of all others there is the box.
    """

    size: int = 224
    margin: float = 0.1
    side_mm: float = 0.0
    sized: frozenset[str] = frozenset()

    def is_fixed(self, patient: str) -> bool:
        """Whether the crop of this patient has a side of `side_mm`."""
        return self.side_mm > 0 and patient in self.sized

    def crop(
        self, patient: str, image: ArrayLike, mask: ArrayLike, spacing_mm: tuple[float, float]
    ) -> np.ndarray:
        """As `crop`, of the frame of a patient."""
        sides = self._sides(patient, spacing_mm)
        return crop(image, mask, size=self.size, margin=self.margin, sides_px=sides)

    def crop_mask(
        self, patient: str, mask: ArrayLike, spacing_mm: tuple[float, float]
    ) -> np.ndarray:
        """As `crop_mask`, of the mask of a patient."""
        sides = self._sides(patient, spacing_mm)
        return crop_mask(mask, size=self.size, margin=self.margin, sides_px=sides)

    def cuts(self, patient: str, mask: ArrayLike, spacing_mm: tuple[float, float]) -> bool:
        """Whether the nodule is larger than its crop."""
        sides, mask = self._sides(patient, spacing_mm), np.asarray(mask)
        return sides is not None and any(
            np.ptp(lines) + 1 > side for lines, side in zip(np.nonzero(mask), sides, strict=True)
        )

    def _sides(self, patient, spacing_mm):
        if not self.is_fixed(patient):
            return None
        return tuple(max(1, round(self.side_mm / side)) for side in spacing_mm)


def croppings(
    networks: Iterable[str], *, size: int, margin: float, side_mm: float, sized: Collection[str]
) -> dict[str, Cropping]:
    """What each network of a study sees: `side_mm` of a frame where its entry asks for that."""
    sides = {name: side_mm if NETWORKS[name].fixed_crop else 0.0 for name in networks}
    known = frozenset(sized)
    return {name: Cropping(size, margin, side, known) for name, side in sides.items()}


def crop_patients(
    patients: Iterable[str], read: Callable, shapes: Mapping[str, Cropping]
) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, dict[str, float]]]:
    """The crops that networks see of many patients, and how they were made.

    Parameters
    ----------
    patients : iterable of str
    read : callable
        `read(patient_id)` gives (image, mask, spacing_mm).
    shapes : mapping of network to Cropping
        Networks with the same one share their crops.

    Returns
    -------
    crops : dict of network to dict of patient to ndarray of float32, shape (size, size)
    counts : dict of network to dict
        side_mm; patients with a crop of it (fixed), with a box (scaled), and whose nodule is larger
        than the crop (cut).
    """
    seen: dict[Cropping, dict[str, np.ndarray]] = {shape: {} for shape in shapes.values()}
    counts = {shape: {"fixed": 0, "scaled": 0, "cut": 0} for shape in seen}
    for patient in patients if seen else ():
        image, mask, spacing_mm = read(patient)
        for shape, crops in seen.items():
            crops[patient] = shape.crop(patient, image, mask, spacing_mm)
            counts[shape]["fixed" if shape.is_fixed(patient) else "scaled"] += 1
            counts[shape]["cut"] += shape.cuts(patient, mask, spacing_mm)
    return (
        {name: seen[shape] for name, shape in shapes.items()},
        {name: {"side_mm": shape.side_mm} | counts[shape] for name, shape in shapes.items()},
    )


def crop_box(
    mask: ArrayLike, *, margin: float = 0.1, sides_px: tuple[int, int] | None = None
) -> tuple[int, int, int, int]:
    """Top row, left column, rows and columns of the crop around the nodule.

    By default a square: the longer side of the bounding box, widened by `margin` of it on each
    side; or `sides_px` (rows, columns). Where the frame allows, it is shifted back inside;
    otherwise it is centred on the side of the frame that is too short and sticks out of it, at
    negative rows or columns.
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
    if sides_px is None:
        longer = max(last - first + 1 for first, last in boxes)
        sides_px = (int(np.ceil(longer * (1 + 2 * margin))),) * 2
    starts = []
    for (first, last), side, length in zip(boxes, sides_px, mask.shape, strict=True):
        if side <= length:
            start = int(np.clip((first + last + 1 - side) // 2, 0, length - side))
        else:
            start = (length - side) // 2
        starts.append(start)
    return starts[0], starts[1], *sides_px


def crop(
    image: ArrayLike,
    mask: ArrayLike,
    *,
    size: int = 224,
    margin: float = 0.1,
    sides_px: tuple[int, int] | None = None,
) -> np.ndarray:
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
    sides_px : (int, int), optional
        Rows and columns of the crop, in place of the box: as many mm both ways.

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
    top, left, rows, columns = crop_box(mask, margin=margin, sides_px=sides_px)
    padding = [
        (max(-start, 0), max(start + side - length, 0))
        for start, side, length in zip((top, left), (rows, columns), image.shape, strict=True)
    ]
    top, left = top + padding[0][0], left + padding[1][0]
    square = np.pad(image, padding, mode="symmetric")[top : top + rows, left : left + columns]
    resized = F.interpolate(
        torch.from_numpy(square.copy())[None, None],
        size=(size, size),
        mode="bilinear",
        antialias=True,
        align_corners=False,
    )
    # weights that add up to one but for rounding would make white whiter than 255
    return resized[0, 0].clamp(0, 255).numpy()


def crop_mask(
    mask: ArrayLike,
    *,
    size: int = 224,
    margin: float = 0.1,
    sides_px: tuple[int, int] | None = None,
) -> np.ndarray:
    """The mask on the grid of `crop`.

    Parameters
    ----------
    mask, size, margin, sides_px
        As in `crop`.

    Returns
    -------
    ndarray of bool, shape (size, size)
    """
    white = np.asarray(mask) * 255.0
    return crop(white, mask, size=size, margin=margin, sides_px=sides_px) > 127.5


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
