"""What the manuscript says of a study is taken from its files."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.special import expit

from thyro import store
from thyro.clinical import bootstrap, logistic, screening
from thyro.report import manuscript
from thyro.report.words import models as words_models
from thyro.report.words import recovery as words_recovery
from thyro.report.words import study as words_study
from thyro.statistics import delong, performance
from thyro.study import load_study
from thyro.study.settings import Study

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


def beside(commit):
    """The neighbour of a result."""
    versions = dict.fromkeys(["python", *store.PACKAGES], "1.0")
    return {"commit": commit, "versions": versions, "device": "CPU EPYC (x86_64)"}


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
    fits = {name: logistic.fit_logistic(train, train["y"], t) for name, t in terms.items()}
    p = pd.DataFrame({name: fit.predict(patients) for name, fit in fits.items()})
    chosen = screening.select_terms(train, train["y"], ["age"])
    every = patients[SIGNATURES].join(p)
    test = split == "test"
    pairs = delong.delong_matrix(patients.loc[test, "y"], p[test])
    about = {"simulated": False, "title": study.title, "outcome": study.outcome, "credit": "X."}
    about |= {"scores": SIGNATURES, "external": True, "spacing_known": False}
    about["variables"] = {v.name: v.model_dump() for v in study.cohort.variables}
    factors = {"terms": ["age"], "note": "", "notes": {}, "signatures": request.param}
    factors |= {"bootstraps": 20, "bootstraps_failed": 1, "validated": "paper"}
    factors |= {"events_per_parameter": {"All": 9.5}, "minimum_n": {"All": 1234}}
    fitted = bootstrap.optimism_of(
        lambda part, y: {"age": logistic.fit_logistic(part, y, ["age"]).predict},
        train,
        train["y"],
        draws=20,
    )
    repeated = fitted["age"].table.reset_index()
    against = pairs.iloc[:1].assign(cohort="test")
    measured = performance.performance_table(patients["y"], every, split)
    calibrated = performance.calibration_table(patients["y"], p, split)
    for name, value in {
        "00_cohort/patients.parquet": patients.drop(columns=SIGNATURES),
        "00_cohort/cohort.json": about,
        "00_cohort/flow.json": [
            {"label": "Assessed (patients)", "n": 80, "excluded": False},
            {"label": "Assessed (images)", "n": 40, "excluded": False, "external": True},
        ],
        "05_nomogram/scalars.json": factors,
        "05_nomogram/scalars.json.json": beside("0a1b2c"),
        "05_nomogram/logistic.parquet": chosen.to_frame(),
        "05_nomogram/validation.parquet": pd.concat(repeated.assign(model=name) for name in terms),
        "06_statistics/penalised.parquet": against,
        **{
            f"05_nomogram/nomogram_{name[-1]}.json": {"fit": fit.to_dict()}
            for name, fit in fits.items()
        },
        "06_statistics/performance.parquet": measured,
        "06_statistics/calibration.parquet": calibrated,
        "06_statistics/calibration.parquet.json": beside("6d7e8f+"),
        "06_statistics/delong.parquet.json": beside("0a1b2c"),
        "06_statistics/gone.parquet.json": beside("of a file that is not there"),
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
        "tuned": False,
    }
    of_images = {"sr", "agreement", "control", "features", "selection", "deep"}
    of_images |= {"protocols", "repeats", "explained"}
    assert not (of_images | {"simulation", "recovery"}) & set(made)
    assert ("nomogram_b" in made["performance"]) == ("a_vs_b" in made["delong"]) == two
    assert made["study"]["name"] == "a cohort of 80 real patients (two)"
    assert made["external"]["n"] == "40" and made["cohort"]["n_train"] == "40"
    assert made["external"]["excluded"] == "0 images" and made["cohort"]["excluded"] == "0"
    assert "and no model uses it" in made["cohort"]["missing"]
    assert "the AUC of Nomogram_A was 0." in made["validation"]["text"]
    assert "1 samples could not be fitted" in made["validation"]["text"]


def test_the_stages_are_those_of_the_study(scores):
    study, folder = scores
    rows = manuscript.stages(folder / "notebooks", study)
    assert [row["Notebook"] for row in rows] == ["00_cohort", "05_nomogram", "06_statistics"]
    assert rows[0] == {"Notebook": "00_cohort", "Seconds": "2.0", "Peak memory, MB": "1,234"}
    assert manuscript.variables(str(folder), "two", study)["run"]["seconds"] == "6"


def test_commits_are_those_of_the_results(scores):
    """Not that of the rendering, and every one where a study was resumed."""
    study, folder = scores
    run = manuscript.variables(str(folder), "two", study)["run"]
    assert run["commit"] == "0a1b2c and 6d7e8f+"
    assert run["device"] == "CPU EPYC (x86_64)" and run["packages"].startswith("numpy 1.0, scipy")


def invented_strings():
    return yaml.safe_load(Path("tests/report/variables.yml").read_text())


def test_the_strings_of_the_rendered_fixture_are_those_of_a_study(scores):
    """`tests/report` renders invented strings; here are the real ones, of the same names."""
    study, folder = scores
    made = manuscript.variables(str(folder), "two", study)
    invented = invented_strings()
    of_models = {"performance", "calibration", "delong"}  # named by the models of the study
    for section in set(made) - of_models:
        assert set(invented[section]) == set(made[section]), section
    assert set(invented["delong"]["a_vs_c"]) == set(made["delong"]["a_vs_c"])
    nomogram = made["calibration"]["nomogram_a"]
    assert set(invented["calibration"]["nomogram_a"]) == set(nomogram)


def test_those_of_images_and_of_a_simulation_are_too():
    study, invented = load_study("demo", Path("params")), invented_strings()
    kept = {name: {"kept": 3, "kept_1se": 2} for name in ("radiomics_or", "radiomics_sr")}
    made = {
        "deep": words_study.networks(["a"]) | {"training": words_models.training(study)},
        "selection": words_models.selection(study, kept),
        "simulation": words_recovery.simulation(study),
    }
    for section, strings in made.items():
        assert set(invented[section]) == set(strings), section


def test_the_truth_of_a_simulated_study_is_read_for_test_patients(tmp_path):
    rng = np.random.default_rng(6)
    n = 200
    patients = pd.DataFrame(
        {"patient_id": [f"P{i}" for i in range(n)], "age": rng.normal(45, 9, n)}
    )
    patients["split"] = np.repeat(["train", "test"], [120, 80])
    patients["diameter"] = np.arange(n)
    latent = rng.normal(size=n)
    risk = expit(1.5 - 0.05 * patients["age"] + latent)
    patients["y"] = rng.binomial(1, risk)
    train = patients[:120]
    fit = logistic.fit_logistic(train, train["y"], ["age"])
    made = patients[["patient_id"]].assign(image_latent=latent, risk=risk)
    made = made.sample(frac=1, random_state=1)  # found by patient, not by row
    made.attrs["coefficients"] = {"intercept": 1.5, "age": -0.05, "image_latent": 1.0}
    scores = {"SR_SVM": expit(latent), "OR_SVM": rng.uniform(size=n)}
    for stage, p in (("04_models", scores), ("05_nomogram", {"Nomogram_C": fit.predict(patients)})):
        long = [patients[["patient_id"]].assign(model=m, p=values) for m, values in p.items()]
        paper = pd.concat(long).assign(protocol="paper")
        both = pd.concat([paper, paper.assign(protocol="sound", p=0.5)])  # not read
        write(tmp_path, f"{stage}/predictions.parquet", both)
    write(tmp_path, "00_cohort/patients.parquet", patients)
    write(tmp_path, "00_cohort/truth.parquet", made)
    write(tmp_path, "05_nomogram/nomogram_C.json", {"fit": fit.to_dict()})
    study = load_study("demo", Path("params"))
    odds, correlations, risks = manuscript._recovered(str(tmp_path), study)
    assert odds["truth"].tolist() == [-0.05]
    assert odds["estimate"].tolist() == [fit.coefficients[1]]
    assert correlations["known"].tolist() == ["image latent"] * 2 + ["diameter"] * 2
    assert correlations["model"].tolist() == ["SR_SVM", "OR_SVM"] * 2
    assert correlations["rho"][0] == pytest.approx(1) and abs(correlations["rho"][1]) < 0.3
    tested = patients["split"].eq("test")
    auc = delong.auc_ci(patients.loc[tested, "y"], risk[tested]).auc
    assert risks["auc_of_risk"].tolist() == [auc]
    said = words_recovery.recovery(odds, correlations, risks, {"age": {"label": "Age"}})
    assert set(said) == set(invented_strings()["recovery"])


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
