"""Axes, points and risk against rms::nomogram, and against the regression they come from."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from tests.reference import cases, compare
from thyro.clinical.logistic import fit_logistic
from thyro.clinical.penalised import fit_penalised
from thyro.nomogram.axes import Nomogram

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "nomogram.json").read_text())


each_case = pytest.mark.parametrize("case", GOLDEN["nomogram_cases"], ids=lambda case: case["name"])


def close(got, want, tolerance):
    """Assert |got - want| <= tolerance * max(1, |want|)."""
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


def fitted(case):
    """The regression of a golden case."""
    frame = pd.DataFrame(case["input"]["data"])
    for term, levels in case["input"]["factor_levels"].items():
        frame[term] = pd.Categorical(frame[term], categories=levels)
    return fit_logistic(frame, frame["y"], [c for c in frame if c != "y"]), frame


@pytest.fixture(scope="module")
def clinical():
    """Fit and data of the clinical model: age lowers the risk, diameter is the widest axis."""
    return fitted(GOLDEN["nomogram_cases"][0])


@each_case
def test_axes_match_rms(case):
    fit, _ = fitted(case)
    nomogram = Nomogram.from_fit(fit)
    close(nomogram.points_per_unit, case["output"]["points_per_lp_unit_sc"], 1e-7)
    close(nomogram.baseline, case["output"]["intercept_plus_sum_of_minima"], 1e-7)
    for term, want in case["output"]["axes"].items():
        axis = nomogram.axis(term)
        values, points = zip(*axis.ticks, strict=True)
        assert axis.kind == want["type"]
        assert len(values) == len(want["axis_values"])
        if axis.kind == "categorical":
            assert list(values) == want["axis_values"]
        else:
            close(values, want["axis_values"], 1e-12)
        close(points, want["points"], 1e-5)


@each_case
def test_points_and_risk_match_rms(case):
    fit, _ = fitted(case)
    nomogram = Nomogram.from_fit(fit)
    for term, want in case["output"]["grid_points"].items():
        got = [nomogram.points(term, value) for value in want["value"]]
        close(got, want["points"], 1e-5)
    want = case["output"]["patients"]
    # Test patients of the case may lie outside the training range.
    patients = pd.DataFrame(case["input"]["patients"])
    totals = [nomogram.total_points(row, extrapolate=True) for _, row in patients.iterrows()]
    close(totals, want["total_points"], 1e-5)
    close(nomogram.probability(totals), want["probability"], 1e-7)
    scale = case["output"]["total_points_to_probability"]
    close(nomogram.probability(scale["total_points"]), scale["probability"], 1e-7)


@each_case
def test_risk_ticks_hold_those_of_rms(case):
    fit, _ = fitted(case)
    got = dict(Nomogram.from_fit(fit).risk_ticks())
    want = case["output"]["risk_axis_rms"]
    for risk, points in zip(want["probability"], want["total_points_exact"], strict=True):
        close(got[round(risk, 12)], points, 1e-5)


@each_case
def test_points_lead_back_to_the_regression(case):
    fit, frame = fitted(case)
    nomogram = Nomogram.from_fit(fit)
    got = nomogram.probability([nomogram.total_points(row) for _, row in frame.iterrows()])
    np.testing.assert_allclose(got, fit.predict(frame), rtol=0, atol=1e-9)


@each_case
def test_the_widest_axis_spans_100_points_and_every_axis_starts_at_0(case):
    nomogram = Nomogram.from_fit(fitted(case)[0])
    ends = [[points for _, points in axis.ticks] for axis in nomogram.axes]
    assert max(max(points) for points in ends) == pytest.approx(100, abs=1e-9)
    assert all(min(points) == 0 for points in ends)
    assert nomogram.total_range == (0, pytest.approx(sum(max(points) for points in ends)))


def test_a_negative_coefficient_turns_the_axis(clinical):
    fit, _ = clinical
    assert fit.coefficients[fit.names.index("age")] < 0
    points = [points for _, points in Nomogram.from_fit(fit).axis("age").ticks]
    assert points[-1] == 0
    assert (np.diff(points) < 0).all()


def test_given_ranges_replace_those_of_the_data(clinical):
    fit, _ = clinical
    nomogram = Nomogram.from_fit(fit, {"age": (20, 60), "multifocal": (0, 1)})
    axis = nomogram.axis("age")
    assert (axis.low, axis.high) == (20, 60)
    assert [value for value, _ in axis.ticks] == list(range(20, 61, 5))
    # The same patient keeps the risk, whatever the axes look like.
    row = {"age": 50, "diameter": 12, "margin": "irregular", "multifocal": 1}
    other = Nomogram.from_fit(fit)
    assert nomogram.probability(nomogram.total_points(row)) == pytest.approx(
        other.probability(other.total_points(row)), abs=1e-12
    )


def test_risk_ticks_invert_the_risk(clinical):
    nomogram = Nomogram.from_fit(clinical[0])
    for risk, total in nomogram.risk_ticks():
        assert nomogram.probability(total) == pytest.approx(risk, abs=1e-12)
        assert 0 <= total <= nomogram.total_range[1]


def test_a_nomogram_survives_json(clinical):
    nomogram = Nomogram.from_fit(clinical[0])
    assert Nomogram.from_dict(json.loads(json.dumps(nomogram.to_dict()))) == nomogram


ROW = {"age": 50.0, "diameter": 12.0, "margin": "irregular", "multifocal": 1}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"age": 17.0}, "age: 17.0 lies outside 18.0 to 75.0. Pass extrapolate=True"),
        ({"diameter": 60.0}, "diameter: 60.0 lies outside"),
        ({"age": np.nan}, "age: expected a number, got nan"),
        ({"age": "old"}, "age: expected a number, got 'old'"),
        ({"margin": "spiculated"}, "margin: expected one of \\['well-defined', .* 'spiculated'"),
    ],
)
def test_the_calculator_refuses(clinical, change, message):
    with pytest.raises(ValueError, match=message):
        Nomogram.from_fit(clinical[0]).total_points(ROW | change)


def test_an_axis_is_read_to_its_end_and_no_further(clinical):
    nomogram = Nomogram.from_fit(clinical[0])
    first, points = nomogram.axis("age").ticks[0]
    assert first == 15  # the youngest patient was 18
    assert nomogram.points("age", 15) == points
    with pytest.raises(ValueError, match="age: 14.0 lies outside 15.0 to 75.0"):
        nomogram.points("age", 14)
    step = points - nomogram.points("age", 16)
    assert nomogram.points("age", 14, extrapolate=True) == pytest.approx(points + step)


def test_told_to_extrapolate_it_follows_the_regression(clinical):
    fit, frame = clinical
    nomogram = Nomogram.from_fit(fit)
    row = ROW | {"age": 95.0, "diameter": 80.0}
    patient = pd.DataFrame([row]).astype({"margin": frame["margin"].dtype})
    got = nomogram.probability(nomogram.total_points(row, extrapolate=True))
    assert got == pytest.approx(fit.predict(patient)[0], abs=1e-9)


def test_absent_and_unknown_terms_are_named(clinical):
    fit, _ = clinical
    nomogram = Nomogram.from_fit(fit)
    with pytest.raises(ValueError, match="row: age absent"):
        nomogram.total_points({k: v for k, v in ROW.items() if k != "age"})
    with pytest.raises(ValueError, match="term: expected one of .*, got 'weight'"):
        nomogram.points("weight", 70)
    with pytest.raises(ValueError, match="expected continuous terms out of .* got \\['margin'\\]"):
        Nomogram.from_fit(fit, {"margin": (0, 1)})
    with pytest.raises(ValueError, match="age needs low < high, got 60 and 20"):
        Nomogram.from_fit(fit, {"age": (60, 20)})


@each_case
def test_a_thousand_random_patients_get_the_risk_of_the_regression(case):
    fit, frame = fitted(case)
    rng = np.random.default_rng(1)
    patients = pd.DataFrame(
        {
            term: rng.choice(fit.levels[term], 1000)
            if term in fit.levels
            else rng.uniform(*fit.ranges[term], 1000)
            for term in fit.terms
        }
    )
    nomogram = Nomogram.from_fit(fit)
    totals = np.array([nomogram.total_points(row) for _, row in patients.iterrows()])
    np.testing.assert_allclose(
        nomogram.baseline + totals / nomogram.points_per_unit,
        fit.linear_predictor(patients),
        rtol=0,
        atol=1e-9,
    )
    np.testing.assert_allclose(
        nomogram.probability(totals), fit.predict(patients), rtol=0, atol=1e-9
    )


NOMOGRAM = "nomogram"


def read(case):
    """Frame with declared levels, and outcome, of a case."""
    data = case["input"].get("data", case["input"])
    frame = pd.DataFrame(data)
    levels = case.get("factor_levels") or case["input"].get("factor_levels", {})
    for term, names in levels.items():
        frame[term] = pd.Categorical(frame[term], categories=names)
    outcome = "y" if "y" in frame else frame.columns[-1]
    return frame.drop(columns=outcome), frame[outcome]


@pytest.mark.parametrize("case", cases("nomogram", "nomogram_cases"))
def test_nomograms_of_rms(case):
    frame, y = read(case)
    name, want = case["name"], case["output"]
    fit = fit_logistic(frame, y, list(frame))
    nomogram = Nomogram.from_fit(fit)
    coefficients = {
        k.replace("Intercept", "(Intercept)"): v for k, v in want["coefficients"].items()
    }
    got = [dict(zip(fit.names, fit.coefficients, strict=True))[key] for key in coefficients]
    compare(NOMOGRAM, name, got, list(coefficients.values()), 1e-6, what="coefficients")
    compare(
        NOMOGRAM, name, nomogram.points_per_unit, want["points_per_lp_unit_sc"], 1e-5, what="sc"
    )
    least = want["intercept_plus_sum_of_minima"]
    compare(NOMOGRAM, name, nomogram.baseline, least, 1e-6, what="baseline")
    for term, drawn in want["axes"].items():
        axis = nomogram.axis(term)
        values, points = zip(*axis.ticks, strict=True)
        assert axis.kind == drawn["type"]
        if axis.kind == "categorical":
            assert list(values) == drawn["axis_values"]
        else:
            compare(NOMOGRAM, name, values, drawn["axis_values"], 1e-12, what=term)
            span = [drawn["datadist_low"], drawn["datadist_high"]]
            compare(NOMOGRAM, name, [axis.low, axis.high], span, 1e-12, what=f"range of {term}")
        compare(NOMOGRAM, name, points, drawn["points"], 1e-5, what=term)
    for term, grid in want["grid_points"].items():
        got = [nomogram.points(term, value, extrapolate=True) for value in grid["value"]]
        compare(NOMOGRAM, name, got, grid["points"], 1e-5, what=f"points of {term}")
    patients = pd.DataFrame(case["input"]["patients"])
    for term, points in want["patients"]["points"].items():
        got = [nomogram.points(term, v, extrapolate=True) for v in patients[term]]
        compare(NOMOGRAM, name, got, points, 1e-5, what=f"patients' {term}")
    totals = [nomogram.total_points(row, extrapolate=True) for _, row in patients.iterrows()]
    compare(NOMOGRAM, name, totals, want["patients"]["total_points"], 1e-5, what="totals")
    risks = nomogram.probability(np.array(totals))
    compare(NOMOGRAM, name, risks, want["patients"]["probability"], 1e-7, what="risks")
    scale = want["total_points_to_probability"]
    got = nomogram.probability(np.array(scale["total_points"]))
    compare(NOMOGRAM, name, got, scale["probability"], 1e-7, what="risk of totals")
    axis = want["lp_axis"]
    got = (np.array(axis["lp"]) - nomogram.baseline) * nomogram.points_per_unit
    compare(NOMOGRAM, name, got, axis["total_points"], 1e-5, what="linear predictor")
    ticks, axis = dict(nomogram.risk_ticks()), want["risk_axis_rms"]
    got = np.array([ticks[round(risk, 12)] for risk in axis["probability"]])
    compare(NOMOGRAM, name, got, axis["total_points_exact"], 1e-5, what="risk axis")
    # rms finds these by interpolation.
    assert np.abs(got - np.array(axis["total_points_rms"])).max() < 0.05


def cohort(n=300, seed=3):
    """Risk rises with the distance of age from 50; margin has three levels; noise is noise."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.uniform(20, 80, n).round(1),
            "margin": pd.Categorical(
                rng.choice(["Smooth", "Irregular", "Extension"], n),
                categories=["Smooth", "Irregular", "Extension"],
            ),
            "noise": rng.normal(size=n),
        }
    )
    effect = frame["margin"].map({"Smooth": 0, "Irregular": 0.5, "Extension": 1.0}).astype(float)
    return frame, rng.binomial(1, expit(-2 + 0.004 * (frame["age"] - 50) ** 2 + effect))


def test_a_nomogram_of_splines_gives_the_risk_of_the_regression():
    frame, y = cohort()
    fit = fit_penalised(frame, y, list(frame))
    nomogram = Nomogram.from_fit(fit)
    totals = np.array([nomogram.total_points(row) for _, row in frame.iterrows()])
    np.testing.assert_allclose(nomogram.probability(totals), fit.predict(frame), atol=1e-9)
    assert totals.min() >= -1e-9
    points = [points for _, points in nomogram.axis("age").ticks]
    assert np.argmin(points) not in (0, len(points) - 1)  # lowest in the middle: a folded axis
    again = Nomogram.from_dict(nomogram.to_dict())
    assert again == nomogram


def test_a_spline_extrapolates_along_its_last_line():
    frame, y = cohort()
    nomogram = Nomogram.from_fit(fit_penalised(frame, y, ["age"]))
    with pytest.raises(ValueError, match="lies outside"):
        nomogram.points("age", 120)
    far = [nomogram.points("age", v, extrapolate=True) for v in (100, 110, 120)]
    assert far[2] - far[1] == pytest.approx(far[1] - far[0])
