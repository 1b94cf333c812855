"""The risk of a patient, the points of each axis, and the place among training patients."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from thyro.frozen import inputs, prediction
from thyro.frozen.prediction import predict


def one(model, words, features=None):
    frame = inputs.as_frame(model, inputs.from_words(model, words, "next"))
    return predict(model, frame, features)[0]


def test_risk_interval_and_points_are_those_of_the_regression(clinical_only):
    found = one(clinical_only, ["age=40", "margin=Irregular"])
    fit = clinical_only.fit
    b = dict(zip(fit.names, fit.coefficients, strict=True))
    lp = b["(Intercept)"] + 40 * b["age"] + b["margin=Irregular"]
    x = np.array([1, 40, 1])
    se = np.sqrt(x @ fit.covariance @ x)  # delta method
    assert found.risk == pytest.approx(expit(lp), abs=1e-12)
    z = 1.959963984540054
    assert logit([found.low, found.high]) == pytest.approx([lp - z * se, lp + z * se])
    assert sum(term.points for term in found.terms) == pytest.approx(found.total_points)
    assert clinical_only.nomogram.probability(found.total_points) == pytest.approx(found.risk)


def test_a_value_has_its_place_and_one_outside_warns(clinical_only):
    known = clinical_only.about["training"]["inputs"]["age"]["percentiles"]
    inside = one(clinical_only, [f"age={known[50]}", "margin=Smooth"])
    assert inside.terms[0].place == pytest.approx(0.5, abs=0.03) and not inside.warnings
    outside = one(clinical_only, ["age=101", "margin=Smooth"])
    assert outside.terms[0].outside and outside.terms[0].place == 1
    assert "Age of 101 years lies outside the training patients" in outside.warnings[0]
    share = clinical_only.about["training"]["inputs"]["margin"]["counts"]["Smooth"] / 60
    assert outside.terms[1].place == share


def test_a_variable_outside_that_only_fills_gaps_warns_too(imputed):
    model = replace(imputed, fit=replace(imputed.fit, terms=["margin"]))
    words = ["age=150", "gender=Male", "centre=A"]
    gap = inputs.as_frame(model, inputs.from_words(model, words, "next")).loc["next"]
    assert "Age of 150 years lies outside" in prediction._besides(model, gap)[0]
    words += ["margin=Smooth"]
    known = inputs.as_frame(model, inputs.from_words(model, words, "next")).loc["next"]
    assert prediction._besides(model, known) == []  # nothing is filled, so that it is not read


def test_places_count_ties_half():
    grid = [0.0, 0.0, 0.0, 1.0, 2.0]
    assert [prediction._place(v, grid) for v in (-1, 0, 0.5, 1, 2, 3)] == pytest.approx(
        [0, 0.25, 0.625, 0.75, 1, 1]
    )


def test_a_gap_is_filled_widens_the_interval_and_is_said(imputed):
    features = pd.DataFrame(0.3, ["next"], imputed.signature.features)
    known = one(imputed, ["age=45", "gender=Male", "margin=Irregular", "centre=A"], features)
    gap = one(imputed, ["age=45", "gender=Male", "centre=A"], features)
    margin = next(term for term in gap.terms if term.name == "margin")
    assert margin.imputed and margin.value is None
    assert "Margin was not given: it was filled 4 times" in " ".join(gap.warnings)
    both = [
        one(imputed, ["age=45", "gender=Male", f"margin={m}", "centre=A"], features).log_odds
        for m in ("Smooth", "Irregular")
    ]
    assert min(both) - 1e-9 <= gap.log_odds <= max(both) + 1e-9
    assert not any("not given" in text for text in known.warnings)


def test_strange_features_and_an_unseen_centre_are_said(imputed):
    words = ["age=45", "gender=Male", "margin=Smooth", "centre=Z"]
    features = pd.DataFrame(99.0, ["next"], imputed.signature.features)
    features.iloc[0, 0] = np.nan
    told = " ".join(one(imputed, words, features).warnings)
    n = len(imputed.signature.features)
    assert f"{n - 1} of {n} features of the signature lie outside the training patients" in told
    assert f"1 of {n} features could not be measured, and are the training median" in told
    assert "Centre Z taught nothing (learned: A, B)" in told


def test_a_patient_is_predicted_alike_alone_and_in_a_table(imputed):
    rows = pd.DataFrame({"age": ["30", "", "61"], "margin": ["", "Smooth", "Irregular"]})
    rows = rows.assign(centre="B", gender="Male").set_axis(["a", "b", "c"])
    frame = inputs.as_frame(imputed, rows)
    rng = np.random.default_rng(1)
    n = len(imputed.signature.features)
    features = pd.DataFrame(rng.normal(size=(3, n)), rows.index, imputed.signature.features)
    whole = predict(imputed, frame, features)
    alone = predict(imputed, frame.loc[["b"]], features.loc[["b"]])
    assert alone[0].risk == pytest.approx(whole[1].risk, abs=1e-12)
    table = prediction.as_table(whole)
    assert table["risk"].tolist() == [found.risk for found in whole]
    assert {"points age", "points margin", "total_points"} <= set(table)


def test_what_the_interval_knows_depends_on_the_model(plain, clinical_only):
    assert "given the signature as it was measured" in prediction.conditional_on(plain)
    assert "signature" not in prediction.conditional_on(clinical_only)
