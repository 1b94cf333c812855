"""Reporting checklists, each item answered from what the study left, with the place that proves it.

`report/checklists.yml` declares the items; `evidence.facts` says what holds for a study, and its
authors say in the study file what nobody else can know.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from thyro import tables
from thyro.report.places import Places
from thyro.report.shortcodes import Markdown

MET, PART, NOT_MET = "met", "in part", "not met"
LEFT, NOT_ASKED = "left to the authors", "not applicable"
OF_EVERY_STUDY, METRICS = "tripod", "metrics"  # checklists
STATUSES = (MET, PART, NOT_MET, LEFT, NOT_ASKED)


@dataclass(frozen=True)
class Item:
    """A question of a checklist, and the rule that answers it."""

    id: str
    ask: str
    needs: Sequence[str] = ()  # facts that must hold, "not x" where one must not
    applies: Sequence[str] = ()  # facts without which it is not asked
    says: str = ""  # what the report has; without it and without `authors` the item is not met
    lacks: str = ""  # what is said where it is not met
    skips: str = ""  # why it is never asked
    at: Sequence[str] = ()  # places
    authors: str = ""  # key of what only the authors know, which is needed too
    instead: str = ""  # key of what they may say where the facts do not hold
    weight: float = 0.0  # of METRICS
    unless: Mapping[str, Mapping] = field(default_factory=dict)  # fact -> other words, without it


@dataclass(frozen=True)
class Answer:
    """What a study answers."""

    item: Item
    status: str  # of STATUSES
    text: str
    told: str = ""  # by the authors
    at: Sequence[str] = field(default=())


def read_checklists(path: Path) -> dict[str, list[Item]]:
    """The items of every checklist, by its name.

    Raises
    ------
    TypeError
        If an item has a key that is none of `Item`.
    """
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: [Item(**entry) for entry in entries] for name, entries in found.items()}


def answer(item: Item, facts: Mapping[str, bool], authors: Mapping[str, str]) -> Answer:
    """Answer an item.

    Parameters
    ----------
    item : Item
    facts : mapping of str to bool
        Of `evidence.facts`.
    authors : mapping of str to str
        What the authors say; "" where they do not.

    Raises
    ------
    KeyError
        If the rule names a fact or a key that does not exist.
    """
    for fact, other in item.unless.items():
        item = item if facts[fact] else replace(item, **other)
    if item.skips or not _hold(item.applies, facts):
        return Answer(item, NOT_ASKED, item.skips)
    told = authors[item.authors] if item.authors else ""
    if not _hold(item.needs, facts):
        said = authors[item.instead] if item.instead else ""
        return Answer(item, MET if said else NOT_MET, "" if said else item.lacks, said)
    if not (item.says or item.authors):
        return Answer(item, NOT_MET, item.lacks)
    if item.authors and not told:
        status = PART if item.says else LEFT
        return Answer(item, status, item.says, at=item.at)
    return Answer(item, MET, item.says, told, item.at)


def _hold(needs: Iterable[str], facts: Mapping[str, bool]) -> bool:
    return all(facts[need.removeprefix("not ")] is not need.startswith("not ") for need in needs)


def score(answers: Iterable[Answer]) -> float:
    """Weights of items that are met, of all that are asked (0-1): the score of METRICS.

    What is met in part, or left to the authors, counts as not met.
    """
    asked = [one for one in answers if one.status != NOT_ASKED]
    return sum(one.item.weight for one in asked if one.status == MET) / sum(
        one.item.weight for one in asked
    )


def rows(answers: Iterable[Answer], places: Places) -> list[dict[str, str]]:
    """Rows of the printed checklist, with links.

    Raises
    ------
    ValueError
        If none of the places that prove an item is in the manuscript.
    """
    return [
        {
            "Item": f"{one.item.id}. {one.item.ask}",
            "Answer": _text(one),
            "Where": _where(one, places),
        }
        for one in answers
    ]


def _text(one: Answer) -> str:
    status = f"{one.status}; the rest is left to the authors" if one.status == PART else one.status
    said = [text for text in (one.text, f"The authors: {one.told}" if one.told else "") if text]
    return ". ".join([status.capitalize(), *said])


def _where(one: Answer, places: Places) -> str:
    links = [link for link in map(places.link, one.at) if link]
    if one.at and not links:
        raise ValueError(
            f"checklists.yml: item {one.item.id} ({one.item.ask}): none of {list(one.at)} is in "
            "the manuscript or in an executed notebook."
        )
    return Markdown(", ".join(dict.fromkeys(links))) if links else "–"


def counted(answers: Sequence[Answer]) -> str:
    """ "Of 52 items 30 are met, 5 in part and 4 not; ..."."""
    n = {status: sum(one.status == status for one in answers) for status in STATUSES}
    return (
        f"Of {len(answers)} items {n[MET]} are met, {n[PART]} in part and {n[NOT_MET]} not; "
        f"{n[LEFT]} are left to the authors; not applicable: {n[NOT_ASKED]}."
    )


def texts(answers: Mapping[str, Sequence[Answer]]) -> dict[str, dict[str, str]]:
    """Variables of the manuscript: `checklist.<name>` counts, `checklist.score` of METRICS."""
    found = {name: counted(given) for name, given in answers.items()}
    if METRICS in answers:
        found["score"] = tables.percent(score(answers[METRICS]), 0)
    return {"checklist": found}
