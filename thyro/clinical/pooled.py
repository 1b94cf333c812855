"""Regressions of completed patients, pooled by Rubin's rules, that predict patients with gaps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import expit

from thyro.clinical.completion import Completer
from thyro.clinical.imputation import Imputation
from thyro.clinical.logistic import FIRTH, LogisticFit, fit_logistic
from thyro.clinical.penalised import fit_penalised
from thyro.clinical.rare_levels import merge_levels
from thyro.clinical.rubin import mean_linear_predictor, pool, pooled_wald_test
from thyro.clinical.splines import default_knots
from thyro.core import as_level
from thyro.statistics import is_categorical

_SHOWN = ["n", "events", "estimate", "se", "odds_ratio", "ci_low", "ci_high", "p_value"]


@dataclass(frozen=True)
class PooledFit(LogisticFit):
    """A regression whose coefficients and covariance are pooled; `fits` has one per completion.

    Of a term `lr_p` is the pooled Wald test (D1). Log-likelihoods are means over the completions.
    """

    fits: list[LogisticFit] = field(default_factory=list)
    df: np.ndarray = field(default_factory=lambda: np.empty(0))  # Barnard and Rubin's
    fmi: np.ndarray = field(default_factory=lambda: np.empty(0))  # missing information, 0-1
    imputation: Completer | None = None

    def table(self, *, level: float = 0.95) -> pd.DataFrame:
        """As `LogisticFit.table`; intervals and p by t distributions, whose df stand beside."""
        table = super().table(level=level)
        df, estimate, se = self.df[1:], table["estimate"], table["se"]
        half = stats.t.isf((1 - as_level(level)) / 2, df) * se
        return table.assign(
            ci_low=np.exp(estimate - half),
            ci_high=np.exp(estimate + half),
            p_value=2 * stats.t.sf(np.abs(estimate / se), df),
            df=df,
        )

    def linear_predictor(self, frame: pd.DataFrame) -> np.ndarray:
        """Log odds, shape (n_patients,): the mean over completions, each by its own fit.

        A patient without a gap has that of the pooled coefficients.

        Raises
        ------
        ValueError
            As `Imputation.completed` and `LogisticFit.linear_predictor`.
        """
        return mean_linear_predictor([self._lp(k, one) for k, one in self._completed(frame)])

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """Probability, shape (n_patients,), of the mean linear predictor."""
        return expit(self.linear_predictor(frame))

    def risk(self, frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
        """As `LogisticFit.risk`; Rubin's rules join the linear predictors of each patient."""
        return self.risk_of_completed([one for _, one in self._completed(frame)], level=level)

    def risk_of(
        self, patient: Mapping[str, object], *, level: float = 0.95
    ) -> tuple[float, float, float]:
        """As `LogisticFit.risk_of`, of a patient without a gap in the terms: nothing is imputed."""
        row = merge_levels(pd.DataFrame([dict(patient)]), self.merged)
        found = self.risk_of_completed([row] * len(self.fits), level=level).iloc[0]
        return float(found["p"]), float(found["ci_low"]), float(found["ci_high"])

    def risk_of_completed(
        self, completed: Sequence[pd.DataFrame], *, level: float = 0.95
    ) -> pd.DataFrame:
        """As `risk`, of patients whom `imputation` has completed: once for each fit."""
        each = [fit.risk(one, level=level) for fit, one in zip(self.fits, completed, strict=True)]
        lps = np.array([one["lp"] for one in each])
        lp = lps.mean(axis=0)
        between = lps.var(axis=0, ddof=1) if len(lps) > 1 else 0.0
        within = np.mean([one["se"] ** 2 for one in each], axis=0)
        se = np.sqrt(within + (1 + 1 / len(lps)) * between)
        half = stats.norm.isf((1 - as_level(level)) / 2) * se
        values = {"lp": lp, "se": se, "p": expit(lp)}
        values |= {"ci_low": expit(lp - half), "ci_high": expit(lp + half)}
        return pd.DataFrame(values, index=completed[0].index)

    def to_dict(self) -> dict:
        """As `LogisticFit.to_dict`, of the pooled regression, with df and fmi."""
        own = {one.name: getattr(self, one.name) for one in fields(LogisticFit)}
        return LogisticFit(**own).to_dict() | {"df": self.df.tolist(), "fmi": self.fmi.tolist()}

    def _completed(self, frame: pd.DataFrame) -> list[tuple[int, pd.DataFrame]]:
        return list(enumerate(self.imputation.completed(frame)))

    def _lp(self, k: int, frame: pd.DataFrame) -> np.ndarray:
        return self.fits[k].linear_predictor(frame)


