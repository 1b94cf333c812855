"""Tables of features that another program measured, joined to the patients by their id."""

from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from pathlib import PurePath

import pandas as pd

from thyro.cohort import cells, clinical_table
from thyro.cohort.sources import Opened, id_columns, read_source_table, used_columns
from thyro.study import Family

MOST_NAMES = 8  # of columns, in a message


def read_families(
    opened: Opened, data_dir: str, ids: pd.Series
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """The features of every family that the source declares.

    Parameters
    ----------
    opened
        The source, with its own table, of which a family may be columns.
    data_dir
        The user's folder.
    ids
        `source_id` of every row of the source's table; "" where it cannot be used.

    Returns
    -------
    features : dict of family to DataFrame of float, shape (n_rows, n_features)
        By the index of the source's table. NaN where a cell is empty.
    problems : list of str
        Cells that are no finite numbers, patterns that match nothing or what is read as something
        else, rows that repeat a patient, ids of one table that the other lacks, and families of
        which no feature tells two patients apart.

    Raises
    ------
    FileNotFoundError, ImageError, TableError
        As `read_source_table`.
    """
    source, found, problems = opened.source, {}, []
    for name, family in source.features.items():
        lines: list[str] = []
        own = family.table in ("", source.table)
        table = opened.table if own else _read(family, source, data_dir)
        columns = _matched(table.columns, family, source, lines)
        values = pd.DataFrame(
            {column: cells.column(table[column], cells.number, lines) for column in columns},
            index=table.index,
            dtype=float,
        )
        if not own:
            named = family.id_column or source.id_column
            named = [named] if isinstance(named, str) else list(named)
            values = _joined(values, table, named, ids, source.table, lines)
        constant = values.nunique() <= 1
        if columns and not lines and constant.all():
            lines.append(
                f"each of the {len(columns)} features has one value in all patients, so that "
                "nothing can be learned from them; are they the right columns?"
            )
        found[name] = values
        problems += [_told(name, family.table, line) for line in lines]
    return found, problems


def _told(name: str, file: str, line: str) -> str:
    where = f"features of {name}" + (f", {PurePath(file).name}" if file else "")
    told = f"{where}: {line}"
    return cells.RowProblem(told) if isinstance(line, cells.RowProblem) else told


def _read(family: Family, source, data_dir: str) -> pd.DataFrame:
    named = family.id_column or source.id_column
    return read_source_table(
        data_dir,
        family.table,
        encoding=source.encoding,
        ids=[named] if isinstance(named, str) else list(named),
    )


def _matched(columns: Collection[str], family: Family, source, problems: list[str]) -> list[str]:
    """Columns that the patterns of a family name; what is read as something else is a problem."""
    names = [str(column) for column in columns]
    unused = [p for p in family.columns if not any(fnmatchcase(name, p) for name in names)]
    if unused:
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        problems.append(
            f"no column is called like {', '.join(map(repr, unused))}. There are: "
            f"{', '.join(name[: cells.LONGEST] for name in names[:MOST_NAMES])}{more}."
        )
    matched = [
        name
        for name in names
        if any(fnmatchcase(name, pattern) for pattern in family.columns)
        and not any(fnmatchcase(name, pattern) for pattern in family.without)
    ]
    # The outcome among the features would be found by every model.
    taken = {*used_columns(source), *id_columns(source)}
    taken |= {family.id_column} if isinstance(family.id_column, str) else {*family.id_column}
    if also := [name for name in matched if name in taken]:
        problems.append(
            f"`columns` also match {', '.join(map(repr, also))}, which the study reads as "
            "something else; name them in `without`, or write a narrower pattern."
        )
    return [name for name in matched if name not in taken]


def _joined(
    values: pd.DataFrame,
    table: pd.DataFrame,
    id_names: list[str],
    ids: pd.Series,
    main: str,
    problems: list[str],
) -> pd.DataFrame:
    """Features by the rows of the source's table."""
    absent = [name for name in id_names if name not in table.columns]
    if absent:
        problems.append(
            f"there is no column {', '.join(map(repr, absent))} with the ids; name it as "
            "`id_column` of the family."
        )
        return pd.DataFrame(index=ids.index)
    theirs = clinical_table.ids_of(table[id_names], problems)
    again = theirs[(theirs != "") & theirs.duplicated(keep=False)]
    problems += [
        line
        for rows in again.groupby(again, sort=False).groups.values()
        for line in cells.row_lines(rows, "the same patient; a patient has one row of features")
    ]
    here = ids.index[(ids != "") & ~ids.isin(theirs)]
    problems += cells.row_lines(here, f"of {main}: no features have this id")
    there = theirs.index[(theirs != "") & ~theirs.isin(ids)]
    problems += cells.row_lines(there, f"no patient of {main} has this id")
    rows = values.set_axis(theirs)[lambda frame: ~frame.index.duplicated()]
    return rows.reindex(ids).set_axis(ids.index)


def by_patient(
    features: Mapping[str, pd.DataFrame], patient_ids: pd.Series
) -> dict[str, pd.DataFrame]:
    """Features of the included patients, by pseudonym."""
    named = patient_ids.rename("patient_id")
    return {name: table.loc[named.index].set_axis(named) for name, table in features.items()}
