"""Discrimination, classification and group comparison, as R's pROC and base R compute them."""

from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from thyro.checks import as_labels, as_level, as_one_of, as_probabilities, as_scores
from thyro.groups import GroupTest as GroupTest  # part of this module's interface
from thyro.groups import group_test as group_test


@dataclass(frozen=True)
class AucResult:
    """Area under one ROC curve. Every number is unrounded."""

    auc: float
    se: float  # DeLong
    ci_low: float  # clipped to 0-1, as pROC does
    ci_high: float
    level: float  # coverage of the interval
    n_cases: int
    n_controls: int

    def to_frame(self, model: str) -> pd.DataFrame:
        """One row indexed by `model`, one column per field."""
        return pd.DataFrame([asdict(self)], index=pd.Index([model], name="model"))


@dataclass(frozen=True)
class DelongResult:
    """Comparison of two correlated AUCs. Every number is unrounded."""

    auc_a: float
    auc_b: float
    difference: float  # auc_a - auc_b
    ci_low: float  # of the difference; not clipped
    ci_high: float
    z: float
    p_value: float  # two-sided
    n_cases: int
    n_controls: int

    def to_frame(self, comparison: str) -> pd.DataFrame:
        """One row indexed by `comparison`, one column per field."""
        return pd.DataFrame([asdict(self)], index=pd.Index([comparison], name="comparison"))


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

    def to_frame(self, model: str) -> pd.DataFrame:
        """One row indexed by `model`, one column per field."""
        return pd.DataFrame([asdict(self)], index=pd.Index([model], name="model"))


