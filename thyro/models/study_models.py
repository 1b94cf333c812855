"""The models of a study of images, made from the registry: fitted, and looked into.

A model is named by the images that it reads and by its kind; the tables of features that it reads
go by the names of `study.Declared.feature_tables`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from thyro.models.classifiers import decision_values, fit_classifier, predict
from thyro.models.importance import permutation_importance
from thyro.study import CLASSIFIERS, Kind, ModelName, features_of, kind_of

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
    return {
        str(name): fit_classifier(
            _kind(name).classifier,
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
    found = {}
    for name, model in fitted.items():
        if CLASSIFIERS[_kind(_parts(name)).classifier].calibrated:
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


def _parts(name: str) -> ModelName:
    model = ModelName.read(name)
    if model is None:
        raise ValueError(f"name: expected that of a model of images, got {name!r}.")
    return model


def _kind(name: ModelName) -> Kind:
    kind = kind_of(name.kind)
    if kind is None:
        raise ValueError(f"name: {name} is of no kind that the registries have.")
    return kind


def _read_by(name: str, selected: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    return selected[features_of(_parts(name))]
