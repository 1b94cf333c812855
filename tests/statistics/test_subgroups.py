"""Measures of groups of patients against those of the same patients alone, and differences."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from thyro.statistics.calibration_intervals import calibration_intervals
from thyro.statistics.classification import proportion_ci
from thyro.statistics.decision import decision_curve
from thyro.statistics.delong import auc_interval, unpaired_test
from thyro.statistics.subgroups import (
    ALL,
    GROUP_MEASURES,
    SEPARATED,
    UNKNOWN,
    subgroup_members,
    subgroup_performance,
)

RNG = np.random.default_rng(11)
N = 400
SPLIT = np.repeat(["train", "test", "external"], [200, 100, 100])
AGE = RNG.normal(50, 12, N).round()
SEX = pd.Series(RNG.choice(["Female", "Male"], N, p=[0.7, 0.3]))
RISK = pd.DataFrame({"A": expit(RNG.normal(-0.6, 1.2, N)), "B": expit(RNG.normal(-0.6, 1.0, N))})
Y = RNG.binomial(1, RISK["A"])
CUTOFFS = {"A": 0.4, "B": 0.35}
DICTIONARY = {
    "age": {"label": "Age", "kind": "continuous", "unit": "years", "levels": []},
    "sex": {"label": "Sex", "kind": "categorical", "unit": "", "levels": ["Female", "Male", "X"]},
}
DECLARED = [{"variable": "sex", "cuts": []}, {"variable": "age", "cuts": [55]}]
CASES = pd.DataFrame({"age": AGE, "sex": SEX})


def found(*, y=Y, p=RISK, cases=CASES, declared=DECLARED, **options):
    members = subgroup_members(cases, declared, DICTIONARY)
    return subgroup_performance(
        y, p, SPLIT, members, CUTOFFS, **{"threshold": 0.2, "draws": 200, **options}
    )


def values(table, **keys):
    rows = table[np.logical_and.reduce([table[key].eq(value) for key, value in keys.items()])]
    return rows.set_index("measure")


def test_members_are_the_levels_and_the_ranges():
    members = subgroup_members(CASES, DECLARED, DICTIONARY)
    assert list(members) == ["Sex", "Age"]
    assert members["Sex"].cat.categories.tolist() == ["Female", "Male"]  # nobody is X
    assert members["Age"].cat.categories.tolist() == ["below 55 years", "55 years and above"]
    assert members["Age"].eq("55 years and above").equals(pd.Series(AGE >= 55))
    three = subgroup_members(CASES, [{"variable": "age", "cuts": [40, 60.5]}], DICTIONARY)["Age"]
    assert three.cat.categories.tolist()[1] == "40 to below 60.5 years"
    assert three.value_counts().sum() == N


def test_who_has_no_value_is_in_a_group_of_its_own():
    gaps = CASES.assign(age=np.where(np.arange(N) % 7 == 0, np.nan, AGE), sex=None)
    members = subgroup_members(gaps, DECLARED, DICTIONARY)
    assert members["Age"].cat.categories[-1] == UNKNOWN
    assert members["Age"].eq(UNKNOWN).sum() == len(range(0, N, 7))
    assert set(members["Sex"]) == {UNKNOWN}


def test_an_unknown_variable_is_named():
    with pytest.raises(ValueError, match="'iq' is not among the variables"):
        subgroup_members(CASES, [{"variable": "iq", "cuts": []}], DICTIONARY)


def test_a_group_has_what_its_patients_alone_have():
    got = found()
    assert set(got.groups["cohort"]) == {"test", "external"}  # training chose the cut-offs
    men = (SPLIT == "external") & SEX.eq("Male").to_numpy()
    y, p = Y[men], RISK.loc[men, "B"].to_numpy()
    rows = values(got.groups, model="B", cohort="external", group="Male")
    assert rows.index.tolist() == list(GROUP_MEASURES)
    assert (rows[["n", "events"]] == [men.sum(), y.sum()]).all(axis=None)
    ends = ["ci_low", "ci_high"]
    np.testing.assert_allclose(rows.loc["auc", ends].astype(float), auc_interval(y, p))
    whole = calibration_intervals(y, p, draws=20).set_index("measure")
    for measure in ("slope", "citl"):
        np.testing.assert_allclose(
            rows.loc[measure, ["estimate", *ends]].astype(float), whole.loc[measure].astype(float)
        )
    k, n = int(np.sum((p >= CUTOFFS["B"]) & (y == 1))), int(y.sum())
    assert rows.loc["sensitivity", "estimate"] == k / n
    np.testing.assert_allclose(rows.loc["sensitivity", ends].astype(float), proportion_ci(k, n))
    curve = decision_curve(y, p, [0.2], draws=4000)
    assert rows.loc["net_benefit", "estimate"] == pytest.approx(curve.net_benefit[0])
    wide = values(found(draws=4000).groups, model="B", cohort="external", group="Male")
    np.testing.assert_allclose(
        wide.loc["net_benefit", ends].astype(float), [curve.low[0], curve.high[0]], atol=0.02
    )


def test_all_patients_stand_first_and_belong_to_no_comparison():
    got = found()
    assert got.groups["group"].iloc[0] == ALL
    assert ALL not in set(got.differences["group"]) | set(got.differences["reference"])
    alone = found(declared=[])
    assert set(alone.groups["group"]) == {ALL} and alone.differences.empty


def test_a_difference_is_that_of_the_groups_with_the_interval_of_its_kind():
    statsmodels = pytest.importorskip("statsmodels.stats.proportion")
    got = found()
    keys = {"model": "A", "cohort": "test"}
    men, women = (values(got.groups, **keys, group=name) for name in ("Male", "Female"))
    rows = values(got.differences, **keys, group="Male")
    assert set(rows["reference"]) == {"Female"}
    np.testing.assert_allclose(rows["difference"], men["estimate"] - women["estimate"])
    test, risk = SPLIT == "test", RISK["A"].to_numpy()
    who = [test & SEX.eq(name).to_numpy() for name in ("Male", "Female")]
    alone = unpaired_test(Y[who[0]], risk[who[0]], Y[who[1]], risk[who[1]])
    assert rows.loc["auc", "ci_low"] == alone.ci_low
    half = rows.loc["slope", "ci_high"] - rows.loc["slope", "difference"]
    halves = [
        (group.loc["slope", "ci_high"] - group.loc["slope", "estimate"]) for group in (men, women)
    ]
    assert half == pytest.approx(np.hypot(*halves))
    called = [(int(np.sum(risk[w & (Y == 0)] < 0.4)), int(np.sum(Y[w] == 0))) for w in who]
    want = statsmodels.confint_proportions_2indep(
        *called[0], *called[1], method="newcomb", compare="diff"
    )
    np.testing.assert_allclose(rows.loc["specificity", ["ci_low", "ci_high"]].astype(float), want)
    assert rows.loc["net_benefit", "ci_low"] < rows.loc["net_benefit", "difference"]


def test_the_groups_of_nobody_differ_in_nothing_but_noise():
    """Random groups: the intervals of the difference of the AUC hold zero as often as they say."""
    rng, held = np.random.default_rng(3), 0
    for _ in range(200):
        random = CASES.assign(sex=rng.choice(["Female", "Male"], N))
        got = found(p=RISK[["A"]], cases=random, declared=DECLARED[:1], draws=20)
        row = values(got.differences, cohort="test", group="Male").loc["auc"]
        held += row["ci_low"] <= 0 <= row["ci_high"]
    assert 180 <= held <= 200


@pytest.mark.parametrize(
    ("events", "absent", "reason"),
    [
        (0, ["auc", "slope", "citl", "sensitivity"], "no patient with the outcome"),
        (1, ["auc", "slope", "citl"], "one patient with the outcome"),
        ("all", ["auc", "slope", "citl", "specificity"], "no patient without the outcome"),
    ],
)
def test_a_group_without_an_outcome_has_no_such_measure_and_says_why(events, absent, reason):
    men = SEX.eq("Male").to_numpy()
    y = np.where(men, 1 if events == "all" else 0, Y)
    if events == 1:
        y[np.flatnonzero(men & (SPLIT == "test"))[0]] = 1
    got = found(y=y)
    rows = values(got.groups, model="A", cohort="test", group="Male")
    assert rows.index[rows["estimate"].isna()].tolist() == absent
    assert set(rows.loc[absent, "reason"]) == {reason}
    assert rows.drop(index=absent)["reason"].eq("").all()
    against = values(got.differences, model="A", cohort="test", group="Male")
    assert set(against.index[against["difference"].isna()]) == set(absent)
    assert set(against.loc[absent, "reason"]) == {reason}


def test_a_group_of_nobody_in_a_cohort_is_told():
    nobody = CASES.assign(sex=np.where(SPLIT == "test", "Female", "Male"))
    rows = values(found(cases=nobody).groups, model="A", cohort="test", group="Male")
    assert rows["n"].eq(0).all() and set(rows["reason"]) == {"no patient"}


def test_an_auc_of_one_has_no_interval():
    perfect = pd.DataFrame({"A": np.where(Y == 1, 0.9, 0.1)})
    got = found(p=perfect, declared=DECLARED[:1])
    row = values(got.groups, cohort="test", group="Male").loc["auc"]
    assert row["estimate"] == 1 and np.isnan(row["ci_low"]) and row["reason"] == SEPARATED
    difference = values(got.differences, cohort="test", group="Male").loc["auc"]
    assert difference["difference"] == 0 and np.isnan(difference["ci_high"])
    slope = values(got.groups, cohort="test", group="Male").loc["slope"]
    assert np.isnan(slope["estimate"]) and slope["reason"] == SEPARATED


def test_a_threshold_of_one_is_refused():
    with pytest.raises(ValueError, match="threshold"):
        found(threshold=1.0)
