"""What would stop the harmonisation of features, or a split by centre, long after 00."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from thyro.cohort import cells
from thyro.cohort.ingested import Ingested, centre_of
from thyro.cohort.split import FEWEST

FEWEST_OF_CENTRE = 10  # training patients from whom ComBat learns a shift and a scale
FEWEST_CENTRES = 3  # that train, where one after the other is left out


def check_centres(
    ingested: Mapping[str, Ingested],
    split: pd.Series,
    *,
    how: str,
    harmonisation: str = "none",
    preserved: Sequence[str] = (),
    unseen_centre: str = "refuse",
) -> list[str]:
    """What is wrong with centres, as problems; none where the study names no column of centres.

    Parameters
    ----------
    ingested
        "cohort", and "external" where there is one.
    split
        "train" or "test" of the included of "cohort", by the index of the table.
    how
        The kind of split.
    harmonisation, preserved, unseen_centre
        As in the section `selection` of a study.
    """
    centres = {name: centre_of(one) for name, one in ingested.items()}
    main = centres["cohort"]
    if main is None:
        return []
    problems = []
    for name, centre in centres.items():
        empty = cells.row_lines(
            centre.index[centre == ""], f"{_column(ingested[name])}: empty, expected a centre"
        )
        problems += [f"external {line}" for line in empty] if name == "external" else empty
    train = main[split == "train"]
    if how == "leave_one_centre_out":
        problems += _left_out(train, ingested["cohort"].flow.frame["y"])
    if harmonisation == "combat":
        problems += _too_few(train)
        problems += _unseen(train, centres, split, unseen_centre)
        problems += _preserved(ingested, train, preserved)
    return problems


def _column(one: Ingested) -> str:
    return one.opened.source.centre_column


def _left_out(train: pd.Series, y: pd.Series) -> list[str]:
    """Centres whose predictions by the others could not be judged."""
    lines = []
    if train.nunique() < FEWEST_CENTRES:
        lines.append(
            f"`split: leave_one_centre_out`: {train.nunique()} centres train, at least "
            f"{FEWEST_CENTRES} are needed; name fewer `test_centres`, or use `split: centre`"
        )
    for name, rows in train.groupby(train).groups.items():
        events = int(y[rows].sum())
        if min(events, len(rows) - events) < 2:
            lines.append(
                f"`split: leave_one_centre_out`: the centre {name!r} has {events} of {len(rows)} "
                "with the outcome; at least two with and two without are needed. Join it with "
                "another centre in the table"
            )
            continue
        others = y[train.index.difference(rows)]
        if min(others.sum(), len(others) - others.sum()) < FEWEST:
            lines.append(
                f"`split: leave_one_centre_out`: without the centre {name!r} fewer than {FEWEST} "
                "training patients have, or lack, the outcome"
            )
    return lines


def _too_few(train: pd.Series) -> list[str]:
    counts = train.value_counts().sort_index()
    return [
        f"`selection.harmonisation`: the centre {name!r} has {n} training patients, and ComBat "
        f"needs {FEWEST_OF_CENTRE}; join it with another centre in the table, or leave it out by "
        "a criterion"
        for name, n in counts.items()
        if n < FEWEST_OF_CENTRE
    ]


def _unseen(
    train: pd.Series, centres: Mapping[str, pd.Series], split: pd.Series, unseen: str
) -> list[str]:
    """Centres that no training patient belongs to, where the study does not say what to do."""
    tested = {"test": centres["cohort"][split == "test"]}
    tested |= {"external": centres["external"]} if "external" in centres else {}
    lines = []
    for part, centre in tested.items():
        for name, n in centre[~centre.isin(train)].value_counts().sort_index().items():
            what = f"the centre {name!r} of the {part} cohort has no training patient"
            if unseen == "refuse":
                lines.append(
                    f"`selection.unseen_centre`: {what}; say pass (its features stay as they are) "
                    "or own (they are moved by what its own patients tell)"
                )
            if unseen == "own" and n < FEWEST_OF_CENTRE:
                lines.append(
                    f"`selection.unseen_centre: own`: {what}, and {n} patients of its own; "
                    f"{FEWEST_OF_CENTRE} are needed. Say pass"
                )
    return lines


def _preserved(
    ingested: Mapping[str, Ingested], train: pd.Series, preserved: Sequence[str]
) -> list[str]:
    """Variables that ComBat cannot preserve: unknown, with gaps, or another name for centres."""
    declared = [variable["name"] for variable in ingested["cohort"].opened.variables]
    lines = [
        f"`selection.preserved`: {name!r} is not among the variables {declared}"
        for name in preserved
        if name not in declared
    ]
    known = [name for name in preserved if name in declared]
    for part, one in ingested.items():
        for name in known:
            values = one.flow.frame[name]
            empty = cells.row_lines(
                values.index[values.isna()],
                f"{name}: empty, and `selection.preserved` needs it of every patient",
            )
            lines += [f"external {line}" for line in empty] if part == "external" else empty
    if known and not lines:
        frame = ingested["cohort"].flow.frame.loc[train.index, known]
        columns = pd.get_dummies(frame, drop_first=True, dtype=float)
        columns = columns.loc[:, columns.nunique() > 1]  # a level that nobody has
        design = np.column_stack([pd.get_dummies(train, dtype=float), columns])
        if np.linalg.matrix_rank(design) < design.shape[1]:
            lines.append(
                f"`selection.preserved`: {', '.join(known)} cannot be told apart from the centres "
                "in training (constant within each, or one follows from others); name fewer"
            )
    return lines
