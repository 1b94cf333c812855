"""`python -m tests.benchmarks.coverage`: do the intervals of cross-validation hold what they say?

Two questions, each answered by simulated cohorts whose truth is known in closed form.

1. How often does the interval of the cross-validated AUC cover the mean true AUC of the models of
   its folds? Features are normal with the same covariance in both classes, so the true AUC of a
   linear score w is Phi(w'd / sqrt(2 w'w)), d being the difference of the means.
2. How often does the test of Nadeau and Bengio reject at 5 % where two feature sets are
   exchangeable, so that neither is better in expectation?

The classifier is linear discriminant analysis, which sums and products of patients determine: all
folds and splits of a cohort are fitted at once.

Where the first interval is too short, a control says why: the same models are also judged by new
patients, fold by fold. Patients of a fold train the models of all others, so the noise that two
folds have in common enters twice, once from either side. Without any signal that is all there is
(d_j'd_k for every two folds j and k), and the variance is about twice that of new patients, which
is what the influence curve gives. With a signal it is a term of second order. No estimator of the
variance is unbiased for all (Bengio, Grandvalet 2004, J. Mach. Learn. Res. 5:1089-1105); twice the
variance is a bound, whose coverage is printed beside.
"""

import argparse
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from thyro.statistics.cross_validated_auc import cross_validated_auc
from thyro.statistics.repeated_splits import corrected_difference

PREVALENCE = 0.3
HELD_OUT = 0.3  # of every random split


@dataclass(frozen=True)
class Folds:
    """A question of the first kind."""

    n: int
    features: int
    distance: float  # between the means of the classes, in standard deviations
    repeats: int
    folds: int = 5


@dataclass(frozen=True)
class Splits:
    """A question of the second kind."""

    n: int
    features: int  # of each set
    distance: float
    shared: float  # correlation of a feature with its counterpart in the other set
    splits: int


OF_FOLDS = (
    Folds(380, 10, 1.0, repeats=1),
    Folds(380, 10, 1.0, repeats=10),
    Folds(380, 3, 1.0, repeats=10),
    Folds(1000, 10, 1.0, repeats=10),
    Folds(380, 40, 0.5, repeats=10),
    Folds(380, 10, 0.0, repeats=10),
    Folds(160, 10, 1.0, repeats=10),
)
OF_SPLITS = (
    Splits(544, 10, 1.0, shared=0.0, splits=100),
    Splits(544, 10, 1.0, shared=0.7, splits=100),
    Splits(544, 40, 0.5, shared=0.7, splits=100),
    Splits(544, 10, 1.0, shared=0.7, splits=20),
    Splits(160, 10, 1.0, shared=0.7, splits=100),
)


