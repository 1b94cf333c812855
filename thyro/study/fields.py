"""What fields of a study file accept, where more than one section says it."""

import codecs
import difflib
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Section(BaseModel):
    """Part of a study file: every key is known, nothing is guessed from another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


def not_blank(text: str) -> str:
    """`text`, which a sentence, a figure or a table is going to show.

    Raises
    ------
    ValueError
        If there is nothing to see in it.
    """
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def distinct(texts: list[str]) -> list[str]:
    """`texts`, each named once; spaces around them make no difference.

    Raises
    ------
    ValueError
        If two are the same.
    """
    if len({text.strip() for text in texts}) < len(texts):
        raise ValueError("must differ from each other")
    return texts


def encoding_of_text(name: str) -> str:
    """`name`, which Python knows as an encoding of text.

    Raises
    ------
    ValueError
        If it knows none, or one that is not of text.
    """
    try:
        codecs.lookup(name)
        "".encode(name)  # refuses what makes something else of bytes, such as base64
    except (LookupError, ValueError):
        raise ValueError(
            f"{name!r} is no encoding of text; such are utf-8, gb18030, big5, shift_jis, cp1252"
        ) from None
    return name


def known_names(accepted: Iterable[str]) -> AfterValidator:
    """A check that a list holds names of a registry alone.

    It raises a ValueError that says which name is unknown, the nearest one, and what is accepted.
    """
    known = list(accepted)

    def checked(names: list[str]) -> list[str]:
        for name in names:
            if name not in known:
                near = difflib.get_close_matches(name.lower(), [one.lower() for one in known], n=1)
                nearest = [one for one in known if near and one.lower() == near[0]]
                hint = f"; the nearest is {nearest[0]}" if nearest else ""
                raise ValueError(f"{name} is none of {', '.join(known)}{hint}")
        return names

    return AfterValidator(checked)


def csv_in_folder(name: str) -> str:
    """Name of a CSV below the data folder, spelled in one way: ./a.csv is a.csv. "" names none.

    Raises
    ------
    ValueError
        If it has another suffix, or leads out of the folder.
    """
    place = PurePosixPath(name)
    if name and place.suffix.lower() != ".csv":
        raise ValueError("must be the name of a CSV, such as decisions.csv")
    if place.is_absolute() or ".." in place.parts:
        raise ValueError("lies outside the data folder; name a file in it, such as decisions.csv")
    return str(place) if name else name


Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[int, Field(ge=1)]
Text = Annotated[str, AfterValidator(not_blank)]
Encoding = Annotated[str, AfterValidator(encoding_of_text)]
Distinct = AfterValidator(distinct)
CsvInFolder = Annotated[str, AfterValidator(csv_in_folder)]
