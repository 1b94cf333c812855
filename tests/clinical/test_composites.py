"""Scores of other candidates: left out by declaration, checked and hinted at by data."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thyro.clinical.composites import undeclared_scores, without_composites

PARTS = ["shape", "margin"]
DECLARED = {name: {} for name in ("age", *PARTS, "echo")} | {"grade": {"composed_of": PARTS}}


def patients(n=240, seed=0):
    """Signs at random, and a grade that counts two of them."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.normal(45, 10, n),
            "shape": pd.Categorical(rng.choice(["wide", "tall"], n), ["wide", "tall"]),
            "margin": pd.Categorical(rng.choice(["smooth", "rough", "beyond"], n)),
            "echo": pd.Categorical(rng.choice(["grey", "dark"], n)),
        }
    )
    points = 3 * frame["shape"].eq("tall") + frame["margin"].map({"smooth": 0, "rough": 2}).astype(
        float
    ).fillna(3)
    grade = np.where(points < 1, "G1", np.where(points < 4, "G2", "G3"))
    return frame.assign(grade=pd.Categorical(grade))


def test_the_score_is_left_out_or_its_parts():
    frame = patients()
    made = without_composites(frame, DECLARED, list(frame))
    assert made.names == ["age", "shape", "margin", "echo"]
    (one,) = made.composites
    assert (one.score, one.parts, one.left_out) == ("grade", PARTS, ["grade"])
    assert (one.combinations, one.shared) == (6, 240)
    score = without_composites(frame, DECLARED, list(frame), stays="score")
    assert score.names == ["age", "echo", "grade"]
    assert score.composites[0].left_out == PARTS
    assert made.to_dict()["composites"][0]["score"] == "grade"
    with pytest.raises(ValueError, match="stays: expected one of parts, score; got 'both'"):
        without_composites(frame, DECLARED, list(frame), stays="both")


def test_a_score_whose_parts_are_not_all_candidates_stays():
    frame = patients()
    made = without_composites(frame, DECLARED, ["age", "shape", "grade"])
    assert made.names == ["age", "shape", "grade"] and made.composites == []


def test_what_is_declared_and_does_not_hold_stops():
    frame = patients()
    rows = frame.index[frame["shape"].eq("wide") & frame["margin"].eq("smooth")]
    frame.loc[rows[0], "grade"] = "G3"
    message = (
        "grade: declared as `composed_of` shape, margin, but training patients with shape wide, "
        "margin smooth have G1, G3, and 1 of 6 combinations differ so"
    )
    with pytest.raises(ValueError, match=message):
        without_composites(frame, DECLARED, list(frame))


def test_what_looks_like_a_score_is_told_and_stays():
    frame = patients()
    undeclared = DECLARED | {"grade": {}}
    made = without_composites(frame, undeclared, list(frame))
    assert made.names == list(frame) and made.composites == []
    # Which of them is the score, data cannot tell: hence the declaration.
    assert made.undeclared == {"shape": ["margin", "grade"], "grade": PARTS}
    assert without_composites(frame, DECLARED, list(frame)).undeclared == {}


def test_few_patients_or_a_single_difference_make_no_score():
    frame = patients()
    assert undeclared_scores(frame.head(12), list(frame)) == {}
    frame.loc[0, "grade"] = {"G1": "G2", "G2": "G1", "G3": "G1"}[frame.loc[0, "grade"]]
    assert "grade" not in undeclared_scores(frame, list(frame))


@given(st.integers(0, 10_000), st.integers(20, 120))
def test_what_differs_in_every_patient_is_no_score_and_no_part(seed, n):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "id": pd.Categorical([f"P{i}" for i in range(n)]),
            "size": rng.normal(size=n),
            "side": pd.Categorical(rng.choice(["left", "right"], n)),
            "place": pd.Categorical(rng.choice(["upper", "middle", "lower"], n)),
        }
    )
    assert undeclared_scores(frame, list(frame)) == {}


def test_every_score_of_two_signs_is_found():
    """All ways to give the four combinations of two signs two grades that need both of them."""
    rng = np.random.default_rng(3)
    a, b, c = rng.integers(0, 2, (3, 200))
    frame = pd.DataFrame({"a": a == 1, "b": b == 1, "c": c == 1})
    for grades in itertools.product([False, True], repeat=4):
        table = np.array(grades).reshape(2, 2)
        needs_both = (table[0] != table[1]).any() and (table[:, 0] != table[:, 1]).any()
        found = undeclared_scores(frame.assign(grade=table[a, b]), ["a", "b", "c", "grade"])
        if needs_both:
            assert found["grade"] == ["a", "b"]
        elif len(set(grades)) == 1:
            assert found == {}
