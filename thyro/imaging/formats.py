"""Files that are not DICOM: pictures (PNG, JPEG, TIFF, BMP) and volumes (NIfTI, NRRD, MHA).

Only stored values and where they lie are read, nothing else of a header.
"""

import gzip
import shutil
import struct
import tempfile
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import SimpleITK as sitk
from PIL import ExifTags, Image
from pydicom.valuerep import VR

from thyro.imaging import headers, packed
from thyro.imaging.pixels import Grid, ImageError, check_size

PICTURES = ("PNG", "JPEG", "TIFF", "BMP")
VOLUMES = {
    ".nii": "NiftiImageIO",
    ".nii.gz": "NiftiImageIO",
    ".nrrd": "NrrdImageIO",
    ".mha": "MetaImageIO",
}
KNOWN = "DICOM, PNG, JPEG, TIFF, BMP, NIfTI, NRRD or MHA"
NIFTI_HEADER = 348  # bytes, and the number it begins with
NIFTI_FLOATS = {16: "f4", 64: "f8"}  # codes of its data types
NIFTI_BITS = {  # of a pixel of each type; what a header says of them beside it, ITK does not read
    **dict.fromkeys((2, 256), 8),
    **dict.fromkeys((4, 512), 16),
    128: 24,
    **dict.fromkeys((8, 16, 768, 2304), 32),
    **dict.fromkeys((32, 64, 1024, 1280), 64),
    1792: 128,
}
NIFTI_MAGIC = b"n+1\0"  # ends the header of a file that holds its pixels too
DAMAGED = (
    *(RuntimeError, OSError, EOFError, ValueError, LookupError, ArithmeticError),
    *(struct.error, zlib.error),
)
LONGEST_EXTENSION = 2**20  # bytes between the header and the pixels
BYTES = {  # of a number
    **dict.fromkeys((sitk.sitkUInt8, sitk.sitkInt8, sitk.sitkVectorUInt8, sitk.sitkVectorInt8), 1),
    **dict.fromkeys((sitk.sitkUInt16, sitk.sitkInt16), 2),
    **dict.fromkeys((sitk.sitkVectorUInt16, sitk.sitkVectorInt16), 2),
    **dict.fromkeys((sitk.sitkUInt32, sitk.sitkInt32, sitk.sitkFloat32), 4),
    **dict.fromkeys((sitk.sitkVectorUInt32, sitk.sitkVectorInt32, sitk.sitkVectorFloat32), 4),
}
GZIP = b"\x1f\x8b"
PHONE = "MPO"  # what Pillow calls a JPEG with further pictures behind the first
UNTURNED = 1  # EXIF orientation of a picture that is shown as it is stored


class About(NamedTuple):
    """What a picture file says of itself beside its values; of a volume, nothing."""

    kind: str = ""  # as Pillow calls it: "PNG", "JPEG", "MPO" ...
    palette: np.ndarray | None = None  # uint8 RGBA, shape (entries, 4)
    pictures: int = 1  # how many it holds

    @property
    def notes(self) -> tuple[str, ...]:
        """That there are pictures which nobody reads."""
        if self.kind != PHONE or self.pictures < 2:
            return ()
        return (f"the first of {self.pictures} pictures in its file is taken",)


