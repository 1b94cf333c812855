"""The published numbers, against the implementations that must reproduce them."""

import numpy as np
import pandas as pd
import pytest

from thyro.report import published
from thyro.statistics import group_tests

FOLDER = "report/published"
TABLE_1 = published.published_table_1(FOLDER)
CATEGORICAL = list(TABLE_1.loc[TABLE_1["kind"] == "categorical", "variable"].unique())


def as_patients(variable):
    """One row per patient from the printed counts: level and cohort."""
    rows = TABLE_1[(TABLE_1["variable"] == variable) & (TABLE_1["cohort"] != "all")]
    level = pd.Categorical(
        np.repeat(rows["level"], rows["n"].astype(int)), list(dict.fromkeys(rows["level"]))
    )
    return level, np.repeat(rows["cohort"].to_numpy(), rows["n"].astype(int))


@pytest.mark.parametrize("variable", CATEGORICAL)
def test_printed_counts_give_the_printed_p_value(variable):
    # Li et al. 2024, Table 1: Yates for two by two tables, Pearson for larger ones (R chisq.test).
    level, cohort = as_patients(variable)
    printed = TABLE_1.loc[TABLE_1["variable"] == variable, "p_value"].iloc[0]
    got = group_tests.group_test(level, cohort)
    assert got.test == "chi2"
    assert got.p_value == pytest.approx(printed, abs=0.0005)


def test_table_1_is_complete():
    assert len(CATEGORICAL) == 15
    counts = TABLE_1[TABLE_1["kind"] == "categorical"]
    totals = counts.groupby(["variable", "cohort"])["n"].sum().unstack()
    assert (totals == [544, 164, 380]).all(axis=None)
    printed = counts.dropna(subset="percent")
    share = 100 * printed["n"] / printed["cohort"].map({"all": 544, "test": 164, "train": 380})
    assert len(printed) == 127
    assert (share - printed["percent"]).abs().max() <= 0.005 + 1e-9
    age = TABLE_1.query("variable == 'Age' and cohort == 'train'").iloc[0]
    assert (age["mean"], age["sd"], age["level"]) == (42.75, 11.40, "")


def test_all_21_intervals_are_symmetric():
    table = pd.concat([published.published_table_2(FOLDER), published.published_nomograms(FOLDER)])
    assert len(table) == 21
    middle = (table["ci_low"] + table["ci_high"]) / 2
    assert (middle - table["auc"]).abs().max() <= 0.00055


def test_nomograms_print_the_test_cohort_only():
    table = published.published_nomograms(FOLDER).set_index("model")
    assert list(table.index) == ["Nomogram_A", "Nomogram_B", "Nomogram_C"]
    assert table.loc["Nomogram_A", ["auc", "ci_low", "ci_high", "accuracy"]].tolist() == [
        *(0.930, 0.8913, 0.9682, 0.829)
    ]
    assert (table["cohort"] == "test").all() and table["f1"].isna().all()


def test_a_wrong_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="paper_reference.yml"):
        published.published_table_2(tmp_path)


def test_the_sizes_are_those_of_the_text():
    assert published.published_sizes(FOLDER) == {"all": 544, "train": 380, "test": 164}


def test_what_is_kept_of_the_publication_is_one_file():
    assert published.reference(FOLDER)["about"]["doi"] == "10.1007/s12672-024-01601-0"
    with pytest.raises(FileNotFoundError, match="report/published"):
        published.reference("tests")
