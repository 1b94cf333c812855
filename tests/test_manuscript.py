"""What the manuscript says of a study is taken from its files."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from thyro import clinical, manuscript, params, performance, statistics
from thyro.study import Study

SIGNATURES = ["first", "second"]
VARIABLES = [
    {"name": "age", "label": "Age", "kind": "continuous", "unit": "years"},
    {"name": "tsh", "label": "TSH", "kind": "continuous", "required": False},
]


def score_study(signatures):
    cohort = {"source": "folder", "table": "t.csv", "id_column": "id", "outcome_column": "y"}
    cohort |= {"scores": {"first": "a", "second": "b"}, "variables": VARIABLES}
    return Study(
        title="Two scores",
        outcome="metastasis",
        outcome_levels=["None", "Metastasis"],
        cohort=cohort,
        external={"table": "other.csv"},
        nomogram={"signatures": signatures},
    )


def write(folder, name, value):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(value, pd.DataFrame):
        value.to_parquet(file)
    else:
        file.write_text(json.dumps(value))


@pytest.fixture(params=[["second"], SIGNATURES], ids=["one signature", "two"])
def scores(request, tmp_path):
    """A study of scores, and its results as the notebooks would leave them."""
    study, rng = score_study(request.param), np.random.default_rng(4)
    n, split = 120, np.repeat(["train", "test", "external"], 40)
    patients = pd.DataFrame({"patient_id": [f"P{i:03d}" for i in range(n)], "split": split})
    patients["age"] = rng.normal(45, 10, n)
    patients["first"], patients["second"] = rng.normal(size=(2, n))
    patients["y"] = rng.binomial(1, expit(patients["second"] + (45 - patients["age"]) / 20))
    train = patients[split == "train"]
    named = zip(("Nomogram_A", "Nomogram_B"), request.param, strict=False)
    terms = {name: [s, "age"] for name, s in named} | {"Nomogram_C": ["age"]}
    p = pd.DataFrame(
        {
            name: clinical.fit_logistic(train, train["y"], chosen).predict(patients)
            for name, chosen in terms.items()
        }
    )
    every = patients[SIGNATURES].join(p)
    test = split == "test"
    pairs = statistics.delong_matrix(patients.loc[test, "y"], p[test])
    about = {"simulated": False, "title": study.title, "outcome": study.outcome, "credit": "X."}
    about |= {"scores": SIGNATURES, "external": True, "spacing_known": False}
    about["variables"] = {v.name: v.model_dump() for v in study.cohort.variables}
    factors = {"terms": ["age"], "note": "", "notes": {}, "signatures": request.param}
    measured = performance.performance_table(patients["y"], every, split)
    calibrated = performance.calibration_table(patients["y"], p, split)
    for name, value in {
        "00_cohort/patients.parquet": patients.drop(columns=SIGNATURES),
        "00_cohort/cohort.json": about,
        "00_cohort/flow.json": [{"label": "Assessed", "n": 80, "excluded": False}],
        "05_nomogram/scalars.json": factors,
        "06_statistics/performance.parquet": measured,
        "06_statistics/calibration.parquet": calibrated,
        "06_statistics/delong.parquet": pairs.assign(cohort="test", family="nomogram"),
        **{f"notebooks/{job}.json": {"seconds": 2.0, "peak_mb": 1234} for job in study.jobs},
    }.items():
        write(tmp_path, name, value)
    return study, tmp_path


def test_a_study_of_scores_has_no_strings_of_images(scores):
    study, folder = scores
    made = manuscript.variables(str(folder), "two", study)
    two = len(study.nomogram.signatures) == 2
    assert made["has"] == {
        "radiologist": False,
        "images": False,
        "nomogram_b": two,
        "comparison": True,
        "external": True,
        "recovery": False,
        "protocols": False,
        "audit": True,
    }
    assert not {"sr", "features", "selection", "deep", "recovery"} & set(made)
    assert ("nomogram_b" in made["performance"]) == ("a_vs_b" in made["delong"]) == two
    assert made["study"]["name"] == "a cohort of 80 real patients (two)"
    assert made["external"]["n"] == "40" and made["cohort"]["n_train"] == "40"
    assert "and no model uses it" in made["cohort"]["missing"]


def test_the_stages_are_those_of_the_study(scores):
    study, folder = scores
    rows = manuscript.stages(folder / "notebooks", study)
    assert [row["Notebook"] for row in rows] == ["00_cohort", "05_nomogram", "06_statistics"]
    assert rows[0] == {"Notebook": "00_cohort", "Seconds": "2.0", "Peak memory, MB": "1,234"}
    assert manuscript.variables(str(folder), "two", study)["run"]["seconds"] == "6"


def test_the_truth_of_a_simulated_study_is_read_for_test_patients(tmp_path):
    rng = np.random.default_rng(6)
    n = 200
    patients = pd.DataFrame(
        {"patient_id": [f"P{i}" for i in range(n)], "age": rng.normal(45, 9, n)}
    )
    patients["split"] = np.repeat(["train", "test"], [120, 80])
    latent = rng.normal(size=n)
    risk = expit(1.5 - 0.05 * patients["age"] + latent)
    patients["y"] = rng.binomial(1, risk)
    train = patients[:120]
    fit = clinical.fit_logistic(train, train["y"], ["age"])
    truth = patients[["patient_id"]].assign(image_latent=latent, risk=risk)
    truth = truth.sample(frac=1, random_state=1)  # found by patient, not by row
    truth.attrs["coefficients"] = {"intercept": 1.5, "age": -0.05, "image_latent": 1.0}
    scores = {"SR_SVM": expit(latent), "OR_SVM": rng.uniform(size=n)}
    for stage, p in (("04_models", scores), ("05_nomogram", {"Nomogram_C": fit.predict(patients)})):
        long = [patients[["patient_id"]].assign(model=m, p=values) for m, values in p.items()]
        write(tmp_path, f"{stage}/predictions.parquet", pd.concat(long))
    write(tmp_path, "00_cohort/patients.parquet", patients)
    write(tmp_path, "00_cohort/truth.parquet", truth)
    write(tmp_path, "05_nomogram/nomogram_C.json", {"fit": fit.to_dict()})
    study = params.load("demo", Path("params"))
    odds, correlations, risks = manuscript._recovered(str(tmp_path), study)
    assert odds["truth"].tolist() == [-0.05]
    assert odds["estimate"].tolist() == [fit.coefficients[1]]
    assert correlations["model"].tolist() == ["SR_SVM", "OR_SVM"]
    assert correlations["rho"][0] == pytest.approx(1) and abs(correlations["rho"][1]) < 0.3
    tested = patients["split"].eq("test")
    auc = statistics.auc_ci(patients.loc[tested, "y"], risk[tested]).auc
    assert risks["auc_of_risk"].tolist() == [auc]


def test_the_published_facts_are_those_of_the_audit():
    facts = manuscript._published(Path("report/published"))
    counts = [facts[f"outcome_{source}"] for source in ("table1", "location", "table2")]
    assert counts == ["162", "165", "173"]
    assert (facts["n"], facts["n_train"], facts["n_test"]) == ("544", "380", "164")
    assert (facts["radiologist_f1_train"], facts["radiologist_f1_test"]) == ("0.736", "0.624")
    assert (facts["radiologist_positive_table1"], facts["radiologist_positive_table2"]) == (
        "182",
        "170",
    )
    assert facts["delong_p_holm"] == "= 0.052"
