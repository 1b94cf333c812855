"""The models of a study: each on its own table, with the settings and seeds that it is due."""

import numpy as np
import pandas as pd
import pytest

from thyro import study
from thyro.core import outer_folds
from thyro.models import classifiers, study_models
from thyro.models.cross_fitting import out_of_fold
from thyro.models.importance import permutation_importance
from thyro.models.storage import classifier_to_bytes

SETTINGS = {"KNN": {"neighbours": 3}}
STEPS = {"rule": "p", "family": "binomial", "penalty": "minimum", "cv": 3, "seed": 5}
NAMES = [str(name) for name in study.model_names()]


def patients(n=60):
    ids = pd.Index([f"p{i:02d}" for i in range(n)], name="patient_id")
    return ids, pd.Series((np.arange(n) % 3 == 0).astype(int), ids)


@pytest.fixture(scope="module")
def cohort():
    """Every table of features, the first two of which tell the outcome; the last third is new."""
    ids, y = patients()
    rng = np.random.default_rng(0)
    tables = {}
    for table in study.feature_tables():
        values = rng.normal(size=(len(ids), 6))
        values[:, :2] += 1.2 * y.to_numpy()[:, None]
        tables[table.name] = pd.DataFrame(values, ids, [f"{table.key}_{k}" for k in range(6)])
    return tables, y, y.iloc[:42]


@pytest.fixture(scope="module")
def fitted(cohort):
    tables, _, train = cohort
    names = study.model_names()
    return study_models.fit_models(names, tables, train, settings=SETTINGS, seed=5)


def recipes(**changes):
    set_aside = {"OR_radiomics": ("radiomics_or_0",), "SR_radiomics": ()}
    keywords = {"alpha": 0.5, "correlation": 0.9, "set_aside": set_aside, "settings": SETTINGS}
    return study_models.study_recipes(STEPS, **(keywords | {"tune": False, "seed": 7} | changes))


def test_every_model_is_fitted_by_its_classifier_on_its_table(cohort, fitted):
    tables, _, train = cohort
    assert list(fitted) == NAMES
    for name, classifier, table, settings in (
        ("SR_SVM", "SVM", "SR_radiomics", None),
        ("OR_KNN", "KNN", "OR_radiomics", {"neighbours": 3}),
        ("SR_DenseNet121", "logistic", "SR_DenseNet121", None),
    ):
        X = tables[table].loc[train.index]
        alone = classifiers.fit_classifier(classifier, X, train, settings=settings, seed=5)
        assert classifier_to_bytes(fitted[name]) == classifier_to_bytes(alone)


def test_control_and_planar_models_read_their_tables(cohort):
    tables, _, train = cohort
    names = study.principal_models([study.BC])
    names += study.principal_models(study.STUDIED, study.PLANAR)
    others = study_models.fit_models(names, tables, train, settings=SETTINGS, seed=5)
    read = {name: list(model.feature_names_in_) for name, model in others.items()}
    assert read == {
        "BC_SVM": list(tables["BC_radiomics"]),
        "OR_SVM_planar": list(tables["OR_planar"]),
        "SR_SVM_planar": list(tables["SR_planar"]),
    }
    p = study_models.predict_models(others, tables)
    alone = classifiers.predict(others["BC_SVM"], tables["BC_radiomics"])
    assert list(p) == list(others) and p["BC_SVM"].tolist() == alone.tolist()


def test_probabilities_of_calibrated_models_rank_as_their_decision_values(cohort, fitted):
    ranks = study_models.probability_ranks(fitted, cohort[0])
    assert ranks.to_dict() == pytest.approx({"SR_SVM": 1, "OR_SVM": 1})


def test_a_score_of_a_users_table_has_no_features(cohort):
    with pytest.raises(ValueError, match="'reader'"):
        study_models.predict_models({"reader": None}, cohort[0])


def test_importances_are_those_of_the_patients_asked_for(cohort, fitted):
    tables, y, train = cohort
    test = y.drop(train.index)
    names = study.principal_models(study.STUDIED)
    found = study_models.importances(names, fitted, tables, test, seed=3, level=0.8)
    assert list(found) == ["OR_SVM", "SR_SVM"]
    X, rng = tables["SR_radiomics"].loc[test.index], np.random.default_rng(3)
    alone = permutation_importance(fitted["SR_SVM"], X, test, rng=rng, level=0.8)
    pd.testing.assert_frame_equal(found["SR_SVM"], alone)


