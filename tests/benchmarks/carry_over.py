"""Does a cut-off of cross-fitted predictions mean the same in other patients?

`python -m tests.benchmarks.carry_over` simulates studies: features of a latent that tells the
outcome weakly, 380 training patients, selection and classifiers cross-fitted in five folds, a
cut-off with 90 % sensitivity in cross-fitted training predictions, and 4000 new patients. These are
predicted in two ways: by the models of all folds, whose log odds are averaged, as the package has
it; and by one model of all training patients. Printed is the sensitivity in new patients less that
in training, with its Monte Carlo error, its scatter, and how often it is within the sampling error
of the training patients (1.96 binomial standard errors; 95 % is what one may hope for).
"""

import argparse
from collections.abc import Iterator

import joblib
import numpy as np
import pandas as pd
from scipy.special import expit

from thyro.core import as_done, outer_folds
from thyro.models.cross_fitting import Recipe, out_of_fold
from thyro.statistics import log_odds

TRAIN, NEW, FEATURES, LATENTS, FOLDS = 380, 4000, 100, 12, 5
SELECTION = {"alpha": 0.05, "threshold": 0.9, "rule": "p", "family": "binomial"}
SELECTION |= {"penalty": "minimum", "cv": 5, "seed": 1, "patience": 20}
CLASSIFIERS = {"SVM": ("SVM", {"seed": 1}), "KNN": ("KNN", {}), "logistic": ("logistic", {})}
WAYS = ("models of all folds", "one model")
SENSITIVITY = 0.9


def patients(n: int, loadings: np.ndarray, rng: np.random.Generator, first: int = 0):
    """Features and outcomes of `n` new patients."""
    latent = rng.normal(size=(n, LATENTS))
    values = latent @ loadings + 0.7 * rng.normal(size=(n, FEATURES))
    y = rng.binomial(1, expit(-1.0 + 0.6 * latent[:, 0] + 0.4 * latent[:, 1]))
    ids = pd.Index([f"p{first + i:05d}" for i in range(n)], name="patient_id")
    return pd.DataFrame(values, ids, [f"f{i:03d}" for i in range(FEATURES)]), pd.Series(y, ids)


def one_study(seed: int, repeats: int) -> list[dict]:
    """Sensitivity of the cut-off in training and in new patients, by classifier and way."""
    rng = np.random.default_rng([17, seed])
    loadings = rng.normal(size=(LATENTS, FEATURES)) * (rng.random((LATENTS, FEATURES)) < 0.2)
    X, y = patients(TRAIN, loadings, rng)
    X_new, y_new = patients(NEW, loadings, rng, first=TRAIN)
    recipe = Recipe(SELECTION, CLASSIFIERS, tuned=tuple(CLASSIFIERS))
    divisions = [outer_folds(y, FOLDS, seed=1000 * seed + k) for k in range(repeats)]
    crossed = out_of_fold(recipe, pd.concat([X, X_new]), y, divisions).log_odds
    single = recipe.fit(X, y).predict(X_new)
    rows = []
    for name in CLASSIFIERS:
        cases = crossed.loc[y.index[y == 1], name]
        cut = np.quantile(cases, 1 - SENSITIVITY)
        error = np.sqrt(SENSITIVITY * (1 - SENSITIVITY) / len(cases))
        for way, values in zip(
            WAYS, (crossed.loc[X_new.index, name], log_odds(single[name])), strict=True
        ):
            there = float(np.mean(np.asarray(values)[y_new == 1] >= cut))
            difference = there - float(np.mean(cases >= cut))
            rows.append(
                {"classifier": name, "way": way, "difference": difference}
                | {"within": abs(difference) < 1.96 * error}
            )
    return rows


def studies(n: int, repeats: int, workers: int = 1) -> Iterator[list[dict]]:
    """`one_study` of seeds 0 to n - 1."""
    jobs = (joblib.delayed(one_study)(seed, repeats) for seed in range(n))
    yield from as_done(jobs, workers)


def summary(rows: list[dict]) -> pd.DataFrame:
    """Mean difference with its Monte Carlo error, scatter, and share within sampling error."""
    groups = pd.DataFrame(rows).groupby(["classifier", "way"])
    return groups.agg(
        studies=("difference", "size"),
        difference=("difference", "mean"),
        error=("difference", "sem"),
        scatter=("difference", "std"),
        within=("within", "mean"),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--studies", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=1, help="divisions into folds")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    rows = [row for found in studies(given.studies, given.repeats, given.workers) for row in found]
    print(summary(rows).round(3).to_string())


if __name__ == "__main__":
    main()
