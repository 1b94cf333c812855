"""The way of the data: which notebook reads and writes which file below `results/<study>`.

Every file that a later notebook or the report reads is named here. Snakemake gets its rules from
this table, the notebooks get their paths from it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from thyro.study.declared import Declared
from thyro.study.features import FEATURE_SETS, FeatureTable
from thyro.study.jobs import Job, make_job
from thyro.study.names import OR, ImageSet, nomograms

ABOUT = {  # what every notebook after 00 reads
    "patients": "00_cohort/patients.parquet",
    "cohort": "00_cohort/cohort.json",
}
IMAGES = "01_super_resolution/images.parquet"  # of every image set
TRUTH = "00_cohort/truth.parquet"  # what made the patients, where they are simulated
RECOVERY = [  # of that, by 06
    f"recovery_{part}" for part in ("log_odds", "correlations", "risks", "latents", "ceilings")
]
SCORES = "scores.parquet"  # of 00: of the user's table, where it holds these and no images
PREDICTIONS = "04_models/predictions.parquet"
PREDICTIONS_OF_FEATURES = "04_feature_models/predictions.parquet"
PREDICTIONS_OF_FROZEN = "04_frozen_models/predictions.parquet"
SIGNATURES_OF_FEATURES = "04_feature_models/signatures.parquet"  # cross-fitted, for nomograms
OF_IMAGES = {  # what 06 compares beside these: parameter -> file of 04
    "control_predictions": "control.parquet",  # the principal classifier on bicubic images
    "step_predictions": "steps.parquet",  # of the steps between the recipes
    "models_by_fold": "by_fold.parquet",  # cross-fitted, of every repeat
    "output_predictions": "output.parquet",  # of the tuned networks themselves
}
# What notebooks leave beside where clinical gaps are imputed, centres known, features harmonised.
OF_GAPS = {"00_cohort": ["missing.parquet"], "05_nomogram": ["complete_cases.parquet"]}
OF_CENTRES = {"06_statistics": ["centres.parquet"]}
OF_HARMONISATION = {"03_selection": ["centre_differences.parquet"]}
PUBLISHED = "report/published"  # folder of the reference's numbers, which stand beside ours
REFERENCE = "report/published/paper_reference.yml"  # audited where a study names no other file


def _images(declared: Declared) -> dict[str, str]:
    """Where image and mask of every patient lie: without super-resolution, where 00 found them."""
    return {"images": IMAGES if declared.enhanced else ABOUT["patients"]}


def _measured(table: FeatureTable) -> list[str]:
    """The files of 02 that hold features and how stable the radiomic ones are."""
    if table.fused:
        return []  # its parts have theirs
    names = [table.file] if table.deep else [table.file, table.robustness]
    return [f"02_features/{name}.parquet" for name in names]


def _trained(table: FeatureTable) -> list[str]:
    """What a network leaves beside its features, where it may have been tuned.

    Those of the networks that never saw a fold, its own output, and its weights.
    """
    patterns = ("folds_{}.parquet", "output_{}.parquet", "networks/{}.safetensors")
    made = table.tuned and not table.fused
    return [f"02_features/{pattern.format(table.key)}" for pattern in patterns if made]


SIZES = f"02_features/sizes_{OR.key}.parquet"  # diameter and area of every nodule


def _features_files(declared: Declared) -> list[str]:
    tables = declared.feature_tables()
    return [file for table in tables for file in _measured(table)] + [SIZES]


def _selected(declared: Declared) -> list[str]:
    tables = declared.feature_tables()
    return [f"03_selection/selected_{table.key}.parquet" for table in tables]


def _cohort(
    declared: Declared, *, images: bool, truth: bool, families: Sequence[str], scored: bool
) -> Job:
    writes = ["patients.parquet", "cohort.json", "flow.json"]
    writes += ["truth.parquet"] if truth else []
    given = [f"features_{name}.parquet" for name in families] or ([SCORES] if scored else [])
    told = {"declared": declared.to_dict()}
    return make_job("00_cohort", [*writes, *([] if images else given)], fixed=told)


def _given_features(families: Sequence[str]) -> list[Job]:
    """Selection and models of features that came with the table."""
    about: dict[str, Any] = {
        "reads": ABOUT,
        "fixed": {"families": list(families)},
        "folders": {"features_dir": "00_cohort"},
        "files": [f"00_cohort/features_{name}.parquet" for name in families],
    }
    selected = ["fate.parquet", "kept_features.parquet", "scalars.json"]
    made = ["predictions", "signatures", "by_fold", "choice", "repeats", "permuted", "frequency"]
    steps = ("alpha", "correlation", "rule", "family", "penalty", "folds")
    tried = ("classifiers", "neighbours", "outer_folds", "fold_repeats", "tune")
    return [
        make_job("03_feature_tables", selected, section="selection", keys=steps, **about),
        make_job(
            "04_feature_models",
            [*(f"{name}.parquet" for name in made), "scalars.json"],
            section="models",
            keys=(*tried, "repeats", "permutations"),
            **about,
        ),
    ]


def _frozen_models(files: Mapping[str, str], *, scored: bool) -> Job:
    """Risks by models of other studies, beside the scores of the table."""
    given = {"given": f"00_cohort/{SCORES}"} if scored else {}
    return make_job(
        "04_frozen_models",
        ["predictions.parquet", "inputs.parquet", "models.json"],
        reads=ABOUT | given,
        section="compute",
        keys=("seed",),
        fixed={"models": dict(files)} | ({} if scored else {"given": ""}),
        outside=dict.fromkeys(files.values()),
    )


def _super_resolution(start: str | None) -> Job:
    return make_job(
        "01_super_resolution",
        [
            *("images.parquet", "quality.parquet", "gains.parquet", "margins.parquet"),
            *("low_resolution.parquet", "generator.safetensors", "rivals.safetensors"),
            "scalars.json",
        ],
        reads=ABOUT,
        outside=[start] if start else [],
    )


def _features(declared: Declared, images: ImageSet, weights: str | None) -> Job:
    made = [table for table in declared.feature_tables(images) if not table.fused]
    networks = [table.features for table in made if table.tuned]
    files = [file for table in made for file in (*_measured(table), *_trained(table))]
    return make_job(
        "02_features",
        [
            *(file.removeprefix("02_features/") for file in files),
            *(f"description_{table.key}.parquet" for table in made if not table.deep),
            *(f"{name}_{images.key}.parquet" for name in ("ibsi", "bins", "sizes")),
            f"scalars_{images.key}.json",
        ],
        reads=ABOUT | _images(declared),
        outside=[weights] if weights and networks else [],
        fixed={
            "image_set": images.key,
            "measured": [FEATURE_SETS[table.features] for table in made if not table.deep],
            "networks": networks,
        },
        side_by_side=1 if images.control else len(declared.studied),
    )


def _selection(declared: Declared) -> Job:
    fates = [f"fate_{table.key}.parquet" for table in declared.feature_tables()]
    selected = [file.removeprefix("03_selection/") for file in _selected(declared)]
    compared = ["agreement.parquet", "agreement.json"] if declared.enhanced else []
    return make_job(
        "03_selection",
        [*fates, *selected, "kept_features.parquet", *compared, "scalars.json"],
        reads=ABOUT,
        folders={"features_dir": "02_features"},
        files=_features_files(declared),
        fixed={"declared": declared.to_dict()},
    )


def _models(declared: Declared, weights: str | None) -> Job:
    tables = ["predictions", "steps", "by_fold", "control", "output", "choice", "resampled"]
    tables += ["repeats", "split_differences", "permuted", "frequency", "importance", "sanity"]
    absent = [] if declared.enhanced else ["control", "split_differences"]
    absent += [] if declared.networks else ["output", "sanity"]
    trained = [file for table in declared.feature_tables() for file in _trained(table)]
    return make_job(
        "04_models",
        [*(f"{table}.parquet" for table in tables if table not in absent), "scalars.json"],
        reads=ABOUT | _images(declared),
        folders={"features_dir": "02_features", "selection_dir": "03_selection"},
        files=[*_features_files(declared), *trained, *_selected(declared)],
        outside=[weights] if weights and declared.networks else [],
        fixed={"declared": declared.to_dict()},
    )


FITTED = ("predictions", "by_fold", "coefficients", "penalised", "logistic", "validation")  # by 05


def _nomogram(predictions: str, signatures: Sequence[str], *, sound: bool, choice: str) -> Job:
    named = nomograms(signatures)
    files = [one.file() for one in named]
    # The clinical model learns no signature: it is the same under all protocols.
    files += [one.file(sound=True) for one in named if one.signature] if sound else []
    # Signatures of bootstrap samples, where there are images to make them from.
    again = {"resampled": "04_models/resampled.parquet"} if sound else {}
    again |= {"choice": choice} if choice else {}
    absent = dict.fromkeys({"resampled", "choice"} - set(again), "")
    return make_job(
        "05_nomogram",
        [
            *(f"{file}.json" for file in (*files, "penalised", "scalars")),
            *(f"{table}.parquet" for table in FITTED),
        ],
        reads=ABOUT | {"model_predictions": predictions} | again,
        fixed=dict(sorted(absent.items())),
    )


def _statistics(
    declared: Declared,
    predictions: str,
    published: str,
    *,
    images: bool,
    truth: bool,
    reference: bool,
) -> Job:
    audited = published or (REFERENCE if reference else "")
    tables = ["performance", "delong", "calibration", "calibration_intervals", "penalised"]
    tables += ["main_performance", "main_delong", "between_cohorts"]
    tables += ["cutoffs", "net_benefit", "reader", "subgroups", "subgroup_differences"]
    tables += ["audit"] if audited else []
    if images:
        tables += ["control", "control_performance"] if declared.enhanced else []
        tables += ["protocols", "recipes", "size"]
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
    read = [f"02_features/{t.file}.parquet" for t in declared.feature_tables() if t.radiomic]
    # Where no image is, none can be resampled or measured otherwise.
    made = {
        "control_predictions": declared.enhanced,
        "output_predictions": bool(declared.networks),
    }
    made = {key: images and made.get(key, True) for key in OF_IMAGES}
    absent = dict.fromkeys([key for key, is_made in made.items() if not is_made], "")
    absent |= {} if images else dict.fromkeys(of_images, "")
    absent |= {} if truth else {"truth": "", "features_dir": ""}
    values = ["scalars", *(["published"] if audited else [])]
    values += ["protocols"] if images else []
    return make_job(
        "06_statistics",
        [*(f"{table}.parquet" for table in tables), *(f"{name}.json" for name in values)],
        reads=reads | {key: f"04_models/{OF_IMAGES[key]}" for key in OF_IMAGES if made[key]},
        folders={"features_dir": "02_features"} if truth else {},
        files=read if truth else [],
        outside=dict.fromkeys(filter(None, [REFERENCE if reference else "", audited])),
        fixed={
            "published_dir": PUBLISHED if reference else "",
            "audited_file": audited,
            "declared": declared.to_dict(),
        }
        | absent,
    )


def _judged(
    kinds: Mapping[str, str], printed: Mapping[str, Any], predictions: str, *, grouped: bool
) -> Job:
    """Scores of the user's table, or of models of its features, each judged by its kind."""
    known = set(kinds.values())
    ranked = [kind for kind in kinds.values() if kind != "reading"]
    tables = ["performance"]
    tables += ["cutoffs", "auc_intervals", "between_cohorts"] if ranked else []
    tables += ["delong"] if len(ranked) > 1 else []
    tables += ["calibration_intervals"] if "probability" in known else []
    tables += ["net_benefit", "decision_curves"] if {"probability", "reading"} & known else []
    tables += ["reader"] if ranked and "reading" in known else []
    tables += ["subgroups", "subgroup_differences"] if ranked and grouped else []
    return make_job(
        "06_scores",
        [f"{table}.parquet" for table in tables],
        reads=ABOUT | {"scores": predictions},
        section="statistics",
        keys=("level", "threshold_grid", "draws", "decision_range", "decision_points")
        + ("sensitivity", "subgroups", "subgroup_threshold"),
        fixed={"kinds": dict(kinds), "published": dict(printed)}
        | ({} if grouped else {"subgroups": []}),
    )


