"""Cells of an XLSX as text: stored values, and what a spreadsheet program has lost or hidden.

Only the columns that a study uses can be wrong; of the others nothing is asked.
"""

import datetime
import io
import math
import re
import unicodedata
import warnings
import zipfile
from collections.abc import Collection, Sequence
from decimal import Context, Decimal

from openpyxl import load_workbook

from thyro.cohort import cells, parts

LARGEST = 500_000  # cells of a sheet that are looked at, empty ones too
SHOWN = 12  # problems named before it says how many more there are
KEPT = 15  # digits of a number that spreadsheet programs keep
EXACT = 2**53  # up to here a number with a decimal point or exponent has every whole number
STRICT = b"http://purl.oclc.org/ooxml/"  # begins the names of "Strict Open XML" (ISO/IEC 29500-1)
NO_CODE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')  # of a number format: text shown as it is


class TableError(ValueError):
    """A file that is no usable table; `problems` has one line each."""

    def __init__(self, name: str, problems: Sequence[str]):
        self.problems = list(problems)
        more = len(self.problems) - SHOWN
        shown = self.problems[:SHOWN] + ([f"and {more} more"] if more > 0 else [])
        super().__init__("\n  ".join([f"{name}: not usable as a table:", *shown]))


def rows_of(
    data: bytes,
    name: str,
    sheet: str,
    *,
    columns: Collection[str] | None = None,
    ids: Collection[str] = (),
) -> list[list[str]]:
    """Rows of an XLSX, every cell as text.

    Parameters
    ----------
    data, name, sheet, columns, ids
        As in `spreadsheet.read`.

    Raises
    ------
    TableError
        If the file or sheet cannot be opened, or is far larger than a table of patients; and, of
        the used columns, for merged cells, errors, formulas without a value, ids that have lost
        digits, and percentages beside plain numbers.
    """
    _check_parts(data, name)
    values, formulas = _opened(data, name, values=True), _opened(data, name, values=False)
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
    stored_rows = list(stored.iter_rows())
    rows = [[_text(cell.value) for cell in row] for row in stored_rows]
    if not rows:
        return []
    header = [unicodedata.normalize("NFC", cell.strip()) for cell in rows[0]]
    used = [i for i, text in enumerate(header) if columns is None or text in columns]
    problems = [
        f"sheet {title!r}: cells {merged.coord} are merged; a table has one value in each cell."
        for merged in written.merged_cells.ranges
        if any(merged.min_col <= i + 1 <= merged.max_col for i in used)
    ]
    for row in stored_rows:
        there = [row[i] for i in used]
        problems += filter(
            None, (_wrong(cell, written.cell(cell.row, cell.column)) for cell in there)
        )
    for i in used:
        below = [row[i] for row in stored_rows[1:]]
        problems += _two_formats(header[i], below)
        problems += _shortened(header[i], below) if header[i] in ids else []
    if problems:
        raise TableError(name, problems)
    return rows


def _wrong(cell, source) -> str:
    """What is wrong with a cell, from its stored value and from what was written there."""
    where = f"row {cell.row}: cell {cell.coordinate} holds"
    if cell.data_type == "e":
        return f"{where} the error {cell.value}; correct or empty it."
    if source.data_type != "f":
        return ""
    if "DISPIMG(" in str(source.value):  # of WPS: its stored value is the formula itself
        return f"{where} a picture and no text; write what the column needs."
    # "str" without a value is a formula that gave empty text.
    if cell.value is None and cell.data_type != "str":
        return (
            f"{where} a formula without its value; open the file in a spreadsheet program and save "
            "it again."
        )
    return ""


def _two_formats(column: str, below: Sequence) -> list[str]:
    """The problem of a column in which 35% is stored as 0.35 in some cells and as 35 in others."""
    percent, plain = [], []
    for row, cell in enumerate(below):
        if _is_number(cell.value):
            try:
                shown = NO_CODE.sub("", cell.number_format)
            except IndexError:
                what = f"{column}: a format that the file does not define"
                remedy = "open the file in a spreadsheet program and save it again."
                return cells.row_lines([row], f"{what}; {remedy}")
            (percent if "%" in shown else plain).append(row)
        elif isinstance(cell.value, str) and cells.NUMBER.fullmatch(cells.plain(cell.value)):
            plain.append(row)
    if not (percent and plain):
        return []
    what = (
        f"{column}: percentages, of which 35% is stored as 0.35, but plain numbers in row "
        f"{cells.numbered(plain)}; give all cells of the column one format and one unit."
    )
    return cells.row_lines(percent, what)


def _shortened(column: str, below: Sequence) -> list[str]:
    """The problem of ids that are numbers with more digits than the program has kept."""
    rows = [row for row, cell in enumerate(below) if _has_lost_digits(cell.value)]
    what = (
        f"{column}: numbers of more than {KEPT} digits, and a spreadsheet program keeps the first "
        f"{KEPT}: these ids have lost the others; format the column as text before the ids are "
        "written into it, and export it again."
    )
    return cells.row_lines(rows, what)


def _has_lost_digits(value) -> bool:
    """Whether a number shows that digits after the 15th were set to zero, or rounded.

    Programs that keep them write whole numbers as such: those with other last digits are complete.
    """
    if not _is_number(value) or isinstance(value, float) and not math.isfinite(value):
        return False
    size = Decimal(repr(value)).copy_abs()  # where abs() would round
    rounded = isinstance(value, float) and size >= EXACT
    return size >= 10**KEPT and (rounded or Context(prec=KEPT).plus(size) == size)


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_parts(data: bytes, name: str) -> None:
    """Refuse what would fill the memory."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            large = parts.too_large(file)
    except Exception:  # no zip, or a damaged one: told when it is opened
        return
    if large:
        what = f"unpacked it is far larger than a table of patients (in its part {large})"
        raise TableError(
            name, [f"{what}; copy the table alone into a new file, or save it as CSV."]
        )


def _opened(data: bytes, name: str, *, values: bool):
    try:
        with warnings.catch_warnings():
            # openpyxl warns of what it would not write again: drawings, validation, styles.
            warnings.simplefilter("ignore", UserWarning)
            workbook = load_workbook(io.BytesIO(data), data_only=values)
    except Exception:  # a damaged file makes openpyxl stumble in a dozen ways
        workbook = None
    if _is_strict(data):  # whose sheets openpyxl does not find, or not their cells
        what = 'it is saved as "Strict Open XML"; save it as "Excel Workbook (.xlsx)".'
        raise TableError(name, [what])
    if workbook is None:
        what = "it cannot be opened as XLSX (damaged, protected by a password, or another format)"
        raise TableError(name, [f"{what}; save it as XLSX without password, or as CSV."])
    if not workbook.worksheets:
        raise TableError(name, ["it holds no sheet with cells; save the table as a worksheet."])
    return workbook


def _is_strict(data: bytes) -> bool:
    """Whether an XLSX names its parts as ISO/IEC 29500-1 (Strict) does."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            return any(
                STRICT in file.read(part)
                for part in ("_rels/.rels", "xl/workbook.xml")
                if part in file.namelist()
            )
    except Exception:  # no zip, or a damaged one
        return False


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
