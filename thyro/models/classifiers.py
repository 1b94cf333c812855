"""Classifiers on selected features: fitted, tuned and asked, all by their entries of the registry.

Every model is a scikit-learn pipeline that z-scores by its own training patients first, so it can
be given raw or already z-scored features.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import rankdata
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import PredefinedSplit, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from thyro.core import as_labels, as_one_of, grouped_folds, stratified_folds
from thyro.study import CLASSIFIERS, ClassifierEntry

INNER_FOLDS = 5  # of Platt's sigmoid and of tuning; fewer where the smaller class is smaller


def fit_classifier(
    name: str,
    X: pd.DataFrame,
    y: ArrayLike,
    *,
    settings: Mapping[str, Any] | None = None,
    tune: bool = False,
    seed: int = 0,
    groups: ArrayLike | None = None,
) -> Pipeline:
    """Fit a classifier of the registry to selected features.

    The decision value of one whose entry says `calibrated`, such as the support vector machine,
    becomes a probability by Platt's sigmoid, fitted to the decision values of left-out patients of
    an inner cross-validation. One without a probability of its own needs it; of k nearest
    neighbours the probability is a share of the neighbours, so that ties are the rule. The logistic
    head is penalised because features of a network fine-tuned on these patients can separate them,
    and coefficients would then grow without bound.

    Parameters
    ----------
    name : str
        A key of `study.CLASSIFIERS`.
    X : DataFrame of float, shape (n_patients, n_features)
        Training patients, selected features; no missing value.
    y : array_like of int, shape (n_patients,)
    settings : mapping, optional
        Instead of the first ones of the entry's grid; what is left out stays as it is there.
    tune : bool
        Choose the settings by `tune_classifier`.
    seed : int
        Of the shuffles into inner folds.
    groups : array_like, shape (n_patients,), optional
        The patient of each row, where rows are copies of patients as in a bootstrap sample: inner
        folds then hold all copies of a patient or none (`core.grouped_folds`).

    Raises
    ------
    ValueError
        If the name or a setting is unknown, a value is missing or infinite, or the settings need
        more patients than there are, such as neighbours.

    References
    ----------
    Platt (1999), in: Advances in Large Margin Classifiers, 61-74.
    """
    entry = _entry(name)
    X, y = _as_training(X, y)
    chosen = classifier_settings(name, settings)
    if (needed := entry.patients_needed(chosen)) > len(X):
        raise ValueError(
            f"settings: {name} with {chosen} needs {needed} training patients, got {len(X)}."
        )
    if tune:
        chosen = _tuned(entry, chosen, X, y, seed=seed, groups=groups)
    estimator = entry.make(chosen, X.shape[1])
    if entry.calibrated:
        estimator = CalibratedClassifierCV(
            estimator,
            method="sigmoid",
            cv=StratifiedKFold(_inner_folds(y), shuffle=True, random_state=seed)
            if groups is None
            else PredefinedSplit(grouped_folds(y, groups, INNER_FOLDS, seed=seed)),
            ensemble=False,
        )
    return _pipeline(estimator).fit(X, y)


def classifier_settings(name: str, settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """All settings of a classifier: the first of its grid, but for those given."""
    first = _entry(name).grid[0]
    if unknown := sorted(set(settings or {}) - set(first)):
        raise ValueError(f"settings: {name} has {', '.join(first)}, and no {', '.join(unknown)}.")
    return {**first, **(settings or {})}


def tune_classifier(
    name: str,
    X: pd.DataFrame,
    y: ArrayLike,
    *,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    groups: ArrayLike | None = None,
) -> dict[str, Any]:
    """The settings with the largest mean AUC of an inner cross-validation; the first of equals.

    Tried are `settings`, and then the grid of the entry, as far as half of the patients allow: two
    inner folds leave no more. With a single patient in the smaller class the first stay.

    Parameters
    ----------
    name, X, y, settings, seed, groups
        As in `fit_classifier`.
    """
    X, y = _as_training(X, y)
    return _tuned(_entry(name), classifier_settings(name, settings), X, y, seed=seed, groups=groups)


def predict(model: Pipeline, X: pd.DataFrame) -> pd.Series:
    """Probability of metastasis, 0-1, one per row of `X`.

    Columns are taken by name; more than the model needs may be given.
    """
    X = _of_model(model, X)
    return pd.Series(model.predict_proba(X)[:, 1], index=X.index, name="p")


def decision_values(model: Pipeline, X: pd.DataFrame) -> pd.Series:
    """Decision value of a calibrated classifier before Platt's sigmoid, one per row of `X`.

    Ranks as `predict` does, unless the inner cross-validation found the classifier worse than
    chance: Platt's sigmoid then falls, and the probability ranks the other way round.
    """
    X = _of_model(model, X)
    calibrated = model.named_steps["classifier"]
    if not isinstance(calibrated, CalibratedClassifierCV):
        raise TypeError(
            "model: expected a calibrated classifier, such as a support vector machine, "
            f"got {type(calibrated).__name__}."
        )
    estimator = calibrated.calibrated_classifiers_[0].estimator
    values = estimator.decision_function(model.named_steps["z-score"].transform(X))
    return pd.Series(values, index=X.index, name="decision")


def linear_weights(model: Pipeline) -> tuple[pd.Series, float]:
    """Weights and intercept of a linear classifier for features as given, not z-scored.

    These are the weights that a class activation map of the network needs.
    """
    head = model.named_steps["classifier"]
    if not hasattr(head, "coef_"):
        raise TypeError(
            "model: expected a linear classifier, such as the logistic head, "
            f"got {type(head).__name__}."
        )
    scaler = model.named_steps["z-score"]
    weights = head.coef_[0] / scaler.scale_
    intercept = float(head.intercept_[0] - weights @ scaler.mean_)
    return pd.Series(weights, index=model.feature_names_in_, name="weight"), intercept


def _entry(name: str) -> ClassifierEntry:
    as_one_of(name, "name", CLASSIFIERS)
    return CLASSIFIERS[name]


def _tuned(entry, settings, X, y, *, seed, groups=None):
    grid = [settings, *(one for one in entry.grid if one != settings)]
    grid = [one for one in grid if entry.patients_needed(one) <= len(X) // 2]
    folds = _inner_folds(y)
    if len(grid) < 2 or folds < 2:
        return grid[0] if grid else settings
    inner = (
        stratified_folds(y, folds, seed=seed)
        if groups is None
        else grouped_folds(y, groups, INNER_FOLDS, seed=seed)
    )
    values = X.to_numpy(dtype=float)
    estimators = [entry.make(one, X.shape[1]) for one in grid]
    aucs = np.zeros((len(grid), inner.max() + 1))
    for fold in range(inner.max() + 1):
        out = inner == fold
        scaler = StandardScaler().fit(values[~out])  # the same for every setting
        known, left_out = scaler.transform(values[~out]), scaler.transform(values[out])
        for number, estimator in enumerate(estimators):
            scores = _scores(estimator.fit(known, y[~out]), left_out)
            aucs[number, fold] = _auc(y[out] == 1, scores)
    # rounding noise is a tie
    return grid[int(np.argmax(np.round(aucs.mean(axis=1), 12)))]


def _scores(estimator, X):
    """Decision value of every row of an array, or probability where there is none."""
    if hasattr(estimator, "decision_function"):
        return estimator.decision_function(X)
    return estimator.predict_proba(X)[:, 1]


def _auc(case, score):
    """By ranks; ties count one half."""
    m = case.sum()
    return (rankdata(score)[case].sum() - m * (m + 1) / 2) / (m * (~case).sum())


def _inner_folds(y):
    return min(INNER_FOLDS, int(np.bincount(y).min()))


def _pipeline(estimator):
    return Pipeline([("z-score", StandardScaler()), ("classifier", estimator)])


def _as_training(X, y):
    """Checked features, and labels with enough patients in each class for two folds."""
    if not isinstance(X, pd.DataFrame) or X.shape[1] == 0:
        raise TypeError(
            "X: expected a DataFrame with at least one selected feature, "
            f"got {type(X).__name__} of shape {np.shape(X)}."
        )
    y = as_labels(y, "y")
    if len(y) != len(X):
        raise ValueError(f"y: expected {len(X)} labels, one per row of X, got {len(y)}.")
    return _as_finite(X), y


def _of_model(model, X):
    """The columns of `X` that the model was fitted on, in its order."""
    needed = list(model.feature_names_in_)
    absent = [name for name in needed if name not in X.columns]
    if absent:
        raise ValueError(
            f"X: lacks {len(absent)} of the {len(needed)} features of the model: {absent[:3]}."
        )
    return _as_finite(X[needed])


def _as_finite(X):
    bad = ~np.isfinite(X.to_numpy(dtype=float))
    if bad.any():
        name, patient = X.columns[bad.any(axis=0)][0], X.index[bad.any(axis=1)][0]
        raise ValueError(
            f"X: {int(bad.sum())} values are missing or infinite, the first in feature {name!r} "
            f"of patient {patient!r}. Impute by the training median first (selection.fit_scaler)."
        )
    return X
