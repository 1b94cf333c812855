"""Flow chart, process and networks: what the boxes say, and that it fits into them."""

from itertools import combinations
from pathlib import Path

import pytest
from matplotlib import pyplot as plt

from thyro import diagrams

PAGE = 183 / 25.4  # inches
STEPS = [
    {"label": "Assessed", "n": 600},
    {"label": "Excluded: poor image quality", "n": 20, "excluded": True},
    {
        "label": "Excluded: co-morbidity that alters cervical lymph nodes, thyroiditis excepted",
        "n": 14,
        "excluded": True,
    },
    {"label": "Eligible", "n": 566},
    {"label": "Excluded: duplicates", "n": 22, "excluded": True},
    {"label": "Included", "n": 544},
    {"label": "Training cohort", "n": 380, "events": 121, "split": True},
    {"label": "Test cohort", "n": 164, "events": 41, "split": True},
]


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def drawn(draw, height, width=PAGE):
    fig, ax = plt.subplots(figsize=(width, height), layout="constrained")
    assert draw(ax) is ax
    fig.draw_without_rendering()
    return fig, ax


def written(ax):
    return [" ".join(text.get_text().split()) for text in ax.texts if text.get_text()]


def assert_readable(fig, ax):
    """Each text inside the figure, no two on top of each other, none below six points."""
    shown = [text for text in ax.texts if text.get_text()]
    boxes = [text.get_window_extent() for text in shown]
    for (text, a), (other, b) in combinations(zip(shown, boxes, strict=True), 2):
        assert not a.overlaps(b), (text.get_text(), other.get_text())
    for text, box in zip(shown, boxes, strict=True):
        assert fig.bbox.x0 <= box.x0 and box.x1 <= fig.bbox.x1, text.get_text()
        assert fig.bbox.y0 <= box.y0 and box.y1 <= fig.bbox.y1, text.get_text()
        assert text.get_fontsize() >= 6


def test_flow_counts_every_box():
    fig, ax = drawn(
        lambda ax: diagrams.draw_flow(STEPS, ax, event_name="Metastasis"),
        diagrams.flow_height(STEPS, PAGE),
    )
    assert written(ax) == [
        "Assessed n = 600",
        "Eligible n = 566",
        "Included n = 544",
        "Excluded (n = 34) Poor image quality (n = 20) Co-morbidity that alters cervical lymph "
        "nodes, thyroiditis excepted (n = 14)",
        "Excluded (n = 22) Duplicates (n = 22)",
        "Training cohort n = 380 Metastasis: 121 (31.8%)",
        "Test cohort n = 164 Metastasis: 41 (25.0%)",
    ]
    assert_readable(fig, ax)


@pytest.mark.parametrize("width", [89 / 25.4, PAGE])
def test_flow_keeps_its_text_inside_the_boxes(width):
    fig, ax = drawn(
        lambda ax: diagrams.draw_flow(STEPS, ax, event_name="Cervical lymph-node metastasis"),
        diagrams.flow_height(STEPS, width),
        width,
    )
    texts = [text for text in ax.texts if text.get_text()]
    for text, patch in zip(texts, ax.patches, strict=True):
        inner, outer = text.get_window_extent(), patch.get_window_extent()
        assert outer.x0 <= inner.x0 and inner.x1 <= outer.x1, text.get_text()
        assert outer.y0 <= inner.y0 and inner.y1 <= outer.y1, text.get_text()


def test_flow_without_exclusions_or_events_is_a_column():
    steps = [{"label": "Simulated", "n": 60}, {"label": "Training", "n": 60, "split": True}]
    _, ax = drawn(lambda ax: diagrams.draw_flow(steps, ax), 1.5)
    assert written(ax) == ["Simulated n = 60", "Training n = 60"]


@pytest.mark.parametrize(
    ("place", "n", "message"),
    [
        (3, 567, "'Eligible' should hold 566 patients"),
        (7, 163, r"cohorts \[380, 163\] do not add up to 544"),
    ],
)
def test_flow_refuses_counts_that_do_not_add_up(place, n, message):
    wrong = [dict(step) for step in STEPS]
    wrong[place]["n"] = n
    with pytest.raises(ValueError, match=message):
        diagrams.draw_flow(wrong, plt.subplots()[1])


def test_flow_cannot_begin_with_an_exclusion():
    with pytest.raises(ValueError, match="before any came in"):
        diagrams.draw_flow(STEPS[1:], plt.subplots()[1])


def test_every_box_of_the_process_names_a_module_that_exists():
    fig, ax = drawn(diagrams.draw_process, 3.6)
    modules = [text for text in written(ax) if text.startswith("thyro.")]
    assert len(modules) == sum(len(steps) for _, steps in diagrams.PROCESS)
    for module in modules:
        assert Path(module.replace(".", "/") + ".py").is_file(), module
    notebooks = [name for name, _ in diagrams.PROCESS]
    assert set(notebooks) <= set(written(ax))
    assert_readable(fig, ax)


def test_network_draws_one_box_per_layer():
    generator = [
        ("Convolution", "3x3"),
        *[("Residual block", "2 x 3x3")] * 6,
        ("Convolution", "5x5"),
    ]
    discriminator = [("Convolution", "3x3"), ("Pooling", "global"), ("Probability", "sigmoid")]
    fig, ax = drawn(lambda ax: diagrams.draw_network(generator, discriminator, ax), 3)
    assert len(ax.patches) == 11
    assert written(ax).count("Residual block 2 x 3x3") == 6
    assert "+ input" in written(ax)
    assert_readable(fig, ax)


def test_network_of_many_layers_counts_equal_neighbours():
    generator = [("Convolution", "3x3"), *[("Residual block", "2 x 3x3")] * 16]
    fig, ax = drawn(lambda ax: diagrams.draw_network(generator, generator[:2], ax, skip=False), 3)
    assert "Residual block × 16 2 x 3x3" in written(ax)
    assert len(ax.patches) == 4 and "+ input" not in written(ax)
    assert_readable(fig, ax)
