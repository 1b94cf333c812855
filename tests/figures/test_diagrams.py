"""Process and networks: what the boxes say, and that it fits into them."""

from functools import partial
from itertools import combinations
from pathlib import Path

import pytest
from matplotlib import pyplot as plt

from thyro.figures import diagrams
from thyro.study import Declared

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


def test_every_box_of_the_process_names_a_room_that_exists():
    process = diagrams.process_steps(Declared())
    fig, ax = drawn(partial(diagrams.draw_process, process), 3.8)
    modules = [text for text in written(ax) if text.startswith("thyro.")]
    assert len(modules) == sum(len(steps) for steps in process.values())
    for module in modules:
        assert Path(module.replace(".", "/")).is_dir(), module
    assert set(process) <= set(written(ax))
    assert_readable(fig, ax)


def test_the_process_names_what_the_registries_hold():
    fig = diagrams.process_figure(Declared())
    fig.draw_without_rendering()
    text = " ".join(written(fig.axes[0]))
    assert fig.get_size_inches().tolist() == [7.2, 3.9]
    assert "ResNet101, DenseNet121 and EfficientNetLite0 features" in text
    assert "SVM and KNN on radiomics, logistic regression on deep features" in text
    assert "Radiomics features, OR and SR" in text
    alone = diagrams.process_steps(Declared(image_sets=("or",), networks=()))
    assert "01_super_resolution" not in alone
    assert "SR" not in str(alone) and "deep" not in str(alone)
    assert "Original (OR) and enhanced (SR) images" in text


def test_lists_of_words_read_as_sentences_do():
    assert [diagrams._listed("ABC"[:n]) for n in (1, 2, 3)] == ["A", "A and B", "A, B and C"]


DISCRIMINATOR = [
    ("Convolution", "3x3, 1 to 16"),
    ("Pooling", "2x2 mean"),
    ("Convolution", "3x3, 16 to 32"),
    ("Pooling", "2x2 mean"),
    ("Convolution", "3x3, 32 to 64"),
    ("Pooling", "2x2 mean"),
    ("Pooling", "global"),
    ("Probability", "64 to 1, sigmoid"),
]


def generator(blocks, width=48):
    return [
        ("Space to depth", "4x4 pixels to 16 channels"),
        ("Convolution", f"3x3, 16 to {width}"),
        *[("Residual block", f"3x3 twice, {width}")] * blocks,
        ("Convolution", f"3x3, {width} to 16"),
        ("Depth to space", "16 channels to 4x4 pixels"),
    ]


@pytest.mark.parametrize(("blocks", "width"), [(4, 48), (8, 64), (16, 64)])
def test_network_names_every_layer_and_counts_equal_neighbours(blocks, width):
    layers = generator(blocks, width)
    fig, ax = drawn(lambda ax: diagrams.draw_network(layers, DISCRIMINATOR, ax), 2.2)
    text = written(ax)
    assert f"Residual block × {blocks} 3×3 twice, {width}" in text
    assert text.count("Pooling 2×2 mean") == 3 and "Convolution 3×3, 32 to 64" in text
    assert "Space to depth 4×4 pixels to 16 channels" in text
    assert text.count("+") == 2  # over the residual blocks, and over everything
    assert len(ax.patches) == 5 + 2 + len(DISCRIMINATOR)  # two more sheets of the stack
    assert_readable(fig, ax)


def test_text_of_a_layer_fits_into_its_box():
    fig, ax = drawn(lambda ax: diagrams.draw_network(generator(16), DISCRIMINATOR, ax), 2.2)
    boxes = [patch.get_window_extent() for patch in ax.patches]
    layers = [text for text in ax.texts if text.get_zorder() == 4]
    assert len(layers) == 5 + len(DISCRIMINATOR)
    for text in layers:
        extent = text.get_window_extent()
        assert any(
            box.x0 <= extent.x0
            and extent.x1 <= box.x1
            and box.y0 <= extent.y0 <= extent.y1 <= box.y1
            for box in boxes
        ), text.get_text()


def test_one_residual_block_is_no_stack():
    _, ax = drawn(lambda ax: diagrams.draw_network(generator(1), DISCRIMINATOR, ax), 2.4)
    assert "Residual block 3×3 twice, 48" in written(ax)
    assert len(ax.patches) == 5 + len(DISCRIMINATOR)
