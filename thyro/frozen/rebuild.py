"""Signatures of a study made again from its stored features, and held against its predictions.

Notebook 04 keeps the classifiers of all training patients, and of those without a fold only what
they predicted. The latter are fitted again here, by the same functions with the recorded
parameters; a model leaves only if it gives the study's own predictions.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from thyro import models, radiomics, store
from thyro.frozen.archive import FrozenError
from thyro.frozen.signatures import Centres, Member, Signature
from thyro.statistics import calibrate_across_folds, log_odds
from thyro.study import (
    PAPER,
    RECIPES,
    TUNED,
    Declared,
    FeatureTable,
    ModelName,
    Protocol,
    features_of,
)

TOLERANCE = 1e-9  # between a probability made again and the one that is stored


class StoredFeatures:
    """The feature tables of a study, and the parameters with which 04 read them.

    Parameters
    ----------
    parameters
        Of notebook 04, as its sidecars have them.
    """

    def __init__(self, parameters: Mapping[str, Any]):
        self.parameters = dict(parameters)
        self.cases = store.read_table(parameters["patients"]).set_index("patient_id")
        self.declared = Declared.of(parameters["declared"])
        self.y = self.cases.loc[self.cases["split"].eq("train"), "y"]
        keys = ("harmonisation", "preserved", "unseen_centre")
        self.harmonise = radiomics.harmonisation(self.cases, *(parameters[key] for key in keys))

    def table_of(self, name: ModelName, recipe: str) -> FeatureTable:
        """The table that a model reads under a recipe."""
        features = next(one.features for one in RECIPES if one.name == recipe)
        wanted = features_of(name, features)
        return next(one for one in self.declared.recipe_tables() if one.name == wanted)

    def values(self, table: FeatureTable) -> pd.DataFrame:
        """As measured, shape (n_patients, n_features); several families joined."""
        read = {part.name: self._read(part.file) for part in table.parts}
        return models.with_joined([table], read)[table.name]

    def set_aside(self, table: FeatureTable) -> dict:
        """Features that must not be selected, as 04 has it."""
        limits = {key: self.parameters[key] for key in ("minimum_icc", "minimum_distinct")}
        found = {
            part.name: radiomics.set_aside(
                part, self._read(part.robustness), self._read(part.file).loc[self.y.index], **limits
            )
            for part in table.parts
            if part.radiomic
        }
        return models.with_joined_aside([table], found)

    def of_fold(self, table: FeatureTable) -> dict[int, pd.DataFrame]:
        """Features by the networks that never saw a fold; {} where no network was tuned."""
        tuned = [part for part in table.parts if part.deep and part.tuned]
        of = {part.name: models.features_by_fold(self._read(f"folds_{part.key}")) for part in tuned}
        if table.fused:
            read = {part.name: self._read(part.file) for part in table.parts}
            return dict(models.with_joined_folds([table], read, of)[table.name])
        return of.get(table.name, {})

    @property
    def centres(self) -> Centres | None:
        """How features are harmonised, for whoever is predicted."""
        if self.harmonise is None:
            return None
        return Centres(tuple(self.parameters["preserved"]), self.harmonise.unseen)

    def _read(self, name: str) -> pd.DataFrame:
        return store.read_table(f"{self.parameters['features_dir']}/{name}.parquet")


def rebuild(
    name: str,
    recipe: str,
    parameters: Mapping[str, Any],
    *,
    workers: int = 1,
    progress: Callable | None = None,
) -> Signature:
    """A signature as the study has it, checked against the study's predictions.

    Parameters
    ----------
    name : str
        Of the model.
    recipe : "paper" or "sound"
    parameters
        Of notebook 04.
    workers, progress
        As in `models.fitted_without_folds`.

    Raises
    ------
    FrozenError
        If it predicts otherwise than the study did: other versions or other code. Also for a
        signature of networks that were tuned without each fold, which nobody keeps.
    """
    stored, model = StoredFeatures(parameters), ModelName.read(name)
    table = stored.table_of(model, recipe)
    if recipe == PAPER:
        members, calibration = [_of_all(stored, name, table)], None
    else:
        if of_fold := stored.of_fold(table):
            raise FrozenError(
                f"{name}: by the sound recipe it is the mean of {len(of_fold)} networks, each "
                "tuned without a fold of the training patients, and these are not kept. Export "
                "it by `--recipe paper`: one network, tuned on all of them."
            )
        members = _of_folds(stored, name, table, workers, progress)
        calibration = _calibration(stored, name, recipe)
    signature = Signature(name, recipe, table, members, calibration, stored.centres)
    _check(signature, stored)
    return signature


def _of_all(stored: StoredFeatures, name: str, table: FeatureTable) -> Member:
    """The classifier of all training patients, as 04 kept it."""
    data = store.read_bytes(f"{stored.parameters['out_dir']}/models/{name}.skops")
    kept = list(models.classifier_from_bytes(data).feature_names_in_)
    scaler = store.read_table(
        f"{stored.parameters['selection_dir']}/scaler_{table.key}.parquet"
    ).loc[kept]
    learned = None
    if stored.harmonise is not None:
        learned = stored.harmonise(stored.values(table).loc[stored.y.index]).learned.of(kept)
    return Member(kept, scaler["median"].tolist(), data, learned)


def _of_folds(
    stored: StoredFeatures, name: str, table: FeatureTable, workers: int, progress: Callable | None
) -> list[Member]:
    """The classifiers of all folds and repeats, fitted again as 04 did."""
    told, made = stored.parameters, f"{name}_{TUNED}"
    steps = {key: told[key] for key in ("rule", "family", "penalty", "seed")}
    recipes = models.table_recipes(
        stored.declared,
        steps | {"cv": told["folds"], "patience": 20},
        alpha=told["alpha"],
        correlation=told["correlation"],
        set_aside=stored.set_aside(table),
        harmonise=stored.harmonise,
        settings=stored.declared.given_settings(neighbours=told["neighbours"]),
        tune=told["tune"],
        seed=told["seed"],
    )
    whole = recipes[table.name]
    alone = replace(
        whole,
        classifiers={made: whole.classifiers[made]},
        tuned=[one for one in whole.tuned if one == made],
    )
    about = store.read_json(told["cohort"])
    left_out = stored.cases["centre"] if about["centre_left_out"] else None
    again = models.divisions(
        stored.y, told["outer_folds"], told["fold_repeats"], seed=told["seed"], left_out=left_out
    )
    fitted = models.fitted_without_folds(
        alone,
        stored.values(table),
        stored.y,
        again[: None if table.radiomic else 1],
        workers=workers,
        progress=progress,
    )
    return [
        Member(
            one.selection.kept,
            one.selection.scaler.median[one.selection.kept].tolist(),
            models.classifier_to_bytes(one.models[made]),
            one.move and one.move.learned.of(one.selection.kept),
        )
        for one in fitted.values()
    ]


def _calibration(stored: StoredFeatures, name: str, recipe: str):
    """Fitted again on what the models without a patient's fold gave the patient."""
    rows = store.read_table(f"{stored.parameters['out_dir']}/by_fold.parquet")
    rows = rows[rows["recipe"].eq(recipe) & rows["model"].eq(name)]
    values = pd.Series(log_odds(rows["p"]), rows["patient_id"]).groupby(level=0).mean()
    return calibrate_across_folds(stored.y, values.loc[stored.y.index])


