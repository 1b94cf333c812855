"""A study that only validates: another study's model predicts its patients, and is judged."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.frozen.results import VARIABLES, make_results
from tests.reading import read_by_the_report
from thyro import cli
from thyro.frozen import archive, card, freeze
from thyro.study import Study

from .conftest import execute

N = 40
DECLARED = [{"name": name, **about} for name, about in VARIABLES.items()]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """File of nomogram A of an invented study, which reads images."""
    folder = tmp_path_factory.mktemp("theirs")
    frozen = freeze.freeze(make_results(folder / "results"), "invented")
    file = folder / "theirs.thyro"
    file.write_bytes(archive.to_bytes(card.with_card(frozen)))
    return file


@pytest.fixture
def hospital(tmp_path):
    """A folder with the images, masks and table of other patients."""
    rng = np.random.default_rng(6)
    folder = tmp_path / "hospital"
    folder.mkdir()
    rows, columns = np.mgrid[:120, :150]
    for k in range(N):
        image = (60 + 25 * rng.rayleigh(1, (120, 150))).clip(0, 255)
        mask = ((rows - 60) / (18 + k % 9)) ** 2 + ((columns - 75) / (25 + k % 7)) ** 2 <= 1
        image[mask] *= 0.6
        Image.fromarray(image.astype(np.uint8)).save(folder / f"{k}.png")
        Image.fromarray(mask.astype(np.uint8) * 255).save(folder / f"{k}_mask.png")
    table = pd.DataFrame({"patient": [f"case {k}" for k in range(N)]})
    table["image"] = [f"{k}.png" for k in range(N)]
    table["mask"] = [f"{k}_mask.png" for k in range(N)]
    table["age"] = rng.normal(48, 12, N).round().clip(20)
    table["gender"] = rng.choice(["Female", "Male"], N)
    table["margin"] = rng.choice(["Smooth", "Irregular"], N)
    table["reader"] = rng.random(N).round(3)
    table["y"] = rng.integers(0, 2, N)
    table.to_csv(folder / "t.csv", index=False)
    return folder


def test_a_model_of_another_study_is_validated_and_taught_nothing(
    model, hospital, tmp_path, capsys, monkeypatch
):
    source = {"source": "folder", "table": "t.csv", "id_column": "patient", "outcome_column": "y"}
    source |= {"image_column": "image", "mask_column": "mask", "mask_label": 255}
    scores = {"Theirs": {"model": str(model)}, "Reader": {"column": "reader"}}
    study = Study(
        title="Validation",
        outcome="metastasis",
        outcome_levels=["None", "Metastasis"],
        cohort=source
        | {"spacing_mm": 0.11, "scores": scores, "variables": DECLARED, "split": "none"},
        statistics={"draws": 20},
    )
    assert list(study.jobs) == ["00_cohort", "04_frozen_models", "06_scores"]
    assert study.jobs["04_frozen_models"].outside == (str(model),)
    results = tmp_path / "results"
    results.mkdir()
    for job in study.jobs:
        execute(job, study, results, str(hospital))
        for file in study.jobs[job].writes:
            assert (results / job / file).is_file(), f"{job}: {file}"

    found = pd.read_parquet(results / "04_frozen_models/predictions.parquet")
    risks = found[found["model"].eq("Theirs")].set_index("patient_id")["p"]
    assert len(risks) == N and found["model"].eq("Reader").sum() == N

    monkeypatch.chdir(hospital)  # the same images by the command, which knows no study
    cli.main(["predict", str(model), "--table", "t.csv", "--json", "--spacing-mm", "0.11"])
    told = json.loads(capsys.readouterr().out)["predictions"]
    patients = pd.read_parquet(results / "00_cohort/patients.parquet")
    assert patients["age"].tolist() == pd.read_csv("t.csv")["age"].tolist()  # rows as in the table
    expected = [one["risk"] for one in told]
    np.testing.assert_allclose(risks.loc[patients["patient_id"]], expected, rtol=1e-12)

    judged = pd.read_parquet(results / "06_scores/performance.parquet")
    assert list(judged["model"]) == ["Theirs", "Reader"]
    calibrated = pd.read_parquet(results / "06_scores/calibration_intervals.parquet")
    assert set(calibrated["model"]) == {"Theirs"}

    monkeypatch.undo()
    (results / "notebooks").mkdir()
    for job in study.jobs.values():
        (results / job.record).write_text(json.dumps({"seconds": 1.5, "peak_mb": 400}))
    read = read_by_the_report(results, "mine", study)
    assert {"04_frozen_models/models.json", "04_frozen_models/inputs.parquet"} <= read
