"""Stage the manuscript of a study and render it to HTML, PDF and DOCX.

Quarto renders when it is on the path; otherwise pandoc and Typst do, from the same sources. Nothing
is executed: figures and tables are taken from executed notebooks, numbers from variables.
"""

import html
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pypandoc
import typst
import yaml

from thyro.report import crossref, embeds, shortcodes
from thyro.report.reference_docx import write_reference_docx
from thyro.report.word_vectors import add_vectors

SOURCES = {".qmd", ".yml", ".bib", ".css", ".typ", ".html"}
OUTPUTS = {"html": "index.html", "typst": "thyro.pdf", "docx": "thyro.docx"}
# Figures come from float divs only, so an image alone in a paragraph is just an image.
READER = "markdown-implicit_figures"


class ReportError(ValueError):
    """A report that cannot be made, or not in every format; the message is for its author."""


def find_renderer() -> str:
    """Return "quarto" when it is on the path, else "pandoc"."""
    return "quarto" if shutil.which("quarto") else "pandoc"


def describe_renderer(renderer: str) -> str:
    """Name and version of a renderer, as the report prints it."""
    if renderer == "quarto":
        version = _run(["quarto", "--version"], Path.cwd()).strip()
        return f"Quarto {version}"
    return f"pandoc {pypandoc.get_pandoc_version()} and Typst {typst.__version__}"


def stage(
    study_dir: Path | str,
    report_dir: Path | str,
    variables: Mapping,
    *,
    tables: Mapping[str, Sequence[Mapping[str, str]]],
    elements: Mapping[str, str] | None = None,
    renderer: str = "auto",
) -> Path:
    """Write `<study_dir>/manuscript/`, complete and ready to render, and return it.

    Parameters
    ----------
    study_dir : path
        A folder of `results/`; its `notebooks/*.ipynb` have been executed.
    report_dir : path
        The manuscript sources: `index.qmd`, `_quarto.yml` and what they use.
    variables : nested mapping of str and bool
        Display strings for `{{< var a.b >}}`, printed as they are: Markdown in them is escaped.
        Booleans are flags for `when-meta="a.b"`. `study.title`, `origin.label` and
        `origin.simulated` are required; `run.renderer` is added here.
    tables : mapping of name to sequence of mapping
        Rows, all with the same keys, of tables that no notebook shows; the manuscript includes
        them as `_<name>.qmd`.
    elements : mapping of name to HTML, optional
        What only the HTML shows, included in the same way.
    renderer : {"auto", "quarto", "pandoc"}
        Recorded for `render`, so that the report names the renderer that made it.

    Raises
    ------
    FileNotFoundError
        If there is no executed notebook.
    ValueError, TypeError
        If a required variable is missing or a leaf is neither text nor a flag.
    """
    renderer = find_renderer() if renderer == "auto" else renderer
    run = {**variables.get("run", {}), "renderer": describe_renderer(renderer)}
    variables = {**variables, "run": run}
    title, label, simulated = (
        _required(variables, key) for key in ("study.title", "origin.label", "origin.simulated")
    )
    texts, flags = _split_variables(variables, "")
    notebooks = sorted(Path(study_dir, "notebooks").glob("*.ipynb"))
    if not notebooks:
        raise FileNotFoundError(
            f"{study_dir}/notebooks: no executed notebook; run the study first."
        )
    header = label if simulated else title
    folder = Path(study_dir, "manuscript")
    shutil.rmtree(folder, ignore_errors=True)  # a stale notebook would hide a missing one
    embeds.stage_notebooks(notebooks, folder, Path(study_dir, ".cache", "manuscript"))
    _copy_sources(Path(report_dir), folder, flags)
    _write_yaml(folder / "_variables.yml", texts)
    study = _study_metadata(title, header, banner=label if simulated else "")
    _write_yaml(folder / "_study.yml", study | {"renderer": renderer} | flags)
    _write_fragments(folder, tables, elements or {})
    write_reference_docx(
        folder / "reference.docx",
        header,
        simulated=simulated,
        table_styles=crossref.TABLE_STYLES,
    )
    return folder


