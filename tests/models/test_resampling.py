"""Signatures made again in bootstrap samples: by whom they are drawn, and by nobody else."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from tests.models.test_cross_fitting import PLAIN
from thyro import study
from thyro.models import classifiers, cross_fitting, recipes, resampling

QUICK = PLAIN | {"patience": 5}
SIGNATURE, TABLE = "SR_SVM", "SR_radiomics"


def cohort(n=60, effect=1.0, seed=0):
    """Features, of which two tell the outcome, of `n` training patients and a third as many."""
    rng = np.random.default_rng(seed)
    ids = pd.Index([f"P{i:02d}" for i in range(n + n // 3)], name="patient_id")
    y = (np.arange(len(ids)) % 3 == 0).astype(int)
    values = rng.normal(size=(len(ids), 8))
    values[:, :2] += effect * y[:, None]
    X = pd.DataFrame(values, ids, [f"f{k}" for k in range(8)])
    return X, pd.Series(y, ids).iloc[:n]


def recipe(**keywords):
    return cross_fitting.Recipe(QUICK, {SIGNATURE: ("SVM", {"seed": 1})}, **keywords)


def made(X, y, draws=4, seed=3, **keywords):
    return resampling.resampled_signatures(
        {TABLE: recipe()}, {TABLE: X}, y, [SIGNATURE], draws=draws, seed=seed, **keywords
    )


def test_sample_0_is_the_recipe_on_everybody():
    X, y = cohort()
    found = made(X, y, draws=1)
    whole = found[found["sample"].eq(0)].set_index("patient_id")
    assert list(found) == ["sample", "patient_id", "drawn", SIGNATURE]
    assert (whole["drawn"] == 1).all() and whole.index.equals(y.index)
    alone = recipe().fit(X.loc[y.index], y).predict(X.loc[y.index])[SIGNATURE]
    np.testing.assert_array_equal(whole[SIGNATURE], alone)


def test_a_sample_draws_as_many_and_predicts_all():
    X, y = cohort()
    found = made(X, y)
    sizes = found.groupby("sample")["drawn"].agg(["sum", "size"])
    assert (sizes == len(y)).all(axis=None) and len(sizes) == 5
    assert found[found["sample"].gt(0)].groupby("sample")["drawn"].max().gt(1).all()
    assert found[SIGNATURE].between(0, 1).all()
    shorter = made(X, y, draws=2)
    pd.testing.assert_frame_equal(shorter, found[found["sample"].lt(3)])
    assert not found["drawn"].equals(made(X, y, seed=4)["drawn"])


def test_who_is_not_drawn_has_no_say_in_a_sample():
    X, y = cohort()
    before = made(X, y, draws=1)
    sample = before[before["sample"].eq(1)].set_index("patient_id")
    out = sample.index[sample["drawn"].eq(0)]
    changed = X.copy()
    changed.loc[out] += 5.0
    changed.loc[X.index.difference(y.index)] = 1e3  # test patients
    turned = y.copy()
    turned.loc[out] = 1 - turned.loc[out]
    after = made(changed, turned, draws=1)
    again = after[after["sample"].eq(1)].set_index("patient_id")
    drawn = sample["drawn"].gt(0)
    pd.testing.assert_frame_equal(sample[drawn], again[drawn])
    assert not np.allclose(sample[~drawn][SIGNATURE], again[~drawn][SIGNATURE])


def test_inner_folds_hold_all_copies_of_a_patient(monkeypatch):
    """Those of the LASSO, and those of Platt's sigmoid."""
    X, y = cohort()
    seen = []
    plain = classifiers.PredefinedSplit

    def noted(folds):
        seen.append(np.asarray(folds))
        return plain(folds)

    def selected(sample, labels, *, cv, **keywords):
        seen.append(np.asarray(cv))
        return select(sample, labels, cv=cv, **keywords)

    select = cross_fitting.selection.select_features
    monkeypatch.setattr(classifiers, "PredefinedSplit", noted)
    monkeypatch.setattr(cross_fitting.selection, "select_features", selected)
    task = resampling._Sample({SIGNATURE: recipe()}, {SIGNATURE: X.loc[y.index]}, y.to_numpy(), 3)
    task(1)
    rows = np.repeat(np.arange(len(y)), task.drawn(1))
    assert len(seen) == 2 and len(rows) > len(set(rows))
    for folds in seen:
        assert len(folds) == len(rows) and len(set(folds)) > 1
        assert all(len(set(folds[rows == row])) == 1 for row in rows)


