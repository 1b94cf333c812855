"""Classifiers on selected features, by their entries of the registry."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import rankdata
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from thyro.models import classifiers, cross_fitting, storage
from thyro.study import CLASSIFIERS, ClassifierEntry, Declared

FITS = {name: partial(classifiers.fit_classifier, name, seed=3) for name in CLASSIFIERS}


def cohort(n=90, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        rng.normal(size=(n, 4)) * [1, 5, 100, 0.01] + 3,
        columns=list("abcd"),
        index=[f"p{i}" for i in range(n)],
    )
    y = (rng.random(n) < expit(2 * (X["a"] - 3) - (X["b"] - 3) / 5)).astype(int).to_numpy()
    return X, y


@pytest.fixture(params=FITS)
def fit(request):
    return FITS[request.param]


def test_probabilities_follow_the_outcome(fit):
    X, y = cohort()
    p = classifiers.predict(fit(X, y), X)
    assert p.between(0, 1).all()
    assert list(p.index) == list(X.index)
    assert p[y == 1].mean() > p[y == 0].mean() + 0.2


def test_scale_and_order_of_features_do_not_matter(fit):
    X, y = cohort()
    p = classifiers.predict(fit(X, y), X)
    Z = (X - X.mean()) / X.std(ddof=0)
    np.testing.assert_allclose(classifiers.predict(fit(Z, y), Z), p, atol=1e-6)
    model = fit(X, y)
    moved = X[list("dbca")].assign(extra=1.0)
    pd.testing.assert_series_equal(classifiers.predict(model, moved), p, check_exact=True)


def test_probability_of_the_svm_ranks_as_its_decision_value():
    X, y = cohort()
    model = classifiers.fit_classifier("SVM", X, y, seed=1)
    Z = (X - X.mean()) / X.std(ddof=0)
    alone = SVC(C=1, gamma="scale").fit(Z.to_numpy(), y).decision_function(Z.to_numpy())
    decision = classifiers.decision_values(model, X)
    np.testing.assert_allclose(decision, alone, atol=1e-9)
    assert (rankdata(classifiers.predict(model, X)) == rankdata(decision)).all()


def test_seed_of_the_svm_moves_only_the_sigmoid():
    X, y = cohort()
    a, b = (classifiers.fit_classifier("SVM", X, y, seed=s) for s in (1, 2))
    assert not np.allclose(classifiers.predict(a, X), classifiers.predict(b, X), atol=1e-6)
    pd.testing.assert_series_equal(
        classifiers.decision_values(a, X), classifiers.decision_values(b, X)
    )


def test_knn_counts_neighbours():
    X, y = cohort()
    Z = ((X - X.mean()) / X.std(ddof=0)).to_numpy()
    p = classifiers.predict(classifiers.fit_classifier("KNN", X, y, settings={"neighbours": 7}), X)
    distance = np.linalg.norm(Z[:, None] - Z[None], axis=2)
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :7]
    np.testing.assert_allclose(p, y[nearest].mean(axis=1))
    assert p.nunique() <= 8
    with pytest.raises(ValueError, match="needs 91 training patients, got 90"):
        classifiers.fit_classifier("KNN", X, y, settings={"neighbours": 91})


def test_weights_of_the_head_are_those_of_raw_features():
    X, y = cohort()
    model = classifiers.fit_classifier("logistic", X, y)
    weights, intercept = classifiers.linear_weights(model)
    np.testing.assert_allclose(expit(X @ weights + intercept), classifiers.predict(model, X))
    assert list(weights.index) == list(X.columns)
    with pytest.raises(
        TypeError,
        match="a linear classifier, .* got KNeighborsClassifier",
    ):
        classifiers.linear_weights(classifiers.fit_classifier("KNN", X, y))


def test_penalty_keeps_separated_patients_finite():
    X = pd.DataFrame({"a": np.r_[np.zeros(10), np.ones(10)]})
    y = np.r_[np.zeros(10), np.ones(10)].astype(int)
    light, heavy = (
        classifiers.linear_weights(
            classifiers.fit_classifier("logistic", X, y, settings={"penalty_strength": s})
        )[0]["a"]
        for s in (1.0, 100.0)
    )
    assert 0 < heavy < light < 20


def test_wrong_tables_are_named(fit):
    X, y = cohort()
    model = fit(X, y)
    with pytest.raises(ValueError, match=r"X: lacks 1 of the 4 features of the model: \['c'\]"):
        classifiers.predict(model, X.drop(columns="c"))
    with pytest.raises(ValueError, match="in feature 'b' of patient 'p5'"):
        classifiers.predict(model, X.assign(b=X["b"].where(X.index != "p5")))
    with pytest.raises(ValueError, match="y: expected 90 labels"):
        fit(X, y[:-1])
    with pytest.raises(TypeError, match="at least one selected feature"):
        fit(X[[]], y)


def test_decision_values_need_a_calibrated_classifier():
    X, y = cohort()
    model = classifiers.fit_classifier("KNN", X, y)
    assert isinstance(model.named_steps["classifier"], KNeighborsClassifier)
    with pytest.raises(TypeError, match="a calibrated classifier, .* got KNeighborsClassifier"):
        classifiers.decision_values(model, X)


def aucs_of(entry, grid, X, y, folds):
    """Mean AUC of every setting by scikit-learn's own splits."""
    return [
        cross_val_score(
            make_pipeline(StandardScaler(), entry.make(one, X.shape[1])),
            X.to_numpy(),
            y,
            scoring="roc_auc",
            cv=StratifiedKFold(folds, shuffle=True, random_state=4),
        ).mean()
        for one in grid
    ]


