"""Rubin's rules against R's mice on given imputed data sets."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.reference import cases, compare
from thyro.clinical.logistic import fit_logistic
from thyro.clinical.rubin import mean_linear_predictor, pool, pooled_wald_test

RUBIN = "rubin"
MARGINS = ["smooth", "irregular", "ete"]


def fitted(case):
    """The imputed sets of a case, and the regression of each."""
    observed = pd.DataFrame(case["input"]["observed"])
    sets = []
    for filled in case["input"]["imputed"]:
        one = observed.assign(size=filled["size"], margin=filled["margin"])
        sets.append(one.assign(margin=pd.Categorical(one["margin"], MARGINS)))
    fits = [fit_logistic(one, one["y"], ["age", "size", "margin"], tests=False) for one in sets]
    return sets, fits


@pytest.mark.parametrize("case", cases(RUBIN, "rubin_cases"))
def test_pooled_regressions_match_mice(case):
    sets, fits = fitted(case)
    q = [fit.coefficients for fit in fits]
    u = [fit.covariance for fit in fits]
    dfcom = len(sets[0]) - len(q[0])
    got, want = pool(q, u, dfcom=dfcom), case["output"]["pooled"]
    for key, of_r in {
        "estimate": "estimate",
        "se": "se",
        "df": "df",
        "p_value": "p",
        "ci_low": "low",
        "ci_high": "high",
        "fmi": "fmi",
    }.items():
        compare(RUBIN, case["name"], getattr(got, key), want[of_r], 1e-8, what=key)
    for drop in case["output"]["drop_one"]:
        block = fits[0].block(drop["term"])
        tested = pooled_wald_test(
            [one[block] for one in q], [one[np.ix_(block, block)] for one in u], dfcom=dfcom
        )
        found, d1 = [tested.statistic, tested.riv], drop["D1"]
        wanted = [d1["F"], d1["riv"]]
        if len(block) * (len(sets) - 1) > 4:  # at 4 R divides by zero, and its df are 4
            found += [tested.df_denominator, tested.p_value]
            wanted += [d1["df2"], d1["p"]]
        compare(RUBIN, case["name"], found, wanted, 1e-7, what=f"D1 of {drop['term']}")
    lps = [fit.linear_predictor(one) for fit, one in zip(fits, sets, strict=True)]
    want = case["output"]["mean_linear_predictor"]
    compare(RUBIN, case["name"], mean_linear_predictor(lps), want, 1e-8, what="lp")


def test_sets_that_agree_leave_the_fit_as_it_is():
    covariance = np.array([[0.04, 0.01], [0.01, 0.09]])
    found = pool([[0.5, -1.0]] * 5, [covariance] * 5, dfcom=1000)
    np.testing.assert_allclose(found.estimate, [0.5, -1.0])
    np.testing.assert_allclose(found.covariance, covariance)
    assert found.df == pytest.approx(1000, rel=0.01)
    tested = pooled_wald_test([[0.5, -1.0]] * 5, [covariance] * 5, dfcom=1000)
    wald = np.array([0.5, -1.0]) @ np.linalg.inv(covariance) @ [0.5, -1.0] / 2
    assert tested.statistic == pytest.approx(wald)
    assert tested.p_value == pytest.approx(stats.f.sf(wald, 2, 1000), rel=0.05)


def test_variances_alone_are_enough_and_one_coefficient_tests_as_its_t():
    q, u = [[0.4], [0.6], [0.5]], [[0.02], [0.03], [0.025]]
    found = pool(q, u, dfcom=80)
    assert found.se[0] ** 2 == pytest.approx(0.025 + 4 / 3 * 0.01)
    tested = pooled_wald_test(q, u, dfcom=80)
    assert tested.statistic == pytest.approx((found.estimate[0] / found.se[0]) ** 2)
    assert tested.p_value == pytest.approx(found.p_value[0], rel=1e-6)


@pytest.mark.parametrize(
    ("q", "u"), [([[1.0]], [[1.0]]), ([[1.0], [2.0]], [[1.0]]), ([1.0, 2.0], [1.0, 2.0])]
)
def test_one_data_set_or_shapes_that_do_not_fit_are_refused(q, u):
    with pytest.raises(ValueError, match="two or more data sets"):
        pool(q, u, dfcom=10)
