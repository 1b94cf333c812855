"""`make bench`: seconds per unit of work, and ratios within this run, printed as a table.

Machines differ and are noisy, so what counts is the ratio of two ways measured side by side.
`python -m tests.benchmarks.gpu` is the check of a GPU, which this does not run.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np
import pandas as pd

from tests.benchmarks import models as classical_and_deep_models
from tests.benchmarks import radiomics as radiomic_features
from tests.benchmarks import statistics as statistics_of_r
from tests.benchmarks import super_resolution
from thyro import imaging, simulate, statistics
from thyro.cohort import example, image_flags
from thyro.selection import lasso_path


def seconds(work, *, repeat: int = 3) -> float:
    """The shortest of `repeat` runs."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def pairwise_auc(y: np.ndarray, score: np.ndarray) -> float:
    """AUC by comparing every pair, n squared."""
    difference = score[y == 1][:, None] - score[y == 0]
    return ((difference > 0) + 0.5 * (difference == 0)).mean()


def reading(cohort):
    """A case of DICOM and NIfTI from the disk to its measures."""
    table = simulate.source_table(cohort)
    with tempfile.TemporaryDirectory() as folder:
        frames = zip(cohort.images, *cohort.readers, strict=True)
        example.write(folder, table, frames, spacing_mm=list(cohort.table["spacing_mm"]))
        files = table[["image", "mask", "mask_2"]].rename(columns={"mask_2": "second_mask"})
        cases = imaging.Folder(folder, files)
        read = seconds(lambda: [cases[i] for i in range(12)])
        yield "read and compare a DICOM image, two NIfTI masks", read / 12, ""
        case = cases[0]
        measure = seconds(lambda: image_flags.measure(case.image, case.mask, case.spacing_mm))
        whole = 544 * (read / 12 + measure)
        yield "measure its quality", measure, f"544 cases on one core: {whole:.0f} s"


def rows():
    """(what, seconds, remark) of each measurement."""
    rng = np.random.default_rng(0)
    cohort = simulate.simulate_cohort(12, rng=rng)
    order = iter(range(12))
    yield "simulate one 384 x 512 frame", seconds(lambda: cohort.images[next(order)]), ""

    yield from reading(cohort)

    X, y = rng.standard_normal((380, 300)), rng.integers(0, 2, 380).astype(float)
    path = seconds(lambda: lasso_path.fit_path(X, y, lasso_path.lambda_grid(X, y)), repeat=1)
    yield "LASSO path, 380 x 300, 100 penalties", path, ""

    y, score = rng.integers(0, 2, 6000), rng.standard_normal(6000)
    fast, slow = (
        seconds(lambda: statistics.auc_ci(y, score)),
        seconds(lambda: pairwise_auc(y, score)),
    )
    yield "AUC with DeLong interval, n = 6000", fast, f"all pairs: {slow / fast:.0f} times"


def main() -> None:
    argparse.ArgumentParser(prog="make bench", description=__doc__).parse_args()
    table = pd.DataFrame(rows(), columns=["what", "seconds", "beside"])
    print(table.to_string(index=False, formatters={"seconds": "{:.4f}".format}))
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB\n")
    # In processes of their own, whose memory is that of what they measure.
    for part in (statistics_of_r, radiomic_features, classical_and_deep_models, super_resolution):
        subprocess.run([sys.executable, "-m", part.__name__], check=True)


if __name__ == "__main__":
    main()
