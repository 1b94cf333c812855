"""Which stage of a study is fresh or stale, and why, in plain words.

Snakemake decides what runs again; a dry run of it is asked and put into words here. What parameters
were before stands beside the results, as every file says what made it.
"""

import json
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thyro import store
from thyro.run import terminal
from thyro.run.workflow import snakemake_command
from thyro.study import (
    Job,
    Study,
    StudyError,
    job_arguments,
    load_study,
    parameter_differences,
    result_arguments,
)

FRESH, STALE, NEVER = "fresh", "stale", "never run"
REPORT = "report"
ENVIRONMENT = "requirements.lock"
MOST = 3  # files or parameters that a reason names
LONGEST = 40  # characters of a value
# What Snakemake says, in the order in which it says it.
MISSING, INCOMPLETE = "Missing output files: ", "Incomplete output files: "
UPDATED, BY_ANOTHER = "Updated input files: ", "Input files updated by another job: "
OTHER_FILES, OTHER_CALL = "Set of input files has changed", "Code has changed"
PARAMETERS, FORCED = "Params have changed", "Forced execution"
SAID = (MISSING, INCOMPLETE, UPDATED, BY_ANOTHER, OTHER_FILES, OTHER_CALL, PARAMETERS, FORCED)


@dataclass(frozen=True)
class Stage:
    """One run of a notebook, or the report."""

    name: str
    state: str  # FRESH, STALE or NEVER
    why: tuple[str, ...] = ()  # nothing where it is fresh


def status(name: str, *, data: str = "") -> list[Stage]:
    """What would run to bring the report of a study up to date, and why; nothing is run.

    Parameters
    ----------
    name
        Of the study.
    data
        Folder with the user's table and images; "" takes the one of the last run.

    Returns
    -------
    list of Stage
        In the order of the plan, the report last.

    Raises
    ------
    StudyError
        If the study cannot be read, or nobody says where its folder is.
    """
    study = load_study(name, store.path("params"))
    data = data or recorded_data(name)
    if study.cohort.source == "folder" and not data:
        raise StudyError(f"params/{name}.yml reads a folder: say --data path/to/folder.")
    if data and not store.path(data).is_dir():
        raise StudyError(f"DATA: {data} is not there. Name an existing folder: --data FOLDER.")
    command = [*snakemake_command(name, study, data), "--dry-run"]
    done = subprocess.run(command, cwd=store.project_root(), capture_output=True, text=True)
    if done.returncode:
        log = terminal.workplace(name) / "snakemake.log"
        log.write_text(done.stdout + done.stderr)
        raise StudyError(f"{name}: Snakemake cannot tell; see {log}.")
    told = reasons(done.stdout)
    left = {job.name: list(job.left) for job in study.jobs.values()}
    left[REPORT] = [f"{REPORT}/{file}" for file in study.report_files]
    stages = []
    for job, files in left.items():
        if not any(store.path(f"results/{name}/{file}").exists() for file in files):
            stages.append(Stage(job, NEVER))
        elif job in told:
            stages.append(Stage(job, STALE, tuple(_in_words(told[job], job, name, study, data))))
        else:
            stages.append(Stage(job, FRESH))
    return stages


def recorded_data(name: str) -> str:
    """The folder that the results of a study were read from; "" where none was, or is known."""
    made = terminal.read_json(store.path(f"results/{name}/00_cohort/patients.parquet.json"))
    return made.get("parameters", {}).get("data_dir", "")


def reasons(output: str) -> dict[str, str]:
    """Why each job of a dry run would run, as Snakemake says it.

    Parameters
    ----------
    output
        What `snakemake --dry-run` printed.
    """
    found, job = {}, ""
    for line in output.splitlines():
        if line.startswith(("rule ", "localrule ")):
            job = line.split(" ", 1)[1].rstrip(":")
        elif line.startswith("    reason: "):
            found[job] = line.removeprefix("    reason: ")
    return found


