"""Rare levels: merged by counts of training patients alone, and never into what is rare."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thyro.clinical import bootstrap, protocols, screening
from thyro.clinical.logistic import LogisticFit, fit_logistic
from thyro.clinical.penalised import fit_penalised
from thyro.clinical.rare_levels import merge_levels, merged_table, rare_levels


def column(counts, *, ordered=False):
    """A Categorical whose levels "a", "b" ... have these counts."""
    levels = [chr(ord("a") + k) for k in range(len(counts))]
    return pd.Categorical(np.repeat(levels, counts), levels, ordered=ordered)


def rule(counts, smallest, *, ordered=False):
    frame = pd.DataFrame({"x": column(counts, ordered=ordered)})
    return rare_levels(frame, ["x"], smallest=smallest).get("x", {})


@pytest.mark.parametrize(
    ("counts", "smallest", "into"),
    [
        ((50, 9, 10, 70), 10, {"b": "d"}),  # 9 are too few, 10 are not
        ((3, 40, 40), 10, {"a": "b"}),  # a rare reference; of equals the first
        ((50, 0, 20), 1, {"b": "a"}),  # nobody has it
        ((5, 6, 4), 10, {"a": "b", "c": "b"}),  # all are rare: one is left
        ((50, 9), 0, {}),
        ((50, 9), 9, {}),
    ],
)
def test_a_rare_level_counts_as_the_most_common(counts, smallest, into):
    assert rule(counts, smallest) == into


@pytest.mark.parametrize(
    ("counts", "into"),
    [
        ((3, 20, 90, 40), {"a": "b"}),  # the neighbour, not the most common
        ((3, 4, 90, 40), {"a": "c", "b": "c"}),  # together still rare: the next again
        ((3, 7, 90, 40), {"a": "b"}),  # together enough, and named by the inner one
        ((90, 40, 3), {"c": "b"}),
        ((90, 3, 40), {"b": "a"}),  # towards the most common
        ((40, 3, 20, 90, 0, 2), {"b": "c", "e": "d", "f": "d"}),
        ((5, 6, 4), {"a": "b", "c": "b"}),
        ((2, 8, 9, 0), {"a": "b", "c": "b", "d": "b"}),  # the most common one is rare itself
    ],
)
def test_where_levels_rise_it_counts_as_its_neighbour(counts, into):
    assert rule(counts, 10, ordered=True) == into


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=8).filter(lambda counts: sum(counts) > 0),
    st.integers(0, 25),
    st.booleans(),
)
def test_no_level_that_is_left_is_rare_and_nobody_is_lost(counts, smallest, ordered):
    frame = pd.DataFrame({"x": column(counts, ordered=ordered)})
    merged = rare_levels(frame, ["x"], smallest=smallest)
    after = merge_levels(frame, merged)["x"]
    left = after.value_counts()
    assert after.notna().all() and left.sum() == len(frame)
    assert left.min() >= smallest or len(left) == 1
    assert not rare_levels(pd.DataFrame({"x": after}), ["x"], smallest=smallest)
    assert set(merged.get("x", {}).values()).isdisjoint(merged.get("x", {}))
    if ordered:  # who counts as one stands side by side
        codes = after.cat.categories.get_indexer(after.astype(object))
        assert (np.diff(codes) >= 0).all() and after.cat.ordered


def test_continuous_variables_and_strings():
    frame = pd.DataFrame({"age": range(12), "side": ["left"] * 9 + ["right"] * 3})
    merged = rare_levels(frame, ["age", "side"], smallest=4)
    assert merged == {"side": {"right": "left"}}
    assert merge_levels(frame, merged)["side"].tolist() == ["left"] * 12
    frame["bilateral"] = frame["side"].eq("right")
    assert rare_levels(frame, ["bilateral"], smallest=4) == {"bilateral": {True: False}}


def test_a_level_that_the_rule_does_not_know_stays():
    new = pd.DataFrame({"x": pd.Categorical(["a", "z", None], ["a", "b", "z"])})
    after = merge_levels(new, {"x": {"b": "a"}, "absent": {"q": "r"}})
    assert after["x"].tolist()[:2] == ["a", "z"] and after["x"].isna().tolist()[2]
    assert after["x"].cat.categories.tolist() == ["a", "z"]
    assert list(after) == ["x"]


def test_what_was_merged_is_told_with_its_counts():
    frame = pd.DataFrame({"x": column((50, 3, 0)), "y": column((40, 13), ordered=True)})
    table = merged_table(frame, rare_levels(frame, ["x", "y"], smallest=10))
    assert table.to_numpy().tolist() == [["x", "b", 3, "a"], ["x", "c", 0, "a"]]
    assert list(table) == ["variable", "level", "n", "into"]
    assert merged_table(frame, {}).empty


def patients(n=160, seed=4):
    """Invented ones: a factor with a level of three patients, who all have the outcome."""
    rng = np.random.default_rng(seed)
    place = np.repeat(["middle", "upper", "full"], [n - 43, 40, 3])
    levels = ["middle", "full", "upper"]
    frame = pd.DataFrame({"age": rng.normal(45, 10, n), "place": pd.Categorical(place, levels)})
    risk = np.where(place == "upper", 0.75, 0.25)
    y = rng.binomial(1, risk)
    y[-3:] = 1
    return frame, y


def test_a_regression_carries_what_was_merged():
    frame, y = patients()
    merged = rare_levels(frame, list(frame), smallest=10)
    assert merged == {"place": {"full": "middle"}}
    for fit in (
        fit_logistic(frame, y, ["age", "place"], merged=merged),
        fit_penalised(frame, y, ["age", "place"], n_knots=0, merged=merged),
    ):
        assert fit.levels == {"place": ["middle", "upper"]} and fit.merged == merged
        one = frame.iloc[[-1]].assign(place=["full"])
        same = frame.iloc[[-1]].assign(place=["middle"])
        assert fit.predict(one) == fit.predict(same)
        read = LogisticFit.from_dict(fit.to_dict())
        assert read.merged == merged
        np.testing.assert_array_equal(read.predict(frame), fit.predict(frame))
    by_hand = fit_logistic(merge_levels(frame, merged), y, ["age", "place"])
    np.testing.assert_array_equal(
        by_hand.coefficients, fit_logistic(frame, y, ["age", "place"], merged=merged).coefficients
    )
    assert fit_logistic(frame, y, ["age"], merged=merged).merged == {}  # of its own terms


def process(smallest):
    return lambda frame, y: screening.fit_nomograms(
        frame, y, variables=["age", "place"], signatures={"C": []}, smallest=smallest
    )


def test_no_bootstrap_sample_is_lost_to_a_rare_level():
    frame, y = patients()
    lost = bootstrap.optimism_of(process(0), frame, y, draws=60)["C"]
    assert lost.failed > 0  # who has the level cannot be predicted by samples without it
    kept = bootstrap.optimism_of(process(10), frame, y, draws=60)["C"]
    assert (kept.draws, kept.failed) == (60, 0)


def test_the_rule_is_learned_anew_by_whoever_fits():
    """With the level's patients in the sample twelve times over, it is not rare there."""
    frame, y = patients()
    rows = np.r_[np.arange(157), np.repeat([157, 158, 159], 4)]
    (few,) = process(10)(frame, y).values()
    (many,) = process(10)(frame.iloc[rows], y[rows]).values()
    three = frame.iloc[-3:]
    alike = three.assign(place="middle")
    np.testing.assert_array_equal(few(three), few(alike))
    assert (many(three) > many(alike)).all()


