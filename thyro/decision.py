"""Decision curve analysis."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from thyro.checks import as_labels, as_probabilities, as_scores


@dataclass(frozen=True)
class DecisionCurve:
    """Net benefit of treating by a model, treating all and treating none, per patient."""

    model: str
    threshold: np.ndarray  # probability at which a patient is treated
    net_benefit: np.ndarray
    treat_all: np.ndarray
    treat_none: np.ndarray  # zero everywhere

    def to_frame(self) -> pd.DataFrame:
        """One row per threshold, with the model's name in the first column."""
        return pd.DataFrame(
            {
                "model": self.model,
                "threshold": self.threshold,
                "net_benefit": self.net_benefit,
                "treat_all": self.treat_all,
                "treat_none": self.treat_none,
            }
        )


def decision_curve(y, p, thresholds, *, model: str = "model") -> DecisionCurve:
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

    Returns
    -------
    DecisionCurve

    Raises
    ------
    ValueError
        If `y` is not 0/1, `p` is not a probability, or a threshold is outside [0, 1).

    References
    ----------
    Vickers, Elkin (2006), Med. Decis. Making 26:565-574.
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
    treated = p >= threshold[:, None]
    weight = threshold / (1 - threshold)
    return DecisionCurve(
        model=model,
        threshold=threshold,
        net_benefit=(treated @ y - treated @ (1 - y) * weight) / len(y),
        treat_all=y.mean() - (1 - y).mean() * weight,
        treat_none=np.zeros(len(threshold)),
    )
