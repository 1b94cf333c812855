"""The one door to image files: grey values 0-255, masks, pixel sizes.

Nothing but pixels and their size passes: no name, date or institution of a header is kept.
"""

import io
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from PIL import Image
from pydicom.pixels import apply_color_lut, apply_rescale
from scipy import ndimage

LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, the weights of grey in JPEG
CENTIMETRES = 3  # DICOM PS3.3 C.8.5.5.1.15: physical unit of a region
TISSUE = 1  # DICOM PS3.3 C.8.5.5.1.3: region data type


class ImageError(ValueError):
    """An image or mask that cannot be used; the message names the file and the remedy."""


def inside(folder: Path, name: str, what: str) -> Path:
    """Path of the file `name` of a table, which must lie below `folder`.

    Raises
    ------
    ImageError
        If the name is empty, leaves the folder (by `..`, an absolute path or a link), or no such
        file is there.
    """
    if not name.strip():
        raise ImageError(f"{what}: no file named; fill the cell.")
    file = (folder / name).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise ImageError(f"{what} {name!r} lies outside the data folder; copy it there.")
    if not file.is_file():
        raise ImageError(f"{what} {name!r} is not in the data folder {folder}.")
    return file


def read_image(path: Path, *, frame: int | None = None) -> tuple[np.ndarray, tuple | None]:
    """Read one ultrasound frame.

    Parameters
    ----------
    path
        DICOM, PNG, JPEG, TIFF, NIfTI, NRRD or MHA.
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
    path = Path(path)
    try:
        if pydicom.misc.is_dicom(path):
            return _read_dicom(path, frame)
        return _read_other(path, frame)
    except ImageError:
        raise
    except Exception as error:  # decoders raise what they like; the user needs the file
        raise ImageError(f"{path.name}: not readable as an image: {error}") from None


def _read_other(path: Path, frame: int | None) -> tuple[np.ndarray, tuple | None]:
    # Pillow reads what cameras write: quietly, and with the palette applied.
    if path.suffix.lower() in {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"}:
        with Image.open(path) as picture:
            deep = picture.mode.startswith(("I", "F"))
            return _grey(np.asarray(picture if deep else picture.convert("RGB")), path), None
    volume = sitk.ReadImage(str(path))
    array = sitk.GetArrayFromImage(volume)
    column_mm, row_mm = volume.GetSpacing()[:2]
    if volume.GetDimension() == 3:
        array = _choose(array, frame, path)
    return _grey(array, path), (row_mm, column_mm)


def _read_dicom(path: Path, frame: int | None) -> tuple[np.ndarray, tuple | None]:
    data = pydicom.dcmread(path)
    if "PixelData" not in data:
        raise ImageError(f"{path.name}: a DICOM file without pixels.")
    array = data.pixel_array  # YBR is turned into RGB
    if int(data.get("NumberOfFrames", 1)) > 1:
        array = _choose(array, frame, path)
    photometric = data.PhotometricInterpretation
    if photometric == "PALETTE COLOR":
        array = apply_color_lut(array, data)
        array, bits = (array // 257 if array.dtype == np.uint16 else array), 8
    else:
        array, bits = apply_rescale(array, data), data.BitsStored
    grey = _grey(array, path, bits=bits)
    return (255 - grey if photometric == "MONOCHROME1" else grey), _dicom_spacing(data)


def _choose(array: np.ndarray, frame: int | None, path: Path) -> np.ndarray:
    if frame is None and len(array) > 1:
        raise ImageError(f"{path.name}: {len(array)} frames; say which one is analysed.")
    return array[frame or 0]


def _grey(array: np.ndarray, path: Path, *, bits: int = 8) -> np.ndarray:
    """Grey 0-255 from grey or RGB; more than 8 stored bits are scaled by their range, so that a
    dark frame and a bright one of the same device keep the same scale.
    """
    array = np.asarray(array, dtype=float) if array.dtype != np.uint8 else array
    if array.ndim == 3 and array.shape[-1] in (3, 4):
        same = np.array_equal(array[..., 0], array[..., 1]) and np.array_equal(
            array[..., 1], array[..., 2]
        )
        array = array[..., 0] if same else array[..., :3] @ LUMA  # exact for grey stored as RGB
    if array.ndim != 2:
        raise ImageError(f"{path.name}: expected one 2-D frame, found shape {array.shape}.")
    grey = array.astype(float)
    if not np.isfinite(grey).all():
        raise ImageError(f"{path.name}: holds pixels that are not numbers.")
    if bits > 8:
        grey = grey * (255 / (2**bits - 1))
    if grey.min() < 0 or grey.max() > 255:
        raise ImageError(
            f"{path.name}: grey values {grey.min():g} to {grey.max():g}, expected 0 to 255; "
            "export the image with 8 bits."
        )
    return grey


def _dicom_spacing(data: pydicom.Dataset) -> tuple[float, float] | None:
    """(row, column) in mm from PixelSpacing, else from the one tissue region in centimetres."""
    if "PixelSpacing" in data:
        row, column = (float(value) for value in data.PixelSpacing)
        return (row, column) if row > 0 and column > 0 else None
    for region in data.get("SequenceOfUltrasoundRegions", []):
        units = (region.get("PhysicalUnitsXDirection"), region.get("PhysicalUnitsYDirection"))
        if region.get("RegionDataType") != TISSUE or units != (CENTIMETRES, CENTIMETRES):
            continue
        # A box beyond the pixels was written for another size of the image: its scale is wrong too.
        # Some writers count the last column as the first one outside.
        fits = (
            region.RegionLocationMaxX1 <= data.Columns and region.RegionLocationMaxY1 <= data.Rows
        )
        row, column = abs(region.PhysicalDeltaY) * 10, abs(region.PhysicalDeltaX) * 10
        return (row, column) if fits and row > 0 and column > 0 else None
    return None


def read_mask(path: Path, image: np.ndarray) -> np.ndarray:
    """Read the nodule mask of `image`.

    Returns
    -------
    bool array, shape of `image`
        True inside the nodule (not zero in the file).

    Raises
    ------
    ImageError
        If it is empty, or its size is not that of the image. It is never resized.
    """
    path = Path(path)
    grey, _ = read_image(path)
    if grey.shape != image.shape:
        raise ImageError(
            f"mask {path.name}: {grey.shape[0]} x {grey.shape[1]} pixels, but its image has "
            f"{image.shape[0]} x {image.shape[1]}. Export the mask on the grid of the image."
        )
    # Masks drawn as pictures are 0 and 255, perhaps with soft edges; label maps are 0 and 1.
    mask = grey > (127 if grey.max() == 255 else 0)
    if not mask.any():
        raise ImageError(f"mask {path.name}: empty. Outline the nodule, or exclude the patient.")
    return mask


class Folder:
    """Image and mask of each row of a table, read from the user's folder when asked for.

    Parameters
    ----------
    folder
        The data folder.
    images, masks
        File names below it, one per patient; series with the index of the user's table.
    component
        "all" of the mask, or its "largest" connected part.
    spacing_mm
        Pixel size to use where a file tells none; without one it is 1.0 and sizes are in pixels.
    """

    def __init__(self, folder: Path, images, masks, *, component: str = "all", spacing_mm=None):
        self.folder, self.component = folder, component
        self.names = list(zip(images.index, images, masks, strict=True))
        self.default = (spacing_mm, spacing_mm) if spacing_mm else None

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        return self._read(i)[:2]

    def _read(self, i: int) -> tuple[np.ndarray, np.ndarray, tuple | None]:
        _, image_name, mask_name = self.names[i]
        image, spacing = read_image(inside(self.folder, image_name, "image"))
        mask = read_mask(inside(self.folder, mask_name, "mask"), image)
        mask = largest_component(mask) if self.component == "largest" else mask
        return image, mask, spacing or self.default

    def check(self, progress=None) -> list[tuple | None]:
        """Read everything once; returns the pixel size of each, None where nothing tells it.

        Raises
        ------
        ImageError
            Naming every row whose image or mask cannot be used.
        """
        problems, spacings = [], []
        steps = range(len(self))
        for i in steps if progress is None else progress(steps, total=len(self)):
            try:
                spacings.append(self._read(i)[2])
            except ImageError as error:
                problems.append(f"row {int(self.names[i][0]) + 2}: {error}")
        if problems:
            raise ImageError("Images or masks cannot be used:\n  " + "\n  ".join(problems))
        unknown = [
            int(row) + 2 for (row, _, _), s in zip(self.names, spacings, strict=True) if not s
        ]
        if 0 < len(unknown) < len(spacings):  # millimetres and pixels in one column
            raise ImageError(
                f"Pixel size: {len(unknown)} of {len(spacings)} images do not tell it, the first "
                f"in row {unknown[0]}. Give `cohort.spacing_mm`, or leave these images out."
            )
        return spacings


def largest_component(mask: np.ndarray) -> np.ndarray:
    """The largest connected part of a boolean mask (8 neighbours), same shape."""
    labels, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return labels == sizes.argmax()


def scan_area(image: np.ndarray, *, floor: float = 8.0) -> tuple[slice, slice]:
    """Rows and columns of the scan in a screen shot: its largest connected lit part.

    Text, scales and logos beside the scan are thin and dark-edged; a local mean above `floor` grey
    levels after opening keeps the tissue only. A frame without a border is returned whole.
    """
    lit = ndimage.uniform_filter(image.astype(float), 9) > floor
    core = ndimage.binary_opening(lit, iterations=6)
    if not core.any():
        return slice(0, image.shape[0]), slice(0, image.shape[1])
    return ndimage.find_objects(largest_component(core).astype(int))[0]


def png_bytes(array: np.ndarray) -> bytes:
    """An 8-bit grey array (a boolean one as 0 and 255), shape (rows, columns), as bare PNG."""
    data = io.BytesIO()
    pixels = array.astype(np.uint8) * 255 if array.dtype == bool else array
    Image.fromarray(pixels).save(data, format="PNG", compress_level=4)
    return data.getvalue()
