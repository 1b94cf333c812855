"""Empty cells are counted, and a variable that nobody has is named."""

import numpy as np
import pandas as pd

from tests.cohort.test_levels import Opened
from thyro.cohort.flow import Flow
from thyro.cohort.gaps import check_gaps, missing_cells
from thyro.cohort.ingested import Ingested


def patients():
    frame = pd.DataFrame({"split": ["train"] * 4 + ["external"] * 2 + ["test"] * 2})
    frame["y"] = [1, 1, 0, 0, 1, 0, 1, 0]
    frame["size"] = [np.nan, 1, 2, np.nan, 3, np.nan, 4, 5]
    return frame.assign(age=50.0)


def test_empty_cells_by_variable_cohort_and_outcome():
    table = missing_cells(patients(), ["age", "size"])
    assert table["variable"].eq("size").all()  # age has no gap
    assert list(zip(table["cohort"], table["y"], strict=True)) == [
        *(("train", 0), ("train", 1), ("test", 0), ("test", 1), ("external", 0), ("external", 1)),
    ]
    assert table["missing"].tolist() == [1, 1, 0, 0, 1, 0]
    assert table["share"].iloc[0] == 0.5


def test_without_a_gap_there_are_no_rows():
    table = missing_cells(patients(), ["age"])
    assert table.empty and list(table)[:3] == ["variable", "cohort", "y"]


def test_a_variable_that_is_empty_in_training_is_named():
    frame = patients().assign(calcification="No").rename(columns={"size": "more"})
    frame["less"] = np.where(frame["split"].eq("train"), np.nan, 1.0)
    opened = Opened("more", "less")
    one = Ingested(opened, frame, Flow(frame), None, pd.DataFrame(), None, None, None, None)
    lines = check_gaps({"cohort": one}, frame["split"])
    assert len(lines) == 1 and lines[0].startswith("less: empty for all 4 training patients")
    opened.variables[-1]["required"] = False
    assert check_gaps({"cohort": one}, frame["split"]) == []
