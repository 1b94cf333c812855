"""Tables of measures: what stands in a cell, and in which order."""

import numpy as np
import pandas as pd

from thyro.tables import measures

ENDS = {"ci_low": 0.01, "ci_high": 0.2}


def test_calibration_has_a_row_per_model_and_cohort():
    rows = [
        {"model": model, "cohort": cohort, "measure": name, "estimate": 0.1 + k, **ENDS}
        for model in ("B", "A")
        for cohort in ("train", "test")
        for k, name in enumerate(measures.CALIBRATION)
    ]
    table = measures.calibrated(pd.DataFrame(rows), level=0.9)
    assert table["Model"].tolist() == ["B", "B", "A", "A"]
    assert table["Cohort"].tolist() == ["Train", "Test"] * 2
    assert list(table)[2:4] == ["In the large (90% CI)", "Slope (90% CI)"]
    assert table.loc[3, "Slope (90% CI)"] == "1.10 (0.01–0.20)"
    assert table.loc[3, "ICI (90% CI)"] == "3.100 (0.010–0.200)"


def test_a_slope_that_is_not_defined_is_a_dash():
    rows = [
        {"model": "A", "cohort": "test", "measure": name, "estimate": np.nan, **ENDS}
        for name in measures.CALIBRATION
    ]
    assert measures.calibrated(pd.DataFrame(rows)).loc[0, "Slope (95% CI)"] == "–"


def test_both_cut_offs_say_what_they_were_chosen_for():
    row = {"protocol": "sound", "model": "A", "cohort": "external", "threshold": 0.3}
    row |= {"sensitivity": 0.8, "sensitivity_low": 0.7, "sensitivity_high": 0.9, "ppv": 0.5}
    row |= {"specificity": 0.6, "specificity_low": 0.5, "specificity_high": 0.7, "npv": np.nan}
    table = measures.cutoffs(pd.DataFrame([row | {"aimed_at": aim} for aim in (np.nan, 0.9)]))
    assert table["Cut-off"].tolist() == ["Youden", "Sensitivity 90%"]
    assert table.loc[0, "Sensitivity (95% CI)"] == "0.800 (0.700–0.900)"
    assert table.loc[0, "NPV"] == "–" and table.loc[0, "Protocol"] == "Sound"
    scores = pd.DataFrame([row | {"aimed_at": np.nan, "protocol": "paper"}])
    assert "Protocol" not in measures.cutoffs(scores)  # a score is made by no recipe


def test_a_difference_of_net_benefit_keeps_its_sign():
    row = {"model_a": "A", "model_b": "B", "cohort": "test", "threshold": 0.1}
    row |= {"benefit_a": 0.1, "benefit_b": 0.12, "difference": -0.02, "ci_low": -0.05}
    table = measures.net_benefit(pd.DataFrame([row | {"ci_high": 0.01}]))
    assert table.loc[0, "Difference (95% CI)"] == "−0.020 (−0.050 to 0.010)"
    assert table.loc[0, "Threshold"] == "10%"


def test_the_reader_and_the_score_stand_side_by_side():
    row = {"model": "A", "cohort": "test", "specificity": 0.71, "reader_specificity": 0.7}
    row |= {"sensitivity": 0.6, "reader_sensitivity": 0.5, "difference": 0.1, "p_value": 0.0004}
    row |= ENDS | {"score_only": 3, "reader_only": 2}
    table = measures.reader(pd.DataFrame([row]))
    assert table.loc[0, "Found by one alone"] == "3 and 2"
    assert table.loc[0, "P (McNemar)"] == "<0.001"


def test_splits_say_how_often_nothing_was_gained():
    row = {"model_a": "A", "model_b": "B", "splits": 100, "difference": 0.02, "p_value": 0.4}
    table = measures.splits(pd.DataFrame([row | ENDS | {"not_above": 0.38}]))
    assert table.loc[0, "At or below zero"] == "38%" and table.loc[0, "Splits"] == "100"
