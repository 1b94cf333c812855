"""The penalised clinical model, its splines and its nomogram."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from thyro.clinical.logistic import fit_logistic
from thyro.clinical.penalised import fit_penalised
from thyro.clinical.splines import default_knots, spline_basis
from thyro.nomogram.axes import Nomogram


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


def test_a_spline_is_cubic_inside_smooth_and_linear_outside():
    knots = [10.0, 20.0, 35.0, 60.0]
    x = np.linspace(0, 80, 8001)
    for column in spline_basis(x, knots).T:
        slope = np.gradient(column, x)
        curvature = np.gradient(slope, x)
        assert np.abs(curvature[(x < 9.9) | (x > 60.1)]).max() < 1e-8
        assert np.abs(np.diff(curvature)).max() < 1e-3  # no jump at a knot
    # By hand, from the formula of Hmisc::rcspline.eval with norm = 2.
    second = (20**3 - 0 * 1) / 2500
    np.testing.assert_allclose(spline_basis([30.0], knots)[0], [30, second, 10**3 / 2500])


def test_knots_are_harrells_quantiles():
    values = np.arange(1, 102)
    np.testing.assert_allclose(
        default_knots(values, 4), np.quantile(values, [0.05, 0.35, 0.65, 0.95])
    )
    np.testing.assert_allclose(default_knots(values, 3), np.quantile(values, [0.1, 0.5, 0.9]))
    np.testing.assert_allclose(default_knots(values, 7)[0], np.quantile(values, 0.025))
    assert default_knots([0, 1] * 20, 4) == []
    with pytest.raises(ValueError, match="three or more increasing"):
        spline_basis([1.0], [1, 1, 2])


def test_a_given_penalty_is_that_of_sklearn():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 3))
    X = (X - X.mean(axis=0)) / X.std(axis=0, ddof=1)
    y = rng.binomial(1, expit(X[:, 0]))
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    fit = fit_penalised(frame, y, ["a", "b", "c"], n_knots=0, penalties=(7.0,))
    model = LogisticRegression(C=1 / 7, tol=1e-12, max_iter=10_000).fit(X, y)
    np.testing.assert_allclose(fit.coefficients, np.r_[model.intercept_, model.coef_[0]], atol=1e-6)


def test_the_reference_level_does_not_matter():
    frame, y = cohort()
    other = frame.assign(
        margin=frame["margin"].cat.reorder_categories(["Extension", "Smooth", "Irregular"])
    )
    fits = [fit_penalised(f, y, list(f), penalties=(5.0,)) for f in (frame, other)]
    np.testing.assert_allclose(fits[0].predict(frame), fits[1].predict(other), atol=1e-9)


def test_no_penalty_is_maximum_likelihood_and_a_large_one_leaves_the_prevalence():
    frame, y = cohort()
    knots = {t: default_knots(frame[t], 4) for t in ("age", "noise")}
    free = fit_penalised(frame, y, list(frame), penalties=(0.0,))
    plain = fit_logistic(frame, y, list(frame), knots=knots)
    np.testing.assert_allclose(free.coefficients, plain.coefficients, atol=1e-8)
    held = fit_penalised(frame, y, list(frame), penalties=(1e9,))
    np.testing.assert_allclose(held.predict(frame), y.mean(), atol=1e-4)


def test_the_penalty_has_the_largest_corrected_aic():
    frame, y = cohort()
    grid = (0.0, 1.0, 10.0, 100.0)
    chosen = fit_penalised(frame, y, list(frame), penalties=grid)
    assert chosen.method == "penalised" and "effective degrees of freedom" in chosen.note
    worst = fit_penalised(frame, y, list(frame), penalties=(10_000.0,))
    assert chosen.log_likelihood > worst.log_likelihood
    # Noise alone is shrunk to almost nothing.
    noise = np.random.default_rng(5).binomial(1, 0.4, len(frame))
    flat = fit_penalised(frame, noise, list(frame))
    assert np.ptp(flat.predict(frame)) < 0.5 * np.ptp(chosen.predict(frame))


def test_separated_outcomes_have_a_penalised_fit():
    frame, _ = cohort(n=80)
    y = (frame["age"] > 50).astype(int)
    fit = fit_penalised(frame, y, ["age", "margin"])
    assert np.isfinite(fit.coefficients).all()
    with pytest.raises(ValueError, match="Allow larger ones"):
        fit_penalised(frame, y, ["age"], penalties=(0.0,))


def test_variables_with_one_value_are_set_aside():
    frame, y = cohort()
    fit = fit_penalised(frame.assign(country="here"), y, [*frame, "country"])
    assert fit.terms == list(frame) and "country: a single value" in fit.note
    with pytest.raises(ValueError, match="single value"):
        fit_penalised(frame.assign(country="here"), y, ["country"])


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


def test_an_interaction_is_refused_with_the_reason():
    frame, y = cohort()
    with pytest.raises(ValueError, match="interaction.*adds to the log odds"):
        fit_logistic(frame, y, ["age", "age:noise"])
    fit = fit_logistic(frame, y, ["age", "noise"])
    joined = type(fit)(**{**fit.__dict__, "names": ["(Intercept)", "age", "age:noise"]})
    with pytest.raises(ValueError, match="interaction cannot be drawn"):
        Nomogram.from_fit(joined)


def test_a_spline_of_a_factor_is_refused():
    frame, y = cohort()
    with pytest.raises(ValueError, match="not continuous"):
        fit_logistic(frame, y, ["margin"], knots={"margin": [1, 2, 3]})


def test_terms_that_say_the_same_share_their_coefficient():
    frame, y = cohort()
    fit = fit_penalised(frame.assign(twin=frame["noise"]), y, ["noise", "twin"], n_knots=0)
    assert fit.coefficients[1] == pytest.approx(fit.coefficients[2], abs=1e-9)


def test_a_level_that_nobody_has_gets_the_mean_of_the_others():
    frame, y = cohort()
    declared = frame.assign(margin=frame["margin"].cat.add_categories(["Unknown"]))
    fit = fit_penalised(declared, y, ["age", "margin"], penalties=(2.0,))
    effects = np.r_[0, fit.coefficients[fit.block("margin")]]
    assert effects[3] == pytest.approx(effects[:3].mean(), abs=1e-9)
    alike = fit_penalised(frame, y, ["age", "margin"], penalties=(2.0,))
    np.testing.assert_allclose(alike.predict(frame), fit.predict(declared), atol=1e-9)
