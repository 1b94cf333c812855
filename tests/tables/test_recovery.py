"""Tables of a simulated study, from invented results."""

import pandas as pd

from thyro.tables import recovery

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
LATENTS = pd.DataFrame(
    {"latent": "fine_latent", "features": "Planar OR", "cohort": ["train", "test"]}
    | {"r": [0.9, 0.7], "ci_low": [0.8, 0.6], "ci_high": [0.95, 0.8]}
)
LIMITS = pd.DataFrame(
    {"knows": ["clinical terms", "true risk"], "cohort": "test", "auc": [0.75, 0.85]}
)
FOUND = {"log_odds": ODDS, "correlations": CORRELATIONS, "risks": RISKS, "latents": LATENTS}
FOUND["ceilings"] = LIMITS
VARIABLES = {
    "age": {"label": "Age", "unit": "years"},
    "size": {"label": "Diameter", "unit": "mm"},
    "edge": {"label": "Margin"},
    "echo": {"label": "Echogenicity"},
}


def test_the_truth_stands_beside_what_was_found():
    table = recovery.recovered(FOUND, VARIABLES)
    assert list(table) == ["Measure", "Of", "Truth", "Estimate"]
    assert list(table.itertuples(index=False, name=None)) == [
        ("Log odds", "Age (years)", "−0.045", "not in the model"),
        ("Log odds", "Diameter (mm), 8 against 4", "0.624", "0.400 (0.200–0.600)"),
        ("Log odds", "Margin: Rough", "1.000", "0.800 (0.200–1.400)"),
        ("Log odds", "Echogenicity: Dark", "not in the truth", "1.400 (0.300–2.500)"),
        ("Correlation with the coarse latent", "SR_SVM", "–", "0.50 (0.20–0.70)"),
        ("Correlation with the coarse latent", "OR_SVM", "–", "0.10 (−0.20 to 0.40)"),
        ("Correlation with the diameter", "SR_SVM", "–", "0.60 (0.40–0.80)"),
        ("Correlation with the diameter", "OR_SVM", "–", "−0.60 (−0.80 to −0.40)"),
        ("Ridge on the fine latent", "Planar OR", "1", "0.70 (0.60–0.80)"),
        ("AUC", "Nomogram_A", "0.850", "0.800 (0.700–0.900)"),
        ("Slope of log odds", "Nomogram_A", "1", "0.70"),
        ("Mean distance of risk", "Nomogram_A", "0", "0.081"),
    ]


def test_a_model_that_sees_no_image_is_measured_by_what_clinical_terms_tell():
    both = pd.concat([RISKS, RISKS.assign(model="Nomogram_C")])
    table = recovery.recovered(FOUND | {"risks": both}, VARIABLES)
    shown = table[table["Measure"].eq("AUC")].set_index("Of")["Truth"]
    assert shown.to_dict() == {"Nomogram_A": "0.850", "Nomogram_C": "0.750"}


def test_a_truth_without_effect_has_no_ideal_slope():
    flat = FOUND | {"risks": RISKS.assign(slope_of_risk=None)}
    table = recovery.recovered(flat, VARIABLES)
    assert table.set_index("Measure").loc["Slope of log odds", "Truth"] == "–"


def test_what_can_be_known_has_a_column_per_cohort():
    cohorts = ["train", "external"]
    limits = pd.DataFrame({"knows": "true risk", "cohort": cohorts, "auc": [0.85, 0.9]})
    limits = limits.assign(ci_low=0.8, ci_high=0.95, n=100, events=30)
    latents = pd.DataFrame({"latent": "fine_latent", "features": "Planar OR", "cohort": cohorts})
    latents = latents.assign(r=[0.7, None], ci_low=[0.6, None], ci_high=[0.8, None], n=100)
    table = recovery.ceilings(limits, latents)
    assert table.to_dict("records") == [
        {"Measure": "AUC", "Of": "True risk"}
        | {"Training": "0.850 (0.800–0.950)", "External": "0.900 (0.800–0.950)"},
        {"Measure": "r with the fine latent", "Of": "Planar OR"}
        | {"Training": "0.70 (0.60–0.80)", "External": "–"},
    ]
