"""Tables as CSV and XLSX: drawn cells, then damage to the text, to the zip and to its XML."""

import codecs
import csv
import datetime
import io
import re
import zipfile

import openpyxl
from hypothesis import strategies as st

from tests.benchmarks.fuzzed_bytes import damaged, one_in
from tests.cohort.test_bad_table import good
from tests.cohort.test_workbook import parts_changed, strict

HEADER = list(good())
ENCODINGS = (*["utf-8"] * 6, "utf-8-sig", "utf-16", "gb18030", "cp1252", "latin-1")
DECLARED = ("utf-8", "gb18030", "cp1252", "utf-16", "utf-7", "shift_jis", "idna")
ODD = (  # cells as programs, people and accidents write them
    *(
        "",
        " ",
        "0",
        "1",
        "-1",
        "007",
        "1.10101E+17",
        "1,1E+05",
        "1e999",
        "1E5",
        "1e-400",
        "9" * 400,
    ),
    *("51,5", "1.234,5", "1'000", "1 000", "35%", "12 mm", "½", "٣", "１２", "−5", "+.", ".", "--"),
    *(
        "2024-03-01",
        "2024-02-30",
        "01.03.2024",
        "2024-03-01T25:00",
        "15-Jun",
        "6月15日",
        "0000-00-00",
    ),
    *(
        "=1+1",
        "=HYPERLINK(1)",
        "@SUM(A1)",
        "#REF!",
        "#DIV/0!",
        "nan",
        "inf",
        "None",
        "TRUE",
        "keep",
    ),
    *("a\0b", "\x01\x1f", "\u202eabc", "\ufeff", "e\u0301", "é", "ß", "\U0001f600", "x" * 1001),
    *('"', '""', 'a"b', "a\nb", "a\r\nb", "a;b", "a,b", "a\tb", "\u2028", "_xD800_", "_x0000_"),
    *("Smooth", "smooth", "Irregular", "Central", "1_000", "0x10", "١٢", "²", "1/2", "\ud7ff"),
)
FORMATS = ("General", "0%", "yyyy-mm-dd", "[h]:mm", "@", "0.00E+00", '"x"0', "[Red]0;;", "#")

texts = st.one_of(st.sampled_from(ODD), st.text(max_size=12), st.from_regex(r"[0-9.,eE+%-]{1,12}"))


@st.composite
def tables(draw) -> list[list[str]]:
    """Rows of a table of patients, some cells of which are odd, and some rows too."""
    n = draw(st.integers(1, 12))
    rows = good().head(n).to_numpy().tolist()
    for _ in range(draw(st.sampled_from([0, 1, 1, 3, 10]))):
        row = draw(st.integers(0, n - 1))
        rows[row][draw(st.integers(0, len(HEADER) - 1))] = draw(texts)
    if one_in(draw, 5):  # a whole column of one kind
        column, cell = draw(st.integers(0, len(HEADER) - 1)), draw(texts)
        rows = [[*row[:column], cell, *row[column + 1 :]] for row in rows]
    header = list(HEADER)
    if one_in(draw, 6):
        header[draw(st.integers(0, len(header) - 1))] = draw(texts | st.just("id"))
    rows = [header, *rows]
    if one_in(draw, 4):
        what = draw(st.sampled_from(["title", "ragged", "empty", "twice", "wide", "none", "any"]))
        at = draw(st.integers(0, len(rows) - 1))
        if what == "title":
            rows.insert(0, [draw(texts)])
        elif what == "ragged":
            rows[at] = rows[at][: draw(st.integers(0, len(HEADER)))]
        elif what == "empty":
            rows.insert(at, [""] * len(HEADER))
        elif what == "twice":
            rows += rows[1:] * 20
        elif what == "wide":
            rows[at] = rows[at] + [draw(texts)] * draw(st.sampled_from([1, 300, 3000]))
        elif what == "none":
            rows = rows[:at]
        else:
            rows = draw(st.lists(st.lists(texts, max_size=6), max_size=8))
    return rows


