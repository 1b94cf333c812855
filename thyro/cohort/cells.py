"""One cell of the user's table: text in, a value out, or what is wrong with it and the remedy.

Readers take text without surrounding spaces and raise `CellError` with a message that quotes the
cell; `column` applies one to a column and names the rows. Nothing is repaired: a comma may be a
decimal one or separate thousands, and only the user knows.
"""

import difflib
import math
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from fractions import Fraction

import pandas as pd

SHOWN = 12  # rows of a problem, and problems of a column, before the rest is counted
LONGEST = 40  # characters of a cell that a message quotes
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
MEASURE = re.compile(NUMBER.pattern + r"\s*([^\W\d_]\D*|%)")
COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
GROUPED = re.compile(r"[+-]?\d{1,3}(?P<mark>[,.'’\s])\d{3}((?P=mark)\d{3})*(?P<rest>[.,]\d+)?")
DATE = re.compile(
    r"\d{4}[./-]\d{1,2}[./-]\d{1,2}([T ].*)?|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}", re.ASCII
)
MONTHS = (  # first letters, as spreadsheet programs of western Europe write them
    "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mrz|mär|mai|okt|dez|fév|avr|jui|aoû|déc|"
    "ene|abr|ago|dic|gen|mag|giu|lug|set|ott|fev|out|mrt|mei"
)
MADE_DATE = re.compile(  # of a level such as 6-15: 15-Jun, Jun-15, 15. Juni 2024, 6月15日
    rf"\d{{1,2}}[-. /]+({MONTHS})[^\W\d_]*\.?([-. /]*\d{{2,4}})?"
    rf"|({MONTHS})[^\W\d_]*\.?[-. /]+\d{{1,4}}"
    r"|(\d{4}年)?\d{1,2}月(\d{1,2}日)?",
    re.IGNORECASE,
)
ISO_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?", re.ASCII)
SCIENTIFIC = re.compile(  # as programs write a long number: 1.10101E+17, 1,1E+05, 1E+05
    r"[+-]?\d([.,]\d+)?[eE][+-]\d+|[+-]?\d[.,]\d+[eE]\d+", re.ASCII
)
LONG = re.compile(r"[1-9]\d{15,}", re.ASCII)  # more digits than a spreadsheet program keeps ...
CUT = re.compile(r"[1-9]\d{14}0+", re.ASCII)  # ... and what it makes of them
UNKNOWN = {"na", "n/a", "nan", "null", "none", "unknown", "missing", "inf", "-inf", "?", "-", "."}


FIRST_ROW = 2  # of the data, as spreadsheet programs count: the names of the columns are row 1


class RowProblem(str):
    """What is wrong with rows of one table; the message begins with their numbers."""


class CellError(ValueError):
    """A cell that cannot be used; the message quotes it and says what was expected."""


def plain(text: str) -> str:
    """`text` without surrounding spaces, in Unicode NFC: as ids and levels are compared."""
    return unicodedata.normalize("NFC", text.strip())


def identity(text: str) -> str:
    """What is left of an id without the habits of writing, to find one patient under two ids.

    Without capitals, spaces, invisible characters and other forms of a letter (Unicode NFKC); a
    number is its value, so that 007, 7 and 7.0 are one.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    seen = [c for c in folded if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc")]
    bare = "".join(seen)
    return str(Fraction(bare)) if re.fullmatch(r"\d+(\.\d*)?", bare) else bare


def quoted(cell: str) -> str:
    """`cell` as a message shows it: invisible characters escaped, free text cut."""
    return repr(cell if len(cell) <= LONGEST else cell[:LONGEST] + "…")


def row_number(row: int | pd.Index) -> int | pd.Index:
    """Number of a row in the user's file, from the index of the table."""
    return row + FIRST_ROW


def numbered(rows: Iterable[int]) -> str:
    """Numbers of rows, given by the index of the table: "2, 5"; of many the first."""
    numbers = [str(row_number(int(row))) for row in rows]
    more = f" and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else ""
    return ", ".join(numbers[:SHOWN]) + more


def row_lines(rows: Iterable[int], what: str) -> list[str]:
    """One line for all rows, given by the index of the table, with the same problem."""
    numbers = numbered(rows)
    return [RowProblem(f"row {numbers}: {what}")] if numbers else []


def counted(values: pd.Series) -> str:
    """Texts of a column and how often they occur, for a message.

    Many texts, and those that occur once, may name patients and are only counted.
    """
    counts = values.value_counts()
    if len(counts) > SHOWN:
        return f"{len(counts)} different texts"
    parts = [f"{quoted(text)} ({n})" for text, n in counts.items() if n > 1]
    once = len(counts) - len(parts)
    return ", ".join(parts + ([f"texts that occur once: {once}"] if once else []))