def _copy_sources(report_dir: Path, folder: Path, flags: Mapping) -> None:
    """The sources of the manuscript, without the passages that a flag hides."""
    for path in sorted(report_dir.iterdir()):
        if path.suffix == ".qmd":
            text = shortcodes.without_hidden(path.read_text(encoding="utf-8"), flags)
            (folder / path.name).write_text(text, encoding="utf-8")
        elif path.suffix in SOURCES:
            shutil.copy(path, folder)


def _study_metadata(title: str, header: str, *, banner: str) -> dict:
    """Title and header of every page; the HTML has none, so its `banner` stays in sight."""
    study: dict = {
        "title": shortcodes.escape(title),
        "running-header": shortcodes.escape(header),
    }
    if banner:
        text = f'<div class="origin-banner" role="note">{html.escape(banner)}</div>'
        study["format"] = {"html": {"include-before-body": [{"text": text}]}}
    return study


def _write_fragments(
    folder: Path, tables: Mapping[str, Sequence[Mapping[str, str]]], elements: Mapping[str, str]
) -> None:
    """What the manuscript includes as `_<name>.qmd`: tables, and elements of the HTML alone."""
    for name, rows in tables.items():
        (folder / f"_{name}.qmd").write_text(_pipe_table(rows), encoding="utf-8")
    fence = "`" * 12
    for name, element in elements.items():
        text = f"{fence}{{=html}}\n{element}\n{fence}\n"
        (folder / f"_{name}.qmd").write_text(text, encoding="utf-8")


def render(
    manuscript_dir: Path | str,
    out_dir: Path | str,
    *,
    renderer: str = "auto",
    beside: Mapping[str, str] | None = None,
    finish: Callable[[str], str] | None = None,
) -> None:
    """Render a staged manuscript to `index.html`, `thyro.pdf` and `thyro.docx` in `out_dir`.

    Everything is made elsewhere and moved there in the end. A manuscript with a hole leaves the
    report of an earlier rendering as it was; a format that fails leaves its own file so.

    Parameters
    ----------
    manuscript_dir : path
        What `stage` returned.
    out_dir : path
        Made where it is missing; files of an earlier rendering are replaced.
    renderer : {"auto", "quarto", "pandoc"}
        "auto" takes the one that `stage` recorded.
    beside : mapping of name to text, optional
        Further files of the report, such as a page of its own; names may have a folder.
    finish : callable, optional
        What is made of the HTML page before it is delivered.

    Raises
    ------
    ReportError
        With file and line, for anything the manuscript refers to and does not find. This is
        checked before Quarto too, which would print a question mark and go on. Or with what Quarto,
        pandoc or Typst said, for the formats that failed; the others are there by then.
    """
    folder, out_dir = Path(manuscript_dir).resolve(), Path(out_dir).resolve()
    metadata = _metadata(folder)
    renderer = metadata["renderer"] if renderer == "auto" else renderer
    try:
        with ThreadPoolExecutor(len(OUTPUTS)) as pool:
            read = pool.map(partial(read_document, folder, metadata=metadata), OUTPUTS)
            documents = dict(zip(OUTPUTS, read, strict=True))
    except ValueError as error:
        raise ReportError(f"{error} The report was left as it was.") from error
    aside = folder / "_rendered"
    aside.mkdir(exist_ok=True)
    made = {writer: aside / name for writer, name in OUTPUTS.items()}
    if renderer == "quarto":  # it writes to one folder, so one format follows the other
        workers, jobs = 1, {w: partial(_render_quarto, folder, w, made[w]) for w in OUTPUTS}
    else:
        workers = len(OUTPUTS)
        jobs = {
            writer: partial(_render_pandoc, folder, writer, document, made[writer])
            for writer, document in documents.items()
        }
    if finish and "html" in jobs:
        jobs["html"] = partial(_make_page, jobs["html"], made["html"], finish)
    failed = _run_all(jobs, workers)
    files = [OUTPUTS[writer] for writer in OUTPUTS if writer not in failed]
    if files:
        for name, text in (beside or {}).items():
            (aside / name).parent.mkdir(exist_ok=True)
            (aside / name).write_text(text, encoding="utf-8")
        _deliver(aside, out_dir, [*(beside or {}), *files])
    if failed:
        said = "".join(f"\n{OUTPUTS[writer]}: {error}" for writer, error in failed.items())
        raise ReportError(f"{len(failed)} of {len(OUTPUTS)} formats were not made:{said}")


