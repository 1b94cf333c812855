"""What the dots of the audit draw: both sources, intervals where there are any, every cohort."""

import numpy as np
import pandas as pd
import pytest

from thyro.figures import contrasts

pytestmark = pytest.mark.usefixtures("style")
COLUMNS = ["contrast", "name", "cohort", "difference", "ci_low", "ci_high"]
PUBLISHED = pd.DataFrame(
    [
        ("fall", "SR_SVM", "", 0.05, -0.02, 0.11),
        ("fall", "Reader", "", 0.02, -0.06, 0.1),
        ("added", "Nomogram_A", "test", 0.05, np.nan, np.nan),
    ],
    columns=COLUMNS,
)
HERE = pd.DataFrame(
    [
        ("fall", "SR_SVM", "", 0.16, 0.07, 0.26),
        ("fall", "Nomogram_C", "", 0.06, -0.06, 0.18),
        ("added", "Nomogram_A", "train", 0.24, 0.19, 0.3),
        ("added", "Nomogram_A", "test", 0.16, 0.05, 0.27),
        ("added", "Nomogram_A", "external", 0.04, -0.03, 0.1),
    ],
    columns=COLUMNS,
)


def dots(ax):
    """Row and value of every dot that is drawn."""
    found = [line for line in ax.lines if line.get_marker() in ("o", "D")]
    marks = [(line.get_marker(), *line.get_ydata(), *line.get_xdata()) for line in found]
    return {(mark, round(y), x) for mark, y, x in marks if not np.isnan(x)}


def intervals(ax):
    ends = [
        segment[:, 0]
        for lines in ax.collections
        for segment in lines.get_segments()
        if segment.size
    ]
    return [tuple(pair) for pair in ends if not np.isnan(pair).any()]


def names(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def test_every_model_of_either_source_has_a_row():
    fig = contrasts.contrasts_figure(PUBLISHED, HERE, labels=("Published", "Simulated"))
    falls, added = fig.axes
    assert names(falls) == ["SR_SVM", "Reader", "Nomogram_C"]
    assert dots(falls) == {("o", 0, 0.05), ("o", 1, 0.02), ("D", 0, 0.16), ("D", 2, 0.06)}
    assert sorted(intervals(falls)) == [(-0.06, 0.1), (-0.06, 0.18), (-0.02, 0.11), (0.07, 0.26)]
    assert falls.yaxis_inverted()
    assert names(added) == ["Training cohort", "Test cohort", "External cohort"]
    assert dots(added) == {("o", 1, 0.05), ("D", 0, 0.24), ("D", 1, 0.16), ("D", 2, 0.04)}
    assert len(intervals(added)) == 3  # none of the printed one
    (legend,) = fig.legends
    assert [text.get_text() for text in legend.get_texts()] == ["Published", "Simulated"]


def test_no_text_leaves_the_page():
    fig = contrasts.contrasts_figure(PUBLISHED, HERE, labels=("Published", "This study"))
    fig.draw_without_rendering()
    for ax in fig.axes:
        box = ax.xaxis.label.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= fig.bbox.x1


def test_a_publication_that_prints_none_of_them_leaves_its_place_empty():
    fig = contrasts.contrasts_figure(PUBLISHED.iloc[:0], HERE, labels=("Published", "Simulated"))
    assert dots(fig.axes[1]) == {("D", 0, 0.24), ("D", 1, 0.16), ("D", 2, 0.04)}
