"""Classifiers on selected features, and their storage without pickle.

Every model is a scikit-learn pipeline that z-scores by its own training patients first, so it can
be given raw or already z-scored features.
"""

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from thyro.checks import as_labels


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

# Beyond skops' own list; parts of `fit_svm` that hold numbers and no code.
TRUSTED = (
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.model_selection._split.StratifiedKFold",
)


def fit_svm(X: pd.DataFrame, y, *, seed: int = 0, folds: int = 5) -> Pipeline:
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

    References
    ----------
    Platt (1999), in: Advances in Large Margin Classifiers, 61-74.
    """
    X, y = _as_training(X, y)
    folds = min(folds, int(np.bincount(y).min()))
    machine = CalibratedClassifierCV(
        SVC(kernel="rbf", C=1.0, gamma="scale"),
        method="sigmoid",
        cv=StratifiedKFold(folds, shuffle=True, random_state=seed),
        ensemble=False,
    )
    return _pipeline(machine).fit(X, y)


def fit_knn(X: pd.DataFrame, y, *, neighbours: int = 5) -> Pipeline:
    """Fit k nearest neighbours: Euclidean distance, every neighbour counts the same.

    The probability is a share of `neighbours`, so only `neighbours` + 1 values occur and ties
    are the rule.

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
    return _pipeline(KNeighborsClassifier(neighbours, algorithm="brute")).fit(X, y)


def fit_logistic_head(X: pd.DataFrame, y, *, penalty_strength: float = 1.0) -> Pipeline:
    """Fit ridge logistic regression on selected deep features.

    Lightly penalised (scikit-learn's C = 1 / `penalty_strength`, intercept free): features of a
    network tuned on these patients can separate them, and without a penalty the coefficients
    would then grow without bound.
    """
    X, y = _as_training(X, y)
    if not penalty_strength > 0:
        raise ValueError(f"penalty_strength: expected a positive number, got {penalty_strength}.")
    head = LogisticRegression(C=1 / penalty_strength, max_iter=1000, tol=1e-8)
    return _pipeline(head).fit(X, y)


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


def to_bytes(model: Pipeline) -> bytes:
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
