"""The user's table, typed by the declarations of the study; every unusable cell is named.

Empty cells are no problem here: whether they exclude a patient is decided, and counted, where the
cohort is made.
"""

import re
from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd

from thyro.cohort import cells, spreadsheet

OWN_NAMES = {  # columns of the cohort, which no variable may be called
    *("source_id", "patient_id", "y", "split", "radiologist", "quality"),
    *("image", "mask", "mask_2", "spacing_mm", "spacing_known"),
}
DECISIONS = ("keep", "exclude")  # of the reader, on an image
MOST_NAMES = 30  # of columns, in a message
TEXT = " (text)"  # ends the name of a column carried as text where a typed one has its name


SCORE_CELLS = {  # how a cell of each kind of score is read
    "probability": partial(cells.number, minimum=0, maximum=1),
    "score": cells.number,
    "reading": cells.binary,
}


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
    id_column: str | Sequence[str],
    outcome_column: str,
    radiologist_column: str = "",
    radiologist_grades: bool = False,
    scores: Mapping[str, str] | None = None,
    score_kinds: Mapping[str, str] | None = None,
    criteria: Sequence[Mapping] = (),
    quality_column: str = "",
    other_columns: Sequence[str] = (),
) -> tuple[pd.DataFrame, list[str]]:
    """Type the user's table.

    Parameters
    ----------
    table
        Every cell as text; the row with index i is row `cells.row_number(i)` of the file.
    variables
        Declared clinical variables: name, column, label, kind, levels, recode, missing, minimum,
        maximum, tells_outcome.
    id_column, outcome_column, radiologist_column
        Columns of the patient, of the outcome and, if there is one, of the 1/0 reading. Several
        columns of the patient make one id, such as centre and number.
    radiologist_grades
        The reading is a number that rises with the suspicion instead of 1 or 0.
    scores, score_kinds
        Column of every model whose score the table holds, and whether it is a "probability", a
        "score" (without it, all are) or a "reading". Cells of rows that a criterion excludes are
        not looked at.
    criteria
        Recorded decisions: column, label, kind, at_least, at_most, until.
    quality_column
        Of the reader's "keep" or "exclude".
    other_columns
        Further columns that must be there; they are carried along as text, for `text_column`.

    Returns
    -------
    clinical : DataFrame
        With the index of `table`: `source_id`; `y`, `radiologist` and scores as float, NaN where
        empty; variables as float or Categorical with the declared levels, first the reference;
        one bool column `criterion_name(i)` for each criterion, true where it excludes; `quality`;
        other columns without surrounding spaces, under their name or, where it is taken, with
        `TEXT` after it. Cells with a problem are as if empty, and no criterion excludes their row.
    problems : list of str
        "row 7: ..." for every cell that cannot be used, and for rows that cannot be one patient's,
        or not those of several.

    Raises
    ------
    CohortError
        If a column is missing, the ids are to be read as something else, too, or a declared name
        is one of `OWN_NAMES` or used twice.
    """
    scores = dict(scores or {})
    column_of = {v["name"]: v.get("column") or v["name"] for v in variables}
    id_columns = [id_column] if isinstance(id_column, str) else list(id_column)
    decided = [c[key] for c in criteria for key in ("column", "until") if c.get(key)]
    optional = [c for c in (radiologist_column, quality_column) if c]
    read = [outcome_column, *optional, *column_of.values(), *scores.values(), *decided]
    _check_columns(table, [*id_columns, *read, *other_columns])
    _check_id_columns(id_columns, read)
    _check_names([*column_of, *scores])

    problems: list[str] = []
    typed: dict[str, pd.Series] = {"source_id": ids_of(table[id_columns], problems)}
    typed["y"] = _outcome(table[outcome_column], typed["source_id"], problems)
    if radiologist_column:
        form = cells.number if radiologist_grades else cells.binary
        typed["radiologist"] = _floats(table[radiologist_column], form, problems)
    for variable in variables:
        column = table[column_of[variable["name"]]]
        typed[variable["name"]] = _variable(column, variable, problems)
        problems += _contradictions(typed, variable, outcome_column)
    out = _criteria(table, criteria, problems)
    excluded = pd.DataFrame(out, index=table.index).any(axis=1)
    for name, column in scores.items():
        read = SCORE_CELLS[(score_kinds or {}).get(name, "score")]
        typed[name] = _floats(table[column].mask(excluded, ""), read, problems)
    typed |= out
    if quality_column:
        decision = partial(cells.word, accepted=DECISIONS)
        typed["quality"] = _texts(table[quality_column], decision, problems)
    # Spelled as they are: they may name files.
    texts = {_text_name(column, typed): table[column].str.strip() for column in other_columns}
    return pd.DataFrame(typed | texts, index=table.index), problems


