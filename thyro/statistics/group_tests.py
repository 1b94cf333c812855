"""How a variable differs between groups: tests as base R computes them, and how far it is apart."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from scipy import stats

from thyro.core import as_one_of
from thyro.statistics.fisher import fisher_p

TESTS = ("auto", "student", "welch", "mann-whitney", "chi2", "fisher")


@dataclass(frozen=True)
class GroupTest:
    """Comparison of groups: which test was made and what it gave."""

    test: str  # student, welch, mann-whitney, chi2 or fisher
    statistic: float  # t, U of the first group, X2; NaN for Fisher's test, which has none
    p_value: float  # two-sided; NaN when the variable has a single value


def is_categorical(values: pd.Series) -> bool:
    """Whether a variable has levels: all but numbers, and of these true and false.

    The dtype carries the kind that the study declares: where the cohort is read, a categorical
    variable becomes a Categorical, and parquet keeps it.
    """
    return not is_numeric_dtype(values) or is_bool_dtype(values)


def group_test(x: ArrayLike, group: ArrayLike, *, test: str = "auto") -> GroupTest:
    """Test whether `x` is distributed alike in the groups.

    Parameters
    ----------
    x : array_like, shape (n_patients,)
        Numbers are continuous; Categorical, string and boolean values are categorical.
    group : array_like, shape (n_patients,)
        Two groups for continuous `x`, two or more otherwise. The first is the first category of a
        Categorical that occurs, else the smallest value; signs are first minus second.
    test : {"auto", "student", "welch", "mann-whitney", "chi2", "fisher"}
        "auto" takes Student's t test for continuous `x` if Shapiro-Wilk keeps normality in both
        groups (p >= 0.05), else Mann-Whitney, and the chi-square test for categorical `x`.

    Returns
    -------
    GroupTest
        "mann-whitney" follows R's wilcox.test: exact below 50 per group without ties, else the
        normal approximation with continuity and tie correction. "chi2" has Yates' correction for
        two by two tables and none for larger ones, as chisq.test. "fisher" is exact for any
        table. Statistic and p are NaN where `x` has a single value.

    Raises
    ------
    ValueError
        For missing values, unequal lengths, a wrong number of groups, an unknown test, a t test
        of fewer than two patients or of groups without variance.
    TableTooLarge
        A ValueError too: for Fisher's test of a table that can be filled in too many ways; it says
        so within about two seconds.

    References
    ----------
    Royston (1995), Appl. Stat. 44:547-551 (Shapiro-Wilk). Yates (1934), JRSS Suppl. 1:217-235.
    """
    as_one_of(test, "test", TESTS)
    values, groups = _paired_series(x, group)
    continuous = not is_categorical(values)
    if test in ("chi2", "fisher") or (test == "auto" and not continuous):
        table = pd.crosstab(values, groups).to_numpy()
        if table.shape[1] < 2:
            raise ValueError(f"group: expected two or more groups, found {table.shape[1]}.")
        return _table_test(table, "chi2" if test == "auto" else test)
    if not continuous:
        raise ValueError(f"x: {test!r} needs numbers, got {values.dtype}; use 'chi2' or 'fisher'.")
    levels = _levels(groups)
    if len(levels) != 2:
        raise ValueError(f"group: expected two groups for a continuous x, found {levels}.")
    first, second = (values[groups == level].to_numpy(dtype=float) for level in levels)
    if test == "auto":
        test = "student" if _is_normal(first) and _is_normal(second) else "mann-whitney"
    return _mann_whitney(first, second) if test == "mann-whitney" else _t_test(first, second, test)


def standardised_difference(x: ArrayLike, group: ArrayLike) -> float:
    """How far two groups are apart, in standard deviations, whatever the number of patients.

    Parameters
    ----------
    x, group : array_like, shape (n_patients,)
        As in `group_test`; two groups.

    Returns
    -------
    float
        Of numbers, Cohen's d: (mean of the first - mean of the second) / sqrt of the mean of both
        variances (ddof 1). Of k levels, the Mahalanobis distance of both vectors of k - 1 shares,
        which has no sign; for two levels |p1 - p2| / sqrt((p1 q1 + p2 q2) / 2). Infinite where the
        groups share no value and do not vary; NaN where `x` has a single value or, for numbers, a
        group has a single patient.

    Raises
    ------
    ValueError
        For missing values, unequal lengths, or another number of groups.

    References
    ----------
    Cohen (1988), Statistical Power Analysis, 2nd ed., p. 44. Yang, Dalton (2012), SAS Global Forum
    2012, paper 335. Austin (2009), Stat. Med. 28:3083-3107 (above 0.1 groups count as unlike).
    """
    values, groups = _paired_series(x, group)
    levels = _levels(groups)
    if len(levels) != 2:
        raise ValueError(f"group: expected two groups, found {levels}.")
    if values.nunique() < 2:
        return float("nan")
    if not is_categorical(values):
        first, second = (values[groups == level].to_numpy(dtype=float) for level in levels)
        if min(len(first), len(second)) < 2:
            return float("nan")
        difference = float(np.mean(first) - np.mean(second))
        sd = np.sqrt((np.var(first, ddof=1) + np.var(second, ddof=1)) / 2)
        return float(difference / sd) if sd > 0 else float(np.sign(difference) * np.inf)
    table = pd.crosstab(values, groups)[levels].to_numpy(dtype=float)
    first, second = (table / table.sum(axis=0)).T
    # Where no level occurs in both groups the mean covariance is singular across the difference.
    if not np.any(first * second):
        return float("inf")
    # The last share is one minus the others, and left out.
    d, covariance = (first - second)[:-1], (_covariance(first) + _covariance(second)) / 2
    return float(np.sqrt(d @ np.linalg.solve(covariance, d)))


def _covariance(shares: np.ndarray) -> np.ndarray:
    """Of one patient's indicators of all levels but the last."""
    return np.diag(shares[:-1]) - np.outer(shares[:-1], shares[:-1])


