"""Workbooks that unpack to more than a table of patients are told from their parts."""

import io
import zipfile

import pytest

from tests.cohort.test_spreadsheet import book, raises, rewritten
from thyro.cohort import parts, spreadsheet

TABLE = {"A": [["id", "y"], [1, 0], [2, 1]]}
SHEET = "xl/worksheets/sheet1.xml"
LARGE = (
    f"unpacked it is far larger than a table of patients (in its part {SHEET}); copy the table "
    "alone into a new file, or save it as CSV."
)


def too_large(data):
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return parts.too_large(file)


def test_a_table_is_not_too_large():
    assert too_large(book({"A": [["id", "y"]] + [[i, 0] for i in range(5000)]})) == ""
    assert too_large(book(TABLE, lambda made: made["A"].merge_cells("A1:B2"))) == ""


@pytest.mark.parametrize(
    "more",
    [
        b'<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>',
        b'<mergeCells><mergeCell ref="A:C"/></mergeCells>',
        b'<hyperlinks><hyperlink ref="A1:XFD99999" location="x"/></hyperlinks>',
        b"<x>" * 200 + b"</x>" * 100,
    ],
    ids=["all cells", "whole columns", "link", "deep"],
)
def test_few_bytes_that_make_openpyxl_build_many_objects_are_refused(more):
    data = rewritten(book(TABLE), b"</sheetData>", b"</sheetData>" + more)
    with raises(LARGE, name="t.xlsx"):
        spreadsheet.read(data, "t.xlsx")


@pytest.mark.parametrize(
    ("limit", "value", "more"),
    [("LARGEST_PART", 20_000, b" " * 20_001), ("MOST_TAGS", 1000, b"<row/>" * 1001)],
)
def test_large_parts_are_refused_before_they_are_parsed(monkeypatch, limit, value, more):
    monkeypatch.setattr(parts, limit, value)
    data = rewritten(book(TABLE), b"</sheetData>", more + b"</sheetData>")
    with raises(LARGE, name="t.xlsx"):
        spreadsheet.read(data, "t.xlsx")


@pytest.mark.parametrize(
    ("span", "cells"),
    [("A1", 1), ("A1:C7", 21), ("A:A", 1_048_576), ("2:2", 16_384), ("x y", 0)],
)
def test_ranges_are_counted(span, cells):
    assert parts._cells(span) == cells
