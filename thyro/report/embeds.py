"""The cells that the manuscript embeds, taken from executed notebooks and made ready to be shown.

A staged notebook holds the labelled cells alone. A table is Markdown: for HTML Quarto would fetch
scripts from elsewhere. A figure is light pixels with its size in CSS pixels, without which Quarto
prints it too large; its vectors lie beside the notebooks, in `figures/`.
"""

import base64
import hashlib
import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pypandoc
from PIL import Image

CSS_PX_PER_IN = 96
POINTS_PER_IN = 72
LABEL = re.compile(r"^#\|\s*label:\s*(\S+)\s*$", re.MULTILINE)
SHOWN = {"display_data", "execute_result"}
PNG, JPEG, SVG = "image/png", "image/jpeg", "image/svg+xml"
ENDINGS = {PNG: ".png", JPEG: ".jpg", SVG: ".svg"}
KEPT = {*ENDINGS, "text/markdown", "text/plain"}  # HTML and widgets would ask for scripts
COLOURS = 256  # of a drawing
RESOLUTION = 180  # pixels per inch of a photograph
QUALITY = 88  # of JPEG
HEAVY = 3  # times as many bytes as pixels take
# simple and multiline tables measure columns in characters and would set widths
TABLE = "markdown-simple_tables-multiline_tables-grid_tables-raw_html-native_divs"


def stage_notebooks(sources: Sequence[Path], folder: Path, cache: Path) -> None:
    """Write `notebooks/` and `figures/` of a manuscript.

    Parameters
    ----------
    sources
        Executed notebooks.
    folder
        Of the manuscript.
    cache
        Folder that keeps what was made of a notebook, under the checksum of its file.
    """
    for name in ("notebooks", "figures"):
        (folder / name).mkdir(parents=True)
    cache.mkdir(parents=True, exist_ok=True)
    code, used = Path(__file__).read_bytes(), set()
    for source in sources:
        data = source.read_bytes()
        kept = cache / f"{source.stem}-{hashlib.sha256(code + data).hexdigest()[:20]}.json"
        used.add(kept)
        if not kept.is_file():
            unfinished = kept.with_suffix(".unfinished")
            _write(unfinished, _prepared(json.loads(data)))
            unfinished.replace(kept)
        notebook = read(kept)
        for stem, output in _figures(notebook, source.stem):
            for kind in ENDINGS.keys() & output["data"]:
                _write_figure(folder / "figures" / f"{stem}{ENDINGS[kind]}", output["data"][kind])
            output["data"].pop(SVG, None)
        _write(folder / "notebooks" / source.name, notebook)
    for file in set(cache.iterdir()) - used:
        file.unlink()


def use_vectors(folder: Path, *, vectors: bool) -> None:
    """Give the staged notebooks the vectors of their figures, or take them, as Word must not."""
    for path in sorted((folder / "notebooks").glob("*.ipynb")):
        notebook = read(path)
        for stem, output in _figures(notebook, path.stem):
            file = folder / "figures" / f"{stem}.svg"
            output["data"].pop(SVG, None)
            if vectors and file.is_file():
                output["data"][SVG] = file.read_text(encoding="utf-8").splitlines(keepends=True)
        _write(path, notebook)


def figure_file(folder: Path, stem: str, pixels: str, writer: str) -> str:
    """Name of the file of a figure that a format takes best.

    Parameters
    ----------
    folder
        Of the manuscript.
    stem
        Of the files of the figure.
    pixels
        Kind of its pixels, `PNG` or `JPEG`; Word takes them, and gets the vectors afterwards.
    writer
        "html", "typst" or "docx".
    """
    vectors = folder / "figures" / f"{stem}.svg"
    light = vectors.with_suffix(ENDINGS[pixels])
    if writer == "docx" or not vectors.is_file():
        return light.name
    # a page is loaded as a whole: drawings of very many points go into it as pixels
    too_heavy = vectors.stat().st_size > HEAVY * light.stat().st_size
    return light.name if writer == "html" and too_heavy else vectors.name


