"""The simulated truth beside what is found: exact cases, and recovery where it must succeed."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, logit

from thyro.clinical import logistic
from thyro.simulate import recovery
from thyro.statistics import delong

TRUTH = {"intercept": -2.0, "age": -0.05, "log_size": 0.9, "edge[Rough]": 1.0, "coarse_latent": 0.8}
FIT = {
    "names": ["(Intercept)", "size", "edge=Rough", "sex=Male"],
    "coefficients": [-3.0, 0.1, 0.8, 0.2],
    "covariance": np.diag([1.0, 0.0004, 0.09, 0.04]).tolist(),
}
TRAIN = pd.DataFrame({"age": [40.0] * 5, "size": [2.0, 4.0, 6.0, 8.0, 20.0], "edge": ["Rough"] * 5})


def test_log_odds_stand_beside_their_truth():
    table = recovery.recovered_log_odds(FIT, TRUTH, TRAIN)
    assert table["term"].tolist() == ["age", "size", "edge", "sex"]
    assert table["level"].tolist() == ["", "", "Rough", "Male"]
    age, size, edge, sex = (row for _, row in table.iterrows())
    # A term that the model left out has a truth and no estimate.
    assert age["truth"] == -0.05 and age[["estimate", "ci_low", "ci_high"]].isna().all()
    # One that the truth does not know has none to be compared with.
    assert np.isnan(sex["truth"]) and sex["estimate"] == 0.2
    assert edge["ci_low"] == pytest.approx(0.8 - 1.959964 * 0.3)
    assert edge["ci_high"] == pytest.approx(0.8 + 1.959964 * 0.3)
    # The logarithm and the millimetre meet between two sizes only: quartiles 4 and 8.
    assert (size["low"], size["high"]) == (4.0, 8.0)
    assert size["truth"] == pytest.approx(0.9 * np.log(2))
    assert size["estimate"] == pytest.approx(0.4)
    assert size["ci_high"] - size["estimate"] == pytest.approx(1.959964 * 4 * 0.02)


def test_a_large_cohort_recovers_its_log_odds():
    rng = np.random.default_rng(12)
    n = 20_000
    frame = pd.DataFrame({"age": rng.normal(45, 10, n), "edge": rng.choice(["Plain", "Rough"], n)})
    truth = {"intercept": 1.0, "age": -0.05, "edge[Rough]": 1.0}
    y = rng.binomial(1, expit(1.0 - 0.05 * frame["age"] + (frame["edge"] == "Rough")))
    fit = logistic.fit_logistic(frame, y, ["age", "edge"]).to_dict()
    table = recovery.recovered_log_odds(fit, truth, frame, level=0.999)
    assert table["truth"].between(table["ci_low"], table["ci_high"]).all()
    assert (table["ci_high"] - table["ci_low"]).max() < 0.25


def test_correlation_of_scores_with_what_shaped_the_images():
    latent = np.array([0.1, 0.5, -1.0, 2.0, 1.5, -0.3, 0.0, 0.9])
    scores = pd.DataFrame({"same": expit(latent), "turned": -latent, "flat": 0.5})
    known = pd.DataFrame({"latent": latent, "size": latent[::-1]})
    both = recovery.recovered_correlations(known, scores)
    assert both["known"].tolist() == ["latent"] * 3 + ["size"] * 3
    size = both[both["known"].eq("size")].set_index("model")["rho"]
    assert size["same"] == pytest.approx(stats.spearmanr(latent, latent[::-1]).statistic)
    table = both[both["known"].eq("latent")].set_index("model")
    assert table.loc["same", "rho"] == pytest.approx(1)
    assert table.loc["turned", "rho"] == pytest.approx(-1)
    assert table.loc["flat", ["rho", "ci_low", "ci_high"]].isna().all()
    assert table["n"].eq(8).all()


def test_the_interval_of_a_correlation_is_that_of_bonett_and_wright():
    """In 28 patients: atanh(rho) ± 1.96 sqrt((1 + rho² / 2) / 25)."""
    rng = np.random.default_rng(1)
    latent = rng.normal(size=28)
    scores = pd.DataFrame({"m": latent + rng.normal(size=28)})
    row = recovery.recovered_correlations(pd.DataFrame({"latent": latent}), scores).iloc[0]
    se = np.sqrt((1 + row["rho"] ** 2 / 2) / 25)
    assert np.arctanh(row["ci_high"]) - np.arctanh(row["rho"]) == pytest.approx(1.959964 * se)
    assert np.arctanh(row["rho"]) - np.arctanh(row["ci_low"]) == pytest.approx(1.959964 * se)


def test_too_few_patients_for_a_correlation():
    message = "scores: an interval needs at least 4 patients, got 3."
    three = pd.DataFrame({"m": [1.0, 2.0, 3.0]})
    with pytest.raises(ValueError, match=re.escape(message)):
        recovery.recovered_correlations(three, three)


def test_risks_are_compared_with_the_true_one():
    rng = np.random.default_rng(8)
    risk = rng.uniform(0.05, 0.95, 400)
    y = rng.binomial(1, risk)
    p = pd.DataFrame(
        {
            "itself": risk,
            "extreme": expit(2 * logit(risk)),  # the same ranks, twice the log odds
            "certain": np.where(np.arange(400) < 3, 1.0, risk),  # three have no log odds
            "flat": 0.3,
        }
    )
    table = recovery.recovered_risks(y, risk, p).set_index("model")
    assert table["auc_of_risk"].nunique() == 1
    assert table["slope_of_risk"].tolist() == pytest.approx([1] * 4)
    assert table.loc["itself", "auc"] == table.loc["itself", "auc_of_risk"]
    assert table.loc["extreme", "auc"] == pytest.approx(table.loc["itself", "auc"])
    slopes = table["slope"]
    assert (slopes["itself"], slopes["extreme"]) == pytest.approx((1, 0.5))
    assert slopes["certain"] == pytest.approx(1) and np.isnan(slopes["flat"])
    assert table.loc["itself", "absolute_error"] == 0
    assert table.loc["flat", "absolute_error"] == pytest.approx(np.mean(np.abs(risk - 0.3)))


def test_a_risk_that_is_the_same_for_all_has_no_ideal_slope():
    y, p = np.tile([0, 1], 10), pd.DataFrame({"m": np.linspace(0.1, 0.9, 20)})
    row = recovery.recovered_risks(y, np.full(20, 0.3), p).iloc[0]
    assert np.isnan(row["slope_of_risk"]) and row["auc_of_risk"] == 0.5


def test_a_risk_that_is_none_is_refused():
    with pytest.raises(ValueError, match=re.escape("risk: expected probabilities between 0 and 1")):
        recovery.recovered_risks([0, 1], [0.2, 1.2], pd.DataFrame({"m": [0.1, 0.2]}))


def test_the_truth_is_set_beside_training_and_test_patients():
    rng = np.random.default_rng(6)
    n = 200
    patients = pd.DataFrame({"age": rng.normal(45, 9, n)}, index=[f"P{i}" for i in range(n)])
    patients["split"] = np.repeat(["train", "test"], [120, 80])
    patients["diameter"] = np.arange(n)
    latent, fine = rng.normal(size=(2, n))
    clinical = 1.5 - 0.05 * patients["age"]
    risk = expit(clinical + latent)
    patients["y"] = rng.binomial(1, risk)
    train = patients[:120]
    fit = logistic.fit_logistic(train, train["y"], ["age"])
    truth = pd.DataFrame({"patient_id": patients.index, "coarse_latent": latent})
    truth = truth.assign(fine_latent=fine, risk=risk.to_numpy())
    truth["clinical_predictor"] = clinical.to_numpy()
    truth["linear_predictor"] = logit(truth["risk"])
    truth = truth.sample(frac=1, random_state=1)  # found by patient, not by row
    truth.attrs["coefficients"] = {"intercept": 1.5, "age": -0.05, "coarse_latent": 1.0}
    truth.attrs["coefficients"]["fine_latent"] = 0.0
    scores = pd.DataFrame({"SR": expit(latent), "OR": rng.uniform(size=n)}, patients.index)
    p = pd.DataFrame({"C": fit.predict(patients)}, patients.index)
    shown = pd.DataFrame({"dots": latent + 0.3 * rng.normal(size=n)}, patients.index)
    known = truth, patients, scores, p, fit.to_dict(), {"Radiomics OR": shown}
    found = recovery.recovered_truth(*known, level=0.9)
    odds, correlations, risks = found["log_odds"], found["correlations"], found["risks"]
    assert odds["truth"].tolist() == [-0.05]
    assert odds["estimate"].tolist() == [fit.coefficients[1]]
    assert correlations["known"].unique().tolist() == ["coarse latent", "fine latent", "diameter"]
    assert correlations["model"].tolist() == ["SR", "OR"] * 3
    assert correlations["rho"][0] == pytest.approx(1) and abs(correlations["rho"][1]) < 0.3
    assert correlations["n"].eq(80).all() and risks["model"].tolist() == ["C"]
    tested = patients["split"].eq("test")
    assert risks["auc_of_risk"].tolist() == [
        delong.auc_ci(patients.loc[tested, "y"], risk[tested]).auc
    ]
    read = found["latents"].set_index(["latent", "cohort"])["r"]
    assert read["coarse_latent"].min() > 0.85 and abs(read["fine_latent", "test"]) < 0.4
    best = found["ceilings"].set_index(["knows", "cohort"])["auc"]
    assert best["clinical terms", "test"] < best["clinical terms and Radiomics OR", "test"]
    assert best["true risk", "test"] == risks["auc_of_risk"][0]
    wider = recovery.recovered_truth(*known, level=0.99)
    for name, table in found.items():
        ends = (table["ci_high"] - table["ci_low"]).dropna()
        assert (ends < (wider[name]["ci_high"] - wider[name]["ci_low"])[ends.index]).all(), name