def fit_imputed(
    imputation: Imputation, y: ArrayLike, terms: Sequence[str], *, tests: bool = True
) -> PooledFit:
    """`fit_logistic` of every completion, pooled.

    Parameters
    ----------
    imputation : Imputation
        Of the training patients; terms that take no part in it, such as signatures, have no gaps.
    y : array_like of int, shape (n_patients,)
    terms : sequence of str
    tests : bool, default True
        As in `fit_logistic`: of a single completion that is the likelihood-ratio test, of several
        the pooled Wald test, which costs nothing.

    Raises
    ------
    ValueError
        As `fit_logistic`.
    """
    alone = imputation.m == 1
    fits = [fit_logistic(one, y, list(terms), tests=tests and alone) for one in imputation.training]
    return pooled_fit(fits, imputation)


def penalised_imputed(imputation: Imputation, y: ArrayLike, terms: Sequence[str]) -> PooledFit:
    """`fit_penalised` of every completion, with the knots of the recorded values, pooled."""
    recorded = imputation.recorded
    numeric = [name for name in terms if not is_categorical(recorded[name])]
    knots = {name: default_knots(recorded[name].dropna()) for name in numeric}
    fits = [fit_penalised(one, y, list(terms), knots=knots) for one in imputation.training]
    return pooled_fit(fits, imputation)


def pooled_fit(fits: Sequence[LogisticFit], imputation: Imputation) -> PooledFit:
    """Regressions of the same terms in completed data sets as one.

    A single one keeps its covariance, which knows nothing of gaps: for a bootstrap, whose samples
    are each completed once.
    """
    first, m = fits[0], len(fits)
    q, u = np.array([fit.coefficients for fit in fits]), np.array([fit.covariance for fit in fits])
    shared = {one.name: getattr(first, one.name) for one in fields(LogisticFit)}
    notes = list(dict.fromkeys(fit.note for fit in fits if fit.note))
    if m == 1:
        df, fmi = np.full(len(q[0]), np.inf), np.zeros(len(q[0]))
    else:
        dfcom = max(first.n - len(q[0]), 1)
        pooled = pool(q, u, dfcom=dfcom)
        df, fmi = pooled.df, pooled.fmi
        shared |= {"coefficients": pooled.estimate, "covariance": pooled.covariance}
        blocks = {term: first.block(term) for term in first.terms}
        shared["lr_p"] = {
            term: pooled_wald_test(
                q[:, block], u[np.ix_(range(m), block, block)], dfcom=dfcom
            ).p_value
            for term, block in blocks.items()
        }
        if len(notes) > 1:  # penalties, for example, or levels left out
            notes = [f"{notes[0].removesuffix('.')} (first imputation)."]
        notes.append(f"Pooled over {m} imputations by Rubin's rules.")
    method = FIRTH if any(fit.method == FIRTH for fit in fits) else first.method
    shared |= {
        "log_likelihood": float(np.mean([fit.log_likelihood for fit in fits])),
        "null_log_likelihood": float(np.mean([fit.null_log_likelihood for fit in fits])),
        "merged": {t: into for t, into in imputation.merged.items() if t in first.terms},
        "ranges": {t: _span([fit.ranges[t] for fit in fits]) for t in first.ranges},
        "method": method,
        "note": " ".join(notes),
    }
    return PooledFit(**shared, fits=list(fits), df=df, fmi=fmi, imputation=imputation)


def _span(ranges: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def complete_case_table(
    frame: pd.DataFrame, fits: Mapping[str, PooledFit], *, level: float = 0.95
) -> pd.DataFrame:
    """Regressions of the patients without a gap beside those of all, imputed.

    Parameters
    ----------
    frame : DataFrame
        Training patients with their gaps: y, clinical variables and signatures.
    fits : mapping of nomogram to PooledFit
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        nomogram, term, level and, each for `complete` and `imputed`: n, events, estimate, se,
        odds_ratio, ci_low, ci_high, p_value; then fmi of the imputed. A term or level that the
        complete patients do not have has NaN there.
    """
    rows = []
    for name, imputed in fits.items():
        of_all = imputed.table(level=level).assign(n=imputed.n, events=imputed.n_events)
        of_all["fmi"] = imputed.fmi[1:]
        there = frame.dropna(subset=imputed.terms)
        complete = fit_logistic(there, there["y"], list(imputed.terms), merged=imputed.merged)
        of_complete = complete.table(level=level).assign(n=complete.n, events=complete.n_events)
        both = of_all.merge(
            of_complete[["term", "level", *_SHOWN]],
            on=["term", "level"],
            how="left",
            suffixes=("_imputed", "_complete"),
        )
        rows.append(both.assign(nomogram=name))
    columns = ["nomogram", "term", "level"]
    columns += [f"{one}_{which}" for which in ("complete", "imputed") for one in _SHOWN]
    return pd.concat(rows, ignore_index=True)[[*columns, "fmi"]]
