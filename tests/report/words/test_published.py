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
    assert told["source"] == "Li et al. (2024)"
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


def test_the_null_pattern_is_told_with_its_draws_and_their_error(facts):
    share = {"share": 0.25, "low": 0.2, "high": 0.304}
    facts["null"] |= {"draws": 160, "train": 380, "test": 164, "all_above": share}
    facts["null"]["largest"] = share | {"printed": 0.079, "quartiles": [0.01, 0.03, 0.05]}
    facts["null"]["mean_auc"] = {"drawn": 0.67, "printed": 0.79}
    told = published.facts(facts)["null"]
    assert "In 160 simulated cohorts of 380 and 164 patients" in told
    assert "the largest of the 4 gains 0.079 or more in 25% (20–30%)" in told
    assert "at least 3 of 4 SR models above their twins in" in told
    assert "all 4 were above in 25% (20–30%). In brackets are Monte Carlo 95%" in told
    assert "a median of 0.030 (quartiles 0.010 and 0.050)" in told
    assert told.endswith(
        "is 0.670, that of the printed ones 0.790; differences of lower AUCs vary more."
    )
    facts["null"]["mean_auc"]["drawn"] = 0.8
    assert published.facts(facts)["null"].endswith("that of the printed ones 0.790.")
    facts["null"] = None
    assert published.facts(facts)["null"] == ""


def test_another_publication_is_named_and_told_what_its_numbers_allow():
    told = published.facts(audit.audit_file("docs/audit_example.yml").facts)
    assert told["source"] == "Doe et al. (invented)"
    assert told["counts"].startswith("Of 13 checks 7 found")
    assert told["outcome"] == told["reader"] == told["clinical"] == told["null"] == ""
    assert "Li" not in " ".join(told.values())
    assert published.facts(FACTS | {"source": None})["source"] == "the audited publication"


def test_the_manuscript_knows_every_fact():
    invented = yaml.safe_load(Path("tests/report/variables.yml").read_text(encoding="utf-8"))
    ours = published.facts(FACTS)
    sizes = {"n": "544", "n_train": "380", "n_test": "164"}
    # The number of draws grows without another reading of the page.
    assert invented["published"] | {"null": ours["null"]} == sizes | ours
