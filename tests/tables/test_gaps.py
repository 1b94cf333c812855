"""Tables of gaps."""

import numpy as np
import pandas as pd

from thyro.tables.gaps import complete_cases, missing_cells


def test_gaps_have_a_column_for_each_cohort_and_outcome():
    frame = pd.DataFrame(
        {"variable": ["ht"] * 2, "cohort": ["train"] * 2, "y": [0, 1], "n": [40, 20]}
    ).assign(missing=[2, 0], share=[0.05, 0.0])
    shown = missing_cells(frame, {"ht": {"label": "Thyroiditis"}}, ["No LNM", "LNM"])
    assert list(shown) == ["Variable", "Training, No LNM (n = 40)", "Training, LNM (n = 20)"]
    assert shown.iloc[0].tolist() == ["Thyroiditis", "2 (5.00)", "0"]
    assert list(missing_cells(frame[:0], {}, ["No", "Yes"])) == ["Variable"]


def test_complete_patients_stand_beside_all():
    values = {"n": 80, "events": 30, "odds_ratio": 1.5, "ci_low": 1.2, "ci_high": 1.9}
    row = {f"{key}_complete": value for key, value in values.items()}
    row |= {f"{key}_imputed": value for key, value in (values | {"n": 100}).items()}
    absent = row | {f"{key}_complete": np.nan for key in values}
    frame = pd.DataFrame([row | {"level": np.nan}, absent | {"level": "Upper"}])
    frame = frame.assign(nomogram="Nomogram_C", term="age", fmi=[0.125, 0.2])
    shown = complete_cases(frame, {"age": "Age, years"})
    assert shown["Complete: patients (events)"].tolist() == ["80 (30)", "–"]
    assert shown["Complete: OR (95% CI)"].tolist() == ["1.50 (1.20–1.90)", "–"]
    assert shown["Imputed: patients (events)"].tolist() == ["100 (30)"] * 2
    assert shown["Missing information"].tolist() == ["12.5%", "20.0%"]
    assert shown["Level"].tolist() == ["", "Upper"]
