"""`python -m tests.benchmarks.imputation`: do pooled intervals hold what they say?

Cohorts of a known logistic model: age (complete), size (continuous, rises with age) and margin (a
factor that goes with size). Size and margin lose a fifth of their values at random given age and
outcome, and most where both are high, as where a patient who is thought to be sicker is examined
otherwise. Set beside each other are the regression of all patients before a value is lost, of the
complete patients, and of `impute` with Rubin's rules: bias of every coefficient, and how often its
95 % interval covers the truth, with the Monte Carlo error of both.
"""

import argparse

import joblib
import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from thyro import clinical
from thyro.clinical.imputation import impute
from thyro.clinical.pooled import fit_imputed

TERMS = ["age", "size", "margin"]
TRUTH = {"age": 0.5, "size": 0.8, "margin=irregular": 0.7}
INTERCEPT = -1.3
LOST = 0.2  # of the cells of size, and of margin
WAYS = ("no gaps", "complete patients", "imputed")


def cohort(n: int, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Patients before and after a fifth of two variables is lost, and their outcome."""
    age = rng.standard_normal(n)
    size = 0.5 * age + np.sqrt(0.75) * rng.standard_normal(n)
    irregular = rng.uniform(size=n) < expit(-0.5 + 0.8 * size)
    beta = list(TRUTH.values())
    lp = INTERCEPT + beta[0] * age + beta[1] * size + beta[2] * irregular
    y = (rng.uniform(size=n) < expit(lp)).astype(int)
    margin = pd.Categorical(np.where(irregular, "irregular", "smooth"), ["smooth", "irregular"])
    whole = pd.DataFrame({"age": age, "size": size, "margin": margin})
    odds = np.exp(1.2 * age * (2 * y - 1) + 0.5 * y)
    gone = LOST * odds / (1 + odds) / np.mean(odds / (1 + odds))
    gaps = whole.copy()
    for name in TERMS[1:]:
        gaps[name] = gaps[name].mask(rng.uniform(size=n) < gone)
    return whole, gaps, y


def run(number: int, n: int, m: int, seed: int) -> list[tuple]:
    """Estimates of one cohort: way, coefficient, error and whether its interval covers."""
    whole, gaps, y = cohort(n, np.random.default_rng([seed, number]))
    complete = gaps.notna().all(axis=1).to_numpy()
    fits = {
        "no gaps": clinical.fit_logistic(whole, y, TERMS, tests=False),
        "complete patients": clinical.fit_logistic(gaps[complete], y[complete], TERMS, tests=False),
        "imputed": fit_imputed(impute(gaps, y, TERMS, m=m, seed=number, iterations=5), y, TERMS),
    }
    rows = []
    for way, fit in fits.items():
        df = getattr(fit, "df", np.full(len(fit.names), np.inf))
        reach = stats.t.isf(0.025, df) * np.sqrt(np.diag(fit.covariance))
        for k, (name, truth) in enumerate(TRUTH.items(), start=1):
            error = fit.coefficients[k] - truth
            rows.append((way, name, error, bool(abs(error) <= reach[k])))
    return rows


def summary(rows: list[tuple]) -> pd.DataFrame:
    """Bias and coverage (per cent) of every way and coefficient, each with its Monte Carlo SE."""
    table = pd.DataFrame(rows, columns=["way", "coefficient", "error", "covered"])
    groups = table.groupby(["way", "coefficient"], sort=False)
    share = groups["covered"].mean()
    runs = groups.size()
    return pd.DataFrame(
        {
            "bias": groups["error"].mean(),
            "bias_se": groups["error"].sem(),
            "coverage": 100 * share,
            "coverage_se": 100 * np.sqrt(share * (1 - share) / runs),
            "cohorts": runs,
        }
    )


def studies(runs: int, *, n: int = 400, m: int = 10, seed: int = 2024, workers: int = 1) -> list:
    """`run` of so many cohorts."""
    jobs = (joblib.delayed(run)(number, n, m, seed) for number in range(runs))
    return [row for rows in joblib.Parallel(workers)(jobs) for row in rows]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--patients", type=int, default=400)
    parser.add_argument("--imputations", type=int, default=10)
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    rows = studies(asked.runs, n=asked.patients, m=asked.imputations, workers=asked.workers)
    print(summary(rows).round(3).to_string())


if __name__ == "__main__":
    main()
