"""Study files: one YAML per study, checked against a typed model before anything runs.

A study file has one section per notebook plus `compute`. It may `extend` another study and then
holds only what differs.
"""

import difflib
import types
import typing
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from thyro.study.centres import HARMONISATION
from thyro.study.settings import Study

# Keys beside `external` that are of the patients of a study, and not inherited where others extend
# it by patients from another source.
OF_ITS_PATIENTS = {
    "cohort": ("missing_at_random", "missing_values", "centre_column"),
    "selection": tuple(HARMONISATION),
    "statistics": ("subgroups",),
}


class StudyError(ValueError):
    """A study that cannot run; the message names the file, the key and the remedy."""


def load_study(study: str, folder: Path) -> Study:
    """Read and check `folder/<study>.yml`.

    Raises
    ------
    StudyError
        Naming every wrong key at once: the file, the key, what was found, what is accepted.
    """
    raw = _read(study, folder, seen=())
    path = folder / f"{study}.yml"
    try:
        return Study.model_validate(raw)
    except ValidationError as error:
        lines = [f"{path}: {_explain(problem)}" for problem in error.errors()]
        raise StudyError("\n".join(lines)) from None


def _read(study: str, folder: Path, seen: tuple[str, ...]) -> dict:
    path = folder / f"{study}.yml"
    if not path.is_file():
        known = sorted(file.stem for file in folder.glob("*.yml"))
        raise StudyError(
            f"{path}: no such study. Known studies: {', '.join(known) or 'none'}. "
            "Copy params/template.yml to make one."
        )
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise StudyError(f"{path}: not readable as YAML: {error}") from None
    if not isinstance(raw, dict):
        raise StudyError(f"{path}: expected sections with keys, found {type(raw).__name__}.")
    parent = raw.pop("extends", None)
    if parent is None:
        return raw
    if not isinstance(parent, str):
        raise StudyError(
            f"{path}: `extends` names a study; put {parent!r} in quotation marks: YAML reads it as "
            "another kind."
        )
    if parent in (*seen, study):
        raise StudyError(f"{path}: `extends: {parent}` goes round in a circle.")
    base = _read(parent, folder, (*seen, study))
    if _source(raw) not in (None, _source(base)):
        base.pop("external", None)  # whose patients are of the other kind
        leave_patients(base)
    return _merge(base, raw)


def leave_patients(raw: dict) -> None:
    """Take from a study what is said of its own patients: OF_ITS_PATIENTS."""
    for section, keys in OF_ITS_PATIENTS.items():
        kept = raw.get(section, {})
        raw[section] = {key: value for key, value in kept.items() if key not in keys}


def _source(raw: dict) -> str | None:
    cohort = raw.get("cohort")
    return cohort.get("source") if isinstance(cohort, dict) else None


def _merge(base: dict, over: dict) -> dict:
    """`over` on top of `base`; sections merge key by key, everything else is replaced."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = _merge(base[key], value) if both else value
    return merged


def _explain(problem: ErrorDetails) -> str:
    """One line for one pydantic error: key, what is accepted, what was found, what to do."""
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        accepted = _keys(problem["loc"][:-1])
        near = difflib.get_close_matches(str(problem["loc"][-1]), accepted, n=1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        return f"unknown key `{key}`.{hint} Accepted here: {', '.join(accepted)}."
    if problem["type"] == "missing":
        return f"key `{key}` is missing."
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "string_type" and isinstance(problem["input"], bool | int | float):
        message += " (put it in quotation marks: YAML reads it as another kind)"
    found = "" if isinstance(problem["input"], dict) else f", found {problem['input']!r}"
    return (f"`{key}`: " if key else "") + f"{message}{found}."


def _keys(location: tuple) -> list[str]:
    """Names that the model accepts at `location`."""
    model: type[BaseModel] = Study
    for part in location:
        if not isinstance(part, int):
            model = _model(model.model_fields[part].annotation)
    return list(model.model_fields)


def _model(annotation: Any) -> type[BaseModel]:
    """The section behind `Section`, `Section | None` or `list[Section]`."""
    inner = [part for part in typing.get_args(annotation) if part is not types.NoneType]
    return _model(inner[0]) if inner else annotation
