"""Style of the report, and figures of fitting (lasso) and performance (ROC, calibration).

Every `draw_*` takes a result and Axes and returns the Axes. Nothing is fitted, saved or shown
here, and numbers are shortened only where they are painted. Features and nomograms are drawn in
`model_figures`, training and judgement of super-resolution in `sr_figures`, images in `pictures`,
the flow chart and networks in `diagrams`.
"""

import itertools
import string
import sys
from collections.abc import Iterable, Mapping, Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure

from thyro.tables import p_value

# One colour per model in the whole report. SR and OR of one kind share the hue: SR is dark and
# solid, OR light and dashed, so that a grey print and a colour-blind reader tell them apart.
MODEL_COLOURS = {
    "SR_SVM": "#08519C",
    "OR_SVM": "#6BAED6",
    "SR_KNN": "#A63603",
    "OR_KNN": "#FD8D3C",
    "SR_ResNet101": "#00513B",
    "OR_ResNet101": "#41AE86",
    "SR_DenseNet121": "#5B2A86",
    "OR_DenseNet121": "#BC80BD",
    "Radiologist": "#525252",
    "Nomogram_A": "#D55E00",
    "Nomogram_B": "#332288",
    "Nomogram_C": "#44AA99",
}
MODEL_LINES = {name: "--" if name.startswith("OR_") else "-" for name in MODEL_COLOURS} | {
    "Radiologist": ":",
    "Nomogram_B": (0, (6, 1.5)),
    "Nomogram_C": (0, (6, 1.5, 1, 1.5)),
}
# Of models with other names, such as the scores of a table; then the next line style. Apart from
# each other, and from the nomograms, to colour-blind readers too.
OTHER_COLOURS = ("#0B4F9A", "#E69F00", "#009E73", "#661100", "#56B4E9", "#000000")
OTHER_LINES = ("-", "--", "-.", ":")
SERIES_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#555555")
SIGN_COLOURS = ("#0072B2", "#D55E00")  # negative, positive
SINGLE_COLUMN = 89 / 25.4  # journal column widths, inches
DOUBLE_COLUMN = 183 / 25.4
WIDE_MATRIX = 6  # models in a matrix above which its cells are narrow
SMALL = 6.5  # points; no text of a figure is smaller than 6 at its final size

_STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.fontsize": SMALL,
    "legend.framealpha": 0.85,
    "legend.edgecolor": "none",
    "legend.fancybox": False,
    "lines.linewidth": 1.3,
    "image.interpolation": "nearest",
    "figure.dpi": 150,
    "savefig.dpi": 300,
    "figure.constrained_layout.use": True,
}


def use_style() -> None:
    """Set the look of every figure; in a notebook also ask for sharp (retina) inline images."""
    mpl.rcParams.update(_STYLE)
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is not None:
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("retina")


def label_origin(fig: Figure, text: str) -> None:
    """Write where the data come from ("Simulated data") above the axes, top right.

    The layout engine gives up a strip at the top, so the words never lie on a title.
    An empty `text` does nothing.
    """
    if not text:
        return
    fig.text(0.995, 0.995, text, ha="right", va="top", size=7, color="#9E4A4A", weight="bold")
    strip = 1.7 * 7 / 72 / fig.get_figheight()
    engine = fig.get_layout_engine()
    if engine is None:
        fig.subplots_adjust(top=min(fig.subplotpars.top, 1 - 2.5 * strip))
    else:
        engine.set(rect=(0, 0, 1, 1 - strip))


def panel_letters(axes: Iterable[Axes]) -> None:
    """Write bold A, B, C ... at the top left outside each panel, in the order given."""
    for letter, ax in zip(string.ascii_uppercase, np.ravel(np.asarray(axes, object)), strict=False):
        ax.annotate(
            letter,
            (0, 1),
            xycoords="axes fraction",
            xytext=(-6, 4),
            textcoords="offset points",
            ha="right",
            va="bottom",
            size=10,
            weight="bold",
        )


def model_styles(models: Iterable[str]) -> dict[str, tuple]:
    """Colour and line of every model, (colour, line style) by name.

    Models of the paper have their own; others take the next free pair in the order given, so ask
    once per study and with all of them.
    """
    others = ((colour, line) for line in OTHER_LINES for colour in OTHER_COLOURS)
    free = itertools.cycle(others)
    return {
        name: (MODEL_COLOURS[name], MODEL_LINES[name]) if name in MODEL_COLOURS else next(free)
        for name in models
    }


def draw_coefficients(
    coefficients: pd.Series, ax: Axes, *, label: str = "Coefficient (per SD)", title: str = ""
) -> Axes:
    """Draw coefficients as horizontal bars, the largest on top; the sign has its colour."""
    ordered = coefficients.loc[coefficients.abs().sort_values(kind="stable").index]
    colours = [SIGN_COLOURS[int(value > 0)] for value in ordered]
    ax.barh(range(len(ordered)), ordered, color=colours, height=0.7)
    ax.set_yticks(range(len(ordered)), ordered.index, size=6)
    ax.axvline(0, color="0.2", lw=0.6)
    ax.set_ylim(-0.6, len(ordered) - 0.4)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set(xlabel=label, title=title)
    return ax


def draw_lasso_path(result, axes):
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
    style = {"fmt": "o", "ms": 2, "color": "#D55E00", "ecolor": "0.75", "elinewidth": 0.6}
    right.errorbar(np.log(result.lambdas), result.cv_mean, result.cv_se, **style)
    right.set(xlabel="log λ", ylabel="Cross-validated deviance")
    for ax in (left, right):
        ax.axvline(np.log(result.lambda_min), color="0.2", lw=0.8, ls="--", label="λ min")
    right.axvline(np.log(result.lambda_1se), color="0.5", lw=0.8, ls=":", label="λ 1 SE")
    right.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0)
    return axes


