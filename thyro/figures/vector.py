"""A figure as SVG, for pages and print: lines and letters as paths, photographs in it as JPEG."""

import base64
import io
import re

import matplotlib as mpl
from IPython.core.pylabtools import print_figure
from matplotlib.figure import Figure
from PIL import Image

DPI = 180  # of images within a figure
QUALITY = 88  # of JPEG
OPAQUE = 255
LARGEST = 3_000_000  # characters; a figure of so many points is lighter as pixels
POINTS_PER_IN = 72

# 6 digits is what matplotlib writes; a hundredth of a point is finer than any printer
PATH = re.compile(r' d="[^"]*"')
LONG = re.compile(r"(\.\d\d)\d+")
# of clips and markers: hashes of coordinates, of which a layout may change the last digit
IDENTIFIER = re.compile(r'id="([a-zA-Z][0-9a-f]{10})"')
IMAGE = re.compile(r'"data:image/png;base64,\s*([^"]*)"')


def svg(fig: Figure) -> tuple[str, dict[str, int]] | None:
    """The SVG of a figure, cut to what is drawn, with its size in pixels at the figure's dpi.

    The same figure gives the same text. Letters are paths, so that every reader sees the font that
    was measured. None where the figure is empty, or larger than `LARGEST`: its PNG serves then.

    Parameters
    ----------
    fig
        Stays open.
    """
    with mpl.rc_context({"svg.hashsalt": "thyro", "svg.fonttype": "path"}):
        text = print_figure(fig, "svg", dpi=DPI, metadata={"Date": None, "Creator": None})
    if text is None:
        return None
    text = PATH.sub(lambda path: LONG.sub(r"\1", path[0]), text)
    for i, name in enumerate(dict.fromkeys(IDENTIFIER.findall(text))):
        text = text.replace(name, f"shape-{i}")
    text = IMAGE.sub(lambda found: f'"{_lighter(found[1])}"', text)
    if len(text) > LARGEST:
        return None
    width, height = size_in(text)
    return text, {"width": round(width * fig.dpi), "height": round(height * fig.dpi)}


def size_in(text: str) -> tuple[float, float]:
    """Width and height of an SVG as matplotlib writes it, in inches."""
    head = text[text.index("<svg ") :].partition(">")[0]
    width, height = (re.search(rf' {side}="([\d.]+)pt"', head) for side in ("width", "height"))
    if not (width and height):
        raise ValueError(f"the SVG has no size in points: {head[:200]}")
    return float(width[1]) / POINTS_PER_IN, float(height[1]) / POINTS_PER_IN


def _lighter(png: str) -> str:
    """A data address of an image within a figure: as JPEG if it is a photograph, else exact.

    A photograph takes at most half of the room as JPEG; the few colours of a heat map do not.
    """
    image = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGBA")
    exact, photograph = io.BytesIO(), io.BytesIO()
    kind, best = "png", exact
    if image.getextrema()[3][0] == OPAQUE:
        red, green, blue, _ = image.split()
        is_grey = red.tobytes() == green.tobytes() == blue.tobytes()
        image = image.convert("L" if is_grey else "RGB")
        image.save(photograph, "JPEG", quality=QUALITY, optimize=True)
    image.save(exact, "PNG", optimize=True)
    if 0 < 2 * photograph.tell() < exact.tell():
        kind, best = "jpeg", photograph
    return f"data:image/{kind};base64,{base64.b64encode(best.getvalue()).decode()}"
