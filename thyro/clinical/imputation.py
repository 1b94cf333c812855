"""Gaps in clinical variables, filled several times by chained equations of training patients.

Libraries impute and learn in one step, or know no factors; here what training patients taught fills
the gaps of others. The outcome takes part where training patients are completed for a regression:
without it, what it has to do with a variable would be drawn towards nothing. It takes no part where
anyone is predicted, training patients included, since nobody's outcome is known then. Signatures
of images take none either, so that a clinical model reads no image through a gap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from thyro.clinical.completion import Code, Completer, Completion, Levels, Matching, typed
from thyro.clinical.rare_levels import merge_levels
from thyro.core import as_labels
from thyro.statistics import maximise_logistic

ITERATIONS = 10  # rounds through all variables with gaps
PRIOR_VARIANCE = 10.0  # of the log odds of levels, per SD: keeps them finite where a level is rare


@dataclass(frozen=True)
class Imputation(Completer):
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

    def frozen(self) -> Completion:
        """The same without the training patients; every equation is learned for it."""
        codes = [self._code(k) for k in range(self.m)]
        return Completion(
            self.variables,
            self.merged,
            self.seed,
            self.iterations,
            codes=codes,
            equations={
                (k, name): self._equation(k, name, code)
                for k, code in enumerate(codes)
                for name in self.variables
            },
            donors={name: self._donors(name) for name in self.variables},
        )

    def _code(self, k: int) -> Code:
        return Code(self.training[k], self.variables)

    def _donors(self, name: str) -> np.ndarray:
        # In the order of their size: that of the patients is nobody's business, here or elsewhere.
        return np.array(sorted(self.recorded[name].dropna()), dtype=object)

    def _equation(self, k: int, name: str, code: Code) -> Matching | Levels:
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
    started = {name: typed(values[name], recorded[name]) for name in variables}
    code = Code(pd.DataFrame(started, recorded.index), variables)
    X = np.column_stack([code.columns(values), y - y.mean()])
    for _ in range(iterations):
        for name in names:
            empty = gaps[name].to_numpy()
            others = code.without(X, name)
            equation = _learn(code, name, others[~empty], values[name][~empty], rng)
            values[name][empty] = equation.draw(others[empty], rng.uniform(size=empty.sum()))
            X[:, code.blocks[name]] = code.block(name, values[name])
    return recorded.assign(**{name: typed(values[name], recorded[name]) for name in names})


def _learn(code: Code, name: str, X: np.ndarray, values: np.ndarray, rng: np.random.Generator):
    """What recorded values say of a variable given `X`, with parameters drawn anew."""
    if name in code.scaled:
        return _matching(X, values.astype(float), rng)
    return _of_levels(code.levels[name], X, values, rng)


def _matching(X: np.ndarray, values: np.ndarray, rng: np.random.Generator) -> Matching:
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
    return Matching(drawn, predicted[order], values[order].astype(object))


def _of_levels(levels: list, X: np.ndarray, values: np.ndarray, rng: np.random.Generator) -> Levels:
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
    return Levels(np.array(levels, dtype=object)[there], found)


def _values(frame: pd.DataFrame, variables: Sequence[str]) -> dict[str, np.ndarray]:
    return {name: frame[name].to_numpy(object, copy=True) for name in variables}
