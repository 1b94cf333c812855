"""The simulation of cohorts in which nothing can be found."""

import numpy as np
import pandas as pd
import pytest

from tests.benchmarks import null_cohorts
from thyro import radiomics, study

PATIENTS = 60


@pytest.fixture
def results(tmp_path):
    """Features of noise: as a study leaves them."""
    rng = np.random.default_rng(0)
    ids = pd.Index([f"p{k:02d}" for k in range(PATIENTS)], name="patient_id")
    cases = pd.DataFrame({"y": [0, 1] * 30, "split": ["train"] * 40 + ["test"] * 20}, ids)
    (tmp_path / "00_cohort").mkdir()
    cases.reset_index().to_parquet(tmp_path / "00_cohort/patients.parquet")
    (tmp_path / "02_features").mkdir()
    for table in null_cohorts.tables_of("OR").values():
        names = radiomics.FEATURE_SETS[study.FEATURE_SETS[table.features]].names
        values = pd.DataFrame(rng.normal(size=(PATIENTS, len(names))), ids, names)
        values.to_parquet(tmp_path / f"02_features/{table.file}.parquet")
        stability = pd.DataFrame({"icc": 0.9}, pd.Index(names, name="feature"))
        stability.to_parquet(tmp_path / f"02_features/{table.robustness}.parquet")
    return str(tmp_path)


@pytest.mark.slow
def test_both_recipes_are_asked_in_patients_whom_they_did_not_see(results):
    rows = [row for found in null_cohorts.draws(results, "OR", 1) for row in found]
    table = null_cohorts.summary(rows)
    assert set(table.index.get_level_values("recipe")) == {"paper", "sound"}
    assert set(table.index.get_level_values("model")) == {"OR_SVM", "OR_KNN"}
    assert table["draws"].eq(1).all()
    # In-sample the paper's machines reach 0.9 on noise.
    assert table[["training", "others"]].mean(axis=None) == pytest.approx(0.5, abs=0.15)
