"""What a run tells the terminal: each job leaves two small files, and one loop shows them."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from thyro import store

BETWEEN_LINES = 15  # seconds, where bars cannot be drawn anew in their line


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
        """Leave a state ("running", "done" or "failed"), and of a failure the reason."""
        temporary = self.file.with_suffix(".part")
        temporary.write_text(json.dumps({"state": state, "message": message}))
        os.replace(temporary, self.file)


def watch(process: subprocess.Popen, folder: Path, order: list[str]) -> dict[str, str]:
    """Show which of the runs in `order` is going on, and how far it is, until Snakemake ends.

    Parameters
    ----------
    process
        Snakemake.
    folder
        Where the jobs leave their states.
    order
        Names of the jobs.

    Returns
    -------
    dict
        The message of every job that failed.
    """
    seen = _Seen(folder, order)
    terminal = sys.stderr.isatty()
    said = time.monotonic()
    while True:
        ended = process.poll() is not None
        bars = []
        for job in order:
            news, bar = seen.look(job)
            if news:
                _line(news, terminal)
            if bar:
                bars.append(bar)
        if terminal:
            print("\r\033[K" + _fitting(bars), end="", file=sys.stderr)
        elif bars and time.monotonic() - said > BETWEEN_LINES:
            said = time.monotonic()
            _line("   ".join(bars), terminal)
        if ended:
            if terminal:
                print("\r\033[K", end="", file=sys.stderr)
            return seen.failed
        sys.stderr.flush()
        time.sleep(0.25)


class _Seen:
    """States of the jobs of a run, as far as they have been shown."""

    def __init__(self, folder: Path, order: list[str]):
        self.folder, self.order = folder, order
        self.shown: dict[str, str] = {}
        self.since: dict[str, float] = {}
        self.failed: dict[str, str] = {}  # job -> its message

    def look(self, job: str) -> tuple[str, str]:
        """What is new of a job, and the bar of one that is going on; each may be empty."""
        state = read_json(self.folder / f"{job}.state")
        if not state:
            return "", ""
        count = f"[{self.order.index(job) + 1}/{len(self.order)}] {job}"
        seconds = time.monotonic() - self.since.setdefault(job, time.monotonic())
        news = bar = ""
        if state["state"] == "running":
            bar = f"{count} {_bar(read_json(self.folder / f'{job}.progress'), seconds)}"
        if state["state"] != self.shown.get(job):
            self.shown[job] = state["state"]
            after = "" if state["state"] == "running" else f" after {clock(seconds)}"
            news = f"{count} {state['state']}{after}"
            if state["state"] == "failed":
                self.failed[job] = state["message"]
        return news, bar


def _fitting(bars: list[str]) -> str:
    """Bars in one line of this terminal."""
    return "   ".join(bars)[: shutil.get_terminal_size().columns - 1]


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


def read_json(file: Path) -> dict[str, Any]:
    """What a job left in `file`; nothing where it is not there, or being replaced."""
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError):
        return {}


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
