"""One cell at a time: what is accepted, and what a user reads where it is not."""

import copy
import datetime
import math
import re

import numpy as np
import pandas as pd
import pytest

from thyro.cohort import cells


def refused(message):
    return pytest.raises(cells.CellError, match=f"^{re.escape(message)}$")


@pytest.mark.parametrize(
    ("cell", "value"),
    [("51.5", 51.5), ("-3", -3), ("+.5", 0.5), ("7.", 7), ("1e-3", 0.001), ("1.234", 1.234)],
)
def test_numbers(cell, value):
    assert cells.number(cell) == value


def test_a_number_in_full_precision_is_the_same_number():
    for value in np.random.default_rng(1).lognormal(0, 20, 200).tolist():
        assert cells.number(repr(value)) == value


def test_an_empty_cell_is_no_number_and_no_problem():
    assert math.isnan(cells.number("", minimum=0)) and math.isnan(cells.binary(""))
    assert cells.iso_date("") is None and cells.word("", ["keep"]) == ""


@pytest.mark.parametrize(
    ("cell", "remedy"),
    [
        ("51,5", " with a decimal point: write 51.5"),
        ("1,234", ": write 1.234 or 1234"),
        ("1,234.5", " without separators of thousands: write 1234.5"),
        ("1.234,5", " without separators of thousands: write 1234.5"),
        ("-1.234.567", " without separators of thousands: write -1234567"),
        ("1 234", " without separators of thousands: write 1234"),
        ("1’234", " without separators of thousands: write 1234"),
        ("nan", "; leave the cell empty where it is not known"),
        ("N/A", "; leave the cell empty where it is not known"),
        ("inf", "; leave the cell empty where it is not known"),
        ("2024-03-01", ", found a date; was it changed by a spreadsheet program?"),
        ("03.04.24", ", found a date; was it changed by a spreadsheet program?"),
        ("2024/3/1", ", found a date; was it changed by a spreadsheet program?"),
        ("12 mm", " without its unit"),
        ("85%", " without its unit"),
        ("５１", " in the digits 0-9: write 51"),
        ("−4", " in the digits 0-9: write -4"),
        ("=1+1", " with a decimal point"),
        ("1_000", " with a decimal point"),
        ("5 1", " with a decimal point"),
        ("1e999", " with a decimal point"),
        ("#N/A", " with a decimal point"),
    ],
)
def test_what_is_no_number_comes_with_the_remedy(cell, remedy):
    with refused(f"'{cell}', expected a number{remedy}"):
        cells.number(cell)


def test_invisible_characters_are_shown():
    with refused(r"'1\xa0234', expected a number without separators of thousands: write 1234"):
        cells.number("1\u00a0234")
    with refused(r"'\u200b51', expected a number with a decimal point"):
        cells.number("\u200b51")


@pytest.mark.parametrize(
    ("limits", "cell", "expected"),
    [
        (
            {"minimum": 0},
            "-4",
            "of at least 0; where less than 0 is right, declare `minimum: null`",
        ),
        (
            {"minimum": 0, "maximum": 120},
            "-4",
            "from 0 to 120; where less than 0 is right, declare `minimum: null`",
        ),
        ({"minimum": 5}, "-4", "of at least 5"),
        ({"maximum": 120.5}, "121", "of at most 120.5"),
        ({"minimum": 0, "maximum": 120}, "430", "from 0 to 120"),
    ],
)
def test_limits(limits, cell, expected):
    with refused(f"'{cell}', expected a number {expected}"):
        cells.number(cell, **limits)
    assert cells.number("120", **limits) == 120  # a limit itself is accepted


@pytest.mark.parametrize(("cell", "value"), [("1", 1), ("0", 0), ("1.0", 1), ("00", 0)])
def test_binary(cell, value):
    assert cells.binary(cell) == value


@pytest.mark.parametrize("cell", ["2", "0.5", "-1", "yes", "TRUE", "1,0", "nan"])
def test_what_is_neither_one_nor_zero(cell):
    with refused(f"'{cell}', expected 1, 0 or empty"):
        cells.binary(cell)


@pytest.mark.parametrize(
    "cell", ["2024-03-01", "2024-03-01T10:05:00.001000", "03.04.24", "2024/3/1"]
)
def test_a_date_where_one_or_zero_is_expected_is_called_one(cell):
    with refused(f"'{cell}', expected 1, 0 or empty, found a date"):
        cells.binary(cell)


def test_levels_propose_the_nearest():
    known = {"Irregular": "Irregular", "s": "Smooth", "": None}
    assert cells.level("s", known) == "Smooth" and cells.level("", known) is None
    with refused("'IREGULAR', expected one of: Irregular, s; did you mean 'Irregular'?"):
        cells.level("IREGULAR", known)
    with refused("'round', expected one of: Irregular, s"):
        cells.level("round", known)


def test_words_are_read_in_any_case():
    assert cells.word("Keep", ["keep", "exclude"]) == "keep"
    with refused("'excluded', expected one of: exclude, keep; did you mean 'exclude'?"):
        cells.word("excluded", ["keep", "exclude"])


def test_dates_are_iso_and_lose_the_time_of_day():
    assert cells.iso_date("2024-02-29") == datetime.date(2024, 2, 29)
    for time in ("T23:59:00", " 23:59", "T10:05:00.001000"):
        assert cells.iso_date("2024-02-29" + time) == datetime.date(2024, 2, 29)


