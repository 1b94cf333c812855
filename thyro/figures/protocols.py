"""Figures of the recipes, of random splits, and of what is selected in them.

Every `draw_*` takes a result and Axes and returns the Axes; every `*_figure` takes the results of
all its panels and returns the Figure. Nothing is computed but positions.
"""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from thyro.figures.style import (
    TINY,
    WIDTH,
    AxesGrid,
    model_styles,
    panel_letters,
    spread,
    wrap_feature,
)
from thyro.study import RECIPES

ABREAST = 6  # names of models that stand side by side below an axis
NULL = "0.72"  # grey of permuted outcomes
BAR_COLOUR = "#0072B2"


def draw_protocols(compared: pd.DataFrame, axes: AxesGrid) -> AxesGrid:
    """Draw the AUC of every model in-sample and cross-fitted, joined by a line; returns `axes`.

    Parameters
    ----------
    compared : DataFrame
        As `statistics.compared_recipes`: model, recipe, cohort, and AUCs.
    axes : sequence of Axes
        One per recipe for the training cohort, then one of the test cohort, where the cross-fitted
        models of both recipes stand; all share the vertical axis.
    """
    models = list(compared["model"].unique())
    styles = model_styles(models)
    for ax, recipe in zip(axes, RECIPES, strict=False):
        rows = compared[compared["recipe"].eq(recipe.name)]
        rows = rows[rows["cohort"].eq("train")].set_index("model").reindex(models)
        ends = rows[["auc_in_sample", "auc_cross_fitted"]]
        _joined(ax, ends, styles, ("o", "D"))
        whisker = rows[["ci_low_cross_fitted", "ci_high_cross_fitted"]].to_numpy().T
        ax.hlines(range(len(models)), *whisker, color="0.6", lw=0.8, zorder=1)
        ax.set_title(f"{recipe.label} recipe, training")
    tested = compared[compared["cohort"].eq("test")]
    ends = tested.pivot(index="model", columns="recipe", values="auc_cross_fitted").loc[models]
    _joined(axes[-1], ends[[recipe.name for recipe in RECIPES]], styles, ("s", "^"))
    axes[-1].set_title("Both recipes, test")
    axes[0].set_yticks(range(len(models)), models)
    axes[0].invert_yaxis()
    return axes


def _joined(ax: Axes, ends: pd.DataFrame, styles: Mapping, markers: tuple[str, str]) -> None:
    """Two AUCs of every model as marks, the first filled, with a line between them."""
    for height, (model, row) in enumerate(ends.iterrows()):
        colour, _ = styles[model]
        first, second = row
        ax.plot((first, second), [height] * 2, color=colour, lw=1.6, alpha=0.6, zorder=2)
        ax.plot(first, height, markers[0], color=colour, ms=5, zorder=3)
        ax.plot(second, height, markers[1], mfc="w", mec=colour, mew=1.2, ms=5, zorder=4)
    ax.axvline(0.5, color="0.75", lw=0.8, zorder=0)
    ax.grid(axis="y", color="0.93", lw=0.6)
    ax.tick_params(axis="y", length=0)
    ax.set(xlabel="AUC")


def protocols_figure(compared: pd.DataFrame) -> Figure:
    """Draw the optimism of each recipe, and both recipes in the test cohort: `draw_protocols`."""
    height = max(3.8, 1.0 + 0.17 * compared["model"].nunique())  # a name needs that much
    fig, axes = plt.subplots(1, 3, figsize=(WIDTH, height), sharex=True, sharey=True)
    draw_protocols(compared, axes)
    panel_letters(axes)
    texts = ("in-sample", "cross-fitted (line: interval)", *(one.label for one in RECIPES))
    marks = [
        Line2D([], [], color="0.3", marker=marker, mfc=face, ls="", ms=5, label=text)
        for marker, face, text in zip("oDs^", ("0.3", "w", "0.3", "w"), texts, strict=True)
    ]
    fig.legend(handles=marks, loc="outside lower center", ncols=4)
    return fig


