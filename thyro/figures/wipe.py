"""Original and enhanced image of a patient on one spot, with a line between them to be moved.

For JupyterLab with a kernel. An executed notebook that is only read shows a still instead.
"""

import base64
import html
import io
import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import ipywidgets as widgets
import numpy as np
import PIL.Image
from IPython.display import display
from PIL import ImageDraw, ImageFont

from thyro.figures.ultrasound import magnification
from thyro.study import OR, SR

WHITE, BLACK = 255, 0
LINE_SHARE = 1 / 400  # of the columns: half the white part of the line
NAME_SHARE = 1 / 22  # of the columns: height of the letters


def wipe_html(
    patients: Sequence[Hashable],
    read: Callable[[Hashable], tuple[np.ndarray, np.ndarray]],
    *,
    set_names: tuple[str, str] = (OR.name, SR.name),
    start: Hashable | None = None,
) -> widgets.VBox:
    """Display a patient's original left of a line and the enhanced image right of it.

    The slider moves the line, with the mouse or the arrow keys; the list chooses the patient.
    Pixels are drawn square.
    Images are read when a patient is chosen, and only those of one patient are held. A still of the
    `start` patient, both images side by side, is displayed as well: it hides while the slider is
    alive, and is what a reader without a kernel sees.

    Parameters
    ----------
    patients : sequence of patient_id
    read : callable
        Of a patient_id: original and enhanced image, uint8, shape (rows, columns), of the same
        field of view. The enhanced one may be a whole number of times as large: the original is
        then enlarged by repeating its pixels, which adds nothing to it.
    set_names : (str, str)
        Written on the pictures.
    start : patient_id, optional
        Shown first; without it the first patient.

    Returns
    -------
    VBox
        Displayed already: end the line of a cell with a semicolon.

    Raises
    ------
    ValueError
        If there are no patients, `start` is none of them, or its images do not fit. Of a patient
        chosen later the message stands in the place of the picture.
    """
    if len(patients) == 0:
        raise ValueError("patients: expected at least one patient with an image, got none.")
    start = patients[0] if start is None else start
    if start not in set(patients):
        raise ValueError(
            f"start: patient {start!r} is none of the {len(patients)} patients with images, such "
            f"as {patients[0]!r}."
        )
    view = _Wipe(patients, read, set_names, start)
    display(view.still(), raw=True)
    bundle = view.box._repr_mimebundle_()  # of the widget, with words for where it is not drawn
    display(bundle | {"text/plain": "In a running notebook a slider stands here."}, raw=True)
    return view.box


class _Wipe:
    """The widgets, and the pictures of the patient who is shown."""

    def __init__(self, patients, read, names: tuple[str, str], start):
        self.read, self.names = read, names
        self.patient = widgets.Dropdown(
            options=[(str(each), each) for each in patients], value=start, description="Patient"
        )
        self.line = widgets.IntSlider(
            50,
            description="Line, % of the width",
            style={"description_width": "initial"},
            layout={"width": "40em", "max_width": "100%"},
        )
        # At its own size: stretched, a browser would smooth it.
        natural = {"max_width": "100%", "align_self": "flex-start"}
        self.picture = widgets.Image(format="png", layout=natural)
        self.caption = widgets.HTML()
        # Alive, these hide the still: where this style is not shown, neither are they.
        self.css_class = f"thyro-still-{self.picture.model_id}"
        style = widgets.HTML(f"<style>.{self.css_class} {{ display: none }}</style>")
        style.layout.display = "none"
        controls = widgets.HBox([self.patient, self.line], layout={"flex_flow": "row wrap"})
        self.box = widgets.VBox([controls, self.picture, self.caption, style])
        self.pair = _pair(start, read, names)
        self.caption.value = self.words("of the line")
        self.paint()
        self.line.observe(lambda _: self.paint(), "value")
        self.patient.observe(lambda _: self.choose(), "value")

    def paint(self) -> None:
        """Show the patient's pictures with the line where the slider is."""
        if self.pair is not None:
            self.picture.value = self.pair.png(self.line.value)

    def choose(self) -> None:
        """Read the patient's images; a message stands in for images that cannot be shown."""
        # Emptied first: never one patient under another's name.
        self.pair, self.picture.value, self.caption.value = None, b"", ""
        self.picture.layout.display = "none"
        try:
            self.pair = _pair(self.patient.value, self.read, self.names)
        except Exception as error:  # of any reader: uncaught, it would only be found in a log
            words = f"{self.patient.label} cannot be shown. {type(error).__name__}: {error}"
            self.caption.value = f'<div role="alert">{html.escape(words)}</div>'
        else:
            self.caption.value = f'<div role="status">{self.words("of the line")}</div>'
            self.paint()
            self.picture.layout.display = None

    def words(self, place: str = "") -> str:
        """What the picture shows, as HTML."""
        left, right = self.names
        return html.escape(f"{self.patient.label}: {left} left, {right} right {place}".strip())

    def still(self) -> dict[str, str]:
        """Both pictures side by side: HTML that hides, and a PNG for the report."""
        source, words = base64.b64encode(self.pair.side_by_side()).decode(), self.words()
        figure = (
            f'<figure class="{self.css_class}" style="margin: 0">'
            f'<img alt="{words}" style="max-width: 100%" src="data:image/png;base64,{source}">'
            f"<figcaption>{words}</figcaption></figure>"
        )
        return {"text/html": figure, "image/png": source, "text/plain": words}


