"""Counts of the outcome in two tables, its p, and the split."""

import pytest

from thyro.audit import outcome
from thyro.audit.printed import NotPrinted

from .conftest import changed, found, original


def test_the_metrics_tell_the_cases():
    assert outcome.implied_cases(original()) == {"Train": 128, "Test": 45}


def test_where_rows_differ_no_number_is_told(invented):
    with pytest.raises(NotPrinted):
        outcome.cases_of(invented, "Test")
    wrong = changed(
        *(
            ("table_2", "rows", i, name, None)
            for i in range(18)
            for name in ("accuracy", "ppv", "npv")
        )
    )
    with pytest.raises(NotPrinted, match="a single number of cases in Test"):
        outcome.cases_of(
            changed(*(("table_2", "rows", i, "cohort", "Train") for i in range(18))), "Test"
        )
    assert outcome.cases_of(wrong, "Test") == 45  # nine rows of two rates have it in common


def test_rows_that_count_the_outcome_are_set_side_by_side():
    one = found("B1")
    assert "CLNM: ALL 162, Train 121, Test 41" in one.printed
    assert "at least 9 patients" in one.implied


def test_p_under_both_counts():
    assert (
        found("B4").implied.startswith("0.1819 with") and "0.1338 with CLNM" in found("B4").implied
    )


def test_the_split_is_the_ratio_to_a_whole_patient():
    one = found("B5")
    assert "Train 380.8, Test 163.2" in one.implied
    assert "CLNM 41 in Test, 48.8 expected (tail 0.066)" in one.implied  # by hand, 0.0659


def test_one_row_alone_is_compared_with_nothing():
    with pytest.raises(NotPrinted, match="two rows"):
        outcome.outcome_rows(changed(("outcomes", original().data["outcomes"][:1])))
