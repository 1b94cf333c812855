"""Words on the publication are the computed audit, and say nothing that it does not find."""

import copy
from pathlib import Path

import pytest
import yaml

from thyro import audit
from thyro.report.words import published

FACTS = audit.audit_file("report/published/paper_reference.yml").facts


@pytest.fixture
def facts():
    return copy.deepcopy(FACTS)


def test_the_facts_are_told_as_the_publication_and_its_audit_have_them():
    told = published.facts(FACTS)
    assert (told["n"], told["n_train"], told["n_test"]) == ("544", "380", "164")
    assert told["counts"].startswith("Of 48 checks 17 found")
    assert "24 found an inconsistency: 9 of printed numbers with each other" in told["counts"]
    for text in ("18 of 18 rows", "15 of 15 p values", "21 of 21 intervals"):
        assert text in told["credit"]
    assert all(n in told["outcome"] for n in ("162", "165", "173"))
    assert all(n in told["reader"] for n in ("0.682", "0.736", "0.624", "182", "170"))
    assert "(p = 0.013)" in told["comparison"] and "p = 0.052" in told["comparison"]
    assert all(n in told["clinical"] for n in ("0.878", "0.868", "0.880"))
    assert "Of 9 AUCs 7 fall" in told["training"]
    for text in ("0.726", "OR_ResNet101 and OR_SVM", "0.787", "0.784 to 0.790", "at 20%"):
        assert text in told["determined"]


SENTENCES = {
    "outcome": ("B1", "B3"),
    "reader": ("C2", "C3", "C4"),
    "comparison": ("D5", "D7"),
    "clinical": ("D11",),
    "training": ("E1",),
}


@pytest.mark.parametrize("name", SENTENCES)
def test_a_sentence_goes_with_its_finding(facts, name):
    assert published.facts(facts)[name]
    facts["verdict"] |= dict.fromkeys(SENTENCES[name], "consistent")
    assert published.facts(facts)[name] == ""


def test_what_is_not_known_is_not_told(facts):
    nothing = dict.fromkeys(("no_information_rate", "correlation"))
    facts |= nothing | {"benefit": [], "credit": dict.fromkeys(facts["credit"])}
    told = published.facts(facts)
    assert told["determined"] == told["credit"] == ""


def test_the_manuscript_knows_every_fact():
    invented = yaml.safe_load(Path("tests/report/variables.yml").read_text(encoding="utf-8"))
    assert invented["published"] == published.facts(FACTS)