def draw_repeats(
    auc: pd.DataFrame,
    ax: Axes,
    *,
    single: Mapping[str, float],
    permuted: pd.DataFrame | None = None,
) -> Axes:
    """Draw the held-out AUC of every model over random splits, and that of one split.

    Parameters
    ----------
    auc : DataFrame
        As `models.repeated_splits` gives it: repeat, model, test.
    ax : Axes
    single : mapping of model to float
        AUC in the test cohort of the study's own split.
    permuted : DataFrame, optional
        The same as `auc` with permuted outcomes, drawn beside in grey.
    """
    models = list(auc["model"].unique())
    styles = model_styles(models)
    for place, model in enumerate(models):
        _cloud(ax, auc.loc[auc["model"].eq(model), "test"], place - 0.12, styles[model][0])
        if permuted is not None:
            _cloud(ax, permuted.loc[permuted["model"].eq(model), "test"], place + 0.3, NULL)
        ax.plot(place - 0.12, single[model], "*", color="k", mec="w", mew=0.6, ms=11, zorder=5)
    ax.axhline(0.5, color="0.4", lw=0.8, ls="--", zorder=1)
    ax.set_xticks(range(len(models)), models)
    if len(models) > ABREAST:
        ax.tick_params(axis="x", rotation=30)
        plt.setp(ax.get_xticklabels(), ha="right", rotation_mode="anchor")
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


def repeats_figure(
    auc: pd.DataFrame, *, single: Mapping[str, float], permuted: pd.DataFrame | None = None
) -> Figure:
    """Draw the AUCs of random splits across the page.

    Parameters
    ----------
    auc, single, permuted
        As `draw_repeats`.
    """
    fig, ax = plt.subplots(figsize=(WIDTH, 3.2))
    draw_repeats(auc, ax, single=single, permuted=permuted)
    return fig


def draw_frequency(
    table: pd.DataFrame,
    ax: Axes,
    *,
    own: Collection[str] = (),
    title: str = "",
    top: int = 15,
) -> Axes:
    """Draw the share of splits in which each feature was selected, the most frequent on top.

    Parameters
    ----------
    table : DataFrame
        Rows of one signature of `models.selection_frequency`: feature, share.
    ax : Axes
    own : collection of str
        Features selected in the study's own split: filled bars.
    title : str
    top : int
        How many are drawn.
    """
    rows = table.nlargest(top, "share", keep="first")
    for height, (feature, share) in enumerate(zip(rows["feature"], rows["share"], strict=True)):
        face = BAR_COLOUR if feature in own else "w"
        ax.barh(height, 100 * share, color=face, edgecolor=BAR_COLOUR, height=0.62, lw=0.9)
    names = [wrap_feature(name, 36) for name in rows["feature"]]
    ax.set_yticks(range(len(rows)), names, size=TINY)
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(0, 100), xlabel="Share of divisions (%)", title=title)
    ax.invert_yaxis()
    return ax


def frequency_figure(
    frequency: pd.DataFrame, own: Mapping[str, Collection[str]], *, of_images: bool = True
) -> Figure:
    """Draw how often features were selected, a panel per signature.

    Parameters
    ----------
    frequency : DataFrame
        As `models.selection_frequency`: signature, feature, share.
    own : mapping of signature to features
        Panels from the left, and the features selected in the study's own split.
    of_images : bool, default True
        Whether signatures are named by an image set.
    """
    fig, axes = plt.subplots(1, len(own), figsize=(WIDTH, 4.4), squeeze=False)
    for ax, (signature, features) in zip(axes.flat, own.items(), strict=True):
        rows = frequency[frequency["signature"].eq(signature)]
        draw_frequency(
            rows, ax, own=features, title=f"{signature} images" if of_images else signature
        )
    return fig


def _cloud(ax, values, place, colour):
    """Every value as a point, spread sideways by its rank, behind quartiles and median."""
    values = np.sort(np.asarray(values, dtype=float))
    ax.plot(
        place + 0.3 * spread(len(values)),
        values,
        "o",
        color=colour,
        ms=2,
        alpha=0.6,
        mew=0,
        zorder=2,
    )
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    ax.plot([place] * 2, [low, high], color="0.15", lw=2.4, solid_capstyle="butt", zorder=3)
    ax.plot(place, middle, "o", mfc="w", mec="0.15", ms=4, mew=1, zorder=4)
