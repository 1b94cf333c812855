"""The table of characteristics against scipy, R's defaults and arithmetic by hand."""

import numpy as np
import pytest
from scipy import stats

from thyro.audit import characteristics
from thyro.audit.printed import NotPrinted, Printed

from .conftest import changed, found, original, variable


def test_p_values_by_every_test():
    # By hand, tests/golden/audit.json, A2: Pearson, Yates, Fisher, G of Gender.
    row = characteristics.p_by_test(original()).loc["Gender"]
    got = row[["pearson", "yates", "fisher", "g", "expected"]].astype(float)
    assert got.tolist() == pytest.approx([0.71864, 0.80343, 0.73888, 0.7194, 37.38235], abs=6e-6)


def test_a_level_that_nobody_has_is_no_row_of_the_test():
    got = characteristics.tests(np.array([[10, 5], [4, 9]]))
    assert got["yates"] == pytest.approx(stats.chi2_contingency([[10, 5], [4, 9]]).pvalue)
    none = (*variable("Margin"), "levels", 2)
    empty = changed(*((*none, c, "n", 0) for c in ("ALL", "Test", "Train")))
    assert characteristics.p_by_test(empty).loc["Margin", "levels"] == 2


def test_pooled_mean_and_sd_are_those_of_all_patients():
    rng = np.random.default_rng(0)
    parts = rng.normal(40, 10, 30), rng.normal(45, 12, 20)
    values = [f(part) for part in parts for f in (np.mean, lambda x: np.std(x, ddof=1))]
    every = np.concatenate(parts)
    mean, sd = characteristics._pool(values, [30, 20])
    assert (mean, sd) == pytest.approx((every.mean(), every.std(ddof=1)))


def test_a_t_test_is_recognised_over_the_corners_of_rounding():
    low, high = characteristics._t_range(
        original(), original().variables("continuous")[0], equal_var=True
    )
    assert (low, high) == pytest.approx((0.385, 0.3958), abs=5e-5)  # by hand, A4


def test_failures_are_named():
    assert "CLNM, Yes: 25.10% in Test" in found(
        "A1", (*variable("CLNM"), "levels", 1, "Test", "percent", "25.10")
    ).implied.replace("; ", "\n")
    assert (
        "not reproduced: Gender 0.503" in found("A2", (*variable("Gender"), "p", "0.503")).implied
    )
    assert "CLNM: 163, not 162" in found("H2", ("repeated", "values", 4, "n", 163)).implied


def test_fishers_p_stands_beside_small_counts():
    told = found("A3").implied
    for name, expected in (("Location", "1.81"), ("Composition", "3.92"), ("Calcify", "0.90")):
        assert f"{name} {expected} (Fisher's p 0." in told
    assert "Margin" not in told


def test_without_p_values_nothing_is_asked():
    table = {"rows": [{"variable": "Sex", "kind": "categorical", "p": None, "levels": []}]}
    with pytest.raises(NotPrinted, match="p of a categorical variable"):
        characteristics.p_by_test(Printed({"table_1": table}))
