"""A level that no training patient has is told where the cohort is made, by variable and row."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from thyro.clinical import fit_logistic, select_terms
from thyro.cohort import levels
from thyro.cohort.flow import Flow
from thyro.cohort.intake import Ingested

LEVELS = ["No", "Micro", "Rim"]


class Opened:
    """The declared variables of a source."""

    def __init__(self, **changes):
        about = {"name": "calcification", "kind": "categorical", "levels": LEVELS}
        self.variables = [about | {"required": True, "preoperative": True} | changes]


def cohort(values, y, opened=None):
    values = pd.Categorical(values, categories=LEVELS)
    frame = pd.DataFrame({"calcification": values, "y": np.array(y, float)})
    return Ingested(opened or Opened(), frame, Flow(frame), None, pd.DataFrame(), None, None)


@pytest.fixture
def telling():
    """Training patients whose calcification tells the outcome, and two of test with a new level."""
    values = ["No"] * 14 + ["Micro"] * 14 + ["Rim", "No", "Rim"]
    y = [0] * 11 + [1] * 3 + [0] * 4 + [1] * 10 + [0, 0, 1]
    split = pd.Series(["train"] * 28 + ["test"] * 3)
    return values, y, split


def test_it_is_named_with_its_rows_and_the_remedy(telling):
    values, y, split = telling
    main, external = cohort(values, y), cohort(["Micro", "Rim"], [0, 1])
    lines = levels.check_levels({"cohort": main, "external": external}, split)
    assert [line.partition(": ")[0] for line in lines] == ["row 30, 32", "external row 3"]
    for line in lines:
        assert "calcification: no training patient has the level 'Rim'" in line
        assert "`recode`" in line and "`nomogram.candidates`" in line


def test_it_is_what_stops_the_clinical_model(telling):
    values, y, split = telling
    frame = cohort(values, y).flow.frame
    train = frame[split == "train"]
    chosen = select_terms(train, train["y"], ["calcification"]).terms
    fit = fit_logistic(train, train["y"], chosen)
    with pytest.raises(ValueError, match="level 'Rim' did not occur in the training patients"):
        fit.predict(frame[split == "test"])


@pytest.mark.parametrize(
    ("changes", "options"),
    [
        ({"required": False}, {}),
        ({"preoperative": False}, {}),
        ({}, {"candidates": ["age"]}),
        ({}, {"entry": 1e-6}),
    ],
    ids=["may be missing", "known after surgery", "no candidate", "does not enter"],
)
def test_a_variable_that_comes_into_no_model_stops_nothing(telling, changes, options):
    values, y, split = telling
    main = cohort(values, y, Opened(**changes))
    assert levels.check_levels({"cohort": main}, split, **options) == []


def test_levels_that_training_patients_have_are_no_problem(telling):
    values, y, split = telling
    main = cohort(["No" if value == "Rim" else value for value in values], y)
    assert levels.check_levels({"cohort": main}, split) == []


def test_whether_it_enters_is_judged_as_the_regression_judges(telling):
    values, y, split = telling
    main = cohort(values, y)
    train = main.flow.frame[split == "train"]
    # R: anova(glm(y ~ calcification, binomial), test = "Chisq") is this difference of deviances.
    fit = fit_logistic(train, train["y"], ["calcification"])
    p = chi2.sf(2 * (fit.log_likelihood - fit.null_log_likelihood), 1)
    assert fit.method == "maximum likelihood"
    assert levels.check_levels({"cohort": main}, split, entry=p * (1 + 1e-6))
    assert not levels.check_levels({"cohort": main}, split, entry=p * (1 - 1e-6))
