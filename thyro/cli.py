"""The command line: check a study, run one notebook, render, or do all of it.

`make report` calls `thyro report STUDY`, which asks Snakemake what is stale; Snakemake calls
`thyro run JOB STUDY` for each notebook and `thyro render STUDY` at the end.
"""

import argparse
import fcntl
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from thyro import core, store, terminal
from thyro.study import (
    JOBS,
    Job,
    Study,
    StudyError,
    check_notebook,
    job_arguments,
    load_study,
    result_arguments,
)

RECORDS = "notebooks"  # below results/<study>: executed notebooks and how long they took
NUMBERS_OF_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
LONGEST_SOCKET_FOLDER = 75  # characters; Jupyter adds some twenty
# What a notebook raises on purpose: the message is for the user, the traceback is not.
SPEAKING = {"StudyError", "CohortError", "TableError", "ImageError"}
SPEAKING |= {"FileNotFoundError", "ValueError"}


def check(name: str, *, data: str | None = None) -> Study:
    """Everything about a study that can be known before its first notebook runs.

    Raises
    ------
    params.StudyError
        Naming the file, key or folder.
    """
    study = load_study(name, store.path("params"))
    if study.compute.device == "cuda":
        import torch  # slow, so only for those who ask

        if not torch.cuda.is_available():
            raise StudyError(
                f"params/{name}.yml: `compute.device` is cuda, but PyTorch sees no CUDA device "
                "here. Use cpu, or install a CUDA build of PyTorch."
            )
    for job in study.jobs.values():
        notebook = store.path(f"notebooks/{job.notebook}.ipynb")
        check_notebook(job_arguments(study, name, job, data=data), notebook)
    if study.cohort.source == "simulated" and data:
        raise StudyError(
            f"params/{name}.yml simulates its patients and reads no folder. Say which study reads "
            "DATA: make report STUDY=mystudy DATA=path/to/folder."
        )
    if study.cohort.source == "folder" and data is not None:
        if not data:
            raise StudyError(f"params/{name}.yml reads a folder: say DATA=path/to/folder.")
        tables = [("cohort", study.cohort), ("external", study.external)]
        needed = [("DATA", Path(data), "Name an existing folder.")]
        needed += [
            (f"table of `{section}`", Path(data, part.table), f"See `table` in params/{name}.yml.")
            for section, part in tables
            if part
        ]
        for what, file, remedy in needed:
            if not store.path(file).exists():
                raise StudyError(f"{what}: {file} is not there. {remedy}")
    return study


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


