import json

import nbformat
import pypandoc
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from thyro.report import embeds, shortcodes

# A 1 x 1 PNG.
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def context(folder, writer="html", **variables):
    metadata = {"title": "A title", "has": {"radiologist": True, "audit": False}}
    return shortcodes.Context(folder, variables, metadata, writer)


def expand(folder, text, **variables):
    (folder / "index.qmd").write_text(text, encoding="utf-8")
    lines = shortcodes.expand("index.qmd", context(folder, **variables))
    return "\n".join(line.text for line in lines)


def write_notebook(folder, *cells):
    """An executed notebook, staged."""
    notebook = new_notebook(cells=[new_code_cell(source, outputs=out) for source, out in cells])
    nbformat.write(notebook, folder / "a.ipynb")
    embeds.stage_notebooks([folder / "a.ipynb"], folder, folder / "cache")


def shown(**data):
    return new_output("display_data", data={name.replace("_", "/"): x for name, x in data.items()})


@pytest.mark.parametrize(
    "text",
    [
        r"a*b_c*d_ `e` ~f~ ^g^ $h$ [i](j) ![k](l) \m | n",
        "<script>alert('x')</script> &amp; @fig-roc #h",
        '{{< var a.b >}} "quoted" -- dash --- and ...',
        "1. not a list",
        "(a) not a list",
        "- not a list",
        "+ not a list",
        ": not a definition",
        "# not a heading",
        "::: not a div",
        "===",
        "0.878 (0.820–0.936), p < 0.001",
    ],
)
def test_escaped_text_is_printed_as_it_is(text):
    document = json.loads(pypandoc.convert_text(shortcodes.escape(text), "json", "markdown"))
    assert [block["t"] for block in document["blocks"]] == ["Para"]
    inlines = document["blocks"][0]["c"]
    assert {inline["t"] for inline in inlines} <= {"Str", "Space"}
    assert "".join(inline.get("c", " ") for inline in inlines) == text


def test_variables_and_metadata_are_replaced(tmp_path):
    text = "AUC {{< var test.auc >}} of *{{< meta title >}}*."
    assert expand(tmp_path, text, test={"auc": "0.9"}) == "AUC 0.9 of *A title*."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{< var test.f1 >}}", r"index.qmd:3: unknown variable 'test.f1'. test has: auc"),
        ("{{< var test >}}", r"index.qmd:3: variable 'test' is not a single value"),
        ("{{< meta author >}}", r"index.qmd:3: unknown metadata key 'author'"),
        ("{{< video x >}}", r"index.qmd:3: unknown shortcode 'video'"),
        ("{{< var test.auc", r"index.qmd:3: '{{<' without '>}}'"),
        ("see {{< embed a.ipynb#b >}}", r"index.qmd:3: embed must stand on a line of its own"),
        ("{{< embed a.ipynb >}}", r"index.qmd:3: embed needs notebook.ipynb#label"),
        ("{{< embed no.ipynb#b >}}", r"index.qmd:3: no notebook 'no.ipynb'"),
        ("{{< include no.qmd >}}", r"index.qmd:3: no file 'no.qmd'"),
        ("{{< include index.qmd >}}", r"index.qmd:3: index.qmd includes itself"),
        ("::: {.box}", r"index.qmd:3: this block is never closed"),
        (":::", r"index.qmd:3: ':::' closes a block that was never opened"),
        ('::: {.content-visible when-meta="has.x"}\n:::', r"index.qmd:3: unknown flag 'has.x'"),
        ('::: {.content-visible when-meta="title"}\n:::', r"index.qmd:3: flag title must be true"),
    ],
)
def test_a_hole_is_an_error_with_file_and_line(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        expand(tmp_path, f"first\n\n{text}", test={"auc": "0.9"})


def test_an_error_in_an_included_file_names_that_file(tmp_path):
    (tmp_path / "part.qmd").write_text("\n{{< var missing >}}\n")
    with pytest.raises(ValueError, match=r"part.qmd:2: unknown variable 'missing'"):
        expand(tmp_path, "{{< include part.qmd >}}")


def test_conditions_are_decided_before_their_content(tmp_path):
    text = """\
::: {.content-visible when-meta="has.radiologist"}
read
:::
::: {.content-visible unless-meta="has.radiologist"}
{{< var radiologist.auc >}}
:::
::: {.content-hidden when-meta="has.audit"}
kept
:::
::: {.content-visible when-format="docx"}
::: {.box}
{{< embed no.ipynb#label >}}
:::
:::
::: {.content-visible when-format="html"}
::: {.box}
boxed
:::
:::"""
    assert expand(tmp_path, text).splitlines() == ["read", "kept", "::: {.box}", "boxed", ":::"]


def test_outputs_come_in_order_and_streams_are_ignored(tmp_path):
    stream = new_output("stream", text="working")
    outputs = [stream, shown(image_png=PIXEL), shown(text_markdown="*m*", text_plain="<m>")]
    write_notebook(tmp_path, ("#| label: other\n1", []), ("#| label: roc\nx", outputs))
    text = expand(tmp_path, "{{< embed notebooks/a.ipynb#roc >}}")
    assert text == '![](figures/a-roc-1.png){css-width="1" css-height="1"}\n\n*m*'
    assert (tmp_path / "figures/a-roc-1.png").read_bytes().startswith(b"\x89PNG")


def test_the_width_of_a_retina_figure_is_its_width_on_screen(tmp_path):
    output = shown(image_png=PIXEL)
    output.metadata["image/png"] = {"width": 540, "height": 300}
    write_notebook(tmp_path, ("#| label: roc\nx", [output]))
    assert 'css-width="540"' in expand(tmp_path, "{{< embed notebooks/a.ipynb#roc >}}")


def test_an_html_table_becomes_a_markdown_table_and_text_stays_text(tmp_path):
    table = "<table><tr><th>Model</th></tr><tr><td>SR_SVM</td></tr></table>"
    write_notebook(
        tmp_path, ("#| label: t\nx", [shown(text_html=table), shown(text_plain="a *b*")])
    )
    text = expand(tmp_path, "{{< embed notebooks/a.ipynb#t >}}")
    assert text.split("\n\n")[0].splitlines()[0].split() == ["|", "Model", "|"]
    assert text.endswith("```\na *b*\n```")


def test_embedded_text_is_not_expanded_again(tmp_path):
    write_notebook(tmp_path, ("#| label: t\nx", [shown(text_markdown="{{< var a >}}")]))
    assert expand(tmp_path, "{{< embed notebooks/a.ipynb#t >}}") == "{{< var a >}}"


@pytest.mark.parametrize(
    ("label", "outputs", "message"),
    [
        (
            "other",
            [shown(text_plain="1")],
            r"no cell labelled 'roc' in notebooks/a.ipynb",
        ),
        ("roc", [], r"a.ipynb#roc shows neither figure nor table; execute it"),
        ("roc", [new_output("stream", text="hm")], r"shows neither figure nor table"),
        (
            "roc",
            [new_output("error", ename="KeyError", evalue="'y'", traceback=[])],
            r"notebooks/a.ipynb#roc: the notebook failed in cell 1: KeyError: 'y'",
        ),
    ],
)
def test_a_cell_that_shows_nothing_is_an_error(tmp_path, label, outputs, message):
    write_notebook(tmp_path, (f"#| label: {label}\nx", outputs))
    with pytest.raises(ValueError, match=rf"index.qmd:1: .*{message}"):
        expand(tmp_path, "{{< embed notebooks/a.ipynb#roc >}}")
