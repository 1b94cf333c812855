"""How much of a simulated truth an analysis found again.

Only for simulated cohorts, where the log odds, the latents and the risk of every patient are known.
No model ever reads them; they are set beside its results when those are final.
"""

from collections.abc import Mapping
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import logit

from thyro import statistics
from thyro.core import as_columns, as_level, as_probabilities, as_scores
from thyro.simulate import oracle
from thyro.simulate.risk import LATENTS

LOG = "log_"  # prefix of a true coefficient that is per unit of the logarithm


def recovered_log_odds(
    fit: Mapping, truth: Mapping[str, float], train: pd.DataFrame, *, level: float = 0.95
) -> pd.DataFrame:
    """Estimated log odds of a clinical model beside the true ones.

    A variable that raises the true risk by its logarithm and enters the model as it is has no
    coefficient in common with it. Both imply a log odds between two patients, so such a variable
    is compared between the quartiles of the training patients.

    Parameters
    ----------
    fit : mapping
        `clinical.LogisticFit.to_dict()`: names, coefficients and covariance are used.
    truth : mapping of str to float
        True log odds by name: "age", "margin[Irregular]", "log_diameter". "intercept" is left out.
    train : DataFrame
        The training patients, with the variables of logarithmic effect.
    level : float, default 0.95
        Coverage of the Wald intervals.

    Returns
    -------
    DataFrame
        One row per true coefficient of a clinical variable, then per other coefficient of the
        model: term, level ("" for a continuous one), low and high (the values compared; NaN where
        the coefficient is per unit or level), truth (NaN for a term outside the true model),
        estimate, ci_low and ci_high (NaN where the model left the term out).
    """
    half = stats.norm.isf((1 - as_level(level)) / 2)
    estimated = dict(zip(fit["names"], fit["coefficients"], strict=True))
    se = dict(zip(fit["names"], np.sqrt(np.diag(fit["covariance"])), strict=True))
    wanted = {name: _name(name) for name in truth if _name(name).partition("=")[0] in train}
    surplus = set(estimated) - {"(Intercept)", *wanted.values()}
    wanted |= {name: name for name in fit["names"] if name in surplus}
    rows = []
    for name, own in wanted.items():
        term, _, of_level = own.partition("=")
        value, low, high, step, true_step = truth.get(name, np.nan), np.nan, np.nan, 1.0, 1.0
        if name.startswith(LOG):
            low, high = np.quantile(train[term], [0.25, 0.75])
            step, true_step = high - low, np.log(high / low)
        beta, error = estimated.get(own, np.nan) * step, se.get(own, np.nan) * step
        rows.append(
            {"term": term, "level": of_level, "low": low, "high": high}
            | {"truth": value * true_step, "estimate": beta}
            | {"ci_low": beta - half * error, "ci_high": beta + half * error}
        )
    return pd.DataFrame(rows)


def _name(truth: str) -> str:
    """Name of a true coefficient as a fit writes it: "margin[Irregular]" -> "margin=Irregular"."""
    return truth.removeprefix(LOG).replace("[", "=").removesuffix("]")


def recovered_correlations(
    known: pd.DataFrame, scores: pd.DataFrame, *, level: float = 0.95
) -> pd.DataFrame:
    """Spearman correlation of every score with what shaped the images.

    Parameters
    ----------
    known : DataFrame, shape (n_patients, n_known)
        The latents of the simulation, and what a score may have measured instead of it.
    scores : DataFrame, shape (n_patients, n_models)
        Of patients who fitted no model.
    level : float, default 0.95
        Coverage of the intervals, by Fisher's transformation with the variance of Bonett, Wright.

    Returns
    -------
    DataFrame
        One row per column of `known` and score: known, model, rho, ci_low, ci_high, n. A constant
        score has no correlation (NaN).

    References
    ----------
    Bonett, Wright (2000), Psychometrika 65:23-28.
    """
    n = len(scores)
    if n < 4:
        raise ValueError(f"scores: an interval needs at least 4 patients, got {n}.")
    half = stats.norm.isf((1 - as_level(level)) / 2)
    rows = []
    for name, model in product(known, as_columns(scores, scores.columns, "scores")):
        values = as_scores(known[name], name, n)
        constant = min(np.ptp(values), np.ptp(scores[model])) == 0
        rho = np.nan if constant else float(stats.spearmanr(values, scores[model]).statistic)
        reach = half * np.sqrt((1 + rho**2 / 2) / (n - 3))
        z = np.arctanh(np.clip(rho, -1 + 1e-15, 1 - 1e-15))  # a perfect order has no finite z
        low, high = np.tanh([z - reach, z + reach])
        which = {"known": name, "model": model}
        rows.append(which | {"rho": rho, "ci_low": low, "ci_high": high, "n": n})
    return pd.DataFrame(rows)


