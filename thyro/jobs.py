"""The way of the data: which notebook reads and writes which file below `results/<study>`.

Each arrow between notebooks is a file named here. Snakemake gets its rules from this table, the
notebooks get their paths from it.
"""

from dataclasses import dataclass, replace
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
PREDICTIONS = "04_models/predictions.parquet"
CONTROL = "04_models/control.parquet"  # of the same SVM on bicubic images
PLANAR = "04_models/planar.parquet"  # of the same SVM on planar features
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
# Stability of the radiomic features.
ROBUSTNESS = {
    f"robustness_{key}": f"02_features/robustness_{key}.parquet"
    for key in FEATURES
    if key.rpartition("_")[0] in PROFILES
}


def _job(notebook: str, reads: dict[str, str], writes: tuple[str, ...], **fixed) -> Job:
    run = [fixed["image_set"]] if "image_set" in fixed else []
    name = "_".join([notebook, *run])
    return Job(name, notebook, notebook[3:], reads, writes, fixed)


JOBS = {
    job.name: job
    for job in [
        _job("00_cohort", {}, ("patients.parquet", "cohort.json", "flow.json")),
        _job(
            "01_super_resolution",
            ABOUT,
            ("images.parquet", "quality.parquet", "generator.safetensors"),
        ),
        *(
            _job(
                "02_features",
                ABOUT | {"images": IMAGES},
                tuple(PurePosixPath(FEATURES[f"{family}_{s}"]).name for family in FAMILIES)
                + tuple(f"robustness_{family}_{s}.parquet" for family in PROFILES),
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
            + ("agreement.parquet",),
        ),
        _job(
            "04_models",
            ABOUT | {"images": IMAGES} | SELECTED,
            ("predictions.parquet", "control.parquet", "planar.parquet"),
        ),
        _job(
            "05_nomogram",
            ABOUT | {"model_predictions": PREDICTIONS},
            tuple(f"nomogram_{letter}.json" for letter in "ABC") + ("predictions.parquet",),
        ),
        _job(
            "06_statistics",
            ABOUT
            | {
                "model_predictions": PREDICTIONS,
                "nomogram_predictions": "05_nomogram/predictions.parquet",
                "control_predictions": CONTROL,
                "planar_predictions": PLANAR,
            },
            (
                "performance.parquet",
                "delong.parquet",
                "control.parquet",
                "planar.parquet",
                "scalars.json",
            ),
        ),
    ]
}


def plan(*, images: bool = True, signatures: int = 2) -> dict[str, Job]:
    """The runs of a study, by name.

    Parameters
    ----------
    images
        False where the table holds scores of models: their predictions are read instead of made.
    signatures
        How many nomograms have one; with a single one there is no nomogram B.
    """
    jobs = dict(JOBS)
    if signatures == 1:
        job = jobs["05_nomogram"]
        without_b = tuple(file for file in job.writes if file != "nomogram_B.json")
        jobs[job.name] = replace(job, writes=without_b)
    if images:
        return jobs
    kept = {name: jobs[name] for name in ("00_cohort", "05_nomogram", "06_statistics")}
    for name, job in kept.items():
        if name == "00_cohort":
            kept[name] = replace(job, writes=(*job.writes, PurePosixPath(SCORES).name))
        else:
            kept[name] = replace(job, reads=job.reads | {"model_predictions": SCORES})
    # Where no image is, none can be resampled or measured otherwise.
    job = kept["06_statistics"]
    absent = {"control_predictions": "", "planar_predictions": ""}
    kept[job.name] = replace(
        job,
        reads={key: file for key, file in job.reads.items() if key not in absent},
        writes=tuple(f for f in job.writes if f not in ("control.parquet", "planar.parquet")),
        fixed=absent,
    )
    return kept
