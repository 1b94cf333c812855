"""How far a result depends on one split of the patients: the recipes in many random ones."""

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import norm
from threadpoolctl import threadpool_limits

from thyro import statistics
from thyro.core import Cache, as_labels
from thyro.models.cached_rows import computed_rows, identity
from thyro.models.cross_fitting import Recipe

DRAWS = 1000  # of a split with two patients of each outcome in either part


@dataclass(frozen=True)
class Repeats:
    """The recipes in random splits of the patients."""

    auc: pd.DataFrame  # repeat, model, train (in-sample), test (held out)
    kept: pd.DataFrame  # repeat, signature, feature


def repeated_splits(
    recipes: Mapping[str, Recipe],
    X: Mapping[str, pd.DataFrame],
    y: ArrayLike,
    *,
    repeats: int = 100,
    test_share: float = 0.3,
    seed: int = 0,
    permuted: bool = False,
    workers: int = 1,
    cache: Cache | None = None,
    progress: Callable | None = None,
) -> Repeats:
    """Repeat the recipes in random splits of the patients.

    An estimate of the recipe and of its luck, not of a fitted model: patients of the test cohort
    take part, and nothing that is learned here goes anywhere.

    Parameters
    ----------
    recipes : mapping of signature to Recipe
        All in the same splits.
    X : mapping of signature to DataFrame, shape (n_patients, n_features)
        Of the same patients.
    y : array_like of int, shape (n_patients,)
    repeats : int, default 100
    test_share : float, default 0.3
        Held out; floor(n * (1 - test_share)) patients train, drawn without regard to the outcome.
    seed : int
        A repeat depends on it and its number alone, not on how many there are.
    permuted : bool
        Permute the outcomes first, anew in every repeat: nothing can be learned then.
    workers : int
        Processes; the result is the same for any number.
    cache : Cache, optional
        Keeps every repeat, so that a killed run goes on.
    progress : callable, optional
        Called as `progress(iterable, total=n)`, like tqdm.

    Raises
    ------
    ValueError
        If the tables are not of the same patients, or no split leaves two patients of each
        outcome in both parts.
    """
    y = as_labels(y, "y")
    if set(recipes) != set(X) or any(len(table) != len(y) for table in X.values()):
        raise ValueError(f"X: expected a table of {len(y)} patients for each of {list(recipes)}.")
    task = _Repeat(dict(recipes), dict(X), y, test_share, seed, permuted)
    rows = computed_rows(task, range(repeats), workers=workers, cache=cache, progress=progress)
    return task.read(rows)


def selection_frequency(kept: pd.DataFrame, repeats: int) -> pd.DataFrame:
    """How often each feature was selected, most often first.

    Parameters
    ----------
    kept : DataFrame
        `Repeats.kept`.
    repeats : int
        Number of splits.

    Returns
    -------
    DataFrame
        signature, feature, n, share (of the splits); features never selected are left out.
    """
    n = kept.groupby(["signature", "feature"]).size().rename("n").reset_index()
    n = n.assign(share=n["n"] / repeats)
    return n.sort_values(
        ["signature", "n", "feature"], ascending=[True, False, True], ignore_index=True
    )


def null_table(
    auc: pd.DataFrame, *, observed: Mapping[str, float] | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Mean AUCs over repeats, with the normal interval of the mean held-out one.

    Parameters
    ----------
    auc : DataFrame
        `Repeats.auc` with permuted outcomes: the held-out mean must be near one half, and the
        in-sample one says how much was learned by heart.
    observed : mapping of model to float, optional
        Held-out AUC of one split with the true outcomes, such as that of the test cohort.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        model, repeats, train, test, test_low, test_high and, with `observed`, observed and
        p_value: how often permuted outcomes do as well in one split (`permutation_p`).
    """
    groups = auc.groupby("model", sort=False)
    table = groups.agg(
        repeats=("repeat", "nunique"), train=("train", "mean"), test=("test", "mean")
    )
    half = norm.isf((1 - level) / 2) * groups["test"].sem()
    table = table.assign(test_low=table["test"] - half, test_high=table["test"] + half)
    if observed is not None:
        table["observed"] = [observed[model] for model in table.index]
        table["p_value"] = [
            statistics.permutation_p(observed[model], part) for model, part in groups["test"]
        ]
    return table.reset_index()


@dataclass(frozen=True)
class _Repeat:
    """One split after another, as a job for other processes."""

    recipes: dict[str, Recipe]
    X: dict[str, pd.DataFrame]
    y: np.ndarray
    test_share: float
    seed: int
    permuted: bool

    def __call__(self, number: int) -> tuple[int, np.ndarray]:
        """Number and row of a split: in-sample and held-out AUC of every model, then one flag
        per feature of every signature that is 1 where it was selected."""
        rng = np.random.default_rng([self.seed, number, self.permuted])
        y = rng.permutation(self.y) if self.permuted else self.y
        train = _random_split(y, self.test_share, rng)
        aucs, flags = [], []
        with threadpool_limits(1):
            for signature, recipe in self.recipes.items():
                X = self.X[signature]
                fitted = recipe.fit(X[train], y[train])
                p = fitted.predict(X)
                aucs += [
                    statistics.auc_ci(y[part], p.loc[part, model]).auc
                    for model in recipe.classifiers
                    for part in (train, ~train)
                ]
                flags.append(X.columns.isin(fitted.selection.kept))
        return number, np.concatenate([aucs, *flags]).astype(float)

    def key(self, number: int) -> str:
        """Name of a split that nothing else has: of data, recipes, code, packages and number."""
        return hashlib.sha256(f"{self._identity} {number}".encode()).hexdigest()

    @cached_property
    def _identity(self) -> str:
        settings = (self.test_share, self.seed, self.permuted)
        return identity("models.random_splits", settings, self.recipes, self.X, self.y)

    def read(self, rows: Mapping[int, np.ndarray]) -> Repeats:
        """The tables of all rows."""
        names = [name for recipe in self.recipes.values() for name in recipe.classifiers]
        features = [(s, feature) for s in self.recipes for feature in self.X[s].columns]
        auc, kept = [], []
        for number, row in rows.items():
            pairs = row[: 2 * len(names)].reshape(-1, 2)
            auc += [(number, name, *pair) for name, pair in zip(names, pairs, strict=True)]
            flags = np.flatnonzero(row[2 * len(names) :])
            kept += [(number, *features[i]) for i in flags]
        return Repeats(
            auc=pd.DataFrame(auc, columns=["repeat", "model", "train", "test"]),
            kept=pd.DataFrame(kept, columns=["repeat", "signature", "feature"]),
        )


def _random_split(y, test_share, rng):
    """Who trains: at random, drawn again where a part lacks two patients of an outcome."""
    n_train = math.floor(len(y) * (1 - Fraction(str(float(test_share)))))
    for _ in range(DRAWS):
        train = np.zeros(len(y), dtype=bool)
        train[rng.permutation(len(y))[:n_train]] = True
        if (
            min(np.bincount(y[train], minlength=2).min(), np.bincount(y[~train], minlength=2).min())
            > 1
        ):
            return train
    raise ValueError(
        f"y: {DRAWS} random splits left fewer than two patients with or without the outcome in "
        "a part. Add patients, or use another share."
    )