def ids_of(parts: pd.DataFrame, problems: list[str]) -> pd.Series:
    """Ids from one or several columns, "" where a part is empty or has lost digits."""
    name = ", ".join(parts.columns)
    parts = parts.map(cells.plain)
    scientific = parts.map(lambda cell: bool(cells.SCIENTIFIC.fullmatch(cell))).any(axis=1)
    cut = parts.apply(_cut).any(axis=1)
    shortened = scientific | cut
    filled = parts.all(axis=1) & ~shortened
    ids = _joined(parts).where(filled, "")
    identity = _joined(parts.map(cells.identity)).where(filled, "")
    problems += cells.row_lines(
        parts.index[scientific],
        f"{name}: in scientific notation, such as 1.10101E+17, so that digits of the id are lost; "
        "format the column as text in the spreadsheet program, and export it again",
    )
    problems += cells.row_lines(
        parts.index[cut],
        f"{name}: every id of more than 15 digits ends in zeros after the 15th, as a spreadsheet "
        "program leaves them: these ids have lost digits; format the column as text before the ids "
        "are written into it, and export it again; if they are whole, put a letter before each",
    )
    empty = (identity == "") & ~shortened
    problems += cells.row_lines(parts.index[empty], f"{name}: empty, expected an id")
    problems += _spellings(ids, identity, name)
    return ids


def excluded_cells(
    table: pd.DataFrame,
    clinical: pd.DataFrame,
    scores: Mapping[str, str],
    score_kinds: Mapping[str, str],
) -> list[str]:
    """Cells of scores that could not be used, of rows that a criterion excludes anyway.

    Parameters
    ----------
    table, scores, score_kinds
        As in `read_clinical`.
    clinical
        What it gave.
    """
    criteria = [name for name in clinical if re.fullmatch(r"criterion \d+", str(name))]
    excluded = clinical[criteria].any(axis=1)
    found: list[str] = []
    for name, column in scores.items():
        _floats(table[column].where(excluded, ""), SCORE_CELLS[score_kinds[name]], found)
    return [cells.RowProblem(f"{line}; a criterion excludes it") for line in found]


def _joined(parts: pd.DataFrame) -> pd.Series:
    """The texts of a row as one; not by `agg`, which takes a minute for many patients."""
    rows = ["|".join(row) for row in parts.to_numpy().tolist()]
    return pd.Series(rows, index=parts.index, dtype=str)


def _cut(part: pd.Series) -> pd.Series:
    """Which cells show that digits were set to zero: one alone may end so, but not all of several.

    A CSV keeps no trace of how a program held a number; of an XLSX `workbook` looks at each.
    """
    long = part.map(lambda cell: bool(cells.LONG.fullmatch(cell)))
    zeros = part.map(lambda cell: bool(cells.CUT.fullmatch(cell)))
    return zeros & (zeros.sum() > 1) & (zeros.sum() == long.sum())


def _outcome(column: pd.Series, ids: pd.Series, problems: list[str]) -> pd.Series:
    """The outcome as 1 and 0, the same in all rows of a patient; NaN where empty."""
    y = _floats(column, cells.binary, problems)
    problems += _if_empty(column, "the outcome as 1 or 0")
    problems += _two_outcomes(y, ids, column.name)
    return y


def _criteria(
    table: pd.DataFrame, criteria: Sequence[Mapping], problems: list[str]
) -> dict[str, pd.Series]:
    """Whom each criterion excludes, by `criterion_name`."""
    expected = {column: what for entry in criteria for column, what in _asked(entry)}
    for column, what in expected.items():
        problems += _if_empty(table[column], what)
    return {criterion_name(i): _fails(table, entry, problems) for i, entry in enumerate(criteria)}


def _text_name(column: str, taken: Mapping[str, object]) -> str:
    """Name of a column that is carried as text; no two columns can have the same."""
    # `quality` holds the decisions of a file, too, which come later.
    reserved = column in taken or column == "quality"
    return column + TEXT if reserved or column.endswith(TEXT) else column


