"""Models that are cross-fitted: nothing of a left-out patient reaches what predicts it.

A recipe is everything that is learned from patients: scaling, selection, tuning, classifiers. The
paper's protocol fits it to the training patients and judges them with what they fitted. It is
cross-fitted by repeating it without each fold of them, so that every training patient is predicted
by models that never saw the outcome.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from thyro import core, selection, statistics
from thyro.core import as_labels
from thyro.models.classifiers import classifier_settings, fit_classifier, predict, tune_classifier


@dataclass(frozen=True)
class Recipe:
    """How models are made from a feature table: one selection, and the classifiers upon it."""

    selection: Mapping[str, Any]  # keywords of `selection.select_features`
    classifiers: Mapping[str, tuple[str, Mapping[str, Any]]]  # model -> of CLASSIFIERS, keywords
    tune: bool = False  # their settings by inner cross-validation

    def fit(self, X: pd.DataFrame, y: ArrayLike) -> "Fitted":
        """Select features and fit every classifier on `X`, shape (n_patients, n_features).

        The keywords of a classifier are `settings` and `seed` of `fit_classifier`.
        """
        chosen = selection.select_features(X, y, **self.selection)
        values = _filled(X, chosen)
        settings = {
            model: tune_classifier(name, values, y, **keywords)
            if self.tune
            else classifier_settings(name, keywords.get("settings"))
            for model, (name, keywords) in self.classifiers.items()
        }
        models = {
            model: fit_classifier(name, values, y, **{**keywords, "settings": settings[model]})
            for model, (name, keywords) in self.classifiers.items()
        }
        return Fitted(selection=chosen, models=models, settings=settings)


@dataclass(frozen=True)
class Fitted:
    """What a recipe made of its patients."""

    selection: selection.Selection
    models: dict[str, Pipeline]
    settings: dict[str, dict[str, Any]]  # of the classifier of every model, tuned or given

    def predict(self, X: pd.DataFrame) -> pd.DataFrame:
        """Probability of the outcome, one row per row of `X` and one column per model."""
        values = _filled(X, self.selection)
        return pd.DataFrame({name: predict(model, values) for name, model in self.models.items()})


@dataclass(frozen=True)
class OutOfFold:
    """Predictions of patients by models that never saw them."""

    p: pd.DataFrame  # one row per patient, one column per model
    fold: pd.Series  # of each patient
    kept: pd.DataFrame  # fold, feature: what was selected without each fold
    notes: dict[int, str]  # fold -> fallbacks that the selection used


def long_table(p: pd.DataFrame, protocol: str, fold: pd.Series | None = None) -> pd.DataFrame:
    """Predictions as they are kept: one row per patient and model.

    Parameters
    ----------
    p : DataFrame of float, shape (n_patients, n_models)
        Probabilities, 0-1.
    protocol : "paper" or "sound"
        Under which they were made; sound ones of training patients are cross-fitted.
    fold : Series of int, shape (n_patients,), optional
        The fold left out of what predicted a patient, missing where none was.

    Returns
    -------
    DataFrame
        patient_id, model, p, protocol, fold.
    """
    table = p.rename_axis(index="patient_id", columns="model").stack().rename("p").reset_index()
    if fold is None:
        fold = pd.Series(pd.NA, p.index, dtype="Int64")
    return table.assign(protocol=protocol, fold=fold.loc[table["patient_id"]].array)


def features_by_fold(table: pd.DataFrame) -> dict[int, pd.DataFrame]:
    """Features of each fold's network, from a table indexed by fold and patient; {} if empty."""
    return {int(k): part.droplevel(0) for k, part in table.groupby(level=0, sort=True)}