def _placements(y: np.ndarray, score: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """AUC, and per patient the share of the other class that is ranked on the right side.

    Midranks make it O(n log n) and exact under ties (Sun, Xu 2014).
    """
    cases, controls = score[y == 1], score[y == 0]
    rank = stats.rankdata(score)
    of_cases = (rank[y == 1] - stats.rankdata(cases)) / len(controls)
    of_controls = 1 - (rank[y == 0] - stats.rankdata(controls)) / len(cases)
    return float(of_cases.mean()), of_cases, of_controls


def auc_ci(y, score, *, level: float = 0.95) -> AucResult:
    """AUC with DeLong standard error and Wald interval, as pROC::ci.auc(method="delong").

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
        1 for lymph-node metastasis, 0 for none.
    score : array_like of float, shape (n_patients,)
        Any monotone score, higher meaning more suspicious; ties count one half.
    level : float, default 0.95
        Coverage of the interval, which is symmetric on the AUC scale and clipped to 0-1.

    Returns
    -------
    AucResult
        A perfect score has standard error 0 and interval [1, 1].

    Raises
    ------
    ValueError
        If `y` is not 0/1, a class has fewer than two patients, or the lengths differ.

    References
    ----------
    DeLong, DeLong, Clarke-Pearson (1988), Biometrics 44:837-845.
    """
    y = as_labels(y, "y")
    auc, cases, controls = _placements(y, as_scores(score, "score", len(y)))
    m, n = len(cases), len(controls)
    se = float(np.sqrt(np.var(cases, ddof=1) / m + np.var(controls, ddof=1) / n))
    half = stats.norm.isf((1 - as_level(level)) / 2) * se
    return AucResult(
        auc=auc,
        se=se,
        ci_low=float(max(auc - half, 0.0)),
        ci_high=float(min(auc + half, 1.0)),
        level=float(level),
        n_cases=m,
        n_controls=n,
    )


def delong_test(y, score_a, score_b, *, level: float = 0.95) -> DelongResult:
    """Test whether two scores of the same patients have the same AUC.

    Paired design only; ties count one half. Not for nested models compared on the patients that
    fitted them. Same numbers as pROC::roc.test(paired=TRUE, method="delong").

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
        1 for lymph-node metastasis, 0 for none.
    score_a, score_b : array_like of float, shape (n_patients,)
        Any monotone score, higher meaning more suspicious. Only ranks matter, so probabilities
        and nomogram points give the same answer.
    level : float, default 0.95
        Coverage of the confidence interval, between 0 and 1.

    Returns
    -------
    DelongResult
        AUCs and their difference on the 0-1 scale (not percent). Scores with the same ranks give
        z = 0 and p = 1.

    Raises
    ------
    ValueError
        If `y` is not 0/1, a class has fewer than two patients, or the lengths differ.

    References
    ----------
    DeLong, DeLong, Clarke-Pearson (1988), Biometrics 44:837-845.
    Sun, Xu (2014), IEEE Signal Process. Lett. 21:1389-1393 (rank form used here).
    """
    y = as_labels(y, "y")
    auc_a, cases_a, controls_a = _placements(y, as_scores(score_a, "score_a", len(y)))
    auc_b, cases_b, controls_b = _placements(y, as_scores(score_b, "score_b", len(y)))

    # Differencing per patient first keeps the covariance of the two curves.
    m, n = len(cases_a), len(controls_a)
    variance = np.var(cases_a - cases_b, ddof=1) / m + np.var(controls_a - controls_b, ddof=1) / n
    se = float(np.sqrt(variance))
    difference = auc_a - auc_b
    if se > 0:
        z = difference / se
    else:  # identical ranks give 0/0: no evidence of a difference, so z = 0
        z = float(np.sign(difference)) * np.inf if difference else 0.0
    half = float(stats.norm.isf((1 - as_level(level)) / 2)) * se
    return DelongResult(
        auc_a=auc_a,
        auc_b=auc_b,
        difference=difference,
        ci_low=difference - half,
        ci_high=difference + half,
        z=z,
        p_value=float(2 * stats.norm.sf(abs(z))),
        n_cases=m,
        n_controls=n,
    )


def delong_matrix(y, scores: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Every pair of models compared by `delong_test`, with Holm's adjustment over the pairs.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
    scores : DataFrame, shape (n_patients, n_models)
        One column per model, rows in the order of `y`.
    level : float, default 0.95
        Coverage of the intervals, which are not adjusted.

    Returns
    -------
    DataFrame
        One row per unordered pair, in the order of the columns: model_a, model_b, auc_a, auc_b,
        difference, ci_low, ci_high, z, p_value, p_holm.

    Raises
    ------
    ValueError
        If there are fewer than two models, and as `delong_test`.
    """
    if scores.shape[1] < 2 or not scores.columns.is_unique:
        raise ValueError(
            f"scores: expected two or more distinct models, got {list(scores.columns)}."
        )
    rows = []
    for a, b in combinations(scores.columns, 2):
        result = asdict(delong_test(y, scores[a], scores[b], level=level))
        del result["n_cases"], result["n_controls"]
        rows.append({"model_a": a, "model_b": b, **result})
    table = pd.DataFrame(rows)
    return table.assign(p_holm=holm(table["p_value"]))


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


def roc_curve(y, score) -> RocCurve:
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
        auc=_placements(y, score)[0],
    )


def youden_threshold(y, score) -> float:
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


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


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


def threshold_metrics(y, score, threshold: float) -> Metrics:
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

    Raises
    ------
    ValueError
        If not 0 <= k <= n, or the method is unknown.

    References
    ----------
    Wilson (1927), JASA 22:209-212. Clopper, Pearson (1934), Biometrika 26:404-413.
    """
    as_one_of(method, "method", ("wilson", "clopper-pearson"))
    if not 0 <= k <= n or k != int(k) or n != int(n):
        raise ValueError(f"k, n: expected whole numbers with 0 <= k <= n, got {k} and {n}.")
    tail = (1 - as_level(level)) / 2
    if n == 0:
        return float("nan"), float("nan")
    if method == "wilson":
        z = stats.norm.isf(tail)
        middle = k + z**2 / 2
        half = z * np.sqrt(k * (n - k) / n + z**2 / 4)
        low, high = (middle - half) / (n + z**2), (middle + half) / (n + z**2)
    else:
        low, high = stats.beta.ppf(tail, k, n - k + 1), stats.beta.isf(tail, k + 1, n - k)
    # At the ends the formulas give 0 and 1 up to rounding, or 0/0.
    return (0.0 if k == 0 else float(low)), (1.0 if k == n else float(high))


def holm(p_values) -> np.ndarray:
    """Holm's step-down adjustment, as R's p.adjust(method="holm").

    References
    ----------
    Holm (1979), Scand. J. Stat. 6:65-70.
    """
    p = as_probabilities(p_values, "p_values")
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted
