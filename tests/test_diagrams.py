"""Process and networks: what the boxes say, and that it fits into them."""

from itertools import combinations
from pathlib import Path

import pytest
from matplotlib import pyplot as plt

from thyro import diagrams

PAGE = 183 / 25.4  # inches


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
