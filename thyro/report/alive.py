"""What makes the page alive: its sources and scripts, the notebooks' pages, and the crate."""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from thyro import store
from thyro.report import notebook_pages, passports
from thyro.report.crate import made_from_others, read_software, write_crate
from thyro.report.page import with_sources
from thyro.report.passports import Passport, embedded_cells, included_files
from thyro.report.sources import Source

STYLE = "thyro.css"
SCRIPTS = ("page.js", "figures.js", "tables.js", "thresholds.js", "wipe.js")  # in order
NOTEBOOKS = "notebooks"  # folder of their pages, beside the page of the report


def notebook_files(
    study_dir: Path, manuscript_dir: Path, records: Mapping[str, Passport]
) -> dict[str, str]:
    """Pages of the executed notebooks by file, relative to that of the report.

    They are kept in `.cache/pages` of the study until a notebook, a record, the style or the code
    that makes them is another.

    Parameters
    ----------
    study_dir : Path
        Folder of `results/`.
    manuscript_dir : Path
        Of the staged manuscript, whose style they have.
    records : mapping of notebook to Passport
    """
    style = (manuscript_dir / STYLE).read_text(encoding="utf-8")
    made_of = hashlib.sha256((style + repr(sorted(records.items()))).encode())
    code = [Path(module.__file__) for module in (notebook_pages, passports)]
    for file in [*code, *sorted(study_dir.glob("notebooks/*.ipynb"))]:
        made_of.update(file.read_bytes())
    cache = study_dir / ".cache/pages"
    kept = cache / f"{made_of.hexdigest()[:20]}.json"
    if kept.is_file():
        return json.loads(kept.read_text(encoding="utf-8"))
    pages = notebook_pages.read_pages(study_dir, records, style)
    files = {f"{NOTEBOOKS}/{name}.html": page for name, page in pages.items()}
    shutil.rmtree(cache, ignore_errors=True)
    cache.mkdir(parents=True)
    unfinished = kept.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(files, ensure_ascii=False), encoding="utf-8")
    unfinished.replace(kept)
    return files


def finished(
    page: str,
    manuscript_dir: Path,
    records: Mapping[str, Passport],
    sources: Mapping[str, Source],
    *,
    described: Mapping[str, str],
    made_from: Mapping[str, Sequence[str]],
) -> str:
    """The rendered page with its passports, sources and scripts.

    Parameters
    ----------
    page : str
        HTML, as it was rendered from `manuscript_dir`.
    manuscript_dir : Path
    records : mapping of notebook to Passport
    sources : mapping of variable to Source
        Of the numbers in the text.
    described : mapping of identifier of a figure to text
        What it shows.
    made_from : mapping of name to sequence of str
        Files that the included tables were made from.
    """
    folder = store.path("report")
    scripts = [(folder / name).read_text(encoding="utf-8") for name in SCRIPTS]
    return with_sources(
        page,
        sources,
        embedded_cells(manuscript_dir),
        records,
        notebooks=NOTEBOOKS,
        files=included_files(manuscript_dir, made_from),
        described=described,
        foot="".join(f"<script>\n{script}</script>" for script in scripts),
    )


def record(
    study_dir: Path, records: Mapping[str, Passport], *, title: str, description: str
) -> list[str]:
    """Write the crate of a report that was delivered; pages of notebooks that are gone go, too.

    Parameters
    ----------
    study_dir : Path
        Folder of `results/`.
    records : mapping of notebook to Passport
    title, description : str
        Of the study.

    Returns
    -------
    list of str
        Where results and report disagree, as `crate.made_from_others` says it.
    """
    for file in (study_dir / "report" / NOTEBOOKS).glob("*.html"):
        if file.stem not in records:
            file.unlink()
    write_crate(
        study_dir,
        records,
        title=title,
        description=description,
        software=read_software(store.project_root()),
    )
    return made_from_others(study_dir, records)
