"""Sentences on models of given features, by what the results say."""

import pandas as pd
import pytest

from thyro.report.words import feature_models

LOG = pd.DataFrame(
    {
        "signature": ["radiomics"] * 3 + ["deep"] * 2,
        "step": ["kept", "LASSO", "Spearman", "kept", "kept"],
    }
)


def test_families_and_what_is_left_of_them():
    assert feature_models.families(LOG) == "3 features (radiomics) and 2 features (deep)"
    assert feature_models.selected(LOG) == (
        "Of 3 features of radiomics 1 remained and of 2 features of deep 2 remained."
    )


@pytest.mark.parametrize(
    ("by_test", "words"),
    [
        ("a_SVM", "it has the highest in the test cohort, too."),
        ("a_KNN", "the test cohort, which must not choose, would have chosen a_KNN."),
    ],
)
def test_the_choice_is_that_of_training(by_test, words):
    ranked = pd.DataFrame(
        {
            "model": ["a_SVM", "a_KNN"],
            "auc_out_of_fold": [0.8, 0.7],
            "ci_low": [0.7, 0.6],
            "ci_high": [0.9, 0.8],
            "chosen": [True, False],
        }
    )
    ranked["chosen_by_test"] = ranked["model"].eq(by_test)
    told = feature_models.choice(ranked)
    assert told.startswith("Cross-fitted in training, a_SVM has the highest AUC, 0.800 (0.700")
    assert told.endswith(words)


def test_divisions_and_what_they_find_in_nothing():
    summary = {"a_SVM": {"low": 0.6, "median": 0.7, "high": 0.8}}
    assert feature_models.held_out(summary) == (
        "the AUC of a_SVM was 0.700 in the median (0.600–0.800)"
    )
    null = pd.DataFrame({"test": [0.49, 0.51], "train": [0.9, 0.8]})
    told = feature_models.permuted(null)
    assert "lies between 0.490 and 0.510; in-sample it reaches 0.900" in told
    assert "is 0.490;" in feature_models.permuted(null[:1])
