"""A page for each patient, as a PDF whose text can be read."""

import numpy as np
import pytest
from PIL import Image

from thyro.frozen import inputs, page
from thyro.frozen.measuring import Seen
from thyro.frozen.prediction import predict


@pytest.fixture(scope="module")
def seen():
    rng = np.random.default_rng(0)
    image = rng.integers(20, 200, (60, 80)).astype(np.uint8)
    mask = np.zeros(image.shape, bool)
    mask[20:40, 30:60] = True
    return Seen(image // 2, image, mask, mask, (0.1, 0.1), ())


def test_every_patient_has_a_page(clinical_only, seen, tmp_path):
    words = {"one": ["age=40", "margin=Smooth"], "two": ["age=130", "margin=Irregular"]}
    rows = {name: inputs.from_words(clinical_only, said, name) for name, said in words.items()}
    found = [predict(clinical_only, inputs.as_frame(clinical_only, row)) for row in rows.values()]
    file = tmp_path / "x.pdf"
    page.write(file, clinical_only, [one[0] for one in found], {"one": seen})
    data = file.read_bytes()
    assert data.startswith(b"%PDF") and b"/Type/Pages/Count 2" in data


def test_the_page_says_what_the_terminal_says(clinical_only, seen, tmp_path):
    words = ["age=130", "margin=Smooth"]
    frame = inputs.as_frame(clinical_only, inputs.from_words(clinical_only, words, "next"))
    one = predict(clinical_only, frame)[0]
    made = page._page(clinical_only, one, page._pictures(tmp_path, "0", seen))
    assert made["use"] == page.RESEARCH_ONLY and "Simulated data" in made["origin"]
    assert made["rows"][0][0] == "Age" and made["warnings"] == one.warnings
    assert [one["title"] for one in made["pictures"]] == [
        "As it came",
        "Super-resolved, as it was measured",
    ]
    assert all((tmp_path / one["file"]).is_file() for one in made["pictures"])
    assert page._pictures(tmp_path, "0", None) == []


def test_pictures_are_written_under_names_that_any_system_takes(seen, tmp_path):
    files = page.write_pictures(tmp_path / "new", {"P 1/2": seen})
    assert [file.name for file in files] == ["P_1_2_0.png", "P_1_2_1.png"]
    picture = np.asarray(Image.open(files[0]))
    assert (picture == page.OUTLINE).all(axis=-1).sum() > 100
