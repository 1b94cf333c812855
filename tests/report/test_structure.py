"""Numbers, captions and order of floats: the same from Quarto and from pandoc."""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.report.conftest import figure_output, table_output
from thyro.report import render

REPORT = Path(__file__).parents[2] / "report"
MANUSCRIPT = """---
toc-title: Contents
---

# Results

See @fig-roc, @tbl-two and @supptbl-one.

::: {#fig-flow fig-alt="Flow."}
{{< embed notebooks/06_statistics.ipynb#flow >}}

Flow of patients.
:::

::: {#tbl-two}
{{< embed notebooks/06_statistics.ipynb#two >}}

Performance of *all* models.
:::

::: {#fig-roc fig-alt="Curves."}
{{< embed notebooks/06_statistics.ipynb#roc >}}

Curves, as in @fig-flow.
:::

# Supplement

::: {#supptbl-one}
{{< embed notebooks/06_statistics.ipynb#two >}}

The same, once more.
:::

::: {#suppfig-last fig-alt="Curves."}
{{< embed notebooks/06_statistics.ipynb#roc >}}

The last.
:::
"""
FLOATS = [
    ("fig-flow", "Figure 1. Flow of patients."),
    ("tbl-two", "Table 1. Performance of all models."),
    ("fig-roc", "Figure 2. Curves, as in Figure 1."),
    ("supptbl-one", "Supplementary Table 1. The same, once more."),
    ("suppfig-last", "Supplementary Figure 1. The last."),
]
REFERENCES = ["Figure 2", "Table 1", "Supplementary Table 1"]


class Structure(HTMLParser):
    """Identifiers and captions of floats in order, and the text of paragraphs."""

    def __init__(self, page):
        super().__init__()
        self.floats, self.text, self._open, self._caption = [], [], "", None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        identifier = dict(attrs).get("id") or ""
        if re.fullmatch(r"(fig|tbl|suppfig|supptbl)-[a-z]+", identifier):
            self._open = identifier
        if tag == "figcaption" and self._caption is None:
            self._caption = []

    def handle_endtag(self, tag):
        if tag == "figcaption" and self._caption is not None:
            self.floats.append((self._open, " ".join("".join(self._caption).split())))
            self._caption = None

    def handle_data(self, data):
        self.text.append(data)
        if self._caption is not None:
            self._caption.append(data)


@pytest.mark.parametrize("renderer", ["pandoc", "quarto"])
def test_both_renderers_number_and_order_floats_alike(tmp_path, monkeypatch, renderer):
    if renderer == "quarto" and not shutil.which("quarto"):
        pytest.skip("quarto is not installed; pandoc is held against the same list")
    monkeypatch.setattr(render, "OUTPUTS", {"html": "index.html"})
    report = tmp_path / "report"
    shutil.copytree(REPORT, report, ignore=shutil.ignore_patterns("*.qmd"))
    (report / "index.qmd").write_text(MANUSCRIPT)
    study = tmp_path / "study"
    (study / "notebooks").mkdir(parents=True)
    shown = {"flow": figure_output("flow", 5, 4), "two": table_output("table_2", 18)}
    shown["roc"] = figure_output("roc", 7, 6)
    cells = [new_code_cell(f"#| label: {name}", outputs=[out]) for name, out in shown.items()]
    nbformat.write(new_notebook(cells=cells), study / "notebooks/06_statistics.ipynb")
    variables = {
        "study": {"title": "A study"},
        "origin": {"simulated": True, "label": "Simulated data"},
    }
    folder = render.stage(study, report, variables, tables={}, renderer=renderer)
    render.render(folder, tmp_path / "out")
    page = (tmp_path / "out/index.html").read_text(encoding="utf-8")
    found = Structure(page)
    assert found.floats == FLOATS
    assert f"See {', '.join(REFERENCES[:2])} and {REFERENCES[2]}." in " ".join(
        "".join(found.text).split()
    )
    assert not re.findall(r"""(?:src|href)=["']https?:(?!//doi\.org/)""", page)
