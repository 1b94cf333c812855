import re

import nbformat
import pypandoc
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from thyro.report.notebook_pages import notebook_pages, read_pages
from thyro.report.passports import Passport

HOSTILE = "<script>alert(1)</script>"
FRAME = (
    "<table><thead><tr><th onclick=x>B</th></tr></thead><tbody><tr><th>0</th></tr></tbody></table>"
)
PASSPORT = Passport("06_x", {"level": 0.95}, {"a.parquet": "ab" * 32}, (), ("35e0a91",), 3.0)


def shown(**data):
    return new_output("display_data", data={key.replace("_", "/"): v for key, v in data.items()})


def page(*cells):
    notebook = new_notebook(cells=list(cells))
    return notebook_pages({"06_x": notebook}, {"06_x": PASSPORT}, "body {}")["06_x"]


def test_every_cell_has_an_anchor_by_its_label_or_its_number():
    text = page(new_code_cell("#| label: roc\nshow()"), new_code_cell("1 + 1"))
    assert 'id="cell-roc"' in text and 'id="cell-2"' in text
    assert "#| label: roc\nshow()" in text and 'href="../index.html"' in text


def test_the_passport_stands_above():
    text = page(new_code_cell("1"))
    assert "level = 0.95" in text and "35e0a91" in text and "abababababab" in text


def test_every_kind_of_output_is_shown():
    outputs = [
        new_output("stream", name="stdout", text="said <here>"),
        new_output("error", ename="ValueError", evalue="no <b>"),
        shown(text_markdown="| A |\n|--:|\n| 1 |\n", text_plain="<Markdown>"),
        shown(text_html=FRAME, text_plain="frame"),
        shown(text_plain="only <text>"),
        shown(image_png="iVBORw0\nKGgo=", text_plain="<Figure>"),
        shown(image_jpeg="/9j/4AAQ", text_plain="<Image>"),
    ]
    text = page(new_code_cell("show()", outputs=outputs), new_markdown_cell("A *word*"))
    for words in (
        "said &lt;here&gt;",
        "ValueError: no &lt;b&gt;",
        '<table><thead><tr><th scope="col">B</th></tr></thead><tbody><tr><th scope="row">0</th>',
        "only &lt;text&gt;",
        'src="data:image/png;base64,iVBORw0KGgo="',
        'src="data:image/jpeg;base64,/9j/4AAQ"',
        "A <em>word</em>",
    ):
        assert words in text
    assert '<th scope="col" style="text-align: right;">A</th>' in text
    assert re.search(r"<td[^>]*>1</td>", text) and "frame" not in text


def test_nothing_of_the_study_becomes_markup_and_nothing_is_loaded():
    outputs = [
        new_output("stream", name="stdout", text=HOSTILE),
        shown(text_markdown=f"| {HOSTILE} |\n|--|\n| {HOSTILE} |\n\n<img src=x onerror=y>"),
        shown(text_html=f"<p>{HOSTILE}</p><img src='https://example.org/a.png' onerror='x'>"),
        shown(text_plain=HOSTILE),
        shown(image_png='x"><script>'),
    ]
    text = page(new_code_cell(HOSTILE, outputs=outputs), new_markdown_cell(f"{HOSTILE} ![](x.png)"))
    assert not re.search(r"<script|<[^>]+onerror", text)
    assert "example.org" not in text and "default-src 'none'" in text


def test_markdown_that_swallows_what_follows_is_refused(monkeypatch):
    monkeypatch.setattr(pypandoc, "convert_text", lambda text, *_, **__: f"<p>{text}</p>")
    with pytest.raises(ValueError, match="swallows"):
        page(new_markdown_cell("one"), new_markdown_cell("two"))


def test_the_executed_notebooks_of_a_study_are_read(tmp_path):
    (tmp_path / "notebooks").mkdir()
    nbformat.write(new_notebook(cells=[new_code_cell("1")]), tmp_path / "notebooks/06_x.ipynb")
    assert list(read_pages(tmp_path, {"06_x": PASSPORT}, "")) == ["06_x"]
