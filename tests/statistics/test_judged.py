"""Scores by their kind: readings are no curves, and everything else is as in Table 2."""

import numpy as np
import pandas as pd

from thyro.statistics import judged_performance, performance_table

RNG = np.random.default_rng(4)
Y = np.tile([0, 1], 30)
SCORES = pd.DataFrame(
    {"p": (Y * 0.4 + RNG.random(60)) / 1.4, "call": (RNG.random(60) < 0.3 + 0.4 * Y).astype(float)}
)
SPLIT = pd.Series(pd.Categorical(np.repeat(["near", "far"], 30), ["near", "far"]))
KINDS = {"p": "probability", "call": "reading"}


def test_a_reading_has_rates_and_no_auc():
    table = judged_performance(Y, SCORES, SPLIT, KINDS).set_index(["model", "cohort"])
    assert table.loc["call", ["auc", "se", "ci_low", "ci_high"]].isna().all(axis=None)
    row, here = table.loc[("call", "far")], SPLIT.eq("far").to_numpy()
    called = SCORES["call"].to_numpy() == 1
    assert row["sensitivity"] == called[here & (Y == 1)].mean()
    assert row["specificity"] == (~called)[here & (Y == 0)].mean()
    assert row["sensitivity_low"] < row["sensitivity"] < row["sensitivity_high"]


def test_a_probability_is_as_in_table_2_and_cut_in_the_first_cohort():
    got = judged_performance(Y, SCORES[["p"]], SPLIT, KINDS)
    pd.testing.assert_frame_equal(got, performance_table(Y, SCORES[["p"]], SPLIT))
    # what the other cohort holds does not matter
    other = SCORES.assign(p=SCORES["p"].where(SPLIT.eq("near"), 1 - SCORES["p"]))
    again = judged_performance(Y, other[["p"]], SPLIT, KINDS)
    assert (again["threshold"] == got["threshold"]).all()
