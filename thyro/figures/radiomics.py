"""Figures of radiomic features: filtered images, which families are stable, which say the same.

Every `draw_*` takes a result and Axes and returns the Axes.
"""

from collections.abc import Collection, Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from scipy import ndimage
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from thyro.figures.performance import SMALL
from thyro.figures.ultrasound import OUTLINE
from thyro.statistics import GOOD_ICC

SHOWN = (1, 99)  # percentiles of an image that become black and white
WORDS = 0.5  # inches above and below an image
MARGIN = 0.2  # around the nodule, as a share of the longer side of its box
UNKNOWN = "#D8D8D8"  # ground of what has no value
COLOURS = mpl.colormaps["YlGnBu"]  # of a share; no grey in it, safe for colour-blind readers
DARK = 0.6  # share from which a cell has white letters
FAMILIES = ("image_type", "feature_class")
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
    columns: int = 6,
    width: float = 7.2,
    spacing_mm: tuple[float, float] | None = None,
) -> float:
    """Height in inches of a figure for `draw_filtered`, `width` inches wide."""
    rows, across = (side.stop - side.start for side in _around(mask))
    each = width / columns * rows / across * (spacing_mm[0] / spacing_mm[1] if spacing_mm else 1)
    return -(-n_images // columns) * (each + WORDS)


def draw_filtered(
    images: Mapping[str, np.ndarray],
    mask: np.ndarray,
    axes,
    *,
    noise_types: Collection[str] = (),
    spacing_mm: tuple[float, float] | None = None,
):
    """Draw the nodule with a margin in every image type; returns `axes`.

    Every image has its own grey scale, from the 1st to the 99th percentile of what is shown; the
    two values stand below it.

    Parameters
    ----------
    images : mapping of image type to ndarray, shape (rows, columns)
        As `filters.filtered` makes them; NaN is left empty.
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
        noise = image_type in noise_types
        words = {"color": "#B2182B"} if noise else {"color": "0.25"}
        ax.set_xlabel(span + "\nrounding noise" * noise, size=6, labelpad=2, **words)
    for ax in flat[len(images) :]:
        ax.set_axis_off()
    return axes


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
        As `robustness.table` returns it, index `feature`.
    described : DataFrame
        As `profiles.Profile.describe`.
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


def _cell(ax: Axes, column: float, row: int, share: float) -> None:
    """A square with a share in percent; grey where it is not known."""
    known = np.isfinite(share)
    colour = COLOURS(share) if known else UNKNOWN
    ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fc=colour, ec="w", lw=0.6))
    if known:
        ink = "w" if share >= DARK else "k"
        ax.text(column, row, f"{100 * share:.0f}", ha="center", va="center", size=6, color=ink)


def draw_correlation_map(
    correlation: pd.DataFrame,
    described: pd.DataFrame,
    ax: Axes,
    *,
    by: str = "image_type",
    title: str = "",
) -> Axes:
    """Draw the correlation of all features as one picture, families side by side and named.

    Within a family, features that correlate stand together (average linkage over 1 − |ρ|).

    Parameters
    ----------
    correlation : DataFrame, shape (n_features, n_features)
        As `agreement.rank_correlation` returns it. Features without any correlation are left out.
    described : DataFrame
        As `profiles.Profile.describe`.
    ax : Axes
        About 3.5 inches square.
    by : str, default "image_type"
        Families: "image_type" or "feature_class".
    title : str

    Raises
    ------
    ValueError
        If `by` is something else or no feature correlates.
    """
    if by not in FAMILIES:
        raise ValueError(f"by: expected one of {', '.join(FAMILIES)}, got {by!r}.")
    known = correlation.index[correlation.notna().any(axis=1)]
    if not len(known):
        raise ValueError("correlation: expected features that vary, found none.")
    family = described.set_index("name")[by].loc[lambda names: names.index.isin(known)]
    there = set(family)
    families = [name for name in dict.fromkeys([*CLASSES, *family]) if name in there]
    matrix = correlation.loc[family.index, family.index].to_numpy(float)
    groups = [np.flatnonzero(family == name) for name in families]
    order = np.concatenate([group[_alike(matrix[np.ix_(group, group)])] for group in groups])
    image = ax.imshow(
        matrix[np.ix_(order, order)],
        cmap="RdBu_r",
        vmin=-1,
        vmax=1,
        interpolation="antialiased",  # more features than dots: a mean of them, not one by chance
        interpolation_stage="data",
    )
    sizes = np.array([len(group) for group in groups])
    ends = sizes.cumsum()
    for end in ends[:-1] - 0.5:
        ax.axhline(end, color="k", lw=0.4)
        ax.axvline(end, color="k", lw=0.4)
    middles = ends - sizes / 2 - 0.5
    names = [CLASSES.get(name, name) for name in families]
    ax.set_xticks(middles, names, rotation=90, size=SMALL)
    ax.set_yticks(middles, names, size=SMALL)
    ax.tick_params(length=0, pad=2)
    ax.spines[:].set_visible(False)
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.7, aspect=25, ticks=[-1, -0.5, 0, 0.5, 1])
    bar.set_label(f"Spearman ρ, {len(order)} features")
    bar.outline.set_visible(False)
    ax.set_title(title)
    return ax


def _alike(correlation: np.ndarray) -> np.ndarray:
    """Order of features in which those that say the same are neighbours."""
    if len(correlation) < 3:
        return np.arange(len(correlation))
    distance = np.clip(1 - np.abs(correlation), 0, None)
    np.fill_diagonal(distance, 0)
    return leaves_list(linkage(squareform(distance, checks=False), "average"))
