"""A logistic regression as a nomogram: axis positions first, drawn or read afterwards."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from thyro.clinical import LogisticFit, spline_basis
from thyro.nomogram.ticks import r_pretty

MAX_POINTS = 100.0  # length of the widest axis


@dataclass(frozen=True)
class Axis:
    """One term of the nomogram."""

    term: str
    kind: str  # "continuous" or "categorical"
    ticks: tuple[tuple, ...]  # (value or level, points) in the order of the values
    low: float | None  # range of the training patients; None for a categorical term
    high: float | None
    knots: tuple[float, ...] = ()  # of a restricted cubic spline
    slopes: tuple[float, ...] = ()  # of a spline: points per unit of every column of its basis
    origin: float = 0.0  # of a spline: sum of basis times slopes where the axis has 0 points

    def read(self, value: float) -> float:
        """Points at a value of a continuous axis, also beyond its ends."""
        if self.knots:
            return float((spline_basis([value], self.knots) @ self.slopes)[0]) - self.origin
        (start, first), (end, last) = self.ticks[0], self.ticks[-1]
        return first + (value - start) * (last - first) / (end - start)


@dataclass(frozen=True)
class Nomogram:
    """Axes of a nomogram and the scale that turns total points into risk."""

    axes: tuple[Axis, ...]
    points_per_unit: float  # points per unit of the linear predictor
    baseline: float  # linear predictor at 0 total points

    @classmethod
    def from_fit(
        cls, fit: LogisticFit, ranges: Mapping[str, tuple[float, float]] | None = None
    ) -> "Nomogram":
        """Lay out the axes of a fitted logistic regression, as rms::nomogram.

        A continuous axis spans the data widened to R's pretty(n=10), or the distinct values where
        there are at most 10 of them; a categorical axis has one tick per level. Every axis starts
        at 0 points, the widest ends at 100, and a negative coefficient puts 0 at the upper end. A
        spline may fold its axis: two values then have the same points.

        Parameters
        ----------
        fit : LogisticFit
            Its terms, levels, names, coefficients, ranges, distinct values and knots are used.
        ranges : mapping of str to (low, high), optional
            Ranges that replace those of the training patients, for continuous terms.

        Raises
        ------
        ValueError
            If `ranges` names another term or is not increasing, no coefficient differs from 0, or
            the fit has an interaction.
        """
        ranges = dict(ranges or {})
        _check(fit, ranges)
        drawn = {term: _drawn(term, fit, ranges) for term in fit.terms}
        baseline = float(fit.coefficients[0])
        for _, _, lowest in drawn.values():
            baseline += lowest
        widest = max(effects.max() for _, effects, _ in drawn.values())
        if widest == 0:
            raise ValueError("fit: every coefficient is 0, so there is nothing to draw.")
        scale = MAX_POINTS / widest
        axes = tuple(_axis(term, *drawn[term], fit, ranges, scale) for term in fit.terms)
        return cls(axes, float(scale), float(baseline))

    def axis(self, term: str) -> Axis:
        """The axis of `term`; an unknown term raises, naming the known ones."""
        for axis in self.axes:
            if axis.term == term:
                return axis
        raise ValueError(f"term: expected one of {[a.term for a in self.axes]}, got {term!r}.")

    def points(self, term: str, value: Any, *, extrapolate: bool = False) -> float:
        """Points read off one axis.

        Parameters
        ----------
        term : str
        value : float or level
        extrapolate : bool, default False
            Read a continuous value beyond the ends of the drawn axis.

        Raises
        ------
        ValueError
            For an unknown term or level, a missing value, or a value off the axis.
        """
        axis = self.axis(term)
        if axis.kind == "categorical":
            if value not in dict(axis.ticks):
                raise ValueError(
                    f"{term}: expected one of {[level for level, _ in axis.ticks]}, got {value!r}."
                )
            return dict(axis.ticks)[value]
        value = _inside(term, value, axis.ticks[0][0], axis.ticks[-1][0], extrapolate)
        return axis.read(value)

    def total_points(self, row: Mapping, *, extrapolate: bool = False) -> float:
        """Total points of one patient.

        Stricter than `points`: a continuous value must lie in the range of the training patients,
        because a risk is only as good as the patients behind it.

        Parameters
        ----------
        row : mapping or Series
            Value or level of every term; other entries are ignored.
        extrapolate : bool, default False
            Accept continuous values outside the training range.

        Raises
        ------
        ValueError
            If a term is absent, and as `points`.
        """
        absent = [axis.term for axis in self.axes if axis.term not in row]
        if absent:
            raise ValueError(f"row: {', '.join(absent)} absent; expected a value for every term.")
        for axis in self.axes:
            if axis.low is not None and axis.high is not None:
                _inside(axis.term, row[axis.term], axis.low, axis.high, extrapolate)
        return sum(
            self.points(axis.term, row[axis.term], extrapolate=extrapolate) for axis in self.axes
        )

    def probability(self, total_points: ArrayLike) -> Any:
        """Risk on the 0-1 scale at `total_points`, a number or an array of any shape."""
        risk = expit(self.baseline + np.asarray(total_points, dtype=float) / self.points_per_unit)
        return float(risk) if risk.ndim == 0 else risk

    @property
    def total_range(self) -> tuple[float, float]:
        """Smallest (0) and largest total that the axes allow."""
        return 0.0, sum(max(points for _, points in axis.ticks) for axis in self.axes)

    def risk_ticks(self) -> list[tuple[float, float]]:
        """Round risks inside the range of totals, as (probability, total points)."""
        low, high = (self.probability(total) for total in self.total_range)
        # Counting from 0, R leaves 0.30000000000000004; a tick should print as 0.3.
        risks = [round(float(risk), 12) for risk in r_pretty(low, high) if low < risk < high]
        return [
            (risk, float((logit(risk) - self.baseline) * self.points_per_unit))
            for risk in risks
            if 0 < risk < 1
        ]

    def to_dict(self) -> dict:
        """Plain lists, numbers and strings at full precision, ready for JSON."""
        plain = asdict(self)
        plain["axes"] = [
            {**axis, "ticks": [list(tick) for tick in axis["ticks"]]} for axis in plain["axes"]
        ]
        return plain

    @classmethod
    def from_dict(cls, plain: dict) -> "Nomogram":
        """Rebuild what `to_dict` wrote."""
        axes = tuple(
            Axis(
                **axis
                | {
                    "ticks": tuple(tuple(tick) for tick in axis["ticks"]),
                    "knots": tuple(axis["knots"]),
                    "slopes": tuple(axis["slopes"]),
                }
            )
            for axis in plain["axes"]
        )
        return cls(axes, plain["points_per_unit"], plain["baseline"])


def _check(fit: LogisticFit, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Raise for a range of no continuous term, and for a coefficient of no single term."""
    unknown = [term for term in ranges if term not in fit.ranges]
    if unknown:
        raise ValueError(
            f"ranges: expected continuous terms out of {list(fit.ranges)}, got {unknown}."
        )
    read = {"(Intercept)", *(fit.names[k] for term in fit.terms for k in fit.block(term))}
    if surplus := [name for name in fit.names if name not in read]:
        raise ValueError(
            f"fit: {surplus} belongs to no single term. A nomogram adds one axis per term, so "
            "an interaction cannot be drawn: fit the groups apart, or leave it out."
        )