def _make_page(job: Callable[[], None], made: Path, finish: Callable[[str], str]) -> None:
    """Render the page and finish it."""
    job()
    made.write_text(finish(made.read_text(encoding="utf-8")), encoding="utf-8")


def _deliver(aside: Path, out_dir: Path, names: Sequence[str]) -> None:
    """Move files that are complete to where readers find them, one whole file after the other."""
    for name in names:
        (out_dir / name).parent.mkdir(parents=True, exist_ok=True)
        (aside / name).replace(out_dir / name)


def _run_all(jobs: Mapping[str, Callable[[], None]], workers: int) -> dict[str, BaseException]:
    """Do every job, whatever becomes of the others; returns the errors of those that failed."""
    with ThreadPoolExecutor(workers) as pool:
        done = {name: pool.submit(job) for name, job in jobs.items()}
    errors = {name: future.exception() for name, future in done.items()}
    return {name: error for name, error in errors.items() if error is not None}


def read_document(folder: Path, writer: str, metadata: Mapping) -> dict:
    """Expand `index.qmd`, check every reference, and number figures and tables.

    Parameters
    ----------
    folder : Path
        The staged manuscript.
    writer : str
        "html", "typst" or "docx".
    metadata : mapping
        Of project, study and document; `bibliography` is needed.

    Returns
    -------
    dict
        pandoc's JSON, ready for `writer`.

    Raises
    ------
    ValueError
        With file and line, for a hole or a reference to nothing.
    """
    variables = yaml.safe_load((folder / "_variables.yml").read_text(encoding="utf-8"))
    context = shortcodes.Context(folder, variables, metadata, writer)
    lines = shortcodes.expand("index.qmd", context)
    document = json.loads(_pandoc("\n".join(line.text for line in lines), READER, "json", folder))
    cited = _bibliography_keys(folder / metadata["bibliography"])
    try:
        floats = crossref.find_floats(document, crossref.kinds(metadata.get("crossref", {})))
        resolved = crossref.resolve(document, floats, writer)
    except ValueError as error:  # begins with the label
        raise ValueError(f"{_place(lines, '#', str(error).partition(':')[0])}: {error}") from None
    for name in crossref.unresolved(document, floats, cited):
        raise ValueError(
            f"{_place(lines, '@', name)}: @{name} is neither a figure or table of the manuscript "
            f"({', '.join(floats)}) nor in {metadata['bibliography']}."
        )
    return resolved


def _place(lines: Sequence[shortcodes.Line], sign: str, name: str) -> str:
    """Where "#fig-roc" or "@fig-roc" stands last: "index.qmd:12"."""
    found = re.compile(rf"{sign}{re.escape(name)}(?![\w-])")
    return next((line.place for line in reversed(lines) if found.search(line.text)), "index.qmd")


def _render_quarto(folder: Path, writer: str, made: Path) -> None:
    """One format with Quarto; `_quarto.yml` sends its output to `_output/`."""
    embeds.use_vectors(folder, vectors=writer != "docx")
    _run(["quarto", "render", "index.qmd", "--to", writer, "--output", made.name], folder)
    (folder / "_output" / made.name).replace(made)
    if writer == "docx":
        add_vectors(made, folder / "figures")


def _render_pandoc(folder: Path, writer: str, document: dict, made: Path) -> None:
    """One format with pandoc, and Typst for the PDF."""
    options = ["--standalone", "--citeproc"]
    text = json.dumps(document)
    if writer == "html":
        options += ["--embed-resources", "--template=template.html", "--css=thyro.css", "--mathml"]
        options += ["--toc", "--toc-depth=2"]
        _pandoc(text, "json", writer, folder, [*options, f"--output={made}"])
    elif writer == "typst":
        source = folder / "thyro.typ"
        options += ["--template=template.typ", f"--output={source.name}"]
        _pandoc(text, "json", writer, folder, options)
        _typeset(source, made)
    else:
        options += ["--reference-doc=reference.docx", f"--output={made}"]
        _pandoc(text, "json", writer, folder, options)
        add_vectors(made, folder / "figures")


