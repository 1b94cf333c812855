"""Every image of a cohort in a list to be sorted, beside its picture, to be kept or excluded.

For JupyterLab with a kernel. The decisions are the reader's; nothing is decided here.
"""

import html
import io
from typing import TYPE_CHECKING

import ipywidgets as widgets
import numpy as np
import pandas as pd
import PIL.Image
from IPython.display import display
from PIL import ImageDraw

from thyro import tables
from thyro.figures.contact_sheets import outlines, resized
from thyro.figures.style import ORIGIN_COLOUR, OUTLINE

if TYPE_CHECKING:  # what reads images takes seconds to load, and is not needed to draw them
    from thyro.cohort import Review

ROWS = 24  # of the list that are in sight
LONGEST = 20  # characters of a cell; all of it stands below the picture
MOST_PX = 560  # longer side of a picture
IMAGE, DECISION = "Image", "Decision"
WORDS = {"Keep": "keep", "Exclude": "exclude", "Clear": ""}  # of the buttons
COLOURS = {"Keep": "success", "Exclude": "danger", "Clear": ""}
MOVES = {"Back": -1, "Next": 1}  # in the list: JupyterLab takes the arrow keys for its cells
# One font for the list and the names of its columns, so that these stand above their cells.
STYLE = """<style>
.thyro-list, .thyro-list select, .thyro-head button {
  font-family: var(--jp-code-font-family, monospace), monospace; font-size: 12px; }
.thyro-list select { padding: 0; height: auto; max-height: none; }
.thyro-list select option { padding: 1px 4px; }
.thyro-head { padding-left: 5px; }
.thyro-head button { padding: 0; margin: 0 1ch 0 0; height: 22px; line-height: 22px;
  background: none; font-weight: bold; text-align: left; overflow: visible; }
.thyro-head button.thyro-number { text-align: right; }
</style>"""


def browse_images(review: "Review") -> widgets.VBox:
    """Display all images as a list with a picture beside it, and buttons to keep and exclude.

    A click on the name of a column sorts by it, a second one the other way round. After a decision
    comes the next image of the list. Nothing is kept before Save.

    Parameters
    ----------
    review
        The images, what is decided of them, and where it is saved.

    Returns
    -------
    VBox
        Displayed already: end the line of a cell with a semicolon.

    Raises
    ------
    ValueError
        If there are no images.
    """
    if review.images.empty:
        raise ValueError("review: expected at least one image, got none.")
    box = _Browser(review).box
    bundle = box._repr_mimebundle_()  # of the widget, with words for where it is not drawn
    display(bundle | {"text/plain": "In a running notebook all images stand here."}, raw=True)
    return box


