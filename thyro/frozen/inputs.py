"""What a person says of a patient, checked against what the model knows."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from thyro.frozen.archive import FrozenError
from thyro.frozen.model import FrozenModel

CONTINUOUS = "continuous"
CENTRE = "centre"
GAPS = ("", "na", "nan", "none", "null")  # a cell, or a value of --set, that is not known


def as_frame(model: FrozenModel, rows: pd.DataFrame) -> pd.DataFrame:
    """Patients with the variables of the model, typed as in training.

    Parameters
    ----------
    model : FrozenModel
    rows : DataFrame of str, index patient
        One column per variable that is known; others are passed over. An empty cell is a gap.

    Returns
    -------
    DataFrame
        A column for every variable of the model: float, or a Categorical with its levels.

    Raises
    ------
    FrozenError
        For a value that is no number, a level that is unknown (with the nearest one), and a gap
        that the model cannot do without.
    """
    columns = {}
    for name, variable in model.variables.items():
        cells = rows[name] if name in rows else pd.Series("", rows.index)
        texts = cells.astype(object).where(cells.notna(), "").map(lambda cell: str(cell).strip())
        known = ~texts.str.casefold().isin(GAPS)
        if name in model.required and not known.all():
            raise FrozenError(_absent(model, name, texts.index[~known][0], len(rows)))
        if variable["kind"] == CONTINUOUS:
            given = texts[known].map(lambda text, of=(name, variable): _number(*of, text))
            columns[name] = given.reindex(rows.index).astype(float)
        elif not variable["levels"]:  # a centre: any text
            columns[name] = texts.where(known)
        else:
            given = texts[known].map(lambda text, of=(name, variable): _level(*of, text))
            dtype = pd.CategoricalDtype(variable["levels"], ordered=variable["ordered"])
            columns[name] = given.reindex(rows.index).astype(dtype)
    return pd.DataFrame(columns, rows.index)


def from_words(model: FrozenModel, words: Iterable[str], patient: str) -> pd.DataFrame:
    """One patient from "age=45", "gender=female" and so on, for `as_frame`.

    Raises
    ------
    FrozenError
        For a word without "=", a variable that is said twice, or one that the model does not know
        (with the nearest one).
    """
    said: dict[str, str] = {}
    for word in words:
        given, equals, value = word.partition("=")
        if not equals:
            raise FrozenError(f"--set {word}: expected VARIABLE=VALUE, such as age=45.")
        name = variable_named(model, given.strip())
        if name in said:
            raise FrozenError(f"--set {word}: {name} was said before, as {said[name]!r}.")
        said[name] = value
    return pd.DataFrame(said, pd.Index([patient], name="patient_id"), dtype=str)


def variable_named(model: FrozenModel, given: str) -> str:
    """The variable that a person means by its name or its label, whatever the capitals.

    Raises
    ------
    FrozenError
        If there is none, with the nearest one and all others.
    """
    names = {name.casefold(): name for name in model.variables}
    names |= {one["label"].casefold(): name for name, one in model.variables.items()}
    if given.casefold() in names:
        return names[given.casefold()]
    listed = ", ".join(model.variables) or "none"
    raise FrozenError(
        f"{given}: no variable of this model{_nearest(given.casefold(), names)}. It has {listed}."
    )


def unused_columns(model: FrozenModel, rows: pd.DataFrame, used: Sequence[str]) -> list[str]:
    """Columns of a table that no part of the prediction reads."""
    return [name for name in rows if name not in model.variables and name not in used]


def _number(name: str, variable: Mapping[str, Any], text: str) -> float:
    """A number with a decimal point or comma, as a person writes it."""
    try:
        value = float(text.replace(",", ".") if text.count(",") == 1 else text)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        unit = f" in {variable['unit']}" if variable["unit"] else ""
        raise FrozenError(f"{name}: expected a number{unit}, got {text!r}.")
    return value


def _level(name: str, variable: Mapping[str, Any], text: str) -> Any:
    levels = {str(level).casefold(): level for level in variable["levels"]}
    if text.casefold() in levels:
        return levels[text.casefold()]
    listed = ", ".join(map(str, variable["levels"]))
    raise FrozenError(f"{name}: {text!r} is none of {listed}{_nearest(text.casefold(), levels)}.")


def _nearest(text: str, known: Mapping[str, Any]) -> str:
    """ "; the nearest is Female", or nothing where none is near."""
    near = difflib.get_close_matches(text, list(known), n=1)
    return f"; the nearest is {known[near[0]]}" if near else ""


def _absent(model: FrozenModel, name: str, patient: Any, n: int) -> str:
    whose = f" of {patient}" if n > 1 else ""
    variable = model.variables[name]
    shown = variable["levels"][0] if variable["levels"] else "VALUE"
    why = "" if name == CENTRE else ", and the model cannot do without"
    return (
        f"{name}{whose}: not given{why}. Give it by --set {name}='{shown}', or as a column of "
        "the table."
    )


def named_like(model: FrozenModel, column: str) -> str:
    """The variable that a column of a table is called after; the column itself where it is none."""
    names = {name.casefold(): name for name in model.variables}
    names |= {one["label"].casefold(): name for name, one in model.variables.items()}
    return names.get(column.strip().casefold(), column)