def _typeset(source: Path, made: Path) -> None:
    """A PDF whose structure is tagged for readers who cannot see it, where Typst can tag it.

    Typst 0.15 stumbles over its tags where a figure moves onto a page that a long table runs over.
    """
    try:
        typst.compile(str(source), output=str(made), root=str(source.parent))
    except typst.TypstError as error:
        if "tag" not in str(error):
            raise
        typst.compile(str(source), output=str(made), root=str(source.parent), pdf_tags=False)


def _pandoc(text: str, reader: str, writer: str, folder: Path, options: Sequence[str] = ()) -> str:
    """Run pandoc in the manuscript folder with the study's metadata; a warning is an error."""
    command = [pypandoc.get_pandoc_path(), "--fail-if-warnings", *options]
    command += [f"--from={reader}", f"--to={writer}"]
    if reader != "json":
        command += ["--metadata-file=_quarto.yml", "--metadata-file=_study.yml"]
    return _run(command, folder, text)


def _run(command: Sequence[str], folder: Path, text: str = "") -> str:
    done = subprocess.run(
        command, cwd=folder, input=text, capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise RuntimeError(f"{Path(command[0]).name} failed with {done.returncode}: {said}")
    return done.stdout


def _metadata(folder: Path) -> dict:
    """Project, study and document metadata, the later overriding the earlier, as in Quarto."""
    if not (folder / "_study.yml").is_file():
        raise ValueError(f"{folder} is not a staged manuscript (no _study.yml); run stage first.")
    front = re.match(r"---\n(.*?\n)---\n", (folder / "index.qmd").read_text(encoding="utf-8"), re.S)
    texts = [(folder / name).read_text(encoding="utf-8") for name in ("_quarto.yml", "_study.yml")]
    merged: dict = {}
    for text in [*texts, front[1] if front else ""]:
        merged |= yaml.safe_load(text) or {}
    return merged


def _bibliography_keys(path: Path) -> set[str]:
    return set(re.findall(r"^@\w+\{([^,\s]+)", path.read_text(encoding="utf-8"), re.MULTILINE))


def _required(variables: Mapping, key: str):
    group, name = key.split(".")
    if name not in variables.get(group, {}):
        raise ValueError(f"variables: {key} is missing; the report's header is made from it.")
    return variables[group][name]


def _split_variables(tree: Mapping, path: str) -> tuple[dict, dict]:
    """Divide nested variables into escaped texts and flags (booleans, for `when-meta`)."""
    texts, flags = {}, {}
    for key, value in tree.items():
        name = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping):
            texts[key], flags[key] = _split_variables(value, name)
        elif isinstance(value, bool):
            flags[key] = value
        elif isinstance(value, str):
            texts[key] = shortcodes.escape(value)
        else:
            raise TypeError(
                f"variables: {name} must be display text or true/false, got {value!r}. "
                "Numbers are rounded in tables, before they come here."
            )
    return texts, {key: value for key, value in flags.items() if value != {}}


def _pipe_table(rows: Sequence[Mapping[str, str]]) -> str:
    if not rows:
        return "Nothing was recorded.\n"
    header = list(rows[0])
    body = [[shortcodes.escape(row[key]) for key in header] for row in rows]
    # pandoc takes the dashes of a wide table as relative widths of its columns.
    widths = [
        max(len(row[key]) for row in [*rows, dict(zip(header, header, strict=True))])
        for key in header
    ]
    lines = [header, [":" + "-" * max(2, width) for width in widths], *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _write_yaml(path: Path, content: Mapping) -> None:
    text = yaml.safe_dump(dict(content), allow_unicode=True, sort_keys=False, width=1000)
    path.write_text(text, encoding="utf-8")
