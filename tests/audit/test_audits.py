"""All 48 checks give the verdicts found before by hand, and follow a number that changes."""

import json
from pathlib import Path

import pandas as pd
import pytest

from thyro import audit
from thyro.audit import audits
from thyro.audit.printed import Printed

from .conftest import CHECKS, found, original, row, variable

GOLDEN = json.loads(Path("tests/golden/audit.json").read_text(encoding="utf-8"))
PRINTED = {finding["id"]: finding for finding in GOLDEN["findings"]}
NINE = ["B1", "B3", "B4", "C2", "C3", "C4", "D3", "D6", "H1"]


@pytest.fixture(scope="module")
def findings() -> pd.DataFrame:
    return audit.audit(original()).set_index("id")


@pytest.mark.parametrize("check", PRINTED)
def test_the_computed_verdict_is_the_one_found_by_hand(findings, check):
    # tests/golden/audit.json: an audit of the printed numbers in scripts apart from this package.
    one, want = findings.loc[check], PRINTED[check]
    assert (one["verdict"], one["weight"]) == (want["verdict"], want["severity"])
    assert one["kind"] == (want["kind"] or "")


def test_there_are_48_and_nine_contradict_each_other(findings):
    assert len(findings) == len(PRINTED) == len(CHECKS) == 48
    assert findings["verdict"].value_counts().to_dict() == GOLDEN["summary"]
    wrong = findings[findings["verdict"].eq("inconsistent")]
    assert wrong["kind"].value_counts().to_dict() == {
        "number": 9,
        "claim": 6,
        "method": 6,
        "wording": 3,
    }
    assert list(wrong.index[wrong["kind"].eq("number")]) == NINE


def test_every_check_says_what_and_how_and_with_what_consequence(findings):
    assert findings[["topic", "where", "printed", "implied", "how"]].ne("").all(axis=None)
    assert findings["consequence"].eq("").eq(findings["verdict"].eq("consistent")).all()
    read = findings.index[findings["basis"].eq("facts")]
    assert list(read) == ["E3", "H4", "H5", "H6", "H7", "H8"]  # as few as possible


