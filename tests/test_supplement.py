"""Tables beside the results: the feature list, the published numbers, their audit."""

import numpy as np
import pandas as pd

from thyro import paper, profiles, supplement


def test_the_feature_table_counts_every_feature_once():
    described = profiles.PAPER.describe()
    table = supplement.features(described, profiles.PAPER.degenerate()).set_index("Class")
    assert table.loc["All", "Features"] == "1561" and table.loc["All", "Degenerate"] == "366"
    counts = table["Features"].drop("All").astype(int)
    assert counts.sum() == 1561 and counts["First order"] == 17 * 18 and counts["Shape"] == 14
    assert "SumAverage" not in table.loc["Grey level co-occurrence (GLCM)", "Names"]


def test_the_audit_lists_every_check():
    table = supplement.audit(paper.audit_findings("report/published"))
    assert len(table) == 48 and (table["Verdict"] == "inconsistent").sum() == 24


def test_published_keeps_models_that_only_one_side_has():
    printed = pd.DataFrame(
        {"model": ["SR_SVM", "Radiologist"], "cohort": "test", "auc": [0.878, 0.783]}
        | {"ci_low": [0.8203, 0.709], "ci_high": [0.9358, 0.8572], "accuracy": [0.854, 0.787]}
    )
    here = printed.iloc[:1].assign(auc=0.9, ci_low=0.85, ci_high=0.95, accuracy=np.nan)
    table = supplement.published(printed, here, comparable="no: simulated data")
    assert list(table["AUC (95% CI), paper"]) == ["0.878 (0.820–0.936)", "0.783 (0.709–0.857)"]
    assert list(table["AUC (95% CI), here"]) == ["0.900 (0.850–0.950)", "–"]
    here = pd.concat([here, printed.assign(cohort="train")])
    both = supplement.published(printed, here, comparable="no")
    assert list(both["Model"]) == ["SR_SVM", "SR_SVM", "Radiologist", "Radiologist"]
    assert list(both["Cohort"]) == ["Train", "Test", "Train", "Test"]
    assert list(table["Accuracy, here"]) == ["–", "–"]
    assert set(table["Comparable?"]) == {"no: simulated data"}
