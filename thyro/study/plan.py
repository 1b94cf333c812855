"""The way of the data: which notebook reads and writes which file below `results/<study>`.

Every file that a later notebook or the report reads is named here. Snakemake gets its rules from
this table, the notebooks get their paths from it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from thyro.study.classifiers import SIGNATURES
from thyro.study.features import FEATURE_SETS, MEASURED, FeatureTable, feature_tables
from thyro.study.names import OR, STUDIED, ImageSet, nomograms

RECORDS = "notebooks"  # folder of executed notebooks and of how long each took


@dataclass(frozen=True)
class Job:
    """One run of a notebook: what it reads and writes, relative to the folder of the study."""

    name: str
    notebook: str
    section: str  # of the study file
    reads: dict[str, str]  # notebook parameter -> file
    writes: tuple[str, ...]  # below the job's own folder: what later notebooks or the report read
    fixed: dict[str, Any]  # parameters that no study file sets
    folders: dict[str, str] = field(default_factory=dict)  # notebook parameter -> folder
    files: tuple[str, ...] = ()  # that it reads below these
    outside: tuple[str, ...] = ()  # files that it reads and no job makes, relative to the project
    keys: tuple[str, ...] = ()  # of its section that it takes; empty: all

    @property
    def folder(self) -> str:
        """Folder of the job's results, named after its notebook."""
        return self.notebook

    @property
    def inputs(self) -> tuple[str, ...]:
        """Every file of other jobs that this one reads."""
        return (*self.reads.values(), *self.files)

    @property
    def executed(self) -> str:
        """The executed copy of the notebook."""
        return f"{RECORDS}/{self.name}.ipynb"

    @property
    def record(self) -> str:
        """How long the job took, and its peak memory."""
        return f"{RECORDS}/{self.name}.json"

    @property
    def left(self) -> tuple[str, ...]:
        """Everything that others read: results, the executed notebook and its record."""
        results = (f"{self.folder}/{file}" for file in self.writes)
        return (*results, self.executed, self.record)

    @property
    def side_by_side(self) -> int:
        """How many jobs share the cores: features of the study's image sets go on together."""
        shared = {images.key for images in STUDIED}
        return len(STUDIED) if self.fixed.get("image_set") in shared else 1


ABOUT = {  # what every notebook after 00 reads
    "patients": "00_cohort/patients.parquet",
    "cohort": "00_cohort/cohort.json",
}
IMAGES = {"images": "01_super_resolution/images.parquet"}
TRUTH = "00_cohort/truth.parquet"  # what made the patients, where they are simulated
RECOVERY = [  # of that, by 06
    f"recovery_{part}" for part in ("log_odds", "correlations", "risks", "latents", "ceilings")
]
SCORES = "scores.parquet"  # of 00: of the user's table, where it holds these and no images
PREDICTIONS = "04_models/predictions.parquet"
PREDICTIONS_OF_FEATURES = "04_feature_models/predictions.parquet"
OF_IMAGES = {  # what 06 compares beside these: parameter -> file of 04
    "control_predictions": "control.parquet",  # the same SVM on bicubic images
    "step_predictions": "steps.parquet",  # of the steps between the recipes
    "models_by_fold": "by_fold.parquet",  # cross-fitted, of every repeat
    "output_predictions": "output.parquet",  # of the tuned networks themselves
}
PUBLISHED = {"published_dir": "report/published"}  # the paper's numbers, which stand beside ours
REFERENCE = "report/published/paper_reference.yml"  # audited where a study names no other file


def _measured(table: FeatureTable) -> list[str]:
    """The files of 02 that hold features and how stable the radiomic ones are."""
    names = [table.file] if table.deep else [table.file, table.robustness]
    return [f"02_features/{name}.parquet" for name in names]


def _trained(table: FeatureTable) -> list[str]:
    """What a network leaves beside its features, where it may have been tuned.

    Those of the networks that never saw a fold, its own output, and its weights.
    """
    patterns = ("folds_{}.parquet", "output_{}.parquet", "networks/{}.safetensors")
    return [f"02_features/{pattern.format(table.key)}" for pattern in patterns if table.tuned]


SIZES = f"02_features/sizes_{OR.key}.parquet"  # diameter and area of every nodule
FEATURES = [file for table in feature_tables() for file in _measured(table)] + [SIZES]
TRAINED = [file for table in feature_tables() for file in _trained(table)]
SELECTED = [f"03_selection/selected_{table.key}.parquet" for table in feature_tables()]


