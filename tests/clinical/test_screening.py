"""Logistic regression against R's glm, Firth's fallback against closed forms, and selection."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from scipy.optimize import minimize
from scipy.special import expit

from thyro.clinical.logistic import LogisticFit, fit_logistic
from thyro.clinical.screening import preoperative, select_terms, univariate_table

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "logistic.json").read_text())
each_case = pytest.mark.parametrize("case", GOLDEN["logistic_cases"], ids=lambda case: case["name"])


def close(got, want, tolerance):
    """Assert |got - want| <= tolerance * max(1, |want|)."""
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


def read(case):
    """Frame with declared levels, and outcome, of a golden case."""
    frame = pd.DataFrame(case["input"])
    for term, levels in case.get("factor_levels", {}).items():
        frame[term] = pd.Categorical(frame[term], categories=levels)
    return frame.drop(columns="y"), frame["y"]


def clinical(n=200, seed=11):
    """Invented patients: age and margin matter, side and noise do not."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.normal(45, 11, n).round(),
            "margin": pd.Categorical(
                rng.choice(["Smooth", "Irregular", "Extension"], n, p=[0.5, 0.3, 0.2]),
                categories=["Smooth", "Irregular", "Extension"],
            ),
            "side": pd.Categorical(rng.choice(["Left", "Right"], n)),
            "noise": rng.normal(size=n),
        },
        index=[f"P{i:03d}" for i in range(n)],
    )
    effect = frame["margin"].map({"Smooth": 0, "Irregular": 1.2, "Extension": 2}).astype(float)
    return frame, rng.binomial(1, expit(-1.2 - 0.06 * (frame["age"] - 45) + effect))


@each_case
def test_the_fit_matches_glm(case):
    frame, y = read(case)
    fit = fit_logistic(frame, y, list(frame))
    want = case["output"]["multivariate"]
    close(fit.coefficients, want["beta"], 1e-7)
    close(fit.covariance, want["vcov"], 1e-7)
    close(fit.log_likelihood, want["loglik"], 1e-9)
    close(-2 * fit.null_log_likelihood, want["null_deviance"], 1e-9)
    assert [name.replace("=", "") for name in fit.names] == want["term"]
    assert (fit.n, fit.n_events, fit.method) == (want["n"], y.sum(), "maximum likelihood")
    assert fit.note == ""


@each_case
def test_the_table_matches_glm(case):
    frame, y = read(case)
    table = fit_logistic(frame, y, list(frame)).table()
    want = case["output"]["multivariate"]
    for column, key in (
        ("estimate", "beta"),
        ("se", "se"),
        ("odds_ratio", "or"),
        ("ci_low", "or_lower95_wald"),
        ("ci_high", "or_upper95_wald"),
        ("p_value", "p_wald"),
    ):
        close(table[column], want[key][1:], 1e-7)
    for term in case["output"]["drop_one_lr"]:
        close(table.loc[table["term"] == term["variable"], "lr_p"], term["p"], 1e-7)


@each_case
def test_univariate_fits_match_glm(case):
    frame, y = read(case)
    table = univariate_table(frame, y, list(frame))
    for want in case["output"]["univariate"]:
        rows = table[table["term"] == want["variable"]]
        close(rows["estimate"], want["beta"][1:], 1e-7)
        close(rows["se"], want["se"][1:], 1e-7)
        close(rows["p_value"], want["p_wald"][1:], 1e-7)
        close(rows["lr_p"], want["lr_p"], 1e-7)
    assert set(table["n"]) == {len(y)}


def test_the_fit_matches_statsmodels():
    frame, y = clinical()
    fit = fit_logistic(frame, y, ["age", "margin", "noise"])
    design = sm.add_constant(
        pd.get_dummies(frame[["age", "margin", "noise"]], drop_first=True, dtype=float)
    )
    model = sm.Logit(y, design[["const", "age", "margin_Irregular", "margin_Extension", "noise"]])
    want = model.fit(disp=0, tol=1e-12)
    close(fit.coefficients, want.params, 1e-7)
    close(np.sqrt(np.diag(fit.covariance)), want.bse, 1e-7)
    close(fit.log_likelihood, want.llf, 1e-9)


# --- Firth's fallback


