"""Train and test: drawn as in the paper, by centre, or as given; nobody in two cohorts."""

import re

import numpy as np
import pandas as pd
import pytest

from thyro.cohort import split
from thyro.cohort.clinical_table import CohortError


def refused(message):
    return pytest.raises(CohortError, match=f"^{re.escape(message)}$")


def outcome(events, n):
    return pd.Series([1.0] * events + [0.0] * (n - events))


def test_544_patients_are_split_as_in_the_paper():
    parts = split.split_by_patient(pd.Series([0, 0, 1, 0] * 136), seed=1)
    assert parts.value_counts().to_dict() == {"train": 380, "test": 164}
    assert parts.name == "split"


@pytest.mark.parametrize(
    ("n", "share", "n_test"),
    [(100, 0.55, 55), (100, 0.28, 28), (50, 0.14, 7), (101, 0.55, 56), (100, np.float64(0.07), 7)],
)
def test_the_share_counts_as_it_is_written(n, share, n_test):
    parts = split.split_by_patient(outcome(40, n), test_share=share, seed=1, how="random")
    assert (parts == "test").sum() == n_test


def test_the_split_follows_the_seed_and_can_be_stratified():
    y = outcome(30, 100)
    first, again, other = (split.split_by_patient(y, seed=s) for s in (1, 1, 2))
    assert first.equals(again) and not first.equals(other)
    stratified = split.split_by_patient(y, how="stratified", seed=1)
    assert y[stratified == "test"].sum() == 9 and (stratified == "test").sum() == 30


def test_every_patient_is_on_one_side_whatever_rows_were_left_out():
    rng = np.random.default_rng(3)
    for seed in range(20):
        rows = rng.choice(500, size=120, replace=False)
        y = pd.Series(rng.permutation([0, 1] * 60), index=rows)
        for how in ("random", "stratified"):
            parts = split.split_by_patient(y, how=how, test_share=0.3, seed=seed)
            assert parts.index.equals(y.index)
            assert parts.value_counts().to_dict() == {"train": 84, "test": 36}


def test_centres_test():
    y = pd.Series([0, 1] * 20, index=range(5, 45))
    centre = pd.Series(["A", "A", " B", "C"] * 10, index=y.index, name="centre")
    parts = split.split_by_patient(y, how="centre", column=centre, test_centres=["B", "C"], seed=1)
    assert (parts == "test").tolist() == centre.isin([" B", "C"]).tolist()


def test_an_unknown_centre_lists_those_there():
    centre = pd.Series(["A", "A", "B", "C"] * 10, name="centre")
    with refused(
        "`test_centres`: no patient of 'D' in the column 'centre'. "
        "There: 'A' (20), 'B' (10), 'C' (10)."
    ):
        split.split_by_patient(
            outcome(20, 40), how="centre", column=centre, test_centres=["B", "D"], seed=1
        )


def test_a_patient_without_a_centre_is_named():
    centre = pd.Series(["A", "", "B", None] * 10, name="centre")
    with pytest.raises(CohortError, match="row 3, 5, 7, .*: centre: empty, expected a centre"):
        split.split_by_patient(
            outcome(20, 40), how="centre", column=centre, test_centres=["B"], seed=1
        )


def test_a_given_split_is_read_in_any_case():
    given = pd.Series(["Train", "TEST ", "train", "test"] * 10, name="set")
    parts = split.split_by_patient(pd.Series([0, 0, 1, 1] * 10), how="column", column=given, seed=1)
    assert parts.tolist() == ["train", "test", "train", "test"] * 10


def test_anything_else_in_a_given_split_is_named():
    given = pd.Series(["train", "test"] * 20, name="set")
    given[[1, 7, 9]] = ["validation", "", "validation"]
    with refused(
        "The cohort cannot be used:\n"
        "  row 3, 11: set: 'validation', expected train or test\n"
        "  row 9: set: '', expected train or test"
    ):
        split.split_by_patient(outcome(20, 40), how="column", column=given, seed=1)


def test_a_column_of_something_else_is_not_quoted_in_a_given_split():
    given = pd.Series([f"secret-{i}" for i in range(40)], name="set")
    with refused(
        "The cohort cannot be used:\n"
        "  row 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 and 28 more: set: 40 different texts, "
        "expected train or test; is it the right column?"
    ):
        split.split_by_patient(outcome(20, 40), how="column", column=given, seed=1)
    with refused(
        "`test_centres`: no patient of 'D' in the column 'set'. There: 40 different texts."
    ):
        split.split_by_patient(
            outcome(20, 40), how="centre", column=given, test_centres=["D"], seed=1
        )


