"""How values, labels and p values stand in a sentence."""

import pandas as pd
import pytest

from thyro.report.words import phrases

NAN = float("nan")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"A": "1"}, "A was 1"),
        ({"A": "1", "B": "2"}, "A was 1 and of B 2"),
        ({"A": "1", "B": "2", "C": "3"}, "A was 1, of B 2 and of C 3"),
    ],
)
def test_values_are_told_as_in_a_sentence(values, words):
    assert phrases.each(values) == words


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
    assert phrases.inside(label) == words


@pytest.mark.parametrize(
    ("items", "words"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_a_list_ends_with_and(items, words):
    assert phrases.listed(items) == words


def test_only_what_applies_is_told_in_its_order():
    assert phrases.applying({"b": True, "a": False, "c": True}) == ["b", "c"]
    assert phrases.applying({"a": False}) == []


@pytest.mark.parametrize(
    ("p", "words"), [(0.0131, "= 0.013"), (0.0004, "< 0.001"), (1.0, "= 1.000"), (None, "= –")]
)
def test_a_p_value_carries_its_relation(p, words):
    assert phrases.relation(float("nan") if p is None else p) == words


def test_aucs_are_those_of_one_cohort_in_the_order_asked_for():
    rows = [("A", "train", 0.9), ("A", "test", 0.7), ("B", "test", 0.6)]
    table = pd.DataFrame(rows, columns=["model", "cohort", "auc"])
    table = table.assign(ci_low=table["auc"] - 0.1, ci_high=table["auc"] + 0.1, accuracy=0.75)
    assert list(phrases.aucs(table, "test", ["B", "A"]).items()) == [
        ("B", "0.600 (0.500–0.700)"),
        ("A", "0.700 (0.600–0.800)"),
    ]
    told = phrases.aucs(table, "train", ["A"], accuracy=True)
    assert told == {"A": "0.900 (0.800–1.000) at an accuracy of 0.750"}
    with pytest.raises(KeyError):
        phrases.aucs(table, "train", ["B"])


@pytest.mark.parametrize(
    ("difference", "words"), [(0.16, "0.160 above"), (-0.024, "0.024 below"), (-0.0002, "equal to")]
)
def test_a_difference_is_told_by_its_size_and_side(difference, words):
    assert phrases.above(difference) == words


@pytest.mark.parametrize(
    ("ends", "where"),
    [((0.01, 0.2), 1), ((-0.2, -0.01), -1), ((-0.1, 0.1), 0), ((0.0, 0.1), 0), ((NAN, NAN), 0)],
)
def test_an_interval_lies_on_a_side_or_holds_zero(ends, where):
    assert phrases.side(*ends) == where


def test_a_comparison_says_who_is_above_whom():
    row = pd.Series({"difference": -0.05, "ci_low": -0.1, "ci_high": 0.0, "p_value": 0.04})
    assert phrases.gap("A", "Radiologist", row, level=0.9) == (
        "the AUC of A was 0.050 below the radiologist’s (90% CI of the difference −0.100 to 0.000; "
        "p = 0.040)"
    )
    row["p_holm"] = 0.12
    assert phrases.gap("A", "B", row, level=0.95) == (
        "the AUC of A was 0.050 below that of B (95% CI of the difference −0.100 to 0.000; "
        "p = 0.040, after Holm’s adjustment = 0.120)"
    )
    row["p_holm"] = 0.04
    assert phrases.gap("A", "B", row, level=0.95).endswith(
        "p = 0.040, before and after Holm’s adjustment)"
    )


@pytest.mark.parametrize(
    ("one", "many"),
    [("nodule", "nodules"), ("mass", "masses"), ("biopsy", "biopsies"), ("ray", "rays")]
    + [("metastasis", "metastases"), ("patch", "patches")],
)
def test_plurals(one, many):
    assert phrases.plural(one) == many
