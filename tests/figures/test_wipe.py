"""The viewer, driven as a browser would: by the values of its widgets."""

import base64
import io
import time

import nbformat
import numpy as np
import papermill
import PIL.Image
import pytest
from nbconvert import HTMLExporter

from thyro.figures import wipe

SHAPE = (96, 128)
DARK, BRIGHT = np.full(SHAPE, 40, np.uint8), np.full(SHAPE, 200, np.uint8)
IMAGES = {"P1": (DARK, BRIGHT), "P2": (BRIGHT, DARK), "P3": (DARK, BRIGHT[:50])}


class Shown:
    """A viewer by the parts that a reader sees, and what it read."""

    def __init__(self, patients=("P1", "P2", "P3"), images=IMAGES, **options):
        self.read_patients = []

        def read(patient):
            self.read_patients.append(patient)
            return images[patient]

        box = wipe.wipe_html(patients, read, **options)
        controls, self.picture, self.caption, self.style = box.children
        self.patient, self.line = controls.children

    @property
    def pixels(self):
        return np.asarray(PIL.Image.open(io.BytesIO(self.picture.value)))


@pytest.fixture
def displayed(monkeypatch):
    """What goes to the notebook."""
    outputs = []
    monkeypatch.setattr(wipe, "display", lambda output, **_: outputs.append(output))
    return outputs


@pytest.fixture
def shown(displayed):
    return Shown()


@pytest.mark.parametrize("percent", [0, 25, 50, 100])
def test_the_original_is_left_of_the_line(shown, percent):
    shown.line.value = percent
    row = shown.pixels[70]  # below the names
    cut, line = round(SHAPE[1] * percent / 100), 2
    assert shown.pixels.shape == SHAPE
    assert np.all(row[: max(0, cut - line)] == 40) and np.all(row[cut + line :] == 200)


def test_the_line_is_seen_on_white_and_on_black(shown):
    shown.line.value = 25
    assert shown.pixels[70, 29:35].tolist() == [40, 0, 255, 255, 0, 200]
    shown.line.value = 100  # nothing to separate
    assert set(shown.pixels[70]) == {40}


def test_names_stand_in_the_corners_of_their_image(displayed):
    shown = Shown(set_names=("OR", "BC"))
    shown.line.value = 100
    left, right = shown.pixels[:20, :64], shown.pixels[:20, 64:]
    assert left.min() == 0 and left.max() > 200 and set(right.ravel()) == {40}
    shown.line.value = 0
    left, right = shown.pixels[:20, :64], shown.pixels[:20, 64:]
    assert set(left.ravel()) == {200} and right.min() == 0 and right.max() > 200
    assert IMAGES["P1"][0].max() == 40  # written on a copy


def test_a_larger_enhanced_image_enlarges_the_original_by_repeating_pixels(displayed):
    original = np.arange(96 * 128, dtype=np.uint16).reshape(SHAPE).astype(np.uint8)
    shown = Shown(["P"], {"P": (original, np.zeros((288, 384), np.uint8))})
    shown.line.value = 100
    assert shown.pixels.shape == (288, 384)
    assert shown.pixels[100:].tolist() == np.kron(original, np.ones((3, 3)))[100:].tolist()


def test_images_are_read_when_their_patient_is_chosen(displayed):
    shown = Shown(start="P2")
    assert shown.read_patients == ["P2"]
    shown.line.value = 10
    assert shown.read_patients == ["P2"]
    shown.patient.value = "P1"
    assert shown.read_patients == ["P2", "P1"]
    assert shown.pixels[70, 0] == 40 and "P1" in shown.caption.value
    assert shown.line.value == 10  # the next patient at the same place


