"""Figures of the two protocols, of random divisions, and of what is selected in them.

Every `draw_*` takes a result and Axes and returns the Axes; nothing is computed but positions.
"""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from thyro.figures.performance import MODEL_COLOURS
from thyro.figures.selection import wrap_feature

COHORTS = {"train": "Training cohort", "test": "Test cohort"}
NULL = "0.72"  # grey of permuted outcomes


def draw_optimism(compared: pd.DataFrame, axes):
    """Draw the AUC of every model under both protocols, joined by a line; returns `axes`.

    Parameters
    ----------
    compared : DataFrame
        As `performance.optimism`: model, cohort, auc_paper, auc_sound.
    axes : pair of Axes
        Training and test cohort, sharing the vertical axis.
    """
    models = list(compared["model"].unique())
    for ax, (cohort, title) in zip(axes, COHORTS.items(), strict=True):
        rows = compared[compared["cohort"].eq(cohort)].set_index("model").loc[models]
        for height, (model, row) in enumerate(rows.iterrows()):
            colour = MODEL_COLOURS[model]
            pair = row["auc_paper"], row["auc_sound"]
            ax.plot(pair, [height] * 2, color=colour, lw=1.6, alpha=0.6, zorder=2)
            ax.plot(pair[0], height, "o", color=colour, ms=5, zorder=3)
            ax.plot(pair[1], height, "D", mfc="w", mec=colour, mew=1.2, ms=5, zorder=4)
        ax.axvline(0.5, color="0.75", lw=0.8, zorder=0)
        ax.set_yticks(range(len(models)), models)
        ax.grid(axis="y", color="0.93", lw=0.6)
        ax.tick_params(axis="y", length=0)
        ax.set(xlabel="AUC", title=title)
    axes[0].invert_yaxis()
    marks = [
        Line2D([], [], color="0.3", marker="o", ls="", ms=5, label="Paper’s protocol"),
        Line2D([], [], color="0.3", marker="D", mfc="w", ls="", ms=5, label="Sound protocol"),
    ]
    axes[0].figure.legend(handles=marks, loc="outside lower center", ncols=2)
    return axes


def draw_repeats(
    auc: pd.DataFrame,
    ax: Axes,
    *,
    single: Mapping[str, float],
    permuted: pd.DataFrame | None = None,
) -> Axes:
    """Draw the held-out AUC of every model over random divisions, and that of one division.

    Parameters
    ----------
    auc : DataFrame
        As `protocols.Repeats.auc`: repeat, model, test.
    ax : Axes
    single : mapping of model to float
        AUC in the test cohort of the study's own division.
    permuted : DataFrame, optional
        The same as `auc` with permuted outcomes, drawn beside in grey.
    """
    models = list(auc["model"].unique())
    for place, model in enumerate(models):
        _cloud(ax, auc.loc[auc["model"].eq(model), "test"], place - 0.12, MODEL_COLOURS[model])
        if permuted is not None:
            _cloud(ax, permuted.loc[permuted["model"].eq(model), "test"], place + 0.3, NULL)
        ax.plot(place - 0.12, single[model], "*", color="k", mec="w", mew=0.6, ms=11, zorder=5)
    ax.axhline(0.5, color="0.4", lw=0.8, ls="--", zorder=1)
    ax.set_xticks(range(len(models)), models)
    ax.tick_params(axis="x", length=0)
    ax.set(xlim=(-0.6, len(models) - 0.4), ylabel="AUC in the held-out part")
    marks = [
        Line2D([], [], color="k", marker="*", ls="", ms=9, label="This study’s division"),
        Line2D([], [], color="0.3", marker="o", ls="", ms=3, label="Random divisions"),
    ]
    if permuted is not None:
        text = "Permuted outcomes"
        marks.append(Line2D([], [], color=NULL, marker="o", ls="", ms=3, label=text))
    ax.figure.legend(handles=marks, loc="outside lower center", ncols=len(marks))
    return ax


def draw_frequency(
    table: pd.DataFrame,
    ax: Axes,
    *,
    own: Collection[str] = (),
    title: str = "",
    top: int = 15,
) -> Axes:
    """Draw the share of divisions in which each feature was selected, the most frequent on top.

    Parameters
    ----------
    table : DataFrame
        Rows of one signature of `protocols.selection_frequency`: feature, share.
    ax : Axes
    own : collection of str
        Features selected in the study's own division: filled bars.
    title : str
    top : int
        How many are drawn.
    """
    rows = table.nlargest(top, "share", keep="first")
    for height, (feature, share) in enumerate(zip(rows["feature"], rows["share"], strict=True)):
        face = "#0072B2" if feature in own else "w"
        ax.barh(height, 100 * share, color=face, edgecolor="#0072B2", height=0.62, lw=0.9)
    names = [wrap_feature(name, 36) for name in rows["feature"]]
    ax.set_yticks(range(len(rows)), names, size=6)
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(0, 100), xlabel="Share of divisions (%)", title=title)
    ax.invert_yaxis()
    return ax


def _cloud(ax, values, place, colour):
    """Every value as a point, spread sideways by its rank, behind quartiles and median."""
    values = np.sort(np.asarray(values, dtype=float))
    # golden-ratio steps fill the width evenly and without chance
    spread = ((np.arange(len(values)) * 0.618034) % 1 - 0.5) * 0.3
    ax.plot(place + spread, values, "o", color=colour, ms=2, alpha=0.6, mew=0, zorder=2)
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    ax.plot([place] * 2, [low, high], color="0.15", lw=2.4, solid_capstyle="butt", zorder=3)
    ax.plot(place, middle, "o", mfc="w", mec="0.15", ms=4, mew=1, zorder=4)
