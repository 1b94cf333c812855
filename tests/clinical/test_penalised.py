"""The penalised clinical model: against sklearn, maximum likelihood and its own limits."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from thyro.clinical.logistic import fit_logistic
from thyro.clinical.penalised import fit_penalised
from thyro.clinical.splines import default_knots


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
