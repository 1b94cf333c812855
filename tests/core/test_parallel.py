"""A killed run leaves no workers behind, whether they have begun or not."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

WORK = """
import os, sys, time
from joblib import delayed
from thyro.core import parallel as processes

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
    until = time.monotonic() + 10
    while len(workers := children(run.pid)) < 3 and time.monotonic() < until:
        time.sleep(0.02)
    assert len(workers) >= 3 and all(map(alive, workers))  # two, and joblib's own
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    run.stdout.close()
    until = time.monotonic() + 10
    while any(map(alive, workers)) and time.monotonic() < until:
        time.sleep(0.02)
    assert [pid for pid in workers if alive(pid)] == []


def outcome(code, timeout=300):
    """What a process of its own prints at `print`, given the helpers it needs.

    The limit is there for a process that hangs, and then it says where; a busy machine takes a
    minute to start a cluster.
    """
    code = (
        f"import faulthandler\nfaulthandler.dump_traceback_later({timeout - 30}, exit=True)\n"
        "import os, signal, time\nfrom joblib import delayed\n"
        "from thyro.core import parallel as processes\n" + code
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_results_come_in_order_and_the_asking_process_goes_on():
    # In a process of its own: joblib keeps its workers, and would hand these small ones to others.
    code = """
for workers in (1, 2):
    print(list(processes.pool(workers)(delayed(abs)(-i) for i in range(5))))
"""
    assert outcome(code) == ["[0, 1, 2, 3, 4]"] * 2


def test_as_done_gives_every_result_and_takes_jobs_as_they_are_needed():
    code = """
for workers in (1, 2):
    taken = []
    def jobs():
        for i in range(40):
            taken.append(i)
            yield delayed(abs)(-i)
    found = processes.as_done(jobs(), workers)
    first = next(found)
    print(len(taken) < 40)
    print(sorted([first, *found]) == list(range(40)))
"""
    assert outcome(code) == ["True"] * 4


def test_as_done_comes_in_the_order_of_the_results(tmp_path):
    """The first job waits until the result of the second has come."""
    code = f"""
came = {str(tmp_path / "came")!r}
def work(waits):
    for _ in range(2000 * waits):
        if os.path.exists(came):
            break
        time.sleep(0.01)
    return waits
found = processes.as_done((delayed(work)(waits) for waits in (True, False)), 2)
print(next(found))
open(came, "w").close()
print(*found)
"""
    assert outcome(code) == ["False", "True"]


def test_a_process_that_ends_is_told_and_the_next_ones_work():
    code = """
try:
    list(processes.as_done((delayed(os._exit)(i) for i in (1, 1, 1)), 2))
except processes.ProcessEnded:
    print("told")
print(list(processes.as_done([delayed(abs)(-1)], 2)))
"""
    assert outcome(code) == ["told", "[1]"]


CLUSTER = """
import threading
from distributed import LocalCluster

lock = threading.Lock()

def work(i, ends):
    if i == ends:
        os._exit(1)
    return -i

def tell(function, *arguments):
    try:
        print(sorted(processes.as_done((delayed(function)(i, *arguments) for i in range(5)), 1,
                                       cluster=address)))
    except Exception as error:
        print(type(error).__name__, error)

if __name__ == "__main__":
    processes.CONNECT_SECONDS = 0.3
    for address in ("tcp://127.0.0.1:1", "nowhere"):
        tell(work, -1)
    with LocalCluster(n_workers=0, threads_per_worker=1, dashboard_address=None) as cluster:
        address = cluster.scheduler_address
        processes.CONNECT_SECONDS = 2
        tell(work, -1)
        processes.CONNECT_SECONDS = 60
        cluster.scale(2)
        tell(work, -1)
        tell(work, lock)
        cluster.scheduler.allowed_failures = 0  # Dask's own attempts, each with a new worker
        tell(work, 3)
"""


@pytest.fixture(scope="module")
def told():
    """What one process is told that asks for clusters which are not there, idle, at work, dying."""
    return outcome(CLUSTER)


@pytest.mark.parametrize(("line", "address"), [(0, "tcp://127.0.0.1:1"), (1, "nowhere")])
def test_an_address_without_a_scheduler_is_told(told, line, address):
    assert told[line].startswith("ConnectionError")
    assert "expected the address of a Dask scheduler" in told[line] and address in told[line]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (2, "ConnectionError.*no workers"),
        (3, r"\[-4, -3, -2, -1, 0\]"),
        (4, "TypeError"),
        (5, "ProcessEnded"),
    ],
    ids=["no workers", "works", "cannot be sent", "a job ends its workers"],
)
def test_a_cluster_works_or_says_why(told, line, expected):
    assert re.match(expected, told[line])
