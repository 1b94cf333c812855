"""What can be known of a study before its first notebook runs."""

from pathlib import Path

import pytest
import yaml

from tests.projects import STUDY
from thyro.run import check_study
from thyro.study import StudyError


def write(project, name, **sections):
    (project / f"params/{name}.yml").write_text(yaml.safe_dump({"extends": "smoke"} | sections))


def test_a_good_study_is_returned(here):
    assert check_study("mine", data="data").title == "A folder"
    assert check_study("smoke", data="").cohort.n_patients == 60


def test_letters_that_no_font_has_stop_before_anything_runs(here, monkeypatch):
    from thyro.figures import fonts

    monkeypatch.setattr(fonts, "families", lambda: ("DejaVu Sans",))  # whatever is installed here
    text = STUDY.replace("label: Age", "label: 年龄").replace("title: A folder", "title: 결절 2")
    (here / "params/mine.yml").write_text(text)
    with pytest.raises(StudyError) as caught:
        check_study("mine")
    assert str(caught.value).splitlines() == [
        "params/mine.yml: `title` holds 결절, which no font of this machine can draw.",
        "params/mine.yml: `age: 年龄` holds 年龄, which no font of this machine can draw.",
        f"Install one of {', '.join(fonts.STAND_INS)}, or write it in other letters.",
    ]


@pytest.mark.parametrize("label", ["Ηλικία", "Возраст (лет)", "Âge (années)", "Größe ≥ 4 mm²"])
def test_greek_cyrillic_and_accented_letters_need_no_font(here, label):
    (here / "params/mine.yml").write_text(STUDY.replace("label: Age", f"label: {label}"))
    assert check_study("mine").cohort.variables[0].label == label


def test_a_device_that_is_not_there_stops_before_anything_runs(here, monkeypatch):
    (here / "params/mine.yml").write_text(STUDY + "compute: {device: cuda}\n")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(StudyError, match="sees no CUDA device here. Use cpu"):
        check_study("mine")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "params/mine.yml reads a folder: say DATA=path/to/folder."),
        ("absent", "DATA: absent is not there. Name an existing folder."),
        ("params", "table of `cohort`: params/patients.csv is not there."),
    ],
)
def test_a_folder_and_its_table_have_to_be_there(here, data, message):
    with pytest.raises(StudyError, match=message):
        check_study("mine", data=data)


@pytest.mark.parametrize("name", ["PATIENTS.csv", "Patients.CSV"])
def test_a_table_may_be_in_another_spelling(here, name):
    (here / "data/patients.csv").rename(here / "data" / name)
    assert check_study("mine", data="data").cohort.table == "patients.csv"
    (here / "data" / name.lower().replace("p", "P", 1)).touch()
    (here / "data" / "pAtients.csv").touch()
    with pytest.raises(StudyError, match="table of `cohort`: data/patients.csv is not there."):
        check_study("mine", data="data")


def test_the_table_of_external_patients_has_to_be_there(here):
    (here / "params/mine.yml").write_text(STUDY + "external: {table: other.csv}\n")
    with pytest.raises(StudyError, match="table of `external`: data/other.csv is not there."):
        check_study("mine", data="data")


def test_printed_numbers_to_be_audited_have_to_be_there_and_readable(here):
    write(here, "other", published="docs/example.yml")
    with pytest.raises(StudyError, match="`published`: path: expected the printed numbers in"):
        check_study("other")
    (here / "docs").mkdir()
    text = Path(__file__).parents[2].joinpath("docs/audit_example.yml").read_text(encoding="utf-8")
    (here / "docs/example.yml").write_text(text, encoding="utf-8")
    assert check_study("other").published == "docs/example.yml"
    wrong = text.replace("fitted_on: Train", "fitted_on: Nobody")
    (here / "docs/example.yml").write_text(wrong, encoding="utf-8")
    with pytest.raises(StudyError, match="`published`: .*cohorts.fitted_on: expected one of"):
        check_study("other")


def test_a_file_of_decisions_need_not_be_there_but_has_its_place_in_the_folder(here):
    decided = STUDY.replace("outcome_column: y", "outcome_column: y\n  decisions: read/d.csv")
    (here / "params/mine.yml").write_text(decided)
    assert check_study("mine", data="data").cohort.decisions == "read/d.csv"
    (here / "data/read").symlink_to(here / "params")
    message = "params/mine.yml: `cohort.decisions`: read/d.csv is a folder, or a link out of the"
    with pytest.raises(StudyError, match=message):
        check_study("mine", data="data")
    (here / "data/read").unlink()
    (here / "data/read/d.csv").mkdir(parents=True)
    with pytest.raises(StudyError, match=message):
        check_study("mine", data="data")


def test_a_simulation_reads_no_folder(here):
    with pytest.raises(StudyError, match="smoke.yml simulates its patients and reads no folder"):
        check_study("smoke", data="data")


@pytest.mark.parametrize(
    ("candidates", "message"),
    [
        (["agee"], "params/x.yml: `nomogram.candidates`: 'agee' is not among the variables"),
        (["age", "lnm_location"], "'lnm_location' is not required of every patient or not known"),
    ],
)
def test_candidates_of_a_simulation_are_variables_that_it_has(here, candidates, message):
    write(here, "x", nomogram={"candidates": candidates})
    with pytest.raises(StudyError, match=message):
        check_study("x")


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ({"variable": "sex"}, "params/x.yml: `statistics.subgroups`: 'sex' is not among the var"),
        ({"variable": "age"}, "params/x.yml: `statistics.subgroups`: 'age' is continuous: say"),
    ],
)
def test_groups_of_a_simulation_are_of_variables_that_it_has(here, group, message):
    write(here, "x", statistics={"subgroups": [group]})
    with pytest.raises(StudyError, match=message):
        check_study("x")


def test_candidates_that_the_simulation_has_are_accepted(here):
    write(here, "x", nomogram={"candidates": ["age", "margin"]})
    assert check_study("x").nomogram.candidates == ["age", "margin"]


@pytest.mark.parametrize(
    ("section", "key"), [("features", "weights"), ("super_resolution", "start")]
)
def test_a_file_of_weights_has_to_be_there(here, section, key):
    write(here, "x", **{section: {key: "weights/mine.safetensors"}})
    message = f"params/x.yml: `{section}.{key}`: weights/mine.safetensors is not there"
    with pytest.raises(StudyError, match=message):
        check_study("x")
    (here / "weights").mkdir()
    (here / "weights/mine.safetensors").write_bytes(b"")
    assert list(check_study("x").checkpoints) == [f"{section}.{key}"]


def test_a_notebook_that_knows_other_parameters_stops(here, monkeypatch):
    monkeypatch.setattr("thyro.study.arguments.COMPUTE", {"cohort": ("workers", "cluster")})
    with pytest.raises(StudyError, match="00_cohort.*Unknown to the notebook: .'cluster'"):
        check_study("smoke")
