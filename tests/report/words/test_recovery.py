"""Words on a simulated study: how it was made, and what was found of its truth."""

from pathlib import Path

import pandas as pd

from thyro.report.words import recovery
from thyro.study import load_study

DEMO = load_study("demo", Path("params"))

ODDS = pd.DataFrame(
    [
        ("age", "", None, None, -0.045, None, None, None),
        ("size", "", 4.0, 8.0, 0.624, 0.4, 0.2, 0.6),
        ("edge", "Rough", None, None, 1.0, 0.8, 0.2, 1.4),
        ("echo", "Dark", None, None, None, 1.4, 0.3, 2.5),
    ],
    columns=["term", "level", "low", "high", "truth", "estimate", "ci_low", "ci_high"],
).astype({name: float for name in ("low", "high", "truth", "estimate", "ci_low", "ci_high")})
CORRELATIONS = pd.DataFrame(
    [
        ("image latent", "SR_SVM", 0.5, 0.2, 0.7),
        ("image latent", "OR_SVM", 0.1, -0.2, 0.4),
        ("diameter", "SR_SVM", 0.6, 0.4, 0.8),
        ("diameter", "OR_SVM", -0.6, -0.8, -0.4),
    ],
    columns=["known", "model", "rho", "ci_low", "ci_high"],
)
RISKS = pd.DataFrame(
    {"model": ["Nomogram_A"], "auc": 0.8, "ci_low": 0.7, "ci_high": 0.9}
    | {"auc_of_risk": 0.85, "slope": 0.704, "slope_of_risk": 1.0, "absolute_error": 0.0812}
)
VARIABLES = {
    "age": {"label": "Age", "unit": "years"},
    "size": {"label": "Diameter", "unit": "mm"},
    "edge": {"label": "Margin"},
    "echo": {"label": "Echogenicity"},
}


def test_the_truth_stands_beside_what_was_found():
    rows = recovery.recovery_rows(ODDS, CORRELATIONS, RISKS, VARIABLES)
    assert [tuple(row.values()) for row in rows] == [
        ("Log odds", "Age (years)", "−0.045", "not in the model"),
        ("Log odds", "Diameter (mm), 8 against 4", "0.624", "0.400 (0.200–0.600)"),
        ("Log odds", "Margin: Rough", "1.000", "0.800 (0.200–1.400)"),
        ("Log odds", "Echogenicity: Dark", "not in the truth", "1.400 (0.300–2.500)"),
        ("Correlation with the image latent", "SR_SVM", "–", "0.50 (0.20–0.70)"),
        ("Correlation with the image latent", "OR_SVM", "–", "0.10 (−0.20 to 0.40)"),
        ("Correlation with the diameter", "SR_SVM", "–", "0.60 (0.40–0.80)"),
        ("Correlation with the diameter", "OR_SVM", "–", "−0.60 (−0.80 to −0.40)"),
        ("AUC", "Nomogram_A", "0.850", "0.800 (0.700–0.900)"),
        ("Slope of log odds", "Nomogram_A", "1", "0.70"),
        ("Mean distance of risk", "Nomogram_A", "0", "0.081"),
    ]


def test_true_factors_are_told_apart_from_those_that_do_not_matter():
    made = recovery.recovery(ODDS, CORRELATIONS, RISKS, VARIABLES)
    assert made["factors"] == (
        "Of the clinical factors that change the true risk, Nomogram_C holds 2 of 3 (diameter and "
        "margin) and misses age. Entered without changing it: echogenicity. The intervals of 1 of "
        "2 log odds of true factors hold the truth."
    )
    assert made["scores"] == (
        "Beyond chance, scores correlate with the image latent in 1 and with the diameter in 2 of "
        "2 image models."
    )
    assert "is 0.850 in the test cohort" in made["ceiling"]


def test_nothing_of_the_truth_found():
    made = recovery.recovery(ODDS[:1], CORRELATIONS, RISKS, VARIABLES)["factors"]
    assert made == (
        "Of the clinical factors that change the true risk, Nomogram_C holds 0 of 1 and misses age."
    )


def test_a_truth_without_effect_has_no_factors_no_slope_and_no_ceiling():
    nothing = ODDS.assign(truth=ODDS["truth"] * 0)
    flat = RISKS.assign(slope_of_risk=float("nan"), auc_of_risk=0.5)
    made = recovery.recovery(nothing, CORRELATIONS, flat, VARIABLES)
    assert made["factors"] == (
        "No clinical factor changes the true risk. Entered without changing it: diameter, margin "
        "and echogenicity."
    )
    assert made["ceiling"].startswith("The true risk is the same for everybody")
    rows = recovery.recovery_rows(nothing, CORRELATIONS, flat, VARIABLES)
    (slope,) = (row for row in rows if row["Measure"] == "Slope of log odds")
    assert slope["Truth"] == "–"


def test_how_a_study_was_simulated():
    made = recovery.simulation(DEMO)
    assert made["effect"] == "" and "agrees by construction" in made["agreement"]
    assert "another simulated scanner" in made["external"]
    null = DEMO.model_copy(update={"cohort": DEMO.cohort.model_copy(update={"effect": 0.0})})
    made = recovery.simulation(null)
    assert made["effect"].endswith("are multiplied by 0.") and made["agreement"] == ""
    here = DEMO.external.model_copy(update={"device": DEMO.cohort.device})
    made = recovery.simulation(DEMO.model_copy(update={"external": here}))
    assert "the same simulated scanner" in made["external"]
