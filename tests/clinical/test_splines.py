"""Restricted cubic splines: their shape, and knots where Harrell puts them."""

import numpy as np
import pytest

from thyro.clinical.splines import default_knots, spline_basis


def test_a_spline_is_cubic_inside_smooth_and_linear_outside():
    knots = [10.0, 20.0, 35.0, 60.0]
    x = np.linspace(0, 80, 8001)
    for column in spline_basis(x, knots).T:
        slope = np.gradient(column, x)
        curvature = np.gradient(slope, x)
        assert np.abs(curvature[(x < 9.9) | (x > 60.1)]).max() < 1e-8
        assert np.abs(np.diff(curvature)).max() < 1e-3  # no jump at a knot
    # By hand, from the formula of Hmisc::rcspline.eval with norm = 2.
    second = (20**3 - 0 * 1) / 2500
    np.testing.assert_allclose(spline_basis([30.0], knots)[0], [30, second, 10**3 / 2500])


def test_knots_are_harrells_quantiles():
    values = np.arange(1, 102)
    np.testing.assert_allclose(
        default_knots(values, 4), np.quantile(values, [0.05, 0.35, 0.65, 0.95])
    )
    np.testing.assert_allclose(default_knots(values, 3), np.quantile(values, [0.1, 0.5, 0.9]))
    np.testing.assert_allclose(default_knots(values, 7)[0], np.quantile(values, 0.025))
    assert default_knots([0, 1] * 20, 4) == []
    with pytest.raises(ValueError, match="three or more increasing"):
        spline_basis([1.0], [1, 1, 2])
