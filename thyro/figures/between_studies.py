"""AUCs of the models of two studies, side by side in every cohort."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from thyro.figures.style import SERIES_COLOURS, WIDTH, panel_letters
from thyro.study import cohort_label

APART = 0.17  # of the two dots of a row, in rows
MARKS = (("o", SERIES_COLOURS[0]), ("D", SERIES_COLOURS[1]))
ROW, FRAME = 0.26, 1.0  # inches


def draw_study_aucs(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Draw a row for every model with a dot and an interval of either study; returns `ax`.

    Parameters
    ----------
    frame : DataFrame
        Rows of `statistics.compare_studies` of one cohort and protocol. The first model is on top.
    ax : Axes
    """
    for one, (mark, colour), shift in zip("ab", MARKS, (-APART, APART), strict=True):
        at = np.arange(len(frame)) + shift
        ax.hlines(at, frame[f"ci_low_{one}"], frame[f"ci_high_{one}"], color=colour, lw=1, zorder=2)
        ax.plot(frame[f"auc_{one}"], at, mark, color=colour, ms=4, mew=0, zorder=3)
    ax.axvline(0.5, color="0.6", lw=0.8, ls="--", zorder=1)
    ax.grid(axis="y", color="0.93", lw=0.6)
    ax.tick_params(axis="y", length=0)
    ax.set(ylim=(len(frame) - 0.5, -0.5), xlabel="AUC")
    return ax


def studies_figure(frame: pd.DataFrame, names: tuple[str, str]) -> Figure:
    """Draw the AUCs of two studies: a panel for every cohort.

    Parameters
    ----------
    frame : DataFrame
        As in `draw_study_aucs`, of one protocol and several cohorts.
    names : (str, str)
        Of the studies, for the legend.
    """
    cohorts = list(frame["cohort"].unique())
    models = list(frame["model"].unique())
    height = FRAME + ROW * len(models)
    fig, axes = plt.subplots(
        1, len(cohorts), figsize=(WIDTH, height), sharex=True, sharey=True, squeeze=False
    )
    for ax, cohort in zip(axes[0], cohorts, strict=True):
        draw_study_aucs(frame[frame["cohort"].eq(cohort)], ax).set_title(cohort_label(cohort))
    axes[0, 0].set_yticks(range(len(models)), models)
    if len(cohorts) > 1:
        panel_letters(axes[0])
    marks = [
        Line2D([], [], color=colour, marker=mark, ls="", ms=4, label=name)
        for (mark, colour), name in zip(MARKS, names, strict=True)
    ]
    fig.legend(handles=marks, loc="outside lower center", ncols=2)
    return fig
