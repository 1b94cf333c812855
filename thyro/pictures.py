"""Image panels: ultrasound images with outline and scale, original beside enhanced, heat maps.

Every `draw_*` takes arrays and Axes and returns the Axes.
"""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

OUTLINE = "#FFD400"  # of the nodule on a grey image
IMAGE_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#555555")
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


def draw_pair(
    original: np.ndarray,
    enhanced: np.ndarray,
    mask: np.ndarray,
    axes,
    *,
    spacing_mm: tuple[float, float] | None = None,
    titles: tuple[str, str] = ("Original (OR)", "Super-resolution (SR)"),
):
    """Draw the original beside the enhanced image, and below each the nodule enlarged.

    The outline is drawn above only: below, the reader compares the texture.

    Parameters
    ----------
    original, enhanced : ndarray, shape (rows, columns)
        Grey, 0-255, of the same field of view; the enhanced one may have more pixels.
    mask : ndarray of bool, shape of `original`
    axes : array of Axes, shape (2, 2)
    spacing_mm : (row, column), optional
        Of the original.
    titles : (str, str)

    Returns
    -------
    The `axes` given.
    """
    left, top, width, height = _box_around(mask)
    grid = np.asarray(axes, object).reshape(2, 2)
    for image, (whole, part), title in zip((original, enhanced), grid.T, titles, strict=True):
        for ax in (whole, part):
            _show(image, ax, shape=np.shape(original), spacing_mm=spacing_mm)
        _outline(mask, whole)
        if spacing_mm is not None:
            _scale_bar(whole, np.shape(original), spacing_mm)
        frame = {"fill": False, "ec": OUTLINE, "lw": 0.7, "ls": ":"}
        whole.add_patch(Rectangle((left, top), width, height, **frame))
        part.set(xlim=(left, left + width), ylim=(top + height, top))
        whole.set_title(title)
    return axes


def draw_profile(
    images: Mapping[str, np.ndarray],
    row: int,
    ax: Axes,
    *,
    columns: tuple[int, int] | None = None,
    spacing_mm: tuple[float, float] | None = None,
) -> Axes:
    """Draw the grey values of one image row for several images of the same grid.

    `columns` (first, last + 1) cuts out a part; with `spacing_mm` the axis is in millimetres.
    """
    start, stop = columns or (0, next(iter(images.values())).shape[1])
    scale = spacing_mm[1] if spacing_mm else 1
    for (name, image), colour in zip(images.items(), IMAGE_COLOURS, strict=False):
        position = np.arange(start, stop) * scale
        ax.plot(position, image[row, start:stop], color=colour, lw=1, label=name)
    ax.set(xlabel="Position (mm)" if spacing_mm else "Column (pixels)", ylabel="Grey value")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(images))
    return ax


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


def _show(image, ax: Axes, *, shape, spacing_mm) -> None:
    """Paint `image` over the pixel grid of `shape`, so that masks and boxes share coordinates."""
    rows, columns = shape
    aspect = spacing_mm[0] / spacing_mm[1] if spacing_mm else 1
    extent = (-0.5, columns - 0.5, rows - 0.5, -0.5)
    ax.imshow(image, cmap="gray", vmin=0, vmax=255, extent=extent, aspect=aspect)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)


def _outline(mask, ax: Axes) -> None:
    if not np.any(mask) or np.all(mask):
        raise ValueError("mask: expected some pixels inside the nodule and some outside.")
    ax.contour(np.asarray(mask, float), [0.5], colors=OUTLINE, linewidths=0.8)


def _scale_bar(ax: Axes, shape, spacing_mm) -> None:
    """A bar of 10 mm at the bottom left; shorter where 10 mm is more than a third of the image."""
    rows, columns = shape
    fits = [mm for mm in SCALE_BARS_MM if mm / spacing_mm[1] <= columns / 3]
    length = fits[0] if fits else SCALE_BARS_MM[-1]
    x, y = 0.04 * columns, 0.95 * rows
    ax.plot([x, x + length / spacing_mm[1]], [y, y], color="w", lw=2, solid_capstyle="butt")
    middle = x + length / spacing_mm[1] / 2
    text = ax.text(middle, y - 0.02 * rows, f"{length} mm", color="w", size=6.5, ha="center")
    text.set_path_effects([withStroke(linewidth=1.5, foreground="k")])


def _box_around(mask, margin: float = 0.15) -> tuple[float, float, float, float]:
    """Left, top, width and height of a box around the nodule, 4:3 or longer, inside the image."""
    rows, columns = np.nonzero(mask)
    height = (1 + 2 * margin) * (1 + np.ptp(rows))
    width = max((1 + 2 * margin) * (1 + np.ptp(columns)), height * 4 / 3)
    corner, sides = [], []
    for where, length, limit in ((columns, width, mask.shape[1]), (rows, height, mask.shape[0])):
        length = min(length, limit)
        start = (where.min() + where.max()) / 2 - length / 2
        corner.append(float(np.clip(start, -0.5, limit - 0.5 - length)))
        sides.append(float(length))
    return corner[0], corner[1], sides[0], sides[1]
