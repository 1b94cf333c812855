"""What a study file says of the cells of its table, applied before anything reads them.

Nothing is guessed here: a decimal comma, a word for a number, or a name of a file that is made of
other cells is taken because `decimal`, `recode` or `image_column` say so.
"""

import re
from collections.abc import Mapping

import pandas as pd

from thyro.cohort import cells
from thyro.cohort.workbook import TableError
from thyro.study import Source

COMMA = re.compile(r"([+-]?\d+),(\d+([eE][+-]?\d+)?)", re.ASCII)
POINT = re.compile(r"[+-]?\d+\.\d+", re.ASCII)


def as_declared(table: pd.DataFrame, source: Source) -> pd.DataFrame:
    """The table as its study reads it.

    Parameters
    ----------
    table
        Every cell as text.
    source
        With `decimal`, `recode`, and columns of files that may be made: "images/{case}.png".

    Raises
    ------
    TableError
        Naming columns that are not there, and rows of a text table in which a decimal point stands
        beside decimal commas.
    """
    table = table.copy()
    problems = _recoded(table, source.recode)
    if source.decimal == "comma":
        problems += _with_points(table, source)
    for made in made_columns(source):
        absent = [name for name in names_in(made) if name not in table]
        problems += [
            f"{made!r} is made of a column {name!r}, which is not there." for name in absent
        ]
        if not absent:
            table[made] = [_made(made, row) for row in table[names_in(made)].to_dict("records")]
    if problems:
        raise TableError(source.table, problems)
    return table


def made_columns(source: Source) -> list[str]:
    """Columns of files that are made of other cells, as the study writes them."""
    named = (source.image_column, source.mask_column, source.second_mask_column)
    return [column for column in named if names_in(column)]


def names_in(column: str) -> list[str]:
    """Columns whose cells make up one that is written with braces: "a/{case}.png" needs case."""
    return re.findall(r"\{([^{}]+)\}", column)


def _made(form: str, row: Mapping[str, str]) -> str:
    """The name of a file; empty where one of the cells that make it is."""
    parts = {name: cells.plain(text) for name, text in row.items()}
    if not all(parts.values()):
        return ""
    for name, text in parts.items():
        form = form.replace(f"{{{name}}}", text)
    return form


def _recoded(table: pd.DataFrame, recode: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Replace cells by what the study reads in them; returns what is wrong."""
    problems = []
    for column, meanings in recode.items():
        if column not in table:
            problems.append(f"`recode` names a column {column!r}, which is not there.")
            continue
        known = {cells.plain(text): meaning for text, meaning in meanings.items()}
        table[column] = [known.get(cells.plain(cell), cell) for cell in table[column]]
    return problems


def _with_points(table: pd.DataFrame, source: Source) -> list[str]:
    """Write numbers with a decimal point where the study says that commas are decimal.

    Ids, names of files, levels and words stay as they are. A text table in which a number has a
    point is refused: it may separate thousands.
    """
    ids = [source.id_column] if isinstance(source.id_column, str) else source.id_column
    words = {
        *(*ids, source.image_column, source.mask_column, source.second_mask_column),
        *(source.view_column, source.centre_column, source.quality_column),
        *(getattr(source, "split_column", ""),),
        *(v.column or v.name for v in source.variables if v.kind == "categorical"),
    }
    problems: list[str] = []
    for name in table.columns.difference(list(words), sort=False):
        texts = table[name].map(cells.plain)
        comma = texts.map(lambda text: bool(COMMA.fullmatch(text)))
        if not comma.any():
            continue
        # An XLSX stores numbers without a mark; commas are those of cells that hold text.
        if not source.table.lower().endswith(".xlsx"):
            point = texts.index[texts.map(lambda text: bool(POINT.fullmatch(text)))]
            what = f"{name}: a decimal point, where `decimal: comma` is declared; write one of them"
            problems += cells.row_lines(point, what)
        table[name] = table[name].where(~comma, texts.str.replace(",", "."))
    return problems
