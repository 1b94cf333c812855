"""A reader and a score at one specificity: counts by hand, McNemar by the binomial."""

import numpy as np
import pandas as pd
import pytest

from thyro.statistics.classification import threshold_metrics
from thyro.statistics.reader import reader_comparison, reader_table

# Ten cases, ten controls. The reader calls 3 controls and 6 cases; the score has its own order.
Y = np.repeat([1, 0], 10)
CALLS = np.array([1, 1, 1, 1, 1, 1, 0, 0, 0, 0] + [1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
SCORE = np.array([20, 19, 18, 17, 3, 2, 16, 15, 14, 1] + [13, 12, 11, 10, 9, 8, 7, 6, 5, 4])


def test_counts_by_hand():
    found = reader_comparison(Y, SCORE, CALLS)
    # 7 of 10 controls below the cut: between 10 and 11, where 7 cases are above
    assert found.threshold == 10.5
    assert (found.specificity, found.reader_specificity) == (0.7, 0.7)
    assert (found.sensitivity, found.reader_sensitivity) == (0.7, 0.6)
    assert (found.score_only, found.reader_only) == (3, 2)
    assert found.difference == pytest.approx(0.1)
    assert found.p_value == 1.0  # 3 of 5
    # Bonett, Price: (4 - 3) / 12 +- 1.959964 sqrt((7 / 12 - 1 / 144) / 12)
    assert found.ci_low == pytest.approx(1 / 12 - 1.959964 * (83 / 144 / 12) ** 0.5, rel=1e-6)
    assert found.ci_high == pytest.approx(1 / 12 + 1.959964 * (83 / 144 / 12) ** 0.5, rel=1e-6)


def test_mcnemars_exact_p():
    score = np.where(Y == 1, 30 + np.arange(20), SCORE)
    calls = np.where((Y == 1) & (np.arange(20) >= 2), 0, CALLS)  # two cases found by the reader
    found = reader_comparison(Y, score, calls)
    assert (found.score_only, found.reader_only) == (8, 0)
    assert found.p_value == pytest.approx(2 / 2**8)


def test_ties_of_controls_take_the_next_specificity_above():
    tied = np.where(Y == 1, SCORE, np.repeat([10, 8, 6], [4, 3, 3]).repeat(1)[:10].tolist() * 2)
    found = reader_comparison(Y, tied, CALLS)
    assert found.specificity >= found.reader_specificity
    assert found.specificity == 1.0  # the next cut below lets all four tied controls through
    assert found.sensitivity == threshold_metrics(Y, tied, found.threshold).sensitivity


def test_a_reader_who_calls_nobody_or_everybody():
    nobody = reader_comparison(Y, SCORE, np.zeros(20))
    assert nobody.specificity == 1 and nobody.reader_sensitivity == 0
    everybody = reader_comparison(Y, SCORE, np.ones(20))
    assert (everybody.specificity, everybody.sensitivity) == (0, 1)
    assert (everybody.difference, everybody.p_value) == (0, 1)


def test_grades_are_cut_first():
    with pytest.raises(ValueError, match="cut the grades"):
        reader_comparison(Y, SCORE, CALLS + 1)


def test_every_model_in_every_cohort():
    split = np.array(["train", "test"] * 10)
    scores = pd.DataFrame({"A": SCORE, "B": -SCORE, "R": CALLS + 1})
    table = reader_table(Y, scores, split, ["A", "B"], ["R"], yes_from=2)
    assert table["model"].tolist() == ["A", "A", "B", "B"]
    assert table["cohort"].tolist() == ["train", "test"] * 2
    here = split == "test"
    alone = reader_comparison(Y[here], -SCORE[here], CALLS[here])
    assert table.loc[3, "sensitivity"] == alone.sensitivity
    assert table.loc[3, "threshold"] == alone.threshold


def test_a_study_without_a_reader_has_the_columns_and_no_row():
    table = reader_table(Y, pd.DataFrame({"A": SCORE}), np.repeat("train", 20), ["A"], [])
    assert table.empty and {"model", "cohort", "difference", "p_value"} <= set(table)
