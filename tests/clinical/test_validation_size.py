"""Sizes of validations against R's pmvalsampsize, and its standard errors by simulation."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

from thyro.clinical import validation_size
from thyro.statistics import auc_ci, maximise_logistic


def normal(mean, sd, n=200_001):
    """Linear predictors at evenly spaced shares of a normal distribution."""
    return stats.norm.ppf((np.arange(n) + 0.5) / n, mean, sd)


def test_the_example_of_the_paper_as_pmvalsampsize_has_it():
    # R: pmvalsampsize(type = "b", prevalence = 0.018, cstatistic = 0.8, lpnormal = c(-5, 2.5),
    #                  oeciwidth = 1): O:E 905, slope 4544 (10^6 draws), C statistic 4252
    size = validation_size.validation_sample_size(normal(-5, 2.5), 0.018, 0.8, oe_width=1)
    assert (size.oe_n, size.auc_n) == (pytest.approx(905, abs=3), 4252)
    assert size.slope_n == pytest.approx(4544, rel=0.01)
    assert size.minimum == size.slope_n


def test_a_beta_distribution_of_risks_as_pmvalsampsize_has_it():
    # lpbeta = c(0.5, 0.5): slope 1644 (10^6 draws); shares 1e-6 from the ends do not matter
    p = stats.beta.ppf((np.arange(400_000) + 0.5) / 400_000, 0.5, 0.5).clip(1e-12, 1 - 1e-12)
    size = validation_size.validation_sample_size(np.log(p / (1 - p)), 0.018, 0.8)
    assert size.slope_n == pytest.approx(1644, rel=0.01)


def test_common_risks_as_pmvalsampsize_has_them():
    # prevalence = 0.20, cstatistic = 0.78, lpnormal = c(-1.75, 1.22): 2958 in all
    size = validation_size.validation_sample_size(normal(-1.75, 1.22), 0.2, 0.78)
    assert size.minimum == pytest.approx(2958, rel=0.01)


@pytest.mark.slow
def test_intervals_of_that_size_have_the_wanted_width():
    rng = np.random.default_rng(5)
    lp = rng.normal(-1, 1, 300_000)
    risk, auc = expit(lp).mean(), auc_ci(rng.binomial(1, expit(lp)), lp).auc
    size = validation_size.validation_sample_size(
        lp, risk, auc, slope_width=0.5, auc_width=0.1, oe_width=0.3
    )
    found = {"slope": [], "auc": [], "oe": []}
    for _ in range(400):
        for name, n in (("slope", size.slope_n), ("auc", size.auc_n), ("oe", size.oe_n)):
            x = rng.normal(-1, 1, n)
            y = rng.binomial(1, expit(x))
            if name == "slope":
                found[name].append(maximise_logistic(np.column_stack([np.ones(n), x]), y)[0][1])
            elif name == "auc":
                found[name].append(auc_ci(y, x).auc)
            else:
                found[name].append(y.sum() / (n * risk))
    width = {name: 2 * 1.96 * np.std(values) for name, values in found.items()}
    assert width["slope"] == pytest.approx(0.5, rel=0.12)
    assert width["auc"] == pytest.approx(0.1, rel=0.12)
    assert width["oe"] == pytest.approx(0.3, rel=0.12)


@pytest.mark.parametrize(
    ("lp", "risk", "auc", "message"),
    [
        ([0.0, 1.0], 0, 0.8, "0 < risk < 1"),
        ([0.0, 1.0], 0.2, 0.5, "an AUC between 0.5 and 1"),
        ([1.0, 1.0], 0.2, 0.8, "there is no slope"),
    ],
)
def test_what_cannot_be_sized_is_refused(lp, risk, auc, message):
    with pytest.raises(ValueError, match=message):
        validation_size.validation_sample_size(lp, risk, auc)


def test_fewer_patients_do_not_reach_the_precision():
    size = validation_size.validation_sample_size(normal(-1, 1, 99), 0.3, 0.75)
    wider = validation_size.validation_sample_size(normal(-1, 1, 99), 0.3, 0.75, auc_width=0.11)
    assert wider.auc_n < size.auc_n and wider.slope_n == size.slope_n


def test_every_model_is_sized_by_its_own_predictors_and_corrected_auc():
    y = np.tile([0, 1, 0], 40)
    lp = normal(-1, 1, 120)
    risks = pd.DataFrame({"A": expit(lp), "B": np.r_[0.0, expit(lp[1:-1] / 2), 1.0]})
    sizes = validation_size.validation_sizes(risks, y, {"A": 0.7, "B": 0.4})
    assert sizes["A"] == validation_size.validation_sample_size(lp, 1 / 3, 0.7)
    assert sizes["B"].auc == 0.55  # no cohort is large enough for an AUC of 0.4
    assert sizes["B"].slope_n > sizes["A"].slope_n
