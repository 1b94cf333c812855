"""What cells mean: which answer is a yes, which word is no value, who of a column trains."""

import re
from collections.abc import Collection, Mapping

from thyro.cohort import header_words
from thyro.cohort.column_content import Content


def yes_and_no(content: Content) -> dict[str, str] | None:
    """What the cells of a column with two answers mean: "1" for yes, "0" for no.

    Empty where they are 1 and 0 already; None where the cells do not say which is which.
    """
    texts = list(content.values)
    if content.numbers and len(content.numbers) == content.known:
        return {} if set(content.numbers) <= {0.0, 1.0} else None
    yes = [text for text in texts if text.casefold() in header_words.YES]
    no = [text for text in texts if text.casefold() in header_words.NO]
    if len(yes) == 1 and len(no) == 1 and len(texts) == 2:
        return {yes[0]: "1", no[0]: "0"}
    return None


def without_value(content: Content) -> dict[str, str]:
    """Words of a column that stand for no value, read as empty cells."""
    return dict.fromkeys(content.not_known, "")


def cohorts_of(content: Content, *, fitted: bool) -> dict[str, str] | None:
    """What the cells of a column of cohorts mean; None where they do not say who trains.

    Parameters
    ----------
    content
        Of the column.
    fitted
        Whether models are fitted, so that one cohort trains and one tests; otherwise every cell
        names a cohort of its own.
    """
    texts = sorted(content.values, key=lambda text: not _trains(text))
    if not fitted:
        names = [_name(text) for text in texts]
        return dict(zip(texts, names, strict=True)) if len(set(names)) == len(names) else None
    if len(texts) != 2 or sum(map(_trains, texts)) != 1:
        return None
    return {texts[0]: "train", texts[1]: "test"}


def _trains(text: str) -> bool:
    return bool(header_words.found(text, header_words.TRAINS))


def _name(text: str) -> str:
    """A name for a cohort, of small Latin letters and digits."""
    for words, name in ((header_words.TRAINS, "train"), (("外部",), "external")):
        if not text.isascii() and header_words.found(text, words):
            return name
    bare = re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")
    return bare if re.match(r"[a-z]", bare) else "test" if not bare else f"cohort_{bare}"


def patterns_of(features: Collection[str], others: Collection[str]) -> list[str]:
    """Names of columns of features, as patterns where these match nothing else.

    Parameters
    ----------
    features, others
        Names of columns that are features, and of all others.
    """
    by_head: dict[str, list[str]] = {}
    for name in features:
        by_head.setdefault(re.split(r"(?<=[_-])", name, maxsplit=1)[0], []).append(name)
    patterns: list[str] = []
    for head, names in by_head.items():
        alone = len(names) == 1 or any(name.startswith(head) for name in others)
        # fnmatch takes these letters for more than themselves.
        literal = [re.sub(r"([*?\[])", r"[\1]", text) for text in (names if alone else [head])]
        patterns += literal if alone else [f"{literal[0]}*"]
    return patterns


def score_name(column: str, taken: Mapping[str, object]) -> str:
    """A name for a score that tables can use: Latin letters first, each once."""
    bare = re.sub(r"[^A-Za-z0-9_ .-]+", "", column).strip()
    name = bare if re.match(r"[A-Za-z]", bare) else f"Score {bare}".strip()
    stem, number = name, 1
    while name in taken:
        number += 1
        name = f"{stem} {number}"
    return name


def score_kind(column: str, content: Content) -> str:
    """ "probability" where the name and the numbers say so, else "score", which only ranks."""
    told = header_words.says(column, "probability")
    return "probability" if told and content.in_unit_interval else "score"


def translated(text: str) -> str:
    """A level as the report calls it, where it is one of a few words of other languages."""
    return header_words.TRANSLATED.get(text.casefold(), text)
