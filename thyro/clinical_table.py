"""The user's table, typed by the declarations of the study; every unusable cell is named.

Empty cells are no problem here: whether they exclude a patient is decided, and counted, where the
cohort is made.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd

from thyro import cells

OWN_NAMES = {  # columns of the cohort, which no variable may be called
    *("source_id", "patient_id", "y", "split", "radiologist", "quality"),
    *("image", "mask", "mask_2", "spacing_mm"),
}
DECISIONS = ("keep", "exclude")  # of the reader, on an image


class CohortError(ValueError):
    """A table that cannot be used; `problems` has one line each, and the message has them all."""

    def __init__(self, heading: str, problems: Sequence[str] = ()):
        self.problems = list(problems) or [heading]
        super().__init__("\n  ".join([heading, *problems]))


def stop_at(problems: Sequence[str], heading: str = "The cohort cannot be used:") -> None:
    """Raise a CohortError with all problems, if there are any."""
    if problems:
        raise CohortError(heading, problems)


def read_clinical(
    table: pd.DataFrame,
    variables: Sequence[Mapping],
    *,
    id_column: str,
    outcome_column: str,
    radiologist_column: str = "",
    scores: Mapping[str, str] | None = None,
    criteria: Sequence[Mapping] = (),
    quality_column: str = "",
    other_columns: Sequence[str] = (),
) -> tuple[pd.DataFrame, list[str]]:
    """Type the user's table.

    Parameters
    ----------
    table
        Every cell as text; the row with index i is row i + 2 of the file.
    variables
        Declared clinical variables: name, column, label, kind, levels, recode, missing, minimum,
        maximum, tells_outcome.
    id_column, outcome_column, radiologist_column
        Columns of the patient, of the outcome and, if there is one, of the 1/0 reading.
    scores
        Column of every model whose score the table holds.
    criteria
        Recorded decisions: column, label, kind, at_least, at_most, until.
    quality_column
        Of the reader's "keep" or "exclude".
    other_columns
        Further columns that must be there; they are carried along as text.

    Returns
    -------
    clinical : DataFrame
        With the index of `table`: `source_id`; `y`, `radiologist` and scores as float, NaN where
        empty; variables as float or Categorical with the declared levels, first the reference;
        one bool column `criterion_name(i)` for each criterion, true where it excludes; `quality`;
        other columns without surrounding spaces. Cells with a problem are as if empty, and no
        criterion excludes their row.
    problems : list of str
        "row 7: ..." for every cell that cannot be used.

    Raises
    ------
    CohortError
        If a column is missing, or a declared name is one of `OWN_NAMES` or used twice.
    """
    scores = dict(scores or {})
    column_of = {v["name"]: v.get("column") or v["name"] for v in variables}
    decided = [c[key] for c in criteria for key in ("column", "until") if c.get(key)]
    optional = [c for c in (radiologist_column, quality_column) if c]
    wanted = [id_column, outcome_column, *optional, *column_of.values(), *scores.values()]
    _check_columns(table, [*wanted, *decided, *other_columns])
    _check_names([*column_of, *scores])

    problems: list[str] = []
    typed: dict[str, object] = {"source_id": table[id_column].map(cells.plain)}
    problems += cells.row_lines(
        table.index[typed["source_id"] == ""], f"{id_column}: empty, expected an id"
    )
    typed["y"] = _floats(table[outcome_column], cells.binary, problems)
    if len(table) and (table[outcome_column].str.strip() == "").all():
        problems.append(f"{outcome_column}: empty in every row, expected the outcome as 1 or 0")
    if radiologist_column:
        typed["radiologist"] = _floats(table[radiologist_column], cells.binary, problems)
    for variable in variables:
        column = table[column_of[variable["name"]]]
        typed[variable["name"]] = _variable(column, variable, problems)
        problems += _contradictions(typed, variable, outcome_column)
    for name, column in scores.items():
        typed[name] = _floats(table[column], cells.number, problems)
    for i, criterion in enumerate(criteria):
        typed[criterion_name(i)] = _fails(table, criterion, problems)
    if quality_column:
        decision = partial(cells.word, accepted=DECISIONS)
        typed["quality"] = _texts(table[quality_column], decision, problems)
    read_from = column_of | scores | {"y": outcome_column, "source_id": id_column}
    read_from |= {"radiologist": radiologist_column, "quality": quality_column}
    for column in other_columns:
        if column not in typed:
            typed[column] = table[column].str.strip()  # spelled as it is: it may name a file
        elif read_from.get(column) != column:
            raise CohortError(
                f"The column {column!r} is needed as it stands, but a variable or a column of "
                "thyro has the same name; rename the column or the variable."
            )
    return pd.DataFrame(typed, index=table.index), problems


def criterion_name(i: int) -> str:
    """Column of the typed table that tells whom the criterion `i`, counted from 0, excludes."""
    return f"criterion {i + 1}"


def _check_columns(table: pd.DataFrame, wanted: Sequence[str]) -> None:
    absent = [column for column in dict.fromkeys(wanted) if column not in table.columns]
    if absent:
        raise CohortError(
            f"The table has no column {', '.join(map(repr, absent))}. "
            f"It has: {', '.join(table.columns)}."
        )


def _check_names(names: Sequence[str]) -> None:
    taken = [name for i, name in enumerate(names) if name in OWN_NAMES or name in names[:i]]
    if taken:
        raise CohortError(
            f"The names {', '.join(map(repr, taken))} of variables or scores are taken; "
            "choose others."
        )


def _floats(column: pd.Series, read, problems: list[str]) -> pd.Series:
    return pd.Series(cells.column(column, read, problems), index=column.index, dtype=float)


def _texts(column: pd.Series, read, problems: list[str]) -> pd.Series:
    values = [value or "" for value in cells.column(column, read, problems)]
    return pd.Series(values, index=column.index, dtype=str)


def _variable(column: pd.Series, variable: Mapping, problems: list[str]) -> pd.Series:
    """A declared variable as float or Categorical."""
    if variable["kind"] == "continuous":
        limits = {"minimum": variable.get("minimum", 0), "maximum": variable.get("maximum")}
        return _floats(column, partial(cells.number, **limits), problems)
    levels = variable["levels"]
    known = {name: name for name in levels} | variable.get("recode", {})
    known = {cells.plain(text): name for text, name in known.items()}
    read = partial(cells.level, known=known | {"": variable.get("missing")})
    found = pd.Categorical(cells.column(column, read, problems), categories=levels)
    return pd.Series(found, index=column.index)


def _contradictions(typed: Mapping, variable: Mapping, outcome_column: str) -> list[str]:
    """Rows where a level, such as the place of a metastasis, belies the outcome."""
    lines = []
    y, found = typed["y"], typed[variable["name"]]
    for level, outcome in (variable.get("tells_outcome") or {}).items():
        rows = y.index[(found == level) & y.notna() & (y != outcome)]
        what = f"{variable['name']}: {level!r} means {outcome}, but {outcome_column} is"
        lines += cells.row_lines(rows, f"{what} {1 - outcome}")
    return lines


def _fails(table: pd.DataFrame, criterion: Mapping, problems: list[str]) -> pd.Series:
    """Whom a criterion excludes.

    An inclusion criterion needs 1, an exclusion criterion excludes at 1; with limits, it is the
    number in the cell, or the days from one date to another, that lies within them. An empty cell
    fails an inclusion criterion and passes an exclusion criterion.
    """
    low, high = criterion.get("at_least"), criterion.get("at_most")
    if criterion.get("until"):
        (start, start_wrong), (end, end_wrong) = (
            _read(table[criterion[key]], cells.iso_date, problems) for key in ("column", "until")
        )
        pairs = zip(start, end, strict=True)
        days = [(b - a).days if a is not None and b is not None else None for a, b in pairs]
        value = pd.Series(days, index=table.index, dtype=float)
        wrong = start_wrong | end_wrong
    else:
        counted = low is not None or high is not None
        reader = cells.number if counted else cells.binary
        value, wrong = _read(table[criterion["column"]], reader, problems)
        value = value.astype(float)
        low, high = (low, high) if counted else (1, 1)
    within = value.notna()
    within &= True if low is None else value >= low
    within &= True if high is None else value <= high
    return (within if criterion["kind"] == "exclusion" else ~within) & ~wrong


def _read(column: pd.Series, reader, problems: list[str]) -> tuple[pd.Series, pd.Series]:
    """Values of a column, and which of its cells are filled but cannot be used."""
    values = pd.Series(cells.column(column, reader, problems), index=column.index, dtype=object)
    return values, values.isna() & (column.str.strip() != "")
