"""Study files: one YAML per study, checked against a typed model before anything runs.

A study file has one section per notebook plus `compute`. It may `extend` another study and then
holds only what differs. `arguments` turns a study into the parameters of one notebook run.
"""

import ast
import difflib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from thyro.jobs import Job

Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[int, Field(ge=1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class StudyError(ValueError):
    """A study that cannot run; the message names the file, the key and the remedy."""


class Section(BaseModel):
    """Part of a study file: every key is known, nothing is guessed from another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Variable(Section):
    """A clinical variable of the user's table."""

    name: Name  # short name used in tables and formulas
    column: str | None = None  # column of the table when it is called otherwise
    label: str  # how the report calls it
    kind: Literal["continuous", "categorical"]
    unit: str = ""
    levels: list[str] = []  # categorical: the first is the reference
    recode: dict[str, str] = {}  # value in the table -> level
    missing: str | None = None  # level for an empty cell; without one the patient is excluded
    preoperative: bool = True  # known before surgery, so allowed in a model

    @model_validator(mode="after")
    def _levels_fit_the_kind(self):
        if self.kind == "categorical" and len(self.levels) < 2:
            raise ValueError("a categorical variable needs at least two levels")
        if self.kind == "continuous" and (self.levels or self.recode or self.missing):
            raise ValueError("levels, recode and missing belong to categorical variables")
        strange = sorted({*self.recode.values(), *filter(None, [self.missing])} - {*self.levels})
        if self.kind == "categorical" and strange:
            raise ValueError(f"{strange} not among the levels {self.levels}")
        return self


class Cohort(Section):
    """Who is studied, and the 7:3 split."""

    source: Literal["simulated", "folder"]
    test_share: Share = 0.3
    stratify: bool = False  # the paper's split is plain random
    n_patients: Annotated[int, Field(ge=20)] = 544  # simulated cohorts
    image_shape: list[Annotated[int, Field(ge=128, le=4096)]] = Field(
        [384, 512], min_length=2, max_length=2
    )
    effect: Annotated[float, Field(ge=0)] = 1.0  # 0: nothing predicts the outcome
    table: str = ""  # folder cohorts: CSV or XLSX in the data folder
    id_column: str = ""
    image_column: str = ""
    mask_column: str = ""
    outcome_column: str = ""
    radiologist_column: str = ""  # 0/1 reading; empty when there is none
    one_per_patient: str = ""  # column whose largest value picks the image of a patient
    mask_component: Literal["all", "largest"] = "all"
    spacing_mm: Annotated[float, Field(gt=0)] | None = None  # where the images do not tell it
    variables: list[Variable] = []

    @model_validator(mode="after")
    def _folder_names_its_columns(self):
        if self.source == "folder":
            needed = ["table", "id_column", "image_column", "mask_column", "outcome_column"]
            absent = [key for key in needed if not getattr(self, key)]
            if absent or not self.variables:
                raise ValueError(f"a folder cohort needs {', '.join(absent or ['variables'])}")
        names = [variable.name for variable in self.variables]
        if len(set(names)) < len(names):
            raise ValueError(f"variable names must differ, got {names}")
        return self


class SuperResolution(Section):
    """Degradation of R-22 and the training of both networks."""

    factor: Literal[2, 4] = 4
    noise_sigma: Annotated[float, Field(ge=0, lt=0.5)] = 0.0196  # share of 255; 5/255
    blocks: Positive = 6
    width: Annotated[int, Field(ge=4, le=256)] = 32
    warmup_steps: Annotated[int, Field(ge=0)] = 2000  # pixel loss only
    adversarial_steps: Annotated[int, Field(ge=0)] = 300
    adversarial_weight: Annotated[float, Field(ge=0)] = 0.0003
    batch: Positive = 8
    patch_px: Annotated[int, Field(ge=32, le=512, multiple_of=16)] = 96
    learning_rate: Annotated[float, Field(gt=0)] = 0.001


class Features(Section):
    """Radiomics and deep features."""

    bin_width: Annotated[float, Field(gt=0)] = 25.0
    weights: str = "random"  # "random", "imagenet", or a file with a state dict
    crop_px: Annotated[int, Field(ge=64, le=512, multiple_of=32)] = 224
    crop_margin: Annotated[float, Field(ge=0, le=1)] = 0.1


class Selection(Section):
    """R-39 to R-43."""

    alpha: Share = 0.05
    correlation: Share = 0.9
    folds: Annotated[int, Field(ge=2, le=20)] = 5


class Models(Section):
    """The classifiers on top of the selected features."""

    neighbours: Positive = 5


class Nomogram(Section):
    """R-54 to R-59."""

    entry: Share = 0.1
    retain: Share = 0.05
    candidates: list[Name] = []  # empty: every preoperative variable
    signatures: list[str] = Field(["SR_SVM", "SR_ResNet101"], min_length=2, max_length=2)


class Statistics(Section):
    """R-65 to R-75."""

    level: Share = 0.95
    threshold_grid: list[float] = Field([0.01, 0.99, 0.01], min_length=3, max_length=3)
    groups: Annotated[int, Field(ge=3, le=50)] = 10  # Hosmer-Lemeshow


class Compute(Section):
    """What changes the time but, on one machine, not the numbers; and the seed."""

    seed: int = 2024
    workers: Positive = 2
    device: Literal["cpu", "cuda"] = "cpu"


class Study(Section):
    """A whole study."""

    title: str
    outcome: str  # in words: "cervical lymph-node metastasis"
    outcome_levels: list[str] = Field(min_length=2, max_length=2)  # names of 0 and 1
    credit: str = ""  # where real data come from, as captions cite it
    cohort: Cohort
    super_resolution: SuperResolution = SuperResolution()
    features: Features = Features()
    selection: Selection = Selection()
    models: Models = Models()
    nomogram: Nomogram = Nomogram()
    statistics: Statistics = Statistics()
    compute: Compute = Compute()


def load(study: str, folder: Path) -> Study:
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
    if parent in (*seen, study):
        raise StudyError(f"{path}: `extends: {parent}` goes round in a circle.")
    return _merge(_read(str(parent), folder, (*seen, study)), raw)


def _merge(base: dict, over: dict) -> dict:
    """`over` on top of `base`; sections merge key by key, everything else is replaced."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = _merge(base[key], value) if both else value
    return merged


def _explain(problem: dict) -> str:
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
    found = "" if isinstance(problem["input"], dict) else f", found {problem['input']!r}"
    return f"`{key}`: {message}{found}."


def _keys(location: tuple) -> list[str]:
    """Names that the model accepts at `location`."""
    model: Any = Study
    for part in location:
        if not isinstance(part, int):
            model = Variable if part == "variables" else model.model_fields[part].annotation
    return list(model.model_fields)


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


def arguments(study: Study, name: str, job: Job, *, data: str | None = None) -> dict[str, Any]:
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
    values |= {key: f"{root}/{file}" for key, file in job.reads.items()}
    values |= job.fixed
    values["out_dir"] = f"{root}/{job.folder}"
    if job.section == "cohort":
        about = {
            "title": study.title,
            "outcome": study.outcome,
            "outcome_levels": study.outcome_levels,
            "credit": study.credit,
        }
        values |= about | {"data_dir": data or ""}
    if job.section in ("cohort", "super_resolution", "features", "selection", "models"):
        values["seed"] = study.compute.seed
    if job.section == "models":  # Grad-CAM looks at what the networks of 02 saw
        keys = ("weights", "crop_px", "crop_margin")
        values |= {key: getattr(study.features, key) for key in keys}
    if job.section == "features":
        values["workers"] = max(1, study.compute.workers // 2)  # OR and SR run side by side
    if job.section in ("super_resolution", "features", "models"):
        values["device"] = study.compute.device
    return values


def identity(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments that results depend on, as JSON knows them: all but the number of workers."""
    return {
        key: value for key, value in json.loads(json.dumps(arguments)).items() if key != "workers"
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
