"""Draw the picture of the rooms from the import contracts, and write their list into the page.

`python docs/architecture.py` reads `pyproject.toml` and the first sentence of every room's face,
and rewrites `architecture.svg` and the list in `architecture.md`; the same tree gives the same
bytes. A test holds that both are what this script writes.
"""

import ast
import re
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
BEGIN, END = "<!-- rooms: written by docs/architecture.py -->", "<!-- end of rooms -->"

# Units of the picture: at the width of a printed page (6.5 inches) 15 of them are 7 points.
WIDTH, LEFT, GAP = 1000, 46, 10
ROW, LINE = 50, 17  # height of a box with a name and a line, and of every further line
NAME, TEXT = 14.5, 13.5  # sizes of letters
BETWEEN_STAGES, CAPTION = 44, 24  # heights of the arrows, and of the line above the stages
LETTER = 0.54  # mean width of a letter, in sizes
INK, SOFT, ARROW, PAPER = "#1F2A36", "#55606C", "#A63603", "#FFFFFF"
FLOOR, STAGES = "#EEF1F4", "#E3ECF5"  # behind the boxes


@dataclass(frozen=True)
class Box:
    """A room in the picture: its corner, its size and what is written in it."""

    name: str
    lines: tuple[str, ...]
    x: float
    y: float
    width: float
    height: float
    dashed: bool = False

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height


def contracts() -> dict[str, dict]:
    """The contracts of import-linter by their id."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {contract["id"]: contract for contract in settings["tool"]["importlinter"]["contracts"]}


def floors() -> list[list[str]]:
    """Rooms of every floor, from the top."""
    return [re.split(r"\s*[|:]\s*", floor) for floor in contracts()["floors"]["layers"]]


def ways() -> list[tuple[str, str]]:
    """(who imports, what is imported) between stages."""
    found = []
    for line in contracts()["stages"]["ignore_imports"]:
        above, below = (part.strip().split(".")[1] for part in line.split("->"))
        found.append((above, below))
    return found


def sentence(room: str) -> str:
    """First paragraph of the docstring of a room's face."""
    face = ROOT / "thyro" / room / "__init__.py"
    if not face.is_file():
        face = ROOT / "thyro" / f"{room}.py"
    said = ast.get_docstring(ast.parse(face.read_text(encoding="utf-8"))) or ""
    return " ".join(said.split("\n\n")[0].split())


def remark(room: str) -> str:
    """What stands under the name of a room: its sentence up to the first colon or full stop."""
    said = re.split(r"[:.](?:\s|$)", sentence(room))[0].replace("`", "")
    light = contracts()["light"]
    if f"thyro.{room}" in light["source_modules"]:
        *others, last = light["forbidden_modules"]
        said += f"; loads neither {', '.join(others)} nor {last}"
    return said


def stage_rows(stages: list[str]) -> list[list[str | None]]:
    """Two rows of stages: who may import another above, what is imported below its last importer.

    None where a column has nothing.
    """
    imported = {below: above for above, below in ways()}  # the last importer of each
    above = [room for room in stages if room not in imported]
    below: list[str | None] = [None] * len(above)
    for room, importer in imported.items():
        column = above.index(importer)
        if below[column] is not None:
            raise ValueError(f"{room}: {below[column]} stands below {importer} already.")
        below[column] = room
    return [above, below]


def boxes() -> tuple[list[Box], list[tuple[float, float, str]], float]:
    """All boxes; bands behind floors as (top, height, colour); height of the picture."""
    placed, bands, y = [], [], 8.0
    stages = {name.split(".")[1] for name in contracts()["stages"]["modules"]}
    for rooms in floors():
        if set(rooms) == stages:
            upper, lower = stage_rows(rooms)
            above = _row(upper, y + CAPTION)
            below = _row(lower, above[0].bottom + BETWEEN_STAGES)
            bands.append((y, below[0].bottom + GAP / 2 - y, STAGES))
            placed += above + below
            y = below[0].bottom + GAP / 2
        else:
            told: list[str | None] = [*rooms]
            row = _row(["notebooks", *told] if rooms == ["cli"] else told, y + GAP / 2)
            height = max(box.height for box in row) + GAP
            bands.append((y, height, FLOOR))
            placed += row
            y += height
        y += 6
    return placed, bands, y + 2


