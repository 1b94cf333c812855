"""What Table 1 rests on: descriptions, tests and distances, unrounded."""

import numpy as np
import pandas as pd
import pytest

from thyro.statistics.baseline import COLUMNS, baseline_comparison
from thyro.statistics.group_tests import group_test, standardised_difference

MARGIN = {"name": "margin", "kind": "categorical", "levels": ["Smooth", "Irregular", "Extension"]}
AGE = {"name": "age", "kind": "continuous", "label": "Age", "unit": "years"}


@pytest.fixture
def patients():
    rng = np.random.default_rng(3)
    n = 120
    return pd.DataFrame(
        {
            "y": rng.integers(0, 2, n),
            "split": np.where(np.arange(n) < 84, "train", "test"),
            "age": rng.normal(43, 11, n),
            "margin": pd.Categorical.from_codes(rng.integers(0, 2, n), MARGIN["levels"]),
        },
        index=rng.permutation(n),
    )


def rows(table, variable, row):
    chosen = table["variable"].eq(variable) & table["row"].eq(row)
    return table[chosen].set_index(["level", "group"])


def test_groups_are_described_and_compared_at_full_precision(patients):
    patients.iloc[:7, patients.columns.get_loc("age")] = np.nan
    table = baseline_comparison(patients, [AGE, MARGIN])
    assert list(table.columns) == COLUMNS
    train = patients.loc[patients["split"].eq("train"), "age"]
    summary = rows(table, "age", "summary").loc["", "Train"]
    assert (summary["mean"], summary["sd"]) == (train.mean(), train.std())
    assert (summary["n_group"], summary["n"], summary["kind"]) == (84, 77, "continuous")
    assert rows(table, "age", "missing")["count"].to_dict() == {
        ("", "All"): 7,
        ("", "Test"): 0,
        ("", "Train"): 7,
    }
    known = patients.dropna(subset="age")
    want = group_test(known["age"], known["split"])
    assert (summary["test"], summary["p_value"]) == (want.test, want.p_value)
    assert summary["difference"] == standardised_difference(known["age"], known["split"])
    counts = rows(table, "margin", "level")["count"]
    assert counts["Smooth", "Test"] + counts["Irregular", "Test"] == 36
    assert counts["Extension", "All"] == 0  # declared, and nobody's


def test_fisher_stands_where_an_expected_count_is_below_5(patients):
    common = baseline_comparison(patients, [MARGIN]).iloc[0]
    assert common["fisher"] == "" and np.isnan(common["p_fisher"])
    patients["margin"] = ["Extension", *["Smooth", "Irregular"] * 59, "Smooth"]
    rare = baseline_comparison(patients, [MARGIN]).iloc[0]
    exact = group_test(patients["margin"], patients["split"], test="fisher").p_value
    assert (rare["test"], rare["fisher"], rare["p_fisher"]) == ("chi2", "exact", exact)


def test_nothing_to_compare_is_no_test(patients):
    table = baseline_comparison(patients.assign(age=1.0), [AGE])
    assert set(table["test"]) == {""} and table[["p_value", "difference"]].isna().all(axis=None)
    unknown = baseline_comparison(patients.assign(margin=None), [{"name": "margin"}])
    assert list(unknown["row"].unique()) == ["summary", "missing"]
    assert baseline_comparison(patients, []).columns.tolist() == COLUMNS


def test_a_third_group_is_described_and_compared_with_nobody(patients):
    other = patients.head(30).assign(split="external", age=90.0)
    table = baseline_comparison(pd.concat([patients, other]), [AGE])
    alone = baseline_comparison(patients, [AGE])
    pd.testing.assert_frame_equal(table[table["group"].ne("External")], alone)
    assert rows(table, "age", "summary").loc[("", "External"), "mean"] == 90


def test_a_table_of_numbers_and_levels_survives_parquet(patients, tmp_path):
    table = baseline_comparison(patients, [AGE, MARGIN, {"name": "y", "kind": "categorical"}])
    table.to_parquet(tmp_path / "table.parquet")
    back = pd.read_parquet(tmp_path / "table.parquet")
    assert back["difference"].tolist() == table["difference"].tolist()
    assert rows(back, "y", "level").index.get_level_values("level").unique().tolist() == [
        "No",
        "Yes",
    ]
