"""DeLong, decision curves and the bootstrap against their targets, beside slower ways and pROC."""

import shutil
import subprocess
import time

import numpy as np
import pandas as pd

from thyro import clinical, statistics

PROC = """
suppressMessages(library(pROC)); set.seed(1); n <- 1e5
y <- rbinom(n, 1, .3); a <- rnorm(n) + y; b <- a / 2 + rnorm(n)
time <- system.time(roc.test(roc(y, a, quiet = TRUE), roc(y, b, quiet = TRUE)))
cat(time[["elapsed"]])
"""


def seconds(work, *, repeat: int = 5) -> float:
    """The shortest of `repeat` runs."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def cohort(n: int, models: int) -> tuple[np.ndarray, pd.DataFrame]:
    rng = np.random.default_rng(n)
    y = (rng.random(n) < 0.3).astype(int)
    common = rng.normal(size=n) + y
    scores = {f"model {k}": common / 2 + rng.normal(size=n) for k in range(models)}
    return y, pd.DataFrame(scores)


def all_pairs(y: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """Variance of the difference of two AUCs from every pair of a case and a control."""
    kernels = []
    for score in (a, b):
        difference = score[y == 1][:, None] - score[y == 0]
        kernels.append((difference > 0) + 0.5 * (difference == 0))
    kernel = kernels[0] - kernels[1]
    return sum(np.var(kernel.mean(axis=k), ddof=1) / kernel.shape[1 - k] for k in (0, 1))


def delong_times() -> None:
    times = {}
    for n in (1_000, 10_000, 100_000):
        y, scores = cohort(n, 2)
        times[n] = seconds(lambda y=y, s=scores: statistics.delong_test(y, *s.to_numpy().T))
        print(f"paired DeLong, n = {n:>7,}: {1000 * times[n]:.1f} ms")
    slope = np.polyfit(np.log(list(times)), np.log(list(times.values())), 1)[0]
    print(f"  slope of log time on log n {slope:.2f}; target at n = 100 000: 60 ms")
    if shutil.which("Rscript"):
        done = subprocess.run(["Rscript", "-e", PROC], capture_output=True, text=True)
        print(f"  pROC at n = 100 000: {done.stdout or 'not installed'} s")
    y, scores = cohort(3_000, 2)
    a, b = scores.to_numpy().T
    slow, fast = (
        seconds(lambda: all_pairs(y, a, b)),
        seconds(lambda: statistics.delong_test(y, a, b)),
    )
    print(f"  all pairs at n = 3 000: {slow / fast:.0f} times as long")
    y, scores = cohort(6_000, 12)
    whole = seconds(lambda: statistics.delong_matrix(y, scores))
    print(f"12 x 12 DeLong matrix, n = 6 000: {whole:.3f} s (target 0.2)")


def curves() -> None:
    y, scores = cohort(100_000, 1)
    p = 1 / (1 + np.exp(-scores["model 0"].to_numpy()))
    grid = np.arange(1, 100) / 100
    fast = seconds(lambda: statistics.decision_curve(y, p, grid))
    slow = seconds(
        lambda: [(np.sum((p >= t) & (y == 1)), np.sum((p >= t) & (y == 0))) for t in grid]
    )
    print(f"decision curve, 99 thresholds, n = 100 000: {1000 * fast:.1f} ms (target 50)")
    print(f"  one threshold after the other: {slow / fast:.0f} times as long")


def bootstrap_times(draws: int = 200) -> None:
    """Optimism of three nomograms of fixed terms, for a thousand samples each."""
    rng = np.random.default_rng(0)
    start = time.perf_counter()
    for columns in (8, 7, 6):
        frame = pd.DataFrame(rng.normal(size=(544, columns))).add_prefix("x")
        y = (rng.random(544) < 1 / (1 + np.exp(1 - frame["x0"]))).astype(int)

        def fit(patients, outcome):
            fitted = clinical.fit_logistic(patients, outcome, list(patients), tests=False)
            return {"model": fitted.predict}

        clinical.optimism_of(fit, frame, y, draws=draws)
    seconds = (time.perf_counter() - start) * 1000 / draws
    print(f"1000 bootstraps of three nomograms, n = 544: {seconds:.1f} s (target 15)")


def main() -> None:
    delong_times()
    curves()
    bootstrap_times()
    print()


if __name__ == "__main__":
    main()
