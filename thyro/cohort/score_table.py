"""A table of predictions from anywhere, made ready for a study of scores.

Only the columns that the study reads are kept. Cells that cannot be used are named by row, and
exclude their patient only where the user asks for that, as a criterion that the report counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from thyro.cohort import cells, spreadsheet
from thyro.cohort.clinical_table import SCORE_CELLS, CohortError, stop_at
from thyro.cohort.score_roles import ScoreRoles, guess_roles

ROW, USABLE = "row of the table", "every cell usable"  # columns that are added
EXCLUDE = "--exclude-invalid"
REMEDY = (
    f"Correct these cells, or leave their rows out and have them counted in the report: {EXCLUDE}."
)


@dataclass(frozen=True)
class ScoreTable:
    """What a study of scores reads, and what was found out on the way."""

    frame: pd.DataFrame  # every cell as text; outcome as 1 and 0
    roles: ScoreRoles
    ids: list[str]  # columns of `frame`
    excluded: list[str]  # one line for each problem of rows that are left out
    n_excluded: int


def read_score_table(
    data: bytes,
    name: str,
    *,
    exclude_invalid: bool = False,
    sheet: str = "",
    encoding: str = "utf-8",
    outcome: str = "",
    positive: str = "",
    id_column: str = "",
    cohort: str = "",
    said: Mapping[str, str] | None = None,
) -> ScoreTable:
    """Read a table of predictions, guess what its columns are, and check every cell.

    Parameters
    ----------
    data, name, sheet, encoding
        As in `spreadsheet.read`.
    exclude_invalid
        Whether rows with a cell that cannot be used are left out, and counted, instead of refused.
    outcome, positive, id_column, cohort, said
        As in `guess_roles`.

    Raises
    ------
    TableError, CohortError
        If it is no table, a role cannot be guessed, or a cell cannot be used: with all problems of
        the first kind that occurs, and the remedy of each.
    """
    table = spreadsheet.read(data, name, sheet=sheet, encoding=encoding)
    given = {"outcome": outcome, "positive": positive, "id_column": id_column, "cohort": cohort}
    heading = f"{name} cannot be used:"
    try:
        roles = guess_roles(table, **given, said=said)
    except CohortError as error:
        raise CohortError(heading, error.problems) from None
    problems: list[str] = []
    unusable = pd.Series(False, index=table.index)
    y = table[roles.outcome].map(cells.plain)
    if positive:
        y = y.map({positive: "1", roles.negative: "0", "": ""})
    unusable |= _unusable(y, cells.binary, problems)
    for column, kind in roles.scores.items():
        unusable |= _unusable(table[column], SCORE_CELLS[kind], problems)
    if problems and not exclude_invalid:
        raise CohortError(heading, [*problems, REMEDY])
    kept = [*roles.ids, roles.cohort, *roles.scores, *roles.groups]
    frame = table[list(dict.fromkeys(filter(None, kept)))].assign(**{roles.outcome: y})
    ids = list(roles.ids)
    if not ids:
        frame[ROW] = [str(cells.row_number(row)) for row in frame.index]
        ids = [ROW]
    if problems:
        frame[USABLE] = (~unusable).astype(int).astype(str)
    _check_outcomes(y[~unusable], roles.outcome)
    return ScoreTable(frame, roles, ids, problems, int(unusable.sum()))


def _unusable(column: pd.Series, read, problems: list[str]) -> pd.Series:
    """Rows whose cell cannot be used; what is wrong goes to `problems`."""
    wrong = []
    for cell in column:
        try:
            read(cells.plain(cell))
            wrong.append(False)
        except cells.CellError:
            wrong.append(True)
    if any(wrong):
        cells.column(column, read, problems)
    return pd.Series(wrong, index=column.index)


def _check_outcomes(y: pd.Series, name: str) -> None:
    """Raise unless patients with and without the outcome are left."""
    counts = {value: int(y.eq(value).sum()) for value in ("1", "0")}
    if not all(counts.values()):
        held = f"{counts['1']} patients with and {counts['0']} without it"
        stop_at([f"{name}: the table has {held}; both are needed. Add the others."])
