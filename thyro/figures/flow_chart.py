"""Figure 1: the flow of patients through inclusion and exclusion into the cohorts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thyro.figures.boxes import (
    LINE,
    LINE_COLOUR,
    SIZE,
    Box,
    draw_arrow,
    draw_box,
    width_points,
    wrapped,
)
from thyro.figures.style import WIDTH
from thyro.tables import percent

PADDING = 2.4  # of the text in a box, both sides together, on the grid


@dataclass(frozen=True)
class _Place:
    """Where the boxes of one source of patients stand, on the grid that is 100 wide."""

    left: float
    right: float
    main: tuple[float, float]  # left edge and width of the boxes of those who stay
    spine: float  # where the line runs down from which patients are excluded
    side: float  # left edge of the exclusions
    heading: str = ""


ALONE = _Place(0, 100, main=(0, 48), spine=24, side=53)
BESIDE = (
    _Place(0, 49, main=(0, 49), spine=3.5, side=7, heading="Study"),
    _Place(51, 100, main=(51, 49), spine=54.5, side=58, heading="External"),
)


@dataclass(frozen=True)
class _Flow:
    """Boxes of one source of patients: who stays, who leaves, the cohorts at the end."""

    place: _Place
    main: list[Box]
    side: list[Box]
    cohorts: list[Box]

    @property
    def bottom(self) -> float:
        return max(box.bottom for box in [*self.main, *self.side, *self.cohorts])


def flow_height(
    steps: Sequence[Mapping], width: float = WIDTH, *, event_name: str = "events"
) -> float:
    """Height in inches that `draw_flow` needs for axes `width` inches wide.

    Parameters
    ----------
    steps, event_name
        As `draw_flow`.
    width : float
    """
    return LINE * (max(flow.bottom for flow in _flows(steps, event_name, 72 * width)) + 1)


def draw_flow(steps: Sequence[Mapping], ax: Axes, *, event_name: str = "events") -> Axes:
    """Draw the flow of patients: counts, side boxes of exclusions, cohorts with their events.

    Parameters
    ----------
    steps : sequence of mappings
        In order, each with `label` and `n`. `excluded`: these patients leave here, if any do
        (neighbouring steps share a box, which names those of nobody too, as "n = 0"). `split`: a
        cohort at the end, with its `events`. `external`: of the external cohort, whose flow is
        drawn beside that of the study.
    ax : Axes
        `flow_height(steps, width, event_name=event_name)` high, and at least 89 mm wide; 140 mm
        with an external cohort.
    event_name : str
        What an event is, such as "lymph-node metastasis".

    Raises
    ------
    ValueError
        If the counts do not add up at a node: that would be an error of the cohort, not of the
        drawing.
    """
    flows = _flows(steps, event_name, width_points(ax))
    ax.set(xlim=(-0.5, 100.5), ylim=(max(flow.bottom for flow in flows) + 0.5, -0.5))
    for flow in flows:
        _draw_flow(ax, flow)
    return ax


def flow_figure(steps: Sequence[Mapping], *, event_name: str = "events") -> Figure:
    """Draw the flow of patients across the page, as high as its text (`draw_flow`)."""
    height = flow_height(steps, WIDTH, event_name=event_name)
    fig, ax = plt.subplots(figsize=(WIDTH, height))
    draw_flow(steps, ax, event_name=event_name)
    return fig


def _check_counts(steps: Sequence[Mapping]) -> None:
    """Raise where patients appear or vanish between two boxes."""
    expected, cohorts = None, []
    for step in steps:
        label, n = step["label"], step["n"]
        if expected is None and (step.get("excluded") or step.get("split")):
            what = "excludes patients" if step.get("excluded") else "is a cohort"
            raise ValueError(f"steps: {label!r} {what} before any came in.")
        if step.get("events", 0) > n:
            raise ValueError(f"steps: {label!r} has {step['events']} events in {n} patients.")
        if step.get("excluded"):
            expected -= n
        elif step.get("split"):
            cohorts.append(n)
        elif expected not in (None, n):
            raise ValueError(
                f"steps: {label!r} should hold {expected} patients after the exclusions above, "
                f"found {n}."
            )
        else:
            expected = n
    if expected is None:
        raise ValueError("steps: expected the patients assessed first, found no step.")
    if cohorts and sum(cohorts) != expected:
        raise ValueError(f"steps: the cohorts {cohorts} do not add up to {expected} patients.")


def _flows(steps: Sequence[Mapping], event_name: str, width: float) -> list[_Flow]:
    """Place the boxes of the study and of the external cohort, all cohorts on one level."""
    external = [step for step in steps if step.get("external")]
    sources = [[step for step in steps if not step.get("external")]]
    places = [ALONE]
    if external:
        sources, places = [*sources, external], BESIDE
    for source in sources:
        _check_counts(source)
    unit = width / 101  # points
    columns = [_column(*source, unit) for source in zip(sources, places, strict=True)]
    top = 3 + max(box.bottom for column in columns for part in column for box in part)
    return [
        _Flow(place, *column, _cohorts(source, place, top, event_name, unit))
        for source, place, column in zip(sources, places, columns, strict=True)
    ]


def _column(steps, place: _Place, unit: float) -> tuple[list[Box], list[Box]]:
    """Boxes of those who stay, from top to bottom, and beside them of those who leave."""
    main, side, leaving = [], [], []
    left, width = place.main
    y = 1.6 if place.heading else 0.0
    for step in (*(step for step in steps if not step.get("split")), None):
        if step is not None and step.get("excluded"):
            leaving.append(step)
            continue
        if leaving:
            box_width = place.right - place.side
            lines = _exclusion_lines(leaving, (box_width - PADDING) * unit)
            side.append(_box(place.side, y + 0.8, box_width, lines, "excluded"))
            y, leaving = side[-1].bottom - 1.2, []
        if step is not None:
            lines = [*wrapped(step["label"], (width - PADDING) * unit), f"n = {step['n']}"]
            main.append(_box(left, y + (2 if main else 0), width, lines, "main"))
            y = main[-1].bottom
    return main, side


def _cohorts(steps, place: _Place, top: float, event_name: str, unit: float) -> list[Box]:
    """Boxes of the cohorts, side by side."""
    cohorts = [step for step in steps if step.get("split")]
    gap = 4 if place is ALONE else 1
    each = (place.right - place.left + gap) / max(len(cohorts), 1)
    room = (each - gap - PADDING) * unit
    texts = []
    for step in cohorts:
        lines = [*wrapped(step["label"], room), f"n = {step['n']}"]
        if "events" in step:
            share = f" ({percent(step['events'] / step['n'])})" if step["n"] else ""
            lines += wrapped(f"{_sentence(event_name)}: {step['events']}{share}", room)
        texts.append(lines)
    height = max(map(len, texts), default=0) + 1
    return [
        Box(place.left + i * each, top, each - gap, height, "\n".join(lines), "split")
        for i, lines in enumerate(texts)
    ]


def _exclusion_lines(leaving: Sequence[Mapping], points: float) -> list[str]:
    lines = [f"Excluded (n = {sum(step['n'] for step in leaving)})"]
    for step in leaving:
        reason = step["label"].removeprefix("Excluded: ")
        number = f"(n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{step['n']})"
        lines += wrapped(f"{_sentence(reason)} {number}", points, indent="   ")
    return lines


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _box(left: float, top: float, width: float, lines: Sequence[str], kind: str) -> Box:
    return Box(left, top, width, len(lines) + 1, "\n".join(lines), kind)


def _draw_flow(ax: Axes, flow: _Flow) -> None:
    if flow.place.heading:
        ax.text(flow.place.left, 0.6, flow.place.heading, size=SIZE, weight="bold", va="center")
    for box in [*flow.main, *flow.side, *flow.cohorts]:
        draw_box(ax, box)
    spine = flow.place.spine
    for above, below in zip(flow.main, flow.main[1:], strict=False):
        draw_arrow(ax, (spine, above.bottom), (spine, below.top))
    for box in flow.side:
        y = box.top + box.height / 2
        draw_arrow(ax, (spine, y), (box.left, y))
    if flow.cohorts:
        last = flow.main[-1]
        # Exclusions below the last box leave room beside them only.
        beside = any(box.top > last.top for box in flow.side)
        _fork(ax, spine if beside else last.middle, last.bottom, flow.cohorts)


def _fork(ax: Axes, x: float, y: float, cohorts: Sequence[Box]) -> None:
    """Lines from one point down to each of the cohorts."""
    turn = cohorts[0].top - 1.5
    ends = [x, *(cohort.middle for cohort in cohorts)]
    ax.plot([x] * 2, [y, turn], color=LINE_COLOUR, lw=0.8)
    ax.plot([min(ends), max(ends)], [turn, turn], color=LINE_COLOUR, lw=0.8)
    for cohort in cohorts:
        draw_arrow(ax, (cohort.middle, turn), (cohort.middle, cohort.top))
