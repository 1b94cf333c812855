"""From the results of a study to a nomogram that can be handed on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from thyro import clinical, nomogram, store
from thyro.frozen import measuring, rebuild
from thyro.frozen.archive import FrozenError, checksum
from thyro.frozen.inputs import CENTRE, CONTINUOUS
from thyro.frozen.model import FrozenModel
from thyro.frozen.prediction import risks_of
from thyro.frozen.signatures import Signature
from thyro.statistics import scores_by_protocol
from thyro.study import PAPER, SOUND, ModelName, NomogramName, nomograms

PERCENTS = tuple(range(101))  # of the training patients, at which values are kept
AGREES = 1e-9  # between a risk made again and the study's own


def freeze(
    folder: str,
    study: str,
    *,
    which: str = "",
    recipe: str = "",
    workers: int = 1,
    progress: Callable | None = None,
) -> FrozenModel:
    """A nomogram of a study, checked against the risks that the study gave.

    Parameters
    ----------
    folder : str
        Of its results, relative to the project.
    study : str
        Its name.
    which : str
        The nomogram: its letter, or the signature in it; "" is the first.
    recipe : "paper", "sound" or ""
        By which its signature was made; "" is what the study itself concludes from.
    workers, progress
        As in `models.fitted_without_folds`.

    Raises
    ------
    FrozenError
        If there is no such nomogram, a notebook has not run, or something made again differs from
        what the study has.
    """
    told = made_by(f"{folder}/05_nomogram/predictions.parquet")
    scalars = store.read_json(f"{folder}/05_nomogram/scalars.json")
    name = _named(nomograms(scalars["signatures"]), which)
    recipes = _recipes(folder, name)
    if recipe and recipe not in recipes:
        raise FrozenError(f"--recipe {recipe}: {name} is there by {', '.join(recipes)}.")
    recipe = recipe or recipes[0]
    file = store.read_json(f"{folder}/05_nomogram/{name.file(sound=recipe == SOUND)}.json")
    about = store.read_json(told["cohort"])
    cases = store.read_table(told["patients"]).set_index("patient_id")
    own = made_by(f"{folder}/04_models/predictions.parquet", absent={})
    signature = None
    if name.signature and ModelName.read(name.signature) and own:
        signature = rebuild.rebuild(name.signature, recipe, own, workers=workers, progress=progress)
    everyone = cases
    if name.signature:
        predicted = store.read_table(told["model_predictions"])
        scores = scores_by_protocol([predicted], cases.index)
        everyone = clinical.with_signatures(cases, scores, [name.signature])[recipe]
    fit = _fit(file["fit"], everyone, told, about, scalars)
    variables = _variables(about["variables"], everyone, fit, signature)
    measured, weights = (None, {})
    if signature is not None:
        measured, weights = measuring.settings_of(folder, signature, own)
    train = everyone[everyone["split"].eq("train")]
    model = FrozenModel(
        about={
            "study": study,
            **{key: about[key] for key in ("title", "outcome", "outcome_levels", "credit")},
            **{key: about[key] for key in ("label", "simulated", "spacing_known")},
            "nomogram": str(name),
            "recipe": recipe if signature is not None else "",
            "level": told["level"],
            "variables": variables,
            "training": _training(train, fit, variables, signature, own),
            "cohorts": _cohorts(cases),
            "performance": _performance(folder, str(name), concluded=recipe == recipes[0]),
            "measuring": measured,
            "made_from": _made_from(folder),
            "versions": store.versions(),
            "commit": store.commit(),
        },
        fit=fit,
        nomogram=nomogram.Nomogram.from_dict(file["nomogram"]),
        signature=signature,
        weights=weights,
    )
    apart, n = agreement(model, folder, everyone)
    if apart > AGREES:
        raise FrozenError(
            f"{name}: made again its risks differ by up to {apart:.2g} from the study's own. The "
            f"code is another one than when it ran: `thyro report {study}` brings it up to date."
        )
    model.about["agreement"] = {"patients": n, "largest_difference": apart}
    return model


def made_by(relative: str, absent: Any = None) -> dict[str, Any]:
    """Parameters of the notebook that wrote a file; `absent`, if given, where there is none."""
    try:
        return store.read_json(f"{relative}.json")["parameters"]
    except FileNotFoundError:
        if absent is not None:
            return absent
        raise FrozenError(
            f"{relative}: not there. `thyro report STUDY` runs the study first; one without "
            "clinical variables has no nomogram to hand on."
        ) from None


def agreement(model: FrozenModel, folder: str, everyone: pd.DataFrame) -> tuple[float, int]:
    """Largest difference to the risks that the study gave, and of how many patients.

    Of those who trained nothing, from their signatures as stored. `rebuild` compares these.
    """
    rows = store.read_table(f"{folder}/05_nomogram/predictions.parquet")
    protocol = model.about["recipe"] or PAPER
    rows = rows[rows["protocol"].eq(protocol) & rows["model"].eq(model.about["nomogram"])]
    expected = rows.set_index("patient_id")["p"]
    others = everyone.index[everyone["split"].ne("train")]
    found = risks_of(model, everyone.loc[others])["p"]
    apart = (found - expected.loc[others]).abs().dropna()
    return float(apart.max()) if len(apart) else 0.0, len(apart)


def _named(names: Sequence[NomogramName], which: str) -> NomogramName:
    """The nomogram that is asked for by its letter, its name or its signature."""
    if not which:
        return names[0]
    for name in names:
        if which.casefold() in {
            str(part).casefold() for part in (name, name.letter, name.signature)
        }:
            return name
    listed = ", ".join(f"{one.letter} ({one.signature or 'clinical'})" for one in names)
    raise FrozenError(f"--model {which}: this study has {listed}.")


def _recipes(folder: str, name: NomogramName) -> list[str]:
    """Recipes under which a nomogram is there; first the one from which the study concludes."""
    sound = store.path(f"{folder}/05_nomogram/{name.file(sound=True)}.json").is_file()
    return [SOUND, PAPER] if sound else [PAPER]


def _fit(
    plain: Mapping[str, Any],
    everyone: pd.DataFrame,
    told: Mapping[str, Any],
    about: Mapping[str, Any],
    scalars: Mapping[str, Any],
) -> clinical.LogisticFit:
    """The regression as it is stored; where gaps are imputed, pooled again as 05 did."""
    stored = clinical.LogisticFit.from_dict(dict(plain))
    if about.get("missing_values") != "impute":
        return stored
    train = everyone[everyone["split"].eq("train")]
    named = clinical.preoperative(about["variables"], told["candidates"])
    chosen = clinical.without_composites(
        train.dropna(subset=named), about["variables"], named, stays=told["composites"]
    )
    merged = clinical.rare_levels(train, chosen.names, smallest=told["smallest_level"])
    imputation = clinical.impute(
        train, train["y"], chosen.names, m=scalars["imputations"], seed=told["seed"], merged=merged
    )
    fit = clinical.fit_imputed(imputation, train["y"], stored.terms, tests=False)
    return replace(fit, imputation=imputation.frozen())


def _variables(
    declared: Mapping[str, Mapping],
    everyone: pd.DataFrame,
    fit: clinical.LogisticFit,
    signature: Signature | None,
) -> dict[str, dict]:
    """What a person is asked for, in the order of the terms, with what is known of each."""
    names = [term for term in fit.terms if signature is None or term != signature.name]
    names += fit.imputation.variables if isinstance(fit, clinical.PooledFit) else []
    of_centres = signature.centres if signature else None
    names += [CENTRE, *of_centres.preserved] if of_centres else []
    found = {}
    for name in dict.fromkeys(names):
        given = declared.get(name, {})
        values = everyone[name]
        levels = []
        if isinstance(values.dtype, pd.CategoricalDtype):
            levels = values.cat.categories.tolist()
        continuous = name != CENTRE and not levels
        found[name] = {
            "label": given.get(
                "label", name.replace("_", " ").capitalize() if name == CENTRE else name
            ),
            "kind": CONTINUOUS if continuous else "categorical",
            "unit": given.get("unit", ""),
            "levels": levels,
            "ordered": bool(levels) and bool(values.cat.ordered),
        }
    return found


def _training(
    train: pd.DataFrame,
    fit: clinical.LogisticFit,
    variables: Mapping[str, Mapping],
    signature: Signature | None,
    own: Mapping[str, Any],
) -> dict[str, dict]:
    """How every input is distributed among training patients: percentiles, or counts of levels."""
    found = {}
    for name in dict.fromkeys([*fit.terms, *variables]):
        values = train[name].dropna()
        if name in variables and variables[name]["kind"] != CONTINUOUS:
            counts = values.astype(str).value_counts()
            found[name] = {"n": len(values), "counts": {k: int(v) for k, v in counts.items()}}
        else:
            found[name] = {"n": len(values), "percentiles": _percentiles(values)}
    features = {}
    if signature is not None:
        stored = rebuild.StoredFeatures(own).values(signature.table).loc[train.index]
        features = {
            name: _percentiles(stored[name].dropna()) for name in sorted(signature.features)
        }
    return {"inputs": found, "features": features}


def _percentiles(values: pd.Series) -> list[float]:
    return np.percentile(values.to_numpy(float), PERCENTS).tolist()


def _cohorts(cases: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Patients and events of every cohort."""
    groups = cases.groupby(cases["split"].astype(str), sort=False)["y"]
    return {name: {"n": len(y), "events": int(y.sum())} for name, y in groups}


