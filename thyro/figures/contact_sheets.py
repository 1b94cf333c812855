"""Contact sheets: every image of a cohort with the outline of its nodule, to be checked by eye.

Pages are made one at a time, from cases read one at a time. A page is one picture with lines and
words on it: forty axes would take many times as long.
"""

import gc
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count, islice

import numpy as np
import PIL.Image
from IPython.display import Image, display
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.layout_engine import PlaceHolderLayoutEngine
from skimage.measure import find_contours

from thyro.figures.boxes import text_width, wrapped
from thyro.figures.style import ORIGIN_COLOUR, OUTLINE

WIDTH, HEIGHT = 8.27, 11.69  # A4, inches
MARGIN, TOP, BOTTOM, GUTTER = 0.4, 0.62, 0.3, 0.08  # inches
DPI = 200  # of the thumbnails
NOTEBOOK_DPI, NOTEBOOK_WIDTH = 130, 720  # pixels of a page in a notebook
WORDS = 0.34  # inches below a thumbnail: a line of title, two of note
TITLE, NOTE = 7, 6  # points
NOTE_LINES = 2
SMALLEST = 0.3  # inches, of a thumbnail
NOTE_COLOUR = ORIGIN_COLOUR  # of flags


@dataclass(frozen=True)
class _Grid:
    """Where the thumbnails of a page stand, in its pixels."""

    columns: int
    rows: int

    @property
    def cell(self) -> tuple[float, float]:
        """Width and height of a cell with its words."""
        width = (WIDTH - 2 * MARGIN) / self.columns
        return width * DPI, (HEIGHT - TOP - BOTTOM) / self.rows * DPI

    @property
    def thumbnail(self) -> tuple[int, int]:
        """Width and height that a thumbnail may have."""
        width, height = self.cell
        return int(width - GUTTER * DPI), int(height - WORDS * DPI)

    def corner(self, i: int) -> tuple[int, int]:
        """Left and top edge of cell `i`."""
        (width, height), (row, column) = self.cell, divmod(i, self.columns)
        left = (MARGIN + GUTTER / 2) * DPI + column * width
        return round(left), round(TOP * DPI + row * height)


@dataclass(frozen=True)
class _Thumbnail:
    title: str
    note: str
    image: np.ndarray  # uint8
    outlines: list[np.ndarray]  # (column, row) in its pixels


