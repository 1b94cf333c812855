"""The user's table, CSV or XLSX, as text: every cell as it stands, and nothing guessed.

What a table cannot say clearly (an unknown encoding, merged cells, a formula that was never
computed) is refused with its row, because each of these shifts or loses values without a trace.
"""

import csv
import datetime
import io
import re
import unicodedata
import warnings
from collections.abc import Sequence
from pathlib import PurePath

import pandas as pd
from openpyxl import load_workbook

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
LONGEST = 1000  # characters of a cell
LARGEST = 5_000_000  # cells of a sheet that are looked at, empty ones too
SHOWN = 12  # problems named before it says how many more there are
DECLARED = re.compile(r'"?sep=([^\w\s"]|\t)"? *(\r\n|\r|\n)', re.IGNORECASE)  # Excel's own line
DATUM = re.compile(r"[-+.,:/]*\d[-+\s\d.,:/T]*")  # number or date
UTF8 = 'Save it as "CSV UTF-8" (Excel: Save as; LibreOffice: character set Unicode (UTF-8)).'


class TableError(ValueError):
    """A file that is no usable table; `problems` has one line each."""

    def __init__(self, name: str, problems: Sequence[str]):
        self.problems = list(problems)
        more = len(self.problems) - SHOWN
        shown = self.problems[:SHOWN] + ([f"and {more} more"] if more > 0 else [])
        super().__init__("\n  ".join([f"{name}: not usable as a table:", *shown]))


def read(data: bytes, name: str, *, sheet: str = "") -> pd.DataFrame:
    """Read a table, every cell as text and empty cells as "".

    Parameters
    ----------
    data
        Content of the file.
    name
        Of the file, for its kind (`.xlsx`; anything else is CSV) and for messages.
    sheet
        Of an XLSX file; "" takes the only one that holds anything. Hidden sheets, rows and columns
        are read like any other.

    Returns
    -------
    DataFrame
        Row i is row i + 2 of the spreadsheet; a line `sep=;` above the header of a CSV declares
        the separator and is no row. Column names are without surrounding spaces, in Unicode NFC.
        Of an XLSX: the stored values of formulas, dates as ISO text (with the time of day unless it
        is midnight), whole numbers without decimals, booleans as 1 and 0.

    Raises
    ------
    TableError
        Naming every cell that cannot be read.
    """
    if not data:
        raise TableError(name, ["the file is empty."])
    if PurePath(name).suffix.lower() == ".xlsx":
        return _frame(_xlsx_rows(data, name, sheet), name)
    if sheet:
        raise TableError(name, [f"sheet {sheet!r} is asked for; only an XLSX file has sheets."])
    return _frame(_csv_rows(_decoded(data, name), name), name)


def holds_data(header: Sequence[str]) -> bool:
    """Whether a name of a column is a number or a date, as where the header is missing."""
    return any(DATUM.fullmatch(name) for name in header)


def _frame(rows: list[list[str]], name: str) -> pd.DataFrame:
    """Rows of cells, header first, as a table; what is empty at the right and below is none."""
    while rows and not any(cell.strip() for cell in rows[-1]):
        rows.pop()
    if not rows:
        raise TableError(name, ["the table is empty."])
    width = max(i for row in rows for i, cell in enumerate(row, start=1) if cell.strip())
    rows = [row[:width] for row in rows]
    _check_first_row(rows, name)
    header = [unicodedata.normalize("NFC", cell.strip()) for cell in rows[0]]
    problems = _header_problems(header)
    if len(rows) == 1:
        problems.append("there is no row below the header.")
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            problems.append(f"row {number}: empty, in the middle of the table; remove it.")
        elif len(row) != len(header):
            problems.append(
                f"row {number}: {len(row)} cells, the header has {len(header)}; a cell that "
                "contains the separator needs quotation marks."
            )
        else:
            problems += [
                f"row {number}: {column}: {len(cell)} characters, at most {LONGEST} are accepted."
                for column, cell in zip(header, row, strict=True)
                if len(cell) > LONGEST
            ]
    if problems:
        raise TableError(name, problems)
    return pd.DataFrame(rows[1:], columns=header, dtype=str)


def _check_first_row(rows: list[list[str]], name: str) -> None:
    """Raise where the first row is a title or empty, or names fewer columns than there are."""
    first = sum(bool(cell.strip()) for cell in rows[0])
    below = [row for row in rows[1:] if any(cell.strip() for cell in row)]
    filled = max((sum(bool(cell.strip()) for cell in row) for row in below), default=0)
    if first < 2 <= filled:
        what = "one cell is filled, as in a title" if first else "it is empty"
        remedy = "remove what stands above them."
    elif below and min(map(len, below)) == max(map(len, below)) > len(rows[0]):
        what = f"{len(rows[0])} cells, every row below has {len(below[0])}"
        remedy = "add those without a name, and remove a title."
    else:
        return
    raise TableError(
        name, [f"row 1: {what}; the first row must hold the names of the columns: {remedy}"]
    )


def _header_problems(header: list[str]) -> list[str]:
    empty = [
        f"row 1: column {i} has no name." for i, name in enumerate(header, start=1) if not name
    ]
    places: dict[str, list[str]] = {}
    for i, name in enumerate(header, start=1):
        places.setdefault(name, []).append(str(i))
    twice = {name: ", ".join(where) for name, where in places.items() if name and len(where) > 1}
    if holds_data(header):  # of a patient, perhaps, and not for a message
        return empty + [
            f"row 1: columns {where} hold the same, and there are numbers or dates; the first row "
            "must hold the names of the columns, each its own."
            for where in twice.values()
        ]
    return empty + [
        f"row 1: columns {where} are all called {name[:40]!r}; give each its own name."
        for name, where in twice.items()
    ]


