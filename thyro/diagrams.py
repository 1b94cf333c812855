"""Diagrams: flow chart of the patients, process of the study, networks of the super-resolution.

Every `draw_*` takes Axes and returns them.
"""

import textwrap
from collections.abc import Sequence
from itertools import groupby

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from thyro.boxes import LINE_COLOUR, SIZE, Box, draw_arrow, draw_box, width_points
from thyro.flow_chart import draw_flow as draw_flow
from thyro.flow_chart import flow_height as flow_height

CHARACTER = 4.2  # points; a mean character at SIZE
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


def draw_process(ax: Axes) -> Axes:
    """Draw the process of the study: every box names the module that does it, under its notebook.

    Needs axes across the page (183 mm) and about 3.6 inches high.
    """
    columns = int(width_points(ax) * 0.21 / CHARACTER)
    top, arrows = 0.0, []
    for start in (0, 4):
        heights = []
        for place, (notebook, steps) in enumerate(PROCESS[start : start + 4]):
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
    width_points(ax)
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
            draw_arrow(ax, (right, middle), (left, middle))
            text = (f"{name} × {count}" if count > 1 else name) + f"\n{what}"
            _draw_layer(ax, Box(left, top, width, 11, text, name))
            right = left + width
        draw_arrow(ax, (right, middle), (88.5, middle))
        if skip and title == "Generator":
            ax.plot([11.5, 11.5, 87], [middle, top - 0.8, top - 0.8], color=LINE_COLOUR, lw=0.8)
            draw_arrow(ax, (87, top - 0.8), (87, middle))
            ax.text(49, top - 0.9, "+ input", size=6.5, ha="center", va="bottom")
    ax.set(xlim=(0, 100), ylim=(28, -0.5))
    return ax


def _draw_layer(ax: Axes, box: Box) -> None:
    colour = LAYER_COLOURS.get(box.kind, "#EEEEEE")
    style = {"facecolor": colour, "edgecolor": LINE_COLOUR, "lw": 0.6}
    shape = FancyBboxPatch(
        (box.left, box.top), box.width, box.height, boxstyle="square,pad=0", **style
    )
    ax.add_patch(shape)
    middle = box.top + box.height / 2
    ax.text(box.middle, middle, box.text, size=6.5, rotation=90, ha="center", va="center")
