"""Numbers as printed: what rounds to them, and what a file must hold."""

import pytest
import yaml

from thyro.audit.printed import NotPrinted, Printed, Rounded, interval, listed, read, signed

from .conftest import original


@pytest.mark.parametrize(
    ("text", "x", "agrees"),
    [
        ("0.878", 0.8775, True),
        ("0.878", 0.8785, True),
        ("0.878", 0.8774, False),
        ("56", 56.49, True),
        ("25.00", 25.006, False),
    ],
)
def test_what_rounds_to_a_printed_number(text, x, agrees):
    assert Rounded.of(text).agrees(x) is agrees


def test_a_dropped_zero_does_not_make_a_number_coarser():
    assert Rounded.of("0.94").agrees(0.944)
    assert not Rounded.of("0.94", 3).agrees(0.944)
    assert original().decimals["npv"] == 3  # one row prints 0.94


def test_an_interval_is_symmetric_about_what_its_middle_rounds_to():
    one = interval({"auc": "0.878", "ci95": "0.8203–0.9358"})
    assert one.middle == pytest.approx(0.87805) and one.symmetric
    assert not interval({"auc": "0.878", "ci95": "0.8203-0.9458"}).symmetric


def test_what_is_not_printed_is_named(invented):
    with pytest.raises(NotPrinted, match="comparisons.tests"):
        invented.need("comparisons", "tests")
    with pytest.raises(NotPrinted, match="table_2: B, Test"):
        invented.row("B", "Test")
    assert not invented.has("cohorts", "whole") and invented.readers == []


def test_places_are_those_that_there_are(invented):
    assert original().place("table_2", "table_1") == "Table 2, Table 1"
    assert invented.place("table_2", "nomograms") == "table_2"


def test_patients_are_counted_over_levels():
    located = original().patients(original().need("outcomes")[1])
    assert located.to_dict() == {"ALL": 165, "Train": 118, "Test": 47}
    with pytest.raises(ValueError, match=r"CLNM: expected levels of \['No', 'Yes'\]"):
        original().patients({"variable": "CLNM", "levels": ["yes"]})


FILE = """
cohorts: {parts: {Train: 240, Test: 120}, fitted_on: Train, tested_on: Test}
table_1:
  rows:
  - {variable: Sex, kind: categorical, levels: [{level: F, Train: {n: 1}, Test: {n: 1}}]}
table_2: {rows: [{model: A, cohort: Test, auc: '0.841', ci95: '0.7640–0.9180'}]}
comparisons: {pairs: [{a: A, b: B, cohort: Test, p: '< 0.001'}]}
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{Train: 240, Test: 120}", "{}", "cohorts.parts: expected patients by cohort"),
        ("tested_on: Test", "tested_on: Here", "cohorts.tested_on: expected one of .*'Here'"),
        ("kind: categorical", "kind: text", "'Sex': kind: expected one of"),
        (", Test: {n: 1}", "", r"'Sex' F: expected the cohorts \['Test'\]"),
        ("cohort: Test, auc", "cohort: test, auc", "'A': cohort: expected one of"),
        ("'0.841'", "84.1", "'A': auc: expected a number between 0 and 1, found 84.1"),
        ("'0.841'", "about", "'A': auc: expected a number"),
        (
            "Test: {n: 1}",
            "Test: {n: one}",
            r"'Sex' F: n: expected whole numbers, found \[1, 'one'\]",
        ),
        ("< 0.001", "P<0.001", "comparisons: 'A' and 'B': p: expected '0.013'.* found 'P<0.001'"),
        ("0.7640–0.9180", "0.7640", "'A': ci95: expected 'low–high'"),
    ],
)
def test_a_file_that_cannot_be_audited_names_the_row(tmp_path, old, new, message):
    file = tmp_path / "paper.yml"
    file.write_text(FILE, encoding="utf-8")
    assert read(file).sizes == {"Train": 240, "Test": 120}
    file.write_text(FILE.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read(file)


def test_a_file_that_is_not_there_or_no_mapping_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="audit_template.yml"):
        read(tmp_path / "no.yml")
    file = tmp_path / "list.yml"
    file.write_text(yaml.safe_dump([1]))
    with pytest.raises(ValueError, match="found list"):
        read(file)


def test_comparisons_are_told_apart_by_their_sign():
    assert [pair["p"] for pair in original().pairs("")] == ["0.013"]
    assert len(list(original().pairs("<"))) == len(list(original().pairs(">"))) == 3


def test_lists_and_signs():
    assert (listed([]), listed(["a", "b"])) == ("none", "a, b")
    assert (signed(0.056), signed(-0.0118)) == ("+0.056", "−0.012")
    assert Printed({"readers": None}).readers == []


def test_a_variable_without_mean_and_sd_is_passed_over():
    age = original().data["table_1"]["rows"][0]
    ranks = age | {"variable": "TSH", "ALL": {"median": "2"}}
    data = original().data | {"table_1": {"rows": [ranks, age]}}
    assert Printed(data).moments() == [age]
    with pytest.raises(NotPrinted, match="mean and sd"):
        Printed(original().data | {"table_1": {"rows": [ranks]}}).moments()
