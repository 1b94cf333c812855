"""The area under a ROC curve from ranks, and what each patient adds to it."""

import numpy as np
from numpy.typing import ArrayLike

from thyro.core import as_labels, as_scores


def rank_auc(y: ArrayLike, score: ArrayLike, *, counts: ArrayLike | None = None) -> float:
    """Area under the ROC curve from ranks: the share of pairs in order, ties counting one half.

    Counted in whole pairs, so the only rounding is that of one quotient. `auc_ci` adds an interval.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
        1 for lymph-node metastasis, 0 for none; at least one of each.
    score : array_like of float, shape (n_patients,)
        Any monotone score, higher meaning more suspicious.
    counts : array_like of int, shape (n_patients,), optional
        How often each patient is in the sample; once when not given.

    Returns
    -------
    float
        Between 0 and 1; NaN where `counts` leave out one of the classes.

    Raises
    ------
    ValueError
        If `y` is not 0/1 or has one class only, or the lengths differ.

    References
    ----------
    Hanley, McNeil (1982), Radiology 143:29-36.
    """
    y = as_labels(y, "y", min_per_class=1)
    score = as_scores(score, "score", len(y))
    counts = np.ones(len(y)) if counts is None else as_scores(counts, "counts", len(y))
    _, _, cases, controls = _by_score(y, score, counts)
    pairs = cases.sum() * controls.sum()
    return float(cases @ below(controls) / pairs) if pairs else float("nan")


def _by_score(y: np.ndarray, score: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, ...]:
    """Order of the scores, place of each among the distinct ones, cases and controls at these."""
    order = np.argsort(score, kind="stable")
    ranked = score[order]
    group = np.concatenate([[0], np.cumsum(ranked[1:] != ranked[:-1])])
    cases = np.bincount(group, weights=(counts * y)[order])
    controls = np.bincount(group, weights=(counts * (1 - y))[order])
    return order, group, cases, controls


def below(counts: np.ndarray) -> np.ndarray:
    """Patients below each distinct score and half of those at it, along the last axis."""
    return np.cumsum(counts, axis=-1) - counts / 2


def placements(y: np.ndarray, score: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """AUC, and per patient the share of the other class that is ranked on the right side.

    One sort, exact under ties (in the spirit of Sun, Xu 2014).

    Returns
    -------
    auc : float
        The mean of the placements, to which their variance belongs: `rank_auc` up to rounding.
    of_cases, of_controls : ndarray of float, shapes (n_cases,) and (n_controls,)
    """
    order, group, cases, controls = _by_score(y, score, np.ones(len(y)))
    right = np.where(
        y[order] == 1,
        below(controls)[group] / controls.sum(),
        1 - below(cases)[group] / cases.sum(),
    )
    share = np.empty(len(y))
    share[order] = right
    of_cases = share[y == 1]
    return float(of_cases.mean()), of_cases, share[y == 0]
