"""The nomogram on paper: one axis per term, total points, risk."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath
from matplotlib.ticker import MaxNLocator
from scipy.optimize import isotonic_regression

from thyro.figures.style import WIDTH

# The nomogram's own grid: 0-100 points across, one unit per line of text down.
_NAMES = -36  # left edge of the column of names
_RIGHT = 105
_LINE = 9.5 / 72  # inches per unit down, at 7 point type
_TITLE = 1 / 3  # inches, above the axes of a nomogram
PATIENT = "#D55E00"  # the dots of a patient who is read off


class Axis(Protocol):
    """What is drawn of an axis of a nomogram."""

    term: str
    kind: str  # "continuous" or "categorical"
    ticks: Sequence[tuple[object, float]]  # value or level, points


class Nomogram(Protocol):
    """What is drawn of a nomogram (`nomogram.Nomogram`)."""

    axes: Sequence[Axis]
    total_range: tuple[float, float]

    def risk_ticks(self) -> list[tuple[float, float]]:
        """Risk and total points of every tick of the lowest axis."""

    def points(self, term: str, value: Any) -> float:
        """Points at a value or level of an axis."""


@dataclass(frozen=True)
class _Label:
    """A tick of the nomogram, its text and where that goes."""

    tick: float  # on the 0-100 scale
    text: str
    centre: float  # of the text, on the 0-100 scale
    above: bool = False

    @property
    def moved(self) -> bool:
        """The text stands on the other side or beside its tick and needs a line to it."""
        return self.above or abs(self.centre - self.tick) > 1e-6


@dataclass(frozen=True)
class _Row:
    """One axis of the nomogram; heights in lines of text."""

    name: str
    labels: list[_Label]
    bold: bool = False
    ends: tuple[float, float] | None = None  # of the line; the outer ticks without it

    @property
    def above(self) -> float:
        lines = [label.text.count("\n") + 1 for label in self.labels if label.above]
        return 1 + max(lines) if lines else 0.6

    @property
    def below(self) -> float:
        lines = [label.text.count("\n") + 1 for label in self.labels if not label.above]
        return max(lines, default=1) + (1 if any(lab.moved for lab in self.labels) else 0.7)


def nomogram_height(nomogram: Nomogram, width: float = WIDTH) -> float:
    """Height in inches that `draw_nomogram` needs for axes `width` inches wide."""
    rows = _rows(nomogram, {}, "", (_RIGHT - _NAMES) / (72 * width))
    return _LINE * (sum(row.above + row.below for row in rows) + 1)


def draw_nomogram(
    nomogram: Nomogram,
    ax: Axes,
    *,
    labels: Mapping[str, str] | None = None,
    outcome: str = "metastasis",
    title: str = "",
    marked: Mapping[str, float] | None = None,
) -> Axes:
    """Draw points, one axis per term, total points and risk, as R's rms does.

    Labels of factor levels that would collide stand alternately below and above their axis, moved
    sideways as little as needed and tied to their tick by a line.

    Parameters
    ----------
    nomogram : nomogram.Nomogram
    ax : Axes
        Across the page (183 mm) and `nomogram_height(nomogram)` high, to be legible.
    labels : mapping of term to display name, optional
        With units, such as {"diameter": "Diameter (mm)"}.
    outcome : str
        Named by the lowest axis: "Risk of ...".
    title : str
    marked : mapping of term to points, optional
        One patient: a dot on each axis, on the total and on the risk below it.

    References
    ----------
    Harrell, R package rms, `nomogram` and `plot.nomogram`.
    """
    ax.set_axis_off()
    ax.set(xlim=(_NAMES, _RIGHT))
    ax.set_title(title, loc="left", weight="bold")
    ax.figure.draw_without_rendering()  # the layout decides how wide 100 points are
    em = (_RIGHT - _NAMES) / (72 * ax.get_position().width * ax.figure.get_figwidth())
    rows = _rows(nomogram, labels or {}, outcome, em)
    y, lines = 0.0, []
    for row in rows:
        lines.append(y + row.above)
        _draw_row(ax, lines[-1], row, em)
        y = lines[-1] + row.below
    for points in range(0, 101, 10):  # guides from the points down to the last term
        ax.plot([points] * 2, [lines[0], lines[-3]], color="0.9", lw=0.5, zorder=0)
    if marked is not None:
        places = _patient(nomogram, marked)
        ax.plot(places, lines[1:], "o", color=PATIENT, ms=6, zorder=5, clip_on=False)
    ax.set_ylim(y, 0)
    return ax


def nomograms_figure(
    nomograms: Mapping[str, Nomogram],
    *,
    labels: Mapping[str, str] | None = None,
    outcome: str = "metastasis",
) -> Figure:
    """Draw nomograms below each other, each as high as it needs.

    Parameters
    ----------
    nomograms : mapping of title to nomogram.Nomogram
    labels, outcome
        As `draw_nomogram`.
    """
    heights = [nomogram_height(nomogram) for nomogram in nomograms.values()]
    size = (WIDTH, sum(heights) + len(heights) * _TITLE)
    fig, axes = plt.subplots(len(heights), 1, figsize=size, height_ratios=heights, squeeze=False)
    for ax, (title, nomogram) in zip(axes.flat, nomograms.items(), strict=True):
        draw_nomogram(nomogram, ax, labels=labels, outcome=outcome, title=title)
    return fig


def _patient(nomogram, marked: Mapping[str, float]) -> list[float]:
    """Where a patient stands on the axes, the total and the risk, on the 0-100 scale."""
    low, high = nomogram.total_range
    points = [marked[axis.term] for axis in nomogram.axes]
    total = 100 * (sum(points) - low) / (high - low)
    return [*points, total, total]


def _rows(nomogram, names: Mapping[str, str], outcome: str, em: float) -> list[_Row]:
    """Lay out all axes; `em` is the share of the 0-100 scale that one point of type takes."""
    low, high = nomogram.total_range
    ticks = MaxNLocator(nbins=10, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    totals = [t for t in ticks if low - 1e-9 <= t <= high + 1e-9]

    def numeric(values, positions):
        pairs = zip(values, positions, strict=True)
        return _thin([_Label(float(x), f"{v:g}", float(x)) for v, x in pairs], em)

    def branches(values, points):
        """Numbers below the axis; where a spline folds it, those of falling points above."""
        falling = np.diff(points, prepend=points[0] - (points[1] - points[0])) < 0
        if falling.all() or not falling.any():
            return numeric(values, points)
        sides = [
            [p for p in zip(values, points, falling, strict=True) if p[2] == f] for f in (0, 1)
        ]
        below, above = (numeric([v for v, _, _ in s], [x for _, x, _ in s]) for s in sides)
        return below + [replace(label, above=bool(label.text)) for label in above]

    def across(total):
        return 100 * (np.asarray(total) - low) / (high - low)

    rows = [_Row("Points", numeric(range(0, 101, 10), range(0, 101, 10)), bold=True)]
    for axis in nomogram.axes:
        values, points = zip(*axis.ticks, strict=True)
        factor = axis.kind == "categorical"
        placed = _place_levels(values, points, em) if factor else branches(values, points)
        rows.append(_Row(names.get(axis.term, axis.term), placed))
    rows.append(_Row("Total points", numeric(totals, across(totals)), bold=True, ends=(0, 100)))
    risks = nomogram.risk_ticks()  # empty where all patients have about the same risk
    placed = numeric([risk for risk, _ in risks], across([total for _, total in risks]))
    ends = None if risks else (0, 100)
    return [*rows, _Row(f"Risk of {outcome}", placed, bold=True, ends=ends)]


def _width(text: str, em: float) -> float:
    """Width of the widest line of `text` at 7 point, with a gap, in units of the 0-100 scale."""
    return em * (
        7 + max(TextPath((0, 0), line, size=7).get_extents().width for line in text.split("\n"))
    )


def _thin(labels: list[_Label], em: float) -> list[_Label]:
    """Keep every tick, and the text of those that have room beside the one before."""
    kept, end = [], -np.inf
    for label in sorted(labels, key=lambda label: label.tick):
        half = _width(label.text, em) / 2
        fits = label.tick - half >= end
        kept.append(label if fits else _Label(label.tick, "", label.tick))
        end = label.tick + half if fits else end
    return kept


def _place_levels(levels, points, em: float) -> list[_Label]:
    """Put the level names of a factor below its axis, or on both sides where they collide."""
    ticks = sorted((float(x), str(level)) for level, x in zip(levels, points, strict=True))
    one_side = [_Label(x, name, x) for x, name in ticks]
    if len(ticks) <= 2 or all(label.text for label in _thin(one_side, em)):
        sides = [(False, ticks)]
    else:
        sides = [(False, ticks[::2]), (True, ticks[1::2])]
    placed = []
    for above, side in sides:
        x = np.array([tick for tick, _ in side])
        names = [name for _, name in side]
        room = _RIGHT + 5
        if sum(_width(name, em) for name in names) > room:
            names = [textwrap.fill(name, 14) for name in names]
        widths = np.array([_width(name, em) for name in names])
        centres = _spread(x, widths, _RIGHT - room, _RIGHT)
        placed += [_Label(*row, above) for row in zip(x, names, centres, strict=True)]
    return placed


def _spread(x: np.ndarray, widths: np.ndarray, low: float, high: float) -> np.ndarray:
    """Move intervals of `widths` centred at ascending `x` apart, by least squares, within bounds.

    With the room that each needs subtracted this is isotonic regression, and clipping its solution
    keeps it optimal.
    """
    room = np.concatenate([[0], np.cumsum((widths[1:] + widths[:-1]) / 2)])
    first, last = low + widths[0] / 2, high - widths[-1] / 2 - room[-1]
    return np.clip(isotonic_regression(x - room).x, first, max(first, last)) + room


def _draw_row(ax: Axes, y: float, row: _Row, em: float) -> None:
    """Draw one axis line at height `y` with its name, ticks and labels."""
    columns = int((-_NAMES - 8) / (4.3 * em))  # 4.3 points: a mean character at 7 point
    name = textwrap.fill(row.name, max(columns, 8), break_on_hyphens=False)
    weight = "bold" if row.bold else "normal"
    ax.text(_NAMES, y, name, ha="left", va="center", size=7, weight=weight, linespacing=1.05)
    ticks = [label.tick for label in row.labels]
    ax.plot(row.ends or (min(ticks), max(ticks)), [y, y], color="k", lw=0.9)
    for label in row.labels:
        side = -1 if label.above else 1
        foot = y + 0.3 * side
        ax.plot([label.tick] * 2, [y, foot], color="k", lw=0.7)
        if label.moved:
            ax.plot([label.tick, label.centre], [foot, y + 0.8 * side], color="0.5", lw=0.6)
        ax.text(
            label.centre,
            y + (0.85 if label.moved else 0.4) * side,
            label.text,
            ha="center",
            va="bottom" if label.above else "top",
            size=7,
            linespacing=0.95,
        )
