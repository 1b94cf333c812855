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
    code = (
        f"from joblib import delayed; from thyro.core import parallel as processes; print({code})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[0, 1, 2, 3, 4]\n"


def outcome(code, timeout=60):
    """What a process of its own prints at `print`, given the helpers it needs."""
    code = (
        "import os, signal, time\nfrom joblib import delayed\n"
        "from thyro.core import parallel as processes\n" + code
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("workers", [1, 2])
def test_as_done_gives_every_result_and_takes_jobs_as_they_are_needed(workers):
    code = f"""
taken = []
def jobs():
    for i in range(40):
        taken.append(i)
        yield delayed(abs)(-i)
found = processes.as_done(jobs(), {workers})
first = next(found)
print(len(taken) < 40)
print(sorted([first, *found]) == list(range(40)))
"""
    assert outcome(code) == ["True", "True"]


def test_as_done_comes_in_the_order_of_the_results():
    code = """
def work(seconds):
    time.sleep(seconds)
    return seconds
print(list(processes.as_done((delayed(work)(s) for s in (1.5, 0.1)), 2)))
"""
    assert outcome(code) == ["[0.1, 1.5]"]


def test_a_process_that_ends_is_told_and_the_next_ones_work():
    code = """
try:
    list(processes.as_done((delayed(os._exit)(i) for i in (1, 1, 1)), 2))
except processes.ProcessEnded:
    print("told")
print(list(processes.as_done([delayed(abs)(-1)], 2)))
"""
    assert outcome(code) == ["told", "[1]"]


def test_an_address_without_a_scheduler_is_told():
    code = """
processes.CONNECT_SECONDS = 1
for address in ("tcp://127.0.0.1:1", "nowhere"):
    try:
        list(processes.as_done([], 1, cluster=address))
    except ConnectionError as error:
        print("expected the address of a Dask scheduler" in str(error) and address in str(error))
"""
    assert outcome(code) == ["True", "True"]


CLUSTER = """
from distributed import LocalCluster
def work(i):
    if i == {dies}:
        os._exit(1)
    return -i
if __name__ == "__main__":
    with LocalCluster(n_workers={n}, threads_per_worker=1, dashboard_address=None) as cluster:
        address = cluster.scheduler_address
        processes.CONNECT_SECONDS = 2
        {code}
"""


@pytest.mark.parametrize(
    ("n", "dies", "code", "printed"),
    [
        (2, -1, "print(sorted(found()))", "[-4, -3, -2, -1, 0]"),
        (2, 3, "try: list(found())\n        except processes.ProcessEnded: print('told')", "told"),
        (0, -1, "try: list(found())\n        except ConnectionError as e: print(e)", "no workers"),
        (
            1,
            -1,
            "try: list(found(time.time, lock))\n        except TypeError: print('told')",
            "told",
        ),
    ],
    ids=["works", "a job ends its workers", "no workers", "cannot be sent"],
)
def test_a_cluster_works_or_says_why(n, dies, code, printed):
    helpers = """
import threading
lock = threading.Lock()
def found(function=None, *arguments):
    jobs = (delayed(function or work)(*(arguments or (i,))) for i in range(5))
    return processes.as_done(jobs, 1, cluster=address)
"""
    assert printed in outcome(helpers + CLUSTER.format(n=n, dies=dies, code=code))[0]
