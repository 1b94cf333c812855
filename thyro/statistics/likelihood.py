"""Whether a logistic likelihood has a maximum, and where: Firth's where it has none.

It stands with the statistics because notebook 00 foresees what the regressions of `clinical` do.
"""

import numpy as np
from scipy.optimize import linprog
from scipy.stats import chi2

from thyro.statistics.newton import NoMaximum, maximise_logistic

# While every probability is farther than 1e-8 from 0 and 1, Newton stops only where the score
# vanishes, which cannot happen on separated data.
FARTHEST = 18.0
NO_DIRECTION = 1e-6  # of the linear program: what is smaller is zero


def highest_likelihood(design: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Maximum-likelihood fit of all columns, or Firth's where the outcome is separated.

    Parameters
    ----------
    design : ndarray of float, shape (n_patients, n_coefficients)
        The first column holds ones.
    y : ndarray of int, shape (n_patients,)

    Returns
    -------
    beta : ndarray of float, shape (n_coefficients,)
    height : float
        The log-likelihood there, with Firth's penalty where that was taken.
    separating : ndarray of int
        Columns that separate the outcome; empty where the fit is that of maximum likelihood.

    Raises
    ------
    RuntimeError, numpy.linalg.LinAlgError
        As `maximise_logistic`.
    """
    try:
        return *maximise_logistic(design, y, farthest=FARTHEST), np.array([], dtype=int)
    except NoMaximum:  # so the linear program is seldom needed
        separating = separating_columns(design, y)
        return *maximise_logistic(design, y, firth=len(separating) > 0), separating


def separating_columns(design: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Columns along which the likelihood never stops rising; empty when a maximum exists.

    Complete and quasi-complete separation by linear programming: is there a direction in which no
    patient's fit gets worse and somebody's gets better?

    References
    ----------
    Konis (2007), DPhil thesis, Oxford; R package detectseparation.
    """
    signed = (2 * y - 1)[:, None] * design / np.abs(design).max(axis=0)
    direction = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(y)), bounds=(-1, 1)).x
    if (signed @ direction).max() < NO_DIRECTION:
        return np.array([], dtype=int)
    return np.flatnonzero(np.abs(direction[1:]) > NO_DIRECTION) + 1


def likelihood_ratio_p(design: np.ndarray, y: np.ndarray) -> float:
    """p of the likelihood-ratio test of all columns but the first, as R's anova of two glm.

    Parameters, errors
        As `highest_likelihood`; where the outcome is separated both likelihoods are Firth's.
    """
    _, height, separating = highest_likelihood(design, y)
    _, null = maximise_logistic(design, y, free=[0], firth=len(separating) > 0)
    # Rounding can leave a gain of -1e-13 where the columns explain nothing.
    return float(chi2.sf(max(2 * (height - null), 0), design.shape[1] - 1))
