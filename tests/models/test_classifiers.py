"""Classifiers on selected features, and their bytes."""

import numpy as np
import pandas as pd
import pytest
import skops.io
from scipy.special import expit
from scipy.stats import rankdata
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from thyro.models import classifiers

FITS = {
    "svm": lambda X, y: classifiers.fit_svm(X, y, seed=3),
    "knn": classifiers.fit_knn,
    "logistic": classifiers.fit_logistic_head,
}


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


def test_eight_models_in_the_order_of_the_paper():
    assert [m.name for m in classifiers.MODELS] == [
        "SR_SVM",
        "OR_SVM",
        "SR_KNN",
        "OR_KNN",
        "SR_ResNet101",
        "OR_ResNet101",
        "SR_DenseNet121",
        "OR_DenseNet121",
    ]
    assert [m.features for m in classifiers.MODELS[2:5]] == ["radiomics", "radiomics", "ResNet101"]
    assert classifiers.MODELS[1].images == "OR"


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
    model = classifiers.fit_svm(X, y, seed=1)
    Z = (X - X.mean()) / X.std(ddof=0)
    alone = SVC(C=1, gamma="scale").fit(Z.to_numpy(), y).decision_function(Z.to_numpy())
    decision = classifiers.decision_values(model, X)
    np.testing.assert_allclose(decision, alone, atol=1e-9)
    assert (rankdata(classifiers.predict(model, X)) == rankdata(decision)).all()


def test_seed_of_the_svm_moves_only_the_sigmoid():
    X, y = cohort()
    a, b = (classifiers.fit_svm(X, y, seed=s) for s in (1, 2))
    assert not np.allclose(classifiers.predict(a, X), classifiers.predict(b, X), atol=1e-6)
    pd.testing.assert_series_equal(
        classifiers.decision_values(a, X), classifiers.decision_values(b, X)
    )


def test_knn_counts_neighbours():
    X, y = cohort()
    Z = ((X - X.mean()) / X.std(ddof=0)).to_numpy()
    p = classifiers.predict(classifiers.fit_knn(X, y, neighbours=7), X)
    distance = np.linalg.norm(Z[:, None] - Z[None], axis=2)
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :7]
    np.testing.assert_allclose(p, y[nearest].mean(axis=1))
    assert p.nunique() <= 8
    with pytest.raises(ValueError, match="neighbours: expected 1 to 90 .* got 91"):
        classifiers.fit_knn(X, y, neighbours=91)


def test_weights_of_the_head_are_those_of_raw_features():
    X, y = cohort()
    model = classifiers.fit_logistic_head(X, y)
    weights, intercept = classifiers.linear_weights(model)
    np.testing.assert_allclose(expit(X @ weights + intercept), classifiers.predict(model, X))
    assert list(weights.index) == list(X.columns)
    with pytest.raises(TypeError, match="made by fit_logistic_head"):
        classifiers.linear_weights(classifiers.fit_knn(X, y))


def test_penalty_keeps_separated_patients_finite():
    X = pd.DataFrame({"a": np.r_[np.zeros(10), np.ones(10)]})
    y = np.r_[np.zeros(10), np.ones(10)].astype(int)
    light, heavy = (
        classifiers.linear_weights(classifiers.fit_logistic_head(X, y, penalty_strength=s))[0]["a"]
        for s in (1.0, 100.0)
    )
    assert 0 < heavy < light < 20


def test_equal_models_give_equal_bytes(fit):
    X, y = cohort()
    one, two = (classifiers.classifier_to_bytes(fit(X.copy(), y)) for _ in range(2))
    assert one == two
    X.iloc[0, 0] += 1
    assert classifiers.classifier_to_bytes(fit(X, y)) != one


def test_a_stored_model_comes_back(fit):
    X, y = cohort()
    model = fit(X, y)
    data = classifiers.classifier_to_bytes(model)
    again = classifiers.from_bytes(data)
    pd.testing.assert_series_equal(
        classifiers.predict(again, X), classifiers.predict(model, X), check_exact=True
    )
    assert classifiers.classifier_to_bytes(again) == data


def test_other_types_are_not_loaded():
    X, y = cohort()
    foreign = skops.io.dumps({"call": np.linalg.svd, "model": RandomForestClassifier().fit(X, y)})
    with pytest.raises(skops.io.exceptions.UntrustedTypesFoundException):
        classifiers.from_bytes(foreign)


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


def test_decision_values_need_an_svm():
    X, y = cohort()
    model = classifiers.fit_knn(X, y)
    assert isinstance(model.named_steps["classifier"], KNeighborsClassifier)
    with pytest.raises(TypeError, match="made by fit_svm"):
        classifiers.decision_values(model, X)
