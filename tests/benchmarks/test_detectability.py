"""The design of the simulation meets its goals where no image is needed, on other seeds."""

import numpy as np
import pandas as pd
import pytest

from tests.benchmarks import detectability
from thyro.statistics import auc_ci


@pytest.fixture(scope="module")
def people():
    return detectability.population(60_000, 77)


def test_the_gain_in_the_population_meets_its_goal(people):
    a, c, best = (auc_ci(people["y"], people[score]).auc for score in ("A", "C", "risk"))
    assert a - c > detectability.GOAL_GAIN
    assert best > a + 0.03  # a reading with r = 0.7 is not all


def test_the_test_cohort_has_the_power(people):
    share = detectability.power(people, 164, 49, draws=400, seed=1)
    assert share > detectability.GOAL_POWER - 2.5 * np.sqrt(0.8 * 0.2 / 400)


def test_where_the_latents_say_nothing_there_is_neither_gain_nor_power():
    nothing = detectability.population(60_000, 77, coarse=0.0, fine=0.0)
    a, c = (auc_ci(nothing["y"], nothing[score]).auc for score in ("A", "C"))
    assert a == pytest.approx(c, abs=0.002)
    assert detectability.power(nothing, 164, 49, draws=200, seed=1) < 0.08


def test_the_power_counts_what_points_the_right_way():
    rng = np.random.default_rng(2)
    y = np.tile([0, 1], 500)
    known = pd.DataFrame({"y": y, "A": y + 0.1 * rng.normal(size=1000), "C": rng.normal(size=1000)})
    assert detectability.power(known, 60, 30, draws=20, seed=3) == 1.0
    turned = known.rename(columns={"A": "C", "C": "A"})
    assert detectability.power(turned, 60, 30, draws=20, seed=3) == 0.0


@pytest.mark.slow
def test_latents_are_read_off_simulated_frames():
    found = detectability.reading(12, 5)
    assert found["features"].unique().tolist() == ["original", "fourfold loss"]
    assert found["latent"].unique().tolist() == ["coarse_latent", "fine_latent"]
    assert found["n"].eq(12).all() and found["r"].between(-1, 1).all()
