"""The cross-validated AUC against a loop over pairs, DeLong's variance, and repeats."""

import numpy as np
import pytest

from thyro.statistics.cross_validated_auc import cross_validated_auc
from thyro.statistics.delong import auc_ci

RNG = np.random.default_rng(7)
Y = np.tile([0, 1, 0], 40)
SCORE = RNG.normal(size=120) + 0.9 * Y
FOLDS = np.repeat([np.arange(5)], 24, axis=0).ravel()


def naive(y, score, folds, *, as_cvauc=False):
    """Mean AUC and standard error pair by pair; those of R's ci.cvAUC if `as_cvauc`."""
    n, numbers = len(y), sorted(set(folds))
    w1, w0 = 1 / (sum(y) / n), 1 / (sum(1 - y) / n)
    aucs, squares = [], []
    for k in numbers:
        rows = [i for i in range(n) if folds[i] == k]
        cases, controls = ([i for i in rows if y[i] == c] for c in (1, 0))
        below = {i: sum(score[j] < score[i] for j in controls) / len(controls) for i in cases}
        above = {j: sum(score[i] > score[j] for i in cases) / len(cases) for j in controls}
        auc = sum(below.values()) / len(cases)
        df1, df0 = (1 if as_cvauc else len(part) / (len(part) - 1) for part in (cases, controls))
        square = df1 * sum((w1 * (share - auc)) ** 2 for share in below.values())
        square += df0 * sum((w0 * (share - auc)) ** 2 for share in above.values())
        aucs.append(auc)
        squares.append(square / len(rows))
    return sum(aucs) / len(aucs), (sum(squares) / len(squares) / n) ** 0.5


@pytest.mark.parametrize("folds", [FOLDS, np.sort(FOLDS), np.r_[[0] * 50, [1] * 40, [2] * 30]])
def test_one_repeat_is_that_of_every_pair(folds):
    found = cross_validated_auc(Y, SCORE, folds, level=0.9)
    auc, se = naive(Y, SCORE, folds)
    assert found.auc == pytest.approx(auc, rel=1e-12)
    assert found.se == pytest.approx(se, rel=1e-12)
    assert found.ci_high - found.auc == pytest.approx(1.6448536269514722 * se, rel=1e-9)
    assert (found.folds, found.repeats, found.level) == (len(set(folds)), 1, 0.9)
    ratio = found.se / naive(Y, SCORE, folds, as_cvauc=True)[1]
    assert 1 < ratio < 1.08  # at least 8 cases in a fold: sqrt(8 / 7)


def test_of_one_fold_it_is_delongs():
    score = SCORE.round(1)  # with ties
    found, delong = cross_validated_auc(Y, score, np.zeros(120)), auc_ci(Y, score)
    got = [found.auc, found.se, found.ci_low, found.ci_high]
    np.testing.assert_allclose(got, [delong.auc, delong.se, delong.ci_low, delong.ci_high])


def test_a_fold_may_have_one_case():
    y = np.array([1, 0, 0, 1, 0, 0, 1, 0, 0])
    found = cross_validated_auc(y, [3, 1, 2, 1, 2, 3, 2, 1, 3], np.repeat([0, 1, 2], 3))
    assert found.auc == pytest.approx(0.5) and np.isfinite(found.se)


def test_a_scale_of_its_own_in_every_fold_changes_nothing():
    moved = cross_validated_auc(Y, np.exp(SCORE) * 10.0**FOLDS - FOLDS, FOLDS)
    assert moved == cross_validated_auc(Y, SCORE, FOLDS)


def test_a_repeat_of_the_same_brings_no_patient():
    once = cross_validated_auc(Y, SCORE, FOLDS)
    tenfold = cross_validated_auc(Y, np.tile(SCORE, (10, 1)).T, np.tile(FOLDS, (10, 1)).T)
    assert tenfold.auc == pytest.approx(once.auc) and tenfold.se == pytest.approx(once.se)
    assert tenfold.repeats == 10


def test_other_folds_of_the_same_scores_hardly_shorten_the_interval():
    rng = np.random.default_rng(1)
    folds = np.column_stack([rng.permuted(FOLDS.reshape(24, 5), axis=1).ravel() for _ in range(10)])
    many = cross_validated_auc(Y, np.tile(SCORE, (10, 1)).T, folds)
    ones = [cross_validated_auc(Y, SCORE, column) for column in folds.T]
    assert many.auc == pytest.approx(np.mean([one.auc for one in ones]))
    assert 0.85 * np.mean([one.se for one in ones]) < many.se < np.mean([one.se for one in ones])


def test_a_perfect_score_has_no_width_and_the_interval_keeps_within_one():
    perfect = cross_validated_auc(Y, Y, FOLDS)
    assert (perfect.auc, perfect.se, perfect.ci_low, perfect.ci_high) == (1, 0, 1, 1)
    near = np.where(np.arange(120) == 1, -1.0, Y)
    assert cross_validated_auc(Y, near, FOLDS).ci_high == 1


@pytest.mark.parametrize(
    ("scores", "folds", "message"),
    [
        (SCORE, np.tile(FOLDS, (2, 1)).T, "a column for each of scores"),
        (np.tile(SCORE, (2, 1)).T, np.column_stack([FOLDS, FOLDS % 3]), "as many folds in each"),
        (SCORE, Y, "one class only"),
        (SCORE[:-1], FOLDS, "expected 120 values"),
        (SCORE[:, None, None], FOLDS, r"expected shape \(n,\) or \(n, repeats\)"),
    ],
)
def test_what_makes_no_folds_is_refused(scores, folds, message):
    with pytest.raises(ValueError, match=message):
        cross_validated_auc(Y, scores, folds)
