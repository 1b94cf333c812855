"""Words that the manuscript draws from numbers."""

from pathlib import Path

import pandas as pd
import pytest

from thyro import params, wording

DEMO = params.load("demo", Path("params"))
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


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"A": "1"}, "A was 1"),
        ({"A": "1", "B": "2"}, "A was 1 and of B 2"),
        ({"A": "1", "B": "2", "C": "3"}, "A was 1, of B 2 and of C 3"),
    ],
)
def test_values_are_told_as_in_a_sentence(values, words):
    assert wording.each(values) == words


def test_real_data_are_not_called_simulated_and_are_credited():
    about = {"simulated": False, "title": "T", "outcome": "grade 4a", "credit": "Images: X 2015."}
    about["spacing_known"] = True
    origin = wording.origin(about)
    assert origin["simulated"] is False and origin["note"] == "Images: X 2015."
    assert "grade 4a" in origin["statement"] and "simulated" not in origin["statement"]
    assert "in pixels" not in origin["statement"]
    assert "in pixels" in wording.origin(about | {"spacing_known": False})["statement"]


def test_scores_have_no_pixels():
    about = {"simulated": False, "title": "T", "outcome": "grade 4a", "credit": ""}
    statement = wording.origin(about | {"scores": ["M"], "spacing_known": False})["statement"]
    assert statement.startswith("The patients are real, and so are the scores")
    assert "images" not in statement and "pixel" not in statement


def test_simulated_data_say_so():
    origin = wording.origin({"simulated": True})
    assert origin["note"] == "Simulated data." and "simulated" in origin["statement"]


@pytest.mark.parametrize(
    ("psnr", "ssim", "words"),
    [
        (25, 0.6, "exceeded bicubic interpolation on both"),
        (25, 0.4, "in PSNR only"),
        (23, 0.6, "in SSIM only"),
        (24, 0.5, "did not exceed"),
    ],
)
def test_the_verdict_on_super_resolution_follows_the_numbers(psnr, ssim, words):
    scalars = {"psnr": psnr, "ssim": ssim, "psnr_bicubic": 24, "ssim_bicubic": 0.5}
    made = wording.super_resolution(DEMO, scalars | {"parameters_generator": 120240})
    assert words in made["verdict"] and made["parameters"] == "120,240" and made["noise"] == "5"


def test_terms_are_joined_as_in_a_sentence():
    labels = {"age": "Age", "ht": "HT", "margin": "Margin"}
    about = {"variables": {name: {"label": label} for name, label in labels.items()}}
    for terms, words in ((["age"], "age"), (list(labels), "age, HT and margin")):
        scalars = {"terms": terms, "note": "", "notes": {"A": "x", "B": "x"}}
        made = wording.clinical(DEMO, about, scalars)
        assert made["terms"] == words and made["note"] == "x"


def test_delong_pairs_that_a_study_lacks_are_left_out():
    row = {"cohort": "test", "model_a": "SR_SVM", "model_b": "OR_SVM", "difference": 0.1}
    table = pd.DataFrame([row | {"ci_low": 0.0, "ci_high": 0.2, "p_value": 0.0004, "p_holm": 0.01}])
    made = wording.delong(table)
    assert list(made) == ["sr_vs_or"] and made["sr_vs_or"]["p"] == "< 0.001"


def test_counts_are_those_of_training_and_test():
    patients = pd.DataFrame({"split": ["train"] * 6 + ["test"] * 4, "y": [1, 0] * 5})
    flow = [
        {"label": "Assessed", "n": 12, "excluded": False},
        {"label": "Excluded: a", "n": 2, "excluded": True},
        {"label": "Assessed", "n": 9, "excluded": False, "external": True},
        {"label": "Excluded: b", "n": 5, "excluded": True, "external": True},
    ]
    made = wording.cohort(DEMO, {"variables": {}}, patients, flow)
    assert (made["n"], made["n_train"], made["events_test"]) == ("10", "6", "2")
    assert made["excluded"] == "2"  # those of the external cohort are counted there
    assert made["split"] == "at random"


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (0, "The table records no criterion of eligibility."),
        (1, "decided by 1 recorded criterion,"),
        (8, "decided by 8 recorded criteria,"),
    ],
)
def test_criteria_are_counted(n, words):
    assert words in wording._criteria(n)


def test_missing_values_are_explained():
    plain = {"label": "Age"}
    assert wording._missing([plain]) == (
        "Patients without the outcome or a required clinical value were excluded and counted."
    )
    text = wording._missing(
        [plain, {"label": "Margin", "missing": "None"}, {"label": "TSH level", "required": False}]
    )
    assert "An empty cell is a level of its own for margin." in text
    assert "Some patients may lack TSH level, and no model uses it." in text


def test_flags_are_counted_and_say_what_they_do():
    assert wording._flags({"blur": 0}, ["duplicate"]) == (
        "None had a flag. The flag duplicate excludes, unless the reader says keep."
    )
    assert wording._flags({"blur": 2, "border": 1, "text": 0}, []) == (
        "Flags: blur 2 and border 1 (00_cohort/flagged_sheet.pdf). No flag excludes by itself; "
        "the reader decides."
    )


