"""Does each recipe find nothing where there is nothing?

`python -m tests.benchmarks.null_cohorts results/demo` takes the features of a study that has run
and permutes the outcome among its patients, so that no feature has anything to do with it. Every
recipe is then cross-fitted with the settings of `demo`, selection and tuning included. Printed are
the mean AUCs, in training patients fold by fold and in all other patients, with their Monte Carlo
errors. Both should be 0.50.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pandas as pd

from thyro import core, models, radiomics, statistics, store, study

STUDY = study.load_study("demo", Path("params"))


def tables_of(image_set: str) -> dict[str, study.FeatureTable]:
    """The radiomic table of each recipe, in one image set."""
    found = {
        one.features: one for one in STUDY.declared.recipe_tables() if one.image_set == image_set
    }
    return {recipe.name: found[recipe.features] for recipe in study.RECIPES}


def read_features(results: str, image_set: str) -> tuple[pd.DataFrame, dict, dict]:
    """Patients, the features that each recipe reads, and its `models.Recipe`."""
    cases = store.read_table(f"{results}/00_cohort/patients.parquet").set_index("patient_id")
    train = cases.index[cases["split"].eq("train")]
    folder = f"{results}/02_features"
    measured, aside, tables = {}, {}, tables_of(image_set)
    for table in tables.values():
        measured[table.name] = store.read_table(f"{folder}/{table.file}.parquet")
        aside[table.name] = radiomics.set_aside(
            table,
            store.read_table(f"{folder}/{table.robustness}.parquet"),
            measured[table.name].loc[train],
            minimum_icc=STUDY.selection.minimum_icc,
            minimum_distinct=STUDY.selection.minimum_distinct,
        )
    made = recipes_of(aside, tune=True)
    recipes = {}
    for recipe in study.RECIPES:
        whole = made[tables[recipe.name].name]
        plain = models.without_tuned(whole)
        tuned = {name: whole.classifiers[name] for name in whole.tuned}
        recipes[recipe.name] = replace(whole, classifiers=tuned) if recipe.tuned else plain
    return cases, {name: measured[table.name] for name, table in tables.items()}, recipes


def recipes_of(aside: dict, *, tune: bool) -> dict[str, models.Recipe]:
    """The recipe of every table with the settings of `demo`; a LASSO path ends early."""
    chosen = STUDY.selection
    steps = {"rule": chosen.rule, "family": chosen.family, "penalty": chosen.penalty}
    return models.table_recipes(
        STUDY.declared,
        steps | {"cv": chosen.folds, "seed": 1, "patience": 20},
        alpha=chosen.alpha,
        correlation=chosen.correlation,
        set_aside={table.name: {} for table in STUDY.declared.recipe_tables()} | aside,
        settings=STUDY.declared.given_settings(neighbours=STUDY.models.neighbours),
        tune=tune,
        seed=1,
    )


def one_draw(cases: pd.DataFrame, measured: dict, recipes: dict, seed: int) -> list[dict]:
    """AUC of every model in one permutation of the outcome: recipe, model, training, others."""
    rng = np.random.default_rng([23, seed])
    y = pd.Series(rng.permutation(cases["y"].to_numpy()), cases.index)
    train = y[cases["split"].eq("train")]
    others = y.index.difference(train.index)
    rows = []
    for name, recipe in recipes.items():
        values = measured[name].loc[cases.index]
        folds = [core.outer_folds(train, STUDY.models.outer_folds, seed=seed)]
        found = models.out_of_fold(recipe, values, train, folds)
        inside = statistics.cross_fitted_aucs(train, found.by_fold).set_index("model")["auc"]
        for model in recipe.classifiers:
            there = statistics.auc_ci(y[others], found.log_odds.loc[others, model]).auc
            rows.append({"recipe": name, "model": model.removesuffix(f"_{study.TUNED}")})
            rows[-1] |= {"training": inside[model], "others": there}
    return rows


def draws(results: str, image_set: str, n: int, workers: int = 1) -> Iterator[list[dict]]:
    """`one_draw` of seeds 0 to n - 1."""
    known = read_features(results, image_set)
    yield from core.as_done((joblib.delayed(one_draw)(*known, seed) for seed in range(n)), workers)


def summary(rows: Sequence[dict]) -> pd.DataFrame:
    """Means over draws and their standard errors."""
    return (
        pd.DataFrame(rows)
        .groupby(["recipe", "model"])
        .agg(
            draws=("training", "size"),
            training=("training", "mean"),
            training_error=("training", "sem"),
            others=("others", "mean"),
            others_error=("others", "sem"),
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("results", help="folder of a study that has run, as results/demo")
    parser.add_argument("--images", default="OR")
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    found = draws(given.results, given.images, given.draws, given.workers)
    print(summary([row for rows in found for row in rows]).round(4).to_string())


if __name__ == "__main__":
    main()
