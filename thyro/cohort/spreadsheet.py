"""The user's table, CSV or XLSX, as text: every cell as it stands, and nothing guessed.

What a table cannot say clearly (an unknown encoding, merged cells, a formula that was never
computed) is refused with its row, because each of these shifts or loses values without a trace.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Collection, Sequence
from pathlib import PurePath

import pandas as pd

from thyro.cohort.workbook import TableError, rows_of

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
LONGEST = 1000  # characters of a cell
LARGEST_FILE = 40_000_000  # bytes of a CSV
MOST_CELLS = 2_000_000  # of a CSV, as far as separators and line ends tell
DECLARED = re.compile(r'"?sep=([^\w\s"]|\t)"? *(\r\n|\r|\n)', re.IGNORECASE)  # Excel's own line
DATUM = re.compile(r"[-+.,:/]*\d[-+\s\d.,:/T]*")  # number or date
FIRST_LEVEL = range(0xB0, 0xD8)  # first bytes of the 3755 most frequent characters in GB 2312
GB18030 = (
    "It can be read as GB18030, as Excel saves a CSV in Chinese: set cohort.encoding: gb18030 (or "
    "external.encoding, of that table)."
)
FAR_LARGER = "it is far larger than a table of patients (more than {}); save the table alone."
UTF8 = 'Save it as "CSV UTF-8" (Excel: Save as; LibreOffice: character set Unicode (UTF-8)).'


def read(
    data: bytes,
    name: str,
    *,
    sheet: str = "",
    encoding: str = "utf-8",
    columns: Collection[str] | None = None,
    ids: Collection[str] = (),
    may_be_empty: bool = False,
) -> pd.DataFrame:
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
    encoding
        Of a CSV. One in UTF-16 says so itself by its byte-order mark.
    columns
        Names of those that are used: what the cells of others hold does not matter. None: all.
    ids
        Names of those that tell patients apart, and must have kept every digit.
    may_be_empty
        Whether a header without rows is a table.

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
        rows = rows_of(data, name, sheet, columns=columns, ids=ids)
        return _frame(rows, name, columns, may_be_empty)
    if len(data) > LARGEST_FILE:
        raise TableError(name, [FAR_LARGER.format(f"{LARGEST_FILE // 10**6} MB")])
    if sheet:
        raise TableError(name, [f"sheet {sheet!r} is asked for; only an XLSX file has sheets."])
    rows = _csv_rows(_decoded(data, name, encoding), name)
    return _frame(rows, name, columns, may_be_empty)


def holds_data(header: Sequence[str]) -> bool:
    """Whether a name of a column is a number or a date, as where the header is missing."""
    return any(DATUM.fullmatch(name) for name in header)


def _frame(
    rows: list[list[str]], name: str, columns: Collection[str] | None, may_be_empty: bool
) -> pd.DataFrame:
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
    if len(rows) == 1 and not may_be_empty:
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
                if len(cell) > LONGEST and (columns is None or column in columns)
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


def _decoded(data: bytes, name: str, encoding: str) -> str:
    """Text of a CSV file in its encoding or, with a byte-order mark, UTF-16."""
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise TableError(name, ["this is a spreadsheet, not text; save it as XLSX, named .xlsx."])
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not codecs.lookup(encoding).name.startswith("utf-8"):
        text = _decoded_as(data, name, encoding)
    else:
        try:
            text = data.decode("utf-16" if wide else "utf-8-sig")
        except UnicodeDecodeError as error:
            problem = "not UTF-16" if wide else f"byte 0x{data[error.start]:02X} is not UTF-8"
            remedy = f"{GB18030} {UTF8}" if not wide and _seems_chinese(data) else UTF8
            what = f"line {_line(data, error)}: {problem}, so letters would be lost. {remedy}"
            raise TableError(name, [what]) from None
    if "\0" in text:
        raise TableError(name, [f"it holds zero bytes, so it is no text in UTF-8. {UTF8}"])
    return text


def _decoded_as(data: bytes, name: str, encoding: str) -> str:
    """Text in an encoding that the study declares, unless the bytes belie it."""
    marks = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
    marked = next((kind for mark, kind in marks.items() if data.startswith(mark)), "")
    if marked and not codecs.lookup(encoding).name.startswith(marked):
        what = f"it begins with the byte-order mark of {marked.upper()}, which is not {encoding}"
    elif not marked and _is_utf8_beyond_europe(data):
        what = f"its letters are written in UTF-8, and read as {encoding} they would be others"
    else:
        try:
            text = data.decode(encoding).removeprefix("\ufeff")
            text.encode("utf-8")  # halves of a letter, which some encodings let pass
            return text
        except UnicodeError as error:
            what = f"line {_line(data, error)}: not {encoding}, so letters would be lost"
    raise TableError(name, [f"{what}. Correct `cohort.encoding`, or leave it out. {UTF8}"])


def _line(data: bytes, error: UnicodeError) -> int:
    return data.count(b"\n", 0, getattr(error, "start", 0)) + 1


def _is_utf8_beyond_europe(data: bytes) -> bool:
    """Whether bytes are UTF-8 with letters of three bytes, as no text in other encodings is."""
    try:
        return any(letter >= "\u0800" for letter in data.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _seems_chinese(data: bytes) -> bool:
    """Whether bytes are GB18030, and most of their letters those of everyday Chinese.

    Text of western Europe can be read as GB18030, too, but gives letters that few use.
    """
    try:
        letters = [letter for letter in data.decode("gb18030") if letter > "\x7f"]
    except UnicodeDecodeError:
        return False
    known = "".join(letters).encode("gb2312", errors="ignore")
    everyday = [first for first in known[::2] if first in FIRST_LEVEL]
    return 2 * len(everyday) > len(letters)


def _csv_rows(text: str, name: str) -> list[list[str]]:
    """Cells by the separator of the header that gives every row the width of the header.

    If none does, by the one with most columns, whose ragged rows are then reported. A separator
    that the file declares is taken as it is.
    """
    if sum(map(text.count, (*DELIMITERS, "\n", "\r"))) > MOST_CELLS:
        raise TableError(name, [FAR_LARGER.format(f"{MOST_CELLS // 10**6} million cells")])
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
