"""A table of predictions goes to a study, a project of its own, and a folder with the report."""

import argparse
import subprocess
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.cohort.test_score_table import GOOD, with_cell
from tests.projects import ROOT
from thyro import cohort
from thyro.run import table_audit
from thyro.study import StudyError, load_study


def options(*words, file="scores.csv"):
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    table_audit.add_table_options(parser)
    return table_audit.table_options(parser.parse_args([file, *words]))


def test_words_of_the_command_line_become_options():
    out, said = options("--role", "a=b=score", "--role", "doctor=reading", "--id", "none")
    assert out == Path.cwd() / "scores_audit"
    assert said["said"] == {"a=b": "score", "doctor": "reading"}
    assert (said["id_column"], said["encoding"], said["exclude_invalid"]) == (
        "none",
        "utf-8",
        False,
    )
    assert options("--out", "/x")[0] == Path("/x")
    with pytest.raises(StudyError, match="--role doctor: expected COLUMN=ROLE"):
        options("--role", "doctor")


def made(text, folder, **options):
    """The study that is written for a table, read back by the typed model."""
    table = cohort.read_score_table(text.encode(), "scores.csv", **options)
    about = table_audit.written_study(table, "scores.csv")
    (folder / "demo.yml").write_text((ROOT / "params/demo.yml").read_text())
    (folder / "scores.yml").write_text(yaml.safe_dump(about))
    return load_study("scores", folder)


def test_one_cohort_is_judged_as_a_whole_and_in_groups(tmp_path):
    study = made(GOOD, tmp_path)
    assert study.cohort.named == ["whole"] and not study.has_nomograms
    assert [*study.jobs] == ["00_cohort", "06_scores"]
    assert "subgroups.parquet" in study.jobs["06_scores"].writes
    assert study.judged == {"prediction": "probability"}
    assert study.guessed[-1] == "gender: groups of patients (2 levels)"
    assert study.cohort.criteria == []


def test_cohorts_and_excluded_rows_are_those_of_the_table(tmp_path):
    lines = [
        f"{line},{'cohort' if i == 0 else 'ab'[i > 20]}" for i, line in enumerate(GOOD.split())
    ]
    text = with_cell(12, 2, "7", text="\n".join(lines))
    study = made(text, tmp_path, exclude_invalid=True)
    assert study.cohort.named == ["a", "b"]
    assert study.cohort.criteria[0].label == "a cell that cannot be used"
    assert study.guessed[-1].startswith(
        "1 row was left out for a cell that cannot be used, as asked"
    )


def test_scores_get_names_that_tables_can_hold():
    columns = ["LLNM-Net", "模型A", "概率", "OR_SVM", "Radiologist", "a?", "a!"]
    assert table_audit.score_names(columns) == {
        "LLNM-Net": "LLNM-Net",
        "模型A": "A",
        "概率": "Score 3",
        "OR_SVM": "Score 4 OR_SVM",
        "Radiologist": "Score 5 Radiologist",
        "a?": "a",
        "a!": "Score 7 a",
    }


@pytest.fixture
def judged(here, monkeypatch):
    """Calls of the chain, which leaves a page."""
    calls = []

    def call(command, *, cwd, check):
        calls.append((command[2:], pd.read_csv(cwd / "data/table.csv")))
        page = cwd / "results/scores/report/index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text("page")
        return subprocess.CompletedProcess(command, len(calls) - 1)

    monkeypatch.setattr(table_audit.subprocess, "run", call)
    (here / "scores.csv").write_text(GOOD)
    return here, calls


def test_the_report_is_delivered_and_the_copy_of_the_table_does_not_stay(judged, capsys):
    here, calls = judged
    table_audit.audit_table(here / "scores.csv", here / "out")
    ((command, table),) = calls
    assert command == ["thyro.cli", "report", "scores", "--data", "data"]
    assert list(table) == ["patient", "prediction", "gender", "metastasis"] and len(table) == 40
    assert sorted(file.name for file in (here / "out").iterdir()) == ["index.html", "study.yml"]
    project = here / ".thyro/audit/scores"
    assert not (project / "data").exists() and (project / "notebooks").is_symlink()
    said = capsys.readouterr().out
    assert "  metastasis: the outcome (1 and 0, and the name of one)" in said
    assert not (here / "params/scores.yml").exists()  # the user's studies are left alone
    with pytest.raises(SystemExit) as stop:  # the second run fails; the report that is there stays
        table_audit.audit_table(here / "scores.csv", here / "out")
    assert stop.value.code == 1 and (here / "out/index.html").is_file()


@pytest.mark.parametrize(
    ("file", "out", "message"),
    [
        ("nowhere.csv", "out", "nowhere.csv: no such file"),
        ("bad.csv", "out", "no row below the header"),
        ("scores.csv", "params", "holds something else; name a new folder: --out FOLDER"),
    ],
)
def test_what_cannot_be_audited_leaves_nothing(judged, file, out, message):
    here, calls = judged
    (here / "bad.csv").write_text("a,b")
    with pytest.raises((StudyError, FileNotFoundError), match=message):
        table_audit.audit_table(here / file, here / out)
    assert calls == [] and not (here / "out").exists() and not (here / ".thyro").exists()
