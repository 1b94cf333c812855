"""The table of performance of the main text."""

import numpy as np
import pandas as pd
import pytest

from thyro import statistics
from thyro.tables import overview


@pytest.fixture
def patients():
    rng = np.random.default_rng(3)
    y = pd.Series(np.tile([0, 0, 1], 60))
    split = pd.Series(np.repeat(["train", "test", "external"], 60))
    scores = pd.DataFrame({"B": y + rng.normal(size=180), "A": y + rng.normal(size=180)})
    return y, scores.assign(Reader=(scores["A"] > 0.8).astype(int)), split


def test_training_is_told_within_folds_and_a_reading_as_it_is(patients):
    measured = statistics.performance_table(*patients, level=0.9)
    folded = pd.DataFrame({"model": ["B", "A"], "auc": [0.6, 0.7]})
    folded = folded.assign(ci_low=0.5, ci_high=0.8)
    of = measured[measured["model"].ne("Reader")]
    compared = statistics.by_recipe.two_by_two(of, of, folded)
    shown = overview(measured, compared, level=0.9).set_index("Model")
    assert list(shown.index) == ["B", "A", "Reader"]
    assert list(shown.columns) == [
        "AUC (90% CI), training, cross-fitted",
        "AUC (90% CI), test",
        "AUC (90% CI), external",
        "Sensitivity (90% CI), test",
        "Specificity (90% CI), test",
    ]
    assert shown.iloc[:2, 0].tolist() == ["0.600 (0.500–0.800)", "0.700 (0.500–0.800)"]
    rows = measured.set_index(["model", "cohort"])
    reader = rows.loc[("Reader", "train")]
    assert shown.iloc[2, 0] == f"{reader.auc:.3f} ({reader.ci_low:.3f}–{reader.ci_high:.3f})"
    assert shown.loc["A"].iloc[3].startswith(f"{rows.loc[('A', 'test'), 'sensitivity']:.3f} (")


def test_training_patients_who_fitted_the_nomograms_are_left_out(patients):
    y, scores, split = patients
    inside = split.ne("external")
    measured = statistics.performance_table(y[inside], scores[inside], split[inside])
    headings = list(overview(measured).columns)
    assert headings[:2] == ["Model", "AUC (95% CI), test"]
    assert not [name for name in headings if "training" in name or "external" in name]
