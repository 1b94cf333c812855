"""Gaps in clinical variables, filled several times by chained equations of training patients.

Libraries impute and learn in one step, or know no factors; here what training patients taught fills
the gaps of others. The outcome takes part where training patients are completed for a regression:
without it, what it has to do with a variable would be drawn towards nothing. It takes no part where
anyone is predicted, training patients included, since nobody's outcome is known then. Signatures
of images take none either, so that a clinical model reads no image through a gap.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import expit

from thyro.clinical.rare_levels import merge_levels
from thyro.core import as_labels
from thyro.statistics import is_categorical, maximise_logistic

ITERATIONS = 10  # rounds through all variables with gaps
DONORS = 5  # recorded values, nearest in prediction, of which one fills a gap
PRIOR_VARIANCE = 10.0  # of the log odds of levels, per SD: keeps them finite where a level is rare


@dataclass(frozen=True)
class Imputation:
    """Completed training patients, and the chained equations that complete others."""

    variables: list[str]
    recorded: pd.DataFrame  # training patients with their gaps, rare levels merged
    training: list[pd.DataFrame]  # m times, completed with the outcome
    merged: dict[str, dict]  # as in `merge_levels`, of whoever is completed
    seed: int
    iterations: int
    # Of completed training patients, without the outcome; each is learned when first asked for.
    equations: dict = field(default_factory=dict, repr=False, compare=False)

    @property
    def m(self) -> int:
        """How often gaps are filled."""
        return len(self.training)

    def beside(self, frame: pd.DataFrame) -> "Imputation":
        """The same completions of the same training patients, with other columns beside them.

        Parameters
        ----------
        frame : DataFrame
            The training patients: signatures of another protocol, for example.
        """
        columns = [{name: one[name] for name in self.variables} for one in self.training]
        return replace(self, training=[frame.assign(**own) for own in columns])

    def completed(self, frame: pd.DataFrame) -> list[pd.DataFrame]:
        """Any patients with their gaps filled, m times, without an outcome.

        What fills a patient's gaps depends on the patient's own values, the name in the index and
        the training patients, and on nobody else in `frame`.

        Parameters
        ----------
        frame : DataFrame, shape (n_patients, n_columns)
            With all of the variables; NaN is a gap.

        Raises
        ------
        ValueError
            If a variable is absent, or a level is unknown to training.
        """
        absent = [name for name in self.variables if name not in frame]
        if absent:
            raise ValueError(f"frame: lacks the variables {', '.join(absent)}.")
        known = merge_levels(frame, self.merged)
        gaps = known[self.variables].isna()
        rows = gaps.any(axis=1).to_numpy()
        if not rows.any():
            return [known] * self.m
        part, empty = known.loc[rows, self.variables], gaps[rows].to_numpy()
        filled = [self._filled(k, part, empty) for k in range(self.m)]
        return [known.assign(**_pasted(known, rows, one)) for one in filled]

    def _filled(self, k: int, part: pd.DataFrame, empty: np.ndarray) -> pd.DataFrame:
        """The k-th completion of patients who all have a gap."""
        names = [name for j, name in enumerate(self.variables) if empty[:, j].any()]
        code = _Code(self.training[k], self.variables)
        shape = (self.iterations + 1, len(self.variables))
        drawn = np.stack(
            [_own(self.seed, k, patient).uniform(size=shape) for patient in part.index]
        )
        values = {name: part[name].to_numpy(object, copy=True) for name in self.variables}
        for name in names:
            j = self.variables.index(name)
            donors = self.recorded[name].dropna().to_numpy(object)
            start = donors[(drawn[:, 0, j] * len(donors)).astype(int)]
            values[name] = np.where(empty[:, j], start, values[name])
        X = code.columns(values)
        for step in range(1, self.iterations + 1):
            for name in names:
                j = self.variables.index(name)
                out = empty[:, j]
                equation = self._equation(k, name, code)
                found = equation.draw(code.without(X[out], name), drawn[out, step, j])
                values[name][out] = found
                X[:, code.blocks[name]] = code.block(name, values[name])
        return pd.DataFrame(
            {name: _typed(values[name], part[name]) for name in self.variables}, part.index
        )

    def _equation(self, k: int, name: str, code: "_Code"):
        """What the k-th completed training patients say of a variable, given all others."""
        if (k, name) not in self.equations:
            there = self.recorded[name].notna().to_numpy()
            X = code.without(code.columns(_values(self.training[k], self.variables)), name)
            rng = np.random.default_rng([self.seed, k, 1, self.variables.index(name)])
            values = self.recorded[name][there].to_numpy(object)
            self.equations[k, name] = _learn(code, name, X[there], values, rng)
        return self.equations[k, name]


def impute(
    frame: pd.DataFrame,
    y: ArrayLike,
    variables: Sequence[str],
    *,
    m: int = 20,
    seed: int = 0,
    iterations: int = ITERATIONS,
    merged: Mapping[str, Mapping] | None = None,
) -> Imputation:
    """Complete training patients m times by chained equations, with the outcome among them.

    Continuous variables are filled by predictive mean matching, from the five recorded values with
    the nearest prediction; factors from logistic regressions of a bootstrap sample, one level
    after the other. Both draw their parameters anew each time, so that pooled intervals know of
    the gaps.

    Parameters
    ----------
    frame : DataFrame
        One row per training patient; NaN is a gap. Numeric columns are continuous.
    y : array_like of int, shape (n_patients,)
        1 with the outcome, 0 without; no gaps.
    variables : sequence of str
        All that take part, with gaps or without: candidates of the clinical model.
    m : int, default 20
        Completed data sets; at least as many as per cent of patients have gaps is a usual rule.
    seed, iterations : int
        The same give the same; rounds through the variables.
    merged : mapping, optional
        Rare levels with what each counts as, as `rare_levels` found them.

    Raises
    ------
    ValueError
        If a variable is absent or recorded of nobody, m is below 1, and as `as_labels`.

    References
    ----------
    van Buuren (2018), Flexible Imputation of Missing Data, 2nd ed., 3.4, 4.5. Moons et al. (2006),
    J. Clin. Epidemiol. 59:1092-1101 (the outcome takes part). White, Royston, Wood (2011), Stat.
    Med. 30:377-399.
    """
    labels, variables = as_labels(y, "y"), list(variables)
    absent = [name for name in variables if name not in frame or frame[name].isna().all()]
    if absent:
        raise ValueError(f"variables: {', '.join(absent)} is recorded of no training patient.")
    if m < 1:
        raise ValueError(f"m: expected at least 1 completed data set, got {m}.")
    merged = {name: dict(into) for name, into in (merged or {}).items()}
    recorded = merge_levels(frame, merged)
    training = [_chained(recorded, labels, variables, (seed, k), iterations) for k in range(m)]
    return Imputation(variables, recorded, training, merged, seed, iterations)


def _chained(
    recorded: pd.DataFrame,
    y: np.ndarray,
    variables: Sequence[str],
    seed: tuple[int, int],
    iterations: int,
) -> pd.DataFrame:
    """Training patients, completed once."""
    gaps = recorded[list(variables)].isna()
    names = [name for name in variables if gaps[name].any()]
    if not names:
        return recorded
    rng = np.random.default_rng(seed)
    values = _values(recorded, variables)
    for name in names:
        empty = gaps[name].to_numpy()
        values[name][empty] = rng.choice(values[name][~empty], empty.sum())
    started = {name: _typed(values[name], recorded[name]) for name in variables}
    code = _Code(pd.DataFrame(started, recorded.index), variables)
    X = np.column_stack([code.columns(values), y - y.mean()])
    for _ in range(iterations):
        for name in names:
            empty = gaps[name].to_numpy()
            others = code.without(X, name)
            equation = _learn(code, name, others[~empty], values[name][~empty], rng)
            values[name][empty] = equation.draw(others[empty], rng.uniform(size=empty.sum()))
            X[:, code.blocks[name]] = code.block(name, values[name])
    return recorded.assign(**{name: _typed(values[name], recorded[name]) for name in names})


class _Code:
    """Variables as columns: numbers in SD from the mean, levels but the first as 0 and 1."""

    def __init__(self, frame: pd.DataFrame, variables: Sequence[str]):
        self.levels: dict[str, list] = {}
        self.scaled: dict[str, tuple[float, float]] = {}
        self.blocks: dict[str, list[int]] = {}
        last = 0
        for name in variables:
            if is_categorical(frame[name]):
                counts = frame[name].value_counts(sort=False)
                self.levels[name] = [level for level, n in counts.items() if n]
                width = len(self.levels[name]) - 1
            else:
                values = frame[name].to_numpy(float)
                self.scaled[name] = (float(values.mean()), float(values.std()) or 1.0)
                width = 1
            self.blocks[name] = list(range(last, last + width))
            last += width

    def block(self, name: str, values: np.ndarray) -> np.ndarray:
        """Columns of one variable, shape (n_patients, n_columns)."""
        if name in self.scaled:
            mean, sd = self.scaled[name]
            return (values.astype(float)[:, None] - mean) / sd
        unseen = [level for level in dict.fromkeys(values) if level not in self.levels[name]]
        if unseen:
            raise ValueError(
                f"{name}: level {unseen[0]!r} did not occur in the training patients, which had "
                f"{self.levels[name]}. Merge it with one of these where the cohort is read."
            )
        columns = [values == level for level in self.levels[name][1:]]
        return np.array(columns, dtype=float).reshape(len(columns), len(values)).T

    def columns(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """Columns of all variables."""
        return np.column_stack([self.block(name, values[name]) for name in self.blocks])

    def without(self, X: np.ndarray, name: str) -> np.ndarray:
        """Columns of all but one variable."""
        return np.delete(X, self.blocks[name], axis=1)


@dataclass(frozen=True)
class _Matching:
    """A continuous variable by predictive mean matching."""

    drawn: np.ndarray  # coefficients, the intercept first
    predicted: np.ndarray  # of the donors, ascending
    donors: np.ndarray  # their recorded values

    def draw(self, X: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        """A value for each row of `X`, chosen by a number between 0 and 1."""
        wanted = self.drawn[0] + X @ self.drawn[1:]
        n = min(DONORS, len(self.donors))
        # The nearest lie within n places on either side.
        first = np.searchsorted(self.predicted, wanted) - n
        near = np.clip(first[:, None] + np.arange(2 * n), 0, len(self.donors) - 1)
        distance = np.abs(wanted[:, None] - self.predicted[near])
        distance[:, 1:][near[:, 1:] == near[:, :-1]] = np.inf  # an end, counted once
        order = np.argsort(distance, axis=1, kind="stable")[:, :n]
        chosen = order[np.arange(len(X)), (uniform * n).astype(int)]
        return self.donors[near[np.arange(len(X)), chosen]]


@dataclass(frozen=True)
class _Levels:
    """A factor by logistic regressions, each of one level against all that follow it."""

    levels: np.ndarray
    coefficients: list[np.ndarray]  # one less than levels, the intercept first

    def draw(self, X: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        """As `_Matching.draw`."""
        design = np.column_stack([np.ones(len(X)), X])
        left = np.ones(len(X))  # probability of this level or a later one
        found = np.zeros(len(X), dtype=int)
        for beta in self.coefficients:
            left = left * expit(-(design @ beta))
            found += uniform > 1 - left
        return self.levels[found]


def _learn(code: _Code, name: str, X: np.ndarray, values: np.ndarray, rng: np.random.Generator):
    """What recorded values say of a variable given `X`, with parameters drawn anew."""
    if name in code.scaled:
        return _matching(X, values.astype(float), rng)
    return _of_levels(code.levels[name], X, values, rng)


def _matching(X: np.ndarray, values: np.ndarray, rng: np.random.Generator) -> _Matching:
    """Linear regression; its coefficients drawn from their posterior under a flat prior."""
    design = np.column_stack([np.ones(len(X)), X])
    # The ridge of mice: keeps collinear columns apart and changes nothing else.
    gram = design.T @ design
    gram += 1e-5 * np.diag(np.diag(gram))
    half = np.linalg.cholesky(np.linalg.inv(gram))
    beta = np.linalg.solve(gram, design.T @ values)
    free = max(len(values) - design.shape[1], 1)
    rest = np.sum((values - design @ beta) ** 2)
    sd = np.sqrt(rest / rng.chisquare(free))
    drawn = beta + sd * half @ rng.standard_normal(len(beta))
    predicted = design @ beta
    order = np.argsort(predicted, kind="stable")
    return _Matching(drawn, predicted[order], values[order].astype(object))


def _of_levels(
    levels: list, X: np.ndarray, values: np.ndarray, rng: np.random.Generator
) -> _Levels:
    """Logistic regressions of a bootstrap sample, without the levels that nobody in it has."""
    codes = np.array([levels.index(value) for value in values])
    rows = rng.integers(0, len(codes), len(codes))
    codes, design = codes[rows], np.column_stack([np.ones(len(rows)), X[rows]])
    ridge = np.eye(design.shape[1]) / PRIOR_VARIANCE
    ridge[0, 0] = 0.0
    there = np.unique(codes)
    found = []
    for level in there[:-1]:
        left = codes >= level
        found.append(
            maximise_logistic(design[left], (codes[left] == level).astype(int), ridge=ridge)[0]
        )
    return _Levels(np.array(levels, dtype=object)[there], found)


def _own(seed: int, k: int, patient: object) -> np.random.Generator:
    """Random numbers of one patient, whoever else is there."""
    return np.random.default_rng([seed, k, 2, zlib.crc32(str(patient).encode())])


def _values(frame: pd.DataFrame, variables: Sequence[str]) -> dict[str, np.ndarray]:
    return {name: frame[name].to_numpy(object, copy=True) for name in variables}


def _typed(values: np.ndarray, like: pd.Series) -> pd.Series:
    """Values as a column of the same kind, with its levels."""
    if isinstance(like.dtype, pd.CategoricalDtype):
        return pd.Series(pd.Categorical(values, dtype=like.dtype), like.index)
    return pd.Series(list(values), like.index, dtype=like.dtype)


def _pasted(frame: pd.DataFrame, rows: np.ndarray, filled: pd.DataFrame) -> dict[str, pd.Series]:
    """Columns of `frame` with some rows as completed."""
    found = {}
    for name in filled:
        values = frame[name].to_numpy(object, copy=True)
        values[rows] = filled[name].to_numpy(object)
        found[name] = _typed(values, frame[name])
    return found
