"""Logistic regression of clinical variables, and their selection."""

from dataclasses import asdict, dataclass, fields

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from scipy import stats
from scipy.optimize import linprog
from scipy.special import expit

from thyro.checks import as_columns, as_labels, as_level, as_scores

MAXIMUM_LIKELIHOOD, FIRTH = "maximum likelihood", "Firth"


@dataclass(frozen=True)
class LogisticFit:
    """A logistic regression with its coding, complete enough to predict by hand."""

    terms: list[str]
    levels: dict[str, list]  # categorical term -> levels, the reference first
    names: list[str]  # of the coefficients: "(Intercept)", "age", "margin=Irregular"
    coefficients: np.ndarray  # shape (n_coefficients,), log odds
    covariance: np.ndarray  # shape (n_coefficients, n_coefficients)
    log_likelihood: float  # with Firth's penalty where `method` is "Firth"
    null_log_likelihood: float  # same, every coefficient but the intercept held at 0
    lr_p: dict[str, float]  # term -> likelihood-ratio p of leaving it out
    n: int
    n_events: int
    method: str  # "maximum likelihood" or "Firth"
    ranges: dict[str, tuple[float, float]]  # continuous term -> smallest and largest value seen
    distinct: dict[str, list[float]]  # continuous term with at most 10 distinct values -> those
    note: str  # levels left out, separation; empty when there is nothing to tell

    def table(self, *, level: float = 0.95) -> pd.DataFrame:
        """One row per coefficient but the intercept.

        Columns: term, level ("" for a continuous term), estimate and se (log odds), odds_ratio,
        ci_low and ci_high (Wald, odds ratio), p_value (Wald), lr_p (whole term).
        """
        coded = [(t, lev) for t in self.terms for lev in self.levels.get(t, [None, ""])[1:]]
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
        return _design(as_columns(frame, self.terms), self.levels)[0] @ self.coefficients

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """Probability of metastasis, shape (n_patients,); raises as `linear_predictor`."""
        return expit(self.linear_predictor(frame))

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


@dataclass(frozen=True)
class ClinicalSelection:
    """What univariate screening and one multivariable fit left."""

    univariate: pd.DataFrame
    multivariable: pd.DataFrame
    terms: list[str]
    note: str  # variables set aside, fallback taken; empty when there is nothing to tell

    def to_frame(self) -> pd.DataFrame:
        """Both regressions side by side, one row per coefficient; NaN where it did not enter."""
        return self.univariate.merge(
            self.multivariable, on=["term", "level"], how="left", suffixes=("", "_multivariable")
        )


def _is_categorical(values: pd.Series) -> bool:
    return not is_numeric_dtype(values) or is_bool_dtype(values)


