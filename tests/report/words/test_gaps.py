"""Words on imputation."""

from pathlib import Path

import pandas as pd

from thyro.report.words import gaps, study
from thyro.study import load_study

DEMO = load_study("demo", Path("params"))
DICTIONARY = {"ht": {"label": "Hashimoto thyroiditis"}, "margin": {"label": "Margin"}}


def test_what_was_empty_is_counted_in_training_and_by_outcome():
    rows = [
        (name, "train", y, n, k)
        for name, counts in {"ht": (10, 20), "margin": (20, 30)}.items()
        for (y, n), k in zip(((0, 200), (1, 100)), counts, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["variable", "cohort", "y", "n", "missing"])
    text = gaps.where(table, DICTIONARY)
    assert "Hashimoto thyroiditis 30 (10.0%) and margin 50 (16.7%)" in text
    assert "25.0% were empty among patients with the outcome and 7.5%" in text
    assert gaps.where(table[:0], DICTIONARY).startswith("No clinical cell")


def test_the_method_says_how_often_and_who_taught():
    text = gaps.method(DEMO)
    assert "filled 20 times" in text and f"seed {DEMO.compute.seed}" in text
    assert "training patients alone taught" in text and "no part where anyone was predicted" in text


def test_complete_patients_are_set_beside_all():
    row = {"n_imputed": 380, "n_complete": 280, "se_complete": 0.3, "se_imputed": 0.2, "fmi": 0.1}
    frame = pd.DataFrame([row | {"term": "ht", "level": ""}, row | {"term": "margin"}])
    frame = frame.assign(nomogram="Nomogram_C", estimate_imputed=1.0, estimate_complete=[1.1, 0.4])
    frame["level"] = ["", "Irregular"]
    text = gaps.complete_beside(frame, DICTIONARY)
    assert "Of 380 training patients 280 have no gap in the terms of Nomogram C" in text
    assert "1.50 times" in text and "of margin (Irregular), is 3.0 standard errors away" in text
    assert "at most 10.0%" in text


def test_patients_with_gaps_are_not_called_excluded():
    patients = pd.DataFrame({"split": ["train"] * 4 + ["test"] * 4, "y": [1, 0] * 4})
    flow = [{"label": "Assessed", "n": 8, "excluded": False, "unit": "patient"}]
    text = study.cohort(DEMO, {"variables": {}}, patients, flow)["missing"]
    assert text == (
        "Patients without the outcome were excluded and counted. Empty cells of clinical variables "
        "excluded nobody, and were imputed."
    )
    smoke = load_study("smoke", Path("params"))
    text = study.cohort(smoke, {"variables": {}}, patients, flow)["missing"]
    assert text.startswith("Patients without the outcome or a required clinical value were")
