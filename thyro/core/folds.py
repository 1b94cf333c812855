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


def outer_folds(y: ArrayLike, n: int, *, seed: int) -> np.ndarray:
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

    Raises
    ------
    ValueError
        If the rarer outcome has fewer than two patients.
    """
    y = np.asarray(y)
    smaller = int(np.bincount(y, minlength=2).min())
    if smaller < 2:
        raise ValueError(
            f"The training cohort has {smaller} patient(s) of the rarer outcome; at least two are "
            "needed to leave one out. Add patients."
        )
    # a stream of its own: not the folds in which the LASSO chooses its penalty
    state = int(np.random.default_rng([seed, 1]).integers(2**31))
    return stratified_folds(y, min(n, smaller), seed=state)
