"""What `thyro check` says of tables without images: everything at once, and nothing is written."""

import numpy as np
import pandas as pd
import pytest

from thyro.cohort import CohortError, check_tables
from thyro.study import Cohort

N = 60
TABLE = pd.DataFrame(
    {
        "id": [f"p{i}" for i in range(N)],
        "y": np.tile([0, 1], N // 2),
        "p": np.linspace(0.01, 0.99, N).astype(str),
        "call": ["1", "0"] * (N // 2),
        "set": ["int"] * 30 + ["ext"] * 30,
    }
)
SCORES = {"P": {"column": "p", "kind": "probability"}, "R": {"column": "call", "kind": "reading"}}
KEPT = {"column": "p", "at_most": 1, "label": "prediction above one", "kind": "inclusion"}


def checked(folder, table=TABLE, **keys):
    table.to_csv(folder / "t.csv", index=False)
    cohort = {"source": "folder", "table": "t.csv", "id_column": "id", "outcome_column": "y"}
    named = {"split": "column", "split_column": "set", "cohorts": {"int": "near", "ext": "far"}}
    given = Cohort(**(cohort | {"scores": SCORES} | named | keys))
    return check_tables({"cohort": given}, data_dir=str(folder))


def with_cells(**cells):
    table = TABLE.copy()
    for name, (row, value) in cells.items():
        table.loc[row - 2, name] = value
    return table


def test_a_table_that_is_right_has_no_notes_and_leaves_no_file(tmp_path):
    assert checked(tmp_path) == []
    assert [file.name for file in tmp_path.iterdir()] == ["t.csv"]


def test_every_wrong_cell_is_named_with_row_and_value(tmp_path):
    with pytest.raises(CohortError) as error:
        checked(tmp_path, with_cells(p=(4, "1.7"), call=(9, "2")))
    assert str(error.value).splitlines()[1:] == [
        "  row 4: p: '1.7', expected a number from 0 to 1",
        "  row 9: call: '2', expected 1, 0 or empty",
    ]


def test_a_cell_of_an_excluded_row_is_named_and_does_not_stop(tmp_path):
    table = with_cells(p=(4, "4971810103157930"))
    (note,) = checked(tmp_path, table, criteria=[KEPT])
    assert note == (
        "row 4: p: '4971810103157930', expected a number from 0 to 1; a criterion excludes it"
    )


def test_a_cohort_that_is_named_and_empty_is_refused(tmp_path):
    named = {"int": "near", "ext": "far", "third": "later"}
    with pytest.raises(CohortError, match="set: no patient of the cohort later"):
        checked(tmp_path, cohorts=named)


def test_features_that_do_not_join_are_told_from_both_sides(tmp_path):
    other = pd.DataFrame({"id": [f"p{i}" for i in range(1, N + 1)], "f": np.arange(N) / 7})
    other.to_csv(tmp_path / "other.csv", index=False)
    family = {"radiomics": {"table": "other.csv", "columns": ["f"]}}
    with pytest.raises(CohortError) as error:
        checked(tmp_path, scores={}, features=family, split="random", split_column="", cohorts={})
    told = str(error.value)
    assert "other.csv: row 2: of t.csv: no features have this id" in told
    assert "other.csv: row 61: no patient of t.csv has this id" in told
