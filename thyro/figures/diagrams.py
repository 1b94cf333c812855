"""Diagrams: process of the study, networks of the super-resolution.

Every `draw_*` takes Axes and returns them.
"""

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from thyro.figures.boxes import LINE_COLOUR, SIZE, Box, draw_arrow, draw_box, width_points, wrapped
from thyro.figures.style import SMALL, WIDTH
from thyro.study import CLASSIFIERS, HEAD, OR, SR, Declared

CHARACTER = 4.2  # points; a mean character at SIZE
LAYER_HEIGHT = 5  # lines
TIMES = "\N{MULTIPLICATION SIGN}"
LAYER_COLOURS = {
    "Space to depth": "#EEEEEE",
    "Depth to space": "#EEEEEE",
    "Convolution": "#DCE9F5",
    "Residual block": "#FBE3D0",
    "Pooling": "#DDF0E4",
    "Probability": "#E9DFF0",
}


def _listed(words: Iterable[str]) -> str:
    """ "A, B and C"."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


NOTEBOOKS_IN_A_ROW = 4

Steps = tuple[tuple[str, str], ...]  # what is done, room of the package that does it


def process_steps(declared: Declared) -> dict[str, Steps]:
    """The steps of a study of images by notebook, of which Figure 3 has a box each."""
    sets = _listed(images.name for images in declared.studied)
    networks = ((f"{_listed(declared.networks)} features", "deep"),) if declared.networks else ()
    deep = f", {CLASSIFIERS[HEAD].label} on deep features" if declared.networks else ""
    enhancement: dict[str, Steps] = {
        "01_super_resolution": (
            ("Super-resolution network on training patients", "super_resolution"),
            (f"Original ({OR.name}) and enhanced ({SR.name}) images", "super_resolution"),
        )
    }
    return {
        "00_cohort": (
            ("Inclusion, exclusion, split by patient", "cohort"),
            ("Images and outlines", "imaging"),
        ),
        **(enhancement if declared.enhanced else {}),
        "02_features": ((f"Radiomics features, {sets}", "radiomics"), *networks),
        "03_selection": (
            ("Mann-Whitney U test, Spearman correlation", "selection"),
            ("LASSO, cross-validated", "selection"),
        ),
        "04_models": ((f"{_listed(declared.classifiers)} on radiomics{deep}", "models"),),
        "05_nomogram": (
            ("Clinical factors, logistic regression", "clinical"),
            ("Nomograms with and without a signature", "nomogram"),
        ),
        "06_statistics": (
            ("ROC curves, DeLong test", "statistics"),
            ("Calibration curves", "statistics"),
            ("Decision curves", "statistics"),
            ("Groups of patients", "statistics"),
        ),
        "report": (("Numbers into words", "report"), ("HTML, PDF and Word", "report")),
    }


def draw_process(process: Mapping[str, Steps], ax: Axes) -> Axes:
    """Draw the process of the study: every box names the room that does it, under its notebook.

    `process` is `process_steps`. Needs axes across the page (183 mm) and about 3.8 inches high.
    """
    columns = int(width_points(ax) * 0.21 / CHARACTER)
    top, arrows = 0.0, []
    notebooks = list(process.items())
    for start in range(0, len(notebooks), NOTEBOOKS_IN_A_ROW):
        heights = []
        for place, (notebook, steps) in enumerate(notebooks[start : start + NOTEBOOKS_IN_A_ROW]):
            left = 25 * place
            header = Box(left, top, 21.5, 1.8, notebook, "header")
            draw_box(ax, header)
            y = header.bottom
            for what, module in steps:
                text = textwrap.fill(what, columns)
                box = Box(left, y + 0.5, 21.5, text.count("\n") + 3.2, text, "main")
                draw_box(ax, box, module=f"thyro.{module}")
                y = box.bottom
            heights.append(y)
            arrows.append((left, top + 0.9))
        top = max(heights) + 2.2
    for (left, y), (following, next_y) in zip(arrows, arrows[1:], strict=False):
        if y == next_y:
            draw_arrow(ax, (left + 21.5, y), (following, next_y))
        else:  # from the end of the first row to the start of the second
            turn = next_y - 2.1
            bend = ([left + 21.5, left + 23.5, left + 23.5, 11], [y, y, turn, turn])
            ax.plot(*bend, color=LINE_COLOUR, lw=0.8)
            draw_arrow(ax, (11, turn), (11, next_y - 0.9))
    ax.set(xlim=(-0.5, 100.5), ylim=(top - 1.5, -0.5))
    return ax


def process_figure(declared: Declared) -> Figure:
    """Draw the process of a study across the page (`process_steps`, `draw_process`)."""
    fig, ax = plt.subplots(figsize=(WIDTH, 3.9))
    draw_process(process_steps(declared), ax)
    return fig


def draw_network(
    generator: Sequence[tuple[str, str]],
    discriminator: Sequence[tuple[str, str]],
    ax: Axes,
) -> Axes:
    """Draw the layers of generator and discriminator in two rows, left to right.

    Equal neighbours are one stack with a count. A line over the residual blocks, and one over all
    layers of the generator, lead to where what was learned is added to what went in.

    Parameters
    ----------
    generator, discriminator : sequences of (layer, what it does)
        Of the networks as built (`describe`); up to nine different neighbours each.
    ax : Axes
        Across the page (183 mm) and 2.2 inches high or more.
    """
    points = width_points(ax) / 100
    # The limits first: outside them the layout would make room for every text.
    ax.set(xlim=(0, 100), ylim=(10.3 + LAYER_HEIGHT, 0))
    rows = (
        ("Generator", generator, "Degraded\nimage", "Enhanced\nimage"),
        ("Discriminator", discriminator, "Original or\nenhanced\nimage", "Original?"),
    )
    for (head, top), (title, layers, entry, result) in zip(
        ((0.7, 2.9), (9, 10)), rows, strict=True
    ):
        middle = top + LAYER_HEIGHT / 2
        ax.text(0, head, title, size=8, weight="bold", va="center")
        ax.text(4.2, middle, entry, size=SIZE, ha="center", va="center")
        ax.text(96, middle, result, size=SIZE, ha="center", va="center")
        stacks = [(layer, len(list(run))) for layer, run in groupby(layers)]
        step = 80 / len(stacks)
        width = min(11.5, 0.87 * step)
        right = 9.3
        for i, ((name, what), count) in enumerate(stacks):
            left = 10 + i * step + (step - width) / 2
            draw_arrow(ax, (right, middle), (left, middle))
            _draw_layer(ax, Box(left, top, width, LAYER_HEIGHT, what, name), count, points * width)
            if title == "Generator" and name == "Residual block":
                before, after = (right + left) / 2, left + width + 1.5
                _draw_skip(ax, before, after + 0.7, top - 0.7, middle)
            right = left + width
        draw_arrow(ax, (right, middle), (91, middle))
        if title == "Generator":
            _draw_skip(ax, 10, 89.2, top - 1.4, middle)
    return ax


def _draw_layer(ax: Axes, box: Box, count: int, points: float) -> None:
    """A box, `points` wide, with name and what it does; a count makes it a stack of sheets."""
    style = {"facecolor": LAYER_COLOURS[box.kind], "edgecolor": LINE_COLOUR}
    for sheet in reversed(range(min(count, 3))):
        corner = (box.left + 0.4 * sheet, box.top - 0.25 * sheet)
        ax.add_patch(
            FancyBboxPatch(
                corner, box.width, box.height, boxstyle="square,pad=0", lw=0.6, zorder=3, **style
            )
        )
    title = (
        f"{box.kind}\N{NO-BREAK SPACE}{TIMES}\N{NO-BREAK SPACE}{count}" if count > 1 else box.kind
    )
    what = re.sub(r"(?<=\d)x(?=\d)", TIMES, box.text)
    what = re.sub(r"(?<=\d) to (?=\d)", "\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}", what)
    lines = [wrapped(text, points - 2, size=SMALL) for text in (title, what)]
    middle = box.top + box.height / 2
    text = "\n".join(lines[0] + lines[1])
    ax.text(box.middle, middle, text, size=SMALL, ha="center", va="center", zorder=4)


def _draw_skip(ax: Axes, start: float, end: float, top: float, middle: float) -> None:
    """A line from the arrow at `start` over the layers to a plus on the arrow at `end`."""
    ax.plot([start, start, end], [middle, top, top], color=LINE_COLOUR, lw=0.8)
    draw_arrow(ax, (end, top), (end, middle - 0.45))
    plus = {"boxstyle": "circle,pad=0.1", "facecolor": "w", "edgecolor": LINE_COLOUR, "lw": 0.6}
    ax.text(end, middle, "+", size=SMALL, ha="center", va="center", bbox=plus, zorder=5)