@pytest.mark.parametrize("cell", ["03/04/2024", "2024-3-1", "20240301", "2023-02-29", "2024-W01-1"])
def test_other_dates_are_refused(cell):
    with refused(
        f"'{cell}', expected a date as year-month-day, such as 2024-03-31; a time of day may "
        "follow and is left out"
    ):
        cells.iso_date(cell)


def test_free_text_is_cut_in_messages():
    assert cells.quoted("x" * 40) == repr("x" * 40)
    assert cells.quoted("x" * 41) == repr("x" * 40 + "…")


def test_texts_are_compared_without_spaces_and_in_one_spelling():
    assert cells.plain("\u00a0Mu\u0308ller ") == cells.plain("Müller") == "Müller"


@pytest.mark.parametrize(
    "spellings",
    [
        ["7", "007", "7.0", "7.", " 7 ", "７", "\u200b7", "٧"],
        ["P7", "p7", "P 7", "P\u00a07", "\ufeffP7", "Ｐ7", "P\u200d7", "P\t7"],
        ["Müller", "Mu\u0308ller", "MÜLLER", "müller\u2060"],
        ["STRASSE-1", "Straße-1"],
        ["1.5", "1.50", "01.5"],
        ["", " ", "\u200b"],
    ],
)
def test_ids_that_differ_only_in_writing_are_one(spellings):
    assert len({cells.identity(text) for text in spellings}) == 1


def test_other_ids_are_not_one():
    ids = ["7", "70", "0.7", "-7", "P7", "P07", "P-7", "7a", "1e3", "1000", "7/1", "1" * 30]
    ids += ["1" * 29 + "2", "李", "Muller", "Müller"]
    assert len({cells.identity(text) for text in ids}) == len(ids)


def test_a_problem_names_its_rows_and_counts_the_rest():
    assert cells.row_lines([], "x") == []
    assert cells.row_lines([0, 5], "x") == ["row 2, 7: x"]
    assert cells.row_lines(range(15), "x") == [
        "row 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 and 3 more: x"
    ]


def test_a_column_of_something_else_does_not_fill_the_page():
    problems = []
    names = pd.Series([f"Name {i:02d}" for i in range(40)], name="age")
    assert cells.column(names, cells.number, problems) == [None] * 40
    assert len(problems) == 13
    assert problems[-1].startswith("row 14, 15, 16")
    assert problems[-1].endswith(
        "and 16 more: age: further cells that cannot be used; is it the right column?"
    )
    assert not any("Name 12" in line for line in problems)


def test_equal_problems_share_a_line():
    problems = []
    cells.column(pd.Series(["x", "1", " x"], name="age"), cells.number, problems)
    assert problems == ["row 2, 4: age: 'x', expected a number with a decimal point"]


def test_texts_are_counted_for_messages():
    assert cells.counted(pd.Series(["b", "a", "b", "a", "b"])) == "'b' (3), 'a' (2)"
    with_names = pd.Series(["b", "Jane Doe", "b", "John Doe"])
    assert cells.counted(with_names) == "'b' (2), texts that occur once: 2"
    assert cells.counted(pd.Series(list("abcdefghijklm") * 2)) == "13 different texts"


def test_rows_are_counted_as_a_spreadsheet_counts_them():
    assert cells.row_number(0) == 2  # row 1 has the names of the columns
    assert cells.row_number(pd.Index([0, 5])).tolist() == [2, 7]
    many = cells.row_lines(range(cells.SHOWN + 3), "empty")
    assert many == [f"row {', '.join(map(str, range(2, cells.SHOWN + 2)))} and 3 more: empty"]
    assert cells.row_lines([], "empty") == []


def test_a_problem_of_rows_is_known_by_its_type_wherever_it_comes_from():
    (line,) = cells.row_lines([3], "empty")
    assert isinstance(line, cells.RowProblem)
    assert isinstance(copy.deepcopy(line), cells.RowProblem)  # as from a worker
    problems = []
    cells.column(pd.Series(["x", "1"], name="age"), cells.number, problems)
    assert len(problems) == 1 and isinstance(problems[0], cells.RowProblem)


MADE = (
    ", found a date: a spreadsheet program makes one of a level such as 6-15; format the column as "
    "text and write the level again, or say in `recode` which it is"
)


@pytest.mark.parametrize(
    "cell",
    [
        "2024-06-15",
        "15.06.2024",
        "2024/6/15",  # Excel in Chinese and Japanese
        "2024.06.15",
        "2024/6/15 0:00",
        "6/15/2024",
        "15-Jun",
        "Jun-15",
        "15. Juni",
        "6月15日",
        "2024年6月",
        "15 mrt 24",
    ],
)
def test_a_level_that_became_a_date_is_called_one(cell):
    known = dict.fromkeys(["<5", "6-15", ">15"])
    with pytest.raises(cells.CellError) as error:
        cells.level(cell, known)
    assert str(error.value) == f"{cell!r}, expected one of: 6-15, <5, >15{MADE}"


@pytest.mark.parametrize("cell", ["16-25", "6/15", "Juny", "May", "1 node", "Sept", "3-June-left"])
def test_other_levels_are_no_dates(cell):
    with pytest.raises(cells.CellError) as error:
        cells.level(cell, {"6-15": "6-15"})
    assert "found a date" not in str(error.value)


@pytest.mark.parametrize("cell", ["5-Mar", "Mar-05", "3月5日"])
def test_a_number_that_became_a_date_by_its_name_is_called_one(cell):
    message = f"{cell!r}, expected a number, found a date; was it changed by a spreadsheet program?"
    with refused(message):
        cells.number(cell)
