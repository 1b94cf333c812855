"""Models of features that came with the table: every classifier on every family."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from thyro.models.cross_fitting import Recipe
from thyro.models.recipes import CrossFitted
from thyro.study import CLASSIFIERS


def feature_recipes(
    families: Iterable[str],
    classifiers: Sequence[str],
    steps: Mapping[str, Any],
    *,
    given: Mapping[str, Any],
    tune: bool,
    seed: int,
) -> dict[str, Recipe]:
    """One recipe for each family: a selection, and every classifier on what it leaves.

    Parameters
    ----------
    families : iterable of str
    classifiers : sequence of str
        Of `CLASSIFIERS`.
    steps : mapping
        Keywords of `selection.select_features`.
    given : mapping
        Settings that the study gives, such as `neighbours`, for the classifiers that have them;
        tuning tries them first.
    tune : bool
        Whether an inner cross-validation chooses the settings.
    seed : int
        Of the inner folds of calibrated classifiers.
    """
    return {
        family: Recipe(
            selection=dict(steps),
            classifiers={
                f"{family}_{name}": (name, _keywords(name, given, seed)) for name in classifiers
            },
            tuned=tuple(f"{family}_{name}" for name in classifiers) if tune else (),
        )
        for family in families
    }


def _keywords(name: str, given: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Keywords of `fit_classifier`."""
    entry = CLASSIFIERS[name]
    settings = {key: given[key] for key in entry.grid[0] if key in given}
    keywords: dict[str, Any] = {"settings": entry.grid[0] | settings} if settings else {}
    return keywords | ({"seed": seed} if entry.calibrated else {})


def untuned(recipes: Mapping[str, Recipe]) -> dict[str, Recipe]:
    """The recipes with the first settings, for many random divisions."""
    return {name: replace(recipe, tuned=()) for name, recipe in recipes.items()}


def predictions_of_families(found: Mapping[str, CrossFitted]) -> dict[str, pd.DataFrame]:
    """Probabilities of all patients, in-sample and cross-fitted, a column for each model.

    Returns
    -------
    dict of protocol to DataFrame
        Under the names of the sound recipe's protocols.
    """
    return {
        "sound_in_sample": pd.concat([one.in_sample for one in found.values()], axis=1),
        "sound": pd.concat([one.cross_fitted for one in found.values()], axis=1),
    }
