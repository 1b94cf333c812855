"""Decision curve analysis."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from thyro.core import as_labels, as_probabilities, as_scores


@dataclass(frozen=True)
class DecisionCurve:
    """Net benefit of treating by a model, treating all and treating none, per patient."""

    model: str
    threshold: np.ndarray  # probability at which a patient is treated
    net_benefit: np.ndarray
    treat_all: np.ndarray
    treat_none: np.ndarray  # zero everywhere
    tp: np.ndarray  # patients treated who have it, and who do not
    fp: np.ndarray
    low: np.ndarray | None = None  # pointwise bootstrap interval of the net benefit
    high: np.ndarray | None = None

    @property
    def interventions_avoided(self) -> np.ndarray:
        """Per 100 patients against treating all, at equal detection; NaN at a threshold of 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            odds = self.threshold / (1 - self.threshold)
            return np.where(odds > 0, 100 * (self.net_benefit - self.treat_all) / odds, np.nan)

    def to_frame(self) -> pd.DataFrame:
        """One row per threshold, with the model's name in the first column."""
        columns = {
            "model": self.model,
            "threshold": self.threshold,
            "net_benefit": self.net_benefit,
            "treat_all": self.treat_all,
            "treat_none": self.treat_none,
            "interventions_avoided": self.interventions_avoided,
        }
        band = {"low": self.low, "high": self.high} if self.low is not None else {}
        return pd.DataFrame(columns | band)


def decision_curve(
    y: ArrayLike,
    p: ArrayLike,
    thresholds: ArrayLike,
    *,
    model: str = "model",
    draws: int = 0,
    level: float = 0.95,
    seed: int = 0,
) -> DecisionCurve:
    """Net benefit over threshold probabilities, as dcurves::dca.

    The net benefit at threshold t is TP/n - FP/n * t/(1 - t), where patients with p >= t are
    treated; treating everybody gives prevalence - (1 - prevalence) * t/(1 - t).

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
        1 for lymph-node metastasis, 0 for none.
    p : array_like of float, shape (n_patients,)
        Predicted probabilities, or 0/1 for a yes/no reading. A score that is not calibrated has
        no threshold probability: its curve is not a net benefit.
    thresholds : array_like of float, shape (n_thresholds,)
        Threshold probabilities, at least 0 and below 1. Write hundredths as i / 100: those of
        np.arange(0.01, 1, 0.01) differ in the last bit, which decides ties with rounded `p`.
    model : str, default "model"
        Name carried along for the legend.
    draws : int, default 0
        Bootstrap samples of patients behind the pointwise band of the net benefit; 0 makes none.
        The model is not fitted again, so the band is that of a model as it stands.
    level : float, default 0.95
        Coverage of the band.
    seed : int
        Of the bootstrap.

    Returns
    -------
    DecisionCurve

    Raises
    ------
    ValueError
        If `y` is not 0/1, `p` is not a probability, or a threshold is outside [0, 1).

    References
    ----------
    Vickers, Elkin (2006), Med. Decis. Making 26:565-574. Vickers et al. (2008), BMC Med. Inform.
    Decis. Mak. 8:53 (bootstrap, interventions avoided).
    """
    y = as_labels(y, "y", min_per_class=0)
    p = as_probabilities(p, "p", len(y))
    threshold = as_scores(thresholds, "thresholds")
    outside = threshold[(threshold < 0) | (threshold >= 1)]
    if len(outside):
        raise ValueError(
            f"thresholds: expected probabilities from 0 to below 1, found {outside[:5].tolist()}. "
            "At 1 the weight of a false positive is infinite."
        )
    weight = threshold / (1 - threshold)
    # Sorted once, a threshold is found among the predictions of a class by bisection.
    order = np.argsort(threshold, kind="stable")
    places = [np.searchsorted(threshold[order], p[y == k], side="right") for k in (1, 0)]
    counted = []
    for place in places:
        treated = len(place) - np.cumsum(np.bincount(place, minlength=len(order) + 1))[:-1]
        counted.append(np.empty(len(order), dtype=int))
        counted[-1][order] = treated
    tp, fp = counted
    share = y.mean()
    low = high = None
    if draws:
        benefit = _resampled(places, weight[order], len(y), draws, seed)
        low, high = np.empty(len(order)), np.empty(len(order))
        low[order], high[order] = np.quantile(benefit, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return DecisionCurve(
        model=model,
        threshold=threshold,
        net_benefit=(tp - fp * weight) / len(y),
        treat_all=share - (1 - share) * weight,
        treat_none=np.zeros(len(threshold)),
        tp=tp,
        fp=fp,
        low=low,
        high=high,
    )


def _resampled(
    places: list[np.ndarray], weight: np.ndarray, n: int, draws: int, seed: int
) -> np.ndarray:
    """Net benefit in samples of all patients with replacement, shape (draws, n_thresholds).

    Only how many cases and controls fall between two thresholds matters, so these are drawn.
    """
    cells = len(weight) + 1
    counts = np.concatenate([np.bincount(place, minlength=cells) for place in places])
    drawn = np.random.default_rng(seed).multinomial(n, counts / n, size=draws)
    cases, controls = drawn[:, :cells], drawn[:, cells:]
    tp, fp = (
        part.sum(axis=1, keepdims=True) - np.cumsum(part, axis=1) for part in (cases, controls)
    )
    return (tp[:, :-1] - fp[:, :-1] * weight) / n
