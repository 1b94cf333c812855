"""Figures of discrimination and net benefit: ROC curves, DeLong tests, decision curves.

Every `draw_*` takes a result and Axes and returns the Axes; every `*_figure` takes the results of
all its panels and returns the Figure. Nothing is fitted, saved or shown here, and numbers are
shortened only where they are painted.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure

from thyro.figures.style import (
    SMALL,
    TINY,
    WIDTH,
    ModelStyle,
    by_family,
    model_styles,
    panel_letters,
)
from thyro.study import cohort_label
from thyro.tables import coverage, p_value

WIDE_MATRIX = 6  # models in a matrix above which its cells are narrow
ABREAST = 10  # models whose matrices stand side by side
CELL = 0.23  # inches, of a matrix, that hold a p value
MOST_INSIDE = 6  # models whose legend leaves room for the curves; that of more stands below
LEGEND_LINE = 0.14  # inches
WIDE_PANELS = 2  # side by side, above which they are too narrow for a legend inside


class RocCurve(Protocol):
    """What is drawn of `statistics.roc_curve`."""

    sensitivity: np.ndarray
    specificity: np.ndarray


class DecisionCurve(Protocol):
    """What is drawn of `statistics.decision_curve`."""

    model: str
    threshold: np.ndarray
    net_benefit: np.ndarray
    treat_all: np.ndarray
    low: np.ndarray | None  # a band, where it has one
    high: np.ndarray | None


def draw_roc(
    curves: Mapping[str, RocCurve],
    ax: Axes,
    *,
    labels: Mapping[str, str] | None = None,
    styles: Mapping[str, ModelStyle] | None = None,
    title: str = "",
    level: float = 0.95,
    below: bool = False,
) -> Axes:
    """Draw ROC curves of several models of the same patients.

    Parameters
    ----------
    curves : mapping of model name to statistics.RocCurve
        Drawn in the order given. A yes/no reading (one operating point) gets a marker there.
    ax : Axes
    labels : mapping of model name to text, optional
        Legend text such as "SR_SVM 0.878 (0.820–0.936)"; the model name without it.
    styles : mapping of model name to (colour, line style), optional
        From `model_styles` of all models of the study, where other panels show other models.
    title : str
    level : float, default 0.95
        Coverage of the intervals in `labels`.
    below : bool, default False
        Put the legend below the axes, where narrow panels have no room for it.
    """
    ax.plot([0, 1], [0, 1], color="0.75", lw=0.8, label="_chance")
    styles = styles or model_styles(curves)
    for model, curve in curves.items():
        false_positive, sensitivity = 1 - np.asarray(curve.specificity), curve.sensitivity
        colour, line = styles[model]
        ax.plot(
            false_positive,
            sensitivity,
            color=colour,
            ls=line,
            label=(labels or {}).get(model, model),
            marker="o" if len(sensitivity) == 3 else None,
            markevery=[1] if len(sensitivity) == 3 else None,
            ms=4,
        )
    ax.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal", title=title)
    # Blank lines keep room for a legend that may be wider than the axes.
    room = "\n" * (len(curves) + (7 if len(curves) > MOST_INSIDE else 2)) if below else ""
    ax.set(xlabel=f"1 − specificity{room}", ylabel="Sensitivity")
    legend = ax.legend(
        loc="upper center" if below else "lower right",
        bbox_to_anchor=(0.45, -0.26) if below else None,
        title=f"AUC ({coverage(level)} CI)" if labels else None,
        title_fontsize=SMALL,
        alignment="left",
        borderaxespad=0.2,
        handlelength=2.0,
        handletextpad=0.5,
    )
    legend.set_in_layout(not below)
    return ax


def roc_figure(
    curves: Mapping[str, Mapping[str, RocCurve]],
    *,
    labels: Mapping[str, Mapping[str, str]] | None = None,
    level: float = 0.95,
    together: bool = False,
) -> Figure:
    """Draw the ROC curves of models: a column per cohort, a row per family of models.

    The rows are those of `by_family`, so a family has its own however many models it holds.

    Parameters
    ----------
    curves : mapping of cohort to mapping of model to statistics.RocCurve
        The same models in every cohort; cohorts are those of the study.
    labels : mapping of cohort to mapping of model to text, optional
        Legend texts, as `tables.auc_labels`.
    level : float, default 0.95
        Coverage of the intervals in `labels`.
    together : bool, default False
        All models in one row, without letters of panels: a look in passing.
    """
    models = list(next(iter(curves.values())))
    rows = [models] if together else by_family(models)
    styles = model_styles(models)
    narrow = len(curves) > WIDE_PANELS
    many = [labels is not None and len(family) > MOST_INSIDE for family in rows]
    heights = [
        (3.4 if narrow else 3.7) + (LEGEND_LINE * (len(family) + 7) if more else 0)
        for family, more in zip(rows, many, strict=True)
    ]
    size = (WIDTH, sum(heights))
    fig, axes = plt.subplots(
        len(rows), len(curves), figsize=size, squeeze=False, height_ratios=heights
    )
    for row, family, more in zip(axes, rows, many, strict=True):
        for ax, (cohort, of_model) in zip(row, curves.items(), strict=True):
            draw_roc(
                {model: of_model[model] for model in family},
                ax,
                labels=(labels or {}).get(cohort),
                styles=styles,
                title=cohort_label(cohort),
                level=level,
                below=narrow or more,
            )
    if not together:
        panel_letters(axes)
    return fig


def draw_delong_matrix(
    table: pd.DataFrame,
    models: Sequence[str],
    ax: Axes,
    *,
    title: str = "",
    column: str = "p_value",
) -> Axes:
    """Draw p values of pairwise DeLong tests as a symmetric matrix with an empty diagonal.

    Parameters
    ----------
    table : DataFrame
        One row per unordered pair with `model_a`, `model_b` and `column`
        (`statistics.delong_matrix`).
    models : sequence of str
        Rows and columns from the top left.
    ax : Axes
    title : str
    column : str, default "p_value"
        "p_holm" draws the adjusted values.

    Raises
    ------
    ValueError
        If the table holds no row for a pair of `models`.
    """
    pairs = {frozenset((r.model_a, r.model_b)): getattr(r, column) for r in table.itertuples()}
    values = np.full((len(models), len(models)), np.nan)
    for i, a in enumerate(models):
        for j, b in enumerate(models):
            if i == j:
                continue
            if frozenset((a, b)) not in pairs:
                raise ValueError(f"table: expected a row for {a} and {b}, found none.")
            values[i, j] = pairs[frozenset((a, b))]
            colour = "w" if values[i, j] < 0.01 else "k"
            text = p_value(values[i, j])
            if len(models) > WIDE_MATRIX:  # small cells: ".019" and "<.001" leave room between them
                text = text.replace("0.", ".", 1)
            ax.text(j, i, text, ha="center", va="center", size=TINY, color=colour)

    # Four classes rather than a continuous scale: the reader asks which side of 0.05 it is.
    colours = ListedColormap(["#08306B", "#2171B5", "#9ECAE1", "#F2F2F2"])
    norm = BoundaryNorm([0, 0.001, 0.01, 0.05, 1], colours.N)
    image = ax.imshow(values, cmap=colours, norm=norm)
    ax.set_xticks(range(len(models)), models, rotation=40, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(models)), models)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_title(title)
    bar = ax.figure.colorbar(image, ax=ax, location="bottom", shrink=0.8, aspect=30, pad=0.02)
    bar.set_ticks([0, 0.001, 0.01, 0.05, 1], labels=["0", "0.001", "0.01", "0.05", "1"])
    bar.set_label("P (DeLong, Holm)" if column == "p_holm" else "P (DeLong)", size=7)
    bar.ax.tick_params(labelsize=SMALL, length=0)
    bar.outline.set_visible(False)
    return ax


def delong_figure(delong: pd.DataFrame, models: Sequence[str], cohorts: Sequence[str]) -> Figure:
    """Draw the matrices of DeLong tests between models, one per cohort.

    Side by side; below each other where so many models leave no room for numbers.

    Parameters
    ----------
    delong : DataFrame
        As `draw_delong_matrix`, with `cohort`; other cohorts and models may be in it.
    models : sequence of str
        Rows and columns from the top left.
    cohorts : sequence of str
        Of the study, in order.
    """
    n = len(cohorts)
    if len(models) <= ABREAST:
        fig, axes = plt.subplots(1, n, figsize=(WIDTH, 3.9), squeeze=False)
    else:
        height = max(4.6, 1.9 + CELL * len(models))
        fig, axes = plt.subplots(n, 1, figsize=(WIDTH, height * n), squeeze=False)
    for ax, cohort in zip(axes.flat, cohorts, strict=True):
        rows = delong[delong["cohort"].eq(cohort)]
        draw_delong_matrix(rows, models, ax, title=cohort_label(cohort))
    panel_letters(axes)
    return fig


def draw_decision_curve(
    curve: DecisionCurve,
    ax: Axes,
    *,
    styles: Mapping[str, ModelStyle] | None = None,
    references: bool = True,
    legend: bool = True,
    shown: Sequence[float] = (0, 1),
    bands: bool = True,
) -> Axes:
    """Draw one net-benefit curve on `ax` and return it; computes nothing.

    Parameters
    ----------
    curve : statistics.DecisionCurve
        With a band, where it has one.
    ax : Axes
    styles : mapping of model name to (colour, line style), optional
        From `model_styles` of all models of the study, where other panels or curves show others.
    references : bool, default True
        Add the treat-all and treat-none lines; pass False from the second curve on, so that a
        panel of several models shows them once.
    legend : bool
    shown : (float, float), default (0, 1)
        Thresholds at the ends of the axis.
    bands : bool, default True
        Draw the band of a curve that has one.
    """
    inside = (curve.threshold >= shown[0]) & (curve.threshold <= shown[1])
    x, benefit, treat_all = (
        values[inside] for values in (curve.threshold, curve.net_benefit, curve.treat_all)
    )
    if references:
        ax.plot(x, treat_all, color="0.6", lw=1, label="Treat all")
        ax.axhline(0, color="0.2", lw=0.8, label="Treat none")
    colour, line = (styles or model_styles([curve.model]))[curve.model]
    if bands and curve.low is not None and curve.high is not None:
        ax.fill_between(x, curve.low[inside], curve.high[inside], color=colour, alpha=0.12, lw=0)
    ax.plot(x, benefit, color=colour, ls=line, label=curve.model)
    # Treat-all falls without bound towards a threshold of 1; the useful part is near zero. The
    # legend gets its own room on top.
    top = np.nanmax([np.nanmax(treat_all), np.nanmax(benefit), 0.01])
    ax.set(xlim=tuple(shown), ylim=(-0.2 * top, (1.5 if legend else 1.1) * top))
    ax.set(xlabel="Threshold probability", ylabel="Net benefit (per patient)")
    if legend:
        ax.legend(loc="upper right", ncols=2, borderaxespad=0.2, frameon=False)
    return ax


def performance_figure(
    curves: Mapping[str, Mapping[str, RocCurve]],
    delong: pd.DataFrame,
    decisions: Mapping[str, Sequence[DecisionCurve]],
    *,
    labels: Mapping[str, Mapping[str, str]],
    level: float = 0.95,
    shown: Sequence[float] = (0, 1),
) -> Figure:
    """Draw ROC curves, DeLong tests and decision curves of the same models, a column per cohort.

    With a third cohort the panels are narrow: their legends stand below them.

    Parameters
    ----------
    curves : mapping of cohort to mapping of model to statistics.RocCurve
        The same models in every cohort, in the order of legends and matrices; cohorts are those of
        the study.
    delong : DataFrame
        As `delong_figure`.
    decisions : mapping of cohort to sequence of statistics.DecisionCurve
    labels : mapping of cohort to mapping of model to text
        Legend texts of the ROC curves, as `tables.auc_labels`.
    level : float, default 0.95
        Coverage of the intervals in `labels`.
    shown : (float, float), default (0, 1)
        Thresholds at the ends of the decision curves.
    """
    models = list(next(iter(curves.values())))
    styles, narrow = model_styles(models), len(curves) > WIDE_PANELS
    size = (WIDTH, 8.4 if narrow else 9.4)
    ratios = [1.3, 1.0, 0.9]
    fig, axes = plt.subplots(3, len(curves), figsize=size, height_ratios=ratios, squeeze=False)
    for (roc, matrix, benefit), (cohort, of_model) in zip(axes.T, curves.items(), strict=True):
        words = {"labels": labels[cohort], "title": cohort_label(cohort), "level": level}
        draw_roc(of_model, roc, styles=styles, below=narrow, **words)
        draw_delong_matrix(delong[delong["cohort"].eq(cohort)], models, matrix)
        for order, curve in enumerate(decisions[cohort]):
            draw_decision_curve(
                curve,
                benefit,
                styles=styles,
                references=order == 0,
                legend=not narrow,
                shown=shown,
            )
    if narrow:
        lines = axes[2, 0].get_legend_handles_labels()
        fig.legend(*lines, loc="outside lower center", ncols=6, frameon=False)
    panel_letters(axes)
    return fig
