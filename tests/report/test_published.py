"""The published numbers, against the implementations that must reproduce them."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from thyro.report import published
from thyro.statistics import classification, group_tests

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


def test_confusion_matrices_return_table_2():
    printed = published.published_table_2(FOLDER).merge(published.published_confusion(FOLDER))
    assert len(printed) == 18
    for row in printed.itertuples():
        got = classification.metrics_from_counts(row.tp, row.fn, row.fp, row.tn)
        assert (got.tp + got.fn, got.fp + got.tn) in {(128, 252), (45, 119)}
        for name in ("accuracy", "sensitivity", "specificity", "ppv", "npv"):
            assert getattr(got, name) == pytest.approx(getattr(row, name), abs=0.0005)
        if row.model == "Radiologist":  # printed twice as 0.682, right in neither cohort
            assert row.f1 == 0.682
            assert got.f1 == pytest.approx({"train": 0.736, "test": 0.624}[row.cohort], abs=0.0005)
        else:
            assert got.f1 == pytest.approx(row.f1, abs=0.0005)


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


def test_audit_has_its_48_checks():
    audit = published.audit_findings(FOLDER)
    assert audit["id"].is_unique
    assert audit["verdict"].value_counts().to_dict() == {
        "inconsistent": 24,
        "consistent": 17,
        "cannot tell": 7,
    }
    assert audit[["where", "topic", "printed", "implied"]].notna().all(axis=None)


def test_a_wrong_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="paper_reference.yml"):
        published.published_table_2(tmp_path)


def test_the_one_printed_comparison():
    assert published.published_delong_p(FOLDER) == 0.013


def test_the_facts_follow_from_the_printed_numbers():
    facts = published.published_facts(FOLDER)
    assert facts["n"] == {"all": 544, "test": 164, "train": 380}
    assert facts["outcome"] == {"table1": 162, "location": 165, "table2": 173}
    assert facts["suspected"] == {"table1": 182, "table2": 170}
    # 2TP / (2TP + FP + FN) of the confusion matrices, by hand
    confusion = published.published_confusion(FOLDER).set_index(["model", "cohort"])
    for cohort in ("train", "test"):
        tp, fn, fp = confusion.loc[("Radiologist", cohort), ["tp", "fn", "fp"]]
        assert facts["radiologist_f1"][cohort] == pytest.approx(2 * tp / (2 * tp + fp + fn))
    assert facts["radiologist_f1"]["printed"] == 0.682
    # Holm: the smallest of m p values is multiplied by m (statsmodels, multipletests).
    adjusted = multipletests([facts["delong_p"], 0.5, 0.5, 0.5], method="holm")[1][0]
    assert facts["delong_p_holm"] == pytest.approx(adjusted)
    assert facts["chosen"] == published.published_choice(FOLDER) == "SR_SVM"
    assert (facts["auc"]["SR_SVM"], facts["auc"]["Nomogram_C"]) == (0.878, 0.88)
