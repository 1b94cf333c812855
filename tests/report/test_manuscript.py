"""What the manuscript says of a study is taken from its files."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.special import expit

from thyro import audit
from thyro.clinical import bootstrap, logistic, protocols, screening
from thyro.deep import FineTuningSettings
from thyro.report import manuscript
from thyro.report.results import Results
from thyro.report.words import models, networks, provenance, recovery
from thyro.statistics import (
    DEFAULT,
    calibration_by_cohort,
    delong,
    net_benefit_differences,
    performance,
    reader_table,
    subgroup_members,
    subgroup_performance,
)
from thyro.study import NETWORKS, load_study
from thyro.study.settings import Study

PUBLISHED = "report/published/paper_reference.yml"

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
        statistics={"subgroups": [{"variable": "age", "cuts": [45.0]}]},
    )


def sidecar(commit):
    """The sidecar of a result."""
    versions = dict.fromkeys(["python", "numpy", "scipy"], "1.0")
    return {"commit": commit, "versions": versions, "device": "x86_64"}


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
    factors |= {"merged_levels": [], "composites": [], "undeclared": {}}
    factors |= {"bootstraps": 20, "validations_failed": {"fixed": 1}, "validated": "paper"}
    factors["instability"] = {
        name: {"mean_error": 0.05, "median_width": 0.2, "widest": 0.4} for name in terms
    }
    factors |= {"pipeline_bootstraps": 0}
    factors |= {"events_per_parameter": {"All": 9.5}, "minimum_n": {"All": 1234}}
    factors |= {"assumed_auc": 0.745, "validation_n": dict.fromkeys(terms, 2345)}
    repeated = bootstrap.optimism_of(
        lambda them, y: {"age": logistic.fit_logistic(them, y, ["age"]).predict},
        train[["age"]],
        train["y"],
        draws=20,
    )["age"].table.reset_index()
    against = pairs.iloc[:1].assign(cohort="test")
    measured = performance.performance_table(patients["y"], every, split)
    calibrated = performance.calibration_table(patients["y"], p, split)
    measures = calibration_by_cohort(patients["y"], p, split, draws=20)
    opposed = [("Nomogram_A", other) for other in ("Nomogram_C", DEFAULT)]
    benefits = net_benefit_differences(patients["y"], p, split, opposed, [0.2, 0.4], draws=20)
    groups = [one.model_dump() for one in study.statistics.subgroups]
    members = subgroup_members(patients, groups, about["variables"])
    at = dict.fromkeys(p, 0.5)
    by_group = subgroup_performance(patients["y"], p, split, members, at, threshold=0.2, draws=20)
    for name, value in {
        "00_cohort/patients.parquet": patients.drop(columns=SIGNATURES),
        "00_cohort/cohort.json": about,
        "00_cohort/flow.json": [
            {"label": "Assessed", "n": 80, "excluded": False, "unit": "patient"},
            {"label": "Assessed", "n": 40, "excluded": False, "external": True, "unit": "image"},
        ],
        "05_nomogram/scalars.json": factors,
        "05_nomogram/scalars.json.json": sidecar("0a1b2c"),
        "05_nomogram/logistic.parquet": chosen.to_frame(),
        "05_nomogram/coefficients.parquet": protocols.coefficient_table({"paper": fits}),
        "05_nomogram/validation.parquet": pd.concat(
            repeated.assign(model=name, signature="fixed") for name in terms
        ),
        "06_statistics/penalised.parquet": against,
        "06_statistics/main_performance.parquet": measured,
        "06_statistics/main_delong.parquet": pairs.assign(cohort="test", family="nomogram"),
        "06_statistics/between_cohorts.parquet": performance.between_cohorts(
            patients["y"], p, split
        ),
        "06_statistics/calibration.parquet": calibrated,
        "06_statistics/calibration_intervals.parquet": measures,
        "06_statistics/net_benefit.parquet": benefits,
        "06_statistics/subgroups.parquet": by_group.groups,
        "06_statistics/subgroup_differences.parquet": by_group.differences,
        "06_statistics/reader.parquet": reader_table(patients["y"], p, split, list(p), []),
        "06_statistics/calibration.parquet.json": sidecar("6d7e8f+"),
        "06_statistics/main_delong.parquet.json": sidecar("0a1b2c"),
        "06_statistics/gone.parquet.json": sidecar("of a file that is not there"),
        "06_statistics/published.json": audit.audit_file(PUBLISHED).facts,
        **{f"notebooks/{job}.json": {"seconds": 2.0, "peak_mb": 1234} for job in study.jobs},
    }.items():
        write(tmp_path, name, value)
    return study, tmp_path


def test_a_study_of_scores_has_no_strings_of_images(scores):
    study, folder = scores
    made = manuscript.variables(str(folder), "two", study)
    two = len(study.nomogram.signatures) == 2
    assert made["has"] == {
        "nomograms": True,
        "judged": False,
        "probabilities": False,
        "radiologist": False,
        "images": False,
        "enhanced": False,
        "resolution": False,
        "networks": False,
        "maps": False,
        "nomogram_b": two,
        "comparison": True,
        "external": True,
        "recovery": False,
        "tuned": False,
        "subgroups": True,
        "reference": True,
        "audit": True,
        "imputed": False,
        "centres": False,
        "harmonised": False,
        "unseen": False,
    }
    assert made["subgroups"]["named"] == "age (cut at 45 years)"
    of_images = {"sr", "agreement", "control", "features", "selection", "deep"}
    of_images |= {"protocols", "repeats", "explained", "size"}
    assert not (of_images | {"simulation", "recovery"}) & set(made)
    assert ("nomogram_b" in made["performance"]) == ("a_vs_b" in made["delong"]) == two
    assert made["study"]["name"] == "a cohort of 80 real patients (two)"
    assert made["external"]["n"] == "40" and made["cohort"]["n_train"] == "40"
    assert made["external"]["excluded"] == "0 images" and made["cohort"]["excluded"] == "0"
    assert "and no model uses it" in made["cohort"]["missing"]
    assert "the AUC of Nomogram_A was 0." in made["validation"]["text"]
    assert "1 sample was left out" in made["validation"]["text"]


def test_the_stages_are_those_of_the_study(scores):
    study, folder = scores
    rows = provenance.rows(study, Results(str(folder)))
    assert [row["Notebook"] for row in rows] == ["00_cohort", "05_nomogram", "06_statistics"]
    assert rows[0] == {"Notebook": "00_cohort", "Seconds": "2.0", "Peak memory, MB": "1,234"}
    assert manuscript.variables(str(folder), "two", study)["run"]["seconds"] == "6"


def test_commits_are_those_of_the_results(scores):
    """Not that of the rendering, and every one where a study was resumed."""
    study, folder = scores
    run = manuscript.variables(str(folder), "two", study)["run"]
    assert run["commit"] == "0a1b2c and 6d7e8f+ (+: with changes that were not committed)"
    assert run["device"] == "the CPU (x86_64)" and run["packages"] == "numpy 1.0, scipy 1.0"


def invented_strings():
    return yaml.safe_load(Path("tests/report/variables.yml").read_text())


def test_the_strings_of_the_rendered_fixture_are_those_of_a_study(scores):
    """`tests/report` renders invented strings; here are the real ones, of the same names."""
    study, folder = scores
    made = manuscript.variables(str(folder), "two", study)
    invented = invented_strings()
    # named by the models of the study; the same for every study; without the checklists of images
    of_models = {"performance", "delong", "printed", "checklist"}
    assert made.pop("reader") == {}  # this one has none
    for section in set(made) - of_models:
        assert set(invented[section]) == set(made[section]), section
    assert set(invented["delong"]["a_vs_c"]) == set(made["delong"]["a_vs_c"])
    assert set(made["checklist"]) == {"tripod"} < set(invented["checklist"])


def test_those_of_images_and_of_a_simulation_are_too():
    study, invented = load_study("demo", Path("params")), invented_strings()
    kept = {name: {"kept": 3, "kept_1se": 2} for name in ("radiomics_or", "radiomics_sr")}
    weights, ran = dict.fromkeys(NETWORKS, "a"), asdict(FineTuningSettings())
    made = {
        "deep": networks.networks(study.declared, weights, ran),
        "selection": models.selection(study, kept),
        "simulation": recovery.simulation(study),
    }
    for section, strings in made.items():
        assert set(invented[section]) == set(strings), section


def test_sections_are_joined_and_none_overwrites_another(scores):
    study, folder = scores
    left, seen = Results(str(folder)), set()
    for section in manuscript.OF_EVERY_STUDY:
        made = section.texts(study, left)
        assert not seen & set(made), section
        seen |= set(made)
    assert seen < set(manuscript.variables(str(folder), "two", study))


def test_a_study_without_a_truth_has_no_rows_of_it(scores):
    _, folder = scores
    assert recovery.rows(Results(str(folder))) == []
