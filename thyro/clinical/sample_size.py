"""Can this cohort carry this model? Collinearity, events per parameter, minimum sample size."""

from dataclasses import dataclass
from math import ceil, exp, log

import numpy as np
import pandas as pd
from scipy import stats

from thyro.clinical.logistic import LogisticFit
from thyro.statistics import is_categorical
from thyro.study import CLINICAL

LIMITS = (0.55, 0.99)  # of an AUC that a size can be computed for, and make sense
# What the minimum sizes allow, as Riley and colleagues do
MAX_SHRINKAGE = 0.1  # expected of the coefficients
MAX_OPTIMISM = 0.05  # of Nagelkerke's R2
RISK_MARGIN = 0.05  # of the overall risk, either side


@dataclass(frozen=True)
class SampleSize:
    """Smallest development cohort by three criteria, and what this cohort has."""

    parameters: int  # regression coefficients that were candidates, without the intercept
    events: int
    n: int
    shrinkage_n: int  # expected shrinkage of the coefficients at most MAX_SHRINKAGE
    optimism_n: int  # Nagelkerke's R2 in the data at most MAX_OPTIMISM above that of the population
    risk_n: int  # overall risk known to within RISK_MARGIN
    auc: float  # assumed
    r2_cox_snell: float  # that follows from it

    @property
    def minimum(self) -> int:
        """The largest of the three."""
        return max(self.shrinkage_n, self.optimism_n, self.risk_n)

    @property
    def events_per_parameter(self) -> float:
        return self.events / self.parameters


def assumed_auc(corrected: float) -> float:
    """The AUC that sizes of cohorts assume: one corrected for optimism, kept within LIMITS.

    At an AUC of one half no cohort is large enough, and at one no criterion is defined.
    """
    return float(np.clip(corrected, *LIMITS))


def minimum_sample_size(parameters: int, n: int, events: int, *, auc: float) -> SampleSize:
    """Riley's minimum sample size of a model of a binary outcome, as R's pmsampsize(type="b").

    pmsampsize simulates R2 from the assumed AUC; here it is integrated, with a linear predictor
    that is normal with the same variance in both outcomes.

    Parameters
    ----------
    parameters : int
        Candidate coefficients without the intercept: levels less one for a factor, columns of a
        spline, and every variable that was screened.
    n, events : int
        Patients and events of the cohort; their ratio is the assumed prevalence.
    auc : float
        Assumed for the model: corrected for optimism, or of other patients (`assumed_auc`). That
        in the patients who fitted the model asks for too few.

    Raises
    ------
    ValueError
        Unless `parameters` >= 1 and 0 < `events` < `n` and `auc` is between 0.5 and 1.

    References
    ----------
    Riley et al. (2019), Stat. Med. 38:1276-1296. Riley et al. (2020), BMJ 368:m441. Riley, Van
    Calster, Collins (2021), Stat. Med. 40:859-864 (from AUC to R2).
    """
    if parameters < 1 or not 0 < events < n or not 0.5 < auc < 1:
        raise ValueError(
            "parameters, n, events, auc: expected parameters >= 1, 0 < events < n and an AUC "
            f"between 0.5 and 1, got {parameters}, {n}, {events} and {auc}."
        )
    risk = events / n
    entropy = risk * log(risk) + (1 - risk) * log(1 - risk)
    largest = 1 - exp(2 * entropy)
    r2 = _r2_cox_snell(auc, risk, entropy)

    def patients(kept: float) -> int:
        return ceil(parameters / ((kept - 1) * log(1 - r2 / kept)))

    return SampleSize(
        parameters=parameters,
        events=events,
        n=n,
        shrinkage_n=patients(1 - MAX_SHRINKAGE),
        optimism_n=patients(r2 / (r2 + MAX_OPTIMISM * largest)),
        risk_n=ceil((1.96 / RISK_MARGIN) ** 2 * risk * (1 - risk)),
        auc=auc,
        r2_cox_snell=r2,
    )


def _r2_cox_snell(auc: float, risk: float, entropy: float) -> float:
    """R2 of a model with this AUC, whose predictor is N(0, 1) in controls and N(d, 1) in cases."""
    d = np.sqrt(2) * stats.norm.ppf(auc)
    x = np.linspace(-10, d + 10, 20001)
    logit = log(risk / (1 - risk)) + d * x - d**2 / 2
    cases, controls = risk * stats.norm.pdf(x - d), (1 - risk) * stats.norm.pdf(x)
    gain = np.trapezoid(-cases * np.logaddexp(0, -logit) - controls * np.logaddexp(0, logit), x)
    return 1 - exp(-2 * (float(gain) - entropy))


def parameters(frame: pd.DataFrame, variables: list[str]) -> int:
    """Coefficients of a regression on all `variables`: one each, levels less one of a factor."""
    return sum(max(frame[v].nunique() - 1, 0) if is_categorical(frame[v]) else 1 for v in variables)


def sample_sizes(
    frame: pd.DataFrame,
    variables: list[str],
    penalised: LogisticFit,
    terms: list[str],
    *,
    auc: float,
) -> dict[str, SampleSize]:
    """What the clinical models of a study ask of their training patients, by model in words.

    Parameters
    ----------
    frame : DataFrame
        Training patients, with `y`.
    variables : list of str
        Every candidate, of screening and of the penalised model.
    penalised : LogisticFit
        The model of all candidates, whose splines have columns of their own.
    terms : list of str
        What screening left.
    auc : float
        Assumed, as in `minimum_sample_size`.
    """
    counted = {
        "All candidates, screened": parameters(frame, variables),
        "All candidates, penalised, with splines": len(penalised.names) - 1,
        f"{CLINICAL}, had its terms been named beforehand": parameters(frame, terms),
    }
    n, events = len(frame), int(frame["y"].sum())
    return {
        name: minimum_sample_size(number, n, events, auc=auc) for name, number in counted.items()
    }


def collinearity(fit: LogisticFit) -> pd.DataFrame:
    """Generalised variance inflation of every term, from the covariance of the coefficients.

    For a term with one coefficient GVIF is the variance inflation factor; the last column is
    comparable between terms, and its square with the usual limits of 5 or 10. As R's car::vif.

    Returns
    -------
    DataFrame
        term, gvif, df and gvif_adjusted = gvif^(1 / (2 df)), one row per term. A model of a
        single term has 1.

    References
    ----------
    Fox, Monette (1992), JASA 87:178-183.
    """
    correlation = _correlation(fit)
    whole = np.linalg.slogdet(correlation)[1]
    rows = []
    for term in fit.terms:
        block = np.array(fit.block(term)) - 1
        others = np.setdiff1d(np.arange(len(correlation)), block)
        parts = [np.linalg.slogdet(correlation[np.ix_(k, k)])[1] for k in (block, others)]
        gvif = float(np.exp(sum(parts) - whole))
        rows.append((term, gvif, len(block), gvif ** (1 / (2 * len(block)))))
    return pd.DataFrame(rows, columns=["term", "gvif", "df", "gvif_adjusted"])


def _correlation(fit: LogisticFit) -> np.ndarray:
    """Correlation of the coefficients' estimates, without the intercept."""
    slopes = fit.covariance[1:, 1:]
    spread = np.sqrt(np.diag(slopes))
    return slopes / np.outer(spread, spread)
