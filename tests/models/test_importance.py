"""Permutation importance of classifiers."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.inspection import permutation_importance as of_sklearn

from thyro.models import classifiers
from thyro.models.importance import permutation_importance
from thyro.statistics import delong
from thyro.study import CLASSIFIERS


def patients(n, seed):
    """Four features: a strong one, a weak one, and two of noise."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3 // 2
    X = pd.DataFrame(rng.normal(size=(n, 4)), columns=["noise_a", "strong", "weak", "noise_b"])
    X["strong"] += 1.6 * y
    X["weak"] += 0.6 * y
    return X, y


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_the_mean_fall_is_that_of_scikit_learn(kind):
    model = classifiers.fit_classifier(kind, *patients(150, 0))
    X, y = patients(90, 1)
    ours = permutation_importance(model, X, y, rng=np.random.default_rng(2), repeats=80)
    # scikit-learn 1.x: sklearn.inspection.permutation_importance, other shuffles
    theirs = of_sklearn(model, X, y, scoring="roc_auc", n_repeats=80, random_state=3)
    expected = pd.Series(theirs.importances_mean, X.columns)[ours["feature"]]
    error = pd.Series(theirs.importances_std, X.columns)[ours["feature"]] * np.sqrt(2 / 80)
    assert (np.abs(ours["importance"].to_numpy() - expected) < 4 * error + 1e-12).all()
    assert ours["feature"][0] == "strong"
    assert ours["importance"].is_monotonic_decreasing


def test_one_shuffle_after_another_gives_delongs_interval():
    """The interval with one feature, all shuffles the same: that of the paired DeLong test."""
    X, y = patients(60, 5)
    model = classifiers.fit_classifier("logistic", X, y)

    class Reversed:
        """Stands in for the generator; "shuffles" by turning the patients round."""

        def permuted(self, values, axis):
            return values[:, ::-1]

    table = permutation_importance(model, X, y, rng=Reversed(), repeats=3, level=0.9)
    for feature in X:
        row = table.set_index("feature").loc[feature]
        turned = X.assign(**{feature: X[feature].to_numpy()[::-1]})
        test = delong.delong_test(
            y, classifiers.predict(model, X), classifiers.predict(model, turned), level=0.9
        )
        np.testing.assert_allclose(
            row[["importance", "ci_low", "ci_high"]].astype(float),
            [test.difference, test.ci_low, test.ci_high],
            atol=1e-12,
        )


def test_few_shuffles_widen_the_interval():
    model = classifiers.fit_classifier("logistic", *patients(150, 0))
    X, y = patients(60, 1)
    widths = [
        permutation_importance(model, X, y, rng=np.random.default_rng(2), repeats=n)
        .set_index("feature")
        .eval("ci_high - ci_low")["strong"]
        for n in (3, 300)
    ]
    assert widths[0] > widths[1]


def test_the_interval_holds_the_importance_in_all_patients():
    """Of 100 samples of 80 patients, about 95 intervals hold the fall among 20 000."""
    model = classifiers.fit_classifier("logistic", *patients(150, 0))
    X, y = patients(20_001, 9)
    truth = permutation_importance(model, X, y, rng=np.random.default_rng(0), repeats=5)
    truth = truth.set_index("feature")["importance"]
    held = 0
    for seed in range(100):
        X, y = patients(81, 100 + seed)
        table = permutation_importance(model, X, y, rng=np.random.default_rng(seed), repeats=20)
        row = table.set_index("feature").loc["strong"]
        held += row["ci_low"] <= truth["strong"] <= row["ci_high"]
    # 99.9 % of binomial counts of 100 with chance 0.95 lie in 87-100
    assert held >= 87


def test_features_that_the_model_does_not_use_do_not_matter():
    X, y = patients(120, 3)
    model = classifiers.fit_classifier("SVM", X[["strong", "weak"]], y)
    table = permutation_importance(model, X, y, rng=np.random.default_rng(0), repeats=10)
    assert set(table["feature"]) == {"strong", "weak"}
    constant = classifiers.fit_classifier("logistic", X.assign(noise_a=0.0), y)
    table = permutation_importance(
        constant, X.assign(noise_a=0.0), y, rng=np.random.default_rng(0), repeats=10
    )
    row = table.set_index("feature").loc["noise_a"]
    assert row.tolist() == [0, 0, 0]


def test_the_same_generator_gives_the_same_table():
    X, y = patients(60, 3)
    model = classifiers.fit_classifier("SVM", X, y)
    a, b = (
        permutation_importance(model, X, y, rng=np.random.default_rng(4), repeats=5)
        for _ in range(2)
    )
    pd.testing.assert_frame_equal(a, b)
    wider = permutation_importance(model, X, y, rng=np.random.default_rng(4), repeats=5, level=0.99)
    ratio = wider.eval("ci_high - ci_low") / a.eval("ci_high - ci_low")
    np.testing.assert_allclose(ratio, norm.isf(0.005) / norm.isf(0.025))


def test_arguments_are_named():
    X, y = patients(30, 0)
    model = classifiers.fit_classifier("logistic", X, y)
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="y: expected 30 labels"):
        permutation_importance(model, X, y[:-1], rng=rng)
    with pytest.raises(ValueError, match="repeats: expected at least 2"):
        permutation_importance(model, X, y, rng=rng, repeats=1)
    with pytest.raises(ValueError, match="lacks 1 of the 4 features"):
        permutation_importance(model, X.drop(columns="weak"), y, rng=rng)
