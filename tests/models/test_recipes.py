"""The recipes of a study: one per table, each model twice upon one selection, and protocols."""

import numpy as np
import pandas as pd
import pytest

from thyro import study
from thyro.core import outer_folds
from thyro.models import recipes
from thyro.models.cross_fitting import out_of_fold
from thyro.statistics import calibrate_across_folds

DECLARED = study.Declared()
SETTINGS = {"KNN": {"neighbours": 3}}
STEPS = {"rule": "p", "family": "binomial", "penalty": "minimum", "cv": 3, "seed": 5}
RADIOMIC = [table.name for table in DECLARED.recipe_tables() if table.radiomic]


@pytest.fixture(scope="module")
def cohort():
    """Every table of features, the first two of which tell the outcome; the last third is new."""
    ids = pd.Index([f"p{i:02d}" for i in range(60)], name="patient_id")
    y = pd.Series((np.arange(60) % 3 == 0).astype(int), ids)
    rng = np.random.default_rng(0)
    tables = {}
    for table in DECLARED.recipe_tables():
        values = rng.normal(size=(len(ids), 6))
        values[:, :2] += 1.2 * y.to_numpy()[:, None]
        tables[table.name] = pd.DataFrame(values, ids, [f"{table.key}_{k}" for k in range(6)])
    return tables, y, y.iloc[:42]


def made(**changes):
    set_aside = dict.fromkeys(RADIOMIC, ()) | {"OR_radiomics": ("radiomics_or_0",)}
    keywords = {"alpha": 0.5, "correlation": 0.9, "set_aside": set_aside, "settings": SETTINGS}
    return recipes.table_recipes(
        DECLARED, STEPS, **(keywords | {"tune": True, "seed": 7} | changes)
    )


def test_there_is_one_recipe_for_every_table_that_models_read():
    found = made()
    assert list(found) == [table.name for table in DECLARED.recipe_tables()]
    assert list(found["OR_planar"].classifiers) == list(found["OR_radiomics"].classifiers)
    assert found["OR_radiomics"].tuned == ("OR_SVM_tuned", "OR_KNN_tuned")
    assert all(not recipe.tuned for recipe in made(tune=False).values())


def test_filters_are_for_radiomic_features():
    found = made()
    radiomic = {"alpha": 0.5, "threshold": 0.9, "set_aside": ("radiomics_or_0",)}
    assert found["OR_radiomics"].selection == STEPS | radiomic
    assert found["SR_ResNet101"].selection == STEPS | {"alpha": 1, "threshold": 1}


def test_only_calibrated_classifiers_have_the_seed_of_the_study():
    plain = {
        "OR_SVM": ("SVM", {"seed": 7}),
        "OR_KNN": ("KNN", {"settings": {"neighbours": 3}}),
    }
    assert recipes.without_tuned(made()["OR_radiomics"]).classifiers == plain
    assert made()["SR_ResNet101"].classifiers["SR_ResNet101"] == ("logistic", {})


@pytest.fixture(scope="module")
def crossed(cohort):
    tables, _, train = cohort
    again = [outer_folds(train, 3, seed=seed) for seed in (1, 2)]
    divisions = {t.name: again[: 1 if t.deep else 2] for t in DECLARED.recipe_tables()}
    found = recipes.cross_fit_tables(made(), tables, train, divisions)
    return found, divisions


def test_every_table_is_cross_fitted_and_calibrated_across_the_folds(cohort, crossed):
    tables, _, train = cohort
    found, divisions = crossed
    name = "OR_planar"
    alone = out_of_fold(made()[name], tables[name], train, divisions[name])
    pd.testing.assert_frame_equal(found[name].left_out.log_odds, alone.log_odds)
    values = alone.log_odds["OR_SVM_tuned"]
    calibration = calibrate_across_folds(train, values.loc[train.index])
    np.testing.assert_array_equal(found[name].cross_fitted["OR_SVM_tuned"], calibration(values))
    fitted = made()[name].fit(tables[name].loc[train.index], train)
    pd.testing.assert_frame_equal(found[name].in_sample, fitted.predict(tables[name]))


