"""Two protocols over the same patients, and how far a result depends on one division of them.

The paper's protocol fits everything on the training patients and judges them with what they fitted.
The sound one repeats the whole recipe (scaling, selection, tuning, classifier) without each fold of
them, so that every training patient is predicted by models that never saw the outcome.
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import joblib
import numpy as np
import pandas as pd
from scipy.stats import norm
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from thyro import core, selection, statistics, store
from thyro.core import Cache, as_labels
from thyro.models import classifiers as models

FIT = {"SVM": models.fit_svm, "KNN": models.fit_knn, "logistic": models.fit_logistic_head}
DRAWS = 1000  # of a division with two patients of each outcome in either part


@dataclass(frozen=True)
class Recipe:
    """How models are made from a feature table: one selection, and the classifiers upon it."""

    selection: Mapping[str, Any]  # keywords of `selection.select`
    classifiers: Mapping[str, tuple[str, Mapping[str, Any]]]  # model -> kind (of FIT), options
    tune: bool = False  # their settings by inner cross-validation

    def fit(self, X: pd.DataFrame, y) -> "Fitted":
        """Select features and fit every classifier on `X`, shape (n_patients, n_features)."""
        chosen = selection.select_features(X, y, **self.selection)
        values = _filled(X, chosen)
        return Fitted(
            selection=chosen,
            models={
                name: FIT[kind](values, y, tune=self.tune, **options)
                for name, (kind, options) in self.classifiers.items()
            },
        )


@dataclass(frozen=True)
class Fitted:
    """What a recipe made of its patients."""

    selection: selection.Selection
    models: dict[str, Pipeline]

    def predict(self, X: pd.DataFrame) -> pd.DataFrame:
        """Probability of the outcome, one row per row of `X` and one column per model."""
        values = _filled(X, self.selection)
        return pd.DataFrame({name: models.predict(m, values) for name, m in self.models.items()})


@dataclass(frozen=True)
class OutOfFold:
    """Predictions of patients by models that never saw them."""

    p: pd.DataFrame  # one row per patient, one column per model
    fold: pd.Series  # of each patient
    kept: pd.DataFrame  # fold, feature: what was selected without each fold
    notes: dict[int, str]  # fold -> fallbacks that the selection used


@dataclass(frozen=True)
class Repeats:
    """The recipes in random divisions of the patients."""

    auc: pd.DataFrame  # repeat, model, train (in-sample), test (held out)
    kept: pd.DataFrame  # repeat, signature, feature


def long(p: pd.DataFrame, protocol: str, fold: pd.Series) -> pd.DataFrame:
    """Predictions as they are kept: patient_id, model, p, protocol, fold."""
    table = p.rename_axis(index="patient_id", columns="model").stack().rename("p").reset_index()
    return table.assign(protocol=protocol, fold=fold.loc[table["patient_id"]].array)


def by_fold(table: pd.DataFrame) -> dict[int, pd.DataFrame]:
    """Features of each fold's network, from a table indexed by fold and patient; {} if empty."""
    return {int(k): part.droplevel(0) for k, part in table.groupby(level=0, sort=True)}


