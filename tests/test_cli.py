"""The command line: what a user with a wrong study, folder or image is told."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.projects import make_project, thyro
from thyro import cli


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["report", "nowhere"], "params/nowhere.yml: no such study. Known studies: demo, mine"),
        (["report", "mine"], "params/mine.yml reads a folder: say DATA=path/to/folder."),
        (["report", "mine", "--data", "absent"], "DATA: absent is not there. Name an existing"),
        (["report", "mine", "--data", "params"], "table of `cohort`: params/patients.csv is not"),
        (["check", "nowhere"], "no such study"),
        (["run", "00_cohort", "mine"], "params/mine.yml reads a folder"),
        (["run", "mine"], "params/mine.yml reads a folder"),
        (["run", "demo", "--until", "07_x"], "this study has no 07_x; it has 00_cohort, 01_super"),
        (
            ["run", "07_x", "mine"],
            "say `thyro run STUDY --until NOTEBOOK`, or `thyro run JOB STUDY`",
        ),
        (["status", "mine"], "params/mine.yml reads a folder: say --data path/to/folder."),
        (["report", "nowhere", "--dry-run"], "no such study"),
        (
            ["compare", "demo", "mine"],
            "results/demo: its notebooks have not all run. Say",
        ),
        (["audit", "nowhere.csv"], "nowhere.csv: no such file."),
        (["render", "nowhere"], "no such study"),
    ],
)
def test_a_wrong_call_names_the_remedy_and_leaves_nothing(project, monkeypatch, words, message):
    monkeypatch.chdir(project)
    monkeypatch.setattr(cli.store, "project_root", lambda: project)
    monkeypatch.setattr("thyro.store.paths.project_root", lambda: project)
    with pytest.raises(SystemExit) as stop:
        cli.main(words)
    assert message in str(stop.value).replace(f"{project}/", "")
    assert not (project / "results").exists()


def test_a_wrong_call_shows_no_traceback(project):
    done = thyro(project, "check", "nowhere")
    assert done.returncode == 1
    assert done.stderr.startswith("thyro: ") and "Traceback" not in done.stderr


def test_a_reader_who_has_seen_enough_ends_the_command_in_silence(project):
    command = f"{sys.executable} -m thyro.cli completion bash | true"
    done = subprocess.run(["bash", "-c", command], cwd=project, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_check_names_results_that_the_report_was_not_rendered_from(project):
    folder = project / "results/demo"
    (folder / "report").mkdir(parents=True)
    entity = {"@id": "06_statistics/delong.parquet", "@type": "File", "sha256": "0" * 64}
    (folder / "ro-crate-metadata.json").write_text(json.dumps({"@graph": [entity]}))
    said = thyro(project, "check", "demo").stdout
    shutil.rmtree(folder)
    assert "results/demo/06_statistics/delong.parquet is not what the report was" in said


def test_check_accepts_what_is_there(project):
    done = thyro(project, "check")
    assert done.returncode == 0
    assert done.stdout.split("\n")[:3] == [
        f"params/{s}.yml is valid" for s in ("demo", "mine", "smoke")
    ]


def test_the_printed_numbers_of_a_publication_are_audited(capsys, tmp_path):
    cli.main(["audit", "docs/audit_example.yml"])
    said = capsys.readouterr().out
    assert "| C1. F1 of the models | Table 2 | B 0.700 (Test) | 0.629 in Test" in said
    assert "A1 Sums and percentages of the table of characteristics: not printed" in said
    file = tmp_path / "paper.yml"
    file.write_text("cohorts: {}", encoding="utf-8")
    with pytest.raises(SystemExit, match="paper.yml: cohorts.parts: expected patients"):
        cli.main(["audit", str(file)])


def test_a_notebook_that_stops_on_purpose_says_why_where_it_was_called(project):
    (project / "data/i5.png").unlink()
    done = thyro(project, "run", "00_cohort", "mine", "--data", "data")
    assert done.returncode == 1
    assert (
        done.stderr.startswith("00_cohort stopped:\n  ") and "row 7: image 'i5.png'" in done.stderr
    )


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
    # Snakemake logs every input file of a rule; a name may tell who a patient is.
    log = (project / ".thyro/mine/snakemake.log").read_text()
    assert "00_cohort" in log
    assert not [f.name for f in (project / "data").glob("*.png") if f.name in log]
