"""The command line: what a user with a wrong study, folder or image is told."""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from thyro.run import check_study, notebooks, terminal, workflow
from thyro.store import paths, progress
from thyro.study import StudyError, arguments, load_study, plan

ROOT = Path.cwd()
STUDY = """
extends: smoke
title: A folder
cohort:
  source: folder
  table: patients.csv
  id_column: id
  image_column: image
  mask_column: mask
  outcome_column: y
  variables:
    - {name: age, label: Age, kind: continuous, unit: years}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of its own: the real notebooks and package, a folder study, two good patients."""
    for name in ("notebooks", "thyro", "report", "Snakefile", "requirements.lock"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "params").mkdir()
    for study in ("demo", "smoke"):
        (tmp_path / f"params/{study}.yml").write_text((ROOT / f"params/{study}.yml").read_text())
    (tmp_path / "params/mine.yml").write_text(STUDY)
    (tmp_path / "data").mkdir()
    rng = np.random.default_rng(0)
    rows = ["id,image,mask,y,age"]
    for i in range(24):
        Image.fromarray(rng.integers(0, 255, (40, 50), dtype=np.uint8)).save(
            tmp_path / f"data/i{i}.png"
        )
        mask = np.zeros((40, 50), np.uint8)
        mask[10:30, 10:40] = 255
        Image.fromarray(mask).save(tmp_path / f"data/m{i}.png")
        rows.append(f"hospital-{i},i{i}.png,m{i}.png,{i % 2},{40 + i}")
    (tmp_path / "data/patients.csv").write_text("\n".join(rows))
    return tmp_path


def thyro(project, *words):
    """Run the command line in a project."""
    environment = {k: v for k, v in os.environ.items() if k != "MAKELEVEL"}
    return subprocess.run(
        [sys.executable, "-m", "thyro.cli", *words],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["report", "nowhere"], "params/nowhere.yml: no such study. Known studies: demo, mine"),
        (["report", "mine"], "params/mine.yml reads a folder: say DATA=path/to/folder."),
        (["report", "mine", "--data", "absent"], "DATA: absent is not there. Name an existing"),
        (["report", "mine", "--data", "params"], "table of `cohort`: params/patients.csv is not"),
        (["check", "nowhere"], "no such study"),
    ],
)
def test_a_wrong_call_names_the_remedy_and_leaves_nothing(project, words, message):
    done = thyro(project, *words)
    assert done.returncode != 0
    assert message in done.stderr.replace(f"{project}/", "") and "Traceback" not in done.stderr
    assert not (project / "results").exists()


def test_a_device_that_is_not_there_stops_before_anything_runs(project, monkeypatch):
    (project / "params/mine.yml").write_text(STUDY + "compute: {device: cuda}\n")
    monkeypatch.chdir(project)
    paths.project_root.cache_clear()
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(StudyError, match="sees no CUDA device here. Use cpu"):
        check_study("mine")
    paths.project_root.cache_clear()


def test_check_accepts_what_is_there(project):
    done = thyro(project, "check")
    assert done.returncode == 0
    assert done.stdout.split("\n")[:3] == [
        f"params/{s}.yml is valid" for s in ("demo", "mine", "smoke")
    ]


def test_images_that_cannot_be_used_stop_the_run_before_anything_is_written(project):
    Image.fromarray(np.zeros((40, 49), np.uint8)).save(project / "data/m3.png")
    (project / "data/i5.png").unlink()
    done = thyro(project, "report", "mine", "--data", "data")
    assert done.returncode == 1
    for words in (
        "00_cohort stopped",
        "row 5: mask m3.png: 40 x 49 pixels",
        "row 7: image 'i5.png'",
    ):
        assert words in done.stderr
    assert "Traceback" not in done.stderr
    # An error names what it is about; that must not stay in the results.
    assert [file for file in (project / "results").rglob("*") if file.is_file()] == []
    assert (project / ".thyro/mine/00_cohort.failed.ipynb").is_file()


def test_ids_of_the_table_do_not_reach_the_results(project):
    done = thyro(project, "run", "00_cohort", "mine", "--data", "data")
    assert done.returncode == 0, done.stderr
    files = [file for file in (project / "results").rglob("*") if file.is_file()]
    assert len(list((project / "results/mine/00_cohort/images").iterdir())) == 24
    assert [file for file in files if b"hospital-" in file.read_bytes()] == []


