"""Logistic regression with factors and restricted cubic splines, complete enough to export."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from scipy.optimize import brentq
from scipy.special import expit

from thyro.clinical.design import Prepared, dashes, design, prepare
from thyro.clinical.rare_levels import merge_levels
from thyro.core import as_columns, as_level
from thyro.statistics import highest_likelihood, logistic_information, maximise_logistic

MAXIMUM_LIKELIHOOD, FIRTH, PENALISED = "maximum likelihood", "Firth", "penalised"


@dataclass(frozen=True)
class LogisticFit:
    """A logistic regression with its coding, complete enough to predict by hand."""

    terms: list[str]
    levels: dict[str, list]  # categorical term -> levels, the reference first
    names: list[str]  # of the coefficients: "(Intercept)", "age", "age'", "margin=Irregular"
    coefficients: np.ndarray  # shape (n_coefficients,), log odds
    covariance: np.ndarray  # shape (n_coefficients, n_coefficients)
    log_likelihood: float  # with Firth's penalty where `method` is "Firth"
    null_log_likelihood: float  # same, every coefficient but the intercept held at 0
    lr_p: dict[str, float]  # term -> likelihood-ratio p of leaving it out, or NaN
    n: int
    n_events: int
    method: str  # "maximum likelihood", "Firth" or "penalised"
    ranges: dict[str, tuple[float, float]]  # continuous term -> smallest and largest value seen
    distinct: dict[str, list[float]]  # continuous term with at most 10 distinct values -> those
    note: str  # levels left out, separation; empty when there is nothing to tell
    knots: dict[str, list[float]] = field(default_factory=dict)  # terms with a cubic spline
    merged: dict[str, dict] = field(default_factory=dict)  # term -> rare level -> what it counts as

    def table(self, *, level: float = 0.95) -> pd.DataFrame:
        """One row per coefficient but the intercept.

        Columns: term, level ("" for a continuous term, a dash for each further column of its
        spline), estimate and se (log odds), odds_ratio, ci_low and ci_high (Wald, odds ratio),
        p_value (Wald), lr_p (whole term; NaN where `lr_p` is).
        """
        coded = [
            (t, lev)
            for t in self.terms
            for lev in self.levels.get(t, [None, *dashes(self.knots.get(t, []))])[1:]
        ]
        estimate, se = self.coefficients[1:], np.sqrt(np.diag(self.covariance))[1:]
        half = stats.norm.isf((1 - as_level(level)) / 2) * se
        return pd.DataFrame(
            {
                "term": [term for term, _ in coded],
                "level": [level for _, level in coded],
                "estimate": estimate,
                "se": se,
                "odds_ratio": np.exp(estimate),
                "ci_low": np.exp(estimate - half),
                "ci_high": np.exp(estimate + half),
                "p_value": 2 * stats.norm.sf(np.abs(estimate / se)),
                "lr_p": [self.lr_p[term] for term, _ in coded],
            }
        )

    def linear_predictor(self, frame: pd.DataFrame) -> np.ndarray:
        """Log odds of metastasis, shape (n_patients,).

        Raises
        ------
        ValueError
            If a term is absent, a value is missing, or a level was not seen in training.
        """
        return self._columns(frame) @ self.coefficients

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """Probability of metastasis, shape (n_patients,); raises as `linear_predictor`."""
        return expit(self.linear_predictor(frame))

    def risk(self, frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
        """Predicted risk with its Wald interval, formed on the log odds.

        Returns
        -------
        DataFrame
            lp and se (log odds), p, ci_low and ci_high (0-1), by the index of `frame`; as R's
            predict(type="link", se.fit=TRUE) and plogis.
        """
        columns = self._columns(frame)
        lp = columns @ self.coefficients
        se = np.sqrt(np.sum((columns @ self.covariance) * columns, axis=1))
        half = stats.norm.isf((1 - as_level(level)) / 2) * se
        values = {"lp": lp, "se": se, "p": expit(lp)}
        values |= {"ci_low": expit(lp - half), "ci_high": expit(lp + half)}
        return pd.DataFrame(values, index=frame.index)

    def risk_of(
        self, patient: Mapping[str, object], *, level: float = 0.95
    ) -> tuple[float, float, float]:
        """Risk of one patient (term -> value or level) with its Wald interval, as `risk`."""
        row = self.risk(pd.DataFrame([dict(patient)]), level=level).iloc[0]
        return float(row["p"]), float(row["ci_low"]), float(row["ci_high"])

    def summary(self) -> dict[str, float]:
        """What is printed below a regression: deviances, AIC, BIC, LR test, three kinds of R2."""
        deviance, null = -2 * self.log_likelihood, -2 * self.null_log_likelihood
        df, ratio = len(self.names) - 1, float(np.exp((deviance - null) / self.n))
        return {
            "n": self.n,
            "n_events": self.n_events,
            "deviance": deviance,
            "null_deviance": null,
            "aic": deviance + 2 * (df + 1),
            "bic": deviance + np.log(self.n) * (df + 1),
            "lr_chi2": null - deviance,
            "lr_df": df,
            "lr_p": float(stats.chi2.sf(null - deviance, df)),
            "r2_cox_snell": 1 - ratio,
            "r2_nagelkerke": (1 - ratio) / (1 - float(np.exp(-null / self.n))),
            "r2_mcfadden": 1 - deviance / null,
        }

    def block(self, term: str) -> list[int]:
        """Positions of the coefficients of `term`; empty for a name that is none of the terms."""
        ends = (f"{term}=", f"{term}'")
        return [k for k, name in enumerate(self.names) if name == term or name.startswith(ends)]

    def _columns(self, frame: pd.DataFrame) -> np.ndarray:
        chosen = merge_levels(as_columns(frame, self.terms), self.merged)
        return design(chosen, self.levels, self.knots)[0]

    def to_dict(self) -> dict:
        """Plain lists, numbers and strings at full precision, ready for JSON."""
        plain = asdict(self)
        plain["coefficients"] = self.coefficients.tolist()
        plain["covariance"] = self.covariance.tolist()
        plain["ranges"] = {term: list(ends) for term, ends in self.ranges.items()}
        return plain

    @classmethod
    def from_dict(cls, plain: dict) -> "LogisticFit":
        """Rebuild what `to_dict` wrote."""
        values = {field.name: plain[field.name] for field in fields(cls)}
        values["coefficients"] = np.array(plain["coefficients"], dtype=float)
        values["covariance"] = np.array(plain["covariance"], dtype=float)
        values["ranges"] = {term: tuple(ends) for term, ends in plain["ranges"].items()}
        return cls(**values)


def fit_logistic(
    frame: pd.DataFrame,
    y: ArrayLike,
    terms: list[str],
    *,
    knots: Mapping[str, list[float]] | None = None,
    tests: bool = True,
    merged: Mapping[str, Mapping] | None = None,
) -> LogisticFit:
    """Logistic regression by maximum likelihood, or Firth's penalised likelihood if separated.

    Treatment contrasts as in R's glm(family=binomial). Where the outcome is separated no maximum
    exists (odds ratios run to infinity); the fit then is Firth's, as R's logistf, and `method`
    and `note` say so.

    Parameters
    ----------
    frame : DataFrame
        One row per patient. Numeric columns are continuous. Categorical columns are coded with
        their first category as reference, strings and booleans with their smallest value.
    y : array_like of int, shape (n_patients,)
        1 for lymph-node metastasis, 0 for none.
    terms : list of str
        Columns of `frame`. Levels that do not occur are left out and listed in `note`.
    knots : mapping of str to list of float, optional
        Continuous terms that enter as a restricted cubic spline; see `default_knots`.
    tests : bool, default True
        Whether each term is tested by the likelihood ratio, which takes one more fit per term.
        Without it `lr_p` is NaN: for a bootstrap, which wants predictions only.
    merged : mapping of variable to mapping of level to level, optional
        Rare levels with what each counts as (`rare_levels`), here and in whoever is predicted;
        of other variables than the terms they are passed over.

    Returns
    -------
    LogisticFit

    Raises
    ------
    ValueError
        For a missing value, a term with a single value, linearly dependent terms, and as
        `as_labels`.

    References
    ----------
    Firth (1993), Biometrika 80:27-38. Heinze, Schemper (2002), Stat. Med. 21:2409-2419.
    """
    data = prepare(frame, y, terms, knots, merged=merged)
    beta, log_likelihood, separating = highest_likelihood(data.design, data.y)
    firth = len(separating) > 0
    lr_p = dict.fromkeys(data.blocks, np.nan)
    for term, block in data.blocks.items() if tests else ():
        others = [k for k in range(len(beta)) if k not in block]
        gain = log_likelihood - _height(data, others, firth=firth)
        # Rounding can leave a gain of -1e-13 where the term explains nothing.
        lr_p[term] = float(stats.chi2.sf(max(2 * gain, 0), len(block)))
    notes = data.notes
    if firth:
        separators = ", ".join(data.names[k] for k in separating)
        notes = [*notes, f"Outcome separated by {separators}: Firth's penalised likelihood."]
    return LogisticFit(
        **data.described(),
        coefficients=beta,
        covariance=np.linalg.inv(logistic_information(data.design, beta)),
        log_likelihood=log_likelihood,
        null_log_likelihood=_height(data, [0], firth=firth),
        lr_p=lr_p,
        method=FIRTH if firth else MAXIMUM_LIKELIHOOD,
        note=" ".join(notes),
    )


def _height(data: Prepared, free: list[int], **keywords) -> float:
    """Maximised log-likelihood with all coefficients but `free` held; as `maximise_logistic`."""
    _, height = maximise_logistic(data.design, data.y, free=free, **keywords)
    return height


def profile_intervals(
    frame: pd.DataFrame, y: ArrayLike, terms: list[str], *, level: float = 0.95
) -> pd.DataFrame:
    """Profile-likelihood intervals of the odds ratios, as R's confint of a glm.

    R interpolates the profile by a spline; here each end is a root, so they differ by up to 1e-3.

    Parameters
    ----------
    frame, y, terms
        As in `fit_logistic`.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        ci_low and ci_high (odds ratio), one row per coefficient with the intercept first.

    Raises
    ------
    ValueError
        If the outcome is separated, so that an end is infinite, and as `fit_logistic`.
    """
    data = prepare(frame, y, terms, {})
    fit = fit_logistic(frame, y, terms)
    if fit.method == FIRTH:
        raise ValueError(f"terms: no finite interval for every coefficient. {fit.note}")
    target = fit.log_likelihood - stats.chi2.isf(1 - as_level(level), 1) / 2
    rows = []
    for k, best in enumerate(fit.coefficients):
        others = [j for j in range(len(fit.names)) if j != k]

        def above(value: float, k: int = k, others: list[int] = others) -> float:
            start = fit.coefficients.copy()
            start[k] = value
            return _height(data, others, start=start) - target

        se = np.sqrt(fit.covariance[k, k])
        ends = []
        for side in (-1, 1):
            far = 3.0
            while above(best + side * far * se) > 0:
                far *= 2
            ends.append(np.exp(brentq(above, best, best + side * far * se)))
        rows.append(ends)
    return pd.DataFrame(rows, columns=["ci_low", "ci_high"], index=fit.names)
