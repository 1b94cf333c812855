"""Words on the study: origin, patients, criteria, flags."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from thyro.report.words import study
from thyro.study import load_study

DEMO = load_study("demo", Path("params"))


def test_real_data_are_not_called_simulated_and_are_credited():
    about = {"simulated": False, "title": "T", "outcome": "grade 4a", "credit": "Images: X 2015."}
    about["spacing_known"] = True
    origin = study.origin(about)
    assert origin["simulated"] is False and origin["note"] == "Images: X 2015."
    assert "grade 4a" in origin["statement"] and "simulated" not in origin["statement"]
    assert "in pixels" not in origin["statement"]
    assert "in pixels" in study.origin(about | {"spacing_known": False})["statement"]


def test_scores_have_no_pixels():
    about = {"simulated": False, "title": "T", "outcome": "grade 4a", "credit": ""}
    statement = study.origin(about | {"scores": ["M"], "spacing_known": False})["statement"]
    assert statement.startswith("The patients are real, and so are the scores")
    assert "images" not in statement and "pixel" not in statement


@pytest.mark.parametrize(("scores", "kind"), [([], "image"), (["M"], "score")])
def test_simulated_data_say_so(scores, kind):
    origin = study.origin({"simulated": True, "scores": scores})
    assert origin["note"] == "Simulated data."
    assert origin["statement"].startswith(f"Every patient, {kind} and result in this report is sim")
    assert f"followed from {kind} to nomogram" in origin["statement"]


def test_features_of_a_table_are_told_as_such():
    about = {"simulated": False, "outcome": "o", "title": "T", "credit": "", "scores": []}
    statement = study.origin(about | {"spacing_known": False}, features=True)["statement"]
    assert "so are the features, which were measured outside" in statement
    assert "image" not in statement and "pixel" not in statement


def test_counts_are_those_of_training_and_test():
    patients = pd.DataFrame({"split": ["train"] * 6 + ["test"] * 4, "y": [1, 0] * 5})
    flow = [
        {"label": "Assessed", "n": 12, "excluded": False, "unit": "patient"},
        {"label": "Excluded: a", "n": 2, "excluded": True},
        {"label": "Assessed", "n": 9, "excluded": False, "external": True, "unit": "patient"},
        {"label": "Excluded: b", "n": 5, "excluded": True, "external": True},
    ]
    made = study.cohort(DEMO, {"variables": {}}, patients, flow)
    assert (made["n"], made["n_train"], made["events_test"]) == ("10", "6", "2")
    assert made["excluded"] == "2"  # those of the external cohort are counted there
    assert made["split"] == "at random"


@pytest.mark.parametrize(
    ("unit", "n", "words"),
    [("patient", 2, "2"), ("image", 2, "2 images"), ("image", 1, "1 image"), ("row", 0, "0 rows")],
)
def test_the_unit_of_a_row_is_told_where_it_is_not_the_patient(unit, n, words):
    flow = [{"label": "Assessed", "n": 9, "excluded": False, "unit": unit}]
    flow.append({"label": "Excluded: b", "n": n, "excluded": True})
    assert study.excluded(flow, external=False) == words


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (0, "The table records no criterion of eligibility."),
        (1, "decided by 1 recorded criterion,"),
        (8, "decided by 8 recorded criteria,"),
    ],
)
def test_criteria_are_counted(n, words):
    assert words in study.criteria(n)


def test_missing_values_are_explained():
    plain = {"label": "Age"}
    assert study._missing([plain], radiologist=False, scores=False) == (
        "Patients without the outcome or a required clinical value were excluded and counted."
    )
    everything = study._missing([plain], radiologist=True, scores=True)
    assert everything == (
        "Patients without the outcome, a required clinical value, the radiologist’s reading or a "
        "score were excluded and counted."
    )
    text = study._missing(
        [plain, {"label": "Margin", "missing": "None"}, {"label": "TSH level", "required": False}],
        radiologist=False,
        scores=False,
    )
    assert "An empty cell is a level of its own for margin." in text
    assert "Some patients may lack TSH level, and no model uses it." in text


def test_flags_are_counted_and_say_what_they_do():
    assert study._flags({"flags": {"blur": 0}}, ["duplicate"]) == (
        "No image was flagged. The flag duplicate excludes, unless the reader says keep."
    )
    assert study._flags({}, ["duplicate"]).startswith("No image was flagged.")
    assert study._flags({}, ["duplicate", "copy"]).endswith(
        "The flags duplicate and copy exclude, unless the reader says keep."
    )
    found = {"flags": {"blur": 2, "border": 1, "text": 0}, "external_flags": {"blur": 0}}
    assert study._flags(found, []) == (
        "Flags: blur 2 and border 1 in the cohort (00_cohort/flagged_sheet.pdf). No flag excludes "
        "by itself; the reader decides."
    )
    assert study._flags(found | {"external": True}, []).startswith(
        "Flags: blur 2 and border 1 in the cohort; none in the external cohort (00_cohort/"
    )


def test_the_flags_are_those_of_the_patients_and_the_study_file():
    patients = pd.DataFrame({"split": ["train", "test"]})
    has = study.flags(DEMO, {"truth": True}, patients)
    assert has["images"] and has["nomogram_b"] and has["comparison"] and has["recovery"]
    assert not has["radiologist"] and not has["external"]
    more = patients.assign(radiologist=1, split=["train", "external"])
    has = study.flags(DEMO, {}, more)
    assert has["radiologist"] and has["external"] and not has["recovery"]
    none = DEMO.model_copy(
        update={"features": DEMO.features.model_copy(update={"fine_tuning": "none"})}
    )
    assert has["tuned"] and not study.flags(none, {}, more)["tuned"]


def test_the_title_says_that_patients_are_simulated_once():
    simulated = {"simulated": True}
    assert study.title(DEMO, simulated) == f"{DEMO.title}: a simulated cohort"
    assert study.title(DEMO, {"simulated": False}) == DEMO.title
    named = DEMO.model_copy(update={"title": "Simulated patients"})
    assert study.title(named, simulated) == "Simulated patients"


def test_the_study_is_named_after_its_patients():
    assert (
        study.cohort_name("a", {"simulated": True}, 60) == "a simulated cohort of 60 patients (a)"
    )
    assert study.cohort_name("b", {"simulated": False}, 9) == "a cohort of 9 real patients (b)"
    assert "of 1,234 real" in study.cohort_name("b", {"simulated": False}, 1234)


def test_the_texts_are_of_patients_of_training_and_test_and_name_the_level_exactly():
    patients = pd.DataFrame({"split": ["train"] * 3 + ["test"] * 2 + ["external"], "y": 1})
    about = {"simulated": True, "truth": True, "variables": {}}
    flow = [{"label": "Assessed", "n": 5, "excluded": False, "unit": "patient"}]
    values = {"00_cohort/cohort": about, "00_cohort/flow": flow}
    results = SimpleNamespace(values=values.__getitem__, table=lambda name: patients)
    statistics = DEMO.statistics.model_copy(update={"level": 0.975})
    made = study.texts(DEMO.model_copy(update={"statistics": statistics}), results, name="a")
    assert made["statistics"]["level"] == "97.5%"
    assert made["study"]["name"] == "a simulated cohort of 5 patients (a)"
    assert made["cohort"]["n"] == "5" and made["has"]["external"]