def column(cells: pd.Series, read: Callable[[str], object], problems: list[str]) -> list:
    """Values of the cells of a column, None where they cannot be used.

    Parameters
    ----------
    cells
        Text, by the index of the table.
    read
        Makes a value of a cell, or raises a `CellError`.
    problems
        Gets one line for each kind of unusable cell, with its rows.
    """
    values, wrong = [], {}
    for row, cell in cells.items():
        try:
            values.append(read(plain(cell)))
        except CellError as error:
            values.append(None)
            wrong.setdefault(str(error), []).append(row)
    lines = [
        line for what, rows in wrong.items() for line in row_lines(rows, f"{cells.name}: {what}")
    ]
    problems += lines[:SHOWN]
    if len(lines) > SHOWN:
        problems += row_lines(
            [row for rows in list(wrong.values())[SHOWN:] for row in rows],
            f"{cells.name}: further cells that cannot be used; is it the right column?",
        )
    return values


def number(
    cell: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    empty: float = math.nan,
) -> float:
    """A finite number written with the digits 0-9 and a decimal point.

    Parameters
    ----------
    cell
        Text without surrounding spaces.
    minimum, maximum
        What lies outside is a wrong cell.
    empty
        The value of a cell without text.
    """
    if not cell:
        return empty
    if not NUMBER.fullmatch(cell) or math.isinf(float(cell)):
        raise CellError(f"{quoted(cell)}, expected a number{_remedy(cell)}")
    value = float(cell)
    below = minimum is not None and value < minimum
    above = maximum is not None and value > maximum
    if below or above:
        what = f"{quoted(cell)}, expected a number {_limits(minimum, maximum)}"
        if below and minimum == 0:  # what a variable declares unless it says otherwise
            what += "; where less than 0 is right, declare `minimum: null`"
        raise CellError(what)
    return value


def _limits(minimum: float | None, maximum: float | None) -> str:
    if maximum is None:
        return f"of at least {minimum:g}"
    return f"of at most {maximum:g}" if minimum is None else f"from {minimum:g} to {maximum:g}"


def _remedy(cell: str) -> str:
    """What to write instead, where the text lets us say so."""
    if cell.lower() in UNKNOWN:
        return "; leave the cell empty where it is not known"
    if DATE.fullmatch(cell) or MADE_DATE.fullmatch(cell):
        return ", found a date; was it changed by a spreadsheet program?"
    grouped = GROUPED.fullmatch(cell)
    if COMMA.fullmatch(cell) and grouped:
        return f": write {cell.replace(',', '.')} or {cell.replace(',', '')}"
    if COMMA.fullmatch(cell):
        return f" with a decimal point: write {cell.replace(',', '.')}"
    if grouped:
        rest = grouped["rest"] or ""
        digits = "".join(re.findall(r"[+-]|\d", cell[: len(cell) - len(rest)]))
        return f" without separators of thousands: write {digits}{rest.replace(',', '.')}"
    ascii_only = unicodedata.normalize("NFKC", cell).replace("\N{MINUS SIGN}", "-")
    if ascii_only != cell and NUMBER.fullmatch(ascii_only):
        return f" in the digits 0-9: write {ascii_only}"
    return " without its unit" if MEASURE.fullmatch(cell) else " with a decimal point"


def binary(cell: str, *, empty: float = math.nan) -> float:
    """1 or 0; `empty` for no text."""
    if not cell:
        return empty
    if not NUMBER.fullmatch(cell) or float(cell) not in (0, 1):
        remedy = ", found a date" if DATE.fullmatch(cell) else ""
        raise CellError(f"{quoted(cell)}, expected 1, 0 or empty{remedy}")
    return float(cell)


def level(cell: str, known: Mapping[str, str | None]) -> str | None:
    """The level that `known` has for the cell; a similar one is proposed where it has none."""
    if cell in known:
        return known[cell]
    names = [name for name in known if name]
    if DATE.fullmatch(cell) or MADE_DATE.fullmatch(cell):
        raise CellError(
            f"{quoted(cell)}, expected one of: {', '.join(sorted(names))}, found a date: a "
            "spreadsheet program makes one of a level such as 6-15; format the column as text and "
            "write the level again, or say in `recode` which it is"
        )
    raise CellError(_not_among(cell, names))


def word(cell: str, accepted: Collection[str]) -> str:
    """One of the accepted lower-case words, written in any case, or "" for no text."""
    if cell.lower() not in {*accepted, ""}:
        raise CellError(_not_among(cell, accepted))
    return cell.lower()


def _not_among(cell: str, accepted: Collection[str]) -> str:
    by_lower_case = {name.casefold(): name for name in accepted}
    near = difflib.get_close_matches(cell.casefold(), by_lower_case, n=1)
    hint = f"; did you mean {by_lower_case[near[0]]!r}?" if near else ""
    return f"{quoted(cell)}, expected one of: {', '.join(sorted(accepted))}{hint}"


def iso_date(cell: str) -> date | None:
    """A date as 2024-03-31, with or without a time of day, which is left out; None for no text."""
    if not cell:
        return None
    match = ISO_DATE.fullmatch(cell)
    try:
        return date.fromisoformat(match[1] if match else "")
    except ValueError:
        raise CellError(
            f"{quoted(cell)}, expected a date as year-month-day, such as 2024-03-31; a time of "
            "day may follow and is left out"
        ) from None
