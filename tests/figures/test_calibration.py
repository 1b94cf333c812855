"""What the figures of calibration draw: curves, groups, texts."""

import numpy as np
import pandas as pd
import pytest

from thyro.figures import calibration as figures
from thyro.figures.style import model_styles
from thyro.statistics import calibration

pytestmark = pytest.mark.usefixtures("style")


@pytest.fixture
def cohort():
    rng = np.random.default_rng(5)
    y = rng.integers(0, 2, 80)
    p = 1 / (1 + np.exp(-(2 * y - 1 + rng.normal(size=80))))
    return y, p


def test_calibration_draws_curve_groups_and_spread(ax, cohort):
    y, p = cohort
    curve = calibration.calibration_curve(y, p)
    figures.draw_calibration(curve, ax, model="Nomogram_B", text="slope 0.91", predictions=p)
    ideal, smooth = ax.lines
    assert ideal.get_xydata().tolist() == [[0, 0], [1, 1]]
    assert smooth.get_ydata().tolist() == curve.observed.tolist()
    assert ax.collections[1].get_offsets().data[:, 0] == pytest.approx(curve.bin_predicted)
    assert ax.get_title() == "Nomogram_B" and ax.texts[0].get_text() == "slope 0.91"
    (strip,) = ax.child_axes
    assert sum(bar.get_height() for bar in strip.patches) == len(y)


def test_a_title_of_its_own_and_a_second_curve(ax, cohort):
    y, p = cohort
    curve = calibration.calibration_curve(y, p)
    second = ([0.1, 0.9], [0.2, 0.8])
    figures.draw_calibration(
        curve, ax, model="mine", title="Mine, test", corrected=second, corrected_label="Updated"
    )
    assert ax.get_title() == "Mine, test" and not ax.child_axes
    assert ax.lines[1].get_color() == model_styles(["mine"])["mine"][0]
    assert ax.lines[2].get_xydata().tolist() == [[0.1, 0.2], [0.9, 0.8]]
    assert ax.lines[2].get_label() == "Updated"


def test_the_figure_has_a_row_per_cohort_and_a_column_per_model(cohort):
    y, p = cohort
    models, cohorts = ["Nomogram_A", "Nomogram_C"], ["train", "test", "external"]
    scores = pd.DataFrame({"Nomogram_A": p, "Nomogram_C": p**2})
    curves = {
        name: {model: calibration.calibration_curve(y, scores[model]) for model in models}
        for name in cohorts
    }
    fig = figures.calibration_figure(
        curves,
        texts={name: {model: f"HL of {model}, {name}" for model in models} for name in cohorts},
        predictions=dict.fromkeys(cohorts, scores),
        updated={"external": curves["train"]},
    )
    assert fig.get_size_inches() == pytest.approx([4.8, 8.1])
    panels = np.reshape([ax for ax in fig.axes if ax.get_title()], (3, 2))
    where = ("training", "test", "external")
    for row, name, word in zip(panels, cohorts, where, strict=True):
        for ax, model in zip(row, models, strict=True):
            assert ax.get_title() == f"{model}, {word}"
            assert ax.texts[0].get_text() == f"HL of {model}, {name}"
            assert ax.lines[1].get_ydata().tolist() == curves[name][model].observed.tolist()
            assert ax.lines[1].get_color() == model_styles([model])[model][0]
            assert len(ax.lines) == (3 if name == "external" else 2)
            assert sum(bar.get_height() for bar in ax.child_axes[0].patches) == len(y)
    (legend,) = fig.legends
    texts = [text.get_text() for text in legend.get_texts()]
    assert texts == ["Ideal", "Loess, with band", "Intercept updated", "10 groups"]
    assert [ax.texts[1].get_text() for ax in panels.flat] == list("ABCDEF")
