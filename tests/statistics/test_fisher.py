"""Fisher's exact test: against enumeration, in its limits, and in the time it may take."""

import re
import time
from itertools import product

import numpy as np
import pytest
from scipy import stats
from scipy.special import gammaln

from thyro.statistics.fisher import TableTooLarge
from thyro.statistics.group_tests import group_test

SECONDS = 6  # of the processor, three times what is promised: the machine may be busy


def fisher(table):
    """P and seconds of Fisher's test of patients who have this table."""
    table = np.asarray(table)
    rows, columns = np.indices(table.shape)
    x = np.repeat([f"level {r:03d}" for r in rows.ravel()], table.ravel())
    start = time.process_time()
    p = group_test(x, np.repeat(columns.ravel(), table.ravel()), test="fisher").p_value
    return p, time.process_time() - start


def spread(rows, columns, rng):
    """A table with these margins, as chance fills it."""
    y = rng.permutation(np.repeat(np.arange(len(columns)), columns))
    table = np.zeros((len(rows), len(columns)), int)
    np.add.at(table, (np.repeat(np.arange(len(rows)), rows), y), 1)
    return table


def even(n, parts):
    return [n // parts + (i < n % parts) for i in range(parts)]


def by_enumeration(table):
    """P of every table with the margins of `table`, each probability by its formula."""
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    fixed = gammaln(rows + 1).sum() + gammaln(columns + 1).sum() - gammaln(table.sum() + 1)

    def probability(filled):
        return np.exp(fixed - gammaln(filled + 1).sum())

    total, p = 0.0, 0.0
    inner = [range(min(r, c) + 1) for r, c in product(rows[:-1], columns[:-1])]
    for cells in product(*inner):
        filled = np.zeros_like(table)
        filled[:-1, :-1] = np.reshape(cells, (len(rows) - 1, -1))
        filled[:-1, -1] = rows[:-1] - filled[:-1].sum(axis=1)
        filled[-1] = columns - filled[:-1].sum(axis=0)
        if filled.min() >= 0:
            total += probability(filled)
            p += probability(filled) * (probability(filled) <= probability(table) * (1 + 1e-7))
    assert total == pytest.approx(1)
    return p


@pytest.mark.parametrize("seed", range(12))
def test_fisher_sums_every_table_at_most_as_probable(seed):
    rng = np.random.default_rng(seed)
    n_rows, n_columns = [(4, 2), (3, 3), (2, 4), (5, 2)][seed % 4]
    cells = rng.dirichlet(np.full(n_rows * n_columns, 1.5))
    table = 1 + rng.multinomial(6, cells).reshape(n_rows, n_columns)
    assert fisher(table)[0] == pytest.approx(by_enumeration(table), rel=1e-8)


def test_fisher_of_a_balanced_three_by_three_table_of_544():
    # All 140 million tables enumerated, one by one: 0.16161672526 (their sum is 1 to 2e-13).
    p, seconds = fisher([[70, 60, 51], [55, 66, 60], [56, 55, 71]])
    assert p == pytest.approx(0.16161672526, rel=1e-8)
    assert seconds < SECONDS


@pytest.mark.parametrize(
    ("n", "rows", "columns"), [(544, 4, 3), (544, 8, 2), (5000, 6, 2), (2000, 2, 2), (60, 30, 3)]
)
def test_fisher_answers_where_groups_are_alike(n, rows, columns):
    rng = np.random.default_rng(7)
    table = spread(even(n, rows), even(n, columns), rng)
    p, seconds = fisher(table)
    assert seconds < SECONDS
    method = stats.MonteCarloMethod(4000, rng=rng)
    sampled = stats.fisher_exact(table, method=method).pvalue
    assert p == pytest.approx(sampled, abs=4 * np.sqrt(p * (1 - p) / 4000))


HARD = {
    "twenty levels of 3000": (3000, 20, 2, np.inf),
    "nine levels of 100,000": (100_000, 9, 2, np.inf),
    "three by three, far apart": (1000, 3, 3, 3),
    "six by three": (544, 6, 3, np.inf),
    "six by six, far apart": (60, 6, 6, 3),
    "four by four": (544, 4, 4, np.inf),
    "a level for every patient of 3000": (3000, 3000, 2, np.inf),
}


@pytest.mark.parametrize("name", HARD)
def test_fisher_gives_up_in_time(name):
    n, rows, columns, likeness = HARD[name]
    rng = np.random.default_rng(8)
    table = spread(even(n, rows), even(n, columns), rng)
    if likeness < np.inf:
        shares = (rng.dirichlet(np.full(columns, likeness)) for _ in range(rows))
        table = np.array([rng.multinomial(n // rows, share) for share in shares])
    start = time.process_time()
    with pytest.raises(TableTooLarge, match="too large; use 'chi2'"):
        fisher(table)
    assert time.process_time() - start < SECONDS


def test_a_table_too_large_is_named_by_its_margins():
    table = spread([200, 150, 100, 94], [190, 170, 100, 84], np.random.default_rng(9))
    message = (
        "x: a table with margins [94, 100, 150, 200] and [84, 100, 170, 190] is too large; "
        "use 'chi2'."
    )
    with pytest.raises(TableTooLarge, match=re.escape(message)):
        fisher(table)


def test_fisher_of_groups_that_share_nothing_is_the_probability_of_that_alone():
    # 40 of 80 in each group, all of one level: two such tables of C(80, 40).
    p, _ = fisher([[40, 0], [0, 40]])
    assert p == pytest.approx(2 / float(np.exp(gammaln(81) - 2 * gammaln(41))))
    assert fisher([[3, 3], [5, 5], [9, 9]])[0] == pytest.approx(1)


def test_fisher_of_a_larger_table_agrees_with_resampling():
    table = np.array([[6, 1, 2], [2, 5, 3], [1, 4, 7]])
    rows, columns = np.indices(table.shape)
    x = np.repeat(rows.ravel(), table.ravel())
    group = np.repeat(columns.ravel(), table.ravel())
    got = group_test(x.astype(str), group, test="fisher").p_value
    rng = np.random.default_rng(3)
    sampled = stats.fisher_exact(table, method=stats.MonteCarloMethod(9999, rng=rng)).pvalue
    assert got == pytest.approx(sampled, abs=4 * np.sqrt(got * (1 - got) / 9999))


def test_fisher_does_not_care_for_rows_or_columns():
    x, group = list("aabbbcccccaab"), list("uvuuvuvvvvuuv")
    assert group_test(x, group, test="fisher").p_value == pytest.approx(
        group_test(group, x, test="fisher").p_value
    )


def test_a_table_too_large_for_enumeration_is_refused():
    rng = np.random.default_rng(5)
    x, group = rng.integers(0, 5, 3000).astype(str), rng.integers(0, 4, 3000)
    with pytest.raises(ValueError, match="too large; use 'chi2'"):
        group_test(x, group, test="fisher")
