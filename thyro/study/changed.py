"""What was changed by hand in an open notebook, against the study file that the report follows."""

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from pydantic import BaseModel

from thyro.study.arguments import job_arguments, result_arguments
from thyro.study.files import StudyError, load_study
from thyro.study.jobs import Job
from thyro.study.settings import Study

RESULTS = "results"
PLACES = ("data_dir",)  # where a folder lies is not of the study file
SEPARATE = {"networks", "declared"}  # told by several keys at once


def changed_parameters(values: Mapping[str, Any], params: Path) -> str:
    """What the parameters of a notebook say otherwise than the study file, and lines to paste.

    The study and the notebook are told by `out_dir`. Nothing is said of a study without a file, of
    what no result depends on, or where all agree; then the text is empty.

    Parameters
    ----------
    values : mapping
        Names of the notebook and their values, as `globals()`; others are ignored.
    params : Path
        Folder of the study files.

    Returns
    -------
    str
        Markdown.
    """
    place = PurePosixPath(str(values.get("out_dir", "")))
    if len(place.parts) != 3 or place.parts[0] != RESULTS:
        return ""
    name = place.parts[1]
    try:
        study = load_study(name, params)
    except StudyError:
        return ""
    job = _job(study, place.parts[2], values)
    if job is None:
        return ""
    said = result_arguments(job_arguments(study, name, job))
    changed = {
        key: values[key]
        for key, value in said.items()
        if key in values
        and key not in PLACES
        and json.loads(json.dumps(values[key], default=str)) != value
    }
    return _told(study, job, params / f"{name}.yml", said, changed) if changed else ""


def _job(study: Study, folder: str, values: Mapping[str, Any]) -> Job | None:
    """The run of `study` that these are the parameters of."""
    for job in study.jobs.values():
        told = job.fixed.get("image_set")
        if job.folder == folder and (told is None or told == values.get("image_set")):
            return job
    return None


def _told(study, job, file: Path, said: dict, changed: dict) -> str:
    """Every difference in words, then the lines that a study file would need."""
    words = [
        f"`{key}` is {_short(value)} here, {_short(said[key])} in `{file.parent.name}/{file.name}`"
        for key, value in changed.items()
    ]
    lines: dict[str, dict] = {}
    for key, value in changed.items():
        section = _section(study, job, key)
        if section is not None:
            lines.setdefault(section, {})[key] = value
    text = (
        f"**By hand: {'; '.join(words)}.** The report follows the study file: it will not use what "
        "this notebook now finds."
    )
    if lines:
        pasted = yaml.safe_dump(lines, sort_keys=False, allow_unicode=True)
        text += f" To keep it, put there\n\n```yaml\n{pasted}```\n"
    return text


def _section(study: Study, job: Job, key: str) -> str | None:
    """The section of the study file that has this key; None where no single key says it."""
    sections = [job.section, "statistics", "features", "selection", "nomogram", "models", "compute"]
    for section in dict.fromkeys(sections):
        model = getattr(study, section, None)
        if isinstance(model, BaseModel) and key in type(model).model_fields and key not in SEPARATE:
            return section
    return None


def _short(value: Any) -> str:
    """A value as code; a long one is not repeated."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return f"`{text}`" if len(text) <= 60 else "another"
