"""Chained equations: what they keep, what they restore, and who has a say in them."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from thyro.clinical.imputation import _Matching, impute
from thyro.clinical.logistic import fit_logistic

VARIABLES = ["age", "size", "margin", "site"]


def invented(n=300, seed=0, share=0.2):
    """Patients with gaps at random given age and outcome, and the same without gaps."""
    rng = np.random.default_rng(seed)
    ids = pd.Index([f"p{k:04d}" for k in range(n)])
    age = rng.normal(45, 11, n)
    size = np.exp(2.3 + 0.3 * (age - 45) / 11 + rng.normal(0, 0.4, n))
    margin = np.where(rng.uniform(size=n) < expit(size / 5 - 2), "irregular", "smooth")
    site = rng.choice(["upper", "middle", "lower"], n)
    lp = -0.5 + 0.9 * (size - 10) / 5 + 0.8 * (margin == "irregular")
    y = pd.Series((rng.uniform(size=n) < expit(lp)).astype(int), ids)
    whole = pd.DataFrame({"age": age, "size": size}, ids)
    whole["margin"] = pd.Categorical(margin, ["smooth", "irregular"])
    whole["site"] = pd.Categorical(site, ["upper", "middle", "lower"])
    gone = share * 2 * expit((age - 45) / 11 + 2 * (y - 0.5))
    gaps = whole.copy()
    for name in ("size", "margin", "site"):
        gaps[name] = gaps[name].mask(rng.uniform(size=n) < gone)
    return gaps, y, whole


def same(a, b):
    assert len(a) == len(b)
    for one, other in zip(a, b, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_recorded_values_stay_and_gaps_get_values_that_others_have():
    gaps, y, _ = invented()
    found = impute(gaps, y, VARIABLES, m=3, seed=1)
    assert found.m == 3
    for one in [*found.training, *found.completed(gaps)]:
        assert one.notna().all().all() and one.index.equals(gaps.index)
        for name in VARIABLES:
            recorded = gaps[name].notna()
            assert one.loc[recorded, name].tolist() == gaps.loc[recorded, name].tolist()
            assert one[name].dtype == gaps[name].dtype
            assert set(one[name]) <= set(gaps[name].dropna())
    first, second = found.training[:2]
    assert (first["size"] != second["size"]).any()  # gaps are filled anew
    same(impute(gaps, y, VARIABLES, m=3, seed=1).training, found.training)
    assert not impute(gaps, y, VARIABLES, m=1, seed=2).training[0].equals(first)


def test_without_a_gap_nothing_changes():
    _, y, whole = invented()
    found = impute(whole, y, VARIABLES, m=2)
    same(found.training, [whole, whole])
    same(found.completed(whole), [whole, whole])


def mean_estimate(sets, y):
    return np.mean(
        [fit_logistic(one, y, VARIABLES[:3], tests=False).coefficients for one in sets], axis=0
    )


def test_the_outcome_takes_part_in_training_and_keeps_what_it_has_to_do_with_a_variable():
    gaps, y, whole = invented(n=2500, share=0.4)
    truth = fit_logistic(whole, y, VARIABLES[:3], tests=False).coefficients
    found = impute(gaps, y, VARIABLES, m=4, seed=3)
    with_outcome = mean_estimate(found.training, y)
    blind = mean_estimate(found.completed(gaps), y)
    assert with_outcome[2:] == pytest.approx(truth[2:], rel=0.15)  # size, margin
    assert (np.abs(blind[2:]) < 0.85 * np.abs(truth[2:])).all()  # drawn towards nothing


def test_who_is_predicted_is_completed_as_like_patients_are():
    gaps, y, _ = invented(n=1000)
    found = impute(gaps, y, VARIABLES, m=5, seed=3)
    old = pd.DataFrame({"age": 65.0, "size": np.nan}, index=[f"n{k}" for k in range(200)])
    old = old.assign(margin="smooth", site="upper")
    young = old.assign(age=25.0)
    older, younger = (
        np.mean([one["size"].mean() for one in found.completed(who)]) for who in (old, young)
    )
    assert older > younger + 5  # size rises with age


def test_nobody_else_has_a_say_in_what_fills_a_patients_gaps():
    gaps, y, _ = invented()
    found = impute(gaps.iloc[:200], y.iloc[:200], VARIABLES, m=2, seed=1)
    others = gaps.iloc[200:]
    together = found.completed(others)
    alone = found.completed(others.iloc[[7]])
    same(alone, [one.iloc[[7]] for one in together])
    # The outcome is no column of theirs: whatever it is, they are completed alike.
    same(found.completed(others.assign(y=1 - y.iloc[200:])[VARIABLES]), together)
    # Other test patients leave everything that was learned as it is.
    again = impute(gaps.iloc[:200], y.iloc[:200], VARIABLES, m=2, seed=1)
    again.completed(others.assign(age=0.0, size=np.nan))
    same(again.training, found.training)
    same(again.completed(others), together)


def test_rare_levels_are_merged_in_whoever_is_completed():
    gaps, y, _ = invented()
    merged = {"site": {"upper": "middle"}}
    found = impute(gaps, y, VARIABLES, m=1, merged=merged)
    for one in (*found.training, *found.completed(gaps)):
        assert set(one["site"]) == {"middle", "lower"}


def test_other_columns_stand_beside_the_same_completions():
    gaps, y, _ = invented()
    found = impute(gaps.assign(score=0.0), y, VARIABLES, m=2)
    other = found.beside(gaps.assign(score=1.0))
    same([one[VARIABLES] for one in other.training], [one[VARIABLES] for one in found.training])
    assert all(one["score"].eq(1).all() for one in other.training)


def test_what_cannot_be_completed_is_refused():
    gaps, y, _ = invented()
    with pytest.raises(ValueError, match="size is recorded of no training patient"):
        impute(gaps.assign(size=np.nan), y, VARIABLES)
    with pytest.raises(ValueError, match="at least 1 completed"):
        impute(gaps, y, VARIABLES, m=0)
    found = impute(gaps, y, VARIABLES, m=1)
    with pytest.raises(ValueError, match="lacks the variables age"):
        found.completed(gaps.drop(columns="age"))
    new = gaps.iloc[:1].assign(margin="spiculated", size=np.nan)
    with pytest.raises(ValueError, match="level 'spiculated' did not occur"):
        found.completed(new)


def test_the_nearest_five_are_found_at_the_ends_too():
    learned = _Matching(np.array([0.0, 1.0]), np.arange(10.0), np.arange(10.0).astype(object))
    X, uniform = np.repeat([[-3.0], [4.2], [99.0]], 5, axis=0), np.tile(np.arange(5) / 5, 3)
    found = learned.draw(X, uniform).astype(float).reshape(3, 5)
    assert [sorted(row) for row in found] == [[0, 1, 2, 3, 4], [2, 3, 4, 5, 6], [5, 6, 7, 8, 9]]
