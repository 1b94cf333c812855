"""Sample size against the published audit, collinearity against closed forms."""

import numpy as np
import pandas as pd
import pytest

from thyro.clinical import sample_size
from thyro.clinical.logistic import fit_logistic


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
