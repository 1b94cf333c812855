"""Hosmer-Lemeshow, recalibration and lowess errors against R, and their own logic."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from tests.reference import cases, compare, note
from thyro.statistics import delong
from thyro.statistics.calibration import calibration, calibration_curve, hosmer_lemeshow


def golden(name, part):
    """Cases of a reference file, as parameters named by case."""
    cases = json.loads((Path(__file__).parents[1] / "golden" / name).read_text())[part]
    return [pytest.param(case, id=case["name"]) for case in cases]


def close(got, want, tolerance):
    """Assert |got - want| <= tolerance * max(1, |want|), NaN equal."""
    want = np.asarray(want, dtype=float)
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


def simulated(n=400, seed=7):
    """Outcomes drawn from the very probabilities that are given: perfect calibration."""
    rng = np.random.default_rng(seed)
    p = expit(rng.normal(-1, 1.2, n))
    return rng.binomial(1, p), p


@pytest.mark.parametrize("case", golden("hosmer_lemeshow.json", "hl_cases"))
def test_hosmer_lemeshow_matches_r(case):
    data, want = case["input"], case["output"]
    if "error" in want:
        with pytest.raises(ValueError, match="two or more distinct"):
            hosmer_lemeshow(data["y"], data["p"], groups=data["g"])
        return
    got = hosmer_lemeshow(data["y"], data["p"], groups=data["g"])
    close(got.statistic, want["chisq"], 1e-9)
    close(got.p_value, want["p_value_upper_tail"], 1e-9)
    assert got.df == want["df"]
    close(np.r_[got.table["low"], got.table["high"].iloc[-1]], want["breaks"], 1e-12)
    close(got.table["n"], want["n"], 0)
    close(got.table["observed_cases"], want["observed1"], 0)
    close(got.table["expected_cases"], want["expected1"], 1e-9)
    close(got.table["observed_controls"], want["observed0"], 0)
    close(got.table["expected_controls"], want["expected0"], 1e-9)
    external = hosmer_lemeshow(data["y"], data["p"], groups=data["g"], df=data["g"])
    close(external.p_value, want["p_value_df_external_g"], 1e-9)


@pytest.mark.parametrize("case", golden("calibration.json", "calibration_cases"))
def test_calibration_matches_rms(case):
    got = calibration(case["input"]["y"], case["input"]["p"])
    rms = case["output"]["val_prob"]
    joint = case["output"].get("recalibration", {})  # none for a constant prediction
    close(got.brier, rms["Brier"], 1e-12)
    close(got.intercept, joint.get("intercept", rms["Intercept"]), 1e-6)
    close(got.slope, joint.get("slope", rms["Slope"]), 1e-6)
    if joint:
        close(got.citl, case["output"]["citl"]["intercept"], 1e-6)
    errors = case["output"].get("lowess_delta0", rms)
    close([got.e_avg, got.e_90, got.e_max], [errors[k] for k in ("Eavg", "E90", "Emax")], 1e-8)
    close(got.e_50, errors.get("E50", rms["Eavg"]), 1e-8)
    # rms itself interpolates between points 1 % of the range apart.
    close([got.e_avg, got.e_90, got.e_max], [rms[k] for k in ("Eavg", "E90", "Emax")], 5e-3)


@pytest.mark.parametrize("case", cases("hosmer_lemeshow", "hl_cases"))
def test_hosmer_lemeshow(case):
    y, p, g = (np.array(case["input"][key]) for key in ("y", "p", "g"))
    want, name = case["output"], case["name"]
    if np.ptp(p) == 0:  # R stops
        assert "error" in want
        with pytest.raises(ValueError, match="expected two or more distinct"):
            hosmer_lemeshow(y, p, groups=int(g))
        note("hosmer_lemeshow", name, 0.0, 1e-9)
        return
    got = hosmer_lemeshow(y, p, groups=int(g))
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
    other = hosmer_lemeshow(y, p, groups=int(g), df=int(g))
    compare("hosmer_lemeshow", name, other.p_value, want["p_value_df_external_g"], 1e-9, what="df")


@pytest.mark.parametrize("case", cases("calibration", "calibration_cases"))
def test_recalibration(case):
    y, p = (np.array(case["input"][key]) for key in ("y", "p"))
    want, name = case["output"], case["name"]
    got = calibration(y, p)
    compare("calibration", name, got.brier, np.mean((p - y) ** 2), 1e-12, what="Brier")
    if np.ptp(p) == 0:
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
    got = calibration(y, p)
    inside = calibration(y[kept], p[kept])
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


def test_true_probabilities_are_calibrated():
    y, p = simulated(3000)
    assert calibration(y, p).e_avg < 0.03
    grouped = hosmer_lemeshow(y, p, df=10)
    assert grouped.p_value > 0.01
    curve = calibration_curve(y, p, bins=5)
    band = stats.norm.isf(0.001) * np.sqrt(curve.bin_predicted / curve.bin_n)
    assert (np.abs(curve.bin_observed - curve.bin_predicted) < band).all()


def test_recalibration_undoes_a_known_distortion():
    # If logit(q) = a + b logit(p), the line through q has slope slope_p / b.
    y, p = simulated()
    straight = calibration(y, p)
    distorted = calibration(y, expit(0.4 + 2 * logit(p)))
    assert distorted.slope == pytest.approx(straight.slope / 2, rel=1e-9)
    assert distorted.intercept == pytest.approx(straight.intercept - 0.2 * straight.slope, abs=1e-9)


def test_calibration_in_the_large_makes_the_mean_right():
    y, p = simulated()
    got = calibration(y, p**2)
    assert expit(logit(p**2) + got.citl).mean() == pytest.approx(y.mean(), abs=1e-10)
    assert got.citl > 0  # squared probabilities are too low


def test_hosmer_lemeshow_does_not_care_for_the_order_of_patients():
    y, p = simulated(100)
    turned = hosmer_lemeshow(y[::-1], p[::-1])
    assert turned.statistic == pytest.approx(hosmer_lemeshow(y, p).statistic, rel=1e-12)


def test_the_classes_may_be_exchanged():
    y, p = simulated(100)
    assert hosmer_lemeshow(1 - y, 1 - p).statistic == pytest.approx(
        hosmer_lemeshow(y, p).statistic, rel=1e-9
    )
    assert calibration(1 - y, 1 - p).slope == pytest.approx(calibration(y, p).slope, rel=1e-9)


def test_bins_hold_every_patient_once():
    y, p = simulated(123)
    curve = calibration_curve(y, p, bins=10)
    assert curve.bin_n.sum() == 123
    assert np.ptp(curve.bin_n) <= 1
    assert curve.bin_n @ curve.bin_observed == pytest.approx(y.sum())
    assert (np.diff(curve.bin_predicted) > 0).all()


def test_separated_predictions_have_no_slope():
    got = calibration([0, 0, 0, 1, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert np.isnan(got.intercept)
    assert np.isnan(got.slope)
    assert np.isfinite(got.citl)


def test_a_touching_tie_is_separation_too():
    # The tie at 0.3 bounds nothing: the likelihood rises for ever as the line turns about it.
    assert np.isnan(calibration([0, 0, 0, 1, 1, 1], [0.1, 0.2, 0.3, 0.3, 0.5, 0.6]).slope)


def test_a_yes_no_prediction_has_neither_intercept_nor_slope():
    got = calibration([0, 0, 1, 1, 1], [0, 1, 0, 1, 1])
    assert got.n_extreme == 5
    assert np.isnan([got.intercept, got.slope, got.citl]).all()
    assert got.e_max == pytest.approx(0.5)  # one of the two patients at p = 0


def test_hopeless_predictions_still_have_an_answer():
    p = np.array([1 - 1e-12, 1 - 1e-12, 0.5, 1e-12, 1e-12, 0.4])
    got = calibration([0, 0, 1, 1, 1, 0], p)
    assert np.isfinite([got.slope, got.citl]).all()
    assert got.slope < 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"groups": 2}, "df >= 1"), ({"groups": 1, "df": 3}, "groups >= 2"), ({"df": 0}, "df >= 1")],
)
def test_impossible_groups_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        hosmer_lemeshow([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], **arguments)


def test_percent_and_no_bins_are_refused():
    with pytest.raises(ValueError, match="Divide percent by 100"):
        calibration([0, 1, 0, 1], [10, 20, 30, 40])
    with pytest.raises(ValueError, match="bins: expected at least 1"):
        calibration_curve([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], bins=0)


def test_the_frame_has_one_row_per_model():
    y, p = simulated(50)
    frame = calibration(y, p).to_frame("Nomogram_A")
    assert list(frame.index) == ["Nomogram_A"]
    assert frame.loc["Nomogram_A", "brier"] == pytest.approx(np.mean((p - y) ** 2))
