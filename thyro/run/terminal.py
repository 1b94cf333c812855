"""What a run tells the terminal: each job leaves two small files, and one loop shows them."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from thyro import store


def workplace(study: str) -> Path:
    """Folder of what a run needs while it lasts, and of what it leaves when it fails.

    Outside the results: an error quotes the cell or the file that it is about.
    """
    folder = store.path(f".thyro/{study}")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Status:
    """What a job tells the terminal, through two small files."""

    def __init__(self, study: str, job: str):
        folder = workplace(study) / "run"
        folder.mkdir(exist_ok=True)
        self.file = folder / f"{job}.state"
        self.progress = folder / f"{job}.progress"

    def say(self, state: str, message: str = "") -> None:
        temporary = self.file.with_suffix(".part")
        temporary.write_text(json.dumps({"state": state, "message": message}))
        os.replace(temporary, self.file)


def watch(process: subprocess.Popen, folder: Path, order: list[str]) -> dict[str, str]:
    """Show which of the runs in `order` is going on, and how far it is, until Snakemake ends.

    Returns the messages of the jobs that failed.
    """
    shown: dict[str, str] = {}
    since: dict[str, float] = {}
    failed: dict[str, str] = {}
    terminal = sys.stderr.isatty()
    said = time.monotonic()
    while True:
        ended = process.poll() is not None
        bars = []
        for job in order:
            state = read_json(folder / f"{job}.state")
            if not state:
                continue
            count = f"[{order.index(job) + 1}/{len(order)}] {job}"
            since.setdefault(job, time.monotonic())
            seconds = time.monotonic() - since[job]
            if state["state"] == "running":
                bars.append(f"{count} {_bar(read_json(folder / f'{job}.progress'), seconds)}")
            if state["state"] == shown.get(job):
                continue
            shown[job] = state["state"]
            after = "" if state["state"] == "running" else f" after {clock(seconds)}"
            _line(f"{count} {state['state']}{after}", terminal)
            if state["state"] == "failed":
                failed[job] = state["message"]
        if terminal:
            print(
                "\r\033[K" + "   ".join(bars)[: shutil.get_terminal_size().columns - 1],
                end="",
                file=sys.stderr,
            )
        elif bars and time.monotonic() - said > 15:
            said = time.monotonic()
            _line("   ".join(bars), terminal)
        if ended:
            if terminal:
                print("\r\033[K", end="", file=sys.stderr)
            return failed
        sys.stderr.flush()
        time.sleep(0.25)


def _line(text: str, terminal: bool) -> None:
    print(("\r\033[K" if terminal else "") + text, file=sys.stderr, flush=True)


def _bar(progress: dict, seconds: float) -> str:
    if not progress:
        return clock(seconds)
    done, total = progress["done"], max(1, progress["total"])
    filled = round(12 * done / total)
    return (
        f"{progress['label']} {'█' * filled}{'░' * (12 - filled)} {done}/{total} {clock(seconds)}"
    )


def read_json(file: Path) -> dict:
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError):  # not there yet, or this very moment being replaced
        return {}


def clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
