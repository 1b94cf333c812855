"""The plan knows every file that the notebooks and the report of the tiny study read."""

import json
import shutil
from pathlib import Path

import pytest

from tests.reading import read_by_the_report
from thyro.study import plan


@pytest.mark.parametrize("job", plan.plan())
def test_what_a_notebook_read_is_planned(tiny, tiny_study, job):
    planned = tiny_study.jobs[job]
    for file in planned.writes:
        sidecar = json.loads((tiny / planned.folder / f"{file}.json").read_text())
        read = {str(Path(f).relative_to(tiny)) for f in sidecar["inputs"]}
        own = {f for f in read if f.startswith(f"{planned.folder}/")}
        assert read - own <= set(planned.inputs), file


def test_what_the_report_reads_is_left_by_a_job(tiny, tiny_study, tmp_path):
    results = tmp_path / "tiny"
    shutil.copytree(tiny, results)
    (results / "notebooks").mkdir()
    for job in tiny_study.jobs.values():
        shutil.copy(results / f"{job.name}.ipynb", results / job.executed)
        (results / job.record).write_text(json.dumps({"seconds": 1.5, "peak_mb": 400}))
    read = read_by_the_report(results, "tiny", tiny_study)
    assert read - {file for job in tiny_study.jobs.values() for file in job.left} == set()
    # And the record is not empty: these were missing once.
    assert {
        "06_statistics/recovery_risks.parquet",
        "05_nomogram/logistic.parquet",
        "06_statistics/calibration.parquet",
        "notebooks/00_cohort.json",
    } <= read
