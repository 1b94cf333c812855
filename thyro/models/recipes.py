"""The recipes of a study, cross-fitted: what every protocol gives every patient."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from numpy.typing import ArrayLike
from sklearn.pipeline import Pipeline

from thyro.models.cross_fitting import OutOfFold, Recipe, out_of_fold
from thyro.models.study_models import Settings
from thyro.statistics import OddsCalibration, calibrate_across_folds
from thyro.study import (
    CLASSIFIERS,
    FEATURE_SETS,
    SOUND,
    TUNED,
    Declared,
    FeatureTable,
    ModelName,
    StudyRecipe,
    features_of,
)


def table_recipes(
    declared: Declared,
    steps: Mapping[str, Any],
    *,
    alpha: float,
    correlation: float,
    set_aside: Mapping[str, Sequence[str]],
    settings: Settings,
    tune: bool,
    seed: int,
) -> dict[str, Recipe]:
    """How models are made from whole feature tables: one `Recipe` per table.

    Every model is made twice upon one selection: with the settings that are given, and, as its
    variant `TUNED`, with those that an inner cross-validation chooses.

    Parameters
    ----------
    declared : Declared
        The tables and models of the study.
    steps : mapping
        Keywords of `selection.select_features` that all tables share.
    alpha, correlation : float
        Limits of the Mann-Whitney and the Spearman step on radiomic features, and on those that are
        joined with them; of deep ones all go on to the LASSO.
    set_aside : mapping of table with radiomic features to features
        That must not be selected.
    settings
        As in `fit_models`; those that tuning tries first.
    tune : bool
        False leaves the tuned variants with the given settings too.
    seed : int
        Of the inner folds of calibrated classifiers; tuning alone shuffles by 0.
    """
    made = {}
    for table in declared.recipe_tables():
        plain = _classifiers_on(table, declared, settings, seed)
        tuned = {f"{name}_{TUNED}": how for name, how in plain.items()}
        filters = {"alpha": 1, "threshold": 1}
        if not table.deep:
            filters = {"alpha": alpha, "threshold": correlation}
            filters |= {"set_aside": set_aside.get(table.name, {})}
        made[table.name] = Recipe(
            selection={**steps, **filters},
            classifiers=plain | tuned,
            tuned=tuple(tuned) if tune else (),
        )
    return made


def without_tuned(recipe: Recipe) -> Recipe:
    """The recipe with the settings that are given, alone: for random splits of the cohort."""
    plain = {m: how for m, how in recipe.classifiers.items() if not m.endswith(f"_{TUNED}")}
    return replace(recipe, classifiers=plain, tuned=())


@dataclass(frozen=True)
class CrossFitted:
    """What the models of one feature table give every patient, in-sample and cross-fitted."""

    in_sample: pd.DataFrame  # one row per patient, one column per model: by all training patients
    left_out: OutOfFold
    calibrations: dict[str, OddsCalibration]  # of the cross-fitted log odds, by model
    models: dict[str, Pipeline]  # fitted on all training patients
    settings: dict[str, dict[str, Any]]  # of the classifier of every model, tuned or given

    @property
    def cross_fitted(self) -> pd.DataFrame:
        """Calibrated probabilities of every patient, by models that never saw the patient."""
        values = self.left_out.log_odds
        found = {name: self.calibrations[name](column) for name, column in values.items()}
        return pd.DataFrame(found, values.index)


def cross_fit_tables(
    recipes: Mapping[str, Recipe],
    measured: Mapping[str, pd.DataFrame],
    y: pd.Series,
    divisions: Mapping[str, Sequence[ArrayLike]],
    *,
    of_fold: Mapping[str, Mapping[int, pd.DataFrame]] | None = None,
    workers: int = 1,
    progress: Callable | None = None,
) -> dict[str, CrossFitted]:
    """Fit every recipe to all training patients, and cross-fit it.

    Parameters
    ----------
    recipes : mapping of feature table to Recipe
        As `table_recipes`.
    measured : mapping of feature table to DataFrame, shape (n_patients, n_features)
        All tables of the same patients.
    y : Series of int, index training patients
    divisions : mapping of feature table to sequence of array_like of int, shape (n_training,)
        As in `out_of_fold`.
    of_fold : mapping of feature table to mapping of fold to DataFrame, optional
        As in `out_of_fold`.
    workers : int
        Processes.
    progress : callable, optional
        Called as `progress(iterable, total=n)`, like tqdm.

    Raises
    ------
    ValueError
        As `out_of_fold`.
    """
    found = {}
    tables = recipes if progress is None else progress(recipes, total=len(recipes))
    for name in tables:
        values = measured[name]
        left_out = out_of_fold(
            recipes[name],
            values,
            y,
            divisions[name],
            of_fold=(of_fold or {}).get(name),
            workers=workers,
        )
        fitted = recipes[name].fit(values.loc[y.index], y)
        found[name] = CrossFitted(
            in_sample=fitted.predict(values),
            left_out=left_out,
            calibrations={
                model: calibrate_across_folds(y, column)
                for model, column in left_out.log_odds.loc[y.index].items()
            },
            models=fitted.models,
            settings=fitted.settings,
        )
    return found


def predictions_of(
    found: Mapping[str, CrossFitted],
    declared: Declared,
    recipe: StudyRecipe,
    *,
    cross_fitted: bool,
) -> pd.DataFrame:
    """Probabilities under one protocol: one row per patient, a column per model of the recipe."""
    columns = {}
    for name in declared.models_of(recipe.name):
        of_table = found[features_of(name, recipe.features)]
        p = of_table.cross_fitted if cross_fitted else of_table.in_sample
        columns[str(name)] = p[_as_made(name, recipe)]
    return pd.DataFrame(columns)


def fitted_by(
    found: Mapping[str, CrossFitted], declared: Declared, recipe: StudyRecipe
) -> dict[str, Pipeline]:
    """The models of one recipe, as all training patients made them."""
    return {
        str(name): found[features_of(name, recipe.features)].models[_as_made(name, recipe)]
        for name in declared.models_of(recipe.name)
    }


def folds_of(found: Mapping[str, CrossFitted]) -> pd.Series:
    """The fold of every training patient in the first repeat, which all tables share."""
    return next(iter(found.values())).left_out.fold


def by_fold(
    found: Mapping[str, CrossFitted], declared: Declared, recipe: StudyRecipe
) -> pd.DataFrame:
    """What models without a training patient's fold gave the patient, under one recipe.

    Returns
    -------
    DataFrame
        repeat, fold, patient_id, model, p.
    """
    parts = []
    for name in declared.models_of(recipe.name):
        rows = found[features_of(name, recipe.features)].left_out.by_fold
        rows = rows[rows["model"].eq(_as_made(name, recipe))]
        parts.append(rows.assign(model=str(name)))
    return pd.concat(parts, ignore_index=True)


def kept_by_fold(found: Mapping[str, CrossFitted]) -> pd.DataFrame:
    """What was selected without each fold: table, repeat, fold, feature."""
    parts = {name: one.left_out.kept for name, one in found.items()}
    return pd.concat(parts, names=["table"]).reset_index("table").reset_index(drop=True)


def fallback_notes(found: Mapping[str, CrossFitted]) -> list[str]:
    """Of every table, in how many selections without a fold a step fell back, and on what first."""
    notes = []
    for name, one in found.items():
        if fell_back := one.left_out.notes:
            n = len(one.left_out.by_fold[["repeat", "fold"]].drop_duplicates())
            (repeat, fold), first = next(iter(fell_back.items()))
            where = f"fold {fold}" + (f" of repeat {repeat}" if repeat else "")
            notes.append(
                f"{name.replace('_', ' ')}: {len(fell_back)} of {n} selections without a fold fell "
                f"back, first without {where}. {first}"
            )
    return notes


def _as_made(name: ModelName, recipe: StudyRecipe) -> str:
    """A model's name in its table: published settings, or tuned ones."""
    return f"{name}_{TUNED}" if recipe.tuned else str(name)


def _classifiers_on(
    table: FeatureTable, declared: Declared, settings: Settings, seed: int
) -> dict[str, tuple[str, dict[str, Any]]]:
    """The models that read a table: name -> classifier, and keywords of `fit_classifier`."""
    of_kind, found = declared.kinds(), {}
    for name in declared.models_of(SOUND):  # the paper's, and its own
        kind = of_kind[name.kind]
        keywords: dict[str, Any] = {"seed": seed} if CLASSIFIERS[kind.classifier].calibrated else {}
        keywords |= {"settings": settings[name.kind]} if name.kind in settings else {}
        if table.name in [features_of(name, radiomic) for radiomic in FEATURE_SETS]:
            found[str(name)] = (kind.classifier, keywords)
    return found
