"""Table 2: the threshold comes from training patients, each row from its own cohort."""

import re

import numpy as np
import pandas as pd
import pytest

from thyro.statistics import calibration, delong, reclassification
from thyro.statistics.performance import (
    auc_intervals,
    between_cohorts,
    calibration_table,
    cohorts,
    performance_table,
    reclassification_table,
)

Y = np.tile([0, 0, 1, 1], 3)
SPLIT = np.repeat(["external", "train", "test"], 4)
SCORES = pd.DataFrame(
    {
        "A": [0.3, 0.7, 0.6, 0.2, 0.1, 0.4, 0.3, 0.8, 0.2, 0.6, 0.5, 0.9],
        "B": np.arange(12) / 12,
    }
)


def test_cohorts_come_in_one_order_and_only_those_that_occur():
    assert list(cohorts(SPLIT)) == ["train", "test", "external"]
    assert cohorts(SPLIT)["external"].tolist() == [True] * 4 + [False] * 8
    assert list(cohorts(["test", "train"])) == ["train", "test"]


@pytest.mark.parametrize(
    ("split", "found"),
    [(["test", "external"], "['external', 'test']"), (["train", "Test"], "['Test', 'train']")],
)
def test_a_split_that_cannot_be_is_refused(split, found):
    message = f"split: expected 'train' and other names of train, test, external; found {found}."
    with pytest.raises(ValueError, match=re.escape(message)):
        cohorts(split)


def test_categories_name_the_cohorts_and_their_order():
    named = pd.Series(pd.Categorical(["b", "a", "b"], ["b", "a", "nobody"]))
    assert {name: who.tolist() for name, who in cohorts(named).items()} == {
        "b": [True, False, True],
        "a": [False, True, False],
    }
    with pytest.raises(ValueError, match="every patient needs a cohort"):
        cohorts(named.where(named.eq("b")))


def test_each_row_is_that_of_its_cohort():
    table = performance_table(Y, SCORES, SPLIT).set_index(["model", "cohort"])
    order = [(model, cohort) for model in "AB" for cohort in ("train", "test", "external")]
    assert table.index.tolist() == order
    for cohort in ("train", "test", "external"):
        chosen = SPLIT == cohort
        auc = delong.auc_ci(Y[chosen], SCORES.loc[chosen, "A"])
        row = table.loc[("A", cohort)]
        assert (row["auc"], row["ci_low"]) == (auc.auc, auc.ci_low)
        assert row["tp"] + row["fn"] == 2 and row["fp"] + row["tn"] == 2


def test_no_other_cohort_moves_the_threshold():
    train = SPLIT == "train"
    before = performance_table(Y, SCORES, SPLIT)["threshold"]
    changed = SCORES.copy()
    changed.loc[~train] = np.random.default_rng(1).uniform(size=(8, 2))
    after = performance_table(np.where(train, Y, 1 - Y), changed, SPLIT)["threshold"]
    assert before.equals(after)
    assert before.groupby(np.repeat(["A", "B"], 3)).nunique().eq(1).all()


def test_a_threshold_of_training_is_applied_elsewhere():
    """An external cohort on another scale: everybody lies above the cut-off."""
    scores = SCORES[["B"]].where((SPLIT == "train")[:, None], SCORES[["B"]] + 5)
    row = performance_table(Y, scores, SPLIT).set_index("cohort").loc["external"]
    assert (row["sensitivity"], row["specificity"]) == (1, 0)


def test_a_cut_off_may_keep_a_sensitivity_of_training():
    rng = np.random.default_rng(6)
    y, split = rng.permutation(np.repeat([0, 1], 60)), np.repeat(["train", "test"], 60)
    scores = pd.DataFrame({"A": rng.normal(size=120) + y, "R": y})
    table = performance_table(y, scores, split, sensitivity=0.9, cutoffs={"R": 1})
    table = table.set_index(["model", "cohort"])
    cases = int(y[split == "train"].sum())
    assert table.loc[("A", "train"), "tp"] == np.ceil(0.9 * cases)
    cut = table.loc[("A", "train"), "threshold"]
    assert table.loc[("A", "test"), "threshold"] == cut
    assert table.loc[("A", "test"), "tp"] == ((scores["A"] >= cut) & (y == 1))[60:].sum()
    assert table.loc[("R", "test"), "threshold"] == 1  # brings its own


def test_a_cohort_of_one_class_stops():
    y = np.where(SPLIT == "test", 0, Y)
    with pytest.raises(ValueError, match="at least 2 patients per class"):
        performance_table(y, SCORES, SPLIT)


