"""Figures of the selection: features by outcome and by p value, their correlation, the LASSO.

Every `draw_*` takes a result and Axes and returns the Axes; every `*_figure` takes the results of
all its panels and returns the Figure. Nothing is computed but positions on the paper.
"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thyro.figures.style import (
    SERIES_COLOURS,
    SIGN_COLOURS,
    SINGLE_COLUMN,
    SMALL,
    TINY,
    WIDTH,
    AxesGrid,
    wrap_feature,
)

OUTCOME_COLOURS = ("#7A8FA6", "#D55E00")  # without, with the outcome
KEPT_COLOUR = "#D55E00"


class LassoResult(Protocol):
    """What is drawn of the path of a LASSO."""

    path: pd.DataFrame  # coefficients per SD, one row per penalty, one column per feature
    lambdas: np.ndarray
    cv_mean: np.ndarray  # deviance by cross-validation, and its standard error over folds
    cv_se: np.ndarray
    lambda_min: float
    lambda_1se: float


def draw_distributions(
    frame: pd.DataFrame,
    y: Sequence[int],
    features: Sequence[str],
    axes: AxesGrid,
    *,
    groups: Sequence[str] = ("No metastasis", "Metastasis"),
    label: str = "Value",
) -> AxesGrid:
    """Draw one violin with its quartiles per outcome for each feature; returns `axes`.

    Parameters
    ----------
    frame : DataFrame
        Feature table; rows in the order of `y`.
    y : array_like of int, shape (n_patients,)
    features : sequence of str
        Columns of `frame`, one panel each.
    axes : array of Axes
        At least as many as features; the rest is switched off.
    groups : (str, str)
        Names of the outcome 0 and 1.
    label : str
        Label of the vertical axes, with its unit.
    """
    y, flat = np.asarray(y), np.ravel(np.asarray(axes, object))
    if len(flat) < len(features):
        raise ValueError(
            f"axes: expected {len(features)} or more, one per feature, got {len(flat)}."
        )
    for feature, ax in zip(features, flat, strict=False):
        values = [frame.loc[y == k, feature].to_numpy(float) for k in (0, 1)]
        bodies = ax.violinplot(values, positions=[0, 1], widths=0.8, showextrema=False)["bodies"]
        for body, colour in zip(bodies, OUTCOME_COLOURS, strict=True):
            body.set(facecolor=colour, alpha=0.6, edgecolor="none")
        ax.boxplot(
            values,
            positions=[0, 1],
            widths=0.14,
            showfliers=False,
            medianprops={"color": "k"},
            boxprops={"lw": 0.7},
            whiskerprops={"lw": 0.7},
            capprops={"lw": 0},
        )
        ax.set_xticks([0, 1], [textwrap.fill(group, 12) for group in groups])
        ax.set_ylabel(label)
        ax.set_title(wrap_feature(feature), size=SMALL)
    for ax in flat[len(features) :]:
        ax.set_axis_off()
    return axes


def distributions_figure(
    frame: pd.DataFrame,
    y: Sequence[int],
    features: Sequence[str],
    *,
    groups: Sequence[str] = ("No metastasis", "Metastasis"),
    label: str = "Value",
    height: float = 2.2,
) -> Figure:
    """Draw features by outcome side by side.

    Parameters
    ----------
    frame, y, features, groups, label
        As `draw_distributions`.
    height : float, default 2.2
        Inches.
    """
    fig, axes = plt.subplots(1, len(features), figsize=(WIDTH, height), squeeze=False)
    draw_distributions(frame, y, features, axes, groups=groups, label=label)
    return fig


def draw_volcano(
    table: pd.DataFrame,
    ax: Axes,
    *,
    kept: Sequence[str],
    effect: str = "effect",
    p: str = "p",
    alpha: float = 0.05,
    effect_label: str = "Effect",
    title: str = "",
) -> Axes:
    """Draw effect against −log10 p for every feature, the kept ones in colour.

    Parameters
    ----------
    table : DataFrame
        One row per feature, indexed by its name, with the columns named by `effect` and `p`.
    ax : Axes
    kept : sequence of str
        Features that went on.
    effect, p : str
        Columns of `table`.
    alpha : float
        Where the horizontal line is drawn.
    effect_label, title : str
    """
    tiny = np.finfo(float).tiny  # a p value that underflowed is still a point on the paper
    height = -np.log10(np.maximum(table[p].to_numpy(float), tiny))
    keep = table.index.isin(kept)
    for chosen, colour, name in ((~keep, "0.75", "Left out"), (keep, KEPT_COLOUR, "Kept")):
        ax.scatter(
            table[effect][chosen],
            height[chosen],
            s=5,
            color=colour,
            lw=0,
            alpha=0.8,
            label=f"{name} ({chosen.sum()})",
            rasterized=True,
        )
    ax.axhline(-np.log10(alpha), color="0.3", lw=0.8, ls="--")
    ax.annotate(
        f"P = {alpha:g}",
        (1, -np.log10(alpha)),
        xycoords=("axes fraction", "data"),
        xytext=(2, 0),
        textcoords="offset points",
        va="center",
        size=SMALL,
    )
    ax.set(xlabel=effect_label, ylabel="−log$_{10}$ P", title=title)
    ax.legend(loc="upper center", markerscale=2, handletextpad=0.1)
    return ax


def volcano_figure(
    table: pd.DataFrame, *, kept: Sequence[str], alpha: float = 0.05, effect_label: str = "Effect"
) -> Figure:
    """Draw effect against −log10 p in one column.

    Parameters
    ----------
    table, kept, alpha, effect_label
        As `draw_volcano`.
    """
    fig, ax = plt.subplots(figsize=(SINGLE_COLUMN, 3.0))
    draw_volcano(table, ax, kept=kept, alpha=alpha, effect_label=effect_label)
    return fig


def draw_lasso_path(result: LassoResult, axes: AxesGrid) -> AxesGrid:
    """Draw coefficient paths and the cross-validated deviance over log λ; returns `axes`.

    Parameters
    ----------
    result : selection.LassoResult
    axes : pair of Axes
        Left the paths, right the deviance with one standard error over folds. Both mark the
        penalty of minimum deviance, the right one also the largest within one standard error.
    """
    left, right = np.ravel(np.asarray(axes, object))
    used = result.path.loc[:, (result.path != 0).any()]
    for order, (_, coefficients) in enumerate(used.items()):
        colour = SERIES_COLOURS[order % len(SERIES_COLOURS)]
        left.plot(np.log(used.index), coefficients, color=colour, lw=0.7)
    left.set(xlabel="log λ", ylabel="Coefficient (per SD)")
    style = {"fmt": "o", "ms": 2, "color": KEPT_COLOUR, "ecolor": "0.75", "elinewidth": 0.6}
    right.errorbar(np.log(result.lambdas), result.cv_mean, result.cv_se, **style)
    right.set(xlabel="log λ", ylabel="Cross-validated deviance")
    for ax in (left, right):
        ax.axvline(np.log(result.lambda_min), color="0.2", lw=0.8, ls="--", label="λ min")
    right.axvline(np.log(result.lambda_1se), color="0.5", lw=0.8, ls=":", label="λ 1 SE")
    right.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0)
    return axes


def lasso_figure(results: Mapping[str, LassoResult]) -> Figure:
    """Draw path and deviance of several LASSOs, a row each: title -> result."""
    size = (WIDTH, 2.5 * len(results))
    fig, axes = plt.subplots(len(results), 2, figsize=size, squeeze=False)
    for row, (title, result) in zip(axes, results.items(), strict=True):
        draw_lasso_path(result, row)
        row[0].set_title(title)
    return fig


def draw_coefficients(
    coefficients: pd.Series, ax: Axes, *, label: str = "Coefficient (per SD)", title: str = ""
) -> Axes:
    """Draw coefficients as horizontal bars, the largest on top; the sign has its colour.

    Parameters
    ----------
    coefficients : Series of float, index feature
    ax : Axes
    label : str
        Of the horizontal axis, with the unit.
    title : str
    """
    ordered = coefficients.loc[coefficients.abs().sort_values(kind="stable").index]
    negative, positive = SIGN_COLOURS
    colours = [positive if value > 0 else negative for value in ordered]
    ax.barh(range(len(ordered)), ordered, color=colours, height=0.7)
    ax.set_yticks(range(len(ordered)), ordered.index, size=TINY)
    ax.axvline(0, color="0.2", lw=0.6)
    ax.set_ylim(-0.6, len(ordered) - 0.4)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set(xlabel=label, title=title)
    return ax


def coefficients_figure(coefficients: Mapping[str, pd.Series]) -> Figure:
    """Draw coefficients below each other, a bar of one height each: title -> coefficients."""
    sizes = [len(each) + 2 for each in coefficients.values()]
    size = (WIDTH, 0.9 + 0.16 * sum(sizes))
    fig, axes = plt.subplots(len(coefficients), 1, figsize=size, height_ratios=sizes, squeeze=False)
    for ax, (title, each) in zip(axes.flat, coefficients.items(), strict=True):
        draw_coefficients(each, ax, title=title)
    return fig
