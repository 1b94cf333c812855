"""DICOM ultrasound files: grey values, pixel size, position, and nothing else of the header.

Only the tags listed here are ever parsed, so no name, date or institution can pass.
"""

import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image
from pydicom.encaps import get_frame
from pydicom.pixels import apply_color_lut, get_decoder, pixel_array
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000TransferSyntaxes,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
)

from thyro.imaging import jpeg, packed
from thyro.imaging.pixels import (
    NO_SIZE,
    SAME_SCALE,
    UNKNOWN_MM,
    Grid,
    ImageError,
    Picture,
    Region,
    check_size,
    choose_frame,
    coloured_pixels,
    to_grey,
)

CENTIMETRES = 3  # DICOM PS3.3 C.8.5.5.1.15: physical unit of a region
UNITS = {0: "no unit", 1: "per cent", 2: "decibels", 4: "seconds", 5: "hertz", 6: "decibels/s"}
TISSUE = 1  # DICOM PS3.3 C.8.5.5.1.3: region data type
COLOUR_FLOW = 2  # the same: B-mode below colours, on the same scale
ROUNDED = 0.01  # relative: PixelSpacing and a region may round one scale
LUMA_422 = 2  # bytes per pixel of an uncompressed YBR_FULL_422
USED_SHARE = 1 / 8  # of what more than 8 bits can hold: less leaves under 32 levels of grey

COLOUR_SPACES = ("RGB", "YBR_FULL", "YBR_FULL_422")  # of three samples a pixel
OF_JPEG_2000 = ("YBR_ICT", "YBR_RCT")  # which its decoder makes RGB
LOSSY = (JPEGBaseline8Bit, JPEGExtended12Bit)
GREY_NOISE = 8  # levels between the channels of a grey pixel that went through JPEG
GREY_SHARE = 0.8  # of the pixels of an ultrasound frame, at least, are grey

COLOURS = ("Red", "Green", "Blue")
TAGS = [
    *("Rows", "Columns", "NumberOfFrames", "PixelData", "ExtendedOffsetTable"),
    *("ExtendedOffsetTableLengths", "SamplesPerPixel", "PlanarConfiguration"),
    *("PhotometricInterpretation", "PixelRepresentation", "BitsAllocated", "BitsStored"),
    *("RescaleSlope", "RescaleIntercept"),
    *("PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient"),
    "SequenceOfUltrasoundRegions",
    *(f"{colour}PaletteColorLookupTableDescriptor" for colour in COLOURS),
    *(f"{colour}PaletteColorLookupTableData" for colour in COLOURS),
    *(f"Segmented{colour}PaletteColorLookupTableData" for colour in COLOURS),
]


