"""Words on how results were made: by their sidecars, every commit and version that differs."""

import json
from types import SimpleNamespace

import pytest

from thyro.report.words import provenance

STUDY = SimpleNamespace(jobs={"00_cohort": None, "06_statistics": None})


def sidecar(commit, **versions):
    return {"commit": commit, "device": "x86_64", "versions": {"python": "3.11"} | versions}


@pytest.fixture
def folder(tmp_path):
    """Two results with sidecars, one of which is older, and a sidecar whose file is gone."""
    for name, made in (
        ("06_statistics/a.parquet", sidecar("new+", numpy="2.1", scipy="1.9")),
        ("00_cohort/b.json", sidecar("old", numpy="2.0")),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
        (tmp_path / f"{name}.json").write_text(json.dumps(made))
    (tmp_path / "06_statistics/gone.parquet.json").write_text(json.dumps(sidecar("gone")))
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks/a.ipynb.json").write_text("{}")  # of no stage
    for job, seconds in (("00_cohort", 2.0), ("06_statistics", 1.26)):
        record = {"seconds": seconds, "peak_mb": 1234}
        (tmp_path / f"notebooks/{job}.json").write_text(json.dumps(record))
    return tmp_path


def test_sidecars_come_in_the_order_of_stages_without_those_of_lost_files(folder):
    assert [made["commit"] for made in provenance.sidecars(folder)] == ["old", "new+"]


def test_packages_are_those_that_the_sidecars_name(folder):
    recorded = [made["versions"] for made in provenance.sidecars(folder)]
    assert provenance.versions(recorded) == {
        "python": "3.11",
        "packages": "numpy 2.0 and 2.1, scipy 1.9",
    }


def test_the_runs_are_those_of_the_study(folder, monkeypatch):
    monkeypatch.setattr(provenance.store, "path", lambda name: folder)
    rows = provenance.rows(STUDY, SimpleNamespace(folder="results/a"))
    assert rows == [
        {"Notebook": "00_cohort", "Seconds": "2.0", "Peak memory, MB": "1,234"},
        {"Notebook": "06_statistics", "Seconds": "1.3", "Peak memory, MB": "1,234"},
    ]


def test_a_plus_that_is_not_there_is_not_explained():
    assert provenance.commits(["a", "b", "a"]) == "a and b"


def test_the_run_is_told_whole(folder, monkeypatch):
    monkeypatch.setattr(provenance.store, "path", lambda name: folder)
    study = SimpleNamespace(jobs=STUDY.jobs, compute=SimpleNamespace(device="cuda", seed=7))
    run = provenance.texts(study, SimpleNamespace(folder="results/a"))["run"]
    assert run["commit"] == "old and new+ (+: with changes that were not committed)"
    assert run["seconds"] == "3" and run["seed"] == "7"
    assert run["device"] == "a CUDA device (x86_64)"
