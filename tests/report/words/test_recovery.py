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
        ("coarse latent", "SR_SVM", 0.5, 0.2, 0.7),
        ("coarse latent", "OR_SVM", 0.1, -0.2, 0.4),
        ("diameter", "SR_SVM", 0.6, 0.4, 0.8),
        ("diameter", "OR_SVM", -0.6, -0.8, -0.4),
    ],
    columns=["known", "model", "rho", "ci_low", "ci_high"],
)
RISKS = pd.DataFrame(
    {"model": ["Nomogram_A"], "auc": 0.8, "ci_low": 0.7, "ci_high": 0.9}
    | {"auc_of_risk": 0.85, "slope": 0.704, "slope_of_risk": 1.0, "absolute_error": 0.0812}
)
LIMITS = pd.DataFrame(
    [
        (knows, cohort, auc, auc - 0.1, auc + 0.05)
        for knows, auc in {
            "clinical terms": 0.7,
            "clinical terms and Radiomics OR": 0.8,
            "clinical terms and Planar OR": 0.81,
            "true risk": 0.85,
        }.items()
        for cohort in ("train", "test")
    ],
    columns=["knows", "cohort", "auc", "ci_low", "ci_high"],
)
LATENTS = pd.DataFrame(
    [
        (latent, features, cohort, r, r - 0.1, r + 0.1)
        for latent, r in {"coarse_latent": 0.75, "fine_latent": 0.62}.items()
        for features in ("Radiomics OR", "Planar OR")
        for cohort in ("train", "test")
    ],
    columns=["latent", "features", "cohort", "r", "ci_low", "ci_high"],
)
FOUND = (ODDS, CORRELATIONS, RISKS, LIMITS, LATENTS)
VARIABLES = {
    "age": {"label": "Age", "unit": "years"},
    "size": {"label": "Diameter", "unit": "mm"},
    "edge": {"label": "Margin"},
    "echo": {"label": "Echogenicity"},
}


def test_the_main_text_shows_the_features_of_the_paper_alone():
    rows = recovery.ceiling_rows(LIMITS, LATENTS)
    assert [(row["Measure"], row["Of"]) for row in rows] == [
        ("AUC", "Clinical terms"),
        ("AUC", "Clinical terms and Radiomics OR"),
        ("AUC", "True risk"),
        ("r with the coarse latent", "Radiomics OR"),
        ("r with the fine latent", "Radiomics OR"),
    ]
    assert rows[1]["Test"] == "0.800 (0.700–0.850)" and rows[3]["Training"] == "0.75 (0.65–0.85)"
    assert set(rows[0]) == {"Measure", "Of", "Training", "Test"}


def test_true_factors_are_told_apart_from_those_that_do_not_matter():
    made = recovery.recovery(*FOUND, VARIABLES)
    assert made["factors"] == (
        "Of the clinical factors that change the true risk, Nomogram_C holds 2 of 3 (diameter and "
        "margin) and misses age. Entered without changing it: echogenicity. The intervals of 1 of "
        "2 log odds of true factors hold the truth."
    )
    assert made["scores"] == (
        "Beyond chance, scores correlate with the coarse latent in 1 and with the diameter in 2 of "
        "2 image models."
    )
    assert made["ceiling"] == (
        "In the test cohort a model that knew each patient’s true risk would reach an AUC of 0.850 "
        "(0.750–0.900), and one that knew the clinical terms alone 0.700 (0.600–0.750); with the "
        "texture as features tell it, 0.800 (0.700–0.850) (Radiomics OR)."
    )
    assert made["oracle"] == (
        "What the features tell of the texture correlated with the coarse latent 0.75 (0.65–0.85) "
        "(Radiomics OR), and with the fine latent 0.62 (0.52–0.72) (Radiomics OR)."
    )


def test_nothing_of_the_truth_found():
    made = recovery.recovery(ODDS[:1], *FOUND[1:], VARIABLES)["factors"]
    assert made == (
        "Of the clinical factors that change the true risk, Nomogram_C holds 0 of 1 and misses age."
    )


def test_a_truth_without_effect_has_no_factors_no_slope_and_no_ceiling():
    nothing = ODDS.assign(truth=ODDS["truth"] * 0)
    flat = RISKS.assign(slope_of_risk=float("nan"), auc_of_risk=0.5)
    made = recovery.recovery(nothing, CORRELATIONS, flat, LIMITS, LATENTS, VARIABLES)
    assert made["factors"] == (
        "No clinical factor changes the true risk. Entered without changing it: diameter, margin "
        "and echogenicity."
    )
    assert made["ceiling"].startswith("The true risk is the same for everybody")


def test_how_a_study_was_simulated():
    made = recovery.simulation(DEMO)
    assert made["effect"] == "" and "agrees by construction" in made["agreement"]
    assert (made["coarse"], made["fine"]) == ("1.6", "1.2")
    assert "sensitivity and specificity are the published ones" in made["reading"]
    assert made["mix"] == (
        "the published diameters and the published share of patients with the outcome"
    )
    assert made["external"] == (
        "The external cohort has another simulated scanner, diameters that are 0.5 standard "
        "deviations larger than the published ones, with all that goes with their size, and the "
        "outcome in 50% of patients. Its radiologist reads by the same rule."
    )
    null = DEMO.model_copy(update={"cohort": DEMO.cohort.model_copy(update={"effect": 0.0})})
    made = recovery.simulation(null)
    assert made["effect"].startswith("In this study all of these effects are zero")
    assert made["agreement"] == ""
    assert made["reading"] == "and not on the outcome itself."
    half = DEMO.model_copy(update={"cohort": DEMO.cohort.model_copy(update={"effect": 0.5})})
    assert recovery.simulation(half)["reading"] == "and beyond these on the outcome."
    same = DEMO.cohort.model_copy(update={"prevalence": None})
    made = recovery.simulation(DEMO.model_copy(update={"external": same}))
    assert "the same simulated scanner and the same case mix." in made["external"]
    rarer = DEMO.cohort.model_copy(update={"prevalence": 0.1, "size_shift": -1.0})
    made = recovery.simulation(DEMO.model_copy(update={"cohort": rarer, "external": None}))
    assert "1 standard deviations smaller" in made["mix"] and "in 10% of" in made["mix"]
    assert made["agreement"] == "" and made["external"] == ""
