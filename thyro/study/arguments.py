"""What one notebook run is told: its section of the study, its files, and a part of `compute`."""

import ast
import json
from pathlib import Path
from typing import Any

from thyro.study.files import StudyError
from thyro.study.plan import Job
from thyro.study.settings import Study


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
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)):
            raise StudyError(f"{path}: the parameters cell holds typed literals only.")
        found[node.target.id] = ast.literal_eval(node.value)
    return found


def job_arguments(study: Study, name: str, job: Job, *, data: str | None = None) -> dict[str, Any]:
    """Parameters of one notebook run: its section, its files, and what it needs of `compute`.

    Parameters
    ----------
    name
        Of the study; its results lie in `results/<name>`.
    data
        Folder with the user's table and images, relative to the project.
    """
    root = f"results/{name}"
    values = getattr(study, job.section).model_dump()
    values |= {key: f"{root}/{place}" for key, place in (job.reads | job.folders).items()}
    values |= job.fixed
    values["out_dir"] = f"{root}/{job.folder}"
    if job.section == "cohort":
        about = {
            "title": study.title,
            "outcome": study.outcome,
            "outcome_levels": study.outcome_levels,
            "credit": study.credit,
        }
        external = study.external.model_dump(exclude_defaults=True) if study.external else {}
        values |= about | {"external": external, "data_dir": data or ""}
        values["workers"] = study.compute.workers
    if job.section != "report":
        values["seed"] = study.compute.seed
    if job.section == "models":  # repeats the selection, and explains the networks of 02
        keys = ("weights", "crop_px", "crop_margin")
        values |= {key: getattr(study.features, key) for key in keys}
        values |= study.selection.model_dump() | {"workers": study.compute.workers}
    if job.section == "features":
        values["workers"] = max(1, study.compute.workers // job.side_by_side)
        values["cluster"] = study.compute.cluster
        values["outer_folds"] = study.models.outer_folds
    if job.section in ("super_resolution", "models", "nomogram"):  # 06 has it among its own
        values["level"] = study.statistics.level
    if job.section in ("super_resolution", "features", "models"):
        values["device"] = study.compute.device
    if job.section == "super_resolution":
        values["devices"] = study.compute.devices
    return values


def result_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments that results depend on, as JSON knows them: all but who computes them."""
    return {
        key: value
        for key, value in json.loads(json.dumps(arguments)).items()
        if key not in ("workers", "cluster")
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
