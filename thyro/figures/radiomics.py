"""Figures of radiomic features: filtered images, which families are stable, which say the same.

Every `draw_*` takes a result and Axes and returns the Axes; every `*_figure` takes the results of
all its panels and returns the Figure.
"""

from collections.abc import Collection, Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from scipy import ndimage

from thyro.figures.style import OUTLINE, SMALL, TINY, WIDTH, AxesGrid
from thyro.statistics import GOOD_ICC
from thyro.study import protocol_label

SHOWN = (1, 99)  # percentiles of an image that become black and white
WORDS = 0.5  # inches above and below an image
ACROSS = 6  # images in a row
MARGIN = 0.2  # around the nodule, as a share of the longer side of its box
UNKNOWN = "#D8D8D8"  # ground of what has no value
COLOURS = mpl.colormaps["YlGnBu"]  # of a share; no grey in it, safe for colour-blind readers
DARK = 0.6  # share from which a cell has white letters
CLASSES = {  # in the order of the pictures: name on an axis
    "shape": "Shape",
    "shape2D": "Shape",  # of the plane
    "firstorder": "First order",
    "glcm": "GLCM",
    "glrlm": "GLRLM",
    "glszm": "GLSZM",
    "gldm": "GLDM",
    "ngtdm": "NGTDM",
}