@st.composite
def csv_files(draw) -> bytes:
    """A table in an encoding and with a separator, or what looks like one."""
    separator = draw(st.sampled_from([*",,,;;\t|"]))
    out = io.StringIO()
    how = {"quoting": draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))}
    ends = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    rows = [row or ["", ""] for row in draw(tables())]
    csv.writer(out, delimiter=separator, lineterminator=ends, **how).writerows(rows)
    text = out.getvalue()
    if one_in(draw, 8):
        text = f"sep={draw(st.sampled_from([separator, '§', chr(0x1F600), 'aa', '']))}\n{text}"
    data = text.encode(draw(st.sampled_from(ENCODINGS)), "replace")
    if one_in(draw, 20):
        data = draw(st.sampled_from([codecs.BOM_UTF32_LE, codecs.BOM_UTF16_BE, b"PK\3\4"])) + data
    return draw(damaged(data)) if one_in(draw, 3) else data


def _value(draw, text: str):
    """A cell as a spreadsheet program may store it: text, number, date, boolean, error."""
    if draw(st.booleans()):
        try:
            return float(text) if "." in text or "e" in text else int(text[:300])
        except (ValueError, OverflowError):
            pass
    if one_in(draw, 12):
        odd = [True, 1.10101e17, 35e-2, datetime.datetime(2024, 3, 1), datetime.time(12), 2**62]
        return draw(st.sampled_from([*odd, datetime.timedelta(days=2), None, "=1+1"]))
    text = openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", text)[:32767]
    return text.lstrip("=") if one_in(draw, 2) else text


@st.composite
def workbooks(draw) -> bytes:
    """An XLSX that openpyxl wrote: one or more sheets, formats, merged cells."""
    made = openpyxl.Workbook()
    sheet = made.active
    for row in draw(tables())[:14]:
        sheet.append([_value(draw, cell) for cell in row[:60]])
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        cell = sheet.cell(draw(st.integers(1, 12)), draw(st.integers(1, 14)))
        cell.number_format = draw(st.sampled_from(FORMATS))
    if one_in(draw, 10):
        sheet.merge_cells("B2:C3")
    if one_in(draw, 10):
        made.create_sheet(draw(st.sampled_from(["b", "ß", "Sheet2"]))).append(["x"])
    data = io.BytesIO()
    made.save(data)
    return data.getvalue()


XML = (  # what is replaced in the parts of an XLSX, and by what
    (
        rb' r="[A-Z]+\d+"',
        (b' r="A0"', b' r="XFD1048576"', b' r="ZZZZ9"', b' r="A-1"', b"", b' r="B2"'),
    ),
    (rb"<v>[^<]*</v>", (b"<v>1e999</v>", b"<v>nan</v>", b"<v>-1</v>", b"<v></v>", b"<v>99999</v>")),
    (
        rb"<v>[^<]*</v>",
        (b"<v>" + b"9" * 400 + b"</v>", b"<v>" + b"9" * 5000 + b"</v>", b"<v>x</v>"),
    ),
    (rb' t="\w+"', (b' t="s"', b' t="b"', b' t="d"', b' t="e"', b' t="inlineStr"', b' t="?"', b"")),
    (rb' s="\d+"', (b' s="9"', b' s="-1"', b' s="99999999999"')),
    (
        rb'numFmtId="\d+"',
        (b'numFmtId="14"', b'numFmtId="165"', b'numFmtId="-3"', b'numFmtId="9999"'),
    ),
    (rb'ref="[^"]*"', (b'ref="A1:XFD1048576"', b'ref="B1:A1"', b'ref="x"', b'ref="A1:A"')),
    (rb"<row", (b'<row spans="x" ', b'<row r="0" ', b'<row r="1048577"', b'<row r="x"', b"<rows")),
    (rb"<sheetData>", (b"<sheetData><sheetData>", b"<x><sheetData>", b"")),
    (rb"formatCode=\"[^\"]*\"", (b'formatCode="%%%"', b'formatCode=""', b'formatCode="&#x1;"')),
    (rb'Target="[^"]*"', (b'Target="/etc/hostname"', b'Target="../../x"', b'Target=""')),
    (rb'sheetId="\d+"', (b'sheetId="0"', b'sheetId="x"', b'sheetId="-1"')),
    (rb'name="[^"]*"', (b'name=""', b'name="a/b"', b'name="&#x202E;"')),
    (rb"</sheetData>", (b'</sheetData><mergeCells><mergeCell ref="A1:XFD99999"/></mergeCells>',)),
    (rb"<f>[^<]*</f>", (b'<f t="shared" si="0"/>', b'<f t="array" ref="A1:Z9">1</f>', b"<f/>")),
    (rb"<t>[^<]*</t>", (b"<t>&#xD800;</t>", b"<t>_xD800_</t>", b"<t/>", b"<r><t>a</t></r>")),
)


