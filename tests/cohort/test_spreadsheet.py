"""CSV and XLSX as text: what is in the file, and nothing guessed."""

import datetime
import io
import re
import zipfile

import openpyxl
import pandas as pd
import pytest

from thyro.cohort import spreadsheet


def csv(text, encoding="utf-8"):
    return spreadsheet.read(text.encode(encoding), "table.csv")


def book(sheets, change=lambda workbook: None):
    """Bytes of an XLSX; `sheets` maps titles to rows."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for title, rows in sheets.items():
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(row)
    change(workbook)
    data = io.BytesIO()
    workbook.save(data)
    return data.getvalue()


def rewritten(data, old, new):
    """An XLSX whose first sheet has other XML: what only a spreadsheet program writes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            if name.endswith("sheet1.xml"):
                content, n = re.subn(old, new, content)
                assert n == 1
            after.writestr(name, content)
    return out.getvalue()


def raises(*problems, name="table.csv"):
    message = "\n  ".join([f"{name}: not usable as a table:", *problems])
    return pytest.raises(spreadsheet.TableError, match=f"^{re.escape(message)}$")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_separator_encoding_and_line_ends_are_found(encoding, separator, newline):
    text = "id,größe_mm,note\nMüller,12.5,\n李,7, x \n".replace(",", separator)
    table = csv(text.replace("\n", newline), encoding)
    assert table.to_dict("list") == {
        "id": ["Müller", "李"],
        "größe_mm": ["12.5", "7"],
        "note": ["", " x "],
    }
    assert table.index.tolist() == [0, 1]


def test_cells_are_left_as_they_are():
    table = csv("id,value\n001,=1+1\n1e3,NA\n NaN ,1.0\n")
    assert table["id"].tolist() == ["001", "1e3", " NaN "]
    assert table["value"].tolist() == ["=1+1", "NA", "1.0"]


def test_quotation_marks_protect_separators_and_line_ends():
    table = csv('id,note,y\n1,"two\nlines, one cell",0\n2,"5"" long",1\n')
    assert table["note"].tolist() == ["two\nlines, one cell", '5" long']
    assert table["y"].tolist() == ["0", "1"]


def test_decimal_commas_of_a_semicolon_table_stay_in_their_cells():
    assert csv("id;age\na;51,5\nb;40\n")["age"].tolist() == ["51,5", "40"]


def test_the_separator_is_the_one_that_fits_every_row():
    table = csv("id;age, years, at surgery\na;51\nb;40\n\n")
    assert list(table) == ["id", "age, years, at surgery"] and table["id"].tolist() == ["a", "b"]


def test_a_row_of_the_table_is_its_row_in_a_spreadsheet_program():
    with raises(
        "row 4: 2 cells, the header has 3; a cell that contains the separator needs "
        "quotation marks."
    ):
        csv('id,note,y\n1,"two\nlines",0\n2,,1\n3,0\n')


def test_what_is_empty_at_the_right_and_below_is_not_part_of_the_table():
    assert csv("id,y,,\n1,0,,\n,,,\n\n").to_dict("list") == {"id": ["1"], "y": ["0"]}


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"'])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_declared_separator_is_taken_and_is_no_row(line, newline):
    text = f"{line}\nid;age, years;y\na;51,5;0\nb;40,1;1\n".replace("\n", newline)
    assert csv(text).to_dict("list") == {
        "id": ["a", "b"],
        "age, years": ["51,5", "40,1"],
        "y": ["0", "1"],
    }


def test_other_separators_can_be_declared():
    assert csv("sep=|\nid|y\na|0\n").to_dict("list") == {"id": ["a"], "y": ["0"]}
    assert csv("sep=\t\nid\ty\na,b\t0\n").to_dict("list") == {"id": ["a,b"], "y": ["0"]}


def test_a_declared_separator_changes_no_row_number_of_a_problem():
    with raises(
        "row 3: 3 cells, the header has 2; a cell that contains the separator needs quotation "
        "marks."
    ):
        csv("sep=;\nid;y\na;0\nb;0;1\n")
    with raises("row 2: a quotation mark is not closed, or more text follows the closing one."):
        csv('sep=;\nid;y\n"a;0\n')
    with raises("the table is empty."):
        csv("sep=;\n")


