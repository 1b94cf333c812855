"""Words that the manuscript draws from numbers."""

from pathlib import Path

import pandas as pd
import pytest

from thyro.report.words import study as words_study
from thyro.study import load_study

DEMO = load_study("demo", Path("params"))
PERFORMANCE = pd.DataFrame(
    [
        (model, cohort, auc, auc - 0.1, auc + 0.1, 0.75)
        for model, auc in (("Nomogram_A", 0.8), ("Nomogram_B", 0.7), ("Nomogram_C", 0.6))
        for cohort in ("train", "test", "external")
    ],
    columns=["model", "cohort", "auc", "ci_low", "ci_high", "accuracy"],
)
CALIBRATION = pd.DataFrame(
    [
        ("Nomogram_A", "test", 0.9, 0.1, 0.2),
        ("Nomogram_A", "external", 0.5, 0.0, 0.0004),
        ("Nomogram_C", "external", 1.0, 0.0, 0.5),
    ],
    columns=["model", "cohort", "slope", "intercept", "p_value"],
)

ABOUT = {"variables": {"ht": {"label": "HT"}, "margin": {"label": "Margin"}}}


def fit(ht, rough):
    """Coefficients of a nomogram; the signature and the intercept have a sign of their own."""
    names = ["(Intercept)", "SR_SVM", "ht", "margin=Rough"]
    return {"names": names, "coefficients": [-1.0, -3.0, ht, rough]}


FITS = {"Nomogram_A": fit(0.5, 0.1), "Nomogram_B": fit(0.1, 0.3)}
FITS["Nomogram_C"] = {
    "names": ["(Intercept)", "ht", "margin=Rough"],
    "coefficients": [1.0, 0.6, 0.2],
}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"A": "1"}, "A was 1"),
        ({"A": "1", "B": "2"}, "A was 1 and of B 2"),
        ({"A": "1", "B": "2", "C": "3"}, "A was 1, of B 2 and of C 3"),
    ],
)
def test_values_are_told_as_in_a_sentence(values, words):
    assert words_study.each(values) == words


def test_real_data_are_not_called_simulated_and_are_credited():
    about = {"simulated": False, "title": "T", "outcome": "grade 4a", "credit": "Images: X 2015."}
    about["spacing_known"] = True
    origin = words_study.origin(about)
    assert origin["simulated"] is False and origin["note"] == "Images: X 2015."
    assert "grade 4a" in origin["statement"] and "simulated" not in origin["statement"]
    assert "in pixels" not in origin["statement"]
    assert "in pixels" in words_study.origin(about | {"spacing_known": False})["statement"]


def test_scores_have_no_pixels():
    about = {"simulated": False, "title": "T", "outcome": "grade 4a", "credit": ""}
    statement = words_study.origin(about | {"scores": ["M"], "spacing_known": False})["statement"]
    assert statement.startswith("The patients are real, and so are the scores")
    assert "images" not in statement and "pixel" not in statement


@pytest.mark.parametrize(("scores", "kind"), [([], "image"), (["M"], "score")])
def test_simulated_data_say_so(scores, kind):
    origin = words_study.origin({"simulated": True, "scores": scores})
    assert origin["note"] == "Simulated data."
    assert origin["statement"].startswith(f"Every patient, {kind} and result in this report is sim")
    assert f"followed from {kind} to nomogram" in origin["statement"]


def test_random_weights_carry_a_caution():
    random, trained = "random initial weights, no pre-training", "weights from the file a.pt"
    made = words_study.networks([random, random])
    assert made["weights"] == random and made["caution"].startswith("From random weights")
    assert words_study.networks([trained]) == {"weights": trained, "caution": ""}
    assert words_study.networks([trained, random])["caution"]


def test_terms_are_joined_as_in_a_sentence():
    labels = {"age": "Age", "ht": "HT", "margin": "Margin"}
    about = {"variables": {name: {"label": label} for name, label in labels.items()}}
    regressions = pd.DataFrame({"lr_p": [0.04], "lr_p_multivariable": [0.04]})
    for terms, words in ((["age"], "age"), (list(labels), "age, HT and margin")):
        scalars = {"terms": terms, "note": "", "notes": {"A": "x", "B": "x"}}
        made = words_study.clinical(DEMO, about, scalars, regressions)
        assert made["choice"].endswith(f": {words}.") and made["note"] == "x"


