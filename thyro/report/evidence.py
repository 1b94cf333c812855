"""Facts of a study that the checklists ask for, from its settings and results."""

from collections.abc import Mapping

import pandas as pd

from thyro.report.results import Results
from thyro.study import Study

EVENTS_PER_FEATURE = 10  # at least, of the largest signature
MODEL_WORDS = ("model", "nomogram", "predict")


def facts(study: Study, results: Results, has: Mapping[str, bool]) -> dict[str, bool]:
    """What holds for a study, by the names that `report/checklists.yml` uses.

    Parameters
    ----------
    study : Study
    results : Results
    has : mapping of str to bool
        The flags of `words.study`.
    """
    about, title = results.values("00_cohort/cohort"), study.title.lower()
    simulates = study.cohort.source == "simulated"  # by criteria of its own, one of days
    return dict(has) | {
        "simulated": about["simulated"],
        "criteria": bool(about.get("criteria")),
        "interval": simulates or any(entry.until for entry in study.cohort.criteria),
        "centres": has["external"] or has.get("centres", False) or study.cohort.split == "centre",
        "spacing": bool(about.get("spacing_known")) and study.features.pixel_mm > 0,
        "weighed": has["networks"] and study.features.class_weights,
        "tuned_models": has["images"] and study.models.tune,
        "stable_features": has["images"] and study.selection.minimum_icc > 0,
        "few_features": has["images"] and _few_features(results),
        "title_names_model": any(word in title for word in MODEL_WORDS),
        "title_names_radiomics": "radiomic" in title,
    }


def _few_features(results: Results) -> bool:
    patients = results.table("00_cohort/patients")
    kept = results.table("03_selection/kept_features")
    return bool(events_per_feature(patients, kept) >= EVENTS_PER_FEATURE)


def events_per_feature(patients: pd.DataFrame, kept: pd.DataFrame) -> float:
    """Training patients of the rarer outcome for each feature of the largest radiomics signature.

    Parameters
    ----------
    patients : DataFrame
        split and y.
    kept : DataFrame
        signature and feature.
    """
    training = patients.loc[patients["split"].eq("train"), "y"]
    return training.value_counts().min() / max(1, kept["signature"].value_counts().max())
