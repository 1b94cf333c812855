"""Nodule masks: one label or segment of a file, compared with the geometry of its image."""

from pathlib import Path

import numpy as np
from scipy import ndimage

from thyro.core import FEWEST_PIXELS
from thyro.imaging import dicom_seg, formats, geometry
from thyro.imaging.labels import inside_label, one_channel
from thyro.imaging.pixels import (
    EIGHT,
    Grid,
    ImageError,
    Picture,
    attempt,
    choose_frame,
    largest_component,
)
from thyro.imaging.segments import OTHERS, inside_segment, segments_of_nrrd


def read(
    path: Path,
    name: str,
    picture: Picture | None,
    frame: int | None,
    *,
    label: int | str | None,
    flip: str,
    component: str,
    fill: bool = False,
) -> tuple[np.ndarray, tuple[str, ...], int]:
    """Read a mask and hold it against its image.

    A mask that holds a part of its image is put in its place where the headers of both tell it.

    Parameters
    ----------
    path
        NIfTI, NRRD, MHA, PNG, TIFF, BMP, JPEG or DICOM SEG.
    name
        What messages call it.
    picture
        Its image, or None where that is not readable: then only the mask itself is checked.
    frame
        The slice of a mask that has one for each frame of the image.
    label, flip, component, fill
        As `mask_label`, `mask_flip`, `component` and `fill` of `imaging.Folder`.

    Returns
    -------
    mask : bool array, shape (rows, columns)
    notes : what a reader should look at, naming no file
    others_px : how many pixels have another label than the one that was chosen by its number

    Raises
    ------
    ImageError
        With every problem found. A mask is never resized.
    """
    notes: list[str] = []
    problems: list[str] = []
    read_one = _read_segments if formats.is_dicom(path, name) else _read_values
    inside, labelled, grid = read_one(path, name, picture, frame, label, problems, notes)
    shape, place, others_px = labelled.shape, None, 0
    if any(note.startswith(OTHERS) for note in notes):
        others_px = int((labelled & ~inside).sum())
    if picture is not None and flip == "none":  # else the user has overruled the header
        place = geometry.place_of_part(shape, grid, picture)
    if inside is not None and place is not None:
        inside = _placed(inside, place, picture.grey.shape)
        notes.append(
            "a mask of a part of its image is placed by its header, "
            f"{place.row} rows down and {place.column} columns right"
        )
    mask = None
    if inside is not None and fill:
        filled = ndimage.binary_fill_holes(inside)
        if filled.sum() > inside.sum():
            notes.append("what the outline of a mask encloses is taken for the nodule")
        inside = filled
    if inside is not None:
        down, right = geometry.FLIPS[flip]
        whole = picture is None or inside.shape == picture.grey.shape
        mask = attempt(problems, _one_nodule, inside[::down, ::right], component, whole, name)
    if picture is not None and place is None:
        problems += geometry.misfits(shape, grid, picture, flip, name)
    if problems:
        raise ImageError(*problems)
    if picture is not None and place is None and geometry.may_be_swapped(mask, grid, picture):
        notes.append("rows and columns of a square mask may be swapped: no header tells")
    return mask, tuple(notes), others_px


def _read_values(
    path: Path, name: str, picture, frame, label, problems: list[str], notes: list[str]
) -> tuple[np.ndarray | None, np.ndarray, Grid]:
    """Where the nodule is, None with the problem noted; where any label is; and the grid."""
    stack, grid = formats.read(path, name, labels=True)
    values = _one_slice(stack, frame, picture, name)
    layers = values[None] if values.ndim == 2 else np.moveaxis(values, -1, 0)
    labelled = (layers != 0).any(axis=0)
    segments = segments_of_nrrd(path, len(layers), name)
    if segments:
        inside = attempt(problems, inside_segment, layers, segments, label, name, notes)
        return inside, labelled, grid
    about = formats.about(path)
    notes += about.notes
    channel = one_channel(values, about, label, name, notes)
    return attempt(problems, inside_label, channel, label, name, notes), labelled, grid


def _read_segments(
    path: Path, name: str, picture, frame, label, problems: list[str], notes: list[str]
) -> tuple[np.ndarray | None, np.ndarray, Grid]:
    """The same of a DICOM file."""
    frames = 1 if picture is None else picture.frames
    layers, segments, grid = dicom_seg.read(path, name, frame=frame, frames=frames)
    inside = attempt(problems, inside_segment, layers, segments, label, name, notes)
    return inside, layers.any(axis=0), grid


def _one_slice(stack: np.ndarray, frame: int | None, picture, name: str) -> np.ndarray:
    if len(stack) > 1 and picture is not None and len(stack) != picture.frames:
        raise ImageError(
            f"{name}: {len(stack)} slices, but its image has {picture.frames}. Save the one slice."
        )
    return stack[choose_frame(frame, len(stack), name) if len(stack) > 1 else 0]


def _placed(part: np.ndarray, place: geometry.Place, shape: tuple[int, int]) -> np.ndarray:
    """A part of a mask on the grid of the image, (rows, columns), with nothing around it."""
    whole = np.zeros(shape, bool)
    rows, columns = part.shape
    whole[place.row : place.row + rows, place.column : place.column + columns] = part
    return whole


def _one_nodule(mask: np.ndarray, component: str, whole: bool, name: str) -> np.ndarray:
    """The mask, or its largest part; `whole` says that it covers its image and no part of it."""
    if component == "largest":
        mask = largest_component(mask)
    rows, columns = (mask.any(axis=axis).sum() for axis in (1, 0))
    if min(rows, columns) < 2 or mask.sum() < FEWEST_PIXELS:
        raise ImageError(
            f"{name}: {mask.sum()} pixels inside {rows} x {columns}, too few to measure. "
            "Correct the outline, or exclude the patient."
        )
    if whole and mask.all():
        raise ImageError(f"{name}: covers the whole image. Outline the nodule.")
    if whole and mask[0, 0] and mask[0, -1] and mask[-1, 0] and mask[-1, -1]:
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
