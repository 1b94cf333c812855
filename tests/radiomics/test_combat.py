"""ComBat against R's sva, and that nothing of those to whom it is applied is learned."""

import numpy as np
import pandas as pd
import pytest

from tests.reference import cases, compare, read
from thyro.radiomics.combat import (
    Harmonisation,
    both_ways,
    combat,
    harmonisation,
    harmonised,
    learn_combat,
    unseen_patients,
)

COMBAT = "combat"


@pytest.mark.parametrize("case", cases(COMBAT, "combat_cases"))
def test_combat_matches_sva(case):
    data, given = read(COMBAT)["data"], case["input"]
    X = pd.DataFrame(data["x"]).T
    kept = pd.DataFrame({name: data[name] for name in given["covariates"]}, index=X.index)
    got, _ = combat(
        X,
        data["batch"],
        covariates=kept if len(kept.columns) else None,
        parametric=given["parametric"],
        mean_only=given["mean_only"],
        reference=given["reference"],
    )
    tolerance = 1e-3 if given["parametric"] else 1e-6
    compare(COMBAT, case["name"], got.T.to_numpy(), case["output"], tolerance)


def invented(seed=0, n=60, p=30):
    """Features of three centres, their centre, and a covariate that acts on them."""
    rng = np.random.default_rng(seed)
    ids = pd.Index([f"p{k:03d}" for k in range(n)])
    centre = pd.Series(np.repeat(["A", "B", "C"], [n // 2, n // 3, n - n // 2 - n // 3]), ids)
    age = pd.DataFrame({"age": rng.normal(50, 10, n)}, ids)
    shift = centre.map({"A": 0.0, "B": 1.5, "C": -2.0}).to_numpy()[:, None]
    scale = centre.map({"A": 1.0, "B": 2.0, "C": 0.5}).to_numpy()[:, None]
    X = shift + scale * rng.normal(size=(n, p)) + 0.05 * age.to_numpy()
    return pd.DataFrame(X, ids, [f"f{k}" for k in range(p)]), centre, age


def test_what_a_centre_is_off_is_gone_and_a_covariate_stays():
    X, centre, age = invented(n=240)
    harmonised, _ = combat(X, centre, covariates=age)
    rest = harmonised - 0.05 * age.to_numpy()
    means, sds = rest.groupby(centre).mean(), rest.groupby(centre).std()
    assert means.std().mean() < 0.1
    np.testing.assert_allclose(sds.mean(axis=1) / sds.mean(axis=1).mean(), 1, atol=0.1)
    slopes = [np.polyfit(age["age"], harmonised[name], 1)[0] for name in harmonised]
    assert np.mean(slopes) == pytest.approx(0.05, abs=0.01)


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


def test_a_centre_that_was_never_seen_is_refused_passed_or_teaches_itself():
    X, centre, age = invented()
    known, new = centre.ne("C"), centre.eq("C")
    learned = learn_combat(X[known], centre[known], covariates=age[known])
    with pytest.raises(ValueError, match=r"'C' has no training patient.*learned: A, B"):
        learned.apply(X, centre, covariates=age)
    passed = learned.apply(X, centre, covariates=age, unseen="pass")
    pd.testing.assert_frame_equal(passed[new], X[new])
    own = learned.apply(X, centre, covariates=age, unseen="own")
    pd.testing.assert_frame_equal(own[known], passed[known])
    rest = own - 0.05 * age.to_numpy()
    assert abs(rest[new].mean().mean() - rest[known].mean().mean()) < 0.1
    one = X.index[new][:1]
    with pytest.raises(ValueError, match="one patient cannot tell"):
        learned.apply(X.loc[one], centre[one], covariates=age.loc[one], unseen="own")


def test_a_single_centre_stays_as_it_is_to_the_last_bit():
    X, _, _ = invented()
    harmonised, learned = combat(X, ["A"] * len(X))
    pd.testing.assert_frame_equal(harmonised, X, check_exact=True)
    assert learned.reference == "A"


def test_constant_and_incomplete_features_stay_as_they_are():
    X, centre, _ = invented()
    X["f0"] = 1.0
    X.loc[centre.eq("B"), "f1"] = 0.0
    X.loc[X.index[3], "f2"] = np.nan
    harmonised, learned = combat(X, centre)
    assert not {"f0", "f1", "f2"} & set(learned.moved)
    pd.testing.assert_frame_equal(harmonised[["f0", "f1", "f2"]], X[["f0", "f1", "f2"]])
    alone, _ = combat(X[["f3"]], centre)  # nothing to borrow strength from
    np.testing.assert_allclose(alone["f3"].groupby(centre).mean(), X["f3"].mean(), atol=1e-9)


def test_what_cannot_be_learned_is_refused():
    X, centre, age = invented()
    with pytest.raises(ValueError, match="'D': at least two"):
        combat(X, centre.where(centre.index != "p000", "D"))
    with pytest.raises(ValueError, match="cannot be told apart"):
        combat(X, centre, covariates=age.assign(scanner=centre.eq("A").astype(float)))
    with pytest.raises(ValueError, match="reference 'Z' is none of A, B, C"):
        combat(X, centre, reference="Z")
    with pytest.raises(ValueError, match="expected 60 values"):
        combat(X, centre[:-1])
    learned = learn_combat(X, centre, covariates=age)
    with pytest.raises(ValueError, match="expected age"):
        learned.apply(X, centre)


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


def test_whole_numbers_and_single_precision_are_moved_too():
    X, centre, _ = invented()
    mixed = X.assign(f0=(10 * X["f0"]).round().astype(int), f1=X["f1"].astype("float32"))
    moved, _ = combat(mixed, centre)
    assert list(moved) == list(X)
    as_floats, _ = combat(mixed.astype(float), centre)
    np.testing.assert_allclose(moved.astype(float), as_floats, rtol=1e-6)