def test_copies_on_both_sides_would_flatter_the_inner_cross_validation():
    """Outcomes are noise: tuned on parted copies, a flexible kernel looks better than chance."""
    X, y = cohort(effect=0.0, n=90)
    rows = np.sort(np.random.default_rng(1).integers(0, 90, 90))
    sample, labels = X.iloc[:90].iloc[rows].reset_index(drop=True), y.to_numpy()[rows]
    together = classifiers.fit_classifier("SVM", sample, labels, groups=rows)
    parted = classifiers.fit_classifier("SVM", sample, labels)
    slope = [
        model.named_steps["classifier"].calibrated_classifiers_[0].calibrators[0].a_
        for model in (together, parted)
    ]
    assert slope[1] < slope[0] - 0.5  # the sigmoid of parted copies is the surer one


def test_tuning_keeps_copies_together_too():
    X, y = cohort()
    rows = np.sort(np.random.default_rng(1).integers(0, 60, 60))
    sample = X.iloc[rows].reset_index(drop=True)
    fitted = recipe(tuned=(SIGNATURE,)).fit(sample, y.to_numpy()[rows], groups=rows)
    settings = classifiers.tune_classifier(
        "SVM", sample[fitted.selection.kept], y.to_numpy()[rows], seed=1, groups=rows
    )
    assert fitted.settings[SIGNATURE] == settings


def test_a_sample_that_cannot_be_fitted_is_absent():
    X, y = cohort(n=12)
    y.iloc[:] = 0
    y.iloc[[0, 5]] = 1  # of two patients with the outcome many samples lack one
    found = made(X, y, draws=12)
    assert 1 < found["sample"].nunique() < 13 and 0 in set(found["sample"])
    both = found[found["drawn"].gt(0) & found["patient_id"].isin(y.index[y.eq(1)])]
    assert both.groupby("sample").size().eq(2).all()


def test_any_number_of_processes_gives_the_same():
    X, y = cohort()
    pd.testing.assert_frame_equal(made(X, y, draws=2), made(X, y, draws=2, workers=2))


def test_without_signatures_nothing_is_made():
    _, y = cohort()
    found = resampling.resampled_signatures({}, {}, y, [], draws=0)
    assert found.empty and list(found) == ["sample", "patient_id", "drawn"]


def test_signatures_are_those_of_the_papers_recipe():
    tables = {table.name: () for table in study.Declared().recipe_tables() if table.radiomic}
    made_of = recipes.table_recipes(
        study.Declared(),
        {"cv": 3, "seed": 5},
        alpha=0.5,
        correlation=0.9,
        set_aside=tables,
        settings={},
        tune=True,
        seed=7,
    )
    assert resampling._table_of("SR_ResNet101", made_of) == "SR_ResNet101"
    assert resampling._table_of("SR_SVM", made_of) == "SR_radiomics"
    alone = resampling._alone(made_of["SR_radiomics"], "SR_SVM")
    assert alone.classifiers == {"SR_SVM": ("SVM", {"seed": 7})} and not alone.tuned
    assert alone.selection == made_of["SR_radiomics"].selection
    with pytest.raises(ValueError, match="signatures: Deep is no model of OR_radiomics"):
        resampling._table_of("Deep", made_of)


class Centred:
    """Takes the mean of training patients away, and says whom it was given."""

    def __init__(self):
        self.seen = []

    def __call__(self, training):
        self.seen.append(training.index)
        mean = training.mean()
        return lambda values: values - mean


def test_features_of_copies_are_harmonised_by_the_names_of_the_patients():
    X, y = cohort()
    how = Centred()
    by = partial(resampling.resampled_signatures, draws=1, seed=3)
    moved = by({TABLE: recipe(harmonise=how)}, {TABLE: X}, y, [SIGNATURE])
    assert all(set(index) <= set(y.index) and len(index) == len(y) for index in how.seen)
    assert how.seen[-1].has_duplicates  # the copies of a bootstrap sample
    plain = by({TABLE: recipe()}, {TABLE: X}, y, [SIGNATURE])
    np.testing.assert_allclose(moved[SIGNATURE], plain[SIGNATURE], rtol=1e-6)
