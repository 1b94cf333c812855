"""Nodule masks: one label of a file, compared with the geometry of its image."""

from pathlib import Path

import numpy as np
from scipy import ndimage

from thyro.core import FEWEST_PIXELS
from thyro.imaging import formats
from thyro.imaging.pixels import (
    EIGHT,
    Grid,
    ImageError,
    Picture,
    attempt,
    choose_frame,
    largest_component,
)

FLIPS = {  # of the mask, as steps along its rows and columns
    "none": (1, 1),
    "horizontal": (1, -1),
    "vertical": (-1, 1),
    "both": (-1, -1),
}
SAME_SPACING = 0.02  # relative: mask and image may round their pixel size
SAME_DIRECTION = 0.01  # of a unit vector
SAME_ORIGIN = 0.5  # pixels
MIRRORED = {  # in words, by the flip that undoes it
    "horizontal": "mirrored left to right",
    "vertical": "mirrored top to bottom",
    "both": "mirrored both ways",
}
PLAIN = np.eye(2, 3)  # directions of rows and columns in a header that does not turn anything
UNKNOWN_MM = (1, 1)  # pixel size that programs write when they do not know it
WHITE = 255  # of masks drawn as pictures
LARGEST_LABEL = 10  # of a small label map; the grey edges of a picture reach far beyond


