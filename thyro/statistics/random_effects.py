"""What several centres say together: random effects, and each centre beside them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import expit, logit

from thyro.core import as_level, as_scores
from thyro.statistics.calibration import calibration
from thyro.statistics.delong import auc_ci

POOLED = "Pooled"  # row of all centres together
RANDOM_EFFECTS = (
    "random effects with the variance of Paule and Mandel and the interval of Hartung and Knapp"
)
COLUMNS = [
    *("model", "measure", "centre", "n", "n_events", "estimate", "ci_low", "ci_high"),
    *("prediction_low", "prediction_high", "tau2", "i2"),
]


@dataclass(frozen=True)
class RandomEffects:
    """Mean over centres and how far they differ; all on the scale of the estimates."""

    estimate: float
    se: float  # Hartung and Knapp
    ci_low: float
    ci_high: float
    prediction_low: float  # where the value of another centre is expected; NaN below three centres
    prediction_high: float
    tau2: float  # variance between centres
    i2: float  # share of the variation that is between centres, 0-1
    q: float  # Cochran's
    p_value: float  # of q: that all centres have one value
    k: int  # centres


def random_effects(estimates: ArrayLike, se: ArrayLike, *, level: float = 0.95) -> RandomEffects:
    """Pool estimates of two or more centres.

    The variance between centres is that of Paule and Mandel, the standard error that of Hartung
    and Knapp, which is never made smaller than without their factor, with t quantiles.

    Parameters
    ----------
    estimates, se : array_like of float, shape (n_centres,)
        On a scale where they are about normal: log odds for an AUC.
    level : float, default 0.95
        Coverage of the intervals.

    Raises
    ------
    ValueError
        If there are fewer than two centres, or a standard error is not above 0.

    References
    ----------
    Paule, Mandel (1982), J. Res. Natl. Bur. Stand. 87:377-385. Hartung, Knapp (2001), Stat. Med.
    20:3875-3889. Roever, Knapp, Friede (2015), BMC Med. Res. Methodol. 15:99 (the factor). Higgins,
    Thompson, Spiegelhalter (2009), J. R. Stat. Soc. A 172:137-159 (prediction interval).
    """
    y = as_scores(estimates, "estimates")
    v = as_scores(se, "se", len(y)) ** 2
    if len(y) < 2 or v.min() <= 0:
        raise ValueError("estimates: expected two or more centres, each with a positive SE.")
    from statsmodels.stats.meta_analysis import combine_effects  # takes a second to load

    found = combine_effects(y, v, method_re="iterated")
    k, tau2 = len(y), max(float(found.tau2), 0.0)
    weight = 1 / (v + tau2)
    mean = float(np.average(y, weights=weight))
    factor = float(np.sum(weight * (y - mean) ** 2) / (k - 1))
    se_mean = float(np.sqrt(max(factor, 1.0) / weight.sum()))
    tail = (1 - as_level(level)) / 2
    half = stats.t.isf(tail, k - 1) * se_mean
    wide = stats.t.isf(tail, k - 2) * np.sqrt(tau2 + se_mean**2) if k > 2 else np.nan
    fixed = np.average(y, weights=1 / v)
    q = float(np.sum((y - fixed) ** 2 / v))
    return RandomEffects(
        estimate=mean,
        se=se_mean,
        ci_low=mean - half,
        ci_high=mean + half,
        prediction_low=float(mean - wide),
        prediction_high=float(mean + wide),
        tau2=tau2,
        i2=max(0.0, 1 - (k - 1) / q) if q > 0 else 0.0,
        q=q,
        p_value=float(stats.chi2.sf(q, k - 1)),
        k=k,
    )


def centre_table(
    y: pd.Series, p: pd.DataFrame, centre: pd.Series, *, level: float = 0.95
) -> pd.DataFrame:
    """AUC and calibration slope of every model in every centre, and pooled over them.

    AUCs are pooled, and have their intervals, on the scale of log odds; DeLong's standard error is
    carried there. Slopes have Wald intervals. A centre without two patients of either outcome, with
    an AUC of 0 or 1, or without a recalibration has no estimate, and no part in the pooled value.

    Parameters
    ----------
    y : Series of int, index patients
        1 with the outcome, 0 without.
    p : DataFrame of float, shape (n_patients, n_models)
        Probabilities by models that did not see the patient's centre.
    centre : Series of str, index patients
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        COLUMNS: for each model and measure ("auc", "slope") one row per centre and, where two or
        more have an estimate, a last one named POOLED with n and events of all of these, the
        prediction interval, tau2 and I2.
    """
    y, centre = y.loc[p.index], centre.loc[p.index].astype(str)
    rows = []
    for model, predicted in p.items():
        for measure, of_centre in (("auc", _logit_auc), ("slope", _slope)):
            found = {
                name: of_centre(y.loc[ids].to_numpy(), predicted.loc[ids].to_numpy())
                for name, ids in centre.groupby(centre).groups.items()
            }
            rows += _rows(model, measure, found, y.groupby(centre).agg(["size", "sum"]), level)
    return pd.DataFrame(rows, columns=COLUMNS)


def predictions_by_others(
    p: pd.DataFrame, folded: pd.DataFrame | None, split: pd.Series, protocol: str
) -> pd.DataFrame:
    """Predictions of patients whom the models never saw.

    Parameters
    ----------
    p : DataFrame of float, shape (n_patients, n_models)
        Of all patients; those of training patients are replaced or left out.
    folded : DataFrame, optional
        recipe, patient_id, model, p: of training patients, without their fold, when that is the
        whole centre.
    split : Series of str, index patients
    protocol : str
        The recipe of `p`.
    """
    others = p[split.loc[p.index].ne("train")]
    if folded is None:
        return others
    rows = folded[folded["recipe"].eq(protocol) & folded["model"].isin(list(p))]
    wide = rows.pivot(index="patient_id", columns="model", values="p")[list(p)]
    return pd.concat([wide.rename_axis(columns=None), others])


def _rows(
    model: str,
    measure: str,
    found: dict[str, tuple[float, float]],
    counts: pd.DataFrame,
    level: float,
) -> list[tuple]:
    """Rows of one model and measure; estimates and standard errors by centre in `found`."""
    back = expit if measure == "auc" else np.asarray
    z = stats.norm.isf((1 - as_level(level)) / 2)
    rows, known = [], []
    for name, (estimate, se) in found.items():
        ends = back(np.array([estimate, estimate - z * se, estimate + z * se])).tolist()
        n = counts.loc[name].tolist()
        rows.append((model, measure, name, *n, *ends, *[np.nan] * 4))
        if np.isfinite([estimate, se]).all() and se > 0:
            known.append(name)
    if len(known) > 1:
        one = random_effects(*zip(*(found[name] for name in known), strict=True), level=level)
        ends = [one.estimate, one.ci_low, one.ci_high, one.prediction_low, one.prediction_high]
        n = counts.loc[known].sum().tolist()
        rows.append((model, measure, POOLED, *n, *back(np.array(ends)).tolist(), one.tau2, one.i2))
    return rows


def _logit_auc(y: np.ndarray, p: np.ndarray) -> tuple[float, float]:
    """Log odds of the AUC and their standard error, by the delta method."""
    if min(y.sum(), len(y) - y.sum()) < 2:
        return np.nan, np.nan
    found = auc_ci(y, p)
    if not 0 < found.auc < 1:
        return np.nan, np.nan
    return float(logit(found.auc)), found.se / (found.auc * (1 - found.auc))


def _slope(y: np.ndarray, p: np.ndarray) -> tuple[float, float]:
    if min(y.sum(), len(y) - y.sum()) < 2:
        return np.nan, np.nan
    found = calibration(y, p)
    return found.slope, found.slope_se
