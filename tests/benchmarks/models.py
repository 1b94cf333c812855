"""Selection, classifiers and networks against their targets, and what they find where nothing is.

`--null` adds 200 divisions with permuted outcomes and 100 with true ones (about ten minutes on two
cores). Features are simulated, in blocks of correlated ones, as radiomic features are.
"""

import resource
import sys
import time

import numpy as np
import pandas as pd

from tests.deep.networks import pooled
from thyro.core import outer_folds
from thyro.deep import backbones, fine_tuning, training_run
from thyro.models import classifiers as models
from thyro.models import cross_fitting, random_splits
from thyro.selection import select
from thyro.statistics import cross_validated_auc

N, TRAIN, FEATURES, BLOCK = 544, 380, 1561, 13
SIZE = 224  # pixels of a crop
LIMITS = {"ResNet101": 0.15, "DenseNet121": 0.08, "EfficientNetLite0": 0.05}  # seconds a crop
NULL_RUNS, REPEATS, WORKERS = 200, 100, 2


def cohort(seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Features of which one block of correlated ones tells a little, and outcomes."""
    rng = np.random.default_rng(seed)
    y = (rng.random(N) < 0.3).astype(int)
    blocks = rng.normal(size=(N, FEATURES // BLOCK + 1))
    blocks[:, 0] += 0.6 * y
    values = 0.8 * blocks.repeat(BLOCK, axis=1)[:, :FEATURES] + 0.6 * rng.normal(size=(N, FEATURES))
    return pd.DataFrame(values, columns=[f"f{i:04d}" for i in range(FEATURES)]), y


def recipe(*, tune: bool, quick: bool = True) -> cross_fitting.Recipe:
    """SVM and KNN on one selection; `quick` as notebook 04 repeats it."""
    classifiers = {"SVM": ("SVM", {"seed": 0}), "KNN": ("KNN", {})}
    return cross_fitting.Recipe(
        {"seed": 0} | ({"patience": 20} if quick else {}),
        classifiers,
        tuned=tuple(classifiers) if tune else (),
    )


def classical():
    """(what, seconds, limit) of one selection with its classifiers."""
    X, y = cohort()
    X, y = X[:TRAIN], y[:TRAIN]
    began = time.perf_counter()
    chosen = select.select_features(X, y)
    selected = time.perf_counter() - began
    for name in ("SVM", "KNN"):
        models.fit_classifier(name, X[chosen.kept], y)
    yield "selection, 380 x 1561", selected, ""
    yield "selection, SVM and KNN", time.perf_counter() - began, "limit 8"
    began = time.perf_counter()
    recipe(tune=True, quick=False).fit(X, y)
    yield "the same, tuned", time.perf_counter() - began, ""


def frozen():
    """(what, seconds, limit) of the networks, each crop and each epoch of tuning."""
    rng = np.random.default_rng(0)
    crops = rng.uniform(0, 255, (64, SIZE, SIZE)).astype(np.float32)
    y, train = np.arange(64) % 2, np.arange(64) < 48
    for name, limit in LIMITS.items():
        network = backbones.build(name)
        pooled(network, crops[:16])
        began = time.perf_counter()
        pooled(network, crops)
        seconds = (time.perf_counter() - began) / len(crops)
        yield f"{name}, frozen features of a crop", seconds, f"limit {limit}"
        settings = training_run.FineTuningSettings(epochs=2, augmentation=False)
        found = fine_tuning.cross_fit(
            network, crops, y, train, np.arange(48) % 3, settings=settings
        )
        epoch = found.history.loc[found.history["network"].eq("all"), "seconds"].min()
        yield f"{name}, an epoch of its last block, 380 crops", epoch / 48 * 380, ""


def null() -> str:
    """Mean AUCs of divisions with permuted outcomes, with published and with tuned settings."""
    X, y = cohort()
    lines = []
    for tune, name in ((True, "tuned"), (False, "published")):
        began = time.perf_counter()
        found = random_splits.repeated_splits(
            {"": recipe(tune=tune)},
            {"": X},
            y,
            repeats=NULL_RUNS,
            test_share=(N - TRAIN) / N,
            permuted=True,
            workers=WORKERS,
        )
        seconds = time.perf_counter() - began
        for row in random_splits.null_table(found.auc).itertuples():
            error = (row.test_high - row.test_low) / 2 / 1.96
            lines.append(
                f"{NULL_RUNS} permuted divisions, {name} classifiers, {row.model}: held out "
                f"{row.test:.4f} (standard error {error:.4f}), in-sample {row.train:.3f}; "
                f"{seconds:.0f} s for both"
            )
    return "\n".join(lines)


def null_out_of_fold(runs: int = 20) -> str:
    """Mean cross-fitted AUC of the training patients, where outcomes are permuted."""
    X, y = cohort()
    X, y = X[:TRAIN], y[:TRAIN]
    aucs = []
    for run in range(runs):
        turned = pd.Series(np.random.default_rng(run).permutation(y), X.index)
        folds = outer_folds(turned, 5, seed=run)
        found = cross_fitting.out_of_fold(
            recipe(tune=True, quick=False), X, turned, [folds], workers=WORKERS
        ).by_fold
        p = found[found["model"].eq("SVM")].set_index("patient_id")["p"].loc[X.index]
        aucs.append(cross_validated_auc(turned, p, folds).auc)
    error = np.std(aucs, ddof=1) / np.sqrt(runs)
    return f"{runs} permuted cohorts, SVM cross-fitted: {np.mean(aucs):.4f} (error {error:.4f})"


def repeated() -> str:
    """Seconds of the random divisions that a study makes."""
    X, y = cohort()
    began = time.perf_counter()
    random_splits.repeated_splits(
        {name: recipe(tune=False) for name in ("OR", "SR")},
        {"OR": X, "SR": X[X.columns[::-1]]},
        y,
        repeats=REPEATS,
        test_share=(N - TRAIN) / N,
        workers=WORKERS,
    )
    return (
        f"{REPEATS} random divisions of two image sets: {time.perf_counter() - began:.0f} s (360)"
    )


def main() -> None:
    table = pd.DataFrame([*classical(), *frozen()], columns=["what", "seconds", "beside"])
    print(table.to_string(index=False, formatters={"seconds": "{:.3f}".format}))
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    if "--null" in sys.argv:
        for part in (repeated, null, null_out_of_fold):
            print(part(), flush=True)


if __name__ == "__main__":
    main()