def run(name: str, job_name: str, *, data: str) -> None:
    """Execute one notebook with papermill; its copy appears only when it ended well."""
    import papermill

    core.end_with_parent()
    study = check(name, data=data)
    if job_name not in study.jobs:
        raise StudyError(f"params/{name}.yml: a study of scores has no {job_name}.")
    job = study.jobs[job_name]
    status = terminal.Status(name, job_name)
    folder = store.path(f"results/{name}/{RECORDS}")
    folder.mkdir(parents=True, exist_ok=True)
    threads = str(threads_of(study, job))
    os.environ |= dict.fromkeys(NUMBERS_OF_THREADS, threads)
    os.environ |= {
        store.NOTEBOOK: job_name,
        store.PROGRESS_FILE: str(status.progress),
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this environment, not one of the user's
        "PYTHONHASHSEED": "0",
    }
    unfinished = terminal.workplace(name) / f"{job_name}.failed.ipynb"
    status.say("running")
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as sockets:
            papermill.execute_notebook(
                f"notebooks/{job.notebook}.ipynb",
                os.path.relpath(unfinished),
                parameters=job_arguments(study, name, job, data=data),
                kernel_name="python3",
                progress_bar=False,
                cwd=str(store.project_root()),
                config=_transport(sockets),
            )
    except papermill.PapermillExecutionError as error:
        kind = "" if error.ename in SPEAKING else f"{error.ename}: "
        status.say(
            "failed", f"{kind}{error.evalue}\nSee the cell in {os.path.relpath(unfinished)}."
        )
        raise SystemExit(1) from None
    except Exception as error:  # the kernel died, the disk is full: not the notebook's word
        status.say("failed", f"{type(error).__name__}: {error}")
        raise
    record = {
        "seconds": round(time.monotonic() - started, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
    }
    (folder / f"{job_name}.json").write_text(json.dumps(record))
    os.replace(unfinished, folder / f"{job_name}.ipynb")
    status.say("done")


def _transport(folder: str):
    """Jupyter's configuration for a kernel that is spoken to by files in `folder`, not by ports.

    Two kernels that start at the same moment may choose the same free port; one of them then never
    answers. The name of a socket may have a hundred characters: where the system's folder for
    temporary files is a long one, ports have to do.
    """
    from traitlets.config import Config

    config = Config()
    if os.name == "posix" and len(folder) < LONGEST_SOCKET_FOLDER:
        config.KernelManager.transport = "ipc"
        config.KernelManager.connection_file = f"{folder}/kernel.json"
    return config


def threads_of(study: Study, job: Job) -> int:
    """Cores of a job: runs that go on at the same time share them."""
    return max(1, study.compute.workers // job.side_by_side)


def other_parameters(name: str, study: Study, data: str) -> list[str]:
    """Jobs whose results were left by other parameters than the study's; they have to run again.

    An analyst who ran a notebook by hand with a parameter changed has overwritten its results; the
    report is always that of the study file. Snakemake looks at times and does not see this.
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


def render(name: str) -> None:
    """Render the report of a study from its executed notebooks."""
    from thyro import report

    core.end_with_parent()
    status = terminal.Status(name, "report")
    status.say("running")
    started = time.monotonic()
    try:
        report.make_report(f"results/{name}", name, load_study(name, store.path("params")))
    except Exception as error:
        status.say("failed", f"{type(error).__name__}: {error}")
        raise
    record = {"seconds": round(time.monotonic() - started, 1)}
    store.path(f"results/{name}/{RECORDS}/report.json").write_text(json.dumps(record))
    status.say("done")


def write_example(folder: Path, name: str) -> None:
    """Write the simulated patients of a study as a user's folder, with a study file to run it."""
    from thyro import cohort

    study = load_study(name, store.path("params"))
    if study.cohort.source != "simulated":
        raise StudyError(f"params/{name}.yml: only a simulated study makes an example.")
    if folder.exists() and any(folder.iterdir()):
        raise StudyError(f"{folder}: not empty; name a new folder.")
    sections = cohort.export(study, folder)
    about = {"extends": name, "title": f"Example: {study.title}"} | sections
    file = folder / "example.yml"
    file.write_text(yaml.safe_dump(about, sort_keys=False, allow_unicode=True, width=100))
    print(
        f"{folder}: DICOM images, NIfTI masks and tables of simulated patients. To run them:\n"
        f"  cp {file} params/example.yml\n  make report STUDY=example DATA={folder}"
    )


def report(name: str, *, data: str | None = None) -> None:
    """Bring the report of a study up to date, and say where it lies and how long it took."""
    if os.environ.get("MAKELEVEL"):  # make gone, nobody waits for this
        core.end_with_parent()
    study = check(name, data=data or "")
    started = time.monotonic()
    folder = terminal.workplace(name)
    with _only_one(folder, name):
        shutil.rmtree(folder / "run", ignore_errors=True)
        again = other_parameters(name, study, data or "")
        with open(folder / "snakemake.log", "w") as log:
            command = [
                *(sys.executable, "-m", "thyro.cli", "workflow", "--snakefile", "Snakefile"),
                *("--cores", str(study.compute.workers), "--rerun-incomplete", "--nolock"),
                # A table written again with the same bytes makes nothing stale.
                *("--max-checksum-file-size", "1GB"),
                *("--config", f"study={name}", f"data={data or ''}"),
                *(["--forcerun", *again] if again else []),
            ]
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


def workflow(options: list[str]) -> None:
    """Snakemake with these options, ending with the process that asked for it."""
    from snakemake.cli import main as snakemake

    core.end_with_parent()
    snakemake(options)


class _only_one:
    """Holds the study for this process; the system lets go when the process is gone, however."""

    def __init__(self, folder: Path, name: str):
        self.name = name
        self.file = open(folder / "lock", "a+")

    def __enter__(self):
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StudyError(
                f"{self.name}: another run of this study is going on; wait or stop it."
            ) from None

    def __exit__(self, *exception):
        self.file.close()


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


def main(argv: list[str] | None = None) -> None:
    """Entry point of `thyro` and of `python -m thyro.cli`."""
    parser = argparse.ArgumentParser(prog="thyro", description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("check", help="check study files")
    checking.add_argument("study", nargs="*", help="names; default: every file in params/")
    for command, text in (
        ("report", "run what is stale and render"),
        ("run", "run one notebook"),
        ("render", "render the report from the executed notebooks"),
    ):
        sub = commands.add_parser(command, help=text)
        if command == "run":
            sub.add_argument("job", choices=list(JOBS))
        sub.add_argument("study")
        if command != "render":
            sub.add_argument("--data", default="", help="folder with the table and the images")
    example = commands.add_parser("example", help="write a simulated cohort as a user's folder")
    example.add_argument("folder", help="a new folder")
    example.add_argument("--study", default="smoke", help="whose patients (default: smoke)")
    # What follows is Snakemake's; `report` alone calls this.
    commands.add_parser("workflow", prefix_chars="\0").add_argument("options", nargs="*")
    arguments = parser.parse_args(argv)
    try:
        os.chdir(store.project_root())
        if arguments.command == "check":
            names = arguments.study or sorted(file.stem for file in Path("params").glob("*.yml"))
            for name in names:
                check(Path(name).stem)
                print(f"params/{Path(name).stem}.yml is valid")
        elif arguments.command == "run":
            run(arguments.study, arguments.job, data=arguments.data)
        elif arguments.command == "example":
            write_example(Path(arguments.folder), arguments.study)
        elif arguments.command == "workflow":
            workflow(arguments.options)
        elif arguments.command == "render":
            render(arguments.study)
        else:
            report(arguments.study, data=arguments.data)
    except (StudyError, FileNotFoundError) as error:
        raise SystemExit(f"thyro: {error}") from None


if __name__ == "__main__":
    main()
