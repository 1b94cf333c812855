"""Fisher's exact test of a table of any size."""

from collections.abc import Iterator

import numpy as np
from scipy.special import gammaln

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


def fisher_p(table: np.ndarray) -> float:
    """Two-sided p of Fisher's exact test: all tables at most as probable as the one observed.

    Tables are built row by row. Paths that lead to the same remaining column totals, whatever
    their order, and have the same probability so far are one path; a path is closed as soon as all
    or none of its completions count, which bounds of the completions tell.

    Written out because scipy's test has no exact answer beyond two by two tables.

    Parameters
    ----------
    table : ndarray of int, shape (n_rows, n_columns)
        Two or more of each.

    Raises
    ------
    TableTooLarge
        A ValueError, within about two seconds.

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
    paths = np.array([np.prod(shape) - 1]), np.zeros(1), np.ones(1)
    p, work = 0.0, 0
    for k, row in enumerate(rows[:-1]):
        later = rows[k + 1 :]
        bounds = _column_bounds(later, log_factorial)
        rest = constant + log_factorial[later.sum()] - log_factorial[later].sum()
        following = []
        for left, past, count in _by_state(paths, shape, row + later.sum()):
            filled = _fillings(row, left)
            after = left - filled
            weight = -log_factorial[filled].sum(axis=1)
            all_count, some_count = _deciding(past, limit - weight, after, bounds)
            mass = np.append(0.0, np.cumsum(count * np.exp(past - past[-1])))
            completions = rest - log_factorial[after].sum(axis=1)
            p += mass[all_count] @ np.exp(past[-1] + weight + completions)
            work += STATE_WORK + len(filled) + (some_count - all_count).sum()
            if work > MOST_WORK:
                raise TableTooLarge(_too_large(rows, columns))
            which, path = _ranges(all_count, some_count)
            state = np.ravel_multi_index(np.sort(after, axis=1).T[:-1], shape)
            following.append((state[which], past[path] + weight[which], count[path]))
        paths = _merged(*map(np.concatenate, zip(*following, strict=True)))
        if not len(paths[0]):
            break
    return min(float(p), 1.0)


def _by_state(
    paths: tuple[np.ndarray, np.ndarray, np.ndarray], shape: tuple[int, ...], patients: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Of each state what is left of the columns, and log weights and counts of its paths."""
    states, pasts, counts = paths
    starts = np.flatnonzero(np.diff(states, prepend=-1))
    for start, stop in zip(starts, [*starts[1:], len(states)], strict=True):
        left = np.array(np.unravel_index(states[start], shape))
        yield np.append(left, patients - left.sum()), pasts[start:stop], counts[start:stop]


def _deciding(
    past: np.ndarray,
    limit: np.ndarray,
    after: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Of the paths, least probable first: how many count whatever follows, and how many may."""
    low, high = bounds
    all_count = np.searchsorted(past, limit - high[after].sum(axis=1), "right")
    some_count = np.searchsorted(past, limit - low[after].sum(axis=1), "right")
    return all_count, np.maximum(some_count, all_count)  # equal bounds may cross by rounding


def _too_large(rows: np.ndarray, columns: np.ndarray) -> str:
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


def _merged(
    states: np.ndarray, pasts: np.ndarray, counts: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Paths sorted by state and log weight, those alike in both made one."""
    pasts = np.round(pasts, ALIKE)
    order = np.lexsort((pasts, states))
    states, pasts, counts = states[order], pasts[order], counts[order]
    new = np.append(True, (np.diff(states) != 0) | (np.diff(pasts) != 0))[: len(states)]
    return states[new], pasts[new], np.add.reduceat(counts, np.flatnonzero(new))