def out_of_fold(
    recipe: Recipe,
    X: pd.DataFrame,
    y: ArrayLike,
    folds: ArrayLike,
    *,
    of_fold: Mapping[int, pd.DataFrame] | None = None,
    workers: int = 1,
) -> OutOfFold:
    """Predict every fold by the recipe fitted on the others.

    Parameters
    ----------
    recipe : Recipe
    X : DataFrame of float, shape (n_patients, n_features)
        Training patients.
    y : array_like of int, shape (n_patients,)
    folds : array_like of int, shape (n_patients,)
        As `core.outer_folds` gives them.
    of_fold : mapping of fold to DataFrame, optional
        Features of all these patients by a network that was trained without the fold, in place of
        `X`: a network that saw the outcomes of a fold must not describe its patients.
    workers : int
        Processes.

    Raises
    ------
    ValueError
        If lengths differ, there are fewer than two folds, or `of_fold` lacks one or a patient.
    """
    y, folds = as_labels(y, "y"), np.asarray(folds)
    numbers = np.unique(folds).tolist()
    if not len(X) == len(y) == len(folds) or len(numbers) < 2:
        raise ValueError(
            f"folds: expected at least two folds of {len(X)} patients, got {len(folds)} numbers of "
            f"{len(numbers)} folds."
        )
    features = _features_of_folds(of_fold, X, numbers) if of_fold else dict.fromkeys(numbers, X)
    jobs = (joblib.delayed(_one_fold)(recipe, features[k], y, folds, k) for k in numbers)
    done = dict(core.as_done(jobs, workers))
    p = pd.concat([part for part, _, _ in done.values()]).loc[X.index]
    kept = [(k, name) for k in sorted(done) for name in done[k][1]]
    return OutOfFold(
        p=p,
        fold=pd.Series(folds, index=X.index, name="fold"),
        kept=pd.DataFrame(kept, columns=["fold", "feature"]),
        notes={k: done[k][2] for k in sorted(done) if done[k][2]},
    )


def rank_models(
    y_train: ArrayLike,
    p_train: pd.DataFrame,
    y_test: ArrayLike,
    p_test: pd.DataFrame,
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """Rank models by their out-of-fold AUC in training; the first one is the best model (R-61).

    Parameters
    ----------
    y_train, y_test : array_like of int
    p_train : DataFrame, shape (n_train, n_models)
        Out-of-fold predictions of the training patients.
    p_test : DataFrame, shape (n_test, n_models)
        Says what a choice by test result would have been, and nothing else.
    level : float
        Coverage of the interval of the out-of-fold AUC.

    Returns
    -------
    DataFrame
        model, auc_out_of_fold, ci_low, ci_high, auc_test, chosen, chosen_by_test; ties go to the
        model that comes first in `p_train`.
    """
    rows = []
    for model in p_train:
        inner = statistics.auc_ci(y_train, p_train[model], level=level)
        rows.append(
            {
                "model": model,
                "auc_out_of_fold": inner.auc,
                "ci_low": inner.ci_low,
                "ci_high": inner.ci_high,
                "auc_test": statistics.auc_ci(y_test, p_test[model]).auc,
            }
        )
    table = pd.DataFrame(rows)
    table["chosen"] = table.index == table["auc_out_of_fold"].idxmax()
    table["chosen_by_test"] = table.index == table["auc_test"].idxmax()
    return table.sort_values("auc_out_of_fold", ascending=False, kind="stable", ignore_index=True)


def _features_of_folds(of_fold, X, numbers):
    """The tables of `of_fold`, one per fold, with the patients of `X`."""
    absent = sorted(set(numbers) - set(of_fold))
    if absent or any(not X.index.isin(table.index).all() for table in of_fold.values()):
        raise ValueError(f"of_fold: lacks the folds {absent}, or some of the patients.")
    return {k: of_fold[k].loc[X.index] for k in numbers}


def _one_fold(recipe, X, y, folds, k):
    """Fold, and predictions, features and notes of the recipe fitted without it."""
    out = folds == k
    with threadpool_limits(1):
        fitted = recipe.fit(X[~out], y[~out])
        return k, (fitted.predict(X[out]), fitted.selection.kept, fitted.selection.note)


def _filled(X, chosen):
    """Values of the selected features; a missing one is the training median."""
    return X[chosen.kept].fillna(chosen.scaler.median[chosen.kept])