def _paired_series(x: ArrayLike, group: ArrayLike) -> tuple[pd.Series, pd.Series]:
    """Both arguments as complete series of one length, whatever index they came with."""
    pair = {"x": pd.Series(x), "group": pd.Series(group)}
    first, second = (values.reset_index(drop=True) for values in pair.values())
    if len(first) != len(second):
        raise ValueError(f"x, group: expected one length, got {len(first)} and {len(second)}.")
    for name, values in (("x", first), ("group", second)):
        if values.isna().any():
            raise ValueError(
                f"{name}: {int(values.isna().sum())} values are missing, the first at position "
                f"{int(values.isna().argmax())}. Leave these patients out before the test."
            )
    return first, second


def _levels(group: pd.Series) -> list:
    """Groups that occur: in declared order for a Categorical, else sorted."""
    if isinstance(group.dtype, pd.CategoricalDtype):
        return group.cat.remove_unused_categories().cat.categories.tolist()
    return sorted(group.unique().tolist())


def _is_normal(x: np.ndarray) -> bool:
    """Whether Shapiro-Wilk keeps normality at 0.05; where R refuses the test the answer is no."""
    if not 3 <= len(x) <= 5000 or np.ptp(x) == 0:
        return False
    return stats.shapiro(x).pvalue >= 0.05


def _t_test(first: np.ndarray, second: np.ndarray, test: str) -> GroupTest:
    if min(len(first), len(second)) < 2 or max(np.ptp(first), np.ptp(second)) == 0:
        raise ValueError(
            f"x: {test!r} needs two patients per group and some variance, got groups of "
            f"{len(first)} and {len(second)} with ranges {np.ptp(first)} and {np.ptp(second)}; "
            "use 'mann-whitney'."
        )
    # From the moments: scipy's test on the values warns where one of the groups is constant.
    moments = [(np.mean(g), np.std(g, ddof=1), len(g)) for g in (first, second)]
    result = stats.ttest_ind_from_stats(*moments[0], *moments[1], equal_var=test == "student")
    return GroupTest(test, float(result.statistic), float(result.pvalue))


def _mann_whitney(first: np.ndarray, second: np.ndarray) -> GroupTest:
    both = np.r_[first, second]
    if np.ptp(both) == 0:
        return GroupTest("mann-whitney", float("nan"), float("nan"))
    exact = max(len(first), len(second)) < 50 and len(np.unique(both)) == len(both)
    method = "exact" if exact else "asymptotic"
    result = stats.mannwhitneyu(first, second, method=method)
    return GroupTest("mann-whitney", float(result.statistic), float(result.pvalue))


def _table_test(table: np.ndarray, test: str) -> GroupTest:
    if table.shape[0] == 1:
        return GroupTest(test, float("nan"), float("nan"))
    if test == "chi2":
        result = stats.chi2_contingency(table, correction=True)
        return GroupTest(test, float(result.statistic), float(result.pvalue))
    return GroupTest(test, float("nan"), fisher_p(table))
