"""The page on dose and response: what one study gives, and what the page says of many."""

import numpy as np
import pandas as pd
import pytest

from tests.benchmarks import dose_response
from thyro.radiomics import PAPER
from thyro.simulate.cohort import simulate_cohort


@pytest.fixture(scope="module")
def cohort():
    return simulate_cohort(150, rng=np.random.default_rng(1))


@pytest.fixture(scope="module")
def features(cohort):
    """Noise, and forty features that follow the coarse latent."""
    rng = np.random.default_rng(2)
    table = pd.DataFrame(rng.standard_normal((150, 200)), columns=PAPER.names[-200:])
    table.iloc[:, :40] += 2 * cohort.truth[["coarse_latent"]].to_numpy()
    return table


def test_a_dose_is_found_and_none_is_learned_by_heart(cohort, features):
    none, much = (
        dose_response.one_study(features, cohort, dose, np.random.default_rng(5))
        for dose in (0.0, 3.0)
    )
    assert much["test"] > none["test"] + 0.1 and much["true risk"] > none["true risk"] + 0.1
    assert none["in-sample"] > none["cross-fitted"] + 0.1
    assert much["gain paper training"] > 0
    assert much["cross-fitted"] > none["cross-fitted"] + 0.1


def rows():
    made = []
    for dose in (0.0, 1.6):
        for draw in range(4):
            row = {"dose": dose} | dict.fromkeys(("in-sample", "cross-fitted", "test"), 0.6)
            row["true risk"] = 0.7 + 0.01 * draw
            for name in dose_response.WAYS:
                for part in ("training", "test"):
                    row |= {f"gain {name} {part}": 0.02 * (draw - 1), f"p {name} {part}": 0.01}
            made.append(row)
    return pd.DataFrame(made)


def test_shares_count_what_is_above_and_beyond_chance():
    table = dose_response.summary(rows())
    assert list(table) == ["0", "1.6"]
    # Of four gains -0.02, 0, 0.02 and 0.04, all with p = 0.01, two lie above 0 and one below.
    assert table.loc["A above C at 0.05, cross-fitted signature, test", "0"] == "50% (25%)"
    assert table.loc["A below C at all, signature as in the paper, test", "1.6"] == "25% (22%)"
    assert table.loc["AUC of the true risk, test", "0"] == "0.715 (0.006)"


def test_the_page_says_how_it_was_made():
    text = dose_response.page(rows(), patients=150)
    assert "One simulated cohort of 150 patients" in text and "anew 4 times" in text
    assert "| Log odds per SD of the coarse latent | 0 | 1.6 |" in text
    assert "--patients 150 --draws 4" in text


@pytest.mark.usefixtures("style")
def test_the_picture_has_a_line_for_each_way_and_cohort():
    fig = dose_response.picture(rows())
    gain, share = fig.axes
    assert len(gain.containers) == 4 and len(share.lines) == 5  # and the level
    for line in share.lines[:4]:
        assert line.get_xdata().tolist() == [0, 1.6]
        assert line.get_ydata().tolist() == [0.5, 0.5]  # two of four gains lie above 0
    assert gain.containers[0].lines[0].get_ydata() == pytest.approx([0.01, 0.01])
