"""Which pixels of a mask are the nodule: those of a label, or what is white, or opaque."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from thyro.imaging.formats import About
from thyro.imaging.pixels import ImageError
from thyro.imaging.segments import OTHERS, are_labels, listed_labels

WHITE = 255  # of masks drawn as pictures
LARGEST_LABEL = 10  # of a small label map; the grey edges of a picture reach far beyond
DIMMEST_WHITE = 64  # a quarter of white: what is darker was not drawn to be seen
TWO_PEAKED = 0.9  # of the pixels of a mask, at least, are near black or near its white
NEAR = 4  # that is, within a quarter of its white
LOSSY = ("JPEG", "MPO")
OPAQUE = "a mask is read from its transparency: its colour is the same where it shows"


class Values(NamedTuple):
    """What a mask file holds, one number a pixel."""

    array: np.ndarray  # shape (rows, columns)
    drawn: bool  # whether they are levels of grey, so that white may be another than 255
    lossy: bool  # whether they went through JPEG, which keeps no label


def one_channel(
    values: np.ndarray, about: About, label: int | str | None, name: str, notes: list[str]
) -> Values:
    """The channel of a mask that shows the nodule.

    Parameters
    ----------
    values
        As stored, shape (rows, columns) or (rows, columns, channels).
    about
        What the file says of itself.
    label
        The nodule's. Any but 1 is looked for among the numbers of a palette, whatever its colours.
    name
        What messages call it.
    notes
        Gets one where transparency or the colours of a palette are taken.

    Raises
    ------
    ImageError
        If the mask is a picture in colour, or a volume of several layers.
    """
    drawn, lossy = bool(about.kind), about.kind in LOSSY
    if about.palette is not None and label in (None, 1):
        return _of_palette(values, about.palette, notes)
    if values.ndim == 2:
        drawn &= about.palette is None
        return Values(values, drawn and values.dtype.kind in "iu", lossy)
    if not drawn and (values != values[..., :1]).any():
        raise ImageError(
            f"{name}: holds {values.shape[-1]} layers, and no names of segments. Save the nodule "
            "alone."
        )
    if drawn and values.shape[-1] in (2, 4):  # the last one is transparency
        alpha, values = values[..., -1], values[..., :-1]
        if not _even(alpha) and (_even(values) or _is_painted(values[alpha > 0])):
            notes.append(OPAQUE)
            return Values(alpha, drawn, lossy)
    if (values != values[..., :1]).any():
        raise ImageError(f"{name}: a picture in colour; save the mask in black and white.")
    return Values(values[..., 0], drawn, lossy)


def _even(values: np.ndarray) -> bool:
    return bool((values == values[0, 0]).all())


def _is_painted(shown: np.ndarray) -> bool:
    """Whether what shows, (n, channels), is of one colour, and that is white or no grey.

    Beneath what is transparent programs leave any colour. A darker grey may be a label.
    """
    alike = (shown == shown[0]).all()
    return bool(alike and (shown[0].min() == WHITE or shown[0].min() < shown[0].max()))


def _of_palette(entries: np.ndarray, palette: np.ndarray, notes: list[str]) -> Values:
    """Black and white by the colours of a palette; else the numbers of its entries are labels.

    The numbers of a drawing in black and white are whatever the program came upon: 0 and 15 in the
    palette of Windows, 1 and 0 in a fax.
    """
    entries = np.minimum(entries, len(palette) - 1)  # a file may use more than it lists
    shown = palette[entries]
    colours, alpha = shown[..., :3], shown[..., 3]
    if _even(colours) and not _even(alpha):
        notes.append(OPAQUE)
        return Values(alpha, True, False)
    grey = colours[..., 0]
    levels = [int(level) for level in np.unique(grey)]
    is_drawing = (
        not (colours != colours[..., :1]).any()
        and {0, WHITE} <= {*levels}
        and (levels == [0, WHITE] or _are_edges(grey, levels[1:-1], WHITE))
        and not _is_legend(entries, palette)
    )
    if not is_drawing:
        return Values(entries, False, False)
    if not np.array_equal(entries == 1, grey == WHITE):
        notes.append("a mask in black and white is read by the colours of its palette")
    return Values(grey, True, False)


def _is_legend(entries: np.ndarray, palette: np.ndarray) -> bool:
    """Whether white is the colour of a label above 1, as other colours, not in use, tell."""
    used = np.unique(entries)
    white = next((int(i) for i in used if palette[i, 0] == WHITE), 0)
    unused = np.delete(palette[:white], used[used < white], axis=0)[:, :3]
    coloured = ((unused > 0) & (unused < WHITE)).any() or (unused != unused[:, :1]).any()
    return 1 < white <= LARGEST_LABEL and bool(coloured)


def inside_label(
    values: Values, label: int | str | None, name: str, notes: list[str]
) -> np.ndarray:
    """Where a mask holds the label; a picture in black and white holds label 1.

    Parameters
    ----------
    values
        Of `one_channel`.
    label
        The nodule's, None for label 1.
    name
        What messages call the file.
    notes
        Gets one where edges are grey, white is not 255, or there are other labels, whose meaning
        may be swapped between files.

    Returns
    -------
    bool array, shape (rows, columns)

    Raises
    ------
    ImageError
        If the mask is empty, holds other labels only, or values that are no labels; if it is a
        grey picture, or cannot be told from one of labels; if the label is a name.
    """
    array = values.array.astype(np.uint8) if values.array.dtype == bool else values.array
    wanted = 1 if label is None else label
    if isinstance(wanted, str):
        raise ImageError(
            f"{name}: has no names of segments, but cohort.mask_label is {wanted!r}. Set it to a "
            "number, or save this mask with names."
        )
    if not are_labels(array):
        raise ImageError(
            f"{name}: holds values between labels, expected 0 and {wanted}. Threshold it."
        )
    present = [int(value) for value in np.unique(array) if value]
    if not present:
        raise ImageError(f"{name}: empty. Outline the nodule, or exclude the patient.")
    white, between = present[-1], present[:-1]
    if wanted == 1 and white == WHITE:
        _check_edges(array, between, name)
        _check_peaks(array, white, name)
        notes += ["a mask has grey edges: pixels above 127 are taken"] if between else []
        return array > WHITE // 2
    is_map = 0 < len(between) <= LARGEST_LABEL and not _are_edges(array, between, white)
    if wanted == 1 and values.drawn and white >= DIMMEST_WHITE and (values.lossy or not is_map):
        _check_peaks(array, white, name)
        notes.append(f"white of a mask is {white}, not 255: pixels above {white // 2} are taken")
        return array > white // 2
    if wanted not in present:
        raise ImageError(
            f"{name}: holds only label {listed_labels(present)}, expected {wanted}; "
            "set cohort.mask_label."
        )
    if len(present) > 1:
        others = [value for value in present if value != wanted]
        notes.append(f"{OTHERS} {listed_labels(others)}")
    return array == wanted


def _check_peaks(array: np.ndarray, white: int, name: str) -> None:
    """Refuse a grey picture, most of which is neither dark nor as bright as its white."""
    between = ((array > white / NEAR) & (array < white - white / NEAR)).mean()
    if between > 1 - TWO_PEAKED:
        raise ImageError(
            f"{name}: a grey picture, not a mask: {between:.0%} of its pixels are neither near 0 "
            f"nor near {white}, its white. Save the mask in black and white."
        )


def _check_edges(array: np.ndarray, between: list[int], name: str) -> None:
    """Refuse labels beside white, which are not the grey edges of what is drawn in white."""
    if between and not _are_edges(array, between, WHITE):
        raise ImageError(
            f"{name}: holds {listed_labels(between)} and {WHITE}: labels, or black and white? Save "
            f"the nodule alone, or set cohort.mask_label to {WHITE} if that is its label."
        )


def _are_edges(array: np.ndarray, between: list[int], white: int) -> bool:
    """Whether the values between black and white are grey edges, which labels are not.

    Edges hold darker and lighter grey and are narrow: no pixel of middle grey has eight neighbours
    that are all like it.
    """
    middle = (array > LARGEST_LABEL) & (array < white - LARGEST_LABEL)
    even = ndimage.minimum_filter(array, 3) == ndimage.maximum_filter(array, 3)
    return between[0] > 0 and between[-1] > LARGEST_LABEL and not (middle & even).any()
