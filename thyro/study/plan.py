"""The way of the data: which notebook reads and writes which file below `results/<study>`.

Each arrow between notebooks is a file named here. Snakemake gets its rules from this table, the
notebooks get their paths from it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any


@dataclass(frozen=True)
class Job:
    """One run of a notebook: what it reads and writes, relative to the folder of the study."""

    name: str
    notebook: str
    section: str
    reads: dict[str, str]  # notebook parameter -> file
    writes: tuple[str, ...]  # below the job's own folder
    fixed: dict[str, Any]  # parameters that only tell this run from another of the notebook
    folders: dict[str, str] = field(default_factory=dict)  # notebook parameter -> folder
    files: tuple[str, ...] = ()  # that it reads below these

    @property
    def folder(self) -> str:
        """Folder of the job's results, named after its notebook."""
        return self.notebook

    @property
    def side_by_side(self) -> int:
        """How many jobs share the cores: OR and SR features are measured at the same time."""
        return 2 if self.fixed.get("image_set") in IMAGE_SETS else 1


PATIENTS = "00_cohort/patients.parquet"
COHORT = "00_cohort/cohort.json"
IMAGES = "01_super_resolution/images.parquet"
TRUTH = "00_cohort/truth.parquet"  # of simulated patients
PREDICTIONS = "04_models/predictions.parquet"
CONTROL = "04_models/control.parquet"  # of the same SVM on bicubic images
PLANAR = "04_models/planar.parquet"  # of the same SVM on planar features
OUTPUT = "04_models/output.parquet"  # of the tuned networks themselves
OF_IMAGES = ("control.parquet", "planar.parquet", "protocols.parquet", "protocols.json")  # of 06
RECOVERY = tuple(f"recovery_{part}.parquet" for part in ("log_odds", "correlations", "risks"))
SCORES = "00_cohort/scores.parquet"  # of the user's table, where it holds these and no images

ABOUT = {"patients": PATIENTS, "cohort": COHORT}  # what every notebook after 00 reads
NETWORKS = ("ResNet101", "DenseNet121")
PROFILES = {"radiomics": "paper", "planar": "planar"}  # radiomic features: family -> profile
FAMILIES = (*PROFILES, *(name.lower() for name in NETWORKS))
IMAGE_SETS = ("or", "sr")  # the bicubic control, "bc", has the paper's radiomic features only
# Feature tables of 02 and, after selection, of 03: notebook parameter -> file.
FEATURES = {
    f"{family}_{s}": f"02_features/{'' if family in PROFILES else 'deep_'}{family}_{s}.parquet"
    for family in FAMILIES
    for s in IMAGE_SETS
} | {"radiomics_bc": "02_features/radiomics_bc.parquet"}
SELECTED = {key: f"03_selection/selected_{key}.parquet" for key in FEATURES}
# What the training of a network leaves beside its features: those of the networks that never saw a
# fold, its own output, and its weights.
TRAINED = {
    f"{kind}_{network.lower()}_{s}": f"02_features/{pattern.format(f'{network.lower()}_{s}')}"
    for kind, pattern in (
        ("folds", "folds_{}.parquet"),
        ("output", "output_{}.parquet"),
        ("network", "networks/{}.safetensors"),
    )
    for network in NETWORKS
    for s in IMAGE_SETS
}
# Stability of the radiomic features.
ROBUSTNESS = {
    f"robustness_{key}": f"02_features/robustness_{key}.parquet"
    for key in FEATURES
    if key.rpartition("_")[0] in PROFILES
}


def _job(
    notebook: str,
    reads: dict[str, str],
    writes: tuple[str, ...],
    *,
    folders: dict[str, str] | None = None,
    files: Iterable[str] = (),
    **fixed,
) -> Job:
    run = [fixed["image_set"]] if "image_set" in fixed else []
    name = "_".join([notebook, *run])
    return Job(name, notebook, notebook[3:], reads, writes, fixed, folders or {}, tuple(files))


def _below(folder: str, files: Mapping[str, str], ending: str = "") -> tuple[str, ...]:
    """The files of `folder`, without it, whose parameter ends so."""
    return tuple(
        file.removeprefix(f"{folder}/") for key, file in files.items() if key.endswith(ending)
    )


