"""One notebook of a study, executed by papermill."""

import json
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thyro import core, store
from thyro.run import terminal
from thyro.run.check import check_study
from thyro.study import RECORDS, Job, Study, StudyError, job_arguments, threads_of

if TYPE_CHECKING:
    from traitlets.config import Config

NETWORK_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
# What a notebook raises on purpose: the message is for the user, the traceback is not.
SPEAKING = {"StudyError", "CohortError", "TableError", "ImageError"}
LONGEST_SOCKET_FOLDER = 75  # characters; Jupyter adds some twenty


@contextmanager
def recorded_render(name: str) -> Iterator[None]:
    """Tell the terminal that the report of study `name` is being rendered, and leave how long."""
    core.end_with_parent()
    status = terminal.Status(name, "report")
    with _told(status) as started:
        yield
    _record(name, f"{RECORDS}/report.json", {"seconds": _since(started)})
    status.say("done")


def run_notebook(name: str, job_name: str, *, data: str) -> None:
    """Execute one notebook with papermill; its copy appears only when it ended well.

    Parameters
    ----------
    name
        Of the study.
    job_name
        Of its plan: "02_features_or".
    data
        Folder with the user's table and images, relative to the project; or "".

    Raises
    ------
    StudyError
        If the study cannot run, or has no such job.
    SystemExit
        If a cell failed; the terminal is told which.
    """
    core.end_with_parent()
    study = check_study(name, data=data)
    if job_name not in study.jobs:
        raise StudyError(
            f"params/{name}.yml: this study has no {job_name}; it has {', '.join(study.jobs)}."
        )
    job = study.jobs[job_name]
    status = terminal.Status(name, job_name)
    os.environ |= _environment(job_name, status, threads_of(study, job))
    unfinished = terminal.workplace(name) / f"{job_name}.failed.ipynb"
    with _told(status) as started:
        _execute(study, name, job, data, unfinished, status)
    peak_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    _record(name, job.record, {"seconds": _since(started), "peak_mb": round(peak_kb / 1024)})
    os.replace(unfinished, store.path(f"results/{name}/{job.executed}"))
    status.say("done")


@contextmanager
def _told(status: terminal.Status) -> Iterator[float]:
    """Say that a job runs, and that it failed when it did; gives the time at which it began."""
    status.say("running")
    try:
        yield time.monotonic()
    except Exception as error:  # the kernel died, the disk is full: not the notebook's word
        status.say("failed", f"{type(error).__name__}: {error}")
        raise


def _environment(job: str, status: terminal.Status, threads: int) -> dict[str, str]:
    """Variables that the kernel of a job finds.

    Networks compute on `threads`. numpy gets one: the many small systems of the lasso and the
    regressions take twice the processor time on two.
    """
    return dict.fromkeys(NETWORK_THREADS, str(threads)) | {
        "OPENBLAS_NUM_THREADS": "1",
        store.NOTEBOOK: job,
        store.PROGRESS_FILE: str(status.progress),
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this environment, not one of the user's
        "PYTHONHASHSEED": "0",
    }


def _execute(
    study: Study, name: str, job: Job, data: str, unfinished: Path, status: terminal.Status
) -> None:
    """Run every cell of a job's notebook; the executed copy is `unfinished`."""
    import papermill

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
        where = f"See the cell in {os.path.relpath(unfinished)}."
        status.say("failed", f"{kind}{error.evalue}\n{where}")
        raise SystemExit(1) from None


def _record(name: str, place: str, values: dict[str, Any]) -> None:
    """Leave what a job took in `place`, below the results of the study."""
    file = store.path(f"results/{name}/{place}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(values))


def _since(started: float) -> float:
    return round(time.monotonic() - started, 1)


def _transport(folder: str) -> "Config":
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
