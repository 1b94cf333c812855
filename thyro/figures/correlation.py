"""Figures of the correlation of features: few, by their names, and all, by their families.

Every `draw_*` takes a result and Axes and returns the Axes; every `*_figure` returns the Figure.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from thyro.figures.radiomics import CLASSES
from thyro.figures.style import SMALL, TINY, WIDTH

MOST_NAMES = 30  # of features, for which a matrix has room
FAMILIES = ("image_type", "feature_class")


def draw_correlation(correlation: pd.DataFrame, ax: Axes, *, title: str = "") -> Axes:
    """Draw a correlation matrix of features.

    Parameters
    ----------
    correlation : DataFrame, shape (n_features, n_features)
        Already computed, by `statistics.rank_correlation` or `X.corr(method="spearman")`. Names
        are written when there is room for them (30 features or fewer).
    ax : Axes
    title : str

    Raises
    ------
    ValueError
        If the names of rows and columns are not the same.
    """
    if list(correlation.index) != list(correlation.columns):
        raise ValueError(
            f"correlation: expected a square matrix with the same names on both sides, got shape "
            f'{correlation.shape}. Pass X.corr(method="spearman").'
        )
    image = ax.imshow(correlation.to_numpy(float), cmap="RdBu_r", vmin=-1, vmax=1)
    names = list(correlation.columns)
    if len(names) <= MOST_NAMES:
        ax.set_xticks(range(len(names)), names, rotation=90, size=TINY)
        ax.set_yticks(range(len(names)), names, size=TINY)
        ax.tick_params(length=0)
    else:
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set(xlabel=f"{len(names)} features", ylabel=f"{len(names)} features")
    _colour_bar(image, ax, "Spearman ρ")
    ax.spines[:].set_visible(False)
    ax.set_title(title)
    return ax


def correlation_figure(correlations: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw correlation matrices side by side: title -> matrix, as `draw_correlation`."""
    n = len(correlations)
    size = (WIDTH, 3.6) if n > 1 else (5.6, 4.8)
    fig, axes = plt.subplots(1, n, figsize=size, squeeze=False)
    for ax, (title, correlation) in zip(axes.flat, correlations.items(), strict=True):
        draw_correlation(correlation, ax, title=title)
    return fig


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
        As `statistics.rank_correlation` returns it. Features without any correlation are left out.
    described : DataFrame
        One row per feature: name, image_type, feature_class.
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
    _colour_bar(image, ax, f"Spearman ρ, {len(order)} features")
    ax.set_title(title)
    return ax


def correlation_map_figure(correlation: pd.DataFrame, described: pd.DataFrame) -> Figure:
    """Draw the correlation of all features across the page (`draw_correlation_map`)."""
    fig, ax = plt.subplots(figsize=(WIDTH, 6.0))
    draw_correlation_map(correlation, described, ax)
    return fig


def _colour_bar(image: AxesImage, ax: Axes, label: str) -> None:
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.7, aspect=25, ticks=[-1, -0.5, 0, 0.5, 1])
    bar.set_label(label)
    bar.outline.set_visible(False)


def _alike(correlation: np.ndarray) -> np.ndarray:
    """Order of features in which those that say the same are neighbours."""
    if len(correlation) < 3:
        return np.arange(len(correlation))
    distance = np.clip(1 - np.abs(correlation), 0, None)
    np.fill_diagonal(distance, 0)
    return leaves_list(linkage(squareform(distance, checks=False), "average"))