@pytest.mark.parametrize(
    ("cases_low", "n_low", "cases_high", "n_high"), [(0, 10, 5, 12), (7, 7, 3, 9), (0, 4, 6, 6)]
)
def test_firth_of_a_2x2_table_adds_a_half_to_every_cell(cases_low, n_low, cases_high, n_high):
    # For a saturated model Firth's penalty is Haldane's correction (Firth 1993, section 4.3).
    group = pd.Categorical(["low"] * n_low + ["high"] * n_high, categories=["low", "high"])
    y = [1] * cases_low + [0] * (n_low - cases_low) + [1] * cases_high + [0] * (n_high - cases_high)
    fit = fit_logistic(pd.DataFrame({"group": group}), y, ["group"])
    low = np.log((cases_low + 0.5) / (n_low - cases_low + 0.5))
    high = np.log((cases_high + 0.5) / (n_high - cases_high + 0.5))
    assert fit.method == "Firth"
    assert "separated by group=high: Firth" in fit.note
    close(fit.coefficients, [low, high - low], 1e-9)
    # Information n p (1 - p) of two independent groups.
    variance = [1 / (n * expit(lp) * expit(-lp)) for n, lp in ((n_low, low), (n_high, high))]
    close(fit.covariance, [[variance[0], -variance[0]], [-variance[0], sum(variance)]], 1e-9)


@pytest.mark.parametrize("case", GOLDEN["edge_cases"], ids=lambda case: case["name"])
def test_firth_maximises_the_penalised_likelihood(case):
    frame, y = read(case)
    fit = fit_logistic(frame, y, list(frame))
    design = np.column_stack([np.ones(len(y)), frame])

    def penalised(beta):
        p = expit(design @ beta)
        information = design.T @ (design * (p * (1 - p))[:, None])
        return -np.sum(stats.bernoulli.logpmf(y, p)) - np.linalg.slogdet(information)[1] / 2

    best = minimize(penalised, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-9})
    assert fit.method == "Firth"
    close(fit.coefficients, best.x, 1e-5)
    close(fit.log_likelihood, -best.fun, 1e-9)
    held = minimize(
        lambda beta: penalised([beta[0], 0]), [0], method="Nelder-Mead", options={"xatol": 1e-9}
    )
    close(fit.null_log_likelihood, -held.fun, 1e-9)
    close(fit.lr_p[frame.columns[0]], stats.chi2.sf(2 * (held.fun - best.fun), 1), 1e-7)


def test_steep_but_overlapping_data_keep_maximum_likelihood():
    # One pair of patients overlaps, so the maximum exists although predictors reach beyond 18.
    frame = pd.DataFrame({"x": [*np.linspace(-40, -1, 20), 0.02, -0.02, *np.linspace(1, 40, 20)]})
    y = [0] * 21 + [1] * 21
    fit = fit_logistic(frame, y, ["x"])
    assert fit.method == "maximum likelihood"
    assert np.abs(fit.linear_predictor(frame)).max() > 18
    # Score equations of maximum likelihood.
    residual = y - fit.predict(frame)
    close([residual.sum(), residual @ frame["x"]], [0, 0], 1e-8)


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e6])
def test_separation_is_seen_in_any_unit(unit):
    frame, y = read(GOLDEN["edge_cases"][0])
    one, other = (fit_logistic(f, y, ["x"]) for f in (frame, frame * unit))
    assert other.method == "Firth"
    close(other.coefficients * [1, unit], one.coefficients, 1e-6)


def test_separation_by_one_level_of_several_is_seen():
    frame, y = clinical()
    y = np.where(frame["margin"] == "Extension", 1, y)
    fit = fit_logistic(frame, y, ["age", "margin"])
    assert fit.method == "Firth"
    assert "margin=Extension" in fit.note
    assert np.isfinite(fit.table()[["estimate", "se", "ci_low", "ci_high", "lr_p"]]).all(axis=None)


# --- coding, prediction, storage


def test_the_first_category_is_the_reference():
    frame, y = clinical()
    turned = frame.assign(side=frame["side"].cat.reorder_categories(["Right", "Left"]))
    one, other = (fit_logistic(f, y, ["side"]) for f in (frame, turned))
    assert (one.names[1], other.names[1]) == ("side=Right", "side=Left")
    assert one.coefficients[1] == pytest.approx(-other.coefficients[1])
    assert one.lr_p["side"] == pytest.approx(other.lr_p["side"])


def test_strings_and_booleans_are_coded_in_alphabetical_order():
    frame, y = clinical()
    plain = frame.assign(side=frame["side"].astype(str), old=frame["age"] > 45)
    fit = fit_logistic(plain, y, ["side", "old"])
    assert fit.levels == {"side": ["Left", "Right"], "old": [False, True]}
    assert fit.names == ["(Intercept)", "side=Right", "old=True"]