@pytest.mark.parametrize(
    ("patient", "message"),
    [
        ("P3", "P3 cannot be shown. ValueError: P3, SR: image: expected 96 x 128 pixels"),
        ("<b>", "&lt;b&gt; cannot be shown. KeyError: "),  # the reader does not know it
    ],
)
def test_a_patient_that_cannot_be_shown_leaves_no_other_picture(displayed, patient, message):
    shown = Shown(["P1", "P3", "<b>"])
    shown.patient.value = patient
    assert shown.picture.value == b"" and shown.picture.layout.display == "none"
    assert message in shown.caption.value and "<b>" not in shown.caption.value
    shown.line.value = 60  # harmless
    assert shown.picture.value == b""
    shown.patient.value = "P1"
    assert shown.pixels.shape == SHAPE and shown.picture.layout.display is None
    assert "cannot be shown" not in shown.caption.value


def test_a_move_is_quick(displayed):
    grain = np.random.default_rng(0).integers(0, 256, (384, 512)).astype(np.uint8)
    shown = Shown(["P"], {"P": (grain, grain)})
    start = time.perf_counter()
    for shown.line.value in range(40, 60):
        pass
    assert (time.perf_counter() - start) / 20 < 0.1  # 0.01 s where nothing else runs


@pytest.mark.parametrize(
    ("patients", "images", "options", "message"),
    [
        ([], {}, {}, "at least one patient"),
        (["P1"], IMAGES, {"start": "P9"}, "'P9' is none of the 1 patients"),
        (["P3"], IMAGES, {}, "P3, SR: image: expected 96 x 128"),
        (["P"], {"P": (DARK, BRIGHT / 1)}, {}, "P, SR: expected grey values .* got float64"),
    ],
)
def test_what_cannot_be_shown_first_is_refused(displayed, patients, images, options, message):
    with pytest.raises(ValueError, match=message):
        Shown(patients, images, **options)
    assert not displayed


def test_the_still_has_the_images_in_two_halves_that_fit_over_each_other(displayed):
    Shown()
    data = base64.b64decode(displayed[0]["image/png"])
    pixels = np.asarray(PIL.Image.open(io.BytesIO(data)))
    assert pixels.shape == (SHAPE[0], 2 * SHAPE[1])
    row = pixels[70]  # below the names
    assert set(row[:127]) == {40} and set(row[127:129]) == {255} and set(row[129:]) == {200}


def test_names_of_patients_are_text_and_no_markup(displayed):
    shown = Shown(["<b>1"], {"<b>1": (DARK, BRIGHT)})
    still = displayed[0]["text/html"]
    assert "&lt;b&gt;1: OR left, SR right" in still and "<b>" not in still
    assert "<b>" not in shown.caption.value


def test_a_live_viewer_hides_its_still_and_no_other(displayed):
    first, second = Shown(), Shown()
    stills = [displayed[0]["text/html"], displayed[2]["text/html"]]
    for shown, still in zip((first, second), stills, strict=True):
        (css_class,) = [word for word in still.split('"') if word.startswith("thyro-still")]
        assert f".{css_class} {{ display: none }}" in shown.style.value
    assert first.style.value != second.style.value


def test_an_executed_notebook_and_its_html_show_the_still(tmp_path):
    source = (
        "import numpy as np\nfrom thyro.figures import wipe as viewer\n"
        "image = np.full((96, 128), 40, np.uint8)\n"
        "viewer.wipe_html(['P1'], lambda patient: (image, image));"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    nbformat.write(notebook, tmp_path / "in.ipynb")
    papermill.execute_notebook(
        tmp_path / "in.ipynb", tmp_path / "out.ipynb", kernel_name="python3", progress_bar=False
    )
    executed = nbformat.read(tmp_path / "out.ipynb", 4)
    still, live = executed.cells[0].outputs  # no stream: no warning
    assert "<img alt=" in still["data"]["text/html"]
    assert live["data"]["text/plain"] == "In a running notebook a slider stands here."
    assert "application/vnd.jupyter.widget-view+json" in live["data"]
    page, _ = HTMLExporter().from_notebook_node(executed)
    assert 'alt="P1: OR left, SR right"' in page and "data:image/png;base64," in page
