"""What each column of an unknown table is for, guessed from its name and its cells.

A guess says its evidence, in counts and names of columns; where two readings are as likely, the
role is left open and both are named. The order of the questions matters: a date is no id, an
answer of a radiologist no outcome.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from thyro.cohort import header_words
from thyro.cohort.column_content import (
    ISO,
    MOSTLY,
    Content,
    content_of,
    date_form,
)
from thyro.cohort.feature_names import feature_groups
from thyro.cohort.header_words import says

CLINICAL = ("continuous", "binary", "ordinal", "categorical")
ROLES = (
    *("id", "image", "mask", "second mask", "outcome", "reading", "date", "centre", "split"),
    *("score", "feature", *CLINICAL, "unused"),
)
MOST_CENTRES = 30
MANY_NUMBERS = 30  # columns of which no name says anything


@dataclass(frozen=True)
class Guess:
    """What one column is for, and why; without a role, what it could be."""

    column: str
    role: str  # of `ROLES`, or "" where it is left open
    evidence: str
    could_be: tuple[str, ...] = ()


@dataclass
class Roles:
    """The columns of a table, each with its guess.

    Attributes
    ----------
    guesses : dict of str to Guess
        By column, in the order of the table.
    contents : dict of str to Content
    id_columns : list of str
        Several where numbers start again in every centre or cohort; empty where it is left open.
    id_evidence : str
    """

    contents: dict[str, Content]
    guesses: dict[str, Guess] = field(default_factory=dict)
    id_columns: list[str] = field(default_factory=list)
    id_evidence: str = ""

    def of(self, role: str) -> list[str]:
        """Columns with a role, in the order of the table."""
        return [name for name in self.contents if self.guesses[name].role == role]

    def open_to(self, role: str) -> list[str]:
        """Columns whose role is left open and could be this one."""
        return [name for name in self.contents if role in self.guesses[name].could_be]


def guess_roles(
    table: pd.DataFrame, *, comma: bool = False, told: Mapping[str, str] | None = None
) -> Roles:
    """Guess the role of every column.

    Parameters
    ----------
    table
        Every cell as text, as `spreadsheet.read` gives it.
    comma
        Whether numbers are written with a decimal comma.
    told
        Columns of the "id" and of the "outcome" that the user has named.
    """
    told = told or {}
    roles = Roles({str(name): content_of(table[name], comma=comma) for name in table})
    for role, name in told.items():
        roles.guesses[name] = Guess(name, role, "named by you")
    for name, content in roles.contents.items():
        for rule in () if name in roles.guesses else SINGLE:
            if guess := rule(name, content):
                roles.guesses[name] = guess
                break
    _features(roles)
    if "id" in told:
        roles.id_columns, roles.id_evidence = [told["id"]], "named by you"
    else:
        _ids(roles, table)
    if "outcome" not in told:
        _outcome(roles)
    for name, content in roles.contents.items():
        if name not in roles.guesses:
            roles.guesses[name] = _score(name, content) or _variable(name, content)
    roles.guesses = {name: roles.guesses[name] for name in roles.contents}
    return roles


def _nothing(name: str, content: Content) -> Guess | None:
    if not content.known:
        return Guess(name, "unused", f"empty in all {content.rows} rows")
    if content.distinct == 1 and content.rows > 1:
        return Guess(name, "unused", f"one value in all {content.known} filled rows")
    return None


def _person(name: str, content: Content) -> Guess | None:
    if content.is_files or says(name, "image") or says(name, "mask"):
        return None
    word = says(name, "birth") or says(name, "name")
    if not word or (content.is_levels and not says(name, "birth")):
        return None
    return Guess(name, "unused", f"the header says {word!r}: who somebody is, is not read")


def _file(name: str, content: Content) -> Guess | None:
    if not content.is_files:
        return None
    named = f"{content.files} of {content.known} cells name image files"
    word = says(name, "mask")
    within = sum(n for text, n in content.values.items() if header_words.found(text, MASK_IN_PATH))
    if not word and within < MOSTLY * content.known:
        return Guess(name, "image", named)
    why = f"the header says {word!r}" if word else f"{within} of them say that they are masks"
    if says(name, "second"):
        return Guess(name, "second mask", f"{named}, {why}, of a second reader")
    return Guess(name, "mask", f"{named}, {why}")


MASK_IN_PATH = ("mask", "masks", "seg", "roi", "label", "labels", "掩膜", "标注")


def _date(name: str, content: Content) -> Guess | None:
    word = says(name, "date")
    form = date_form(content, told=bool(word))
    if form:
        told = f", the header says {word!r}" if word else ""
        wrong = "" if form == ISO else "; a criterion needs them as year-month-day"
        return Guess(name, "date", f"dates as {form}{told}{wrong}")
    if word and content.is_numeric:
        why = f"the header says {word!r}, but the cells are plain numbers"
        return Guess(name, "", why, ("date", "continuous", "unused"))
    return None


def _split(name: str, content: Content) -> Guess | None:
    if not content.is_levels or content.is_numeric:
        return None
    words = header_words.TRAINS + header_words.TESTS
    if all(header_words.found(text, words) for text in content.values):
        cells_say = ", ".join(map(repr, sorted(content.values)))
        return Guess(name, "split", f"the cells say {cells_say}")
    return None


def _centre(name: str, content: Content) -> Guess | None:
    word = says(name, "centre") or says(name, "scanner")
    repeats = 2 <= content.distinct <= min(MOST_CENTRES, content.known // 3)
    if word and repeats and not says(name, "date"):
        return Guess(
            name,
            "centre",
            f"the header says {word!r}; {content.distinct} of them in {content.known} rows",
        )
    return None


def _group(name: str, content: Content) -> Guess | None:
    """A group whose cells do not say who trains."""
    word = says(name, "split")
    if not word or not content.is_levels or says(name, "outcome"):
        return None
    why = f"the header says {word!r}, but the cells do not say who trains"
    return Guess(name, "", why, ("split", "centre", "categorical", "unused"))


def _pixels(name: str, content: Content) -> Guess | None:
    word = says(name, "pixels")
    if not word or says(name, "score"):
        return None
    return Guess(name, "unused", f"the header says {word!r}: measured in the image file")


def _reading(name: str, content: Content) -> Guess | None:
    word = says(name, "reading")
    if not word or not (content.is_binary or content.is_codes):
        return None
    answers = "yes or no" if content.is_binary else f"{content.distinct} grades"
    return Guess(name, "reading", f"the header says {word!r}; {answers}")


SINGLE: tuple[Callable[[str, Content], Guess | None], ...] = (
    *(_nothing, _person, _file, _date, _split, _centre, _group, _pixels, _reading),
)


def _features(roles: Roles) -> None:
    """Columns of pyradiomics, or of another program that numbers its features."""
    numeric = [
        name
        for name, content in roles.contents.items()
        if name not in roles.guesses and content.is_numeric and not content.is_binary
    ]
    for evidence, names in feature_groups(numeric).items():
        for name in names:
            roles.guesses[name] = Guess(name, "feature", evidence)
    rest = [name for name in numeric if name not in roles.guesses and _says_nothing(name)]
    rest = [name for name in rest if not _may_be_id(roles, name)]
    if len(rest) >= MANY_NUMBERS:
        evidence = f"{len(rest)} columns of numbers, more than clinical variables could be"
        roles.guesses |= {name: Guess(name, "feature", evidence) for name in rest}
    for name in roles.contents:
        if name.startswith("diagnostics_") and name not in roles.guesses:
            why = "pyradiomics says with it how it measured, not what"
            roles.guesses[name] = Guess(name, "unused", why)


def _says_nothing(name: str) -> bool:
    """Whether the name of a column of numbers is that of no role and of no usual variable."""
    spoken = ("patient", "id", "count", "outcome", "disease", "score", "grade")
    return not (any(says(name, role) for role in spoken) or _is_clinical(name))


def _is_clinical(name: str) -> bool:
    """Whether the name of a column is that of a usual variable, or ends in a unit."""
    return bool(header_words.variable_of(name)[0] or header_words.unit_of(name))


def _ids(roles: Roles, table: pd.DataFrame) -> None:
    """The column of the patient, or the columns that make up an id; others are left open."""
    free = [name for name in roles.contents if name not in roles.guesses]
    for name in free:
        if says(name, "image") and (says(name, "id") or roles.contents[name].each_its_own):
            roles.guesses[name] = Guess(
                name, "unused", "the header speaks of an image, not of a patient"
            )
    free = [name for name in free if name not in roles.guesses and _may_be_id(roles, name)]
    strong = [name for name in free if says(name, "patient")]
    plain = [name for name in free if says(name, "id") and name not in strong]
    count = [name for name in free if says(name, "count") and name not in (*strong, *plain)]
    for candidates in (strong, plain, count):
        if len(candidates) > 1:  # a number of the row beside that of the hospital, say
            same = [name for name in candidates if roles.contents[name].each_its_own]
            candidates = same if len(same) == 1 and candidates is not strong else candidates
        if len(candidates) == 1:
            _take_id(roles, candidates[0], table)
            break
        if candidates:
            for name in candidates:
                why = f"{roles.contents[name].counted()}; other columns may be the id, too"
                roles.guesses[name] = Guess(name, "", why, ("id", "unused"))
            return
    else:
        _id_without_a_word(roles, free)
    for name in free:
        if name not in roles.guesses and name in (*strong, *plain, *count):
            why = f"{roles.contents[name].counted()}; another column is the id"
            roles.guesses[name] = Guess(name, "unused", why)


def _may_be_id(roles: Roles, name: str) -> bool:
    """Whether cells could tell patients apart: hardly one is empty, many differ, no fractions."""
    content = roles.contents[name]
    fractions = content.is_numeric and not content.whole
    full = content.known >= MOSTLY * content.rows
    return full and not fractions and content.distinct > content.rows / 4


def _take_id(roles: Roles, name: str, table: pd.DataFrame) -> None:
    """Make a column the id, with that of the centre or cohort where numbers start again in each."""
    content = roles.contents[name]
    word = next(word for role in ID_ROLES if (word := says(name, role)))
    evidence = f"{content.counted()}; the header says {word!r}"
    roles.guesses[name] = Guess(name, "id", evidence)
    roles.id_columns, roles.id_evidence = [name], evidence
    if content.each_its_own:
        return
    for other in [*roles.guesses]:
        if roles.guesses[other].role not in ("split", "centre"):
            continue
        if not table[[other, name]].duplicated().any():
            roles.id_columns = [other, name]
            roles.id_evidence = f"{content.counted()}, but each its own within {other!r}"
            return


ID_ROLES = ("patient", "id", "count")


def _id_without_a_word(roles: Roles, free: Sequence[str]) -> None:
    """The only column of texts that are all different; else the columns that could be the id."""
    # Ages of a few patients may all differ, too.
    own = [n for n in free if roles.contents[n].each_its_own and not _is_clinical(n)]
    texts = [name for name in own if not roles.contents[name].is_numeric]
    if len(own) == 1 and texts:
        evidence = f"{roles.contents[own[0]].counted()}, the only column of which that is so"
        roles.guesses[own[0]] = Guess(own[0], "id", evidence)
        roles.id_columns, roles.id_evidence = own, evidence
        return
    for name in own:
        why = f"{roles.contents[name].counted()}; no header speaks of an id"
        roles.guesses[name] = Guess(name, "", why, ("id", "unused"))


def _outcome(roles: Roles) -> None:
    """The column of the outcome: two values, and a name or cells that say so."""
    binary = [n for n, c in roles.contents.items() if n not in roles.guesses and c.is_binary]
    said = [name for name in binary if says(name, "outcome")]
    by_name = [name for name in binary if says(name, "disease")]
    by_cells = [name for name in binary if _of_disease(roles.contents[name].values)]
    candidates = said or list(dict.fromkeys(by_name + by_cells)) or binary
    sure = bool(said or by_name or by_cells)
    if len(candidates) == 1 and sure:
        (name,) = candidates
        word = says(name, "outcome") or says(name, "disease")
        told = f"the header says {word!r}" if word else "the cells name a disease"
        roles.guesses[name] = Guess(name, "outcome", f"{told}; {_split_of(roles.contents[name])}")
        return
    for name in candidates:
        told = "more than one column could be" if sure else "no header speaks of an outcome"
        why = f"{_split_of(roles.contents[name])}; {told}"
        roles.guesses[name] = Guess(name, "", why, ("outcome", "binary"))


def _of_disease(values: Counter) -> bool:
    return all(header_words.found(text, DISEASED) for text in values)


DISEASED = ("malignant", "benign", "恶性", "良性", "转移", "bösartig", "gutartig", "metastasis")


def _split_of(content: Content) -> str:
    """The two values of a column and how often they occur."""
    counts = sorted(content.values.items())
    return " and ".join(f"{text!r} in {n}" for text, n in counts) + " rows"


def _score(name: str, content: Content) -> Guess | None:
    word = says(name, "score") or says(name, "reading")
    if not content.is_numeric or content.is_codes or not word:
        return None
    within = sum(0 <= value <= 1 for value in content.numbers)
    where = f"from {_range(content)}"
    if content.in_unit_interval:
        where = f"between 0 and 1 in {within} of {content.known} rows"
    return Guess(name, "score", f"the header says {word!r}; numbers {where}")


def _variable(name: str, content: Content) -> Guess:
    """A clinical variable by its cells, or a column that no model can use."""
    if content.distinct == 2 and not content.has_remarks:
        return Guess(name, "binary", f"two values: {_split_of(content)}")
    grade = says(name, "grade")
    if content.is_codes or (content.is_levels and content.whole):
        codes = f"whole numbers {_range(content)}"
        if grade:
            return Guess(name, "ordinal", f"{codes}; the header says {grade!r}")
        if header_words.variable_of(name)[0] in ("age", "size"):
            return Guess(name, "continuous", codes)
        return Guess(name, "", codes, ("ordinal", "categorical", "continuous"))
    if content.is_numeric:
        odd = content.known - len(content.numbers)
        wrong = f"; {odd} cells are no numbers" if odd else ""
        return Guess(name, "continuous", f"numbers from {_range(content)}{wrong}")
    if content.is_levels:
        if grade or _rise(content.values):
            told = f"; the header says {grade!r}" if grade else "; they rise"
            return Guess(name, "ordinal", f"{content.distinct} levels{told}")
        return Guess(name, "categorical", f"{content.counted()}: levels")
    if len(content.numbers) > content.known / 2:
        why = f"{len(content.numbers)} of {content.known} cells are numbers"
        return Guess(name, "", why, ("continuous", "unused"))
    return Guess(name, "unused", f"{content.counted()}: free text, no levels")


def _range(content: Content) -> str:
    return f"{min(content.numbers):g} to {max(content.numbers):g}"


def _rise(values: Mapping[str, int]) -> bool:
    """Whether all texts are a number between the same letters: T1, T2, T3a."""
    heads = {re.sub(r"\d.*", "", text) for text in values}
    return len(heads) == 1 and all(re.fullmatch(r"\D{0,4}\d{1,2}[a-d]?", text) for text in values)
