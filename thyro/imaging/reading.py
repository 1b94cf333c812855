"""Image files as numbers: grey values 0-255, masks, pixel sizes; nothing else reads them.

Nothing but pixels and their size passes: no name, date or institution of a header is kept.
"""

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image

from thyro.imaging import dicom, formats, masks
from thyro.imaging.named import inside, respelled
from thyro.imaging.pixels import (
    NO_SIZE,
    UNKNOWN_MM,
    Grid,
    ImageError,
    Picture,
    attempt,
    choose_frame,
    coloured_pixels,
    pixel_hash,
    scan_area,
    to_grey,
)


class Case(NamedTuple):
    """Image and masks of one row of the user's table."""

    image: np.ndarray  # float, grey 0-255, shape (rows, columns)
    mask: np.ndarray  # bool, same shape
    second_mask: np.ndarray | None  # of the second reader
    spacing_mm: tuple[float, float] | None  # (row, column)
    notes: tuple[str, ...]  # warnings; they name no file
    coloured: np.ndarray | None  # bool, where the file is not grey; None: it is grey all over
    pixel_hash: str  # `pixels.pixel_hash` of the image before anything is set to black
    other_labels_px: int = 0  # pixels of the mask's file that have another label


class Folder:
    """Image and masks of each row of a table, read from the user's folder when asked for.

    Parameters
    ----------
    folder
        The data folder.
    files
        One row per image, text: `image`, `mask`, and if there are any `second_mask` and `frame`
        (from 0); an empty cell is none.
    mask_label
        The nodule's label in label maps, where None is label 1 and a picture in black and white
        shows label 1; or the name or the label of its segment, which a file of several needs.
    mask_flip
        "none", "horizontal", "vertical" or "both": how masks lie against their images. Any but
        "none" overrules what the header of a mask says about its position.
    component
        "single" refuses a mask of several parts, "largest" takes its largest, "all" keeps all.
    spacing_mm
        Pixel size to use where a file tells none.
    border_px
        Rows and columns set to black at the top, bottom, left and right, against burned-in text.
    blank_outside_scan
        Whether everything outside `scan_area` is set to black. Letters on the scan itself, and in
        the corners of a sector, stay.
    """

    def __init__(
        self,
        folder: Path,
        files: pd.DataFrame,
        *,
        mask_label: int | str | None = None,
        mask_flip: str = "none",
        component: str = "single",
        fill: bool = False,
        spacing_mm: float | None = None,
        border_px: tuple[int, int, int, int] = (0, 0, 0, 0),
        blank_outside_scan: bool = False,
    ):
        self.folder = Path(folder)
        columns = ("image", "mask", "second_mask", "frame")
        self.rows = files.reindex(columns=columns, fill_value="").values.tolist()
        self.reading = {
            "label": mask_label,
            "flip": mask_flip,
            "component": component,
            "fill": fill,
        }
        self.spacing_mm = None if spacing_mm is None else (float(spacing_mm), float(spacing_mm))
        self.border_px, self.blank_outside_scan = tuple(border_px), blank_outside_scan

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: int) -> Case:
        """Read row `i`.

        Raises
        ------
        ImageError
            With every problem of the image and of both masks.
        """
        image_name, mask_name, second_name, frame_text = self.rows[i]
        problems: list[str] = []
        frame = attempt(problems, _frame_number, frame_text)
        picture = shown = None
        if not problems:  # without its frame only the masks can be looked at
            picture, shown = attempt(problems, self._image, image_name, frame) or (None, None)
        names = {"mask": mask_name} | ({"second mask": second_name} if second_name.strip() else {})
        masks_read = [
            attempt(problems, self._mask, name, what, picture, shown, frame)
            for what, name in names.items()
        ]
        if len(masks_read) == 2 and all(masks_read) and _same_pixels(*masks_read):
            problems.append(
                f"second mask {Path(second_name).name}: the same pixels as the first mask. "
                "Name the outline of the second reader, or empty the cell."
            )
        if problems:
            raise ImageError(*problems)
        read, notes, others_px = zip(*masks_read, strict=True)
        own = picture.spacing_of(read[0])
        spacing = own or self.spacing_mm
        return Case(
            image=np.where(shown, picture.grey, 0.0),
            mask=read[0],
            second_mask=read[1] if len(read) > 1 else None,
            spacing_mm=spacing,
            notes=(
                *(() if own else _size_note(picture, spacing)),
                *picture.notes,
                *sum(notes, ()),
                *self._spelling_notes(i),
            ),
            coloured=picture.coloured,
            pixel_hash=pixel_hash(picture.grey),
            other_labels_px=others_px[0],
        )

    def _spelling_notes(self, i: int) -> tuple[str, ...]:
        """Whose names in the table are spelled otherwise than the file that was read."""
        image, mask, second, _ = self.rows[i]
        named = {"image": image, "mask": mask, "second mask": second}
        return tuple(
            f"{what}: its file is spelled otherwise than in the table (capitals, composed letters)"
            for what, name in named.items()
            if name.strip() and respelled(self.folder, name)
        )

    def _image(self, name: str, frame: int | None) -> tuple[Picture, np.ndarray]:
        """The frame, and which of its pixels are not set to black."""
        file = inside(self.folder, name, "image")
        picture = _load(file, frame)
        grey = np.rint(picture.grey)  # as it will be stored
        low, high = grey.min(), grey.max()
        if low == high:
            raise ImageError(f"{file.name}: every pixel is {low:g}; there is nothing to see.")
        if ((grey == low) | (grey == high)).all():
            raise ImageError(
                f"{file.name}: holds the grey values {low:g} and {high:g} only. Is it a mask?"
            )
        shown = np.zeros(grey.shape, bool)
        top, bottom, left, right = self.border_px
        rows, columns = grey.shape
        shown[top : max(0, rows - bottom), left : max(0, columns - right)] = True
        if not grey[shown].any():
            raise ImageError(f"{file.name}: cohort.border_px leaves nothing but black.")
        if self.blank_outside_scan:
            scan = np.zeros_like(shown)
            scan[scan_area(np.where(shown, grey, 0))] = True
            shown &= scan
        return picture, shown

    def _mask(self, name: str, what: str, picture, shown, frame) -> tuple[np.ndarray, tuple, int]:
        file = inside(self.folder, name, what)
        title = f"{what} {file.name}"
        mask, *rest = masks.read(file, title, picture, frame, **self.reading)
        if picture is None:
            return mask, *rest
        hidden = int((mask & ~shown).sum())
        if hidden:
            keys = "border_px or blank_outside_scan" if self.blank_outside_scan else "border_px"
            raise ImageError(
                f"{title}: {hidden} of its {int(mask.sum())} pixels lie where cohort.{keys} "
                "sets the image to black. Change that, or exclude the image."
            )
        within = np.rint(picture.grey[mask])  # as it will be stored
        if within.min() == within.max():
            raise ImageError(
                f"{title}: every pixel of the image inside it is {within[0]:g}. "
                "Is it the mask of this image?"
            )
        return mask, *rest


