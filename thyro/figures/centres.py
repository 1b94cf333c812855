"""Figures of centres: their features before and after harmonisation, and results centre by centre.

Every `*_figure` takes results and returns the Figure. Nothing is computed but positions.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thyro.figures.style import SERIES_COLOURS, WIDTH, model_styles, panel_letters
from thyro.statistics import POOLED

MARKERS = "osD^vP*X"
MEASURES = {"auc": ("AUC", 0.5), "slope": ("Calibration slope", 1.0)}  # and where nothing is


def draw_components(components: pd.DataFrame, ax: Axes) -> Axes:
    """Draw patients by their first two components, a colour and a mark for each centre."""
    for k, (name, rows) in enumerate(components.groupby("centre")):
        colour = SERIES_COLOURS[k % len(SERIES_COLOURS)]
        marker = MARKERS[k % len(MARKERS)]
        look = {"s": 9, "lw": 0.6, "facecolors": "none", "edgecolors": colour, "alpha": 0.7}
        ax.scatter(rows["first"], rows["second"], marker=marker, label=str(name), **look)
        middle = rows[["first", "second"]].mean()
        ax.plot(*middle, marker, color=colour, mec="k", mew=0.8, ms=7, zorder=4)
    return ax


def components_figure(
    components: pd.DataFrame, explained: tuple[float, float], labels: Mapping[str, str]
) -> Figure:
    """Draw the components of every state beside each other; large marks are means of centres.

    Parameters
    ----------
    components : DataFrame
        state, centre, first, second.
    explained : tuple of float
        Share of the variance on either axis, 0-1.
    labels : mapping of state to text
        Titles of the panels.
    """
    fig, axes = plt.subplots(1, len(labels), figsize=(WIDTH, 3.1), sharex=True, sharey=True)
    for ax, (state, title) in zip(np.atleast_1d(axes), labels.items(), strict=True):
        draw_components(components[components["state"].eq(state)], ax)
        ax.set(title=title, xlabel=f"First component ({100 * explained[0]:.0f}% of variance)")
    axes = np.atleast_1d(axes)
    axes[0].set_ylabel(f"Second component ({100 * explained[1]:.0f}%)")
    axes[-1].legend(title="Centre", frameon=False, loc="best")
    panel_letters(axes)
    return fig


def draw_forest(table: pd.DataFrame, ax: Axes, *, ideal: float) -> Axes:
    """Draw one measure of some models: a row per centre with its interval, a diamond for all.

    Parameters
    ----------
    table : DataFrame
        As `statistics.centre_table`, of one measure.
    ax : Axes
    ideal : float
        Where a line stands.
    """
    models = list(table["model"].unique())
    styles = model_styles(models)
    centres = [name for name in table["centre"].unique() if name != POOLED]
    rows = [*centres, *([POOLED] if POOLED in set(table["centre"]) else [])]
    step = 0.7 / max(len(models), 1)
    for j, model in enumerate(models):
        colour, _ = styles[model]
        own = table[table["model"].eq(model)].set_index("centre").reindex(rows)
        height = np.arange(len(rows)) + step * (j - (len(models) - 1) / 2)
        for y, (name, row) in zip(height, own.iterrows(), strict=True):
            pooled = name == POOLED
            if pooled:
                span = [row["prediction_low"], row["prediction_high"]]
                ax.plot(span, [y, y], color=colour, lw=0.8, ls=":")
            ax.plot([row["ci_low"], row["ci_high"]], [y, y], color=colour, lw=1.3)
            marker, size = ("D", 5.5) if pooled else ("s", 4)
            ax.plot(row["estimate"], y, marker, color=colour, ms=size)
        ax.plot([], [], "s-", color=colour, label=model.replace("_", " "))
    ax.axvline(ideal, color="0.75", lw=0.8, zorder=0)
    if POOLED in rows:
        ax.axhline(len(centres) - 0.5, color="0.85", lw=0.8)
    ax.set_yticks(range(len(rows)), rows)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    return ax


def forest_figure(table: pd.DataFrame) -> Figure:
    """Draw AUC and calibration slope centre by centre: `draw_forest`.

    Parameters
    ----------
    table : DataFrame
        As `statistics.centre_table`.
    """
    rows, models = table["centre"].nunique(), table["model"].nunique()
    height = max(2.4, 0.9 + 0.14 * rows * (models + 1))
    fig, axes = plt.subplots(1, len(MEASURES), figsize=(WIDTH, height), sharey=True)
    for ax, (measure, (title, ideal)) in zip(axes, MEASURES.items(), strict=True):
        draw_forest(table[table["measure"].eq(measure)], ax, ideal=ideal)
        ax.set_xlabel(title)
    axes[0].legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=models)
    panel_letters(axes)
    return fig