def directions(X: np.ndarray, y: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Linear discriminants of many training sets, shape (n_sets, n_features).

    `train` has a row of 0 and 1 per set, shape (n_sets, n_patients).
    """
    means, scatter = [], 0.0
    n_features = X.shape[1]
    for k in (0, 1):
        of_class = train[:, y == k].astype(float)
        values = X[y == k]
        count = of_class.sum(axis=1, keepdims=True)
        mean = of_class @ values / count
        products = (values[:, :, None] * values[:, None, :]).reshape(len(values), -1)
        squares = (of_class @ products).reshape(-1, n_features, n_features)
        scatter = scatter + squares - count[:, :, None] * mean[:, :, None] * mean[:, None, :]
        means.append(mean)
    covariance = scatter / (train.sum(axis=1)[:, None, None] - 2)
    return np.linalg.solve(covariance, (means[1] - means[0])[:, :, None])[:, :, 0]


def held_out_aucs(score: np.ndarray, y: np.ndarray, train: np.ndarray) -> np.ndarray:
    """AUC of every row of `score`, shape (n_sets, n_patients), in those who do not train it."""
    score = score.copy()
    score[train] = -np.inf  # below all others, so that ranks among these are moved by a constant
    ranks = np.argsort(np.argsort(score, axis=1), axis=1) + 1 - train.sum(axis=1, keepdims=True)
    out = ~train
    cases = (out & (y == 1)).sum(axis=1)
    controls = (out & (y == 0)).sum(axis=1)
    rank_sum = np.where(out & (y == 1), ranks, 0).sum(axis=1)
    return (rank_sum - cases * (cases + 1) / 2) / (cases * controls)


def stratified(y: np.ndarray, folds: int, rng: np.random.Generator) -> np.ndarray:
    """Folds that share cases and controls evenly."""
    where = np.empty(len(y), dtype=int)
    for k in (0, 1):
        rows = rng.permutation(np.flatnonzero(y == k))
        where[rows] = np.arange(len(rows)) % folds
    return where


def covered(case: Folds, runs: int, seed: int = 0, level: float = 0.95) -> pd.DataFrame:
    """One row per simulated cohort: auc, se, target, whether the interval covers it, whether one
    of twice the variance does, and the AUC of the same models in new patients."""
    rows = []
    for run in range(runs):
        rng = np.random.default_rng([seed, run])
        y = (rng.random(case.n) < PREVALENCE).astype(int)
        mean = np.zeros(case.features)
        mean[0] = case.distance
        X = rng.normal(size=(case.n, case.features)) + y[:, None] * mean
        folds = np.column_stack([stratified(y, case.folds, rng) for _ in range(case.repeats)])
        train = np.concatenate([column != np.arange(case.folds)[:, None] for column in folds.T])
        w = directions(X, y, train)
        target = stats.norm.cdf(w @ mean / np.sqrt(2 * np.sum(w**2, axis=1))).mean()
        numbers = folds + case.folds * np.arange(case.repeats)
        scores = np.take_along_axis(X @ w.T, numbers, axis=1)
        found = cross_validated_auc(y, scores, folds, level=level)
        others = rng.normal(size=X.shape) + y[:, None] * mean
        fresh = held_out_aucs(w @ others.T, y, train).mean()
        holds = found.ci_low <= target <= found.ci_high
        half = stats.norm.isf((1 - level) / 2) * np.sqrt(2) * found.se
        rows.append((found.auc, found.se, target, holds, abs(found.auc - target) <= half, fresh))
    return pd.DataFrame(rows, columns=["auc", "se", "target", "holds", "doubled", "fresh"])


def rejected(case: Splits, runs: int, seed: int = 0) -> pd.DataFrame:
    """One row per simulated cohort: mean difference, corrected se, and the p of the test."""
    rows = []
    mean = np.zeros(case.features)
    mean[0] = case.distance
    for run in range(runs):
        rng = np.random.default_rng([seed, run])
        y = (rng.random(case.n) < PREVALENCE).astype(int)
        common = rng.normal(size=(case.n, case.features)) * np.sqrt(case.shared)
        sets = [
            common + rng.normal(size=common.shape) * np.sqrt(1 - case.shared) + y[:, None] * mean
            for _ in range(2)
        ]
        n_train = int(case.n * (1 - HELD_OUT))
        order = rng.permuted(np.tile(np.arange(case.n), (case.splits, 1)), axis=1)
        train = order < n_train
        a, b = (held_out_aucs(directions(X, y, train) @ X.T, y, train) for X in sets)
        found = corrected_difference(a - b, test_train_ratio=(case.n - n_train) / n_train)
        rows.append((found.difference, found.se, found.p_value))
    return pd.DataFrame(rows, columns=["difference", "se", "p_value"])


def share(hits: pd.Series) -> tuple[float, float]:
    """A share and its Monte Carlo error, in per cent."""
    p = hits.mean()
    return 100 * p, 100 * np.sqrt(p * (1 - p) / len(hits))


def main() -> None:
    parser = argparse.ArgumentParser(prog="coverage", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=2000, help="cohorts of each line")
    runs = parser.parse_args().runs
    print(f"{runs} cohorts a line; prevalence {PREVALENCE}\n")
    print("Interval of the cross-validated AUC, nominal 95 %: wanted 93 to 97")
    for case in OF_FOLDS:
        found = covered(case, runs)
        percent, error = share(found["holds"])
        print(
            f"  n {case.n}, {case.features} features, distance {case.distance:g}, "
            f"{case.folds} folds x {case.repeats}: covers {percent:.1f} % (+- {error:.1f}), with "
            f"twice the variance {share(found['doubled'])[0]:.1f} %; "
            f"AUC {found['auc'].mean():.3f}, target {found['target'].mean():.3f}, mean se "
            f"{found['se'].mean():.4f}, SD of AUC - target "
            f"{(found['auc'] - found['target']).std():.4f}, in new patients "
            f"{(found['fresh'] - found['target']).std():.4f}",
            flush=True,
        )
    print("\nNadeau and Bengio's test at 5 % under the null: wanted 4 to 6.5")
    for case in OF_SPLITS:
        found = rejected(case, runs)
        percent, error = share(found["p_value"] < 0.05)
        print(
            f"  n {case.n}, {case.features} features a set, distance {case.distance:g}, "
            f"correlation {case.shared:g}, {case.splits} splits: rejects {percent:.1f} % "
            f"(+- {error:.1f}); mean se {found['se'].mean():.4f}, SD of the difference "
            f"{found['difference'].std():.4f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
