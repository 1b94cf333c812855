"""ROC curves, cut-offs and confusion matrices, as R's pROC and base R compute them."""

from dataclasses import asdict, dataclass
from math import ceil

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import binomtest

from thyro.core import as_labels, as_level, as_one_of, as_scores
from thyro.statistics.ranks import rank_auc

WHOLE = 1e-9  # of a patient: what a product of a share and a number may miss a whole one by
PROPORTION_METHODS = {"wilson": "wilson", "clopper-pearson": "exact"}  # ours -> scipy's


@dataclass(frozen=True)
class RocCurve:
    """Operating points of a score; a patient is called positive if score >= threshold."""

    threshold: np.ndarray  # increasing, from -Inf to Inf, midpoints between
    sensitivity: np.ndarray  # from 1 down to 0
    specificity: np.ndarray  # from 0 up to 1
    auc: float

    def to_frame(self) -> pd.DataFrame:
        """One row per threshold."""
        return pd.DataFrame(
            {
                "threshold": self.threshold,
                "sensitivity": self.sensitivity,
                "specificity": self.specificity,
            }
        )


@dataclass(frozen=True)
class Metrics:
    """A confusion matrix and what follows from it, on the 0-1 scale; 0/0 is NaN."""

    tp: int
    fn: int
    fp: int
    tn: int
    accuracy: float
    sensitivity: float
    specificity: float
    ppv: float
    npv: float
    f1: float

    @property
    def balanced_accuracy(self) -> float:
        """Mean of sensitivity and specificity; of a yes/no reading also its AUC."""
        return (self.sensitivity + self.specificity) / 2

    @property
    def lr_positive(self) -> float:
        """Likelihood ratio of a positive call; infinite without a false positive."""
        return _quotient(self.sensitivity, 1 - self.specificity)

    @property
    def lr_negative(self) -> float:
        """Likelihood ratio of a negative call."""
        return _quotient(1 - self.sensitivity, self.specificity)

    @property
    def mcc(self) -> float:
        """Matthews' correlation coefficient."""
        called, missed = self.tp + self.fp, self.fn + self.tn
        margins = called * missed * (self.tp + self.fn) * (self.fp + self.tn)
        return _quotient(self.tp * self.tn - self.fp * self.fn, float(np.sqrt(float(margins))))

    @property
    def kappa(self) -> float:
        """Cohen's kappa between the call and the outcome; NaN where it is 0/0, as of nobody."""
        cases, controls = self.tp + self.fn, self.fp + self.tn
        by_chance = (self.tp + self.fp) * cases + (self.fn + self.tn) * controls
        chance = _ratio(by_chance, (cases + controls) ** 2)
        return _quotient(self.accuracy - chance, 1 - chance)

    @property
    def no_information_rate(self) -> float:
        """Accuracy of calling everybody what most are: what an accuracy has to beat."""
        cases, controls = self.tp + self.fn, self.fp + self.tn
        return _ratio(max(cases, controls), cases + controls)

    def intervals(self, *, level: float = 0.95) -> dict[str, tuple[float, float]]:
        """Wilson's interval of every proportion; F1 is none, so it has none."""
        shares = {
            "accuracy": (self.tp + self.tn, self.tp + self.fn + self.fp + self.tn),
            "sensitivity": (self.tp, self.tp + self.fn),
            "specificity": (self.tn, self.tn + self.fp),
            "ppv": (self.tp, self.tp + self.fp),
            "npv": (self.tn, self.tn + self.fn),
        }
        return {name: proportion_ci(k, n, level=level) for name, (k, n) in shares.items()}

    def to_frame(self, model: str) -> pd.DataFrame:
        """One row indexed by `model`, one column per field."""
        return pd.DataFrame([asdict(self)], index=pd.Index([model], name="model"))


def _counts_by_threshold(y: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, ...]:
    """Thresholds of pROC and the true and false positives at each of them."""
    values = np.unique(score)
    low, high = np.r_[-np.inf, values], np.r_[values, np.inf]
    middle = (low + high) / 2
    # Between two neighbouring doubles the midpoint rounds onto one; the upper one separates them.
    threshold = np.where(middle > low, middle, high)
    threshold[0] = -np.inf
    cases, controls = np.sort(score[y == 1]), np.sort(score[y == 0])
    tp = len(cases) - np.searchsorted(cases, threshold, side="left")
    fp = len(controls) - np.searchsorted(controls, threshold, side="left")
    return threshold, tp, fp


def roc_curve(y: ArrayLike, score: ArrayLike) -> RocCurve:
    """ROC curve at pROC's thresholds: -Inf, midpoints of the distinct scores, Inf.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
        1 for lymph-node metastasis, 0 for none; at least one of each.
    score : array_like of float, shape (n_patients,)
        Higher meaning more suspicious; the direction is never turned round.
    """
    y = as_labels(y, "y", min_per_class=1)
    score = as_scores(score, "score", len(y))
    threshold, tp, fp = _counts_by_threshold(y, score)
    return RocCurve(
        threshold=threshold,
        sensitivity=tp / tp[0],
        specificity=1 - fp / fp[0],
        auc=rank_auc(y, score),
    )


def youden_threshold(y: ArrayLike, score: ArrayLike) -> float:
    """Threshold with the largest sensitivity + specificity, as pROC::coords(x, "best").

    The sum is compared in whole numbers of patients, so rounding cannot break a tie; of several
    thresholds at the maximum the lowest is returned, which has the highest sensitivity. A score
    that is of no use, or worse than chance at every point, gives -Inf: everybody is positive.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
        1 for lymph-node metastasis, 0 for none; at least one of each.
    score : array_like of float, shape (n_patients,)

    References
    ----------
    Youden (1950), Cancer 3:32-35.
    """
    y = as_labels(y, "y", min_per_class=1)
    threshold, tp, fp = _counts_by_threshold(y, as_scores(score, "score", len(y)))
    return float(threshold[np.argmax(tp * fp[0] - fp * tp[0])])


