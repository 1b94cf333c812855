"""The lasso path and its cross-validation, in glmnet's conventions.

Minimises  -log-likelihood / n + lambda * sum(|beta|)  with an unpenalised intercept, for a binomial
or a Gaussian outcome (there: mean squared error / 2). Proximal Newton steps around scikit-learn's
coordinate descent, because scikit-learn's own logistic solvers either penalise the intercept
(liblinear) or are slow to reach the accuracy at which coefficients become exactly zero (saga).

References: Friedman, Hastie, Tibshirani (2010), J Stat Softw 33(1); R package glmnet 4.1.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import enet_path

from thyro.core import stratified_folds

FAMILIES = ("binomial", "gaussian")
# Largest violation of the optimality conditions, by coefficients that are not zero and that are
TOLERANCE = 1e-10
TOLERANCE_ZERO = 1e-7
FEW = 8  # coefficients that enter one by one, without a coordinate descent
NEWTON_STEPS = 100
CD_TOLERANCE = 1e-6  # duality gap, as a share of the sum of squares
SMALLEST_WEIGHT = 1e-9  # glmnet's bound on p (1 - p), where fitted probabilities reach 0 or 1
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


def lambda_grid(X, y, *, n_lambdas: int = 100, ratio: float | None = None) -> np.ndarray:
    """Penalties evenly spaced on a log scale, from the smallest that leaves no coefficient.

    Parameters
    ----------
    X : ndarray of float, shape (n_patients, n_features)
        Standardised features.
    y : ndarray of float, shape (n_patients,)
    n_lambdas : int, default 100
    ratio : float, optional
        Smallest penalty as a share of the largest; by default glmnet's: 1e-4 with more patients
        than features, else 1e-2.
    """
    n, p = X.shape
    if ratio is None:
        ratio = 1e-4 if n > p else 1e-2
    largest = np.abs(X.T @ (y - y.mean())).max() / n
    return largest * ratio ** (np.arange(n_lambdas) / max(n_lambdas - 1, 1))


def fit_path(
    X,
    y,
    lambdas,
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
    stop_early : bool
        End the path where glmnet ends one whose penalties it chose itself: when the fit is
        saturated, or smaller penalties no longer improve it.
    """
    null = deviance(y, np.full(len(y), _null_intercept(y, family)), family).mean()
    intercepts, coefficients, explained = [], [], []
    for intercept, beta in _solutions(X, y, lambdas, family):
        intercepts.append(intercept)
        coefficients.append(beta)
        explained.append(1 - deviance(y, _predictor(X, intercept, beta), family).mean() / null)
        if stop_early and _path_ends(explained):
            break
    return LassoPath(
        lambdas=np.asarray(lambdas)[: len(intercepts)],
        intercepts=np.array(intercepts),
        coefficients=np.array(coefficients),
        explained=np.array(explained),
    )


