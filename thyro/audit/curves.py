"""Areas under ROC curves from what is printed: errors, correlations, bounds, yes/no readings."""

from dataclasses import dataclass
from functools import cache
from math import sqrt

import numpy as np
from scipy.stats import norm

from thyro.audit.printed import Interval

LEVEL = 0.95  # coverage of printed intervals
POINTS = 200  # of Gauss-Hermite integration
SPREADS = (0.5, 0.7, 1.0, 1.4, 2.0)  # SD of controls in that of cases, of binormal scores
SHARES = (0.2, 0.45)  # of a cohort that may have the outcome, in the search of yes/no readings


def standard_error(interval: Interval, *, level: float = LEVEL) -> float:
    """Of the AUC, from the width of its symmetric interval (0-1 scale)."""
    return (interval.high.value - interval.low.value) / (2 * norm.isf((1 - level) / 2))


def hanley_mcneil(auc: float, cases: int, controls: int) -> float:
    """Standard error of an AUC with exponential scores.

    References
    ----------
    Hanley, McNeil (1982), Radiology 143:29-36.
    """
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (cases - 1) * (q1 - auc**2) + (controls - 1) * (q2 - auc**2)
    return sqrt(variance / (cases * controls))


def largest_error(auc: float, cases: int, controls: int) -> float:
    """The largest standard error that an AUC can have, whatever the scores.

    References
    ----------
    Birnbaum, Klose (1957), Ann. Math. Stat. 28:933-945.
    """
    return sqrt(auc * (1 - auc) / min(cases, controls))


def binormal_error(auc: float, cases: int, controls: int, *, spread: float = 1.0) -> float:
    """DeLong's standard error, expected of normal scores.

    Parameters
    ----------
    auc : float
        Between 0 and 1.
    cases, controls : int
    spread : float, default 1
        Standard deviation of the controls in that of the cases.
    """
    z, w = _normal_nodes()
    distance = norm.ppf(auc) * sqrt(1 + spread**2)
    above = norm.cdf((distance + z) / spread)  # of controls that lie below a case
    below = norm.sf(spread * z - distance)  # of cases that lie above a control
    variance = (w @ above**2 - (w @ above) ** 2) / cases
    variance += (w @ below**2 - (w @ below) ** 2) / controls
    return sqrt(variance)


def auc_bounds(sensitivity: float, specificity: float) -> tuple[float, float]:
    """The smallest and the largest AUC of a curve through one operating point."""
    return sensitivity * specificity, 1 - (1 - sensitivity) * (1 - specificity)


@cache
def _normal_nodes() -> tuple[np.ndarray, np.ndarray]:
    """Values of a standard normal variable and their weights (Gauss-Hermite)."""
    nodes, weights = np.polynomial.hermite.hermgauss(POINTS)
    return sqrt(2) * nodes, weights / np.sqrt(np.pi)


@dataclass(frozen=True)
class Difference:
    """Two AUCs of the same patients, from their intervals."""

    difference: float  # a less b
    se_a: float
    se_b: float

    def correlation(self, p: float) -> float:
        """Of the two AUCs, for DeLong's paired test to give `p`; beyond 1 none does."""
        z = norm.isf(p / 2)
        variance = (self.difference / z) ** 2
        return (self.se_a**2 + self.se_b**2 - variance) / (2 * self.se_a * self.se_b)

    @property
    def p_uncorrelated(self) -> float:
        """Two-sided p if the AUCs were of different patients."""
        return float(2 * norm.sf(abs(self.difference) / sqrt(self.se_a**2 + self.se_b**2)))


def difference(a: Interval, b: Interval) -> Difference:
    """Middles of the intervals are the AUCs with a digit more than is printed of them."""
    return Difference(a.middle - b.middle, standard_error(a), standard_error(b))


def reading_error(tp: np.ndarray, fp: np.ndarray, cases: int, controls: int) -> np.ndarray:
    """DeLong's standard error of the AUC of a yes/no reading, of whatever shape `tp` and `fp`."""
    sensitivity, false = tp / cases, fp / controls
    variance = sensitivity * (1 - sensitivity) / (cases - 1) + false * (1 - false) / (controls - 1)
    return np.sqrt(variance) / 2


def yes_no_readings(printed: Interval, n: int) -> list[tuple[int, int, int]]:
    """Every (cases, true positives, false positives) whose AUC and Wald interval are as printed.

    All cases from SHARES of the `n` patients are tried with all calls.
    """
    z, found = norm.isf((1 - LEVEL) / 2), []
    for cases in range(int(np.ceil(SHARES[0] * n)), int(SHARES[1] * n) + 1):
        tp, fp = np.ogrid[: cases + 1, : n - cases + 1]
        auc = (tp / cases + 1 - fp / (n - cases)) / 2
        half = z * reading_error(tp, fp, cases, n - cases)
        fits = np.abs(auc - printed.auc.value) <= printed.auc.half
        fits &= np.abs(auc - half - printed.low.value) <= printed.low.half
        fits &= np.abs(auc + half - printed.high.value) <= printed.high.half
        found += [(cases, int(i), int(j)) for i, j in zip(*np.nonzero(fits), strict=True)]
    return found


def reading_aucs(called: int, cases: int, controls: int) -> dict[int, float]:
    """AUC of every yes/no reading that calls `called` patients, by its true positives."""
    return {
        tp: (tp / cases + 1 - (called - tp) / controls) / 2
        for tp in range(max(0, called - controls), min(called, cases) + 1)
    }


def unpaired_p(a: Interval, b: Interval) -> float:
    """Two-sided p of the difference of two AUCs of different patients."""
    return difference(a, b).p_uncorrelated