def _drawn(
    term: str, fit: LogisticFit, ranges: Mapping[str, tuple[float, float]]
) -> tuple[list, np.ndarray, float]:
    """Values of the ticks of a term, its effects there above the lowest one, and that one."""
    if term in fit.levels:
        values = fit.levels[term]
        coefficient = dict(zip(fit.names, fit.coefficients, strict=True))
        effects = np.array([coefficient.get(f"{term}={level}", 0.0) for level in values])
    else:
        values = _axis_values(term, fit, ranges)
        effects = _effect(term, values, fit)
    # Between its ticks a spline can be lower than at any of them.
    lowest = effects.min()
    if term in fit.knots:
        lowest = _effect(term, np.linspace(values[0], values[-1], 401), fit).min()
    return values, effects - lowest, lowest


def _axis(
    term: str,
    values: list,
    effects: np.ndarray,
    lowest: float,
    fit: LogisticFit,
    ranges: Mapping[str, tuple[float, float]],
    scale: float,
) -> Axis:
    """The axis of one term; the first four arguments are those of `_drawn`."""
    ticks = tuple(zip(values, (effects * scale).tolist(), strict=True))
    if term in fit.levels:
        return Axis(term, "categorical", ticks, None, None)
    low, high = ranges.get(term, fit.ranges[term])
    if term not in fit.knots:
        return Axis(term, "continuous", ticks, low, high)
    slopes = tuple((fit.coefficients[fit.block(term)] * scale).tolist())
    knots, origin = tuple(fit.knots[term]), float(lowest * scale)
    return Axis(term, "continuous", ticks, low, high, knots, slopes, origin)


def _effect(term: str, values: ArrayLike, fit: LogisticFit) -> np.ndarray:
    """Contribution of a continuous term to the linear predictor, at each of `values`."""
    knots = fit.knots.get(term)
    columns = spline_basis(values, knots) if knots else np.asarray(values, float)[:, None]
    return columns @ fit.coefficients[fit.block(term)]


def _axis_values(
    term: str, fit: LogisticFit, ranges: Mapping[str, tuple[float, float]]
) -> list[float]:
    """Tick values of a continuous axis."""
    if term not in ranges and term in fit.distinct:
        return fit.distinct[term]
    low, high = ranges.get(term, fit.ranges[term])
    if not low < high:
        raise ValueError(f"ranges: {term} needs low < high, got {low} and {high}.")
    return r_pretty(low, high).tolist()


def _inside(term: str, value: Any, low: float, high: float, extrapolate: bool) -> float:
    """Return `value` as a float that lies in the range, or raise."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not isfinite(number):
        raise ValueError(f"{term}: expected a number, got {value!r}.")
    if not (low <= number <= high or extrapolate):
        raise ValueError(
            f"{term}: {number} lies outside {low} to {high}. Pass extrapolate=True to read it "
            "all the same."
        )
    return number
