"""A prediction as one page of a PDF, by Typst."""

import io
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from thyro import store
from thyro.frozen.measuring import Seen, crop_box
from thyro.frozen.model import FrozenModel
from thyro.frozen.prediction import Prediction, conditional_on
from thyro.frozen.show import RESEARCH_ONLY, headline, origin, rows
from thyro.tables import number

OUTLINE = (230, 97, 1)  # orange, which grey levels and colour-blind readers leave alone
CROP_PX = 600  # longer side of a picture on the page


def write(
    file: Path, model: FrozenModel, predictions: list[Prediction], seen: Mapping[str, Seen]
) -> None:
    """Write one page per patient.

    Parameters
    ----------
    file : Path
    model : FrozenModel
    predictions : list of Prediction
    seen : mapping of patient to Seen
        What the signature saw; may be empty.
    """
    import typst

    with tempfile.TemporaryDirectory() as folder:
        pages = [
            _page(model, one, _pictures(Path(folder), str(number_of), seen.get(one.patient)))
            for number_of, one in enumerate(predictions)
        ]
        Path(folder, "pages.json").write_text(json.dumps(pages), encoding="utf-8")
        template = Path(__file__).with_name("page.typ").read_text(encoding="utf-8")
        source = Path(folder, "page.typ")
        source.write_text(template, encoding="utf-8")
        made = typst.compile(str(source), root=folder)
    with store.atomic(file) as temporary:
        temporary.write_bytes(made)


def write_pictures(folder: Path, seen: Mapping[str, Seen]) -> list[Path]:
    """Write what the signature saw of each patient: the nodule as it came, and enhanced.

    Parameters
    ----------
    folder : Path
    seen : mapping of patient to Seen

    Returns
    -------
    list of Path
        <patient>_0.png is the original, <patient>_1.png, if any, the super-resolved one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for patient, one in seen.items():
        name = "".join(c if c.isalnum() or c in "-_." else "_" for c in patient)
        found += [folder / picture["file"] for picture in _pictures(folder, name, one)]
    return found


def _page(model: FrozenModel, one: Prediction, pictures: list[dict[str, str]]) -> dict:
    """What the template sets: plain text, which it does not read as markup."""
    return {
        "title": model.about["title"],
        "patient": one.patient,
        "headline": headline(model, one),
        "rows": [list(row) for row in rows(one)],
        "total": number(one.total_points, 1),
        "risk": one.risk,
        "low": one.low,
        "high": one.high,
        "pictures": pictures,
        "warnings": one.warnings,
        "conditional": conditional_on(model),
        "origin": origin(model),
        "use": RESEARCH_ONLY,
    }


def _pictures(folder: Path, name: str, seen: Seen | None) -> list[dict[str, str]]:
    """The nodule with its outline as it came and, where it was enhanced, as it was measured."""
    if seen is None:
        return []
    found = [("As it came", seen.original, seen.outline)]
    if seen.image is not seen.original:
        found.append(("Super-resolved, as it was measured", seen.image, seen.mask))
    made = []
    for k, (title, image, mask) in enumerate(found):
        file = f"{name}_{k}.png"
        (folder / file).write_bytes(_outlined(image, mask))
        made.append({"file": file, "title": title})
    return made


def _outlined(image: np.ndarray, mask: np.ndarray) -> bytes:
    """The nodule with its surroundings as PNG, its outline drawn upon it."""
    box = crop_box(mask)
    grey, inside = image[box], mask[box]
    times = max(1, CROP_PX // max(grey.shape))
    grey, inside = (np.kron(one, np.ones((times, times), one.dtype)) for one in (grey, inside))
    core = inside.copy()
    for axis in (0, 1):
        for step in (-1, 1):
            core &= np.roll(inside, step, axis)
    colour = np.stack([grey] * 3, axis=-1).astype(np.uint8)
    colour[inside & ~core] = OUTLINE
    target = io.BytesIO()
    Image.fromarray(colour).save(target, format="PNG")
    return target.getvalue()
