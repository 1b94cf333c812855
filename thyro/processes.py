"""Processes that end with the one that asked for them, so that a killed run leaves no orphans."""

import os
import threading
import time

import joblib


def end_with_parent() -> None:
    """End this process soon after its parent is gone, however that happened."""
    parent = os.getppid()

    def wait():
        while os.getppid() == parent:
            time.sleep(0.3)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def pool(workers: int) -> joblib.Parallel:
    """Processes for `joblib.delayed` calls, results in order as they come.

    joblib's own workers wait five minutes for more work after the process that asked was killed.
    """
    return joblib.Parallel(
        n_jobs=workers,
        prefer="processes",
        return_as="generator",
        initializer=_end_with,
        initargs=(os.getpid(),),
    )


def _end_with(asker: int) -> None:
    """In a new worker: end with the process that asked, also where it is gone by now."""
    if os.getppid() != asker:
        os._exit(1)
    end_with_parent()
