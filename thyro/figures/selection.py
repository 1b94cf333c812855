"""Figures of features (by outcome, by p value, their correlation) and of the tuning of networks.

Every `draw_*` takes a result and Axes and returns the Axes; nothing is computed but positions on
the paper.
"""

import re
import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

OUTCOME_COLOURS = ("#7A8FA6", "#D55E00")  # without, with the outcome
SMALL = 6.5  # points


def wrap_feature(name: str, width: int = 24) -> str:
    """Break a feature name, at underscores and inner capitals, into lines of `width` or less."""
    lines = [""]
    for part in re.split(r"(?<=_)|(?<=[a-z])(?=[A-Z])", name):
        if lines[-1] and len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def draw_distributions(
    frame: pd.DataFrame,
    y,
    features: Sequence[str],
    axes,
    *,
    groups: Sequence[str] = ("No metastasis", "Metastasis"),
    label: str = "Value",
):
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
    for chosen, colour, name in ((~keep, "0.75", "Left out"), (keep, "#D55E00", "Kept")):
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


def draw_correlation(correlation: pd.DataFrame, ax: Axes, *, title: str = "") -> Axes:
    """Draw a correlation matrix of features, already computed (`X.corr(method="spearman")`).

    The names are written when there is room for them (30 features or fewer).
    """
    if list(correlation.index) != list(correlation.columns):
        raise ValueError(
            f"correlation: expected a square matrix with the same names on both sides, got shape "
            f'{correlation.shape}. Pass X.corr(method="spearman").'
        )
    image = ax.imshow(correlation.to_numpy(float), cmap="RdBu_r", vmin=-1, vmax=1)
    names = list(correlation.columns)
    if len(names) <= 30:
        ax.set_xticks(range(len(names)), names, rotation=90, size=6)
        ax.set_yticks(range(len(names)), names, size=6)
        ax.tick_params(length=0)
    else:
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set(xlabel=f"{len(names)} features", ylabel=f"{len(names)} features")
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.7, aspect=25, ticks=[-1, -0.5, 0, 0.5, 1])
    bar.set_label("Spearman ρ")
    ax.spines[:].set_visible(False)
    bar.outline.set_visible(False)
    ax.set_title(title)
    return ax


def draw_tuning(history: pd.DataFrame, ax: Axes, *, title: str = "") -> Axes:
    """Draw the loss of training by epoch, and of the patients watched to end it.

    Parameters
    ----------
    history : DataFrame
        As `tuning.Learned.history`: network, epoch, loss, inner_loss, kept. The network "all" is
        drawn dark, those that leave a fold out light; a point marks the epoch that was kept.
    ax : Axes
    title : str
    """
    looks = {"loss": ("#D55E00", "--", "Trained on"), "inner_loss": ("#0072B2", "-", "Watched")}
    for name, epochs in history.groupby("network", sort=False):
        final = name == "all"
        for column, (colour, dashes, label) in looks.items():
            style = {"color": colour, "ls": dashes, "alpha": 1.0 if final else 0.3}
            ax.plot(
                epochs["epoch"],
                epochs[column],
                lw=1.3 if final else 0.8,
                label=label if final else None,
                zorder=3 if final else 2,
                **style,
            )
        kept = epochs[epochs["kept"]]
        ax.plot(
            kept["epoch"],
            kept["inner_loss"],
            "o",
            ms=4,
            color=looks["inner_loss"][0],
            alpha=1.0 if final else 0.3,
        )
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    ax.set(xlabel="Epoch", ylabel="Loss (cross-entropy)", title=title)
    ax.legend()
    return ax
