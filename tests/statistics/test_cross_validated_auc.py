"""The cross-validated AUC against a loop over pairs, DeLong's variance, and what repeats must do."""

import numpy as np
import pytest

from thyro.statistics.cross_validated_auc import cross_validated_auc
from thyro.statistics.delong import auc_ci

RNG = np.random.default_rng(7)
Y = np.tile([0, 1, 0], 40)
SCORE = RNG.normal(size=120) + 0.9 * Y
FOLDS = np.repeat([np.arange(5)], 24, axis=0).ravel()


def naive(y, score, folds):
    """ci.cvAUC of R's cvAUC 1.1.4, pair by pair: mean AUC and standard error."""
    n, numbers = len(y), sorted(set(folds))
    w1, w0 = 1 / (sum(y) / n), 1 / (sum(1 - y) / n)
    aucs, squares = [], []
    for k in numbers:
        rows = [i for i in range(n) if folds[i] == k]
        cases, controls = ([i for i in rows if y[i] == c] for c in (1, 0))
        below = {i: sum(score[j] < score[i] for j in controls) / len(controls) for i in cases}
        above = {j: sum(score[i] > score[j] for i in cases) / len(cases) for j in controls}
        auc = sum(below.values()) / len(cases)
        values = [w1 * (share - auc) for share in below.values()]
        values += [w0 * (share - auc) for share in above.values()]
        aucs.append(auc)
        squares.append(sum(v**2 for v in values) / len(rows))
    return sum(aucs) / len(aucs), (sum(squares) / len(squares) / n) ** 0.5


@pytest.mark.parametrize("folds", [FOLDS, np.sort(FOLDS), np.r_[[0] * 50, [1] * 40, [2] * 30]])
def test_one_repeat_is_that_of_every_pair(folds):
    found = cross_validated_auc(Y, SCORE, folds, level=0.9)
    auc, se = naive(Y, SCORE, folds)
    assert found.auc == pytest.approx(auc, rel=1e-12)
    assert found.se == pytest.approx(se, rel=1e-12)
    assert found.ci_high - found.auc == pytest.approx(1.6448536269514722 * se, rel=1e-9)
    assert (found.folds, found.repeats, found.level) == (len(set(folds)), 1, 0.9)


@pytest.mark.parametrize("n", [60, 600, 6000])
def test_of_one_fold_it_is_delongs_but_for_the_degrees_of_freedom(n):
    y = np.tile([0, 1, 0], n // 3)
    score = np.random.default_rng(n).normal(size=n).round(1) + y  # with ties
    found, delong = cross_validated_auc(y, score, np.zeros(n)), auc_ci(y, score)
    assert found.auc == pytest.approx(delong.auc, rel=1e-12)
    assert found.se == pytest.approx(delong.se, rel=2 / n * 3)


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
