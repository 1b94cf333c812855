"""What the confusion matrices imply, against the audit found by hand."""

import pytest

from thyro.audit import performance
from thyro.audit.printed import NotPrinted

from .conftest import changed, found, original, row


def test_every_row_has_one_matrix():
    one = found("B2")
    assert one.implied.startswith("18 of 18 rows have exactly one matrix")
    assert one.implied.endswith("Train 128, Test 45")
    wrong = found("B2", (*row("SR_SVM", "Test"), "npv", "0.900"))
    assert "no matrix at all: SR_SVM (Test)" in wrong.implied


def test_rows_of_other_patients_have_no_cases_in_common():
    # Ten of 20 cases, and 15 of 20 controls, among 40 patients; the other row has 10 cases.
    rows = [
        {"model": "A", "sensitivity": "0.500", "specificity": "0.750", "accuracy": "0.625"},
        {"model": "B", "sensitivity": "0.900", "specificity": "0.967", "accuracy": "0.950"},
    ]
    rows = [r | {"cohort": "Test"} for r in rows]
    alone = changed(
        ("table_2", {"rows": rows}), ("nomograms", {}), ("cohorts", "parts", "Test", 40)
    )
    found = performance.confusion_matrices(alone)
    assert found.verdict == "inconsistent" and "Test none" in found.implied


def test_no_row_fits_the_counts_of_the_other_table():
    told = found("B3")
    assert "173 (Train 128, Test 45)" in told.implied
    assert told.implied.count("possible in 0 of 18 rows") == 2
    assert told.printed.startswith("CLNM 162 (Train 121, Test 41)")


def test_f1_of_the_reader():
    told = found("C2").implied
    assert told == "0.736 in Train (TP 92, FP 30, FN 36), 0.624 in Test (TP 29, FP 19, FN 16)"


def test_the_reader_of_two_tables():
    assert (found("C3").printed, found("C3").implied) == (
        "182 (Train 125, Test 57)",
        "170 (Train 122, Test 48)",
    )
    told = found("C4").implied
    assert "0.7999 in Train" in told and "0.7424 in Test" in told
    assert "nearest with 57 called 0.7811" in told


def test_a_graded_reading_has_another_auc_than_its_cut_off():
    graded = [original().data["readers"][0] | {"reading": "graded"}]
    with pytest.raises(NotPrinted, match="yes or no"):
        performance.auc_of_readers(changed(("readers", graded)))


def test_models_below_the_no_information_rate():
    told = found("C6").implied
    assert told.startswith("0.726 (119 of 164)")
    assert "OR_ResNet101 (117 of 164), OR_SVM (109 of 164)" in told


def test_accuracies_as_patients():
    told = found("C7").implied
    assert told == "Nomogram_A 136/164, Nomogram_B 136/164, Nomogram_C 129/164"
    rough = found("C7", ("table_2", {"rows": []}), ("nomograms", ROUGH))
    assert rough.verdict == "cannot tell"  # one decimal: 123 to 139 of 164


ROUGH = {"Nomogram_A": {"test": {"auc": "0.93", "accuracy": "0.8"}}}


def test_who_is_in_one_table_only_is_not_asked():
    without = original().data["readers"][0] | {"variable": None}
    with pytest.raises(NotPrinted, match="readers"):
        performance.readings(changed(("readers", [without])))
