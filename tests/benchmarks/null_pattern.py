"""How surprising is the published pattern where super-resolution does nothing?

`python -m tests.benchmarks.null_pattern results/demo --draws 500` takes the features of a study
that has run. Of each patient, with probability one half, all original (OR) and super-resolved (SR)
features change places, each standardised by the training patients of its image set; the outcomes
and the cohorts stay. So the two image sets tell equally much of the outcome, and that is what
"super-resolution does nothing" means here. The cohorts must stay, as the networks were tuned on the
training one. Then the eight models are made by the paper's recipe, selection included, and
tested. The LASSO stops 20 penalties past its minimum, as wherever no path of it is shown.

Every draw is kept (`.cache` of the results), so that a killed run goes on. The AUCs of all draws go
to `thyro/audit/null_pattern.json`, which the audit reads.
"""

import argparse
import json
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from tests.benchmarks.null_cohorts import recipes_of
from thyro import models, radiomics, statistics, store, study
from thyro.models import cached_rows

MODULE = "models.random_splits"  # its code, with what it imports, makes the models
OUT = Path("thyro/audit/null_pattern.json")


@dataclass(frozen=True)
class Draw:
    """Makes the test AUCs of all models after one exchange."""

    recipes: dict[str, models.Recipe]  # by table
    X: dict[str, pd.DataFrame]  # by table, standardised; the same patients in all
    y: pd.Series
    train: np.ndarray  # of bool, shape (n_patients,)

    def __call__(self, number: int) -> tuple[int, np.ndarray]:
        swapped = np.random.default_rng([31, number]).random(len(self.y)) < 0.5
        exchanged, auc = self._exchanged(swapped), {}
        for name, recipe in self.recipes.items():
            values = exchanged[name]
            fitted = recipe.fit(values[self.train], self.y[self.train])
            for model, p in fitted.predict(values[~self.train]).items():
                auc[model] = statistics.auc_ci(self.y[~self.train], p).auc
        return number, np.array([auc[name] for name in names()])

    def _exchanged(self, swapped: np.ndarray) -> dict[str, pd.DataFrame]:
        """Every table with the values that its twin has of the patients who are swapped."""
        return {
            name: values.mask(pd.Series(swapped, values.index), self.X[twin(name)], axis=0)
            for name, values in self.X.items()
        }

    def key(self, number: int) -> str:
        """Name of a draw that nothing else has: of data, recipes, code, packages and number."""
        return f"{self._identity}-{number}"

    @cached_property
    def _identity(self) -> str:
        settings = ("exchange", self.train.tobytes())
        return cached_rows.identity(MODULE, settings, self.recipes, self.X, self.y.to_numpy())


def names() -> list[str]:
    """The eight models, in the order of the rows."""
    return [str(name) for name in study.Declared().model_names()]


def twin(table: str) -> str:
    """The same features of the other image set: OR_radiomics of SR_radiomics."""
    image_set, _, rest = table.partition("_")
    other = {study.OR.name: study.SR.name, study.SR.name: study.OR.name}
    return f"{other[image_set]}_{rest}"


def read_study(results: str) -> Draw:
    """What the eight models read, of the training and test patients of a study that has run."""
    cases = store.read_table(f"{results}/00_cohort/patients.parquet").set_index("patient_id")
    cases = cases[cases["split"].ne("external")]
    train = cases["split"].eq("train").to_numpy()
    X, aside = {}, {}
    for table in study.Declared().model_tables():
        values = store.read_table(f"{results}/02_features/{table.file}.parquet").loc[cases.index]
        if not table.deep:
            aside[table.name] = radiomics.set_aside(
                table,
                store.read_table(f"{results}/02_features/{table.robustness}.parquet"),
                values[train],
                minimum_icc=0,
                minimum_distinct=0,
            )
        X[table.name] = standardised(values, train)
    return Draw(paper_recipes(aside), X, cases["y"], train)


def standardised(values: pd.DataFrame, train: np.ndarray) -> pd.DataFrame:
    """`values` less the mean of training patients, over their SD; constant features are zero."""
    sd = values[train].std(ddof=0)
    return (values - values[train].mean()) / sd.where(sd > 0, 1)


def paper_recipes(aside: dict) -> dict[str, models.Recipe]:
    """The paper's recipe of every table of the eight models."""
    made = recipes_of(aside, tune=False)
    return {
        table.name: models.without_tuned(made[table.name])
        for table in study.Declared().model_tables()
    }


def table_of(rows: dict[int, np.ndarray], task: Draw, command: str) -> dict:
    """What is committed: the AUCs of every draw to four digits, and where they come from."""
    return {
        "command": command,
        "commit": store.commit(),
        "patients": {"train": int(task.train.sum()), "test": int((~task.train).sum())},
        "draws": len(rows),
        "models": names(),
        "auc": [np.round(row, 4).tolist() for row in rows.values()],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("results", help="folder of a study that has run, as results/demo")
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    task, started = read_study(given.results), time.process_time()
    rows = cached_rows.computed_rows(
        task,
        range(given.draws),
        workers=given.workers,
        cache=store.Cache(given.results, "null_pattern"),
        progress=store.progress_bar("null cohorts"),
    )
    command = "python -m tests.benchmarks.null_pattern"
    made = table_of(rows, task, f"{command} {given.results} --draws {given.draws}")
    OUT.write_text(as_text(made), encoding="utf-8")
    print(f"{len(rows)} draws, {time.process_time() - started:.0f} CPU seconds in this process")


def as_text(table: dict) -> str:
    """JSON with a line for each draw."""
    *heads, (last, rows) = ((key, value) for key, value in table.items())
    lines = [f"  {json.dumps(key)}: {json.dumps(value)},\n" for key, value in heads]
    body = ",\n".join(f"    {json.dumps(row)}" for row in rows)
    return "{\n" + "".join(lines) + f"  {json.dumps(last)}: [\n{body}\n  ]\n}}\n"


if __name__ == "__main__":
    main()