def is_dicom(path: Path, name: str) -> bool:
    """Whether a file is DICOM by its content, be it without the preamble that marks one.

    Raises
    ------
    ImageError
        If there is no such file, or it may not be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(132)
    except OSError as error:
        raise ImageError(f"{name}: cannot be opened: {error.strerror}.") from None
    return head[128:] == b"DICM" or _is_bare_dicom(head)


def _is_bare_dicom(head: bytes) -> bool:
    """Whether a file begins with a plausible first element of a data set, and not a preamble.

    That is one of the groups 0002 or 0008, with a representation that the standard knows, or with
    a length (which is short, and even) in its place.
    """
    if len(head) < 132:
        return False
    group, element, length = struct.unpack_from("<HHI", head)
    if group not in (0x0002, 0x0008) or element > 0x0100:
        return False
    return head[4:6].decode("latin-1") in set(VR) or (length <= 128 and length % 2 == 0)


def read(path: Path, name: str, *, labels: bool = False) -> tuple[np.ndarray, Grid]:
    """Read every frame of a file.

    Parameters
    ----------
    path
        The file, known by its content. The ending of its name counts where that is damaged.
    name
        What messages call it.
    labels
        Whether the numbers of a palette count, as in label maps, and not its colours.

    Returns
    -------
    values : array, shape (frames, rows, columns) or (frames, rows, columns, channels)
        As stored; a 2-D file has one frame, and so has a phone's JPEG with further pictures.
    grid : Grid
        Pixel size, position and direction: nothing for a picture. A size that is not positive
        is none.

    Raises
    ------
    ImageError
        If the file is empty, of another kind, cut short, or too large; if it is neither 2-D nor
        3-D, keeps its pixels in another file, or is a picture that viewers turn.
    """
    if path.stat().st_size == 0:
        raise ImageError(f"{name}: an empty file. Copy or export it again.")
    if _ending(path):
        with _named_by_content(path) as file:
            return _volume(file, name)
    return _picture(path, name, labels), Grid()


def about(path: Path) -> About:
    """What a file that `read` accepts says of itself beside its values."""
    if _ending(path):
        return About()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of headers
        with Image.open(path, formats=PICTURES) as picture:
            palette = None
            if picture.mode == "P":
                picture.apply_transparency()
                palette = np.reshape(picture.getpalette("RGBA"), (-1, 4)).astype(np.uint8)
            return About(picture.format or "", palette, getattr(picture, "n_frames", 1))


def _picture(path: Path, name: str, labels: bool) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of size, where check_size is stricter, and of headers
        try:
            frames = []
            with Image.open(path, formats=PICTURES) as picture:
                # A phone keeps a preview or a map of light behind the picture that was taken.
                count = 1 if picture.format == PHONE else getattr(picture, "n_frames", 1)
                check_size(picture.height, picture.width, name, frames=count)
                # Pixels of a TIFF are turned when they are read; entries of a PNG are read with its
                # pixels, where damage would pass for that of an entry.
                if picture.format != "TIFF":
                    picture.load()
                _check_turn(picture, name)
                if picture.mode.startswith(("I", "F")) and not labels:
                    raise ImageError(
                        f"{name}: more than 8 bits per pixel, expected 8. Export it with 8 bits."
                    )
                for i in range(count):
                    picture.seek(i)
                    check_size(picture.height, picture.width, name)  # pages of a TIFF may differ
                    as_stored = picture.mode in ("L", "RGB") or labels and picture.mode != "CMYK"
                    frames.append(np.asarray(picture if as_stored else picture.convert("RGB")))
            return np.stack(frames)
        except ImageError:
            raise
        except Image.UnidentifiedImageError:
            raise ImageError(f"{name}: not a file of a known kind; expected {KNOWN}.") from None
        except Image.DecompressionBombError:
            raise ImageError(
                f"{name}: far too many pixels by its header, expected an ultrasound frame. "
                "Export it again."
            ) from None
        except Exception:  # decoders raise what they like
            raise ImageError(
                f"{name}: its pixels cannot be decoded: the file is cut short or damaged. "
                "Copy or export it again."
            ) from None


def _check_turn(picture: Image.Image, name: str) -> None:
    """Refuse a picture that some programs show as stored and others turned."""
    try:
        turn = picture.getexif().get(ExifTags.Base.Orientation, UNTURNED)
    except Exception:  # a damaged entry turns nothing, here as in viewers
        return
    if turn in range(UNTURNED + 1, 9):
        raise ImageError(
            f"{name}: an entry of its header (EXIF orientation {turn}) turns it in some programs "
            "and not in others. Save image and mask without that entry, and look at both together."
        )


def _head(path: Path) -> tuple[bytes, bool]:
    """The first bytes of a file, as many as a NIfTI header has, and whether they were packed."""
    with path.open("rb") as file:
        head = file.read(NIFTI_HEADER)
    if not head.startswith(GZIP):
        return head, False
    try:
        with gzip.open(path) as file:
            return file.read(NIFTI_HEADER), True
    except (OSError, EOFError, zlib.error):
        return b"", True


def _ending(path: Path) -> str:
    """The one of `VOLUMES` that the content asks for, else that ends the name, or ""."""
    head, packed = _head(path)
    if head.endswith(NIFTI_MAGIC):
        return ".nii.gz" if packed else ".nii"
    if head.startswith(b"NRRD000"):
        return ".nrrd"
    return _named(path)


def _named(path: Path) -> str:
    """The one of `VOLUMES` that ends the name, or ""."""
    return next((end for end in VOLUMES if path.name.lower().endswith(end)), "")


@contextmanager
def _named_by_content(path: Path) -> Iterator[Path]:
    """The file, or a copy of it for as long as it is read: ITK goes by the ending of a name."""
    ending = _ending(path)
    if _named(path) == ending:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, f"volume{ending}")
        shutil.copyfile(path, copy)
        yield copy


def _volume(path: Path, name: str) -> tuple[np.ndarray, Grid]:
    broken = ImageError(
        f"{name}: cannot be read as {_ending(path)}: the file is cut short or damaged. "
        "Copy or export it again."
    )
    # Only these formats can point to other files, which may lie anywhere.
    if _elsewhere(path):
        raise ImageError(f"{name}: its pixels lie in another file; save both as one file.")
    if _is_endless(path) or not headers.is_plain(path, _ending(path)):
        raise broken
    _keep_itk_quiet()
    reader = sitk.ImageFileReader()
    reader.SetImageIO(VOLUMES[_ending(path)])
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        size = reader.GetSize()
    except RuntimeError as error:
        if "orthonormal" in str(error):
            raise ImageError(
                f"{name}: the directions of rows and columns in its header are not at right "
                "angles. Save it with a plain header."
            ) from None
        raise broken from None
    if len(size) not in (2, 3):
        raise ImageError(f"{name}: {len(size)} dimensions, expected 2 or 3. Export one frame.")
    width = BYTES.get(reader.GetPixelID(), 8) * reader.GetNumberOfComponents()
    check_size(size[1], size[0], name, frames=size[2] if len(size) == 3 else 1, width=width)
    try:
        sized = _check_nifti(path, name) if "nii" in _ending(path) else True
        volume = reader.Execute()
    except ImageError:
        raise
    except DAMAGED:
        raise broken from None
    values = sitk.GetArrayFromImage(volume)
    if values.dtype.kind == "c":
        raise ImageError(f"{name}: holds complex numbers, not levels of grey. Export it again.")
    return (values if len(size) == 3 else values[None]), _grid(volume, sized)


@cache
def _keep_itk_quiet() -> None:
    """Silence ITK, which warns from C with the whole path: a notebook would keep that."""
    sitk.ProcessObject.SetGlobalWarningDisplay(False)


def _elsewhere(path: Path) -> bool:
    """Whether the header of an NRRD or MHA file names a data file."""
    with path.open("rb") as file:
        head = file.read(2**16).lower()
    if _ending(path) == ".nrrd":
        header = head.split(b"\n\n")[0].replace(b"\r", b"").split(b"\n\n")[0]
        return b"\ndata file:" in header or b"\ndatafile:" in header
    if _ending(path) == ".mha":
        place = head.partition(b"elementdatafile")[2].partition(b"\n")[0]
        return place.strip(b" =\r") != b"local"
    return False


def _is_endless(path: Path) -> bool:
    """Whether sizes or places in a NIfTI header are infinite, with which ITK counts for ever."""
    head, _ = _head(path)
    if not head.endswith(NIFTI_MAGIC):
        return False
    order = "<" if head.startswith(struct.pack("<i", NIFTI_HEADER)) else ">"
    sides = struct.unpack_from(f"{order}8f", head, 76)
    return bool(np.isinf([*sides, *struct.unpack_from(f"{order}18f", head, 256)]).any())


def _check_nifti(path: Path, name: str) -> bool:
    """Refuse what ITK would mend in silence: it fills a short file with zeros, and puts 0 for NaN.

    Returns whether the file tells a positive pixel size, for which ITK would put 1.
    """
    with (gzip.open if _ending(path) == ".nii.gz" else open)(path, "rb") as file:
        header = file.read(NIFTI_HEADER)
        order = "<" if header.startswith(struct.pack("<i", NIFTI_HEADER)) else ">"
        dims = struct.unpack_from(f"{order}8h", header, 40)
        (kind,) = struct.unpack_from(f"{order}h", header, 70)
        sides = struct.unpack_from(f"{order}8f", header, 76)
        start = int(struct.unpack_from(f"{order}f", header, 108)[0]) - NIFTI_HEADER
        size = int(np.prod(dims[1 : dims[0] + 1], dtype=np.int64)) * NIFTI_BITS[kind] // 8
        if not (0 <= start <= LONGEST_EXTENSION and size > 0):
            raise ValueError("pixels that begin nowhere, or are none")
        file.read(start)
        content = file.read(size)
        packed.read_to_end(file)  # where gzip checks its sum
    if len(content) < size:
        raise ValueError("cut short")
    if kind in NIFTI_FLOATS:
        values = np.frombuffer(content, f"{order}{NIFTI_FLOATS[kind]}")
        if not np.isfinite(values).all():
            raise ImageError(f"{name}: holds pixels that are not numbers. Export it again.")
    return min(sides[1:3]) > 0


def _grid(volume: sitk.Image, sized: bool) -> Grid:
    n = volume.GetDimension()
    column_mm, row_mm = volume.GetSpacing()[:2]
    matrix = np.zeros((3, 2))
    matrix[:n] = np.reshape(volume.GetDirection(), (n, n))[:, :2]
    origin = (*volume.GetOrigin(), np.nan)[:3]  # a 2-D file does not tell its depth
    return Grid((row_mm, column_mm) if sized else None, origin, tuple(matrix.T.ravel()))