def recovered_risks(
    y: ArrayLike, risk: ArrayLike, p: pd.DataFrame, *, level: float = 0.95
) -> pd.DataFrame:
    """Predicted beside true risk.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
    risk : array_like of float, shape (n_patients,)
        True probability of the outcome, strictly between 0 and 1.
    p : DataFrame, shape (n_patients, n_models)
        Predicted probabilities of patients who fitted no model.
    level : float, default 0.95
        Coverage of the intervals of the AUC.

    Returns
    -------
    DataFrame
        One row per model: model; auc, ci_low, ci_high; auc_of_risk, the AUC of the true risk in
        the same patients, which a model passes by chance only; slope, of the true log odds on the
        predicted ones by least squares (below 1 where predictions are too extreme, NaN for a
        constant prediction); slope_of_risk, its ideal: 1, and NaN where the true risk is the same
        for everybody; absolute_error, mean of |p - risk|.
    """
    risk = as_probabilities(risk, "risk", len(p))
    ceiling, own_slope = statistics.auc_ci(y, risk, level=level).auc, _slope(risk, risk)
    rows = []
    for model, values in p.items():
        values = as_probabilities(values, model, len(risk))
        auc = statistics.auc_ci(y, values, level=level)
        inside = (values > 0) & (values < 1)  # 0 and 1 have no log odds
        rows.append(
            {"model": model, "auc": auc.auc, "ci_low": auc.ci_low, "ci_high": auc.ci_high}
            | {"auc_of_risk": ceiling, "slope": _slope(logit(values[inside]), logit(risk[inside]))}
            | {"slope_of_risk": own_slope, "absolute_error": float(np.mean(np.abs(values - risk)))}
        )
    return pd.DataFrame(rows)


def recovered_truth(
    truth: pd.DataFrame,
    patients: pd.DataFrame,
    scores: pd.DataFrame,
    p: pd.DataFrame,
    fit: Mapping,
    features: Mapping[str, pd.DataFrame],
    *,
    level: float = 0.95,
) -> dict[str, pd.DataFrame]:
    """All that is set beside the truth.

    Parameters
    ----------
    truth : DataFrame
        As `simulate_cohort` makes it, one row per `patient_id`, in any order; its attribute
        `coefficients` holds the true log odds.
    patients : DataFrame
        Indexed by patient: split, y, diameter and the variables of `recovered_log_odds`.
    scores, p : DataFrame
        Of image models and of nomograms, one column each, indexed by patient.
    fit : mapping
        As in `recovered_log_odds`.
    features : mapping of str to DataFrame
        Features of all patients, by what they are called.
    level : float, default 0.95
        Coverage of all intervals.

    Returns
    -------
    dict of str to DataFrame
        log_odds in training, correlations (of `scores`) and risks (of `p`) in the test cohort, as
        the three functions above; latents and ceilings in every cohort, as those of `oracle`.
    """
    train, test = (patients[patients["split"].eq(name)] for name in ("train", "test"))
    known = truth.set_index("patient_id").loc[patients.index]
    known.attrs = truth.attrs
    latents, tested = known[[*LATENTS]], known.loc[test.index]
    # A score that follows the size of the nodule may have measured that and not its texture.
    shaped = tested[[*LATENTS]].rename(columns=lambda name: name.replace("_", " "))
    shaped = shaped.assign(diameter=test["diameter"])
    trains = patients["split"].eq("train")
    read = {
        name: oracle.read_latents(table.loc[patients.index], latents, trains)
        for name, table in features.items()
    }
    return {
        "log_odds": recovered_log_odds(fit, truth.attrs["coefficients"], train, level=level),
        "correlations": recovered_correlations(shaped, scores.loc[test.index], level=level),
        "risks": recovered_risks(test["y"], tested["risk"], p.loc[test.index], level=level),
        "latents": oracle.latent_correlations(latents, read, patients["split"], level=level),
        "ceilings": oracle.ceilings(patients["y"], known, read, patients["split"], level=level),
    }


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    """Least-squares slope of `y` on `x`; NaN where `x` is constant or nobody is left."""
    if len(np.unique(x)) < 2:
        return float("nan")
    return float(stats.linregress(x, y).slope)
