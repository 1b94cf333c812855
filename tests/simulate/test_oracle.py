"""What features tell of latents, and the AUC of those who know the truth: invented patients."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from thyro.simulate import oracle
from thyro.simulate.risk import LATENTS

COEFFICIENTS = {"intercept": -1.0, "age": 0.5, "coarse_latent": 1.5, "fine_latent": -1.0}


@pytest.fixture(scope="module")
def patients():
    """Latents, features that show the coarse one and not the fine one, a split and outcomes."""
    rng = np.random.default_rng(3)
    n = 500
    index = [f"P{i}" for i in range(n)]
    latents = pd.DataFrame(rng.standard_normal((n, 2)), index, LATENTS)
    features = pd.DataFrame(rng.standard_normal((n, 30)), index)
    features[0] = np.exp(2 * (latents["coarse_latent"] + 0.5 * rng.standard_normal(n)))  # skewed
    features[1], features[2] = 1.0, np.nan
    features.iloc[4, :] = np.nan  # nobody could measure this patient
    split = pd.Series(np.repeat(["train", "test", "external"], [300, 120, 80]), index)
    truth = latents.assign(clinical_predictor=-1 + 0.5 * rng.standard_normal(n))
    slopes = [COEFFICIENTS[name] for name in LATENTS]
    truth["linear_predictor"] = truth["clinical_predictor"] + latents @ slopes
    truth.attrs["coefficients"] = COEFFICIENTS
    y = pd.Series(rng.binomial(1, expit(truth["linear_predictor"])), index)
    return latents, features, split, truth, y


@pytest.fixture(scope="module")
def read(patients):
    latents, features, split, *_ = patients
    return oracle.read_latents(features, latents, split.eq("train"))


def test_ridge_reads_what_the_features_hold_and_nothing_else(patients, read):
    latents, _, split, *_ = patients
    found = oracle.latent_correlations(latents, {"OR": read}, split).set_index(["latent", "cohort"])
    # The feature correlates 1 / sqrt(1.25) = 0.894 with the latent, on the scale of normal ranks.
    for cohort, n in (("train", 300), ("test", 120), ("external", 80)):
        coarse, fine = (found.loc[(latent, cohort)] for latent in LATENTS)
        assert coarse["n"] == n and 0.82 < coarse["r"] < 0.93
        assert coarse["ci_low"] < coarse["r"] < coarse["ci_high"]
        assert abs(fine["r"]) < 3 / np.sqrt(n)  # three standard errors of none


def test_training_patients_are_read_by_those_who_never_saw_them(patients):
    latents, features, split, *_ = patients
    noise = features.drop(columns=0)
    found = oracle.read_latents(noise, latents, split.eq("train"))
    r = oracle.latent_correlations(latents, {"noise": found}, split)["r"]
    assert r[:3].abs().max() < 0.2


def test_the_latents_of_others_are_never_looked_at(patients, read):
    latents, features, split, *_ = patients
    hidden = latents.where(split.eq("train"), 1e6)
    again = oracle.read_latents(features, hidden, split.eq("train"))
    pd.testing.assert_frame_equal(again, read)


def test_the_interval_is_that_of_fisher():
    x = pd.DataFrame({"coarse_latent": np.arange(28.0)})
    other = x + np.tile([3.0, -3.0], 14)[:, None]
    row = oracle.latent_correlations(x, {"m": other}, pd.Series("train", x.index)).iloc[0]
    assert row["r"] == pytest.approx(np.corrcoef(x.T, other.T)[0, 1])
    assert np.arctanh(row["ci_high"]) - np.arctanh(row["r"]) == pytest.approx(1.959964 / 5)
    flat = oracle.latent_correlations(x, {"m": 0 * x}, pd.Series("train", x.index)).iloc[0]
    assert flat[["r", "ci_low", "ci_high"]].isna().all()


def test_ceilings_rise_with_what_is_known(patients, read):
    _, _, split, truth, y = patients
    table = oracle.ceilings(y, truth, {"OR": read}, split)
    assert table["knows"].unique().tolist() == [
        "clinical terms",
        "clinical terms and OR",
        "true risk",
    ]
    assert table["cohort"].tolist() == ["train", "test", "external"] * 3
    assert table["n"].tolist() == [300, 120, 80] * 3
    assert table["events"][1] == y[split.eq("test")].sum()
    of = table[table["cohort"].eq("test")].set_index("knows")["auc"]
    assert of["clinical terms"] + 0.05 < of["clinical terms and OR"] < of["true risk"] - 0.02
    # Who reads the latents perfectly knows the true risk.
    perfect = oracle.ceilings(y, truth, {"all": truth[[*LATENTS]]}, split)
    assert perfect["auc"][3:6].tolist() == pytest.approx(perfect["auc"][6:].tolist())


def test_too_few_patients_train():
    few = pd.DataFrame({"a": np.arange(9.0)})
    message = "train: expected at least 10 patients, got 9."
    with pytest.raises(ValueError, match=re.escape(message)):
        oracle.read_latents(few, few, pd.Series(True, few.index))
