"""`thyro init`: what it writes, refuses, asks and says."""

import builtins
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from thyro import cli, cohort
from thyro.run import check_study, first_study_command
from thyro.study import StudyError

TABLE = pd.DataFrame(
    {
        "Patient": [f"P{i:02}" for i in range(24)],
        "Age": range(40, 64),
        "Outcome": [0, 1] * 12,
    }
)


@pytest.fixture
def folder(here):
    """A table of 24 patients, 23 of them with image and mask in a folder beside it."""
    place = here / "mine"
    (place / "files").mkdir(parents=True)
    TABLE.to_csv(place / "t.csv", index=False)
    for name in [f"P{i:02}{end}" for i in range(23) for end in ("", "_mask")] + ["logo"]:
        Image.new("L", (8, 8)).save(place / f"files/{name}.png")
    return place


def init(*words: str) -> str:
    cli.main(["init", *words])
    return Path("params/new.yml").read_text() if Path("params/new.yml").exists() else ""


def test_a_study_with_images_found_by_id_is_valid(folder, capsys):
    text = init("new", "--table", "mine/t.csv", "--images", "mine/files")
    said = capsys.readouterr().out
    source = check_study("new").cohort
    assert (source.image_column, source.mask_column) == (
        "files/{Patient}.png",
        "files/{Patient}_mask.png",
    )
    assert "thyro check new --data mine --page" in text and ": ???" not in text
    assert (
        "files/{Patient}.png: 23 of 24 rows have a file of this name; without one: row 25" in said
    )
    assert "files of no row: files/logo.png" in said
    assert "P07" not in text


def test_a_study_that_is_there_is_left_alone(folder):
    before = Path("params/mine.yml").read_bytes()
    with pytest.raises(SystemExit, match="params/mine.yml is there already, and is left as it is"):
        init("mine", "--table", "mine/t.csv")
    assert Path("params/mine.yml").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["new", "--table", "mine/none.csv"], "none.csv is not there. Name a CSV or XLSX"),
        (["new", "--table", "mine/t.csv", "--images", "mine/t.csv"], "is no folder"),
        (["a/b", "--table", "mine/t.csv"], "'a/b': name a study with letters"),
        (["new", "--table", "mine/t.csv", "--outcome", "Outcom"], "has no column 'Outcom'. It has"),
        (["new", "--table", "mine/t.csv", "--sheet", "A"], "only an XLSX file has sheets"),
    ],
)
def test_a_wrong_call_names_the_remedy_and_writes_nothing(folder, words, message):
    with pytest.raises(SystemExit, match=message):
        init(*words)
    assert not Path("params/new.yml").exists()


def test_a_broken_table_is_named_with_its_row(folder):
    (folder / "t.csv").write_text("Patient,Age,Outcome\nP1,2\nP2,3,1\n")
    with pytest.raises(SystemExit, match="row 2: 2 cells, the header has 3"):
        init("new", "--table", "mine/t.csv")
    assert not Path("params/new.yml").exists()


def test_nothing_but_the_root_in_common_is_refused(tmp_path):
    table = tmp_path / "t.csv"
    table.touch()
    with pytest.raises(StudyError, match="no folder of their own in common"):
        first_study_command._data_folder(table, Path("/usr"))


def two_outcomes(folder):
    table = TABLE.rename(columns={"Outcome": "Malignant"}).assign(Recurrence=[0, 0, 1, 0] * 6)
    table.to_csv(folder / "t.csv", index=False)


def test_an_open_role_is_asked_at_a_terminal(folder, monkeypatch, capsys):
    two_outcomes(folder)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(builtins, "input", lambda question: "2")
    text = init("new", "--table", "mine/t.csv", "--images", "mine/files")
    assert "outcome_column: Recurrence  # named by you" in text
    assert "Which column is the outcome?\n  1  Malignant: '0' in 12" in capsys.readouterr().out
    assert check_study("new").cohort.outcome_column == "Recurrence"


def test_without_a_terminal_nothing_is_asked_and_check_names_the_gap(folder, monkeypatch):
    two_outcomes(folder)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    monkeypatch.setattr(builtins, "input", lambda question: pytest.fail("asked"))
    text = init("new", "--table", "mine/t.csv", "--images", "mine/files")
    number = 1 + [line.split(":")[0] for line in text.splitlines()].index("  outcome_column")
    with pytest.raises(StudyError, match=f"line {number}: `cohort.outcome_column` is open"):
        check_study("new")


def test_no_answer_leaves_a_role_open():
    roles = cohort.guess_roles(
        TABLE.rename(columns={"Outcome": "Malignant"})
        .assign(Recurrence=[0, 0, 1, 0] * 6)
        .astype(str)
    )
    assert first_study_command._asked(roles, lambda question: "") == {}
    assert first_study_command._asked(roles, lambda question: "7") == {}
    assert first_study_command._asked(roles, lambda question: "1") == {"outcome": "Malignant"}