def filtered_height(
    mask: np.ndarray,
    n_images: int,
    *,
    columns: int = ACROSS,
    width: float = WIDTH,
    spacing_mm: tuple[float, float] | None = None,
) -> float:
    """Height in inches of a figure for `draw_filtered`.

    Parameters
    ----------
    mask : ndarray of bool, shape (rows, columns)
    n_images, columns : int
        How many there are, and in a row.
    width : float
        Inches.
    spacing_mm : (row, column), optional
    """
    rows, across = (side.stop - side.start for side in _around(mask))
    each = width / columns * rows / across * (spacing_mm[0] / spacing_mm[1] if spacing_mm else 1)
    return -(-n_images // columns) * (each + WORDS)


def draw_filtered(
    images: Mapping[str, np.ndarray],
    mask: np.ndarray,
    axes: AxesGrid,
    *,
    noise_types: Collection[str] = (),
    spacing_mm: tuple[float, float] | None = None,
) -> AxesGrid:
    """Draw the nodule with a margin in every image type; returns `axes`.

    Every image has its own grey scale, from the 1st to the 99th percentile of what is shown; the
    two values stand below it.

    Parameters
    ----------
    images : mapping of image type to ndarray, shape (rows, columns)
        As `radiomics.filtered_images` makes them; NaN is left empty.
    mask : ndarray of bool, same shape
        The nodule.
    axes : array of Axes
        At least as many as images; the rest is switched off. Six columns fill a page, and
        `filtered_height` says how high it is.
    noise_types : collection of str, default none
        Image types to be marked as rounding noise.
    spacing_mm : (row, column), optional
        Sets the aspect; without it a pixel is square.

    Raises
    ------
    ValueError
        If there are fewer axes than images, or the mask is empty.
    """
    flat = np.ravel(np.asarray(axes, object))
    if len(flat) < len(images):
        raise ValueError(f"axes: expected {len(images)} or more, one per image, got {len(flat)}.")
    box = _around(mask)
    inside = np.asarray(mask, bool)[box]
    aspect = spacing_mm[0] / spacing_mm[1] if spacing_mm else 1
    for (image_type, image), ax in zip(images.items(), flat, strict=False):
        part = np.asarray(image, float)[box]
        low, high = np.nanpercentile(part, SHOWN)
        ax.imshow(part, cmap="gray", vmin=low, vmax=high, aspect=aspect)
        if not inside.all():
            ax.contour(inside.astype(float), [0.5], colors=OUTLINE, linewidths=0.7)
        ax.set_facecolor(UNKNOWN)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
        ax.set_title(image_type, size=SMALL, pad=2)
        span = f"{_short(low)} to {_short(high)}"
        if image_type in noise_types:
            ax.set_xlabel(f"{span}\nrounding noise", size=TINY, labelpad=2, color="#B2182B")
        else:
            ax.set_xlabel(span, size=TINY, labelpad=2, color="0.25")
    for ax in flat[len(images) :]:
        ax.set_axis_off()
    return axes


def filtered_figure(
    images: Mapping[str, np.ndarray],
    mask: np.ndarray,
    *,
    noise_types: Collection[str] = (),
    spacing_mm: tuple[float, float] | None = None,
) -> Figure:
    """Draw the nodule in every image type across the page.

    Parameters
    ----------
    images, mask, noise_types, spacing_mm
        As `draw_filtered`.
    """
    height = filtered_height(mask, len(images), spacing_mm=spacing_mm)
    fig, axes = plt.subplots(-(-len(images) // ACROSS), ACROSS, figsize=(WIDTH, height))
    draw_filtered(images, mask, axes, noise_types=noise_types, spacing_mm=spacing_mm)
    return fig


def _around(mask: np.ndarray) -> tuple[slice, slice]:
    """The box of the mask with a margin, within the frame."""
    found = ndimage.find_objects(np.asarray(mask, bool).astype(np.uint8))
    if not found:
        raise ValueError("mask: expected pixels inside the nodule, got none.")
    sides = found[0]
    margin = max(4, round(MARGIN * max(side.stop - side.start for side in sides)))
    return tuple(slice(max(0, side.start - margin), side.stop + margin) for side in sides)


def _short(value: float) -> str:
    """Two or three digits; a power of ten where there are many zeros."""
    text = f"{value:.1e}" if 0 < abs(value) < 1e-3 else f"{value:.3g}"
    return text.replace("-", "−")


def draw_stability(
    measured: pd.DataFrame,
    described: pd.DataFrame,
    ax: Axes,
    *,
    icc: str = "icc",
    degenerate: Collection[str] = (),
    title: str = "",
) -> Axes:
    """Draw which share of the features of every image type and class is stable, best type on top.

    Stable is an ICC(2,1) of 0.75 or more. A cell says the share in percent, of the features that
    have an ICC. Grey cells have none, or degenerate features only; no cell, no feature.

    Parameters
    ----------
    measured : DataFrame
        As `radiomics.stability_table` returns it, index `feature`.
    described : DataFrame
        One row per feature: name, image_type, feature_class.
    ax : Axes
        About 3.5 x 3.8 inches for 17 image types.
    icc : str, default "icc"
        Column of `measured`.
    degenerate : collection of str, default none
        Features that count for nothing.
    title : str

    References
    ----------
    Koo, Li (2016), J. Chiropr. Med. 15:155-163 (0.75).
    """
    table = described.set_index("name").assign(value=measured[icc])
    table.loc[table.index.isin(degenerate), "value"] = np.nan
    stable = table["value"].ge(GOOD_ICC).where(table["value"].notna()).astype(float)
    of_type = stable.groupby(table["image_type"], sort=False).mean()
    types = of_type.sort_values(ascending=False, kind="stable", na_position="last").index
    classes = [name for name in CLASSES if name in set(table["feature_class"])]
    families = [table["image_type"], table["feature_class"]]
    shares = stable.groupby(families).mean().unstack().loc[types, classes].to_numpy()
    there = stable.groupby(families).size().unstack().loc[types, classes].notna().to_numpy()
    whole = len(classes) + 0.3  # the column of all classes stands apart
    for row, image_type in enumerate(types):
        cells = zip(range(len(classes)), shares[row], there[row], strict=True)
        for column, share, exists in (*cells, (whole, of_type[image_type], True)):
            if exists:
                _cell(ax, column, row, share)
    ax.set_xticks(
        [*range(len(classes)), whole],
        [*(CLASSES[name] for name in classes), "All"],
        rotation=90,
        size=SMALL,
    )
    ax.set_yticks(range(len(types)), types, size=SMALL)
    ax.xaxis.tick_top()
    ax.tick_params(length=0, pad=2)
    ax.spines[:].set_visible(False)
    ax.set(xlim=(-0.5, whole + 0.5), ylim=(len(types) - 0.5, -0.5))
    grey = "\ngrey: no ICC, or degenerate" if np.isnan(shares[there]).any() else ""
    ax.set_xlabel(f"Features with ICC ≥ {GOOD_ICC:g} (%){grey}", size=7)
    ax.xaxis.set_label_position("bottom")
    ax.set_title(title)
    return ax


def stability_figure(
    stability: Mapping[str, pd.DataFrame],
    described: Mapping[str, pd.DataFrame],
    *,
    degenerate: Mapping[str, Collection[str]],
) -> Figure:
    """Draw which features are stable, a panel per feature set.

    Parameters
    ----------
    stability, described, degenerate : mapping of feature set to what `draw_stability` takes
        Panels in the order of `stability`.
    """
    size = (WIDTH / 2 * len(stability), 4.0)
    fig, axes = plt.subplots(1, len(stability), figsize=size, squeeze=False)
    for ax, (name, measured) in zip(axes.flat, stability.items(), strict=True):
        draw_stability(
            measured,
            described[name],
            ax,
            degenerate=degenerate[name],
            title=f"{protocol_label(name)} feature set",
        )
    return fig


def _cell(ax: Axes, column: float, row: int, share: float) -> None:
    """A square with a share in percent; grey where it is not known."""
    known = np.isfinite(share)
    colour = COLOURS(share) if known else UNKNOWN
    ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fc=colour, ec="w", lw=0.6))
    if known:
        ink = "w" if share >= DARK else "k"
        ax.text(column, row, f"{100 * share:.0f}", ha="center", va="center", size=TINY, color=ink)
