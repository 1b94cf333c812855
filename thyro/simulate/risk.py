"""What raises the risk of metastasis in a simulated patient, and what a radiologist reads.

Two latents shape the texture of a nodule, one coarse and one fine (`nodule`), and both raise the
risk beside five clinical terms. All of it is invented.

Goals of the design, fixed before any analysis of simulated images was looked at:

1. Ten-fold ridge regression on the radiomic features of original images finds each latent with a
   correlation of at least 0.7.
2. In the population, a model of the clinical terms and of both latents, each read with a
   correlation of exactly 0.7, has an AUC at least 0.05 above that of the clinical terms alone.
3. In a test cohort of 164 patients, 49 of them with metastasis, DeLong's two-sided test of that
   difference at level 0.05 has a power of at least 0.8.

`python -m tests.benchmarks.detectability` says whether they are met, on seeds other than those of
the demonstration.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit

from thyro.simulate import case_mix

# Log odds of metastasis per unit at effect 1. The clinical factors are those the paper retained;
# sizes are invented and round.
CLINICAL_LOG_ODDS = {
    "age": -0.045,  # per year
    "log_diameter": 0.9,  # per unit of ln(mm)
    "margin[Irregular or lobulated]": 0.5,
    "margin[Extrathyroidal extension]": 1.1,
    "multifocality[Yes]": 0.7,
}
LATENTS = ("coarse_latent", "fine_latent")  # standard normal, independent of everything else
COARSE_LOG_ODDS, FINE_LOG_ODDS = 1.6, 1.2  # per SD of the latents: they meet the goals above

# Log odds of a reading "metastasis" per unit. The eye sees the coarse texture only, and signs that
# say nothing of the outcome given the others. What sets the outcomes apart beyond that, such as the
# look of the nodes, follows from the accuracy of Table 2.
READING_LOG_ODDS = {
    "log_diameter": 0.6,
    "margin[Irregular or lobulated]": 0.4,
    "margin[Extrathyroidal extension]": 0.8,
    "calcification[Micro]": 0.4,
    "shape[Taller-than-wide]": 0.3,
    "coarse_latent": 0.5,
}
# The radiologist of Table 2, both cohorts pooled. Table 1 counts 182 metastases suspected in 544
# patients; this accuracy gives 164 on average, a contradiction within the paper.
SENSITIVITY, SPECIFICITY = 121 / 173, 322 / 371
REFERENCE = 20_000  # patients of the published case mix in whom the reader has this accuracy


def log_odds(
    *, coarse: float = COARSE_LOG_ODDS, fine: float = FINE_LOG_ODDS, effect: float = 1.0
) -> dict[str, float]:
    """Return the slopes of the true model: those of both latents as given, times `effect`."""
    slopes = CLINICAL_LOG_ODDS | dict(zip(LATENTS, (coarse, fine), strict=True))
    return {name: effect * value for name, value in slopes.items()}


def risk_terms(table: pd.DataFrame, latents: pd.DataFrame) -> pd.DataFrame:
    """Return the terms of the true model, one column per key of `log_odds`; NaN where empty."""
    return _terms(table, latents, log_odds())


def coefficients(
    terms: pd.DataFrame, slopes: Mapping[str, float], prevalence: float = case_mix.PREVALENCE
) -> dict[str, float]:
    """Return the true model, the intercept first.

    Parameters
    ----------
    terms : DataFrame
        `risk_terms` of patients for whom the intercept makes `prevalence` the mean risk.
    slopes : mapping of str to float
        One per term.
    prevalence : float
        Between 0 and 1.
    """
    score = terms[list(slopes)].to_numpy() @ np.array(list(slopes.values()))
    return {"intercept": _intercept(score, np.ones(len(score)), prevalence), **slopes}


def reading(
    table: pd.DataFrame,
    latents: pd.DataFrame,
    y: np.ndarray,
    rng: np.random.Generator,
    *,
    effect: float = 1.0,
    coarse: float = COARSE_LOG_ODDS,
    fine: float = FINE_LOG_ODDS,
) -> np.ndarray:
    """Draw the radiologist's 0/1 reading by quota in either outcome.

    The rule is one for all cohorts: it has the accuracy of Table 2 in patients of the published
    case mix, and in others the one that follows.

    Parameters
    ----------
    table, latents : DataFrame
        Of all patients, without empty cells.
    y : ndarray of int, shape (n_patients,)
        1 for metastasis.
    rng : numpy.random.Generator
    effect : float
        Factor on the log odds between both outcomes in patients of the same look: at 0 the reading
        depends on the look alone.
    coarse, fine : float
        Log odds of metastasis by the latents, which the published accuracy is to be reached with.
    """
    rule = np.array(_reader(coarse, fine))
    middle = np.average(rule, weights=[1 - case_mix.PREVALENCE, case_mix.PREVALENCE])
    p = expit((middle + effect * (rule - middle))[y] + _suspicion(table, latents))
    read = np.empty(len(y), int)
    for value in (0, 1):
        read[y == value] = case_mix.outcome(p[y == value], rng)
    return read


def _terms(table: pd.DataFrame, latents: pd.DataFrame, names) -> pd.DataFrame:
    """Values of terms such as "age", "log_diameter", "margin[...]" and those of `LATENTS`."""
    terms = {}
    for name in names:
        variable, _, level = name.removesuffix("]").partition("[")
        if name in LATENTS:
            terms[name] = np.asarray(latents[name])
        elif level:
            terms[name] = (table[variable] == level).astype(float).where(table[variable].notna())
        elif variable.startswith("log_"):
            terms[name] = np.log(table[variable.removeprefix("log_")])
        else:
            terms[name] = table[variable]
    return pd.DataFrame(terms, index=table.index).astype(float)


def _suspicion(table: pd.DataFrame, latents: pd.DataFrame) -> np.ndarray:
    """What the look of every nodule adds to the log odds of a reading "metastasis"."""
    terms = _terms(table, latents, READING_LOG_ODDS)
    return terms.to_numpy() @ np.array(list(READING_LOG_ODDS.values()))


@cache
def _reader(coarse: float, fine: float) -> tuple[float, float]:
    """Intercepts of the reading without and with metastasis; the same whenever they are asked for.

    Solved in patients of the published case mix, whose risks stand for their outcomes.
    """
    rng = np.random.default_rng(0)
    table = case_mix.preoperative(REFERENCE, rng)
    latents = pd.DataFrame(rng.standard_normal((REFERENCE, 2)), columns=LATENTS)
    terms = risk_terms(table, latents)
    intercept, *slopes = coefficients(terms, log_odds(coarse=coarse, fine=fine)).values()
    risk = expit(intercept + terms.to_numpy() @ np.array(slopes))
    look = _suspicion(table, latents)
    return _intercept(look, 1 - risk, 1 - SPECIFICITY), _intercept(look, risk, SENSITIVITY)


def _intercept(score: np.ndarray, weights: np.ndarray, share: float) -> float:
    """Intercept that makes `share` the weighted mean of the probabilities."""
    return brentq(
        lambda a: np.average(expit(a + score), weights=weights) - share,
        -score.max() - 10,
        10 - score.min(),
    )
