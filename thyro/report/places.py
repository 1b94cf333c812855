"""Where the manuscript shows what a notebook made, and where its text says something.

A place is named by what does not move when the manuscript is written anew: a labelled cell
("06_statistics#table-2"), or a variable of the text ("var cohort.split"). Its link leads to the
figure or table that embeds the cell, and to the section that holds the variable. Sections that
every paper has go by their own name ("#discussion").
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from thyro.report.embeds import LABEL
from thyro.report.shortcodes import CLOSING, OPENING, SHORTCODE, Markdown, without_hidden

HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*(?:\{#([\w-]+)[^}]*\}|\{[^}]*\})?\s*$")
FLOAT = re.compile(r"\{#((?:\w*fig|\w*tbl)-[\w-]+)")


@dataclass(frozen=True)
class Places:
    """The places of one study's manuscript."""

    floats: Mapping[str, str]  # notebook#label -> figure or table that embeds the cell
    sections: Mapping[str, tuple[str, str]]  # variable -> title and identifier of its section
    titles: Mapping[str, str]  # identifier -> title of every section
    cells: frozenset[str]  # notebook#label of all executed notebooks

    def link(self, place: str) -> Markdown | None:
        """Markdown that leads to a place; None where this study has no such place.

        "@supptbl-tripod" is a figure or table by its own name.
        """
        if place.startswith("@"):
            return Markdown(place)
        if place in self.floats:
            return Markdown(f"@{self.floats[place]}")
        if place.startswith(("var ", "#")):
            title, name = self.sections.get(place.removeprefix("var "), ("", place[1:]))
            title = self.titles.get(name, title)
            return Markdown(f"[{title}](#{name})") if title else None
        notebook, _, label = place.partition("#")
        return Markdown(f"cell `{label}` of `{notebook}`") if place in self.cells else None


def find_places(report_dir: Path, notebooks: Path, flags: Mapping) -> Places:
    """Read the manuscript as a study with these flags has it.

    Parameters
    ----------
    report_dir : Path
        `index.qmd`, and what it includes.
    notebooks : Path
        Folder of the executed notebooks.
    flags : nested mapping of bool
        What the study has, as `render.stage` takes it.
    """
    floats: dict[str, str] = {}
    sections: dict[str, tuple[str, str]] = {}
    title, open_floats = ("", ""), []
    titles: dict[str, str] = {}
    seen: dict[str, int] = {}
    for line in visible_lines(report_dir, "index.qmd", flags):
        if heading := HEADING.match(line):
            title = (heading[1], heading[2] or _identifier(heading[1], seen))
            titles[title[1]] = title[0]
        if OPENING.match(line):
            found = FLOAT.search(line)
            open_floats.append(found[1] if found else "")
        elif CLOSING.match(line) and open_floats:
            open_floats.pop()
        for name, what in SHORTCODE.findall(line):
            if name == "var" and title[1] and not any(open_floats):
                sections.setdefault(what, title)
            inside = [one for one in open_floats if one]
            if name == "embed" and inside:
                notebook, _, label = Path(what).name.partition("#")
                floats.setdefault(f"{notebook.removesuffix('.ipynb')}#{label}", inside[-1])
    return Places(floats, sections, titles, frozenset(_cells(notebooks)))


def visible_lines(folder: Path, name: str, flags: Mapping, *, made: bool = True) -> Iterator[str]:
    """Visible lines of a source, with those of the sources that it includes in their place.

    Without `made`, includes of files that rendering makes (`_<name>.qmd`) stand as they are.
    """
    path = folder / name
    if not path.is_file():  # made when the manuscript is staged
        return
    for line in without_hidden(path.read_text(encoding="utf-8"), flags).splitlines():
        included = [what for word, what in SHORTCODE.findall(line) if word == "include"]
        if included and (made or not included[0].startswith("_")):
            yield from visible_lines(folder, included[0], flags, made=made)
        else:
            yield line


def _identifier(title: str, seen: dict[str, int]) -> str:
    """The identifier that pandoc gives a heading; later ones of the same name are numbered."""
    kept = re.sub(r"[^\w\s.-]", "", title.lower())
    name = re.sub(r"^[^a-z]+", "", re.sub(r"\s+", "-", kept.strip())) or "section"
    seen[name] = seen.get(name, -1) + 1
    return f"{name}-{seen[name]}" if seen[name] else name


def _cells(notebooks: Path) -> Iterator[str]:
    for path in sorted(notebooks.glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for label in LABEL.findall("".join(cell["source"])):
                yield f"{path.stem}#{label}"
