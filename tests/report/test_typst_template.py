"""The template of the PDF, on a document in the form that Quarto 1.7 writes."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import typst

from tests.report.conftest import COLUMNS, VALUES

TEMPLATE = Path(__file__).parents[2] / "report" / "typst-template.typ"
PAGE_PT, MARGIN_PT = 595.3, 70.9  # width of A4, and 25 mm
WIDE = (
    "quality",
    "restored",
    "control",
    "table_2",
    "intervals",
    "calibrated",
    "kept",
    "audit_every",
)
DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="1098" height="1613"><path d="M0 0H9V9z"/></svg>'
)
FIGURE = """#figure([
#box(image("drawing.svg", height: 16.8in, width: 11.4375in))
], caption: figure.caption(
position: bottom,
[
Receiver operating characteristic curves.
]),
kind: "quarto-float-fig",
supplement: "Figure",
)
<fig-roc>

"""
TABLE = """#figure([
#table(
  columns: ({widths}),
  align: ({align},),
  table.header({header},),
  table.hline(),
{rows}
)

#emph[Simulated data.]

], caption: figure.caption(
position: top,
[
What the table shows.
]),
kind: "quarto-float-tbl",
supplement: "Table",
)
<tbl-{label}>

"""
DOCUMENT = """{template}
#set table(
  inset: 6pt,
  stroke: none
)
#show: doc => article(title: [A study], header: [Simulated data], simulated: true, doc)

= Results
{body}
"""


def escaped(text):
    return re.sub(r"([\\_*#$@<>~`=])", r"\\\1", text)


def table(header, rows, label):
    """A table as Quarto writes it: widths in percent, from the dashes of a Markdown table."""
    longest = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    widths = ", ".join(f"{100 * length / sum(longest):.2f}%" for length in longest)
    written = [", ".join(f"[{escaped(cell)}]" for cell in row) for row in [header, *rows]]
    align = ",".join(["left", *["right"] * (len(header) - 1)])
    body = "\n".join(f"  {row}," for row in written[1:])
    return TABLE.format(widths=widths, align=align, header=written[0], rows=body, label=label)


def pages(folder, body, template=None):
    """The pages of a document, as SVG."""
    text = DOCUMENT.format(template=template or TEMPLATE.read_text(encoding="utf-8"), body=body)
    (folder / "index.typ").write_text(text, encoding="utf-8")
    (folder / "drawing.svg").write_text(DRAWING)
    made = typst.compile(str(folder / "index.typ"), format="svg")
    return [ElementTree.fromstring(page) for page in (made if isinstance(made, list) else [made])]


def placed(element, x=0.0, y=0.0, scale=1.0):
    """Every run of letters as (left, start of its last letter, base line), every image as a box."""
    kind, _, numbers = element.get("transform", "").partition("(")
    move = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
    if kind == "translate":
        x, y = x + scale * move[0], y + scale * (move[1] if len(move) > 1 else 0)
    elif kind == "matrix":
        x, y, scale = x + scale * move[4], y + scale * move[5], scale * move[0]
    name = element.tag.rpartition("}")[2]
    letters = [child for child in element if child.tag.endswith("use")]
    if letters:
        starts = [x + scale * float(letter.get("x")) for letter in letters]
        yield "text", starts[0], starts[-1], y
    elif name == "image":
        yield "image", x, x + scale * float(element.get("width")), y
    for child in element:
        if name != "symbol":
            yield from placed(child, x, y, scale)


def overflowing(page):
    """Runs of letters and images that leave the text area, or lie on each other."""
    found = list(placed(page))
    runs = sorted((round(y), left, right) for kind, left, right, y in found if kind == "text")
    on_each_other = [
        (one, other)
        for one, other in zip(runs, runs[1:], strict=False)
        if one[0] == other[0] and one[2] + 1 > other[1]
    ]
    beyond = [
        item for item in found if item[1] < MARGIN_PT - 1 or item[2] > PAGE_PT - MARGIN_PT + 1
    ]
    return on_each_other + beyond


@pytest.fixture(scope="module")
def quarto_pages(tmp_path_factory):
    body = FIGURE + "".join(
        table(COLUMNS[kind].split("|"), [VALUES[kind]] * 20, kind.replace("_", "-"))
        for kind in WIDE
    )
    return pages(tmp_path_factory.mktemp("typst"), body)


def test_nothing_leaves_the_page_or_lies_on_its_neighbour(quarto_pages):
    assert sum(item[0] == "text" for page in quarto_pages for item in placed(page)) > 1000
    assert [overflowing(page) for page in quarto_pages] == [[] for _ in quarto_pages]


def test_the_check_finds_columns_that_collide(tmp_path):
    """Without the rule for tables the widths of Quarto stand, and nine columns do not fit."""
    template = TEMPLATE.read_text(encoding="utf-8")
    rule = next(line for line in template.splitlines() if "fit-table(it) }" in line)
    header, row = COLUMNS["calibrated"].split("|"), VALUES["calibrated"]
    found = pages(tmp_path, table(header, [row] * 3, "x"), template.replace(rule, ""))
    assert any(overflowing(page) for page in found)


def test_the_check_finds_an_image_that_leaves_the_page(tmp_path):
    template = TEMPLATE.read_text(encoding="utf-8").replace("show image: fit-image", "")
    assert any(overflowing(page) for page in pages(tmp_path, FIGURE, template))


@pytest.mark.parametrize(
    ("kind", "height", "n_pages"), [("regfig", 5.2, 2), ("suppfig", 5.2, 1), ("suppfig", 7, 2)]
)
def test_two_figures_of_the_supplement_fit_a_page_where_little_is_lost(
    tmp_path, kind, height, n_pages
):
    figure = FIGURE.replace("height: 16.8in, width: 11.4375in", f"height: {height}in, width: 5in")
    figure = figure.replace("quarto-float-fig", f"quarto-float-{kind}")
    assert len(pages(tmp_path, figure + figure.replace("fig-roc", "fig-two"))) == n_pages


@pytest.mark.parametrize("n_rows", range(50, 58))
def test_the_last_page_of_a_table_has_three_rows(tmp_path, n_rows):
    rows = [[f"Row {number}", "0.9"] for number in range(n_rows)]
    last = pages(tmp_path, table(["Name", "AUC"], rows, "x"))[-1]
    lines = {round(y) for kind, left, _, y in placed(last) if kind == "text" and left < 90}
    assert len(lines) >= 1 + 3 + 1  # the header again, rows, note