def read(
    path: Path,
    name: str,
    picture: Picture | None,
    frame: int | None,
    *,
    label: int,
    flip: str,
    component: str,
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read a mask and hold it against its image.

    Parameters
    ----------
    path
        NIfTI, NRRD, MHA, PNG, TIFF, BMP or JPEG.
    name
        What messages call it.
    picture
        Its image, or None where that is not readable: then only the mask itself is checked.
    frame
        The slice of a mask that has one for each frame of the image.
    label, flip, component
        As `mask_label`, `mask_flip` and `component` of `imaging.Folder`.

    Returns
    -------
    mask : bool array, shape (rows, columns)
    notes : what a reader should look at, naming no file

    Raises
    ------
    ImageError
        With every problem found. A mask is never resized.
    """
    if formats.is_dicom(path, name):
        raise ImageError(f"{name}: a DICOM file; save masks as NIfTI, NRRD, MHA or PNG.")
    stack, grid = formats.read(path, name, labels=True)
    values = _one_slice(stack, frame, picture, name)
    notes: list[str] = []
    problems: list[str] = []
    mask = attempt(problems, _inside_label, values, label, name, notes)
    if mask is not None:
        down, right = FLIPS[flip]
        mask = mask[::down, ::right]
        mask = attempt(problems, _one_nodule, mask, component, name)
    if picture is not None:
        problems += _misfits(values.shape, grid, picture, flip, name)
    if problems:
        raise ImageError(*problems)
    return mask, tuple(notes)


def _one_slice(stack: np.ndarray, frame: int | None, picture, name: str) -> np.ndarray:
    if len(stack) > 1 and picture is not None and len(stack) != picture.frames:
        raise ImageError(
            f"{name}: {len(stack)} slices, but its image has {picture.frames}. Save the one slice."
        )
    values = stack[choose_frame(frame, len(stack), name) if len(stack) > 1 else 0]
    if values.ndim == 3:  # grey with transparency, or a picture in colour
        colours = values[..., :3] if values.shape[-1] > 2 else values[..., :1]
        if (colours != colours[..., :1]).any():
            raise ImageError(f"{name}: a picture in colour; save the mask in black and white.")
        values = colours[..., 0]
    return values.astype(np.uint8) if values.dtype == bool else values


def _inside_label(values: np.ndarray, label: int, name: str, notes: list[str]) -> np.ndarray:
    """Where `values` hold the label; a picture in black and white holds label 1."""
    if values.dtype.kind == "f" and not (np.isfinite(values) & (values == np.rint(values))).all():
        raise ImageError(
            f"{name}: holds values between labels, expected 0 and {label}. Threshold it."
        )
    present = [int(value) for value in np.unique(values) if value]
    if not present:
        raise ImageError(f"{name}: empty. Outline the nodule, or exclude the patient.")
    if label == 1 and present[-1] == WHITE:
        if len(present) > 1:
            _check_edges(values, present[:-1], name)
            notes.append("a mask has grey edges: pixels above 127 are taken")
        return values > WHITE // 2
    if label not in present:
        shown = _listed(present)
        raise ImageError(
            f"{name}: holds only label {shown}, expected {label}; set cohort.mask_label."
        )
    return values == label


def _check_edges(values: np.ndarray, between: list[int], name: str) -> None:
    """Refuse labels beside white, which are not the grey edges of what is drawn in white.

    Those hold darker and lighter grey and are narrow: no pixel of middle grey has eight neighbours
    that are all like it.
    """
    middle = (values > LARGEST_LABEL) & (values < WHITE - LARGEST_LABEL)
    even = ndimage.minimum_filter(values, 3) == ndimage.maximum_filter(values, 3)
    if between[-1] <= LARGEST_LABEL or between[0] < 0 or (middle & even).any():
        raise ImageError(
            f"{name}: holds {_listed(between)} and {WHITE}: labels, or black and white? Save the "
            f"nodule alone, or set cohort.mask_label to {WHITE} if that is its label."
        )


def _listed(labels: list[int]) -> str:
    return ", ".join(map(str, labels[:5])) + (" ..." if len(labels) > 5 else "")


def _one_nodule(mask: np.ndarray, component: str, name: str) -> np.ndarray:
    if component == "largest":
        mask = largest_component(mask)
    rows, columns = (mask.any(axis=axis).sum() for axis in (1, 0))
    if min(rows, columns) < 2 or mask.sum() < FEWEST_PIXELS:
        raise ImageError(
            f"{name}: {mask.sum()} pixels inside {rows} x {columns}, too few to measure. "
            "Correct the outline, or exclude the patient."
        )
    if mask.all():
        raise ImageError(f"{name}: covers the whole image. Outline the nodule.")
    if mask[0, 0] and mask[0, -1] and mask[-1, 0] and mask[-1, -1]:
        raise ImageError(
            f"{name}: holds all four corners of the image: the background is outlined, not the "
            "nodule. Invert it."
        )
    labels, n = ndimage.label(mask, structure=EIGHT)
    if component == "single" and n > 1:
        sizes = sorted(np.bincount(labels.ravel())[1:], reverse=True)
        raise ImageError(
            f"{name}: {n} separate parts, the largest of {sizes[0]} and {sizes[1]} pixels, "
            "expected one nodule. Correct it, or set cohort.mask_component to largest or all."
        )
    return mask


def _misfits(shape: tuple, grid: Grid, picture: Picture, flip: str, name: str) -> list[str]:
    """What tells that a mask was not drawn on the grid of its image."""
    problems = []
    if shape != picture.grey.shape:
        swapped = shape == picture.grey.shape[::-1]
        remedy = (
            "Its rows and columns are swapped: transpose it before saving."
            if swapped
            else "Export the mask on the grid of the image."
        )
        problems.append(
            f"{name}: {shape[0]} x {shape[1]} pixels, but its image has "
            f"{picture.grey.shape[0]} x {picture.grey.shape[1]}. {remedy}"
        )
    mine, its = grid.spacing_mm, picture.grid.spacing_mm
    if its is None and mine != UNKNOWN_MM:  # ITK does not see the regions of an ultrasound image
        its = picture.spacing_mm
    if mine and its and not np.allclose(mine, its, rtol=SAME_SPACING, atol=0):
        problems.append(
            f"{name}: pixels of {mine[0]:.4g} x {mine[1]:.4g} mm, but its image has "
            f"{its[0]:.4g} x {its[1]:.4g} mm. Export the mask on the grid of the image."
        )
    if flip != "none":  # the user has said how it lies, whatever the header says
        return problems
    if grid.direction:
        turn = _turn(grid.direction, picture.grid.direction)
        if turn:
            return [*problems, f"{name}: by its header it {turn}"]
    if grid.origin_mm and picture.grid.origin_mm:
        apart = np.subtract(grid.origin_mm, picture.grid.origin_mm)
        if np.nanmax(np.abs(apart)) > SAME_ORIGIN * min(its or (1,)):
            shift = ", ".join(f"{value:.4g}" for value in apart if np.isfinite(value))
            problems.append(
                f"{name}: by its header it lies ({shift}) mm beside its image. "
                "Export the mask on the grid of the image."
            )
    return problems


def _turn(direction: tuple, of_image: tuple | None) -> str:
    """How the axes of a mask lie against those of its image, and the remedy; "" if alike."""
    mask = np.reshape(direction, (2, 3))
    image = PLAIN if of_image is None else np.reshape(of_image, (2, 3))
    if np.allclose(mask, image, atol=SAME_DIRECTION):
        return ""
    flips = (flip for flip in MIRRORED if _is_flipped(mask, image, flip))
    flip = next(flips, None)
    if of_image is None:  # whether the tool turned the pixels too, only its user can see
        way = MIRRORED[flip] if flip else "turned"
        remedy = f"set cohort.mask_flip to {flip}" if flip else "export it as the image lies"
        return (
            f"is {way}, while its image says nothing of its direction. If the drawing tool turned "
            f"it, {remedy}; else save it with a plain header."
        )
    if flip:
        return (
            f"lies {MIRRORED[flip]} against its image; set cohort.mask_flip to {flip}, or export "
            "the mask on the grid of the image."
        )
    if np.allclose(np.abs(mask), np.abs(image[::-1]), atol=SAME_DIRECTION):
        return "lies with rows and columns swapped against its image; transpose it before saving."
    return "lies turned against its image. Export the mask on the grid of the image."


def _is_flipped(mask: np.ndarray, image: np.ndarray, flip: str) -> bool:
    """Whether the flip brings the axes of the mask, (2, 3), to those of the image."""
    down, right = FLIPS[flip]
    return np.allclose(mask, image * [[right], [down]], atol=SAME_DIRECTION)
