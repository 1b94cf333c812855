"""Pooled regressions: what they are without gaps, and patients with gaps predicted by them."""

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

from tests.clinical.test_imputation import VARIABLES, invented
from thyro.clinical import screening
from thyro.clinical.imputation import impute
from thyro.clinical.logistic import LogisticFit, fit_logistic
from thyro.clinical.penalised import fit_penalised
from thyro.clinical.pooled import complete_case_table, fit_imputed, penalised_imputed
from thyro.clinical.rubin import pool
from thyro.clinical.screening import fit_nomograms, select_terms
from thyro.nomogram.axes import Nomogram

TERMS = ["size", "margin", "site"]


def test_without_gaps_it_is_the_plain_regression():
    _, y, whole = invented()
    pooled = fit_imputed(impute(whole, y, VARIABLES, m=3), y, TERMS)
    plain = fit_logistic(whole, y, TERMS)
    np.testing.assert_allclose(pooled.coefficients, plain.coefficients)
    np.testing.assert_allclose(pooled.covariance, plain.covariance)
    np.testing.assert_allclose(pooled.predict(whole), plain.predict(whole))
    np.testing.assert_allclose(pooled.risk(whole), plain.risk(whole))
    z = plain.coefficients[1] / np.sqrt(plain.covariance[1, 1])
    wald = 2 * stats.t.sf(abs(z), len(y) - len(plain.names))
    assert pooled.lr_p["size"] == pytest.approx(wald, rel=0.1)  # Wald's test, by t
    single = fit_imputed(impute(whole, y, VARIABLES, m=1), y, TERMS)
    assert single.lr_p == plain.lr_p and single.table().drop(columns="df").equals(plain.table())


def test_the_table_is_that_of_rubins_rules():
    gaps, y, _ = invented()
    found = impute(gaps, y, VARIABLES, m=5)
    fit = fit_imputed(found, y, TERMS)
    each = [fit_logistic(one, y, TERMS, tests=False) for one in found.training]
    want = pool(
        [one.coefficients for one in each],
        [one.covariance for one in each],
        dfcom=len(y) - len(fit.names),
        level=0.9,
    )
    table = fit.table(level=0.9)
    np.testing.assert_allclose(np.log(table["ci_high"]), want.ci_high[1:])
    np.testing.assert_allclose(table["p_value"], want.p_value[1:])
    assert "Pooled over 5 imputations" in fit.note
    assert (fit.fmi > 0).all() and (fit.df < len(y)).all()


def test_a_new_patient_with_a_gap_is_predicted_by_the_mean_linear_predictor():
    gaps, y, _ = invented()
    found = impute(gaps, y, VARIABLES, m=4)
    fit = fit_imputed(found, y, TERMS)
    new = pd.DataFrame(
        {"age": [60.0, 60.0], "size": [np.nan, 12.0], "margin": ["smooth"] * 2, "site": "upper"},
        index=["a", "b"],
    )
    lps = [f.linear_predictor(one) for f, one in zip(fit.fits, found.completed(new), strict=True)]
    np.testing.assert_allclose(fit.predict(new), expit(np.mean(lps, axis=0)))
    risk = fit.risk(new)
    plain = LogisticFit(**{one.name: getattr(fit, one.name) for one in fields(LogisticFit)})
    # Without a gap the pooled regression itself says it, with the variance of its coefficients.
    np.testing.assert_allclose(risk.loc[["b"]], plain.risk(new.iloc[1:]), rtol=1e-9)
    assert risk.loc["a", "se"] > risk.loc["b", "se"]  # the gap widens the interval
    # Of a patient who has all terms the other variables of the imputation are not asked for.
    given = dict(new.loc["b"].drop("age"))
    assert fit.risk_of(given) == pytest.approx(risk.loc["b", ["p", "ci_low", "ci_high"]].tolist())


def test_it_is_kept_and_drawn_as_any_regression():
    gaps, y, _ = invented()
    fit = fit_imputed(impute(gaps, y, VARIABLES, m=3), y, TERMS)
    again = LogisticFit.from_dict(fit.to_dict())
    np.testing.assert_array_equal(again.coefficients, fit.coefficients)
    assert set(fit.to_dict()) - {one.name for one in fields(LogisticFit)} == {"df", "fmi"}
    drawn = Nomogram.from_fit(fit)
    new = pd.Series({"size": 12.0, "margin": "irregular", "site": "upper"})
    total = sum(drawn.points(term, new[term]) for term in TERMS)
    frame = pd.DataFrame([{**new, "age": 50.0}])
    assert drawn.probability(total) == pytest.approx(fit.predict(frame)[0])


