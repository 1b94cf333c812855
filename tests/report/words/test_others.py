"""Every cohort of the user has its sentences, under its name."""

import numpy as np
import pandas as pd

from thyro.report.words import others

NAMED = ["train", "test", "centre_b", "external"]
PATIENTS = pd.DataFrame(
    {"split": pd.Categorical(np.repeat(NAMED, 4), NAMED), "y": [0, 0, 0, 1] * 4}
)
MEASURED = pd.DataFrame(
    [(m, c, 0.8, 0.7, 0.9, 0.75) for m in ("Nomogram_A", "Nomogram_C") for c in NAMED],
    columns=["model", "cohort", "auc", "ci_low", "ci_high", "accuracy"],
)
IDEAL = pd.DataFrame(
    [
        ("Nomogram_A", "centre_b", "citl", 0.1, -0.1, 0.3),
        ("Nomogram_A", "centre_b", "slope", 0.5, 0.3, 0.7),
        ("Nomogram_A", "centre_b", "observed_expected", 1.0, 0.8, 1.2),
    ],
    columns=["model", "cohort", "measure", "estimate", "ci_low", "ci_high"],
)


def test_others_are_those_that_no_other_words_are_on():
    assert others.others(PATIENTS) == ["centre_b"]
    assert others.others(PATIENTS[PATIENTS["split"].ne("centre_b")]) == []


def test_it_is_said_who_they_are_and_what_held_there():
    assert others.who(PATIENTS, ["centre_b"]) == (
        "A further cohort of the table fitted nothing: the centre b cohort (4 patients, 1 with the "
        "outcome)."
    )
    assert others.who(PATIENTS, ["test", "centre_b"]).startswith("2 further cohorts of the table")
    text = others.discrimination(MEASURED, ["centre_b"], ["Nomogram_A", "Nomogram_C"])
    assert text == (
        "In the centre b cohort the AUC of Nomogram_A was 0.800 (0.700–0.900) and of Nomogram_C "
        "0.800 (0.700–0.900)."
    )
    assert "accuracy of 0.750" in others.discrimination(
        MEASURED, ["centre_b"], ["Nomogram_A"], accuracy=True
    )
    calibrated = others.calibration(IDEAL, ["centre_b"], "Nomogram_A")
    assert "In the centre b cohort the risks of Nomogram_A do not agree" in calibrated
    assert "too far apart" in calibrated
