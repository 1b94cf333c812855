"""A table of predictions from anywhere goes to a report, in one line and without a study file.

The study is written here, from what the table says of itself; the notebooks and the report are
those of every study of scores (`cohort.scores`).
"""

import argparse
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from thyro import store
from thyro.run import terminal
from thyro.study import RADIOLOGIST, ModelName, StudyError

if TYPE_CHECKING:
    from thyro.cohort import ScoreTable

PARENT = "demo"  # study whose settings stand for what the table does not say
OF_PROJECT = ("notebooks", "thyro", "report", "Snakefile", "requirements.lock", "CITATION.cff")
STUDY_FILE = "study.yml"  # in the delivered folder
NO_NAME = re.compile(r"[^A-Za-z0-9_ .-]+")  # what the name of a score cannot hold


def audit_table(file: Path, out: Path, *, exclude_invalid: bool = False, **options: Any) -> None:
    """Judge the predictions of a table, and deliver the report in a folder.

    Parameters
    ----------
    file
        CSV or XLSX: an outcome, and probabilities, scores or yes/no readings.
    out
        Folder of the report; one that an audit left is replaced.
    exclude_invalid
        As in `cohort.read_score_table`.
    options
        Of the same: outcome, positive, id_column, cohort, said, sheet, encoding.

    Raises
    ------
    StudyError
        If the table cannot be used, or the folder holds something else.
    SystemExit
        If a notebook failed; the terminal is told why.
    """
    from thyro import cohort  # slow, so only for those who ask

    started = time.monotonic()
    if out.exists() and not (out / STUDY_FILE).is_file() and any(out.iterdir()):
        raise StudyError(f"{out}: holds something else; name a new folder: --out FOLDER.")
    if not file.is_file():
        raise FileNotFoundError(f"{file}: no such file.")
    try:
        table = cohort.read_score_table(
            file.read_bytes(), file.name, exclude_invalid=exclude_invalid, **options
        )
    except (cohort.CohortError, cohort.TableError) as error:
        raise StudyError(str(error)) from None
    terminal.say(f"{file.name}, {len(table.frame):,} rows. What its columns were taken for:")
    for line in table.roles.told:
        terminal.say(f"  {line}")
    for line in table.excluded:
        terminal.say(f"left out: {line}", "yellow")
    name = re.sub(r"[^a-z0-9]+", "_", file.stem.lower()).strip("_") or "audit"
    project = _project(name, table, written_study(table, file.name))
    command = [sys.executable, "-m", "thyro.cli", "report", name, "--data", "data"]
    try:
        done = subprocess.run(command, cwd=project, check=False)
    finally:
        shutil.rmtree(project / "data")  # a copy of what the user has
    if done.returncode:
        terminal.say(f"Files that are named above lie in {project}.", "red", error=True)
        raise SystemExit(done.returncode)
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(project / f"results/{name}/report", out)
    shutil.copy(project / f"params/{name}.yml", out / STUDY_FILE)
    terminal.say(f"\n{out / 'index.html'}, after {terminal.clock(time.monotonic() - started)}")


def add_table_options(parser: argparse.ArgumentParser) -> None:
    """Add what a user can say of a table of predictions to a parser of the command line."""
    words = (
        ("outcome", "column of the outcome, 1 and 0"),
        ("positive", "word in it that means yes, where it holds words"),
        ("id", "column of the patient; none: every row is a patient"),
        ("cohort", "column of the cohorts; none: all are judged together"),
        ("sheet", "of an XLSX with several"),
        ("encoding", "of a CSV that is not UTF-8, such as gb18030"),
    )
    for name, text in words:
        parser.add_argument(f"--{name}", default="", help=text)
    role = "probability, score, reading, group or ignore; may be said again"
    parser.add_argument("--role", action="append", default=[], metavar="COLUMN=ROLE", help=role)
    text = "leave out, and count, rows with a cell that cannot be used"
    parser.add_argument("--exclude-invalid", action="store_true", help=text)
    parser.add_argument("--out", default="", help="folder of the report (default: FILE_audit)")
    parser.set_defaults(called_from=Path.cwd())  # where a relative --out lies


