"""Expand the Quarto shortcodes of the manuscript: `var`, `meta`, `include`, `embed`, `pagebreak`.

Quarto prints a warning and a question mark where a variable is missing. Here every hole is an error
that names the file and the line, so the manuscript is expanded once before any renderer sees it.
Conditional blocks (`::: {.content-visible when-meta="has.radiologist"}`) are decided here as well,
before their content is looked at: a study without a radiologist needs no such variables.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from thyro.report import embeds

SHORTCODE = re.compile(r"\{\{<\s*(\w+)\s*(.*?)\s*>\}\}")
OPENING = re.compile(r"^\s*:{3,}\s*(\{.*\}|[\w-]+)\s*$")
REGENERATED = re.compile(r"\breg(?:supp)?(fig|tbl)-")
CLOSING = re.compile(r"^\s*:{3,}\s*$")
CONDITION = re.compile(r'\b(when|unless)-(meta|format)="([^"]*)"')
# What could start markup inline or at the start of a line, or turn into a smart quote or dash.
SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~^$@&!\"'+=:-]|\.(?=\.))")


@dataclass(frozen=True)
class Line:
    """One line of the expanded manuscript and where it was written."""

    text: str
    path: str  # relative to the manuscript folder; for an output, notebook#label
    number: int  # from 1

    @property
    def place(self) -> str:
        """ "index.qmd:12"."""
        return f"{self.path}:{self.number}"


@dataclass(frozen=True)
class Context:
    """What shortcodes may refer to."""

    folder: Path  # the manuscript folder; every path in a shortcode is relative to it
    variables: Mapping  # nested, leaves are Markdown strings
    metadata: Mapping  # nested, as Quarto would merge it
    format: str  # "html", "typst" or "docx"


class Markdown(str):
    """Text that the package wrote as Markdown, such as a citation; nothing of a user is in it."""


def escape(text: str) -> str:
    """Escape `text` so that Markdown prints it as it is, on one line.

    Values are data: a level of a user's table may hold an asterisk, a tag or a shortcode. Only
    `Markdown` is left as it stands.
    """
    if isinstance(text, Markdown):
        return str(text)
    text = SPECIAL.sub(r"\\\1", " ".join(str(text).split()))
    return re.sub(r"^(\(?\w+)([.)])", r"\1\\\2", text)  # "1." or "(a)" would start a list


def without_hidden(text: str, flags: Mapping) -> str:
    """`text` with the blocks that a flag hides left blank, so that lines keep their numbers.

    Quarto resolves embeds before it looks at conditions, and stops at a notebook that the study
    does not have.
    """
    lines, hidden = [], [False]
    for line in text.splitlines():
        if OPENING.match(line):
            visible = CONDITION.findall(line) if ".content-visible" in line else []
            against = [_flag(flags, key) is (word == "unless") for word, what, key in visible]
            hidden.append(hidden[-1] or any(against))
        lines.append("" if hidden[-1] else line)
        if CLOSING.match(line) and len(hidden) > 1:
            hidden.pop()
    return numbered("\n".join(lines) + "\n", flags)


def numbered(text: str, flags: Mapping) -> str:
    """`text` with the names of figures and tables as this study counts them.

    Those that are numbered as a publication has them (`regfig-sr`) are supplementary ones
    (`suppfig-sr`) where the study follows none.
    """
    if _flag(flags, "has.reference") is not False:
        return text
    return REGENERATED.sub(r"supp\1-", text)


def _flag(flags: Mapping, key: str) -> bool | None:
    """The flag "has.images"; None for what is not known here, such as a format."""
    node = flags
    for part in key.split("."):
        node = node.get(part) if isinstance(node, Mapping) else None
    return node if isinstance(node, bool) else None


def expand(path: str, context: Context) -> list[Line]:
    """Return the lines of `path` (relative to the folder) with every shortcode replaced.

    Raises
    ------
    ValueError
        With file and line: unknown shortcode, variable, flag, notebook, label or file; an embedded
        cell that failed or shows nothing; a block that is never closed.
    """
    return list(_expand(path, context, ()))


def _expand(path: str, context: Context, parents: tuple[str, ...]) -> Iterator[Line]:
    lines = (context.folder / path).read_text(encoding="utf-8").splitlines()
    blocks: list[_Block] = []  # those open at this line
    for number, text in enumerate(lines, start=1):
        line = Line(text, path, number)
        is_fence = False
        if OPENING.match(text):
            conditional = ".content-visible" in text or ".content-hidden" in text
            hidden = bool(blocks and blocks[-1].hidden)
            if conditional and not hidden:
                hidden = not _is_shown(line, context)
            blocks.append(_Block(number, conditional, hidden))
            is_fence = conditional
        hidden = bool(blocks and blocks[-1].hidden)
        if CLOSING.match(text):
            if not blocks:
                raise ValueError(f"{line.place}: ':::' closes a block that was never opened.")
            is_fence = blocks.pop().conditional
        if not hidden and not is_fence:
            yield from _expand_line(line, context, (*parents, path))
    if blocks:
        raise ValueError(f"{path}:{blocks[-1].number}: this block is never closed; add ':::'.")


@dataclass(frozen=True)
class _Block:
    """A fenced div that is open."""

    number: int  # line of its opening fence
    conditional: bool  # its fences are not part of the text
    hidden: bool  # it, or a block around it


def _is_shown(line: Line, context: Context) -> bool:
    """Decide a `.content-visible` or `.content-hidden` block."""
    visible = ".content-visible" in line.text
    holds = True
    for word, what, value in CONDITION.findall(line.text):
        if what == "meta":
            fact = _lookup(context.metadata, value, "flag", line)
            if not isinstance(fact, bool):
                raise ValueError(f"{line.place}: flag {value} must be true or false, got {fact!r}.")
        else:
            fact = value == context.format
        holds = holds and (fact == (word == "when"))
    return holds == visible


def _expand_line(line: Line, context: Context, parents: tuple[str, ...]) -> Iterator[Line]:
    alone = SHORTCODE.fullmatch(line.text.strip())
    if alone and alone[1] == "include":
        yield from _include(alone[2], line, context, parents)
    elif alone and alone[1] == "embed":
        yield from _embed(alone[2], line, context)
    elif alone and alone[1] == "pagebreak":
        yield from (Line(text, line.path, line.number) for text in _page_break(context.format))
    else:
        text = SHORTCODE.sub(lambda found: _inline(found, line, context), line.text)
        if "{{<" in text:
            raise ValueError(f"{line.place}: '{{{{<' without '>}}}}' on the same line.")
        yield Line(text, line.path, line.number)


def _inline(found: re.Match, line: Line, context: Context) -> str:
    name, argument = found.groups()
    if name == "var":
        return str(_lookup(context.variables, argument, "variable", line))
    if name == "meta":
        return str(_lookup(context.metadata, argument, "metadata key", line))
    if name in {"include", "embed", "pagebreak"}:
        raise ValueError(f"{line.place}: {name} must stand on a line of its own.")
    raise ValueError(
        f"{line.place}: unknown shortcode '{name}'. Use var, meta, include, embed or pagebreak."
    )


def _lookup(tree: Mapping, key: str, what: str, line: Line):
    node = tree
    for depth, part in enumerate(key.split(".")):
        if not isinstance(node, Mapping) or part not in node:
            parent = ".".join(key.split(".")[:depth]) or "the top level"
            known = ", ".join(map(str, node)) if isinstance(node, Mapping) else "no further keys"
            raise ValueError(f"{line.place}: unknown {what} '{key}'. {parent} has: {known}.")
        node = node[part]
    if isinstance(node, Mapping) or node is None:
        raise ValueError(f"{line.place}: {what} '{key}' is not a single value: {node!r}.")
    return node


def _include(name: str, line: Line, context: Context, parents: tuple[str, ...]) -> Iterator[Line]:
    if name in parents:
        raise ValueError(f"{line.place}: {name} includes itself ({' -> '.join(parents)}).")
    if not (context.folder / name).is_file():
        raise ValueError(f"{line.place}: no file '{name}' to include in {context.folder}.")
    yield from _expand(name, context, parents)


def _page_break(writer: str) -> list[str]:
    raw = {
        "html": '<div class="page-break"></div>',
        "typst": "#pagebreak(weak: true)",
        "docx": '<w:p><w:r><w:br w:type="page"/></w:r></w:p>',
    }[writer]
    return ["", f"```{{={'openxml' if writer == 'docx' else writer}}}", raw, "```", ""]


def _embed(target: str, line: Line, context: Context) -> Iterator[Line]:
    name, _, label = target.partition("#")
    path = context.folder / name
    if not label:
        raise ValueError(f"{line.place}: embed needs notebook.ipynb#label, got '{target}'.")
    if not path.is_file():
        raise ValueError(f"{line.place}: no notebook '{name}' to embed from; run that stage first.")
    notebook = embeds.read(path)
    if failed := notebook["metadata"].get("failed"):
        raise ValueError(f"{line.place}: {target}: the notebook failed in {failed}. Run it again.")
    cells = embeds.labelled(notebook)
    if label not in cells:
        known = ", ".join(cells) or "none"
        raise ValueError(f"{line.place}: no cell labelled '{label}' in {name}. Labels: {known}.")
    texts = [
        _as_markdown(output, f"{path.stem}-{label}-{number}", context)
        for number, output in enumerate(embeds.shown(cells[label]), start=1)
    ]
    if not texts:
        raise ValueError(f"{line.place}: {target} shows neither figure nor table; execute it.")
    for number, text in enumerate("\n\n".join(texts).splitlines(), start=1):
        yield Line(text, target, number)


def _as_markdown(output: Mapping, stem: str, context: Context) -> str:
    """One output of a staged notebook as Markdown; the files of a figure lie in `figures/`."""
    data = output["data"]
    for kind in (embeds.PNG, embeds.JPEG):
        if kind in data:
            size = output["metadata"][kind]
            file = embeds.figure_file(context.folder, stem, kind, context.format)
            return (
                f'![](figures/{file}){{css-width="{size["width"]}" css-height="{size["height"]}"}}'
            )
    if "text/markdown" in data:
        return "".join(data["text/markdown"])
    return "```\n" + "".join(data.get("text/plain", "")) + "\n```"
