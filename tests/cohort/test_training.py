"""Models that have too few patients to be fitted on are named where the cohort is made."""

import numpy as np
import pandas as pd
import pytest

from thyro import core, models
from thyro.cohort.training import check_training
from thyro.study import patients_needed

OF_TREES = {"needed": patients_needed(["LightGBM"]), "outer_folds": 5, "tuned": False}


def patients(n, events, tested=6):
    y = pd.Series(np.r_[np.ones(events), np.zeros(n - events), np.tile([0, 1], tested)], dtype=int)
    return y, pd.Series(["train"] * n + ["test"] * 2 * tested)


def lines(n, events, **changed):
    return check_training(*patients(n, events), **OF_TREES | changed)


def test_it_is_what_is_left_without_a_fold_that_counts():
    assert lines(25, 12) == []
    (line,) = lines(24, 12)
    assert "LightGBM needs 20 patients" in line and "19 of 24 training patients remain" in line
    assert "leave LightGBM out" in line
    assert lines(24, 12, outer_folds=8) == []


@pytest.mark.parametrize("n", (24, 25))
def test_what_it_says_is_what_fitting_says(n):
    y, split = patients(n, 12)
    train = y[split == "train"].reset_index(drop=True)
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(n, 3)), columns=["a", "b", "c"])
    folds = core.outer_folds(train, 5, seed=0)
    largest = np.bincount(folds).argmax()
    kept = folds != largest
    if lines(n, 12):
        with pytest.raises(ValueError, match="needs 20 training patients"):
            models.fit_classifier("LightGBM", X[kept], train[kept])
    else:
        models.fit_classifier("LightGBM", X[kept], train[kept])


def test_the_rarer_outcome_has_to_be_in_what_is_left():
    needs = {"needed": {"SVM": 1}, "outer_folds": 5}
    (line,) = check_training(*patients(30, 2), **needs, tuned=False)
    assert "2 of 30 training patients have the rarer outcome" in line and "fold of" in line
    assert check_training(*patients(30, 3), **needs, tuned=False) == []
    (line,) = check_training(*patients(30, 3), **needs, tuned=True)
    assert "to fine-tune a network 3 are needed" in line and "fine_tuning: none" in line
    assert check_training(*patients(30, 4), **needs, tuned=True) == []


def test_a_centre_is_a_fold():
    y, split = patients(40, 20)
    centre = pd.Series(np.resize(["A", "B"], len(y)), dtype=str)
    assert check_training(y, split, **OF_TREES, centre=centre) == []
    centre[:22] = "A"
    lines = check_training(y, split, **OF_TREES, centre=centre)
    assert "LightGBM" in lines[0] and "9 of 40 training patients remain" in lines[0]
    assert "without the largest fold of the cross-fitting 0;" in lines[1]  # none has the outcome


def test_where_nothing_is_fitted_nothing_is_asked():
    assert lines(4, 1, needed={}) == []
