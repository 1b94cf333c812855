import os
import shutil
import stat

import docx
import nbformat
import pytest
import typst
import yaml
from nbformat.v4 import new_code_cell, new_notebook, new_output

from thyro.report import render, shortcodes

VARIABLES = {
    "study": {"title": "A study of 2 * 30 patients"},
    "origin": {"simulated": True, "label": "Simulated <data>", "note": "Simulated data."},
    "test": {"auc": "0.9 (0.8–1.0)"},
}
TABLES = {"provenance": [{"Stage": "02_features", "Device": "a|b"}], "recovery": []}
CONFIG = """
bibliography: references.bib
lang: en
crossref:
  custom: []
"""


@pytest.fixture
def report_dir(tmp_path):
    """The smallest manuscript, in the frame of the real one."""
    folder = tmp_path / "report"
    folder.mkdir()
    real = os.path.join(os.path.dirname(__file__), "..", "..", "report")
    for name in ("template.html", "template.typ", "typst-template.typ", "typst-show.typ"):
        shutil.copy(os.path.join(real, name), folder)
    (folder / "thyro.css").write_text("body { color: black }")
    (folder / "references.bib").write_text(
        "@misc{li2024, title = {T}, author = {Li}, year = 2024}\n"
    )
    (folder / "_quarto.yml").write_text(CONFIG)
    (folder / "index.qmd").write_text("# One\n\nThe AUC was {{< var test.auc >}} [@li2024].\n")
    return folder


@pytest.fixture
def study_dir(tmp_path):
    folder = tmp_path / "results" / "study"
    (folder / "notebooks").mkdir(parents=True)
    nbformat.write(new_notebook(), folder / "notebooks" / "00_cohort.ipynb")
    return folder


def stage(study_dir, report_dir, **changes):
    return render.stage(
        study_dir, report_dir, {**VARIABLES, **changes}, tables=TABLES, renderer="pandoc"
    )


def test_stage_leaves_everything_a_renderer_needs(study_dir, report_dir):
    folder = stage(study_dir, report_dir)
    assert folder == study_dir / "manuscript"
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names >= {"index.qmd", "_quarto.yml", "references.bib", "thyro.css", "reference.docx"}
    assert names >= {"_variables.yml", "_study.yml", "_provenance.qmd", "notebooks/00_cohort.ipynb"}


def test_stage_escapes_values_and_names_the_renderer(study_dir, report_dir):
    cited = {"networks": shortcodes.Markdown("A [@he2016]"), "weights": "[@he2016]"}
    folder = stage(study_dir, report_dir, deep=cited)
    variables = yaml.safe_load((folder / "_variables.yml").read_text(encoding="utf-8"))
    assert variables["study"]["title"] == r"A study of 2 \* 30 patients"
    assert variables["deep"] == {"networks": "A [@he2016]", "weights": r"\[\@he2016\]"}
    assert variables["run"]["renderer"].startswith("pandoc 3")
    assert "Typst" in variables["run"]["renderer"]


def test_flags_become_metadata(study_dir, report_dir):
    folder = stage(study_dir, report_dir, has={"radiologist": False})
    study = yaml.safe_load((folder / "_study.yml").read_text(encoding="utf-8"))
    assert study["origin"] == {"simulated": True}
    assert study["has"] == {"radiologist": False}


def test_what_a_flag_hides_is_not_staged_and_lines_keep_their_numbers(study_dir, report_dir):
    text = """# One

::: {.content-visible when-meta="has.images"}
{{< embed notebooks/absent.ipynb#figure >}}

::: {.inner}
Inner.
:::
:::

::: {.content-visible unless-meta="has.images"}
Shown.
:::

::: {.content-visible when-format="html"}
Left to the renderer.
:::
"""
    (report_dir / "index.qmd").write_text(text)
    folder = stage(study_dir, report_dir, has={"images": False})
    staged = (folder / "index.qmd").read_text().splitlines()
    expected = text.splitlines()
    expected[2:9] = [""] * 7
    assert staged == expected


def test_an_unknown_flag_stays_to_be_named(study_dir, report_dir):
    text = 'One.\n\n::: {.content-visible when-meta="has.nothing"}\nTwo.\n:::\n'
    (report_dir / "index.qmd").write_text(text)
    folder = stage(study_dir, report_dir, has={"images": False})
    assert (folder / "index.qmd").read_text() == text
    with pytest.raises(ValueError, match="index.qmd:3: unknown flag 'has.nothing'"):
        render.render(folder, study_dir / "report")


def test_stage_starts_afresh(study_dir, report_dir):
    folder = stage(study_dir, report_dir)
    (folder / "notebooks" / "stale.ipynb").write_text("{}")
    stage(study_dir, report_dir)
    assert not (folder / "notebooks" / "stale.ipynb").exists()


