"""How a variable differs between groups: tests as base R computes them, and how far it is apart."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from scipy import stats
from scipy.special import gammaln

from thyro.core import as_one_of

TESTS = ("auto", "student", "welch", "mann-whitney", "chi2", "fisher")
# Fisher's test answers or gives up within about two seconds, at the same table on any machine: the
# limits count what it does. Of 544 patients, two groups of up to six levels and three by three
# levels nearly always have an answer, eight levels where the groups are alike.
MOST_STATES = 1_000_000  # remaining column totals there can be, times rows
MOST_WORK = 6_000_000  # fillings of a row, and paths that none of them decides
STATE_WORK = 500  # of one state, beside its fillings
TIE = 1e-7  # log weights this near are equal, as in R
ALIKE = 9  # decimals of the log weight in which paths agree that are taken as one


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
        A ValueError too: for Fisher's test of a table that can be filled in too many ways; it says
        so within about two seconds.

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

    Tables are built row by row. Paths that lead to the same remaining column totals, whatever
    their order, and have the same probability so far are one path; a path is closed as soon as all
    or none of its completions count, which bounds of the completions tell.

    References
    ----------
    Mehta, Patel (1983), JASA 78:427-434; R's fisher.test, including its 1e-7 for ties.
    """
    table = table if table.shape[0] >= table.shape[1] else table.T
    # The last row is determined by the others, so the largest comes last.
    rows, columns = np.sort(table.sum(axis=1)), np.sort(table.sum(axis=0))
    # Sorted, what is left of the columns is told by all but the largest.
    shape = tuple(int(total) + 1 for total in columns[:-1])
    if np.prod(shape, dtype=float) * len(rows) > MOST_STATES:
        raise TableTooLarge(_too_large(rows, columns))
    log_factorial = gammaln(np.arange(1.0, rows.sum() + 2))
    constant = log_factorial[columns].sum() + log_factorial[rows].sum() - log_factorial[-1]
    limit = -log_factorial[table].sum() + TIE

    # Every path has the state it leads to, its log weight and how often it comes; both sorted.
    states, pasts, counts = np.array([np.prod(shape) - 1]), np.zeros(1), np.ones(1)
    p, work = 0.0, 0
    for k, row in enumerate(rows[:-1]):
        later = rows[k + 1 :]
        low, high = _column_bounds(later, log_factorial)
        rest = constant + log_factorial[later.sum()] - log_factorial[later].sum()
        starts = np.flatnonzero(np.diff(states, prepend=-1))
        following = []
        for start, stop in zip(starts, [*starts[1:], len(states)], strict=True):
            left = np.array(np.unravel_index(states[start], shape))
            left = np.append(left, row + later.sum() - left.sum())
            past, count = pasts[start:stop], counts[start:stop]
            filled = _fillings(row, left)
            after = left - filled
            weight = -log_factorial[filled].sum(axis=1)
            # Of the paths, least probable first, these count whatever follows, and these may.
            all_count = np.searchsorted(past, limit - weight - high[after].sum(axis=1), "right")
            some_count = np.searchsorted(past, limit - weight - low[after].sum(axis=1), "right")
            some_count = np.maximum(some_count, all_count)  # equal bounds may cross by rounding
            mass = np.append(0.0, np.cumsum(count * np.exp(past - past[-1])))
            completions = rest - log_factorial[after].sum(axis=1)
            p += mass[all_count] @ np.exp(past[-1] + weight + completions)
            work += STATE_WORK + len(filled) + (some_count - all_count).sum()
            if work > MOST_WORK:
                raise TableTooLarge(_too_large(rows, columns))
            which, path = _ranges(all_count, some_count)
            state = np.ravel_multi_index(np.sort(after, axis=1).T[:-1], shape)
            following.append((state[which], past[path] + weight[which], count[path]))
        states, pasts, counts = _merged(*map(np.concatenate, zip(*following, strict=True)))
        if not len(states):
            break
    return min(float(p), 1.0)


def _too_large(rows, columns) -> str:
    margins = f"{rows.tolist()} and {columns.tolist()}"
    return f"x: a table with margins {margins} is too large; use 'chi2'."


def _column_bounds(rows: np.ndarray, log_factorial: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of the log weight of one column of each total, 0 to n, spread over the `rows`.

    Their sums over columns bound the weight of whatever fills these rows. The smallest is that of a
    column that fills the largest rows first. The largest is Lagrange's: exact for columns alone
    that prefer row i by the log of its share, of which all columns together take the same.
    """
    totals = np.arange(rows.sum() + 1)
    full = np.append(0, np.cumsum(rows[::-1]))
    last = np.searchsorted(full, totals, "right") - 1
    low = -np.append(0.0, np.cumsum(log_factorial[rows[::-1]]))[last]
    low -= log_factorial[totals - full[last]]

    share = np.log(rows / rows.sum())
    which, held = _ranges(np.zeros_like(rows), rows)
    # The next patient goes where the weight loses least: concave, so greed is right.
    gains = np.sort(share[which] - np.log(held + 1.0))[::-1]
    high = np.append(0.0, np.cumsum(gains))
    return low, high - totals / rows.sum() * (rows @ share)


def _fillings(row: int, left: np.ndarray) -> np.ndarray:
    """Ways to spread `row` patients over columns with `left` places, shape (ways, columns)."""
    filled, rest = np.empty((1, 0), int), np.array([row])
    for j, places in enumerate(left[:-1]):
        least = np.maximum(rest - left[j + 1 :].sum(), 0)
        which, value = _ranges(least, np.minimum(rest, places) + 1)
        filled, rest = np.column_stack([filled[which], value]), rest[which] - value
    return np.column_stack([filled, rest])


def _ranges(starts: np.ndarray, stops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Integers of the half-open ranges one after another: which range, and which integer."""
    sizes = stops - starts
    which = np.repeat(np.arange(len(sizes)), sizes)
    return which, np.arange(len(which)) - (np.cumsum(sizes) - sizes - starts)[which]


def _merged(states, pasts, counts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Paths sorted by state and log weight, those alike in both made one."""
    pasts = np.round(pasts, ALIKE)
    order = np.lexsort((pasts, states))
    states, pasts, counts = states[order], pasts[order], counts[order]
    new = np.append(True, (np.diff(states) != 0) | (np.diff(pasts) != 0))[: len(states)]
    return states[new], pasts[new], np.add.reduceat(counts, np.flatnonzero(new))