def read(path: Path) -> dict:
    """A notebook as it stands in its file."""
    return json.loads(path.read_text(encoding="utf-8"))


def shown(cell: dict) -> list[dict]:
    """The outputs of a cell that are more than print."""
    return [output for output in cell.get("outputs", []) if output["output_type"] in SHOWN]


def labelled(notebook: dict) -> dict[str, dict]:
    """The labelled code cells of a notebook."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    labels = [LABEL.search("".join(cell["source"])) for cell in cells]
    return {label[1]: cell for label, cell in zip(labels, cells, strict=True) if label}


def _prepared(notebook: dict) -> dict:
    """The labelled cells of an executed notebook; its metadata say which cell failed."""
    metadata = dict(notebook["metadata"])
    for number, cell in enumerate(notebook["cells"], start=1):
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                metadata["failed"] = f"cell {number}: {output['ename']}: {output['evalue']}"
    cells = list(labelled(notebook).values())
    for cell in cells:
        cell["outputs"] = [_light(output) for output in shown(cell)]
    return {**notebook, "metadata": metadata, "cells": cells}


def _light(output: dict) -> dict:
    """An output in the one form that every renderer takes; a figure with its vectors."""
    kept = output["data"].items()
    data = {kind: "".join(content) for kind, content in kept if kind in KEPT}
    if "text/html" in output["data"] and not data.keys() - {"text/plain"}:
        page = "".join(output["data"]["text/html"])
        data["text/markdown"] = pypandoc.convert_text(page, TABLE, "html")
    pixels = next((kind for kind in (PNG, JPEG) if kind in data), None)
    metadata = {}
    if pixels:
        on_screen = output["metadata"].get(pixels, {}).get("width")
        kind, image, size = light_image(base64.b64decode(data.pop(pixels)), on_screen)
        data[kind] = base64.b64encode(image).decode()
        metadata = {kind: size} | ({SVG: size} if SVG in data else {})
    return {**output, "data": data, "metadata": metadata}


def light_image(data: bytes, on_screen: int | None = None) -> tuple[str, bytes, dict[str, int]]:
    """Kind, bytes, and width and height in CSS pixels of an image.

    A drawing has few colours, and a palette of them takes a third of the room; the smaller form
    wins, which for a photograph is JPEG. An image that does not say its resolution, as matplotlib's
    do, is as wide as it is on the screen of its notebook.
    """
    image = Image.open(io.BytesIO(data))
    pixels = image.convert("RGB")
    dpi = image.info.get("dpi", [pixels.width / (on_screen or pixels.width) * CSS_PX_PER_IN])[0]
    size = [round(side / dpi * CSS_PX_PER_IN) for side in pixels.size]
    palette, photograph = io.BytesIO(), io.BytesIO()
    pixels.quantize(COLOURS, dither=Image.Dither.NONE).save(palette, "PNG", optimize=True)
    if dpi > RESOLUTION:
        reduced = [round(side * RESOLUTION / dpi) for side in pixels.size]
        pixels = pixels.resize(reduced, Image.Resampling.LANCZOS)
    pixels.save(photograph, "JPEG", quality=QUALITY, optimize=True)
    kind, best = min(((PNG, palette), (JPEG, photograph)), key=lambda item: len(item[1].getvalue()))
    return kind, best.getvalue(), {"width": size[0], "height": size[1]}


def _figures(notebook: dict, name: str) -> Iterator[tuple[str, dict]]:
    """The figures of the labelled cells, each with the stem of its files."""
    for label, cell in labelled(notebook).items():
        for number, output in enumerate(shown(cell), start=1):
            if ENDINGS.keys() & output["data"]:
                yield f"{name}-{label}-{number}", output


def _write_figure(path: Path, content: str) -> None:
    data = content.encode() if path.suffix == ".svg" else base64.b64decode(content)
    path.write_bytes(data)


def _write(path: Path, notebook: dict) -> None:
    path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