def test_calibration_is_that_of_the_cohort():
    rng = np.random.default_rng(3)
    p = pd.DataFrame({"M": rng.uniform(0.05, 0.95, 240), "N": rng.uniform(0.2, 0.8, 240)})
    y = rng.binomial(1, p["M"])
    split = np.repeat(["train", "external", "test"], 80)
    table = calibration_table(y, p, split, groups=8)
    assert table["cohort"].tolist() == ["train"] * 2 + ["test"] * 2 + ["external"] * 2
    row = table.set_index(["cohort", "model"]).loc[("external", "N")]
    there = split == "external"
    fit = calibration.hosmer_lemeshow(y[there], p.loc[there, "N"], groups=8, df=8)
    measures = calibration.calibration(y[there], p.loc[there, "N"])
    assert (row["statistic"], row["p_value"]) == (fit.statistic, fit.p_value)
    assert (row["slope"], row["brier"]) == (measures.slope, measures.brier)
    # Two degrees of freedom are spent where the model was fitted, and nowhere else.
    assert table.groupby("cohort")["df"].unique().map(list).to_dict() == {
        "train": [6],
        "test": [8],
        "external": [8],
    }


def test_a_reader_may_bring_a_cut_off():
    rng = np.random.default_rng(7)
    y = rng.integers(0, 2, 80)
    split = np.repeat(["train", "test"], 40)
    grades = pd.DataFrame({"Radiologist": rng.integers(1, 4, 80) + 2 * y})
    own = performance_table(y, grades, split, cutoffs={"Radiologist": 4.0})
    assert own["threshold"].tolist() == [4.0, 4.0]
    assert own["tp"].sum() == ((grades["Radiologist"] >= 4) & (y == 1)).sum()
    chosen = performance_table(y, grades, split)
    assert chosen["auc"].tolist() == own["auc"].tolist()  # more than one point of the curve
    assert chosen["threshold"].tolist() != own["threshold"].tolist()


@pytest.fixture(scope="module")
def predicted():
    """Two models of 120 patients in three cohorts; N is M with noise."""
    rng = np.random.default_rng(11)
    p = rng.uniform(0.05, 0.95, 120)
    y = rng.binomial(1, p)
    noisy = np.clip(p + rng.normal(0, 0.2, 120), 0.01, 0.99)
    return y, pd.DataFrame({"M": p, "N": noisy}), np.repeat(["train", "test", "external"], 40)


def test_intervals_of_an_auc_are_those_of_its_cohort(predicted):
    y, p, split = predicted
    table = auc_intervals(y, p, split, level=0.9, draws=200, seed=4)
    assert len(table) == 6
    row = table.set_index(["model", "cohort"]).loc[("N", "test")]
    there = split == "test"
    wald = delong.auc_ci(y[there], p.loc[there, "N"], level=0.9)
    assert (row["auc"], row["wald_low"], row["wald_high"]) == (wald.auc, wald.ci_low, wald.ci_high)
    for method in ("logit", "bootstrap"):
        want = delong.auc_interval(
            y[there], p.loc[there, "N"], method=method, level=0.9, draws=200, seed=4
        )
        assert (row[f"{method}_low"], row[f"{method}_high"]) == want


def test_every_two_cohorts_are_compared_unpaired(predicted):
    y, p, split = predicted
    table = between_cohorts(y, p, split)
    pairs = [("train", "test"), ("train", "external"), ("test", "external")]
    assert list(zip(table["cohort_a"], table["cohort_b"], strict=True)) == pairs * 2
    first, other = split == "train", split == "external"
    want = delong.unpaired_test(y[first], p.loc[first, "M"], y[other], p.loc[other, "M"])
    row = table.iloc[1]
    assert (row["difference"], row["df"], row["p_value"]) == (
        want.difference,
        want.df,
        want.p_value,
    )


def test_reclassification_has_three_measures_per_pair_and_cohort(predicted):
    y, p, split = predicted
    table = reclassification_table(y, p, split, [("M", "N")], cuts=[0.3, 0.6])
    assert table["measure"].tolist() == ["NRI, category-free", "NRI, categories", "IDI"] * 3
    there = split == "test"
    values = y[there], p.loc[there, "N"], p.loc[there, "M"]
    rows = table[table["cohort"].eq("test")].set_index("measure")
    idi = reclassification.discrimination(*values).idi
    assert (rows.loc["IDI", "estimate"], rows.loc["IDI", "p_value"]) == (idi.estimate, idi.p_value)
    nri = reclassification.reclassification(*values, cuts=[0.3, 0.6])
    row = rows.loc["NRI, categories"]
    assert (row["ci_low"], row["p_value"]) == (nri.nri.ci_low, nri.test.p_value)
