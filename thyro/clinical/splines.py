"""Restricted cubic splines, as R's package rms fits them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def spline_basis(x: ArrayLike, knots: Sequence[float]) -> np.ndarray:
    """Columns of a restricted cubic spline, linear beyond the outer knots.

    Parameters
    ----------
    x : array_like of float, shape (n_patients,)
    knots : sequence of float
        Three or more, increasing.

    Returns
    -------
    ndarray, shape (n_patients, n_knots - 1)
        `x` itself and the cubic terms, divided by the squared distance of the outer knots, as R's
        Hmisc::rcspline.eval(inclx=TRUE, norm=2).
    """
    x, t = np.asarray(x, dtype=float), np.asarray(knots, dtype=float)
    if len(t) < 3 or not np.all(np.diff(t) > 0):
        raise ValueError(f"knots: expected three or more increasing values, got {list(knots)}.")
    above = np.maximum(x[:, None] - t, 0) ** 3
    share = (t[-1] - t[:-2]) / (t[-1] - t[-2])
    cubic = above[:, :-2] - above[:, [-2]] * share + above[:, [-1]] * (share - 1)
    return np.column_stack([x, cubic / (t[-1] - t[0]) ** 2])


def default_knots(values: ArrayLike, n: int = 4) -> list[float]:
    """Knots at Harrell's quantiles, as R's Hmisc::rcspline.eval(nk=n), of `n` from 3 to 7.

    Empty when ties leave fewer than three: the term then is linear.
    """
    outer = 0.1 if n == 3 else 0.025 if n > 6 else 0.05
    knots = np.unique(np.quantile(np.asarray(values, float), np.linspace(outer, 1 - outer, n)))
    return knots.tolist() if len(knots) >= 3 else []
