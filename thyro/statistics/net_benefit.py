"""Differences of net benefit between models at thresholds that were named beforehand."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from thyro.core import as_labels, as_level, as_probabilities, as_scores
from thyro.statistics.performance import cohorts
from thyro.statistics.smoothing import LARGE

DEFAULT = "Treat all or none"  # whichever of the two has the greater net benefit


def net_benefit_differences(
    y: ArrayLike,
    p: pd.DataFrame,
    split: ArrayLike,
    pairs: Sequence[tuple[str, str]],
    thresholds: ArrayLike,
    *,
    cutoffs: Mapping[str, float] | None = None,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """How much more net benefit one model has than another, per cohort and threshold.

    The interval is that of bootstrap samples of patients; both models, and all thresholds, are
    judged in the same samples. Models are not fitted again. Against `DEFAULT` the better of
    treating all and none is taken in each sample; near the prevalence, where both are equal, that
    is a little in its favour.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
        1 for lymph-node metastasis, 0 for none.
    p : DataFrame of float, shape (n_patients, n_models)
        Probabilities, a yes/no reading as 0 and 1, or scores that are in `cutoffs`.
    split : array_like of str, shape (n_patients,)
        As in `cohorts`.
    pairs : sequence of (str, str)
        Models, the net benefit of the second being taken from that of the first; the second may be
        `DEFAULT`.
    thresholds : array_like of float, shape (n_thresholds,)
        Probabilities, at least 0 and below 1.
    cutoffs : mapping of score to threshold, optional
        Of a reader's grades, which are no probabilities.
    draws, seed : int
        Of the bootstrap.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        model_a, model_b, cohort, threshold, benefit_a, benefit_b, difference, ci_low, ci_high;
        benefits are per patient, in true positives.

    Raises
    ------
    ValueError
        If a threshold is outside [0, 1), or values of a model are no probabilities.

    References
    ----------
    Vickers, Elkin (2006), Med. Decis. Making 26:565-574. Vickers et al. (2008), BMC Med. Inform.
    Decis. Mak. 8:53 (bootstrap).
    """
    y = as_labels(y, "y")
    points = as_scores(thresholds, "thresholds")
    if (points < 0).any() or (points >= 1).any():
        raise ValueError(f"thresholds: expected values from 0 to below 1, got {points.tolist()}.")
    tails = [(1 - as_level(level)) / 2, (1 + level) / 2]
    names = list(dict.fromkeys(name for pair in pairs for name in pair if name != DEFAULT))
    risks, cutoffs = {}, cutoffs or {}
    for name in names:
        values = p[name].to_numpy()
        values = values >= cutoffs[name] if name in cutoffs else values
        risks[name] = as_probabilities(values, name, len(y))
    rows = []
    for cohort, chosen in cohorts(split).items():
        outcome = y[chosen]
        treated = {name: values[chosen, None] >= points for name, values in risks.items()}
        treated["all"] = np.ones((len(outcome), len(points)), dtype=bool)
        benefits = _samples(outcome, treated, points, draws, seed)
        benefits[DEFAULT] = np.maximum(benefits.pop("all"), 0)
        for a, b in pairs:
            difference = benefits[a] - benefits[b]
            low, high = np.quantile(difference[1:], tails, axis=0)
            columns = (points, benefits[a][0], benefits[b][0], difference[0], low, high)
            rows += [(a, b, cohort, *map(float, row)) for row in zip(*columns, strict=True)]
    names = ["model_a", "model_b", "cohort", "threshold", "benefit_a", "benefit_b"]
    return pd.DataFrame(rows, columns=[*names, "difference", "ci_low", "ci_high"])


def _samples(
    y: np.ndarray, treated: Mapping[str, np.ndarray], points: np.ndarray, draws: int, seed: int
) -> dict[str, np.ndarray]:
    """Net benefit of everybody (first row) and of the same samples of patients, by strategy.

    Each is of shape (1 + draws, n_thresholds).
    """
    n = len(y)
    of_each: np.ndarray = np.ones(n)
    if n > LARGE:  # patients of one outcome whom all strategies treat alike are drawn together
        alike = np.column_stack([y, *treated.values()])
        _, first, of_each = np.unique(alike, axis=0, return_index=True, return_counts=True)
        y, treated = y[first], {name: who[first] for name, who in treated.items()}
    counts = np.random.default_rng(seed).multinomial(n, of_each / n, size=draws)
    counts = np.concatenate([of_each[None], counts])
    value = np.where(y[:, None] == 1, 1.0, -points / (1 - points))  # of treating a patient
    return {name: counts @ np.where(who, value, 0) / n for name, who in treated.items()}
