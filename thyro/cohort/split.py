"""Who trains and who tests: by patient, drawn or as the table says, and nobody twice."""

import math
from collections.abc import Collection, Mapping
from fractions import Fraction

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from thyro.cohort import cells
from thyro.cohort.clinical_table import CohortError, stop_at
from thyro.study import TEST, TRAIN

FEWEST = 10  # patients with, and without, the outcome


def split_by_patient(
    y: pd.Series,
    *,
    how: str = "random",
    test_share: float = 0.3,
    seed: int,
    column: pd.Series | None = None,
    test_centres: Collection[str] = (),
    cohorts: Mapping[str, str] | None = None,
) -> pd.Series:
    """Split into "train" and "test", or cohorts of other names; one row of `y` is one patient.

    Parameters
    ----------
    y
        1 with the outcome, 0 without, by the index of the table.
    how
        "random": floor(n * (1 - test_share)) patients train and the rest test, with the share as
        it is written: 544 gives 380 and 164 (Li et al. 2024, whose split is plain random) and 0.55
        of 100 is 55, which binary fractions miss. "stratified": the same, with the share of the
        outcome alike in both. "centre" and "leave_one_centre_out": patients of `test_centres` test.
        "column": the table says who does what.
    column
        Centre, or "train" and "test", of every patient; for the last two.
    cohorts
        Name of the cohort that each cell of the column means; the result then has these as its
        categories, in their order.

    Raises
    ------
    CohortError
        If fewer than `FEWEST` patients have, or lack, the outcome; either part would have fewer
        than two with, or without, it; a centre or a cell is unknown, or a cohort has nobody.
    """
    events = int(y.sum())
    if min(events, len(y) - events) < FEWEST:
        raise CohortError(
            f"The cohort has {events} patients with and {len(y) - events} without the outcome; at "
            f"least {FEWEST} of each are needed. Add patients, or look at the exclusions."
        )
    if how in ("centre", "leave_one_centre_out"):
        split = _split_by_centre(column, test_centres)
    elif how == "column":
        split = _split_as_given(column, cohorts or {TRAIN: TRAIN, TEST: TEST})
    else:
        n_test = math.ceil(len(y) * Fraction(str(float(test_share))))
        stratify = y if how == "stratified" else None
        _, test = train_test_split(
            np.arange(len(y)), test_size=n_test, random_state=seed, stratify=stratify
        )
        split = pd.Series("train", index=y.index)
        split.iloc[test] = "test"
    names = list(dict.fromkeys((cohorts or {TRAIN: TRAIN, TEST: TEST}).values()))
    for name in names:
        remedy = "Try `split: stratified`, another seed, or more patients."
        check_outcomes(y[split == name], name, "Add patients." if cohorts else remedy)
    return (split.astype(pd.CategoricalDtype(names)) if cohorts else split).rename("split")


def check_outcomes(y: pd.Series, name: str, remedy: str = "Add patients.") -> None:
    """Raise a CohortError unless two patients of a cohort have, and two lack, the outcome.

    Parameters
    ----------
    y
        1 with the outcome, 0 without.
    name
        Of the cohort, for the message.
    remedy
        What the message advises.
    """
    events = int(y.sum())
    if min(events, len(y) - events) < 2:
        raise CohortError(
            f"The {name} cohort has {events} of {len(y)} with the outcome; "
            f"at least two with and two without are needed. {remedy}"
        )


def _split_by_centre(centre: pd.Series, test_centres: Collection[str]) -> pd.Series:
    centre = _texts(centre)
    stop_at(cells.row_lines(centre.index[centre == ""], f"{centre.name}: empty, expected a centre"))
    wanted = [cells.plain(name) for name in test_centres]
    unknown = [name for name in wanted if name not in set(centre)]
    if unknown:
        raise CohortError(
            f"`test_centres`: no patient of {', '.join(map(repr, unknown))} in the column "
            f"{centre.name!r}. There: {cells.counted(centre)}."
        )
    return centre.isin(wanted).map({True: "test", False: "train"})


def _split_as_given(cell: pd.Series, cohorts: Mapping[str, str]) -> pd.Series:
    """The cohort of every cell, whatever its capitals."""
    cell, named = _texts(cell), {cells.plain(text).lower(): cohorts[text] for text in cohorts}
    part = cell.str.lower().map(named)
    strange, expected = part.isna(), " or ".join(cohorts)
    problems = []
    groups = cell[strange].groupby(cell[strange], sort=False).groups
    for value, rows in groups.items() if len(groups) <= cells.SHOWN else ():
        problems += cells.row_lines(
            rows, f"{cell.name}: {cells.quoted(value)}, expected {expected}"
        )
    if len(groups) > cells.SHOWN:  # of something else: names or ids, perhaps
        problems += cells.row_lines(
            cell.index[strange],
            f"{cell.name}: {len(groups)} different texts, expected {expected}; is it the right "
            "column?",
        )
    empty = [name for name in dict.fromkeys(cohorts.values()) if not part.eq(name).any()]
    if empty and not problems:
        problems = [
            f"{cell.name}: no patient of the cohort {', '.join(empty)}. There: "
            f"{cells.counted(cell)}. Leave it out of `cohorts`, or look at the exclusions."
        ]
    stop_at(problems)
    return part


def _texts(column: pd.Series) -> pd.Series:
    return column.astype(object).fillna("").map(cells.plain).astype(str)


def check_disjoint(first: pd.Series, second: pd.Series) -> list[str]:
    """Patients who are in both cohorts, as problems.

    Parameters
    ----------
    first, second
        Ids of the cohort and of the external cohort, by the index of their tables.

    Returns
    -------
    list of str
        One line for each patient, with the rows of both tables and without the id. Ids that
        `cells.identity` makes equal are a problem, too: who wrote them can tell.
    """
    remedy = "remove one, or make ids of centres differ"
    problems = []
    for here, there in _in_both(first.map(cells.identity), second.map(cells.identity)):
        same = len({cells.plain(text) for text in [*first[here], *second[there]]}) == 1
        what = "the same patient id" if same else "the same patient id, written differently"
        problems.append(
            f"row {_numbers(here)} of the cohort and row {_numbers(there)} of the external "
            f"cohort: {what}; {remedy}"
        )
    return problems


def check_split(split: pd.Series, pixel_hash: pd.Series) -> list[str]:
    """Images that are on both sides of the split, as problems.

    Copies stay where the reader keeps them, or where duplicates are not excluded.

    Parameters
    ----------
    split
        "train" or "test" of the included, by the index of their table.
    pixel_hash
        Of the examined images, by the same index; others than those of the included do not count.

    Returns
    -------
    list of str
        One line for each image, with its rows.
    """
    known = pixel_hash[pixel_hash.index.isin(split.index)]
    train, test = (known[split[known.index] == part] for part in ("train", "test"))
    return [
        f"row {_numbers(here)} of the training cohort and row {_numbers(there)} of the test "
        "cohort: the same pixels; exclude one, or bring both to one side with `split: column`"
        for here, there in _in_both(train, test)
    ]


def _in_both(first: pd.Series, second: pd.Series) -> list[tuple[pd.Index, pd.Index]]:
    """Rows of both with each value, other than "", that both have, in the order of the first."""
    here, there = (values.groupby(values, sort=False).groups for values in (first, second))
    return [(here[value], there[value]) for value in here if value and value in there]


def _numbers(rows: pd.Index) -> str:
    return ", ".join(str(cells.row_number(int(row))) for row in rows)
