"""Round values of an axis: as R's pretty, and what must hold for any range."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.reference import cases, compare
from thyro.nomogram.axes import r_pretty

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "nomogram.json").read_text())


@pytest.mark.parametrize("case", GOLDEN["r_pretty_cases"], ids=lambda c: f"{c['low']}-{c['high']}")
def test_pretty_is_that_of_r(case):
    np.testing.assert_array_equal(r_pretty(case["low"], case["high"], case["n"]), case["pretty"])


def test_pretty_covers_and_is_even():
    rng = np.random.default_rng(4)
    for _ in range(200):
        low, high = np.sort(rng.normal(size=2) * 10.0 ** rng.integers(-6, 6))
        values = r_pretty(low, high)
        step = np.diff(values)
        assert values[0] <= low + 1e-9 * step[0]
        assert values[-1] >= high - 1e-9 * step[0]
        np.testing.assert_allclose(step, step[0], rtol=1e-9)
        assert 4 <= len(values) <= 21


def test_pretty_of_a_single_value_surrounds_it():
    # By hand from pretty.c: unit 1, no interval, so the lacking three go two down and one up.
    assert r_pretty(5, 5).tolist() == [3, 4, 5, 6]
    assert 0 in r_pretty(0, 0)
    with pytest.raises(ValueError, match="low <= high"):
        r_pretty(2, 1)
    with pytest.raises(ValueError, match="low <= high"):
        r_pretty(0, np.inf)


@pytest.mark.parametrize("case", cases("nomogram", "r_pretty_cases"))
def test_pretty_of_r(case):
    got = r_pretty(case["low"], case["high"], case["n"])
    compare(
        "nomogram, pretty", f"{case['low']} {case['high']} {case['n']}", got, case["pretty"], 1e-12
    )