def test_there_is_one_recipe_for_every_table_that_models_read():
    made = recipes(tune=True)
    assert list(made) == [table.name for table in study.model_tables()]
    assert sorted(model for recipe in made.values() for model in recipe.classifiers) == sorted(
        NAMES
    )
    assert all(recipe.tune for recipe in made.values())


def test_filters_are_for_radiomic_features():
    made = recipes()
    radiomic = {"alpha": 0.5, "threshold": 0.9, "set_aside": ("radiomics_or_0",)}
    assert made["OR_radiomics"].selection == STEPS | radiomic
    assert made["SR_ResNet101"].selection == STEPS | {"alpha": 1, "threshold": 1}


def test_only_calibrated_classifiers_have_the_seed_of_the_study():
    made = recipes()
    assert made["OR_radiomics"].classifiers == {
        "OR_SVM": ("SVM", {"seed": 7}),
        "OR_KNN": ("KNN", {"settings": {"neighbours": 3}}),
    }
    assert made["SR_ResNet101"].classifiers == {"SR_ResNet101": ("logistic", {})}


@pytest.fixture(scope="module")
def crossed(cohort):
    tables, _, train = cohort
    folds = outer_folds(train, 3, seed=1)
    return study_models.cross_fit_models(recipes(), tables, train, folds), folds


def test_training_patients_are_predicted_without_their_fold(cohort, crossed):
    tables, _, train = cohort
    found, folds = crossed
    assert list(found.p) == NAMES and found.p.index.equals(tables["OR_radiomics"].index)
    for name in ("OR_radiomics", "SR_ResNet101"):
        alone = out_of_fold(recipes()[name], tables[name].loc[train.index], train, folds)
        pd.testing.assert_frame_equal(found.p.loc[train.index, list(alone.p)], alone.p)
    assert found.fold.loc[train.index].tolist() == folds.tolist()
    assert found.fold.drop(train.index).isna().all() and found.fold.dtype == "Int64"


def test_all_others_are_predicted_by_the_models_of_all_training_patients(cohort, crossed):
    tables, y, train = cohort
    found, _ = crossed
    new = y.drop(train.index).index
    assert set(found.models) == set(found.settings) == set(NAMES)
    for name, recipe in recipes().items():
        alone = recipe.fit(tables[name].loc[train.index], train)
        for model, p in alone.predict(tables[name].loc[new]).items():
            np.testing.assert_allclose(found.p.loc[new, model], p, rtol=1e-12)
    assert found.settings["OR_KNN"] == {"neighbours": 3}


def test_what_was_kept_is_told_by_table_and_fold(crossed):
    found, folds = crossed
    assert found.kept.index.names[0] == "signature" and list(found.kept) == ["fold", "feature"]
    signatures = found.kept.index.get_level_values("signature").unique()
    assert list(signatures) == [table.name for table in study.model_tables()]
    assert set(found.kept["fold"]) == set(folds)
    assert "radiomics_or_0" not in set(found.kept["feature"])


def test_features_of_networks_are_those_without_the_fold(cohort):
    tables, _, train = cohort
    folds = outer_folds(train, 2, seed=1)
    name = "SR_ResNet101"
    only = {name: recipes()[name]}
    noise = np.random.default_rng(1).normal(size=(len(train), 6))
    blind = pd.DataFrame(noise, train.index, tables[name].columns)
    of_fold = {name: {0: tables[name].loc[train.index], 1: blind}}
    calls = []

    def progress(items, total):
        calls.append(total)
        return items

    mixed, plain = (
        study_models.cross_fit_models(only, tables, train, folds, of_fold=given, progress=progress)
        for given in (of_fold, None)
    )
    seen = train.index[folds == 0], train.index[folds == 1]
    np.testing.assert_array_equal(mixed.p.loc[seen[0]], plain.p.loc[seen[0]])
    assert not np.allclose(mixed.p.loc[seen[1]], plain.p.loc[seen[1]])
    assert calls == [1, 1]


def test_a_fallback_of_a_selection_is_noted_with_table_and_fold(cohort):
    tables, _, train = cohort
    only = {"OR_radiomics": recipes(alpha=1e-12)["OR_radiomics"]}
    found = study_models.cross_fit_models(only, tables, train, outer_folds(train, 2, seed=1))
    assert [note.split(": ")[0] for note in found.notes] == [
        "OR radiomics without fold 0",
        "OR radiomics without fold 1",
    ]
