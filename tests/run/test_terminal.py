"""What the terminal says of a run."""

import json
import subprocess
import sys

import pytest

from thyro.run import terminal
from thyro.store import progress


def test_progress_of_a_job_becomes_a_bar(tmp_path, monkeypatch):
    target = tmp_path / "job.progress"
    monkeypatch.setenv(progress.PROGRESS_FILE, str(target))
    list(progress.progress_bar("patients")(range(4)))
    text = terminal._bar(json.loads(target.read_text()), 75)
    assert text == "patients ████████████ 4/4 1:15"


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        ({}, "0:05"),
        ({"done": 0, "total": 0, "label": "x"}, "x ░░░░░░░░░░░░ 0/1 0:05"),
        ({"done": 1, "total": 4, "label": "x"}, "x ███░░░░░░░░░ 1/4 0:05"),
    ],
)
def test_a_bar_of_what_is_done(progress, text):
    assert terminal._bar(progress, 5.9) == text


def test_a_file_that_is_not_there_or_half_written_says_nothing(tmp_path):
    assert terminal.read_json(tmp_path / "x") == {}
    (tmp_path / "x").write_text('{"a": ')
    assert terminal.read_json(tmp_path / "x") == {}


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.9, "0:59"), (3661, "61:01")])
def test_minutes_and_seconds(seconds, text):
    assert terminal.clock(seconds) == text


def test_a_run_is_watched_until_it_ends(here, capsys):
    terminal.Status("mine", "00_cohort").say("done")
    terminal.Status("mine", "05_nomogram").say("failed", "no maximum")
    process = subprocess.Popen([sys.executable, "-c", ""])
    jobs = ["00_cohort", "05_nomogram", "06_statistics"]
    failed = terminal.watch(process, terminal.workplace("mine") / "run", jobs)
    assert failed == {"05_nomogram": "no maximum"}
    said = capsys.readouterr().err
    assert "[1/3] 00_cohort done" in said and "[2/3] 05_nomogram failed" in said
    assert "06_statistics" not in said


def test_a_job_is_told_once_and_its_bar_every_time(here):
    seen = terminal._Seen(terminal.workplace("mine") / "run", ["00_cohort", "05_nomogram"])
    assert seen.look("05_nomogram") == ("", "")
    status = terminal.Status("mine", "05_nomogram")
    status.say("running")
    status.progress.write_text('{"done": 1, "total": 2, "label": "samples"}')
    bar = "[2/2] 05_nomogram samples ██████░░░░░░ 1/2 0:00"
    assert seen.look("05_nomogram") == ("[2/2] 05_nomogram running", bar)
    assert seen.look("05_nomogram") == ("", bar)
    status.say("done")
    assert seen.look("05_nomogram") == ("[2/2] 05_nomogram done after 0:00", "")
    assert seen.failed == {}


def test_what_a_run_needs_lies_outside_of_the_results(here):
    assert terminal.workplace("mine") == here / ".thyro/mine"
    assert not (here / "results").exists()
