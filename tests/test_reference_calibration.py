"""Calibration, decision curves and bootstrap validation against R: rms and base R."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import logit

from tests.reference import cases, compare, note, number
from thyro.clinical import bootstrap
from thyro.clinical.logistic import design
from thyro.statistics import calibration, delong, smoothing
from thyro.statistics.decision import decision_curve

CONSTANT = "constant_prediction"  # the one case to which R fits no line and no curve


@pytest.mark.parametrize("case", cases("hosmer_lemeshow", "hl_cases"))
def test_hosmer_lemeshow(case):
    y, p, g = (np.array(case["input"][key]) for key in ("y", "p", "g"))
    want, name = case["output"], case["name"]
    if "chisq" not in want:  # a constant prediction: R stops
        with pytest.raises(ValueError, match="expected two or more distinct"):
            calibration.hosmer_lemeshow(y, p, groups=int(g))
        note("hosmer_lemeshow", name, 0.0, 1e-9)
        return
    got = calibration.hosmer_lemeshow(y, p, groups=int(g))
    table = got.table
    compare("hosmer_lemeshow", name, [table["low"].iloc[0], *table["high"]], want["breaks"], 1e-9)
    for mine, theirs in (
        ("n", "n"),
        ("observed_cases", "observed1"),
        ("observed_controls", "observed0"),
        ("expected_cases", "expected1"),
        ("expected_controls", "expected0"),
    ):
        compare("hosmer_lemeshow", name, table[mine], want[theirs], 1e-9, what=theirs)
    assert len(table) == want["n_groups"] and got.df == want["df"]
    compare("hosmer_lemeshow", name, got.statistic, want["chisq"], 1e-9, what="chisq")
    compare("hosmer_lemeshow", name, got.p_value, want["p_value_upper_tail"], 1e-9, what="p")
    other = calibration.hosmer_lemeshow(y, p, groups=int(g), df=int(g))
    compare("hosmer_lemeshow", name, other.p_value, want["p_value_df_external_g"], 1e-9, what="df")


@pytest.mark.parametrize("case", cases("calibration", "calibration_cases"))
def test_recalibration(case):
    y, p = (np.array(case["input"][key]) for key in ("y", "p"))
    want, name = case["output"], case["name"]
    got = calibration.calibration(y, p)
    compare("calibration", name, got.brier, np.mean((p - y) ** 2), 1e-12, what="Brier")
    if name == CONSTANT:
        assert "recalibration" not in want
        return
    joint, large = want["recalibration"], want["citl"]
    half = stats.norm.isf(0.025)
    mine = {
        "intercept": got.intercept,
        "slope": got.slope,
        "se_intercept": got.intercept_se,
        "se_slope": got.slope_se,
        "slope_ci95_wald": [got.slope - half * got.slope_se, got.slope + half * got.slope_se],
        "p_slope_eq_1_wald": 2 * stats.norm.sf(abs((got.slope - 1) / got.slope_se)),
        "lr_chi2_intercept0_slope1": got.lr_statistic,
        "lr_p": got.lr_p,
    }
    for key, value in mine.items():
        compare("calibration", name, value, joint[key], 1e-6, what=key)
    ends = [got.citl - half * got.citl_se, got.citl + half * got.citl_se]
    p_large = 2 * stats.norm.sf(abs(got.citl / got.citl_se))
    compare("calibration", name, got.citl, large["intercept"], 1e-6, what="in the large")
    compare("calibration", name, got.citl_se, large["se"], 1e-6, what="its se")
    compare("calibration", name, [*ends, p_large], [*large["ci95_wald"], large["p_wald"]], 1e-6)
    ratio = want["observed_expected_ratio"]
    compare("calibration", name, got.observed_expected, ratio, 1e-9, what="O/E")


@pytest.mark.parametrize("case", cases("calibration", "calibration_cases"))
def test_val_prob(case):
    y, p = (np.array(case["input"][key]) for key in ("y", "p"))
    rms, name = case["output"]["val_prob"], case["name"]
    kept = (p > 0) & (p < 1)
    got = calibration.calibration(y, p)
    inside = calibration.calibration(y[kept], p[kept])
    compare("calibration", name, got.intercept, rms["Intercept"], 1e-6, what="intercept")
    compare("calibration", name, got.slope, rms["Slope"], 1e-6, what="slope")
    compare("calibration", name, got.brier, rms["Brier"], 1e-6, what="Brier")
    z = [got.spiegelhalter_z, got.spiegelhalter_p]
    compare("calibration", name, z, [rms["S:z"], rms["S:p"]], 1e-6, what="Spiegelhalter")
    if np.ptp(p) == 0:
        errors = [got.e_max, got.e_90, got.e_avg]
        compare("calibration", name, errors, [rms[k] for k in ("Emax", "E90", "Eavg")], 1e-6)
        return
    lp, n, y = logit(p[kept]), int(kept.sum()), y[kept]
    height = np.sum(y * lp - np.logaddexp(0, lp))
    null = n * (y.mean() * np.log(y.mean()) + (1 - y.mean()) * np.log(1 - y.mean()))
    gain = 2 * (height - null)
    d, u = (gain - 1) / n, (inside.lr_statistic - 2) / n
    compare("calibration", name, [d, u, d - u], [rms["D"], rms["U"], rms["Q"]], 1e-6, what="D, U")
    statistic = [gain, inside.lr_statistic, inside.lr_p]
    compare("calibration", name, statistic, [rms["D:Chi-sq"], rms["U:Chi-sq"], rms["U:p"]], 1e-6)
    r2 = (1 - np.exp(-gain / n)) / (1 - np.exp(2 * null / n))
    compare("calibration", name, r2, rms["R2"], 1e-6, what="R2")
    # rms bins predictions before it ranks them: a coarse C, and thyro's is that of `roc`.
    auc = delong.auc_ci(y, p[kept]).auc
    compare("calibration, C of rms", name, auc, rms["C (ROC)"], 1e-2, what="C")
    compare("calibration, C of rms", name, 2 * auc - 1, rms["Dxy"], 1e-2, what="Dxy")


@pytest.mark.parametrize("case", cases("calibration", "calibration_cases"))
def test_smooth_curves(case):
    if case["name"] == CONSTANT:
        assert "lowess" not in case["output"]
        return
    y, p = (np.array(case["input"][key], dtype=float) for key in ("y", "p"))
    want, name = case["output"], case["name"]
    got = calibration.calibration(y.astype(int), p)
    exact, default = want["lowess_delta0"], want["lowess"]
    keys = ("Eavg", "E50", "E90", "Emax")
    errors = [got.e_avg, got.e_50, got.e_90, got.e_max]
    compare("calibration", name, errors, [exact[k] for k in keys], 1e-8, what="E, delta 0")
    x, smooth = smoothing.lowess(p, y)
    per_patient = smooth[np.searchsorted(x, p)]
    compare("calibration", name, per_patient, exact["calibrated_per_obs"], 1e-8, what="lowess")
    x, smooth = smoothing.lowess(p, y, delta=0.01 * np.ptp(p))
    compare("calibration", name, x, default["x_unique"], 1e-12, what="x")
    per_patient = np.interp(p, x, smooth)
    compare("calibration, R's delta", name, per_patient, default["calibrated_per_obs"], 5e-3)
    off = np.abs(p - per_patient)
    mine = [off.mean(), *np.quantile(off, [0.5, 0.9]), off.max()]
    compare("calibration, R's delta", name, mine, [default[k] for k in keys], 5e-3, what="E")
    direct = want["loess_direct"]
    x = np.unique(p)
    fitted = (smoothing.loess_weights(x, p) @ y)[np.searchsorted(x, p)]
    off = np.abs(p - fitted)
    mine = [off.mean(), *np.quantile(off, [0.5, 0.9]), off.max()]
    keys = ("ICI", "E50", "E90", "Emax")
    compare("calibration, loess", name, mine, [direct[k] for k in keys], 1e-6, what="loess")


@pytest.mark.parametrize("case", cases("dca", "dca_cases"))
def test_decision_curves(case):
    want, name = case["output"], case["name"]
    curve = decision_curve(case["input"]["y"], case["input"]["p"], want["threshold"])
    for mine, theirs in (
        ("tp", "tp"),
        ("fp", "fp"),
        ("net_benefit", "net_benefit_model"),
        ("treat_all", "net_benefit_all"),
        ("treat_none", "net_benefit_none"),
        ("interventions_avoided", "net_interventions_avoided_per_100"),
    ):
        compare("dca", name, getattr(curve, mine), want[theirs], 1e-12, what=theirs)
    prevalence = np.mean(case["input"]["y"])
    compare("dca", name, prevalence, want["prevalence"], 1e-12, what="prevalence")
    relative = curve.net_benefit / prevalence
    compare("dca", name, relative, want["standardized_net_benefit_model"], 1e-12, what="relative")
    better = curve.net_benefit > np.maximum(curve.treat_all, 0) + 1e-12
    expected = want["thresholds_where_model_beats_all_and_none"]
    assert curve.threshold[better].tolist() == [float(t) for t in np.atleast_1d(expected)]
    area = np.trapezoid(curve.net_benefit, curve.threshold)
    compare("dca", name, area, want["area_nb_trapezoid_0.01_0.99"], 1e-12, what="area")


# --- bootstrap


def columns(case, formula=None):
    """Design without the column of ones, and outcome, of the variables that the formula names."""
    data = {
        k: v for k, v in case["input"].items() if k != "resample_indices_1based_rows_are_bootstraps"
    }
    frame = pd.DataFrame(data)
    for term, levels in (case.get("factor_levels") or {}).items():
        frame[term] = pd.Categorical(frame[term], categories=levels)
    names = [name.strip() for name in case["formula"].split("~")[1].split("+")]
    levels = {t: list(frame[t].cat.categories) for t in names if frame[t].dtype == "category"}
    return design(frame[names], levels, {})[0][:, 1:], frame["y"].to_numpy()


OF_RMS = {"r2": "R2", "intercept": "Intercept", "slope": "Slope", "brier": "B"}


@pytest.mark.parametrize("case", cases("validate", "deterministic_cases"))
def test_optimism_of_given_samples(case):
    X, y = columns(case)
    rows = np.array(case["input"]["resample_indices_1based_rows_are_bootstraps"]) - 1
    got, want, name = bootstrap.optimism(X, y, rows=rows), case["output"], case["name"]
    assert (got.draws, got.failed) == (want["B"], 0)
    for column in ("apparent", "training", "test", "optimism", "corrected"):
        for mine, theirs in OF_RMS.items():
            compare("validate", name, got.table.loc[mine, column], want[column][theirs], 1e-6)
        auc = got.table.loc["auc", column]
        dxy = 2 * auc if column == "optimism" else 2 * auc - 1
        compare("validate", name, dxy, want[column]["Dxy"], 1e-6, what=f"{column} Dxy")
    compare("validate", name, got.table.loc["auc", "corrected"], want["corrected_auc"], 1e-6)
    for mine, theirs in OF_RMS.items():  # rms's own convergence
        value = want["rms_validate_corrected"][theirs]
        compare("validate, rms itself", name, got.table.loc[mine, "corrected"], value, 2e-4)


@pytest.mark.parametrize("case", cases("validate", "validate_cases"))
def test_optimism_is_that_of_rms_within_its_scatter(case):
    X, y = columns(case)
    want = case["output"]
    got = bootstrap.optimism(X, y, draws=1000, seed=7).table
    compare("validate", case["name"], got.loc["auc", "apparent"], want["apparent_auc"], 1e-6)
    limit = 5 * want["corrected_auc_mc_sd"] * np.sqrt(200 / 1000)
    check_scatter(case, got.loc["auc", "corrected"], want["corrected_auc_mean"], limit)
    for mine, theirs in OF_RMS.items():
        index = want["indexes"][theirs]
        apparent = got.loc[mine, "apparent"]
        compare("validate", case["name"], apparent, index["index_orig"], 1e-6, what=theirs)
        limit = 5 * index["corrected_mc_sd"] * np.sqrt(200 / 1000)
        check_scatter(case, got.loc[mine, "corrected"], index["corrected_mean"], limit)


def check_scatter(case, got, want, limit):
    note("validate, in Monte Carlo SD", case["name"], 5 * abs(got - want) / limit, 5)
    assert abs(got - want) <= limit


@pytest.mark.parametrize("case", cases("calibrate_bootstrap", "bootstrap_calibration_cases"))
def test_bias_corrected_calibration(case):
    X, y = columns(case)
    want, name = case["output"], case["name"]
    got = bootstrap.calibrate(X, y, want["predy"], draws=200, seed=3)
    compare("calibrate_bootstrap", name, got["apparent"], want["apparent"], 1e-5, what="apparent")
    off = np.abs(got["corrected"] - np.array(want["bias_corrected_mean_over_seeds"]))
    limit = 5 * np.array(want["mc_sd_single_run"]) + 0.002
    note("calibrate, corrected", name, (off / limit).max(), 1)
    assert (off <= limit).all()
    # The mean error that rms prints below the curve, at the patients' own predictions.
    beta, _ = bootstrap.fit_samples(np.column_stack([np.ones(len(y)), X]), y, np.ones((1, len(y))))
    p = 1 / (1 + np.exp(-(beta[0, 0] + X @ beta[0, 1:])))
    error = np.abs(p - np.interp(p, got["predicted"], got["corrected"], np.nan, np.nan))
    error = error[np.isfinite(error)]
    for value, key in (
        (error.mean(), "mean_abs_error"),
        (np.quantile(error, 0.9), "q90_abs_error"),
    ):
        limit = 5 * number(want[f"{key}_sd"]) + 0.002
        note("calibrate, corrected", name, abs(value - want[f"{key}_mean"]) / limit, 1)
        assert abs(value - want[f"{key}_mean"]) <= limit
