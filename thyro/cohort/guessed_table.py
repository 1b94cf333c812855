"""Opening a table of which nothing is declared: its sheet, encoding, header and decimal mark.

The reader is that of the intake, tried with one declaration after the other. What it refuses for
another reason than these stays refused, with its message.
"""

from dataclasses import dataclass, field
from pathlib import PurePath

import pandas as pd

from thyro.cohort import cells, spreadsheet
from thyro.cohort.column_content import DECIMAL_COMMA, MOSTLY
from thyro.cohort.workbook import TableError, titles_of

LAST_HEADER = 6  # row; titles and remarks above it
THOUSANDS = cells.GROUPED


@dataclass
class OpenedTable:
    """A table and how it was read.

    Attributes
    ----------
    frame : DataFrame
        Every cell as text.
    declared : dict of str to (value, evidence)
        Keys of the study file that differ from their default: sheet, encoding, header_row,
        decimal. A decimal of None is one that the cells leave open.
    """

    frame: pd.DataFrame
    declared: dict[str, tuple[str | int | None, str]] = field(default_factory=dict)

    @property
    def comma(self) -> bool:
        """Whether numbers are read with a decimal comma."""
        return self.declared.get("decimal", ("point", ""))[0] == "comma"


def open_table(data: bytes, name: str, *, sheet: str = "") -> OpenedTable:
    """Read a table and find what its study file has to declare of it.

    Parameters
    ----------
    data
        Content of the file.
    name
        Of the file.
    sheet
        Of an XLSX; "" takes the only one that is a table.

    Raises
    ------
    TableError
        As `spreadsheet.read`, for what no declaration mends, and where several sheets are tables.
    """
    declared: dict[str, tuple[str | int | None, str]] = {}
    options: dict[str, str] = {}
    if PurePath(name).suffix.lower() == ".xlsx":
        chosen, evidence = (sheet, "named by the caller") if sheet else _sheet(data, name)
        if evidence:
            declared["sheet"], options["sheet"] = (chosen, evidence), chosen
    else:
        if sheet:
            options["sheet"] = sheet  # which the reader refuses
        encoding, evidence = _encoding(data)
        if evidence:
            declared["encoding"], options["encoding"] = (encoding, evidence), encoding
    frame, header_row = _read(data, name, options)
    if header_row > 1:
        above = "what stands above the names of the columns is a title"
        declared["header_row"] = (header_row, above)
    declared |= _decimal(frame, name)
    return OpenedTable(frame, declared)


def _read(data: bytes, name: str, options: dict[str, str]) -> tuple[pd.DataFrame, int]:
    """The table from the first row on that can be its header, and the number of that row."""
    first_error: TableError | None = None
    for row in range(1, LAST_HEADER + 1):
        try:
            frame = spreadsheet.read(data, name, header_row=row, **options)
        except TableError as error:
            first_error = first_error or error
            continue
        if row == 1 or not (spreadsheet.holds_data(frame.columns) or frame.shape[1] < 2):
            return frame, row
    raise first_error


def _sheet(data: bytes, name: str) -> tuple[str, str]:
    """The only sheet that is a table of two columns and more, where several hold something."""
    titles = titles_of(data, name)
    if len(titles) < 2:
        return "", ""
    tables = []
    for title in titles:
        try:
            frame, _ = _read(data, name, {"sheet": title})
        except TableError:
            continue
        if frame.shape[1] > 1 and len(frame) > 1:
            tables.append(title)
    if len(tables) != 1:
        several = ", ".join(map(repr, titles))
        raise TableError(name, [f"several sheets hold something: {several}. Say which: --sheet."])
    return tables[0], f"of {len(titles)} sheets the only one that is a table"


def _encoding(data: bytes) -> tuple[str, str]:
    """UTF-8, or what else the bytes of a CSV are, with its evidence."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-8", ""
    try:
        data.decode("utf-8-sig")
        return "utf-8", ""
    except UnicodeDecodeError as error:
        found = f"byte 0x{data[error.start]:02X} is not UTF-8"
    if spreadsheet.seems_chinese(data):
        return "gb18030", f"{found}; as GB18030 it is everyday Chinese"
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return "utf-8", ""  # which the reader refuses, with its remedy
    return "cp1252", f"{found}; as a program for Windows in western Europe writes it"


def _decimal(frame: pd.DataFrame, name: str) -> dict[str, tuple[str | None, str]]:
    """The decimal mark where commas stand in numbers; left open where they may be of thousands."""
    with_comma = grouped = with_point = 0
    columns = []
    for column in frame:
        texts = [text for cell in frame[column] if (text := cells.plain(cell))]
        commas = [text for text in texts if DECIMAL_COMMA.fullmatch(text)]
        numbers = sum(bool(cells.NUMBER.fullmatch(text)) for text in texts) + len(commas)
        if not commas or numbers < MOSTLY * len(texts):
            continue
        columns.append(str(column))
        with_comma += len(commas)
        grouped += sum(bool(THOUSANDS.fullmatch(text)) for text in commas)
        with_point += sum("." in text for text in texts if cells.NUMBER.fullmatch(text))
    if not columns:
        return {}
    told = f"{with_comma} numbers have a comma, in {', '.join(map(repr, columns[:3]))}"
    if grouped == with_comma:
        return {"decimal": (None, f"{told}; all could be thousands: comma, or write them without")}
    if with_point and not name.lower().endswith(".xlsx"):
        return {"decimal": (None, f"{told}, and {with_point} a point: write one of them, then say")}
    return {"decimal": ("comma", told)}
