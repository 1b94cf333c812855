"""Original and super-resolved image of one patient on one spot of the page, with a line to move."""

import base64
import html
from pathlib import Path

from thyro.report import embeds, passports

NOTEBOOK, LABEL = "01_super_resolution", "wipe"  # the cell that shows both


def element(notebooks: Path) -> str:
    """The section of the page as HTML; without scripts the images stand side by side.

    Parameters
    ----------
    notebooks : Path
        Folder of the executed notebooks.

    Raises
    ------
    ValueError
        If no cell of notebook 01 has the label, or it shows no image.
    """
    cells = embeds.labelled(embeds.read(notebooks / f"{NOTEBOOK}.ipynb"))
    outputs = embeds.shown(cells[LABEL]) if LABEL in cells else []
    stills = [output["data"] for output in outputs if embeds.PNG in output["data"]]
    if not stills:
        raise ValueError(
            f"{notebooks.name}/{NOTEBOOK}.ipynb: no cell labelled '{LABEL}' that shows an image. "
            "Run the notebook again."
        )
    pixels = base64.b64decode("".join(stills[0][embeds.PNG]))
    kind, image, size = embeds.light_image(pixels)
    words = html.escape("".join(stills[0]["text/plain"]))
    return (
        '<section class="wipe" aria-labelledby="wipe-title">'
        '<h3 id="wipe-title">Both images on one spot</h3>'
        f'<img alt="{words}" width="{size["width"]}" height="{size["height"]}" '
        f'src="data:{kind};base64,{base64.b64encode(image).decode()}">'
        f"{passports.as_html('both images', [(NOTEBOOK, LABEL)], 'notebooks')}</section>"
    )