@dataclass(frozen=True)
class _Pair:
    """Two pictures of the same size with their names on them; uint8, shape (rows, columns)."""

    original: np.ndarray
    enhanced: np.ndarray

    def png(self, percent: int) -> bytes:
        """The original left of the line at `percent` of the width, the enhanced one right of it."""
        columns = self.original.shape[1]
        cut = round(columns * percent / 100)
        both = np.hstack([self.original[:, :cut], self.enhanced[:, cut:]])
        if 0 < cut < columns:  # white between black: seen on any grey
            half = max(1, round(columns * LINE_SHARE))
            both[:, max(0, cut - 2 * half) : cut + 2 * half] = BLACK
            both[:, max(0, cut - half) : cut + half] = WHITE
        return _png(both)

    def side_by_side(self) -> bytes:
        """Two halves of the same size with a white line on their seam: laid over each other, they
        fit."""
        both = np.hstack([self.original, self.enhanced])
        columns = self.original.shape[1]
        half = math.ceil(2 * columns * LINE_SHARE)
        both[:, columns - half : columns + half] = WHITE
        return _png(both)


def _pair(patient, read, names) -> _Pair:
    """The pictures of a patient, of equal size."""
    images = [np.asarray(image) for image in read(patient)]
    for name, image in zip(names, images, strict=True):
        if image.ndim != 2 or image.dtype != np.uint8:
            raise ValueError(
                f"{patient}, {name}: expected grey values 0-255 as uint8 of shape (rows, columns), "
                f"got {image.dtype} of shape {image.shape}."
            )
    original, enhanced = images
    try:
        times = magnification(enhanced, original.shape)
    except ValueError as error:
        raise ValueError(f"{patient}, {names[1]}: {error}") from None
    original = original.repeat(times, axis=0).repeat(times, axis=1)
    return _Pair(_named(original, names[0], left=True), _named(enhanced, names[1], left=False))


def _named(image: np.ndarray, name: str, *, left: bool) -> np.ndarray:
    """A copy of `image` with its name in the upper corner, white with a black rim."""
    columns = image.shape[1]
    picture = PIL.Image.fromarray(image)
    size = max(10, columns * NAME_SHARE)
    rim = max(1, round(size / 10))
    ImageDraw.Draw(picture).text(
        (size / 2 if left else columns - size / 2, size / 2),
        name,
        fill=WHITE,
        font=ImageFont.load_default(size),
        anchor="lt" if left else "rt",
        stroke_width=rim,
        stroke_fill=BLACK,
    )
    return np.array(picture)


def _png(image: np.ndarray) -> bytes:
    """Without loss; compressed lightly, since a new one is made at every move of the line."""
    data = io.BytesIO()
    PIL.Image.fromarray(image).save(data, "png", compress_level=1)
    return data.getvalue()
