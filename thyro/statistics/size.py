"""Does a score say more than how large the nodule is?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import chi2

from thyro.core import as_labels, as_scores
from thyro.statistics.correlation import correlations_with
from thyro.statistics.delong import auc_ci, delong_test
from thyro.statistics.likelihood import highest_likelihood
from thyro.statistics.newton import maximise_logistic
from thyro.statistics.odds import log_odds
from thyro.statistics.performance import cohorts

DIAMETER = "Diameter alone"


def added_to_size(y: ArrayLike, score: ArrayLike, diameter: ArrayLike) -> float:
    """p of the likelihood-ratio test of a score, given the logarithm of the diameter.

    Two logistic regressions in the same patients, with and without the score, as R's anova of two
    glm; where the score separates the outcome both likelihoods are Firth's, as in logistf.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
    score : array_like of float, shape (n_patients,)
        Probabilities enter as log odds; a constant adds nothing (p 1).
    diameter : array_like of float, shape (n_patients,)
        Above zero.

    Raises
    ------
    ValueError
        If a diameter is not above zero, and as `core.as_labels` and `core.as_scores`.

    References
    ----------
    Welch et al. (2019), Radiother. Oncol. 130:2-9: signatures that measure volume.
    """
    y = as_labels(y, "y")
    values = as_scores(score, "score", len(y))
    size = as_scores(diameter, "diameter", len(y))
    if not (size > 0).all():
        raise ValueError(f"diameter: expected numbers above 0, got {size.min()}.")
    if values.min() >= 0 and values.max() <= 1:
        values = log_odds(values)
    if np.ptp(values) == 0:
        return 1.0
    design = np.column_stack([np.ones(len(y)), _standardised(np.log(size)), _standardised(values)])
    _, height, separating = highest_likelihood(design, y)
    _, without = maximise_logistic(design, y, free=[0, 1], firth=len(separating) > 0)
    return float(chi2.sf(max(2 * (height - without), 0), 1))


def size_table(
    y: pd.Series,
    scores: Mapping[str, pd.DataFrame],
    split: pd.Series,
    diameter: pd.Series,
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """The diameter alone, and every score beside it, per protocol and cohort.

    Parameters
    ----------
    y, split : Series, index patients
    scores : mapping of protocol to DataFrame, shape (n_patients, n_scores)
        Leave out cohorts whose patients fitted the scores by leaving out their rows.
    diameter : Series, index patients
        Of the nodule.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        protocol, model, cohort, auc, ci_low, ci_high; and for scores difference (of the AUC, score
        less diameter), difference_low, difference_high, p_value (DeLong's paired test), lr_p
        (`added_to_size`), rho, rho_low, rho_high (Spearman's, with the diameter).
    """
    rows = []
    for protocol, table in scores.items():
        for cohort, members in cohorts_of(split.loc[table.index]).items():
            chosen = table[members]
            outcome, size = y.loc[chosen.index], diameter.loc[chosen.index]
            rows.append(
                {"protocol": protocol, "model": DIAMETER, "cohort": cohort}
                | _auc(outcome, size, level)
            )
            rho = correlations_with(chosen, size, level=level)
            for model, score in chosen.items():
                found = delong_test(outcome, score, size, level=level)
                rows.append(
                    {"protocol": protocol, "model": model, "cohort": cohort}
                    | _auc(outcome, score, level)
                    | {"difference": found.difference, "p_value": found.p_value}
                    | {"difference_low": found.ci_low, "difference_high": found.ci_high}
                    | {"lr_p": added_to_size(outcome, score, size)}
                    | dict(
                        zip(
                            ("rho", "rho_low", "rho_high"),
                            rho.loc[model, ["rho", "ci_low", "ci_high"]],
                            strict=True,
                        )
                    )
                )
    return pd.DataFrame(rows)


def cohorts_of(split: pd.Series) -> dict[str, np.ndarray]:
    """Members of each cohort that occurs, in the usual order; training may be absent."""
    if split.eq("train").any():
        return cohorts(split)
    found = {name: split.eq(name).to_numpy() for name in ("test", "external")}
    return {name: members for name, members in found.items() if members.any()}


def _auc(y, score, level):
    found = auc_ci(y, score, level=level)
    return {name: getattr(found, name) for name in ("auc", "ci_low", "ci_high")}


def _standardised(x):
    return (x - x.mean()) / x.std()
