"""The Word template: its header, its colours, its styles, and that pandoc takes it."""

import docx
import pypandoc
import pytest
from docx.shared import Emu, Pt

from thyro.report import reference_docx
from thyro.report.crossref import TABLE_STYLES


@pytest.fixture(params=[True, False], ids=["simulated", "real"])
def template(request, tmp_path):
    path = tmp_path / "reference.docx"
    reference_docx.write_reference_docx(
        path, "Simulated & invented", simulated=request.param, table_styles=TABLE_STYLES
    )
    return request.param, path


def test_every_page_has_the_header_and_simulated_data_are_red(template):
    simulated, path = template
    section = docx.Document(path).sections[0]
    (run,) = section.header.paragraphs[0].runs
    assert run.text == "Simulated & invented"
    colour = reference_docx.ALERT if simulated else reference_docx.INK
    assert run.font.color.rgb == colour
    size = [round(Emu(side).mm) for side in (section.page_width, section.page_height)]
    assert size == [210, 297]
    assert " PAGE " in section.footer._element.xml


def test_every_size_of_a_table_has_its_style(template):
    styles = docx.Document(template[1]).styles
    assert {name: styles[name].font.size for name in TABLE_STYLES} == {
        name: Pt(points) for name, points in TABLE_STYLES.items()
    }
    assert styles["Figure"].paragraph_format.keep_with_next  # of its caption
    assert 'w:val="single"' in styles["Table"].element.xml  # the rules of a table


def test_the_statement_is_boxed_in_the_colour_of_the_header(template):
    simulated, path = template
    xml = docx.Document(path).styles["Statement"].element.xml
    colour = reference_docx.ALERT if simulated else reference_docx.ACCENT
    assert xml.count(f'w:color="{colour}"') == 4


def test_pandoc_writes_with_the_styles(template, tmp_path):
    text = '# One\n\n::: {custom-style="Table 7 pt"}\nsmall\n:::\n'
    made = tmp_path / "made.docx"
    options = [f"--reference-doc={template[1]}"]
    pypandoc.convert_text(text, "docx", "markdown", outputfile=str(made), extra_args=options)
    document = docx.Document(made)
    found = {paragraph.text: paragraph.style.name for paragraph in document.paragraphs}
    assert found["One"] == "Heading 1" and found["small"] == "Table 7 pt"
    assert document.sections[0].header.paragraphs[0].text == "Simulated & invented"
    assert document.styles["Heading 1"].font.name == reference_docx.FONT
