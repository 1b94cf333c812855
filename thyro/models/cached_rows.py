"""Rows of numbers that take long, made in processes and kept, so that a killed run goes on."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Protocol

import joblib
import numpy as np
import pandas as pd

from thyro import core, store
from thyro.core import Cache
from thyro.models.cross_fitting import Recipe


class Task(Protocol):
    """What makes one row after another, by their numbers."""

    def __call__(self, number: int) -> tuple[int, np.ndarray]:
        """The number and its row of float64 values."""
        ...

    def key(self, number: int) -> str:
        """Name of a row that nothing else has."""
        ...


def computed_rows(
    task: Task,
    numbers: Iterable[int],
    *,
    workers: int = 1,
    cache: Cache | None = None,
    progress: Callable | None = None,
) -> dict[int, np.ndarray]:
    """The rows of all `numbers`, in their order; those that the cache has are not made again.

    Parameters
    ----------
    task : Task
        Sent to other processes.
    numbers : iterable of int
    workers : int
        Processes; the result is the same for any number.
    cache : Cache, optional
        Keeps every row, and of others nothing.
    progress : callable, optional
        Called as `progress(iterable, total=n)`, like tqdm.
    """
    keys = {number: task.key(number) for number in numbers}
    rows = {} if cache is None else {n: cache.load(key) for n, key in keys.items()}
    rows = {n: row for n, row in rows.items() if row is not None}
    left = [number for number in keys if number not in rows]
    done = core.as_done((joblib.delayed(task)(n) for n in left), workers)
    for number, row in done if progress is None else progress(done, total=len(left)):
        rows[number] = row
        if cache is not None:
            with suppress(OSError):  # a full disk costs the next run time, and this one nothing
                cache.save(keys[number], row)
    if cache is not None:
        cache.keep(keys.values())
    return {n: rows[n] for n in keys}


def identity(
    module: str,
    settings: tuple,
    recipes: Mapping[str, Recipe],
    X: Mapping[str, pd.DataFrame],
    y: np.ndarray,
) -> str:
    """Checksum of all that a task depends on: data, recipes, settings, code and packages.

    Parameters
    ----------
    module : str
        Whose code, with what it imports, makes the rows: "models.random_splits".
    settings : tuple
        Numbers and texts.
    recipes, X : mapping with the same keys
    y : ndarray of int, shape (n_patients,)
    """
    total = hashlib.sha256(core.code_checksum(module).encode())
    total.update(json.dumps(store.versions(), sort_keys=True).encode())
    total.update(repr(settings).encode())
    total.update(np.ascontiguousarray(y).tobytes())
    for name, recipe in recipes.items():
        of_recipe = [
            name,
            dict(recipe.selection),
            dict(recipe.classifiers),
            sorted(recipe.tuned),
        ]
        total.update(json.dumps(of_recipe, sort_keys=True, default=list).encode())
        if recipe.harmonise is not None:
            total.update(joblib.hash(recipe.harmonise).encode())
        total.update(pd.util.hash_pandas_object(X[name]).to_numpy().tobytes())
        total.update("\n".join(X[name].columns).encode())
    return total.hexdigest()
