"""Number figures and tables and resolve references on pandoc's JSON document.

This is what Quarto does with its float divs, for the case that Quarto is not there:

    ::: {#fig-roc}
    (an image, a table, text)

    The last paragraph is the caption.
    :::

Each kind of float is counted apart, in order of appearance. `@fig-roc` becomes "Figure 4", a link.
The document format is that of pandoc-types 1.23 (`pandoc -t json`).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest

from thyro.report.embeds import CSS_PX_PER_IN

PAGE_WIDTH_IN = 6.3  # text width of the A4 pages of PDF and DOCX
PAGE_HEIGHT_IN = 8.3  # what a caption leaves of it
SCREEN = 1.5  # enlargement of figures on screen, where one sits further from them than from paper
NO_BREAK_SPACE = "\u00a0"
# Font size of a table in Word by the characters of its widest row; (up to, points).
TABLE_POINTS = ((72, 9.0), (100, 8.0), (125, 7.0), (10**9, 6.5))
# The Word paragraph style for table text of each size.
TABLE_STYLES = {f"Table {points:g} pt": points for _, points in TABLE_POINTS}
WIDEST_COLUMN = 36  # characters beyond which a cell wraps rather than asks for more room


@dataclass(frozen=True)
class Kind:
    """A family of floats with its own counter."""

    key: str  # prefix of its identifiers, without the hyphen
    name: str  # as printed before the number
    is_table: bool  # tables carry the caption above and may break across pages


@dataclass(frozen=True)
class Float:
    """One numbered figure or table."""

    identifier: str
    kind: Kind
    number: int

    @property
    def title(self) -> str:
        """ "Figure 4"."""
        return f"{self.kind.name} {self.number}"


def kinds(crossref: Mapping) -> tuple[Kind, ...]:
    """Figures, tables, and the custom kinds of the `crossref` section of `_quarto.yml`."""
    custom = (
        Kind(item["key"], item["reference-prefix"], item.get("caption-location") == "top")
        for item in crossref.get("custom", [])
    )
    return (Kind("fig", "Figure", False), Kind("tbl", "Table", True), *custom)


def find_floats(document: Mapping, known: tuple[Kind, ...]) -> dict[str, Float]:
    """Number every float of `document` in order of appearance; keys are identifiers.

    Raises
    ------
    ValueError
        If an identifier occurs twice.
    """
    by_key = {kind.key: kind for kind in known}
    counts = dict.fromkeys(by_key, 0)
    floats: dict[str, Float] = {}
    for div in _elements(document["blocks"], "Div"):
        identifier = div["c"][0][0]
        key = identifier.partition("-")[0]
        if "-" not in identifier or key not in by_key:
            continue
        if identifier in floats:
            raise ValueError(f"{identifier}: the label is given to two floats.")
        counts[key] += 1
        floats[identifier] = Float(identifier, by_key[key], counts[key])
    return floats


def unresolved(document: Mapping, floats: Mapping[str, Float], cited: set[str]) -> list[str]:
    """Identifiers that nothing in the manuscript or the bibliography carries, each once.

    Parameters
    ----------
    document : mapping
        pandoc's JSON.
    floats : mapping
        As `find_floats` returns them.
    cited : set of str
        Keys of the bibliography.
    """
    ids = (
        citation["citationId"]
        for cite in _elements(document["blocks"], "Cite")
        for citation in cite["c"][0]
    )
    return [name for name in dict.fromkeys(ids) if name not in floats and name not in cited]


def resolve(document: Mapping, floats: Mapping[str, Float], writer: str) -> dict:
    """Return `document` with captions numbered and references replaced, ready for `writer`.

    Parameters
    ----------
    document : mapping
        pandoc's JSON; not changed.
    floats : mapping
        As `find_floats` returns them.
    writer : {"html", "typst", "docx"}
        Each wants other markup around a float.

    Raises
    ------
    ValueError
        If a float has no caption or nothing to show, or one of figures shows no image.
    """

    def replace(element):
        if element["t"] == "Cite":
            return _reference(element, floats)
        if element["t"] == "Div" and element["c"][0][0] in floats:
            return _WRITERS[writer](_parts(element, floats[element["c"][0][0]]))
        return element

    return {**document, "blocks": _walk(document["blocks"], replace)}


@dataclass(frozen=True)
class _Parts:
    """A float taken apart."""

    float: Float
    content: list  # blocks
    caption: list  # inlines, without the number
    alt: str
    points: float | None  # font size when the content holds a table


def _is_sentence(block: Mapping) -> bool:
    return block["t"] == "Para" and block["c"][-1].get("c", "")[-1:] == "."


def _parts(div: Mapping, item: Float) -> _Parts:
    (_, _, attributes), blocks = div["c"]
    if len(blocks) < 2 or blocks[-1]["t"] not in {"Para", "Plain"}:
        raise ValueError(f"{item.identifier}: a float needs content and then a caption paragraph.")
    told = len(blocks) == 2 and _is_sentence(blocks[0])  # where a study has none
    if not item.kind.is_table and not told and not any(_elements(blocks[:-1], "Image")):
        raise ValueError(f"{item.identifier}: a figure was expected here, and none is shown.")
    caption = blocks[-1]["c"]
    alt = dict(attributes).get("fig-alt") or _text(caption)
    tables = [_table_rows(table) for table in _elements(blocks[:-1], "Table")]
    points = None
    if tables:
        width = max(_table_width(rows) for rows in tables)
        points = next(size for limit, size in TABLE_POINTS if width <= limit)
    return _Parts(item, blocks[:-1], caption, f"{item.title}. {alt}", points)


def _html(parts: _Parts) -> list:
    item = parts.float
    kind = "table" if item.kind.is_table else "figure"
    caption = [
        _raw("html", f'<figcaption id="{item.identifier}-caption">'),
        _para(_numbered(parts)),
        _raw("html", "</figcaption>"),
    ]
    body = [
        # a scrolling region must be reachable by keyboard
        _raw("html", f'<div class="scroll" tabindex="0" role="group" aria-label="{item.title}">'),
        *_sized(parts, _css_width, _natural_widths),
        _raw("html", "</div>"),
    ]
    opening = _raw("html", f'<figure id="{item.identifier}" class="float float-{kind}">')
    inner = caption + body if item.kind.is_table else body + caption
    return [opening, *inner, _raw("html", "</figure>")]


def _typst(parts: _Parts) -> list:
    """A Typst figure of the kind names Quarto uses, so that one template styles both."""
    item = parts.float
    alt = "" if parts.points else f", alt: {json.dumps(parts.alt, ensure_ascii=False)}"
    end = (
        f'], kind: "quarto-float-{item.kind.key}", supplement: [{item.kind.name}], numbering: "1"'
        f"{alt}) <{item.identifier}>"
    )
    return [
        _raw("typst", "#figure(["),
        *_sized(parts, _inches, _natural_widths),
        _raw("typst", "], caption: ["),
        {"t": "Plain", "c": parts.caption},
        _raw("typst", end),
    ]


def _docx(parts: _Parts) -> list:
    item = parts.float
    style = "Table Caption" if item.kind.is_table else "Image Caption"
    caption = _styled(_para(_numbered(parts)), style)
    content = _sized(parts, _page_share, _text_widths)
    if parts.points:
        content = _walk(content, lambda element: _styled_cell(element, parts.points))
        content = [
            _styled(block, "Table Note") if block["t"] == "Para" else block for block in content
        ]
    else:
        content = [_div(content, {"custom-style": "Figure"})]
    blocks = [caption, *content] if item.kind.is_table else [*content, caption]
    return [_div(blocks, {}, item.identifier)]


_WRITERS: dict[str, Callable[[_Parts], list]] = {"html": _html, "typst": _typst, "docx": _docx}


def _numbered(parts: _Parts) -> list:
    title = parts.float.title.replace(" ", NO_BREAK_SPACE) + "."
    return [{"t": "Strong", "c": [{"t": "Str", "c": title}]}, {"t": "Space"}, *parts.caption]


def _reference(cite: Mapping, floats: Mapping[str, Float]):
    """Links for a citation whose items are floats; a citation of literature stays as it is."""
    names = [citation["citationId"] for citation in cite["c"][0]]
    if not all(name in floats for name in names):
        return cite
    links = []
    for name in names:
        title = {"t": "Str", "c": floats[name].title.replace(" ", NO_BREAK_SPACE)}
        links += [{"t": "Str", "c": ","}, {"t": "Space"}] if links else []
        links.append({"t": "Link", "c": [["", ["reference"], []], [title], [f"#{name}", ""]]})
    return links


def _sized(parts: _Parts, image_width: Callable, column_widths: Callable) -> list:
    """The content, its images and columns sized for the writer.

    Every image gets a text for readers who cannot see it.
    """

    def replace(element):
        if element["t"] == "Table":
            attributes, caption, columns, *rest = element["c"]
            # the empty row counts the columns where cells span several
            widths = column_widths([*_table_rows(element), [""] * len(columns)])
            columns = [[align, width] for (align, _), width in zip(columns, widths, strict=True)]
            return {"t": "Table", "c": [attributes, caption, columns, *rest]}
        if element["t"] != "Image":
            return element
        (name, classes, attributes), text, target = element["c"]
        attributes = dict(attributes)
        if "css-width" in attributes:
            size = float(attributes.pop("css-width")), float(attributes.pop("css-height"))
            attributes["width"] = image_width(*size)
        text = text or [{"t": "Str", "c": parts.alt}]
        return {"t": "Image", "c": [[name, classes, list(attributes.items())], text, target]}

    return _walk(parts.content, replace)


def _css_width(width_px: float, height_px: float) -> str:
    return f"{SCREEN * width_px:.0f}px"


def _inches(width_px: float, height_px: float) -> str:
    """As large as it was made; the template makes it smaller where the page is."""
    return f"{width_px / CSS_PX_PER_IN:.2f}in"


def _page_share(width_px: float, height_px: float) -> str:
    """Percent of the text width, such that the image is neither wider nor higher than the page."""
    width_in, height_in = width_px / CSS_PX_PER_IN, height_px / CSS_PX_PER_IN
    scale = min(1.0, PAGE_WIDTH_IN / width_in, PAGE_HEIGHT_IN / height_in)
    return f"{100 * scale * width_in / PAGE_WIDTH_IN:.0f}%"


def _natural_widths(rows: list[list[str]]) -> list[dict]:
    """Leave the columns to browser and template; else the dashes of a header would set them."""
    return [{"t": "ColWidthDefault"} for _ in max(rows, key=len)]


def _text_widths(rows: list[list[str]]) -> list[dict]:
    """Share the width of the text by the longest cells; Word would make all columns equal."""
    longest = _longest(rows)
    return [{"t": "ColWidth", "c": length / sum(longest)} for length in longest]


def _table_rows(table: Mapping) -> list[list[str]]:
    """The text of every cell, header rows first."""
    _, _, _, head, bodies, _ = table["c"]
    rows = [*head[1], *(row for body in bodies for row in (*body[2], *body[3]))]
    return [[_text(cell[4]) for cell in cells] for _, cells in rows]


def _table_width(rows: list[list[str]]) -> int:
    """Characters of a row as wide as the table."""
    return sum(_longest(rows))


def _longest(rows: list[list[str]]) -> list[int]:
    """Characters that each column asks for: its longest cell, and two between columns."""
    columns = zip_longest(*rows, fillvalue="")
    return [2 + min(WIDEST_COLUMN, max(map(len, column))) for column in columns]


def _styled_cell(element: Mapping, points: float):
    """Give the text of a table cell the paragraph style of its size ("Table 7 pt")."""
    if element["t"] != "Plain":
        return element
    return _styled(element, next(name for name, size in TABLE_STYLES.items() if size == points))


def _raw(writer: str, text: str) -> dict:
    return {"t": "RawBlock", "c": [writer, text]}


def _styled(block: Mapping, style: str) -> dict:
    """A paragraph in a Word style."""
    return _div([_para(block["c"])], {"custom-style": style})


def _para(inlines: list) -> dict:
    return {"t": "Para", "c": inlines}


def _div(blocks: list, attributes: Mapping[str, str], identifier: str = "") -> dict:
    return {"t": "Div", "c": [[identifier, [], list(attributes.items())], blocks]}


def _walk(node, replace: Callable):
    """Rebuild a JSON tree from the leaves up; `replace` returns one element or a list of them."""
    if isinstance(node, list):
        rebuilt = []
        for child in node:
            child = _walk(child, replace)
            is_element = isinstance(child, dict) and "t" in child
            new = replace(child) if is_element else child
            rebuilt.extend(new) if is_element and isinstance(new, list) else rebuilt.append(new)
        return rebuilt
    if isinstance(node, dict):
        return {key: _walk(value, replace) for key, value in node.items()}
    return node


def _elements(node, name: str) -> Iterator[Mapping]:
    """Every element called `name`, in document order."""
    if isinstance(node, dict):
        if node.get("t") == name:
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _elements(child, name)


def _text(node) -> str:
    """The plain text of any part of a document."""
    if isinstance(node, dict):
        if node.get("t") in {"Str", "Code", "Math"}:
            return node["c"] if isinstance(node["c"], str) else node["c"][-1]
        if node.get("t") in {"Space", "SoftBreak", "LineBreak"}:
            return " "
        return _text(node.get("c", []))
    if isinstance(node, list):
        return re.sub(r"\s+", " ", "".join(_text(child) for child in node))
    return ""
