"""Local regression of an outcome on a prediction, as R's lowess and loess."""

from bisect import bisect_right
from math import ceil

import numpy as np

BLOCK = 1e6  # distances held at a time
LARGE = 5000  # patients; of more the smooth is fitted at `steps` and interpolated
STEPS = 200  # of the patients, and of the range of their predictions


def lowess(
    p: np.ndarray,
    y: np.ndarray,
    *,
    fraction: float = 2 / 3,
    delta: float = 0.0,
    counts: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Locally linear smooth of `y` at the distinct values of `p`, without robustness iterations.

    R's lowess(p, y, f, iter=0, delta). Written out because statsmodels divides by zero where more
    than the fraction of the patients share one prediction, and has no counts. Above `LARGE`
    patients the time is linear in them: without a `delta` the smooth is fitted at
    `steps` and interpolated between; the mean distance from it moves by less than 0.0001.

    Parameters
    ----------
    p, y : ndarray of float, shape (n_patients,)
    fraction : float
        Of the patients that each point sees.
    delta : float
        Points this near to the last fitted one are interpolated; R takes 0.01 of the range of `p`.
    counts : ndarray of int, shape (n_patients,), optional
        Patients that each entry stands for: `y` is then the mean of their outcomes. Without it,
        one each.

    Returns
    -------
    x, smooth : ndarray, shape (n_distinct,)

    References
    ----------
    Cleveland (1979), JASA 74:829-836.
    """
    x = np.unique(p)
    if delta > 0:
        fitted = x[_fitted_points(x, delta)]
    else:
        fitted = steps(p) if len(p) > LARGE else x
    # In blocks, because every block holds its distances to all patients.
    blocks = np.array_split(fitted, ceil(len(fitted) * len(p) / BLOCK))
    values = np.concatenate([_line_at(block, p, y, fraction, counts) for block in blocks])
    return x, np.interp(x, fitted, values)


def steps(p: np.ndarray) -> np.ndarray:
    """Some of the predictions, increasing: every 200th part of the patients, and of the range.

    By rank they are dense where the smooth sees a short stretch, because many patients are there;
    by value they leave no gap where few are.
    """
    ordered, even = np.sort(p), np.linspace(0, 1, STEPS + 1)
    by_rank = ordered[np.round(even * (len(p) - 1)).astype(int)]
    by_value = np.searchsorted(ordered, ordered[0] + even * (ordered[-1] - ordered[0]))
    return np.unique([by_rank, ordered[np.minimum(by_value, len(p) - 1)]])


def _fitted_points(x: np.ndarray, delta: float) -> list[int]:
    """Which of the distinct, increasing `x` Cleveland's code fits; the others lie between."""
    chosen, last, values = [0], 0, x.tolist()  # bisected as a list, ten times faster than an array
    while last < len(values) - 1:
        beyond = bisect_right(values, values[last] + delta, lo=last)
        last = max(last + 1, beyond - 1)
        chosen.append(last)
    return chosen


def _line_at(
    x: np.ndarray, p: np.ndarray, y: np.ndarray, fraction: float, counts: np.ndarray | None
) -> np.ndarray:
    """Value at each `x` of the tricube-weighted line through its nearest patients."""
    distance = np.abs(p - x[:, None])
    neighbours = max(int(fraction * (len(p) if counts is None else counts.sum()) + 1e-7), 2)
    if counts is None:
        reach = np.partition(distance, neighbours - 1, axis=1)[:, [neighbours - 1]]
    else:
        nearest = np.argsort(distance, axis=1)
        last = np.argmax(np.cumsum(counts[nearest], axis=1) >= neighbours, axis=1)[:, None]
        reach = np.take_along_axis(distance, np.take_along_axis(nearest, last, 1), 1)
    share = np.divide(distance, reach, out=np.zeros_like(distance), where=reach > 0)
    # The limits of 0.001 and 0.999 of the reach are those of Cleveland's code.
    weight = np.where(share > 0.001, (1 - np.minimum(share, 1) ** 3) ** 3, 1.0)
    weight[distance > 0.999 * reach] = 0.0
    if counts is not None:
        weight *= counts
    weight /= weight.sum(axis=1, keepdims=True)
    centre = (weight @ p)[:, None]
    spread = np.sum(weight * (p - centre) ** 2, axis=1, keepdims=True)
    straight = np.sqrt(spread) > 0.001 * np.ptp(p)  # else all neighbours sit at one point
    leaning = (x[:, None] - centre) * (p - centre)
    tilt = np.divide(leaning, spread, out=np.zeros_like(leaning), where=straight)
    return (weight * (1 + tilt)) @ y


def loess_weights(x: np.ndarray, p: np.ndarray, *, span: float = 0.75) -> np.ndarray:
    """Weights that turn outcomes into a locally quadratic smooth at `x`.

    R's loess(y ~ p, degree=2, span, control=loess.control(surface="direct")). Where the neighbours
    of a point have fewer than three distinct predictions the parabola is the one of least norm, as
    in R.

    Parameters
    ----------
    x : ndarray of float, shape (n_points,)
    p : ndarray of float, shape (n_patients,)

    Returns
    -------
    ndarray, shape (n_points, n_patients)
        The smooth is `weights @ y`.

    References
    ----------
    Cleveland, Grosse, Shyu (1992), Statistical Models in S, chapter 8.
    """
    neighbours = max(int(span * len(p) + 1e-5), 3)
    rows = []
    for at in x:
        distance = np.abs(p - at)
        reach = np.partition(distance, neighbours - 1)[neighbours - 1] * max(1.0, span)
        near = np.flatnonzero(distance < reach) if reach > 0 else np.flatnonzero(distance == 0)
        share = distance[near] / reach if reach > 0 else np.zeros(len(near))
        root = np.sqrt((1 - share**3) ** 3)
        columns = np.vander(p[near] - at, 3, increasing=True) * root[:, None]
        scale = np.sqrt(np.sum(columns**2, axis=0))
        scale[scale == 0] = 1.0
        inverse = np.linalg.pinv(columns / scale, rcond=1e-7)
        row = np.zeros(len(p))
        row[near] = inverse[0] / scale[0] * root
        rows.append(row)
    return np.array(rows)
