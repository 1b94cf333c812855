import base64
import io
import re

import numpy as np
import pytest
from matplotlib import pyplot as plt
from PIL import Image

from thyro.figures import vector

# Grey levels that change slowly, with some noise
PHOTOGRAPH = np.add.outer(np.sin(np.arange(300) / 40), np.cos(np.arange(300) / 30))
PHOTOGRAPH += np.random.default_rng(1).normal(0, 0.05, PHOTOGRAPH.shape)


@pytest.fixture
def figure():
    fig, ax = plt.subplots(figsize=(3, 2))
    yield fig, ax
    plt.close(fig)


def images(text):
    found = re.findall(r'"data:image/(\w+);base64,([^"]*)"', text)
    return [(kind, Image.open(io.BytesIO(base64.b64decode(data)))) for kind, data in found]


def test_a_drawing_is_paths_and_the_same_every_time(figure):
    fig, ax = figure
    ax.plot([0, 1], [0, 1 / 3])
    ax.set_title("Title")
    text, size = vector.svg(fig)
    assert vector.svg(fig) == (text, size)
    assert "<text" not in text and "<image" not in text
    assert not re.findall(r"\.\d{3,}", "".join(re.findall(r' d="([^"]*)"', text)))
    # as matplotlib cuts it, at the resolution of the screen
    assert size["width"] == pytest.approx(3 * fig.dpi, rel=0.1)


def test_a_photograph_within_a_figure_is_jpeg_and_grey_stays_grey(figure):
    fig, ax = figure
    ax.imshow(PHOTOGRAPH, cmap="gray")
    ((kind, image),) = images(vector.svg(fig)[0])
    assert kind == "jpeg" and image.mode == "L"


def test_a_map_of_few_colours_stays_exact(figure):
    fig, ax = figure
    ax.imshow(np.eye(3), cmap="gray")
    ((kind, image),) = images(vector.svg(fig)[0])
    assert kind == "png" and set(np.unique(np.asarray(image.convert("L")))) == {0, 255}


def test_an_empty_or_enormous_figure_has_no_vectors(figure, monkeypatch):
    fig, ax = figure
    monkeypatch.setattr(vector, "LARGEST", 1000)
    assert vector.svg(fig) is None
    fig.clear()
    assert vector.svg(fig) is None


def test_the_size_is_read_in_inches():
    head = '<?xml version="1.0"?><svg xmlns="x" width="144pt" height="72.0pt" viewBox="0 0 9 9">'
    assert vector.size_in(head) == (2, 1)
    with pytest.raises(ValueError, match="no size in points"):
        vector.size_in('<svg width="10px">')
