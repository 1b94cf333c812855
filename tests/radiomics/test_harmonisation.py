"""A study's harmonisation: who teaches, who is moved, and what becomes of an unseen centre."""

import numpy as np
import pandas as pd

from tests.radiomics.test_combat import invented
from thyro.radiomics.harmonisation import (
    Harmonisation,
    both_ways,
    harmonisation,
    harmonised,
    unseen_patients,
)


def test_patients_who_are_moved_teach_nothing_and_do_not_move_each_other():
    X, centre, age = invented()
    training, rest = X.index[::2], X.index[1::2]
    moves = Harmonisation(centre, age, "pass")(X.loc[training])
    moved = moves(X)
    changed = X.copy()
    changed.loc[rest] = 7 * changed.loc[rest] + 3
    again = Harmonisation(centre, age, "pass")(changed.loc[training])
    pd.testing.assert_frame_equal(again(X), moved)
    other = centre.copy()
    other[rest] = other[rest].sample(frac=1, random_state=1).to_numpy()
    again = Harmonisation(other, age, "pass")(X.loc[training])
    pd.testing.assert_frame_equal(again(X.loc[training]), moved.loc[training])
    pd.testing.assert_frame_equal(moves(X.loc[[rest[0]]]), moved.loc[[rest[0]]])


def test_a_study_harmonises_by_its_keys():
    X, centre, age = invented()
    cases = pd.DataFrame({"centre": centre, "age": age["age"]})
    cases["site"] = pd.Categorical(
        np.resize(["upper", "lower"], len(cases)), ["upper", "lower", "x"]
    )
    assert harmonisation(cases, "none") is None
    training = X.index[centre.ne("C")]
    assert harmonised({"a": X}, None, training)["a"] is X
    how = harmonisation(cases, "combat", ["age", "site"], "refuse")
    moved = harmonised({"a": X}, how, training)["a"]
    pd.testing.assert_frame_equal(moved[centre.eq("C")], X[centre.eq("C")])  # 00 refuses, not this
    assert not np.allclose(moved.loc[training], X.loc[training])
    assert unseen_patients(how, training).equals(X.index[centre.eq("C")])
    assert unseen_patients(None, training).empty
    passed, own = (way(X.loc[training])(X) for way in both_ways(how))
    pd.testing.assert_frame_equal(passed, moved)
    pd.testing.assert_frame_equal(own.loc[training], passed.loc[training])
    assert not np.allclose(own[centre.eq("C")], passed[centre.eq("C")])


def test_a_centre_with_one_patient_left_is_one_that_was_never_seen():
    X, centre, _ = invented()
    one = centre.index[centre.eq("C")][:1]
    part = X.index[centre.ne("C")].union(one)
    moved = Harmonisation(centre, None, "pass")(X.loc[part])(X)
    pd.testing.assert_frame_equal(moved[centre.eq("C")], X[centre.eq("C")])


def test_what_was_learned_of_centres_can_be_read():
    X, centre, _ = invented()
    move = Harmonisation(centre, None, "pass")(X)
    pd.testing.assert_frame_equal(move(X), move.learned.apply(X, centre))
    assert move.learned.centres == ["A", "B", "C"]
