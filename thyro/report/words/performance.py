"""Words on how well models and nomograms do: discrimination and comparison."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from thyro import tables
from thyro.report.results import Results
from thyro.report.words.phrases import RANDOM, applying, aucs, each, gap, listed
from thyro.report.words.study import excluded
from thyro.study import (
    OR,
    RADIOLOGIST,
    Declared,
    NomogramName,
    Study,
    nomograms,
)


def texts(study: Study, results: Results) -> dict:
    """Texts of the individual models and of the nomograms, as far as the study has them.

    Returns
    -------
    dict
        models, performance, delong, overview and, of an external cohort, external.
    """
    measured = results.table("06_statistics/main_performance")
    of_study = nomograms(study.nomogram.signatures)
    pairs = study.declared.enhancement_pairs() if study.cohort.has_images else []
    compared = delong(
        results.table("06_statistics/main_delong"),
        of_study,
        level=study.statistics.level,
        enhanced=pairs[0] if pairs else None,
    )
    patients = results.table("00_cohort/patients")
    outside = patients[patients["split"].eq("external")]
    made = {
        "models": _models(study, measured) | {"learned": learned(study, _weights(study, results))},
        "performance": performance(measured),
        "delong": compared,
        "overview": overview(study, measured),
    }
    if len(outside):
        flow = results.values("00_cohort/flow")
        made["external"] = external(outside, flow, measured, [str(name) for name in of_study])
    return made


def _models(study: Study, table: pd.DataFrame) -> dict[str, str]:
    if study.cohort.features:
        return feature_models(study, table)
    return models(list(study.cohort.scores), study.declared, table)


def feature_models(study: Study, table: pd.DataFrame) -> dict[str, str]:
    """What the individual models are where the table holds features, as `models` has it."""
    n, families = len(study.feature_models), list(study.cohort.features)
    what = "one model was" if n == 1 else f"{n} models were"
    of = "the family" if len(families) == 1 else "the families"
    return {
        "parts": "selection, models, nomograms and statistics, on features of a table",
        "methods": f"The table holds features of {of} {listed(families)}, measured elsewhere; "
        f"{what} fitted on them, and every patient is predicted by models that never saw the "
        "patient.",
        "aucs": each(aucs(table, "test", study.nomogram.signatures)),
    }


def models(scores: Sequence[str], declared: Declared, table: pd.DataFrame) -> dict[str, str]:
    """What the individual models are: those of the images, or given scores.

    Parameters
    ----------
    scores : sequence of str
        Names of the scores of the user's table; empty in a study of images.
    declared : Declared
        The models of a study of images.
    table : DataFrame
        `statistics.performance_table`.
    """
    if not scores:
        features = "radiomics and deep features" if declared.networks else "radiomics features"
        steps = {"super-resolution": declared.enhanced, features: True, "selection": True}
        steps |= dict.fromkeys(("models", "nomograms", "statistics"), True)
        read = [f"on {images.label} ({images.name})" for images in declared.studied]
        return {
            "parts": listed(applying(steps)),
            "methods": f"Image models were fitted {listed(read)} images, by a classical recipe "
            "and by a sound one; what is concluded comes from the sound one, cross-fitted.",
            "aucs": each(aucs(table, "test", [str(one) for one in declared.principal_models()])),
        }
    what = "the score of one model" if len(scores) == 1 else f"the scores of {len(scores)} models"
    return {
        "parts": "nomograms and statistics, on given scores of models",
        "methods": f"The clinical table holds {what}, made elsewhere: {listed(scores)}.",
        "aucs": each(aucs(table, "test", scores)),
    }


def _weights(study: Study, results: Results) -> dict[str, str]:
    """Weights of every network at the start, as 02 describes them; none without images."""
    if not study.cohort.has_images:
        return {}
    return results.values(f"02_features/scalars_{OR.key}")["weights"]


def learned(study: Study, weights: Mapping[str, str]) -> str:
    """Where everything was learned that a test patient is predicted with, and what came before.

    Parameters
    ----------
    study : Study
    weights : mapping of network to str
        Of every network at the start, as 02 describes them.
    """
    if study.cohort.scores:
        return (
            "Clinical factors, coefficients and cut-offs were learned in the training cohort; the "
            "scores were given."
        )
    if study.cohort.features:
        return (
            "Scaling, selection, models, clinical factors, coefficients and cut-offs were learned "
            "in the training cohort. Random divisions, reported apart, draw anew who trains."
        )
    settings = study.super_resolution
    frames = f"{settings.pretraining_frames} simulated frames" if settings.pretraining_steps else ""
    start = {"scratch": "", "simulated": frames}.get(settings.start, Path(settings.start).name)
    sources = {"the super-resolution network": start} if study.declared.enhanced else {}
    for name, description in weights.items():
        if not description.startswith(RANDOM):
            sources[name] = "ImageNet" if description.startswith("ImageNet") else description
    told = listed([f"{name} ({source})" for name, source in sources.items() if source])
    elsewhere = f" At the start {told} had weights from elsewhere." if told else ""
    learned = "Super-resolution, scaling" if study.declared.enhanced else "Scaling"
    return (
        f"{learned}, selection, models and cut-offs were learned in the training "
        f"cohort.{elsewhere} Random divisions, reported apart, draw anew who trains."
    )


def performance(table: pd.DataFrame) -> dict[str, dict]:
    """AUC and accuracy of every model and cohort, by lower-case name."""
    tree: dict = {}
    for row in table.itertuples():
        tree.setdefault(row.model.lower(), {})[row.cohort] = {
            "auc": tables.estimate(row.auc, row.ci_low, row.ci_high),
            "accuracy": tables.probability(row.accuracy),
        }
    return tree


def overview(study: Study, table: pd.DataFrame) -> dict[str, str]:
    """Whose predictions the main text shows, and what its table has of training patients."""
    if not study.cohort.has_images:
        features = "The nomograms have the predictions of models that never saw the patient."
        scores = "The nomograms have the scores as given."
        return {
            "note": "Training patients fitted the nomograms and are left out.",
            "predictions": features if study.cohort.features else scores,
        }
    reader = " The radiologist fitted nothing." if table["model"].eq(RADIOLOGIST).any() else ""
    return {
        "note": f"Models of the sound recipe; in training, cross-fitted within folds.{reader}",
        "predictions": "Predictions are those of the sound recipe, cross-fitted.",
    }


def delong(
    table: pd.DataFrame,
    named: Sequence[NomogramName],
    *,
    level: float,
    enhanced: tuple[str, str] | None = None,
) -> dict[str, dict[str, str]]:
    """The comparisons in the test cohort that the text names, as far as the study has them.

    Each as the rest of a sentence that begins with "In the test cohort"; that of enhanced images
    whole, and empty without these.

    Parameters
    ----------
    table : DataFrame
        `statistics.delong_matrix`, with `cohort`.
    named : sequence of NomogramName
        Of the study; the first is compared with every other one and with the radiologist.
    level : float
        Coverage of the intervals.
    enhanced : (str, str), optional
        A model of enhanced images, and the same of original ones.
    """
    first, *others = named
    signed = [(str(first), str(other)) for other in others if other.signature]
    pairs = {
        f"{first.letter}_vs_{other.letter}".lower(): (str(first), str(other)) for other in others
    }
    pairs["a_vs_radiologist"] = (str(first), RADIOLOGIST)
    test = table[table["cohort"].eq("test")].set_index(["model_a", "model_b"])
    told = {
        key: {"text": gap(*pair, test.loc[pair], level=level)}
        for key, pair in pairs.items()
        if pair in test.index
    }
    others_told = [gap(*pair, test.loc[pair], level=level) for pair in signed if pair in test.index]
    between = ""
    if enhanced:
        difference = gap(*enhanced, test.loc[enhanced], level=level)
        between = f"By the sound recipe, in the test cohort, {difference}."
    return told | {"others": {"text": listed(others_told)}, "enhanced": {"text": between}}


def external(
    patients: pd.DataFrame, flow: Sequence[Mapping], table: pd.DataFrame, names: Sequence[str]
) -> dict[str, str]:
    """Size of the external cohort, and the nomograms in it.

    Parameters
    ----------
    patients : DataFrame
        Of the external cohort: y.
    flow : sequence of mapping
        `flow.json` of 00.
    table : DataFrame
        `statistics.performance_table`, all cohorts.
    names : sequence of str
        Of the nomograms.
    """
    return {
        "n": f"{len(patients):,}",
        "events": f"{patients['y'].sum():,}",
        "excluded": excluded(flow, external=True),
        "taken": _taken(table),
        "radiologist": _reader(table),
        "aucs": each(aucs(table, "external", names)),
        "measures": each(aucs(table, "external", names, accuracy=True)),
    }


def _read(table: pd.DataFrame) -> bool:
    """Whether a radiologist read the images of the external cohort."""
    return bool((table["cohort"].eq("external") & table["model"].eq(RADIOLOGIST)).any())


def _taken(table: pd.DataFrame) -> str:
    """What the external cohort itself gives, and no prediction uses."""
    taken = ["the intercept of a second calibration curve"]
    taken += ["cut-offs at the specificity of the radiologist"] if _read(table) else []
    return f"For comparison alone it gives {listed(taken)}."


def _reader(table: pd.DataFrame) -> str:
    """How well the radiologist does there; nothing where nobody read."""
    if not _read(table):
        return ""
    (auc,) = aucs(table, "external", [RADIOLOGIST], accuracy=True).values()
    return f"The AUC of the radiologist was {auc}."
