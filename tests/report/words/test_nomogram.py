"""Words on nomograms follow their terms, fits and validation."""

from pathlib import Path

import pandas as pd
import pytest

from thyro.report.words import nomogram
from thyro.study import load_study, nomograms

DEMO = load_study("demo", Path("params"))
PERFORMANCE = pd.DataFrame(
    [
        (model, cohort, auc, auc - 0.1, auc + 0.1, 0.75)
        for model, auc in (("Nomogram_A", 0.8), ("Nomogram_B", 0.7), ("Nomogram_C", 0.6))
        for cohort in ("train", "test", "external")
    ],
    columns=["model", "cohort", "auc", "ci_low", "ci_high", "accuracy"],
)

ABOUT = {"variables": {"ht": {"label": "HT"}, "margin": {"label": "Margin"}}}


def fitted(nomogram, ht, rough, *, spread=0.05, protocol="paper"):
    """Coefficients of a nomogram, with intervals that reach `spread` to either side."""
    rows = [("ht", None, ht), ("margin", "Rough", rough)]
    rows += [] if nomogram == "Nomogram_C" else [("SR_SVM", None, -3.0)]
    table = pd.DataFrame(rows, columns=["term", "level", "estimate"])
    ends = {"low": table["estimate"] - spread, "high": table["estimate"] + spread}
    return table.assign(nomogram=nomogram, protocol=protocol, **ends)


ALONE = fitted("Nomogram_C", 0.6, 0.2)
FITS = pd.concat([fitted("Nomogram_A", 0.5, 0.1), fitted("Nomogram_B", 0.1, 0.3), ALONE])


UNTOUCHED = {"merged_levels": [], "composites": [], "undeclared": {}}  # candidates, in `scalars`


def composition(signatures, fits, about, **of_study):
    """Of a study with these signatures; the publication chose SR_SVM."""
    named = nomograms(signatures)
    return nomogram.composition(named, PERFORMANCE, fits, about, chosen="SR_SVM", **of_study)


def test_terms_are_joined_as_in_a_sentence():
    labels = {"age": "Age", "ht": "HT", "margin": "Margin"}
    about = {"variables": {name: {"label": label} for name, label in labels.items()}}
    regressions = pd.DataFrame({"lr_p": [0.04], "lr_p_multivariable": [0.04]})
    for terms, words in ((["age"], "age"), (list(labels), "age, HT and margin")):
        scalars = UNTOUCHED | {"terms": terms, "note": "", "notes": {"A": "x", "B": "x"}}
        made = nomogram.clinical(DEMO, about, scalars, regressions)
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
    scalars = UNTOUCHED | {"terms": ["age"], "note": "", "notes": {}}
    assert nomogram.clinical(DEMO, about, scalars, regressions)["choice"] == choice


LABELS = {"age": "Age", "place": "Place", "signs": "Signs", "grade": "ACR TI-RADS", "echo": "Echo"}


def of_candidates(study=DEMO, **scalars):
    """Words on candidates that were touched."""
    about = {"variables": {name: {"label": label} for name, label in LABELS.items()}}
    regressions = pd.DataFrame({"lr_p": [0.04], "lr_p_multivariable": [0.04]})
    scalars = UNTOUCHED | {"terms": ["age"], "note": "", "notes": {}} | scalars
    return nomogram.clinical(study, about, scalars, regressions)


def test_merged_levels_are_told_with_their_patients():
    rows = [("place", "Full", 4, "Middle"), ("place", "Isthmus", 9, "Middle")]
    rows += [("grade", "TR2", 0, "TR3")]
    columns = ("variable", "level", "n", "into")
    made = of_candidates(merged_levels=[dict(zip(columns, row, strict=True)) for row in rows])
    assert made["levels"] == (
        "A level that fewer than 10 training patients have was merged before any regression, "
        "without a look at the outcome: where levels rise with the neighbour towards the most "
        "common one, else with the most common one. So count (patients in brackets): Place, Full "
        "(4) and Isthmus (9) as Middle. ACR TI-RADS, TR2 (0) as TR3."
    )
    assert (
        of_candidates()["levels"] == "No level of a candidate has fewer than 10 training patients."
    )
    nomogram_of = DEMO.nomogram.model_copy(update={"smallest_level": 0})
    off = DEMO.model_copy(update={"nomogram": nomogram_of})
    assert of_candidates(off)["levels"] == "Rare levels were not merged."


