"""Image panels: ultrasound images with outline and scale, original beside enhanced, heat maps.

Every `draw_*` takes arrays and Axes and returns the Axes; every `*_figure` returns the Figure.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from thyro.figures.style import IMAGE_LOOKS, OUTLINE, SMALL, WIDTH, AxesGrid
from thyro.study import OR, SR

PROFILE = "#56B4E9"  # of the line whose grey values are drawn
DETAIL_PX = 48  # columns of the original
SCALE_BARS_MM = (10, 5, 2, 1)


def draw_image(
    image: np.ndarray,
    ax: Axes,
    *,
    mask: np.ndarray | None = None,
    title: str = "",
    spacing_mm: tuple[float, float] | None = None,
) -> Axes:
    """Draw a grey image, the outline of the nodule and a scale bar.

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
        Grey, 0-255.
    ax : Axes
    mask : ndarray of bool, same shape, optional
    title : str
    spacing_mm : (row, column), optional
        Sets the aspect; without it there is no scale bar and a pixel is square.
    """
    _show(image, ax, shape=np.shape(image), spacing_mm=spacing_mm)
    if mask is not None:
        _outline(mask, ax)
    if spacing_mm is not None:
        _scale_bar(ax, np.shape(image), spacing_mm)
    ax.set_title(title)
    return ax


def crops_figure(crops: Mapping[str, Mapping[str, np.ndarray]], *, most: int = 6) -> Figure:
    """Draw the first crops of every network in a row: network -> patient -> crop.

    The id of the patient stands above the first row, the network beside its own.
    """
    size = (WIDTH, 1.4 * len(crops))
    fig, axes = plt.subplots(len(crops), most, figsize=size, squeeze=False)
    for row, (network, of_network) in zip(axes, crops.items(), strict=True):
        for ax, (patient, crop) in zip(row, of_network.items(), strict=False):
            draw_image(crop, ax, title=patient if ax in axes[0] else "")
        row[0].set_ylabel(network)
    return fig


def draw_pair(
    original: np.ndarray,
    enhanced: np.ndarray,
    mask: np.ndarray,
    axes: AxesGrid,
    *,
    spacing_mm: tuple[float, float] | None = None,
    names: tuple[str, str] = (OR.name, SR.name),
) -> AxesGrid:
    """Draw the original beside the enhanced image, and the same detail of both pixel by pixel.

    Above, the whole images with the outline of the nodule, the line of `draw_profile`, and the
    frame of the detail; below, the detail: the stronger of the two edges that the line crosses. It
    has no outline, so that the reader compares texture; marks at its sides show where the line is,
    and its title the grey values shown as black and white, the same for both.

    Parameters
    ----------
    original, enhanced : ndarray, shape (rows, columns)
        Grey, 0-255, of the same field of view; the enhanced one may have a whole number of times as
        many pixels along both axes.
    mask : ndarray of bool, shape of `original`
    axes : array of Axes, shape (2, 2)
        Whole images, then details; left the original.
    spacing_mm : (row, column), optional
        Of the original.
    names : (str, str)
        Of `style.IMAGE_LOOKS`.

    Returns
    -------
    The `axes` given.

    Raises
    ------
    ValueError
        If the mask has no edge, or the enhanced image is not a whole number of times as large.
    """
    line = _profile(mask)
    left, top, width, height = _detail(original, line, spacing_mm)
    shape, grid = np.shape(original), np.asarray(axes, object).reshape(2, 2)
    details = [_part(image, shape, left, top, width, height) for image in (original, enhanced)]
    window = (min(map(np.min, details)), max(map(np.max, details)))
    for image, (whole, part), name in zip((original, enhanced), grid.T, names, strict=True):
        _show(image, whole, shape=shape, spacing_mm=spacing_mm)
        _show(image, part, shape=shape, spacing_mm=spacing_mm, window=window)
        _outline(mask, whole)
        whole.plot([line.start - 0.5, line.stop - 0.5], [line.row] * 2, color=PROFILE, lw=0.8)
        whole.add_patch(Rectangle((left, top), width, height, fill=False, ec="w", lw=0.8))
        if spacing_mm is not None:
            _scale_bar(whole, shape, spacing_mm)
        whole.set_title(IMAGE_LOOKS[name].title)
        part.set(xlim=(left, left + width), ylim=(top + height, top))
        part.set_title("{}, detail (grey {:.0f}\N{EN DASH}{:.0f})".format(name, *window))
        for side, tip in ((0, ">"), (1, "<")):
            marks = {"transform": part.get_yaxis_transform(), "clip_on": False}
            part.plot([side], [line.row], tip, color=PROFILE, mec="k", mew=0.4, ms=5, **marks)
    return axes


def draw_profile(
    images: Mapping[str, np.ndarray],
    mask: np.ndarray,
    ax: Axes,
    *,
    spacing_mm: tuple[float, float] | None = None,
) -> Axes:
    """Draw the grey values of several images along the line that `draw_pair` marks.

    The line runs through the middle row of the nodule and a little beyond it on both sides; it is
    shaded where it is inside the nodule. Positions count from the left edge of the image.

    Parameters
    ----------
    images : mapping of name (of `style.IMAGE_LOOKS`) to ndarray
        Grey, 0-255, shape of `mask` or a whole number of times as large.
    mask : ndarray of bool, shape (rows, columns)
    ax : Axes
    spacing_mm : (row, column), optional
        Of the mask; without it the axis is in pixels of the mask.

    Raises
    ------
    ValueError
        If the mask has no edge, or an image is not a whole number of times as large.
    """
    line = _profile(mask)
    scale = spacing_mm[1] if spacing_mm else 1
    for name, image in images.items():
        times = magnification(image, np.shape(mask))
        row = int((line.row + 0.5) * times)  # of even multiples, the lower of the two middle rows
        cells = np.arange(line.start * times, line.stop * times)
        position = (cells + 0.5) / times * scale  # of the middle of a pixel
        look = IMAGE_LOOKS[name]
        ax.plot(
            position,
            image[row, cells],
            color=look.colour,
            ls=look.line,
            lw=look.width,
            label=name,
        )
    for first, last in line.inside:
        ax.axvspan(first * scale, last * scale, color="0.93", lw=0, zorder=0)
    ax.set_xlim(line.start * scale, line.stop * scale)
    ax.set(xlabel="Position (mm)" if spacing_mm else "Position (pixels)", ylabel="Grey value")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(images), frameon=False)
    return ax


def magnification(image: np.ndarray, shape: tuple[int, int]) -> int:
    """How many times `image` has the rows and columns of `shape`: 1, or more when enlarged.

    Raises
    ------
    ValueError
        If it is no whole number, or not the same along both axes.
    """
    times = np.shape(image)[0] // shape[0]
    if times < 1 or np.shape(image) != (times * shape[0], times * shape[1]):
        raise ValueError(
            f"image: expected {shape[0]} x {shape[1]} pixels or a whole number of times as many "
            f"along both axes, got shape {np.shape(image)}. Both must be of the same patient."
        )
    return times


def draw_heatmap_overlay(
    crop: np.ndarray,
    heat: np.ndarray,
    ax: Axes,
    *,
    title: str = "",
    mask: np.ndarray | None = None,
) -> Axes:
    """Draw a Grad-CAM map over the crop that the network saw.

    The map is scaled to its own maximum; where it is low the crop shows through.

    Parameters
    ----------
    crop : ndarray, shape (rows, columns)
    heat : ndarray of float >= 0, same shape
    ax : Axes
    title : str
    mask : ndarray of bool, same shape, optional
    """
    if np.shape(heat) != np.shape(crop):
        raise ValueError(
            f"heat: expected the shape of the crop {np.shape(crop)}, got {np.shape(heat)}."
        )
    share = np.asarray(heat, float) / max(np.max(heat), np.finfo(float).tiny)
    _show(crop, ax, shape=np.shape(crop), spacing_mm=None)
    ax.imshow(share, cmap="inferno", vmin=0, vmax=1, alpha=0.65 * np.sqrt(np.clip(share, 0, 1)))
    if mask is not None:
        _outline(mask, ax)
    ax.set_title(title)
    return ax


def _show(image, ax: Axes, *, shape, spacing_mm, window=(0, 255)) -> None:
    """Paint `image` over the pixel grid of `shape`, so that masks and boxes share coordinates."""
    rows, columns = shape
    aspect = spacing_mm[0] / spacing_mm[1] if spacing_mm else 1
    extent = (-0.5, columns - 0.5, rows - 0.5, -0.5)
    black, white = window
    ax.imshow(image, cmap="gray", vmin=black, vmax=white, extent=extent, aspect=aspect)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)


def _outline(mask, ax: Axes) -> None:
    ax.contour(_with_edge(mask).astype(float), [0.5], colors=OUTLINE, linewidths=0.8)


def _with_edge(mask) -> np.ndarray:
    mask = np.asarray(mask, bool)
    if not mask.any() or mask.all():
        raise ValueError("mask: expected some pixels inside the nodule and some outside.")
    return mask


def _scale_bar(ax: Axes, shape, spacing_mm) -> None:
    """A bar of 10 mm at the bottom left; shorter where 10 mm is more than a third of the image."""
    rows, columns = shape
    fits = [mm for mm in SCALE_BARS_MM if mm / spacing_mm[1] <= columns / 3]
    length = fits[0] if fits else SCALE_BARS_MM[-1]
    x, y = 0.04 * columns, 0.95 * rows
    ax.plot([x, x + length / spacing_mm[1]], [y, y], color="w", lw=2, solid_capstyle="butt")
    middle = x + length / spacing_mm[1] / 2
    text = ax.text(middle, y - 0.02 * rows, f"{length} mm", color="w", size=SMALL, ha="center")
    text.set_path_effects([withStroke(linewidth=1.5, foreground="k")])


@dataclass(frozen=True)
class _Profile:
    """A line along a row of pixels, from column `start` up to `stop`, across the nodule."""

    row: int
    start: int
    stop: int
    inside: list[tuple[int, int]]  # first column in the nodule, first one behind it


def _profile(mask: np.ndarray) -> _Profile:
    """The middle row of the nodule, with a fifth of its width (8 pixels or more) beside it."""
    mask = _with_edge(mask)
    rows = np.flatnonzero(mask.any(axis=1))
    row = int(rows[len(rows) // 2])
    steps = np.flatnonzero(np.diff(mask[row].astype(int), prepend=0, append=0))
    inside = [(int(first), int(last)) for first, last in steps.reshape(-1, 2)]
    margin = max(8, round(0.2 * (inside[-1][1] - inside[0][0])))
    start, stop = inside[0][0] - margin, inside[-1][1] + margin
    return _Profile(row, max(0, start), min(mask.shape[1], stop), inside)


def _detail(original, line: _Profile, spacing_mm) -> tuple[float, float, float, float]:
    """Left, top, width and height of a square in millimetres at an end of the nodule.

    Of the two ends on the line, the one with the greater step of the original's grey values.
    """
    aspect = spacing_mm[0] / spacing_mm[1] if spacing_mm else 1
    rows, columns = np.shape(original)
    size = min(DETAIL_PX, columns, rows * aspect)
    half = int(size / 4)  # of the square's width, to each side of the edge

    def step(column):
        before = original[line.row, max(0, column - half) : column]
        after = original[line.row, column : column + half]
        return abs(np.mean(before) - np.mean(after)) if before.size and after.size else 0

    edge = max((line.inside[0][0], line.inside[-1][1]), key=step)
    left = np.clip(edge - size / 2, 0, columns - size) - 0.5
    top = np.clip(line.row - size / aspect // 2, 0, rows - size / aspect) - 0.5
    return float(left), float(top), float(size), float(size / aspect)


def _part(image, shape, left, top, width, height) -> np.ndarray:
    """Pixels of `image` that a box on the grid of `shape` touches."""
    times = magnification(image, shape)
    rows, columns = (
        slice(math.floor((start + 0.5) * times), math.ceil((start + 0.5 + length) * times))
        for start, length in ((top, height), (left, width))
    )
    return np.asarray(image)[rows, columns]
