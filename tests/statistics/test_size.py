"""What a score adds to the diameter: against a plain fit, and on scores whose answer is known."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import chi2
from statsmodels.api import Logit

from thyro.statistics.delong import auc_ci, delong_test
from thyro.statistics.size import DIAMETER, added_to_size, size_table


def patients(n=200, seed=0):
    rng = np.random.default_rng(seed)
    diameter = np.exp(rng.normal(2.3, 0.5, n))
    texture = rng.normal(size=n)
    y = rng.binomial(1, expit(-0.5 + 1.2 * (np.log(diameter) - 2.3) + texture))
    return y, diameter, texture, rng


def test_the_test_is_that_of_two_regressions():
    y, diameter, texture, _ = patients()
    size = np.log(diameter)
    both = Logit(y, np.column_stack([np.ones(200), size, texture])).fit(disp=0)
    alone = Logit(y, np.column_stack([np.ones(200), size])).fit(disp=0)
    expected = chi2.sf(2 * (both.llf - alone.llf), 1)
    assert added_to_size(y, texture, diameter) == pytest.approx(expected, rel=1e-6)
    # probabilities enter as log odds
    assert added_to_size(y, expit(texture), diameter) == pytest.approx(expected, rel=1e-6)


def test_a_score_that_measures_the_size_adds_nothing_and_one_of_texture_does():
    y, diameter, texture, rng = patients(400)
    noisy = np.log(diameter) + rng.normal(0, 0.05, 400)
    assert added_to_size(y, noisy, diameter) > 0.01
    assert added_to_size(y, texture, diameter) < 1e-6
    assert added_to_size(y, np.full(400, 0.5), diameter) == 1.0


def test_of_useless_scores_one_in_twenty_passes():
    p = []
    for seed in range(400):
        y, diameter, _, rng = patients(120, seed)
        p.append(added_to_size(y, rng.normal(size=120), diameter))
    share = np.mean(np.array(p) < 0.05)
    assert abs(share - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 400)


def test_a_score_that_separates_the_outcome_has_a_p():
    y, diameter, _, rng = patients(60)
    assert added_to_size(y, y + rng.uniform(0, 0.5, 60), diameter) < 1e-6


def test_a_diameter_of_zero_is_refused():
    y, diameter, texture, _ = patients()
    diameter[3] = 0
    with pytest.raises(ValueError, match="expected numbers above 0, got 0"):
        added_to_size(y, texture, diameter)


def test_every_score_stands_beside_the_diameter_in_every_cohort_it_has():
    y, diameter, texture, _ = patients()
    ids = pd.Index([f"P{i:03d}" for i in range(200)], name="patient_id")
    y, size = pd.Series(y, ids), pd.Series(diameter, ids)
    split = pd.Series(np.where(np.arange(200) < 120, "train", "test"), ids)
    scores = pd.DataFrame({"A": expit(texture), "B": size}, ids)
    new = split.eq("test")
    table = size_table(y, {"sound": scores, "paper": scores[new]}, split, size, level=0.9)
    assert table[["protocol", "cohort", "model"]].to_numpy().tolist() == [
        *(["sound", cohort, model] for cohort in ("train", "test") for model in (DIAMETER, *"AB")),
        *(["paper", "test", model] for model in (DIAMETER, *"AB")),
    ]
    row = table.set_index(["protocol", "cohort", "model"]).loc[("paper", "test", "A")]
    alone = auc_ci(y[new], scores["A"][new], level=0.9)
    assert row[["auc", "ci_low", "ci_high"]].tolist() == [alone.auc, alone.ci_low, alone.ci_high]
    paired = delong_test(y[new], scores["A"][new], size[new], level=0.9)
    assert [row["difference"], row["p_value"]] == [paired.difference, paired.p_value]
    assert row["lr_p"] == added_to_size(y[new], scores["A"][new], size[new])
    assert table.loc[table["model"].eq("B"), "rho"].round(12).eq(1).all()
    assert table.loc[table["model"].eq(DIAMETER), "lr_p"].isna().all()