def _row(rooms: list[str | None], y: float) -> list[Box]:
    """Boxes of equal width, as high as the one that says most."""
    width = (WIDTH - LEFT - GAP * (len(rooms) + 1)) / len(rooms)
    said = {
        room: tuple(textwrap.wrap(_said(room), int((width - 12) / (LETTER * TEXT))))
        for room in rooms
        if room
    }
    height = ROW + LINE * (max(map(len, said.values())) - 1)
    return [
        Box(
            room,
            said[room],
            LEFT + GAP + column * (width + GAP),
            y,
            width,
            height,
            room == "notebooks",
        )
        for column, room in enumerate(rooms)
        if room
    ]


def _said(room: str) -> str:
    if room == "notebooks":
        return "outside the house; each enters rooms by their faces"
    return remark(room)


def draw() -> str:
    """The picture, as SVG."""
    placed, bands, height = boxes()
    by_name = {box.name: box for box in placed}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" '
        f'font-family="Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif" fill="{INK}">',
        "<title>The rooms of thyro and the imports between them</title>",
        f'<rect width="{WIDTH}" height="{height:g}" fill="{PAPER}"/>',
        *(_arrow_head(name, colour) for name, colour in (("down", SOFT), ("way", ARROW))),
    ]
    for top, tall, colour in bands:
        parts.append(_rectangle(LEFT, top, WIDTH - LEFT, tall, colour, "none"))
        if colour == STAGES:
            said = "stages: they meet in notebooks; arrows are the only imports between them"
            parts.append(_text(LEFT + GAP, top + 17, said, TEXT, SOFT, "start"))
    x, top, bottom = 30, bands[0][0] + 6, height - 12
    parts.append(_line((x, top), (x, bottom), SOFT, "down"))
    parts.append(
        f'<g transform="translate(18 {height / 2:g}) rotate(-90)">'
        + _text(0, 0, "imports go down, never up", TEXT, SOFT)
        + "</g>"
    )
    for box in placed:
        parts.append(_rectangle(box.x, box.y, box.width, box.height, PAPER, INK, box.dashed))
        y = box.y + (box.height - LINE * len(box.lines)) / 2 + 5
        parts.append(_text(box.middle, y, box.name, NAME, INK, bold=True))
        for line in box.lines:
            y += LINE
            parts.append(_text(box.middle, y, line, TEXT, SOFT))
    for above, below in ways():
        start, end = by_name[above], by_name[below]
        # Straight down, or from the near corner where the columns differ.
        away = max(-1, min(1, end.middle - start.middle)) * 0.28
        first = (start.middle + away * start.width, start.bottom + 3)
        last = (end.middle - away * end.width, end.y - 4)
        parts.append(_line(first, last, ARROW, "way"))
    return "\n".join([*parts, "</svg>", ""])


def _arrow_head(name: str, colour: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0 0 L10 5 L0 10 z" fill="{colour}"/></marker>'
    )


def _rectangle(x, y, width, height, fill, stroke, dashed=False) -> str:
    dashes = ' stroke-dasharray="5 4"' if dashed else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="4" '
        f'fill="{fill}" stroke="{stroke}"{dashes}/>'
    )


def _text(x, y, words, size, colour, anchor="middle", bold=False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" '
        f'text-anchor="{anchor}"{weight}>{escape(words)}</text>'
    )


def _line(start, end, colour, head) -> str:
    (x1, y1), (x2, y2) = start, end
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-width="1.6" marker-end="url(#{head})"/>'
    )


def room_list() -> str:
    """The rooms floor by floor, each with the sentence of its face, as a Markdown table."""
    rows = [f"| `{room}` | {sentence(room)} |" for floor in floors() for room in floor]
    return "\n".join(["| Room | What it is |", "| --- | --- |", *rows])


def with_rooms(page: str) -> str:
    """The page with the list of rooms of this tree in its place."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{room_list()}\n{END}{after}"


def main() -> None:
    (DOCS / "architecture.svg").write_text(draw(), encoding="utf-8")
    page = DOCS / "architecture.md"
    page.write_text(with_rooms(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
