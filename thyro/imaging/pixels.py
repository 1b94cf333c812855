"""What an image is, whatever file it came from: grey 0-255, its grid, its scan area."""

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from scipy import ndimage

MAX_PIXELS = 12_600_000  # 4096 x 3072, as phones take pictures; no ultrasound frame is larger
MAX_BYTES = 64_000_000  # of all frames of a file that is not DICOM: they are read together
MAX_FRAMES = 1000  # of it
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, the weights of grey in JPEG
EIGHT = np.ones((3, 3))  # neighbours that belong to one part of a mask
TISSUE_SHARE = 0.4  # of the pixels around one in the scan; a dense line of text has less
COLOURED = 40  # levels between the channels: more than a JPEG puts between those of grey
NO_SIZE = "the file tells none"  # the usual reason for having no pixel size
UNKNOWN_MM = (1.0, 1.0)  # no scanner has it: programs write it where they do not know the size
SAME_SCALE = 1e-3  # relative: below it two regions are measured alike
Result = TypeVar("Result")


class ImageError(ValueError):
    """Images or masks that cannot be used; each problem names the file and the remedy."""

    @property
    def problems(self) -> list[str]:
        """Every problem found, one sentence or two each."""
        return list(self.args)

    def __str__(self) -> str:
        return "\n  ".join(self.args)


class Grid(NamedTuple):
    """Where the pixels of a file lie, as far as its header says; None for what it does not say."""

    spacing_mm: tuple[float, float] | None = None  # (row, column)
    origin_mm: tuple[float, ...] | None = None  # of the first pixel: x, y, z
    direction: tuple[float, ...] | None = None  # unit vectors along a row, and along a column


class Region(NamedTuple):
    """A part of a frame that is measured on its own, as a scanner's split screen has them."""

    box: tuple[slice, slice]  # rows and columns
    spacing_mm: tuple[float, float]  # (row, column)


class Picture(NamedTuple):
    """One frame of a file."""

    grey: np.ndarray  # float, 0-255, shape (rows, columns)
    spacing_mm: tuple[float, float] | None  # (row, column)
    grid: Grid
    frames: int  # how many the file holds
    note: str = ""  # why there is no pixel size
    coloured: np.ndarray | None = None  # bool, where it is not grey; None: it is grey all over
    regions: tuple[Region, ...] = ()  # where they differ in scale, so that there is no one size
    notes: tuple[str, ...] = ()  # on what was taken of the file, naming none

    def spacing_of(self, mask: np.ndarray) -> tuple[float, float] | None:
        """Pixel size at a nodule: that of the frame, or of the one region that holds the mask."""
        if self.spacing_mm or not self.regions:
            return self.spacing_mm
        holding = [one.spacing_mm for one in self.regions if mask[one.box].sum() == mask.sum()]
        alike = bool(holding) and np.allclose(holding, holding[0], rtol=SAME_SCALE, atol=0)
        return holding[0] if alike else None


def attempt(problems: list[str], read: Callable[..., Result], *arguments: Any) -> Result | None:
    """What `read` returns, or None once its problems are noted."""
    try:
        return read(*arguments)
    except ImageError as error:
        problems += error.problems


def choose_frame(frame: int | None, frames: int, name: str) -> int:
    """The index of the declared frame; a single frame needs no declaration.

    Parameters
    ----------
    frame
        The declared one, from 0, or None.
    frames
        How many the file holds.
    name
        Of the file, for the message.
    """
    if frame is None and frames > 1:
        raise ImageError(
            f"{name}: {frames} frames; name the one to analyse with cohort.frame, from 0."
        )
    if not 0 <= (frame or 0) < frames:
        raise ImageError(
            f"{name}: frame {frame} does not exist; expected 0 to {frames - 1}. "
            "Frames are counted from 0."
        )
    return frame or 0


