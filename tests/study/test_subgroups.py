"""Groups of patients in a study file: what is accepted, and what a message says of the rest."""

from pathlib import Path

import pytest
import yaml

from tests.study.test_settings import SCORES
from thyro.study import StudyError, Subgroup, Variable, check_subgroups, load_study

VARIABLES = [
    Variable(name="age", label="Age", kind="continuous"),
    Variable(name="scanner", label="Scanner", kind="categorical", levels=["A", "B"]),
]


def test_levels_and_cuts_are_accepted():
    check_subgroups(
        [Subgroup(variable="age", cuts=[40.0, 60.0]), Subgroup(variable="scanner")], VARIABLES
    )


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ([{"variable": "iq"}], "'iq' is not among the variables ['age', 'scanner']"),
        ([{"variable": "age"}], "'age' is continuous: say `cuts`, such as [55]"),
        ([{"variable": "scanner", "cuts": [1.0]}], "'scanner' is categorical: leave `cuts` out"),
        ([{"variable": "scanner"}] * 2, "'scanner' is named twice"),
    ],
)
def test_what_cannot_be_grouped_is_named(declared, message):
    with pytest.raises(ValueError) as caught:
        check_subgroups([Subgroup(**one) for one in declared], VARIABLES)
    assert message in str(caught.value)


def write(tmp_path, **sections):
    for name in ("demo", "smoke"):
        text = Path("params", f"{name}.yml").read_text(encoding="utf-8")
        (tmp_path / f"{name}.yml").write_text(text, encoding="utf-8")
    (tmp_path / "x.yml").write_text(yaml.safe_dump({"extends": "demo"} | sections))
    return load_study("x", tmp_path)


@pytest.mark.parametrize(
    ("statistics", "message"),
    [
        ({"subgroups": [{"variable": "iq"}]}, "`statistics.subgroups`: 'iq' is not among the"),
        ({"subgroups": [{"variable": "age", "cuts": [60.0, 40.0]}]}, "`cuts` of 'age' must rise"),
        ({"subgroup_threshold": 1.0}, "`statistics.subgroup_threshold`"),
    ],
)
def test_a_study_file_with_such_groups_is_refused(tmp_path, statistics, message):
    with pytest.raises(StudyError) as caught:
        write(tmp_path, **SCORES, statistics=statistics)
    assert message in str(caught.value)


def test_a_folder_study_does_not_take_over_the_groups_of_the_simulation(tmp_path):
    assert write(tmp_path).statistics.subgroups
    assert write(tmp_path, **SCORES).statistics.subgroups == []
