"""One notebook of a study, executed by papermill."""

import json
import os
import resource
import tempfile
import time
from contextlib import contextmanager

from thyro import core, store
from thyro.run import terminal
from thyro.run.check import check_study
from thyro.study import Job, Study, StudyError, job_arguments

RECORDS = "notebooks"  # below results/<study>: executed notebooks and how long they took
NUMBERS_OF_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
SPEAKING = {"StudyError", "CohortError", "TableError", "ImageError"}
LONGEST_SOCKET_FOLDER = 75  # characters; Jupyter adds some twenty
# What a notebook raises on purpose: the message is for the user, the traceback is not.


@contextmanager
def recorded_render(name: str):
    """Tell the terminal that the report is being rendered, and leave how long it took."""
    core.end_with_parent()
    status = terminal.Status(name, "report")
    status.say("running")
    started = time.monotonic()
    try:
        yield
    except Exception as error:
        status.say("failed", f"{type(error).__name__}: {error}")
        raise
    record = {"seconds": round(time.monotonic() - started, 1)}
    store.path(f"results/{name}/{RECORDS}/report.json").write_text(json.dumps(record))
    status.say("done")


def run_notebook(name: str, job_name: str, *, data: str) -> None:
    """Execute one notebook with papermill; its copy appears only when it ended well."""
    import papermill

    core.end_with_parent()
    study = check_study(name, data=data)
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
