"""Logistic regression and nomograms against R: glm, MASS, car and rms, case by case."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.reference import cases, compare, note
from thyro.clinical import sample_size
from thyro.clinical.logistic import fit_logistic, profile_intervals
from thyro.nomogram.axes import Nomogram, r_pretty
from thyro.statistics import delong

LOGISTIC, NOMOGRAM = "logistic", "nomogram"


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
        wald = [want["wald"][key] for key in ("chi2", "df", "p")]
        compare(LOGISTIC, case["name"], fit.wald_test(want["variable"]), wald, 1e-7, what="Wald")
        compare(LOGISTIC, case["name"], fit.log_likelihood, want["loglik"], 1e-9, what="loglik")


@pytest.mark.parametrize("case", cases("logistic", "logistic_cases"))
def test_multivariable_regression(case):
    frame, y = read(case)
    fit, want = fit_logistic(frame, y, list(frame)), case["output"]["multivariate"]
    check_coefficients(case, fit, want)
    check_summary(case, fit, want)
    compare(LOGISTIC, case["name"], fit.covariance, want["vcov"], 1e-7, what="vcov")
    assert fit.n == want["n"]


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
    wald = [factor["wald"][key] for key in ("chi2", "df", "p")]
    compare(LOGISTIC, case["name"], fit.wald_test(factor["factor"]), wald, 1e-7, what="Wald")


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
def test_inflation_of_variances(case):
    frame, y = read(case)
    fit, want = fit_logistic(frame, y, list(frame)), case["output"]["vif"]
    vif, table = sample_size.inflation(fit), sample_size.collinearity(fit)
    compare(LOGISTIC, case["name"], vif, want["rms_vif"], 1e-6, what="vif")
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


@pytest.mark.parametrize("case", cases("logistic", "edge_cases"))
def test_separation_is_told(case):
    frame, y = read(case)
    fit = fit_logistic(frame, y, list(frame))
    assert fit.method == "Firth" and "separated" in fit.note
    assert np.isfinite(fit.coefficients).all() and np.isfinite(fit.covariance).all()
    note(LOGISTIC, case["name"], 0.0, 1e-7)


# --- nomograms


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


@pytest.mark.parametrize("case", cases("nomogram", "r_pretty_cases"))
def test_pretty_of_r(case):
    got = r_pretty(case["low"], case["high"], case["n"])
    compare(
        "nomogram, pretty", f"{case['low']} {case['high']} {case['n']}", got, case["pretty"], 1e-12
    )
