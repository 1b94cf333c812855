"""How many patients a validation of a model needs, after Riley and colleagues."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import asinh, ceil

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import expit, logit

from thyro.clinical.bootstrap import FARTHEST
from thyro.clinical.sample_size import assumed_auc
from thyro.core import as_labels, as_scores

COVERAGE = 0.95  # of the intervals whose widths are wanted
OE_WIDTH, SLOPE_WIDTH, AUC_WIDTH = 0.2, 0.2, 0.1  # those of pmvalsampsize
Z = float(stats.norm.isf((1 - COVERAGE) / 2))


@dataclass(frozen=True)
class ValidationSize:
    """Smallest cohort that judges a model with the wanted precision."""

    oe_n: int  # ratio of observed to expected patients
    slope_n: int  # calibration slope
    auc_n: int
    risk: float  # assumed share of patients with the outcome
    auc: float  # assumed

    @property
    def minimum(self) -> int:
        """The largest of the three."""
        return max(self.oe_n, self.slope_n, self.auc_n)


def validation_sample_size(
    lp: ArrayLike,
    risk: float,
    auc: float,
    *,
    oe_width: float = OE_WIDTH,
    slope_width: float = SLOPE_WIDTH,
    auc_width: float = AUC_WIDTH,
) -> ValidationSize:
    """Riley's minimum size of an external validation, as R's pmvalsampsize(type="b").

    The model is taken to be calibrated: observed over expected and slope are 1. pmvalsampsize
    draws linear predictors; here they are given. Its search of standard errors is solved: that of
    log O:E in closed form, with the width of the interval on the scale of O:E; that of the AUC,
    which depends on n, by bisection.

    Parameters
    ----------
    lp : array_like of float, shape (n_patients,)
        Linear predictors of patients as those of the validation will be; only their distribution
        matters.
    risk : float
        Expected share of patients with the outcome.
    auc : float
        Expected AUC.
    oe_width, slope_width, auc_width : float
        Of the intervals that are wanted, of `COVERAGE`.

    Raises
    ------
    ValueError
        Unless 0 < `risk` < 1 and 0.5 < `auc` < 1, widths are above 0, and linear predictors
        differ.

    References
    ----------
    Riley et al. (2021), Stat. Med. 40:4230-4251. Newcombe (2006), Stat. Med. 25:559-573, method 4
    (standard error of an AUC).
    """
    lp = as_scores(lp, "lp")
    if not (0 < risk < 1 and 0.5 < auc < 1) or min(oe_width, slope_width, auc_width) <= 0:
        raise ValueError(
            "risk, auc, widths: expected 0 < risk < 1, an AUC between 0.5 and 1 and widths above "
            f"0, got {risk}, {auc} and {oe_width, slope_width, auc_width}."
        )
    # exp(z se) - exp(-z se) is the width of the interval of an O:E of 1
    se = asinh(oe_width / 2) / Z
    p = expit(lp)
    weight = p * (1 - p)  # information of one patient on intercept and slope, by its moments
    constant, linear, square = (float(np.mean(weight * lp**k)) for k in range(3))
    determinant = constant * square - linear**2
    if not determinant > 1e-12 * constant * square:
        raise ValueError("lp: all linear predictors are the same, so there is no slope.")
    slope_se = slope_width / (2 * Z)
    return ValidationSize(
        oe_n=ceil((1 - risk) / (risk * se**2)),
        slope_n=ceil(constant / (determinant * slope_se**2)),
        auc_n=_auc_patients(auc, risk, auc_width / (2 * Z)),
        risk=float(risk),
        auc=float(auc),
    )


def _auc_patients(auc: float, risk: float, se: float) -> int:
    """Fewest patients whose AUC has at most this standard error."""

    def variance(n: int) -> float:
        more = (n / 2 - 1) * (1 - auc) / (2 - auc) + (n / 2 - 1) * auc / (1 + auc)
        return auc * (1 - auc) * (1 + more) / (n**2 * risk * (1 - risk))

    low, high = 1, 2
    while variance(high) > se**2:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if variance(middle) <= se**2 else (middle, high)
    return high


def validation_sizes(
    risks: pd.DataFrame, y: ArrayLike, corrected: Mapping[str, float]
) -> dict[str, ValidationSize]:
    """`validation_sample_size` of every model, for patients like those who fitted it.

    Parameters
    ----------
    risks : DataFrame, shape (n_patients, n_models)
        Predicted probabilities of the training patients, whose linear predictors are taken.
    y : array_like of int, shape (n_patients,)
        Their outcomes, for the share of patients with it.
    corrected : mapping of model to float
        Its AUC, corrected for optimism.
    """
    risk = float(as_labels(y, "y").mean())
    return {
        str(model): validation_sample_size(
            np.clip(logit(p.to_numpy()), -FARTHEST, FARTHEST), risk, assumed_auc(corrected[model])
        )
        for model, p in risks.items()
    }
