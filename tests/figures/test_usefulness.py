"""Calibration and net benefit in one figure."""

import numpy as np
import pandas as pd
import pytest

from thyro import statistics
from thyro.figures import usefulness_figure

pytestmark = pytest.mark.usefixtures("style")


@pytest.mark.parametrize("cohorts", [["test"], ["test", "external"]])
def test_a_row_for_each_cohort_with_every_model_and_a_reading(cohorts):
    rng = np.random.default_rng(5)
    split = pd.Series(np.repeat(["train", *cohorts], 80))
    y = pd.Series(rng.integers(0, 2, len(split)))
    p = pd.DataFrame({"Nomogram_A": 1 / (1 + np.exp(-(2 * y - 1 + rng.normal(size=len(y)))))})
    p["Nomogram_C"] = p["Nomogram_A"] ** 2
    read = p.assign(Radiologist=(p["Nomogram_A"] > 0.5).astype(int))
    curves = statistics.calibration_curves(y, p, split)
    decisions = statistics.decision_curves(y, read, split, np.linspace(0.01, 0.99, 99))
    fig = usefulness_figure(curves, decisions, shown=(0.05, 0.6))
    rows = np.array(fig.axes).reshape(-1, 2)
    assert len(rows) == len(cohorts)
    for (left, right), cohort in zip(rows, cohorts, strict=True):
        ideal, *lines = left.lines
        assert ideal.get_xydata().tolist() == [[0, 0], [1, 1]]
        for line, model in zip(lines, p, strict=True):
            drawn = curves[cohort][model].observed
            assert line.get_ydata().tolist() == drawn.tolist()
        assert right.get_xlim() == (0.05, 0.6)
        labels = [line.get_label() for line in right.lines]
        assert labels == ["Treat all", "Treat none", *read]
    (legend,) = fig.legends
    names = {text.get_text() for text in legend.get_texts()}
    assert names == {"Ideal", "Treat all", "Treat none", *read}
