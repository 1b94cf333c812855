"""Key numbers of a study, kept beside the code: has a change of code or packages moved them?

`thyro drift STUDY` compares the results of a study with `.github/<study>.json`, and
`thyro drift STUDY --renew` writes that file anew.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from thyro import store
from thyro.report.results import Results
from thyro.study import RADIOMICS, ModelName, kind_of, load_study, nomograms

# How far numbers may move between machines and packages before somebody has to look. Counts of
# patients are drawn by numpy alone; an AUC moves by hundredths where a classifier ranks two
# patients the other way round, and more where networks were trained, whose sums depend on the
# processor.
EXACT = 0.0
AUC = 0.05
AUC_OF_NETWORKS = 0.15
FEATURES = 3.0
DECIBEL = 0.3


def key_numbers(
    results: Results,
    signatures: Sequence[str] = (),
    *,
    enhanced: bool = True,
    judged: bool = False,
    images: bool = True,
) -> dict[str, tuple[float, float]]:
    """The numbers of a study that must not move unnoticed, each with its tolerance.

    Parameters
    ----------
    results : Results
    signatures : sequence of str
        Models whose predictions enter the nomograms: a nomogram is as sure as its signature.
    enhanced : bool
        Whether super-resolution is part of the study.
    judged : bool
        Whether the study has no nomograms: its scores, or models of given features, are judged.
    images : bool
        Whether features were measured in images, and selected.

    Returns
    -------
    dict
        Patients and events of each cohort, the AUC of every model and nomogram in every cohort,
        and, of a study of images, the selected radiomics features of each signature and the gain of
        super-resolution over bicubic interpolation (dB).
    """
    patients = results.table("00_cohort/patients")
    enters = {str(name): name.signature or "" for name in nomograms(signatures)}
    found: dict[str, tuple[float, float]] = {}
    for cohort, y in patients.groupby("split")["y"]:
        found[f"patients, {cohort}"] = (float(len(y)), EXACT)
        found[f"events, {cohort}"] = (float(y.sum()), EXACT)
    measured = results.table(f"06_{'scores' if judged else 'statistics'}/performance")
    for row in measured.dropna(subset="auc").itertuples():  # a reading has none
        tolerance = _tolerance(enters.get(row.model, row.model))
        found[f"AUC, {row.model}, {row.cohort}"] = (float(row.auc), tolerance)
    if images:
        kept = results.table("03_selection/kept_features")["signature"].value_counts()
        found |= {f"features, {name}": (float(n), FEATURES) for name, n in kept.items()}
        if enhanced:
            gain = _gain(results.table("01_super_resolution/gains"))
            found["gain over bicubic, dB"] = (gain, DECIBEL)
    return dict(sorted(found.items()))


def _tolerance(model: str) -> float:
    name = ModelName.read(model)
    kind = kind_of(name.kind) if name is not None else None
    return AUC if kind is None or kind.features == RADIOMICS else AUC_OF_NETWORKS


def _gain(gains: pd.DataFrame) -> float:
    rows = gains[gains["split"].eq("test") & gains["method"].eq("sr") & gains["measure"].eq("psnr")]
    return float(rows["gain"].iloc[0])


def renew(study: str) -> str:
    """Write the snapshot of a study that has run, with its commit; returns where."""
    place = snapshot_of(study)
    numbers = _numbers_of(study)
    content = {
        "commit": store.commit(),
        "numbers": {
            name: {"value": round(value, 4), "tolerance": tolerance}
            for name, (value, tolerance) in numbers.items()
        },
    }
    text = json.dumps(content, indent=1, ensure_ascii=False)
    store.path(place).write_text(f"{text}\n", encoding="utf-8")
    return place


def _numbers_of(study: str) -> dict[str, tuple[float, float]]:
    told = load_study(study, store.path("params"))
    results, judged = Results(f"results/{study}"), not told.has_nomograms
    names = [] if judged else results.values("05_nomogram/scalars")["signatures"]
    return key_numbers(
        results,
        names,
        enhanced=told.declared.enhanced,
        judged=judged,
        images=told.cohort.has_images,
    )


def snapshot_of(study: str) -> str:
    """Where the snapshot of a study is, relative to the project."""
    return f".github/{study}.json"


def compared(study: str) -> list[str]:
    """`drift` of a study that has run.

    Raises
    ------
    FileNotFoundError
        If there is no snapshot, or the study has not run.
    """
    path = store.path(snapshot_of(study))
    if not path.is_file():
        raise FileNotFoundError(
            f"{snapshot_of(study)}: no snapshot; `thyro drift {study} --renew` writes it from "
            f"results/{study}."
        )
    kept = json.loads(path.read_text(encoding="utf-8"))
    return drift(kept, _numbers_of(study))


def drift(snapshot: Mapping[str, Any], numbers: Mapping[str, tuple[float, float]]) -> list[str]:
    """A sentence for every number that moved beyond its tolerance, came or went; none is good."""
    kept, told = snapshot["numbers"], []
    for name, entry in kept.items():
        if name not in numbers:
            told.append(f"{name}: {entry['value']:g} in the snapshot, and now it is not there.")
            continue
        now, want, margin = numbers[name][0], entry["value"], entry["tolerance"]
        if not abs(now - want) <= margin + 5e-5:  # the snapshot is rounded; NaN is a drift
            told.append(f"{name}: {now:.4g}, expected {want:g} to within {margin:g}.")
    told += [f"{name}: not in the snapshot." for name in numbers if name not in kept]
    return told