def test_scores_are_named_with_their_auc():
    table = PERFORMANCE.replace({"Nomogram_A": "first", "Nomogram_B": "second"})
    made = wording.models(["first", "second"], table, {})
    assert made["aucs"] == "first was 0.800 (0.700–0.900) and of second 0.700 (0.600–0.800)"
    assert "the scores of 2 models, made elsewhere: first and second." in made["methods"]
    assert "the score of one model" in wording.models(["first"], table, {})["methods"]


def test_nomograms_follow_the_signatures():
    made = wording.nomograms(["S", "T"], PERFORMANCE)
    assert made["joins"] == (
        "Nomogram_A joins the signature of S to the clinical factors, Nomogram_B the signature "
        "of T, and Nomogram_C uses the clinical factors alone."
    )
    assert made["choice"].startswith("Both signatures are")
    single = wording.nomograms(["S"], PERFORMANCE)
    assert "Nomogram_B" not in " ".join(single.values())
    assert single["panels"] == (
        "A: Nomogram_A, signature of S and clinical factors. B: Nomogram_C, clinical factors only."
    )
    assert single["measures"] == (
        "Nomogram_A was 0.800 (0.700–0.900) at an accuracy of 0.750 and of Nomogram_C 0.600 "
        "(0.500–0.700) at an accuracy of 0.750"
    )


def test_the_external_cohort_has_its_own_numbers():
    patients = pd.DataFrame({"y": [1, 0, 1]})
    flow = [{"label": "Excluded: b", "n": 5, "excluded": True, "external": True}]
    made = wording.external(patients, flow, PERFORMANCE, CALIBRATION)
    assert (made["n"], made["events"], made["excluded"]) == ("3", "2", "5")
    assert made["slopes"] == "Nomogram_A was 0.50 and of Nomogram_C 1.00"
    assert wording.calibration(CALIBRATION) == {
        "nomogram_a": {"slope": "0.90", "intercept": "0.10", "hl_p": "= 0.200"}
    }


def test_the_checklist_points_to_what_is_there():
    places = wording.checklist({"images": False, "external": False})
    assert places["external"] == "none" and "Radiomics" not in " ".join(places.values())


ODDS = pd.DataFrame(
    [
        ("age", "", None, None, -0.045, None, None, None),
        ("size", "", 4.0, 8.0, 0.624, 0.4, 0.2, 0.6),
        ("edge", "Rough", None, None, 1.0, 0.8, 0.2, 1.4),
    ],
    columns=["term", "level", "low", "high", "truth", "estimate", "ci_low", "ci_high"],
).astype({name: float for name in ("low", "high", "estimate", "ci_low", "ci_high")})
CORRELATIONS = pd.DataFrame(
    {"model": ["SR_SVM", "OR_SVM"], "rho": [0.5, 0.1], "ci_low": [0.2, -0.2], "ci_high": [0.7, 0.4]}
)
RISKS = pd.DataFrame(
    {"model": ["Nomogram_A"], "auc": 0.8, "ci_low": 0.7, "ci_high": 0.9}
    | {"auc_of_risk": 0.85, "slope": 0.704, "absolute_error": 0.0812}
)
VARIABLES = {
    "age": {"label": "Age", "unit": "years"},
    "size": {"label": "Diameter", "unit": "mm"},
    "edge": {"label": "Margin"},
}


def test_the_truth_stands_beside_what_was_found():
    rows = wording.recovery_rows(ODDS, CORRELATIONS, RISKS, VARIABLES)
    assert [tuple(row.values()) for row in rows] == [
        ("Log odds", "Age (years)", "−0.045", "not in the model"),
        ("Log odds", "Diameter (mm), 8 against 4", "0.624", "0.400 (0.200–0.600)"),
        ("Log odds", "Margin: Rough", "1.000", "0.800 (0.200–1.400)"),
        ("Correlation with the image latent", "SR_SVM", "–", "0.50 (0.20–0.70)"),
        ("Correlation with the image latent", "OR_SVM", "–", "0.10 (−0.20 to 0.40)"),
        ("AUC", "Nomogram_A", "0.850", "0.800 (0.700–0.900)"),
        ("Slope of log odds", "Nomogram_A", "1", "0.70"),
        ("Mean distance of risk", "Nomogram_A", "0", "0.081"),
    ]


def test_the_verdict_on_recovery_counts_intervals():
    made = wording.recovery(ODDS, CORRELATIONS, RISKS)
    assert made["verdict"] == (
        "The intervals of 1 of the 2 log odds that Nomogram_C estimates hold the truth, and the "
        "scores of 1 of the 2 image models rise with the image latent beyond chance."
    )
    assert "is 0.850 in the test cohort" in made["ceiling"]
    nothing = wording.recovery(ODDS, CORRELATIONS.assign(ci_low=-0.1), RISKS)["verdict"]
    assert "no score of an image model rises with" in nothing
