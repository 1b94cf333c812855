"""What is stale, and why, in words of the study."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.run.test_workflow import finished  # noqa: F401  # a fixture
from thyro.run import status
from thyro.study import StudyError, job_arguments, load_study


@pytest.fixture
def study(here):
    return load_study("smoke", Path("params"))


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (
            "Updated input files: thyro/selection/filters.py, thyro/selection/select.py",
            ["code of selection/filters.py, selection/select.py changed"],
        ),
        ("Updated input files: notebooks/03_selection.ipynb", ["its notebook changed"]),
        (
            "Updated input files: requirements.lock, w.pth; "
            "Input files updated by another job: results/smoke/02_features/sizes_or.parquet",
            [
                "the environment (requirements.lock) changed",
                "w.pth changed",
                "it follows 02_features_or",
            ],
        ),
        (
            "Missing output files: results/smoke/03_selection/fate_or.parquet",
            ["03_selection/fate_or.parquet is not there"],
        ),
        ("Incomplete output files: a", ["it was stopped before it ended"]),
        ("Code has changed since last execution", ["the way it is called has changed (Snakefile)"]),
        (
            "Set of input files has changed since last execution",
            ["it reads other files, or its code uses other modules, than before"],
        ),
        (
            'Params have changed since last execution: before: {"a": "Missing output files: b"}',
            ["a file of the data folder changed, or another folder is named"],
        ),
    ],
)
def test_a_reason_of_snakemake_is_put_into_words(study, reason, words):
    assert status._in_words(reason, "03_selection", "smoke", study, "") == words


def test_many_files_are_counted(study):
    files = [f"thyro/{i}.py" for i in range(9)]
    (told,) = status._in_words(f"Updated input files: {', '.join(files)}", "x", "smoke", study, "")
    assert told == "code of 0.py, 1.py, 2.py and 6 more changed"


def test_another_parameter_is_told_with_its_value_before(study):
    job = study.jobs["06_statistics"]
    values = job_arguments(study, "smoke", job, data="") | {"level": 0.9, "workers": 7}
    folder = Path(f"results/smoke/{job.folder}")
    folder.mkdir(parents=True)
    (folder / f"{job.writes[0]}.json").write_text(json.dumps({"parameters": values}))
    for reason in ("Params have changed since last execution: x", "Forced execution"):
        told = status._in_words(reason, job.name, "smoke", study, "")
        assert told == ["parameter level 0.9 -> 0.95"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.9, "0.9"), ("B", "B"), ("", '""'), (None, "null"), ("x" * 99, "x" * 40 + "…")],
)
def test_a_value_stands_as_in_a_study_file_and_is_cut_where_it_is_long(value, text):
    assert status._value(value) == text


def test_a_study_that_never_ran_says_so_and_leaves_nothing(here, capsys):
    status.print_status("smoke")
    said = capsys.readouterr().out
    assert "03_selection          never run\n" in said
    assert "10 of 10 would run: thyro report smoke\n" in said
    assert not Path("results").exists()


def test_what_changed_is_told_stage_by_stage(finished):  # noqa: F811
    project, _ = finished
    (project / "results/x/05_nomogram/logistic.parquet").unlink()
    (project / "weights.pth").write_text("other")
    told = {one.name: one for one in status.status("x")}
    assert told["02_features_or"].why == ("weights.pth changed",)
    assert told["00_cohort"].state == status.FRESH
    assert told["04_models"].why[-1].startswith("it follows 02_features_or")
    assert told["05_nomogram"].why[0] == "05_nomogram/logistic.parquet is not there"
    assert told["report"].state == status.STALE


@pytest.mark.parametrize(
    ("data", "message"), [("", "say --data path"), ("absent", "absent is not there")]
)
def test_the_folder_of_a_study_has_to_be_there(here, data, message):
    with pytest.raises(StudyError, match=message):
        status.status("mine", data=data)


def test_the_folder_of_the_last_run_is_remembered(here, monkeypatch):
    beside = Path("results/mine/00_cohort/patients.parquet.json")
    beside.parent.mkdir(parents=True)
    beside.write_text(json.dumps({"parameters": {"data_dir": "data"}}))
    seen = []

    def call(command, **how):
        seen.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(status.subprocess, "run", call)
    assert {one.state for one in status.status("mine")} == {status.NEVER}
    assert '"data": "data"' in seen[0][seen[0].index("--config") + 1]


def test_what_snakemake_cannot_tell_is_kept_for_the_user(here, monkeypatch):
    failed = subprocess.CompletedProcess([], 1, "said", "why")
    monkeypatch.setattr(status.subprocess, "run", lambda *words, **how: failed)
    with pytest.raises(StudyError, match="Snakemake cannot tell; see .*snakemake.log"):
        status.status("smoke")
    assert Path(".thyro/smoke/snakemake.log").read_text() == "saidwhy"