def _in_words(reason: str, job: str, name: str, study: Study, data: str) -> list[str]:
    """A reason of Snakemake's as plain sentences."""
    told: list[str] = []
    for what, rest in _parts(reason):
        files = [file for file in rest.split(", ") if file]
        if what == MISSING:
            told.append(f"{_shown(_inside(file, name) for file in files)} is not there")
        elif what == INCOMPLETE:
            told.append("it was stopped before it ended")
        elif what == UPDATED:
            told += _changed(files, name)
        elif what == BY_ANOTHER:
            told.append(f"it follows {_shown(_makers(files, name, study))}")
        elif what == OTHER_FILES:
            told.append("it reads other files, or its code uses other modules, than before")
        elif what == OTHER_CALL:
            told.append("the way it is called has changed (Snakefile)")
        elif job in study.jobs:
            told += _parameters(study, name, study.jobs[job], data)
    return list(dict.fromkeys(told))


def _parts(reason: str) -> list[tuple[str, str]]:
    """What of SAID is in a reason, each with the files after it.

    Parameters come last, and hold any text.
    """
    head, _, after = reason.partition(PARAMETERS)
    _, *pieces = re.split(f"({'|'.join(map(re.escape, SAID))})", head)
    parts = [
        (what, rest.strip().rstrip(";"))
        for what, rest in zip(pieces[::2], pieces[1::2], strict=True)
    ]
    return parts + ([(PARAMETERS, "")] if after else [])


def _changed(files: Iterable[str], name: str) -> list[str]:
    """Input files that are newer, by what they are to the reader."""
    code, others, told = [], [], []
    for file in files:
        if file == ENVIRONMENT:
            told.append(f"the environment ({ENVIRONMENT}) changed")
        elif file.endswith(".ipynb") and file.startswith("notebooks/"):
            told.append("its notebook changed")
        elif file.startswith("thyro/"):
            code.append(file.removeprefix("thyro/"))
        else:
            others.append(_inside(file, name))
    told += [f"code of {_shown(code)} changed"] if code else []
    return told + ([f"{_shown(others)} changed"] if others else [])


def _inside(file: str, name: str) -> str:
    return file.removeprefix(f"results/{name}/")


def _makers(files: Iterable[str], name: str, study: Study) -> list[str]:
    """Jobs that make these files, in the order of the plan."""
    made = {_inside(file, name) for file in files}
    return [job.name for job in study.jobs.values() if made & set(job.left)]


def _parameters(study: Study, name: str, job: Job, data: str) -> list[str]:
    """Parameters of a job that differ from those that made its results."""
    now = result_arguments(job_arguments(study, name, job, data=data))
    for file in job.writes:
        side = store.path(f"results/{name}/{job.folder}/{file}.json")
        before = terminal.read_json(side).get("parameters")
        changed = parameter_differences(result_arguments(before), now) if before is not None else []
        told = [f"{key} {_value(old)} -> {_value(new)}" for key, old, new in changed]
        if told:
            more = [f"and {len(told) - MOST} parameters more"] if len(told) > MOST else []
            return [f"parameter {one}" for one in told[:MOST]] + more
    return ["a file of the data folder changed, or another folder is named"]


def _value(value: Any) -> str:
    """A value as a study file would have it, cut where it is long."""
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _shown(names: Iterable[str]) -> str:
    """Names in a row; of many the first."""
    every = list(names)
    more = f" and {len(every) - MOST} more" if len(every) > MOST else ""
    return ", ".join(every[:MOST]) + more


def print_status(name: str, *, data: str = "") -> None:
    """Print the stages of a study with their state, and the command that brings them up to date.

    Raises
    ------
    StudyError
        As `status`.
    """
    stages = status(name, data=data)
    for stage in stages:
        colour = {FRESH: "green", NEVER: "cyan"}.get(stage.state, "yellow")
        first, *others = stage.why or ("",)
        terminal.say(f"{stage.name:22}{stage.state:11}{first}".rstrip(), colour)
        for why in others:
            terminal.say(f"{'':33}{why}", colour)
    waiting = sum(stage.state != FRESH for stage in stages)
    folder = data or recorded_data(name)
    if waiting:
        given = f" --data {Path(folder)}" if folder else ""
        terminal.say(f"\n{waiting} of {len(stages)} would run: thyro report {name}{given}")
    else:
        terminal.say(f"\nThe report of {name} is up to date.")