def test_terms_are_chosen_by_pooled_tests():
    gaps, y, whole = invented(n=500)
    filled = impute(gaps, y, VARIABLES, m=5)
    chosen = select_terms(gaps, y, VARIABLES, imputation=filled)
    assert set(chosen.terms) == {"size", "margin"}
    fit = fit_imputed(filled, y, ["size"])
    row = chosen.univariate.set_index("term").loc["size"]
    assert row["lr_p"] == fit.lr_p["size"] and row["n"] == len(y)
    assert "Pooled over 5" in chosen.note
    assert "Pooled" not in select_terms(whole, y, VARIABLES).note


def test_nomograms_that_are_made_again_fill_gaps_anew():
    gaps, y, _ = invented(n=400)
    training, others = gaps.iloc[:250].assign(score=0.1), gaps.iloc[250:].assign(score=0.1)
    training["score"] += 0.2 * y.iloc[:250]
    training["score"] += np.random.default_rng(0).normal(0, 0.2, 250)
    made = fit_nomograms(
        training,
        y.iloc[:250],
        variables=VARIABLES,
        signatures={"A": ["score"], "C": []},
        imputations=2,
        seed=1,
    )
    p = made["C"](others)
    assert np.isfinite(p).all() and p.std() > 0.05
    # A clinical nomogram reads no signature, not through a gap either.
    np.testing.assert_array_equal(made["C"](others.assign(score=9.0)), p)
    # Patients who are left out teach nothing.
    again = fit_nomograms(
        training,
        y.iloc[:250],
        variables=VARIABLES,
        signatures={"C": []},
        imputations=2,
        seed=1,
    )
    again["C"](others.assign(size=1.0))
    np.testing.assert_array_equal(again["C"](others), p)


def test_all_candidates_are_penalised_together():
    gaps, y, whole = invented()
    fit = penalised_imputed(impute(gaps, y, VARIABLES, m=3), y, VARIABLES)
    assert fit.note.count("Ridge penalty") == 1 and "Pooled over 3 imputations" in fit.note
    assert fit.method == "penalised" and np.isfinite(fit.risk(gaps)["se"]).all()
    knots = fit.knots["size"]
    assert min(gaps["size"]) < knots[0] < knots[-1] < max(gaps["size"])
    none = penalised_imputed(impute(whole, y, VARIABLES, m=2), y, VARIABLES)
    np.testing.assert_allclose(none.coefficients, fit_penalised(whole, y, VARIABLES).coefficients)


def test_complete_patients_stand_beside_all():
    gaps, y, _ = invented()
    frame = gaps.assign(y=y)
    fit = fit_imputed(impute(gaps, y, VARIABLES, m=5), y, TERMS)
    table = complete_case_table(frame, {"C": fit})
    complete = frame.dropna(subset=TERMS)
    assert table["n_complete"].eq(len(complete)).all() and table["n_imputed"].eq(len(frame)).all()
    want = fit_logistic(complete, complete["y"], TERMS).table()
    np.testing.assert_allclose(table["odds_ratio_complete"], want["odds_ratio"])
    np.testing.assert_allclose(table["odds_ratio_imputed"], fit.table()["odds_ratio"])
    assert table["se_imputed"].mean() < table["se_complete"].mean()
    assert table["fmi"].between(0, 1).all()


def test_another_sample_draws_other_numbers_and_the_same_sample_the_same(monkeypatch):
    gaps, y, _ = invented()
    seeds = []

    def noted(*given, seed, **keywords):
        seeds.append(seed)
        return impute(*given, seed=seed, **keywords)

    monkeypatch.setattr(screening, "impute", noted)
    for rows in (slice(0, 200), slice(100, 300), slice(0, 200)):
        fit_nomograms(
            gaps[rows], y[rows], variables=VARIABLES, signatures={"C": []}, imputations=1, seed=5
        )
    assert seeds[0] == seeds[2] != seeds[1]
