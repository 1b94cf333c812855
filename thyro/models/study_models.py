"""The models of a study of images, made from the registry: fitted, cross-fitted, looked into.

A model is named by the images that it reads and by its kind; the tables of features that it reads
go by the names of `study.feature_tables`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.pipeline import Pipeline

from thyro.models.classifiers import decision_values, fit_classifier, predict
from thyro.models.cross_fitting import OutOfFold, Recipe, out_of_fold
from thyro.models.importance import permutation_importance
from thyro.study import (
    CLASSIFIERS,
    FeatureTable,
    ModelName,
    features_of,
    kinds,
    model_names,
    model_tables,
)

Settings = Mapping[str, Mapping[str, Any]]  # kind of model -> settings of its classifier


def fit_models(
    names: Iterable[ModelName],
    selected: Mapping[str, pd.DataFrame],
    y: pd.Series,
    *,
    settings: Settings,
    seed: int,
) -> dict[str, Pipeline]:
    """Fit models under the paper's protocol, on the features selected for them.

    Parameters
    ----------
    names : iterable of ModelName
    selected : mapping of feature table to DataFrame, shape (n_patients, n_features)
        Selected features of these patients, and perhaps of others.
    y : Series of int, index training patients
    settings
        Of kinds that do not take the first of their grid.
    seed : int
        Of the shuffles into inner folds.

    Raises
    ------
    ValueError
        As `fit_classifier`.
    """
    of_kind = kinds()
    return {
        str(name): fit_classifier(
            of_kind[name.kind].classifier,
            selected[features_of(name)].loc[y.index],
            y,
            settings=settings.get(name.kind),
            seed=seed,
        )
        for name in names
    }


def predict_models(
    fitted: Mapping[str, Pipeline], selected: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Probability that each model gives each patient of its table: one column per model."""
    return pd.DataFrame(
        {name: predict(model, _read_by(name, selected)) for name, model in fitted.items()}
    )


def probability_ranks(
    fitted: Mapping[str, Pipeline], selected: Mapping[str, pd.DataFrame]
) -> pd.Series:
    """Rank correlation of probability and decision value of every calibrated model.

    1 where the probability ranks patients as the decision value does, -1 where Platt's sigmoid
    falls. `fitted` and `selected` as in `predict_models`.
    """
    of_kind = kinds()
    found = {}
    for name, model in fitted.items():
        if CLASSIFIERS[of_kind[_parts(name).kind].classifier].calibrated:
            values = _read_by(name, selected)
            decided = decision_values(model, values)
            found[name] = decided.corr(predict(model, values), method="spearman")
    return pd.Series(found, dtype=float)


def importances(
    names: Iterable[ModelName],
    fitted: Mapping[str, Pipeline],
    selected: Mapping[str, pd.DataFrame],
    y: pd.Series,
    *,
    seed: int,
    level: float = 0.95,
) -> dict[str, pd.DataFrame]:
    """What models rely on in the patients of `y`: `permutation_importance` of each.

    Parameters
    ----------
    names : iterable of ModelName
        Of those in `fitted`.
    fitted, selected
        As in `predict_models`.
    y : Series of int, index patients
        Who did not fit the models.
    seed : int
        Of the shuffles, the same for every model.
    level : float, default 0.95
        Coverage of the intervals.
    """
    return {
        str(name): permutation_importance(
            fitted[str(name)],
            selected[features_of(name)].loc[y.index],
            y,
            rng=np.random.default_rng(seed),
            level=level,
        )
        for name in names
    }


def study_recipes(
    steps: Mapping[str, Any],
    *,
    alpha: float,
    correlation: float,
    set_aside: Mapping[str, Sequence[str]],
    settings: Settings,
    tune: bool,
    seed: int,
) -> dict[str, Recipe]:
    """How the models of Table 2 are made from whole feature tables: one recipe per table.

    Parameters
    ----------
    steps : mapping
        Keywords of `selection.select_features` that all tables share.
    alpha, correlation : float
        Limits of the Mann-Whitney and the Spearman step on radiomic features; of deep ones all go
        on to the LASSO.
    set_aside : mapping of radiomic table to features
        That must not be selected.
    settings
        As in `fit_models`; where `tune` is true they are tried first.
    tune : bool
        Choose settings by inner cross-validation.
    seed : int
        Of the inner folds of calibrated classifiers; tuning alone shuffles by 0.
    """
    return {
        table.name: Recipe(
            selection={**steps, "alpha": 1, "threshold": 1}
            if table.deep
            else {
                **steps,
                "alpha": alpha,
                "threshold": correlation,
                "set_aside": set_aside[table.name],
            },
            classifiers=_classifiers_on(table, settings, seed),
            tune=tune,
        )
        for table in model_tables()
    }


