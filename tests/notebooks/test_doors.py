"""Studies without images or clinical variables: scores of every kind, and features of others."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from tests.reading import read_by_the_report
from thyro.report import manuscript, places
from thyro.study.settings import Study

from .conftest import execute

COHORTS = {"int": "near", "ext": "far_away", "pro": "later"}
SCORES = {
    "Risk": {"column": "p", "kind": "probability", "published": {"near": 0.75}},
    "Rank": "s",
    "Call": {"column": "c", "kind": "reading"},
}
COHORT = {
    "source": "folder",
    "table": "t.csv",
    "id_column": "id",
    "outcome_column": "y",
    "split": "column",
    "split_column": "set",
}
# What such a study does not have, wherever its report could speak of it.
ABSENT = re.compile(
    r"nomogram|super-resol|\bimage|\bmask|nodule|thyroid|radiolog|clinical (?:factor|var)", re.I
)


def study_of(cohort, **sections):
    return Study(
        title="A door",
        outcome="metastasis",
        outcome_levels=["None", "Metastasis"],
        cohort=COHORT | cohort,
        statistics={"draws": 20},
        compute={"workers": 1},
        **sections,
    )


def patients(n, cohorts):
    rng = np.random.default_rng(8)
    table = pd.DataFrame({"id": [f"p{i}" for i in range(n)], "set": np.tile(cohorts, n)[:n]})
    table["s"] = rng.normal(size=n)
    table["y"] = rng.binomial(1, expit(1.5 * table["s"]))
    table["p"] = expit(1.2 * table["s"] + 0.3).round(3)
    table["c"] = (table["s"] > 0.3).astype(int)
    return table


def run_all(study, folder):
    for job in study.jobs.values():
        execute(job.name, study, folder, str(folder / "data"))
        for file in job.writes:
            assert (folder / job.folder / file).is_file(), f"{job.name}: {file}"
    (folder / "notebooks").mkdir()
    for job in study.jobs.values():
        (folder / job.record).write_text(json.dumps({"seconds": 1.5, "peak_mb": 400}))
        (folder / f"{job.name}.ipynb").replace(folder / job.executed)


def told(study, folder):
    """Everything the report says: visible lines of the sources, and the variables in them."""
    tree = manuscript.variables(str(folder), "mine", study)
    lines = "\n".join(places.visible_lines(Path("report"), "index.qmd", tree))
    names = re.findall(r"\{\{< var ([\w.]+) >\}\}", lines)
    values = {
        name: tree[name.split(".")[0]][name.split(".")[1]]
        for name in names
        if name not in ("run.renderer", "run.packages")
    }
    bare = re.sub(r"\{\{<.*?>\}\}|(?:when|unless)-\w+=\"[^\"]*\"", "", lines)
    return bare + "\n".join(map(str, values.values())), tree


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scored")
    (folder / "data").mkdir()
    patients(180, list(COHORTS)).to_csv(folder / "data/t.csv", index=False)
    study = study_of({"scores": SCORES, "cohorts": COHORTS})
    assert list(study.jobs) == ["00_cohort", "06_scores"]
    run_all(study, folder)
    return study, folder


def test_every_cohort_is_in_every_table_by_its_name_and_in_its_order(scored):
    _, folder = scored
    names = list(COHORTS.values())
    for name in ("performance", "cutoffs", "auc_intervals", "delong", "calibration_intervals"):
        table = pd.read_parquet(folder / f"06_scores/{name}.parquet")
        assert list(table["cohort"].unique()) == names, name
    for name in ("net_benefit", "decision_curves", "reader"):
        table = pd.read_parquet(folder / f"06_scores/{name}.parquet")
        assert set(table["cohort"]) == set(names), name
    flow = json.loads((folder / "00_cohort/flow.json").read_text())
    assert [s["label"] for s in flow if s.get("split")] == [
        "Near cohort",
        "Far away cohort",
        "Later cohort",
    ]


def test_each_score_is_judged_by_its_kind(scored):
    _, folder = scored
    measured = pd.read_parquet(folder / "06_scores/performance.parquet").set_index("model")
    assert measured.loc["Call", "auc"].isna().all() and measured.loc["Rank", "auc"].notna().all()
    assert measured.loc["Call", "sensitivity"].notna().all()
    calibrated = pd.read_parquet(folder / "06_scores/calibration_intervals.parquet")
    assert set(calibrated["model"]) == {"Risk"}
    benefits = pd.read_parquet(folder / "06_scores/net_benefit.parquet")
    assert set(benefits["model_a"]) == {"Risk", "Call"}
    assert set(pd.read_parquet(folder / "06_scores/delong.parquet")["model_a"]) == {"Risk"}


def test_the_report_of_scores_speaks_of_nothing_else(scored):
    study, folder = scored
    text, tree = told(study, folder)
    assert not ABSENT.findall(text)
    assert "a probability (Risk), a score (Rank) and a yes/no reading (Call)" in text
    assert tree["has"]["both"] and not tree["has"]["nomograms"]
    left = {file for job in study.jobs.values() for file in job.left}
    assert read_by_the_report(folder, "mine", study) <= left


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("measured")
    (folder / "data").mkdir()
    table = patients(120, ["train", "train", "test"])
    rng = np.random.default_rng(1)
    values = pd.DataFrame(rng.normal(size=(120, 9)), columns=[f"original_{i}" for i in range(9)])
    values["original_0"] += table["s"]
    values.loc[3, "original_1"] = np.nan
    other = values.assign(case=table["id"]).sample(frac=1, random_state=2)
    table[["id", "set", "y"]].to_csv(folder / "data/t.csv", index=False)
    other.to_csv(folder / "data/other.csv", index=False)
    family = {"table": "other.csv", "id_column": "case", "columns": ["original_*"]}
    few = {"outer_folds": 2, "fold_repeats": 1, "repeats": 2, "permutations": 2, "tune": False}
    study = study_of({"features": {"texture": family}}, models=few)
    assert list(study.jobs) == ["00_cohort", "03_feature_tables", "04_feature_models", "06_scores"]
    run_all(study, folder)
    return study, folder


def test_features_of_another_table_are_selected_and_judged(measured):
    study, folder = measured
    predictions = pd.read_parquet(folder / "04_feature_models/predictions.parquet")
    assert set(predictions["model"]) == {"texture_SVM", "texture_KNN"}
    judged = pd.read_parquet(folder / "06_scores/performance.parquet")
    assert judged["cohort"].unique().tolist() == ["train", "test"]
    fates = pd.read_parquet(folder / "03_feature_tables/fate.parquet")
    assert set(fates["feature"]) == {f"original_{i}" for i in range(9)}
    text, tree = told(study, folder)
    assert not ABSENT.findall(text)
    assert "9 features (texture)" in text and tree["has"]["features"]


def test_what_is_judged_is_cross_fitted(measured):
    _, folder = measured
    predictions = pd.read_parquet(folder / "04_feature_models/predictions.parquet")
    cases = pd.read_parquet(folder / "00_cohort/patients.parquet").set_index("patient_id")
    judged = pd.read_parquet(folder / "06_scores/performance.parquet").set_index(
        ["model", "cohort"]
    )
    for protocol, same in (("sound", True), ("sound_in_sample", False)):
        rows = predictions[predictions["protocol"].eq(protocol)]
        p = rows[rows["model"].eq("texture_KNN")].set_index("patient_id")["p"]
        train = cases["split"].eq("train")
        called = p[cases.index[train]].ge(judged.loc[("texture_KNN", "train"), "threshold"])
        accuracy = called.eq(cases.loc[train, "y"].eq(1)).mean()
        found = judged.loc[("texture_KNN", "train"), "accuracy"]
        assert bool(accuracy == pytest.approx(found)) is same


# Features, clinical variables, and a cohort more than training and test.
NAMED = {"train": "train", "test": "test", "later": "validation"}
NOT_OF_FEATURES = re.compile(
    r"super-resol|\bSR\b|\bimage|\bmask|nodule|thyroid|radiolog|classical|"
    r"\bscores? (?:of(?! its quality)|as)\b|sound|network|Nomogram_B|external cohort",
    re.I,
)


@pytest.fixture(scope="module")
def joined(tmp_path_factory):
    folder = tmp_path_factory.mktemp("joined")
    (folder / "data").mkdir()
    table = patients(160, list(NAMED))
    rng = np.random.default_rng(3)
    table["age"] = rng.normal(50, 12, 160).round() - 4 * table["y"]
    for i in range(5):
        table[f"f{i}"] = rng.normal(size=160) + (i == 0) * table["s"]
    table.to_csv(folder / "data/t.csv", index=False)
    cohort = {"features": {"texture": {"columns": ["f*"]}}, "cohorts": NAMED}
    cohort["variables"] = [{"name": "age", "label": "Age", "kind": "continuous", "unit": "years"}]
    few = {"outer_folds": 2, "fold_repeats": 1, "repeats": 2, "permutations": 2, "tune": False}
    study = study_of(cohort, models=few, nomogram={"bootstraps": 20}, reference="none")
    assert study.nomogram.signatures == ["texture_SVM"]
    run_all(study, folder)
    return study, folder


def test_models_of_features_are_joined_with_clinical_variables(joined):
    study, folder = joined
    stages = ["00_cohort", "03_feature_tables", "04_feature_models", "05_nomogram"]
    assert list(study.jobs) == [*stages, "06_statistics", "06_scores"]
    assert study.report_files[-1] == "calculator.html"
    measured = pd.read_parquet(folder / "06_statistics/performance.parquet")
    assert measured["cohort"].unique().tolist() == list(NAMED.values())
    models = ["texture_SVM", "texture_KNN", "Nomogram_A", "Nomogram_C"]
    assert measured["model"].unique().tolist() == models
    left = {file for job in study.jobs.values() for file in job.left}
    assert read_by_the_report(folder, "mine", study) <= left


def test_a_signature_comes_from_models_that_never_saw_the_patient(joined):
    _, folder = joined
    predictions = pd.read_parquet(folder / "04_feature_models/predictions.parquet")
    unseen = predictions[predictions["protocol"].eq("sound")]
    signatures = pd.read_parquet(folder / "04_feature_models/signatures.parquet")
    assert set(signatures["protocol"]) == {"paper"} and signatures["fold"].isna().all()
    keys = ["patient_id", "model"]
    both = signatures.merge(unseen, on=keys, suffixes=("", "_unseen"))
    assert len(both) == len(signatures)
    assert both["p"].to_list() == both["p_unseen"].to_list()


def test_every_cohort_has_its_sentences_and_nothing_else_is_told(joined):
    study, folder = joined
    text, tree = told(study, folder)
    assert NOT_OF_FEATURES.findall(text) == []
    assert tree["has"]["others"] and not tree["has"]["external"]
    assert "A further cohort of the table fitted nothing: the validation cohort (53" in text
    assert text.count("In the validation cohort the AUC of Nomogram_A was 0.") == 2
    assert "In the validation cohort the risks of Nomogram_A" in text
    assert "5 features (texture)" in text and "Nomogram_A joins the signature of texture_S" in text
    assert set(tree["checklist"]) == {"tripod", "clear", "metrics", "score"}
