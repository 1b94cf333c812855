"""XLSX as spreadsheet programs leave it: lost digits, percentages, pictures, other dialects."""

import datetime
import io
import re
import zipfile

import openpyxl
import pandas as pd
import pytest
from openpyxl.chart import BarChart
from openpyxl.styles.numbers import FORMAT_PERCENTAGE

from tests.cohort.test_spreadsheet import book, raises, rewritten
from thyro.cohort import spreadsheet, workbook

STRICT = "http://purl.oclc.org/ooxml/"
NAMES = {  # of the same parts in files saved as Excel Workbook
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main": f"{STRICT}spreadsheetml/main",
    "http://schemas.openxmlformats.org/officeDocument/2006/": f"{STRICT}officeDocument/",
}


def read(data, **options):
    return spreadsheet.read(data, "t.xlsx", **options)


def parts_changed(data, change):
    """An XLSX each of whose parts is what `change` makes of its name and content."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            after.writestr(name, change(name, before.read(name)))
    return out.getvalue()


def strict(name, content):
    for usual, other in NAMES.items():
        content = content.replace(usual.encode(), other.encode())
    return content


def percentages(*addresses, code=FORMAT_PERCENTAGE):
    """Format cells of sheet A as percentages."""

    def change(made):
        for address in addresses:
            made["A"][address].number_format = code

    return change


LOST = (
    "row {}: id: numbers of more than 15 digits, and a spreadsheet program keeps the first 15: "
    "these ids have lost the others; format the column as text before the ids are written into it, "
    "and export it again."
)


def test_ids_that_lost_digits_are_refused_with_their_rows():
    ids = [1.10101200001011e17, 110101200001012000, "110101200001013000", 7]
    data = book({"A": [["id", "y"], *([one, 0] for one in ids)]})
    with raises(LOST.format("2, 3"), name="t.xlsx"):
        read(data, ids=["id"])
    # Elsewhere it is a number like others.
    assert read(data)["id"].tolist()[1:] == ["110101200001012000", "110101200001013000", "7"]


@pytest.mark.parametrize(
    ("value", "lost"),
    [
        (1.10101e17, True),
        (1234567890123450, True),  # 16 digits
        (-1234567890123450, True),
        (1.2345678901234567e16, True),  # rounded by whoever kept it as a floating-point number
        (1234567890123456, False),  # written whole, by a program that keeps every digit
        (1234567890123456.0, False),
        (110101200001011234, False),
        (123456789012340, False),  # 15 digits
        ("110101200001011000", False),
        (True, False),
        (None, False),
        (float("inf"), False),
        (datetime.date(2024, 3, 1), False),
    ],
)
def test_digits_are_lost_where_a_number_ends_in_zeros_after_the_15th(value, lost):
    assert workbook._has_lost_digits(value) is lost


def test_ids_of_several_columns_are_looked_at_each():
    rows = [["centre", "id", "other"], ["A", 1.10101e17, 1.10101e17], ["B", 8, 8]]
    with raises(LOST.format("2"), name="t.xlsx"):
        read(book({"A": rows}), ids=["centre", "id"])


MIXED = (
    "row {}: share: percentages, of which 35% is stored as 0.35, but plain numbers in row {}; give "
    "all cells of the column one format and one unit."
)
SHARES = [["id", "share"], ["a", 0.35], ["b", 35], ["c", 0.4], ["d", 20], ["e", None]]


def test_percentages_beside_plain_numbers_are_refused_with_both_groups():
    with raises(MIXED.format("2, 4", "3, 5"), name="t.xlsx"):
        read(book({"A": SHARES}, percentages("B2", "B4", "B6")))


@pytest.mark.parametrize("code", ["0%", "0.00%", "0.0 %;[Red]-0.0 %", '"about "0%'])
def test_every_percent_format_is_one(code):
    with raises(MIXED.format("3", "2, 4, 5"), name="t.xlsx"):
        read(book({"A": SHARES}, percentages("B3", code=code)))


def test_numbers_typed_as_text_are_plain_numbers():
    rows = [["id", "share"], ["a", 0.35], ["b", "35"], ["c", "unknown"]]
    with raises(MIXED.format("2", "3"), name="t.xlsx"):
        read(book({"A": rows}, percentages("B2", "B3", "B4")))


@pytest.mark.parametrize("code", [FORMAT_PERCENTAGE, "General", '0"%"', r"0\%"])
def test_a_column_of_one_format_is_read_as_it_is_stored(code):
    everywhere = percentages("B2", "B3", "B4", "B5", code=code)
    assert read(book({"A": SHARES}, everywhere))["share"].tolist() == [
        "0.35",
        "35",
        "0.4",
        "20",
        "",
    ]


@pytest.mark.parametrize("part", [None, "_rels/.rels", "xl/workbook.xml"])
def test_strict_open_xml_is_named_with_its_remedy(part):
    data = book({"A": [["id", "y"], [1, 0]]})
    data = parts_changed(data, lambda name, c: strict(name, c) if part in (None, name) else c)
    with raises(
        'it is saved as "Strict Open XML"; save it as "Excel Workbook (.xlsx)".', name="t.xlsx"
    ):
        read(data)


def test_a_workbook_of_charts_only_is_no_table():
    made = openpyxl.Workbook()
    made.create_chartsheet("Chart").add_chart(BarChart())
    made.remove(made["Sheet"])
    data = io.BytesIO()
    made.save(data)
    with raises("it holds no sheet with cells; save the table as a worksheet.", name="t.xlsx"):
        read(data.getvalue())


PICTURE = '=_xlfn.DISPIMG("ID_0A1B",1)'
FORMULA = [["id", "y", "remark"], [1, 0, PICTURE], [2, 1, "=NOW()"], [3, 1, "=1/0"]]


def shown(data):
    """Values that WPS and Excel store beside the formulas."""
    data = rewritten(
        data,
        rb'r="C2"><f>[^<]*</f><v(/| /|></v)>',
        rb'r="C2" t="str"><f>_xlfn.DISPIMG("ID_0A1B",1)</f><v>=DISPIMG("ID_0A1B",1)</v>',
    )
    return rewritten(
        data, rb'r="C4"><f>1/0</f><v(/| /|></v)>', b'r="C4" t="e"><f>1/0</f><v>#DIV/0!</v>'
    )


def test_what_a_column_holds_that_the_study_does_not_use_does_not_matter():
    merge = lambda made: made["A"].merge_cells("C2:D2")  # noqa: E731
    for change in (lambda made: None, merge):
        table = read(shown(book({"A": FORMULA}, change)), columns={"id", "y"})
        assert table[["id", "y"]].to_dict("list") == {"id": ["1", "2", "3"], "y": ["0", "1", "1"]}


def test_nor_do_its_formats_and_its_long_texts():
    rows = [["id", "share", "report"], [1, 0.35, "x" * 2000], [2, 35, ""]]
    data = book({"A": rows}, percentages("B2"))
    assert read(data, columns={"id"})["id"].tolist() == ["1", "2"]
    text = pd.DataFrame(rows[1:], columns=rows[0]).to_csv(index=False).encode()
    assert spreadsheet.read(text, "t.csv", columns={"id"})["id"].tolist() == ["1", "2"]
    long = "row 2: report: 2000 characters, at most 1000 are accepted."
    with raises(long, name="t.csv"):
        spreadsheet.read(text, "t.csv", columns={"id", "report"})


def test_in_a_column_that_is_used_it_does():
    with raises(
        "row 2: cell C2 holds a picture and no text; write what the column needs.",
        "row 3: cell C3 holds a formula without its value; open the file in a spreadsheet program "
        "and save it again.",
        "row 4: cell C4 holds the error #DIV/0!; correct or empty it.",
        name="t.xlsx",
    ):
        read(shown(book({"A": FORMULA})), columns={"id", "remark"})


def test_a_date_of_a_used_column_is_text_for_whoever_expects_something_else():
    rows = [["id", "size"], [1, datetime.datetime(2024, 6, 15)], [2, "16-25"]]
    assert read(book({"A": rows}))["size"].tolist() == ["2024-06-15", "16-25"]


def test_all_problems_are_told_together():
    data = book({"A": [["id", "share"], [1.10101e17, 0.35], [2, 35]]}, percentages("B2"))
    with pytest.raises(workbook.TableError) as error:
        read(data, ids=["id"])
    assert [re.match(r"row [\d, ]+: \w+", line)[0] for line in error.value.problems] == [
        "row 2: id",
        "row 2: share",
    ]


@pytest.mark.parametrize("rows", [[], [[None]], [[" "]]])
def test_a_sheet_without_cells_is_an_empty_table(rows):
    with raises("the table is empty.", name="t.xlsx"):
        read(book({"A": rows}), columns={"id"}, ids=["id"])


def test_a_format_that_is_not_defined_is_a_damaged_cell():
    data = book({"A": SHARES}, percentages("B2", code="0.000%"))
    lost = re.compile(rb'<numFmt numFmtId="164"[^>]*/>')
    data = parts_changed(data, lambda name, part: lost.sub(b"", part))
    with raises(
        "row 2: share: a format that the file does not define; open the file in a spreadsheet "
        "program and save it again.",
        name="t.xlsx",
    ):
        read(data)


def test_an_id_of_400_digits_has_lost_none():
    data = rewritten(
        book({"A": [["id", "y"], [1, 0]]}), rb"<v>1</v>", b"<v>" + b"9" * 400 + b"</v>"
    )
    assert read(data, ids=["id"])["id"].tolist() == ["9" * 400]
