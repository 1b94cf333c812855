"""A study of scores, from its table on: one or two signatures, and an external cohort."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from tests.reading import contrasts_in, read_by_the_report
from thyro.study.settings import Study

from .conftest import execute

SCORES = {"first": "a", "second": "b"}
VARIABLES = [
    {"name": "age", "label": "Age", "kind": "continuous", "unit": "years"},
    {"name": "tsh", "label": "TSH", "kind": "continuous", "required": False},
]


def scores_study(signatures):
    source = {"source": "folder", "table": "t.csv", "id_column": "id", "outcome_column": "y"}
    scores = {name: SCORES[name] for name in signatures}
    return Study(
        title="Scores",
        outcome="metastasis",
        outcome_levels=["None", "Metastasis"],
        cohort=source | {"scores": scores, "variables": VARIABLES},
        external={"table": "other.csv"},
        nomogram={"signatures": signatures, "bootstraps": 20},
        statistics={"draws": 20},
    )


@pytest.fixture(scope="module")
def ingested(tmp_path_factory):
    """The folder of results of a study of both scores, once its patients are read."""
    folder = tmp_path_factory.mktemp("scores")
    rng, n = np.random.default_rng(2), 180
    table = pd.DataFrame({"id": [f"hospital-{i}" for i in range(n)]})
    table["age"] = rng.normal(45, 10, n).round(1)
    table["tsh"] = np.where(rng.random(n) < 0.3, np.nan, rng.normal(2, 1, n).clip(0.1))
    table = table.join(pd.DataFrame({c: rng.normal(size=n) for c in "ab"}))  # no probabilities
    table["y"] = rng.binomial(1, expit(table["b"] + (45 - table["age"]) / 20))
    (folder / "data").mkdir()
    table[:120].to_csv(folder / "data/t.csv", index=False)
    table[120:].to_csv(folder / "data/other.csv", index=False)
    execute("00_cohort", scores_study([*SCORES]), folder, str(folder / "data"))
    patients = pd.read_parquet(folder / "00_cohort/patients.parquet")
    assert patients["split"].value_counts().to_dict() == {"train": 84, "external": 60, "test": 36}
    assert "image" not in patients and patients["tsh"].isna().any()
    assert not (folder / "00_cohort/contact_sheet.pdf").exists()
    return folder


@pytest.mark.parametrize("signatures", [["second"], ["first", "second"]], ids=["one", "two"])
def test_nomograms_and_statistics_of_scores(signatures, ingested, tmp_path):
    study = scores_study(signatures)
    scores = study.cohort.scores
    shutil.copytree(ingested, tmp_path, dirs_exist_ok=True)
    predicted = pd.read_parquet(tmp_path / "00_cohort/scores.parquet")
    assert set(predicted["model"]) == {*SCORES}
    # each score comes on its own, so those of fewer are a part of them
    predicted[predicted["model"].isin(signatures)].to_parquet(tmp_path / "00_cohort/scores.parquet")
    for job in ("05_nomogram", "06_statistics"):
        execute(job, study, tmp_path, str(tmp_path / "data"))
        for file in study.jobs[job].writes:
            assert (tmp_path / job / file).is_file(), f"{job}: {file}"
    measured = pd.read_parquet(tmp_path / "06_statistics/performance.parquet")
    letters = "ABC" if len(signatures) == 2 else "AC"
    assert list(measured["model"].unique()) == [*scores, *(f"Nomogram_{k}" for k in letters)]
    assert (
        measured["cohort"].tolist() == ["train", "test", "external"] * measured["model"].nunique()
    )
    assert measured.groupby("model")["threshold"].nunique().eq(1).all()
    calibrated = pd.read_parquet(tmp_path / "06_statistics/calibration.parquet")
    assert set(calibrated["cohort"]) == {"train", "test", "external"}
    families = pd.read_parquet(tmp_path / "06_statistics/delong.parquet")["family"].unique()
    assert list(families) == (["image", "nomogram"] if len(scores) == 2 else ["nomogram"])
    contrasts = contrasts_in(tmp_path / "06_statistics")
    assert set(contrasts["table"]) == {"delong", "main_delong", "penalised"}
    by_contrast = contrasts.groupby(["main", "cohort", "first", "second"])
    assert by_contrast["p_holm"].nunique().eq(1).all() and by_contrast.size().max() == 2
    benefits = pd.read_parquet(tmp_path / "06_statistics/net_benefit.parquet")
    assert benefits["ci_low"].le(benefits["ci_high"]).all() and len(benefits) % (3 * 4) == 0
    fit = json.loads((tmp_path / "05_nomogram/nomogram_A.json").read_text())["fit"]
    assert "tsh" not in fit["terms"] and signatures[0] in fit["terms"]

    (tmp_path / "notebooks").mkdir()
    for job in study.jobs.values():
        (tmp_path / job.record).write_text(json.dumps({"seconds": 1.5, "peak_mb": 400}))
    read = read_by_the_report(tmp_path, "mine", study)
    assert read - {file for job in study.jobs.values() for file in job.left} == set()
