"""What the figure of instability draws."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from thyro.figures import instability
from thyro.figures.style import model_styles

pytestmark = pytest.mark.usefixtures("style")


def risks(model, n=20):
    risk = np.linspace(0.05, 0.95, n)
    ends = {"low": np.maximum(risk - 0.1, 0), "high": np.minimum(risk + 0.2, 1)}
    return pd.DataFrame({"model": model, "risk": risk, **ends})


def test_every_patient_has_a_line_above_the_risk(ax):
    table = risks("Nomogram_A")
    instability.draw_instability(table, ax, model="Nomogram_A")
    (lines,) = ax.collections
    segments = np.array(lines.get_segments())
    np.testing.assert_allclose(segments[:, :, 0], np.tile(table[["risk"]], 2))
    np.testing.assert_allclose(segments[:, :, 1], table[["low", "high"]])
    assert ax.lines[0].get_xydata().tolist() == [[0, 0], [1, 1]]
    assert ax.get_title() == "Nomogram_A"


def test_a_panel_for_each_model_in_its_colour():
    models = ["Nomogram_A", "Nomogram_B", "Nomogram_C"]
    fig = instability.instability_figure(pd.concat(map(risks, models)))
    assert [ax.get_title() for ax in fig.axes] == models
    for model, ax in zip(models, fig.axes, strict=True):
        colour = ax.collections[0].get_color()[0][:3]
        want = model_styles([model])[model][0]
        assert tuple(np.round(colour, 3)) == tuple(np.round(to_rgb(want), 3))
    single = instability.instability_figure(risks("Nomogram_C"))
    assert len(single.axes) == 1 and single.axes[0].get_ylabel()
