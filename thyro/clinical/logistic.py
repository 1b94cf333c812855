"""Logistic regression with factors and restricted cubic splines, complete enough to export."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq
from scipy.special import expit

from thyro.clinical.likelihood import highest
from thyro.clinical.splines import spline_basis
from thyro.core import as_columns, as_labels, as_level, as_scores
from thyro.statistics import is_categorical, logistic_information, maximise_logistic

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
    lr_p: dict[str, float]  # term -> likelihood-ratio p of leaving it out
    n: int
    n_events: int
    method: str  # "maximum likelihood", "Firth" or "penalised"
    ranges: dict[str, tuple[float, float]]  # continuous term -> smallest and largest value seen
    distinct: dict[str, list[float]]  # continuous term with at most 10 distinct values -> those
    note: str  # levels left out, separation; empty when there is nothing to tell
    knots: dict[str, list[float]] = field(default_factory=dict)  # terms with a cubic spline

    def table(self, *, level: float = 0.95) -> pd.DataFrame:
        """One row per coefficient but the intercept.

        Columns: term, level ("" for a continuous term, a dash for each further column of its
        spline), estimate and se (log odds), odds_ratio, ci_low and ci_high (Wald, odds ratio),
        p_value (Wald), lr_p (whole term; NaN in a penalised fit).
        """
        coded = [
            (t, lev)
            for t in self.terms
            for lev in self.levels.get(t, [None, *_dashes(self.knots.get(t, []))])[1:]
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
        return design(as_columns(frame, self.terms), self.levels, self.knots)[0]

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


def _levels(values: pd.Series, *, unused: bool = False) -> list:
    """Levels that occur: declared order for a Categorical, else sorted as R's factor().

    With `unused` all that a Categorical declares.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        found = values if unused else values.cat.remove_unused_categories()
        return found.cat.categories.tolist()
    return sorted(values.unique().tolist())


def _dashes(knots: Sequence[float]) -> list[str]:
    """Endings of the names of a continuous term's columns: "", "'", "''" ..."""
    return ["'" * k for k in range(max(len(knots) - 1, 1))]


def design(
    frame: pd.DataFrame, levels: Mapping[str, list], knots: Mapping[str, list[float]]
) -> tuple[np.ndarray, list[str], dict[str, list[int]]]:
    """Design matrix with treatment contrasts.

    Parameters
    ----------
    frame : DataFrame, shape (n_patients, n_terms)
        Columns in the order of the terms.
    levels : mapping of categorical term to its levels
        The reference first; every other level has a column of 0 and 1.
    knots : mapping of continuous term to knots
        Of those with a restricted cubic spline; the others enter as they are.

    Returns
    -------
    columns : ndarray of float, shape (n_patients, n_coefficients)
        The first holds ones.
    names : list of str
        Of the columns: "(Intercept)", "age", "age'", "margin=Irregular".
    blocks : dict of str to list of int
        Term -> its columns.

    Raises
    ------
    ValueError
        For a level that is none of `levels`, and a value that is missing or infinite.
    """
    columns, names, blocks = [np.ones(len(frame))], ["(Intercept)"], {}
    for term in frame.columns:
        start = len(columns)
        if term in levels:
            values = frame[term].astype(object).to_numpy()
            unseen = sorted(set(values.tolist()) - set(levels[term]), key=repr)
            if unseen:
                raise ValueError(
                    f"{term}: level {unseen[0]!r} did not occur in the training patients, which "
                    f"had {levels[term]}. Merge it with one of these where the cohort is read."
                )
            columns += [(values == level).astype(float) for level in levels[term][1:]]
            names += [f"{term}={level}" for level in levels[term][1:]]
        else:
            values = as_scores(frame[term], term)
            columns += list(spline_basis(values, knots[term]).T) if term in knots else [values]
            names += [f"{term}{dash}" for dash in _dashes(knots.get(term, []))]
        blocks[term] = list(range(start, len(columns)))
    return np.column_stack(columns), names, blocks


