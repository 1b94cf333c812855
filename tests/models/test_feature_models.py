"""Models of given features: every classifier on every family, cross-fitted without a leak."""

import numpy as np
import pandas as pd

from thyro import core
from thyro.models import cross_fit_tables, feature_recipes, predictions_of_families, untuned

NAMES = ["SVM", "KNN"]
RNG = np.random.default_rng(11)
Y = pd.Series(np.tile([0, 1], 40), index=[f"p{i}" for i in range(80)])
EVERYBODY = [*Y.index, *(f"t{i}" for i in range(20))]
VALUES = pd.DataFrame(RNG.normal(size=(100, 12)), EVERYBODY, [f"f{i}" for i in range(12)])
VALUES.loc[Y.index, "f0"] += 1.5 * Y
STEPS = {"alpha": 0.5, "threshold": 0.9, "cv": 3, "seed": 1, "patience": 20}


def recipes(tune=False):
    return feature_recipes(["a", "b"], NAMES, STEPS, given={"neighbours": 7}, tune=tune, seed=3)


def test_every_classifier_is_on_every_family():
    made = recipes(tune=True)
    assert list(made) == ["a", "b"]
    for family, recipe in made.items():
        assert list(recipe.classifiers) == [f"{family}_{name}" for name in NAMES]
        assert set(recipe.tuned) == set(recipe.classifiers)
    assert all(recipe.tuned == () for recipe in untuned(made).values())


def test_settings_of_the_study_reach_the_classifiers_that_have_them():
    classifiers = recipes()["a"].classifiers
    assert classifiers["a_KNN"][1]["settings"]["neighbours"] == 7
    assert "settings" not in classifiers["a_SVM"][1] and classifiers["a_SVM"][1]["seed"] == 3


def crossed(y):
    folds = core.outer_folds(Y, 4, seed=2)
    found = cross_fit_tables({"a": recipes()["a"]}, {"a": VALUES}, y, {"a": [folds]}, workers=1)
    return folds, predictions_of_families(found)


def test_the_outcome_of_a_fold_does_not_move_its_cross_fitted_log_odds():
    folds, before = crossed(Y)
    one = Y.index[folds == np.unique(folds)[0]]
    found = [
        cross_fit_tables({"a": recipes()["a"]}, {"a": VALUES}, y, {"a": [folds]}, workers=1)["a"]
        for y in (Y, Y.where(~Y.index.isin(one), 1 - Y))
    ]
    first, second = (f.left_out.log_odds.loc[one] for f in found)
    pd.testing.assert_frame_equal(first, second)
    assert not found[0].in_sample.equals(found[1].in_sample)
    assert set(before) == {"sound_in_sample", "sound"}
    assert list(before["sound"].index) == EVERYBODY
