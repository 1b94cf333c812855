"""Maximum of a logistic likelihood, also penalised, and whether there is one."""

import numpy as np
from scipy.optimize import linprog
from scipy.special import expit


def maximise(
    design: np.ndarray,
    y: np.ndarray,
    free: list[int],
    *,
    firth: bool = False,
    ridge: np.ndarray | None = None,
    start: np.ndarray | None = None,
    farthest: float = np.inf,
) -> tuple[np.ndarray, float] | None:
    """Coefficients and maximised (penalised) log-likelihood.

    Those not in `free` are held at `start`, or 0. With `ridge`, a matrix, half of beta' ridge beta
    is subtracted. Newton's method with step halving. Firth's penalty is half the log determinant
    of the information of the whole design, also when columns are held at 0, as in R's logistf.
    None as soon as a linear predictor exceeds `farthest`.
    """

    def information(beta):
        return (design.T * (expit(design @ beta) * expit(-(design @ beta)))) @ design

    def objective(beta):
        eta = design @ beta
        value = np.sum(y * eta - np.logaddexp(0, eta)) - beta @ ridge @ beta / 2
        return value + np.linalg.slogdet(information(beta))[1] / 2 if firth else value

    ridge = np.zeros((design.shape[1],) * 2) if ridge is None else ridge
    beta = np.zeros(design.shape[1]) if start is None else start.astype(float)
    height = objective(beta)
    for _ in range(500):
        fitted = expit(design @ beta)
        leverage = np.zeros(len(y))
        if firth:
            inverse = np.linalg.inv(information(beta))
            leverage = fitted * (1 - fitted) * np.sum((design @ inverse) * design, axis=1)
        # Firth's fit is that of the data with every patient added again at weight leverage, half
        # as a case and half as a control; so are its score and curvature.
        score = design[:, free].T @ (y - fitted + leverage * (0.5 - fitted)) - ridge[free] @ beta
        weight = fitted * (1 - fitted) * (1 + leverage)
        step = np.zeros_like(beta)
        curvature = (design[:, free].T * weight) @ design[:, free] + ridge[np.ix_(free, free)]
        step[free] = np.linalg.solve(curvature, score)
        # In units of a standard error the step is now below 1e-10.
        if step[free] @ score < 1e-20:
            return beta, float(height)
        # Up to rounding, every step must climb.
        while objective(beta + step) < height - 1e-13 * (1 + abs(height)):
            step = step / 2
        beta = beta + step
        height = objective(beta)
        if np.abs(design @ beta).max() > farthest:
            return None
    raise RuntimeError(
        "The logistic regression did not converge in 500 steps. Look for continuous terms on very "
        "different scales or nearly collinear ones."
    )


def _separating(design: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Columns along which the likelihood never stops rising; empty when a maximum exists.

    Complete and quasi-complete separation by linear programming: is there a direction in which no
    patient's fit gets worse and somebody's gets better?

    References
    ----------
    Konis (2007), DPhil thesis, Oxford; R package detectseparation.
    """
    signed = (2 * y - 1)[:, None] * design / np.abs(design).max(axis=0)
    direction = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(y)), bounds=(-1, 1)).x
    if (signed @ direction).max() < 1e-6:
        return np.array([], dtype=int)
    return np.flatnonzero(np.abs(direction[1:]) > 1e-6) + 1


def highest(design: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Coefficients, log-likelihood and separating columns; Firth's where there are such columns."""
    everything = list(range(design.shape[1]))
    # Newton stops only where the score vanishes. While every probability is farther than 1e-8
    # from 0 and 1 that cannot happen on separated data, so the linear program is seldom needed.
    maximum = maximise(design, y, everything, firth=False, farthest=18)
    if maximum:
        return *maximum, np.array([], dtype=int)
    separating = _separating(design, y)
    return *maximise(design, y, everything, firth=len(separating) > 0), separating
