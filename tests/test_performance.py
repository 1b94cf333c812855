"""Table 2: the threshold comes from training patients, each row from its own cohort."""

import numpy as np
import pandas as pd
import pytest

from thyro import statistics
from thyro.performance import performance_table

Y = np.array([0, 0, 1, 1, 0, 0, 1, 1])
TRAIN = np.array([True] * 4 + [False] * 4)
SCORES = pd.DataFrame({"A": [0.1, 0.4, 0.3, 0.8, 0.2, 0.6, 0.5, 0.9], "B": np.arange(8) / 8})


def test_each_row_is_that_of_its_cohort():
    table = performance_table(Y, SCORES, TRAIN).set_index(["model", "cohort"])
    assert table.index.tolist() == [("A", "train"), ("A", "test"), ("B", "train"), ("B", "test")]
    for cohort, chosen in (("train", TRAIN), ("test", ~TRAIN)):
        auc = statistics.auc_ci(Y[chosen], SCORES.loc[chosen, "A"])
        row = table.loc[("A", cohort)]
        assert (row["auc"], row["ci_low"]) == (auc.auc, auc.ci_low)
        assert row["tp"] + row["fn"] == 2 and row["fp"] + row["tn"] == 2


def test_the_test_cohort_does_not_move_the_threshold():
    before = performance_table(Y, SCORES, TRAIN)["threshold"]
    changed = SCORES.copy()
    changed.loc[~TRAIN] = np.random.default_rng(1).uniform(size=(4, 2))
    after = performance_table(np.where(TRAIN, Y, 1 - Y), changed, TRAIN)["threshold"]
    assert before.equals(after)


def test_a_cohort_of_one_class_stops():
    with pytest.raises(ValueError, match="at least 2 patients per class"):
        performance_table(np.array([0, 0, 1, 1, 0, 0, 0, 0]), SCORES, TRAIN)