TITLE = (
    "row 1: one cell is filled, as in a title; the first row must hold the names of the columns: "
    "remove what stands above them."
)


@pytest.mark.parametrize(
    "text",
    [
        "Our study\nid,y\na,0\n",
        "Our study,\nid,y\na,0\n",
        "Our study\nid;y\na;0\n",
        "Our study\n\nid;age;y\na;51,5;0\nb;40,5;1\n",
    ],
)
def test_a_title_above_the_names_is_called_one(text):
    with raises(TITLE):
        csv(text)


def test_a_title_above_the_names_of_a_workbook_is_called_one():
    with raises(TITLE, name="t.xlsx"):
        spreadsheet.read(book({"A": [["Our study"], [], ["id", "y"], [1, 0]]}), "t.xlsx")
    with raises(
        "row 1: it is empty; the first row must hold the names of the columns: remove what stands "
        "above them.",
        name="t.xlsx",
    ):
        spreadsheet.read(book({"A": [[], ["id", "y"], [1, 0]]}), "t.xlsx")


def test_a_first_row_shorter_than_all_others_is_not_blamed_on_the_others():
    with raises(
        "row 1: 2 cells, every row below has 3; the first row must hold the names of the columns: "
        "add those without a name, and remove a title."
    ):
        csv("A study, 2024\nid,age,y\na,51,0\n")


def test_one_column_is_a_table():
    assert csv("id\na\nb\n")["id"].tolist() == ["a", "b"]


def test_a_missing_header_is_not_quoted():
    with raises(
        "row 1: columns 3, 4 hold the same, and there are numbers or dates; the first row must "
        "hold the names of the columns, each its own."
    ):
        csv("secret,51,long,long\nother,40,long,trans\n")


@pytest.mark.parametrize(
    ("names", "data"),
    [
        (["id", "51"], True),
        (["-4.5", "y"], True),
        (["2024-03-01T10:05:00", "y"], True),
        (["03/04/2024"], True),
        (["1" * 100_000], True),
        (["1" * 100_000 + "x"], False),
        (["id", "ca19_9", "TIRADS 4", "T", "T1", "-", "größe_mm", "1e"], False),
    ],
)
def test_what_looks_like_data_in_a_header(names, data):
    assert spreadsheet.holds_data(names) is data


def test_column_names_lose_spaces_and_get_one_spelling():
    assert list(csv("\u00a0id ,gro\u0308ße\n1,2\n")) == ["id", "größe"]


def test_values_of_a_workbook_become_text():
    rows = [
        ["id", "whole", "decimal", "date", "time", "yes", "text", "empty"],
        [7, 51.0, 12.25, datetime.date(2024, 3, 1), datetime.time(9, 30), True, " x", None],
        ["a", 3, 0.1, datetime.datetime(2024, 3, 1, 10, 5), None, False, "007", None],
    ]
    table = spreadsheet.read(book({"One": rows}), "table.xlsx")
    assert table.iloc[0].tolist() == ["7", "51", "12.25", "2024-03-01", "09:30:00", "1", " x", ""]
    assert table.iloc[1].tolist() == ["a", "3", "0.1", "2024-03-01T10:05:00", "", "0", "007", ""]


def test_a_sheet_is_chosen_by_name_and_the_only_filled_one_by_itself():
    sheets = {"Empty": [], "Patients": [["id"], [1]]}
    assert spreadsheet.read(book(sheets), "t.xlsx")["id"].tolist() == ["1"]
    sheets["Codes"] = [["code"], ["x"]]
    assert spreadsheet.read(book(sheets), "t.xlsx", sheet="Codes")["code"].tolist() == ["x"]
    with raises(
        "several sheets hold something: 'Patients', 'Codes'. Say which: `sheet`.", name="t.xlsx"
    ):
        spreadsheet.read(book(sheets), "t.xlsx")


