"""What the figures of the selection draw: data, labels, colours."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from thyro.figures import selection

pytestmark = pytest.mark.usefixtures("style")


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


def test_coefficients_put_the_largest_on_top(ax):
    selection.draw_coefficients(pd.Series({"a": 0.1, "b": -2.0, "c": 1.0}), ax)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "c", "b"]
    assert [patch.get_width() for patch in ax.patches] == [0.1, 1.0, -2.0]
    assert ax.patches[0].get_facecolor() == ax.patches[1].get_facecolor()
    assert ax.patches[0].get_facecolor() != ax.patches[2].get_facecolor()


def lasso():
    lambdas = np.array([1.0, 0.1, 0.01])
    return SimpleNamespace(
        lambdas=lambdas,
        cv_mean=np.array([1.2, 1.0, 1.1]),
        cv_se=np.array([0.1, 0.1, 0.1]),
        path=pd.DataFrame({"a": [0, 0.5, 0.6], "never": 0.0, "b": [0, 0, -0.2]}, index=lambdas),
        lambda_min=0.1,
        lambda_1se=1.0,
    )


def test_lasso_path_marks_the_chosen_penalty():
    result = lasso()
    _, axes = plt.subplots(1, 2)
    assert selection.draw_lasso_path(result, axes) is axes
    a, b, chosen = axes[0].lines  # the feature that never entered has no line
    assert a.get_ydata().tolist() == [0, 0.5, 0.6] and b.get_ydata().tolist() == [0, 0, -0.2]
    assert a.get_xdata() == pytest.approx(np.log(result.lambdas))
    assert chosen.get_xdata()[0] == pytest.approx(np.log(0.1))
    marked = {line.get_label(): line.get_xdata()[0] for line in axes[1].lines[1:]}
    assert marked == pytest.approx({"λ min": np.log(0.1), "λ 1 SE": 0.0})


# --- whole figures -----------------------------------------------------------------------------


def test_figure_of_distributions_has_a_panel_per_feature():
    frame = pd.DataFrame(np.arange(24.0).reshape(6, 4) ** 1.5, columns=list("abcd"))
    fig = selection.distributions_figure(
        frame, [0, 1] * 3, list("abcd"), groups=["None", "Some"], label="z-score", height=2.4
    )
    assert [ax.get_title() for ax in fig.axes] == list("abcd")
    assert {ax.get_ylabel() for ax in fig.axes} == {"z-score"}
    assert fig.get_size_inches().tolist() == [7.2, 2.4]


def test_figure_of_the_volcano_says_what_it_was_given():
    table = pd.DataFrame({"effect": [0.5, -0.1], "p": [0.01, 0.5]}, index=list("ab"))
    fig = selection.volcano_figure(table, kept=["a"], alpha=0.1, effect_label="Effect r")
    (ax,) = fig.axes
    assert ax.get_xlabel() == "Effect r" and ax.texts[0].get_text() == "P = 0.1"
    assert fig.get_size_inches().tolist() == [3.5, 3.0]


def test_figure_of_the_lasso_has_a_row_per_selection():
    fig = selection.lasso_figure({"Radiomics OR": lasso(), "Radiomics SR": lasso()})
    left = np.reshape(fig.axes, (2, 2))[:, 0]
    assert [ax.get_title() for ax in left] == ["Radiomics OR", "Radiomics SR"]
    assert fig.get_size_inches().tolist() == [7.2, 5.0]
    assert len(selection.lasso_figure({"one": lasso()}).axes) == 2


def test_figure_of_coefficients_gives_every_bar_the_same_height():
    few, many = pd.Series({"a": 1.0}), pd.Series(np.arange(1.0, 9), index=list("abcdefgh"))
    fig = selection.coefficients_figure({"OR images": few, "SR images": many})
    assert [ax.get_title() for ax in fig.axes] == ["OR images", "SR images"]
    assert [len(ax.patches) for ax in fig.axes] == [1, 8]
    assert fig.get_size_inches() == pytest.approx([7.2, 0.9 + 0.16 * 13])
    assert fig.axes[0].get_gridspec().get_height_ratios() == [3, 10]
