import json

import pypandoc
import pytest

from thyro.report import crossref

CONFIG = {
    "custom": [
        {"key": "suppfig", "reference-prefix": "Supplementary Figure"},
        {"key": "supptbl", "reference-prefix": "Supplementary Table", "caption-location": "top"},
    ]
}
KINDS = crossref.kinds(CONFIG)
TEXT = """
See @fig-b, @tbl-a, [@suppfig-c; @fig-a] and [@li2024].

::: {#fig-a fig-alt="A line"}
![](a.png){css-width="1200" css-height="600"}

First *figure*.
:::

::: {#suppfig-c}
![](c.png)

Supplementary, after @fig-a.
:::

::: {#tbl-a}
| Model  |   AUC |
|:-------|------:|
| SR_SVM | 0.878 |

A table.
:::

::: {#fig-b}
![](b.png){css-width="302.4" css-height="200"}

Second figure.
:::
"""


def read(text):
    return json.loads(pypandoc.convert_text(text, "json", "markdown-implicit_figures"))


def resolved(writer, text=TEXT):
    document = read(text)
    floats = crossref.find_floats(document, KINDS)
    document = json.dumps(crossref.resolve(document, floats, writer))
    return pypandoc.convert_text(document, writer, "json", extra_args=["--wrap=none"])


def test_each_kind_is_counted_apart_in_order_of_appearance():
    floats = crossref.find_floats(read(TEXT), KINDS)
    assert {name: item.title for name, item in floats.items()} == {
        "fig-a": "Figure 1",
        "suppfig-c": "Supplementary Figure 1",
        "tbl-a": "Table 1",
        "fig-b": "Figure 2",
    }


def test_a_label_given_twice_is_an_error():
    twice = "::: {#fig-a}\nx\n\ny\n:::\n\n" * 2
    with pytest.raises(ValueError, match="fig-a: the label is given to two floats"):
        crossref.find_floats(read(twice), KINDS)


def test_a_float_needs_content_and_caption():
    with pytest.raises(ValueError, match="fig-a: a float needs content and then a caption"):
        resolved("html", "::: {#fig-a}\n![](a.png)\n:::")


def test_unresolved_references_are_found():
    document = read("@fig-no and @li2024 and [@tbl-a; @someone1999].\n\n" + TEXT)
    floats = crossref.find_floats(document, KINDS)
    assert crossref.unresolved(document, floats, {"li2024"}) == ["fig-no", "someone1999"]


def test_references_become_links_and_citations_stay():
    text = resolved("html")
    assert '<a href="#fig-b" class="reference">Figure\u00a02</a>' in text
    assert '<a href="#suppfig-c" class="reference">Supplementary\u00a0Figure\u00a01</a>, ' in text
    assert '<span class="citation" data-cites="li2024">' in text


def test_html_figure_has_caption_below_width_and_alternative_text():
    text = resolved("html")
    assert '<figure id="fig-a" class="float float-figure">' in text
    assert '<img src="a.png" width="1800"' in text
    assert 'alt="Figure 1. A line"' in text
    assert text.index("a.png") < text.index(
        "<strong>Figure\u00a01.</strong> First <em>figure</em>."
    )


def test_html_table_has_caption_above_and_scrolls():
    text = resolved("html")
    assert text.index("<strong>Table\u00a01.</strong> A table.") < text.index("<table>")
    assert 'tabindex="0" role="group" aria-label="Table 1"' in text


def test_a_figure_without_a_description_is_described_by_its_caption():
    assert 'alt="Figure 2. Second figure."' in resolved("html")


def test_a_figure_that_shows_no_image_is_an_error():
    with pytest.raises(ValueError, match="fig-a: a figure was expected here, and none is shown"):
        resolved("html", "::: {#fig-a}\n| A |\n|:--|\n| x |\n\nCaption.\n:::")


def test_typst_figures_use_the_kinds_of_quarto_and_their_own_size():
    text = resolved("typst")
    assert 'kind: "quarto-float-suppfig", supplement: [Supplementary Figure]' in text
    assert "<tbl-a>" in text and "#link(<fig-b>)[Figure~2]" in text
    assert 'image("a.png", width: 12.5in' in text  # the template makes it as small as the page
    assert 'image("b.png", width: 3.15in' in text
    assert 'alt: "Figure 1. A line"' in text


def test_a_tall_figure_of_word_leaves_room_for_its_caption():
    tall = TEXT.replace('css-width="302.4" css-height="200"', 'css-width="600" css-height="1200"')
    floats = crossref.find_floats(read(tall), KINDS)
    made = json.dumps(crossref.resolve(read(tall), floats, "docx"))
    assert f'["width", "{100 * crossref.PAGE_HEIGHT_IN / 2 / crossref.PAGE_WIDTH_IN:.0f}%"]' in made


@pytest.mark.parametrize(("columns", "points"), [(5, 9), (8, 8), (10, 7), (15, 6.5)])
def test_wide_tables_of_word_are_set_smaller(columns, points):
    row = "|" + "0123456789|" * columns
    text = f"::: {{#tbl-a}}\n{row}\n{'|--' * columns}|\n{row}\n\nCaption.\n:::"
    made = json.dumps(crossref.resolve(read(text), crossref.find_floats(read(text), KINDS), "docx"))
    assert f'"Table {points:g} pt"' in made
    assert f"Table {points:g} pt" in crossref.TABLE_STYLES


LONG = "| A | B |\n|:--|:------------|\n| " + "word " * 11 + "| " + "long " * 11 + "|\n"
PROSE = "| A | B |\n|:--|:------------|\n| " + "word " * 30 + "| y |\n"


@pytest.mark.parametrize("writer", ["html", "typst"])
def test_column_widths_are_left_to_browser_and_typst(writer):
    assert "%" in pypandoc.convert_text(LONG, writer, "markdown")  # pandoc takes them from dashes
    assert "%" not in resolved(writer, f"::: {{#tbl-a}}\n{LONG}\nCaption.\n:::")


def test_column_widths_of_word_follow_the_text():
    document = read(f"::: {{#tbl-a}}\n{PROSE}\nCaption.\n:::")
    floats = crossref.find_floats(document, KINDS)
    blocks = crossref.resolve(document, floats, "docx")["blocks"][0]["c"][1]
    table = next(block for block in blocks if block["t"] == "Table")
    wide, narrow = (width["c"] for _, width in table["c"][2])
    assert wide > 5 * narrow  # "word word ..." against "B"
    assert wide + narrow == pytest.approx(1)