def _levels(values: pd.Series) -> list:
    """Levels that occur: declared order for a Categorical, else sorted as R's factor()."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.remove_unused_categories().cat.categories.tolist()
    return sorted(values.unique().tolist())


def _design(frame: pd.DataFrame, levels: dict[str, list]) -> tuple[np.ndarray, list, dict]:
    """Design matrix with treatment contrasts, names of its columns, and columns of each term."""
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
            columns.append(as_scores(frame[term], term))
            names.append(term)
        blocks[term] = list(range(start, len(columns)))
    return np.column_stack(columns), names, blocks


def _maximise(
    design: np.ndarray, y: np.ndarray, free: list[int], *, firth: bool, farthest: float = np.inf
) -> tuple[np.ndarray, float] | None:
    """Coefficients and maximised (penalised) log-likelihood, those not in `free` held at 0.

    Newton's method with step halving. Firth's penalty is half the log determinant of the
    information of the whole design, also when columns are held at 0, as in R's logistf. None as
    soon as a linear predictor exceeds `farthest`.
    """

    def information(beta):
        return (design.T * (expit(design @ beta) * expit(-(design @ beta)))) @ design

    def objective(beta):
        eta = design @ beta
        value = np.sum(y * eta - np.logaddexp(0, eta))
        return value + np.linalg.slogdet(information(beta))[1] / 2 if firth else value

    beta = np.zeros(design.shape[1])
    height = objective(beta)
    for _ in range(500):
        fitted = expit(design @ beta)
        leverage = np.zeros(len(y))
        if firth:
            inverse = np.linalg.inv(information(beta))
            leverage = fitted * (1 - fitted) * np.sum((design @ inverse) * design, axis=1)
        # Firth's fit is that of the data with every patient added again at weight leverage, half
        # as a case and half as a control; so are its score and curvature.
        score = design[:, free].T @ (y - fitted + leverage * (0.5 - fitted))
        weight = fitted * (1 - fitted) * (1 + leverage)
        step = np.zeros_like(beta)
        step[free] = np.linalg.solve((design[:, free].T * weight) @ design[:, free], score)
        # In units of a standard error the step is now below 1e-10.
        if step[free] @ score < 1e-20:
            return beta, float(height)
        # Up to rounding, every step must climb.
        while objective(beta + step) < height - 1e-13 * (1 + abs(height)):
            step = step / 2
        beta = beta + step
        height = objective(beta)
        if np.abs(design @ beta).max() > farthest:
            return None
    raise RuntimeError(
        "The logistic regression did not converge in 500 steps. Look for continuous terms on very "
        "different scales or nearly collinear ones."
    )


def _separating(design: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Columns along which the likelihood never stops rising; empty when a maximum exists.

    Complete and quasi-complete separation by linear programming: is there a direction in which no
    patient's fit gets worse and somebody's gets better?

    References
    ----------
    Konis (2007), DPhil thesis, Oxford; R package detectseparation.
    """
    signed = (2 * y - 1)[:, None] * design / np.abs(design).max(axis=0)
    direction = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(y)), bounds=(-1, 1)).x
    if (signed @ direction).max() < 1e-6:
        return np.array([], dtype=int)
    return np.flatnonzero(np.abs(direction[1:]) > 1e-6) + 1


