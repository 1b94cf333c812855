"""Areas under ROC curves and their comparison by DeLong's variance, as R's pROC."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import expit, logit

from thyro.core import as_labels, as_level, as_one_of, as_scores
from thyro.statistics.ranks import below, placements

BLOCK = 2_000_000  # patients times draws that a bootstrap holds at a time


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
class UnpairedResult:
    """Comparison of the AUCs of different patients. Every number is unrounded."""

    auc_a: float
    auc_b: float
    difference: float  # auc_a - auc_b
    ci_low: float  # of the difference; not clipped
    ci_high: float
    statistic: float  # D of pROC
    df: float  # NaN when both AUCs have variance 0
    p_value: float  # two-sided


def _variance(of_cases: np.ndarray, of_controls: np.ndarray) -> float:
    """DeLong's variance of a mean of placements, or of differences of placements."""
    return float(
        np.var(of_cases, ddof=1) / len(of_cases) + np.var(of_controls, ddof=1) / len(of_controls)
    )


def auc_ci(y: ArrayLike, score: ArrayLike, *, level: float = 0.95) -> AucResult:
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
    auc, cases, controls = placements(y, as_scores(score, "score", len(y)))
    se = float(np.sqrt(_variance(cases, controls)))
    half = stats.norm.isf((1 - as_level(level)) / 2) * se
    return AucResult(
        auc=auc,
        se=se,
        ci_low=float(max(auc - half, 0.0)),
        ci_high=float(min(auc + half, 1.0)),
        level=float(level),
        n_cases=len(cases),
        n_controls=len(controls),
    )


