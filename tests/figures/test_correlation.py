"""What the figures of correlation draw: few features by name, all by family."""

import time

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from thyro.figures import correlation as correlation_figures
from thyro.radiomics import feature_sets
from thyro.statistics import agreement

pytestmark = pytest.mark.usefixtures("style")

PAPER = feature_sets.PAPER


def test_correlation_names_features_while_there_is_room():
    few = pd.DataFrame(np.random.default_rng(0).normal(size=(9, 4)), columns=list("abcd"))
    _, axes = plt.subplots(1, 2)
    correlation_figures.draw_correlation(few.corr(method="spearman"), axes[0])
    assert [label.get_text() for label in axes[0].get_xticklabels()] == list("abcd")
    assert axes[0].images[0].get_clim() == (-1, 1)
    many = pd.DataFrame(np.eye(40))
    correlation_figures.draw_correlation(many, axes[1])
    assert axes[1].get_xlabel() == "40 features"
    with pytest.raises(ValueError, match="square matrix"):
        correlation_figures.draw_correlation(few, axes[0])


def test_figure_of_correlations_has_a_panel_per_matrix():
    few = pd.DataFrame(np.random.default_rng(0).normal(size=(9, 4)), columns=list("abcd")).corr()
    fig = correlation_figures.correlation_figure({"Before": few, "After": few.iloc[:2, :2]})
    panels = [ax for ax in fig.axes if ax.images]
    assert [ax.get_title() for ax in panels] == ["Before", "After"]
    assert fig.get_size_inches().tolist() == [7.2, 3.6]
    alone = correlation_figures.correlation_figure({"": few})
    assert alone.get_size_inches().tolist() == [5.6, 4.8] and alone.axes[0].get_title() == ""


def some():
    """Features of two classes and two image types; a pair each way, and one constant."""
    described = pd.DataFrame(
        [
            ("square_glcm_A", "square", "glcm", "A"),
            ("square_glcm_B", "square", "glcm", "B"),
            ("square_glcm_C", "square", "glcm", "C"),
            ("square_firstorder_A", "square", "firstorder", "A"),
            ("original_glcm_A", "original", "glcm", "A"),
            ("original_firstorder_A", "original", "firstorder", "A"),
        ],
        columns=["name", "image_type", "feature_class", "feature"],
    )
    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.normal(size=(50, 6)), columns=described["name"])
    features["square_glcm_C"] = -features["square_glcm_A"]
    features["original_firstorder_A"] = 3.0
    return described, features


@pytest.mark.parametrize(
    ("by", "families", "edges"),
    [
        ("image_type", ["square", "original"], [3.5]),
        ("feature_class", ["First order", "GLCM"], [0.5]),
    ],
)
def test_correlation_map_groups_families_and_names_them(ax, by, families, edges):
    described, features = some()
    correlation = agreement.rank_correlation(features)
    assert correlation_figures.draw_correlation_map(correlation, described, ax, by=by) is ax
    ax.figure.draw_without_rendering()
    shown = np.asarray(ax.images[0].get_array())
    assert shown.shape == (5, 5) and np.diag(shown) == pytest.approx(1)
    np.testing.assert_allclose(shown, shown.T)
    assert [label.get_text() for label in ax.get_xticklabels()] == families
    assert [label.get_text() for label in ax.get_yticklabels()] == families
    assert [line.get_xdata()[0] for line in ax.lines[1::2]] == edges
    assert ax.images[0].get_clim() == (-1, 1)
    bar = ax.figure.axes[1]
    assert bar.get_ylabel() == "Spearman ρ, 5 features"


def test_features_that_say_the_same_stand_together(ax):
    described, features = some()
    correlation = agreement.rank_correlation(features)
    correlation_figures.draw_correlation_map(correlation, described, ax)
    shown = np.asarray(ax.images[0].get_array())
    twins = np.argwhere(np.isclose(shown, -1))
    assert len(twins) == 2 and abs(np.diff(twins[0])) == 1


def test_correlation_map_needs_a_family_and_features_that_vary(ax):
    described, features = some()
    correlation = agreement.rank_correlation(features)
    with pytest.raises(ValueError, match="image_type, feature_class, got 'class'"):
        correlation_figures.draw_correlation_map(correlation, described, ax, by="class")
    with pytest.raises(ValueError, match="features that vary, found none"):
        correlation_figures.draw_correlation_map(correlation * np.nan, described, ax)


def test_a_map_of_the_whole_profile_takes_less_than_two_seconds(ax):
    described = PAPER.describe()
    names = [name for name in PAPER.names if name not in set(PAPER.degenerate())]
    rng = np.random.default_rng(0)
    values = rng.normal(size=(400, len(names))) + 2 * rng.normal(size=(400, 1))
    started = time.process_time()
    correlation = agreement.rank_correlation(pd.DataFrame(values, columns=names))
    correlation_figures.draw_correlation_map(correlation, described, ax)
    ax.figure.canvas.draw()
    assert time.process_time() - started < 2
    assert ax.images[0].get_array().shape == (1195, 1195)


def test_figure_of_all_features_groups_by_image_type():
    described, features = some()
    correlation = agreement.rank_correlation(features)
    fig = correlation_figures.correlation_map_figure(correlation, described)
    labels = [label.get_text() for label in fig.axes[0].get_xticklabels()]
    assert labels == ["square", "original"] and fig.get_size_inches().tolist() == [7.2, 6.0]
