"""Diagrams: flow chart of the patients, process of the study, networks of the super-resolution.

Every `draw_*` takes Axes and returns them. Boxes are laid out on a grid 100 wide and one line of
text high per unit, so a caller only has to make the axes high enough for its text.
"""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from thyro.rounding import percent

SIZE = 7  # points
LINE = 10 / 72  # inches per line of text
CHARACTER = 4.2  # points; a mean character at SIZE
LINE_COLOUR = "0.25"
BOX_COLOURS = {"main": "#EAF1F8", "excluded": "#F4F4F4", "split": "#FBEADD"}
MOST_LAYERS = 12  # of a network, that are drawn one by one
LAYER_COLOURS = {
    "Convolution": "#DCE9F5",
    "Residual block": "#FBE3D0",
    "Pooling": "#DDF0E4",
    "Probability": "#E9DFF0",
}

# Figure 3: notebook, then its steps as (what is done, modules that do it).
PROCESS = (
    (
        "00_cohort",
        (
            ("Inclusion, exclusion, split by patient", "cohort"),
            ("Ultrasound images and nodule masks", "imaging"),
        ),
    ),
    (
        "01_super_resolution",
        (
            ("Adversarial network on training patients", "sr"),
            ("Original (OR) and enhanced (SR) images", "sr"),
        ),
    ),
    (
        "02_features",
        (
            ("1561 radiomics features, OR and SR", "radiomics"),
            ("ResNet101 and DenseNet121 features", "deep"),
        ),
    ),
    (
        "03_selection",
        (
            ("Mann-Whitney U test, Spearman correlation", "selection"),
            ("LASSO, cross-validated", "lasso"),
        ),
    ),
    (
        "04_models",
        (("SVM and KNN on radiomics, logistic regression on deep features", "models"),),
    ),
    (
        "05_nomogram",
        (
            ("Clinical factors, logistic regression", "clinical"),
            ("Nomograms A, B and C", "nomogram"),
        ),
    ),
    (
        "06_statistics",
        (
            ("ROC curves, DeLong test", "statistics"),
            ("Calibration curves", "calibration"),
            ("Decision curves", "decision"),
            ("Published beside regenerated", "paper"),
        ),
    ),
    (
        "report",
        (
            ("Numbers into words", "manuscript"),
            ("HTML, PDF and Word", "render"),
        ),
    ),
)


@dataclass(frozen=True)
class _Box:
    """A box on the grid: left and top edge, size, text, kind."""

    left: float
    top: float
    width: float
    height: float
    text: str
    kind: str

    @property
    def middle(self) -> float:
        return self.left + self.width / 2

    @property
    def bottom(self) -> float:
        return self.top + self.height


def flow_height(steps: Sequence[Mapping], width: float = 183 / 25.4) -> float:
    """Height in inches that `draw_flow` needs for axes `width` inches wide."""
    main, side, split = _flow_boxes(steps, "events", width * 72)
    return LINE * (max(box.bottom for box in [*main, *side, *split]) + 1)


def draw_flow(steps: Sequence[Mapping], ax: Axes, *, event_name: str = "events") -> Axes:
    """Draw the flow of patients: counts, side boxes of exclusions, cohorts with their events.

    Parameters
    ----------
    steps : sequence of mappings
        In order, each with `label` and `n`. `excluded`: these patients leave here (neighbouring
        ones share a box; `reason` replaces the label). `split`: a cohort at the end, with its
        `events`.
    ax : Axes
        `flow_height(steps)` high.
    event_name : str
        What an event is, such as "lymph-node metastasis".

    Raises
    ------
    ValueError
        If the counts do not add up at a node: that would be an error of the cohort, not of the
        drawing.
    """
    _check_flow(steps)
    width = _width_points(ax)
    main, side, split = _flow_boxes(steps, event_name, width)
    boxes = [*main, *side, *split]
    ax.set(xlim=(-0.5, 100.5), ylim=(max(box.bottom for box in boxes) + 0.5, -0.5))
    for box in boxes:
        _draw_box(ax, box)
    for above, below in zip(main, main[1:], strict=False):
        _arrow(ax, (above.middle, above.bottom), (below.middle, below.top))
    for box in side:
        y = box.top + box.height / 2
        _arrow(ax, (main[0].middle, y), (box.left, y))
    if split:
        _fork(ax, main[-1], split)
    return ax