def test_levels_that_do_not_occur_are_left_out_and_told():
    frame, y = clinical()
    frame["margin"] = frame["margin"].cat.set_categories(["None", *frame["margin"].cat.categories])
    fit = fit_logistic(frame, y, ["margin"])
    assert fit.levels["margin"] == ["Smooth", "Irregular", "Extension"]
    assert fit.note == "margin: no patient has None; left out."


def test_a_fit_survives_json():
    frame, y = clinical()
    fit = fit_logistic(frame, y, ["age", "margin"])
    back = LogisticFit.from_dict(json.loads(json.dumps(fit.to_dict())))
    np.testing.assert_array_equal(back.predict(frame), fit.predict(frame))
    pd.testing.assert_frame_equal(back.table(), fit.table())
    assert back.to_dict() == fit.to_dict()


def test_the_mean_prediction_is_the_prevalence():
    frame, y = clinical()
    assert fit_logistic(frame, y, list(frame)).predict(frame).mean() == pytest.approx(y.mean())


def test_ranges_and_few_distinct_values_are_kept():
    frame, y = clinical()
    frame["grade"] = np.random.default_rng(2).integers(1, 6, len(frame)).astype(float)
    fit = fit_logistic(frame, y, ["age", "grade", "side"])
    assert fit.ranges == {"age": (frame["age"].min(), frame["age"].max()), "grade": (1.0, 5.0)}
    assert fit.distinct == {"grade": [1.0, 2.0, 3.0, 4.0, 5.0]}


def test_a_wider_interval_has_higher_coverage():
    frame, y = clinical()
    fit = fit_logistic(frame, y, ["age"])
    narrow, wide = fit.table(level=0.9).iloc[0], fit.table(level=0.99).iloc[0]
    assert wide["ci_low"] < narrow["ci_low"] < narrow["ci_high"] < wide["ci_high"]


def test_unseen_levels_and_missing_values_are_named():
    frame, y = clinical()
    fit = fit_logistic(frame, y, ["age", "margin"])
    with pytest.raises(ValueError, match="margin: level 'Spiculated' did not occur"):
        fit.predict(pd.DataFrame({"age": [50.0], "margin": ["Spiculated"]}))
    frame.loc["P007", "age"] = np.nan
    with pytest.raises(ValueError, match="1 values of 'age' are missing, the first in row 'P007'"):
        fit.predict(frame)
    with pytest.raises(ValueError, match="unknown: \\['age'\\]"):
        fit.predict(frame[["margin"]])


def test_what_cannot_be_fitted_is_named():
    frame, y = clinical()
    with pytest.raises(ValueError, match="single has a single value"):
        fit_logistic(frame.assign(single=1.0), y, ["age", "single"])
    with pytest.raises(ValueError, match="terms: twice can be computed from the terms before"):
        fit_logistic(frame.assign(twice=2 * frame["age"]), y, ["age", "noise", "twice"])
    with pytest.raises(ValueError, match="y: expected 200 values, .* got 199"):
        fit_logistic(frame, y[1:], ["age"])
    with pytest.raises(ValueError, match="age: 1 of 200 values are missing or infinite"):
        fit_logistic(frame.assign(age=[np.inf, *frame["age"][1:]]), y, ["age"])


# --- selection


def test_the_factors_that_made_the_data_are_found():
    chosen = [
        select_terms(*clinical(600, seed), ["age", "side", "margin", "noise"]).terms
        for seed in range(40)
    ]
    assert all({"age", "margin"} <= set(terms) for terms in chosen)
    # side and noise stay by chance, one time in twenty each: 12 of 80 is beyond the 0.999 quantile.
    assert sum(len(terms) - 2 for terms in chosen) < 12


def test_entry_and_retention_are_limits_of_the_likelihood_ratio_p():
    frame, y = clinical(600)
    screened = univariate_table(frame, y, list(frame)).groupby("term")["lr_p"].first()
    last = screened.idxmax()
    inside = select_terms(frame, y, list(frame), entry=screened[last] * 1.001)
    outside = select_terms(frame, y, list(frame), entry=screened[last] * 0.999)
    assert last in set(inside.multivariable["term"])
    assert last not in set(outside.multivariable["term"])
    kept = inside.multivariable.groupby("term")["lr_p"].first()
    for factor, stays in ((1.001, True), (0.999, False)):
        retain = {"entry": 1.1, "retain": kept["margin"] * factor}
        assert ("margin" in select_terms(frame, y, list(frame), **retain).terms) == stays


