"""Maximum of a logistic likelihood, also penalised: Newton's method for every fit of the package.

It stands with the statistics because calibration needs it as the regressions of `clinical` do.
"""

import numpy as np
from scipy.special import expit

MOST_STEPS = 500
# A step of 1e-10 standard errors: below it only rounding noise moves.
SMALLEST_GAIN = 1e-20


class NoMaximum(ArithmeticError):
    """The likelihood still rises where risks are as good as 0 or 1: the outcome is separated."""


def logistic_information(
    design: np.ndarray, beta: np.ndarray, offset: np.ndarray | float = 0.0
) -> np.ndarray:
    """Fisher's information of a logistic regression.

    Parameters
    ----------
    design : ndarray of float, shape (n_patients, n_coefficients)
    beta : ndarray of float, shape (n_coefficients,)
    offset : float or ndarray of float, shape (n_patients,), default 0
        Added to the linear predictor.

    Returns
    -------
    ndarray of float, shape (n_coefficients, n_coefficients)
    """
    eta = offset + design @ beta
    return (design.T * (expit(eta) * expit(-eta))) @ design


def maximise_logistic(
    design: np.ndarray,
    y: np.ndarray,
    *,
    free: list[int] | None = None,
    offset: np.ndarray | None = None,
    firth: bool = False,
    ridge: np.ndarray | None = None,
    start: np.ndarray | None = None,
    farthest: float = np.inf,
) -> tuple[np.ndarray, float]:
    """Coefficients and maximised (penalised) log-likelihood, by Newton with step halving.

    Parameters
    ----------
    design : ndarray of float, shape (n_patients, n_coefficients)
        With the column of ones, where there is to be an intercept.
    y : ndarray of int, shape (n_patients,)
        1 for lymph-node metastasis, 0 for none.
    free : list of int, optional
        Coefficients to be found; the others are held at `start`, or 0. All when not given.
    offset : ndarray of float, shape (n_patients,), optional
        Added to the linear predictor.
    firth : bool, default False
        Add half the log determinant of the information of the whole design, also where columns
        are held, as R's logistf.
    ridge : ndarray of float, shape (n_coefficients, n_coefficients), optional
        Half of beta' ridge beta is subtracted.
    start : ndarray of float, shape (n_coefficients,), optional
        Zeros when not given.
    farthest : float, default infinity
        Largest linear predictor that a maximum may have, the offset left out.

    Returns
    -------
    beta : ndarray of float, shape (n_coefficients,)
    height : float

    Raises
    ------
    NoMaximum
        As soon as a linear predictor exceeds `farthest`.
    RuntimeError
        If 500 steps do not reach the maximum.
    numpy.linalg.LinAlgError
        If the curvature is singular: a column of zeros, or one that others make up.

    References
    ----------
    Firth (1993), Biometrika 80:27-38. Heinze, Schemper (2002), Stat. Med. 21:2409-2419.
    """
    free = list(range(design.shape[1])) if free is None else free
    known = 0.0 if offset is None else offset
    ridge = np.zeros((design.shape[1],) * 2) if ridge is None else ridge

    def objective(beta: np.ndarray) -> float:
        eta = known + design @ beta
        value = np.sum(y * eta - np.logaddexp(0, eta)) - beta @ ridge @ beta / 2
        if firth:
            value += np.linalg.slogdet(logistic_information(design, beta, known))[1] / 2
        return float(value)

    beta = np.zeros(design.shape[1]) if start is None else start.astype(float)
    height = objective(beta)
    for _ in range(MOST_STEPS):
        step = np.zeros_like(beta)
        step[free], gain = _newton_step(design, y, beta, free, known, ridge, firth)
        if gain < SMALLEST_GAIN:
            return beta, height
        # Up to rounding, every step must climb.
        while (there := objective(beta + step)) < height - 1e-13 * (1 + abs(height)):
            step = step / 2
        beta, height = beta + step, there
        if np.abs(design @ beta).max() > farthest:
            raise NoMaximum(f"a linear predictor exceeds {farthest:g}")
    raise RuntimeError(
        f"The logistic regression did not converge in {MOST_STEPS} steps. Look for continuous "
        "terms on very different scales or nearly collinear ones."
    )


def _newton_step(
    design: np.ndarray,
    y: np.ndarray,
    beta: np.ndarray,
    free: list[int],
    offset: np.ndarray | float,
    ridge: np.ndarray,
    firth: bool,
) -> tuple[np.ndarray, float]:
    """Step of the free coefficients, and about twice the gain still to be had."""
    fitted = expit(offset + design @ beta)
    leverage = np.zeros(len(y))
    if firth:
        inverse = np.linalg.inv(logistic_information(design, beta, offset))
        leverage = fitted * (1 - fitted) * np.sum((design @ inverse) * design, axis=1)
    # Firth's fit is that of the data with every patient added again at weight leverage, half
    # as a case and half as a control; so are its score and curvature.
    score = design[:, free].T @ (y - fitted + leverage * (0.5 - fitted)) - ridge[free] @ beta
    weight = fitted * (1 - fitted) * (1 + leverage)
    curvature = (design[:, free].T * weight) @ design[:, free] + ridge[np.ix_(free, free)]
    step = np.linalg.solve(curvature, score)
    return step, float(step @ score)