def draw_process(ax: Axes) -> Axes:
    """Draw the process of the study: every box names the module that does it, under its notebook.

    Needs axes across the page (183 mm) and about 3.6 inches high.
    """
    columns = int(_width_points(ax) * 0.21 / CHARACTER)
    top, arrows = 0.0, []
    for start in (0, 4):
        heights = []
        for place, (notebook, steps) in enumerate(PROCESS[start : start + 4]):
            left = 25 * place
            header = _Box(left, top, 21.5, 1.8, notebook, "header")
            _draw_box(ax, header)
            y = header.bottom
            for what, module in steps:
                text = textwrap.fill(what, columns)
                box = _Box(left, y + 0.5, 21.5, text.count("\n") + 3.2, text, "main")
                _draw_box(ax, box, module=f"thyro.{module}")
                y = box.bottom
            heights.append(y)
            arrows.append((left, top + 0.9))
        top = max(heights) + 2.2
    for (left, y), (following, next_y) in zip(arrows, arrows[1:], strict=False):
        if y == next_y:
            _arrow(ax, (left + 21.5, y), (following, next_y))
        else:  # from the end of the first row to the start of the second
            turn = next_y - 2.1
            bend = ([left + 21.5, left + 23.5, left + 23.5, 11], [y, y, turn, turn])
            ax.plot(*bend, color=LINE_COLOUR, lw=0.8)
            _arrow(ax, (11, turn), (11, next_y - 0.9))
    ax.set(xlim=(-0.5, 100.5), ylim=(top - 1.5, -0.5))
    return ax


def draw_network(
    generator: Sequence[tuple[str, str]],
    discriminator: Sequence[tuple[str, str]],
    ax: Axes,
    *,
    skip: bool = True,
) -> Axes:
    """Draw the layers of generator and discriminator in two rows, left to right.

    Parameters
    ----------
    generator, discriminator : sequences of (layer, what it does)
        Of the networks as built (`sr.describe`). Of more than twelve layers, equal
        neighbours become one box with a count.
    ax : Axes
        Across the page and about 3 inches high.
    skip : bool, default True
        The generator adds what it learned to its input: drawn as a line over its layers.
    """
    _width_points(ax)
    rows = (
        ("Generator", generator, "Degraded\nimage", "Enhanced\nimage (SR)"),
        ("Discriminator", discriminator, "Original or\nenhanced\nimage", "Original?"),
    )
    for top, (title, layers, entry, result) in zip((2, 16.5), rows, strict=True):
        middle = top + 5.5
        ax.text(0, top - 1.3, title, size=8, weight="bold", va="center")
        ax.text(5.5, middle, entry, size=SIZE, ha="center", va="center")
        ax.text(94.5, middle, result, size=SIZE, ha="center", va="center")
        blocks = [(layer, 1) for layer in layers]
        if len(layers) > MOST_LAYERS:
            blocks = [(layer, len(list(run))) for layer, run in groupby(layers)]
        step = 76 / len(blocks)
        width = min(6.5, 0.6 * step)
        right = 11.0
        for i, ((name, what), count) in enumerate(blocks):
            left = 12 + i * step + (step - width) / 2
            _arrow(ax, (right, middle), (left, middle))
            text = (f"{name} × {count}" if count > 1 else name) + f"\n{what}"
            _draw_layer(ax, _Box(left, top, width, 11, text, name))
            right = left + width
        _arrow(ax, (right, middle), (88.5, middle))
        if skip and title == "Generator":
            ax.plot([11.5, 11.5, 87], [middle, top - 0.8, top - 0.8], color=LINE_COLOUR, lw=0.8)
            _arrow(ax, (87, top - 0.8), (87, middle))
            ax.text(49, top - 0.9, "+ input", size=6.5, ha="center", va="bottom")
    ax.set(xlim=(0, 100), ylim=(28, -0.5))
    return ax


def _check_flow(steps: Sequence[Mapping]) -> None:
    """Raise where patients appear or vanish between two boxes."""
    expected, cohorts = None, []
    for step in steps:
        if step.get("excluded"):
            if expected is None:
                raise ValueError(f"steps: {step['label']!r} excludes patients before any came in.")
            expected -= step["n"]
        elif step.get("split"):
            cohorts.append(step["n"])
        elif expected not in (None, step["n"]):
            raise ValueError(
                f"steps: {step['label']!r} should hold {expected} patients after the exclusions "
                f"above, found {step['n']}."
            )
        else:
            expected = step["n"]
    if cohorts and sum(cohorts) != expected:
        raise ValueError(f"steps: the cohorts {cohorts} do not add up to {expected} patients.")


