"""Sample size against the published audit, collinearity against closed forms."""

import numpy as np
import pandas as pd
import pytest

from tests.reference import cases, compare
from thyro.clinical import sample_size
from thyro.clinical.logistic import fit_logistic
from thyro.clinical.penalised import fit_penalised

LOGISTIC = "logistic"


def read(case):
    """Frame with declared levels, and outcome, of a case."""
    data = case["input"].get("data", case["input"])
    frame = pd.DataFrame(data)
    levels = case.get("factor_levels") or case["input"].get("factor_levels", {})
    for term, names in levels.items():
        frame[term] = pd.Categorical(frame[term], categories=names)
    outcome = "y" if "y" in frame else frame.columns[-1]
    return frame.drop(columns=outcome), frame[outcome]


@pytest.mark.parametrize("case", cases("logistic", "logistic_cases"))
def test_inflation_of_variances(case):
    frame, y = read(case)
    fit, want = fit_logistic(frame, y, list(frame)), case["output"]["vif"]
    table = sample_size.collinearity(fit)
    car = want["car_gvif"]
    assert list(table["term"]) == car["term"]
    compare(LOGISTIC, case["name"], table["gvif"], car["gvif"], 1e-6, what="gvif")
    if "gvif_adj" in car:
        compare(LOGISTIC, case["name"], table["df"], car["df"], 1e-6, what="df")
        compare(LOGISTIC, case["name"], table["gvif_adjusted"], car["gvif_adj"], 1e-6, what="adj")
    # The ordinary factors of the columns do not depend on the outcome; thyro does not report them.
    columns = pd.get_dummies(frame, drop_first=True).to_numpy(float)
    ols = np.diag(np.linalg.inv(np.corrcoef(columns, rowvar=False)))
    order = [want["terms"].index(n) for n in _dummies(frame)]
    expected = np.array(want["ols_vif_design_columns"])[order]
    compare(LOGISTIC, case["name"], ols, expected, 1e-6, what="ordinary vif")


def _dummies(frame):
    names = pd.get_dummies(frame, drop_first=True, prefix_sep="").columns
    return list(names)


@pytest.mark.parametrize(
    ("parameters", "auc", "minimum"), [(24, 0.88, 517), (24, 0.80, 778), (1561, 0.88, 33594)]
)
def test_minimum_sample_size_of_the_reference_study(parameters, auc, minimum):
    # Computed independently from the criteria for 128 events in 380 patients.
    assert sample_size.minimum_sample_size(parameters, 380, 128, auc=auc).minimum == minimum


def test_the_overall_risk_alone_needs_patients():
    size = sample_size.minimum_sample_size(1, 1000, 500, auc=0.9)
    assert size.risk_n == 385 == size.minimum  # (1.96 / 0.05)^2 / 4 = 384.16
    assert size.events_per_parameter == 500


@pytest.mark.parametrize("wrong", [(0, 100, 30, 0.8), (5, 100, 0, 0.8), (5, 100, 30, 0.5)])
def test_impossible_cohorts_are_refused(wrong):
    *numbers, auc = wrong
    with pytest.raises(ValueError, match="expected parameters >= 1"):
        sample_size.minimum_sample_size(*numbers, auc=auc)


def test_parameters_count_levels():
    frame = pd.DataFrame(
        {"age": [1.0, 2, 3], "margin": ["a", "b", "c"], "left": [True, False, True]}
    )
    assert sample_size.parameters(frame, ["age", "margin", "left"]) == 4


def test_independent_terms_have_no_inflation_and_twins_have_much():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(400, 2)), columns=["a", "b"])
    y = rng.binomial(1, 0.5, 400)
    assert sample_size.collinearity(fit_logistic(frame, y, ["a", "b"]))["gvif"].max() < 1.05
    twins = frame.assign(c=frame["a"] + rng.normal(size=400) / 10)
    table = sample_size.collinearity(fit_logistic(twins, y, ["a", "b", "c"])).set_index("term")
    assert table.loc["a", "gvif"] > 50 and table.loc["b", "gvif"] < 1.1
    assert sample_size.collinearity(fit_logistic(frame, y, ["a"]))["gvif"].tolist() == [1.0]


def test_each_clinical_model_is_counted_by_what_it_could_have_estimated():
    rng = np.random.default_rng(0)
    y = np.tile([0, 1, 0], 40)
    frame = pd.DataFrame(
        {
            "age": rng.normal(45, 10, 120),
            "margin": pd.Categorical(np.tile(list("abcd"), 30)),
            "y": y,
        }
    )
    everything = fit_penalised(frame, y, ["age", "margin"])
    sizes = sample_size.sample_sizes(frame, ["age", "margin"], everything, ["age"], auc=0.7)
    counted = {name: size.parameters for name, size in sizes.items()}
    assert counted == {
        "All candidates, screened": 1 + 3,
        "All candidates, penalised, with splines": 3 + 3,
        "Nomogram_C, had its terms been named beforehand": 1,
    }
    assert all(size.n == 120 and size.events == 40 for size in sizes.values())
    assert sizes["All candidates, screened"] == sample_size.minimum_sample_size(4, 120, 40, auc=0.7)
    assert sizes["All candidates, screened"].auc == 0.7


@pytest.mark.parametrize(("corrected", "assumed"), [(0.745, 0.745), (0.48, 0.55), (1.0, 0.99)])
def test_an_auc_is_assumed_that_a_size_can_be_computed_for(corrected, assumed):
    assert sample_size.assumed_auc(corrected) == assumed
    assert sample_size.minimum_sample_size(5, 380, 105, auc=assumed).minimum > 0


def test_the_minimum_at_a_corrected_auc():
    # 380 patients, 105 events, 24 parameters: 861 at an AUC of 0.80, 1342 at 0.745
    sizes = [sample_size.minimum_sample_size(24, 380, 105, auc=a).minimum for a in (0.8, 0.745)]
    assert sizes == [861, 1342]