@st.composite
def xlsx_files(draw) -> bytes:
    """An XLSX whose parts are changed inside the zip, or the zip around them."""
    data = draw(workbooks())
    if one_in(draw, 30):
        data = parts_changed(data, strict)
    if one_in(draw, 3):
        changes = draw(st.lists(st.sampled_from(XML), min_size=1, max_size=3))
        chosen = [(pattern, draw(st.sampled_from(new))) for pattern, new in changes]
        once = draw(st.booleans())
        data = parts_changed(
            data,
            lambda name, part: _replaced(part, chosen, once),
        )
    if one_in(draw, 8):
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            target = draw(st.sampled_from(parts.namelist()))
            content = draw(damaged(parts.read(target)))
        data = parts_changed(data, lambda name, part: content if name == target else part)
    if one_in(draw, 20):
        data = without_part(
            data, draw(st.sampled_from(["xl/styles.xml", "xl/workbook.xml", "shared"]))
        )
    return draw(damaged(data)) if one_in(draw, 10) else data


def _replaced(part: bytes, changes: list[tuple[bytes, bytes]], once: bool) -> bytes:
    for pattern, new in changes:
        part = re.sub(pattern, lambda match, new=new: new, part, count=1 if once else 0)
    return part


def without_part(data: bytes, which: str) -> bytes:
    """An XLSX that lacks the parts whose name holds `which`."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            if which not in name:
                after.writestr(name, before.read(name))
    return out.getvalue()


def with_sheet(head: bytes, repeated: bytes, times: int, tail: bytes) -> bytes:
    """An XLSX with a sheet of its own, which may be far larger than the file."""
    data = io.BytesIO()
    made = openpyxl.Workbook()
    made.active.append(["id", "y"])
    made.save(data)
    out = io.BytesIO()
    with (
        zipfile.ZipFile(data) as before,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in before.namelist():
            if not name.endswith("sheet1.xml"):
                after.writestr(name, before.read(name))
        with after.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            part.write(head)
            block = repeated * max(1, 2**20 // len(repeated))
            for _ in range(times * len(repeated) // len(block)):
                part.write(block)
            part.write(tail)
    return out.getvalue()


def bombs() -> list[bytes]:
    """Small files that claim, or really hold, far more than a table of patients."""
    head = (
        b'<?xml version="1.0"?>{}<worksheet xmlns="http://schemas.openxmlformats.org/'
        b'spreadsheetml/2006/main"><sheetData>'
    )
    plain, tail = head.replace(b"{}", b""), b"</sheetData></worksheet>"
    row = b'<row><c t="inlineStr"><is><t>id</t></is></c><c><v>1</v></c></row>'
    laughs = b"".join(
        b'<!ENTITY %c "%s">' % (97 + i, (b"&%c;" % (96 + i)) * 10 if i else b"ha")
        for i in range(10)
    )
    entity = head.replace(b"{}", b"<!DOCTYPE x [" + laughs + b"]>")
    file = head.replace(b"{}", b'<!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/hostname">]>')
    far = row + b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    long = row + b'<row r="%d"><c r="AX%d"><v>1</v></c></row>'
    return [
        with_sheet(plain, b" " * 2**20, 2**11, row + tail),
        with_sheet(plain, row, 10_000_000, tail),
        with_sheet(plain, b"<x>", 5_000_000, tail),
        with_sheet(plain, b"<x>", 1000, tail),
        with_sheet(
            plain + b"<row><c t='inlineStr'><is><t>",
            b"a" * 2**20,
            500,
            b"</t></is></c></row>" + tail,
        ),
        with_sheet(entity, b" ", 1, b"<row><c><v>&j;</v></c></row>" + tail),
        with_sheet(file, b" ", 1, b"<row><c t='str'><v>&j;</v></c></row>" + tail),
        with_sheet(plain, b" ", 1, far + tail),
        *(with_sheet(plain, b" ", 1, long % (n, n) + tail) for n in (1000, 19_999, 100_001)),
    ]
