"""One notebook is executed: what it leaves, and what it leaves when it fails."""

import json
import os

import pytest

from tests.projects import thyro
from thyro.run import notebooks, terminal
from thyro.study import StudyError


def test_ids_of_the_table_do_not_reach_the_results(project):
    done = thyro(project, "run", "00_cohort", "mine", "--data", "data")
    assert done.returncode == 0, done.stderr
    files = [file for file in (project / "results").rglob("*") if file.is_file()]
    assert len(list((project / "results/mine/00_cohort/images").iterdir())) == 24
    assert [file for file in files if b"hospital-" in file.read_bytes()] == []
    # And how long it took, for the report.
    record = json.loads((project / "results/mine/notebooks/00_cohort.json").read_text())
    assert record["seconds"] > 0 and record["peak_mb"] > 50
    assert (project / "results/mine/notebooks/00_cohort.ipynb").is_file()


def test_kernels_are_spoken_to_without_ports_unless_names_get_too_long():
    """Two that start at the same moment chose the same port, once in some hundred runs."""
    assert notebooks._transport("/tmp/abc").KernelManager.transport == "ipc"
    assert "transport" not in notebooks._transport("/tmp/" + 80 * "x").KernelManager


@pytest.fixture
def alone(here, monkeypatch):
    """This process does not end with the one that runs the tests."""
    monkeypatch.setattr(notebooks.core, "end_with_parent", lambda: None)
    return here


def state(project, job):
    return terminal.read_json(project / f".thyro/smoke/run/{job}.state")


def test_a_render_leaves_how_long_it_took(alone):
    with notebooks.recorded_render("smoke"):
        assert state(alone, "report")["state"] == "running"
    assert state(alone, "report")["state"] == "done"
    assert json.loads((alone / "results/smoke/notebooks/report.json").read_text())["seconds"] >= 0


def test_a_render_that_fails_says_why_and_leaves_nothing(alone):
    with pytest.raises(OSError, match="disk"), notebooks.recorded_render("smoke"):
        raise OSError("disk full")
    assert state(alone, "report") == {"state": "failed", "message": "OSError: disk full"}
    assert not (alone / "results").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [("CohortError", "no column 'y'\nSee"), ("KeyError", "KeyError: no column 'y'\nSee")],
)
def test_what_a_notebook_raises_on_purpose_is_shown_without_its_kind(
    alone, monkeypatch, name, message
):
    import papermill

    def fail(*places, **how):
        raise papermill.PapermillExecutionError(0, 1, "", name, "no column 'y'", [])

    monkeypatch.setattr(papermill, "execute_notebook", fail)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    with pytest.raises(SystemExit):
        notebooks.run_notebook("smoke", "00_cohort", data="")
    assert state(alone, "00_cohort")["state"] == "failed"
    assert state(alone, "00_cohort")["message"].startswith(message)
    assert not (alone / "results").exists()


def test_a_kernel_is_told_its_job_its_progress_and_its_threads(alone, monkeypatch):
    import papermill

    seen = {}

    def execute(source, target, *, parameters, cwd, **how):
        seen.update(parameters=parameters, cwd=cwd, threads=os.environ["OMP_NUM_THREADS"])
        seen.update(job=os.environ[notebooks.store.NOTEBOOK])
        (alone / target).write_text("{}")

    monkeypatch.setattr(papermill, "execute_notebook", execute)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    notebooks.run_notebook("smoke", "02_features_or", data="")
    assert seen["parameters"]["out_dir"] == "results/smoke/02_features"
    assert (seen["cwd"], seen["job"]) == (str(alone), "02_features_or")
    assert seen["threads"] == "1"  # two cores, shared with those of the other image set
    assert (alone / "results/smoke/notebooks/02_features_or.ipynb").read_text() == "{}"
    assert state(alone, "02_features_or")["state"] == "done"


def test_a_job_that_the_study_does_not_have_is_refused(alone):
    study = (alone / "params/mine.yml").read_text()
    study = study.replace("  image_column: image\n  mask_column: mask\n", "  scores: {Deep: age}\n")
    study += "external: null\nnomogram: {signatures: [Deep]}\n"
    (alone / "params/mine.yml").write_text(study)
    with pytest.raises(StudyError, match="this study has no 04_models"):
        notebooks.run_notebook("mine", "04_models", data="data")
