"""The grid of the decision curves: decimals as one would type them, and none beyond `stop`."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thyro.study import thresholds


def test_the_points_of_the_default_are_hundredths():
    assert thresholds.threshold_points(0.01, 0.99, 0.01) == [i / 100 for i in range(1, 100)]
    # What they replace: a quarter of the points was one bit away.
    summed = np.arange(99) * 0.01 + 0.01
    assert sum(a != b / 100 for a, b in zip(summed, range(1, 100), strict=True)) == 25


@pytest.mark.parametrize(
    ("grid", "points"),
    [
        ((0.1, 0.3, 0.1), [0.1, 0.2, 0.3]),
        ((0.05, 0.8, 0.25), [0.05, 0.3, 0.55, 0.8]),
        ((0.2, 0.9, 0.7), [0.2, 0.9]),
        ((0.7, 0.9, 0.1), [0.7, 0.8, 0.9]),  # 0.9 - 0.7 is a little less than 2 x 0.1
    ],
)
def test_both_ends_are_points(grid, points):
    assert thresholds.threshold_points(*grid) == points


@given(st.integers(1, 997), st.integers(1, 400), st.integers(1, 40))
def test_every_point_is_the_nearest_number_to_its_decimal(first, step, steps):
    last = first + step * steps
    if last >= 1000:
        return
    points = thresholds.threshold_points(first / 1000, last / 1000, step / 1000)
    assert points == [k / 1000 for k in range(first, last + 1, step)]


@pytest.mark.parametrize(
    "grid",
    [
        (0.0, 0.5, 0.1),
        (0.5, 1.0, 0.1),
        (0.9, 0.1, 0.1),
        (0.5, 0.5, 0.1),
        (0.1, 0.9, 0.0),
        (0.1, 0.9, -0.1),
        (0.1, 0.2, 0.3),
        (float("nan"), 0.5, 0.1),
    ],
)
def test_what_is_no_grid_is_refused(grid):
    with pytest.raises(ValueError, match="must be start, stop and step"):
        thresholds.threshold_points(*grid)


@pytest.mark.parametrize(
    ("grid", "last"), [((0.5, 0.99, 0.3), "0.8"), ((0.01, 0.995, 0.01), "0.99")]
)
def test_a_grid_that_misses_its_end_is_refused_and_the_last_point_named(grid, last):
    with pytest.raises(ValueError, match=f"the last one below is {last}$"):
        thresholds.threshold_points(*grid)
