"""Models that are cross-fitted: nothing of a left-out patient reaches what predicts it.

A recipe is everything that is learned from patients: scaling, selection, tuning, classifiers. In
sample it is fitted to the training patients and judged by them. It is cross-fitted by repeating it
without each fold of them, so that every training patient is predicted by models that never saw the
outcome. A patient of another cohort is predicted by all of these models together, on their scale.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
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
from thyro.study import cross_fitted


@dataclass(frozen=True)
class Recipe:
    """How models are made from a feature table: one selection, and the classifiers upon it."""

    selection: Mapping[str, Any]  # keywords of `selection.select_features`
    classifiers: Mapping[str, tuple[str, Mapping[str, Any]]]  # model -> of CLASSIFIERS, keywords
    tuned: Collection[str] = ()  # models whose settings an inner cross-validation chooses
    # Learns from the features of training patients what moves those of anyone; None: they stay.
    harmonise: Callable[[pd.DataFrame], Callable[[pd.DataFrame], pd.DataFrame]] | None = None

    def fit(self, X: pd.DataFrame, y: ArrayLike, *, groups: ArrayLike | None = None) -> "Fitted":
        """Select features and fit every classifier on `X`, shape (n_patients, n_features).

        The keywords of a classifier are `settings` and `seed` of `fit_classifier`. With `groups`,
        the patient of each row where rows are copies of patients, no inner fold parts the copies:
        not those of the LASSO, of tuning, nor of Platt's sigmoid.
        """
        steps = dict(self.selection)
        move = None if self.harmonise is None else self.harmonise(X)
        X = X if move is None else move(X)
        if groups is not None:
            n, seed = steps.get("cv", 5), steps.get("seed", 0)
            steps["cv"] = core.grouped_folds(y, groups, n, seed=seed)
        chosen = selection.select_features(X, y, **steps)
        values = _filled(X, chosen)
        copies = {} if groups is None else {"groups": groups}
        settings = {
            model: tune_classifier(name, values, y, **keywords, **copies)
            if model in self.tuned
            else classifier_settings(name, keywords.get("settings"))
            for model, (name, keywords) in self.classifiers.items()
        }
        models = {
            model: fit_classifier(
                name, values, y, **{**keywords, **copies, "settings": settings[model]}
            )
            for model, (name, keywords) in self.classifiers.items()
        }
        return Fitted(selection=chosen, models=models, settings=settings, move=move)


@dataclass(frozen=True)
class Fitted:
    """What a recipe made of its patients."""

    selection: selection.Selection
    models: dict[str, Pipeline]
    settings: dict[str, dict[str, Any]]  # of the classifier of every model, tuned or given
    move: Callable[[pd.DataFrame], pd.DataFrame] | None = None  # harmonises features, if at all

    def predict(self, X: pd.DataFrame) -> pd.DataFrame:
        """Probability of the outcome, one row per row of `X` and one column per model."""
        values = _filled(X if self.move is None else self.move(X), self.selection)
        return pd.DataFrame({name: predict(model, values) for name, model in self.models.items()})


@dataclass(frozen=True)
class OutOfFold:
    """Predictions of patients by models that never saw them."""

    log_odds: pd.DataFrame  # one row per patient, one column per model: means over models
    by_fold: pd.DataFrame  # repeat, fold, patient_id, model, p: of training patients
    fold: pd.Series  # Int64: of each training patient in the first repeat; missing for others
    kept: pd.DataFrame  # repeat, fold, feature: what was selected without each fold
    notes: dict[tuple[int, int], str]  # repeat and fold -> fallbacks that the selection used


def long_table(p: pd.DataFrame, protocol: str, fold: pd.Series | None = None) -> pd.DataFrame:
    """Predictions as they are kept: one row per patient and model.

    Parameters
    ----------
    p : DataFrame of float, shape (n_patients, n_models)
        Probabilities, 0-1.
    protocol : str
        Under which they were made.
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


def long_tables(p: Mapping[str, pd.DataFrame], fold: pd.Series | None = None) -> pd.DataFrame:
    """`long_table` of several protocols, one below the other.

    Parameters
    ----------
    p : mapping of protocol to DataFrame, shape (n_patients, n_models)
    fold : Series of int, shape (n_patients,), optional
        Given to the cross-fitted protocols, by their name.
    """
    parts = [
        long_table(table, name, fold if cross_fitted(name) else None) for name, table in p.items()
    ]
    return pd.concat(parts, ignore_index=True)


def features_by_fold(table: pd.DataFrame) -> dict[int, pd.DataFrame]:
    """Features of each fold's network, from a table indexed by fold and patient; {} if empty."""
    return {int(k): part.droplevel(0) for k, part in table.groupby(level=0, sort=True)}


def divisions(
    y: pd.Series, n: int, repeats: int, *, seed: int, left_out: pd.Series | None = None
) -> list[np.ndarray]:
    """Divisions of the training patients into folds: `core.outer_folds`, several times.

    Parameters
    ----------
    y : Series of int, index training patients
    n, repeats, seed : int
        Folds, divisions, and seed of the first.
    left_out : Series, index patients, optional
        Centre of each: the only division is that into centres then.
    """
    if left_out is not None:
        return [core.outer_folds(y, n, seed=seed, groups=left_out.loc[y.index])]
    return [core.outer_folds(y, n, seed=seed + k) for k in range(repeats)]