def test_what_was_left_out_is_told_with_its_reason():
    one = {"score": "grade", "parts": ["signs", "echo"], "combinations": 6, "shared": 38}
    assert of_candidates()["composites"] == ""
    made = of_candidates(composites=[one | {"left_out": ["grade"]}])["composites"]
    assert made == (
        "ACR TI-RADS follows from signs and echo: in training each of their 6 combinations has one "
        "value of it (38 patients share theirs). ACR TI-RADS was left out, so that nothing is said "
        "twice."
    )
    parts = of_candidates(composites=[one | {"left_out": ["signs", "echo"]}])["composites"]
    assert parts.endswith("Signs and echo were left out, so that nothing is said twice.")
    hint = of_candidates(undeclared={"grade": ["signs", "echo"], "echo": ["signs", "grade"]})
    assert hint["composites"] == (
        "In training there follows ACR TI-RADS from signs and echo and echo from signs and ACR "
        "TI-RADS, which the study file does not declare; coefficients of variables that say the "
        "same twice mean little."
    )


def test_nomograms_follow_the_signatures():
    made = composition(["S", "T"], FITS, ABOUT)
    assert made["joins"] == (
        "Nomogram_A joins the signature of S to the clinical factors, Nomogram_B the signature "
        "of T, and Nomogram_C uses the clinical factors alone."
    )
    assert made["choice"] == "Both signatures were named before anything was computed."
    chosen = composition(["SR_SVM"], FITS, ABOUT)["choice"]
    assert chosen.endswith("The publication chose SR_SVM by its result in the test cohort.")
    single = composition(["S"], FITS, ABOUT)
    assert "Nomogram_B" not in " ".join(single.values())
    assert single["panels"] == (
        "Nomogram_A: signature of S and clinical factors. Nomogram_C: clinical factors only."
    )
    assert single["measures"] == (
        "Nomogram_A was 0.800 (0.700–0.900) at an accuracy of 0.750 and of Nomogram_C 0.600 "
        "(0.500–0.700) at an accuracy of 0.750"
    )


def test_a_coefficient_that_changes_its_sign_is_told():
    same = composition(["S", "T"], FITS, ABOUT)["signs"]
    assert same == "No coefficient of a clinical factor has another sign beside a signature."
    turned = pd.concat([fitted("Nomogram_A", -1.0, 0.2), fitted("Nomogram_B", -1.0, -0.2), ALONE])
    assert composition(["S", "T"], turned, ABOUT)["signs"] == (
        "Against Nomogram_C a coefficient changes its sign: HT in Nomogram_A and Nomogram_B; "
        "margin (Rough) in Nomogram_B. Beside a signature it is not the effect of the factor alone."
    )
    other = pd.concat([FITS, fitted("Nomogram_A", -1.0, 0.2, protocol="sound")])
    assert composition(["S", "T"], other, ABOUT)["signs"] == same  # of those that are drawn


def test_an_estimate_that_may_be_zero_changes_no_sign():
    wide = fitted("Nomogram_A", -0.5, 0.1, spread=0.7)
    told = composition(["S"], pd.concat([wide, ALONE]), ABOUT)["signs"]
    assert told == (
        "Against Nomogram_C an estimate lies on the other side of zero, with an interval there or "
        "here that holds zero: HT in Nomogram_A."
    )
    alone = fitted("Nomogram_C", 0.6, 0.2, spread=0.7)
    turned = pd.concat([fitted("Nomogram_A", -0.5, 0.1), alone])
    assert composition(["S"], turned, ABOUT)["signs"] == told


def validated(**changes):
    """Words on an invented validation."""
    scalars = {"bootstraps": 20, "validations_failed": {"fixed": 0}, "validated": "sound"}
    scalars["instability"] = {
        "Nomogram_A": {"mean_error": 0.0512, "median_width": 0.2046, "widest": 0.5},
        "Nomogram_C": {"mean_error": 0.02, "median_width": 0.1, "widest": 0.3},
    }
    scalars |= {"pipeline_bootstraps": 0, "signatures": ["SR_SVM"]} | changes
    scalars |= {"events_per_parameter": {"All": 9.54}, "minimum_n": {"All": 1234}}
    scalars |= {"assumed_auc": 0.745, "validation_n": {"Nomogram_A": 3120, "Nomogram_C": 990}}
    patients = pd.DataFrame({"split": ["train", "test", "test", "external"], "y": [1, 1, 0, 0]})
    rows = [("Nomogram_A", "auc", 0.9, 0.85), ("Nomogram_A", "slope", 1.0, 0.91)]
    repeated = pd.DataFrame(rows, columns=["model", "measure", "apparent", "corrected"])
    again = repeated.assign(apparent=0.97, corrected=[0.81, 0.6], signature="repeated")
    again["left_out_auc"] = 0.64
    repeated = pd.concat([repeated.assign(signature="fixed"), again])
    penalised = pd.DataFrame({"cohort": ["train", "test"], "difference": [0.5, 0.01]})
    penalised = penalised.assign(ci_low=-0.1, ci_high=0.12, p_value=[0.001, 0.47])
    return nomogram.validation(scalars, repeated, penalised, patients, level=0.95)


