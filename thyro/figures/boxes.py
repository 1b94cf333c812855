"""Boxes, arrows and measured text of diagrams.

A diagram is laid out on a grid 100 wide and one line of text high per unit, so a caller only has to
make the axes high enough for its text.
"""

import textwrap
from dataclasses import dataclass
from functools import lru_cache

from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch
from matplotlib.textpath import TextToPath

from thyro.figures.style import SMALL

SIZE = 7  # points
LINE = 10 / 72  # inches per line of text
HINTED = 1.05  # widest text of a raster, of its width in outlines: seen at 100 and 150 dpi
LINE_COLOUR = "0.25"
BOX_COLOURS = {"main": "#EAF1F8", "excluded": "#F4F4F4", "split": "#FBEADD"}


@dataclass(frozen=True)
class Box:
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


def wrapped(text: str, points: float, *, size: float = SIZE, indent: str = "") -> list[str]:
    """Lines of `text` at most `points` wide, as measured in the font of the figures.

    Parameters
    ----------
    text : str
    points : float
        A word that is wider is broken.
    size : float
        Of the type, in points.
    indent : str
        Begins every line but the first.
    """
    columns = max(int(4 * points / size), 1)  # more than fit: thin characters are a third as wide
    while True:
        lines = textwrap.wrap(text, columns, subsequent_indent=indent)
        if columns <= len(indent) + 1 or all(text_width(line, size) <= points for line in lines):
            return lines
        columns -= 1


@lru_cache(maxsize=4096)
def text_width(text: str, size: float) -> float:
    """Width of one line of text in points, at most: a raster moves characters to whole pixels."""
    font = FontProperties(size=size)
    return HINTED * TextToPath().get_text_width_height_descent(text, font, ismath=False)[0]


def width_points(ax: Axes) -> float:
    """Switch the frame off and return how wide the axes then are, in points."""
    ax.set_axis_off()
    ax.figure.draw_without_rendering()
    return 72 * ax.get_position().width * ax.figure.get_figwidth()


def draw_box(ax: Axes, box: Box, *, module: str = "") -> None:
    """Draw a box and its text.

    Parameters
    ----------
    ax : Axes
    box : Box
        Its kind is one of `BOX_COLOURS`, or "header".
    module : str
        Written in it last, as code.
    """
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
        linespacing=1.3,
        parse_math=False,  # a label with two dollar signs is no formula
    )
    if module:
        style = {"size": SMALL, "color": "#0B5394", "family": "monospace", "ha": "center"}
        ax.text(box.middle, box.bottom - 0.5, module, va="bottom", **style)


def draw_arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw an arrow.

    Parameters
    ----------
    ax : Axes
    start, end : (float, float)
        Points of the grid; the head is at `end`.
    """
    style = {"arrowstyle": "-|>", "lw": 0.8, "color": LINE_COLOUR, "mutation_scale": 7}
    ax.annotate("", end, start, arrowprops={**style, "shrinkA": 0, "shrinkB": 0})
