"""The exchange of image sets, and that a killed run goes on."""

import numpy as np
import pandas as pd
import pytest

from tests.benchmarks import null_pattern
from thyro import radiomics, study

PATIENTS = 60


@pytest.fixture
def task(tmp_path):
    """A study of few deep features, in which super-resolution adds a tenth to each feature."""
    rng = np.random.default_rng(0)
    ids = pd.Index([f"p{k:02d}" for k in range(PATIENTS)], name="patient_id")
    split = ["train"] * 36 + ["test"] * 20 + ["external"] * 4
    (tmp_path / "00_cohort").mkdir()
    cases = pd.DataFrame({"y": [0, 1] * 30, "split": split}, ids)
    cases.reset_index().to_parquet(tmp_path / "00_cohort/patients.parquet")
    (tmp_path / "02_features").mkdir()
    for table in study.Declared().model_tables():
        names = [f"{table.features}_{k}" for k in range(12)]
        if not table.deep:
            names = radiomics.FEATURE_SETS[study.FEATURE_SETS[table.features]].names
            stability = pd.DataFrame({"icc": 0.9}, pd.Index(names, name="feature"))
            stability.to_parquet(tmp_path / f"02_features/{table.robustness}.parquet")
        values = rng.normal(size=(PATIENTS, len(names))) + 5
        values[:, 0] = 1  # constant
        frame = pd.DataFrame(values, ids, names)
        frame.to_parquet(tmp_path / f"02_features/{table.file}.parquet")
    return null_pattern.read_study(str(tmp_path))


@pytest.mark.slow
def test_patients_change_places_in_every_table_and_others_stay(task):
    swapped = np.arange(len(task.y)) % 3 == 0
    exchanged = task._exchanged(swapped)
    assert set(exchanged) == {table.name for table in study.Declared().model_tables()}
    assert len(task.y) == 56  # external patients take no part
    for name, values in exchanged.items():
        pd.testing.assert_frame_equal(values[swapped], task.X[null_pattern.twin(name)][swapped])
        pd.testing.assert_frame_equal(values[~swapped], task.X[name][~swapped])
        train = task.X[name][task.train]
        assert np.allclose(train.mean(), 0) and np.allclose(train.std(ddof=0).iloc[1:], 1)


@pytest.mark.slow
def test_a_draw_depends_on_its_number_alone(task):
    (number, first), (_, again), (_, other) = task(3), task(3), task(4)
    assert number == 3 and first.shape == (8,) and (first == again).all()
    assert (first != other).any()
    assert task.key(3) != task.key(4)
    table = null_pattern.table_of({3: first, 4: other}, task, "command")
    assert table["patients"] == {"train": 36, "test": 20} and table["draws"] == 2
    assert len(null_pattern.as_text(table).splitlines()) == 11
