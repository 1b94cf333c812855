"""What the figure of agreement draws: dots, medians, counts."""

import numpy as np
import pandas as pd
import pytest

from thyro.figures import agreement as figures

pytestmark = pytest.mark.usefixtures("style")


def texts(legend):
    return [text.get_text() for text in legend.get_texts()]


def agreement():
    icc = {"square": [0.2, 0.4, 0.6], "original": [0.9, 0.8, np.nan], "wavelet-HHH": [np.nan]}
    frame = pd.DataFrame(
        [(kind, value) for kind, values in icc.items() for value in values],
        columns=["image_type", "icc"],
        index=pd.Index([f"f{i}" for i in range(7)], name="feature"),
    )
    return frame.assign(spearman=0.5, feature_class="glcm")


def test_agreement_puts_the_best_image_type_on_top_and_counts_its_features(ax):
    assert figures.draw_agreement(agreement(), ax) is ax
    ax.figure.draw_without_rendering()
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["original", "square", "wavelet-HHH"] and ax.yaxis_inverted()
    assert [text.get_text() for text in ax.texts] == ["2", "3", "0", "n"]
    dots = [collection.get_offsets() for collection in ax.collections]
    assert [sorted(d[:, 0].tolist()) for d in dots] == [[0.8, 0.9], [0.2, 0.4, 0.6], []]
    assert all(np.rint(d[:, 1]).tolist() == [row] * len(d) for row, d in enumerate(dots))
    medians = [line for line in ax.lines if line.get_linewidth() == 1.6]
    assert [line.get_xdata()[0] for line in medians] == pytest.approx([0.85, 0.4])
    assert texts(ax.get_legend()) == ["Feature", "Median"]
    vertical = [line.get_xdata()[0] for line in ax.lines if line.get_linewidth() == 0.7][:3]
    assert vertical == [0.5, 0.75, 0.9]


def test_agreement_shows_the_control_where_it_was_measured(ax):
    control = [0.3, 0.5, 0.7, 0.6, 0.6, np.nan, np.nan]
    figures.draw_agreement(agreement().assign(icc_bc=control), ax)
    ax.figure.draw_without_rendering()
    circles = ax.collections[-1].get_offsets()
    assert circles[:2].tolist() == [[0.6, 0], [0.5, 1]]
    assert np.ma.getmaskarray(circles)[2, 0] or np.isnan(circles[2, 0])
    assert texts(ax.get_legend())[-1] == "Median, bicubic control"


def test_agreement_below_zero_is_on_the_axis(ax):
    frame = agreement()
    frame.loc["f0", "icc"] = -0.4
    figures.draw_agreement(frame, ax)
    low, high = ax.get_xlim()
    assert low < -0.4 and high > 1


def test_figure_is_one_column_wide():
    fig = figures.agreement_figure(agreement())
    assert fig.axes[0].get_xlabel() == "Agreement of OR and SR, ICC(2,1)"
    assert fig.get_size_inches().tolist() == [3.5, 4.5]
