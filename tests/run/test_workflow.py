"""What is stale runs again, and nothing else."""

import fcntl
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.projects import ROOT, STUDY, call
from thyro.run import workflow
from thyro.study import StudyError, job_arguments, load_study


def test_two_runs_of_one_study_do_not_meet(here):
    folder = here / ".thyro/mine"
    folder.mkdir(parents=True)
    with open(folder / "lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with (
            pytest.raises(StudyError, match="another run of this study is going on"),
            workflow._only_one(folder, "mine"),
        ):
            pass
    with workflow._only_one(folder, "mine"):  # the system let go
        pass


def test_a_run_ends_when_the_one_who_asked_for_it_is_gone():
    watching = (
        "import sys, time; from thyro import core; core.end_with_parent();"
        "print(flush=True); time.sleep(60)"
    )
    asking = (
        "import subprocess, sys;"
        f"p = subprocess.Popen([sys.executable, '-c', {watching!r}], stdout=subprocess.PIPE);"
        "p.stdout.readline(); print(p.pid)"  # gone as soon as the other one watches
    )
    done = subprocess.run([sys.executable, "-c", asking], cwd=ROOT, capture_output=True, text=True)
    pid = int(done.stdout)
    for _ in range(500):
        if not _alive(pid):
            return
        time.sleep(0.02)
    raise AssertionError("the orphan lives on")


def _alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0]
    except OSError:
        return False


@pytest.mark.parametrize("changed", [None, "06_statistics"])
def test_results_of_other_parameters_make_a_job_stale(here, changed):
    study = load_study("smoke", Path("params"))
    for name in ("05_nomogram", "06_statistics"):
        job = study.jobs[name]
        values = job_arguments(study, "smoke", job, data="") | {"workers": 9}
        values |= {"level": 0.9} if name == changed else {}
        folder = Path(f"results/smoke/{name}")
        folder.mkdir(parents=True)
        for file in job.writes:
            (folder / f"{file}.json").write_text(json.dumps({"parameters": values}))
    stale = [changed] if changed else []
    assert workflow.other_parameters("smoke", study, "") == stale
    command = workflow.snakemake_command("smoke", study, "")
    assert command[command.index("--config") + 2 :] == (["--forcerun", *stale] if stale else [])


def test_another_file_in_the_folder_makes_the_cohort_stale(here):
    before = workflow.fingerprint("data")
    assert workflow.fingerprint("data") == before
    (here / "data/i3.png").touch()
    assert workflow.fingerprint("data") != before
    before = workflow.fingerprint("data")
    (here / "data/decisions.csv").write_text("image_id,decision\n")  # of a reader
    assert workflow.fingerprint("data") != before
    assert workflow.fingerprint("") == ""


def test_a_study_whose_name_is_a_number_keeps_it(here):
    """Snakemake reads `study=007` as 7, in quotes too."""
    (here / "params/007.yml").write_text(STUDY)
    (here / "1e3").symlink_to("data")
    command = workflow.snakemake_command("007", load_study("007", Path("params")), "1e3")
    done = call(here, [*command, "--dry-run", "--printshellcmds"])
    assert done.returncode == 0, done.stderr
    assert "thyro.cli run 00_cohort 007 --data 1e3\n" in done.stdout
    assert "thyro.cli render 007\n" in done.stdout
    assert "results/007/06_statistics/calibration.parquet" in done.stdout


@pytest.mark.parametrize("name", ["007", "1e3", "yes", "a b", "null", '"x"', "ä: {b}"])
def test_names_reach_the_snakefile_as_they_are(here, name):
    from snakemake.cli import parse_config

    command = workflow.snakemake_command(name, load_study("mine", Path("params")), name)
    config = parse_config([command[command.index("--config") + 1]])
    assert config == {"asked": {"study": name, "data": name}}


@pytest.fixture
def finished(here):
    """Files of every job of a study with its own weights, in the order in which they are made."""
    (here / "weights.pth").write_text("old")
    (here / "params/x.yml").write_text("extends: smoke\nfeatures: {weights: weights.pth}\n")
    study = load_study("x", Path("params"))
    report = [f"report/{f}" for f in ("index.html", "thyro.pdf", "thyro.docx", "calculator.html")]
    for file in [*(f for job in study.jobs.values() for f in job.left), *report]:
        (here / "results/x" / file).parent.mkdir(parents=True, exist_ok=True)
        (here / "results/x" / file).write_text("")
    return here, [*workflow.snakemake_command("x", study, ""), "--dry-run"]


def reasons(output: str) -> dict[str, str]:
    """Why each job of a dry run would run."""
    found, job = {}, ""
    for line in output.split("\n"):
        if line.startswith("rule "):
            job = line.removeprefix("rule ").rstrip(":")
        elif line.startswith("    reason: "):
            found[job] = line.removeprefix("    reason: ")
    return found


def test_a_file_that_was_deleted_is_made_again_and_a_new_checkpoint_is_used(finished):
    project, command = finished
    assert "Nothing to be done" in call(project, command).stdout
    deleted = {
        "00_cohort": "00_cohort/truth.parquet",
        "05_nomogram": "05_nomogram/logistic.parquet",
        "06_statistics": "06_statistics/recipes.parquet",
        "03_selection": "notebooks/03_selection.json",
    }
    for file in deleted.values():
        (project / "results/x" / file).unlink()
    (project / "weights.pth").write_text("new")
    done = call(project, command)
    assert done.returncode == 0, done.stderr
    why = reasons(done.stdout)
    for job, file in deleted.items():
        assert f"results/x/{file}" in why[job]
    for job in ("02_features_or", "02_features_sr"):
        assert why[job].startswith("Updated input files: weights.pth")
    assert "weights.pth" not in why["02_features_bc"]
    assert "results/x/06_statistics/recipes.parquet" in why["report"]