def _job(
    notebook: str,
    writes: Iterable[str],
    *,
    reads: Mapping[str, str] | None = None,
    folders: Mapping[str, str] | None = None,
    files: Iterable[str] = (),
    outside: Iterable[str] = (),
    fixed: Mapping[str, Any] | None = None,
    section: str = "",
    keys: Iterable[str] = (),
) -> Job:
    """A run of `notebook`; without `section` it takes that of its own name of the study."""
    fixed = dict(fixed or {})
    run = [fixed["image_set"]] if "image_set" in fixed else []
    return Job(
        name="_".join([notebook, *run]),
        notebook=notebook,
        section=section or notebook[3:],
        reads=dict(reads or {}),
        writes=tuple(writes),
        fixed=fixed,
        folders=dict(folders or {}),
        files=tuple(files),
        outside=tuple(outside),
        keys=tuple(keys),
    )


def _cohort(*, images: bool, truth: bool, families: Sequence[str]) -> Job:
    writes = ["patients.parquet", "cohort.json", "flow.json"]
    writes += ["truth.parquet"] if truth else []
    given = [f"features_{name}.parquet" for name in families] or [SCORES]
    return _job("00_cohort", [*writes, *([] if images else given)])


def _given_features(families: Sequence[str]) -> list[Job]:
    """Selection and models of features that came with the table."""
    about: dict[str, Any] = {
        "reads": ABOUT,
        "fixed": {"families": list(families)},
        "folders": {"features_dir": "00_cohort"},
        "files": [f"00_cohort/features_{name}.parquet" for name in families],
    }
    selected = ["fate.parquet", "kept_features.parquet", "scalars.json"]
    made = ["predictions", "by_fold", "choice", "repeats", "permuted", "frequency"]
    steps = ("alpha", "correlation", "rule", "family", "penalty", "folds")
    tried = ("neighbours", "outer_folds", "fold_repeats", "tune", "repeats", "permutations")
    return [
        _job("03_feature_tables", selected, section="selection", keys=steps, **about),
        _job(
            "04_feature_models",
            [*(f"{name}.parquet" for name in made), "scalars.json"],
            section="models",
            keys=tried,
            **about,
        ),
    ]


def _super_resolution(start: str | None) -> Job:
    return _job(
        "01_super_resolution",
        [
            *("images.parquet", "quality.parquet", "gains.parquet", "margins.parquet"),
            *("low_resolution.parquet", "generator.safetensors", "rivals.safetensors"),
            "scalars.json",
        ],
        reads=ABOUT,
        outside=[start] if start else [],
    )


def _features(images: ImageSet, weights: str | None) -> Job:
    made = feature_tables(images)
    networks = [table.features for table in made if table.tuned]
    files = [file for table in made for file in (*_measured(table), *_trained(table))]
    return _job(
        "02_features",
        [
            *(file.removeprefix("02_features/") for file in files),
            *(f"description_{table.key}.parquet" for table in made if not table.deep),
            *(f"{name}_{images.key}.parquet" for name in ("ibsi", "bins", "sizes")),
            f"scalars_{images.key}.json",
        ],
        reads=ABOUT | IMAGES,
        outside=[weights] if weights and networks else [],
        fixed={
            "image_set": images.key,
            "measured": [FEATURE_SETS[table.features] for table in made if not table.deep],
            "networks": networks,
        },
    )


def _selection() -> Job:
    fates = [f"fate_{table.key}.parquet" for table in feature_tables()]
    selected = [file.removeprefix("03_selection/") for file in SELECTED]
    return _job(
        "03_selection",
        [
            *(*fates, *selected, "kept_features.parquet"),
            *("agreement.parquet", "agreement.json", "scalars.json"),
        ],
        reads=ABOUT,
        folders={"features_dir": "02_features"},
        files=FEATURES,
    )


def _models(weights: str | None) -> Job:
    tables = ["predictions", "steps", "by_fold", "control", "output", "choice", "resampled"]
    tables += ["repeats", "split_differences", "permuted", "frequency", "importance", "sanity"]
    return _job(
        "04_models",
        [*(f"{table}.parquet" for table in tables), "scalars.json"],
        reads=ABOUT | IMAGES,
        folders={"features_dir": "02_features", "selection_dir": "03_selection"},
        files=[*FEATURES, *TRAINED, *SELECTED],
        outside=[weights] if weights else [],
    )


FITTED = ("predictions", "by_fold", "coefficients", "penalised", "logistic", "validation")  # by 05


def _nomogram(predictions: str, signatures: Sequence[str], *, sound: bool) -> Job:
    named = nomograms(list(signatures))
    files = [one.file() for one in named]
    # The clinical model learns no signature: it is the same under all protocols.
    files += [one.file(sound=True) for one in named if one.signature] if sound else []
    # Signatures of bootstrap samples, where there are images to make them from.
    again = {"resampled": "04_models/resampled.parquet"} if sound else {}
    return _job(
        "05_nomogram",
        [
            *(f"{file}.json" for file in (*files, "penalised", "scalars")),
            *(f"{table}.parquet" for table in FITTED),
        ],
        reads=ABOUT | {"model_predictions": predictions} | again,
        fixed={} if sound else {"resampled": ""},
    )


