"""DICOM ultrasound files: grey values, pixel size, position, and nothing else of the header.

Only the tags listed here are ever parsed, so no name, date or institution can pass.
"""

import warnings
from pathlib import Path

import numpy as np
import pydicom
from pydicom.pixels import apply_color_lut, get_decoder, pixel_array
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from thyro.imaging.pixels import (
    NO_SIZE,
    Grid,
    ImageError,
    Picture,
    check_size,
    choose_frame,
    to_grey,
)

CENTIMETRES = 3  # DICOM PS3.3 C.8.5.5.1.15: physical unit of a region
UNITS = {0: "no unit", 1: "per cent", 2: "decibels", 4: "seconds", 5: "hertz", 6: "decibels/s"}
TISSUE = 1  # DICOM PS3.3 C.8.5.5.1.3: region data type
SAME_SCALE = 1e-3  # relative: below it two regions are measured alike
USED_SHARE = 1 / 8  # of what more than 8 bits can hold: less leaves under 32 levels of grey

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
        of the range of their bits, or a palette that the standard does not know; or if the frame
        is not declared or not there.
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
    spacing, note = _spacing(header)
    grid = Grid(
        spacing if header.get("PixelSpacing") is not None else None,
        _numbers(header, "ImagePositionPatient", 3),
        _numbers(header, "ImageOrientationPatient", 6),
    )
    return Picture(_grey(header, stored, path), spacing, grid, frames, note)


def _stored(header: pydicom.Dataset, frame: int, path: Path) -> np.ndarray:
    """Stored values of one frame, (rows, columns) or (rows, columns, 3); YBR is made RGB."""
    syntax = header.file_meta.TransferSyntaxUID
    try:
        if not get_decoder(syntax).is_available:
            raise NotImplementedError
    except NotImplementedError:
        raise ImageError(
            f"{path.name}: the transfer syntax {syntax.name} cannot be decoded, or is encrypted. "
            "Export the image uncompressed (Explicit VR Little Endian)."
        ) from None
    try:
        return pixel_array(header, index=frame)
    except Exception:  # decoders raise what they like
        raise ImageError(
            f"{path.name}: its pixels cannot be decoded ({syntax.name}): the file is cut short or "
            "damaged. Copy or export it again."
        ) from None


def _grey(header: pydicom.Dataset, stored: np.ndarray, path: Path) -> np.ndarray:
    photometric = header.PhotometricInterpretation
    if photometric == "PALETTE COLOR":
        return to_grey(_coloured(header, stored, path), path.name)
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


def _spacing(header: pydicom.Dataset) -> tuple[tuple[float, float] | None, str]:
    """(row, column) in mm, else None and the reason.

    PixelSpacing counts first. Else the tissue regions do, if they measure both axes in centimetres,
    all alike, and their boxes lie within the pixels.
    """
    if header.get("PixelSpacing") is not None:
        sides = _numbers(header, "PixelSpacing", 2)
        return (
            (sides, "") if sides and min(sides) > 0 else (None, "its PixelSpacing is not positive")
        )
    regions = header.get("SequenceOfUltrasoundRegions") or []
    tissue = [region for region in regions if region.get("RegionDataType") == TISSUE]
    if not tissue:
        return None, NO_SIZE
    # M-mode shows tissue too, over seconds; the B-mode region beside it still counts.
    measured = [region for region in tissue if _units(region) == (CENTIMETRES, CENTIMETRES)]
    if not measured:
        code = next(unit for unit in _units(tissue[0]) if unit != CENTIMETRES)
        unit = UNITS.get(code, f"unit {code}")
        return None, f"its tissue region is measured in {unit}, not in centimetres"
    scales = []
    for region in measured:
        scale, reason = _region_scale(region, header.Rows, header.Columns)
        if reason:
            return None, reason
        scales.append(scale)
    if not np.allclose(scales, scales[0], rtol=SAME_SCALE, atol=0):
        return None, "its tissue regions differ in scale"
    return scales[0], ""


def _units(region: pydicom.Dataset) -> tuple:
    return tuple(region.get(f"PhysicalUnits{axis}Direction") for axis in "XY")


def _region_scale(region: pydicom.Dataset, rows: int, columns: int):
    """(row, column) in mm of one tissue region and "", or None and the reason."""
    left, top, right, bottom = (
        region.get(f"RegionLocation{corner}", -1) for corner in ("MinX0", "MinY0", "MaxX1", "MaxY1")
    )
    # A box beyond the pixels was written for another size of the image: its scale is wrong too.
    # Some writers count the last column as the first one outside.
    if not (0 <= left < right <= columns and 0 <= top < bottom <= rows):
        return None, (
            f"its tissue region ({left}-{right} x {top}-{bottom}) does not fit its "
            f"{columns} x {rows} pixels, so its scale is that of another image"
        )
    scale = tuple(abs(float(region.get(f"PhysicalDelta{axis}") or 0)) * 10 for axis in "YX")
    return (scale, "") if min(scale) > 0 else (None, "its tissue region has no scale")