def text_column(clinical: pd.DataFrame, column: str) -> pd.Series:
    """One of the `other_columns` of `read_clinical`, as text and under its own name.

    What a column of the same name holds as a number or level, where a variable is called or read
    like it, is not touched. Of a column that was not asked for, this is what `clinical` has.
    """
    carried = column + TEXT
    return clinical[carried if carried in clinical else column].rename(column)


def criterion_name(i: int) -> str:
    """Column of the typed table that tells whom the criterion `i`, counted from 0, excludes."""
    return f"criterion {i + 1}"


def _check_columns(table: pd.DataFrame, wanted: Sequence[str]) -> None:
    absent = [column for column in dict.fromkeys(wanted) if column not in table.columns]
    if not absent:
        return
    if spreadsheet.holds_data(table.columns):  # of a patient, perhaps, and not for a message
        there = (
            "Its first row holds numbers or dates, as that of a patient does; it must hold the "
            "names of the columns."
        )
    else:
        names = [name[: cells.LONGEST] for name in table.columns]
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        there = f"It has: {', '.join(names[:MOST_NAMES])}{more}."
    raise CohortError(f"The table has no column {', '.join(map(repr, absent))}. {there}")


def _check_id_columns(id_columns: Sequence[str], read: Sequence[str]) -> None:
    # One of several, such as the centre, may have another use; a single one is nothing else.
    if len(id_columns) == 1 and id_columns[0] in read:
        raise CohortError(f"{id_columns[0]}: the column of the ids cannot hold anything else.")


def _check_names(names: Sequence[str]) -> None:
    taken = [name for i, name in enumerate(names) if name in OWN_NAMES or name in names[:i]]
    if taken:
        raise CohortError(
            f"The names {', '.join(map(repr, taken))} of variables or scores are taken; "
            "choose others."
        )


def _spellings(ids: pd.Series, identity: pd.Series, id_column: str) -> list[str]:
    """Rows whose ids are the same but for the way they are written."""
    several = (ids.groupby(identity).transform("nunique") > 1) & (identity != "")
    return _by_patient(
        identity[several],
        f"{id_column}: ids that differ only in how they are written (capitals, spaces, zeros, "
        "invisible characters); write those of one patient alike, and of others differently",
    )


def _two_outcomes(y: pd.Series, ids: pd.Series, outcome_column: str) -> list[str]:
    """Rows of one patient of which some say 1 and some 0: perhaps two patients with one id."""
    differing = (y.groupby(ids).transform("nunique") > 1) & y.notna() & (ids != "")
    return _by_patient(
        ids[differing],
        f"{outcome_column}: both 1 and 0 for the same patient; correct it, or give each patient an "
        "id of their own",
    )


def _by_patient(ids: pd.Series, what: str) -> list[str]:
    """One line for the rows of each patient."""
    groups = ids.groupby(ids, sort=False).groups.values()
    return [line for rows in groups for line in cells.row_lines(rows, what)]


def _if_empty(column: pd.Series, expected: str) -> list[str]:
    """The problem of a column that nobody has filled."""
    if len(column) and (column.str.strip() == "").all():
        return [f"{column.name}: empty in every row, expected {expected}"]
    return []


def _asked(criterion: Mapping) -> list[tuple[str, str]]:
    """Columns that a criterion reads, and what it expects there."""
    if criterion.get("until"):
        return [(criterion[key], "dates") for key in ("column", "until")]
    counted = {criterion.get("at_least"), criterion.get("at_most")} != {None}
    return [(criterion["column"], "numbers" if counted else "1 or 0")]


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
    ordered = bool(variable.get("ordered"))  # the dtype carries it to the models
    of_levels = pd.Categorical(cells.column(column, read, problems), levels, ordered=ordered)
    return pd.Series(of_levels, index=column.index)


def _contradictions(typed: Mapping, variable: Mapping, outcome_column: str) -> list[str]:
    """Rows where a level, such as the place of a metastasis, belies the outcome."""
    lines = []
    y, values = typed["y"], typed[variable["name"]]
    for level, outcome in (variable.get("tells_outcome") or {}).items():
        rows = y.index[(values == level) & y.notna() & (y != outcome)]
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