def _same_pixels(first: tuple, second: tuple) -> bool:
    return np.array_equal(first[0], second[0])


def _frame_number(cell: str | float | None) -> int | None:
    """The number of a cell, which is text, or a number where its column is a variable too."""
    text = "" if pd.isna(cell) else str(cell)
    if not text.strip():
        return None
    try:
        number = float(text)
        if number >= 0 and number.is_integer():
            return int(number)
    except ValueError:
        pass
    raise ImageError(f"frame {text!r}: expected a whole number from 0, or an empty cell.")


def _size_note(picture: Picture, spacing_mm) -> tuple[str, ...]:
    if spacing_mm is None:
        return (f"no pixel size ({picture.note}): sizes are in pixels",)
    if picture.note not in ("", NO_SIZE):
        return (f"pixel size taken from cohort.spacing_mm ({picture.note})",)
    return ()


def read_image(path: Path, *, frame: int | None = None) -> tuple[np.ndarray, tuple | None]:
    """Read one ultrasound frame.

    Parameters
    ----------
    path
        DICOM, PNG, JPEG, TIFF, BMP, NIfTI, NRRD or MHA.
    frame
        Which frame of a multi-frame file, from 0; needed when there are several.

    Returns
    -------
    image : float array, shape (rows, columns)
        Grey, 0-255.
    spacing_mm : (row, column) in mm, or None when the file does not tell.

    Raises
    ------
    ImageError
        If the file is not readable, has several frames and none is chosen, or is not 2-D.
    """
    picture = _load(Path(path), frame)
    return picture.grey, picture.spacing_mm


def read_mask(
    path: Path,
    image: np.ndarray,
    *,
    label: int | str | None = None,
    flip: str = "none",
    component: str = "all",
) -> np.ndarray:
    """Read the nodule mask of an image.

    Parameters
    ----------
    path
        NIfTI, NRRD, MHA, PNG, TIFF, BMP, JPEG or DICOM SEG.
    image
        The image that it belongs to, shape (rows, columns).
    label, flip, component
        As `mask_label`, `mask_flip` and `component` of `Folder`.

    Returns
    -------
    bool array, shape of `image`
        True inside the nodule.

    Raises
    ------
    ImageError
        If it is empty, or its size is not that of the image. It is never resized.
    """
    picture = Picture(image, None, Grid(), 1)
    path = Path(path)
    return masks.read(
        path, f"mask {path.name}", picture, None, label=label, flip=flip, component=component
    )[0]


def _load(path: Path, frame: int | None) -> Picture:
    if formats.is_dicom(path, path.name):
        return dicom.read(path, frame=frame)
    stack, grid = formats.read(path, path.name)
    array = stack[choose_frame(frame, len(stack), path.name)]
    grey = to_grey(array, path.name)
    if array.dtype.kind == "f" and grey.max() <= 1:
        raise ImageError(
            f"{path.name}: grey values {grey.min():g} to {grey.max():g}, expected 0 to 255. "
            "Export the image with 8 bits."
        )
    unknown = grid.spacing_mm in (None, UNKNOWN_MM)
    note = NO_SIZE if grid.origin_mm is None else "its header says none, or 1 x 1 mm"
    return Picture(
        grey,
        None if unknown else grid.spacing_mm,
        grid,
        len(stack),
        note if unknown else "",
        coloured_pixels(array),
        notes=formats.about(path).notes,
    )


def png_bytes(array: np.ndarray) -> bytes:
    """An 8-bit grey array (a boolean one as 0 and 255), shape (rows, columns), as bare PNG."""
    data = io.BytesIO()
    pixels = array.astype(np.uint8) * 255 if array.dtype == bool else array
    Image.fromarray(pixels).save(data, format="PNG", compress_level=4)
    return data.getvalue()