JOBS = {
    job.name: job
    for job in [
        _job("00_cohort", {}, ("patients.parquet", "cohort.json", "flow.json", "truth.parquet")),
        _job(
            "01_super_resolution",
            ABOUT,
            ("images.parquet", "quality.parquet", "gains.parquet", "generator.safetensors"),
        ),
        *(
            _job(
                "02_features",
                ABOUT | {"images": IMAGES},
                _below("02_features", FEATURES | ROBUSTNESS | TRAINED, f"_{s}"),
                image_set=s,
                measured=list(PROFILES.values()),
                networks=list(NETWORKS),
            )
            for s in IMAGE_SETS
        ),
        _job(
            "02_features",
            ABOUT | {"images": IMAGES},
            ("radiomics_bc.parquet", "robustness_radiomics_bc.parquet"),
            image_set="bc",
            measured=["paper"],
            networks=[],
        ),
        _job(
            "03_selection",
            ABOUT | FEATURES | ROBUSTNESS,
            tuple(f"{kind}_{key}.parquet" for key in FEATURES for kind in ("fate", "selected"))
            + ("agreement.parquet", "agreement.json"),
        ),
        _job(
            "04_models",
            ABOUT | {"images": IMAGES},
            (
                "predictions.parquet",
                "control.parquet",
                "planar.parquet",
                "output.parquet",
                "choice.parquet",
                "repeats.parquet",
                "permuted.parquet",
                "frequency.parquet",
                "importance.parquet",
                "sanity.parquet",
                "scalars.json",
            ),
            folders={"features_dir": "02_features", "selection_dir": "03_selection"},
            files=[*(FEATURES | ROBUSTNESS | TRAINED).values(), *SELECTED.values()],
        ),
        _job(
            "05_nomogram",
            ABOUT | {"model_predictions": PREDICTIONS},
            tuple(f"nomogram_{letter}.json" for letter in ("A", "B", "C", "A_sound", "B_sound"))
            + ("predictions.parquet", "penalised.parquet", "validation.parquet"),
        ),
        _job(
            "06_statistics",
            ABOUT
            | {
                "model_predictions": PREDICTIONS,
                "nomogram_predictions": "05_nomogram/predictions.parquet",
                "penalised_predictions": "05_nomogram/penalised.parquet",
                "control_predictions": CONTROL,
                "planar_predictions": PLANAR,
                "output_predictions": OUTPUT,
                "clinical_model": "05_nomogram/nomogram_C.json",
                "truth": TRUTH,
            },
            (
                "performance.parquet",
                "delong.parquet",
                "control.parquet",
                "planar.parquet",
                "protocols.parquet",
                "protocols.json",
                "published.json",
                "scalars.json",
                *RECOVERY,
            ),
        ),
    ]
}


def plan(*, images: bool = True, signatures: int = 2, truth: bool = True) -> dict[str, Job]:
    """The runs of a study, by name.

    Parameters
    ----------
    images
        False where the table holds scores of models: their predictions are read instead of made.
    signatures
        How many nomograms have one; with a single one there is no nomogram B.
    truth
        Whether it is known what made the patients: they are simulated here.
    """
    jobs = dict(JOBS)
    if signatures == 1:
        jobs["05_nomogram"] = _without(jobs["05_nomogram"], "_B")
    if not truth:
        jobs["00_cohort"] = _without(jobs["00_cohort"], "truth")
        statistics = _without(jobs["06_statistics"], "recovery_")
        reads = {key: file for key, file in statistics.reads.items() if key != "truth"}
        jobs["06_statistics"] = replace(statistics, reads=reads, fixed={"truth": ""})
    if images:
        return jobs
    kept = {name: jobs[name] for name in ("00_cohort", "05_nomogram", "06_statistics")}
    kept["05_nomogram"] = _without(kept["05_nomogram"], "_sound")  # needs the training of a model
    for name, job in kept.items():
        if name == "00_cohort":
            kept[name] = replace(job, writes=(*job.writes, PurePosixPath(SCORES).name))
        else:
            kept[name] = replace(job, reads=job.reads | {"model_predictions": SCORES})
    # Where no image is, none can be resampled or measured otherwise.
    job = kept["06_statistics"]
    absent = {"control_predictions": "", "planar_predictions": "", "output_predictions": ""}
    kept[job.name] = replace(
        job,
        reads={key: file for key, file in job.reads.items() if key not in absent},
        writes=tuple(f for f in job.writes if f not in OF_IMAGES),
        fixed=job.fixed | absent,
    )
    return kept


def _without(job: Job, part: str) -> Job:
    """The job without the files that have `part` in their name."""
    return replace(job, writes=tuple(file for file in job.writes if part not in file))