@pytest.mark.parametrize("name", ["SVM", "KNN", "logistic"])
def test_tuning_takes_the_best_setting_and_the_fit_uses_it(name):
    X, y = cohort(150)
    entry = CLASSIFIERS[name]
    aucs = aucs_of(entry, entry.grid, X, y, 5)
    chosen = classifiers.tune_classifier(name, X, y, seed=4)
    assert chosen == entry.grid[int(np.argmax(np.round(aucs, 12)))]
    tuned, given = (
        classifiers.fit_classifier(name, X, y, seed=4, **how)
        for how in ({"tune": True}, {"settings": chosen})
    )
    assert storage.classifier_to_bytes(tuned) == storage.classifier_to_bytes(given)


def test_what_is_given_is_tried_first_and_wins_a_tie():
    X, y = cohort(40)
    same = X[["a"]].assign(a=1.0 * (np.arange(40) < 20))  # every penalty ranks alike
    for strength in (0.3, 10, 1):
        given = {"penalty_strength": strength}
        assert classifiers.tune_classifier("logistic", same, y, settings=given) == given


@pytest.mark.parametrize(("n", "largest"), [(30, 15), (29, 5), (90, 45), (89, 25)])
def test_tuning_tries_no_more_neighbours_than_half_of_the_patients(n, largest, monkeypatch):
    tried = []
    entry = CLASSIFIERS["KNN"]

    def make(settings, n_features):
        tried.append(settings["neighbours"])
        return entry.make(settings, n_features)

    monkeypatch.setitem(CLASSIFIERS, "KNN", replace(entry, make=make))
    X, y = cohort(n)
    classifiers.tune_classifier("KNN", X, y, settings={"neighbours": 3})
    assert tried == [k for k in (3, 5, 15, 25, 45) if k <= largest]


def test_a_cohort_without_room_keeps_what_is_given():
    X, _ = cohort(8)
    y = np.arange(8) % 2
    assert classifiers.tune_classifier("KNN", X, y, settings={"neighbours": 7}) == {"neighbours": 7}


def test_too_few_patients_for_a_tree_are_told_instead_of_a_constant():
    X, y = cohort(n=16)
    with pytest.raises(ValueError, match="LightGBM with .* needs 20 training patients, got 16"):
        classifiers.fit_classifier("LightGBM", X, y)
    X, y = cohort(n=24)
    p = classifiers.predict(classifiers.fit_classifier("LightGBM", X, y), X)
    assert p.nunique() > 1


def test_names_and_settings_that_are_not_in_the_registry_are_named():
    X, y = cohort()
    with pytest.raises(ValueError, match="name: expected one of SVM, KNN, .*, logistic; got 'SVN'"):
        classifiers.fit_classifier("SVN", X, y)
    with pytest.raises(ValueError, match="settings: SVM has C, gamma, and no c"):
        classifiers.fit_classifier("SVM", X, y, settings={"c": 1})
    with pytest.raises(ValueError, match="penalty_strength: expected a positive number, got 0"):
        classifiers.fit_classifier("logistic", X, y, settings={"penalty_strength": 0})
    with pytest.raises(ValueError, match="n_neighbors.* Got 0"):
        classifiers.fit_classifier("KNN", X, y, settings={"neighbours": 0})
    assert classifiers.classifier_settings("SVM", {"C": 3}) == {"C": 3, "gamma": 1.0}


def forest(settings, n_features):
    return RandomForestClassifier(settings["trees"], max_depth=settings["depth"], random_state=0)


@pytest.mark.parametrize("calibrated", [False, True], ids=["own probability", "Platt's"])
def test_another_classifier_is_one_entry(calibrated, monkeypatch):
    """Fitted, tuned, stored, cross-fitted and listed among the models of a study."""
    if calibrated:
        grid = tuple({"alpha": a} for a in (1.0, 100.0))
        entry = ClassifierEntry("Ridge", "ridge", lambda s, n: RidgeClassifier(**s), grid)
        entry = replace(entry, calibrated=True)
    else:
        grid = tuple({"trees": 5, "depth": d} for d in (1, 4))
        entry = ClassifierEntry(
            "Forest", "random forest", forest, grid, trusted=("sklearn.tree._tree.Tree",)
        )
    monkeypatch.setitem(CLASSIFIERS, entry.name, entry)
    X, y = cohort()
    chosen = classifiers.tune_classifier(entry.name, X, y, seed=2)
    assert chosen in grid
    model = classifiers.fit_classifier(entry.name, X, y, tune=True, seed=2)
    again = storage.classifier_from_bytes(storage.classifier_to_bytes(model))
    p = classifiers.predict(again, X)
    pd.testing.assert_series_equal(p, classifiers.predict(model, X), check_exact=True)
    assert p[y == 1].mean() > p[y == 0].mean() + 0.1
    if calibrated:
        assert (rankdata(classifiers.decision_values(again, X)) == rankdata(p)).all()
    made = cross_fitting.Recipe({"cv": 3}, {"one": (entry.name, {"seed": 2})}, tuned=["one"])
    found = cross_fitting.out_of_fold(made, X, pd.Series(y, X.index), [np.arange(90) % 3])
    assert found.by_fold["p"].between(0, 1).all() and len(found.by_fold) == 90
    assert made.fit(X, y).settings["one"] in grid
    assert f"SR_{entry.name}" in Declared(classifiers=(entry.name,)).radiomic_models()
