"""Signatures made again in bootstrap samples of the training patients, from the features on.

Harrell's optimism of a whole process wants all of it repeated in every sample: here its first half,
the selection of features and the fit of the classifier. The second, the nomogram, is repeated upon
these by `clinical.pipeline_optimism`.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from thyro.core import Cache, as_labels
from thyro.models.cached_rows import computed_rows, identity
from thyro.models.cross_fitting import Recipe
from thyro.study import ModelName, features_of

COLUMNS = ["sample", "patient_id", "drawn"]


def resampled_signatures(
    recipes: Mapping[str, Recipe],
    X: Mapping[str, pd.DataFrame],
    y: pd.Series,
    signatures: Sequence[str],
    *,
    draws: int,
    seed: int = 0,
    workers: int = 1,
    cache: Cache | None = None,
    progress: Callable | None = None,
) -> pd.DataFrame:
    """Make signatures again in bootstrap samples, and let each predict all training patients.

    Patients are drawn with replacement. Copies of one patient stay together in the inner folds of
    the LASSO and of Platt's sigmoid, or each fold would be judged by patients that its model has
    seen. Features are as they are: a network behind deep ones is not trained again.

    Parameters
    ----------
    recipes : mapping of feature table to Recipe
        As `table_recipes`; a signature is made by the paper's, with published settings.
    X : mapping of feature table to DataFrame, shape (n_patients, n_features)
        Of training patients, and perhaps of others.
    y : Series of int, index training patients
    signatures : sequence of str
        Names of models.
    draws : int
        Samples.
    seed : int
        A sample depends on it and its number alone, not on how many there are.
    workers : int
        Processes; the result is the same for any number.
    cache : Cache, optional
        Keeps every sample, so that a killed run goes on.
    progress : callable, optional
        Called as `progress(iterable, total=n)`, like tqdm.

    Returns
    -------
    DataFrame
        sample, patient_id, drawn (how often) and a column of probabilities per signature, one row
        per sample and training patient. Sample 0 has everybody once; samples that cannot be
        fitted, such as those with one patient of an outcome, are absent.

    Raises
    ------
    ValueError
        If a signature is no model of these tables, or cannot be made of all training patients.
    """
    if not signatures:
        return pd.DataFrame(columns=COLUMNS)
    tables = {signature: _table_of(signature, recipes) for signature in signatures}
    alone = {name: _alone(recipes[table], name) for name, table in tables.items()}
    values = {name: X[table].loc[y.index] for name, table in tables.items()}
    task = _Sample(alone, values, as_labels(y, "y"), seed)
    numbers = range(draws + 1)
    rows = computed_rows(task, numbers, workers=workers, cache=cache, progress=progress)
    parts = [
        pd.DataFrame({"sample": number, "patient_id": y.index, "drawn": task.drawn(number)}).join(
            pd.DataFrame(row.reshape(len(signatures), -1).T, columns=list(signatures))
        )
        for number, row in rows.items()
        if np.isfinite(row).all()
    ]
    return pd.concat(parts, ignore_index=True)


def _table_of(signature: str, recipes: Mapping[str, Recipe]) -> str:
    """The feature table that the paper's recipe makes a signature from."""
    model = ModelName.read(signature)
    table = features_of(model) if model else ""
    if table not in recipes:
        raise ValueError(f"signatures: {signature} is no model of {', '.join(recipes)}.")
    return table


def _alone(recipe: Recipe, signature: str) -> Recipe:
    """The recipe of a table with one of its models, whose settings are given."""
    how = recipe.classifiers[signature]
    return replace(recipe, classifiers={signature: how}, tuned=())


@dataclass(frozen=True)
class _Sample:
    """One bootstrap sample after another, as a job for other processes."""

    recipes: dict[str, Recipe]
    X: dict[str, pd.DataFrame]
    y: np.ndarray
    seed: int

    def __call__(self, number: int) -> tuple[int, np.ndarray]:
        """Number and row of a sample: what each signature gives each patient; NaN if it fails."""
        rows = np.repeat(np.arange(len(self.y)), self.drawn(number))
        try:
            with threadpool_limits(1):
                found = [self._fitted(name, rows, number) for name in self.recipes]
        except ValueError:  # an outcome that the sample lacks, or no feature related to it
            if not number:
                raise
            return number, np.full(len(self.recipes) * len(self.y), np.nan)
        return number, np.concatenate(found)

    def _fitted(self, name: str, rows: np.ndarray, number: int) -> np.ndarray:
        X, recipe = self.X[name], self.recipes[name]
        if recipe.harmonise is not None:  # which knows patients by their names
            X = recipe.harmonise(X.iloc[rows])(X)
            recipe = replace(recipe, harmonise=None)
        sample = X.iloc[rows].reset_index(drop=True)  # names of patients come several times
        groups = rows if number else None
        fitted = recipe.fit(sample, self.y[rows], groups=groups)
        return fitted.predict(X)[name].to_numpy(float)

    def drawn(self, number: int) -> np.ndarray:
        """How often each patient is in a sample; number 0 is the patients themselves."""
        n = len(self.y)
        if not number:
            return np.ones(n, dtype=int)
        rng = np.random.default_rng([self.seed, number])
        return np.bincount(rng.integers(0, n, n), minlength=n)

    def key(self, number: int) -> str:
        """Name of a sample that nothing else has: of data, recipes, code, packages and number."""
        return hashlib.sha256(f"{self._identity} {number}".encode()).hexdigest()

    @cached_property
    def _identity(self) -> str:
        return identity("models.resampling", (self.seed,), self.recipes, self.X, self.y)
