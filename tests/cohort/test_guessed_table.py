"""A table is opened with the declarations that its file needs, and with their evidence."""

import pytest

from tests.cohort.test_spreadsheet import book
from thyro.cohort import TableError
from thyro.cohort.guessed_table import open_table

ROWS = [["id", "age", "y"], ["a", 51, 0], ["b", 40, 1], ["c", 44, 1]]


def test_a_plain_table_needs_no_declaration():
    opened = open_table(b"id,age,y\na,51.5,0\nb,40,1\n", "t.csv")
    assert opened.declared == {} and not opened.comma
    assert list(opened.frame) == ["id", "age", "y"]


@pytest.mark.parametrize(
    "rows",
    [
        [["Our study, 2024"], [], *ROWS],
        [["Our study", None, None], ["as of May"], *ROWS],
        [[None, "Patient", None], [None, None, "Outcome"], *ROWS],  # names of groups, merged
    ],
)
def test_a_title_or_names_of_groups_above_the_header_are_found(rows):
    def merged(workbook):
        workbook["A"].merge_cells("A1:C1")

    opened = open_table(book({"A": rows}, merged), "t.xlsx")
    assert opened.declared["header_row"][0] == 3
    assert list(opened.frame["age"]) == ["51", "40", "44"]


def test_a_row_of_data_is_no_header():
    with pytest.raises(TableError, match="columns 1, 2 are all called 'id'"):
        open_table(b"id,id\na,1\nb,2\n", "t.csv")


def test_a_csv_of_german_excel_is_read_with_its_letters_and_commas():
    text = "Fall;Größe (mm);Befund\nA1;12,5;1\nA2;7,25;0\nA3;9;1\n"
    opened = open_table(text.encode("cp1252"), "t.csv")
    assert opened.declared["encoding"] == (
        "cp1252",
        "byte 0xF6 is not UTF-8; as a program for Windows in western Europe writes it",
    )
    assert opened.declared["decimal"] == ("comma", "2 numbers have a comma, in 'Größe (mm)'")
    assert opened.comma and "Größe (mm)" in opened.frame


def test_a_csv_of_chinese_excel_is_read():
    text = "住院号,年龄,转移\nZ1,51,是\nZ2,40,否\n"
    opened = open_table(text.encode("gb18030"), "t.csv")
    assert opened.declared["encoding"][0] == "gb18030"
    assert list(opened.frame["转移"]) == ["是", "否"]


@pytest.mark.parametrize(
    ("size", "why"),
    [
        (["1,234", "2,345"], "all could be thousands"),
        (["1,5", "2.5"], "and 1 a point"),
    ],
)
def test_what_a_comma_means_is_left_open_where_the_cells_do_not_tell(size, why):
    opened = open_table(f"id;size\na;{size[0]}\nb;{size[1]}\n".encode(), "t.csv")
    value, evidence = opened.declared["decimal"]
    assert value is None and why in evidence and not opened.comma


def test_commas_in_texts_are_no_decimal_ones():
    opened = open_table(b'id;where\na;"1,2"\nb;left\nc;right\n', "t.csv")
    assert opened.declared == {}


def test_the_only_sheet_that_is_a_table_is_taken():
    sheets = {"Notes": [["Please read"], ["by May"]], "Patients": ROWS}
    assert open_table(book(sheets), "t.xlsx").declared["sheet"] == (
        "Patients",
        "of 2 sheets the only one that is a table",
    )


def test_several_tables_are_a_question():
    data = book({"A": ROWS, "B": ROWS})
    with pytest.raises(TableError, match="'A', 'B'. Say which: --sheet"):
        open_table(data, "t.xlsx")
    assert open_table(data, "t.xlsx", sheet="B").declared["sheet"][0] == "B"
