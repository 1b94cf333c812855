"""What follows the rendering: pages of the notebooks, and the page with its sources and scripts."""

from collections.abc import Mapping
from pathlib import Path

from thyro import store
from thyro.report.crate import made_from_others, read_software, write_crate
from thyro.report.notebook_pages import write_notebook_pages
from thyro.report.page import with_sources
from thyro.report.passports import embedded_cells, notebook_passports
from thyro.report.sources import Source

STYLE = "thyro.css"
SCRIPTS = ("page.js", "figures.js", "tables.js", "thresholds.js", "wipe.js")  # in order


def finish(
    study_dir: Path,
    manuscript_dir: Path,
    sources: Mapping[str, Source],
    *,
    described: Mapping[str, str],
    title: str,
    description: str,
) -> list[str]:
    """Write the notebooks' pages beside the HTML report, link it to them, and write the crate.

    Parameters
    ----------
    study_dir : Path
        Folder of `results/`; `report/index.html` in it has just been rendered.
    manuscript_dir : Path
        What it was rendered from.
    sources : mapping of variable to Source
        Of the numbers in the text.
    described : mapping of identifier of a figure to text
        What it shows.
    title, description : str
        Of the study, for the crate.

    Returns
    -------
    list of str
        Where results and report disagree, as `crate.made_from_others` says it.
    """
    records = notebook_passports(study_dir)
    style = (manuscript_dir / STYLE).read_text(encoding="utf-8")
    write_notebook_pages(study_dir, study_dir / "report/notebooks", records, style)
    page = study_dir / "report/index.html"
    folder = store.path("report")
    scripts = [(folder / name).read_text(encoding="utf-8") for name in SCRIPTS]
    text = with_sources(
        page.read_text(encoding="utf-8"),
        sources,
        embedded_cells(manuscript_dir),
        records,
        described=described,
        foot="".join(f"<script>\n{script}</script>" for script in scripts),
    )
    page.write_text(text, encoding="utf-8")
    write_crate(
        study_dir,
        records,
        title=title,
        description=description,
        software=read_software(store.project_root()),
    )
    return made_from_others(study_dir, records)
