"""The grid of threshold probabilities on which decision curves are drawn."""

DECIMALS = 10  # of a point: each is the number that a reader would type
WHOLE = 1e-6  # of a step: a remainder below is one of the arithmetic, not of the grid


def threshold_points(start: float, stop: float, step: float) -> list[float]:
    """Every threshold from `start` to `stop`, both included, as a decimal that one would type.

    A running sum would drift: 0.01 added 29 times is not 0.29.

    Parameters
    ----------
    start, stop
        Probabilities, 0 < start < stop < 1.
    step
        Distance of two points; `stop` is a whole number of steps from `start`.

    Raises
    ------
    ValueError
        If the three make no such grid.
    """
    if not (0 < start < stop < 1 and 0 < step <= stop - start + WHOLE * step):
        raise ValueError("must be start, stop and step, with 0 < start < stop < 1 and step above 0")
    steps = (stop - start) / step
    if abs(steps - round(steps)) > WHOLE:
        last = round(start + int(steps) * step, DECIMALS)
        raise ValueError(
            f"stop must be a whole number of steps from start; the last one below is {last:g}"
        )
    return [round(start + i * step, DECIMALS) for i in range(round(steps) + 1)]
