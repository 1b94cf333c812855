import json

import pytest

from thyro.report import passports

QMD = """
::: {#fig-roc fig-alt="Curves"}
{{< embed notebooks/06_statistics.ipynb#roc >}}

Curves.
:::

::: {.content-visible when-meta="has.images"}
::: {#supptbl-list}
{{< embed notebooks/02_features_or.ipynb#feature-list >}}

{{< embed notebooks/02_features_or.ipynb#ibsi >}}

Two.
:::
:::

::: {#tbl-typed}
| a |
|---|

Typed.
:::
"""


@pytest.fixture
def study(tmp_path):
    """A study of one notebook with two outputs, and a sidecar whose file is gone."""
    folder = tmp_path / "results/demo"
    (folder / "notebooks").mkdir(parents=True)
    (folder / "06_statistics").mkdir()
    run = {"start_time": "2026-01-01T10:00:00", "end_time": "2026-01-01T10:03:21"}
    notebook = {"cells": [], "metadata": {"papermill": run}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "notebooks/06_statistics.ipynb").write_text(json.dumps(notebook))
    (folder / "notebooks/06_statistics.json").write_text('{"seconds": 201.2, "peak_mb": 585}')
    for name, inputs in (
        ("a.parquet", {"results/demo/00_cohort/patients.parquet": "ab" * 32}),
        ("b.json", {"results/demo/00_cohort/cohort.json": "cd" * 32}),
        ("gone.json", {"never.json": "ef" * 32}),
    ):
        sidecar = {
            "notebook": "06_statistics",
            "parameters": {"level": 0.95, "name": "<b>"},
            "inputs": inputs,
            "commit": "35e0a91274f2",
        }
        (folder / f"06_statistics/{name}.json").write_text(json.dumps(sidecar))
        if "gone" not in name:
            (folder / f"06_statistics/{name}").write_text("{}")
    return folder


def test_a_passport_joins_what_is_on_record(study):
    (passport,) = passports.notebook_passports(study).values()
    assert passport.parameters["level"] == 0.95
    assert list(passport.inputs) == [
        "results/demo/00_cohort/patients.parquet",
        "results/demo/00_cohort/cohort.json",
    ]
    assert passport.outputs == ("06_statistics/a.parquet", "06_statistics/b.json")
    assert passport.commits == ("35e0a91274f2",) and passport.seconds == 201.2
    assert (passport.started, passport.ended) == ("2026-01-01T10:00:00", "2026-01-01T10:03:21")


def test_a_notebook_without_records_says_so(study):
    for file in (study / "06_statistics").iterdir():
        file.unlink()
    (study / "notebooks/06_statistics.json").unlink()
    text = passports.facts(passports.notebook_passports(study)["06_statistics"])
    assert "not recorded" in text and "Notebook took" not in text


def test_cells_of_every_float_are_found(tmp_path):
    (tmp_path / "index.qmd").write_text(QMD)
    (tmp_path / "_table.qmd").write_text("::: {#fig-no}\n:::\n")
    # a source that this study does not include may have a figure of the same name
    other = "::: {#fig-roc}\n{{< embed notebooks/other.ipynb#roc >}}\n:::\n"
    (tmp_path / "other.qmd").write_text(other)
    assert passports.embedded_cells(tmp_path) == {
        "fig-roc": [("06_statistics", "roc")],
        "supptbl-list": [("02_features_or", "feature-list"), ("02_features_or", "ibsi")],
        "tbl-typed": [],
    }


def test_a_passport_leads_to_cell_and_record(study):
    made = passports.notebook_passports(study)
    text = passports.as_html("Figure 4", [("06_statistics", "roc")], "notebooks")
    assert 'href="notebooks/06_statistics.html#cell-roc"' in text
    assert 'href="#record-06_statistics"' in text and "of Figure 4</span>" in text
    records = passports.record_section(made)
    assert 'id="record-06_statistics"' in records
    assert "abababababab</code>" in records and "201 s" in records and "35e0a91274f2" in records
    assert "<b>" not in records and "&lt;b&gt;" in records


def test_what_no_notebook_shows_says_so(study):
    assert "This is text of the manuscript." in passports.as_html("Table 9", [], "notebooks")


def test_what_the_report_made_names_its_files(tmp_path):
    (tmp_path / "index.qmd").write_text(QMD + "\n::: {#tbl-made}\n{{< include _made.qmd >}}\n:::\n")
    files = passports.included_files(tmp_path, {"made": ["a/<b>.parquet"]})
    assert files == {
        "fig-roc": [],
        "supptbl-list": [],
        "tbl-typed": [],
        "tbl-made": ["a/<b>.parquet"],
    }
    text = passports.as_html("Table 9", [], "notebooks", files=files["tbl-made"])
    assert "made this from <code>a/&lt;b&gt;.parquet</code>." in text
