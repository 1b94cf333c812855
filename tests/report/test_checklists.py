"""Items are answered by their rules, and every place they name is in the manuscript."""

from pathlib import Path

import pytest
import yaml

from thyro.report import checklists, evidence, places
from thyro.report.checklists import LEFT, MET, NOT_ASKED, NOT_MET, PART, Item, answer
from thyro.report.words import study as words
from thyro.study import load_study
from thyro.study.authors import Authors

from .test_evidence import facts

ITEMS = checklists.read_checklists(Path("report/checklists.yml"))
EVERY = [(name, item) for name, items in ITEMS.items() for item in items]
IDS = [f"{name} {item.id}" for name, item in EVERY]
FACTS = {"a": True, "b": False}
NOBODY = {"ethics": ""}
SAID = {"ethics": "No. 7"}


def test_the_items_are_those_of_the_guidelines():
    # Collins 2024, BMJ 385:e078378: 52 items; Kocak 2023: 58; Kocak 2024: 30.
    assert {name: len(items) for name, items in ITEMS.items()} == {
        "tripod": 52,
        "clear": 58,
        "metrics": 30,
    }
    for items in ITEMS.values():
        assert len({item.id for item in items}) == len(items)


def test_weights_of_metrics_are_the_published_ones():
    # Kocak 2024, Insights Imaging 15:8, Table 1: they add up to one.
    weights = {item.id: item.weight for item in ITEMS["metrics"]}
    assert sum(weights.values()) == pytest.approx(1, abs=1e-9)
    assert (weights["1"], weights["3"], weights["11"]) == (0.0368, 0.0919, 0.0622)
    assert not any(item.weight for name in ("tripod", "clear") for item in ITEMS[name])


@pytest.mark.parametrize(
    ("rule", "authors", "status", "text"),
    [
        ({"says": "x"}, NOBODY, MET, "x"),
        ({"says": "x", "needs": ["a", "not b"]}, NOBODY, MET, "x"),
        ({"says": "x", "needs": ["b"], "lacks": "y"}, NOBODY, NOT_MET, "y"),
        ({"lacks": "y"}, NOBODY, NOT_MET, "y"),
        ({"authors": "ethics"}, NOBODY, LEFT, ""),
        ({"authors": "ethics"}, SAID, MET, ""),
        ({"says": "x", "authors": "ethics"}, NOBODY, PART, "x"),
        ({"says": "x", "authors": "ethics"}, SAID, MET, "x"),
        ({"authors": "ethics", "needs": ["b"], "lacks": "y"}, SAID, NOT_MET, "y"),
        ({"says": "x", "needs": ["b"], "instead": "ethics", "lacks": "y"}, NOBODY, NOT_MET, "y"),
        ({"says": "x", "needs": ["b"], "instead": "ethics", "lacks": "y"}, SAID, MET, ""),
        ({"says": "x", "applies": ["b"]}, NOBODY, NOT_ASKED, ""),
        ({"skips": "z"}, NOBODY, NOT_ASKED, "z"),
        ({"says": "x", "unless": {"a": {"says": "u"}}}, NOBODY, MET, "x"),
        ({"says": "x", "unless": {"b": {"says": "u"}}}, NOBODY, MET, "u"),
    ],
)
def test_a_rule_gives_its_status(rule, authors, status, text):
    got = answer(Item("1", "?", **rule), FACTS, authors)
    assert (got.status, got.text) == (status, text)
    shown = checklists._text(got)
    assert shown.lower().startswith(status)
    assert ("The authors: No. 7" in shown) is bool(got.told)


def test_a_rule_that_names_what_does_not_exist_stops():
    with pytest.raises(KeyError):
        answer(Item("1", "?", needs=["nothing"]), FACTS, NOBODY)
    with pytest.raises(TypeError):
        Item("1", "?", place="x")


