"""Two studies in a table: both AUCs, their difference, and which test it was."""

import pandas as pd

from thyro.tables import between_studies

ROW = {
    "protocol": "sound",
    "model": "OR_SVM",
    "cohort": "test",
    **{"n_a": 164, "events_a": 42, "auc_a": 0.8, "ci_low_a": 0.7, "ci_high_a": 0.9},
    **{"n_b": 1204, "events_b": 90, "auc_b": 0.75, "ci_low_b": 0.6, "ci_high_b": 0.85},
    "design": "paired, patients in common",
    "common": 60,
    "difference": 0.05,
    "difference_low": -0.02,
    "difference_high": 0.12,
    "p_value": 0.0004,
}
ALONE = ROW | {"cohort": "external", "design": "unpaired", "common": 0, "p_value": float("nan")}


def test_a_row_holds_both_studies_and_their_difference():
    shown = between_studies(pd.DataFrame([ROW, ALONE]), ("old", "new"))
    assert shown.iloc[0].tolist() == [
        "OR_SVM",
        "Test",
        "164 (42)",
        "0.800 (0.700–0.900)",
        "1,204 (90)",
        "0.750 (0.600–0.850)",
        "0.050 (−0.020 to 0.120)",
        "<0.001",
        "paired, patients in common (60)",
    ]
    assert list(shown)[2:4] == ["old: patients (events)", "old: AUC (95% CI)"]
    assert shown.iloc[1, -2:].tolist() == ["–", "unpaired"]


def test_recipes_are_named_where_there_are_several():
    shown = between_studies(pd.DataFrame([ROW, ROW | {"protocol": "paper"}]), ("old", "new"))
    assert shown["Recipe"].tolist() == ["Sound, cross-fitted", "Classical, in-sample"]
    given = between_studies(pd.DataFrame([ROW, ROW | {"protocol": "given"}]), ("old", "new"))
    assert given["Recipe"].tolist() == ["Sound, cross-fitted", "given"]