def sensitivity_threshold(y: ArrayLike, score: ArrayLike, sensitivity: float) -> float:
    """Highest threshold at which at least this share of the cases is called positive.

    A midpoint between scores, as those of `youden_threshold`; cases are counted, so a share of 0.9
    of ten cases is nine of them.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
        1 for lymph-node metastasis, 0 for none; at least one of each.
    score : array_like of float, shape (n_patients,)
    sensitivity : float
        Above 0, at most 1.

    Raises
    ------
    ValueError
        If `sensitivity` is out of range.
    """
    if not 0 < sensitivity <= 1:
        raise ValueError(f"sensitivity: expected a share above 0, at most 1, got {sensitivity}.")
    y = as_labels(y, "y", min_per_class=1)
    threshold, tp, _ = _counts_by_threshold(y, as_scores(score, "score", len(y)))
    wanted = ceil(sensitivity * tp[0] - WHOLE)
    return float(threshold[np.flatnonzero(tp >= wanted)[-1]])


def specificity_threshold(y: ArrayLike, score: ArrayLike, specificity: float) -> float:
    """Lowest threshold at which at least this share of the controls is called negative.

    Parameters
    ----------
    y, score
        As in `sensitivity_threshold`.
    specificity : float
        From 0 to 1. Where ties leave nothing else nobody is called positive.

    Raises
    ------
    ValueError
        If `specificity` is out of range.
    """
    if not 0 <= specificity <= 1:
        raise ValueError(f"specificity: expected a share from 0 to 1, got {specificity}.")
    y = as_labels(y, "y", min_per_class=1)
    threshold, _, fp = _counts_by_threshold(y, as_scores(score, "score", len(y)))
    wanted = ceil(specificity * fp[0] - WHOLE)
    return float(threshold[np.flatnonzero(fp[0] - fp >= wanted)[0]])


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _quotient(part: float, whole: float) -> float:
    """`part` / `whole` with R's rules: 0/0 is NaN, everything else over 0 infinite."""
    if whole == 0:
        return float(np.sign(part)) * np.inf if part else float("nan")
    return part / whole


def metrics_from_counts(tp: int, fn: int, fp: int, tn: int) -> Metrics:
    """Classification metrics of a confusion matrix.

    F1 is 2TP / (2TP + FP + FN): 0 when cases exist and none is found, NaN only when there is
    neither a case nor a positive call.

    Raises
    ------
    ValueError
        If a count is negative or not whole.
    """
    counts = {"tp": tp, "fn": fn, "fp": fp, "tn": tn}
    for name, count in counts.items():
        if not (np.isfinite(count) and count >= 0 and count == int(count)):
            raise ValueError(f"{name}: expected a whole number of patients, got {count}.")
    tp, fn, fp, tn = (int(count) for count in counts.values())
    return Metrics(
        tp=tp,
        fn=fn,
        fp=fp,
        tn=tn,
        accuracy=_ratio(tp + tn, tp + fn + fp + tn),
        sensitivity=_ratio(tp, tp + fn),
        specificity=_ratio(tn, tn + fp),
        ppv=_ratio(tp, tp + fp),
        npv=_ratio(tn, tn + fn),
        f1=_ratio(2 * tp, 2 * tp + fp + fn),
    )


def threshold_metrics(y: ArrayLike, score: ArrayLike, threshold: float) -> Metrics:
    """Metrics when patients with score >= `threshold` are called positive.

    A subgroup without cases or without controls is allowed; what is then undefined is NaN.
    """
    y = as_labels(y, "y", min_per_class=0)
    score = as_scores(score, "score", len(y))
    if np.isnan(threshold):
        raise ValueError("threshold: expected a number, got NaN.")
    tp = int(np.sum((score >= threshold) & (y == 1)))
    fp = int(np.sum((score >= threshold) & (y == 0)))
    return metrics_from_counts(tp, int(y.sum()) - tp, fp, int((1 - y).sum()) - fp)


def proportion_ci(
    k: int, n: int, *, method: str = "wilson", level: float = 0.95
) -> tuple[float, float]:
    """Confidence interval of the proportion k / n, on the 0-1 scale.

    Parameters
    ----------
    k, n : int
        Successes and trials; n = 0 gives (NaN, NaN).
    method : {"wilson", "clopper-pearson"}
        Score interval without continuity correction (R: prop.test(correct=FALSE)), or the exact
        one (R: binom.test).
    level : float, default 0.95

    Returns
    -------
    low, high : float

    Raises
    ------
    ValueError
        If not 0 <= k <= n, or the method is unknown.

    References
    ----------
    Wilson (1927), JASA 22:209-212. Clopper, Pearson (1934), Biometrika 26:404-413.
    """
    as_one_of(method, "method", PROPORTION_METHODS)
    if not 0 <= k <= n or k != int(k) or n != int(n):
        raise ValueError(f"k, n: expected whole numbers with 0 <= k <= n, got {k} and {n}.")
    level = as_level(level)
    if n == 0:
        return float("nan"), float("nan")
    test = binomtest(int(k), int(n))
    interval = test.proportion_ci(level, method=PROPORTION_METHODS[method])
    return float(interval.low), float(interval.high)
