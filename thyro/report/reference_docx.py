"""The Word template of the report: page, header with the origin of the data, styles.

pandoc and Quarto both take page setup, header, footer and styles of a DOCX from such a file.
"""

import io
import subprocess
from collections.abc import Mapping
from pathlib import Path

import docx
import pypandoc
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor

INK = RGBColor(0x1A, 0x1A, 0x1A)
ACCENT = RGBColor(0x1F, 0x3A, 0x5F)
ALERT = RGBColor(0x9B, 0x1C, 0x1C)
FONT = "Times New Roman"
# Booktabs: a rule above and below the table and one under its header row.
TABLE_RULES = """
<w:tblBorders {ns}>
  <w:top w:val="single" w:sz="8" w:space="0" w:color="1A1A1A"/>
  <w:bottom w:val="single" w:sz="8" w:space="0" w:color="1A1A1A"/>
</w:tblBorders>"""


def write_reference_docx(
    path: Path, header: str, *, simulated: bool, table_styles: Mapping[str, float]
) -> None:
    """Write the template with `header` on every page, in red when the data are simulated.

    Parameters
    ----------
    path : Path
        Of the DOCX; an existing one is replaced.
    header : str
        On every page.
    simulated : bool
        Whether header and statement are red.
    table_styles : mapping of str to float
        Paragraph styles of table cells and their sizes in points.
    """
    pandoc = [pypandoc.get_pandoc_path(), "--print-default-data-file=reference.docx"]
    default = subprocess.run(pandoc, capture_output=True, check=True).stdout
    document = docx.Document(io.BytesIO(default))
    _set_page(document.sections[0], header, ALERT if simulated else INK)
    _set_styles(document.styles)
    _add_statement(document.styles, ALERT if simulated else ACCENT)
    for name, points in table_styles.items():
        _add_table_text(document.styles, name, points)
    document.save(path)


def _set_page(section, header: str, colour: RGBColor) -> None:
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(25)
    section.top_margin, section.bottom_margin = Mm(25), Mm(22)
    top = section.header.paragraphs[0]
    top.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = top.add_run(header)
    run.font.size, run.font.bold, run.font.color.rgb = Pt(9), True, colour
    bottom = section.footer.paragraphs[0]
    bottom.alignment = WD_ALIGN_PARAGRAPH.CENTER
    field = f'<w:fldSimple {nsdecls("w")} w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple>'
    bottom._p.append(parse_xml(field))  # python-docx has no call for a page number


def _set_styles(styles) -> None:
    _set_text(styles["Normal"], 10.5)
    styles["Normal"].paragraph_format.line_spacing = 1.15
    for level, size in enumerate((15, 12.5, 11), start=1):
        _set_text(styles[f"Heading {level}"], size, bold=True, colour=ACCENT)
        styles[f"Heading {level}"].paragraph_format.keep_with_next = True
    _set_text(styles["Title"], 20, bold=True, colour=ACCENT)
    for name in ("Table Caption", "Image Caption"):
        _set_text(styles[name], 9.5)
        styles[name].font.italic = False
        styles[name].paragraph_format.space_before = Pt(6)
        styles[name].paragraph_format.space_after = Pt(6)
    styles["Table Caption"].paragraph_format.keep_with_next = True
    # The picture must not part from the caption below it.
    styles["Figure"].paragraph_format.keep_with_next = True
    styles["Figure"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _add_table_text(styles, "Table Note", 9)
    _set_table(styles["Table"])


def _add_table_text(styles, name: str, points: float) -> None:
    style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = styles["Compact"]
    style.font.size = Pt(points)
    style.paragraph_format.space_before = style.paragraph_format.space_after = Pt(1.5)
    style.paragraph_format.line_spacing = 1.0
    style.paragraph_format.keep_together = True


def _set_text(style, size: float, *, bold: bool = False, colour: RGBColor = INK) -> None:
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in list(fonts.attrib):  # a theme font would win over the name given here
        del fonts.attrib[name]
    style.font.name, style.font.size = FONT, Pt(size)
    style.font.bold, style.font.color.rgb = bold, colour


def _add_statement(styles, colour: RGBColor) -> None:
    """The boxed paragraph that states where the data come from."""
    statement = styles.add_style("Statement", WD_STYLE_TYPE.PARAGRAPH)
    statement.base_style = styles["Body Text"]
    sides = "".join(
        f'<w:{side} w:val="single" w:sz="8" w:space="6" w:color="{colour}"/>'
        for side in ("top", "left", "bottom", "right")
    )
    border = parse_xml(f"<w:pBdr {nsdecls('w')}>{sides}</w:pBdr>")
    statement.element.get_or_add_pPr().append(border)


def _set_table(style) -> None:
    properties = style.element.find(qn("w:tblPr"))
    # the schema wants borders right after the indent
    properties.find(qn("w:tblInd")).addnext(parse_xml(TABLE_RULES.format(ns=nsdecls("w"))))
