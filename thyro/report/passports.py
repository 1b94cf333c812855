"""Passports: which notebook and cell made a figure or table, from what, when and how long."""

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from thyro.report.places import visible_lines

FLOAT = re.compile(r"^:{3,}\s*\{#((?:reg)?(?:supp)?(?:fig|tbl)-[\w-]+)")
EMBED = re.compile(r"\{\{<\s*embed\s+notebooks/([\w-]+)\.ipynb#([\w-]+)\s*>\}\}")
INCLUDE = re.compile(r"\{\{<\s*include\s+_([\w-]+)\.qmd\s*>\}\}")
CLOSING = re.compile(r"^:{3,}\s*$")
SHOWN = 12  # hexadecimal digits of a checksum; the crate has all


@dataclass(frozen=True)
class Passport:
    """What is on record of one executed notebook."""

    notebook: str  # "06_statistics"
    parameters: Mapping[str, object]
    inputs: Mapping[str, str]  # file, relative to the project -> SHA-256
    outputs: tuple[str, ...]  # files that it wrote, relative to the study
    commits: tuple[str, ...]
    seconds: float | None
    started: str = ""  # ISO 8601
    ended: str = ""


def notebook_passports(study_dir: Path) -> dict[str, Passport]:
    """Passports of all executed notebooks of a study, from the sidecars of what they wrote.

    Parameters
    ----------
    study_dir : Path
        Folder of `results/`.
    """
    by_notebook: dict[str, list[tuple[Path, dict]]] = {}
    for file in sorted(study_dir.glob("[0-9]*/*.json")):
        if file.with_suffix("").is_file():  # a sidecar whose file is gone tells of nothing
            sidecar = json.loads(file.read_text(encoding="utf-8"))
            made = by_notebook.setdefault(sidecar["notebook"], [])
            made.append((file.with_suffix(""), sidecar))
    return {
        path.stem: _passport(path, by_notebook.get(path.stem, []), study_dir)
        for path in sorted(study_dir.glob("notebooks/*.ipynb"))
    }


def _passport(path: Path, made: list[tuple[Path, dict]], study_dir: Path) -> Passport:
    record = path.with_suffix(".json")
    seconds = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    run = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("papermill", {})
    inputs: dict[str, str] = {}
    for _, sidecar in made:
        inputs |= sidecar["inputs"]
    return Passport(
        notebook=path.stem,
        parameters=made[-1][1]["parameters"] if made else {},
        inputs=inputs,
        outputs=tuple(file.relative_to(study_dir).as_posix() for file, _ in made),
        commits=tuple(dict.fromkeys(sidecar["commit"] for _, sidecar in made)),
        seconds=seconds.get("seconds"),
        started=run.get("start_time") or "",
        ended=run.get("end_time") or "",
    )


def embedded_cells(manuscript_dir: Path) -> dict[str, list[tuple[str, str]]]:
    """Of every figure and table of a staged manuscript the cells that it shows.

    Returns
    -------
    dict
        Identifier of the float ("fig-roc") to pairs of notebook and label. A float that is typed
        in the manuscript, or made by the report, has none.
    """
    return _of_floats(manuscript_dir, EMBED)


def included_files(
    manuscript_dir: Path, made_from: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """Files of the figures and tables that the report makes itself, by identifier.

    Parameters
    ----------
    manuscript_dir : Path
        Of the staged manuscript.
    made_from : mapping of name to sequence of str
        Files that `_<name>.qmd` was made from.
    """
    included = _of_floats(manuscript_dir, INCLUDE)
    return {
        identifier: [file for name in names for file in made_from.get(name, ())]
        for identifier, names in included.items()
    }


def _of_floats(manuscript_dir: Path, shortcode: re.Pattern) -> dict[str, list]:
    """What the shortcodes within each float name, by identifier."""
    found: dict[str, list] = {}
    inside: list | None = None
    for line in visible_lines(manuscript_dir, "index.qmd", {}, made=False):
        if opening := FLOAT.match(line):
            inside = found.setdefault(opening[1], [])
        elif CLOSING.match(line):
            inside = None
        elif inside is not None:
            inside += shortcode.findall(line)
    return found


def as_html(
    title: str, cells: list[tuple[str, str]], folder: str, *, files: Sequence[str] = ()
) -> str:
    """The passport of a figure or table as a `<details>` element.

    Parameters
    ----------
    title : str
        "Figure 4".
    cells : list of (notebook, label)
        As `embedded_cells` has them.
    folder : str
        Of the rendered notebooks, relative to the page.
    files : sequence of str
        That the report made it from, where no cell shows it.
    """
    about = html.escape(title)
    if not cells:
        listed = ", ".join(f"<code>{html.escape(file)}</code>" for file in files)
        said = (
            f"The report made this from {listed}." if files else "This is text of the manuscript."
        )
        return _details(about, f"<p>{said}</p>")
    parts = []
    for notebook, label in cells:
        place = f"{folder}/{notebook}.html#cell-{label}"
        parts.append(
            f'<p><a href="{html.escape(place)}">Cell <code>{html.escape(label)}</code> of notebook '
            f"{html.escape(notebook)}</a>, with its code.</p>"
        )
    for notebook in dict.fromkeys(name for name, _ in cells):
        # the script of the page shows the record here; without it the link leads there
        parts.append(
            f'<p class="record-link"><a href="#record-{html.escape(notebook)}">'
            "Parameters, inputs by checksum, commit and time</a></p>"
        )
    return _details(about, "".join(parts))


def _details(about: str, inner: str) -> str:
    return (
        f'<details class="passport"><summary>Source<span class="hidden-text"> of {about}</span>'
        f"</summary>{inner}</details>"
    )


def record_section(passports: Mapping[str, Passport]) -> str:
    """What is on record of every notebook, as a section of the page."""
    records = "".join(
        f'<details class="record" id="record-{html.escape(name)}"><summary>{html.escape(name)}'
        f"</summary>{facts(passport)}</details>"
        for name, passport in passports.items()
    )
    return f'<section id="notebook-records"><h1>Records of the notebooks</h1>{records}</section>'


def facts(passport: Passport) -> str:
    """Commit, seconds, parameters and inputs of a notebook as an HTML description list."""
    return f"<dl>{''.join(_facts(passport))}</dl>"


def _facts(passport: Passport) -> Iterator[str]:
    rows = [("Commit", ", ".join(passport.commits) or "not recorded")]
    if passport.seconds is not None:
        rows.append(("Notebook took", f"{passport.seconds:,.0f} s"))
    for term, text in rows:
        yield f"<dt>{term}</dt><dd>{html.escape(text)}</dd>"
    parameters = [
        f"<li><code>{html.escape(f'{name} = {value!r}')}</code></li>"
        for name, value in passport.parameters.items()
    ]
    inputs = [
        f"<li><code>{html.escape(file)}</code> <code>{html.escape(digest[:SHOWN])}</code></li>"
        for file, digest in passport.inputs.items()
    ]
    for term, items in (("Parameters", parameters), ("Inputs, SHA-256", inputs)):
        if items:
            yield f"<dt>{term}</dt><dd><ul>{''.join(items)}</ul></dd>"