def test_captions_of_sizes_follow_what_the_sizes_were_computed_for(monkeypatch):
    made = validated()
    assert made["widths"].startswith("95% intervals with a width of 0.2 for O:E, 0.2 for the slope")
    assert "shrinkage of at most 10%" in made["limits"] and "within 5 percentage" in made["limits"]
    monkeypatch.setattr(nomogram, "AUC_WIDTH", 0.15)
    monkeypatch.setattr(nomogram, "MAX_SHRINKAGE", 0.2)
    made = validated()
    assert "0.15 for the AUC" in made["widths"] and "at most 20%" in made["limits"]


def test_the_validation_tells_what_was_corrected():
    made = validated()
    assert made["text"] == (
        "The bootstrap validates the nomograms of the sound recipe, with cross-fitted signatures. "
        "Corrected for optimism, the AUC of Nomogram_A was 0.850 instead of 0.900 (slope 0.91)."
    )
    assert made["size"] == (
        "The candidates have 9.5 events per parameter, and Riley’s criteria ask for 1,234 patients "
        "at an AUC of 0.745."
    )
    assert made["validation_size"] == (
        "A validation of the wanted precision would need 3,120 patients (Nomogram_A) and 990 "
        "patients (Nomogram_C); the test cohort has 2 (1 with the outcome) and the external cohort "
        "has 1 (0 with the outcome)."
    )
    assert made["penalised"] == (
        "in the test cohort the AUC of Nomogram_C was 0.010 above theirs (95% CI of the difference "
        "−0.100 to 0.120; p = 0.470)"
    )
    assert made["instability"] == (
        "By the nomograms of the bootstrap samples the risk of a training patient differed by a "
        "mean of 5.1 (Nomogram_A) and 2.0 (Nomogram_C) percentage points; the middle 95% of a "
        "patient’s risks spanned, in the median patient, 20.5 (Nomogram_A) and 10.0 (Nomogram_C) "
        "points"
    )
    assert made["signature"] == (
        "signatures stayed as they were (cross-fitted by the sound recipe), so that what is "
        "corrected is conditional on the signature."
    )
    assert made["pipeline"] == made["again"] == ""


def test_lost_samples_and_given_scores_are_told():
    made = validated(validations_failed={"fixed": 3}, validated="paper")
    assert made["text"].endswith("; 3 samples were left out, as no fit was possible.")
    assert made["text"].startswith("Corrected for optimism")
    assert "as they were (those of the table), so that" in made["signature"]


def test_the_bootstrap_of_the_whole_pipeline_is_told_where_there_is_one():
    failed = {"fixed": 0, "repeated": 2}
    made = validated(pipeline_bootstraps=200, validations_failed=failed)
    assert made["signature"].endswith(
        "In 200 further samples the signatures of the classical recipe, in-sample, were made again"
        ", too, from the selection of features on; copies of a patient stayed in one fold of every "
        "inner cross-validation."
    )
    assert made["pipeline"] == (
        "With signatures that every sample made for itself, the AUC of the in-sample Nomogram_A "
        "was 0.810 instead of 0.970 (slope 0.60); 2 samples were left out, as no fit was possible. "
        "Of the patients who judge a sample’s nomogram 63% are in the sample; of a classifier that "
        "learns patients by heart too little is corrected. In the patients that samples lacked the "
        "AUC of Nomogram_A was 0.640."
    )
    assert made["text"] == validated()["text"]
    both = validated(
        pipeline_bootstraps=200, validations_failed=failed, signatures=["SR_SVM", "SR_ResNet101"]
    )
    assert " The network of SR_ResNet101 was not trained again. Of the" in both["pipeline"]


def test_the_nomogram_of_the_main_text_is_named_by_where_its_signature_comes_from():
    of_images = composition(["S", "T"], FITS, ABOUT)["drawn"]
    assert of_images.startswith("Nomogram_A by the sound recipe, with the cross-fitted signature")
    assert composition(["S", "T"], FITS, ABOUT, images=False)["drawn"] == "Nomogram_A"
