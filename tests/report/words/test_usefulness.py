"""What is said of calibration, net benefit and the reader follows from their tables."""

from pathlib import Path

import pandas as pd
import pytest

from thyro.report.words import usefulness
from thyro.study import load_study

MEASURED = pd.DataFrame(
    [
        (model, cohort, name, value, value - 0.1, value + 0.1)
        for cohort in ("train", "test", "external")
        for model in ("Nomogram_A", "Nomogram_C")
        for name, value in {"citl": 0.05, "slope": 0.95, "observed_expected": 1.0}.items()
    ],
    columns=["model", "cohort", "measure", "estimate", "ci_low", "ci_high"],
)
TESTED = pd.DataFrame(
    {"model": ["Nomogram_A", "Nomogram_A", "Nomogram_C"], "cohort": ["train", "test", "test"]}
).assign(p_value=[0.9, 0.0004, 0.2])


def test_calibration_is_told_with_its_intervals():
    made = usefulness.calibration(MEASURED, TESTED)
    assert made["test"] == (
        "of Nomogram_A: in the large 0.05 (−0.05 to 0.15), slope 0.95 (0.85–1.05), O:E 1.00 "
        "(0.90–1.10)"
    )
    assert made["test_verdict"] == made["external_verdict"]
    assert made["test_verdict"] == "Of no nomogram does an interval exclude the ideal value."
    assert made["updated"].startswith("Dashed, in the external cohort: the same predictions after")
    assert made["hosmer"] == "p < 0.001 (Nomogram_A) and p = 0.200 (Nomogram_C)"


def test_what_an_interval_excludes_is_named():
    off = MEASURED.copy()
    off.loc[off["measure"].eq("slope") & off["model"].eq("Nomogram_C"), "ci_high"] = 0.99
    off.loc[off["measure"].eq("citl") & off["cohort"].eq("train"), "ci_low"] = 0.01
    off.loc[off["measure"].eq("slope") & off["model"].eq("Nomogram_A"), "ci_low"] = 1.01
    made = usefulness.calibration(off, TESTED)
    assert made["test_verdict"] == (
        "An interval excludes the ideal value for Nomogram_A (slope) and Nomogram_C (slope 0.95 "
        "(0.85–0.99))."
    )
    off.loc[off["measure"].eq("citl") & off["model"].eq("Nomogram_A"), "ci_low"] = 0.01
    made = usefulness.calibration(off, TESTED)
    assert "Nomogram_A (in the large, slope) and Nomogram_C" in made["test_verdict"]


def test_a_study_without_external_patients_says_nothing_of_them():
    inside = MEASURED[MEASURED["cohort"].ne("external")]
    made = usefulness.calibration(inside, TESTED)
    assert "external" not in made and made["updated"] == ""  # no second curve is drawn


def benefits(*rows):
    names = ["model_a", "model_b", "cohort", "threshold", "difference", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=names)


def test_net_benefit_is_told_by_what_its_intervals_say():
    table = benefits(
        ("Nomogram_A", "Nomogram_C", "test", 0.1, 0.02, 0.01, 0.03),
        ("Nomogram_A", "Nomogram_C", "test", 0.2, -0.02, -0.03, -0.01),
        ("Nomogram_A", "Nomogram_C", "test", 0.3, 0.0, -0.01, 0.01),
        ("Nomogram_A", "Nomogram_C", "train", 0.3, 0.9, 0.8, 1.0),
        ("Nomogram_A", "Treat all or none", "test", 0.125, 0.0, 0.0, 0.0),
        ("Nomogram_C", "Treat all or none", "test", 0.125, 0.01, 0.005, 0.015),
    )
    made = usefulness.decision(table)
    assert made["clinical"] == (
        "Nomogram_A had more net benefit than Nomogram_C at 10% [0.020 (0.010–0.030)], had less "
        "net benefit than Nomogram_C at 20% [−0.020 (−0.030 to −0.010)] and could not be told from "
        "it at 30%."
    )
    assert made["default"] == (
        "Nomogram_A could not be told from the better of treating all and none at any threshold "
        "named (differences from 0.000 to 0.000). Nomogram_C had more net benefit than the better "
        "of treating all and none at 12.5% [0.010 (0.005–0.015)]."
    )


READ = pd.DataFrame(
    {
        "model": ["Nomogram_A", "Nomogram_C", "Nomogram_A"],
        "reader": "Radiologist",
        "cohort": ["test", "test", "train"],
        "reader_specificity": 0.8,
        "reader_sensitivity": [0.7, 0.7, 0.1],
        "difference": [-0.1, 0.05, 0.9],
        "ci_low": -0.2,
        "ci_high": 0.06,
        "p_value": [0.04, 0.5, 0.0],
    }
)


def test_the_reader_is_met_at_matched_specificity():
    table = benefits(("Nomogram_A", "Radiologist", "test", 0.1, -0.02, -0.03, -0.01))
    made = usefulness.reader(READ, table, level=0.95)
    assert made == {
        "test": "In the test cohort, at the radiologist’s specificity of 0.800 or the next above, "
        "the sensitivity of Nomogram_A was 0.100 below that of the radiologist, which was 0.700 "
        "(95% CI of the difference −0.200 to 0.060; p = 0.040). The test does not tell Nomogram_C "
        "from the radiologist.",
        "benefit": "Nomogram_A had less net benefit than the radiologist at 10% [−0.020 (−0.030 to "
        "−0.010)].",
    }
    assert usefulness.reader(READ, table, level=0.4)["test"].endswith(
        "0.040). Nomogram_C found more of the patients with the outcome than the radiologist."
    )
    worse = READ.assign(difference=-0.1)
    assert usefulness.reader(worse, table, level=0.4)["test"].endswith(
        "Nomogram_C found fewer of the patients with the outcome than the radiologist."
    )
    assert usefulness.reader(READ.iloc[:1], table, level=0.95)["test"].endswith("p = 0.040).")
    assert usefulness.reader(READ.iloc[:0], table, level=0.95) == {}


def test_families_are_counted_per_cohort():
    of_cohort = [("image", "SR_SVM", "OR_SVM"), ("image", "SR_SVM", "BC_SVM")]
    of_cohort += [("nomogram", "Nomogram_A", other) for other in ("Nomogram_C", "Radiologist")]
    rows = [(cohort, *row) for cohort in ("train", "test") for row in of_cohort]
    table = pd.DataFrame(rows, columns=["cohort", "family", "model_a", "model_b"])
    assert usefulness.families(table) == (
        "2 of the individual models with their control and 2 of the nomograms with the "
        "radiologist and the penalised model"
    )
    assert usefulness.families(table[~table["model_b"].isin(["BC_SVM", "Radiologist"])]) == (
        "1 of the individual models and 1 of the nomograms with the penalised model"
    )
    alone = table[table["family"].eq("nomogram")]
    assert usefulness.families(alone).startswith("2 of the nomograms")


@pytest.mark.parametrize("low", [0.05, 0.125])
def test_what_was_named_beforehand_is_that_of_the_study(low):
    study = load_study("demo", Path("params")).model_copy(deep=True)
    study.statistics.decision_range = [low, 0.6]
    made = usefulness.settings(study)
    assert made["range"] == f"from {100 * low:g}% to 60%"
    assert made["points"] == "10%, 20%, 30% and 40%" and made["sensitivity"] == "90%"
