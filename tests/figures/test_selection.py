"""Features on the paper: data, labels, colours."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from thyro.figures import selection

PAGE = 183 / 25.4  # inches


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_feature_names_break_where_a_reader_would():
    name = "exponential_gldm_LargeDependenceHighGrayLevelEmphasis"
    lines = selection.wrap_feature(name, 24).split("\n")
    assert "".join(lines) == name
    assert max(map(len, lines)) <= 24
    assert lines[0] == "exponential_gldm_Large"


def test_distributions_split_each_feature_by_outcome():
    frame = pd.DataFrame({"a_b": [0.0, 1, 2, 10, 11, 12], "c": [5.0, 5, 5, 5, 5, 6]})
    _, axes = plt.subplots(1, 3)
    y = [0, 0, 0, 1, 1, 1]
    selection.draw_distributions(frame, y, ["a_b", "c"], axes, groups=["None", "Some"])
    assert [label.get_text() for label in axes[0].get_xticklabels()] == ["None", "Some"]
    medians = [line.get_ydata()[0] for line in axes[0].lines if len(set(line.get_ydata())) == 1]
    assert {1.0, 11.0} <= set(medians)
    assert axes[0].get_title() == "a_b" and not axes[2].axison
    with pytest.raises(ValueError, match="expected 2 or more"):
        selection.draw_distributions(frame, y, ["a_b", "c"], axes[:1])


def test_volcano_separates_kept_from_left_out():
    table = pd.DataFrame({"effect": [0.5, -0.1, 0.4], "p": [0.0, 0.5, 0.001]}, index=list("abc"))
    _, ax = plt.subplots()
    selection.draw_volcano(table, ax, kept=["a", "c"], effect_label="Rank-biserial r")
    left, kept = ax.collections
    assert left.get_offsets().data.tolist() == [[-0.1, pytest.approx(-np.log10(0.5))]]
    assert np.isfinite(kept.get_offsets().data).all() and len(kept.get_offsets()) == 2
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["Left out (1)", "Kept (2)"]
    assert ax.lines[0].get_ydata()[0] == pytest.approx(-np.log10(0.05))


def test_correlation_names_features_while_there_is_room():
    few = pd.DataFrame(np.random.default_rng(0).normal(size=(9, 4)), columns=list("abcd"))
    _, axes = plt.subplots(1, 2)
    selection.draw_correlation(few.corr(method="spearman"), axes[0])
    assert [label.get_text() for label in axes[0].get_xticklabels()] == list("abcd")
    assert axes[0].images[0].get_clim() == (-1, 1)
    many = pd.DataFrame(np.eye(40))
    selection.draw_correlation(many, axes[1])
    assert axes[1].get_xlabel() == "40 features"
    with pytest.raises(ValueError, match="square matrix"):
        selection.draw_correlation(few, axes[0])


def test_training_is_drawn_for_the_final_network_and_every_fold():
    rows = [
        (name, epoch, 0.7 - epoch / 20, 0.7 - epoch / 50, epoch == 2)
        for name in ("all", "fold 0", "fold 1")
        for epoch in (1, 2, 3)
    ]
    history = pd.DataFrame(rows, columns=["network", "epoch", "loss", "inner_loss", "kept"])
    _, ax = plt.subplots()
    selection.draw_tuning(history, ax, title="ResNet101")
    lines = [line for line in ax.lines if len(line.get_xdata()) == 3]
    assert len(lines) == 6 and sum(line.get_alpha() == 1 for line in lines) == 2
    np.testing.assert_allclose(lines[0].get_ydata(), [0.65, 0.6, 0.55])
    marks = [line for line in ax.lines if len(line.get_xdata()) == 1]
    assert [line.get_xdata()[0] for line in marks] == [2, 2, 2]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["Trained on", "Watched"]
