"""What one notebook run is told: its section of the study, its files, and a part of `compute`."""

import ast
import json
from pathlib import Path
from typing import Any

from thyro.study.centres import HARMONISATION
from thyro.study.files import StudyError
from thyro.study.jobs import Job
from thyro.study.settings import Study

OF_NETWORKS = ("weights", "crop_px", "crop_margin", "crop_mm")  # of `features`, wanted again by 04
OF_LEVEL = (
    "super_resolution",
    "selection",
    "models",
    "nomogram",
)  # have intervals; 06 has its own key
DECLARED = {"models": {"image_sets", "classifiers", "fused"}}  # told as one by the plan
COMPUTE = {  # section of a notebook -> keys of `compute` that it wants beside the seed
    "cohort": ("workers",),
    "super_resolution": ("device", "devices"),
    "features": ("device", "workers", "cluster"),
    "models": ("device", "workers"),
    "feature_models": ("workers",),
}


def notebook_parameters(path: Path) -> dict[str, Any]:
    """Names and default values of the parameters cell of the notebook at `path`.

    Raises
    ------
    StudyError
        If there is not exactly one cell tagged `parameters` made of typed literals.
    """
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    tagged = [c for c in cells if "parameters" in c["metadata"].get("tags", [])]
    if len(tagged) != 1:
        raise StudyError(f"{path}: expected one cell tagged `parameters`, found {len(tagged)}.")
    found = {}
    for node in ast.parse("".join(tagged[0]["source"])).body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found[name] = ast.literal_eval(value)
            case _:
                raise StudyError(f"{path}: the parameters cell holds typed literals only.")
    return found


def job_arguments(study: Study, name: str, job: Job, *, data: str | None = None) -> dict[str, Any]:
    """Parameters of one notebook run: its section, its files, and what it needs of other sections.

    Parameters
    ----------
    study
        The settings.
    name
        Of the study; its results lie in `results/<name>`.
    job
        The run, of `study.jobs`.
    data
        Folder with the user's table and images, relative to the project.
    """
    root = f"results/{name}"
    values = getattr(study, job.section).model_dump()
    wanted = job.keys or set(values) - DECLARED.get(job.section, set())
    values = {key: value for key, value in values.items() if key in wanted}
    values |= {key: f"{root}/{place}" for key, place in (job.reads | job.folders).items()}
    values |= job.fixed | {"out_dir": f"{root}/{job.folder}"}
    if job.section == "cohort":
        values |= _about(study) | {"data_dir": data or ""}
        values["trained_px"] = study.super_resolution.patch_px if study.declared.enhanced else 0
        foreseen = ("candidates", "composites", "entry")
        values["screened"] = {key: getattr(study.nomogram, key) for key in foreseen}
        values["harmonised"] = study.selection.model_dump(include=HARMONISATION)
    if job.section == "features":
        values["outer_folds"] = study.models.outer_folds
        # What is as pyradiomics has it is not told, so that results do not depend on new keys.
        values["radiomics_settings"] = study.features.radiomics.model_dump(exclude_defaults=True)
        values.pop("radiomics", None)
    if job.notebook == "04_feature_models":  # selects again, in every fold and split
        of_images = {"minimum_icc", "minimum_distinct", *HARMONISATION}
        chosen = study.selection.model_dump()
        values |= {key: chosen[key] for key in chosen if key not in of_images}
    elif job.section == "models":  # repeats the selection, and explains the networks of 02
        values |= study.selection.model_dump()
        values |= {key: getattr(study.features, key) for key in OF_NETWORKS}
        asked = study.nomogram.pipeline_bootstraps
        values["pipeline_bootstraps"] = asked
        values["signatures"] = study.nomogram.signatures if asked else []  # else not concerned
    if job.section in OF_LEVEL:
        values["level"] = study.statistics.level
    compute = study.compute.model_dump() | {"workers": threads_of(study, job)}
    return values | {key: compute[key] for key in ("seed", *COMPUTE.get(job.notebook[3:], ()))}


def _about(study: Study) -> dict[str, Any]:
    """What 00 is told beside the section of the cohort: words of the report, external patients."""
    external = study.external.model_dump(exclude_defaults=True) if study.external else {}
    words = {key: getattr(study, key) for key in ("title", "outcome", "outcome_levels", "credit")}
    return words | {"external": external}


def threads_of(study: Study, job: Job) -> int:
    """Cores of a job: runs that go on at the same time share them."""
    return max(1, study.compute.workers // job.side_by_side)


def result_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments that results depend on, as JSON knows them.

    All but who computes them, and what 00 only foresees of the training in 01, the harmonisation
    in 03 and the screening in 05.
    """
    return {
        key: value
        for key, value in json.loads(json.dumps(arguments)).items()
        if key not in ("workers", "cluster", "screened", "trained_px", "harmonised")
    }


def check_notebook(values: dict[str, Any], path: Path) -> None:
    """Compare the arguments of a run with the parameters cell of its notebook.

    papermill only warns about a name that a notebook does not know, hence this.

    Raises
    ------
    StudyError
        Naming what the notebook lacks and what the study does not give.
    """
    cell = set(notebook_parameters(path))
    surplus, absent = sorted(set(values) - cell), sorted(cell - set(values))
    if surplus or absent:
        raise StudyError(
            f"{path}: its parameters cell and the study differ. "
            f"Unknown to the notebook: {surplus or 'none'}; "
            f"not given by the study: {absent or 'none'}."
        )
