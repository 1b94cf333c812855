"""What a study file may say beside its cohorts, and what follows from it for the plan."""

from pathlib import Path

import pytest

from thyro.study import Declared, Study, StudyError, load_study

SCORES = {
    "cohort": {
        "source": "folder",
        "table": "t.csv",
        "id_column": "id",
        "outcome_column": "y",
        "scores": {"Deep": "dl"},
        "variables": [{"name": "age", "label": "Age", "kind": "continuous"}],
    },
    "external": None,
    "nomogram": {"signatures": ["Deep"]},
}


GIVEN = {  # features of another program
    "cohort": {
        "source": "folder",
        "table": "t.csv",
        "id_column": "id",
        "outcome_column": "y",
        "features": {"radiomics": {"columns": ["f_*"]}},
    },
    "external": None,
}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            SCORES | {"nomogram": {"signatures": ["Deep"], "pipeline_bootstraps": 50}},
            "makes signatures again, and `cohort.scores` are given: leave it 0",
        ),
        (
            GIVEN | {"cohort": GIVEN["cohort"] | {"missing_values": "impute"}},
            "`cohort.missing_values: impute` is for regressions, and this study fits none",
        ),
        (
            GIVEN
            | {"cohort": GIVEN["cohort"] | {"centre_column": "c"}}
            | {"selection": {"harmonisation": "combat"}},
            "harmonise features of other programs before",
        ),
        ({"nomogram": {"signatures": ["SVM"]}}, "must be among ['SR_SVM', 'OR_SVM', 'SR_KNN', "),
        (
            {"nomogram": {"signatures": ["SR_SVM", "SR_SVM"]}},
            "`nomogram.signatures`: must differ from each other, found ['SR_SVM', 'SR_SVM']",
        ),
        (
            {"nomogram": {"candidates": ["age", "age"]}},
            "`nomogram.candidates`: must differ from each other",
        ),
        (
            {"outcome_levels": ["None", "None"]},
            "`outcome_levels`: must differ from each other, found ['None', 'None']",
        ),
        ({"outcome_levels": ["None", ""]}, "`outcome_levels.1`: must not be blank, found ''"),
        ({"outcome": "  "}, "`outcome`: must not be blank, found '  '"),
        ({"title": ""}, "`title`: must not be blank, found ''"),
        (SCORES | {"nomogram": {"signatures": ["SR_SVM"]}}, "must be among ['Deep']"),
        (
            {"nomogram": {"signatures": ["SR_ResNet11"]}},
            "'OR_DenseNet121', 'best']; the nearest is SR_ResNet101",
        ),
        (
            {"models": {"classifiers": ["SVM", "knn"]}},
            "`models.classifiers`: knn is none of SVM, KNN",
        ),
        ({"models": {"classifiers": ["knn"]}}, "the nearest is KNN, found ['knn']"),
        ({"models": {"classifiers": []}}, "`models.classifiers`: List should have at least 1 item"),
        ({"models": {"image_sets": ["sr"]}}, "`image_sets` is [or] or [or, sr]"),
        ({"models": {"image_sets": ["bc"]}}, "`models.image_sets.0`: Input should be 'or' or 'sr'"),
        (
            {"features": {"networks": ["Resnet-101"]}},
            "EfficientNetB0; the nearest is ResNet101, found ['Resnet-101']",
        ),
        (
            {"models": {"fused": [["radiomics", "ResNet11"]]}},
            "`models.fused.0`: ResNet11 is none of radiomics, ",
        ),
        ({"models": {"fused": [["radiomics"]]}}, "`fused` joins two or more families"),
        (
            {
                "features": {"networks": ["ResNet101"]},
                "models": {"fused": [["radiomics", "DenseNet121"]]},
            },
            "`models.fused` joins DenseNet121, which `features.networks` does not name",
        ),
        (
            {"models": {"image_sets": ["or"]}, "nomogram": {"signatures": ["SR_SVM"]}},
            "must be among ['OR_SVM', 'OR_KNN', 'OR_ResNet101', 'OR_DenseNet121', 'best']",
        ),
        (
            SCORES | {"nomogram": {"signatures": ["Deep"], "candidates": ["agee"]}},
            "`nomogram.candidates`: 'agee' is not among the variables ['age']",
        ),
    ],
)
def test_a_wrong_study_names_file_key_and_remedy(changed, changes, message):
    with pytest.raises(StudyError) as error:
        load_study("mine", changed(**changes))
    assert "mine.yml" in str(error.value) and message in str(error.value)


