"""An example: simulated patients as a folder that a user could have."""

import json

import pytest
import yaml

from tests.projects import thyro
from thyro.run import write_example
from thyro.study import StudyError


def test_an_example_is_a_folder_that_runs(project):
    few = {"cohort": {"n_patients": 48, "image_shape": [128, 160]}}
    few["external"] = few["cohort"] | {"n_patients": 20}
    few["compute"] = {"workers": 1}  # a process takes longer to start than its share of the work
    (project / "params/few.yml").write_text(yaml.safe_dump({"extends": "smoke"} | few))
    done = thyro(project, "example", "try", "--study", "few")
    assert done.returncode == 0, done.stderr
    assert "cp try/example.yml params/example.yml" in done.stdout
    (project / "params/example.yml").write_text((project / "try/example.yml").read_text())
    done = thyro(project, "run", "00_cohort", "example", "--data", "try")
    assert done.returncode == 0, done.stderr
    about = json.loads((project / "results/example/00_cohort/cohort.json").read_text())
    assert about["simulated"] and about["external"] and about["second_reader"]


def test_a_folder_that_holds_something_is_left_as_it_is(here):
    before = sorted((here / "data").iterdir())
    with pytest.raises(StudyError, match="data: not empty; name a new folder"):
        write_example(here / "data", "smoke")
    assert sorted((here / "data").iterdir()) == before


def test_only_a_simulation_makes_an_example(here):
    with pytest.raises(StudyError, match="only a simulated study makes an example"):
        write_example(here / "new", "mine")
    assert not (here / "new").exists()