def test_tables_of_no_notebook_are_staged_with_escaped_cells(study_dir, report_dir):
    folder = stage(study_dir, report_dir)
    text = (folder / "_provenance.qmd").read_text()
    assert text == "| Stage | Device |\n| :----------- | :------ |\n| 02\\_features | a\\|b |\n"
    assert (folder / "_recovery.qmd").read_text() == "Nothing was recorded.\n"


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"test": {"auc": 0.9}}, TypeError, "test.auc must be display text or true/false, got 0.9"),
        ({"test": {"auc": None}}, TypeError, "test.auc must be display text"),
        ({"study": {}}, ValueError, "study.title is missing"),
        ({"origin": {"label": "x"}}, ValueError, "origin.simulated is missing"),
    ],
)
def test_stage_refuses_variables_it_cannot_print(study_dir, report_dir, changes, error, message):
    with pytest.raises(error, match=message):
        stage(study_dir, report_dir, **changes)


def test_stage_needs_executed_notebooks(tmp_path, report_dir):
    with pytest.raises(FileNotFoundError, match="no executed notebook"):
        stage(tmp_path / "nothing", report_dir)


def test_render_needs_a_staged_manuscript(tmp_path, report_dir):
    with pytest.raises(ValueError, match="not a staged manuscript"):
        render.render(report_dir, tmp_path / "out")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{< var test.f1 >}}", "index.qmd:1: unknown variable 'test.f1'"),
        ("\nSee @fig-roc.", "index.qmd:2: @fig-roc is neither a figure or table"),
        ("As shown [@nobody1999].", "index.qmd:1: @nobody1999 is neither .* in references.bib"),
    ],
)
@pytest.mark.parametrize("renderer", ["pandoc", "quarto"])
def test_holes_stop_either_renderer(study_dir, report_dir, text, message, renderer):
    (report_dir / "index.qmd").write_text(text)
    folder = stage(study_dir, report_dir)
    with pytest.raises(ValueError, match=message):
        render.render(folder, study_dir / "report", renderer=renderer)


def test_a_missing_image_stops_pandoc(study_dir, report_dir):
    (report_dir / "index.qmd").write_text("![x](no.png)\n")
    with pytest.raises(render.ReportError, match=r"(?s)3 of 3 formats were not made:.*no.png"):
        render.render(stage(study_dir, report_dir), study_dir / "report")


def test_render_leaves_three_files_and_labels_a_simulation(study_dir, report_dir):
    render.render(stage(study_dir, report_dir), study_dir / "report")
    out = study_dir / "report"
    assert {path.name for path in out.iterdir()} == {"index.html", "thyro.pdf", "thyro.docx"}
    page = (out / "index.html").read_text(encoding="utf-8")
    assert '<div class="origin-banner" role="note">Simulated &lt;data&gt;</div>' in page
    assert "0.9 (0.8–1.0)" in page
    assert docx.Document(out / "thyro.docx").sections[0].header.paragraphs[0].text == (
        "Simulated <data>"
    )


def test_real_data_carry_the_title_and_no_label(study_dir, report_dir):
    origin = {"simulated": False, "label": "Simulated <data>", "note": ""}
    render.render(stage(study_dir, report_dir, origin=origin), study_dir / "report")
    out = study_dir / "report"
    assert "origin-banner" not in (out / "index.html").read_text(encoding="utf-8")
    header = docx.Document(out / "thyro.docx").sections[0].header.paragraphs[0].text
    assert header == "A study of 2 * 30 patients"


QUARTO = """#!/bin/sh
if [ "$1" = --version ]; then echo 1.7.32; exit; fi
echo "$@" >> calls.txt
[ -e broken ] && { echo "no such format" >&2; exit 1; }
mkdir -p _output
if [ "$4" = docx ]; then cp reference.docx "_output/$6"; else echo "$4" > "_output/$6"; fi
"""


