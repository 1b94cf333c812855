"""The cohort: from the user's table to one typed row per patient, counted at every step.

Nothing is dropped in silence. What is wrong with the table stops with every row named; what is
merely missing excludes the patient and appears in the flow chart.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

SHOWN = 12  # rows named in a message before it says how many more there are


class CohortError(ValueError):
    """A table that cannot be used; the message lists every problem with its row."""


@dataclass(frozen=True)
class Flow:
    """A table on its way through the flow chart."""

    frame: pd.DataFrame
    steps: list[dict] = field(default_factory=list)  # label, n, excluded

    def drop(self, out: pd.Series, reason: str) -> "Flow":
        """The flow without the rows where `out` is true, which are counted under `reason`."""
        n = int(out.sum())
        step = {"label": f"Excluded: {reason}", "n": n, "excluded": True}
        return Flow(self.frame[~out], [*self.steps, step] if n else self.steps)


def read_clinical(
    table: pd.DataFrame,
    variables: list[dict],
    *,
    id_column: str,
    outcome_column: str,
    radiologist_column: str = "",
    other_columns: Sequence[str] = (),
) -> pd.DataFrame:
    """Type the user's table.

    Parameters
    ----------
    table
        Every cell as text; row i is line i + 2 of the file.
    variables
        Declared clinical variables: name, column, label, kind, levels, recode, missing.
    id_column, outcome_column, radiologist_column
        Columns of the patient, of the outcome and, if there is one, of the yes/no reading.
    other_columns
        Further columns that must be there; they are carried along as text.

    Returns
    -------
    DataFrame
        `source_id`, `y` and `radiologist` (float, NaN where empty), the variables (float or
        Categorical with the declared levels, first the reference; missing where empty), others.

    Raises
    ------
    CohortError
        Listing every missing column, or every unusable cell with its row.
    """
    columns = [v["column"] or v["name"] for v in variables]
    wanted = [
        id_column,
        outcome_column,
        *filter(None, [radiologist_column]),
        *columns,
        *other_columns,
    ]
    absent = [c for c in wanted if c not in table.columns]
    if absent:
        raise CohortError(
            f"The table has no column {', '.join(map(repr, absent))}. "
            f"It has: {', '.join(table.columns)}."
        )
    problems: list[str] = []
    typed = {"source_id": table[id_column].str.strip()}
    problems += _rows(table.index[typed["source_id"] == ""], f"{id_column}: empty, expected an id")
    typed["y"] = _binary(table[outcome_column], problems)
    if radiologist_column:
        typed["radiologist"] = _binary(table[radiologist_column], problems)
    for variable, column in zip(variables, columns, strict=True):
        read = _number if variable["kind"] == "continuous" else _category
        typed[variable["name"]] = read(table[column].str.strip(), variable, problems)
    if problems:
        raise CohortError("The table has cells that cannot be used:\n  " + "\n  ".join(problems))
    return pd.DataFrame(typed | {c: table[c].str.strip() for c in other_columns})


def _rows(rows, what: str) -> list[str]:
    """One line for all rows with the same problem."""
    lines = [int(row) + 2 for row in rows]
    more = f" and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
    return [f"row {', '.join(map(str, lines[:SHOWN]))}{more}: {what}"] if lines else []


def _parsed(cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Cells as numbers, and which non-empty ones are none."""
    numbers = pd.to_numeric(cells, errors="coerce").astype(float)
    return numbers, (numbers.isna() | np.isinf(numbers)) & (cells.str.strip() != "")


def _binary(cells: pd.Series, problems: list[str]) -> pd.Series:
    numbers, strange = _parsed(cells)
    strange |= numbers.notna() & ~numbers.isin([0, 1])
    for value, rows in cells[strange].groupby(cells[strange]).groups.items():
        problems += _rows(rows, f"{cells.name}: {value!r}, expected 1, 0 or empty")
    return numbers


def _number(cells: pd.Series, variable: dict, problems: list[str]) -> pd.Series:
    numbers, strange = _parsed(cells)
    for value, rows in cells[strange].groupby(cells[strange]).groups.items():
        problems += _rows(rows, f"{cells.name}: {value!r}, expected a number with a decimal point")
    return numbers


def _category(cells: pd.Series, variable: dict, problems: list[str]) -> pd.Series:
    levels = variable["levels"]
    known = {level: level for level in levels} | variable["recode"] | {"": variable["missing"]}
    strange = ~cells.isin(list(known))
    accepted = ", ".join(sorted({*levels, *variable["recode"]}))
    for value, rows in cells[strange].groupby(cells[strange]).groups.items():
        problems += _rows(rows, f"{cells.name}: {value!r}, expected one of: {accepted}")
    return pd.Series(pd.Categorical(cells.map(known), categories=levels), index=cells.index)


