"""Figures of calibration: predicted against observed risk, by model and cohort.

`draw_calibration` takes a result and Axes and returns the Axes; `calibration_figure` takes those of
all panels and returns the Figure. Nothing is smoothed or tested here.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thyro.figures.style import SMALL, ModelStyle, model_styles, panel_letters
from thyro.study import cohort_label


class CalibrationCurve(Protocol):
    """What is drawn of `statistics.calibration_curve`."""

    predicted: np.ndarray
    observed: np.ndarray
    low: np.ndarray
    high: np.ndarray
    bin_predicted: np.ndarray
    bin_observed: np.ndarray
    bin_n: np.ndarray


def draw_calibration(
    curve: CalibrationCurve,
    ax: Axes,
    *,
    model: str,
    styles: Mapping[str, ModelStyle] | None = None,
    title: str = "",
    text: str = "",
    predictions: Sequence[float] | None = None,
    corrected: tuple[Sequence[float], Sequence[float]] | None = None,
    corrected_label: str = "",
) -> Axes:
    """Draw a smooth calibration curve with its band, binned patients, and the predictions.

    Parameters
    ----------
    curve : statistics.CalibrationCurve
    ax : Axes
    model : str
        Gives the colour, and the title where there is no other.
    styles : mapping of model name to (colour, line style), optional
        From `model_styles` of all models of the study, where other panels show others.
    title : str
    text : str
        Written top left: Hosmer-Lemeshow test, slope, whatever the caller formats.
    predictions : sequence of float, optional
        Predicted probability of every patient, for the histogram at the bottom.
    corrected : (x, y), optional
        A second curve, dashed: corrected for optimism, or of recalibrated predictions.
    corrected_label : str
        Its name in the legend, for which the panel has no room: ask the figure for one.
    """
    colour, _ = (styles or model_styles([model]))[model]
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
    ax.set(xlim=(-0.03, 1.03), ylim=(-0.16, 1.17), aspect="equal", title=title or model)
    ax.set(xlabel="Predicted probability", ylabel="Observed proportion")
    ax.set(xticks=np.linspace(0, 1, 6), yticks=np.linspace(0, 1, 6))
    ax.text(0.03, 0.98, text, transform=ax.transAxes, va="top", size=SMALL, linespacing=1.4)
    if predictions is not None:
        strip = ax.inset_axes([0, 0, 1, 0.1], sharex=ax)  # below zero, where no curve runs
        strip.hist(predictions, bins=np.linspace(0, 1, 41), color="0.8")
        strip.axis("off")
    return ax


def calibration_figure(
    curves: Mapping[str, Mapping[str, CalibrationCurve]],
    *,
    texts: Mapping[str, Mapping[str, str]],
    predictions: Mapping[str, Mapping[str, Sequence[float]]],
    updated: Mapping[str, Mapping[str, CalibrationCurve]] | None = None,
    updated_label: str = "Intercept updated",
) -> Figure:
    """Draw the calibration of every model, a row per cohort and a column per model.

    The legend of all panels stands below them, as the last row has it.

    Parameters
    ----------
    curves : mapping of cohort to mapping of model to statistics.CalibrationCurve
        The same models in every cohort; cohorts are those of the study.
    texts : mapping of cohort to mapping of model to text
        Written into the panels, as `tables.hosmer_labels`.
    predictions : mapping of cohort to mapping (or DataFrame) of model to probabilities
    updated : mapping of cohort to mapping of model to statistics.CalibrationCurve, optional
        A second curve for the cohorts that have one, such as of recalibrated predictions.
    updated_label : str
    """
    models = list(next(iter(curves.values())))
    styles = model_styles(models)
    size = (2.4 * len(models), 2.7 * len(curves))
    fig, axes = plt.subplots(len(curves), len(models), figsize=size, squeeze=False)
    for row, (cohort, of_model) in zip(axes, curves.items(), strict=True):
        where = cohort_label(cohort).lower().removesuffix(" cohort")
        for ax, model in zip(row, models, strict=True):
            second = (updated or {}).get(cohort, {}).get(model)
            draw_calibration(
                of_model[model],
                ax,
                model=model,
                styles=styles,
                title=f"{model}, {where}",
                text=texts[cohort][model],
                predictions=predictions[cohort][model],
                corrected=None if second is None else (second.predicted, second.observed),
                corrected_label=updated_label,
            )
    lines = axes[-1, 0].get_legend_handles_labels()
    fig.legend(*lines, loc="outside lower center", ncols=4, frameon=False)
    panel_letters(axes)
    return fig