@pytest.mark.parametrize(("events", "n"), [(0, 60), (60, 60), (9, 60), (51, 60)])
def test_too_few_outcomes_of_either_kind_stop(events, n):
    with refused(
        f"The cohort has {events} patients with and {n - events} without the outcome; at least "
        "10 of each are needed. Add patients, or look at the exclusions."
    ):
        split.split_by_patient(outcome(events, n), seed=1)
    split.split_by_patient(outcome(10, 20), seed=0, test_share=0.5)


def test_a_part_without_outcomes_stops():
    given = pd.Series(["test"] * 20 + ["train"] * 20, name="set")
    with refused(
        "The train cohort has 0 of 20 with the outcome; at least two with and two without are "
        "needed. Try `split: stratified`, another seed, or more patients."
    ):
        split.split_by_patient(outcome(20, 40), how="column", column=given, seed=1)
    with pytest.raises(CohortError, match="The train cohort has 0 of 0 with the outcome"):
        split.split_by_patient(
            outcome(20, 40),
            how="centre",
            column=pd.Series(["A"] * 40, name="centre"),
            test_centres=["A"],
            seed=1,
        )


def test_a_patient_in_both_cohorts_is_named_by_rows_alone():
    first = pd.Series(["a", "Mu\u0308ller", "c", "c"])
    second = pd.Series(["x", " Müller ", "c"])
    problems = split.check_disjoint(first, second)
    remedy = "the same patient id; remove one, or make ids of centres differ"
    assert problems == [
        f"row 3 of the cohort and row 3 of the external cohort: {remedy}",
        f"row 4, 5 of the cohort and row 4 of the external cohort: {remedy}",
    ]
    assert split.check_disjoint(first, pd.Series(["x", "y"])) == []


@pytest.mark.parametrize(
    ("here", "there"), [("007", "7"), ("7", "7.0"), ("P7", "p7"), ("P7", "P 7"), ("P7", "P\u200b7")]
)
def test_a_patient_written_differently_in_the_other_cohort_is_a_problem(here, there):
    assert split.check_disjoint(pd.Series(["x", here]), pd.Series([there, "y"])) == [
        "row 3 of the cohort and row 2 of the external cohort: the same patient id, written "
        "differently; remove one, or make ids of centres differ"
    ]


def test_ids_that_are_empty_are_no_patient_in_both_cohorts():
    assert split.check_disjoint(pd.Series(["", "a"]), pd.Series(["\u200b", "b"])) == []


def test_an_image_on_both_sides_of_the_split_is_named_by_its_rows():
    parts = pd.Series(["train", "test", "train", "train", "test", "test"], index=[0, 1, 3, 4, 6, 7])
    # Row 3 is not included, rows 4 and 5 train with the same image, row 10 was not split.
    pixels = pd.Series(list("ab" + "aac" + "cab"), index=[0, 1, 2, 3, 4, 6, 7, 8])
    remedy = "the same pixels; exclude one, or bring both to one side with `split: column`"
    assert split.check_split(parts, pixels) == [
        f"row 2, 5 of the training cohort and row 9 of the test cohort: {remedy}",
        f"row 6 of the training cohort and row 8 of the test cohort: {remedy}",
    ]
    assert split.check_split(parts, pixels.iloc[:5]) == []


NAMED = {"int": "near", "ext": "far", "pro": "later"}


def test_cohorts_of_other_names_keep_their_order():
    y = pd.Series([0, 1] * 30)
    cell = pd.Series(["ext", "int", " Pro"] * 20, name="set")
    parts = split.split_by_patient(y, how="column", column=cell, cohorts=NAMED, seed=1)
    assert list(parts.cat.categories) == ["near", "far", "later"]
    assert parts.tolist() == ["far", "near", "later"] * 20


def test_a_cohort_without_patients_is_refused():
    y = pd.Series([0, 1] * 30)
    cell = pd.Series(["ext", "int", "int"] * 20, name="set")
    with refused(
        "The cohort cannot be used:\n  set: no patient of the cohort later. There: 'int' (40), "
        "'ext' (20). Leave it out of `cohorts`, or look at the exclusions."
    ):
        split.split_by_patient(y, how="column", column=cell, cohorts=NAMED, seed=1)
    with refused(
        "The cohort cannot be used:\n  row 3: set: 'tset', expected int or ext or pro",
    ):
        wrong = cell.where(cell.index != 1, "tset")
        split.split_by_patient(y, how="column", column=wrong, cohorts=NAMED, seed=1)
