"""Tables of notebook 05: regressions, collinearity, sample size, optimism."""

import pandas as pd

from thyro.clinical import sample_size, validation_size
from thyro.tables import regression

DICTIONARY = {
    "age": {"label": "Age", "unit": "years", "kind": "continuous"},
    "margin": {"label": "Margin", "kind": "categorical"},
}


def test_logistic_puts_both_regressions_side_by_side():
    univariate = pd.DataFrame(
        {
            "term": ["age", "margin", "margin"],
            "level": ["", "Irregular", "Extension"],
            "odds_ratio": [0.96, 2.5, 4.0],
            "ci_low": [0.94, 1.5, 2.0],
            "ci_high": [0.98, 4.1, 8.0],
            "p_value": [0.0002, 0.001, 0.0001],
            "lr_p": [0.0001, 0.00005, 0.00005],
        }
    )
    table = regression.logistic(univariate, univariate.iloc[1:].assign(odds_ratio=3.0), DICTIONARY)
    assert list(table["Variable"]) == ["Age, years", "Margin", "Margin"]
    assert list(table["Univariate OR (95% CI)"])[0] == "0.96 (0.94–0.98)"
    assert list(table["Multivariable OR (95% CI)"]) == ["–", "3.00 (1.50–4.10)", "3.00 (2.00–8.00)"]
    assert list(table["Multivariable P of the term"]) == ["–", "<0.001", "<0.001"]
    other = regression.logistic(univariate, univariate, DICTIONARY, level=0.9)
    assert [name for name in other if "CI" in name] == [
        "Univariate OR (90% CI)",
        "Multivariable OR (90% CI)",
    ]


def test_coefficients_stand_with_their_interval_and_the_test_of_the_term():
    frame = pd.DataFrame(
        {"protocol": "sound_in_sample", "nomogram": "Nomogram_A", "term": ["x", "margin"]}
        | {"level": [None, "Ill defined"], "estimate": [0.256, 1.0], "low": [-0.1, 0.5]}
        | {"high": [0.6, 1.5], "p_value": [0.16, 0.0002], "lr_p": [0.17, 0.0001]}
    )
    table = regression.coefficients(frame, {"margin": "Margin"}, level=0.9)
    assert table.to_numpy().tolist() == [
        ["Sound in sample", "Nomogram A", "x", "", "0.26 (−0.10 to 0.60)", "0.160", "0.170"],
        ["Sound in sample", "Nomogram A", "Margin", "Ill defined", "1.00 (0.50–1.50)", "<0.001"]
        + ["<0.001"],
    ]
    assert "Coefficient (90% CI)" in table
    of_scores = regression.coefficients(frame.assign(protocol="paper"), {})
    assert next(iter(of_scores)) == "Nomogram"


def test_optimism_is_shown_by_model_and_measure():
    frame = pd.DataFrame(
        {"model": "Nomogram_A", "measure": ["auc", "r2", "slope"], "apparent": [0.8, 0.3, 1.0]}
        | {"optimism": [0.02, 0.05, -0.0001], "corrected": [0.78, 0.25, 1.0]}
    )
    frame["signature"] = "fixed"
    table = regression.validated(frame)
    assert list(table.columns) == ["Model", "Measure", "Apparent", "Optimism", "Corrected"]
    assert list(table["Measure"]) == ["AUC", "Nagelkerke’s R²", "Calibration slope"]
    assert list(table["Optimism"]) == ["0.020", "0.050", "0.000"]
    both = regression.validated(pd.concat([frame, frame.assign(signature="repeated")]))
    assert list(both.columns[:3]) == ["Model", "Signature", "Measure"]
    assert list(both["Signature"]) == ["As it is"] * 3 + ["Made again"] * 3


def test_inflation_names_the_terms():
    frame = pd.DataFrame(
        {"term": ["age", "x"], "df": [1, 3], "gvif": [1.234, 8.0], "gvif_adjusted": [1.1109, 1.41]}
    )
    table = regression.collinearity(frame, {"age": "Age (years)"})
    assert table.to_numpy().tolist() == [
        ["Age (years)", "1", "1.23", "1.11"],
        ["x", "3", "8.00", "1.41"],
    ]


def test_sample_sizes_stand_beside_what_the_cohort_has():
    size = sample_size.minimum_sample_size(20, 380, 100, auc=0.75)
    row = regression.sample_size({"All candidates": size}).iloc[0]
    assert row["Model"] == "All candidates" and row["Candidate parameters"] == "20"
    assert row["Patients (events)"] == "380 (100)" and row["Events per parameter"] == "5.0"
    assert row["Minimum for shrinkage"] == f"{size.shrinkage_n:,}"
    assert row["for optimism"] == f"{size.optimism_n:,}"
    assert row["for overall risk"] == f"{size.risk_n:,}" and row["AUC assumed"] == "0.750"


def test_a_validation_is_sized_for_three_measures():
    size = validation_size.ValidationSize(oe_n=1234, slope_n=99, auc_n=400, risk=0.3, auc=0.7)
    row = regression.validation_size({"Nomogram_A": size}).iloc[0]
    assert row.tolist() == ["Nomogram_A", "0.700", "1,234", "99", "400"]
