"""Classifiers on selected features, and their storage without pickle.

Every model is a scikit-learn pipeline that z-scores by its own training patients first, so it can
be given raw or already z-scored features.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from thyro.core import as_labels


@dataclass(frozen=True)
class ModelSpec:
    """One of the eight image models."""

    name: str
    images: Literal["SR", "OR"]  # super-resolved or original
    kind: Literal["SVM", "KNN", "ResNet101", "DenseNet121"]

    @property
    def features(self) -> str:
        """What the model reads: "radiomics", or the network whose pooled features it reads."""
        return "radiomics" if self.kind in ("SVM", "KNN") else self.kind


MODELS = tuple(
    ModelSpec(name=f"{images}_{kind}", images=images, kind=kind)
    for kind in ("SVM", "KNN", "ResNet101", "DenseNet121")
    for images in ("SR", "OR")
)

INNER_FOLDS = 5
# What `tune` tries, the default first: a tie leaves it in place.
SVM_GRID = [(c, gamma) for gamma in (1.0, 0.1) for c in (1.0, 0.1, 10.0)]  # gamma: times "scale"
KNN_GRID = (5, 15, 25, 45)
HEAD_GRID = (1.0, 0.1, 10.0, 100.0)

# Beyond skops' own list; parts of `fit_svm` that hold numbers and no code.
TRUSTED = (
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.model_selection._split.StratifiedKFold",
)


def fit_svm(X: pd.DataFrame, y, *, seed: int = 0, folds: int = 5, tune: bool = False) -> Pipeline:
    """Fit a support vector machine with Gaussian kernel, C = 1, gamma = "scale".

    One machine is fitted to all patients. Its decision value becomes a probability by Platt's
    sigmoid, fitted to the decision values of left-out patients of an inner cross-validation.

    Parameters
    ----------
    X : DataFrame of float, shape (n_patients, n_features)
        Training patients, selected features; no missing value.
    y : array_like of int, shape (n_patients,)
    seed : int
        Of the shuffle into inner folds.
    folds : int, default 5
        Inner folds; as many as the smaller class has patients when that is less.
    tune : bool
        Choose C among 0.1, 1 and 10, and gamma among "scale" and a tenth of it, by the mean AUC of
        an inner cross-validation.

    References
    ----------
    Platt (1999), in: Advances in Large Margin Classifiers, 61-74.
    """
    X, y = _as_training(X, y)
    folds = min(folds, int(np.bincount(y).min()))

    def machine(setting):
        c, gamma = setting
        # "scale" of z-scored features
        return SVC(kernel="rbf", C=c, gamma="scale" if gamma == 1 else gamma / X.shape[1])

    setting = _tuned(machine, SVM_GRID, X, y, seed=seed) if tune else SVM_GRID[0]
    calibrated = CalibratedClassifierCV(
        machine(setting),
        method="sigmoid",
        cv=StratifiedKFold(folds, shuffle=True, random_state=seed),
        ensemble=False,
    )
    return _pipeline(calibrated).fit(X, y)


def fit_knn(
    X: pd.DataFrame, y, *, neighbours: int = 5, tune: bool = False, seed: int = 0
) -> Pipeline:
    """Fit k nearest neighbours: Euclidean distance, every neighbour counts the same.

    The probability is a share of the neighbours, so only `neighbours` + 1 values occur and ties
    are the rule. With `tune` their number is chosen among `neighbours`, 5, 15, 25 and 45, as far as
    there are patients, by the mean AUC of an inner cross-validation shuffled by `seed`.

    Raises
    ------
    ValueError
        If there are fewer training patients than neighbours.
    """
    X, y = _as_training(X, y)
    if not 1 <= neighbours <= len(X):
        raise ValueError(
            f"neighbours: expected 1 to {len(X)} (training patients), got {neighbours}."
        )

    def machine(k):
        return KNeighborsClassifier(k, algorithm="brute")

    if tune:
        room = len(X) - -(-len(X) // 2)  # as few as two inner folds leave
        grid = dict.fromkeys([neighbours, *KNN_GRID])
        neighbours = _tuned(machine, [k for k in grid if k <= room], X, y, seed=seed) or neighbours
    return _pipeline(machine(neighbours)).fit(X, y)


def fit_logistic_head(
    X: pd.DataFrame, y, *, penalty_strength: float = 1.0, tune: bool = False, seed: int = 0
) -> Pipeline:
    """Fit ridge logistic regression on selected deep features.

    Lightly penalised (scikit-learn's C = 1 / `penalty_strength`, intercept free): features of a
    network tuned on these patients can separate them, and without a penalty the coefficients
    would then grow without bound. With `tune` the strength is chosen among `penalty_strength`, 0.1,
    1, 10 and 100 by the mean AUC of an inner cross-validation shuffled by `seed`.
    """
    X, y = _as_training(X, y)
    if not penalty_strength > 0:
        raise ValueError(f"penalty_strength: expected a positive number, got {penalty_strength}.")

    def machine(strength):
        return LogisticRegression(C=1 / strength, max_iter=1000, tol=1e-8)

    if tune:
        grid = list(dict.fromkeys([float(penalty_strength), *HEAD_GRID]))
        penalty_strength = _tuned(machine, grid, X, y, seed=seed)
    return _pipeline(machine(penalty_strength)).fit(X, y)


def classifier_settings(model: Pipeline) -> dict[str, Any]:
    """C and gamma, the neighbours, or the strength of the penalty that a classifier has."""
    fitted = model.named_steps["classifier"]
    if isinstance(fitted, CalibratedClassifierCV):
        return {"C": fitted.estimator.C, "gamma": fitted.estimator.gamma}
    if isinstance(fitted, KNeighborsClassifier):
        return {"neighbours": fitted.n_neighbors}
    return {"penalty_strength": 1 / fitted.C}


def predict(model: Pipeline, X: pd.DataFrame) -> pd.Series:
    """Probability of metastasis, 0-1, one per row of `X`.

    Columns are taken by name; more than the model needs may be given.
    """
    X = _of_model(model, X)
    return pd.Series(model.predict_proba(X)[:, 1], index=X.index, name="p")


def decision_values(model: Pipeline, X: pd.DataFrame) -> pd.Series:
    """Decision value of a support vector machine before Platt's sigmoid, one per row of `X`.

    Ranks as `predict` does, unless the inner cross-validation found the machine worse than
    chance: Platt's sigmoid then falls, and the probability ranks the other way round.
    """
    X = _of_model(model, X)
    calibrated = model.named_steps["classifier"]
    if not isinstance(calibrated, CalibratedClassifierCV):
        raise TypeError(f"model: expected one made by fit_svm, got {type(calibrated).__name__}.")
    machine = calibrated.calibrated_classifiers_[0].estimator
    values = machine.decision_function(model.named_steps["z-score"].transform(X))
    return pd.Series(values, index=X.index, name="decision")


def linear_weights(model: Pipeline) -> tuple[pd.Series, float]:
    """Weights and intercept of `fit_logistic_head` for features as given, not z-scored.

    These are the weights that a class activation map of the network needs.
    """
    head = model.named_steps["classifier"]
    if not isinstance(head, LogisticRegression):
        raise TypeError(f"model: expected one made by fit_logistic_head, got {type(head)}.")
    scaler = model.named_steps["z-score"]
    weights = head.coef_[0] / scaler.scale_
    intercept = float(head.intercept_[0] - weights @ scaler.mean_)
    return pd.Series(weights, index=model.feature_names_in_, name="weight"), intercept


def classifier_to_bytes(model: Pipeline) -> bytes:
    """The model in skops format; equal models give equal bytes.

    skops names its parts after memory addresses and stamps them with the time. Both are replaced
    by a count in order of appearance and a fixed date.
    """
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(model))) as source:
        schema = json.loads(source.read("schema.json"))
        numbers: dict[int, int] = {}
        _renumber(schema, numbers)
        contents = {"schema.json": json.dumps(schema, indent=2).encode()}
        for name in source.namelist():
            if name != "schema.json":
                contents[_renamed(name, numbers)] = source.read(name)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(contents):
            archive.writestr(zipfile.ZipInfo(name), contents[name])  # dated 1980-01-01
    return target.getvalue()


def from_bytes(data: bytes) -> Pipeline:
    """The model that `to_bytes` stored; runs no code from the file.

    Raises
    ------
    skops.io.exceptions.UntrustedTypesFoundException
        If the file holds anything but scikit-learn's and numpy's own types.
    """
    return skops.io.loads(data, trusted=list(TRUSTED))


def _tuned(machine: Callable, grid: Iterable, X, y, *, seed: int):
    """The setting with the largest mean AUC of an inner cross-validation; the first of equals.

    The first one too where the smaller class has a single patient; None for an empty grid.
    """
    grid = list(grid)
    folds = min(INNER_FOLDS, int(np.bincount(y).min()))
    if len(grid) < 2 or folds < 2:
        return grid[0] if grid else None
    inner = StratifiedKFold(folds, shuffle=True, random_state=seed)
    values = X.to_numpy(dtype=float)
    aucs = [
        cross_val_score(_pipeline(machine(s)), values, y, scoring="roc_auc", cv=inner).mean()
        for s in grid
    ]
    return grid[int(np.argmax(np.round(aucs, 12)))]  # rounding noise is a tie


def _pipeline(classifier):
    return Pipeline([("z-score", StandardScaler()), ("classifier", classifier)])


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
            f"of patient {patient!r}. Impute by the training median first (selection.Scaler)."
        )
    return X


def _renumber(node, numbers):
    """Replace in place every id in a skops schema, and the files named after ids."""
    if isinstance(node, list):
        for child in node:
            _renumber(child, numbers)
    elif isinstance(node, dict):
        for key, child in node.items():
            if key == "__id__":
                node[key] = numbers.setdefault(child, len(numbers))
            elif key == "file":
                node[key] = _renamed(child, numbers)
            else:
                _renumber(child, numbers)


def _renamed(name, numbers):
    """File name `<id>.<suffix>` with the id replaced by its number."""
    stem, dot, suffix = name.partition(".")
    return f"{numbers.setdefault(int(stem), len(numbers))}{dot}{suffix}"