@pytest.fixture
def quarto(tmp_path, monkeypatch):
    """A program called quarto that notes how it was called; the real one is no Python package."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "quarto"
    program.write_text(QUARTO)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.usefixtures("quarto")
def test_quarto_renders_when_it_is_on_the_path(study_dir, report_dir):
    folder = render.stage(study_dir, report_dir, VARIABLES, tables=TABLES)
    assert "Quarto 1.7.32" in (folder / "_variables.yml").read_text()
    render.render(folder, study_dir / "report")
    assert (folder / "calls.txt").read_text().splitlines() == [
        "render index.qmd --to html --output index.html",
        "render index.qmd --to typst --output thyro.pdf",
        "render index.qmd --to docx --output thyro.docx",
    ]
    assert (study_dir / "report" / "thyro.pdf").read_text() == "typst\n"


@pytest.mark.usefixtures("quarto")
def test_what_quarto_says_is_passed_on(study_dir, report_dir):
    folder = render.stage(study_dir, report_dir, VARIABLES, tables=TABLES)
    (folder / "broken").touch()
    with pytest.raises(render.ReportError, match="thyro.docx: quarto failed with 1: no such"):
        render.render(folder, study_dir / "report")


def old_report(study_dir):
    """A report of an earlier rendering."""
    out = study_dir / "report"
    out.mkdir()
    for name in render.OUTPUTS.values():
        (out / name).write_text("old")
    return out


HOLES = [
    ("{{< var test.f1 >}}", "index.qmd:5: unknown variable 'test.f1'"),
    ("{{< embed notebooks/00_cohort.ipynb#roc >}}", "index.qmd:5: no cell labelled 'roc'"),
    ("See @fig-roc.", "index.qmd:5: @fig-roc is neither a figure or table"),
    ("As shown [@nobody1999].", "index.qmd:5: @nobody1999 is neither"),
    ("::: {#fig-x}\n**A**\n\nCaption.\n:::", "index.qmd:5: fig-x: a figure was expected here"),
    ("::: {#tbl-x}\n**A**\n:::", "index.qmd:5: tbl-x: a float needs content and then a caption"),
]


@pytest.mark.parametrize(("text", "message"), HOLES)
def test_a_hole_names_its_line_and_leaves_the_report_of_before(
    study_dir, report_dir, text, message
):
    (report_dir / "index.qmd").write_text(f"# One\n\nText.\n\n{text}\n")
    out = old_report(study_dir)
    with pytest.raises(render.ReportError, match=f"{message}(?s:.*)The report was left as it was"):
        render.render(stage(study_dir, report_dir), out, beside={"page.html": "new"})
    assert {path.name: path.read_text() for path in out.iterdir()} == dict.fromkeys(
        render.OUTPUTS.values(), "old"
    )


def test_a_failed_notebook_stops_the_report(study_dir, report_dir):
    error = new_output("error", ename="KeyError", evalue="'y'", traceback=[])
    cells = [new_code_cell("#| label: roc\n1"), new_code_cell("f()", outputs=[error])]
    nbformat.write(new_notebook(cells=cells), study_dir / "notebooks" / "06_statistics.ipynb")
    text = "# One\n\n{{< embed notebooks/06_statistics.ipynb#roc >}}\n"
    (report_dir / "index.qmd").write_text(text)
    message = "index.qmd:3: notebooks/06_statistics.ipynb#roc: the notebook failed in cell 2: Key"
    with pytest.raises(render.ReportError, match=message):
        render.render(stage(study_dir, report_dir), old_report(study_dir))


def test_a_format_that_fails_leaves_the_others_to_be_delivered(study_dir, report_dir):
    folder = stage(study_dir, report_dir)
    (folder / "reference.docx").write_text("broken")
    out = old_report(study_dir)
    with pytest.raises(render.ReportError, match=r"1 of 3 .* not made:\nthyro.docx: pandoc"):
        render.render(folder, out, beside={"page.html": "new"})
    assert (out / "thyro.docx").read_text() == "old"
    assert (out / "thyro.pdf").read_bytes().startswith(b"%PDF")
    assert "<!DOCTYPE html>" in (out / "index.html").read_text(encoding="utf-8")
    assert (out / "page.html").read_text() == "new"


def test_the_page_is_finished_before_it_is_delivered(study_dir, report_dir):
    out = old_report(study_dir)

    def finish(page):
        assert (out / "index.html").read_text() == "old"
        return page.replace("</body>", "<script>finished</script></body>")

    beside = {"notebooks/06.html": "new"}
    render.render(stage(study_dir, report_dir), out, beside=beside, finish=finish)
    assert "<script>finished</script></body>" in (out / "index.html").read_text(encoding="utf-8")
    assert (out / "notebooks/06.html").read_text() == "new"


def test_a_page_that_cannot_be_finished_is_not_delivered(study_dir, report_dir):
    def finish(page):
        raise ValueError("no such record")

    out = old_report(study_dir)
    with pytest.raises(render.ReportError, match=r"1 of 3 .*\nindex.html: no such record"):
        render.render(stage(study_dir, report_dir), out, finish=finish)
    assert (out / "index.html").read_text() == "old"
    assert (out / "thyro.pdf").read_bytes().startswith(b"%PDF")


def test_a_pdf_that_typst_cannot_tag_is_made_without_tags(tmp_path, monkeypatch):
    tagged = []

    def compile_without_tags(source, *, output, root, pdf_tags=True):
        tagged.append(pdf_tags)
        if pdf_tags:
            raise typst.TypstError("internal error: tags weren't properly closed")

    monkeypatch.setattr(render.typst, "compile", compile_without_tags)
    render._typeset(tmp_path / "thyro.typ", tmp_path / "thyro.pdf")
    assert tagged == [True, False]


@pytest.mark.usefixtures("quarto")
def test_quarto_gets_the_label_as_a_banner(study_dir, report_dir):
    folder = render.stage(study_dir, report_dir, VARIABLES, tables=TABLES)
    study = yaml.safe_load((folder / "_study.yml").read_text())
    banner = study["format"]["html"]["include-before-body"][0]["text"]
    assert banner == '<div class="origin-banner" role="note">Simulated &lt;data&gt;</div>'