@pytest.mark.parametrize(
    "name", ["Radiologist", "Nomogram_A", "Nomogram_B", "Nomogram_C", "age", "SR_SVM", "OR_mine"]
)
def test_a_score_takes_no_name_that_tables_use(changed, name):
    cohort = SCORES["cohort"] | {"scores": {name: "dl"}}
    with pytest.raises(StudyError, match="`cohort.scores`: other names than"):
        load_study("mine", changed(**SCORES | {"cohort": cohort, "nomogram": _of(name)}))


def _of(name):
    return {"signatures": [name]}


def test_a_study_of_images_may_take_any_of_its_models(changed):
    for name in map(str, Declared().model_names()):
        assert load_study("mine", changed(nomogram=_of(name))).nomogram.signatures == [name]


def test_nomograms_take_any_number_of_signatures_and_the_best():
    names = ["best", *map(str, Declared().model_names())]
    study = Study.model_validate(_raw() | {"nomogram": {"signatures": names}})
    letters = [file[9] for file in study.jobs["05_nomogram"].writes if file.startswith("nomogram_")]
    assert "".join(dict.fromkeys(letters)) == "ABDEFGHIJC"


def test_where_no_signature_is_named_the_declaration_says_which():
    default = Study.model_validate(_raw()).nomogram.signatures
    assert default == ["SR_SVM", "SR_ResNet101"] == Declared().signatures
    declared = {"models": {"image_sets": ["or"], "classifiers": ["KNN"]}, "features": {}}
    declared["features"]["networks"] = []
    assert Study.model_validate(_raw() | declared).nomogram.signatures == ["OR_KNN"]
    assert Study.model_validate(_raw()).nomogram.signatures == default  # nothing is shared


def _raw():
    raw = {"title": "T", "outcome": "o", "outcome_levels": ["a", "b"]}
    return raw | {"cohort": {"source": "simulated", "n_patients": 60}}


def test_weights_that_nothing_reads_are_not_asked_for():
    named = {"super_resolution": {"start": "a.safetensors"}, "features": {"weights": "b.pth"}}
    assert set(Study.model_validate(_raw() | named).checkpoints.values()) == {
        *("a.safetensors", "b.pth"),
    }
    named["models"] = {"image_sets": ["or"]}
    named["features"]["networks"] = []
    assert Study.model_validate(_raw() | named).checkpoints == {}


def test_a_study_of_scores_runs_three_notebooks(changed):
    mine = load_study("mine", changed(**SCORES))
    assert list(mine.jobs) == ["00_cohort", "05_nomogram", "06_statistics"]
    assert mine.jobs["00_cohort"].writes[-1] == "scores.parquet"
    assert "truth.parquet" not in mine.jobs["00_cohort"].writes
    assert "nomogram_B.json" not in mine.jobs["05_nomogram"].writes
    assert mine.jobs["06_statistics"].reads["model_predictions"] == "00_cohort/scores.parquet"


def test_only_simulated_patients_have_a_truth():
    has = {s: "truth.parquet" in _study(s).jobs["00_cohort"].writes for s in ("demo", "ddti")}
    assert has == {"demo": True, "ddti": False}


def _study(name):
    return load_study(name, Path("params"))


def test_files_of_weights_are_read_by_the_jobs_that_use_them(changed):
    assert _study("smoke").checkpoints == {}
    mine = load_study(
        "mine",
        changed(features={"weights": "data/net.pth"}, super_resolution={"start": "a.safetensors"}),
    )
    assert mine.checkpoints == {
        "super_resolution.start": "a.safetensors",
        "features.weights": "data/net.pth",
    }
    of_files = {
        file: [name for name, job in mine.jobs.items() if file in job.outside]
        for file in mine.checkpoints.values()
    }
    assert of_files == {
        "a.safetensors": ["01_super_resolution"],
        "data/net.pth": ["02_features_or", "02_features_sr", "04_models"],
    }


def test_a_study_of_scores_reads_no_weights(changed):
    mine = load_study("mine", changed(**SCORES | {"features": {"weights": "data/net.pth"}}))
    assert mine.checkpoints == {}


@pytest.mark.parametrize(
    ("name", "calculates"), [("smoke", True), ("clnm_ptc", True), ("llnm_net", False)]
)
def test_a_report_has_a_calculator_where_there_are_nomograms(name, calculates):
    files = load_study(name, Path("params")).report_files
    assert ("calculator.html" in files) is calculates and files[0] == "index.html"