@pytest.mark.parametrize(
    ("recipe", "model", "table", "column"),
    [
        (study.PAPER_RECIPE, "SR_SVM", "SR_radiomics", "SR_SVM"),
        (study.SOUND_RECIPE, "SR_SVM", "SR_planar", "SR_SVM_tuned"),
        (study.STEPS[0], "OR_KNN", "OR_radiomics", "OR_KNN_tuned"),
        (study.STEPS[1], "OR_KNN", "OR_planar", "OR_KNN"),
        (study.PAPER_RECIPE, "OR_ResNet101", "OR_ResNet101", "OR_ResNet101"),
        (study.SOUND_RECIPE, "OR_ResNet101", "OR_ResNet101", "OR_ResNet101_tuned"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_recipe_takes_its_features_and_its_settings(crossed, recipe, model, table, column):
    found, _ = crossed
    for cross_fitted in (True, False):
        p = recipes.predictions_of(found, DECLARED, recipe, cross_fitted=cross_fitted)
        assert list(p) == [str(name) for name in DECLARED.models_of(recipe.name)]
        own = found[table].cross_fitted if cross_fitted else found[table].in_sample
        assert p[model].tolist() == own[column].tolist()
    rows = recipes.by_fold(found, DECLARED, recipe)
    rows = rows[rows["model"].eq(model)]
    own = found[table].left_out.by_fold
    assert rows["p"].tolist() == own.loc[own["model"].eq(column), "p"].tolist()
    assert recipes.fitted_by(found, DECLARED, recipe)[model] is found[table].models[column]


def test_classical_models_are_cross_fitted_again_and_networks_are_not(crossed):
    found, _ = crossed
    rows = recipes.by_fold(found, DECLARED, study.SOUND_RECIPE)
    radiomic = DECLARED.radiomic_models()
    assert rows.groupby("model")["repeat"].nunique().to_dict() == {
        str(name): 2 if str(name) in radiomic else 1 for name in DECLARED.models_of(study.SOUND)
    }


def test_what_was_kept_is_told_by_table_repeat_and_fold(cohort, crossed):
    found, divisions = crossed
    kept = recipes.kept_by_fold(found)
    assert list(kept) == ["table", "repeat", "fold", "feature"]
    assert set(kept["table"]) == set(found) and set(kept["fold"]) == {0, 1, 2}
    assert "radiomics_or_0" not in set(kept["feature"])
    _, _, train = cohort
    folds = recipes.folds_of(found)
    assert folds[train.index].tolist() == divisions["OR_planar"][0].tolist()


def test_features_of_networks_are_those_without_the_fold(cohort):
    tables, _, train = cohort
    name = "SR_ResNet101"
    only, folds = {name: made()[name]}, outer_folds(train, 2, seed=1)
    noise = np.random.default_rng(1).normal(size=(60, 6))
    blind = pd.DataFrame(noise, tables[name].index, tables[name].columns)
    calls = []

    def progress(items, total):
        calls.append(total)
        return items

    mixed, plain = (
        recipes.cross_fit_tables(
            only, tables, train, {name: [folds]}, of_fold=given, progress=progress
        )[name].left_out.log_odds.loc[train.index]
        for given in ({name: {0: tables[name], 1: blind}}, None)
    )
    np.testing.assert_array_equal(mixed[folds == 0], plain[folds == 0])
    assert not np.allclose(mixed[folds == 1], plain[folds == 1])
    assert calls == [1, 1]


def test_fallbacks_are_counted_by_table_and_the_first_is_told(cohort):
    tables, _, train = cohort
    name = "OR_radiomics"
    only = {name: made(alpha=1e-12)[name]}
    again = [outer_folds(train, 2, seed=seed) for seed in (1, 2)]
    found = recipes.cross_fit_tables(only, tables, train, {name: again})
    (note,) = recipes.fallback_notes(found)
    first = found[name].left_out.notes[0, 0]
    assert len(found[name].left_out.notes) == 4 and first
    assert note == (
        "OR radiomics: 4 of 4 selections without a fold fell back, first without fold 0. " + first
    )
    none = recipes.cross_fit_tables({name: made()[name]}, tables, train, {name: again[:1]})
    assert recipes.fallback_notes(none) == []
