"""Columns of features that a program measured, known by the way their names are made."""

import re
from collections.abc import Sequence

CLASS = re.compile(
    r"(?:^|_)(firstorder|glcm|glrlm|glszm|gldm|ngtdm|shape(2D)?)(?:_|$)", re.IGNORECASE
)
NUMBERED = re.compile(r"(.*?)[_ ]?\d+")
FEWEST = 20  # columns that are numbered, or begin alike


def feature_groups(names: Sequence[str]) -> dict[str, list[str]]:
    """Columns that are features, by what tells so.

    Parameters
    ----------
    names
        Of columns that hold numbers.

    Returns
    -------
    dict of str to list of str
        Evidence -> columns, in their order.
    """
    groups: dict[str, list[str]] = {}
    rest = []
    for name in names:
        known = CLASS.search(name)
        if known:
            groups.setdefault("named as pyradiomics names its features", []).append(name)
        else:
            rest.append(name)
    for form, key in (("are numbered", _numbered), ("begin alike", _beginning)):
        alike: dict[str, list[str]] = {}
        for name in rest:
            if key(name):
                alike.setdefault(key(name), []).append(name)
        many = {stem: found for stem, found in alike.items() if len(found) >= FEWEST}
        for stem, found in many.items():
            groups[f"{len(found)} columns that {form}: {stem!r}"] = found
        taken = {name for found in many.values() for name in found}
        rest = [name for name in rest if name not in taken]
    return groups


def _numbered(name: str) -> str:
    match = NUMBERED.fullmatch(name)
    return match[1] or "a number" if match else ""


def _beginning(name: str) -> str:
    return re.split(r"[_\W]", name)[0] if re.search(r"[_\W]", name) else ""