def plan(
    declared: Declared | None = None,
    *,
    images: bool = True,
    truth: bool = True,
    signatures: Sequence[str] | None = None,
    start: str | None = None,
    weights: str | None = None,
    published: str = "",
    reference: bool = True,
    beside: Iterable[Mapping[str, Sequence[str]]] = (),
    nomograms: bool = True,
    judged: Mapping[str, str] | None = None,
    grouped: bool = False,
    printed: Mapping[str, Mapping[str, float]] | None = None,
    families: Sequence[str] = (),
    frozen: Mapping[str, str] | None = None,
    scored: bool = True,
) -> dict[str, Job]:
    """The runs of a study, by name, in an order in which they can run.

    Parameters
    ----------
    declared
        What the study uses of the registries; the default of `Declared` where it does not say.
    images
        False where the table holds scores of models: their predictions are read instead of made.
    truth
        Whether the patients are simulated, so that what made them is known.
    signatures
        Models whose predictions are terms of nomograms; those that are declared where none is
        named. With a single one there is no nomogram B.
    start, weights
        Files of a generator and of networks to begin with, where the study names such files.
    published
        File of printed numbers that are audited instead of `REFERENCE`.
    reference
        Whether the report goes through a publication; without one its numbers are not read.
    beside
        Of OF_GAPS, OF_CENTRES and OF_HARMONISATION, what the study has.
    nomograms
        False where scores or features come without clinical variables: no regression is fitted.
    judged
        Kind of every score that is judged by it.
    grouped
        Whether that is done in groups of patients, too, where there are no nomograms to judge so.
    printed
        AUCs of scores that stand beside those of the table, by cohort.
    families
        Of features that the table holds instead of images.
    frozen
        File of every model of another study that predicts the patients.
    scored
        Whether the table of a study of scores holds any; frozen models may be all it has.
    """
    declared = declared or Declared()
    predictions = PREDICTIONS if images else f"00_cohort/{SCORES}"
    predictions = PREDICTIONS_OF_FEATURES if families else predictions
    predictions = PREDICTIONS_OF_FROZEN if frozen else predictions
    jobs = [_cohort(declared, images=images, truth=truth, families=families, scored=scored)]
    jobs += _given_features(families) if families else []
    jobs += [_frozen_models(frozen, scored=scored)] if frozen else []
    if images:
        jobs += [_super_resolution(start)] if declared.enhanced else []
        jobs += [_features(declared, measured, weights) for measured in declared.measured]
        jobs += [_selection(declared), _models(declared, weights)]
    if nomograms:
        named = signatures or declared.signatures
        choice = f"04_{'models' if images else 'feature_models'}/choice.parquet"
        choice = choice if images or families else ""
        signed = SIGNATURES_OF_FEATURES if families else predictions
        jobs += [_nomogram(signed, named, sound=images, choice=choice)]
        known = {"images": images, "truth": truth, "reference": reference}
        jobs += [_statistics(declared, signed, published, **known)]
    grouped = grouped and not nomograms
    jobs += [_judged(judged, printed or {}, predictions, grouped=grouped)] if judged else []
    for of in beside:
        jobs = [replace(job, writes=(*job.writes, *of.get(job.notebook, ()))) for job in jobs]
    return {job.name: job for job in jobs}


_BESIDE: dict[str, Any] = {"images": False, "truth": False, "nomograms": False}
_BESIDE |= {"judged": {"score": "probability"}}
# Every run that a study may have.
ALL = plan() | plan(**_BESIDE) | plan(families=["radiomics"], **_BESIDE)
ALL |= plan(frozen={"score": "nomogram.thyro"}, **_BESIDE)
JOB_NAMES = tuple(ALL)
