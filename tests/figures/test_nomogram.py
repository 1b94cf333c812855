"""The nomogram on the paper: where its axes lie, and that no two texts overlap."""

from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from scipy.special import logit

from thyro.clinical import logistic
from thyro.figures import nomogram as nomogram_figures
from thyro.nomogram.axes import Nomogram

PAGE = 183 / 25.4  # inches


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def axis(term, kind, *ticks):
    return SimpleNamespace(term=term, kind=kind, ticks=ticks)


def crowded():
    """A nomogram with the longest level names of Li et al. 2024, close together."""
    axes = (
        axis("signature", "continuous", *((v / 10, 10 * v) for v in range(11))),
        axis("age", "continuous", *((v, 52 * (80 - v) / 60) for v in range(20, 81, 5))),
        axis("multifocality", "categorical", ("No", 0), ("Yes", 2.1)),
        axis(
            "margin",
            "categorical",
            ("Smooth or ill defined", 0),
            ("Irregular or lobulated", 9),
            ("Extrathyroidal extension", 11),
        ),
        axis(
            "calcification",
            "categorical",
            ("No", 0),
            ("Stubby", 3),
            ("Peripheral", 6.5),
            ("Micro", 4),
            ("Stubby and micro", 12),
            ("Peripheral and micro", 13),
        ),
        axis(
            "surgery", "categorical", *((f"Unilateral lobe and isthmus {k}", k) for k in range(8))
        ),
    )
    risks = [0.01, 0.05, *np.arange(1, 10) / 10, 0.95, 0.99]
    return SimpleNamespace(
        axes=axes,
        total_range=(0, 232.5),
        risk_ticks=lambda: [(risk, 110 + 18 * float(logit(risk))) for risk in risks],
    )


def drawn(nomogram, **keywords):
    size = (PAGE, nomogram_figures.nomogram_height(nomogram, PAGE))
    fig, ax = plt.subplots(figsize=size, layout="constrained")
    assert nomogram_figures.draw_nomogram(nomogram, ax, **keywords) is ax
    fig.draw_without_rendering()
    return fig, ax


def texts(ax):
    return [text for text in ax.texts if text.get_text()]


def test_no_text_of_a_crowded_nomogram_overlaps_or_is_cut():
    names = {"margin": "Margin of the nodule at its largest section"}
    fig, ax = drawn(crowded(), labels=names, outcome="cervical lymph-node metastasis")
    boxes = {text.get_text() + str(i): text.get_window_extent() for i, text in enumerate(texts(ax))}
    for (a, box), (b, other) in combinations(boxes.items(), 2):
        apart = box.x1 <= other.x0 or other.x1 <= box.x0 or box.y1 <= other.y0 or other.y1 <= box.y0
        assert apart, (a, b)
    for name, box in boxes.items():
        assert box.x0 >= 0 and box.x1 <= fig.bbox.x1 and box.y0 >= 0, name
    assert min(text.get_fontsize() for text in texts(ax)) >= 6


def test_every_level_is_written_and_tied_to_its_tick():
    nomogram = crowded()
    _, ax = drawn(nomogram)
    written = [" ".join(text.get_text().split()) for text in texts(ax)]
    ticks = {line.get_xdata()[0] for line in ax.lines}
    for term in nomogram.axes[2:]:
        for level, points in term.ticks:
            assert level in written
            assert points in ticks