@pytest.mark.parametrize(
    ("univariate", "multivariable", "choice"),
    [
        (
            0.09,
            0.049,
            "those with a likelihood-ratio p < 0.1 entered one multivariable model, and those "
            "with p < 0.05 there, by the same test, were kept: age.",
        ),
        (
            0.09,
            0.05,
            "those with a likelihood-ratio p < 0.1 entered one multivariable model; none had "
            "p < 0.05 there, so that with the smallest univariate p was taken: age.",
        ),
        # What was taken for want of another is refitted alone, and may then be below `retain`.
        (
            0.1,
            0.01,
            "none had a likelihood-ratio p < 0.1, so that with the smallest was taken: age.",
        ),
    ],
)
def test_a_fallback_is_not_told_as_a_choice(univariate, multivariable, choice):
    regressions = pd.DataFrame(
        {"lr_p": [univariate, 0.7], "lr_p_multivariable": [multivariable, None]}, dtype=float
    )
    about = {"variables": {"age": {"label": "Age"}}}
    scalars = {"terms": ["age"], "note": "", "notes": {}}
    assert words_study.clinical(DEMO, about, scalars, regressions)["choice"] == choice


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("Age", "age"),
        ("Location of LNM", "location of LNM"),
        ("ACR TI-RADS", "ACR TI-RADS"),
        ("Hashimoto thyroiditis", "Hashimoto thyroiditis"),
        ("Hashimoto's thyroiditis", "Hashimoto's thyroiditis"),
        ("Ki-67", "Ki-67"),
        ("T stage", "T stage"),
        ("C-reactive protein", "C-reactive protein"),
        ("pT", "pT"),
        ("Taller-than-wide", "taller-than-wide"),
    ],
)
def test_names_and_abbreviations_keep_their_capital_inside_a_sentence(label, words):
    assert words_study.inside(label) == words


def test_delong_pairs_that_a_study_lacks_are_left_out():
    row = {"cohort": "test", "model_a": "SR_SVM", "model_b": "OR_SVM", "difference": 0.1}
    table = pd.DataFrame([row | {"ci_low": 0.0, "ci_high": 0.2, "p_value": 0.0004, "p_holm": 0.01}])
    made = words_study.delong(table)
    assert list(made) == ["sr_vs_or"] and made["sr_vs_or"]["p"] == "< 0.001"


def test_counts_are_those_of_training_and_test():
    patients = pd.DataFrame({"split": ["train"] * 6 + ["test"] * 4, "y": [1, 0] * 5})
    flow = [
        {"label": "Assessed (patients)", "n": 12, "excluded": False},
        {"label": "Excluded: a", "n": 2, "excluded": True},
        {"label": "Assessed (patients)", "n": 9, "excluded": False, "external": True},
        {"label": "Excluded: b", "n": 5, "excluded": True, "external": True},
    ]
    made = words_study.cohort(DEMO, {"variables": {}}, patients, flow)
    assert (made["n"], made["n_train"], made["events_test"]) == ("10", "6", "2")
    assert made["excluded"] == "2"  # those of the external cohort are counted there
    assert made["split"] == "at random"


@pytest.mark.parametrize(
    ("unit", "n", "words"),
    [("patients", 2, "2"), ("images", 2, "2 images"), ("images", 1, "1 image")],
)
def test_the_unit_of_a_row_is_told_where_it_is_not_the_patient(unit, n, words):
    flow = [{"label": f"Assessed ({unit})", "n": 9, "excluded": False}]
    flow.append({"label": "Excluded: b", "n": n, "excluded": True})
    assert words_study._excluded(flow, external=False) == words


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (0, "The table records no criterion of eligibility."),
        (1, "decided by 1 recorded criterion,"),
        (8, "decided by 8 recorded criteria,"),
    ],
)
def test_criteria_are_counted(n, words):
    assert words in words_study._criteria(n)


def test_missing_values_are_explained():
    plain = {"label": "Age"}
    assert words_study._missing([plain], radiologist=False, scores=False) == (
        "Patients without the outcome or a required clinical value were excluded and counted."
    )
    everything = words_study._missing([plain], radiologist=True, scores=True)
    assert everything == (
        "Patients without the outcome, a required clinical value, the radiologist’s reading or a "
        "score were excluded and counted."
    )
    text = words_study._missing(
        [plain, {"label": "Margin", "missing": "None"}, {"label": "TSH level", "required": False}],
        radiologist=False,
        scores=False,
    )
    assert "An empty cell is a level of its own for margin." in text
    assert "Some patients may lack TSH level, and no model uses it." in text