def contact_sheet_pages(
    cases: Iterable[tuple[str, np.ndarray, np.ndarray | None, str]],
    *,
    per_page: int = 40,
    columns: int = 5,
    origin: str = "",
    title: str = "",
) -> Iterator[Figure]:
    """Draw contact sheets, one A4 page after the other.

    Parameters
    ----------
    cases : iterable of (title, image, mask, note)
        Image of shape (rows, columns), grey 0-255, of any size; pixels are taken as square. Mask
        of that shape; None, or an empty one, gives no outline. Note in words, such as the flags of
        the image; what two lines do not hold ends in "…". A page of thumbnails is held at a time.
    per_page, columns : int
        A sheet of a single page ends below its last row.
    origin : str
        Where the data come from; on every page, as `title` with the number of the page.

    Yields
    ------
    Figure
        At 100 dots per inch; twice that, as a sharp notebook shows it, is every pixel there is.

    Raises
    ------
    ValueError
        If an image is not grey, a mask has another shape, or a page is too small for its cases.
    """
    if min(per_page, columns) < 1:
        raise ValueError(f"per_page, columns: expected at least 1, got {per_page} and {columns}.")
    grid = _Grid(columns, -(-per_page // columns))
    if min(grid.thumbnail) < SMALLEST * DPI:
        raise ValueError(
            f"per_page: {per_page} cases in {columns} columns leave thumbnails of less than "
            f"{SMALLEST} inches; take fewer."
        )
    thumbnails = (_thumbnail(*case, grid.thumbnail) for case in cases)
    ahead = list(islice(thumbnails, 1))  # tells a single page from the first of several
    for number in count():
        batch = [*ahead, *islice(thumbnails, per_page - len(ahead))]
        if not batch:
            return
        ahead = list(islice(thumbnails, 1))
        first = number * per_page + 1
        place = f"Page {number + 1}, {first}–{first + len(batch) - 1}"
        rows = -(-len(batch) // columns) if not number and not ahead else grid.rows
        yield _page(batch, grid, rows, title, place, origin)
        gc.collect()  # a drawn page is 10 MB in a web of references, which would wait for long


def show_page(page: Figure) -> None:
    """Show a page in a notebook, as JPEG: as PNG the pages of 544 patients would take 30 MB."""
    data = io.BytesIO()
    page.savefig(data, format="jpeg", dpi=NOTEBOOK_DPI, pil_kwargs={"quality": 85})
    display(Image(data.getvalue(), format="jpeg", width=NOTEBOOK_WIDTH))


def _thumbnail(title: str, image, mask, note: str, room: tuple[int, int]) -> _Thumbnail:
    """Shrink, or enlarge, an image into the room, and outline its mask there."""
    image = np.asarray(image)
    if image.ndim != 2:
        raise ValueError(f"cases: {title!r} needs a grey image (rows, columns), got {image.shape}.")
    if mask is not None and np.shape(mask) != image.shape:
        raise ValueError(
            f"cases: the mask of {title!r} has shape {np.shape(mask)}, its image {image.shape}."
        )
    rows, columns = image.shape
    scale = min(room[0] / columns, room[1] / rows)
    size = max(round(columns * scale), 1), max(round(rows * scale), 1)
    lines = [] if mask is None else outlines(np.asarray(mask, bool), size)
    return _Thumbnail(title, note, resized(np.rint(np.clip(image, 0, 255)), size), lines)


def resized(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resample to (width, height), each pixel the mean of those that it covers."""
    return np.asarray(
        PIL.Image.fromarray(image.astype(np.uint8)).resize(size, PIL.Image.Resampling.BOX)
    )


def outlines(mask: np.ndarray, size: tuple[int, int]) -> list[np.ndarray]:
    """Contours of a mask that is resized as its image, closed along the border of the image.

    Parameters
    ----------
    mask : ndarray of bool, shape (rows, columns)
    size : (int, int)
        Width and height that the image is resized to.

    Returns
    -------
    list of ndarray, shape (n_points, 2)
        Column and row in pixels of that size.
    """
    share = np.pad(resized(255 * mask, size), 1) / 255
    level = min(0.5, share.max() / 2)  # a nodule of less than half a pixel still has an outline
    return [line[:, ::-1] - 1 for line in find_contours(share, level)] if level else []


def _page(
    batch: list[_Thumbnail], grid: _Grid, rows: int, title: str, place: str, origin: str
) -> Figure:
    width, height = round(WIDTH * DPI), round(grid.corner(rows * grid.columns)[1] + BOTTOM * DPI)
    # An engine that does nothing: everything has its place, and saving a figure that has none
    # leaves it with the one of the style.
    still = PlaceHolderLayoutEngine(adjust_compatible=True, colorbar_gridspec=True)
    fig = Figure(figsize=(width / DPI, height / DPI), dpi=DPI / 2, layout=still, facecolor="w")
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    mosaic = np.full((height, width), 255, np.uint8)
    segments = []
    for i, thumbnail in enumerate(batch):
        (left, top), room = grid.corner(i), grid.thumbnail
        high, wide = thumbnail.image.shape
        left, top = left + (room[0] - wide) // 2, top + room[1] - high
        mosaic[top : top + high, left : left + wide] = thumbnail.image
        segments += [line + (left, top) for line in thumbnail.outlines]
        _write_words(ax, thumbnail, grid, i)
    # Without interpolation the picture is embedded in a PDF as it is, one byte a pixel.
    ax.imshow(mosaic, cmap="gray", vmin=0, vmax=255, interpolation="none", aspect="auto")
    ax.add_collection(LineCollection(segments, colors=OUTLINE, linewidths=0.7))
    left, right, line = MARGIN * DPI, width - MARGIN * DPI, 0.17 * DPI
    top = TOP * DPI - line
    style = {"va": "bottom", "parse_math": False}
    ax.text(left, top, title, size=10, weight="bold", **style)
    ax.text(right, top, place, size=8, ha="right", **style)
    ax.text(
        right, top - line, origin, size=8, ha="right", color=ORIGIN_COLOUR, weight="bold", **style
    )
    return fig


def _write_words(ax, thumbnail: _Thumbnail, grid: _Grid, i: int) -> None:
    """Title and note below thumbnail `i`; words from the data are never formulas."""
    (left, top), (wide, high) = grid.corner(i), grid.thumbnail
    middle, points = left + wide / 2, 72 * wide / DPI
    style = {"ha": "center", "va": "top", "parse_math": False}
    y = top + high + 0.02 * DPI
    ax.text(middle, y, _fitted(thumbnail.title, points, TITLE, 1), size=TITLE, **style)
    note = _fitted(thumbnail.note, points, NOTE, NOTE_LINES)
    y += 1.25 * TITLE / 72 * DPI
    ax.text(middle, y, note, size=NOTE, color=NOTE_COLOUR, linespacing=1.1, **style)


def _fitted(text: str, points: float, size: float, most: int) -> str:
    """At most so many lines of `text`; the last one ends in "…" where there were more."""
    lines = wrapped(text, points, size=size)
    if len(lines) > most:
        last = lines[most - 1]
        while last and text_width(f"{last}…", size) > points:
            last = last[:-1]
        lines = [*lines[: most - 1], f"{last.rstrip()}…"]
    return "\n".join(lines)