def auc_interval(
    y: ArrayLike,
    score: ArrayLike,
    *,
    method: str = "logit",
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> tuple[float, float]:
    """Interval of the AUC that keeps within 0-1, beside the Wald interval of `auc_ci`.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
    score : array_like of float, shape (n_patients,)
    method : {"logit", "bootstrap"}
        DeLong's standard error carried to the log odds of the AUC, or percentiles of stratified
        bootstrap samples, as pROC::ci.auc(method="bootstrap").
    level : float, default 0.95
    draws, seed : int
        Of the bootstrap.

    Returns
    -------
    low, high : float
        Where the standard error is 0, as for an AUC of 0 or 1, both are the AUC.

    Raises
    ------
    ValueError
        For an unknown method, and as `auc_ci`.

    References
    ----------
    Pepe (2003), The Statistical Evaluation of Medical Tests, 5.2.5 (logit). Carpenter, Bithell
    (2000), Stat. Med. 19:1141-1164 (percentiles).
    """
    as_one_of(method, "method", ("logit", "bootstrap"))
    found = auc_ci(y, score, level=level)
    if found.se == 0 or found.auc in (0, 1):
        return found.auc, found.auc
    if method == "logit":
        half = stats.norm.isf((1 - level) / 2) * found.se / (found.auc * (1 - found.auc))
        middle = logit(found.auc)
        return float(expit(middle - half)), float(expit(middle + half))
    drawn = _bootstrap_aucs(as_labels(y, "y"), np.asarray(score, dtype=float), draws, seed)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _bootstrap_aucs(y: np.ndarray, score: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """AUC of samples drawn with replacement within each class, shape (draws,)."""
    rng = np.random.default_rng(seed)
    values, group = np.unique(score, return_inverse=True)
    classes = [group[y == 1], group[y == 0]]
    out = []
    rows = max(1, BLOCK // len(y))
    for start in range(0, draws, rows):
        n = min(rows, draws - start)
        offset = np.arange(n)[:, None] * len(values)
        cases, controls = (
            np.bincount(
                (of[rng.integers(0, len(of), (n, len(of)))] + offset).ravel(),
                minlength=n * len(values),
            ).reshape(n, -1)
            for of in classes
        )
        pairs = np.sum(cases * below(controls), axis=1)
        out.append(pairs / (len(classes[0]) * len(classes[1])))
    return np.concatenate(out)


def delong_test(
    y: ArrayLike, score_a: ArrayLike, score_b: ArrayLike, *, level: float = 0.95
) -> DelongResult:
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
    a = placements(y, as_scores(score_a, "score_a", len(y)))
    b = placements(y, as_scores(score_b, "score_b", len(y)))
    return _compared(a, b, as_level(level))


def _compared(a: tuple, b: tuple, level: float) -> DelongResult:
    """The paired test of two results of `placements`."""
    (auc_a, cases_a, controls_a), (auc_b, cases_b, controls_b) = a, b
    # Differencing per patient first keeps the covariance of the two curves.
    se = float(np.sqrt(_variance(cases_a - cases_b, controls_a - controls_b)))
    difference = auc_a - auc_b
    z = _standardised(difference, se)
    half = float(stats.norm.isf((1 - level) / 2)) * se
    return DelongResult(
        auc_a=auc_a,
        auc_b=auc_b,
        difference=difference,
        ci_low=difference - half,
        ci_high=difference + half,
        z=z,
        p_value=float(2 * stats.norm.sf(abs(z))),
        n_cases=len(cases_a),
        n_controls=len(controls_a),
    )


def _standardised(difference: float, se: float) -> float:
    """Difference over its standard error; identical ranks give 0/0, no evidence, so 0."""
    if se > 0:
        return difference / se
    return float(np.sign(difference)) * np.inf if difference else 0.0


def unpaired_test(
    y_a: ArrayLike, score_a: ArrayLike, y_b: ArrayLike, score_b: ArrayLike, *, level: float = 0.95
) -> UnpairedResult:
    """Test whether scores of different patients have the same AUC, as two cohorts of one model.

    Same numbers as pROC::roc.test(paired=FALSE, method="delong"): Student's t with Welch's degrees
    of freedom, counted from all patients of each group less one, not the normal distribution.

    Parameters
    ----------
    y_a, y_b : array_like of int, shapes (n_a,) and (n_b,)
    score_a, score_b : array_like of float, shapes (n_a,) and (n_b,)
        Higher meaning more suspicious.
    level : float, default 0.95

    Returns
    -------
    UnpairedResult
        Two AUCs without variance give p = 1 where they are equal, else 0.

    Raises
    ------
    ValueError
        As `auc_ci`, for either group.
    """
    a, b = auc_ci(y_a, score_a, level=level), auc_ci(y_b, score_b, level=level)
    variances = np.array([a.se**2, b.se**2])
    sizes = np.array([a.n_cases + a.n_controls, b.n_cases + b.n_controls])
    se = float(np.sqrt(variances.sum()))
    difference = a.auc - b.auc
    statistic = _standardised(difference, se)
    df = float(se**4 / np.sum(variances**2 / (sizes - 1))) if se > 0 else float("nan")
    half, p_value = 0.0, float(2 * stats.norm.sf(abs(statistic)))
    if se > 0:
        half = float(stats.t.isf((1 - level) / 2, df)) * se
        p_value = float(2 * stats.t.sf(abs(statistic), df))
    return UnpairedResult(
        auc_a=a.auc,
        auc_b=b.auc,
        difference=difference,
        ci_low=difference - half,
        ci_high=difference + half,
        statistic=statistic,
        df=df,
        p_value=p_value,
    )


def holm_adjusted(p_values: np.ndarray) -> np.ndarray:
    """P values after Holm's adjustment for their number; R's p.adjust(p, "holm").

    statsmodels has it too, and collects the garbage of the whole process at every call, which takes
    half a second where torch is loaded.

    Parameters
    ----------
    p_values : ndarray of float, shape (n,)

    References
    ----------
    Holm (1979), Scand. J. Stat. 6:65-70.
    """
    order = np.argsort(p_values, kind="stable")
    stepped = np.maximum.accumulate(p_values[order] * np.arange(len(order), 0, -1))
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted


def delong_pairs(
    y: ArrayLike,
    scores: pd.DataFrame,
    pairs: Sequence[tuple[str, str]],
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """Pairs of models compared by `delong_test`, with Holm's adjustment over all of them.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
    scores : DataFrame, shape (n_patients, n_models)
        One column per model, rows in the order of `y`.
    pairs : sequence of (str, str)
        Distinct comparisons, of columns of `scores`.
    level : float, default 0.95
        Coverage of the intervals, which are not adjusted.

    Returns
    -------
    DataFrame
        One row per pair: model_a, model_b, auc_a, auc_b, difference, ci_low, ci_high, z, p_value,
        p_holm.

    Raises
    ------
    ValueError
        If there is no pair, a comparison stands twice, and as `delong_test`.
    """
    if not pairs or len({frozenset(pair) for pair in pairs}) < len(pairs):
        raise ValueError(f"pairs: expected one or more distinct comparisons, got {list(pairs)}.")
    y = as_labels(y, "y")
    models = dict.fromkeys(model for pair in pairs for model in pair)
    placed = {m: placements(y, as_scores(scores[m], str(m), len(y))) for m in models}
    rows = []
    for a, b in pairs:
        result = asdict(_compared(placed[a], placed[b], as_level(level)))
        del result["n_cases"], result["n_controls"]
        rows.append({"model_a": a, "model_b": b, **result})
    table = pd.DataFrame(rows)
    return table.assign(p_holm=holm_adjusted(table["p_value"].to_numpy()))


def delong_matrix(y: ArrayLike, scores: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Every pair of models compared, in the order of the columns, as `delong_pairs`.

    Raises
    ------
    ValueError
        If there are fewer than two models, and as `delong_test`.
    """
    if scores.shape[1] < 2 or not scores.columns.is_unique:
        raise ValueError(
            f"scores: expected two or more distinct models, got {list(scores.columns)}."
        )
    return delong_pairs(y, scores, list(combinations(scores.columns, 2)), level=level)