def cross_validate(
    X, y, lambdas, folds, *, family: str = "binomial", patience: int | None = None
) -> LassoCurve:
    """Deviance of left-out folds at every penalty, as `cv.glmnet` with exact fits per fold.

    Features are not standardised again inside the folds. The mean weighs folds by their size;
    its standard error is that of the fold means.

    Parameters
    ----------
    folds : ndarray of int, shape (n_patients,)
        Fold of each patient.
    patience : int, optional
        Stop after so many penalties in a row without a smaller mean deviance. The smallest
        penalties cost most; a curve that falls again after them would be missed.
    """
    parts = [folds == label for label in np.unique(folds)]
    sizes = [out.sum() for out in parts]
    paths = [_solutions(X[~out], y[~out], lambdas, family) for out in parts]
    errors, means = [], []
    for solutions in zip(*paths, strict=True):
        # cv.glmnet bounds the probability of a left-out patient, so that one sure and wrong
        # prediction does not decide the penalty.
        errors.append(
            [
                deviance(y[out], _predictor(X[out], *found), family, bound=1e-5).mean()
                for out, found in zip(parts, solutions, strict=True)
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


def checked_folds(y, cv, *, seed: int = 0) -> np.ndarray:
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


def deviance(y, eta, family: str, *, bound: float = 0.0) -> np.ndarray:
    """Deviance of each patient at linear predictor `eta`, same shape as `eta`.

    `bound` keeps probabilities within (bound, 1 - bound).
    """
    if family == "gaussian":
        return (y - eta) ** 2
    if bound:
        limit = np.log((1 - bound) / bound)
        eta = np.clip(eta, -limit, limit)
    return 2 * (np.logaddexp(0, eta) - y * eta)


def _solutions(X, y, lambdas, family):
    """Intercept and coefficients at every penalty, each from the one before."""
    X = np.asfortranarray(X)  # columns are taken again and again
    beta, intercept = np.zeros(X.shape[1]), _null_intercept(y, family)
    for penalty in lambdas:
        intercept, beta = _fit_one(X, y, penalty, intercept, beta, family)
        yield intercept, beta


def _null_intercept(y, family):
    mean = y.mean()
    return np.log(mean / (1 - mean)) if family == "binomial" else mean


def _path_ends(explained):
    if len(explained) < SHORTEST_PATH:
        return False
    gain = explained[-1] - explained[-2]
    return explained[-1] > SATURATED or gain < STALLED


def _fit_one(X, y, penalty, intercept, beta, family):
    """Intercept and coefficients at one penalty.

    Two kinds of step. Coordinate descent on the quadratic model finds which coefficients are not
    zero, or, where few want to enter, each is moved by itself; Newton's step on those that are not
    zero, within their signs, then converges in a few steps even where fitted probabilities
    approach 0 and 1 and coordinate descent would creep.
    """
    polish = False  # a coordinate descent is always followed by Newton's step
    tolerance = CD_TOLERANCE
    for _ in range(NEWTON_STEPS):
        eta = _predictor(X, intercept, beta)
        mean = expit(eta) if family == "binomial" else eta
        gradient = X.T @ (y - mean) / len(y)
        active, inactive = _violations(gradient, (y - mean).mean(), penalty, beta)
        if active < TOLERANCE and inactive < TOLERANCE_ZERO:
            break
        weight = mean * (1 - mean) if family == "binomial" else np.ones_like(mean)
        weight = np.maximum(weight, SMALLEST_WEIGHT)
        if polish or active >= inactive:
            step, polish = _newton(X, y - mean, weight, penalty, intercept, beta), False
        elif 0 < np.count_nonzero((beta == 0) & (np.abs(gradient) > penalty)) <= FEW:
            polish = True
            step = intercept, _entered(X, gradient, weight, penalty, beta)
        else:
            polish = True
            work = (beta != 0) | (np.abs(gradient) > penalty)
            target = eta + (y - mean) / weight
            step = _weighted_lasso(X, target, weight, penalty, beta, work, tolerance)
            if np.array_equal(step[1], beta):  # a gain too small to be seen: look closer
                tolerance /= 100
        intercept, beta = _line_search(X, y, penalty, (intercept, beta), step, family)
    else:
        warnings.warn(
            f"The lasso at penalty {penalty:.3g} stopped at {NEWTON_STEPS} steps, "
            f"{max(active, inactive):.1e} from the optimality conditions.",
            RuntimeWarning,
            stacklevel=3,
        )
    return intercept, beta


def _violations(gradient, gradient_intercept, penalty, beta):
    """Largest departures from the optimality (Karush-Kuhn-Tucker) conditions.

    Of the coefficients that are not zero, with the intercept, and of those that are.
    """
    support = beta != 0
    active = np.abs(gradient - penalty * np.sign(beta))[support].max(initial=0)
    inactive = (np.abs(gradient) - penalty)[~support].max(initial=0)
    return max(active, abs(gradient_intercept)), inactive


def _newton(X, residual, weight, penalty, intercept, beta):
    """Newton's step on intercept and non-zero coefficients, ended where one reaches zero."""
    support = np.flatnonzero(beta)
    design = np.vstack([np.ones(len(X)), X.T[support]])
    hessian = (design * weight) @ design.T
    # saturated patients carry no weight; a trace of ridge keeps the system solvable
    hessian[np.diag_indices_from(hessian)] += 1e-12 * np.trace(hessian)
    slope = design @ residual
    slope[1:] -= len(X) * penalty * np.sign(beta[support])
    step = np.linalg.solve(hessian, slope)
    # share of the step at which each coefficient would change sign; 1 if it does not
    toward_zero = step[1:] * np.sign(beta[support]) < -np.abs(beta[support])
    shares = np.divide(-beta[support], step[1:], out=np.ones(len(support)), where=toward_zero)
    share = shares.min(initial=1)
    new = beta.copy()
    new[support] += share * step[1:]
    new[support[toward_zero & (shares == share)]] = 0
    return intercept + share * step[0], new


def _entered(X, gradient, weight, penalty, beta):
    """Coefficients after each that wants to leave zero has been moved by itself.

    To the minimum of its quadratic model; the others stay where they are.
    """
    entering = np.flatnonzero((beta == 0) & (np.abs(gradient) > penalty))
    slope = gradient[entering]
    curvature = weight @ X[:, entering] ** 2 / len(X)
    new = beta.copy()
    new[entering] = (slope - penalty * np.sign(slope)) / curvature
    return new


def _weighted_lasso(X, target, weight, penalty, beta, work, tolerance):
    """Weighted least-squares lasso on the columns in `work`, intercept free."""
    share = weight / weight.sum()
    centre, target_mean = share @ X[:, work], share @ target
    root = np.sqrt(weight)
    with warnings.catch_warnings():
        # the caller checks optimality itself, after every step
        warnings.simplefilter("ignore", ConvergenceWarning)
        _, coefficients, _ = enet_path(
            np.asfortranarray((X[:, work] - centre) * root[:, None]),
            (target - target_mean) * root,
            l1_ratio=1.0,
            alphas=[penalty],
            coef_init=beta[work],
            precompute=False,
            tol=tolerance,
            max_iter=100,
        )
    new = np.zeros_like(beta)
    new[work] = coefficients[:, 0]
    return target_mean - centre @ new[work], new


def _line_search(X, y, penalty, old, new, family):
    """The longest of the steps 1, 1/2, 1/4 ... from `old` to `new` that lowers the objective."""
    (intercept, beta), (intercept_new, beta_new) = old, new
    eta, eta_new = _predictor(X, *old), _predictor(X, *new)

    def objective(step):
        at, share = beta + step * (beta_new - beta), eta + step * (eta_new - eta)
        return deviance(y, share, family).mean() / 2 + penalty * np.abs(at).sum()

    start = objective(0.0)
    for step in 0.5 ** np.arange(20):
        if objective(step) <= start:
            if step == 1:
                return new  # exactly, zeros included
            return intercept + step * (intercept_new - intercept), beta + step * (beta_new - beta)
    return new


def _predictor(X, intercept, beta):
    """Linear predictor of every patient, from the coefficients that are not zero."""
    support = np.flatnonzero(beta)
    return intercept + beta[support] @ X.T[support]  # whole columns lie together
