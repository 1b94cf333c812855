"""Segments of a mask file: regions with a name and a label each, in layers that may overlap.

3D Slicer writes them into an NRRD file (`.seg.nrrd`); DICOM has a kind of file for them.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from thyro.imaging.pixels import ImageError

KEY = re.compile(r"Segment(\d{1,9})_(Name|ID|LabelValue|Layer):=(.*)")
HEADER = 2**20  # bytes, more than any list of segments takes
OTHERS = "a mask also holds label"  # a note: their meaning may be swapped between files
ESCAPED = {r"\\": "\\", r"\n": "\n"}  # the two that NRRD knows


class Segment(NamedTuple):
    """One region of a mask file."""

    name: str
    label: int  # the value of its pixels
    layer: int  # from 0


def segments_of_nrrd(path: Path, layers: int, name: str) -> tuple[Segment, ...]:
    """Segments that the header of an NRRD file lists; none in other files.

    Slicer up to 4.10 gave each segment a layer of its own, with label 1, and wrote neither down.

    Parameters
    ----------
    path
        The file.
    layers
        How many it holds.
    name
        What messages call it.

    Raises
    ------
    ImageError
        If the label or the layer of a segment is not told.
    """
    with path.open("rb") as file:
        head = file.read(HEADER)
    if not head.startswith(b"NRRD"):
        return ()
    text = head.replace(b"\r\n", b"\n").split(b"\n\n")[0].decode("utf-8", errors="replace")
    listed: dict[int, dict[str, str]] = {}
    for number, key, value in KEY.findall(text):
        plain = re.sub(r"\\[\\n]", lambda match: ESCAPED[match[0]], value)
        listed.setdefault(int(number), {})[key] = plain.strip()
    apart = len(listed) == layers  # each in a layer of its own
    try:
        return tuple(
            Segment(
                keys.get("Name") or keys.get("ID") or f"segment {i}",
                int(keys.get("LabelValue", 1 if apart else "")),
                int(keys.get("Layer", i if apart else 0 if layers == 1 else "")),
            )
            for i, (_, keys) in enumerate(sorted(listed.items()))
        )
    except ValueError:
        raise ImageError(
            f"{name}: its header does not tell the label and the layer of each segment. "
            "Save it again with a newer 3D Slicer."
        ) from None


def inside_segment(
    layers: np.ndarray,
    segments: Sequence[Segment],
    label: int | str | None,
    name: str,
    notes: list[str],
) -> np.ndarray:
    """Where the segment of the nodule lies; that of several has to be named.

    Parameters
    ----------
    layers
        Labels, shape (layers, rows, columns).
    segments
        At least one.
    label
        Name or label of the nodule's segment, or None where there is but one.
    name
        What messages call the file.
    notes
        Gets one where a label was taken and there are others, whose meaning may be swapped
        between files. A name is not noted: headers hold what must not pass.

    Returns
    -------
    bool array, shape (rows, columns)

    Raises
    ------
    ImageError
        With the names and labels of all segments, if none or several answer; if the segment is
        empty, or the file holds values between labels.
    """
    if not are_labels(layers):
        raise ImageError(f"{name}: holds values between the labels of its segments. Threshold it.")
    listed = ", ".join(f"{one.name} (label {one.label})" for one in segments)
    if label is None:
        answering = list(segments)
    elif isinstance(label, str):
        answering = [one for one in segments if one.name == label.strip()]
    else:
        answering = [one for one in segments if one.label == label]
    if label is None and len(segments) > 1:
        raise ImageError(
            f"{name}: holds {len(segments)} segments: {listed}; set cohort.mask_label to the name "
            "or the label of the nodule's."
        )
    if len(answering) > 1:
        remedy = "give each a name of its own" if isinstance(label, str) else "name one of them"
        raise ImageError(
            f"{name}: cohort.mask_label {label!r} is that of {len(answering)} segments: {listed}; "
            f"{remedy}."
        )
    if not answering:
        raise ImageError(
            f"{name}: no segment is called {label!r}: it holds {listed}; set cohort.mask_label."
            if isinstance(label, str)
            else f"{name}: no segment has label {label}: it holds {listed}; set cohort.mask_label."
        )
    chosen = answering[0]
    if not 0 <= chosen.layer < len(layers):
        raise ImageError(
            f"{name}: its header speaks of layer {chosen.layer}, counted from 0, but it holds "
            f"{len(layers)}. Save it again."
        )
    inside = layers[chosen.layer] == chosen.label
    if not inside.any():
        raise ImageError(
            f"{name}: its segment {chosen.name} is empty. Outline the nodule, or exclude the "
            "patient."
        )
    if not isinstance(label, str):
        values = {
            int(v) for layer in layers for v in np.unique(layer) if v and int(v) != chosen.label
        }
        if values:
            notes.append(f"{OTHERS} {listed_labels(sorted(values))}")
    return inside


def are_labels(values: np.ndarray) -> bool:
    """Whether all values are whole numbers, of whatever type."""
    if values.dtype.kind != "f":
        return True
    return bool((np.isfinite(values) & (values == np.rint(values))).all())


def listed_labels(labels: Sequence[int]) -> str:
    """The first labels in words: "1, 2, 3, 4, 5 ..."."""
    return ", ".join(map(str, labels[:5])) + (" ..." if len(labels) > 5 else "")
