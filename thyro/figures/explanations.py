"""Figures of explanations: heat maps of networks, their controls, and what a classifier relies on.

Every `draw_*` takes a result and Axes and returns the Axes; every `*_figure` takes the results of
all its panels and returns the Figure.
"""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from thyro.figures.style import (
    SMALL,
    WIDTH,
    AxesGrid,
    model_styles,
    panel_letters,
    spread,
    wrap_feature,
)
from thyro.figures.ultrasound import draw_heatmap_overlay
from thyro.study import ModelName
from thyro.tables import coverage

PLAIN = "#555555"  # where there is no model to have a colour
BAR = "Evidence (share of the largest in the panel)"
ABREAST = 4  # networks whose names a panel of half a page holds
REACH = 0.32  # of a strip of points, to either side


class Example(Protocol):
    """What is drawn of a patient as a network saw and judged them (`deep.Example`)."""

    patient_id: str
    p: float  # probability that the network's model gave
    crop: np.ndarray  # grey 0-255, shape (size, size)
    heat: np.ndarray  # 0 or more, same shape
    mask: np.ndarray  # bool, same shape: the nodule


def draw_explanations(
    examples: Mapping[str, Mapping[str, Example | None]],
    axes: AxesGrid,
    *,
    thresholds: Mapping[str, float],
) -> AxesGrid:
    """Draw what each network saw in its surest right and wrong predictions; returns `axes`.

    Parameters
    ----------
    examples : mapping of network to mapping of outcome to Example or None
        The same outcomes for every network, columns in the order of the first; a panel without
        patient says "none".
    axes : array of Axes, shape (n_networks, n_outcomes)
        On one figure, which also receives a colour bar below.
    thresholds : mapping of network to float
        Cut-off probability of each network, written beside its row.
    """
    outcomes = list(next(iter(examples.values())))
    grid = np.asarray(axes, object).reshape(len(examples), len(outcomes))
    for row, (network, found) in zip(grid, examples.items(), strict=True):
        for ax, outcome in zip(row, outcomes, strict=True):
            example = found[outcome]
            if example is None:
                _draw_none(ax)
            else:
                draw_heatmap_overlay(example.crop, example.heat, ax, mask=example.mask)
                ax.set_title(f"{example.patient_id}, p = {example.p:.2f}", size=SMALL, pad=2.5)
        row[0].set_ylabel(
            f"{network}\ncut-off {thresholds[network]:.2f}",
            size=7,
        )
    for ax, outcome in zip(grid[0], outcomes, strict=True):
        ax.annotate(
            outcome.capitalize(),
            (0.5, 1),
            xycoords="axes fraction",
            xytext=(0, 14),
            textcoords="offset points",
            ha="center",
            weight="bold",
            size=7.5,
        )
    bar = grid[0, 0].figure.colorbar(
        ScalarMappable(cmap="inferno"),
        ax=list(grid.flat),
        location="bottom",
        shrink=0.45,
        aspect=40,
        pad=0.01,
    )
    bar.set_label(BAR, size=7)
    bar.ax.tick_params(labelsize=SMALL)
    return axes


def explanations_figure(
    examples: Mapping[str, Mapping[str, Example | None]], *, thresholds: Mapping[str, float]
) -> Figure:
    """Draw what each network saw, a row per network; parameters as in `draw_explanations`."""
    outcomes = next(iter(examples.values()))
    size = (WIDTH, 2.05 * len(examples))
    fig, axes = plt.subplots(len(examples), len(outcomes), figsize=size, squeeze=False)
    draw_explanations(examples, axes, thresholds=thresholds)
    return fig


def draw_importance(
    table: pd.DataFrame, ax: Axes, *, top: int = 15, colour: str = PLAIN, level: float = 0.95
) -> Axes:
    """Draw the fall of the AUC of the most important features with its interval.

    Parameters
    ----------
    table : DataFrame
        As `models.permutation_importance` gives; the first `top` rows are drawn.
    ax : Axes
    top : int, default 15
    colour : str
    level : float, default 0.95
        Coverage of the intervals, for the label.
    """
    shown = table.head(top)
    place = np.arange(len(shown))
    value = shown["importance"].to_numpy()
    spread = np.stack([value - shown["ci_low"], shown["ci_high"] - value])
    ax.axvline(0, color="0.6", lw=0.8)
    ax.errorbar(value, place, xerr=spread, fmt="o", ms=3.5, color=colour, elinewidth=1)
    ax.set_yticks(place, [wrap_feature(name, 34) for name in shown["feature"]], size=SMALL)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.set_xlabel(f"Fall of the AUC\n({coverage(level)} CI)")
    return ax


