"""Folds: which patients are left out together, each outcome spread evenly over them."""

import numpy as np
from numpy.typing import ArrayLike


def stratified_folds(y: ArrayLike, n: int, *, seed: int) -> np.ndarray:
    """Fold of each patient, stratified by the outcome: shape (n_patients,), from 0."""
    from sklearn.model_selection import StratifiedKFold  # a second, and `core` is loaded by all

    y = np.asarray(y)
    folds = np.empty(len(y), dtype=np.int_)
    splitter = StratifiedKFold(n, shuffle=True, random_state=seed)
    for number, (_, out) in enumerate(splitter.split(np.zeros(len(y)), y)):
        folds[out] = number
    return folds


def grouped_folds(y: ArrayLike, groups: ArrayLike, n: int, *, seed: int) -> np.ndarray:
    """Fold of each row, where several rows are copies of one patient: shape (n_rows,), from 0.

    In a bootstrap sample copies of one patient on both sides of a fold would let a model be judged
    by patients it has seen. Patients are spread over the folds, each with all copies.

    Parameters
    ----------
    y : array_like of int, shape (n_rows,)
        1 with the outcome, 0 without.
    groups : array_like, shape (n_rows,)
        The patient of each row.
    n : int
        Number of folds; as many as the rarer outcome has patients where that is less.
    seed : int
        Of the shuffle.

    Raises
    ------
    ValueError
        If the rarer outcome has fewer than two patients, or copies differ in the outcome.
    """
    y = np.asarray(y)
    _, first, patient = np.unique(np.asarray(groups), return_index=True, return_inverse=True)
    if not np.array_equal(y, y[first][patient]):
        raise ValueError("groups: copies of one patient differ in the outcome.")
    smaller = int(np.bincount(y[first], minlength=2).min())
    if smaller < 2:
        raise ValueError(f"groups: {smaller} patient(s) of the rarer outcome make no two folds.")
    return stratified_folds(y[first], min(n, smaller), seed=seed)[patient]


def outer_folds(y: ArrayLike, n: int, *, seed: int, groups: ArrayLike | None = None) -> np.ndarray:
    """Fold of each training patient, stratified by the outcome: shape (n_patients,), from 0.

    The folds of the cross-fitting; whoever fits anything for it leaves these out.

    Parameters
    ----------
    y
        1 with the outcome, 0 without, of the training patients.
    n
        Number of folds; as many as the rarer outcome has patients where that is less.
    seed
        Of the shuffle.
    groups
        Of each patient: every one is a fold then, such as a centre, whatever `n` and `seed` say.

    Raises
    ------
    ValueError
        If the rarer outcome has fewer than two patients.
    """
    y = np.asarray(y)
    if groups is not None:
        return np.unique(np.asarray(groups).astype(str), return_inverse=True)[1]
    smaller = int(np.bincount(y, minlength=2).min())
    if smaller < 2:
        raise ValueError(
            f"The training cohort has {smaller} patient(s) of the rarer outcome; at least two are "
            "needed to leave one out. Add patients."
        )
    # a stream of its own: not the folds in which the LASSO chooses its penalty
    state = int(np.random.default_rng([seed, 1]).integers(2**31))
    return stratified_folds(y, min(n, smaller), seed=state)
