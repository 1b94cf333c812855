"""What a fitted classifier relies on: the AUC it loses when a feature is shuffled."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import norm, rankdata
from sklearn.pipeline import Pipeline

from thyro.core import as_labels, as_level
from thyro.models.classifiers import predict


def permutation_importance(
    model: Pipeline,
    X: pd.DataFrame,
    y: ArrayLike,
    *,
    rng: np.random.Generator,
    repeats: int = 100,
    level: float = 0.95,
) -> pd.DataFrame:
    """Fall of the AUC when the values of one feature are shuffled among patients.

    The interval is over patients, the fitted model and the pool of values to shuffle given: it says
    how far another sample of such patients could move the mean fall. It is DeLong's for the
    difference of paired AUCs, applied to the mean over shuffles, and wider by what the finite
    number of shuffles leaves open. A feature whose information others share seems unimportant: the
    model falls back on them.

    Parameters
    ----------
    model : Pipeline
        As `fit_classifier` gives it.
    X : DataFrame of float, shape (n_patients, n_features)
        Of patients that did not fit the model; on training patients the importance is of what was
        learned by heart.
    y : array_like of int, shape (n_patients,)
    rng : Generator
        Draws the shuffles.
    repeats : int, default 100
        Shuffles of each feature, at least two.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row per feature of the model: feature, importance (mean fall of the AUC, 0-1 scale;
        negative where shuffling helped), ci_low, ci_high. The largest fall first, of equals in
        the model's order.

    References
    ----------
    Breiman (2001), Mach. Learn. 45:5-32.
    DeLong, DeLong, Clarke-Pearson (1988), Biometrics 44:837-845.
    """
    y, level = as_labels(y, "y"), as_level(level)
    if len(y) != len(X):
        raise ValueError(f"y: expected {len(X)} labels, one per row of X, got {len(y)}.")
    if repeats < 2:
        raise ValueError(f"repeats: expected at least 2, got {repeats}.")
    names = list(model.feature_names_in_)
    unshuffled = _placements(y, predict(model, X).to_numpy()[None])
    kept = X[names].to_numpy(dtype=float)
    rows = []
    for j, name in enumerate(names):
        shuffled = np.tile(kept, (repeats, 1, 1))
        shuffled[:, :, j] = rng.permuted(shuffled[:, :, j], axis=1)
        # one call for all shuffles: a classifier costs little per row and much per call
        p = predict(model, pd.DataFrame(shuffled.reshape(-1, len(names)), columns=names))
        falls = unshuffled - _placements(y, p.to_numpy().reshape(repeats, -1))
        rows.append((name, *_mean_and_error(y, falls)))
    table = pd.DataFrame(rows, columns=["feature", "importance", "se"])
    half = norm.isf((1 - level) / 2) * table.pop("se")
    table["ci_low"], table["ci_high"] = table["importance"] - half, table["importance"] + half
    return table.sort_values("importance", ascending=False, kind="stable", ignore_index=True)


def _placements(y: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Per score (row) and patient the share of the other class that is ranked on the right side.

    The mean over the patients of either class is the AUC; ties count one half.
    """
    case = y == 1
    rank = rankdata(scores, axis=1)
    shares = np.empty(scores.shape)
    shares[:, case] = (rank[:, case] - rankdata(scores[:, case], axis=1)) / (~case).sum()
    shares[:, ~case] = 1 - (rank[:, ~case] - rankdata(scores[:, ~case], axis=1)) / case.sum()
    return shares


def _mean_and_error(y: np.ndarray, falls: np.ndarray) -> tuple[float, float]:
    """Mean fall of the AUC and its standard error, from falls per shuffle (row) and patient."""
    by_shuffle = falls[:, y == 1].mean(axis=1)
    by_patient = falls.mean(axis=0)
    variance = sum(np.var(by_patient[y == k], ddof=1) / np.sum(y == k) for k in (0, 1))
    return float(by_shuffle.mean()), float(
        np.sqrt(variance + np.var(by_shuffle, ddof=1) / len(by_shuffle))
    )