def _highest(design: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Coefficients, log-likelihood and separating columns; Firth's where there are such columns."""
    everything = list(range(design.shape[1]))
    # Newton stops only where the score vanishes. While every probability is farther than 1e-8
    # from 0 and 1 that cannot happen on separated data, so the linear program is seldom needed.
    maximum = _maximise(design, y, everything, firth=False, farthest=18)
    if maximum:
        return *maximum, np.array([], dtype=int)
    separating = _separating(design, y)
    return *_maximise(design, y, everything, firth=len(separating) > 0), separating


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


def fit_logistic(frame: pd.DataFrame, y, terms: list[str]) -> LogisticFit:
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
    y = as_labels(y, "y")
    chosen = as_columns(frame, terms)
    if len(chosen) != len(y):
        raise ValueError(f"y: expected {len(chosen)} values, one per row of frame, got {len(y)}.")
    constant = [term for term in chosen if chosen[term].nunique() < 2]
    if constant:
        raise ValueError(f"terms: {', '.join(constant)} has a single value; leave it out.")
    levels = {t: _levels(chosen[t]) for t in chosen if _is_categorical(chosen[t])}
    design, names, blocks = _design(chosen, levels)
    _check_rank(design, names)

    beta, log_likelihood, separating = _highest(design, y)
    firth = len(separating) > 0
    variance = expit(design @ beta) * expit(-(design @ beta))
    lr_p = {}
    for term, block in blocks.items():
        others = [k for k in range(len(names)) if k not in block]
        gain = log_likelihood - _maximise(design, y, others, firth=firth)[1]
        # Rounding can leave a gain of -1e-13 where the term explains nothing.
        lr_p[term] = float(stats.chi2.sf(max(2 * gain, 0), len(block)))
    notes = _unused_levels(chosen)
    if firth:
        separators = ", ".join(names[k] for k in separating)
        notes.append(f"Outcome separated by {separators}: Firth's penalised likelihood.")
    continuous = {t: np.unique(chosen[t].to_numpy(float)) for t in chosen if t not in levels}
    return LogisticFit(
        terms=list(chosen.columns),
        levels=levels,
        names=names,
        coefficients=beta,
        covariance=np.linalg.inv((design.T * variance) @ design),
        log_likelihood=log_likelihood,
        null_log_likelihood=_maximise(design, y, [0], firth=firth)[1],
        lr_p=lr_p,
        n=len(y),
        n_events=int(y.sum()),
        method=FIRTH if firth else MAXIMUM_LIKELIHOOD,
        ranges={t: (float(values[0]), float(values[-1])) for t, values in continuous.items()},
        distinct={t: values.tolist() for t, values in continuous.items() if len(values) <= 10},
        note=" ".join(notes),
    )


def _unused_levels(frame: pd.DataFrame) -> list[str]:
    """One sentence per Categorical column with categories that no patient has."""
    notes = []
    for term in frame.select_dtypes("category"):
        unused = [c for c in frame[term].cat.categories if not (frame[term] == c).any()]
        if unused:
            notes.append(f"{term}: no patient has {', '.join(map(str, unused))}; left out.")
    return notes


def preoperative(dictionary: dict[str, dict], named: list[str]) -> list[str]:
    """Candidates of a model that is to be used before surgery: `named`, or every one fit for it.

    Fit is what is known before surgery and never missing; ValueError for a name that is not.
    """
    unfit = {}
    for name, entry in dictionary.items():
        if not entry["preoperative"]:
            unfit[name] = "is known after surgery only"
        elif not entry.get("required", True):
            unfit[name] = "may be missing"
    known = [name for name in dictionary if name not in unfit]
    if not known:
        raise ValueError("candidates: no variable is required of every patient before surgery.")
    for name in named:
        if name not in dictionary:
            raise ValueError(f"candidates: {name!r} is not declared. Declared: {', '.join(known)}.")
        if name in unfit:
            raise ValueError(f"candidates: {name!r} {unfit[name]}; no nomogram can rest on it.")
    return list(named or known)


def univariate_table(frame: pd.DataFrame, y, variables: list[str]) -> pd.DataFrame:
    """One logistic regression per variable.

    Returns
    -------
    DataFrame
        The rows of `LogisticFit.table` for each variable in turn, with n (patients) and method.
    """
    tables = []
    for variable in as_columns(frame, variables):
        fit = fit_logistic(frame, y, [variable])
        tables.append(fit.table().assign(n=fit.n, method=fit.method))
    return pd.concat(tables, ignore_index=True)


def select_terms(
    frame: pd.DataFrame, y, variables: list[str], *, entry: float = 0.1, retain: float = 0.05
) -> ClinicalSelection:
    """Choose clinical terms by univariate screening and one multivariable fit.

    Variables whose univariate likelihood-ratio p is below `entry` are fitted together; those
    whose p there is below `retain` stay. A factor enters and stays as a whole. When nothing
    enters or stays, the variable with the smallest univariate p is taken, and `note` says so.
    Variables with a single value are set aside. Call `fit_logistic` for the final refit.

    Parameters
    ----------
    frame : DataFrame
        One row per training patient.
    y : array_like of int, shape (n_patients,)
    variables : list of str
        Candidates, known before surgery.
    entry, retain : float
        Limits of the two likelihood-ratio p values.

    Returns
    -------
    ClinicalSelection

    Raises
    ------
    ValueError
        If no candidate has two values, and as `fit_logistic`.
    """
    chosen = as_columns(frame, variables)
    constant = [v for v in chosen if chosen[v].nunique() < 2]
    candidates = [v for v in chosen if v not in constant]
    if not candidates:
        raise ValueError(f"variables: all of {', '.join(constant)} have a single value.")
    notes = [f"{', '.join(constant)}: a single value in training, set aside."] if constant else []
    univariate = univariate_table(frame, y, candidates)
    screened = univariate.groupby("term", sort=False)["lr_p"].first()
    fallback = [screened.idxmin()]
    entered = [v for v in candidates if screened[v] < entry]
    if not entered:
        notes.append(f"No variable has p < {entry}: {fallback[0]}, the smallest, was taken.")
    multivariable = fit_logistic(frame, y, entered or fallback)
    notes += [multivariable.note] if multivariable.note else []
    terms = [v for v in entered if multivariable.lr_p[v] < retain]
    if entered and not terms:
        notes.append(
            f"No variable keeps p < {retain}: {fallback[0]}, smallest univariate p, was taken."
        )
    return ClinicalSelection(univariate, multivariable.table(), terms or fallback, " ".join(notes))