def check_size(rows: int, columns: int, name: str, *, frames: int = 1, width: int = 1) -> None:
    """Refuse a size that is none, or that would fill the memory, before anything is read.

    Parameters
    ----------
    rows, columns
        By the header of the file.
    name
        Of the file, for the message.
    frames
        How many are read together.
    width
        Bytes of a pixel.
    """
    if rows < 1 or columns < 1 or rows * columns > MAX_PIXELS:
        raise ImageError(
            f"{name}: {rows} x {columns} pixels by its header, expected an ultrasound frame "
            f"of at most {MAX_PIXELS // 10**6} million. Export it again."
        )
    size = rows * columns * frames * width
    if not 1 <= frames <= MAX_FRAMES or size > MAX_BYTES:
        raise ImageError(
            f"{name}: {frames} frames of {rows} x {columns} pixels, {size / 10**6:.0f} MB, by its "
            f"header; at most {MAX_FRAMES} frames and {MAX_BYTES // 10**6} MB are read. Export the "
            "frame that is analysed."
        )


def to_grey(array: np.ndarray, name: str) -> np.ndarray:
    """Grey 0-255 as float from grey or RGB(A), shape (rows, columns) or (rows, columns, 3 or 4)."""
    if array.ndim == 3 and array.shape[-1] in (3, 4):
        red, green, blue = (array[..., i] for i in range(3))
        # Grey stored as RGB comes back exactly, where the weighted sum would round.
        coloured = (red != green) | (green != blue)
        array = np.where(coloured, _luma(array), red) if coloured.any() else red
    if array.ndim != 2:
        raise ImageError(f"{name}: expected one 2-D frame, found shape {array.shape}.")
    grey = array.astype(float)
    if not np.isfinite(grey).all():
        raise ImageError(f"{name}: holds pixels that are not numbers. Export it again.")
    if grey.min() < 0 or grey.max() > 255:
        raise ImageError(
            f"{name}: grey values {grey.min():g} to {grey.max():g}, expected 0 to 255; "
            "export the image with 8 bits."
        )
    return grey


def _luma(array: np.ndarray) -> np.ndarray:
    """Weighted sum of the channels; row by row, or all of them stand in memory as floats."""
    grey = np.empty(array.shape[:2])
    for row, channels in zip(grey, array, strict=True):
        row[:] = channels[:, :3] @ LUMA
    return grey


def coloured_pixels(array: np.ndarray) -> np.ndarray | None:
    """Where an RGB(A) array is in colour, shape (rows, columns); None of a grey one."""
    if array.ndim != 3 or array.shape[-1] not in (3, 4):
        return None
    red, green, blue = (array[..., i] for i in range(3))
    highest = np.maximum(np.maximum(red, green), blue)
    lowest = np.minimum(np.minimum(red, green), blue)
    coloured = np.subtract(highest, lowest, dtype=float) > COLOURED
    return coloured if coloured.any() else None


def pixel_hash(image: np.ndarray) -> str:
    """SHA-256, hexadecimal, of the shape and the 8-bit pixels of an image of grey 0-255."""
    pixels = np.ascontiguousarray(np.rint(image), dtype=np.uint8)
    return hashlib.sha256(str(pixels.shape).encode() + pixels.tobytes()).hexdigest()


def largest_component(mask: np.ndarray) -> np.ndarray:
    """The largest connected part of a boolean mask (8 neighbours), same shape."""
    labels, _ = ndimage.label(mask, structure=EIGHT)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return labels == sizes.argmax()


def scan_area(image: np.ndarray, *, floor: float = 4.0) -> tuple[slice, slice]:
    """Rows and columns of the scan in a screen shot: its largest connected part of tissue.

    Tissue is lit (above `floor`) and never even, since speckle differs from pixel to pixel. Text,
    scales and logos cover their surroundings thinly, and title bars are of one grey: both are left
    out, up to a few pixels. What stands inside the box, as in the corners of a sector, is not. A
    frame without a border is returned whole.
    """
    grey = np.rint(image).astype(np.int16)
    even = np.ones(grey.shape, bool)  # like all neighbours above, below, left and right
    along, down = grey[:, 1:] == grey[:, :-1], grey[1:] == grey[:-1]
    even[:, 1:] &= along
    even[:, :-1] &= along
    even[1:] &= down
    even[:-1] &= down
    tissue = ndimage.uniform_filter(((grey > floor) & ~even).astype(np.float32), 9) > TISSUE_SHARE
    core = ndimage.binary_opening(tissue, iterations=6)
    if not core.any():
        return slice(0, image.shape[0]), slice(0, image.shape[1])
    return ndimage.find_objects(largest_component(core).astype(int))[0]
