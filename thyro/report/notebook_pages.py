"""Executed notebooks as pages beside the report: code, outputs, and an anchor for every cell."""

import html
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pypandoc

from thyro.report.embeds import LABEL
from thyro.report.passports import Passport, facts

# Markdown of a notebook is data here too: a tag in a level of a table shows as text.
READER = "markdown-raw_html-raw_tex-raw_attribute-native_divs-native_spans-yaml_metadata_block"
IMAGES = ("image/png", "image/jpeg")
# What is kept of HTML that a cell shows, and of its attributes; all else of it is dropped.
TAGS = {"table": (), "thead": (), "tbody": (), "tr": (), "p": (), "br": (), "b": (), "strong": ()}
TAGS |= {"pre": (), "code": (), "div": (), "figure": (), "figcaption": (), "ul": (), "li": ()}
TAGS |= {"th": ("scope", "colspan"), "td": ("colspan",), "img": ("alt", "src")}
SILENT = ("script", "style")  # whose content is not text
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def read_pages(study_dir: Path, passports: Mapping[str, Passport], style: str) -> dict[str, str]:
    """The page of every executed notebook, by name.

    Nothing is executed and nothing is fetched: a page has no script, and its policy forbids any.

    Parameters
    ----------
    study_dir : Path
        Folder of `results/`; its `notebooks/*.ipynb` are read.
    passports : mapping of notebook to Passport
    style : str
        CSS of the report.
    """
    notebooks = {
        path.stem: nbformat.read(path, as_version=4)
        for path in sorted(study_dir.glob("notebooks/*.ipynb"))
    }
    return notebook_pages(notebooks, passports, style)


def notebook_pages(
    notebooks: Mapping[str, nbformat.NotebookNode], passports: Mapping[str, Passport], style: str
) -> dict[str, str]:
    """Notebooks as HTML pages, by name; a cell labelled `roc` has the id `cell-roc`."""
    parts = {name: list(_parts(notebook)) for name, notebook in notebooks.items()}
    markdown = [part for own in parts.values() for part in own if isinstance(part, _Markdown)]
    converted = dict(zip(map(id, markdown), _converted(markdown), strict=True))
    return {
        name: _page(passports[name], "".join(converted.get(id(part), part) for part in own), style)
        for name, own in parts.items()
    }


class _Markdown(str):
    """A part that is not HTML yet."""


def _converted(pieces: Sequence[str]) -> list[str]:
    """Pieces of Markdown as HTML; one call of pandoc, which takes long to start."""
    token = secrets.token_hex(8)
    made = pypandoc.convert_text(
        f"\n\n{token}\n\n".join(["", *pieces]),
        "html",
        READER,
        extra_args=["--mathml", "--wrap=none"],
    )
    found = made.split(f"<p>{token}</p>")[1:]
    if len(found) != len(pieces):
        raise ValueError("a notebook holds Markdown that swallows what follows it.")
    # pandoc writes a header with its alignment or with nothing
    return [re.sub(r"<th(?=[ >])", '<th scope="col"', text) for text in found]


def _page(passport: Passport, body: str, style: str) -> str:
    name = html.escape(passport.notebook)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Notebook {name}</title><style>{style}</style></head>"
        '<body class="thyro-page notebook-page">'
        '<header class="notebook-head"><p><a href="../index.html">Report</a></p>'
        f'<h1 class="hidden-text">Notebook {name}</h1>'
        f'<details class="passport"><summary>Notebook {name}: parameters, inputs, commit, time'
        f"</summary>{facts(passport)}</details></header><main>{body}</main></body></html>\n"
    )


def _parts(notebook: nbformat.NotebookNode) -> Iterator[str]:
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "markdown":
            yield '<section class="text-cell">'
            yield _Markdown(cell.source)
            yield "</section>"
        elif cell.cell_type == "code":
            yield from _code_cell(cell, number)


def _code_cell(cell: nbformat.NotebookNode, number: int) -> Iterator[str]:
    label = LABEL.search(cell.source)
    anchor = html.escape(label[1] if label else f"{number}")
    yield (
        f'<section class="code-cell" id="cell-{anchor}" aria-label="Cell {anchor}">'
        f'<p class="cell-name"><a href="#cell-{anchor}">Cell {anchor}</a></p>'
        f'<div class="scroll" tabindex="0" role="group" aria-label="Code of cell {anchor}">'
        f"<pre><code>{html.escape(cell.source)}</code></pre></div>"
    )
    for place, output in enumerate(cell.get("outputs", []), start=1):
        name = f"Output {place} of cell {anchor}"
        yield f'<div class="scroll" tabindex="0" role="group" aria-label="{name}">'
        yield _output(output, name)
        yield "</div>"
    yield "</section>"


def _output(output: nbformat.NotebookNode, name: str) -> str:
    """One output; the richest form that needs no script. `name` describes an image."""
    if output.output_type == "stream":
        return f"<pre>{html.escape(output.text)}</pre>"
    if output.output_type == "error":
        return f"<pre>{html.escape(f'{output.ename}: {output.evalue}')}</pre>"
    data = output.data
    for kind in IMAGES:
        if kind in data:
            width = output.metadata.get(kind, {}).get("width")
            size = f' width="{int(width)}"' if width else ""
            source = html.escape("".join(data[kind].split()))
            return f'<img alt="{name}" src="data:{kind};base64,{source}"{size}>'
    if "text/markdown" in data:
        return _Markdown(data["text/markdown"])
    if "text/html" in data:
        return _Plain(data["text/html"]).text()
    return f"<pre>{html.escape(data.get('text/plain', ''))}</pre>"


class _Plain(HTMLParser):
    """HTML reduced to tables, text and embedded images."""

    def __init__(self, source: str):
        super().__init__()
        self.out: list[str] = []
        self.silent = 0
        self.side = "col"  # of which the headers are that come next
        self.feed(source)
        self.close()

    def text(self) -> str:
        return "".join(self.out)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in SILENT
        if tag in ("thead", "tbody"):
            self.side = "col" if tag == "thead" else "row"
        if tag not in TAGS:
            return
        kept = [
            f' {name}="{html.escape(value or "")}"'
            for name, value in attrs
            if name in TAGS[tag] and (name != "src" or (value or "").startswith("data:image/"))
        ]
        if tag == "th" and "scope" not in dict(attrs):
            kept.append(f' scope="{self.side}"')
        self.out.append(f"<{tag}{''.join(kept)}>")

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in SILENT and self.silent > 0
        if tag in TAGS and tag not in ("br", "img"):
            self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.out.append(html.escape(data, quote=False))