def test_the_score_is_a_share_of_the_weights_that_apply():
    given = [
        answer(Item("1", "?", says="x", weight=0.3), FACTS, NOBODY),
        answer(Item("2", "?", lacks="y", weight=0.2), FACTS, NOBODY),
        answer(Item("3", "?", says="x", authors="ethics", weight=0.1), FACTS, NOBODY),
        answer(Item("4", "?", skips="z", weight=0.4), FACTS, NOBODY),
    ]
    assert checklists.score(given) == pytest.approx(0.5)
    assert checklists.counted(given) == (
        "Of 4 items 1 are met, 1 in part and 1 not; 0 are left to the authors; not applicable: 1."
    )
    assert checklists.texts({"metrics": given})["checklist"]["score"] == "50%"
    assert "score" not in checklists.texts({"tripod": given})["checklist"]


@pytest.fixture(scope="module")
def shown(study_dir):
    """The places of the manuscript with everything that a study can have."""
    flags = yaml.safe_load(Path("tests/report/variables.yml").read_text(encoding="utf-8"))
    found = {"has": flags["has"] | dict.fromkeys(("images", "external", "radiologist"), True)}
    return places.find_places(Path("report"), study_dir / "notebooks", found)


@pytest.mark.parametrize(("name", "item"), EVERY, ids=IDS)
def test_every_place_is_in_the_manuscript(shown, name, item):
    assert [place for place in item.at if shown.link(place) is None] == []
    answerable = set(facts()) | {"radiologist", "recovery", "comparison", "nomogram_b"}
    answerable |= {"subgroups", "reference"}
    needs = {need.removeprefix("not ") for need in (*item.needs, *item.applies, *item.unless)}
    others = [place for other in item.unless.values() for place in other.get("at", ())]
    assert [place for place in others if shown.link(place) is None] == []
    assert needs <= answerable
    assert {item.authors, item.instead} - {""} <= set(Authors.model_fields)
    assert item.lacks or not item.needs
    assert not item.says or item.at or item.id == "54", "what is said has its place"


@pytest.mark.parametrize("images", [True, False])
@pytest.mark.parametrize("external", [True, False])
@pytest.mark.parametrize("whole", [True, False], ids=["enhanced", "as acquired"])
def test_every_study_can_prove_what_it_says(study_dir, images, external, whole):
    has = dict.fromkeys(("images", "tuned", "recovery", "nomogram_b", "comparison"), images)
    has |= {flag: images and whole for flag in ("enhanced", "networks", "maps")}
    has["resolution"] = images and not whole
    has |= {"external": external, "radiologist": external}
    has |= {"subgroups": external, "reference": True}
    found = places.find_places(Path("report"), study_dir / "notebooks", {"has": has})
    for name in ITEMS if images else [checklists.OF_EVERY_STUDY]:
        given = [answer(i, facts(has=has), Authors().model_dump()) for i in ITEMS[name]]
        rows = checklists.rows(given, found)
        lacking = ("super-resolution", "enhanced", "heat map")
        told = " ".join(row["Answer"].lower() for row in rows)
        assert whole or not any(word in told for word in lacking)
        assert len(rows) == len(given) and all(all(row.values()) for row in rows)


def test_a_place_that_is_gone_is_named(shown):
    gone = answer(Item("9", "Where?", says="x", at=["var gone.away"]), FACTS, NOBODY)
    with pytest.raises(ValueError, match=r"item 9 \(Where\?\): none of \['var gone.away'\]"):
        checklists.rows([gone], shown)


def test_facts_have_no_name_that_nobody_asks_for():
    flags = set(words.flags(load_study("demo", Path("params")), {}, _patients()))
    asked = {n.removeprefix("not ") for _, i in EVERY for n in (*i.needs, *i.applies, *i.unless)}
    assert set(facts()) - flags <= asked
    assert evidence.EVENTS_PER_FEATURE == 10


def _patients():
    import pandas as pd

    return pd.DataFrame({"split": ["train"]})
