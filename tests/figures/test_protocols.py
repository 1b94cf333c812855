"""What the figures of the protocols draw."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from thyro.figures import protocols
from thyro.figures.style import model_styles

MODELS = ["SR_SVM", "OR_SVM", "Nomogram_A"]


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def compared():
    rows = []
    for recipe, shift in (("paper", 0.0), ("sound", 0.05)):
        for cohort in ("train", "test", "external"):
            for i, model in enumerate(MODELS):
                ends = 0.9 - i / 20 - shift, 0.6 + i / 50 + shift
                rows.append((model, recipe, cohort, *ends, ends[1] - 0.1, ends[1] + 0.1))
    columns = ["model", "recipe", "cohort", "auc_in_sample", "auc_cross_fitted"]
    return pd.DataFrame(rows, columns=[*columns, "ci_low_cross_fitted", "ci_high_cross_fitted"])


def joined(ax):
    return [line for line in ax.lines if len(line.get_xdata()) == 2 and line.get_lw() == 1.6]


def test_a_line_joins_both_evaluations_of_a_recipe_and_then_both_recipes():
    fig = protocols.protocols_figure(compared())
    axes = fig.axes
    assert [text.get_text() for text in axes[0].get_yticklabels()] == MODELS
    for ax, shift in zip(axes[:2], (0.0, 0.05), strict=True):
        assert [tuple(line.get_xdata()) for line in joined(ax)] == [
            pytest.approx((0.9 - i / 20 - shift, 0.6 + i / 50 + shift)) for i in range(3)
        ]
    assert [tuple(line.get_xdata()) for line in joined(axes[2])] == [
        pytest.approx((0.6 + i / 50, 0.65 + i / 50)) for i in range(3)
    ]
    assert [line.get_color() for line in joined(axes[0])] == [
        model_styles(MODELS)[model][0] for model in MODELS
    ]
    assert axes[0].yaxis_inverted() and [ax.get_title() for ax in axes] == [
        "Classical recipe, training",
        "Sound recipe, training",
        "Both recipes, test",
    ]
    (legend,) = fig.legends
    texts = [text.get_text() for text in legend.get_texts()]
    assert texts == ["in-sample", "cross-fitted (line: interval)", "Classical", "Sound"]
    assert len({ax.get_xlim() for ax in axes}) == len({ax.get_ylim() for ax in axes}) == 1
    assert [ax.texts[0].get_text() for ax in axes] == ["A", "B", "C"]


def test_splits_are_points_and_the_study_is_marked():
    rng = np.random.default_rng(0)
    auc = pd.DataFrame(
        [(i, model, rng.uniform(0.5, 0.7)) for model in MODELS[:2] for i in range(30)],
        columns=["repeat", "model", "test"],
    )
    null = auc.assign(test=0.5).groupby("model").head(4)
    fig, ax = plt.subplots()
    single = {"SR_SVM": 0.66, "OR_SVM": 0.6, "SR_KNN": 0.5}
    protocols.draw_repeats(auc, ax, single=single, permuted=null)
    assert [text.get_text() for text in ax.get_xticklabels()] == MODELS[:2]
    stars = [line.get_ydata()[0] for line in ax.lines if line.get_marker() == "*"]
    assert stars == [0.66, 0.6]
    clouds = [sorted(line.get_ydata()) for line in ax.lines if len(line.get_ydata()) == 30]
    assert clouds[0] == sorted(auc.loc[auc["model"] == "SR_SVM", "test"])
    assert sum(len(line.get_ydata()) == 4 for line in ax.lines) == 2
    assert len(fig.legends[0].get_texts()) == 3


def test_the_most_frequent_feature_is_on_top_and_own_ones_are_filled():
    table = pd.DataFrame({"feature": list("abcdef"), "share": [0.9, 0.7, 0.5, 0.4, 0.2, 0.1]})
    _, ax = plt.subplots()
    protocols.draw_frequency(table, ax, own={"b"}, title="OR images", top=4)
    assert [text.get_text() for text in ax.get_yticklabels()] == list("abcd")
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([90, 70, 50, 40])
    filled = [bar.get_facecolor()[:3] != (1, 1, 1) for bar in ax.patches]
    assert filled == [False, True, False, False] and ax.yaxis_inverted()


# --- whole figures -----------------------------------------------------------------------------


def test_figure_of_random_splits_takes_any_model():
    auc = pd.DataFrame({"model": ["score"] * 3, "test": [0.5, 0.6, 0.7]})
    fig = protocols.repeats_figure(auc, single={"score": 0.6})
    (ax,) = fig.axes
    assert ax.lines[0].get_color() == model_styles(["score"])["score"][0]
    assert len(fig.legends[0].get_texts()) == 2
    assert fig.get_size_inches().tolist() == [7.2, 3.2]


def test_figure_of_selected_features_has_a_panel_per_signature():
    frequency = pd.DataFrame(
        {"signature": ["OR", "OR", "SR"], "feature": list("aba"), "share": [0.9, 0.2, 0.4]}
    )
    fig = protocols.frequency_figure(frequency, {"OR": {"a"}, "SR": set()})
    assert [ax.get_title() for ax in fig.axes] == ["OR images", "SR images"]
    assert [len(ax.patches) for ax in fig.axes] == [2, 1]
    filled = [bar.get_facecolor()[:3] != (1, 1, 1) for ax in fig.axes for bar in ax.patches]
    assert filled == [True, False, False]