def out_of_fold(
    recipe: Recipe,
    X: pd.DataFrame,
    y: pd.Series,
    divisions: Sequence[ArrayLike],
    *,
    of_fold: Mapping[int, pd.DataFrame] | None = None,
    workers: int = 1,
) -> OutOfFold:
    """Predict training patients by the recipe fitted without their fold, others by all of these.

    Log odds are averaged: of a training patient over the repeats, each by the model without the
    patient's fold; of another patient over the models of all folds. So the scale of a model
    is nearly the same in training and in other cohorts, which that of one model of all training
    patients is not. What is left is a mean over more models in other cohorts than in training,
    whose narrower spread moves a cut-off of the support vector machine by some points of
    sensitivity (`tests/benchmarks/carry_over.py` measures both).

    Parameters
    ----------
    recipe : Recipe
    X : DataFrame of float, shape (n_patients, n_features)
        Training patients, and others who are to be predicted.
    y : Series of int, index training patients
    divisions : sequence of array_like of int, shape (n_training,)
        Divisions of the training patients into folds, as `core.outer_folds` gives them.
    of_fold : mapping of fold to DataFrame, optional
        Features of all these patients by a network that was trained without the fold, in place of
        `X`: a network that saw the outcomes of a fold must not describe its patients. Wants a
        single division.
    workers : int
        Processes.

    Raises
    ------
    ValueError
        If lengths differ, there are fewer than two folds, or `of_fold` lacks one or a patient.
    """
    labels = as_labels(y, "y")
    folds = [_checked(one, len(labels)) for one in divisions]
    if of_fold and len(folds) > 1:
        raise ValueError(f"divisions: expected one beside `of_fold`, got {len(folds)}.")
    tables = _features_of_folds(of_fold, X, np.unique(folds[0])) if of_fold else {}
    jobs = (
        joblib.delayed(_one_fold)(
            recipe, tables.get(k, X), y.index[one != k], labels[one != k], (repeat, k)
        )
        for repeat, one in enumerate(folds)
        for k in np.unique(one).tolist()
    )
    done = dict(core.as_done(jobs, workers))
    done = {key: done[key] for key in sorted(done)}
    left_out = pd.concat(
        [
            p.loc[y.index[folds[repeat] == k]].assign(repeat=repeat, fold=k)
            for (repeat, k), (p, _, _) in done.items()
        ]
    ).rename_axis("patient_id")
    models = list(recipe.classifiers)
    log_odds = sum(_log_odds(p) for p, _, _ in done.values()) / len(done)
    seen = _log_odds(left_out[models]).groupby(level=0).mean()
    log_odds.loc[y.index] = seen.loc[y.index]
    by_fold = left_out.reset_index().melt(
        ["repeat", "fold", "patient_id"], models, var_name="model", value_name="p"
    )
    first = pd.Series(folds[0], y.index).astype("Int64").reindex(X.index).rename("fold")
    kept = [(*key, name) for key, (_, names, _) in done.items() for name in names]
    return OutOfFold(
        log_odds=log_odds,
        by_fold=by_fold,
        fold=first,
        kept=pd.DataFrame(kept, columns=["repeat", "fold", "feature"]),
        notes={key: note for key, (_, _, note) in done.items() if note},
    )


def rank_models(
    y_train: pd.Series,
    by_fold: pd.DataFrame,
    y_test: ArrayLike,
    p_test: pd.DataFrame,
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """Rank models by their cross-fitted AUC in training; the first one is the best model (R-61).

    Parameters
    ----------
    y_train : Series of int, index training patients
    by_fold : DataFrame
        repeat, fold, patient_id, model and p of the training patients.
    y_test : array_like of int
    p_test : DataFrame, shape (n_test, n_models)
        Says what a choice by test result would have been, and nothing else.
    level : float
        Coverage of the interval of the cross-fitted AUC.

    Returns
    -------
    DataFrame
        model, auc_out_of_fold, ci_low, ci_high, auc_test, chosen, chosen_by_test; ties go to the
        model that comes first in `by_fold`.
    """
    aucs = statistics.cross_fitted_aucs(y_train, by_fold, level=level)
    table = aucs.rename(columns={"auc": "auc_out_of_fold"}).drop(columns="se")
    table["auc_test"] = [statistics.auc_ci(y_test, p_test[model]).auc for model in table["model"]]
    table["chosen"] = table.index == table["auc_out_of_fold"].idxmax()
    table["chosen_by_test"] = table.index == table["auc_test"].idxmax()
    return table.sort_values("auc_out_of_fold", ascending=False, kind="stable", ignore_index=True)


def _checked(folds: ArrayLike, n: int) -> np.ndarray:
    """A division of `n` patients into at least two folds."""
    folds = np.asarray(folds)
    numbers = np.unique(folds)
    if len(folds) != n or len(numbers) < 2:
        raise ValueError(
            f"divisions: expected at least two folds of {n} patients, got {len(folds)} numbers of "
            f"{len(numbers)} folds."
        )
    return folds


def _features_of_folds(of_fold, X, numbers):
    """The tables of `of_fold`, one per fold, with the patients of `X`."""
    absent = sorted(set(numbers.tolist()) - set(of_fold))
    if absent or any(not X.index.isin(table.index).all() for table in of_fold.values()):
        raise ValueError(f"of_fold: lacks the folds {absent}, or some of the patients.")
    return {k: of_fold[k].loc[X.index] for k in numbers.tolist()}


def _one_fold(recipe, X, patients, y, key):
    """Repeat and fold, and predictions of all by what was fitted on these patients alone,
    its features and its notes."""
    with threadpool_limits(1):
        fitted = recipe.fit(X.loc[patients], y)
        return key, (fitted.predict(X), fitted.selection.kept, fitted.selection.note)


def _log_odds(p):
    """Those of a table of probabilities."""
    return pd.DataFrame(statistics.log_odds(p), p.index, p.columns)


def _filled(X, chosen):
    """Values of the selected features; a missing one is the training median."""
    return X[chosen.kept].fillna(chosen.scaler.median[chosen.kept])