def _statistics(predictions: str, audited: str, *, images: bool, truth: bool) -> Job:
    tables = ["performance", "delong", "calibration", "calibration_intervals", "penalised"]
    tables += ["main_performance", "main_delong", "between_cohorts"]
    tables += ["cutoffs", "net_benefit", "reader", "audit"]
    if images:
        tables += ["control", "control_performance", "protocols", "recipes", "size"]
    tables += RECOVERY if truth else []
    reads = ABOUT | {
        "model_predictions": predictions,
        "nomogram_predictions": "05_nomogram/predictions.parquet",
        "penalised_predictions": "05_nomogram/penalised.parquet",
        "clinical_model": f"05_nomogram/{nomograms([])[-1].file()}.json",
    }
    reads |= {"truth": TRUTH} if truth else {}
    of_images = {"nomograms_by_fold": "05_nomogram/by_fold.parquet", "sizes": SIZES}
    reads |= of_images if images else {}
    # What they tell of the truth, where it is known.
    read = [f"02_features/{table.file}.parquet" for table in feature_tables() if not table.deep]
    # Where no image is, none can be resampled or measured otherwise.
    absent = {} if images else dict.fromkeys([*OF_IMAGES, *of_images], "")
    absent |= {} if truth else {"truth": "", "features_dir": ""}
    values = ["scalars", "published", *(["protocols"] if images else [])]
    return _job(
        "06_statistics",
        [*(f"{table}.parquet" for table in tables), *(f"{name}.json" for name in values)],
        reads=reads | {key: f"04_models/{OF_IMAGES[key]}" for key in OF_IMAGES if images},
        folders={"features_dir": "02_features"} if truth else {},
        files=read if truth else [],
        outside=dict.fromkeys([REFERENCE, audited]),
        fixed=PUBLISHED | {"audited_file": audited} | absent,
    )


def _judged(kinds: Mapping[str, str], printed: Mapping[str, Any], predictions: str) -> Job:
    """Scores of the user's table, or of models of its features, each judged by its kind."""
    known = set(kinds.values())
    ranked = [kind for kind in kinds.values() if kind != "reading"]
    tables = ["performance"]
    tables += ["cutoffs", "auc_intervals", "between_cohorts"] if ranked else []
    tables += ["delong"] if len(ranked) > 1 else []
    tables += ["calibration_intervals"] if "probability" in known else []
    tables += ["net_benefit", "decision_curves"] if {"probability", "reading"} & known else []
    tables += ["reader"] if ranked and "reading" in known else []
    return _job(
        "06_scores",
        [f"{table}.parquet" for table in tables],
        reads=ABOUT | {"scores": predictions},
        section="statistics",
        keys=("level", "threshold_grid", "draws", "decision_range", "decision_points")
        + ("sensitivity",),
        fixed={"kinds": dict(kinds), "published": dict(printed)},
    )


def plan(
    *,
    images: bool = True,
    truth: bool = True,
    signatures: Sequence[str] = SIGNATURES,
    start: str | None = None,
    weights: str | None = None,
    published: str = "",
    nomograms: bool = True,
    judged: Mapping[str, str] | None = None,
    printed: Mapping[str, Mapping[str, float]] | None = None,
    families: Sequence[str] = (),
) -> dict[str, Job]:
    """The runs of a study, by name, in an order in which they can run.

    Parameters
    ----------
    images
        False where the table holds scores of models: their predictions are read instead of made.
    truth
        Whether the patients are simulated, so that what made them is known.
    signatures
        Models whose predictions are terms of nomograms; with a single one there is no nomogram B.
    start, weights
        Files of a generator and of networks to begin with, where the study names such files.
    published
        File of printed numbers that are audited instead of `REFERENCE`.
    nomograms
        False where there are scores and no clinical variables: nothing is fitted.
    judged
        Kind of every score that is judged by it.
    printed
        AUCs of scores that stand beside those of the table, by cohort.
    families
        Of features that the table holds instead of images.
    """
    predictions = PREDICTIONS if images else f"00_cohort/{SCORES}"
    predictions = PREDICTIONS_OF_FEATURES if families else predictions
    jobs = [_cohort(images=images, truth=truth, families=families)]
    jobs += _given_features(families) if families else []
    if images:
        jobs += [_super_resolution(start)]
        jobs += [_features(measured, weights) for measured in MEASURED]
        jobs += [_selection(), _models(weights)]
    if nomograms:
        jobs += [_nomogram(predictions, signatures, sound=images)]
        jobs += [_statistics(predictions, published or REFERENCE, images=images, truth=truth)]
    jobs += [_judged(judged, printed or {}, predictions)] if judged else []
    return {job.name: job for job in jobs}


JOBS = plan()  # of a simulated study with images
OF_SCORES = plan(images=False, truth=False, nomograms=False, judged={"score": "probability"})
OF_FEATURES = plan(
    images=False,
    truth=False,
    nomograms=False,
    judged={"score": "probability"},
    families=["radiomics"],
)
