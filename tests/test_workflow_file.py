"""The workflow of GitHub Actions is readable, and calls what exists."""

import re
from pathlib import Path

import pytest
import yaml

from thyro import cli

FILE = Path(".github/workflows/report.yml")
TEXT = FILE.read_text(encoding="utf-8")
JOBS = yaml.safe_load(TEXT)["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]
RUNS = [step["run"] for step in STEPS if "run" in step]


def test_steps_use_an_action_or_run_a_command():
    assert all(("uses" in step) != ("run" in step) for step in STEPS)
    for step in STEPS:
        assert re.fullmatch(r"[\w-]+/[\w./-]+@v\d+", step.get("uses", "a/b@v1")), step


def test_the_report_is_rendered_by_a_pinned_quarto_before_numbers_are_compared():
    (quarto,) = [step for step in STEPS if "quarto-actions/setup" in step.get("uses", "")]
    assert re.fullmatch(r"\d+\.\d+\.\d+", quarto["with"]["version"])
    assert RUNS.index("make report STUDY=smoke") < RUNS.index(".venv/bin/thyro drift smoke")
    assert STEPS.index(quarto) < [s.get("run") for s in STEPS].index("make report STUDY=smoke")


@pytest.mark.parametrize("command", RUNS)
def test_a_command_exists(command):
    words = command.split()
    if words[0] == "make":
        targets = re.findall(r"^([a-z]+):", Path("Makefile").read_text(encoding="utf-8"), re.M)
        assert words[1] in targets
        studies = [word.removeprefix("STUDY=") for word in words if word.startswith("STUDY=")]
        assert all(Path(f"params/{name}.yml").is_file() for name in studies)
    else:
        assert words[0] == ".venv/bin/thyro"
        assert cli._parser().parse_args(words[1:]).command in cli.COMMANDS


def test_what_is_published_is_what_the_study_leaves():
    uploads = [step["with"]["path"] for step in STEPS if "upload" in step.get("uses", "")]
    assert uploads == ["results/smoke/report"] * 2
    assert JOBS["publish"]["needs"] == "report"  # which fails where a number has moved


def test_no_address_is_named():
    assert "://" not in TEXT