def out_of_fold(
    recipe: Recipe,
    X: pd.DataFrame,
    y,
    folds,
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
        As `split.folds` gives them.
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
    if not len(X) == len(y) == len(folds) or len(np.unique(folds)) < 2:
        raise ValueError(
            f"folds: expected at least two folds of {len(X)} patients, got {len(folds)} numbers of "
            f"{len(np.unique(folds))} folds."
        )
    features = of_fold or {}
    absent = sorted(set(np.unique(folds).tolist()) - set(features)) if features else []
    if absent or any(not X.index.isin(table.index).all() for table in features.values()):
        raise ValueError(f"of_fold: lacks the folds {absent}, or some of the patients.")
    jobs = (
        joblib.delayed(_one_fold)(recipe, features[k].loc[X.index] if features else X, y, folds, k)
        for k in np.unique(folds).tolist()
    )
    found = dict(core.as_done(jobs, workers))
    p = pd.concat([part for part, _, _ in found.values()]).loc[X.index]
    kept = [(k, name) for k in sorted(found) for name in found[k][1]]
    return OutOfFold(
        p=p,
        fold=pd.Series(folds, index=X.index, name="fold"),
        kept=pd.DataFrame(kept, columns=["fold", "feature"]),
        notes={k: found[k][2] for k in sorted(found) if found[k][2]},
    )


def repeated_splits(
    recipes: Mapping[str, Recipe],
    X: Mapping[str, pd.DataFrame],
    y,
    *,
    repeats: int = 100,
    test_share: float = 0.3,
    seed: int = 0,
    permuted: bool = False,
    workers: int = 1,
    cache: Cache | None = None,
    progress: Callable | None = None,
) -> Repeats:
    """Repeat the recipes in random divisions of the patients.

    An estimate of the recipe and of its luck, not of a fitted model: patients of the test cohort
    take part, and nothing that is learned here goes anywhere.

    Parameters
    ----------
    recipes : mapping of signature to Recipe
        All in the same divisions.
    X : mapping of signature to DataFrame, shape (n_patients, n_features)
        Of the same patients.
    y : array_like of int, shape (n_patients,)
    repeats : int, default 100
    test_share : float, default 0.3
        Held out; floor(n * (1 - test_share)) patients train, drawn without regard to the outcome.
    seed : int
        A repeat depends on it and its number alone, not on how many there are.
    permuted : bool
        Permute the outcomes first, anew in every repeat: nothing can be learned then.
    workers : int
        Processes; the result is the same for any number.
    cache : Cache, optional
        Keeps every repeat, so that a killed run goes on.
    progress : callable, optional
        Called as `progress(iterable, total=n)`, like tqdm.

    Raises
    ------
    ValueError
        If the tables are not of the same patients, or no division leaves two patients of each
        outcome in both parts.
    """
    y = as_labels(y, "y")
    if set(recipes) != set(X) or any(len(table) != len(y) for table in X.values()):
        raise ValueError(f"X: expected a table of {len(y)} patients for each of {list(recipes)}.")
    task = _Repeat(dict(recipes), dict(X), y, test_share, seed, permuted)
    keys = {number: task.key(number) for number in range(repeats)}
    rows = {} if cache is None else {n: cache.load(key) for n, key in keys.items()}
    rows = {n: row for n, row in rows.items() if row is not None}
    left = [number for number in keys if number not in rows]
    done = core.as_done((joblib.delayed(task)(n) for n in left), workers)
    for number, row in done if progress is None else progress(done, total=len(left)):
        rows[number] = row
        if cache is not None:
            with suppress(OSError):  # a full disk costs the next run time, and this one nothing
                cache.save(keys[number], row)
    if cache is not None:
        cache.keep(keys.values())
    return task.read({n: rows[n] for n in sorted(rows)})


def selection_frequency(kept: pd.DataFrame, repeats: int) -> pd.DataFrame:
    """How often each feature was selected, most often first.

    Parameters
    ----------
    kept : DataFrame
        `Repeats.kept`.
    repeats : int
        Number of divisions.

    Returns
    -------
    DataFrame
        signature, feature, n, share (of the divisions); features never selected are left out.
    """
    n = kept.groupby(["signature", "feature"]).size().rename("n").reset_index()
    n = n.assign(share=n["n"] / repeats)
    return n.sort_values(
        ["signature", "n", "feature"], ascending=[True, False, True], ignore_index=True
    )


def choice(
    y_train, p_train: pd.DataFrame, y_test, p_test: pd.DataFrame, *, level: float = 0.95
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


def null_table(auc: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Mean AUCs over repeats, with the normal interval of the mean held-out one.

    Parameters
    ----------
    auc : DataFrame
        `Repeats.auc` with permuted outcomes: the held-out mean must be near one half, and the
        in-sample one says how much was learned by heart.

    Returns
    -------
    DataFrame
        model, repeats, train, test, test_low, test_high.
    """
    groups = auc.groupby("model", sort=False)
    table = groups.agg(
        repeats=("repeat", "nunique"), train=("train", "mean"), test=("test", "mean")
    )
    half = norm.isf((1 - level) / 2) * groups["test"].sem()
    return table.assign(test_low=table["test"] - half, test_high=table["test"] + half).reset_index()


@dataclass(frozen=True)
class _Repeat:
    """One division after another, as a job for other processes."""

    recipes: dict[str, Recipe]
    X: dict[str, pd.DataFrame]
    y: np.ndarray
    test_share: float
    seed: int
    permuted: bool

    def __call__(self, number: int) -> tuple[int, np.ndarray]:
        """Number and row of a division: in-sample and held-out AUC of every model, then one flag
        per feature of every signature that is 1 where it was selected."""
        rng = np.random.default_rng([self.seed, number, self.permuted])
        y = rng.permutation(self.y) if self.permuted else self.y
        train = _division(y, self.test_share, rng)
        aucs, flags = [], []
        with threadpool_limits(1):
            for signature, recipe in self.recipes.items():
                X = self.X[signature]
                fitted = recipe.fit(X[train], y[train])
                p = fitted.predict(X)
                for model in recipe.classifiers:
                    aucs += [_auc(y[part], p.loc[part, model]) for part in (train, ~train)]
                flags.append(X.columns.isin(fitted.selection.kept))
        return number, np.concatenate([aucs, *flags]).astype(float)

    def key(self, number: int) -> str:
        """Name of a division that nothing else has: of data, recipes, code and number."""
        return hashlib.sha256(f"{self._identity} {number}".encode()).hexdigest()

    @cached_property
    def _identity(self) -> str:
        total = hashlib.sha256(core.code_checksum("models.cross_fitting").encode())
        total.update(json.dumps(store.versions()).encode())
        total.update(repr((self.test_share, self.seed, self.permuted)).encode())
        total.update(np.ascontiguousarray(self.y).tobytes())
        for signature, recipe in self.recipes.items():
            settings = [signature, dict(recipe.selection), dict(recipe.classifiers), recipe.tune]
            total.update(json.dumps(settings, sort_keys=True, default=list).encode())
            total.update(pd.util.hash_pandas_object(self.X[signature]).to_numpy().tobytes())
            total.update("\n".join(self.X[signature].columns).encode())
        return total.hexdigest()

    def read(self, rows: Mapping[int, np.ndarray]) -> Repeats:
        """The tables of all rows."""
        names = [name for recipe in self.recipes.values() for name in recipe.classifiers]
        features = [(s, feature) for s in self.recipes for feature in self.X[s].columns]
        auc, kept = [], []
        for number, row in rows.items():
            pairs = row[: 2 * len(names)].reshape(-1, 2)
            auc += [(number, name, *pair) for name, pair in zip(names, pairs, strict=True)]
            flags = np.flatnonzero(row[2 * len(names) :])
            kept += [(number, *features[i]) for i in flags]
        return Repeats(
            auc=pd.DataFrame(auc, columns=["repeat", "model", "train", "test"]),
            kept=pd.DataFrame(kept, columns=["repeat", "signature", "feature"]),
        )


def _one_fold(recipe, X, y, folds, k):
    """Fold, and predictions, features and notes of the recipe fitted without it."""
    out = folds == k
    with threadpool_limits(1):
        fitted = recipe.fit(X[~out], y[~out])
        return k, (fitted.predict(X[out]), fitted.selection.kept, fitted.selection.note)


def _filled(X, chosen):
    """Values of the selected features; a missing one is the training median."""
    return X[chosen.kept].fillna(chosen.scaler.median[chosen.kept])


def _division(y, test_share, rng):
    """Who trains: at random, drawn again where a part lacks two patients of an outcome."""
    n_train = math.floor(len(y) * (1 - Fraction(str(float(test_share)))))
    for _ in range(DRAWS):
        train = np.zeros(len(y), dtype=bool)
        train[rng.permutation(len(y))[:n_train]] = True
        if (
            min(np.bincount(y[train], minlength=2).min(), np.bincount(y[~train], minlength=2).min())
            > 1
        ):
            return train
    raise ValueError(
        f"y: {DRAWS} random divisions left fewer than two patients with or without the outcome in "
        "a part. Add patients, or use another share."
    )


def _auc(y, p):
    return statistics.auc_ci(y, p).auc