def _check(signature: Signature, stored: StoredFeatures) -> None:
    """Raise where the signature predicts otherwise than the study.

    By the sound recipe of those who trained nothing: the study predicts a training patient without
    the models that saw the patient.
    """
    protocol = Protocol(next(r for r in RECIPES if r.name == signature.recipe), False)
    if signature.calibration is not None:
        protocol = replace(protocol, cross_fitted=True)
    rows = store.read_table(f"{stored.parameters['out_dir']}/predictions.parquet")
    rows = rows[rows["protocol"].eq(protocol.name) & rows["model"].eq(signature.name)]
    rows = rows[rows["fold"].isna()] if "fold" in rows else rows
    expected = rows.set_index("patient_id")["p"]
    features = stored.values(signature.table).loc[expected.index]
    if stored.centres is not None and stored.centres.unseen == "own":  # moved by each other
        known = stored.cases["centre"].isin(stored.cases.loc[stored.y.index, "centre"])
        features = features[known.loc[features.index]]
    found = signature.probabilities(features, stored.cases)
    apart = np.abs(found - expected.loc[features.index].to_numpy()).max(initial=0.0)
    if apart > TOLERANCE:
        raise FrozenError(
            f"{signature.name}: made again it differs by up to {apart:.2g} from what the study "
            f"predicted ({protocol.name}, {len(features)} patients). The code or a package is "
            "another one than when it ran: `thyro report STUDY` brings it up to date."
        )
