"""The lasso at one penalty after another, to the accuracy at which coefficients are exactly zero.

Proximal Newton steps around scikit-learn's coordinate descent, because scikit-learn's own logistic
solvers either penalise the intercept (liblinear) or are slow to reach that accuracy (saga).

Reference: Friedman, Hastie, Tibshirani (2010), J Stat Softw 33(1).
"""

import warnings
from collections.abc import Iterable, Iterator

import numpy as np
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import enet_path

# Largest violation of the optimality conditions, by coefficients that are not zero and that are
TOLERANCE = 1e-10
TOLERANCE_ZERO = 1e-7
FEW = 8  # coefficients that enter one by one, without a coordinate descent
NEWTON_STEPS = 100
CD_TOLERANCE = 1e-6  # duality gap, as a share of the sum of squares
SMALLEST_WEIGHT = 1e-9  # glmnet's bound on p (1 - p), where fitted probabilities reach 0 or 1


def solutions(
    X: np.ndarray, y: np.ndarray, lambdas: Iterable[float], family: str
) -> Iterator[tuple[float, np.ndarray]]:
    """Intercept and coefficients at every penalty, each from the one before.

    Parameters
    ----------
    X : ndarray of float, shape (n_patients, n_features)
        Standardised features.
    y : ndarray of float, shape (n_patients,)
    lambdas : iterable of float, decreasing
    family : "binomial" or "gaussian"
    """
    X = np.asfortranarray(X)  # columns are taken again and again
    beta, intercept = np.zeros(X.shape[1]), null_intercept(y, family)
    for penalty in lambdas:
        intercept, beta = _fit_one(X, y, penalty, intercept, beta, family)
        yield intercept, beta


def null_intercept(y: np.ndarray, family: str) -> float:
    """Intercept of the model without features."""
    mean = y.mean()
    return np.log(mean / (1 - mean)) if family == "binomial" else mean


def deviance(y: np.ndarray, eta: np.ndarray, family: str, *, bound: float = 0.0) -> np.ndarray:
    """Deviance of each patient at linear predictor `eta`, same shape as `eta`.

    Parameters
    ----------
    y, eta : ndarray of float, shape (n_patients,)
    family : "binomial" or "gaussian"
    bound : float
        Keeps probabilities within (bound, 1 - bound).
    """
    if family == "gaussian":
        return (y - eta) ** 2
    if bound:
        limit = np.log((1 - bound) / bound)
        eta = np.clip(eta, -limit, limit)
    return 2 * (np.logaddexp(0, eta) - y * eta)


def predictor(X: np.ndarray, intercept: float, beta: np.ndarray) -> np.ndarray:
    """Linear predictor of every patient, from the coefficients that are not zero.

    Parameters
    ----------
    X : ndarray of float, shape (n_patients, n_features)
    intercept : float
    beta : ndarray of float, shape (n_features,)
    """
    support = np.flatnonzero(beta)
    return intercept + beta[support] @ X.T[support]  # whole columns lie together


def _fit_one(X, y, penalty, intercept, beta, family):
    """Intercept and coefficients at one penalty.

    Two kinds of step. Coordinate descent on the quadratic model finds which coefficients are not
    zero, or, where few want to enter, each is moved by itself; Newton's step on those that are not
    zero, within their signs, then converges in a few steps even where fitted probabilities
    approach 0 and 1 and coordinate descent would creep.
    """
    polish = False  # a coordinate descent is always followed by Newton's step
    tolerance = CD_TOLERANCE
    eta = predictor(X, intercept, beta)
    for _ in range(NEWTON_STEPS):
        mean = expit(eta) if family == "binomial" else eta
        residual = y - mean
        gradient = X.T @ residual / len(y)
        active, inactive = _violations(gradient, residual.sum() / len(y), penalty, beta)
        if active < TOLERANCE and inactive < TOLERANCE_ZERO:
            break
        weight = mean * (1 - mean) if family == "binomial" else np.ones_like(mean)
        weight = np.maximum(weight, SMALLEST_WEIGHT)
        if polish or active >= inactive:
            step, polish = _newton(X, residual, weight, penalty, intercept, beta), False
        elif 0 < np.count_nonzero((beta == 0) & (np.abs(gradient) > penalty)) <= FEW:
            polish = True
            step = intercept, _entered(X, gradient, weight, penalty, beta)
        else:
            polish = True
            work = (beta != 0) | (np.abs(gradient) > penalty)
            target = eta + residual / weight
            step = _weighted_lasso(X, target, weight, penalty, beta, work, tolerance)
            if np.array_equal(step[1], beta):  # a gain too small to be seen: look closer
                tolerance /= 100
        intercept, beta, eta = _line_search(X, y, penalty, (intercept, beta, eta), step, family)
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
    design = np.ones((len(support) + 1, len(X)))
    np.take(X.T, support, axis=0, out=design[1:])
    hessian = (design * weight) @ design.T
    # saturated patients carry no weight; a trace of ridge keeps the system solvable
    diagonal = hessian.reshape(-1)[:: len(hessian) + 1]
    diagonal += 1e-12 * diagonal.sum()
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
    """The longest of the steps 1, 1/2, 1/4 ... from `old` to `new` that lowers the objective.

    `old` and what is returned: intercept, coefficients, and the linear predictor they give.
    """
    (intercept, beta, eta), (intercept_new, beta_new) = old, new
    eta_new = predictor(X, *new)

    def objective(step):
        at, share = beta + step * (beta_new - beta), eta + step * (eta_new - eta)
        return deviance(y, share, family).sum() / len(y) / 2 + penalty * np.abs(at).sum()

    start = objective(0.0)
    for step in 0.5 ** np.arange(20):
        if objective(step) <= start:
            if step == 1:
                return intercept_new, beta_new, eta_new  # exactly, zeros included
            shorter = (
                intercept + step * (intercept_new - intercept),
                beta + step * (beta_new - beta),
            )
            return *shorter, predictor(X, *shorter)
    return intercept_new, beta_new, eta_new