@dataclass(frozen=True)
class CrossFitted:
    """The models of a study under the sound protocol."""

    p: pd.DataFrame  # one row per patient, one column per model; of training patients out of fold
    fold: pd.Series  # Int64, of each patient: left out of what predicted them; missing elsewhere
    models: dict[str, Pipeline]  # fitted on all training patients
    settings: dict[str, dict[str, Any]]  # of the classifier of every model, tuned or given
    kept: pd.DataFrame  # fold, feature, indexed by signature: what was selected without each fold
    notes: list[str]  # fallbacks that selections used


def cross_fit_models(
    recipes: Mapping[str, Recipe],
    measured: Mapping[str, pd.DataFrame],
    y: pd.Series,
    folds: ArrayLike,
    *,
    of_fold: Mapping[str, Mapping[int, pd.DataFrame]] | None = None,
    workers: int = 1,
    progress: Callable | None = None,
) -> CrossFitted:
    """Predict training patients without their fold, and all others by all training patients.

    Parameters
    ----------
    recipes : mapping of feature table to Recipe
        As `study_recipes`.
    measured : mapping of feature table to DataFrame, shape (n_patients, n_features)
        All tables of the same patients.
    y : Series of int, index training patients
    folds : array_like of int, shape (n_training,)
        As `core.outer_folds` gives them.
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
    left_out, fitted, parts = {}, {}, []
    tables = recipes if progress is None else progress(recipes, total=len(recipes))
    for name in tables:
        training = measured[name].loc[y.index]
        left_out[name] = out_of_fold(
            recipes[name], training, y, folds, of_fold=(of_fold or {}).get(name), workers=workers
        )
        fitted[name] = recipes[name].fit(training, y)
        parts.append(fitted[name].predict(measured[name]))
    p = pd.concat(parts, axis=1)
    p = p[sorted(p, key=[str(name) for name in model_names()].index)]
    p.loc[y.index] = pd.concat([found.p for found in left_out.values()], axis=1)[p.columns]
    fold = next(iter(left_out.values())).fold
    return CrossFitted(
        p=p,
        fold=fold.astype("Int64").reindex(p.index),
        models={name: model for one in fitted.values() for name, model in one.models.items()},
        settings={name: chosen for one in fitted.values() for name, chosen in one.settings.items()},
        kept=pd.concat({name: one.kept for name, one in left_out.items()}, names=["signature"]),
        notes=_notes(left_out),
    )


def _notes(left_out: Mapping[str, OutOfFold]) -> list[str]:
    return [
        f"{name.replace('_', ' ')} without fold {k}: {note}"
        for name, one in left_out.items()
        for k, note in one.notes.items()
    ]


def _parts(name: str) -> ModelName:
    model = ModelName.read(name)
    if model is None:
        raise ValueError(f"name: expected that of a model of images, got {name!r}.")
    return model


def _read_by(name: str, selected: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    return selected[features_of(_parts(name))]


def _classifiers_on(
    table: FeatureTable, settings: Settings, seed: int
) -> dict[str, tuple[str, dict[str, Any]]]:
    """The models that read a table: name -> classifier, and keywords of `fit_classifier`."""
    of_kind, found = kinds(), {}
    for name in model_names():
        classifier = of_kind[name.kind].classifier
        keywords: dict[str, Any] = {"seed": seed} if CLASSIFIERS[classifier].calibrated else {}
        keywords |= {"settings": settings[name.kind]} if name.kind in settings else {}
        if features_of(name) == table.name:
            found[str(name)] = (classifier, keywords)
    return found