def saved(everyone, train):
    """What training makes of a cohort: the rule and the regression, as bytes."""
    seen = everyone[train]
    merged = rare_levels(seen, ["age", "place"], smallest=10)
    fits = protocols.fit_by_protocol({"paper": seen}, {"C": ["age", "place"]}, merged=merged)
    return json.dumps([merged, fits["paper"]["C"].to_dict()]).encode()


@pytest.mark.parametrize("level", ["middle", "upper", "full"])
def test_patients_who_do_not_train_leave_the_rule_as_it_is(level):
    frame, y = patients()
    everyone, train = frame.assign(y=y), np.arange(len(frame)) % 3 > 0
    changed = everyone.copy()
    changed.loc[~train, "place"] = level
    changed.loc[~train, "age"] = 90.0
    assert saved(everyone, train) == saved(changed, train)
    changed.loc[train, "age"] += 1.5
    assert saved(everyone, train) != saved(changed, train)


def cross_fitted(change=None):
    """Risks of patients in four folds, each predicted without its own."""
    frame, y = patients()
    everyone = frame.assign(y=y)
    folds = pd.Series(np.arange(len(frame)) % 4, frame.index).astype("Int64")
    if change is not None:
        everyone.loc[folds.index[folds.eq(1)], "place"] = change
    fits = {"sound": {"C": fit_logistic(everyone, y, ["age", "place"])}}
    risks = protocols.predict_by_protocol(fits, {"sound": everyone}, folds, process=process(30))
    return everyone, folds, risks["sound"]["C"]


def test_the_levels_of_a_fold_have_no_say_in_what_predicts_it():
    everyone, folds, before = cross_fitted()
    _, _, after = cross_fitted("upper")
    same = folds.eq(1) & everyone["place"].eq("upper")
    assert same.sum() > 5
    np.testing.assert_array_equal(before[same], after[same])
    seen = everyone[folds.ne(1)]
    (alone,) = process(30)(seen, seen["y"]).values()
    np.testing.assert_array_equal(before[folds.eq(1)], alone(everyone[folds.eq(1)]))


def test_a_level_that_only_the_left_out_fold_has_takes_its_neighbour_where_levels_rise():
    levels = ["low", "middle", "high", "highest"]
    values = pd.Categorical(["low"] * 5 + ["high"] * 3 + ["highest"], levels, ordered=True)
    frame = pd.DataFrame({"grade": values})
    known = protocols._with_known_levels(frame.iloc[[8]], frame.iloc[:8])
    assert known["grade"].tolist() == ["high"]