def draw_roc(
    curves: Mapping,
    ax: Axes,
    *,
    labels: Mapping[str, str] | None = None,
    styles: Mapping[str, tuple] | None = None,
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
        From `model_styles` of all models, where they are not those of the paper.
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
        ax.plot(
            false_positive,
            sensitivity,
            color=styles[model][0],
            ls=styles[model][1],
            label=(labels or {}).get(model, model),
            marker="o" if len(sensitivity) == 3 else None,
            markevery=[1] if len(sensitivity) == 3 else None,
            ms=4,
        )
    ax.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal", title=title)
    # Blank lines keep room for a legend that may be wider than the axes.
    room = "\n" * (len(curves) + 2) if below else ""
    ax.set(xlabel=f"1 − specificity{room}", ylabel="Sensitivity")
    legend = ax.legend(
        loc="upper center" if below else "lower right",
        bbox_to_anchor=(0.45, -0.26) if below else None,
        title=f"AUC ({100 * level:g}% CI)" if labels else None,
        title_fontsize=SMALL,
        alignment="left",
        borderaxespad=0.2,
        handlelength=2.0,
        handletextpad=0.5,
    )
    legend.set_in_layout(not below)
    return ax


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
            ax.text(j, i, text, ha="center", va="center", size=6, color=colour)

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


def draw_decision_curve(
    curve,
    ax: Axes,
    *,
    references: bool = True,
    stressed: tuple[float, float] | None = None,
    legend: bool = True,
) -> Axes:
    """Draw one net-benefit curve on `ax` and return it; computes nothing.

    Parameters
    ----------
    curve : decision.DecisionCurve
        With a band, where it has one.
    ax : Axes
    references : bool, default True
        Add the treat-all and treat-none lines; pass False from the second curve on, so that a
        panel of several models shows them once.
    stressed : (float, float), optional
        Threshold probabilities that matter clinically, shaded.
    legend : bool
    """
    if stressed:
        ax.axvspan(*stressed, color="0.95", lw=0, zorder=0)
    if references:
        ax.plot(curve.threshold, curve.treat_all, color="0.6", lw=1, label="Treat all")
        ax.axhline(0, color="0.2", lw=0.8, label="Treat none")
    if curve.low is not None:
        style = {"color": MODEL_COLOURS[curve.model], "alpha": 0.12, "lw": 0}
        ax.fill_between(curve.threshold, curve.low, curve.high, **style)
    ax.plot(
        curve.threshold,
        curve.net_benefit,
        color=MODEL_COLOURS[curve.model],
        ls=MODEL_LINES[curve.model],
        label=curve.model,
    )
    # Treat-all falls without bound towards a threshold of 1; the useful part is near zero. The
    # legend gets its own room on top.
    top = np.nanmax([np.nanmax(curve.treat_all), np.nanmax(curve.net_benefit), 0.01])
    ax.set(xlim=(0, 1), ylim=(-0.2 * top, (1.5 if legend else 1.1) * top))
    ax.set(xlabel="Threshold probability", ylabel="Net benefit (per patient)")
    if legend:
        ax.legend(loc="upper right", ncols=2, borderaxespad=0.2, frameon=False)
    return ax


def draw_calibration(
    curve,
    ax: Axes,
    *,
    model: str,
    text: str = "",
    predictions: Sequence[float] | None = None,
    corrected=None,
    corrected_label: str = "",
) -> Axes:
    """Draw a smooth calibration curve with its band, binned patients, and the predictions.

    Parameters
    ----------
    curve : calibration.CalibrationCurve
    ax : Axes
    model : str
        Gives the colour and the title.
    text : str
        Written top left: Hosmer-Lemeshow test, slope, whatever the caller formats.
    predictions : sequence of float, optional
        Predicted probability of every patient, for the histogram at the bottom.
    corrected : (x, y), optional
        A second curve, dashed: corrected for optimism, or of recalibrated predictions.
    corrected_label : str
        Its name in the legend, for which the panel has no room: ask the figure for one.
    """
    colour = MODEL_COLOURS[model]
    ax.plot([0, 1], [0, 1], color="0.75", lw=0.8, label="Ideal")
    ax.fill_between(curve.predicted, curve.low, curve.high, color=colour, alpha=0.15, lw=0)
    ax.plot(curve.predicted, curve.observed, color=colour, label="Loess, with band")
    if corrected is not None:
        ax.plot(*corrected, color="0.2", ls="--", lw=0.9, label=corrected_label)
    size = 8 + 30 * np.asarray(curve.bin_n) / np.max(curve.bin_n)
    ax.scatter(
        curve.bin_predicted,
        curve.bin_observed,
        s=size,
        facecolor="w",
        edgecolor=colour,
        zorder=3,
        label=f"{len(curve.bin_n)} groups",
    )
    ax.set(xlim=(-0.03, 1.03), ylim=(-0.16, 1.17), aspect="equal", title=model)
    ax.set(xlabel="Predicted probability", ylabel="Observed proportion")
    ax.set(xticks=np.linspace(0, 1, 6), yticks=np.linspace(0, 1, 6))
    ax.text(0.03, 0.98, text, transform=ax.transAxes, va="top", size=SMALL, linespacing=1.4)
    if predictions is not None:
        strip = ax.inset_axes([0, 0, 1, 0.1], sharex=ax)  # below zero, where no curve runs
        strip.hist(predictions, bins=np.linspace(0, 1, 41), color="0.8")
        strip.axis("off")
    return ax