def read(path: Path, *, frame: int | None = None) -> Picture:
    """Read one frame of a DICOM file.

    Stored values are scaled by the range that their bits can hold, so that a dark frame and a
    bright one of the same device keep one scale; values that the rescale slope and intercept put
    within 0-255 stay. Palettes are applied and colour is weighed to grey.

    Parameters
    ----------
    path
        The file.
    frame
        Which frame of a multi-frame file, from 0; needed when there are several.

    Raises
    ------
    ImageError
        If the file has no pixels, too many, or pixels that cannot be decoded; if they use little
        of the range of their bits, or a palette that the standard does not know; if their colours
        are of another kind than RGB or YBR, or nothing tells whether a JPEG is RGB; if two entries
        of the header contradict each other in the size of a pixel; or if the frame is not declared
        or not there.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's warnings may quote what a header holds
        try:
            return _read(path, frame)
        except ImageError:
            raise
        except Exception:  # the parser raises what it likes, and quotes the header too
            raise ImageError(
                f"{path.name}: its DICOM header is damaged. Copy or export it again."
            ) from None


def _read(path: Path, frame: int | None) -> Picture:
    packed.check_deflated(path, path.name)
    header = pydicom.dcmread(path, specific_tags=TAGS, force=True)  # without a preamble too
    if "PixelData" not in header or "Rows" not in header:
        raise ImageError(
            f"{path.name}: a DICOM file without pixels, or cut short before them. "
            "Export the image again."
        )
    check_size(header.Rows, header.Columns, path.name)
    if "TransferSyntaxUID" not in header.file_meta:  # lost with the preamble; pixels were plain
        implicit, little = header.original_encoding
        explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        header.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit
    frames = int(header.get("NumberOfFrames") or 1)
    stored = _stored(header, choose_frame(frame, frames, path.name), path)
    if header.PhotometricInterpretation == "PALETTE COLOR":
        stored = _coloured(header, stored, path)
    spacing, note, regions = _spacing(header, path.name)
    grid = Grid(
        spacing if _pixel_spacing(header) else None,
        _numbers(header, "ImagePositionPatient", 3),
        _numbers(header, "ImageOrientationPatient", 6),
    )
    grey = _grey(header, stored, path)
    return Picture(grey, spacing, grid, frames, note, coloured_pixels(stored), regions)


def _stored(header: pydicom.Dataset, frame: int, path: Path) -> np.ndarray:
    """Stored values of one frame, (rows, columns) or (rows, columns, 3); YBR is made RGB."""
    syntax = header.file_meta.TransferSyntaxUID
    if header.get("PhotometricInterpretation") == "YBR_FULL_422" and not syntax.is_compressed:
        pixels = header.Rows * header.Columns * int(header.get("NumberOfFrames") or 1)
        # Named after the JPEG that it once was: three whole samples are there, not two of three.
        if len(header.PixelData) > pixels * LUMA_422 + 1:
            header.PhotometricInterpretation = "YBR_FULL"
    try:
        if not get_decoder(syntax).is_available:
            raise NotImplementedError
    except NotImplementedError:
        raise ImageError(
            f"{path.name}: the transfer syntax {syntax.name} cannot be decoded, or is encrypted. "
            "Export the image uncompressed (Explicit VR Little Endian)."
        ) from None
    called = header.PhotometricInterpretation
    known = (*COLOUR_SPACES, *OF_JPEG_2000) if syntax in JPEG2000TransferSyntaxes else COLOUR_SPACES
    if header.get("SamplesPerPixel") != 1 and called not in known:  # decoders would take it for RGB
        raise ImageError(
            f"{path.name}: its PhotometricInterpretation is {called[:16]!r}, expected one of "
            f"{', '.join(known)} for its {header.get('SamplesPerPixel')} samples a pixel. "
            "Export the image as RGB."
        )
    try:
        if syntax.is_encapsulated:
            _check_stream(header, frame)
        if syntax in LOSSY and header.BitsStored == 8 and called in COLOUR_SPACES:
            colours = _of_the_stream(header, frame, path)
            if colours is not None:
                header.PhotometricInterpretation = "RGB"
                return colours
        return pixel_array(header, index=frame)
    except ImageError:
        raise
    except Exception:  # decoders raise what they like
        raise ImageError(
            f"{path.name}: its pixels cannot be decoded ({syntax.name}): the file is cut short or "
            "damaged. Copy or export it again."
        ) from None


def _check_stream(header: pydicom.Dataset, frame: int) -> None:
    """Raise where the stream of a frame is of another size, for which a decoder makes room."""
    frames = int(header.get("NumberOfFrames") or 1)
    stream = get_frame(header.PixelData, frame, number_of_frames=frames)
    if jpeg.size(stream) not in (None, (header.Rows, header.Columns)):
        raise ValueError("another size")


def _of_the_stream(header: pydicom.Dataset, frame: int, path: Path) -> np.ndarray | None:
    """RGB, or grey, of a JPEG that holds other colours than its header says, else None.

    By the standard (DICOM PS3.5, 8.2.1) the header is right, but several scanners call luma RGB;
    the stream knows better where it says what it holds, and libjpeg goes by the same signs.
    """
    frames = int(header.get("NumberOfFrames") or 1)
    stream = get_frame(header.PixelData, frame, number_of_frames=frames)
    called = jpeg.RGB if header.PhotometricInterpretation == "RGB" else jpeg.YBR
    picture = Image.open(BytesIO(stream), formats=("JPEG",))
    if picture.mode == "L":
        return np.asarray(picture)
    space = jpeg.colour_space(stream)
    if space == called or not space and called == jpeg.YBR:
        return None
    if not space:
        picture.draft("YCbCr", picture.size)  # the channels as they are
        channels = np.asarray(picture)
        if not _look_like_luma(channels, path.name):
            return channels
    return np.asarray(picture.convert("RGB"))


def _look_like_luma(channels: np.ndarray, name: str) -> bool:
    """Whether the channels of a picture are luma and two differences, and not red, green and blue.

    Most of an ultrasound frame is grey: all three alike in RGB, two of them in the middle else.
    """
    last = channels[..., 1:].astype(int)
    alike = np.abs(last - channels[..., :1]).max(axis=-1) <= GREY_NOISE
    middle = np.abs(last - 128).max(axis=-1) <= GREY_NOISE
    rgb, luma = alike.mean(), middle.mean()
    if max(rgb, luma) < GREY_SHARE or min(rgb, luma) > 1 - GREY_SHARE:
        raise ImageError(
            f"{name}: its PhotometricInterpretation is RGB, and nothing in its JPEG stream "
            "tells whether that holds RGB or YCbCr. Export the image uncompressed."
        )
    return bool(luma > rgb)


def _grey(header: pydicom.Dataset, stored: np.ndarray, path: Path) -> np.ndarray:
    photometric = header.PhotometricInterpretation
    if photometric == "PALETTE COLOR":
        return to_grey(stored, path.name)
    bits, signed = header.BitsStored, header.get("PixelRepresentation", 0)
    held = np.array([-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] if signed else [0, 2**bits - 1])
    used = int(stored.min()), int(stored.max())
    # An even frame is another matter, and told as one.
    if bits > 8 and 0 < used[1] - used[0] < (held[1] - held[0]) * USED_SHARE:
        raise ImageError(
            f"{path.name}: stored values {used[0]} to {used[1]}, but its {bits} bits hold "
            f"{held[0]} to {held[1]}: hardly any levels of grey would be left. "
            "Export the image with 8 bits."
        )
    slope = float(header.get("RescaleSlope") or 1)
    intercept = float(header.get("RescaleIntercept") or 0)
    low, high = sorted(held * slope + intercept)
    if (slope, intercept, low, high) != (1, 0, 0, 255):
        stored = stored * slope + intercept
        if low < 0 or high > 255:
            stored = (stored - low) * (255 / (high - low))
    grey = to_grey(stored, path.name)
    return 255 - grey if photometric == "MONOCHROME1" else grey


def _coloured(header: pydicom.Dataset, index: np.ndarray, path: Path) -> np.ndarray:
    """RGB of palette indices, (rows, columns, 3), 8 bit."""
    descriptor = header.get("RedPaletteColorLookupTableDescriptor") or [0, 0, 0]
    size, first, bits = descriptor[0] or 2**16, descriptor[1], descriptor[2]
    if bits not in (8, 16):
        raise ImageError(
            f"{path.name}: its palette has {bits} bits, expected 8 or 16. "
            "Export the image in grey or RGB."
        )
    try:
        if "SegmentedRedPaletteColorLookupTableData" in header:
            table = apply_color_lut(np.arange(first, first + size), header)[:, :3]
        else:
            table = np.stack([_table(header, colour, size) for colour in COLOURS], axis=-1)
    except Exception:
        raise ImageError(
            f"{path.name}: its palette cannot be read. Export the image in grey or RGB."
        ) from None
    # Writers fill 16 bits by v * 256 or by v * 257: the high byte is v in both. Some leave v as is.
    table = table >> 8 if table.max() > 255 else table
    return table.astype(np.uint8)[np.clip(index.astype(int) - first, 0, size - 1)]


def _table(header: pydicom.Dataset, colour: str, size: int) -> np.ndarray:
    """Entries of the palette of one colour: one or two bytes each, whatever is declared."""
    data = header[f"{colour}PaletteColorLookupTableData"].value
    order = "<" if header.file_meta.TransferSyntaxUID.is_little_endian else ">"
    entries = np.frombuffer(data, f"{order}u2" if len(data) >= 2 * size else "u1")[:size]
    if len(entries) < size:
        raise ValueError("cut short")
    return entries


def _numbers(header: pydicom.Dataset, tag: str, n: int) -> tuple[float, ...] | None:
    """The `n` numbers of a tag, or None where it is absent or malformed."""
    try:
        values = tuple(float(value) for value in header.get(tag) or ())
    except (TypeError, ValueError):
        return None
    return values if len(values) == n and np.isfinite(values).all() else None


def _pixel_spacing(header: pydicom.Dataset) -> tuple[float, ...] | None:
    """(row, column) in mm of the tag; None where it is absent, malformed, or says 1 and 1."""
    sides = _numbers(header, "PixelSpacing", 2)
    return sides if sides and min(sides) > 0 and sides != UNKNOWN_MM else None


def _spacing(
    header: pydicom.Dataset, name: str
) -> tuple[tuple[float, float] | None, str, tuple[Region, ...]]:
    """(row, column) in mm, else None and the reason; and regions that differ in scale.

    PixelSpacing counts first. Else the regions of tissue do (of colour flow, where only those are
    measured), if they measure both axes in centimetres and their boxes lie within the pixels.
    """
    regions, reason = _regions(header)
    alike = all(np.allclose(r.spacing_mm, regions[0].spacing_mm, SAME_SCALE, 0) for r in regions)
    given = _pixel_spacing(header)
    if given:
        for one in regions:
            if not np.allclose(given, one.spacing_mm, rtol=ROUNDED, atol=0):
                here, there = (" x ".join(f"{s:.4g}" for s in x) for x in (given, one.spacing_mm))
                raise ImageError(
                    f"{name}: its PixelSpacing says {here} mm, and its region of ultrasound "
                    f"{there} mm. Find out which is right, and correct the header."
                )
        return given, "", ()
    if regions:
        return (
            (regions[0].spacing_mm, "", ())
            if alike
            else (None, "its tissue regions differ in scale", regions)
        )
    if header.get("PixelSpacing") is not None:
        unknown = _numbers(header, "PixelSpacing", 2) == UNKNOWN_MM
        return None, f"its PixelSpacing is {'1 x 1 mm' if unknown else 'not positive'}", ()
    return None, reason, ()


def _regions(header: pydicom.Dataset) -> tuple[tuple[Region, ...], str]:
    """Regions measured in centimetres, and why there are none."""
    listed = header.get("SequenceOfUltrasoundRegions") or []
    seen = [one for one in listed if one.get("RegionDataType") in (TISSUE, COLOUR_FLOW)]
    tissue = [one for one in seen if one.get("RegionDataType") == TISSUE]
    if not seen:
        return (), NO_SIZE
    # M-mode shows tissue too, over seconds; the B-mode region beside it still counts.
    measured = [one for one in seen if _units(one) == (CENTIMETRES, CENTIMETRES)]
    measured = [one for one in measured if one in tissue] or measured
    if not measured:
        code = next(unit for unit in _units((tissue or seen)[0]) if unit != CENTIMETRES)
        unit = UNITS.get(code, f"unit {code}")
        return (), f"its tissue region is measured in {unit}, not in centimetres"
    found = []
    for one in measured:
        region, reason = _region(one, header.Rows, header.Columns)
        if region is None:
            return (), reason
        found.append(region)
    return tuple(found), ""


def _units(region: pydicom.Dataset) -> tuple:
    return tuple(region.get(f"PhysicalUnits{axis}Direction") for axis in "XY")


def _region(item: pydicom.Dataset, rows: int, columns: int) -> tuple[Region | None, str]:
    """Box and scale of one region, or None and the reason."""
    left, top, right, bottom = (
        item.get(f"RegionLocation{corner}", -1) for corner in ("MinX0", "MinY0", "MaxX1", "MaxY1")
    )
    # A box beyond the pixels was written for another size of the image: its scale is wrong too.
    # Some writers count the last column as the first one outside.
    if not (0 <= left < right <= columns and 0 <= top < bottom <= rows):
        return None, (
            f"its tissue region ({left}-{right} x {top}-{bottom}) does not fit its "
            f"{columns} x {rows} pixels, so its scale is that of another image"
        )
    row_mm, column_mm = (abs(float(item.get(f"PhysicalDelta{axis}") or 0)) * 10 for axis in "YX")
    if not all(0 < side < np.inf for side in (row_mm, column_mm)):
        return None, "its tissue region has no scale"
    box = slice(top, bottom + 1), slice(left, right + 1)
    return Region(box, (row_mm, column_mm)), ""
