"""The models of a study: each on its own table, with the settings and seeds that it is due."""

import numpy as np
import pandas as pd
import pytest

from thyro import study
from thyro.models import classifiers, study_models
from thyro.models.importance import permutation_importance
from thyro.models.storage import classifier_to_bytes

SETTINGS = {"KNN": {"neighbours": 3}}
NAMES = [str(name) for name in study.Declared().model_names()]


def patients(n=60):
    ids = pd.Index([f"p{i:02d}" for i in range(n)], name="patient_id")
    return ids, pd.Series((np.arange(n) % 3 == 0).astype(int), ids)


@pytest.fixture(scope="module")
def cohort():
    """Every table of features, the first two of which tell the outcome; the last third is new."""
    ids, y = patients()
    rng = np.random.default_rng(0)
    tables = {}
    for table in study.Declared().feature_tables():
        values = rng.normal(size=(len(ids), 6))
        values[:, :2] += 1.2 * y.to_numpy()[:, None]
        tables[table.name] = pd.DataFrame(values, ids, [f"{table.key}_{k}" for k in range(6)])
    return tables, y, y.iloc[:42]


@pytest.fixture(scope="module")
def fitted(cohort):
    tables, _, train = cohort
    names = study.Declared().model_names()
    return study_models.fit_models(names, tables, train, settings=SETTINGS, seed=5)


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


def test_the_control_reads_its_table(cohort):
    tables, _, train = cohort
    names = study.Declared().principal_models([study.BC])
    control = study_models.fit_models(names, tables, train, settings=SETTINGS, seed=5)
    assert list(control["BC_SVM"].feature_names_in_) == list(tables["BC_radiomics"])
    p = study_models.predict_models(control, tables)
    alone = classifiers.predict(control["BC_SVM"], tables["BC_radiomics"])
    assert list(p) == ["BC_SVM"] and p["BC_SVM"].tolist() == alone.tolist()


def test_probabilities_of_calibrated_models_rank_as_their_decision_values(cohort, fitted):
    ranks = study_models.probability_ranks(fitted, cohort[0])
    assert ranks.to_dict() == pytest.approx({"SR_SVM": 1, "OR_SVM": 1})


def test_a_score_of_a_users_table_has_no_features(cohort):
    with pytest.raises(ValueError, match="'reader'"):
        study_models.predict_models({"reader": None}, cohort[0])


def test_importances_are_those_of_the_patients_asked_for(cohort, fitted):
    tables, y, train = cohort
    test = y.drop(train.index)
    names = study.Declared().principal_models(study.Declared().studied)
    found = study_models.importances(names, fitted, tables, test, seed=3, level=0.8)
    assert list(found) == ["OR_SVM", "SR_SVM"]
    X, rng = tables["SR_radiomics"].loc[test.index], np.random.default_rng(3)
    alone = permutation_importance(fitted["SR_SVM"], X, test, rng=rng, level=0.8)
    pd.testing.assert_frame_equal(found["SR_SVM"], alone)
