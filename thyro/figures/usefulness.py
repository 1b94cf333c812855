"""One figure on the use of nomograms: calibration beside net benefit, a row for each cohort."""

from collections.abc import Mapping, Sequence

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thyro.figures.calibration import CalibrationCurve
from thyro.figures.performance import DecisionCurve, draw_decision_curve
from thyro.figures.style import WIDTH, ModelStyle, model_styles, panel_letters
from thyro.study import TRAIN, cohort_label

ROW = 2.75  # inches
BANDED = 4  # curves in a panel, of more the bands hide each other and are left out


def draw_calibration_lines(
    curves: Mapping[str, CalibrationCurve],
    ax: Axes,
    *,
    styles: Mapping[str, ModelStyle],
    bands: bool = True,
) -> Axes:
    """Draw the smooth calibration curves of several models of the same patients.

    Parameters
    ----------
    curves : mapping of model to statistics.CalibrationCurve
    ax : Axes
    styles : mapping of model to (colour, line style)
    bands : bool
    """
    ax.plot([0, 1], [0, 1], color="0.75", lw=0.8, label="Ideal")
    for model, curve in curves.items():
        colour, line = styles[model]
        if bands:
            ax.fill_between(curve.predicted, curve.low, curve.high, color=colour, alpha=0.12, lw=0)
        ax.plot(curve.predicted, curve.observed, color=colour, ls=line, label=model)
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.set(xlabel="Predicted probability", ylabel="Observed proportion")
    return ax


def usefulness_figure(
    curves: Mapping[str, Mapping[str, CalibrationCurve]],
    decisions: Mapping[str, Sequence[DecisionCurve]],
    *,
    shown: Sequence[float] = (0, 1),
    fitted: str = TRAIN,
) -> Figure:
    """Draw calibration (left) and net benefit (right) of nomograms or scores, a row per cohort.

    Parameters
    ----------
    curves : mapping of cohort to mapping of model to statistics.CalibrationCurve
        Cohorts are those of the study.
    decisions : mapping of cohort to sequence of statistics.DecisionCurve
        Of the same cohorts; a reading may be among the models.
    shown : (float, float), default (0, 1)
        Thresholds at the ends of the decision curves.
    fitted : str, default "train"
        A cohort that is not shown, since its patients fitted the nomograms; "": none.
    """
    styles = model_styles([curve.model for curve in next(iter(decisions.values()))])
    others = [cohort for cohort in curves if cohort != fitted]
    size = (WIDTH, ROW * len(others) + 0.3)
    fig, axes = plt.subplots(len(others), 2, figsize=size, squeeze=False)
    for (left, right), cohort in zip(axes, others, strict=True):
        bands = len(styles) <= BANDED
        draw_calibration_lines(curves[cohort], left, styles=styles, bands=bands)
        options = {"styles": styles, "legend": False, "shown": shown, "bands": bands}
        for order, curve in enumerate(decisions[cohort]):
            draw_decision_curve(curve, right, references=order == 0, **options)
        for ax in (left, right):
            ax.set_title(cohort_label(cohort))
    lines = dict(zip(*reversed(axes[0, 0].get_legend_handles_labels()), strict=True))
    lines |= dict(zip(*reversed(axes[0, 1].get_legend_handles_labels()), strict=True))
    fig.legend(lines.values(), lines.keys(), loc="outside lower center", ncols=7, frameon=False)
    panel_letters(axes)
    return fig
