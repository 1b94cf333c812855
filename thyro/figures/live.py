"""A picture that controls change, and a still of it for whoever reads without a kernel.

For JupyterLab. An executed notebook that is only read shows the picture as it first was.
"""

import base64
import html
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import ipywidgets as widgets
from IPython.display import display
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from thyro.figures.style import label_origin

DPI = 110  # of a picture on a screen
WIDE = {"width": "34em", "max_width": "100%"}  # of a slider


@dataclass(frozen=True)
class View:
    """What stands below the controls: a picture, its words, and more of it as HTML."""

    figure: Figure
    words: str  # what the picture shows, for those who do not see it
    below: str = ""  # HTML; whatever comes from a table is escaped


def live_figure(
    draw: Callable[..., View], controls: Mapping[str, widgets.Widget], *, origin: str = ""
) -> widgets.VBox:
    """Display controls and the picture that they make; a move of one draws it anew.

    A still of the first picture is displayed as well: it hides while the controls are alive, and is
    what a reader without a kernel sees.

    Parameters
    ----------
    draw : callable
        Of the values of all controls by name; returns a `View`. A ValueError of it stands in the
        place of the picture.
    controls : mapping of name to widget
        In the order in which they stand.
    origin : str
        Where the data come from, as `label_origin` writes it on the figure.

    Returns
    -------
    VBox
        Displayed already: end the line of a cell with a semicolon.

    Raises
    ------
    ValueError
        Of `draw`, when the first picture cannot be drawn.
    """
    live = _Live(draw, controls, origin)
    display(live.still(), raw=True)
    bundle = live.box._repr_mimebundle_()  # of the widget, with words for where it is not drawn
    display(bundle | {"text/plain": "In a running notebook controls stand here."}, raw=True)
    return live.box


def slider_of(options: list, value: object, description: str) -> widgets.SelectionSlider:
    """A slider over (text, value) pairs that draws when it is let go."""
    return widgets.SelectionSlider(
        options=options, value=value, description=description, continuous_update=False, layout=WIDE
    )


def choice(options: list, description: str) -> widgets.Dropdown:
    """A list to choose from, its first entry chosen; of texts or (text, value) pairs."""
    return widgets.Dropdown(options=options, description=description, layout={"max_width": "100%"})


class _Live:
    """The widgets, and what they show."""

    def __init__(self, draw, controls: Mapping[str, widgets.Widget], origin: str):
        self.draw, self.controls, self.origin = draw, dict(controls), origin
        natural = {"max_width": "100%", "align_self": "flex-start"}
        self.picture = widgets.Image(format="png", layout=natural)
        self.below = widgets.HTML()
        # Alive, these hide the still: where this style is not shown, neither are they.
        self.css_class = f"thyro-still-{self.picture.model_id}"
        style = widgets.HTML(f"<style>.{self.css_class} {{ display: none }}</style>")
        style.layout.display = "none"
        for control in self.controls.values():
            control.style.description_width = "initial"
        row = widgets.HBox(list(self.controls.values()), layout={"flex_flow": "row wrap"})
        self.box = widgets.VBox([row, self.picture, self.below, style])
        self._show(self._view())
        for control in self.controls.values():
            control.observe(lambda _: self.paint(), "value")

    def paint(self) -> None:
        """Draw anew; words stand in for a picture that cannot be drawn."""
        try:
            self._show(self._view())
        except ValueError as error:
            self.picture.value, self.picture.layout.display = b"", "none"
            self.below.value = f'<div role="alert">{html.escape(str(error))}</div>'

    def _view(self) -> View:
        return self.draw(**{name: control.value for name, control in self.controls.items()})

    def _show(self, view: View) -> None:
        self.words = view.words
        self.picture.value, self.picture.layout.display = _png(view.figure, self.origin), None
        self.below.value = f'<div role="status">{html.escape(view.words)}</div>{view.below}'

    def still(self) -> dict[str, str]:
        """The picture as it is now: HTML that hides, and a PNG."""
        source, words = base64.b64encode(self.picture.value).decode(), html.escape(self.words)
        figure = (
            f'<figure class="{self.css_class}" style="margin: 0">'
            f'<img alt="{words}" style="max-width: 100%" src="data:image/png;base64,{source}">'
            f"<figcaption>{self.below.value}</figcaption></figure>"
        )
        return {"text/html": figure, "image/png": source, "text/plain": self.words}


def _png(figure: Figure, origin: str) -> bytes:
    """The figure as a PNG; closed, so that the notebook does not show it a second time."""
    if origin:
        label_origin(figure, origin)
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=DPI)
    plt.close(figure)
    return data.getvalue()