def importance_figure(tables: Mapping[str, pd.DataFrame], *, level: float = 0.95) -> Figure:
    """Draw what each model relies on, side by side.

    Parameters
    ----------
    tables : mapping of model to DataFrame
        As `draw_importance`; a model has its colour.
    level : float, default 0.95
        Coverage of the intervals, for the label.
    """
    styles = model_styles(tables)
    fig, axes = plt.subplots(1, len(tables), figsize=(WIDTH, 4.0), squeeze=False)
    for ax, (model, table) in zip(axes.flat, tables.items(), strict=True):
        draw_importance(table, ax, colour=styles[model][0], level=level)
        ax.set_title(model)
    return fig


def draw_sanity(
    tables: Mapping[str, pd.DataFrame], ax: Axes, *, measure: str = "rank_correlation"
) -> Axes:
    """Draw how alike the maps of each network and of its randomised control are.

    One point per patient and the median; near 1 the maps do not depend on what was learned.

    Parameters
    ----------
    tables : mapping of network to DataFrame
        As `deep.heat_map_agreement` gives; rows of empty maps are left out and counted.
    ax : Axes
    measure : "rank_correlation" or "ssim"
    """
    names = {"rank_correlation": "Rank correlation", "ssim": "Structural similarity"}
    _strips({network: table[measure] for network, table in tables.items()}, ax)
    for same, style in ((0, ":"), (1, "-")):
        ax.axhline(same, color="0.7", lw=0.8, ls=style, zorder=0)
    low = np.nanmin([0, *(table[measure].min() for table in tables.values())])
    ax.set_ylim(low - 0.08, 1.06)
    ax.set_ylabel(f"{names[measure]} with the map\nof the randomised network")
    return ax


def draw_energy(tables: Mapping[str, pd.DataFrame], ax: Axes) -> Axes:
    """Draw how much more of each map lies inside the nodule than of a flat map.

    Parameters
    ----------
    tables : mapping of network to DataFrame
        As `deep.energy_in_nodule` gives; rows of empty maps are left out and counted.
    ax : Axes
    """
    _strips({network: table["ratio"] for network, table in tables.items()}, ax)
    ax.axhline(1, color="0.7", lw=0.8, zorder=0)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("Evidence inside the outline\n(times that of a flat map)")
    return ax


def sanity_figure(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw how much maps owe to what was learned, and how much of them lies in the nodule.

    Side by side; below each other where so many networks have no room for their names.

    Parameters
    ----------
    tables : mapping of network to DataFrame
        With the columns of `draw_sanity` and of `draw_energy`.
    """
    if len(tables) <= ABREAST:
        fig, axes = plt.subplots(1, 2, figsize=(WIDTH, 3.0))
    else:
        fig, axes = plt.subplots(2, 1, figsize=(WIDTH, 6.0))
    draw_sanity(tables, axes[0])
    draw_energy(tables, axes[1])
    panel_letters(axes)
    return fig


def _strips(values: Mapping[str, pd.Series], ax: Axes) -> None:
    """A strip of points and a median per network, and under its name how many of the maps."""
    labels, styles = [], model_styles(values)
    for place, (network, series) in enumerate(values.items()):
        drawn = series.dropna().to_numpy()
        across = place + 2 * REACH * spread(len(drawn))
        ax.scatter(across, drawn, s=7, color=styles[network][0], alpha=0.5, lw=0)
        if len(drawn):
            middle = np.median(drawn)
            ax.plot([place - REACH, place + REACH], [middle, middle], color="k", lw=1.4)
        model = ModelName.read(network)
        name = f"{model.image_set}\n{model.kind}" if model else network
        labels.append(f"{name}\n{len(drawn)} of {len(series)}")
    ax.set_xticks(range(len(labels)), labels, size=SMALL)
    ax.set_xlim(-0.6, len(labels) - 0.4)
    ax.set_xlabel("Network, and how many of its maps are not empty")


def _draw_none(ax: Axes) -> None:
    ax.set(xticks=[], yticks=[], xlim=(0, 1), ylim=(0, 1), aspect="equal")
    ax.spines[:].set(visible=True, color="0.85")
    ax.text(0.5, 0.5, "none", ha="center", va="center", color="0.4", size=7)
