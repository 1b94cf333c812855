"""Clinical variables of an unknown table as a study file declares them, each key with its evidence.

Levels are the texts of the table; names and labels are words of the field where the header says one
that many studies have. What is known only after the fact is kept from the models: what its name
says, and what tells the outcome of every row.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pandas as pd

from thyro.cohort import cells, header_words
from thyro.cohort.clinical_table import OWN_NAMES
from thyro.cohort.column_content import Content
from thyro.cohort.guessed_codes import translated
from thyro.cohort.guessed_roles import CLINICAL, Roles
from thyro.study import OPEN

TOLD_ROWS = 20  # rows that say the same of the outcome, before a variable counts as telling it
OFTEN_EMPTY = 1 / 3  # of the cells: such a variable excludes nobody


@dataclass
class DeclaredVariable:
    """One variable: keys of the study file in their order, and what each was told from.

    A value of `OPEN` is left open; its evidence says between what.
    """

    column: str
    keys: dict[str, object] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)

    def say(self, key: str, value: object, evidence: str = "") -> None:
        """Declare a key."""
        self.keys[key] = value
        self.evidence[key] = evidence


def guess_variables(
    table: pd.DataFrame, roles: Roles, outcome: str = "", meaning: Mapping[str, str] | None = None
) -> list[DeclaredVariable]:
    """Declare every column that could be a clinical variable.

    Parameters
    ----------
    table
        Every cell as text.
    roles
        Of its columns.
    outcome
        The column of the outcome; "" where it is not known.
    meaning
        What the cells of the outcome mean, "1" or "0"; empty where they say so themselves.
    """
    y = _outcome(table, outcome, meaning or {})
    found: list[DeclaredVariable] = []
    for name, content in roles.contents.items():
        guess = roles.guesses[name]
        # What may be the outcome is no variable before somebody has said that it is not.
        could_be = set(guess.could_be) if "outcome" not in guess.could_be else set()
        if guess.role not in CLINICAL and not could_be & set(CLINICAL):
            continue
        known = _named(name, found)
        if guess.role == "continuous":
            known.say("kind", "continuous", guess.evidence)
            _unit(known, content)
        elif guess.role:
            known.say("kind", "categorical", guess.evidence)
            _levels(known, content, rise=guess.role == "ordinal")
        else:
            could = " or ".join(role for role in guess.could_be if role != "unused")
            known.say("kind", OPEN, f"{guess.evidence}: could be {could}")
        _availability(known, content, table[name], y)
        found.append(known)
    return found


def _outcome(table: pd.DataFrame, outcome: str, meaning: Mapping[str, str]) -> pd.Series:
    """The outcome as text, "" where it is not known."""
    if not outcome:
        return pd.Series("", index=table.index, dtype=str)
    texts = table[outcome].map(cells.plain)
    return texts.map(lambda text: meaning.get(text, text))


def _named(column: str, others: Collection[DeclaredVariable]) -> DeclaredVariable:
    """Name, column and label, of which the others have none."""
    known = DeclaredVariable(column)
    name, label, _ = header_words.variable_of(column)
    if not name or label in {one.keys["label"] for one in others}:
        latin = [part for part in header_words.parts_of(column) if part.isascii()]
        name, label = re.sub(r"^[^a-z]+", "", "_".join(latin)) or "variable", ""
    told = f"the header says {label.lower() if label.istitle() else label}" if label else ""
    taken = {one.keys["name"] for one in others} | OWN_NAMES
    stem, number = name, 1
    while name in taken:
        number += 1
        name = f"{stem}_{number}"
    known.say("name", name, f"in tables; column {column!r}")
    known.say("column", column)
    known.say("label", label or column, told or "the header; as the report should call it")
    return known


def _unit(known: DeclaredVariable, content: Content) -> None:
    said = header_words.unit_of(known.column)
    usual = header_words.variable_of(known.column)[2]
    if said:
        known.say("unit", said, "the header ends in it")
    elif usual and content.numbers and 0 <= min(content.numbers) <= max(content.numbers) <= 120:
        known.say("unit", usual, "numbers as of people; the header tells none")
    else:
        known.say("unit", "", "the header tells none")
    if content.numbers and min(content.numbers) < 0:
        known.say("minimum", None, "there are numbers below 0")


def _levels(known: DeclaredVariable, content: Content, *, rise: bool) -> None:
    """Levels, what cells mean them, and which is the reference."""
    texts = sorted(content.values, key=_natural)
    meant = {text: translated(text) for text in texts}
    if not rise:
        frequent = sorted(texts, key=lambda text: -content.values[text])
        absent = [text for text in texts if text.casefold() in header_words.NO]
        first = (absent or frequent)[0]
        texts = [first, *(text for text in texts if text != first)]
    counts = ", ".join(f"{content.values[text]}" for text in texts)
    levels = list(dict.fromkeys(meant[text] for text in texts))
    known.say("levels", levels, f"in {counts} rows; the first is the reference")
    recode = {text: meant[text] for text in texts if meant[text] != text}
    if recode:
        known.say("recode", recode, "the table's words")
    if rise:
        known.say("ordered", True, "the levels rise")


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Key that sorts numbers within texts by their value: T2 before T10, 4a before 4b."""
    parts = re.findall(r"\d+|\D+", text)
    return [
        (0, int(part), "") if part.isascii() and part.isdigit() else (1, 0, part) for part in parts
    ]


def _availability(
    known: DeclaredVariable, content: Content, column: pd.Series, y: pd.Series
) -> None:
    """Whether a model may use the variable, and whether an empty cell excludes a patient."""
    word = header_words.says(known.column, "after")
    if word:
        known.say("preoperative", False, f"the header says {word!r}, known after surgery")
    elif _tells(content, column.map(cells.plain), y):
        why = "it tells the outcome of every row: no model may use it"
        known.say("preoperative", False, why)
    empty = content.rows - content.known
    if empty > OFTEN_EMPTY * content.rows:
        why = f"{empty} of {content.rows} cells are empty, and exclude nobody"
        known.say("required", False, why)
    elif empty:
        told = "1 empty cell excludes its patient" if empty == 1 else ""
        known.evidence["kind"] += f"; {told or f'{empty} empty cells exclude their patients'}"


def _tells(content: Content, texts: pd.Series, y: pd.Series) -> bool:
    """Whether every level, or a cut of the numbers, has one outcome alone."""
    both = (texts != "") & (y != "")
    texts, y = texts[both], y[both]
    if len(y) < TOLD_ROWS or y.nunique() < 2:
        return False
    if content.is_levels:
        return bool((y.groupby(texts).nunique() == 1).all())
    numbers = pd.to_numeric(texts.str.replace(",", "."), errors="coerce")
    limits = numbers.groupby(y).agg(["min", "max"]).sort_values("min")
    return len(limits) == 2 and bool(limits["max"].iloc[0] < limits["min"].iloc[1])