SVM, DENSE = row("SR_SVM", "Test"), row("SR_DenseNet121", "Test")
CLNM, LOCATION = variable("CLNM"), variable("Location of LNM")
TEXT = next(
    i
    for i, text in enumerate(original().data["text_values"])
    if (text["place"], text["model"], text["cohort"]) == ("3.2", "SR_SVM", "Train")
)
PAIRS = ("comparisons", "pairs")
CASES = {  # check: changes of printed numbers, and the verdict that follows
    "A1, a count": ("A1", [(*CLNM, "levels", 1, "Test", "n", 42)], "inconsistent"),
    "A1, a percentage": ("A1", [(*CLNM, "levels", 1, "Test", "percent", "25.10")], "inconsistent"),
    "A2": ("A2", [(*variable("Gender"), "p", "0.503")], "inconsistent"),
    "A4": ("A4", [(*variable("Age"), "p", "0.390"), (*variable("Diameter"), "p", "0.240")]),
    "A5": ("A5", [(*variable("Age"), "ALL", "mean", "43.10")], "inconsistent"),
    "A6": ("A6", [(*variable("Bilaterality"), "levels", 1, "Test", "n", 99)], "inconsistent"),
    "B1": (
        "B1",
        [
            (*LOCATION, "levels", 1, "Test", "n", 27),
            (*LOCATION, "levels", 1, "Train", "n", 84),
        ],
    ),
    "B2": ("B2", [(*SVM, "sensitivity", "0.650")], "inconsistent"),
    "B4": ("B4", [(*CLNM, "p", "0.182")]),
    "B5": ("B5", [("cohorts", "ratio", "8:2")], "inconsistent"),
    "C1": ("C1", [(*SVM, "f1", "0.717")], "inconsistent"),
    "C2": (
        "C2",
        [
            (*row("Radiologist", "Train"), "f1", "0.736"),
            (*row("Radiologist", "Test"), "f1", "0.624"),
        ],
    ),
    "C3": (
        "C3",
        [
            (*variable("Radiologist"), "levels", 1, "Train", "n", 122),
            (*variable("Radiologist"), "levels", 1, "Test", "n", 48),
        ],
    ),
    "C4": (
        "C4",
        [
            (*row("Radiologist", "Train"), "auc", "0.800"),
            (*row("Radiologist", "Test"), "auc", "0.742"),
        ],
    ),
    "C5": ("C5", [(*SVM, "auc", "0.598")], "inconsistent"),
    "C7": ("C7", [("nomograms", "Nomogram_A", "test", "accuracy", "0.831")], "inconsistent"),
    "D1": ("D1", [(*SVM, "ci95", "0.8203–0.9458")], "inconsistent"),
    "D2": ("D2", [(*SVM, "ci95", "0.7560–1.0000")], "inconsistent"),
    "D3": ("D3", [("text_values", TEXT, "ci95", "0.8908–0.9573")]),
    "D4": ("D4", [(*PAIRS, 0, "b", "Nomogram_C")], "inconsistent"),
    "D5, a smaller p": ("D5", [(*PAIRS, 0, "p", "0.010")]),
    "D5, an adjustment": ("D5", [("comparisons", "correction", "Holm")]),
    "D6": ("D6", [(*PAIRS, 0, "difference", "0.056")]),
    "D7": ("D7", [(*DENSE, "auc", "0.824"), (*DENSE, "ci95", "0.7388–0.9099")]),
    "D8": ("D8", [("claims", "best_deep_model", "model", "OR_DenseNet121")]),
    "D10": (
        "D10",
        [(*PAIRS, 4, "a", "SR_SVM"), (*PAIRS, 4, "b", "Nomogram_C")],
        "inconsistent",
    ),
    "D11": ("D11", [("nomograms", "Nomogram_C", "test", "auc", "0.870")]),
    "E2": ("E2", [("choice", "in_sample_signature", False)]),
    "E3": ("E3", [("choice", "chosen_in", "Train")]),
    "F1": ("F1", [("radiomics", "n_texture", 75)], "inconsistent"),
    "F2": ("F2", [("radiomics", "n_texture", 74)], "inconsistent"),
    "F3": ("F3", [("radiomics", "n_image_filters", 21)], "inconsistent"),
    "F4": (
        "F4",
        [
            ("pyradiomics", "noise_on_one_slice", []),
            ("pyradiomics", "zero_on_one_slice", []),
        ],
        "consistent",
    ),
    "G1": ("G1", [("clinical_model", "candidates", ["Age", "Margin"])]),
    "H1": ("H1", [("text_values", TEXT, "ci95", "0.8908–0.9573")]),
    "H2": ("H2", [("repeated", "values", 4, "n", 165)], "inconsistent"),
    "H3": (
        "H3",
        [
            ("claims", "accuracy_significantly_improved", "tests_of_accuracy", 1),
            (*PAIRS, 0, "p", "0.010"),
        ],
    ),
    "H4": ("H4", [("clinical_model", "term_listed_among", {})]),
    "H5": (
        "H5",
        [
            ("super_resolution", "resolution_named", "in the plane"),
            ("super_resolution", "generator_input", {"2.5": "the original image"}),
        ],
    ),
    "H6": ("H6", [("scaling", "divided_by", "standard deviation")]),
    "H7": ("H7", [("feature_selection", "coefficients_shrunk_to_zero", "some")]),
    "H8": ("H8", [("not_printed", ["radiomics.n_total"])]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_verdict_follows_the_printed_number(case):
    check, changes, *verdict = CASES[case]
    want = verdict[0] if verdict else "consistent"
    assert found(check).verdict != want
    after = found(check, *changes)
    assert after.verdict == want
    fine = want == "consistent"
    assert (after.weight == "info") is (fine or CHECKS[check].weight == "info")
    assert (after.consequence == "") is fine


def test_another_publication_gets_what_its_numbers_allow():
    found = audit.audit_file("docs/audit_example.yml").findings.set_index("id")
    assert len(found) == len(audits.GENERIC) == 33  # without the checks of one publication alone
    wrong = found.index[found["verdict"].eq("inconsistent")]
    assert list(wrong) == ["B2", "C1", "D3", "D5", "G3", "H1"]
    lacking = found[found["verdict"].eq(audit.NOT_PRINTED)]
    assert {"A1", "B1", "C2", "H2"} <= set(lacking.index)
    assert lacking["printed"].str.startswith("needs ").all()
    assert lacking["implied"].eq("").all()


def test_the_template_can_be_audited_as_it_is():
    verdicts = audit.audit_file("docs/audit_template.yml").findings["verdict"]
    assert verdicts.eq("consistent").sum() > 9


def test_an_unknown_list_of_checks_is_named():
    with pytest.raises(ValueError, match="own_checks: expected one of .*'li2024'.*'other'"):
        audits.audit(Printed({"own_checks": "other"}))
