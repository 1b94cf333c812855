"""Table 2: the threshold comes from training patients, each row from its own cohort."""

import re

import numpy as np
import pandas as pd
import pytest

from thyro.statistics import calibration, delong
from thyro.statistics.performance import (
    calibration_table,
    cohorts,
    performance_table,
    protocol_difference,
    protocol_summary,
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


def test_optimism_is_the_difference_of_the_protocols_row_by_row():
    sound = SCORES.copy()
    sound["A"] = 1 - sound["A"]  # turns the AUC of A round, and leaves B as it is
    measured = [performance_table(Y, scores, SPLIT) for scores in (SCORES, sound)]
    compared = protocol_difference(measured[0], measured[1].sample(frac=1, random_state=0))
    assert compared[["model", "cohort"]].equals(measured[0][["model", "cohort"]])
    np.testing.assert_allclose(compared["auc_paper"], measured[0]["auc"])
    of_a = compared["model"].eq("A")
    np.testing.assert_allclose(compared.loc[of_a, "optimism"], 2 * compared["auc_paper"][of_a] - 1)
    assert (compared.loc[~of_a, "optimism"] == 0).all()
    assert {"accuracy_paper", "accuracy_sound", "threshold_sound"} <= set(compared.columns)


def test_optimism_needs_both_protocols_of_every_model():
    table = performance_table(Y, SCORES, SPLIT)
    with pytest.raises(ValueError, match="of paper; .*'B', 'train'.* one of them only"):
        protocol_difference(table, table[table["model"].eq("A")])


def test_differences_are_summed_up_per_cohort():
    rows = [("A", "train", 0.3), ("B", "train", 0.1), ("C", "train", 0.14), ("A", "test", -0.02)]
    compared = pd.DataFrame(rows, columns=["model", "cohort", "optimism"])
    assert protocol_summary(compared) == {
        "train": {"n": 3, "median": 0.14}
        | {"largest": 0.3, "largest_of": "A", "smallest": 0.1, "smallest_of": "B"},
        "test": {"n": 1, "median": -0.02}
        | {"largest": -0.02, "largest_of": "A", "smallest": -0.02, "smallest_of": "A"},
    }
    equal = protocol_summary(compared.assign(optimism=0.5))["train"]
    assert equal["largest_of"] == equal["smallest_of"] == "A"


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
