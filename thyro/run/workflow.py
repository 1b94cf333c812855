"""Bringing the report of a study up to date: what is stale runs, under Snakemake."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from thyro import core, store
from thyro.run import terminal
from thyro.run.check import check_study
from thyro.study import RECORDS, Study, StudyError, job_arguments, result_arguments


def bring_up_to_date(name: str, *, data: str | None = None) -> None:
    """Bring the report of a study up to date, and say where it lies and how long it took.

    Parameters
    ----------
    name
        Of the study.
    data
        Folder with the user's table and images, relative to the project.

    Raises
    ------
    StudyError
        If the study cannot run, or is running.
    SystemExit
        If a job failed; the terminal is told why.
    """
    if os.environ.get("MAKELEVEL"):  # make gone, nobody waits for this
        core.end_with_parent()
    study = check_study(name, data=data or "")
    started = time.monotonic()
    folder = terminal.workplace(name)
    with _only_one(folder, name):
        shutil.rmtree(folder / "run", ignore_errors=True)
        command = snakemake_command(name, study, data or "")
        with open(folder / "snakemake.log", "w") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, cwd=store.project_root()
            )
            failed = terminal.watch(process, folder / "run", [*study.jobs, "report"])
    if process.returncode:
        for job, message in failed.items():
            print(f"\n{job} stopped:\n  " + message.replace("\n", "\n  "), file=sys.stderr)
        if not failed:
            print(f"Stopped; see {os.path.relpath(folder / 'snakemake.log')}.", file=sys.stderr)
        raise SystemExit(1)
    _summary(name, study, time.monotonic() - started)


def snakemake_command(name: str, study: Study, data: str) -> list[str]:
    """How Snakemake is called to bring a study up to date.

    Parameters
    ----------
    name
        Of the study.
    study
        Its settings.
    data
        Folder with the user's table and images, relative to the project; or "".
    """
    again = other_parameters(name, study, data)
    return [
        *(sys.executable, "-m", "thyro.cli", "workflow", "--snakefile", "Snakefile"),
        *("--cores", str(study.compute.workers), "--rerun-incomplete", "--nolock"),
        # A table written again with the same bytes makes nothing stale.
        *("--max-checksum-file-size", "1GB"),
        # Snakemake takes quotes off and reads 007 as a number; inside a mapping it stays text.
        *("--config", f"asked={json.dumps({'study': name, 'data': data}, ensure_ascii=False)}"),
        *(["--forcerun", *again] if again else []),
    ]


def run_snakemake(options: list[str]) -> None:
    """Snakemake with these options, ending with the process that asked for it."""
    from snakemake.cli import main

    core.end_with_parent()
    main(options)


def fingerprint(data: str) -> str:
    """Changes when a file of the user's folder does; says nothing about their names.

    Snakemake logs every input file of a rule, and names of image files may tell who a patient is.
    """
    if not data:
        return ""
    seen = hashlib.sha256()
    for file in sorted(path for path in store.path(data).rglob("*") if path.is_file()):
        status = file.stat()
        seen.update(
            f"{file}\0{status.st_size}\0{status.st_mtime_ns}\n".encode(errors="surrogateescape")
        )
    return seen.hexdigest()


def other_parameters(name: str, study: Study, data: str) -> list[str]:
    """Jobs whose results were left by other parameters than the study's; they have to run again.

    An analyst who ran a notebook by hand with a parameter changed has overwritten its results; the
    report is always that of the study file. Snakemake looks at times and does not see this.

    Parameters
    ----------
    name
        Of the study.
    study
        Its settings.
    data
        Folder with the user's table and images, relative to the project; or "".
    """
    strange = []
    for job in study.jobs.values():
        expected = result_arguments(job_arguments(study, name, job, data=data))
        folder = store.path(f"results/{name}/{job.folder}")
        found = [
            terminal.read_json(folder / f"{file}.json").get("parameters") for file in job.writes
        ]
        if any(values is not None and result_arguments(values) != expected for values in found):
            strange.append(job.name)
    return strange


@contextmanager
def _only_one(folder: Path, name: str) -> Iterator[None]:
    """Hold the study for this process; the system lets go when the process is gone, however."""
    try:
        with FileLock(folder / "lock", timeout=0):
            yield
    except Timeout:
        raise StudyError(
            f"{name}: another run of this study is going on; wait or stop it."
        ) from None


def _summary(name: str, study: Study, seconds: float) -> None:
    """Where the report lies, how long each stage took when it last ran, and its peak memory."""
    ran = {file.stem for file in (terminal.workplace(name) / "run").glob("*.state")}
    print(f"\n{'stage':22}{'time':>8}{'peak memory':>14}")
    for job in [*study.jobs, "report"]:
        record = terminal.read_json(store.path(f"results/{name}/{RECORDS}/{job}.json"))
        peak = f"{record['peak_mb']:,} MB" if "peak_mb" in record else ""
        kept = "" if job in ran else "   up to date"
        print(f"{job:22}{terminal.clock(record.get('seconds', 0)):>8}{peak:>14}{kept}")
    print(f"{'this call':22}{terminal.clock(seconds):>8}\n\nThe report of study {name}:")
    for file in ("index.html", "thyro.pdf", "thyro.docx"):
        print(f"  results/{name}/report/{file}")
