"""The dots of two studies: every model has its AUC and interval of either, in every cohort."""

import pandas as pd
import pytest

from thyro.figures import between_studies

pytestmark = pytest.mark.usefixtures("style")
FRAME = pd.DataFrame(
    [
        ("SR_SVM", "test", 0.8, 0.7, 0.9, 0.75, 0.6, 0.85),
        ("OR_SVM", "test", 0.7, 0.6, 0.8, 0.72, 0.6, 0.8),
        ("SR_SVM", "external", 0.6, 0.5, 0.7, 0.65, 0.5, 0.8),
        ("OR_SVM", "external", 0.55, 0.4, 0.7, 0.5, 0.4, 0.6),
    ],
    columns=[
        *("model", "cohort", "auc_a", "ci_low_a", "ci_high_a", "auc_b", "ci_low_b", "ci_high_b")
    ],
)


def test_every_model_has_a_dot_and_an_interval_of_each_study(ax):
    of = FRAME[FRAME["cohort"].eq("test")]
    between_studies.draw_study_aucs(of, ax)
    dots = {
        line.get_marker(): list(line.get_xdata())
        for line in ax.lines
        if len(line.get_xdata()) > 1 and line.get_marker() in "oD"
    }
    assert dots == {"o": [0.8, 0.7], "D": [0.75, 0.72]}
    ends = [sorted(segment[:, 0]) for lines in ax.collections for segment in lines.get_segments()]
    assert sorted(ends) == [[0.6, 0.8], [0.6, 0.8], [0.6, 0.85], [0.7, 0.9]]


def test_every_cohort_has_a_panel_and_every_study_its_mark():
    figure = between_studies.studies_figure(FRAME, ("one", "two"))
    assert [ax.get_title() for ax in figure.axes] == ["Test cohort", "External cohort"]
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["SR_SVM", "OR_SVM"]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["one", "two"]
