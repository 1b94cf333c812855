"""Processes that end with the one that asked for them, so that a killed run leaves no orphans.

They are joblib's own on this machine, or the workers of a Dask cluster.
"""

import os
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any

import joblib

CONNECT_SECONDS = 30
JOBS_AHEAD = 2  # per process, so that none waits for its next


class ProcessEnded(RuntimeError):
    """A process ended before its work was done: killed, crashed, or out of memory."""


def end_with_parent() -> None:
    """End this process soon after its parent is gone, however that happened."""
    parent = os.getppid()

    def wait():
        while os.getppid() == parent:
            time.sleep(0.3)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def pool(workers: int, **options: Any) -> joblib.Parallel:
    """Processes for `joblib.delayed` calls, results in order as they come.

    joblib's own workers wait five minutes for more work after the process that asked was killed.
    `options` replace those of `joblib.Parallel`.
    """
    defaults = {"return_as": "generator", "initializer": _end_with, "initargs": (os.getpid(),)}
    return joblib.Parallel(n_jobs=workers, prefer="processes", **(defaults | options))


def as_done(jobs: Iterable, workers: int, *, cluster: str = "") -> Iterator:
    """Results of `joblib.delayed` calls, each as soon as it is there, so in any order.

    Parameters
    ----------
    jobs : iterable of joblib.delayed calls
        Taken a few at a time, as processes become free.
    workers : int
        Number of processes on this machine; 1 works in this process.
    cluster : str, default ""
        Address of a Dask scheduler, "tcp://host:port": then its workers do the work, and `workers`
        says nothing. Scheduler and workers need this package, the workers also the files that the
        jobs read; each side runs what the other sends, so both must be trusted.

    Raises
    ------
    ProcessEnded
        If a process ended while jobs were under way. Those finished but not yet handed over may be
        lost with it. Dask moves the jobs of a lost worker to the others first, and gives up when
        one job has lost several.
    ConnectionError
        If the cluster cannot be used, or is gone.
    """
    if cluster:
        yield from _as_done_by_dask(jobs, cluster)
        return
    try:
        yield from pool(workers, return_as="generator_unordered", batch_size=1)(jobs)
    except BrokenProcessPool as error:
        raise ProcessEnded("a process of this machine ended unexpectedly") from error


def _as_done_by_dask(jobs: Iterable, cluster: str) -> Iterator:
    # Not by joblib's own backend: it waits for ever where Dask gives a job up, or cannot send it.
    from distributed import CancelledError, Client, KilledWorker, as_completed
    from distributed.comm import CommClosedError

    try:
        client = Client(cluster, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ConnectionError(
            f"cluster: expected the address of a Dask scheduler, tcp://host:port, and found none "
            f"at {cluster!r} ({error}). Start it, or leave cluster empty to use this machine."
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError as error:
            raise ConnectionError(
                f"cluster: the scheduler at {cluster} has no workers. Start some: dask worker "
                f"{cluster} --nthreads 1"
            ) from error
        jobs, under_way = iter(jobs), as_completed([], loop=client.loop)
        while True:
            try:
                # Asked for each time: workers come and go, and for a moment there may be none.
                room = max(JOBS_AHEAD * sum(client.ncores().values()), 1)
                for function, args, kwargs in islice(jobs, max(room - under_way.count(), 0)):
                    under_way.add(client.submit(function, *args, **kwargs, pure=False))
                if under_way.is_empty():
                    return
                result = next(under_way).result()
            except KilledWorker as error:
                raise ProcessEnded("workers of the cluster ended unexpectedly") from error
            except (CancelledError, CommClosedError) as error:
                raise ConnectionError(
                    f"cluster: the scheduler at {cluster} is gone. Start it again and repeat."
                ) from error
            yield result


def _end_with(asker: int) -> None:
    """In a new worker: end with the process that asked, also where it is gone by now."""
    if os.getppid() != asker:
        os._exit(1)
    end_with_parent()
