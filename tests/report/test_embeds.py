import base64
import io
import json

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from thyro.report import embeds

SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>'


def png(pixels, dpi=300):
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG", dpi=(dpi, dpi))
    return base64.b64encode(data.getvalue()).decode()


# a drawing of 600 x 300 pixels, two colours, and a photograph
DRAWING = np.full((300, 600, 3), 255, np.uint8)
DRAWING[100:110] = 0
PHOTOGRAPH = np.random.default_rng(1).integers(0, 255, (75, 150, 3), np.uint8)
PHOTOGRAPH = np.asarray(Image.fromarray(PHOTOGRAPH).resize((600, 300)))


def shown(**data):
    data = {kind.replace("_", "/").replace("/xml", "+xml"): value for kind, value in data.items()}
    return new_output("display_data", data=data)


def staged(folder, *outputs):
    """The staged notebook of one labelled cell."""
    cells = [new_code_cell("secret = 1"), new_code_cell("#| label: roc\nx", outputs=list(outputs))]
    nbformat.write(new_notebook(cells=cells), folder / "a.ipynb")
    embeds.stage_notebooks([folder / "a.ipynb"], folder / "made", folder / "cache")
    return embeds.read(folder / "made" / "notebooks" / "a.ipynb")


def test_a_staged_notebook_holds_labelled_cells_alone(tmp_path):
    stream = new_output("stream", text="working")
    notebook = staged(tmp_path, stream, shown(text_markdown="*m*", text_html="<b>m</b>"))
    assert list(embeds.labelled(notebook)) == ["roc"] and len(notebook["cells"]) == 1
    (output,) = embeds.labelled(notebook)["roc"]["outputs"]
    assert output["data"] == {"text/markdown": "*m*"}


def test_an_html_table_becomes_markdown(tmp_path):
    table = "<table><tr><th>Model</th></tr><tr><td>SR_SVM</td></tr></table>"
    notebook = staged(tmp_path, shown(text_html=table, text_plain="m"))
    (output,) = embeds.labelled(notebook)["roc"]["outputs"]
    assert "text/html" not in json.dumps(notebook)
    assert output["data"]["text/markdown"].splitlines()[0].split() == ["|", "Model", "|"]


def test_a_figure_has_its_size_in_css_pixels(tmp_path):
    output = shown(image_png=png(DRAWING), image_svg_xml=SVG)
    output.metadata["image/png"] = {"width": 300, "height": 150}  # of the notebook's screen
    notebook = staged(tmp_path, output)
    (output,) = embeds.labelled(notebook)["roc"]["outputs"]
    # 600 pixels at 300 per inch are two inches
    assert output["metadata"]["image/png"] == {"width": 192, "height": 96}


def test_an_image_without_a_resolution_is_as_wide_as_on_the_screen(tmp_path):
    data = io.BytesIO()
    Image.fromarray(DRAWING).save(data, "PNG")
    output = shown(image_png=base64.b64encode(data.getvalue()).decode())
    output.metadata["image/png"] = {"width": 400}
    (output,) = embeds.labelled(staged(tmp_path, output))["roc"]["outputs"]
    assert output["metadata"]["image/png"] == {"width": 400, "height": 200}


def test_a_drawing_is_a_png_of_few_colours_and_a_photograph_a_jpeg(tmp_path):
    notebook = staged(tmp_path, shown(image_png=png(DRAWING)), shown(image_png=png(PHOTOGRAPH)))
    drawing, photograph = embeds.labelled(notebook)["roc"]["outputs"]
    assert set(drawing["data"]) == {"image/png"} and set(photograph["data"]) == {"image/jpeg"}
    figures = tmp_path / "made" / "figures"
    with Image.open(figures / "a-roc-1.png") as image:
        assert (np.asarray(image.convert("RGB")) == DRAWING).all()
    with Image.open(figures / "a-roc-2.jpg") as image:
        assert image.size == (360, 180)  # no more than 180 pixels per inch


def test_vectors_are_for_those_who_take_them(tmp_path):
    staged(tmp_path, shown(image_png=png(DRAWING), image_svg_xml=SVG))
    folder = tmp_path / "made"
    file = {w: embeds.figure_file(folder, "a-roc-1", embeds.PNG, w) for w in ("typst", "docx")}
    assert file == {"typst": "a-roc-1.svg", "docx": "a-roc-1.png"}
    assert embeds.figure_file(folder, "a-roc-1", embeds.PNG, "html") == "a-roc-1.svg"
    (folder / "figures/a-roc-1.svg").write_text(SVG * 1000)
    assert embeds.figure_file(folder, "a-roc-1", embeds.PNG, "html") == "a-roc-1.png"


def test_notebooks_get_and_lose_their_vectors(tmp_path):
    staged(tmp_path, shown(image_png=png(DRAWING), image_svg_xml=SVG))
    folder = tmp_path / "made"

    def kinds():
        notebook = embeds.read(folder / "notebooks/a.ipynb")
        (output,) = embeds.labelled(notebook)["roc"]["outputs"]
        sizes = {tuple(size.values()) for size in output["metadata"].values()}
        assert sizes == {(192, 96)}
        return set(output["data"])

    embeds.use_vectors(folder, vectors=True)
    assert kinds() == {"image/png", "image/svg+xml"}
    embeds.use_vectors(folder, vectors=False)
    assert kinds() == {"image/png"}


def test_what_did_not_change_is_not_made_again(tmp_path, monkeypatch):
    output = shown(image_png=png(DRAWING))
    first = staged(tmp_path, output)
    (kept,) = (tmp_path / "cache").iterdir()
    monkeypatch.setattr(embeds, "_prepared", lambda notebook: pytest.fail("made again"))
    embeds.stage_notebooks([tmp_path / "a.ipynb"], tmp_path / "again", tmp_path / "cache")
    assert embeds.read(tmp_path / "again/notebooks/a.ipynb") == first
    monkeypatch.undo()
    nbformat.write(new_notebook(), tmp_path / "a.ipynb")
    embeds.stage_notebooks([tmp_path / "a.ipynb"], tmp_path / "third", tmp_path / "cache")
    (other,) = (tmp_path / "cache").iterdir()
    assert other != kept
