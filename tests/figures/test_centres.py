"""Figures of centres: what was drawn."""

import numpy as np
import pandas as pd
import pytest

from tests.tables.test_centres import predictions
from thyro.figures.centres import components_figure, forest_figure
from thyro.statistics import POOLED, centre_table


def test_centres_have_their_own_marks_in_both_states():
    rng = np.random.default_rng(0)
    parts = pd.DataFrame(rng.normal(size=(40, 2)), columns=["first", "second"])
    parts = parts.assign(centre=["A", "B"] * 20, state=["Before"] * 20 + ["After"] * 20)
    fig = components_figure(parts, (0.4, 0.2), {"Before": "As measured", "After": "Harmonised"})
    assert [ax.get_title() for ax in fig.axes] == ["As measured", "Harmonised"]
    assert [len(ax.collections) for ax in fig.axes] == [2, 2]
    assert "40%" in fig.axes[0].get_xlabel() and "20%" in fig.axes[0].get_ylabel()
    drawn = fig.axes[1].collections[0].get_offsets()
    own = parts[parts["state"].eq("After") & parts["centre"].eq("A")]
    np.testing.assert_allclose(drawn, own[["first", "second"]])
    assert [text.get_text() for text in fig.axes[1].get_legend().get_texts()] == ["A", "B"]


def test_a_row_for_each_centre_and_all_below():
    table = centre_table(*predictions())
    fig = forest_figure(table)
    rows = [text.get_text() for text in fig.axes[0].get_yticklabels()]
    assert rows == ["A", "B", "C", POOLED]
    assert [ax.get_xlabel() for ax in fig.axes] == ["AUC", "Calibration slope"]
    marks = [line for line in fig.axes[1].lines if line.get_marker() == "D"]
    pooled = table.query("centre == @POOLED and measure == 'slope'")["estimate"].iloc[0]
    assert [line.get_xdata()[0] for line in marks] == [pytest.approx(pooled)]
