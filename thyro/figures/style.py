"""The look of every figure: type, sizes, and the colour and line of every model."""

import itertools
import re
import string
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thyro.figures import vector
from thyro.figures.fonts import families
from thyro.study import (
    BC,
    FAMILIES,
    IMAGE_SETS,
    OR,
    RADIOLOGIST,
    SR,
    ModelName,
    NomogramName,
    kind_of,
)

WIDTH = 7.2  # inches, of a figure across the page
SINGLE_COLUMN = 3.5  # inches, of a figure in one column
SMALL = 6.5  # points; no text of a figure is smaller than 6 at its final size
TINY = 6  # points
GOLDEN = (5**0.5 - 1) / 2

SERIES_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#555555")
SIGN_COLOURS = ("#0072B2", "#D55E00")  # negative, positive
ORIGIN_COLOUR = "#9E4A4A"  # of the words that say where the data come from
OUTLINE = "#FFD400"  # of the nodule on a grey image

# Colours and lines of models of images are in the registries: a kind's colour is dark for enhanced
# images and light for original ones, and an image set has its line, so that a grey print and a
# colour-blind reader tell them apart.
VARIANT_LINE = ":"
NOMOGRAM_STYLES = {
    "A": ("#D55E00", "-"),
    "B": ("#332288", (0, (6, 1.5))),
    "C": ("#44AA99", (0, (6, 1.5, 1, 1.5))),
}
RADIOLOGIST_STYLE = ("#525252", ":")
# Of models with other names, such as the scores of a table; then the next line style. Apart from
# each other, and from the nomograms, to colour-blind readers too.
OTHER_COLOURS = ("#0B4F9A", "#E69F00", "#009E73", "#661100", "#56B4E9", "#000000")
OTHER_LINES = ("-", "--", "-.", ":")
MOST_OTHERS = 4  # of such models in a panel

LineStyle = str | tuple
ModelStyle = tuple[str, LineStyle]  # colour, line
AxesGrid = np.ndarray | Sequence  # of Axes, in one or two dimensions


@dataclass(frozen=True)
class ImageLook:
    """What images of one kind are called, and their line wherever they, not a model, are one."""

    title: str
    colour: str
    line: LineStyle
    width: float  # points


IMAGE_LOOKS = {
    OR.name: ImageLook("Original (OR)", "#0072B2", "-", 1.3),
    "LR": ImageLook("Degraded (LR)", "#777777", (0, (2, 1)), 1.0),
    SR.name: ImageLook("Super-resolution (SR)", "#D55E00", "-", 0.9),
    BC.name: ImageLook("Bicubic control (BC)", "#009E73", "-.", 0.9),
}

_STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.fontsize": SMALL,
    "legend.framealpha": 0.85,
    "legend.edgecolor": "none",
    "legend.fancybox": False,
    "lines.linewidth": 1.3,
    "image.interpolation": "nearest",
    "figure.dpi": 150,
    "savefig.dpi": 300,
    "figure.constrained_layout.use": True,
}


def use_style() -> None:
    """Set the look of every figure; a notebook keeps each as a sharp (retina) PNG and as SVG."""
    mpl.rcParams.update(_STYLE)
    stand_ins = families()[1:]
    if stand_ins:  # matplotlib looks for a letter in one family after the other
        mpl.rcParams["font.family"] = ["sans-serif", *stand_ins]
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None:
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("retina")
        shell.display_formatter.formatters["image/svg+xml"].for_type(Figure, vector.svg)


def label_origin(fig: Figure, text: str) -> None:
    """Write where the data come from ("Simulated data") above the axes, top right.

    The layout engine gives up a strip at the top, so the words never lie on a title.
    An empty `text` does nothing.
    """
    if not text:
        return
    fig.text(0.995, 0.995, text, ha="right", va="top", size=7, color=ORIGIN_COLOUR, weight="bold")
    strip = 1.7 * 7 / 72 / fig.get_figheight()
    engine = fig.get_layout_engine()
    if engine is None:
        fig.subplots_adjust(top=min(fig.subplotpars.top, 1 - 2.5 * strip))
    else:
        engine.set(rect=(0, 0, 1, 1 - strip))


def panel_letters(axes: Iterable[Axes]) -> None:
    """Write bold A, B, C ... at the top left outside each panel, in the order given."""
    for letter, ax in zip(string.ascii_uppercase, np.ravel(np.asarray(axes, object)), strict=False):
        ax.annotate(
            letter,
            (0, 1),
            xycoords="axes fraction",
            xytext=(-6, 4),
            textcoords="offset points",
            ha="right",
            va="bottom",
            size=10,
            weight="bold",
        )


def model_styles(names: Iterable[str]) -> dict[str, ModelStyle]:
    """Colour and line of every model by its name, by one rule in every figure.

    - A model of images has the colour of its kind, as the registry of classifiers or networks
      declares it: the light one on original images, the dark one on any other; and the line that
      its image set declares. A variant of it (with tuned settings) has its colour and is dotted.
    - The nomograms and the radiologist have those declared in this module.
    - Every other name, such as a score of a table, takes the next free pair of `OTHER_COLOURS` and
      `OTHER_LINES` in the order given: ask once per study, with all names.
    """
    free = itertools.cycle((colour, line) for line in OTHER_LINES for colour in OTHER_COLOURS)
    return {name: _declared_style(name) or next(free) for name in names}


def _declared_style(name: str) -> ModelStyle | None:
    model = ModelName.read(name)
    kind = kind_of(model.kind) if model is not None else None
    if model is not None and kind is not None:
        dark, light = kind.colours
        line = VARIANT_LINE if model.variant else IMAGE_SETS[model.image_set].line
        return light if model.image_set == OR.name else dark, line
    nomograms = {str(NomogramName(letter, None)): look for letter, look in NOMOGRAM_STYLES.items()}
    return (nomograms | {RADIOLOGIST: RADIOLOGIST_STYLE}).get(name)


def by_family(models: Iterable[str]) -> list[list[str]]:
    """Models in groups for panels: those of one family of the registry, in the registry's order.

    Models that are in no registry follow, by at most four to a group. Within a group the order is
    the given one.
    """
    families: dict[str, list[str]] = {family: [] for family in FAMILIES}
    others = []
    for name in models:
        model = ModelName.read(name)
        kind = kind_of(model.kind) if model is not None else None
        (families[kind.family] if kind is not None else others).append(name)
    groups = [group for group in families.values() if group]
    if others:
        groups += [part.tolist() for part in np.array_split(others, -(-len(others) // MOST_OTHERS))]
    return groups


def spread(n: int) -> np.ndarray:
    """Places of n points across a strip from -0.5 to 0.5: even, the same every time.

    Multiples of the golden ratio keep neighbours apart without any randomness.
    """
    return np.arange(n) * GOLDEN % 1 - 0.5


def wrap_feature(name: str, width: int = 24) -> str:
    """Break a feature name, at underscores and inner capitals, into lines of `width` or less."""
    lines = [""]
    for part in re.split(r"(?<=_)|(?<=[a-z])(?=[A-Z])", name):
        if lines[-1] and len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)
