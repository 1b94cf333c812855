"""A picture that controls change, driven as a browser would: by the values of its widgets."""

import base64
import io

import ipywidgets as widgets
import numpy as np
import PIL.Image
import pytest
from matplotlib import pyplot as plt

from thyro.figures import live


def draw(number, name):
    if number < 0:
        raise ValueError("no picture <below> zero")
    fig, ax = plt.subplots(figsize=(2, 1))
    ax.plot([0, number])
    return live.View(fig, f"{name}: {number}", f"<p>{number}</p>")


def controls():
    return {"number": widgets.IntSlider(3, min=-5, max=9), "name": live.choice(["a", "b"], "Name")}


@pytest.fixture
def displayed(monkeypatch):
    """What goes to the notebook."""
    outputs = []
    monkeypatch.setattr(live, "display", lambda output, **_: outputs.append(output))
    return outputs


def parts(box):
    row, picture, below, _ = box.children
    return row.children, picture, below


def test_a_move_changes_picture_and_words(displayed):
    (number, name), picture, below = parts(live.live_figure(draw, controls()))
    first = picture.value
    assert "a: 3" in below.value and "<p>3</p>" in below.value
    number.value = 7
    assert picture.value != first and "a: 7" in below.value
    name.value = "b"
    assert "b: 7" in below.value


def test_the_still_is_the_first_picture_and_hides_while_controls_live(displayed):
    box = live.live_figure(draw, controls())
    still, alive = displayed
    assert base64.b64decode(still["image/png"]) == parts(box)[1].value
    css_class = still["text/html"].split('class="')[1].split('"')[0]
    assert f".{css_class} {{ display: none }}" in box.children[3].value
    assert "a: 3" in still["text/html"] and still["text/plain"] == "a: 3"
    assert "application/vnd.jupyter.widget-view+json" in alive


def test_words_stand_in_for_a_picture_that_cannot_be_drawn(displayed):
    (number, _), picture, below = parts(live.live_figure(draw, controls()))
    number.value = -1
    assert picture.value == b"" and picture.layout.display == "none"
    assert "no picture &lt;below&gt; zero" in below.value
    number.value = 2
    assert picture.layout.display is None and "a: 2" in below.value


def test_what_cannot_be_drawn_first_is_refused(displayed):
    with pytest.raises(ValueError, match="no picture"):
        live.live_figure(draw, controls() | {"number": widgets.IntSlider(-1, min=-5)})
    assert not displayed


def test_the_origin_is_written_on_the_picture(displayed):
    plain, labelled = (
        np.asarray(PIL.Image.open(io.BytesIO(parts(box)[1].value)).convert("RGB"))
        for box in (
            live.live_figure(draw, controls()),
            live.live_figure(draw, controls(), origin="Simulated data"),
        )
    )
    reddish = [int(((p[..., 0] > 140) & (p[..., 1] < 110)).sum()) for p in (plain, labelled)]
    assert reddish[1] > reddish[0]


def test_no_figure_is_left_open(displayed):
    before = plt.get_fignums()
    live.live_figure(draw, controls())
    assert plt.get_fignums() == before
