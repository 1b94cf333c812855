"""Tables of the cohort: what is recorded, what is marked."""

import re

import numpy as np
import pandas as pd
import pytest

from thyro.tables import cohort

DICTIONARY = {
    "age": {"label": "Age", "unit": "years", "kind": "continuous"},
    "margin": {"label": "Margin", "kind": "categorical"},
}


def test_missing_counts_each_variable_and_the_complete_patients():
    patients = pd.DataFrame(
        {"age": [40.0, np.nan, 50.0, 61.0], "margin": [None, None, "Smooth", "Smooth"]}
    )
    table = cohort.missing(patients, ["age", "margin"], DICTIONARY)
    assert list(table.columns) == ["Characteristic", "Recorded (n = 4)", "Missing"]
    assert table.to_numpy().tolist() == [
        ["Age, years", "3 (75.00)", "1 (25.00)"],
        ["Margin", "2 (50.00)", "2 (50.00)"],
        ["All of these", "2 (50.00)", "2 (50.00)"],
    ]
    with pytest.raises(
        ValueError, match=re.escape("variables: expected columns of patients, found no ['size'].")
    ):
        cohort.missing(patients, ["age", "size"], DICTIONARY)


def test_flags_are_counted_one_by_one_and_together():
    examined = pd.DataFrame(
        {
            "sharpness": [3.0, 9.0, 8.0, 7.0],
            "duplicate": [False, False, False, True],
            "blur": [True, False, False, True],
            "size": [False] * 4,
        }
    )
    sentences = {"blur": "less sharp than 5", "duplicate": "same pixels", "size": "too large"}
    table = cohort.flags(examined, sentences)
    assert list(table.columns) == ["Flag", "Images (n = 4)", "Meaning"]
    assert table.to_numpy().tolist() == [
        ["Blur", "2 (50.00)", "less sharp than 5"],
        ["Duplicate", "1 (25.00)", "same pixels"],
        ["Size", "0", "too large"],
        ["Any flag", "2 (50.00)", ""],
    ]
    with pytest.raises(ValueError, match="examined: .*'text'"):
        cohort.flags(examined, {"text": "beside the scan"})