class _Browser:
    """The widgets, the order of the list, and what is decided so far."""

    def __init__(self, review: "Review"):
        self.review = review
        self.decided, self.saved = dict(review.decided), dict(review.decided)
        self.order, self.sorted_by, self.ascending = list(review.images.index), "", True
        self.cells = _texts(review.images)
        self.numbers = set(review.images.select_dtypes("number"))
        longest = self.cells.map(len).max()
        # One more than the name for the arrow of the order.
        self.widths = {name: max(len(name) + 1, longest[name]) for name in self.cells}
        self.widths[DECISION] = max(self.widths[DECISION], *map(len, WORDS.values()))
        wide = sum(self.widths.values()) + len(self.widths) + 4  # gaps, and the bar to scroll
        self.head = {name: self._heading(name) for name in self.cells}
        self.list = widgets.Select(rows=ROWS, layout={"width": f"{wide}ch", "height": "auto"})
        self.list.add_class("thyro-list")
        # At its own size: stretched, a browser would smooth it.
        natural = {"max_width": "100%", "align_self": "flex-start"}
        self.picture = widgets.Image(format="png", layout=natural)
        self.caption, self.said = widgets.HTML(), widgets.HTML()
        self.outline = widgets.Checkbox(
            True, description="Outline", indent=False, layout={"width": "auto"}
        )
        self.buttons = {name: _button(name, COLOURS[name]) for name in WORDS}
        self.moves = {name: _button(name) for name in MOVES}
        self.save = widgets.Button(description="Save", button_style="primary", icon="save")
        self.fill()
        self.show()
        self.say()
        self.box = self._laid_out()
        self.list.observe(lambda _: self.show(), "value")
        self.outline.observe(lambda _: self.show(), "value")
        for name, button in self.buttons.items():
            button.on_click(lambda _, word=WORDS[name]: self.decide(word))
        for name, button in self.moves.items():
            button.on_click(lambda _, by=MOVES[name]: self.move(by))
        self.save.on_click(lambda _: self.write())

    def _heading(self, name: str) -> widgets.Button:
        """The name of a column, which sorts by it."""
        button = widgets.Button(tooltip=f"Sort by {name}")
        button.layout.width = f"{self.widths[name]}ch"
        if name in self.numbers:
            button.add_class("thyro-number")
        button.on_click(lambda _: self.sort(name))
        return button

    def _laid_out(self) -> widgets.VBox:
        head, style = widgets.HBox(list(self.head.values())), widgets.HTML(STYLE)
        head.add_class("thyro-head")
        style.layout.display = "none"
        row = {"flex_flow": "row wrap", "align_items": "center"}
        left = widgets.VBox([head, self.list, widgets.HBox([self.save, self.said], layout=row)])
        buttons = widgets.HBox(
            [*self.buttons.values(), *self.moves.values(), self.outline], layout=row
        )
        right = widgets.VBox([buttons, self.picture, self.caption])
        right.layout.max_width = f"{MOST_PX}px"
        both = widgets.HBox([left, right], layout={"flex_flow": "row wrap", "grid_gap": "12px"})
        return widgets.VBox([both, style])

    def sort(self, name: str) -> None:
        """Sort by a column; by the same one again the other way round. Empty cells stand last."""
        self.ascending = name != self.sorted_by or not self.ascending
        self.sorted_by = name
        if name in self.numbers:
            values = self.review.images[name]
        else:
            values = self._cells()[name].replace("", None)
        self.order = list(values.sort_values(ascending=self.ascending, kind="stable").index)
        self.fill()

    def _cells(self) -> pd.DataFrame:
        """Every cell as it is now."""
        decided = [self.decided.get(image, "") for image in self.cells.index]
        return self.cells.assign(**{DECISION: decided})

    def fill(self) -> None:
        """Fill the list in its order; the chosen image stays chosen."""
        chosen = self.list.value or self.order[0]
        columns = [
            [cell.rjust(width) if name in self.numbers else cell.ljust(width) for cell in cells]
            for (name, cells), width in zip(
                self._cells().loc[self.order].items(), self.widths.values(), strict=True
            )
        ]
        labels = [" ".join(row) for row in zip(*columns, strict=True)]
        with self.list.hold_sync():  # told at once, so that the list does not jump
            self.list.options = list(zip(labels, self.order, strict=True))
            self.list.value = chosen
        arrow = "▲" if self.ascending else "▼"
        for name, button in self.head.items():
            button.description = name + (arrow if name == self.sorted_by else "")

    def show(self) -> None:
        """Show the chosen image; a message stands in for one that cannot be read."""
        image_id = self.list.value
        # Emptied first: never one image under another's name.
        self.picture.value, self.caption.value = b"", ""
        for button in self.buttons.values():
            button.disabled = image_id in self.review.fixed
        try:
            image, mask = self.review.read(image_id)
            self.picture.value = _png(image, mask if self.outline.value else None)
            lines = self.review.words(image_id)
        except Exception as error:  # of any reader: uncaught, it would only be found in a log
            words = f"{image_id} cannot be shown. {type(error).__name__}: {error}"
            self.caption.value = _alert(words)
            return
        title = f"<b>{html.escape(image_id)}</b>"
        if self.review.origin:
            origin = html.escape(self.review.origin)
            title += f' <b style="color: {ORIGIN_COLOUR}">{origin}</b>'
        self.caption.value = _lines([title, *map(html.escape, lines)])

    def decide(self, word: str) -> None:
        """Note what is decided on the chosen image, "" for nothing, and go to the next one."""
        image_id = self.list.value
        if image_id in self.review.fixed:
            return
        self.decided.pop(image_id, None)
        if word:
            self.decided[image_id] = word
        self.fill()
        self.say()
        self.move(1)

    def move(self, by: int) -> None:
        """Choose an image further down the list, or up; the first and the last one are the ends."""
        place = self.order.index(self.list.value) + by
        self.list.value = self.order[min(max(place, 0), len(self.order) - 1)]

    def write(self) -> None:
        """Save what is decided, or say why it cannot be saved."""
        try:
            words = self.review.save(self.decided)
        except (OSError, ValueError) as error:
            self.say(_alert(f"Not saved. {error}"))
            return
        self.saved = dict(self.decided)
        again = "Run all cells again: the flow chart follows."
        self.say(_lines([f"Saved. {html.escape(words)}", again]))

    def say(self, words: str = "") -> None:
        """Say what is decided, and whether it is saved; `words` is HTML."""
        shown = [self.decided.get(image, "") for image in self.cells.index]
        counts = ", ".join(f"{word} {shown.count(word)}" for word in WORDS.values() if word)
        either = {*self.decided, *self.saved}
        changed = sum(self.decided.get(one) != self.saved.get(one) for one in either)
        self.save.disabled = not changed
        unsaved = f"<b>Not saved: {changed}.</b>" if changed else html.escape(self.review.status)
        self.said.value = _lines([f"{len(shown)} images: {counts}.", words or unsaved])


def _texts(images: pd.DataFrame) -> pd.DataFrame:
    """Every cell as text, with the ids first and a column for decisions last."""
    columns = {IMAGE: images.index.to_series()}
    for name, values in images.items():
        if values.dtype.kind == "f":
            columns[name] = values.map(lambda x: tables.number(x, 2))
        else:
            columns[name] = values.astype(str).map(_cut)
    return pd.DataFrame(columns | {DECISION: pd.Series("", images.index)})


def _button(name: str, colour: str = "") -> widgets.Button:
    return widgets.Button(description=name, button_style=colour, layout={"width": "5.5em"})


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _lines(lines: list[str]) -> str:
    """Lines of HTML, close to each other."""
    return f'<div role="status" style="line-height: 1.4">{"<br>".join(lines)}</div>'


def _alert(words: str) -> str:
    return f'<div role="alert" style="line-height: 1.4"><b>{html.escape(words)}</b></div>'


def _png(image: np.ndarray, mask: np.ndarray | None) -> bytes:
    """The picture on a readable scale, with the outline of the mask."""
    rows, columns = image.shape
    # Enlarged by repeating pixels, which adds nothing; shrunk where it is larger.
    times = max(1, MOST_PX // max(rows, columns))
    share = min(1, MOST_PX / max(rows, columns))
    size = max(1, round(columns * share)), max(1, round(rows * share))
    grey = resized(np.rint(np.clip(image, 0, 255)), size).repeat(times, 0).repeat(times, 1)
    picture = PIL.Image.fromarray(grey).convert("RGB")
    for line in [] if mask is None else outlines(mask, size):
        corners = (line + 0.5) * times - 0.5  # pixels are counted from their middle
        ImageDraw.Draw(picture).line([tuple(corner) for corner in corners], OUTLINE, width=2)
    data = io.BytesIO()
    picture.save(data, "png", compress_level=1)
    return data.getvalue()
