"""Tables of notebook 00: what is recorded of the patients, and what is marked in their images."""

from collections.abc import Mapping, Sequence

import pandas as pd

from thyro.core import as_columns
from thyro.tables.baseline import variable_label
from thyro.tables.rounding import count


def missing(
    patients: pd.DataFrame, variables: Sequence[str], dictionary: Mapping[str, Mapping]
) -> pd.DataFrame:
    """Missing values: count (percent) of patients with and without each variable, and with all.

    Parameters
    ----------
    patients : DataFrame
        One row per patient.
    variables : sequence of str
        Columns of `patients`, in the order of the rows.
    dictionary : mapping of name to {"label", "unit"}

    Raises
    ------
    ValueError
        If a variable is no column.
    """
    absent = [name for name in variables if name not in patients]
    if absent:
        raise ValueError(f"variables: expected columns of patients, found no {absent}.")
    recorded = patients[list(variables)].notna()
    rows = {variable_label(name, dictionary): recorded[name] for name in variables}
    rows["All of these"] = recorded.all(axis=1)
    n = len(patients)
    return pd.DataFrame(
        {
            "Characteristic": list(rows),
            f"Recorded (n = {n})": [count(int(row.sum()), n) for row in rows.values()],
            "Missing": [count(int((~row).sum()), n) for row in rows.values()],
        }
    )


def flags(examined: pd.DataFrame, sentences: Mapping[str, str]) -> pd.DataFrame:
    """Image flags: count (percent) of the images that have each, and any of them.

    Parameters
    ----------
    examined : DataFrame
        One row per examined image, one boolean column per flag.
    sentences : mapping of flag to what it means
        In the order of the rows; other columns are left aside.
    """
    raised = as_columns(examined, list(sentences), "examined").astype(bool)
    rows = [(flag, int(raised[flag].sum()), text) for flag, text in sentences.items()]
    rows.append(("Any flag", int(raised.any(axis=1).sum()), ""))
    return pd.DataFrame(
        {
            "Flag": [flag[:1].upper() + flag[1:] for flag, _, _ in rows],
            f"Images (n = {len(raised)})": [count(k, len(raised)) for _, k, _ in rows],
            "Meaning": [text for _, _, text in rows],
        }
    )
