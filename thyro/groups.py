"""How a variable differs between groups: tests as base R computes them, and how far it is apart."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from scipy import stats
from scipy.special import gammaln

from thyro.checks import as_one_of

TESTS = ("auto", "student", "welch", "mann-whitney", "chi2", "fisher")
MOST_PATHS = 3_000_000  # of Fisher's test: about a second; from nine levels on it would be minutes


class TableTooLarge(ValueError):
    """A table with more ways to fill it than Fisher's test can go through."""


@dataclass(frozen=True)
class GroupTest:
    """Comparison of groups: which test was made and what it gave."""

    test: str  # student, welch, mann-whitney, chi2 or fisher
    statistic: float  # t, U of the first group, X2; NaN for Fisher's test, which has none
    p_value: float  # two-sided; NaN when the variable has a single value


def group_test(x, group, *, test: str = "auto") -> GroupTest:
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
        A ValueError too: for Fisher's test of a table that has too many levels to enumerate.

    References
    ----------
    Royston (1995), Appl. Stat. 44:547-551 (Shapiro-Wilk). Yates (1934), JRSS Suppl. 1:217-235.
    """
    as_one_of(test, "test", TESTS)
    x, group = _paired_series(x, group)
    continuous = _is_continuous(x)
    if test in ("chi2", "fisher") or (test == "auto" and not continuous):
        table = pd.crosstab(x, group).to_numpy()
        if table.shape[1] < 2:
            raise ValueError(f"group: expected two or more groups, found {table.shape[1]}.")
        return _table_test(table, "chi2" if test == "auto" else test)
    if not continuous:
        raise ValueError(f"x: {test!r} needs numbers, got {x.dtype}; use 'chi2' or 'fisher'.")
    levels = _levels(group)
    if len(levels) != 2:
        raise ValueError(f"group: expected two groups for a continuous x, found {levels}.")
    first, second = (x[group == level].to_numpy(dtype=float) for level in levels)
    if test == "auto":
        test = "student" if _is_normal(first) and _is_normal(second) else "mann-whitney"
    return _mann_whitney(first, second) if test == "mann-whitney" else _t_test(first, second, test)


def standardised_difference(x, group) -> float:
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
    x, group = _paired_series(x, group)
    levels = _levels(group)
    if len(levels) != 2:
        raise ValueError(f"group: expected two groups, found {levels}.")
    if x.nunique() < 2:
        return float("nan")
    if _is_continuous(x):
        first, second = (x[group == level].to_numpy(dtype=float) for level in levels)
        if min(len(first), len(second)) < 2:
            return float("nan")
        difference = float(np.mean(first) - np.mean(second))
        sd = np.sqrt((np.var(first, ddof=1) + np.var(second, ddof=1)) / 2)
        return float(difference / sd) if sd > 0 else float(np.sign(difference) * np.inf)
    table = pd.crosstab(x, group)[levels].to_numpy(dtype=float)
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


def _is_continuous(x: pd.Series) -> bool:
    return is_numeric_dtype(x) and not is_bool_dtype(x)


def _paired_series(x, group) -> tuple[pd.Series, pd.Series]:
    """Both arguments as complete series of one length, whatever index they came with."""
    x = pd.Series(x).reset_index(drop=True)
    group = pd.Series(group).reset_index(drop=True)
    if len(x) != len(group):
        raise ValueError(f"x, group: expected one length, got {len(x)} and {len(group)}.")
    for name, values in (("x", x), ("group", group)):
        if values.isna().any():
            raise ValueError(
                f"{name}: {int(values.isna().sum())} values are missing, the first at position "
                f"{int(values.isna().argmax())}. Leave these patients out before the test."
            )
    return x, group


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
    return GroupTest(test, float("nan"), _fisher_p(table))


def _fisher_p(table: np.ndarray) -> float:
    """Two-sided p of Fisher's exact test: all tables at most as probable as the one observed.

    Tables are built row by row. Paths that lead to the same remaining column totals and have the
    same probability so far are one path; a path is closed as soon as all or none of its
    completions count, which the largest and smallest completion tell.

    References
    ----------
    Mehta, Patel (1983), JASA 78:427-434; R's fisher.test, including its 1e-7 for ties.
    """
    table = table if table.shape[0] >= table.shape[1] else table.T
    # The last row is determined by the others, so the largest comes last.
    rows = sorted(int(total) for total in table.sum(axis=1))
    columns = tuple(int(total) for total in table.sum(axis=0))
    if np.prod([total + 1.0 for total in sorted(columns)[:-1]]) * len(rows) > 2e5:
        raise TableTooLarge(_too_large(rows, columns))
    constant = gammaln(np.add(rows, 1)).sum() + gammaln(np.add(columns, 1)).sum()
    constant -= gammaln(sum(rows) + 1)
    limit = -gammaln(table + 1).sum() + 1e-7

    @cache
    def bounds(k: int, left: tuple) -> tuple[float, float]:
        """Largest and smallest log weight of the rows from k on."""
        if k == len(rows) - 1:
            return (-gammaln(np.add(left, 1)).sum(),) * 2
        ends = []
        for row, weight in _rows(rows[k], left):
            high, low = bounds(k + 1, tuple(np.subtract(left, row)))
            ends.append((weight + high, weight + low))
        return max(high for high, _ in ends), min(low for _, low in ends)

    p, paths, taken = 0.0, {columns: {0.0: 1}}, 0
    for k in range(len(rows) - 1):
        following = defaultdict(lambda: defaultdict(int))
        rest = gammaln(sum(rows[k + 1 :]) + 1) - gammaln(np.add(rows[k + 1 :], 1)).sum()
        for left, pasts in paths.items():
            for row, weight in _rows(rows[k], left):
                after = tuple(np.subtract(left, row))
                high, low = bounds(k + 1, after)
                completions = rest - gammaln(np.add(after, 1)).sum()
                taken += len(pasts)
                if taken > MOST_PATHS:
                    raise TableTooLarge(_too_large(rows, columns))
                for past, count in pasts.items():
                    path = past + weight
                    if path + high <= limit:
                        p += count * np.exp(constant + path + completions)
                    elif path + low <= limit:
                        following[after][round(path, 9)] += count
        paths = following
    return min(float(p), 1.0)


def _too_large(rows, columns) -> str:
    return f"x: a table with margins {rows} and {columns} is too large; use 'chi2'."


@lru_cache(maxsize=100_000)
def _rows(total: int, left: tuple) -> list[tuple[tuple, float]]:
    """Ways to spread `total` over columns with `left` places, and the log weight of each."""
    if len(left) == 1:
        return [((total,), -float(gammaln(total + 1)))] if total <= left[0] else []
    return [
        ((n, *row), weight - float(gammaln(n + 1)))
        for n in range(min(total, left[0]) + 1)
        for row, weight in _rows(total - n, left[1:])
    ]