def test_flags_are_counted_and_say_what_they_do():
    assert words_study._flags({"flags": {"blur": 0}}, ["duplicate"]) == (
        "No image was flagged. The flag duplicate excludes, unless the reader says keep."
    )
    assert words_study._flags({}, ["duplicate"]).startswith("No image was flagged.")
    found = {"flags": {"blur": 2, "border": 1, "text": 0}, "external_flags": {"blur": 0}}
    assert words_study._flags(found, []) == (
        "Flags: blur 2 and border 1 in the cohort (00_cohort/flagged_sheet.pdf). No flag excludes "
        "by itself; the reader decides."
    )
    assert words_study._flags(found | {"external": True}, []).startswith(
        "Flags: blur 2 and border 1 in the cohort; none in the external cohort (00_cohort/"
    )


def test_scores_are_named_with_their_auc():
    table = PERFORMANCE.replace({"Nomogram_A": "first", "Nomogram_B": "second"})
    made = words_study.models(["first", "second"], table, {})
    assert made["aucs"] == "first was 0.800 (0.700–0.900) and of second 0.700 (0.600–0.800)"
    assert "the scores of 2 models, made elsewhere: first and second." in made["methods"]
    assert "the score of one model" in words_study.models(["first"], table, {})["methods"]


def test_nomograms_follow_the_signatures():
    made = words_study.nomograms(["S", "T"], PERFORMANCE, FITS, ABOUT)
    assert made["joins"] == (
        "Nomogram_A joins the signature of S to the clinical factors, Nomogram_B the signature "
        "of T, and Nomogram_C uses the clinical factors alone."
    )
    assert made["choice"] == "Both signatures are named in the study file before the run."
    chosen = words_study.nomograms(["SR_SVM"], PERFORMANCE, FITS, ABOUT)["choice"]
    assert chosen.endswith("The publication chose SR_SVM by its result in the test cohort.")
    single = words_study.nomograms(["S"], PERFORMANCE, FITS, ABOUT)
    assert "Nomogram_B" not in " ".join(single.values())
    assert single["panels"] == (
        "Nomogram_A: signature of S and clinical factors. Nomogram_C: clinical factors only."
    )
    assert single["measures"] == (
        "Nomogram_A was 0.800 (0.700–0.900) at an accuracy of 0.750 and of Nomogram_C 0.600 "
        "(0.500–0.700) at an accuracy of 0.750"
    )


def test_a_coefficient_that_changes_its_sign_is_told():
    same = words_study.nomograms(["S", "T"], PERFORMANCE, FITS, ABOUT)["signs"]
    assert same == "No coefficient of a clinical factor has another sign beside a signature."
    turned = {**FITS, "Nomogram_A": fit(-1.0, 0.2), "Nomogram_B": fit(-1.0, -0.2)}
    assert words_study.nomograms(["S", "T"], PERFORMANCE, turned, ABOUT)["signs"] == (
        "Against Nomogram_C a coefficient changes its sign: HT in Nomogram_A and Nomogram_B; "
        "margin (Rough) in Nomogram_B. Beside a signature it is not the effect of the factor alone."
    )


def test_the_external_cohort_has_its_own_numbers():
    patients = pd.DataFrame({"y": [1, 0, 1]})
    flow = [{"label": "Assessed (patients)", "n": 8, "excluded": False, "external": True}]
    flow.append({"label": "Excluded: b", "n": 5, "excluded": True, "external": True})
    made = words_study.external(patients, flow, PERFORMANCE, CALIBRATION)
    assert (made["n"], made["events"], made["excluded"]) == ("3", "2", "5")
    assert made["slopes"] == "Nomogram_A was 0.50 and of Nomogram_C 1.00"
    assert words_study.calibration(CALIBRATION) == {
        "nomogram_a": {"slope": "0.90", "intercept": "0.10", "hl_p": "= 0.200"}
    }


def test_the_checklist_points_to_what_is_there():
    places = words_study.checklist({"images": False, "external": False}, {})
    assert places["external"] == "none" and "Radiomics" not in " ".join(places.values())
    assert places["outlines"] == "One outline per nodule serves OR and SR images"
    two = words_study.checklist({"images": True, "external": True}, {"second_reader": True})
    assert "a second reader’s are kept (00_cohort/masks_2)" in two["outlines"]