def include(
    clinical: pd.DataFrame, variables: list[dict], *, one_per_patient: str = "", unit: str = "image"
) -> Flow:
    """Leave one row per patient with outcome and complete clinical data, counting the others.

    Parameters
    ----------
    clinical
        From `read_clinical`.
    one_per_patient
        Column whose largest value picks the row of a patient; "" means that rows are patients.
    unit
        What a row of the table is, in words.

    Raises
    ------
    CohortError
        If a patient has several rows and nothing says which one is analysed.
    """
    flow = Flow(clinical, [{"label": f"Assessed ({unit}s)", "n": len(clinical), "excluded": False}])
    flow = flow.drop(flow.frame["y"].isna(), "outcome not recorded")
    if one_per_patient:
        problems: list[str] = []
        size = _number(flow.frame[one_per_patient].astype(str), {}, problems)
        if problems:
            raise CohortError(
                "The table has cells that cannot be used:\n  " + "\n  ".join(problems)
            )
        first = size.sort_values(ascending=False, kind="stable").index
        further = flow.frame.loc[first].duplicated("source_id").reindex(flow.frame.index)
        flow = flow.drop(further, f"further {unit} of the same patient")
    again = flow.frame[flow.frame.duplicated("source_id", keep=False)]
    if len(again):
        lines = _rows(
            again.index, "the same patient more than once; `one_per_patient` says which to take"
        )
        raise CohortError("\n  ".join(["The table repeats patients:", *lines]))
    for variable in variables:
        missing = flow.frame[variable["name"]].isna()
        flow = flow.drop(missing, f"{variable['label'].lower()} not recorded")
    if "radiologist" in flow.frame:
        flow = flow.drop(flow.frame["radiologist"].isna(), "radiologist's reading not recorded")
    return flow


def split_by_patient(
    y: pd.Series, *, test_share: float = 0.3, seed: int, stratify: bool = False
) -> pd.Series:
    """Random split into "train" and "test"; one row of `y` is one patient.

    floor(n * (1 - test_share)) patients train and the rest test, as scikit-learn rounds: 544 gives
    380 and 164 (Li et al. 2024). Their split is not stratified.

    Raises
    ------
    CohortError
        If either cohort would have fewer than two patients with, or without, the outcome.
    """
    n_test = math.ceil(len(y) * test_share)
    train, test = train_test_split(
        np.arange(len(y)), test_size=n_test, random_state=seed, stratify=y if stratify else None
    )
    split = pd.Series("train", index=y.index, name="split")
    split.iloc[test] = "test"
    for name, part in y.groupby(split):
        if min(part.sum(), len(part) - part.sum()) < 2:
            raise CohortError(
                f"The {name} cohort has {int(part.sum())} of {len(part)} with the outcome; "
                "at least two with and two without are needed. "
                "Try `stratify: true`, another seed, or more patients."
            )
    return split


def pseudonyms(n: int) -> list[str]:
    """Running numbers P001, P002 ... that say nothing about the patient."""
    width = max(3, len(str(n)))
    return [f"P{i:0{width}d}" for i in range(1, n + 1)]


def patient_table(
    frame: pd.DataFrame, variables: list[str], *, split: pd.Series, spacing_mm: list, folder: str
) -> pd.DataFrame:
    """One row per included patient, as every later stage reads it.

    Parameters
    ----------
    frame
        `y`, the clinical variables and, if there is one, `radiologist`.
    spacing_mm
        (row, column) of each patient, in mm.
    folder
        Where images and masks lie, named after the pseudonym.

    Returns
    -------
    DataFrame
        patient_id, y, split, variables, radiologist, image, mask, spacing_mm; nothing else of the
        user's table, and no id of a hospital.
    """
    ids = pseudonyms(len(frame))
    reading = ["radiologist"] if "radiologist" in frame else []
    table = frame[["y", *reading]].astype(int).join(frame[variables]).join(split)
    table["patient_id"] = ids
    table["image"] = [f"{folder}/images/{patient}.png" for patient in ids]
    table["mask"] = [f"{folder}/masks/{patient}.png" for patient in ids]
    table["spacing_mm"] = [[float(side) for side in pair] for pair in spacing_mm]
    order = ["patient_id", "y", "split", *variables, *reading, "image", "mask", "spacing_mm"]
    return table[order].reset_index(drop=True)


def flow_chart(steps: list[dict], patients: pd.DataFrame) -> list[dict]:
    """Steps of the flow chart from the table to the two cohorts; every node sums.

    Raises
    ------
    CohortError
        If patients were lost on the way without a reason.
    """
    left = steps[0]["n"] - sum(step["n"] for step in steps if step["excluded"])
    if left != len(patients):
        raise CohortError(
            f"The flow chart ends with {left} patients, the cohort has {len(patients)}."
        )
    chart = [*steps, {"label": "Included", "n": left, "excluded": False}]
    for name, split in (("Training cohort", "train"), ("Test cohort", "test")):
        part = patients[patients["split"] == split]
        events = int(part["y"].sum())
        chart.append(
            {"label": name, "n": len(part), "events": events, "excluded": False, "split": True}
        )
    return chart
