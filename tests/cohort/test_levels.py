"""What would stop the clinical model in 05 is told where the cohort is made."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from thyro.clinical import fit_logistic, select_terms
from thyro.cohort import levels
from thyro.cohort.flow import Flow
from thyro.cohort.ingested import Ingested

LEVELS = ["No", "Micro", "Rim"]


class Opened:
    """The declared variables of a source: calcification, and `more` by name."""

    def __init__(self, *more, **changes):
        usual = {"required": True, "preoperative": True}
        about = {"name": "calcification", "kind": "categorical", "levels": LEVELS}
        self.variables = [about | usual | changes, *({"name": name} | usual for name in more)]


def cohort(values, y, opened=None, **columns):
    values = pd.Categorical(values, categories=LEVELS)
    frame = pd.DataFrame({"calcification": values, "y": np.array(y, float)} | columns)
    opened = opened or Opened(*columns)
    return Ingested(opened, frame, Flow(frame), None, pd.DataFrame(), None, None, None, None)


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
    ],
    ids=["may be missing", "known after surgery", "no candidate"],
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
    # Below that limit another variable enters.
    main = cohort(values, y, age=np.array(y) + np.tile([0, 0.6], 16)[: len(y)])
    assert levels.check_levels({"cohort": main}, split, entry=p * (1 + 1e-6))
    assert not levels.check_levels({"cohort": main}, split, entry=p * (1 - 1e-6))


def test_where_none_enters_the_one_with_the_smallest_p_is_taken(telling):
    values, y, split = telling
    side = np.arange(len(y)) % 2.0
    main = cohort(values, y, side=side)
    train = main.flow.frame[split == "train"]
    chosen = select_terms(train, train["y"], ["side", "calcification"], entry=1e-6)
    assert chosen.terms == ["calcification"]
    assert levels.check_levels({"cohort": main}, split, entry=1e-6)
    assert not levels.check_levels({"cohort": main}, split, entry=1e-6, candidates=["side"])


def test_a_level_that_separates_the_outcome_is_judged_by_firths_likelihood():
    # Of the patients with Micro every one has the outcome.
    values, y = ["No"] * 18 + ["Micro"] * 4 + ["Rim"], [0, 1, 0] * 6 + [1] * 4 + [0]
    split = pd.Series(["train"] * 22 + ["external"])
    main = cohort(values, y)
    train = main.flow.frame[split == "train"]
    fit = fit_logistic(train, train["y"], ["calcification"])
    p = fit.lr_p["calcification"]
    assert fit.method == "Firth"
    better = cohort(values, y, age=np.array(y) + np.tile([0, 0.6], 12)[: len(y)])
    elsewhere = cohort(["Rim", "No"], [0, 1])
    both = {"cohort": better, "external": elsewhere}
    assert levels.check_levels(both, split, entry=p * (1 + 1e-6)) == [
        "external row 2: calcification: no training patient has the level 'Rim', so that the "
        "clinical model cannot predict it; merge it with another level (`recode`), or leave the "
        "variable out of `nomogram.candidates`"
    ]
    assert not levels.check_levels(both, split, entry=p * (1 - 1e-6))


def test_a_variable_with_one_value_in_training_is_set_aside_as_there():
    values, y = ["No"] * 20 + ["Rim"], [0, 1] * 10 + [1]
    split = pd.Series(["train"] * 20 + ["test"])
    age = np.random.default_rng(1).normal(50, 10, 21)
    main = {"cohort": cohort(values, y, age=age)}
    assert levels.check_levels(main, split) == levels.check_dependence(main, split) == []
    alone = {"cohort": cohort(values, y)}
    assert levels.check_levels(alone, split) == levels.check_dependence(alone, split) == []


def told(name, others, n=40):
    return (
        f"{name}: can be computed from {others} in all {n} training patients, so that the clinical "
        "model cannot hold them together; leave one of them out of `nomogram.candidates` (without "
        "names, these are all variables known at the time of prediction)"
    )


RNG = np.random.default_rng(4)
Y = np.tile([0, 1], 25)
SPLIT = pd.Series(["train"] * 40 + ["test"] * 10)
MM, CENTRAL, LATERAL = RNG.uniform(2, 40, 50).round(1), RNG.poisson(3, 50), RNG.poisson(2, 50)
SIDE = np.tile([0.0, 1, 1, 0, 1], 10)


@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        ({"mm": MM, "cm": MM / 10}, [told("cm", "mm")]),
        (
            {"central": CENTRAL, "lateral": LATERAL, "total": CENTRAL + LATERAL},
            [told("total", "central, lateral")],
        ),
        ({"mm": MM, "total": CENTRAL + LATERAL, "central": CENTRAL, "lateral": LATERAL},
         [told("lateral", "total, central")]),
        ({"born": 1950 + CENTRAL, "age": 74 - CENTRAL}, [told("age", "born")]),
        ({"mm": MM, "inch": MM / 25.4, "cm": MM / 10}, [told("inch", "mm"), told("cm", "mm")]),
        ({"mm": MM, "cm": (MM / 10).round(1)}, []),  # rounded, so not exactly
        ({"mm": MM, "area": MM**2}, []),
        ({"mm": MM, "tenths": np.full(50, 3.0)}, []),
    ],
)  # fmt: skip
def test_variables_that_say_the_same_twice_are_named(columns, lines):
    main = {"cohort": cohort(["No", "Micro", "Micro", "No", "No"] * 10, Y, **columns)}
    assert levels.check_dependence(main, SPLIT) == lines


def test_of_parts_in_training_patients_only():
    total = CENTRAL + LATERAL
    total[45] += 1  # of a test patient
    main = {"cohort": cohort(["No"] * 50, Y, c=CENTRAL, n=LATERAL, total=total)}
    assert levels.check_dependence(main, SPLIT) == [told("total", "c, n")]
    total[5] += 1
    main = {"cohort": cohort(["No"] * 50, Y, c=CENTRAL, n=LATERAL, total=total)}
    assert levels.check_dependence(main, SPLIT) == []


def test_a_variable_that_no_model_may_use_says_nothing_twice():
    columns = {"mm": MM, "cm": MM / 10}
    values = ["No", "Micro", "Micro", "No", "No"] * 10
    main = {"cohort": cohort(values, Y, **columns)}
    assert levels.check_dependence(main, SPLIT, candidates=["mm", "calcification"]) == []
    for key in ("required", "preoperative"):
        one = cohort(values, Y, **columns)
        one.opened.variables[2][key] = False
        assert levels.check_dependence({"cohort": one}, SPLIT) == []


def test_levels_that_coincide_count_where_both_variables_enter():
    values = ["Micro" if y else "No" for y in Y]
    values[3], values[8] = "No", "Micro"
    twice = pd.Series(pd.Categorical(values)).cat.rename_categories({"Micro": "Yes"})
    main = {"cohort": cohort(values, Y, again=twice, mm=MM)}
    assert levels.check_dependence(main, SPLIT) == [told("again", "calcification")]
    train = main["cohort"].flow.frame[SPLIT == "train"]
    with pytest.raises(ValueError, match="again=No can be computed from the terms before it"):
        select_terms(train, train["y"], ["calcification", "again", "mm"])
    # Where neither tells the outcome, 05 fits them apart, and so it is no problem.
    chance = ["No", "Micro", "Micro", "No", "No"] * 10
    other = pd.Series(pd.Categorical(chance)).cat.rename_categories({"Micro": "Yes"})
    main = {"cohort": cohort(chance, Y, again=other, tells=Y + MM / 40)}
    assert levels.check_dependence(main, SPLIT) == []


def test_a_score_that_its_parts_stand_for_needs_no_level_and_stops_nobody(telling):
    """And the parts do not where the score stands for them."""
    values, y, split = telling
    rng = np.random.default_rng(0)
    opened = Opened("shape", "margin", composed_of=["shape", "margin"])
    main = cohort(values, y, opened, shape=rng.normal(size=31), margin=rng.normal(size=31))
    assert levels.check_levels({"cohort": main}, split) == []
    lines = levels.check_levels({"cohort": main}, split, composites="score")
    assert [line.partition(": ")[0] for line in lines] == ["row 30, 32"]
    some = levels.check_levels({"cohort": main}, split, candidates=["calcification", "shape"])
    assert some == lines  # it stands for nothing where a part is no candidate
    twice = main.flow.frame["shape"] * 2
    double = cohort(values, y, opened, shape=main.flow.frame["shape"], margin=twice)
    assert levels.check_dependence({"cohort": double}, split)
    assert levels.check_dependence({"cohort": double}, split, composites="score") == []


@pytest.mark.parametrize("models", [{}, {"Theirs": "nomogram.thyro"}], ids=["ours", "of others"])
def test_inputs_of_models_of_other_studies_stop_nothing(telling, models):
    values, y, split = telling
    opened = Opened()
    opened.source = SimpleNamespace(models=models)
    main = {"cohort": cohort(values, y, opened)}
    assert bool(levels.check_regressions(main, split)) is not bool(models)
