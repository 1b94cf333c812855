"""Round values for an axis, as R chooses them."""

from math import ceil, floor, isfinite, log10

import numpy as np

INTERVALS = 10  # about how many intervals an axis has


def r_pretty(low: float, high: float, n: int = INTERVALS) -> np.ndarray:
    """About `n` + 1 equally spaced round values that cover `low` to `high`, as R's pretty().

    A port of R_pretty (src/appl/pretty.c) with the defaults of pretty.default.

    Raises
    ------
    ValueError
        If the ends are not finite or in the wrong order, or `n` is not positive.
    """
    if not (isfinite(low) and isfinite(high) and low <= high and n >= 1):
        raise ValueError(f"low, high, n: expected low <= high and n >= 1, got {low}, {high}, {n}.")
    bias, bias5, fuzz = 1.5, 2.75, 1e-10  # high.u.bias, u5.bias, rounding_eps
    width, size = high - low, max(abs(low), abs(high))
    narrow = size == 0 or width < size * (1 + 1 / (1 + bias)) * n * np.finfo(float).eps * 3
    if narrow:  # no width to speak of: shrink.sml = 0.75 of the size, over min.n = n // 3
        cell = (9 + size / 10 if size > 10 else size or 1.0) * 0.75 / max(n // 3, 1)
    else:
        cell = width / n
    base = 10.0 ** floor(log10(cell))
    unit = base
    if 2 * base - cell < bias * (cell - unit):
        unit = 2 * base
        if 5 * base - cell < bias5 * (cell - unit):
            unit = 5 * base
            if 10 * base - cell < bias * (cell - unit):
                unit = 10 * base
    first, last = floor(low / unit + fuzz), ceil(high / unit - fuzz)
    lacking = n // 3 - (last - first)
    if lacking > 0:  # at least min.n intervals, the extra ones shared by both ends
        small, large = lacking // 2, lacking - lacking // 2
        if low == 0 and first == 0 and high != 0:
            last += lacking
        elif first >= 0:
            first, last = first - large, last + small
        else:
            first, last = first - small, last + large
    # The values count from the first one, as R's seq() does, so their last bits agree.
    values = first * unit + np.arange(last - first + 1) * unit
    values[np.abs(values) < 1e-14 * unit] = 0.0
    return values
