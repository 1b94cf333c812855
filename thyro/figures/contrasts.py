"""Differences of AUCs of a publication beside those of a run, as dots."""

from collections.abc import Sequence

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from thyro.figures.style import SERIES_COLOURS, WIDTH, panel_letters
from thyro.study import COHORTS, cohort_label

APART = 0.17  # of the two dots of a row, in rows
MARKS = (("o", "0.15"), ("D", SERIES_COLOURS[0]))  # of the publication, of the run


def draw_contrasts(
    published: pd.DataFrame, here: pd.DataFrame, ax: Axes, rows: Sequence[str], *, by: str
) -> Axes:
    """Draw a row for each name with a dot of the publication and one of the run; returns `ax`.

    Parameters
    ----------
    published, here : DataFrame
        One contrast of `audit.printed_contrasts` and of `audit.run_contrasts`: `by`, difference,
        ci_low and ci_high, NaN where there is no interval.
    ax : Axes
    rows : sequence of str
        From above.
    by : str
        The column that `rows` names.
    """
    for table, (mark, colour), shift in zip((published, here), MARKS, (-APART, APART), strict=True):
        known = table.set_index(by).reindex(rows)
        for place, (_, row) in enumerate(known.iterrows()):
            ax.hlines(place + shift, row["ci_low"], row["ci_high"], color=colour, lw=1, zorder=2)
            ax.plot(row["difference"], place + shift, mark, color=colour, ms=4, mew=0, zorder=3)
    ax.axvline(0, color="0.6", lw=0.8, zorder=1)
    ax.grid(axis="y", color="0.93", lw=0.6)
    ax.tick_params(axis="y", length=0)
    ax.set(ylim=(len(rows) - 0.5, -0.5))
    return ax


def contrasts_figure(
    published: pd.DataFrame, here: pd.DataFrame, *, labels: tuple[str, str]
) -> Figure:
    """Draw how far AUCs fall from training to test, and what the signature adds: two panels.

    Parameters
    ----------
    published, here : DataFrame
        As `audit.printed_contrasts` and `audit.run_contrasts` give them.
    labels : (str, str)
        What the dots of both are called.
    """
    tables = (published, here)
    falls, added = ([t[t["contrast"].eq(name)] for t in tables] for name in ("fall", "added"))
    models = list(dict.fromkeys(pd.concat([table["name"] for table in falls])))
    there = pd.concat([table["cohort"] for table in added]).unique()
    cohorts = [name for name in dict.fromkeys([*COHORTS, *there]) if name in there]
    height = 0.9 + 0.23 * max(len(models), 2 * len(cohorts))
    fig, axes = plt.subplots(1, 2, figsize=(WIDTH, height), width_ratios=(3, 2))
    draw_contrasts(*falls, axes[0], models, by="name").set_yticks(range(len(models)), models)
    axes[0].set(xlabel="AUC in training less AUC in test")
    names = [cohort_label(name) for name in cohorts]
    draw_contrasts(*added, axes[1], cohorts, by="cohort").set_yticks(range(len(cohorts)), names)
    axes[1].set(xlabel="AUC with signature less clinical")
    panel_letters(axes)
    marks = [
        Line2D([], [], color=colour, marker=mark, ls="", ms=4, label=label)
        for (mark, colour), label in zip(MARKS, labels, strict=True)
    ]
    fig.legend(handles=marks, loc="outside lower center", ncols=2)
    return fig
