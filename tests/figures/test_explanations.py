"""Figures of explanations."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

from thyro.figures import explanations
from thyro.figures.style import SMALL, model_styles, use_style

OUTCOMES = ("true positive", "false positive", "false negative", "true negative")
NETWORKS = ["SR_ResNet101", "OR_DenseNet121"]


@pytest.fixture(autouse=True)
def style():
    use_style()
    yield
    plt.close("all")


def example(patient_id, p):
    rows, columns = np.indices((32, 32))
    mask = (rows - 16) ** 2 + (columns - 16) ** 2 < 100
    return SimpleNamespace(
        patient_id=patient_id, p=p, crop=np.full((32, 32), 90.0), heat=rows / 31, mask=mask
    )


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_every_network_has_its_row_and_every_outcome_its_column():
    examples = {
        network: {outcome: example(f"P{i}{j}", 0.5 + j / 10) for j, outcome in enumerate(OUTCOMES)}
        for i, network in enumerate(NETWORKS)
    }
    examples["OR_DenseNet121"]["false negative"] = None
    fig, axes = plt.subplots(2, 4, figsize=(7.2, 4.3))
    thresholds = {"SR_ResNet101": 0.31, "OR_DenseNet121": 0.256}
    assert explanations.draw_explanations(examples, axes, thresholds=thresholds) is axes
    assert axes[0, 0].get_title() == "P00, p = 0.50"
    assert axes[1, 3].get_title() == "P13, p = 0.80"
    assert [texts(ax) for ax in axes[0]] == [[outcome.capitalize()] for outcome in OUTCOMES]
    assert axes[1, 0].get_ylabel() == "OR_DenseNet121\ncut-off 0.26"
    assert texts(axes[1, 2]) == ["none"] and not axes[1, 2].images
    assert len(axes[0, 1].images) == 2  # crop and map
    assert len(axes[0, 1].collections) == 1  # the outline
    bars = [ax for ax in fig.axes if ax not in axes]
    assert [bar.get_xlabel() for bar in bars] == [explanations.BAR]


def test_words_of_the_explanations_do_not_overlap():
    examples = {name: {outcome: example("P23X2GPEU", 0.5) for outcome in OUTCOMES} for name in "ab"}
    fig, axes = plt.subplots(2, 4, figsize=(7.2, 4.3))
    explanations.draw_explanations(examples, axes, thresholds={"a": 0.5, "b": 0.5})
    fig.canvas.draw()
    titles = [ax.title.get_window_extent() for ax in axes.flat]
    headings = [ax.texts[0].get_window_extent() for ax in axes[0]]
    boxes = titles + headings
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(fig.bbox.x0 <= b.x0 and b.x1 <= fig.bbox.x1 and b.y1 <= fig.bbox.y1 for b in boxes)


def importance(n):
    value = np.linspace(0.1, -0.01, n)
    names = [f"wavelet-HHL_glszm_SmallAreaLowGrayLevelEmphasis{i}" for i in range(n)]
    return pd.DataFrame(
        {
            "feature": names,
            "importance": value,
            "ci_low": value - 0.02,
            "ci_high": value + 0.03,
        }
    )


def test_the_most_important_features_are_on_top_with_their_intervals():
    table = importance(20)
    fig, ax = plt.subplots(figsize=(3.5, 4))
    assert explanations.draw_importance(table, ax, top=6, level=0.9) is ax
    points, _, (bars,) = ax.containers[0]
    np.testing.assert_allclose(points.get_xdata(), table["importance"][:6])
    ends = np.array([segment[:, 0] for segment in bars.get_segments()])
    np.testing.assert_allclose(ends, table[["ci_low", "ci_high"]][:6])
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first row is the topmost
    labels = [label.get_text().replace("\n", "") for label in ax.get_yticklabels()]
    assert labels == table["feature"].tolist()[:6]
    assert "90% CI" in ax.get_xlabel()
    fig.canvas.draw()
    assert ax.xaxis.label.get_window_extent().x1 <= fig.bbox.x1
    assert min(label.get_size() for label in ax.get_yticklabels()) >= SMALL


def test_fewer_features_than_asked_for_are_drawn_as_they_are():
    _, ax = plt.subplots()
    explanations.draw_importance(importance(2), ax)
    assert len(ax.get_yticklabels()) == 2


def test_agreement_is_a_strip_per_network_and_empty_maps_are_counted():
    rng = np.random.default_rng(0)
    tables = {
        name: pd.DataFrame({"rank_correlation": rng.uniform(-0.4, 0.9, 9), "ssim": 0.5})
        for name in NETWORKS
    }
    tables["OR_DenseNet121"].iloc[:3] = np.nan
    _, ax = plt.subplots()
    assert explanations.draw_sanity(tables, ax) is ax
    for strip, (name, table) in zip(ax.collections, tables.items(), strict=True):
        drawn = table["rank_correlation"].dropna()
        np.testing.assert_allclose(strip.get_offsets()[:, 1], drawn)
        assert tuple(strip.get_facecolor()[0][:3]) == to_rgba(model_styles([name])[name][0])[:3]
    medians = [line.get_ydata()[0] for line in ax.lines[:2]]
    np.testing.assert_allclose(medians, [t["rank_correlation"].median() for t in tables.values()])
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert labels == ["SR\nResNet101\n9 of 9", "OR\nDenseNet121\n6 of 9"]
    assert ax.get_ylim()[0] < min(t["rank_correlation"].min() for t in tables.values())
    _, other = plt.subplots()
    explanations.draw_sanity(tables, other, measure="ssim")
    assert other.get_ylabel().startswith("Structural similarity")


def test_a_network_without_any_map_leaves_its_place_empty():
    empty = pd.DataFrame({"rank_correlation": [np.nan], "ssim": [np.nan], "ratio": [np.nan]})
    fig, axes = plt.subplots(1, 2)
    for draw, ax in zip((explanations.draw_sanity, explanations.draw_energy), axes, strict=True):
        draw({"mine": empty}, ax)
        assert ax.get_xticklabels()[0].get_text() == "mine\n0 of 1"
    fig.canvas.draw()


def test_energy_is_drawn_against_a_flat_map():
    tables = {name: pd.DataFrame({"ratio": [0.5, 1.0, 2.0]}) for name in NETWORKS}
    fig, ax = plt.subplots(figsize=(3.6, 3))
    assert explanations.draw_energy(tables, ax) is ax
    assert ax.lines[-1].get_ydata() == [1, 1]
    assert ax.get_ylim()[0] == 0
    fig.canvas.draw()
    first, second = (label.get_window_extent() for label in ax.get_xticklabels())
    assert not first.overlaps(second)


# --- whole figures -----------------------------------------------------------------------------


def test_figure_of_maps_has_a_row_per_network_and_the_outcomes_that_come_in():
    outcomes = ("right", "wrong")
    examples = {
        name: {outcome: example(f"{name}{outcome}", 0.5) for outcome in outcomes}
        for name in ("a", "b", "c")
    }
    fig = explanations.explanations_figure(examples, thresholds=dict.fromkeys("abc", 0.5))
    panels = np.reshape(fig.axes[:6], (3, 2))
    assert [texts(ax) for ax in panels[0]] == [["Right"], ["Wrong"]]
    assert panels[2, 1].get_title() == "cwrong, p = 0.50"
    assert fig.get_size_inches() == pytest.approx([7.2, 6.15])


def test_figure_of_importance_has_a_panel_per_model_in_its_colour():
    tables = {"OR_SVM": importance(3), "SR_SVM": importance(4), "score": importance(5)}
    fig = explanations.importance_figure(tables, level=0.8)
    assert [ax.get_title() for ax in fig.axes] == list(tables)
    assert [len(ax.get_yticklabels()) for ax in fig.axes] == [3, 4, 5]
    assert {ax.get_xlabel() for ax in fig.axes} == {"Fall of the AUC\n(80% CI)"}
    styles = model_styles(tables)
    for ax, (colour, _) in zip(fig.axes, styles.values(), strict=True):
        assert ax.containers[0][0].get_color() == colour
    assert fig.get_size_inches().tolist() == [7.2, 4.0]


def test_figure_of_sanity_has_both_controls():
    table = pd.DataFrame({"rank_correlation": [0.1, 0.2], "ssim": 0.5, "ratio": [1.5, 2.0]})
    fig = explanations.sanity_figure({name: table for name in NETWORKS})
    left, right = fig.axes
    assert left.get_ylabel().startswith("Rank correlation")
    assert right.get_ylabel().startswith("Evidence inside")
    assert [texts(ax)[-1] for ax in fig.axes] == ["A", "B"]
    assert fig.get_size_inches().tolist() == [7.2, 3.0]


@pytest.mark.parametrize("n", [4, 6])
def test_names_of_networks_have_room_however_many_there_are(n):
    table = pd.DataFrame({"rank_correlation": [0.1, 0.2], "ssim": 0.5, "ratio": [1.5, 2.0]})
    names = [f"{images}_DenseNet{i}" for i in range(121, 121 + n // 2) for images in ("OR", "SR")]
    fig = explanations.sanity_figure({name: table for name in names})
    fig.draw_without_rendering()
    for ax in fig.axes:
        boxes = [label.get_window_extent() for label in ax.get_xticklabels()]
        assert all(a.x1 < b.x0 for a, b in zip(boxes, boxes[1:], strict=False))