def test_axes_lie_where_the_nomogram_of_a_fit_says():
    rng = np.random.default_rng(8)
    n = 300
    frame = pd.DataFrame(
        {
            "age": rng.normal(43, 11, n).round(),
            "margin": pd.Categorical.from_codes(rng.integers(0, 3, n), ["a", "b", "c"]),
        }
    )
    risk = 1 / (1 + np.exp(0.08 * (frame["age"] - 43) - 0.9 * frame["margin"].cat.codes + 1))
    fit = logistic.fit_logistic(frame, (rng.random(n) < risk).astype(int), ["age", "margin"])
    nomogram = Nomogram.from_fit(fit)
    _, ax = drawn(nomogram, labels={"age": "Age (years)"}, outcome="metastasis", title="Nomogram_C")
    bold = [text.get_text() for text in texts(ax) if text.get_weight() == "bold"]
    assert bold == ["Points", "Total points", "Risk of metastasis"]
    assert "Age (years)" in [text.get_text() for text in texts(ax)]
    assert ax.get_title(loc="left") == "Nomogram_C"
    oldest, points = nomogram.axis("age").ticks[-1]
    label = next(text for text in texts(ax) if text.get_text() == f"{oldest:g}")
    assert label.get_position()[0] == pytest.approx(points)
    # Risk shares the scale of the total points, stretched to the width of 100 points.
    spans = {line.get_xdata()[0] for line in ax.lines}
    for _, total in nomogram.risk_ticks():
        assert any(abs(x - 100 * total / nomogram.total_range[1]) < 1e-9 for x in spans)


def test_a_nomogram_without_round_risks_is_still_drawn():
    flat = SimpleNamespace(
        axes=(axis("age", "continuous", (20, 0), (80, 100)),),
        total_range=(0, 100),
        risk_ticks=lambda: [],
    )
    _, ax = drawn(flat, outcome="metastasis")
    assert "Risk of metastasis" in [text.get_text() for text in texts(ax)]


def test_a_folded_axis_has_its_falling_part_above():
    axes = (
        axis("signature", "continuous", *((v / 10, 10 * v) for v in range(11))),
        axis("age", "continuous", *((20 + 10 * k, x) for k, x in enumerate([40, 20, 0, 15, 30]))),
    )
    folded = SimpleNamespace(axes=axes, total_range=(0, 140), risk_ticks=lambda: [(0.5, 70.0)])
    _, ax = drawn(folded)
    height = {
        t.get_text(): t.get_position()[1] for t in texts(ax) if t.get_text() in "30 60".split()
    }
    names = {t.get_text(): t.get_position()[1] for t in texts(ax)}
    assert height["30"] < names["age"] < height["60"]  # the vertical axis counts downwards


def test_figure_has_a_nomogram_below_the_other_each_as_high_as_it_needs():
    small = crowded()
    small.axes = small.axes[:2]
    shown = {"Nomogram_A": crowded(), "Nomogram_C": small}
    fig = nomogram_figures.nomograms_figure(shown, labels={"age": "Age (years)"}, outcome="N1")
    titles = [ax.get_title(loc="left") for ax in fig.axes]
    assert titles == list(shown)
    heights = [nomogram_figures.nomogram_height(nomogram) for nomogram in shown.values()]
    assert fig.get_size_inches() == pytest.approx([7.2, sum(heights) + 2 / 3])
    assert fig.axes[0].get_gridspec().get_height_ratios() == heights
    for ax in fig.axes:
        words = [text.get_text() for text in ax.texts]
        assert "Age (years)" in words and "Risk of N1" in words


def test_a_patient_is_marked_on_every_axis_and_on_the_scales_below():
    axes = (
        axis("age", "continuous", (20, 0), (80, 100)),
        axis("margin", "categorical", ("Smooth", 0), ("Rough", 60)),
    )
    drawn = SimpleNamespace(axes=axes, total_range=(0.0, 160.0), risk_ticks=lambda: [(0.5, 80.0)])
    fig, ax = plt.subplots(figsize=(PAGE, nomogram_figures.nomogram_height(drawn)))
    nomogram_figures.draw_nomogram(drawn, ax, marked={"age": 30.0, "margin": 60.0})
    (dots,) = [line for line in ax.lines if line.get_marker() == "o"]
    assert dots.get_xdata() == pytest.approx([30, 60, 56.25, 56.25])  # 90 of 160 points
    assert list(dots.get_ydata()) == sorted(dots.get_ydata())
