"""The scale on which models are averaged, calibrated, and enter a nomogram: log odds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from thyro.core import as_labels
from thyro.statistics.newton import maximise_logistic

RANGE = 0.01, 0.99  # probabilities beyond count as these: a share of votes may be 0 or 1
LEAST_SLOPE = 0.01  # of a calibration: the order of patients is the model's own


def log_odds(p: ArrayLike) -> np.ndarray:
    """Log odds of probabilities of any shape, which are kept within `RANGE`."""
    return logit(np.clip(np.asarray(p, dtype=float), *RANGE))


@dataclass(frozen=True)
class OddsCalibration:
    """Probability = expit(intercept + slope * log odds of a model)."""

    intercept: float
    slope: float  # above 1 where a model is too timid, below where it is too sure

    def __call__(self, values: ArrayLike) -> np.ndarray:
        """Calibrated probabilities of log odds, of the same shape."""
        return expit(self.intercept + self.slope * np.asarray(values, dtype=float))


def calibrate_across_folds(y: ArrayLike, values: ArrayLike) -> OddsCalibration:
    """Fit a calibration on cross-fitted predictions of training patients.

    Two numbers for the models of all folds, so that no patient changes places with another. Where
    the models say nothing the slope would be zero or negative, and is held at `LEAST_SLOPE`.

    Parameters
    ----------
    y : array_like of int, shape (n_training,)
    values : array_like of float, shape (n_training,)
        Log odds.

    References
    ----------
    Platt (1999), in: Advances in Large Margin Classifiers, 61-74. Firth (1993), Biometrika 80:27-38
    (so that a model without error has a calibration too).
    """
    y, values = as_labels(y, "y"), np.asarray(values, dtype=float)
    design = np.column_stack([np.ones(len(y)), values])
    intercept, slope = 0.0, 0.0
    if np.ptp(values) > 0:
        intercept, slope = maximise_logistic(design, y, firth=True)[0]
    if slope < LEAST_SLOPE:
        slope = LEAST_SLOPE
        intercept = logit(y.mean()) - slope * values.mean()
    return OddsCalibration(float(intercept), float(slope))
