"""`thyro check STUDY --page`: what the intake finds in a folder, as one page to look at."""

import base64
import html
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from thyro import store
from thyro.run.terminal import workplace
from thyro.study import Study, StudyError, job_arguments

if TYPE_CHECKING:  # slow, so only for those who ask
    from thyro.cohort import FirstLook

PAGE_DPI = 110  # of a contact sheet
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem; max-width: 60rem;
  color: #1a1a1a; background: #fff; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
table { border-collapse: collapse; margin: .5rem 0 1.2rem; } .wide { overflow-x: auto; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #ccc; }
img { display: block; width: 100%; height: auto; border: 1px solid #ccc; margin: 1rem 0; }
li { overflow-wrap: anywhere; } .wrong { color: #9c1c1c; font-weight: 600; }
"""


def write_check_page(name: str, study: Study, data: str) -> tuple[Path, list[str]]:
    """Write a page of problems, flow, flags and contact sheets, outside of the results.

    It shows images as they are, with whatever is burned into them: it is for the analyst alone.

    Parameters
    ----------
    name, study
        A study that has been checked.
    data
        Folder with the user's table and images.

    Returns
    -------
    (Path, list of str)
        The page, and the problems that it lists.

    Raises
    ------
    StudyError
        If the study simulates its patients, no folder was named, or a table cannot be opened.
    """
    if study.cohort.source == "simulated":
        raise StudyError(f"params/{name}.yml simulates its patients: there is nothing to look at.")
    if not data:
        raise StudyError(f"params/{name}.yml reads a folder: say --data path/to/folder.")
    from thyro import cohort, figures, imaging, tables  # slow, so only for those who ask

    given = {"cohort": study.cohort} | ({"external": study.external} if study.external else {})
    page = workplace(name) / "check.html"
    values = job_arguments(study, name, study.jobs["00_cohort"], data=data)
    foreseen = {key: values[key] for key in ("seed", "screened", "harmonised", "trained_px")}
    workers = study.compute.workers
    try:
        with cohort.first_look(
            given, data_dir=data, scratch=page.parent, workers=workers, **foreseen
        ) as look:
            figures.use_style()
            sheets = [
                _as_image(sheet)
                for sheet in figures.contact_sheet_pages(look.cases(), title="Images by row")
            ]
            flags = tables.flags(look.examined, cohort.FLAGS) if len(look.examined) else None
            steps = {source: one.flow.steps for source, one in look.ingested.items()}
            cohorts = _counted(look) if len(look.split) else None
            text = _page(study.title, look.problems, look.notes, steps, [cohorts, flags], sheets)
    except (cohort.CohortError, cohort.TableError, imaging.ImageError) as error:
        raise StudyError(f"params/{name}.yml: {error}") from None
    with store.atomic(page) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return page, look.problems


def _page(
    title: str,
    problems: Sequence[str],
    notes: Sequence[str],
    flows: dict[str, list[dict]],
    counted: Sequence[pd.DataFrame | None],
    sheets: Sequence[str],
) -> str:
    """The page, with everything that it shows inside it."""
    wrong = f"{len(problems)} to be mended before a run" if problems else "nothing stops a run"
    parts = [f"<h1>{html.escape(title)}</h1>"]
    parts += [f'<p class="{"wrong" if problems else "right"}">Found: {wrong}.</p>']
    parts += _listed("What stops a run", problems)
    parts += _listed("Cells that no result holds", notes)
    for source, steps in flows.items():
        rows = [{"Step": step["label"], "n": step["n"]} for step in steps]
        left = sum(-step["n"] if step["excluded"] else step["n"] for step in steps)
        rows.append({"Step": "Studied", "n": left})
        parts += [f"<h2>Who would be studied ({source})</h2>", _table(pd.DataFrame(rows))]
    cohorts, flags = counted
    if cohorts is not None:
        parts += [_table(cohorts)]
    if flags is not None:
        why = "A flag is a reason to look, not a verdict: numbers below an image are its row."
        parts += ["<h2>Image flags</h2>", f"<p>{why}</p>", _table(flags)]
    if sheets:
        parts += ["<h2>Images with their outlines</h2>", *sheets]
    head = f'<meta charset="utf-8"><title>{html.escape(title)}: check</title>'
    head += '<meta name="viewport" content="width=device-width, initial-scale=1">'
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>{head}<style>{STYLE}</style></head>\n'
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _counted(look: "FirstLook") -> pd.DataFrame:
    """Patients and events of every cohort of the table."""
    y = look.ingested["cohort"].flow.frame["y"]
    groups = y.groupby(look.split.astype(str), sort=False)
    return pd.DataFrame(
        {
            "Cohort": list(groups.groups),
            "Patients": groups.size().to_numpy(),
            "With the outcome": groups.sum().astype(int).to_numpy(),
        }
    )


def _listed(heading: str, lines: Iterable[str]) -> list[str]:
    items = [f"<li>{html.escape(line)}</li>" for line in lines]
    return [f"<h2>{heading}</h2>", "<ul>", *items, "</ul>"] if items else []


def _table(frame: pd.DataFrame) -> str:
    return f'<div class="wide">{frame.to_html(index=False, border=0)}</div>'


def _as_image(sheet) -> str:
    """A contact sheet as JPEG within the page."""
    data = io.BytesIO()
    sheet.savefig(data, format="jpeg", dpi=PAGE_DPI, pil_kwargs={"quality": 85})
    coded = base64.b64encode(data.getvalue()).decode("ascii")
    return f'<img alt="Contact sheet" src="data:image/jpeg;base64,{coded}">'
