"""Logistic regression: against R's glm, MASS and rms, and statsmodels."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from tests.invented import clinical
from tests.reference import cases, compare, note
from thyro.clinical.logistic import LogisticFit, fit_logistic, profile_intervals
from thyro.nomogram.axes import Nomogram
from thyro.statistics import delong

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


def check_coefficients(case, fit, want):
    """Odds ratios and their Wald intervals of one fit, the intercept among them."""
    name, z = case["name"], stats.norm.isf(0.025)
    se = np.sqrt(np.diag(fit.covariance))
    assert [n.replace("=", "") for n in fit.names] == want["term"]
    got = {
        "beta": fit.coefficients,
        "se": se,
        "z": fit.coefficients / se,
        "p_wald": 2 * stats.norm.sf(np.abs(fit.coefficients / se)),
        "or": np.exp(fit.coefficients),
        "or_lower95_wald": np.exp(fit.coefficients - z * se),
        "or_upper95_wald": np.exp(fit.coefficients + z * se),
    }
    for key, values in got.items():
        compare(LOGISTIC, name, values, want[key], 1e-7, what=key)
    table = fit.table()
    compare(LOGISTIC, name, table["ci_high"], want["or_upper95_wald"][1:], 1e-7, what="table")
    compare(LOGISTIC, name, table["p_value"], want["p_wald"][1:], 1e-7, what="table")


def check_summary(case, fit, want):
    summary = fit.summary() | {"loglik": fit.log_likelihood}
    for key in ("loglik", "deviance", "null_deviance", "aic", "bic"):
        compare(LOGISTIC, case["name"], summary[key], want[key], 1e-9, what=key)
    for key in ("lr_chi2", "lr_df", "lr_p", "r2_nagelkerke", "r2_mcfadden", "r2_cox_snell"):
        compare(LOGISTIC, case["name"], summary[key], want[key], 1e-8, what=key)


@pytest.mark.parametrize("case", cases("logistic", "logistic_cases"))
def test_univariate_regressions(case):
    frame, y = read(case)
    for want in case["output"]["univariate"]:
        fit = fit_logistic(frame, y, [want["variable"]])
        check_coefficients(case, fit, want)
        gain = 2 * (fit.log_likelihood - fit.null_log_likelihood)
        compare(LOGISTIC, case["name"], gain, want["lr_chi2"], 1e-8, what="LR")
        compare(LOGISTIC, case["name"], fit.lr_p[want["variable"]], want["lr_p"], 1e-7, what="LR p")
        compare(LOGISTIC, case["name"], fit.log_likelihood, want["loglik"], 1e-9, what="loglik")


@pytest.mark.parametrize("case", cases("logistic", "logistic_cases"))
def test_multivariable_regression(case):
    frame, y = read(case)
    fit, want = fit_logistic(frame, y, list(frame)), case["output"]["multivariate"]
    check_coefficients(case, fit, want)
    check_summary(case, fit, want)
    compare(LOGISTIC, case["name"], fit.covariance, want["vcov"], 1e-7, what="vcov")
    assert fit.n == want["n"]


def test_a_fit_without_tests_is_the_same_fit():
    case = cases("logistic", "logistic_cases")[0]
    frame, y = read(getattr(case, "values", [case])[0])
    tested, plain = (fit_logistic(frame, y, list(frame), tests=tests) for tests in (True, False))
    np.testing.assert_array_equal(plain.predict(frame), tested.predict(frame))
    assert plain.table()["lr_p"].isna().all() and tested.table()["lr_p"].notna().all()


@pytest.mark.parametrize("case", cases("logistic", "logistic_cases"))
def test_what_lrm_prints(case):
    frame, y = read(case)
    fit, want = fit_logistic(frame, y, list(frame)), case["output"]["lrm_stats"]
    summary, p = fit.summary(), fit.predict(frame)
    compare(LOGISTIC, case["name"], summary["n"], want["Obs"], 1e-9, what="Obs")
    compare(LOGISTIC, case["name"], summary["lr_chi2"], want["Model L.R."], 1e-8, what="LR")
    compare(LOGISTIC, case["name"], summary["lr_df"], want["d.f."], 1e-9, what="df")
    compare(LOGISTIC, case["name"], summary["r2_nagelkerke"], want["R2"], 1e-8, what="R2")
    compare(LOGISTIC, case["name"], np.mean((p - y) ** 2), want["Brier"], 1e-7, what="Brier")
    # rms bins the predictions before it ranks them, so its C is coarse.
    auc = delong.auc_ci(y, p).auc
    compare("logistic, C of rms", case["name"], auc, want["C"], 1e-2, what="C")
    compare("logistic, C of rms", case["name"], 2 * auc - 1, want["Dxy"], 1e-2, what="Dxy")


@pytest.mark.parametrize("case", cases("logistic", "logistic_cases"))
def test_leaving_terms_out(case):
    frame, y = read(case)
    fit = fit_logistic(frame, y, list(frame))
    factor = case["output"]["factor_test"]
    drops = [*case["output"]["drop_one_lr"], {"variable": factor["factor"], **_lr(factor)}]
    for want in drops:
        others = [term for term in frame if term != want["variable"]]
        without = fit_logistic(frame, y, others)
        gain = 2 * (fit.log_likelihood - without.log_likelihood)
        compare(LOGISTIC, case["name"], gain, want["lr_chi2"], 1e-8, what="LR of a term")
        compare(LOGISTIC, case["name"], fit.lr_p[want["variable"]], want["p"], 1e-7, what="its p")
        if "aic_without" in want:
            aic = without.summary()["aic"]
            compare(LOGISTIC, case["name"], aic, want["aic_without"], 1e-9, what="AIC")


def _lr(factor):
    return {"lr_chi2": factor["lr_chi2"], "p": factor["lr_p"]}


@pytest.mark.parametrize("case", cases("logistic", "logistic_cases"))
def test_backward_elimination_by_aic(case):
    frame, y = read(case)

    def aic(terms):
        if terms:
            return fit_logistic(frame, y, terms).summary()["aic"]
        null = fit_logistic(frame, y, list(frame)).null_log_likelihood
        return -2 * null + 2

    want = case["output"]["backward_aic"]
    for step in want["steps"]:
        current = step["current"]
        compare(LOGISTIC, case["name"], aic(current), step["aic"], 1e-9, what="AIC of a step")
        if current:
            without = [aic([t for t in current if t != term]) for term in current]
            compare(LOGISTIC, case["name"], without, step["aic_if_removed"], 1e-9, what="AIC")
            best = int(np.argmin(without))
            assert step["removed"] == (current[best] if without[best] < aic(current) else None)
    if want["final_terms"]:
        final = fit_logistic(frame, y, want["final_terms"])
        check_coefficients(case, final, want["final"])
        check_summary(case, final, want["final"])


@pytest.mark.parametrize("case", cases("logistic", "logistic_cases"))
def test_predictions_with_their_interval(case):
    frame, y = read(case)
    risk = fit_logistic(frame, y, list(frame)).risk(frame.iloc[:10])
    want = case["output"]["first10_predictions"]
    keys = {"lp": "lp", "se": "se_lp", "p": "prob"}
    keys |= {"ci_low": "prob_lower95", "ci_high": "prob_upper95"}
    for mine, theirs in keys.items():
        compare(LOGISTIC, case["name"], risk[mine], want[theirs], 1e-7, what=theirs)


@pytest.mark.parametrize("case", cases("logistic", "logistic_cases"))
def test_profile_intervals(case):
    frame, y = read(case)
    want = case["output"]["multivariate"]["profile_likelihood_or_ci"]
    got = profile_intervals(frame, y, list(frame))
    assert [name.replace("=", "") for name in got.index] == want["term"]
    for mine, theirs in (("ci_low", "lower95"), ("ci_high", "upper95")):
        error = np.abs(got[mine] - np.array(want[theirs])) / np.maximum(1, np.abs(want[theirs]))
        note("logistic, profile", case["name"], error.max(), 1e-3)
        assert error.max() <= 1e-3


GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "logistic.json").read_text())


each_case = pytest.mark.parametrize("case", GOLDEN["logistic_cases"], ids=lambda case: case["name"])


def close(got, want, tolerance):
    """Assert |got - want| <= tolerance * max(1, |want|)."""
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


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


def test_an_interaction_is_refused_with_the_reason():
    frame, y = clinical()
    with pytest.raises(ValueError, match="interaction.*adds to the log odds"):
        fit_logistic(frame, y, ["age", "age:noise"])
    fit = fit_logistic(frame, y, ["age", "noise"])
    joined = type(fit)(**{**fit.__dict__, "names": ["(Intercept)", "age", "age:noise"]})
    with pytest.raises(ValueError, match="interaction cannot be drawn"):
        Nomogram.from_fit(joined)


def test_a_spline_of_a_factor_is_refused():
    frame, y = clinical()
    with pytest.raises(ValueError, match="not continuous"):
        fit_logistic(frame, y, ["margin"], knots={"margin": [1, 2, 3]})


def test_the_risk_of_one_patient_is_that_of_a_table_with_one_row():
    frame, y = clinical()
    fit = fit_logistic(frame, y, ["age", "margin"])
    expected = fit.risk(frame.iloc[[5]], level=0.9)[["p", "ci_low", "ci_high"]].iloc[0]
    assert fit.risk_of(frame.iloc[5], level=0.9) == tuple(expected)
