"""Where a mask lies against its image, by what the headers of both files say."""

from typing import NamedTuple

import numpy as np

from thyro.imaging.pixels import UNKNOWN_MM, Grid, Picture

FLIPS = {  # of the mask, as steps along its rows and columns
    "none": (1, 1),
    "horizontal": (1, -1),
    "vertical": (-1, 1),
    "both": (-1, -1),
}
SAME_SPACING = 0.02  # relative: mask and image may round their pixel size
SAME_CROP = 1e-3  # the same for a part of an image, whose place depends on it
SAME_DIRECTION = 0.01  # of a unit vector
SAME_ORIGIN = 0.5  # pixels
WHOLE = 0.05  # pixels: how far the place of a part may be from a whole pixel
MIRRORED = {  # in words, by the flip that undoes it
    "horizontal": "mirrored left to right",
    "vertical": "mirrored top to bottom",
    "both": "mirrored both ways",
}
PLAIN = np.eye(2, 3)  # directions of rows and columns in a header that does not turn anything


class Place(NamedTuple):
    """The first pixel of a part of an image, counted from 0."""

    row: int
    column: int


def place_of_part(shape: tuple[int, int], grid: Grid, picture: Picture) -> Place | None:
    """Where a mask that holds a part of its image lies, as programs crop masks to their content.

    Only the header tells: pixel size and directions have to be those of the image, and the first
    pixel has to lie a whole number of pixels from that of the image, in the same plane.

    Parameters
    ----------
    shape
        (rows, columns) of the mask.
    grid
        Of the mask.
    picture
        Its image.

    Returns
    -------
    Place or None
        None if the mask is as large as its image, if a header does not tell, or if the part lies
        elsewhere, between pixels or beyond the image.
    """
    its, whole = picture.grid, picture.grey.shape
    told = (*grid, *its)
    if shape == whole or any(value is None for value in told):
        return None
    if not np.allclose(grid.spacing_mm, its.spacing_mm, rtol=SAME_CROP, atol=0):
        return None
    if turn(grid.direction, its.direction):
        return None
    along_row, along_column = np.reshape(its.direction, (2, 3))
    steps_mm = np.multiply(its.spacing_mm[0], along_column), its.spacing_mm[1] * along_row
    apart = np.nan_to_num(np.subtract(grid.origin_mm, its.origin_mm))  # a flat file has no depth
    with np.errstate(all="ignore"):  # a step of nothing, or of numbers beyond all measure
        exact = np.array([apart @ step / (step @ step) for step in steps_mm])
    if not np.isfinite(exact).all():
        return None
    row, column = (int(value) for value in np.rint(exact))
    beside = apart - exact @ np.array(steps_mm)  # off the plane
    fits = 0 <= row <= whole[0] - shape[0] and 0 <= column <= whole[1] - shape[1]
    on_pixels = np.abs(exact - (row, column)).max() <= WHOLE
    in_plane = np.abs(beside).max() <= SAME_ORIGIN * min(its.spacing_mm)
    return Place(row, column) if fits and on_pixels and in_plane else None


def may_be_swapped(mask: np.ndarray, grid: Grid, picture: Picture) -> bool:
    """Whether nothing excludes that rows and columns of a mask were swapped.

    That is a square mask, in a header as programs write it who know nothing of the image: arrays
    that are saved without their place are transposed easily, since numpy counts rows first and the
    formats count columns first. Pictures have no such header, and show what was drawn.

    Parameters
    ----------
    mask
        Bool, shape (rows, columns).
    grid
        Of its file.
    picture
        Its image.
    """
    if mask.shape != mask.T.shape or np.array_equal(mask, mask.T) or grid.direction is None:
        return False
    upright = np.allclose(np.abs(np.reshape(grid.direction, (2, 3))), PLAIN, atol=SAME_DIRECTION)
    at_zero = grid.origin_mm is None or not np.nan_to_num(grid.origin_mm).any()
    untold = picture.grid.direction is None or grid.spacing_mm in (None, UNKNOWN_MM)
    return bool(upright and at_zero and untold)


def misfits(
    shape: tuple[int, int], grid: Grid, picture: Picture, flip: str, name: str
) -> list[str]:
    """What tells that a mask was not drawn on the grid of its image.

    Parameters
    ----------
    shape, grid
        (rows, columns) of the mask, and where they lie.
    picture
        Its image.
    flip
        As `mask_flip` of `imaging.Folder`; any but "none" overrules the header of the mask.
    name
        What messages call the mask.
    """
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
        turned = turn(grid.direction, picture.grid.direction)
        if turned:
            return [*problems, f"{name}: by its header it {turned}"]
    if grid.origin_mm and picture.grid.origin_mm:
        apart = np.subtract(grid.origin_mm, picture.grid.origin_mm)
        if np.nanmax(np.abs(apart)) > SAME_ORIGIN * min(its or (1,)):
            shift = ", ".join(f"{value:.4g}" for value in apart if np.isfinite(value))
            problems.append(
                f"{name}: by its header it lies ({shift}) mm beside its image. "
                "Export the mask on the grid of the image."
            )
    return problems


def turn(direction: tuple, of_image: tuple | None) -> str:
    """How the axes of a mask lie against those of its image, and the remedy; "" if alike.

    Parameters
    ----------
    direction, of_image
        As in `Grid`; an image may tell none.
    """
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
