"""A forest plot of groups of patients, the cohorts side by side."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from thyro.figures.style import SERIES_COLOURS, SMALL, WIDTH, panel_letters
from thyro.study import COHORTS

# Panels from the left: measure, heading, ideal or neutral value, the range that is always shown,
# and the range beyond which an interval is not followed.
PANELS = (
    ("auc", "AUC", 0.5, (0.45, 1.0), (0.0, 1.0)),
    ("slope", "Slope", 1.0, (0.0, 2.0), (-1.0, 4.0)),
    ("citl", "In the large", 0.0, (-1.0, 1.0), (-3.0, 3.0)),
    ("net_benefit", "Net benefit", 0.0, (-0.05, 0.3), (-0.5, 1.0)),
)
MARKS = (("o", SERIES_COLOURS[0]), ("D", SERIES_COLOURS[1]), ("s", SERIES_COLOURS[2]))
APART = 0.34  # of the marks of two cohorts in a row, in rows
ROW = 0.17  # inches, of a row for each cohort in it
FRAME = 1.1  # inches, of axes and legend


def draw_groups(
    frame: pd.DataFrame,
    ax: Axes,
    measure: str,
    *,
    shown: tuple[float, float],
    followed: tuple[float, float],
) -> Axes:
    """Draw one measure of every group with its interval, a mark for each cohort; returns `ax`.

    An interval that goes on beyond the axis ends in an arrow. A group without the measure has no
    mark.

    Parameters
    ----------
    frame : DataFrame
        `groups` of `statistics.subgroup_performance` for one model: variable, group, cohort,
        measure, estimate, ci_low, ci_high. The first group is on top.
    ax : Axes
    measure : str
    shown : (float, float)
        Least range of the axis, which estimates and intervals widen.
    followed : (float, float)
        How far intervals do, but not estimates.
    """
    rows, cohorts = _rows(frame), list(frame["cohort"].unique())
    of = frame[frame["measure"].eq(measure)].set_index(["variable", "group", "cohort"])
    ends = np.clip(of[["ci_low", "ci_high"]].dropna().to_numpy(), *followed)
    known = np.concatenate([of["estimate"].dropna(), ends.ravel(), shown])
    low, high = known.min(), known.max()
    for place, key in enumerate(rows):
        for cohort, shift, (mark, colour) in zip(
            cohorts, _shifts(len(cohorts)), MARKS, strict=False
        ):
            one, height = of.loc[(*key, cohort)], place + shift
            if pd.isna(one["estimate"]):
                continue
            ends = np.clip([one["ci_low"], one["ci_high"]], low, high)
            ax.hlines(height, *ends, color=colour, lw=1, zorder=2)
            beyond = {"<": one["ci_low"] < low, ">": one["ci_high"] > high}
            for end, (arrow, goes_on) in zip(ends, beyond.items(), strict=True):
                if goes_on:
                    ax.plot(end, height, arrow, color=colour, ms=3)
            ax.plot(one["estimate"], height, mark, color=colour, ms=3.8, mew=0, zorder=3)
    ax.grid(axis="y", color="0.93", lw=0.6)
    ax.tick_params(axis="y", length=0)
    pad = 0.04 * (high - low)
    ax.set(ylim=(len(rows) - 0.5, -0.5), xlim=(low - pad, high + pad))
    return ax


def subgroups_figure(frame: pd.DataFrame) -> Figure:
    """Draw AUC, calibration and net benefit of every group of patients: a forest plot.

    Parameters
    ----------
    frame : DataFrame
        As in `draw_groups`, with n and events.
    """
    rows, cohorts = _rows(frame), list(frame["cohort"].unique())
    height = FRAME + ROW * len(rows) * max(len(cohorts), 1.4)
    fig, axes = plt.subplots(
        1, 1 + len(PANELS), figsize=(WIDTH, height), sharey=True, width_ratios=(1, 2, 2, 2, 2)
    )
    for ax, (measure, heading, ideal, shown, followed) in zip(axes[1:], PANELS, strict=True):
        draw_groups(frame, ax, measure, shown=shown, followed=followed)
        ax.set(xlabel=heading)
        ax.axvline(ideal, color="0.6", lw=0.8, ls="--", zorder=1)
    _draw_counts(frame, axes[0])
    names = [group if variable == group else f"{variable}: {group}" for variable, group in rows]
    axes[0].set_yticks(range(len(rows)), names)
    panel_letters(axes[1:])
    marks = [
        Line2D([], [], color=colour, marker=mark, ls="", ms=4, label=COHORTS.get(name, name))
        for name, (mark, colour) in zip(cohorts, MARKS, strict=False)
    ]
    fig.legend(handles=marks, loc="outside lower center", ncols=len(marks))
    return fig


def _draw_counts(frame: pd.DataFrame, ax: Axes) -> None:
    """Patients and events of every group, in the colour of the cohort."""
    cohorts = list(frame["cohort"].unique())
    counts = frame.drop_duplicates(["variable", "group", "cohort"])
    counts = counts.set_index(["variable", "group", "cohort"])
    for place, key in enumerate(_rows(frame)):
        for cohort, shift, (_, colour) in zip(cohorts, _shifts(len(cohorts)), MARKS, strict=False):
            one = counts.loc[(*key, cohort)]
            text, at = f"{one['n']} ({one['events']})", (1, place + shift)
            ax.text(*at, text, ha="right", va="center", size=SMALL, color=colour)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    ax.set(xlim=(0, 1), xticks=[])
    ax.set_title("n (events)", size=SMALL, loc="right")


def _rows(frame: pd.DataFrame) -> list[tuple[str, str]]:
    """Variable and group of every row, from above."""
    return list(frame[["variable", "group"]].drop_duplicates().itertuples(index=False, name=None))


def _shifts(n: int) -> np.ndarray:
    """Heights of the marks of a row about its middle."""
    return APART * (np.arange(n) - (n - 1) / 2)