def test_both_regressions_stand_side_by_side():
    frame, y = clinical(600)
    selection = select_terms(frame, y, list(frame), entry=1e-3)
    table = selection.to_frame()
    assert len(table) == len(selection.univariate)
    entered = table["estimate_multivariable"].notna()
    assert set(table.loc[entered, "term"]) == set(selection.multivariable["term"])


def test_when_nothing_enters_the_smallest_p_is_taken():
    frame, y = clinical()
    selection = select_terms(frame, y, ["side", "noise"], entry=1e-9)
    smallest = selection.univariate.set_index("term")["lr_p"].idxmin()
    assert selection.terms == [smallest]
    assert f"No variable has p < 1e-09: {smallest}" in selection.note


def test_when_nothing_stays_the_smallest_univariate_p_is_taken():
    frame, y = clinical()
    selection = select_terms(frame, y, ["age", "margin"], retain=1e-30)
    smallest = selection.univariate.set_index("term")["lr_p"].idxmin()
    assert selection.terms == [smallest]
    assert "No variable keeps p < 1e-30" in selection.note


def test_single_values_are_set_aside():
    frame, y = clinical()
    frame["ht"] = pd.Categorical(["No"] * len(frame), categories=["No", "Yes"])
    selection = select_terms(frame, y, ["ht", "age"])
    assert selection.terms == ["age"]
    assert "ht: a single value in training, set aside." in selection.note
    with pytest.raises(ValueError, match="all of ht have a single value"):
        select_terms(frame, y, ["ht"])


@pytest.mark.parametrize("seed", range(12))
def test_small_cohorts_with_rare_levels_still_give_finite_numbers(seed):
    # Most of these are separated somewhere; the penalty then weighs more than the data.
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"age": rng.normal(45, 11, 30).round()})
    for name, size in (("echo", 3), ("composition", 4), ("calcification", 6)):
        levels = [f"{name} {k}" for k in range(size)]
        shares = rng.dirichlet(np.full(size, 0.7))
        frame[name] = pd.Categorical(rng.choice(levels, 30, p=shares), categories=levels)
    y = np.r_[np.ones(8, int), np.zeros(22, int)]
    selection = select_terms(frame, y, list(frame), entry=0.8, retain=0.8)
    for table in (selection.univariate, selection.multivariable):
        assert np.isfinite(table[["estimate", "se", "p_value", "lr_p"]]).all(axis=None)
    assert ((selection.univariate["lr_p"] >= 0) & (selection.univariate["lr_p"] <= 1)).all()


DECLARED = {"age": {"preoperative": True}, "lnm_location": {"preoperative": False}}


def test_a_model_before_surgery_takes_what_is_known_before_surgery():
    assert preoperative(DECLARED, []) == ["age"]
    assert preoperative(DECLARED, ["age"]) == ["age"]
    with pytest.raises(ValueError, match="'lnm_location' is known after surgery only"):
        preoperative(DECLARED, ["age", "lnm_location"])
    with pytest.raises(ValueError, match="'size' is not declared"):
        preoperative(DECLARED, ["size"])


def test_a_variable_that_may_be_missing_enters_no_model():
    optional = DECLARED | {"tsh": {"preoperative": True, "required": False}}
    assert preoperative(optional, []) == ["age"]
    with pytest.raises(ValueError, match="'tsh' may be missing; no nomogram can rest on it"):
        preoperative(optional, ["tsh"])
    message = "candidates: no variable is required of every patient before surgery."
    with pytest.raises(ValueError, match=re.escape(message)):
        preoperative({"lnm_location": {"preoperative": False}}, [])


def test_the_level_is_that_of_the_intervals_and_of_nothing_else():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.normal(size=(80, 2)), columns=["a", "b"])
    y = rng.binomial(1, 1 / (1 + np.exp(-frame["a"])))
    usual, narrow = (select_terms(frame, y, ["a", "b"], level=level) for level in (0.95, 0.8))
    assert usual.terms == narrow.terms
    for wide, slim in (
        (usual.univariate, narrow.univariate),
        (usual.multivariable, narrow.multivariable),
    ):
        same = [name for name in wide.columns if name not in ("ci_low", "ci_high")]
        pd.testing.assert_frame_equal(wide[same], slim[same])
        assert (slim["ci_low"] > wide["ci_low"]).all() and (slim["ci_high"] < wide["ci_high"]).all()
