"""What would stop ComBat or a split by centre is told where the cohort is made."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from thyro.cohort.centres import FEWEST_OF_CENTRE, check_centres
from thyro.cohort.flow import Flow
from thyro.cohort.ingested import Ingested, centre_of


def source(centre, y=None, column="clinic", **columns):
    frame = pd.DataFrame({"clinic": centre})
    frame["y"] = np.resize([0, 1], len(frame)) if y is None else y
    frame = frame.assign(**columns)
    variables = [{"name": name, "required": True, "preoperative": True} for name in columns]
    opened = SimpleNamespace(source=SimpleNamespace(centre_column=column), variables=variables)
    return Ingested(opened, frame, Flow(frame), None, pd.DataFrame(), None, None, None, None)


def split_of(one, test=()):
    centre = one.flow.frame["clinic"]
    return centre.isin(test).map({True: "test", False: "train"})


COMBAT = {"how": "random", "harmonisation": "combat", "unseen_centre": "pass"}


def test_centres_that_fit_have_no_problem_and_without_a_column_nothing_is_asked():
    main = source(["A"] * 20 + ["B"] * 20, age=np.arange(40.0) % 7)
    split = split_of(main)
    assert check_centres({"cohort": main}, split, **COMBAT, preserved=["age"]) == []
    assert centre_of(main).tolist()[:2] == ["A", "A"]
    unnamed = source(["A"] * 20, column="")
    assert centre_of(unnamed) is None
    assert check_centres({"cohort": unnamed}, split_of(unnamed), **COMBAT) == []


def test_an_empty_cell_is_named_with_its_row():
    main, other = source(["A", "", "A"] * 10), source(["B", " "])
    lines = check_centres({"cohort": main, "external": other}, split_of(main), how="random")
    assert lines[0].startswith("row 3, 6,") and "clinic: empty, expected a centre" in lines[0]
    assert lines[1].startswith("external row 3")


def test_too_few_training_patients_for_combat():
    main = source(["A"] * 20 + ["B"] * (FEWEST_OF_CENTRE - 1))
    (line,) = check_centres({"cohort": main}, split_of(main), **COMBAT)
    assert "the centre 'B' has 9 training patients, and ComBat needs 10" in line
    assert check_centres({"cohort": main}, split_of(main), how="random") == []


def test_a_centre_that_was_never_seen():
    main, other = source(["A"] * 20 + ["B"] * 20), source(["C"] * 5)
    both, split = {"cohort": main, "external": other}, split_of(main, ["B"])
    lines = check_centres(both, split, **COMBAT | {"unseen_centre": "refuse"})
    assert ["'B' of the test" in lines[0], "'C' of the external" in lines[1]] == [True, True]
    assert all("say pass" in line and "or own" in line for line in lines)
    (line,) = check_centres(both, split, **COMBAT | {"unseen_centre": "own"})
    assert "'C' of the external cohort" in line and "5 patients of its own" in line
    assert check_centres(both, split, **COMBAT) == []


def test_preserved_variables_are_known_of_everybody_and_are_not_the_centres_themselves():
    scanner = np.repeat([1.0, 2.0], 20)
    main = source(["A"] * 20 + ["B"] * 20, scanner=scanner, age=[np.nan, *range(39)])
    split = split_of(main)
    (line,) = check_centres({"cohort": main}, split, **COMBAT, preserved=["age"])
    assert line.startswith("row 2: age: empty") and "`selection.preserved`" in line
    (line,) = check_centres({"cohort": main}, split, **COMBAT, preserved=["scanner"])
    assert "scanner cannot be told apart from the centres" in line
    (line,) = check_centres({"cohort": main}, split, **COMBAT, preserved=["sex"])
    assert "'sex' is not among the variables ['scanner', 'age']" in line


@pytest.mark.parametrize(
    ("centres", "y", "words"),
    [
        (["A"] * 20 + ["B"] * 20, None, "2 centres train, at least 3"),
        (["A"] * 20 + ["B"] * 20 + ["C"] * 20, [0, 1] * 20 + [0] * 20, "'C' has 0 of 20 with"),
        (["A"] * 60 + ["B"] * 6 + ["C"] * 6, None, "without the centre 'A' fewer than 10"),
    ],
    ids=["too few centres", "no event", "too few others"],
)
def test_centres_that_cannot_be_left_out(centres, y, words):
    main = source(centres, y)
    (line,) = check_centres({"cohort": main}, split_of(main), how="leave_one_centre_out")
    assert words in line
