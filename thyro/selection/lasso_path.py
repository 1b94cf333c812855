"""The lasso path and its cross-validation, in glmnet's conventions.

Minimises  -log-likelihood / n + lambda * sum(|beta|)  with an unpenalised intercept, for a binomial
or a Gaussian outcome (there: mean squared error / 2); `lasso_solver` does so.

References: Friedman, Hastie, Tibshirani (2010), J Stat Softw 33(1); R package glmnet 4.1.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from thyro.core import stratified_folds
from thyro.selection.lasso_solver import deviance, null_intercept, predictor, solutions

FAMILIES = ("binomial", "gaussian")
SATURATED = 0.999  # glmnet's devmax: share of deviance explained at which a path ends
STALLED = 1e-5  # glmnet's fdev: gain in that share below which a path ends
SHORTEST_PATH = 5  # glmnet's mnlam


@dataclass(frozen=True)
class LassoPath:
    """Coefficients along a decreasing sequence of penalties."""

    lambdas: np.ndarray  # shape (n_lambdas,), decreasing
    intercepts: np.ndarray  # shape (n_lambdas,)
    coefficients: np.ndarray  # shape (n_lambdas, n_features), scale of X as given
    explained: np.ndarray  # share of the null deviance explained, shape (n_lambdas,)


@dataclass(frozen=True)
class LassoCurve:
    """Cross-validated deviance along the path."""

    lambdas: np.ndarray  # shape (n_lambdas,), decreasing
    mean: np.ndarray  # deviance per patient, shape (n_lambdas,)
    se: np.ndarray  # of the mean over folds, shape (n_lambdas,)

    @property
    def index_min(self) -> int:
        """Position of the penalty with the smallest mean deviance; the largest such penalty."""
        return int(np.argmin(self.mean))

    @property
    def index_1se(self) -> int:
        """Position of the largest penalty within one SE of the smallest mean deviance."""
        best = self.index_min
        return int(np.argmax(self.mean <= self.mean[best] + self.se[best]))

    def to_frame(self) -> pd.DataFrame:
        """One row per penalty."""
        return pd.DataFrame({"lambda": self.lambdas, "mean": self.mean, "se": self.se})


def lambda_grid(
    X: np.ndarray, y: np.ndarray, *, n_lambdas: int = 100, ratio: float | None = None
) -> np.ndarray:
    """Penalties evenly spaced on a log scale, from the smallest that leaves no coefficient.

    Parameters
    ----------
    X : ndarray of float, shape (n_patients, n_features)
        Standardised features.
    y : ndarray of float, shape (n_patients,)
    n_lambdas : int, default 100
    ratio : float, optional
        Smallest penalty as a share of the largest; by default glmnet's: 1e-2 with fewer patients
        than features, else 1e-4 (there `ifelse(nobs < nvars, 0.01, 1e-04)`).
    """
    n, p = X.shape
    if ratio is None:
        ratio = 1e-2 if n < p else 1e-4
    largest = np.abs(X.T @ (y - y.mean())).max() / n
    return largest * ratio ** (np.arange(n_lambdas) / max(n_lambdas - 1, 1))


def fit_path(
    X: np.ndarray,
    y: np.ndarray,
    lambdas: np.ndarray,
    *,
    family: str = "binomial",
    stop_early: bool = False,
) -> LassoPath:
    """Fit the lasso at every penalty, each from the solution of the one before.

    Parameters
    ----------
    X : ndarray of float, shape (n_patients, n_features)
        Standardised features; no missing value.
    y : ndarray of float, shape (n_patients,)
        0/1 for the binomial family.
    lambdas : ndarray of float, decreasing
    family : "binomial" or "gaussian"
    stop_early : bool
        End the path where glmnet ends one whose penalties it chose itself: when the fit is
        saturated, or smaller penalties no longer improve it.
    """
    null = deviance(y, np.full(len(y), null_intercept(y, family)), family).mean()
    intercepts, coefficients, explained = [], [], []
    for intercept, beta in solutions(X, y, lambdas, family):
        intercepts.append(intercept)
        coefficients.append(beta)
        explained.append(1 - deviance(y, predictor(X, intercept, beta), family).mean() / null)
        if stop_early and _path_ends(explained):
            break
    return LassoPath(
        lambdas=np.asarray(lambdas)[: len(intercepts)],
        intercepts=np.array(intercepts),
        coefficients=np.array(coefficients),
        explained=np.array(explained),
    )


def cross_validate(
    X: np.ndarray,
    y: np.ndarray,
    lambdas: np.ndarray,
    folds: np.ndarray,
    *,
    family: str = "binomial",
    patience: int | None = None,
) -> LassoCurve:
    """Deviance of left-out folds at every penalty, as `cv.glmnet` with exact fits per fold.

    Features are not standardised again inside the folds. The mean weighs folds by their size;
    its standard error is that of the fold means.

    Parameters
    ----------
    X, y, lambdas, family
        As in `fit_path`.
    folds : ndarray of int, shape (n_patients,)
        Fold of each patient.
    patience : int, optional
        Stop after so many penalties in a row without a smaller mean deviance. The smallest
        penalties cost most; a curve that falls again after them would be missed.
    """
    parts = [folds == label for label in np.unique(folds)]
    sizes = [out.sum() for out in parts]
    paths = [solutions(X[~out], y[~out], lambdas, family) for out in parts]
    errors, means = [], []
    for of_folds in zip(*paths, strict=True):
        # cv.glmnet bounds the probability of a left-out patient, so that one sure and wrong
        # prediction does not decide the penalty.
        errors.append(
            [
                deviance(y[out], predictor(X[out], *found), family, bound=1e-5).mean()
                for out, found in zip(parts, of_folds, strict=True)
            ]
        )
        means.append(np.average(errors[-1], weights=sizes))
        if patience is not None and len(means) - 1 - np.argmin(means) >= patience:
            break
    mean = np.array(means)
    variance = np.average((np.array(errors) - mean[:, None]) ** 2, axis=1, weights=sizes)
    return LassoCurve(
        lambdas=np.asarray(lambdas)[: len(mean)],
        mean=mean,
        se=np.sqrt(variance / (len(parts) - 1)),
    )


def checked_folds(y: np.ndarray, cv: int | ArrayLike, *, seed: int = 0) -> np.ndarray:
    """Fold of each patient, shape (n_patients,), stratified by outcome.

    Parameters
    ----------
    y : ndarray of int, shape (n_patients,)
    cv : int or array_like of int, shape (n_patients,)
        Number of folds; or the folds themselves, which are checked and returned.
    seed : int
        Of the shuffle.
    """
    if np.ndim(cv) == 1:
        folds = np.asarray(cv)
        if len(folds) != len(y) or len(np.unique(folds)) < 2:
            raise ValueError(f"cv: expected {len(y)} fold numbers of at least 2 folds.")
        for label in np.unique(folds):
            if len(np.unique(y[folds != label])) < 2:
                raise ValueError(
                    f"cv: without fold {label} all patients have the same outcome; use stratified "
                    "folds, or fewer."
                )
        return folds
    smallest = np.bincount(y).min()
    if not 2 <= cv <= smallest:
        raise ValueError(
            f"cv: expected 2 to {smallest} folds (patients in the smaller class), got {cv}."
        )
    return stratified_folds(y, cv, seed=seed)


def _path_ends(explained):
    if len(explained) < SHORTEST_PATH:
        return False
    gain = explained[-1] - explained[-2]
    return explained[-1] > SATURATED or gain < STALLED
