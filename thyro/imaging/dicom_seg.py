"""DICOM segmentations (SEG): segments beside an image, read by highdicom.

Of the header only the segments' names and numbers pass, and where their pixels lie.
"""

import warnings
from pathlib import Path

import numpy as np
import pydicom
from pydicom.uid import RTStructureSetStorage, SegmentationStorage

from thyro.imaging import packed
from thyro.imaging.pixels import Grid, ImageError, check_size
from thyro.imaging.segments import Segment

LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"  # Label Map Segmentation Storage, new in 2024
KINDS = (SegmentationStorage, LABEL_MAP)
TAGS = ["SOPClassUID", "Rows", "Columns", "NumberOfFrames"]


def read(
    path: Path, name: str, *, frame: int | None, frames: int
) -> tuple[np.ndarray, tuple[Segment, ...], Grid]:
    """Read the segments that belong to one frame of an image.

    Parameters
    ----------
    path
        A DICOM file.
    name
        What messages call it.
    frame
        The frame of the image, from 0; None where it has but one.
    frames
        How many the image has.

    Returns
    -------
    layers : array, shape (segments, rows, columns)
        Each holds the number of its segment, and 0 elsewhere.
    segments : tuple of Segment
        Their names and numbers, in the order of the layers.
    grid : Grid
        Pixel size, position and direction, as far as the file tells them: it does not where its
        image has no place in the patient, as most ultrasound has none.

    Raises
    ------
    ImageError
        If the file is another kind of DICOM, is damaged, holds probabilities, or holds several
        slices none of which is that of the frame.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they may quote what a header holds
        try:
            return _read(path, name, frame, frames)
        except ImageError:
            raise
        except Exception:  # the parsers raise what they like, and quote the header too
            raise ImageError(
                f"{name}: a DICOM segmentation that is cut short or damaged. "
                "Copy or export it again."
            ) from None


def _read(path: Path, name: str, frame: int | None, frames: int):
    packed.check_deflated(path, name)
    header = pydicom.dcmread(path, specific_tags=TAGS, force=True)
    kind = header.get("SOPClassUID")
    if kind == RTStructureSetStorage:
        raise ImageError(
            f"{name}: a DICOM structure set (RTSTRUCT), which holds contours and no pixels. "
            "Export it as DICOM SEG or NIfTI."
        )
    if kind not in KINDS:
        raise ImageError(f"{name}: a DICOM file; save masks as NIfTI, NRRD, MHA or PNG.")
    frames_there = int(header.get("NumberOfFrames") or 1)
    check_size(header.Rows, header.Columns, name, frames=frames_there)

    from highdicom import seg  # half a second, which only those wait for who have such files

    found = seg.segread(path)
    places = [_place(found, i) for i in range(int(found.NumberOfFrames))]
    # Slices of a clip name their frames; a single image has no frame to choose.
    numbered = frames > 1 and all(place[0] for place in places)
    chosen = [i for i, place in enumerate(places) if not numbered or place[0] == frame + 1]
    planes = len({places[i] for i in chosen})
    if planes > 1:
        raise ImageError(
            f"{name}: {planes} slices, and nothing tells which is that of the image. "
            "Save the one slice."
        )
    return *_layers(found, chosen, name), _grid(found, chosen)


def _layers(found, chosen: list[int], name: str) -> tuple[np.ndarray, tuple[Segment, ...]]:
    """One layer for each segment, from the frames that are chosen; empty ones have no frame."""
    highest = int(found.get("MaximumFractionalValue", 1))
    numbers = [number for number in found.segment_numbers if number]  # 0 is the background
    layers = np.zeros((len(numbers), found.Rows, found.Columns), np.uint16)
    for i in chosen:
        pixels = found.get_stored_frame(i, as_index=True)
        if found.SegmentationType == "LABELMAP":
            for layer, number in zip(layers, numbers, strict=True):
                layer[pixels == number] = number
            continue
        if not np.isin(pixels, (0, highest)).all():
            raise ImageError(f"{name}: holds probabilities between 0 and 1. Threshold it.")
        number = _group(found, i, "SegmentIdentificationSequence").ReferencedSegmentNumber
        layers[numbers.index(number)][pixels > 0] = number
    segments = [
        Segment(str(found.get_segment_description(number).segment_label).strip(), number, layer)
        for layer, number in enumerate(numbers)
    ]
    return layers, tuple(segments)


def _group(found, i: int, name: str) -> pydicom.Dataset:
    """What a frame says of one matter, or what is said of all frames; empty if nothing is."""
    of_all = found.SharedFunctionalGroupsSequence[0]
    for groups in (found.PerFrameFunctionalGroupsSequence[i], of_all):
        if groups.get(name):
            return groups[name].value[0]
    return pydicom.Dataset()


def _place(found, i: int) -> tuple:
    """What tells the slice of a frame: the frame that it refers to, its image, its position."""
    derived = _group(found, i, "DerivationImageSequence").get("SourceImageSequence")
    source = derived[0] if derived else pydicom.Dataset()
    position = _group(found, i, "PlanePositionSequence").get("ImagePositionPatient") or ()
    number = source.get("ReferencedFrameNumber")
    return number, source.get("ReferencedSOPInstanceUID"), tuple(map(float, position))


def _grid(found, chosen: list[int]) -> Grid:
    """Pixel size, position and direction of the frames, all on one plane."""
    if not chosen:
        return Grid()
    groups = (
        ("PixelMeasuresSequence", "PixelSpacing", 2),
        ("PlanePositionSequence", "ImagePositionPatient", 3),
        ("PlaneOrientationSequence", "ImageOrientationPatient", 6),
    )
    told = [_group(found, chosen[0], group).get(tag) or () for group, tag, _ in groups]
    if any(np.size(values) not in (0, n) for values, (*_, n) in zip(told, groups, strict=True)):
        raise ValueError("numbers that are too many or too few")
    return Grid(*(tuple(map(float, values)) if values else None for values in told))
