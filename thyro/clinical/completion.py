"""Gaps of one patient, filled by chained equations that are already known.

Apart from `imputation`, which learns them, so that a model can be handed on: no patient is in what
is kept here, but recorded values of single variables are, in the order of their size or of what
the others predict.
"""

import zlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from thyro.clinical.rare_levels import merge_levels
from thyro.statistics import is_categorical

DONORS = 5  # recorded values, nearest in prediction, of which one fills a gap


class Code:
    """Variables as columns: numbers in SD from the mean, levels but the first as 0 and 1."""

    def __init__(self, frame: pd.DataFrame, variables: Sequence[str]):
        self.levels: dict[str, list] = {}
        self.scaled: dict[str, tuple[float, float]] = {}
        self.blocks: dict[str, list[int]] = {}
        for name in variables:
            if is_categorical(frame[name]):
                counts = frame[name].value_counts(sort=False)
                self.levels[name] = [level for level, n in counts.items() if n]
            else:
                values = frame[name].to_numpy(float)
                self.scaled[name] = (float(values.mean()), float(values.std()) or 1.0)
        self._place(variables)

    @classmethod
    def of(
        cls, levels: Mapping[str, list], scaled: Mapping[str, tuple], names: Sequence[str]
    ) -> "Code":
        """The same from what it learned: levels of factors, mean and SD of the others."""
        made = cls.__new__(cls)
        made.levels, made.scaled, made.blocks = dict(levels), dict(scaled), {}
        made._place(names)
        return made

    def _place(self, names: Sequence[str]) -> None:
        last = 0
        for name in names:
            width = len(self.levels[name]) - 1 if name in self.levels else 1
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
class Matching:
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
class Levels:
    """A factor by logistic regressions, each of one level against all that follow it."""

    levels: np.ndarray
    coefficients: list[np.ndarray]  # one less than levels, the intercept first

    def draw(self, X: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        """As `Matching.draw`."""
        design = np.column_stack([np.ones(len(X)), X])
        left = np.ones(len(X))  # probability of this level or a later one
        found = np.zeros(len(X), dtype=int)
        for beta in self.coefficients:
            left = left * expit(-(design @ beta))
            found += uniform > 1 - left
        return self.levels[found]


class Completer(ABC):
    """Fills gaps of patients, m times; `imputation.Imputation` and `Completion` know how."""

    variables: list[str]
    merged: dict[str, dict]  # as in `merge_levels`, of whoever is completed
    seed: int
    iterations: int

    @property
    @abstractmethod
    def m(self) -> int:
        """How often gaps are filled."""

    @abstractmethod
    def _code(self, k: int) -> Code:
        """The variables of the k-th completed training patients as columns."""

    @abstractmethod
    def _donors(self, name: str) -> np.ndarray:
        """Recorded values of a variable, of which one begins the chain."""

    @abstractmethod
    def _equation(self, k: int, name: str, code: Code) -> "Matching | Levels":
        """What the k-th completed training patients say of a variable, given all others."""

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

    def _filled(self, k: int, part: pd.DataFrame, empty: np.ndarray) -> dict[str, np.ndarray]:
        """The k-th completion of patients who all have a gap: each variable that had one."""
        names = [name for j, name in enumerate(self.variables) if empty[:, j].any()]
        code = self._code(k)
        shape = (self.iterations + 1, len(self.variables))
        drawn = np.stack(
            [_own(self.seed, k, patient).uniform(size=shape) for patient in part.index]
        )
        values = {name: part[name].to_numpy(object, copy=True) for name in self.variables}
        for name in names:
            j = self.variables.index(name)
            donors = self._donors(name)
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
        return {name: values[name] for name in names}


@dataclass(frozen=True)
class Completion(Completer):
    """The equations of an imputation, and nobody's row: what `Imputation.frozen` gives."""

    variables: list[str]
    merged: dict[str, dict]
    seed: int
    iterations: int
    codes: list[Code]
    equations: dict[tuple[int, str], Matching | Levels]
    donors: dict[str, np.ndarray]

    @property
    def m(self) -> int:
        """How often gaps are filled."""
        return len(self.codes)

    def _code(self, k: int) -> Code:
        return self.codes[k]

    def _donors(self, name: str) -> np.ndarray:
        return self.donors[name]

    def _equation(self, k: int, name: str, code: Code) -> Matching | Levels:
        return self.equations[k, name]

    def to_dict(self) -> dict:
        """Plain lists, numbers and strings at full precision, ready for JSON."""
        return {
            **{key: getattr(self, key) for key in ("variables", "merged", "seed", "iterations")},
            "codes": [{"levels": one.levels, "scaled": one.scaled} for one in self.codes],
            "equations": [
                {"k": k, "name": name} | {key: _plain(value) for key, value in vars(one).items()}
                for (k, name), one in self.equations.items()
            ],
            "donors": {name: values.tolist() for name, values in self.donors.items()},
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "Completion":
        """Rebuild what `to_dict` wrote."""
        own = {key: plain[key] for key in ("variables", "merged", "seed", "iterations")}
        scaled = [{n: tuple(v) for n, v in one["scaled"].items()} for one in plain["codes"]]
        return cls(
            **own,
            codes=[
                Code.of(one["levels"], of, plain["variables"])
                for one, of in zip(plain["codes"], scaled, strict=True)
            ],
            equations={(one["k"], one["name"]): _equation_of(one) for one in plain["equations"]},
            donors={name: np.array(v, dtype=object) for name, v in plain["donors"].items()},
        )


def _equation_of(plain: Mapping[str, Any]) -> Matching | Levels:
    if "donors" in plain:
        drawn, predicted = (np.array(plain[key], dtype=float) for key in ("drawn", "predicted"))
        return Matching(drawn, predicted, np.array(plain["donors"], dtype=object))
    levels = np.array(plain["levels"], dtype=object)
    return Levels(levels, [np.array(one, dtype=float) for one in plain["coefficients"]])


def _plain(value: Any) -> Any:
    return [one.tolist() for one in value] if isinstance(value, list) else value.tolist()


def _own(seed: int, k: int, patient: object) -> np.random.Generator:
    """Random numbers of one patient, whoever else is there."""
    return np.random.default_rng([seed, k, 2, zlib.crc32(str(patient).encode())])


def typed(values: np.ndarray, like: pd.Series) -> pd.Series:
    """Values as a column of the same kind, with its levels."""
    if isinstance(like.dtype, pd.CategoricalDtype):
        return pd.Series(pd.Categorical(values, dtype=like.dtype), like.index)
    return pd.Series(list(values), like.index, dtype=like.dtype)


def _pasted(
    frame: pd.DataFrame, rows: np.ndarray, filled: Mapping[str, np.ndarray]
) -> dict[str, pd.Series]:
    """Columns of `frame` with some rows as completed."""
    found = {}
    for name, completed in filled.items():
        values = frame[name].to_numpy(object, copy=True)
        values[rows] = completed
        found[name] = typed(values, frame[name])
    return found
