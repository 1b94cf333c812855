"""A study with gaps in its clinical table, which are imputed, from its table on."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from papermill.exceptions import PapermillExecutionError
from scipy.special import expit

from thyro.study.settings import Study

from .conftest import execute

VARIABLES = [
    {"name": "age", "label": "Age", "kind": "continuous", "unit": "years"},
    {"name": "size", "label": "Size", "kind": "continuous", "unit": "mm"},
    {"name": "margin", "label": "Margin", "kind": "categorical", "levels": ["Smooth", "Irregular"]},
]
LEARNED = ["nomogram_A.json", "nomogram_C.json", "penalised.json", "logistic.parquet"]
LEARNED += ["coefficients.parquet", "complete_cases.parquet", "validation.parquet"]


def study_of(**cohort):
    source = {"source": "folder", "table": "t.csv", "id_column": "id", "outcome_column": "y"}
    source |= {"scores": {"net": "net"}, "variables": VARIABLES, "missing_values": "impute"}
    return Study(
        title="Gaps",
        outcome="metastasis",
        outcome_levels=["None", "Metastasis"],
        cohort=source | cohort,
        external={"table": "other.csv"},
        nomogram={"signatures": ["net"], "bootstraps": 20, "imputations": 5, "smallest_level": 3},
        statistics={"draws": 20},
    )


def table(n=240, seed=4):
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame({"id": [f"hospital-{i}" for i in range(n)]})
    rows["age"] = rng.normal(45, 10, n).round(1)
    size = np.exp(2.3 + 0.02 * (rows["age"] - 45) + rng.normal(0, 0.4, n)).round(1)
    irregular = rng.uniform(size=n) < expit(size / 6 - 2)
    rows["net"] = rng.normal(size=n)
    rows["y"] = rng.binomial(1, expit(rows["net"] + (size - 10) / 8 + irregular - 0.8))
    gone = 0.3 * expit((rows["age"] - 45) / 10 + rows["y"])
    rows["size"] = size.mask(rng.uniform(size=n) < gone)
    rows["margin"] = pd.Series(np.where(irregular, "Irregular", "Smooth")).mask(
        rng.uniform(size=n) < gone
    )
    return rows


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Results of 00 and 05."""
    folder = tmp_path_factory.mktemp("gaps")
    (folder / "data").mkdir()
    rows = table()
    rows[:180].to_csv(folder / "data/t.csv", index=False)
    rows[180:].to_csv(folder / "data/other.csv", index=False)
    for job in ("00_cohort", "05_nomogram"):
        execute(job, study_of(), folder, str(folder / "data"))
    return folder


def test_nobody_is_excluded_and_what_is_empty_is_counted(done):
    patients = pd.read_parquet(done / "00_cohort/patients.parquet")
    assert len(patients) == 240 and patients["age"].notna().all()
    missing = pd.read_parquet(done / "00_cohort/missing.parquet")
    assert set(missing["variable"]) == {"size", "margin"}
    assert missing["missing"].sum() == patients[["size", "margin"]].isna().sum().sum()
    train = missing.query("variable == 'size' and cohort == 'train'").set_index("y")
    assert train.loc[1, "share"] > train.loc[0, "share"]


def test_everybody_is_predicted_and_complete_patients_stand_beside(done):
    patients = pd.read_parquet(done / "00_cohort/patients.parquet").set_index("patient_id")
    predicted = pd.read_parquet(done / "05_nomogram/predictions.parquet")
    assert predicted["p"].between(0, 1).all()
    assert predicted.groupby("model").size().eq(240).all()
    beside = pd.read_parquet(done / "05_nomogram/complete_cases.parquet")
    training = patients[patients["split"].eq("train")]
    assert beside["n_imputed"].eq(len(training)).all()
    assert beside["n_complete"].lt(len(training)).all()
    values = json.loads((done / "05_nomogram/scalars.json").read_text())
    assert values["imputations"] == 5
    fit = json.loads((done / "05_nomogram/nomogram_C.json").read_text())["fit"]
    assert "Pooled over 5 imputations" in fit["note"] and max(fit["fmi"]) > 0.01


def test_other_patients_lend_nothing_to_an_imputation(done, tmp_path):
    """Other values, gaps and outcomes in test and external; the same bytes of what was fitted."""
    shutil.copytree(done / "00_cohort", tmp_path / "00_cohort")
    file = tmp_path / "00_cohort/patients.parquet"
    patients = pd.read_parquet(file)
    other = patients["split"].ne("train")
    patients.loc[other, "y"] = 1 - patients.loc[other, "y"]
    patients.loc[other, "age"] += 7
    patients.loc[patients.index[other][::2], "size"] = np.nan
    patients.to_parquet(file)
    execute("05_nomogram", study_of(), tmp_path, draw=False)
    assert [
        name
        for name in LEARNED
        if (done / "05_nomogram" / name).read_bytes()
        != (tmp_path / "05_nomogram" / name).read_bytes()
    ] == []
    before, after = (
        pd.read_parquet(f / "05_nomogram/predictions.parquet") for f in (done, tmp_path)
    )
    trained = before["patient_id"].isin(patients.loc[~other, "patient_id"])
    pd.testing.assert_frame_equal(before[trained], after[trained])
    assert not np.allclose(before.loc[~trained, "p"], after.loc[~trained, "p"])


def test_a_variable_that_is_empty_throughout_is_named_before_the_long_run(tmp_path):
    (tmp_path / "data").mkdir()
    rows = table().assign(size="")
    rows[:180].to_csv(tmp_path / "data/t.csv", index=False)
    rows[180:].to_csv(tmp_path / "data/other.csv", index=False)
    with pytest.raises(PapermillExecutionError, match="size: empty for all 126 training patients"):
        execute("00_cohort", study_of(), tmp_path, str(tmp_path / "data"))
