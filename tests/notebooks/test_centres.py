"""Several centres: harmonised features, centres left out in turn, and nothing learned of a test."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from thyro.statistics import POOLED
from thyro.study.settings import Study

from .conftest import execute

JOBS = ["03_selection", "04_models", "05_nomogram", "06_statistics"]
LEARNED = [
    "03_selection/fate_*.parquet",
    "03_selection/scaler_*.parquet",
    "04_models/models/*.skops",
]
LEARNED += ["05_nomogram/nomogram_?.json", "05_nomogram/nomogram_?_sound.json"]
LEARNED += ["05_nomogram/coefficients.parquet", "04_models/kept_by_fold.parquet"]


@pytest.fixture(scope="module")
def centres_study(tiny_study) -> Study:
    """Of original images and without networks: centres are the same to every table."""
    raw = tiny_study.model_dump()
    raw["models"] |= {"image_sets": ["or"]}
    raw["features"] |= {"networks": []}
    raw["nomogram"] |= {"signatures": []}
    raw["cohort"] |= {"centre_column": "centre", "split": "leave_one_centre_out"}
    raw["cohort"] |= {"test_centres": ["Tours"]}
    raw["external"] |= {"centre_column": "centre"}
    raw["selection"] |= {"harmonisation": "combat", "unseen_centre": "pass"}
    raw["selection"] |= {"preserved": ["age"]}
    return Study(**raw)


def lay_out(tiny, folder, *, seed=0):
    """Results of 00 to 02 whose patients come from centres: two train, two do not."""
    for name in ("00_cohort", "01_super_resolution", "02_features"):
        (folder / name).symlink_to(tiny / name) if name != "00_cohort" else shutil.copytree(
            tiny / name, folder / name
        )
    file = folder / "00_cohort/patients.parquet"
    patients = pd.read_parquet(file)
    rng = np.random.default_rng(seed)
    centre = pd.Series(np.where(patients["split"].eq("test"), "Tours", "Lyon"), patients.index)
    centre[patients["split"].eq("external")] = "Metz"
    for _, rows in patients[patients["split"].eq("train")].groupby("y"):
        centre[rows.index] = rng.permutation(np.resize(["Ulm", "Bonn"], len(rows)))
    patients.assign(centre=centre).to_parquet(file)
    file = folder / "00_cohort/cohort.json"
    about = json.loads(file.read_text())
    file.write_text(json.dumps(about | {"centres": True, "centre_left_out": True}))
    return patients.assign(centre=centre)


@pytest.fixture(scope="module")
def done(tiny, centres_study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("centres")
    lay_out(tiny, folder)
    for job in JOBS:
        execute(job, centres_study, folder, draw=False)
    return folder


def test_each_training_centre_is_predicted_by_the_others(done):
    patients = pd.read_parquet(done / "00_cohort/patients.parquet").set_index("patient_id")
    folds = pd.read_parquet(done / "04_models/by_fold.parquet")
    of_fold = patients.loc[folds["patient_id"], "centre"].groupby(folds["fold"].to_numpy())
    assert of_fold.nunique().eq(1).all() and len(of_fold) == 2
    assert folds["repeat"].eq(0).all()
    table = pd.read_parquet(done / "06_statistics/centres.parquet")
    named = table[table["model"].eq("Nomogram_C") & table["measure"].eq("auc")]["centre"]
    assert named.tolist() == ["Bonn", "Metz", "Tours", "Ulm", POOLED]


def test_what_differs_by_centre_is_told_before_and_after(done):
    table = pd.read_parquet(done / "03_selection/centre_differences.parquet")
    assert table["share"].between(0, 1).all() and set(table["state"]) == {"Before", "After"}
    moved = pd.read_parquet(done / "04_models/unseen_centres.parquet")
    assert moved["n"].eq(moved["n"].iloc[0]).all() and (moved["difference"] != 0).any()


def test_other_patients_and_their_centres_leave_all_that_was_learned_as_it_is(
    done, tiny, centres_study, tmp_path
):
    patients = lay_out(tiny, tmp_path)
    (tmp_path / "02_features").unlink()
    shutil.copytree(tiny / "02_features", tmp_path / "02_features")
    other = patients.loc[patients["split"].ne("train"), "patient_id"]
    for file in (tmp_path / "02_features").glob("radiomics_*.parquet"):
        table = pd.read_parquet(file)
        if table.index.name == "patient_id":
            table.loc[table.index.isin(other)] *= 1.7
            table.to_parquet(file)
    file = tmp_path / "00_cohort/patients.parquet"
    rows = patients["split"].ne("train")
    patients.loc[rows, "y"] = 1 - patients.loc[rows, "y"]
    patients.loc[rows, "centre"] = ["Ulm", "Nice"] * (rows.sum() // 2) + ["Ulm"] * (rows.sum() % 2)
    patients.to_parquet(file)
    for job in JOBS[:3]:
        execute(job, centres_study, tmp_path, draw=False)
    for pattern in LEARNED:
        for file in sorted(done.glob(pattern)):
            other_file = tmp_path / file.relative_to(done)
            assert file.read_bytes() == other_file.read_bytes(), file.name
    before, after = (
        pd.read_parquet(folder / "04_models/predictions.parquet") for folder in (done, tmp_path)
    )
    trained = before["patient_id"].isin(patients.loc[~rows, "patient_id"])
    pd.testing.assert_frame_equal(before[trained], after[trained])
    assert not np.allclose(before.loc[~trained, "p"], after.loc[~trained, "p"])