def test_hidden_rows_columns_and_sheets_are_read():
    def hide(workbook):
        workbook["A"].row_dimensions[2].hidden = True
        workbook["A"].column_dimensions["B"].hidden = True
        workbook["A"].sheet_state = "hidden"

    sheets = {"A": [["id", "y"], [1, 0], [2, 1]], "Notes": []}
    table = spreadsheet.read(book(sheets, hide), "t.xlsx", sheet="A")
    assert table.to_dict("list") == {"id": ["1", "2"], "y": ["0", "1"]}


def test_the_stored_value_of_a_formula_counts():
    data = book({"A": [["id", "y"], [1, "=1+1"], [2, '=""']]})
    data = rewritten(data, rb"<f>1\+1</f><v(/| /|></v)>", b"<f>1+1</f><v>2</v>")
    # Excel stores empty text as a typed cell without a value; a formula never computed has no type.
    data = rewritten(data, rb'r="B3"><f>""</f><v(/| /|></v)>', b'r="B3" t="str"><f>""</f><v></v>')
    assert spreadsheet.read(data, "t.xlsx")["y"].tolist() == ["2", ""]


def test_a_validation_that_openpyxl_does_not_know_is_no_warning():
    extension = (
        b"<extLst><ext uri='{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}'></ext></extLst></worksheet>"
    )
    data = rewritten(book({"A": [["id"], [1]]}), b"</worksheet>", extension)
    assert spreadsheet.read(data, "t.xlsx")["id"].tolist() == ["1"]


def test_a_stray_cell_far_away_is_named_and_not_walked_to():
    def stray(workbook):
        workbook["A"]["XFD1048576"].number_format = "0.00"

    with raises(
        "sheet 'A' reaches to row 1048576, column 16384; delete the empty rows and columns beside "
        "the table.",
        name="t.xlsx",
    ):
        spreadsheet.read(book({"A": [["id"], [1]]}, stray), "t.xlsx")


@pytest.mark.parametrize(
    "data", [b"id,y\n1,0\n", b"PK\x03\x04 damaged", b"\xd0\xcf\x11\xe0 locked"]
)
def test_a_file_that_only_claims_to_be_a_workbook_is_refused(data):
    with raises(
        "it cannot be opened as XLSX (damaged, protected by a password, or another format); save "
        "it as XLSX without password, or as CSV.",
        name="t.xlsx",
    ):
        spreadsheet.read(data, "t.xlsx")


def test_a_damaged_workbook_is_refused_wherever_it_is_cut():
    whole = book({"A": [["id", "y"]] + [[i, i % 2] for i in range(50)]})
    for end in range(30, len(whole), len(whole) // 20):
        with pytest.raises(spreadsheet.TableError, match="cannot be opened as XLSX"):
            spreadsheet.read(whole[:end], "t.xlsx")


def test_all_problems_are_kept_and_the_first_are_shown():
    with pytest.raises(spreadsheet.TableError) as caught:
        csv("id,y\n" + "1\n" * 30)
    assert len(caught.value.problems) == 30
    assert str(caught.value).count("row ") == 12 and str(caught.value).endswith("and 18 more")


def test_a_csv_that_pandas_wrote_comes_back():
    frame = pd.DataFrame({"a": ["x,y", 'say "z"', "l\n2"], "b": ["1;2", "", "ü"]})
    back = csv(frame.to_csv(index=False))
    pd.testing.assert_frame_equal(back, frame)


CHINESE = "编号,性别,边缘,y\n张三,男,不规则,1\n李四,女,光滑,0\n"
CHINESE_ALREADY = (
    "its letters are written in UTF-8, and read as gb18030 they would be others. Correct "
    '`cohort.encoding`, or leave it out. Save it as "CSV UTF-8" (Excel: Save as; LibreOffice: '
    "character set Unicode (UTF-8))."
)


@pytest.mark.parametrize("encoding", ["gb18030", "GB18030", "gbk", "gb2312"])
def test_a_declared_encoding_is_read(encoding):
    data = CHINESE.encode("gb2312")
    assert spreadsheet.read(data, "table.csv", encoding=encoding).equals(csv(CHINESE))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("id,ort\n1,Köln\n", "cp1252"), ("id,πόλη\n1,Αθήνα\n", "cp1253"), ("號,y\n1,0\n", "big5")],
)
def test_so_are_others(text, encoding):
    data = text.encode(encoding)
    assert spreadsheet.read(data, "table.csv", encoding=encoding).equals(csv(text))