def _decoded(data: bytes, name: str) -> str:
    """Text of a CSV file in UTF-8 or, with a byte-order mark, UTF-16."""
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise TableError(name, ["this is a spreadsheet, not text; save it as XLSX, named .xlsx."])
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = "not UTF-16" if wide else f"byte 0x{data[error.start]:02X} is not UTF-8"
        raise TableError(
            name, [f"line {line}: {problem}, so letters would be lost. {UTF8}"]
        ) from None
    if "\0" in text:
        raise TableError(name, [f"it holds zero bytes, so it is no text in UTF-8. {UTF8}"])
    return text


def _csv_rows(text: str, name: str) -> list[list[str]]:
    """Cells by the separator of the header that gives every row the width of the header.

    If none does, by the one with most columns, whose ragged rows are then reported. A separator
    that the file declares is taken as it is.
    """
    declared = DECLARED.match(text)
    if declared:
        rows, wrong = _parsed(text[declared.end() :], declared[1])
        if wrong:
            raise TableError(name, [wrong])
        return rows
    parsed = {delimiter: _parsed(text, delimiter) for delimiter in DELIMITERS}
    fitting = [d for d, (rows, wrong) in parsed.items() if not wrong and _is_even(rows)]
    if len(fitting) > 1:
        named = " or ".join(DELIMITERS[d] for d in fitting)
        raise TableError(
            name, [f"the separator may be {named}; put cells that hold either in quotation marks."]
        )
    rows, wrong = max((parsed[d] for d in fitting or DELIMITERS), key=_widths)
    if wrong:
        raise TableError(name, [wrong])
    return rows


def _widths(parsed: tuple[list[list[str]], str]) -> tuple[int, int]:
    """Columns of the header and, which tells below a title, of the widest row."""
    rows, _ = parsed
    return len(rows[0]) if rows else 0, max(map(len, rows), default=0)


def _is_even(rows: list[list[str]]) -> bool:
    """Whether there are columns, and every row that holds anything has as many as the header."""
    width = len(rows[0]) if rows else 0
    return width > 1 and all(len(row) == width for row in rows if any(row))


def _parsed(text: str, delimiter: str) -> tuple[list[list[str]], str]:
    """Rows of `text`, and what stopped the reading."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            rows.append(row)
    except csv.Error:
        what = "a quotation mark is not closed, or more text follows the closing one."
        return rows, f"row {len(rows) + 1}: {what}"
    return rows, ""


def _xlsx_rows(data: bytes, name: str, sheet: str) -> list[list[str]]:
    values, formulas = _workbook(data, name, values=True), _workbook(data, name, values=False)
    title = _sheet(values, name, sheet)
    stored, written = values[title], formulas[title]
    if stored.max_row * stored.max_column > LARGEST:
        raise TableError(
            name,
            [
                f"sheet {title!r} reaches to row {stored.max_row}, column {stored.max_column}; "
                "delete the empty rows and columns beside the table."
            ],
        )
    problems = [
        f"sheet {title!r}: cells {merged.coord} are merged; a table has one value in each cell."
        for merged in written.merged_cells.ranges
    ]
    rows = []
    for stored_row, written_row in zip(stored.iter_rows(), written.iter_rows(), strict=True):
        rows.append([_text(cell.value) for cell in stored_row])
        for cell, source in zip(stored_row, written_row, strict=True):
            if cell.data_type == "e":
                problems.append(
                    f"row {cell.row}: cell {cell.coordinate} holds the error {cell.value}; "
                    "correct or empty it."
                )
            # "str" without a value is a formula that gave empty text.
            elif source.data_type == "f" and cell.value is None and cell.data_type != "str":
                problems.append(
                    f"row {cell.row}: cell {cell.coordinate} holds a formula without its value; "
                    "open the file in a spreadsheet program and save it again."
                )
    if problems:
        raise TableError(name, problems)
    return rows


def _workbook(data: bytes, name: str, *, values: bool):
    try:
        with warnings.catch_warnings():
            # openpyxl warns of what it would not write again: drawings, validation, styles.
            warnings.simplefilter("ignore", UserWarning)
            return load_workbook(io.BytesIO(data), data_only=values)
    except Exception:  # a damaged file makes openpyxl stumble in a dozen ways
        what = "it cannot be opened as XLSX (damaged, protected by a password, or another format)"
        raise TableError(name, [f"{what}; save it as XLSX without password, or as CSV."]) from None


def _sheet(workbook, name: str, sheet: str) -> str:
    """Title of the sheet to read."""
    titles = [each.title for each in workbook.worksheets]
    if sheet:
        if sheet not in titles:
            there = ", ".join(map(repr, titles))
            raise TableError(name, [f"there is no sheet {sheet!r}. Sheets: {there}."])
        return sheet
    filled = [
        each.title
        for each in workbook.worksheets
        if (each.max_row, each.max_column) != (1, 1) or each["A1"].value is not None
    ]
    if len(filled) > 1:
        several = ", ".join(map(repr, filled))
        raise TableError(name, [f"several sheets hold something: {several}. Say which: `sheet`."])
    return (filled or titles)[0]


def _text(value) -> str:
    """A value of a spreadsheet as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)
