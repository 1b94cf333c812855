"""A killed run leaves no workers behind, whether they have begun or not."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

WORK = """
import os, sys, time
from joblib import delayed
from thyro import processes

def work(first):
    print(os.getpid(), flush=True)
    time.sleep(60 if first else 0)

list(processes.pool(2)(delayed(work)(i < {busy}) for i in range(2)))
time.sleep(60)
"""


def alive(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0]
    except OSError:
        return False


def children(pid):
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("busy", [2, 0], ids=["at work", "waiting for more"])
def test_workers_end_with_the_process_that_was_killed(busy):
    run = subprocess.Popen(
        [sys.executable, "-c", WORK.format(busy=busy)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    run.stdout.readline()
    time.sleep(1)
    workers = children(run.pid)
    assert len(workers) >= 2 and all(map(alive, workers))
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    run.stdout.close()
    until = time.monotonic() + 10
    while any(map(alive, workers)) and time.monotonic() < until:
        time.sleep(0.1)
    assert [pid for pid in workers if alive(pid)] == []


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order_and_the_asking_process_goes_on(workers):
    # In a process of its own: joblib keeps its workers, and would hand these small ones to others.
    code = f"list(processes.pool({workers})(delayed(abs)(-i) for i in range(5)))"
    code = f"from joblib import delayed; from thyro import processes; print({code})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[0, 1, 2, 3, 4]\n"
