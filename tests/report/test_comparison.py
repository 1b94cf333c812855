"""Two studies side by side: what the terminal says, and a page that holds all it needs."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from thyro.report import comparison
from thyro.report.render import ReportError

STUDY = """
title: Scores
outcome: metastasis
outcome_levels: ["No", "Yes"]
reference: none
cohort:
  source: folder
  table: t.csv
  id_column: id
  outcome_column: y
  scores: {{Deep: {{column: d, kind: probability}}, Doctor: {{column: r, kind: reading}}}}
  split: none
statistics: {{level: {level}}}
"""


@pytest.fixture
def two(project):
    """Two studies of the same patients, with other scores; the second has another level."""
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 60)
    for name, level in (("one", 0.95), ("two", 0.9)):
        (project / f"params/{name}.yml").write_text(STUDY.format(level=level))
        folder = project / f"results/{name}"
        (folder / "00_cohort").mkdir(parents=True)
        (folder / "06_scores").mkdir()
        ids = [f"PSECRET{i:02d}" for i in range(60)]
        split = pd.Categorical(["whole"] * 60)
        patients = pd.DataFrame({"patient_id": ids, "y": y, "split": split})
        patients.to_parquet(folder / "00_cohort/patients.parquet")
        about = {"variables": {}, "label": "Simulated data" if name == "two" else ""}
        (folder / "00_cohort/cohort.json").write_text(json.dumps(about))
        p = np.clip(0.3 * y + rng.random(60) * 0.7, 0, 1)
        scores = pd.DataFrame({"patient_id": ids, "model": "Deep", "p": p, "protocol": "given"})
        reading = scores.assign(model="Doctor", p=y)
        both = pd.concat([scores, reading])
        both.to_parquet(folder / "00_cohort/scores.parquet")
        picture = io.BytesIO()
        Image.fromarray(rng.integers(0, 255, (40, 2000), dtype=np.uint8)).save(picture, "PNG")
        (folder / "06_scores/roc.png").write_bytes(picture.getvalue())
    return project


def test_the_terminal_is_told_what_differs(two):
    lines = comparison.compare("one", "two").lines
    assert lines[0] == (
        "one and two differ in 1 parameter, have 60 patients in common, and share 1 model in "
        "cohorts of the same name."
    )
    text = "\n".join(lines)
    assert re.search(r"statistics.level +0.95 +0.9\n", text)
    assert re.search(r"Whole cohort +60 \(\d+\) +60 \(\d+\) +60\n", text)
    assert re.search(r"Deep +Whole +60 \(\d+\) .* paired \(60\)", text)
    assert "Doctor" not in text  # a reading has no AUC


def test_the_page_is_whole_and_names_no_patient(two):
    page = comparison.compare("one", "two").page
    assert "PSECRET" not in page and "<script" not in page
    assert "http" not in re.sub(r"http-equiv", "", page)
    assert page.count("data:image/png;base64,") == 3  # the AUCs, and a pair
    assert "one: 06_scores/roc.png" in page and "two: Simulated data" in page
    assert "<td>statistics.level</td>" in page


def test_the_page_is_written_where_it_is_asked_for(two, capsys):
    comparison.write_comparison("one", "two", Path("deep/page.html"))
    assert Path("deep/page.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert capsys.readouterr().out.endswith("deep/page.html\n")


def test_a_study_that_has_not_run_is_named(two):
    (two / "results/two/00_cohort/scores.parquet").unlink()
    with pytest.raises(ReportError, match="results/two: its notebooks .* `thyro run two` first"):
        comparison.compare("one", "two")


def test_a_study_is_not_compared_with_itself(two):
    with pytest.raises(ReportError, match="one: name two studies that differ"):
        comparison.compare("one", "one")


def test_studies_without_a_model_in_common_say_so(two):
    other = (two / "params/two.yml").read_text().replace("Deep:", "Other:")
    (two / "params/two.yml").write_text(other)
    file = two / "results/two/00_cohort/scores.parquet"
    pd.read_parquet(file).replace({"model": {"Deep": "Other"}}).to_parquet(file)
    (two / "results/two/06_scores/roc.png").unlink()
    found = comparison.compare("one", "two")
    assert "No model is in both studies" in found.page and "No figure is in both" in found.page
    assert "share 0 models" in found.lines[0]
