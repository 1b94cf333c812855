"""How far a loop is: a file under papermill, a bar in JupyterLab, the items untouched."""

import json

import pytest

from thyro.store import progress


def test_progress_under_papermill_goes_to_a_file(project, monkeypatch):
    target = project / "job.progress"
    monkeypatch.setenv(progress.PROGRESS_FILE, str(target))
    assert list(progress.progress_bar("patients")(range(3))) == [0, 1, 2]
    assert json.loads(target.read_text()) == {"label": "patients", "done": 3, "total": 3}


def test_a_loop_without_length_says_its_total(project, monkeypatch):
    target = project / "job.progress"
    monkeypatch.setenv(progress.PROGRESS_FILE, str(target))
    said = []
    for item in progress.progress_bar("steps")(iter("ab"), total=2):
        said.append((item, target.is_file()))
    assert said == [("a", False), ("b", True)]  # an item counts when its turn is over
    assert json.loads(target.read_text())["done"] == 2


def test_a_loop_of_unknown_length_is_refused(project, monkeypatch):
    monkeypatch.setenv(progress.PROGRESS_FILE, str(project / "job.progress"))
    with pytest.raises(TypeError, match="progress of steps: say the total"):
        progress.progress_bar("steps")(iter("ab"))


def test_elsewhere_it_is_a_bar_of_tqdm_and_no_file(project, monkeypatch):
    monkeypatch.delenv(progress.PROGRESS_FILE, raising=False)
    before = sorted(project.rglob("*"))
    assert list(progress.progress_bar("patients")([3, 4])) == [3, 4]
    assert sorted(project.rglob("*")) == before
