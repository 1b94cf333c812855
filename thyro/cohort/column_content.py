"""What the cells of a column hold, counted: the content half of every guess about its role."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from thyro.cohort import cells

MOST_LEVELS = 12  # distinct texts of a column that could be levels
MOSTLY = 0.9  # of the cells that are known: what they are, the column is
FEW_WHOLE = 7  # distinct whole numbers that may be codes
FILE = re.compile(r".+\.(dcm|png|jpe?g|tiff?|bmp|nii|nii\.gz|nrrd|mha)", re.IGNORECASE)
NOT_KNOWN = cells.UNKNOWN | {"未知", "不详", "未查", "unbekannt", "k.a."}
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?", re.ASCII)
DATES = {  # how they are written -> order of year, month and day in the match
    "year-month-day": (re.compile(r"(\d{4})-(\d{2})-(\d{2})([T ].*)?", re.ASCII), (1, 2, 3)),
    "year/month/day": (re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})", re.ASCII), (1, 2, 3)),
    "day.month.year": (re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII), (3, 2, 1)),
    "day/month/year": (re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})", re.ASCII), (3, 2, 1)),
    "month/day/year": (re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})", re.ASCII), (3, 1, 2)),
    "年月日": (re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日"), (1, 2, 3)),
    "yearmonthday": (re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII), (1, 2, 3)),
}
ISO = "year-month-day"


@dataclass(frozen=True)
class Content:
    """Counts of the cells of one column.

    Attributes
    ----------
    rows, filled : int
        Of the table, and with any text.
    not_known : dict of str to int
        Words that stand for no value, such as NA, and how often.
    values : Counter
        The other cells, as written.
    numbers : list of float
        Those of them that are numbers.
    whole : bool
        Whether all numbers are whole ones.
    commas : int
        Numbers with a decimal comma.
    files : int
        Cells that name an image file.
    """

    rows: int
    filled: int
    not_known: dict[str, int]
    values: Counter
    numbers: list[float]
    whole: bool
    commas: int
    files: int

    @property
    def known(self) -> int:
        """Cells with a value."""
        return sum(self.values.values())

    @property
    def distinct(self) -> int:
        """Different values."""
        return len(self.values)

    @property
    def is_numeric(self) -> bool:
        """Whether most values are numbers."""
        return self.known > 0 and len(self.numbers) >= MOSTLY * self.known

    @property
    def is_codes(self) -> bool:
        """Whether they are a few whole numbers, each of several rows, that may stand for levels."""
        few = 2 <= self.distinct <= FEW_WHOLE and self.known >= 3 * self.distinct
        return few and self.whole and len(self.numbers) == self.known

    @property
    def is_levels(self) -> bool:
        """Whether they are a few texts that repeat; as many texts as rows are never levels."""
        few = 2 <= self.distinct <= min(MOST_LEVELS, self.known // 3)
        return few and not self.has_remarks

    @property
    def has_remarks(self) -> bool:
        """Whether texts look written by hand: long ones, or many of several words, each once.

        They may name a patient, and are not for a study file.
        """
        once = [text for text, n in self.values.items() if n == 1 and len(text.split()) > 1]
        long = any(len(text) > cells.LONGEST for text in self.values)
        return long or len(once) > self.distinct / 3

    @property
    def is_binary(self) -> bool:
        """Whether there are two values, each in more than one row."""
        return self.distinct == 2 and min(self.values.values()) > 1

    @property
    def is_files(self) -> bool:
        """Whether most values name image files."""
        return self.known > 0 and self.files >= MOSTLY * self.known

    @property
    def each_its_own(self) -> bool:
        """Whether every row has a value that no other has."""
        return self.rows > 1 and self.distinct == self.rows

    @property
    def in_unit_interval(self) -> bool:
        """Whether nearly all numbers lie between 0 and 1, as probabilities do."""
        inside = sum(0 <= value <= 1 for value in self.numbers)
        return len(self.numbers) > 0 and inside >= 0.99 * len(self.numbers)

    def counted(self) -> str:
        """In words: distinct values in rows, empty cells."""
        empty = f", {self.rows - self.known} empty" if self.known < self.rows else ""
        kind = "numbers" if self.is_numeric else "texts"
        return f"{self.distinct} distinct {kind} in {self.rows} rows{empty}"


def content_of(column: pd.Series, *, comma: bool = False) -> Content:
    """Count what the cells of a column hold.

    Parameters
    ----------
    column
        Text, as the table has it.
    comma
        Whether numbers are written with a decimal comma.
    """
    texts = [text for cell in column if (text := cells.plain(cell))]
    none = Counter(text for text in texts if text.lower() in NOT_KNOWN)
    values = Counter(text for text in texts if text.lower() not in NOT_KNOWN)
    numbers: list[float] = []
    commas = files = 0
    for text, n in values.items():
        files += n * bool(FILE.fullmatch(text))
        with_comma = bool(DECIMAL_COMMA.fullmatch(text))
        commas += n * with_comma
        form = text.replace(",", ".") if comma and with_comma else text
        if cells.NUMBER.fullmatch(form):
            numbers += [float(form)] * n
    whole = bool(numbers) and all(value.is_integer() for value in numbers)
    return Content(len(column), len(texts), dict(none), values, numbers, whole, commas, files)


def date_form(content: Content, *, told: bool) -> str:
    """How the values are written as dates, by `DATES`; "" where most are none.

    Parameters
    ----------
    content
        Of the column.
    told
        Whether its name says that it holds dates; eight digits are a date only then.
    """
    for form, (pattern, order) in DATES.items():
        if form == "yearmonthday" and not told:
            continue
        dates = sum(n for text, n in content.values.items() if _is_date(text, pattern, order))
        if content.known and dates >= MOSTLY * content.known:
            return form
    return ""


def _is_date(text: str, pattern: re.Pattern, order: Sequence[int]) -> bool:
    match = pattern.fullmatch(text)
    if not match:
        return False
    year, month, day = (int(match[i]) for i in order)
    try:
        return 1900 <= date(year, month, day).year <= 2100
    except ValueError:
        return False