def _check_rank(design: np.ndarray, names: list[str]) -> None:
    """Raise when a column is a combination of those before it, naming it."""
    scaled = design / np.linalg.norm(design, axis=0)
    if np.linalg.matrix_rank(scaled) == scaled.shape[1]:
        return
    ranks = [np.linalg.matrix_rank(scaled[:, : k + 1]) for k in range(scaled.shape[1])]
    redundant = [names[k] for k in range(1, len(names)) if ranks[k] == ranks[k - 1]]
    raise ValueError(
        f"terms: {', '.join(redundant)} can be computed from the terms before it in all "
        f"{len(design)} patients. Drop a term, or merge rare levels."
    )


def fit_logistic(
    frame: pd.DataFrame, y, terms: list[str], *, knots: Mapping[str, list[float]] | None = None
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
    data = prepare(frame, y, terms, knots)
    beta, log_likelihood, separating = highest(data.design, data.y)
    firth = len(separating) > 0
    lr_p = {}
    for term, block in data.blocks.items():
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


def _height(data: "Prepared", free: list[int], **keywords) -> float:
    """Maximised log-likelihood with all coefficients but `free` held; as `maximise_logistic`."""
    _, height = maximise_logistic(data.design, data.y, free=free, **keywords)
    return height


def profile_intervals(
    frame: pd.DataFrame, y, terms: list[str], *, level: float = 0.95
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

        def above(value, k=k, others=others):
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


@dataclass(frozen=True)
class Prepared:
    """Checked data of a regression and its design."""

    y: np.ndarray
    chosen: pd.DataFrame
    levels: dict[str, list]
    knots: dict[str, list[float]]
    design: np.ndarray
    names: list[str]
    blocks: dict[str, list[int]]  # term -> its columns
    notes: list[str]

    def described(self) -> dict:
        """The fields of `LogisticFit` that do not depend on how it is fitted."""
        continuous = {
            t: np.unique(self.chosen[t].to_numpy(float))
            for t in self.chosen
            if t not in self.levels
        }
        return {
            "terms": list(self.chosen.columns),
            "levels": self.levels,
            "knots": self.knots,
            "names": self.names,
            "n": len(self.y),
            "n_events": int(self.y.sum()),
            "ranges": {t: (float(v[0]), float(v[-1])) for t, v in continuous.items()},
            "distinct": {t: v.tolist() for t, v in continuous.items() if len(v) <= 10},
        }


def prepare(
    frame: pd.DataFrame,
    y,
    terms: list[str],
    knots: Mapping[str, list[float]] | None,
    *,
    dependent: bool = False,
) -> Prepared:
    """Check the data of a regression and lay out its design; raises as `fit_logistic`.

    Parameters
    ----------
    frame, y, terms, knots
        As in `fit_logistic`.
    dependent : bool, default False
        Of a penalised fit: terms may be computed from others, and every declared level has its
        column, also one that nobody has.
    """
    y = as_labels(y, "y")
    joined = [t for t in terms if t not in frame and ("*" in t or ":" in t)]
    if joined:
        raise ValueError(
            f"terms: {joined} is an interaction. Every term here adds to the log odds on its own, "
            "as a nomogram shows it; fit the groups apart, or add a column that holds the product."
        )
    chosen = as_columns(frame, terms)
    if len(chosen) != len(y):
        raise ValueError(f"y: expected {len(chosen)} values, one per row of frame, got {len(y)}.")
    constant = [term for term in chosen if chosen[term].nunique() < 2]
    if constant:
        raise ValueError(f"terms: {', '.join(constant)} has a single value; leave it out.")
    levels = {t: _levels(chosen[t], unused=dependent) for t in chosen if is_categorical(chosen[t])}
    knots = {term: list(at) for term, at in (knots or {}).items()}
    strange = [term for term in knots if term not in chosen or term in levels]
    if strange:
        raise ValueError(f"knots: {strange} are not continuous terms of this regression.")
    columns, names, blocks = design(chosen, levels, knots)
    if not dependent:
        _check_rank(columns, names)
    notes = [] if dependent else _unused_levels(chosen)
    return Prepared(y, chosen, levels, knots, columns, names, blocks, notes)


def _unused_levels(frame: pd.DataFrame) -> list[str]:
    """One sentence per Categorical column with categories that no patient has."""
    notes = []
    for term in frame.select_dtypes("category"):
        unused = [c for c in frame[term].cat.categories if not (frame[term] == c).any()]
        if unused:
            notes.append(f"{term}: no patient has {', '.join(map(str, unused))}; left out.")
    return notes
