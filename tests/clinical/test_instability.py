"""How far risks move with the patients who fit a model."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from thyro.clinical import bootstrap
from thyro.clinical.instability import instability_summary, instability_table
from thyro.clinical.logistic import fit_logistic


def cohort(n, seed, columns=2):
    rng = np.random.default_rng(seed)
    index = pd.Index([f"P{k}" for k in range(n)], name="patient_id")
    frame = pd.DataFrame(rng.normal(size=(n, columns)), index).add_prefix("x")
    return frame, rng.binomial(1, expit(frame["x0"] - 0.5)).astype(int)


def regression(patients, y):
    return {"model": fit_logistic(patients, y, list(patients)).predict}


def validated(n, seed=1, columns=2, fit=regression, **how):
    frame, y = cohort(n, seed, columns)
    return frame, y, bootstrap.optimism_of(fit, frame, y, **{"draws": 40, "seed": 3, **how})


def test_the_risks_are_those_of_the_samples_models():
    frame, y, found = validated(90)
    table = instability_table(found).set_index("patient_id")
    drawn = [
        regression(frame.iloc[row], y[row])["model"](frame)
        for row in bootstrap.resamples(90, 40, 3)
    ]
    risk = regression(frame, y)["model"](frame)
    assert table.index.equals(frame.index) and set(table["model"]) == {"model"}
    np.testing.assert_allclose(table["risk"], risk, rtol=1e-9)
    np.testing.assert_allclose(table["mean_error"], np.abs(drawn - risk).mean(axis=0), rtol=1e-7)
    ends = np.quantile(drawn, [0.025, 0.975], axis=0)
    np.testing.assert_allclose(table[["low", "high"]].to_numpy().T, ends, rtol=1e-7)


def test_a_model_that_learns_nothing_is_stable_and_more_patients_make_it_more_so():
    def constant(patients, y):
        return {"model": lambda others: expit(others["x0"])}

    *_, found = validated(90, fit=constant)
    (nothing,) = instability_summary(instability_table(found)).values()
    assert nothing == pytest.approx({"mean_error": 0, "median_width": 0, "widest": 0}, abs=1e-12)
    few, many, wide = (
        instability_summary(instability_table(validated(n, columns=k)[2]))["model"]
        for n, k in ((80, 2), (800, 2), (80, 8))
    )
    # Errors of coefficients fall with the root of the patients: a third of 80's at 800.
    assert many["mean_error"] < 0.5 * few["mean_error"] < few["mean_error"] < wide["mean_error"]
    assert few["median_width"] < few["widest"] < 1


def test_the_summary_is_of_each_model():
    table = pd.DataFrame(
        {"model": ["A", "A", "C"], "mean_error": [0.1, 0.3, 0.05]}
        | {"low": [0.1, 0.2, 0.4], "high": [0.2, 0.6, 0.5]}
    )
    found = instability_summary(table)
    assert list(found) == ["A", "C"]
    assert found["A"] == pytest.approx({"mean_error": 0.2, "median_width": 0.25, "widest": 0.4})