def _flow_boxes(steps, event_name, width) -> tuple[list[_Box], list[_Box], list[_Box]]:
    """Place the boxes of the column, of the exclusions beside it and of the cohorts below."""
    columns = int(width * 0.42 / CHARACTER)
    main, side, leaving, y = [], [], [], 0.0
    stay = [step for step in steps if not step.get("split")]
    for step in stay:
        if step.get("excluded"):
            leaving.append(step)
            continue
        if leaving:
            text = _exclusion_text(leaving, columns)
            side.append(_Box(54, y + 0.8, 46, text.count("\n") + 2, text, "excluded"))
            y, leaving = side[-1].bottom - 1.2, []
        text = textwrap.fill(step["label"], columns) + f"\nn = {step['n']}"
        main.append(_Box(2, y + (2 if main else 0), 46, text.count("\n") + 2, text, "main"))
        y = main[-1].bottom
    split = []
    cohorts = [step for step in steps if step.get("split")]
    for i, step in enumerate(cohorts):
        lines = [*textwrap.wrap(step["label"], columns), f"n = {step['n']}"]
        if "events" in step:
            share = f" ({percent(step['events'] / step['n'])})" if step["n"] else ""
            lines += textwrap.wrap(f"{event_name}: {step['events']}{share}", columns)
        each = 100 / len(cohorts)
        left, height = i * each + 2, len(lines) + 1
        split.append(_Box(left, y + 3, each - 4, height, "\n".join(lines), "split"))
    return main, side, split


def _exclusion_text(leaving: Sequence[Mapping], columns: int) -> str:
    lines = [f"Excluded (n = {sum(step['n'] for step in leaving)})"]
    for step in leaving:
        reason = (step.get("reason") or step["label"]).removeprefix("Excluded: ")
        text = (
            f"{reason[:1].upper()}{reason[1:]} (n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{step['n']})"
        )
        lines += textwrap.wrap(text, columns, subsequent_indent="   ")
    return "\n".join(lines)


def _width_points(ax: Axes) -> float:
    """Switch the frame off and return how wide the axes then are, in points."""
    ax.set_axis_off()
    ax.figure.draw_without_rendering()
    return 72 * ax.get_position().width * ax.figure.get_figwidth()


def _draw_box(ax: Axes, box: _Box, *, module: str = "") -> None:
    header = box.kind == "header"
    ax.add_patch(
        FancyBboxPatch(
            (box.left, box.top),
            box.width,
            box.height,
            boxstyle="round,pad=0,rounding_size=0.4",
            facecolor="#2F4B6E" if header else BOX_COLOURS[box.kind],
            edgecolor="none" if header else LINE_COLOUR,
            lw=0.6,
        )
    )
    excluded = box.kind == "excluded"
    ax.text(
        box.left + 1.2 if excluded else box.middle,
        box.top + (box.height - (1.2 if module else 0)) / 2,
        box.text,
        size=SIZE,
        ha="left" if excluded else "center",
        va="center",
        color="w" if header else "k",
        weight="bold" if header else "normal",
        linespacing=1.2,
    )
    if module:
        style = {"size": 6.5, "color": "#0B5394", "family": "monospace", "ha": "center"}
        ax.text(box.middle, box.bottom - 0.5, module, va="bottom", **style)


def _draw_layer(ax: Axes, box: _Box) -> None:
    colour = LAYER_COLOURS.get(box.kind, "#EEEEEE")
    style = {"facecolor": colour, "edgecolor": LINE_COLOUR, "lw": 0.6}
    shape = FancyBboxPatch(
        (box.left, box.top), box.width, box.height, boxstyle="square,pad=0", **style
    )
    ax.add_patch(shape)
    middle = box.top + box.height / 2
    ax.text(box.middle, middle, box.text, size=6.5, rotation=90, ha="center", va="center")


def _arrow(ax: Axes, start, end) -> None:
    style = {"arrowstyle": "-|>", "lw": 0.8, "color": LINE_COLOUR, "mutation_scale": 7}
    ax.annotate("", end, start, arrowprops={**style, "shrinkA": 0, "shrinkB": 0})


def _fork(ax: Axes, box: _Box, cohorts: Sequence[_Box]) -> None:
    """Lines from one box to each of the cohorts below it."""
    y = (box.bottom + cohorts[0].top) / 2
    ends = [box.middle, *(cohort.middle for cohort in cohorts)]
    ax.plot([box.middle] * 2, [box.bottom, y], color=LINE_COLOUR, lw=0.8)
    ax.plot([min(ends), max(ends)], [y, y], color=LINE_COLOUR, lw=0.8)
    for cohort in cohorts:
        _arrow(ax, (cohort.middle, y), (cohort.middle, cohort.top))
