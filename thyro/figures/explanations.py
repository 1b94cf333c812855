"""Figures of explanations: heat maps of networks, their controls, and what a classifier relies on.

Every `draw_*` takes a result and Axes and returns the Axes.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.ticker import MaxNLocator

from thyro.deep import OUTCOMES, Example
from thyro.figures.performance import MODEL_COLOURS, SMALL
from thyro.figures.selection import wrap_feature
from thyro.figures.ultrasound import draw_heatmap_overlay

OTHER = "#555555"  # of networks that are not of the paper
BAR = "Evidence (share of the largest in the panel)"
REACH = 0.32  # of a strip of points, to either side


def draw_explanations(
    examples: Mapping[str, Mapping[str, Example | None]],
    axes,
    *,
    thresholds: Mapping[str, float],
    label: str = BAR,
):
    """Draw what each network saw in its surest right and wrong predictions; returns `axes`.

    Parameters
    ----------
    examples : mapping of network to mapping of outcome to Example or None
        Outcomes are those of `explanations.OUTCOMES`; a panel without patient says "none".
    axes : array of Axes, shape (n_networks, 4)
        On one figure, which also receives a colour bar below.
    thresholds : mapping of network to float
        Cut-off probability of each network, written beside its row.
    label : str
        Of the colour bar.
    """
    grid = np.asarray(axes, object).reshape(len(examples), len(OUTCOMES))
    for row, (network, found) in zip(grid, examples.items(), strict=True):
        for ax, outcome in zip(row, OUTCOMES, strict=True):
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
    for ax, outcome in zip(grid[0], OUTCOMES, strict=True):
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
    bar.set_label(label, size=7)
    bar.ax.tick_params(labelsize=SMALL)
    return axes


def draw_importance(
    table: pd.DataFrame, ax: Axes, *, top: int = 15, colour: str = OTHER, level: float = 0.95
) -> Axes:
    """Draw the fall of the AUC of the most important features with its interval.

    Parameters
    ----------
    table : DataFrame
        As `importance.permutation_importance` gives; the first `top` rows are drawn.
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
    ax.set_xlabel(f"Fall of the AUC\n({100 * level:g} % CI)")
    return ax


def draw_sanity(
    tables: Mapping[str, pd.DataFrame], ax: Axes, *, measure: str = "rank_correlation"
) -> Axes:
    """Draw how alike the maps of each network and of its randomised control are.

    One point per patient and the median; near 1 the maps do not depend on what was learned.

    Parameters
    ----------
    tables : mapping of network to DataFrame
        As `explanations.agreement` gives; rows of empty maps are left out and counted.
    ax : Axes
    measure : "rank_correlation" or "ssim"
    """
    names = {"rank_correlation": "Rank correlation", "ssim": "Structural similarity"}
    _strips({network: table[measure] for network, table in tables.items()}, ax)
    for level, style in ((0, ":"), (1, "-")):
        ax.axhline(level, color="0.7", lw=0.8, ls=style, zorder=0)
    low = np.nanmin([0, *(table[measure].min() for table in tables.values())])
    ax.set_ylim(low - 0.08, 1.06)
    ax.set_ylabel(f"{names[measure]} with the map\nof the randomised network")
    return ax


def draw_energy(tables: Mapping[str, pd.DataFrame], ax: Axes) -> Axes:
    """Draw how much more of each map lies inside the nodule than of a flat map.

    Parameters
    ----------
    tables : mapping of network to DataFrame
        As `explanations.energy` gives; rows of empty maps are left out and counted.
    ax : Axes
    """
    _strips({network: table["ratio"] for network, table in tables.items()}, ax)
    ax.axhline(1, color="0.7", lw=0.8, zorder=0)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("Evidence inside the nodule\n(times that of a flat map)")
    return ax


def _strips(values: Mapping[str, pd.Series], ax: Axes) -> None:
    """A strip of points and a median per network, and under its name how many of the maps."""
    labels = []
    for place, (network, series) in enumerate(values.items()):
        drawn = series.dropna().to_numpy()
        colour = MODEL_COLOURS.get(network, OTHER)
        ax.scatter(place + _spread(len(drawn)), drawn, s=7, color=colour, alpha=0.5, lw=0)
        if len(drawn):
            middle = np.median(drawn)
            ax.plot([place - REACH, place + REACH], [middle, middle], color="k", lw=1.4)
        name = network.replace("_", "\n", 1)
        labels.append(f"{name}\n{len(drawn)} of {len(series)}")
    ax.set_xticks(range(len(labels)), labels, size=SMALL)
    ax.set_xlim(-0.6, len(labels) - 0.4)
    ax.set_xlabel("Network, and how many of its maps are not empty")


def _spread(n: int) -> np.ndarray:
    """Sideways places of n points, the same every time: multiples of the golden ratio."""
    return (np.arange(n) * 0.6180339887 % 1 * 2 - 1) * REACH


def _draw_none(ax: Axes) -> None:
    ax.set(xticks=[], yticks=[], xlim=(0, 1), ylim=(0, 1), aspect="equal")
    ax.spines[:].set(visible=True, color="0.85")
    ax.text(0.5, 0.5, "none", ha="center", va="center", color="0.4", size=7)
