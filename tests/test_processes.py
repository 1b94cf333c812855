"""A killed run leaves no workers behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from thyro import processes

WORK = """
import os, sys, time
from joblib import Parallel, delayed
from thyro import processes

def work(i, asker):
    processes.end_with(asker)
    print(os.getpid(), flush=True)
    time.sleep(60)

Parallel(n_jobs=2)(delayed(work)(i, os.getpid()) for i in range(2))
"""


def alive(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0]
    except OSError:
        return False


def test_workers_end_with_the_process_that_was_killed():
    run = subprocess.Popen([sys.executable, "-c", WORK], stdout=subprocess.PIPE, text=True)
    workers = [int(run.stdout.readline()) for _ in range(2)]
    assert all(map(alive, workers)) and run.pid not in workers
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    run.stdout.close()
    until = time.monotonic() + 10
    while any(map(alive, workers)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(map(alive, workers))


def test_the_asking_process_itself_goes_on():
    processes.end_with(os.getpid())
    assert processes._end_without.cache_info().currsize == 0