def test_the_mark_of_gb18030_is_no_letter():
    data = ("\ufeff" + CHINESE).encode("gb18030")
    assert spreadsheet.read(data, "table.csv", encoding="gb18030").equals(csv(CHINESE))


@pytest.mark.parametrize("text", [CHINESE, "id,姓名\n1,张三\n", "id,name\n1,欧阳喆\n"])
def test_gb18030_is_proposed_and_not_guessed(text):
    data = text.encode("gb18030")
    with pytest.raises(UnicodeDecodeError) as error:
        data.decode()
    at = error.value.start
    line = data.count(b"\n", 0, at) + 1
    with raises(
        f"line {line}: byte 0x{data[at]:02X} is not UTF-8, so letters would be lost. It can be "
        "read as GB18030, as Excel saves a CSV in Chinese: set cohort.encoding: gb18030 (or "
        'external.encoding, of that table). Save it as "CSV UTF-8" (Excel: Save as; LibreOffice: '
        "character set Unicode (UTF-8))."
    ):
        spreadsheet.read(data, "table.csv")


@pytest.mark.parametrize("word", ["Köln", "Genève", "größer", "Malmö;Århus", "señor"])
def test_text_of_western_europe_does_not_seem_chinese(word):
    with pytest.raises(spreadsheet.TableError, match="is not UTF-8") as error:
        csv(f"id,place\n1,{word}\n", "cp1252")
    assert "GB18030" not in str(error.value)


def test_bytes_that_belie_the_declared_encoding_are_refused():
    with raises(CHINESE_ALREADY):
        spreadsheet.read(CHINESE.encode(), "table.csv", encoding="gb18030")
    marked = CHINESE_ALREADY.replace(
        "its letters are written in UTF-8, and read as gb18030 they would be others",
        "it begins with the byte-order mark of {}, which is not gb18030",
    )
    for encoding, kind in (("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16")):
        with raises(marked.format(kind)):
            spreadsheet.read(CHINESE.encode(encoding), "table.csv", encoding="gb18030")
    broken = CHINESE_ALREADY.replace(
        "its letters are written in UTF-8, and read as gb18030 they would be others",
        "line 2: not gb18030, so letters would be lost",
    )
    with raises(broken):
        spreadsheet.read(b"id,y\n1,\xff\xff\n", "table.csv", encoding="gb18030")


@pytest.mark.parametrize("encoding", ["utf-8", "UTF8", "utf-8-sig", "utf-16"])
def test_utf_by_any_name_is_no_contradiction(encoding):
    written = "utf-16" if encoding == "utf-16" else "utf-8-sig"
    data = CHINESE.encode(written)
    assert spreadsheet.read(data, "table.csv", encoding=encoding).equals(csv(CHINESE))


def test_a_header_may_stand_alone_where_it_is_asked_for():
    alone = spreadsheet.read(b"id,y\n", "t.csv", may_be_empty=True)
    assert list(alone) == ["id", "y"] and len(alone) == 0
    with pytest.raises(spreadsheet.TableError, match="there is no row below the header"):
        spreadsheet.read(b"id,y\n", "t.csv")


def test_text_far_larger_than_a_table_is_refused():
    with raises(spreadsheet.FAR_LARGER.format("40 MB")):
        spreadsheet.read(b"a" * (spreadsheet.LARGEST_FILE + 1), "table.csv")
    for mark in (",", "\n", "\r"):
        with raises(
            "it is far larger than a table of patients (more than 2 million cells); save the table "
            "alone."
        ):
            csv("id,y\n" + mark * spreadsheet.MOST_CELLS)


def test_half_a_letter_is_no_text():
    with raises(
        "line 2: not utf-7, so letters would be lost. Correct `cohort.encoding`, or leave it out. "
        'Save it as "CSV UTF-8" (Excel: Save as; LibreOffice: character set Unicode (UTF-8)).'
    ):
        spreadsheet.read(b"id,y\n+2AA-,1\n", "table.csv", encoding="utf-7")