def table_options(arguments: argparse.Namespace) -> tuple[Path, dict[str, Any]]:
    """Folder of the report, and options of `audit_table`, from the words of the command line.

    Raises
    ------
    StudyError
        If a `--role` is not COLUMN=ROLE.
    """
    parted = [one.rpartition("=") for one in arguments.role]
    wrong = [one for one, (column, _, _) in zip(arguments.role, parted, strict=True) if not column]
    if wrong:
        raise StudyError(f"--role {wrong[0]}: expected COLUMN=ROLE, such as doctor=reading.")
    out = arguments.called_from / (arguments.out or f"{arguments.file.stem}_audit")
    return out, {
        "outcome": arguments.outcome,
        "positive": arguments.positive,
        "id_column": arguments.id,
        "cohort": arguments.cohort,
        "said": {column: role for column, _, role in parted},
        "sheet": arguments.sheet,
        "encoding": arguments.encoding or "utf-8",
        "exclude_invalid": arguments.exclude_invalid,
    }


def written_study(table: "ScoreTable", file: str) -> dict[str, Any]:
    """The sections of a study file for a table of predictions.

    Parameters
    ----------
    table
        As `cohort.read_score_table` gives it.
    file
        Its name, for the title.
    """
    from thyro import cohort  # slow, so only for those who ask

    roles = table.roles
    groups = cohort.names_of(list(roles.groups), "group")
    scores = score_names(list(roles.scores))
    section: dict[str, Any] = {
        "source": "folder",
        "table": "table.csv",
        "id_column": table.ids if len(table.ids) > 1 else table.ids[0],
        "outcome_column": roles.outcome,
        "scores": {
            scores[column]: {"column": column, "kind": kind}
            for column, kind in roles.scores.items()
        },
        # No model may use them: nothing is fitted, and they make the groups.
        "variables": [
            {
                "name": groups[column],
                "column": column,
                "label": column,
                "kind": "categorical",
                "levels": levels,
                "required": False,
            }
            for column, levels in roles.groups.items()
        ],
        "split": "none",
    }
    if roles.cohort:
        section |= {"split": "column", "split_column": roles.cohort, "cohorts": roles.cohorts}
    told = list(roles.told)
    if table.n_excluded:
        label = "a cell that cannot be used"
        section["criteria"] = [{"column": cohort.USABLE, "label": label, "kind": "inclusion"}]
        who = "1 row was" if table.n_excluded == 1 else f"{table.n_excluded:,} rows were"
        told.append(f"{who} left out for {label}, as asked (--exclude-invalid)")
    return {
        "extends": PARENT,
        "title": f"Audit of the predictions in {file}",
        # A name such as Label says nothing of what is predicted.
        "outcome": f"the outcome in the column {roles.outcome}"
        if cohort.is_called(roles.outcome, cohort.NAMELESS)
        else roles.outcome.replace("_", " "),
        "outcome_levels": [roles.negative, roles.positive] if roles.positive else ["No", "Yes"],
        "reference": "none",
        "guessed": told,
        "cohort": section,
        "external": None,
        "statistics": {"subgroups": [{"variable": name} for name in groups.values()]},
    }


def score_names(columns: Sequence[str]) -> dict[str, str]:
    """What the report calls the score of each column: its name, in letters that tables can hold.

    Names that tables use for something else, such as that of a model of ours, get a word before.
    """
    names: dict[str, str] = {}
    for i, column in enumerate(columns, start=1):
        name = NO_NAME.sub(" ", column).strip(" _.-")
        if not name[:1].isalpha():
            name = f"Score {name or i}"
        if name in names.values() or ModelName.read(name) or name == RADIOLOGIST:
            name = f"Score {i} {name}"
        names[column] = name
    return names


def _project(name: str, table: "ScoreTable", about: Mapping[str, Any]) -> Path:
    """A project of its own for one study, beside what other runs leave; returns its folder.

    The notebooks and the package are this project's. What an earlier audit of a table of this name
    left stays, so that only what is stale runs.
    """
    here = store.project_root()
    folder = here / ".thyro" / "audit" / name
    for part in ("params", "data"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for one in OF_PROJECT:  # an installed package lies elsewhere
        if not (here / one).exists():
            continue
        link = folder / one
        link.unlink(missing_ok=True)
        link.symlink_to(here / one)
    shutil.copy(here / f"params/{PARENT}.yml", folder / f"params/{PARENT}.yml")
    written = yaml.safe_dump(dict(about), sort_keys=False, allow_unicode=True, width=100)
    (folder / f"params/{name}.yml").write_text(written, encoding="utf-8")
    table.frame.to_csv(folder / "data/table.csv", index=False)
    return folder
