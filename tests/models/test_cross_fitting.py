"""Cross-fitted models: nothing of a left-out patient reaches what predicts it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from thyro.core import outer_folds
from thyro.models import classifiers, cross_fitting, storage
from thyro.selection import select
from thyro.statistics import delong, log_odds

PLAIN = {"seed": 3, "cv": 3}


def cohort(n=90, p=60, *, seed=0, effect=0.0):
    """Correlated features, of which the first five may tell the outcome."""
    rng = np.random.default_rng(seed)
    y = (np.arange(n) % 3 == 0).astype(int)
    blocks = rng.normal(size=(n, p // 5)).repeat(5, axis=1)
    values = 0.7 * blocks + rng.normal(size=(n, p))
    values[:, :5] += effect * y[:, None]
    names = [f"f{i:02d}" for i in range(p)]
    ids = pd.Index([f"p{i:03d}" for i in range(n)], name="patient_id")
    return pd.DataFrame(values, ids, names), pd.Series(y, ids)


def recipe(**changes):
    both = {"SVM": ("SVM", {"seed": 1}), "KNN": ("KNN", {"settings": {"neighbours": 5}})}
    return replace(cross_fitting.Recipe(PLAIN, both), **changes)


def auc(y, p):
    return delong.auc_ci(y, p).auc


def test_a_recipe_selects_once_and_predicts_with_every_classifier():
    X, y = cohort(effect=1.5)
    fitted = recipe().fit(X, y)
    assert list(fitted.models) == ["SVM", "KNN"]
    p = fitted.predict(X)
    assert p.shape == (90, 2) and p.index.equals(X.index)
    by_hand = classifiers.fit_classifier("SVM", X[fitted.selection.kept], y, seed=1)
    np.testing.assert_allclose(p["SVM"], classifiers.predict(by_hand, X), rtol=1e-12)


def test_missing_values_become_the_training_median():
    X, y = cohort(effect=1.5)
    fitted = recipe().fit(X, y)
    name = fitted.selection.kept[0]
    gap, filled = X.copy(), X.copy()
    gap.loc["p001", name] = np.nan
    filled.loc["p001", name] = X[name].median()
    np.testing.assert_allclose(fitted.predict(gap), fitted.predict(filled))


def test_noise_is_learned_by_heart_and_not_out_of_fold():
    inside, outside = [], []
    for seed in range(6):
        X, y = cohort(120, 200, seed=seed)
        folds = outer_folds(y, 4, seed=seed)
        found = cross_fitting.out_of_fold(recipe(), X, y, [folds])
        outside.append(auc(y, found.log_odds["SVM"]))
        inside.append(auc(y, recipe().fit(X, y).predict(X)["SVM"]))
    standard_error = np.std(outside, ddof=1) / np.sqrt(len(outside))
    assert np.mean(outside) < 0.5 + 4 * max(standard_error, 0.02)
    assert np.mean(inside) > 0.8


def test_a_sign_is_found_out_of_fold():
    X, y = cohort(effect=2.0)
    tuned = recipe(tuned=("SVM", "KNN"))
    found = cross_fitting.out_of_fold(tuned, X, y, [outer_folds(y, 4, seed=0)])
    assert auc(y, found.log_odds["SVM"]) > 0.85 and auc(y, found.log_odds["KNN"]) > 0.85


def test_only_what_is_to_be_tuned_is_tuned():
    X, y = cohort(effect=1.5)
    both = {"plain": ("KNN", {}), "chosen": ("KNN", {})}
    fitted = cross_fitting.Recipe(PLAIN, both, tuned=("chosen",)).fit(X, y)
    assert fitted.settings["plain"] == classifiers.classifier_settings("KNN")
    values = X[fitted.selection.kept]
    assert fitted.settings["chosen"] == classifiers.tune_classifier("KNN", values, y)


def test_the_whole_recipe_is_fitted_again_in_every_fold(monkeypatch):
    seen = []
    original = select.select_features

    def spy(X, y, **options):
        seen.append(tuple(X.index))
        return original(X, y, **options)

    monkeypatch.setattr("thyro.selection.select_features", spy)
    X, y = cohort()
    folds = outer_folds(y, 3, seed=0)
    cross_fitting.out_of_fold(recipe(), X, y, [folds])
    assert seen == [tuple(X.index[folds != k]) for k in range(3)]


def test_a_left_out_fold_leaves_what_predicts_it_byte_for_byte():
    X, y = cohort(effect=1.0)
    folds = outer_folds(y, 3, seed=0)
    out = folds == 1
    before = recipe().fit(X[~out], y[~out])
    first = cross_fitting.out_of_fold(recipe(), X, y, [folds])
    changed, turned = X.copy(), y.copy()
    changed[out] = np.random.default_rng(9).normal(size=(out.sum(), X.shape[1]))
    turned.iloc[np.flatnonzero(out)[:5]] ^= 1
    after = recipe().fit(changed[~out], turned[~out])
    second = cross_fitting.out_of_fold(recipe(), changed, turned, [folds])
    for name in before.models:
        assert storage.classifier_to_bytes(before.models[name]) == storage.classifier_to_bytes(
            after.models[name]
        )
    kept = [found.kept[found.kept["fold"] == 1]["feature"].tolist() for found in (first, second)]
    assert kept[0] == kept[1] == before.selection.kept
    p = first.by_fold.pivot(index="patient_id", columns="model", values="p")
    expected = before.predict(X[out])
    np.testing.assert_allclose(p.loc[expected.index, list(expected)], expected, rtol=1e-12)
    assert not np.allclose(first.log_odds[~out], second.log_odds[~out])  # the other folds saw it


def test_others_are_predicted_by_the_models_of_all_folds_and_repeats():
    X, y = cohort(effect=1.5)
    train = y.iloc[:72]
    divisions = [outer_folds(train, 3, seed=seed) for seed in (0, 1)]
    found = cross_fitting.out_of_fold(recipe(), X, train, divisions)
    new, left_out = X.iloc[72:], {name: [] for name in train.index}
    values = []
    for folds in divisions:
        for k in range(3):
            seen = train.index[folds != k]
            fitted = recipe().fit(X.loc[seen], train[seen])
            values.append(log_odds(fitted.predict(new)["SVM"]))
            for name, p in fitted.predict(X.loc[train.index[folds == k]])["SVM"].items():
                left_out[name].append(log_odds(p))
    np.testing.assert_allclose(found.log_odds.loc[new.index, "SVM"], np.mean(values, axis=0))
    means = [np.mean(left_out[name]) for name in train.index]
    np.testing.assert_allclose(found.log_odds.loc[train.index, "SVM"], means)
    assert found.fold[train.index].tolist() == divisions[0].tolist()
    assert found.fold[new.index].isna().all()
    assert len(found.by_fold) == 2 * 2 * 72 and set(found.by_fold["repeat"]) == {0, 1}


def test_features_of_a_fold_are_taken_for_that_fold():
    X, y = cohort(effect=2.5)
    folds = outer_folds(y, 2, seed=0)
    noise = pd.DataFrame(
        np.random.default_rng(1).normal(size=X.shape), index=X.index, columns=X.columns
    )
    mixed = cross_fitting.out_of_fold(recipe(), X, y, [folds], of_fold={0: X, 1: noise})
    plain = cross_fitting.out_of_fold(recipe(), X, y, [folds])
    np.testing.assert_array_equal(mixed.log_odds[folds == 0], plain.log_odds[folds == 0])
    assert auc(y[folds == 1], mixed.log_odds["SVM"][folds == 1]) < 0.8
    assert auc(y[folds == 1], plain.log_odds["SVM"][folds == 1]) > 0.8
    with pytest.raises(ValueError, match="expected one beside `of_fold`, got 2"):
        cross_fitting.out_of_fold(recipe(), X, y, [folds, folds], of_fold={0: X, 1: noise})


@pytest.mark.parametrize(
    ("folds", "of_fold", "message"),
    [
        (np.zeros(90, int), None, "at least two folds of 90 patients, got 90 numbers of 1"),
        (np.arange(80) % 2, None, "got 80 numbers"),
        (np.arange(90) % 3, {0: 1, 1: 1}, r"lacks the folds \[2\]"),
    ],
    ids=["one fold", "length", "no features of a fold"],
)
def test_folds_that_cannot_be_are_named(folds, of_fold, message):
    X, y = cohort()
    tables = of_fold and dict.fromkeys(of_fold, X)
    with pytest.raises(ValueError, match=message):
        cross_fitting.out_of_fold(recipe(), X, y, [folds], of_fold=tables)


def ranked(y_test):
    rng = np.random.default_rng(0)
    y = pd.Series(np.arange(60) % 2, [f"p{i:02d}" for i in range(60)])
    folds = np.arange(60) // 2 % 3
    parts = [
        pd.DataFrame({"patient_id": y.index, "repeat": 0, "fold": folds, "model": model, "p": p})
        for model, p in (("A", y + rng.normal(0, 2, 60)), ("B", y + rng.normal(0, 0.8, 60)))
    ]
    inner = pd.concat(parts)
    outer = pd.DataFrame({"A": np.arange(40.0), "B": -np.arange(40.0)})
    return cross_fitting.rank_models(y, inner, y_test, outer)


def test_the_test_cohort_does_not_choose():
    y_test = (np.arange(40) > 20).astype(int)
    table = ranked(y_test).set_index("model")
    assert table.index[0] == "B" and table["chosen"].tolist() == [True, False]
    assert table["chosen_by_test"].tolist() == [False, True]
    assert table.loc["B", "ci_low"] < table.loc["B", "auc_out_of_fold"] < table.loc["B", "ci_high"]
    for seed in range(5):  # permuted outcomes of the test cohort: the same choice
        again = ranked(np.random.default_rng(seed).permutation(y_test)).set_index("model")
        assert again["chosen"].equals(table["chosen"])
    assert ranked(1 - y_test).set_index("model")["chosen_by_test"].to_dict() == {
        "B": True,
        "A": False,
    }


def test_folds_of_networks_come_back_by_number():
    index = pd.MultiIndex.from_product([[0, 1], ["p0", "p1"]], names=["fold", "patient_id"])
    table = pd.DataFrame({"f": [1.0, 2.0, 3.0, 4.0]}, index=index)
    found = cross_fitting.features_by_fold(table)
    assert list(found) == [0, 1] and found[1].loc["p0", "f"] == 3.0
    assert cross_fitting.features_by_fold(table.iloc[:0]) == {}


def test_predictions_are_kept_long():
    p = pd.DataFrame({"A": [0.1, 0.2], "B": [0.3, 0.4]}, index=["p0", "p1"])
    fold = pd.Series([1, pd.NA], index=["p0", "p1"], dtype="Int64")
    table = cross_fitting.long_table(p, "sound", fold)
    assert list(table.columns) == ["patient_id", "model", "p", "protocol", "fold"]
    assert table["fold"].fillna(-1).tolist() == [1, 1, -1, -1] and set(table["protocol"]) == {
        "sound"
    }


def test_folds_are_told_of_cross_fitted_protocols_only():
    p = pd.DataFrame({"A": [0.1, 0.2]}, index=["p0", "p1"])
    fold = pd.Series([1, 0], index=["p0", "p1"], dtype="Int64")
    table = cross_fitting.long_tables({"paper": p, "sound": p, "planar": p}, fold)
    assert table["fold"].fillna(-1).tolist() == [-1, -1, 1, 0, 1, 0]


def test_what_left_no_fold_out_has_none():
    p = pd.DataFrame({"A": [0.1, 0.2]}, index=["p0", "p1"])
    table = cross_fitting.long_table(p, "paper")
    assert table["fold"].isna().all() and table["fold"].dtype == "Int64"


class Harmonised:
    """Moves each half of the patients by the mean that training patients of the half have."""

    def __init__(self, half):
        self.half, self.taught = half, []

    def __call__(self, training):
        self.taught.append(training.index)
        means = training.groupby(self.half.loc[training.index].to_numpy()).mean()
        return lambda X: X - means.loc[self.half.loc[X.index]].to_numpy()


def test_harmonisation_is_learned_wherever_a_recipe_is_fitted_and_moves_whoever_is_predicted():
    X, y = cohort(effect=1.5)
    half = pd.Series(np.arange(len(X)) % 2, X.index)
    apart = X.add(3 * half, axis=0)  # a scanner for every second patient
    how = Harmonised(half)
    found = cross_fitting.out_of_fold(
        recipe(harmonise=how), apart, y.iloc[:60], [np.repeat([0, 1, 2], 20)]
    )
    assert [sorted(index) for index in how.taught] == [
        sorted(y.index[:60][fold])
        for fold in (slice(20, 60), [*range(20), *range(40, 60)], slice(40))
    ]
    before = cross_fitting.out_of_fold(
        recipe(harmonise=Harmonised(half)), X, y.iloc[:60], [np.repeat([0, 1, 2], 20)]
    )
    pd.testing.assert_frame_equal(found.log_odds, before.log_odds)  # nothing is left of the scanner


def test_a_left_out_centre_is_a_fold():
    _, y = cohort()
    centre = pd.Series(np.resize(["Ulm", "Bonn", "Jena"], len(y)), y.index)
    (only,) = cross_fitting.divisions(y, 5, 10, seed=1, left_out=centre)
    assert pd.Series(centre.to_numpy()).groupby(only).nunique().tolist() == [1, 1, 1]
    several = cross_fitting.divisions(y, 5, 3, seed=1)
    np.testing.assert_array_equal(several[2], outer_folds(y, 5, seed=3))
    assert len(several) == 3
