"""What is left of a source: its patients as later notebooks read them, and their files."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from thyro.cohort.flow import Flow
from thyro.cohort.ingested import Ingested, parts_of

FILES = {"image": "i", "mask": "m", "second_mask": "m2"}


def ingested(*, files=FILES, scores=()):
    """Two patients of three rows; the second has one reader and no pixel size."""
    frame = pd.DataFrame({"y": [1.0, 0.0], "age": [40.0, 50.0], "Deep": [0.5, 0.25]}, index=[0, 2])
    flags = pd.DataFrame(
        {
            "row_mm": [0.1, 0.2, np.nan],
            "column_mm": [0.3, 0.2, np.nan],
            "second_reader": [True, True, False],
        }
    )
    source = SimpleNamespace(score_columns=dict.fromkeys(scores), centre_column="")
    opened = SimpleNamespace(files=files, variables=[{"name": "age"}], source=source)
    ids = pd.Series(["PA", "PB"], index=[0, 2])
    cases = None if scores else [None] * 3
    return Ingested(opened, None, Flow(frame), ids, flags, cases, None, None, None)


def test_patients_have_files_under_their_pseudonym_and_sizes():
    patients = ingested().patients("external", "results/s/00_cohort")
    assert patients["patient_id"].tolist() == ["PA", "PB"]
    assert patients["split"].tolist() == ["external"] * 2
    assert patients["image"].tolist() == [f"results/s/00_cohort/images/P{x}.png" for x in "AB"]
    assert patients["mask_2"].tolist()[0] == "results/s/00_cohort/masks_2/PA.png"
    assert patients["mask_2"].isna().tolist() == [False, True]
    assert patients["spacing_mm"].tolist() == [[0.1, 0.3], [1.0, 1.0]]  # not known: pixels
    assert patients["spacing_known"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("files", "parts"),
    [
        (FILES, ["image", "mask", "mask_2"]),
        ({"image": "i", "mask": "m", "frame": "f"}, ["image", "mask"]),
        ({}, []),
    ],
)
def test_a_source_has_the_parts_that_its_table_names(files, parts):
    assert parts_of(ingested(files=files).opened) == parts


def test_files_are_those_of_the_patients_who_have_the_part():
    assert ingested().files("mask") == {0: "PA.png", 2: "PB.png"}
    assert ingested().files("mask_2") == {0: "PA.png"}


def test_scores_are_predictions_of_their_model_in_the_order_of_the_patients():
    scores = ingested(files={}, scores=["Deep"]).scores()
    assert scores[["patient_id", "model", "p", "protocol"]].to_numpy().tolist() == [
        ["PA", "Deep", 0.5, "paper"],
        ["PB", "Deep", 0.25, "paper"],
    ]
    assert scores["fold"].isna().all()