def test_two_runs_of_one_study_do_not_meet(project):
    (project / ".thyro/mine").mkdir(parents=True)
    with open(project / ".thyro/mine/lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = thyro(project, "report", "mine", "--data", "data")
    assert done.returncode != 0 and "another run of this study is going on" in done.stderr


def test_a_run_ends_when_the_one_who_asked_for_it_is_gone(project):
    code = (
        "import subprocess, sys, time;"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; from thyro import core;"
        "core.end_with_parent(); time.sleep(60)']);"
        "print(p.pid, flush=True); time.sleep(1.5)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    pid = int(done.stdout)
    for _ in range(50):
        if not _alive(pid):
            return
        subprocess.run(["sleep", "0.1"], check=True)
    raise AssertionError("the orphan lives on")


def _alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0]
    except OSError:
        return False


def test_features_share_the_cores_everything_else_has_them_all():
    study = load_study("demo", Path("params"))
    threads = {name: notebooks.threads_of(study, job) for name, job in plan.JOBS.items()}
    assert threads["02_features_or"] + threads["02_features_sr"] == study.compute.workers
    assert {threads[name] for name in threads if "features" not in name} == {study.compute.workers}


def test_progress_of_a_job_becomes_a_bar(tmp_path, monkeypatch):
    target = tmp_path / "job.progress"
    monkeypatch.setenv(progress.PROGRESS_FILE, str(target))
    list(progress.progress_bar("patients")(range(4)))
    text = terminal._bar(json.loads(target.read_text()), 75)
    assert text == "patients ████████████ 4/4 1:15"


def test_results_of_other_parameters_make_a_job_stale(project, monkeypatch):
    monkeypatch.chdir(project)
    paths.project_root.cache_clear()
    study = load_study("smoke", Path("params"))
    for name in ("05_nomogram", "06_statistics"):
        job = plan.JOBS[name]
        values = arguments.job_arguments(study, "smoke", job, data="")
        changed = values | ({"level": 0.9} if name == "06_statistics" else {})
        folder = Path(f"results/smoke/{name}")
        folder.mkdir(parents=True)
        for file in job.writes:
            (folder / f"{file}.json").write_text(json.dumps({"parameters": changed}))
    assert workflow.other_parameters("smoke", study, "") == ["06_statistics"]
    paths.project_root.cache_clear()


def test_names_of_image_files_are_in_no_log(project):
    """Snakemake logs every input file of a rule; a name may tell who a patient is."""
    (project / "data/patients.csv").write_text("id\nhospital-1\n")
    done = thyro(project, "report", "mine", "--data", "data")
    assert done.returncode == 1 and "no column 'y', 'age'" in done.stderr
    log = (project / ".thyro/mine/snakemake.log").read_text()
    assert "00_cohort" in log and "i0.png" not in log


def test_another_file_in_the_folder_makes_the_cohort_stale(project, monkeypatch):
    monkeypatch.chdir(project)
    paths.project_root.cache_clear()
    before = workflow.fingerprint("data")
    assert workflow.fingerprint("data") == before
    (project / "data/i3.png").touch()
    assert workflow.fingerprint("data") != before
    paths.project_root.cache_clear()


def test_an_example_is_a_folder_that_runs(project):
    done = thyro(project, "example", "try", "--study", "smoke")
    assert done.returncode == 0, done.stderr
    assert "cp try/example.yml params/example.yml" in done.stdout
    (project / "params/example.yml").write_text((project / "try/example.yml").read_text())
    done = thyro(project, "run", "00_cohort", "example", "--data", "try")
    assert done.returncode == 0, done.stderr
    about = json.loads((project / "results/example/00_cohort/cohort.json").read_text())
    assert about["simulated"] and about["external"] and about["second_reader"]
    done = thyro(project, "example", "try")
    assert done.returncode == 1 and "try: not empty; name a new folder" in done.stderr


def test_kernels_are_spoken_to_without_ports_unless_names_get_too_long():
    """Two that start at the same moment chose the same port, once in some hundred runs."""
    assert notebooks._transport("/tmp/abc").KernelManager.transport == "ipc"
    assert "transport" not in notebooks._transport("/tmp/" + 80 * "x").KernelManager
