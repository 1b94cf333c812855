"""Features that others measured: joined by id, and refused where they cannot be used."""

import numpy as np
import pandas as pd
import pytest

from thyro.cohort import feature_tables
from thyro.cohort.sources import Opened
from thyro.study import Source

IDS = pd.Series(["a", "b", "c", "d"])
MAIN = pd.DataFrame(
    {"id": IDS, "y": ["1", "0", "1", "0"], "f_1": ["1", "2", "3", ""], "f_2": ["4", "4", "5", "6"]}
)


def opened(**family):
    source = Source(
        source="folder",
        table="t.csv",
        id_column="id",
        outcome_column="y",
        features={"radiomics": {"columns": ["f_*"]} | family},
    )
    return Opened("cohort", source, MAIN)


def read(tmp_path, other=None, **family):
    if other is not None:
        other.to_csv(tmp_path / "other.csv", index=False)
        family = {"table": "other.csv"} | family
    found, problems = feature_tables.read_families(opened(**family), str(tmp_path), IDS)
    return found["radiomics"], [str(line) for line in problems]


def other_table(**columns):
    rows = {"id": ["d", "b", "a", "c"], "f_1": [4.0, 2, 1, 3], "diagnostics_f": [0] * 4}
    return pd.DataFrame(rows | columns)


def test_columns_of_the_cohorts_own_table_by_pattern(tmp_path):
    values, problems = read(tmp_path)
    assert problems == [] and list(values) == ["f_1", "f_2"]
    np.testing.assert_array_equal(values["f_1"], [1, 2, 3, np.nan])
    values, problems = read(tmp_path, without=["*_2"])
    assert problems == [] and list(values) == ["f_1"]


def test_rows_of_another_table_are_joined_by_id(tmp_path):
    values, problems = read(tmp_path, other_table())
    assert problems == [] and values.index.equals(IDS.index)
    np.testing.assert_array_equal(values["f_1"], [1, 2, 3, 4])
    renamed = other_table().rename(columns={"id": "case"})
    assert read(tmp_path, renamed, id_column="case")[0].equals(values)


def test_the_outcome_is_no_feature(tmp_path):
    values, problems = read(tmp_path, columns=["*"])
    (line,) = problems
    assert "`columns` also match 'id', 'y', which the study reads as something else" in line
    assert "y" not in values


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"f_1": ["4", "two", "1", "3"]}, "row 3: f_1: 'two', expected a number with a decimal"),
        ({"f_1": ["4", "inf", "1", "3"]}, "row 3: f_1: 'inf', expected a number; leave the cell"),
        ({"f_1": ["4", "1e999", "1", "3"]}, "row 3: f_1: '1e999', expected a number"),
        ({"id": ["d", "b", "a", "a"]}, "row 4, 5: the same patient; a patient has one row of"),
        ({"id": ["d", "b", "a", "e"]}, "row 4: of t.csv: no features have this id"),
        ({"id": ["d", "b", "a", "e"]}, "row 5: no patient of t.csv has this id"),
        ({"f_1": [2.5] * 4}, "each of the 1 features has one value in all patients"),
        ({"id": ["d", "b", "a", ""]}, "row 5: id: empty, expected an id"),
    ],
)
def test_what_cannot_be_is_told_with_its_rows(change, message, tmp_path):
    problems = read(tmp_path, other_table(**change))[1]
    assert any(f"features of radiomics, other.csv: {message}" in line for line in problems), (
        problems
    )


def test_a_pattern_that_matches_nothing_and_an_id_that_is_not_there(tmp_path):
    problems = read(tmp_path, other_table(), columns=["original_*"])[1]
    assert (
        "no column is called like 'original_*'. There are: id, f_1, diagnostics_f." in problems[0]
    )
    problems = read(tmp_path, other_table(), id_column="case")[1]
    assert "there is no column 'case' with the ids" in problems[0]


def test_features_go_under_pseudonyms():
    named = pd.Series(["p1", "p2"], index=[3, 0])
    table = pd.DataFrame({"f": [1.0, 2, 3, 4]})
    found = feature_tables.by_patient({"radiomics": table}, named)["radiomics"]
    assert found["f"].to_dict() == {"p1": 4.0, "p2": 1.0} and found.index.name == "patient_id"
