"""Image panels: ultrasound images with outline and scale, original beside enhanced, heat maps.

Every `draw_*` takes arrays and Axes and returns the Axes.
"""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

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
    """Draw the original beside the enhanced image, each with the nodule enlarged in a corner.

    Parameters
    ----------
    original, enhanced : ndarray, shape (rows, columns)
        Grey, 0-255, of the same field of view; the enhanced one may have more pixels.
    mask : ndarray of bool, shape of `original`
    axes : pair of Axes
    spacing_mm : (row, column), optional
        Of the original.
    titles : (str, str)

    Returns
    -------
    The `axes` given.
    """
    box = _square_around(mask)
    for image, ax, title in zip((original, enhanced), np.ravel(axes), titles, strict=True):
        _show(image, ax, shape=np.shape(original), spacing_mm=spacing_mm)
        _outline(mask, ax)
        _zoom(image, ax, box, shape=np.shape(original), spacing_mm=spacing_mm)
        if spacing_mm is not None:
            _scale_bar(ax, np.shape(original), spacing_mm)
        ax.set_title(title)
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
    ax.set(xlabel="Position (mm)" if spacing_mm else "Column (pixels)", ylabel="Grey value (0-255)")
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
    ax.text(middle, y - 0.02 * rows, f"{length} mm", color="w", size=6.5, ha="center", va="bottom")


def _square_around(mask, margin: float = 0.1) -> tuple[float, float, float]:
    """Left, top and side of a square around the nodule, kept inside the image where it fits."""
    rows, columns = np.nonzero(mask)
    side = (1 + 2 * margin) * (1 + max(np.ptp(rows), np.ptp(columns)))
    corner = []
    for where, size in ((columns, np.shape(mask)[1]), (rows, np.shape(mask)[0])):
        start = (where.min() + where.max()) / 2 - side / 2
        corner.append(float(np.clip(start, -0.5, max(-0.5, size - 0.5 - side))))
    return corner[0], corner[1], float(side)


def _zoom(image, ax: Axes, box, *, shape, spacing_mm) -> None:
    """Enlarge the box in the corner that lies farthest from it (bottom left is the scale bar's)."""
    left, top, side = box
    rows, columns = shape
    far_right = left + side / 2 <= columns / 2
    low = far_right and top + side / 2 < rows / 2
    inset = ax.inset_axes([0.6 if far_right else 0.0, 0.0 if low else 0.6, 0.4, 0.4])
    inset.set_anchor(("S" if low else "N") + ("E" if far_right else "W"))
    _show(image, inset, shape=shape, spacing_mm=spacing_mm)
    inset.set(xlim=(left, left + side), ylim=(top + side, top))
    inset.spines[:].set(visible=True, color=OUTLINE, linewidth=0.8)
    ax.add_patch(Rectangle((left, top), side, side, fill=False, ec=OUTLINE, lw=0.6, ls=":"))