def _performance(folder: str, name: str, *, concluded: bool) -> dict[str, list[dict]]:
    """Rows of the study's own tables for this nomogram, where 06 has run.

    `concluded` is False for a recipe from which the study does not conclude: Table 2 has it then.
    """
    found: dict[str, list[dict]] = {}
    table = "main_performance" if concluded else "performance"
    measured = _table(f"{folder}/06_statistics/{table}.parquet")
    if measured is not None:
        keep = ["cohort", "auc", "ci_low", "ci_high", "level", "threshold", "n_cases", "n_controls"]
        for one in ("sensitivity", "specificity"):
            keep += [one, f"{one}_low", f"{one}_high"]
        rows = measured[measured["model"].eq(name)]
        found["discrimination"] = rows[[key for key in keep if key in rows]].to_dict("records")
    calibration = _table(f"{folder}/06_statistics/calibration_intervals.parquet")
    if calibration is not None and concluded:
        rows = calibration[calibration["model"].eq(name)]
        keep = ["cohort", "measure", "estimate", "ci_low", "ci_high"]
        found["calibration"] = rows[keep].to_dict("records")
    return found


def _table(relative: str) -> pd.DataFrame | None:
    return store.read_table(relative) if store.path(relative).is_file() else None


def _made_from(folder: str) -> dict[str, str]:
    """Checksums of the results that decide what is handed on."""
    names = ("00_cohort/patients", "04_models/predictions", "05_nomogram/predictions")
    files = [f"{folder}/{name}.parquet" for name in names]
    return {
        file.removeprefix(f"{folder}/"): checksum(store.read_bytes(file))
        for file in files
        if store.path(file).is_file()
    }
