"""The texture formulas of pyradiomics 3.0.1, one page for each kind of matrix.

pyradiomics has a method for every feature, and each begins anew. Here what several need is made
once. Products and sums are those of pyradiomics in its order, so that the last digit is, too; its
documentation explains each formula.

Matrices are pyradiomics' own, without its first axis: the last one is that of directions, over
which features are averaged.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

EPS = np.spacing(1)
total = np.add.reduce


class Words(NamedTuple):
    """What pyradiomics calls the parts of a matrix of levels and lengths in names of features."""

    short: str
    long: str
    unit: str
    length: str
    of_level: str  # in LowGrayLevel...Emphasis


RUNS = Words("ShortRun", "LongRun", "Run", "RunLength", "Run")
ZONES = Words("SmallArea", "LargeArea", "Zone", "SizeZone", "Zone")
DEPENDENCES = Words("SmallDependence", "LargeDependence", "Dependence", "Dependence", "")


def of_cooccurrences(p: np.ndarray, parts: Mapping[str, np.ndarray | float]) -> dict[str, float]:
    """Features of a co-occurrence matrix.

    Parameters
    ----------
    p : ndarray of float, shape (n_levels, n_levels, n_directions)
        Shares of all pairs in a direction. NaN where a direction has none.
    parts
        pyradiomics' coefficients of the matrix: marginal sums, means, sums over diagonals.
    """
    i, j = parts["i"][..., None], parts["j"][..., None]
    px, py, ux, uy = (parts[name][0] for name in ("px", "py", "ux", "uy"))
    entropy, n_levels = parts["HXY"][0], parts["Ng"]
    sums, differences = parts["pxAddy"][0], parts["pxSuby"][0]
    k = parts["kValuesDiff"][:, None]
    k2 = k**2
    from_mean = (i + j) - ux - uy
    i_from_mean, j_from_mean = i - ux, j - uy
    variance = total(p * i_from_mean**2, (0, 1))
    spread = variance**0.5 * total(p * j_from_mean**2, (0, 1)) ** 0.5
    correlation = total(p * i_from_mean * j_from_mean, (0, 1)) / (spread + EPS)
    correlation[spread == 0] = 1
    independent = px * py
    bits = np.log2(independent + EPS)
    larger = np.fmax(
        -1 * total(px * np.log2(px + EPS), (0, 1)), -1 * total(py * np.log2(py + EPS), (0, 1))
    )
    first = entropy - -1 * total(p * bits, (0, 1))
    first = np.where(larger == 0, 0, first / larger)
    joint = -1 * total(independent * bits, (0, 1))
    second = (1 - np.e ** (-2 * (joint - entropy))) ** 0.5
    second[joint == entropy] = 0
    mean_difference = total(k * differences, 0)
    return _mean_over_directions(
        {
            "Autocorrelation": total(p * (i * j), (0, 1)),
            "ClusterProminence": total(p * from_mean**4, (0, 1)),
            "ClusterShade": total(p * from_mean**3, (0, 1)),
            "ClusterTendency": total(p * from_mean**2, (0, 1)),
            "Contrast": total(p * np.abs(i - j) ** 2, (0, 1)),
            "Correlation": correlation,
            "DifferenceAverage": mean_difference,
            "DifferenceEntropy": -1 * total(differences * np.log2(differences + EPS), 0),
            "DifferenceVariance": total(differences * (k - mean_difference) ** 2, 0),
            "Id": total(differences / (1 + k), 0),
            "Idm": total(differences / (1 + k2), 0),
            "Idmn": total(differences / (1 + k2 / n_levels**2), 0),
            "Idn": total(differences / (1 + k / n_levels), 0),
            "Imc1": first,
            "Imc2": second,
            "InverseVariance": total(differences[1:] / k2[1:], 0),
            "JointAverage": ux[0, 0],
            "JointEnergy": total(p**2, (0, 1)),
            "JointEntropy": entropy,
            "MaximumProbability": p.max((0, 1)),
            "SumEntropy": -1 * total(sums * np.log2(sums + EPS), 0),
            "SumSquares": variance,
        }
    )


def of_lengths(
    counts: np.ndarray,
    by_level: np.ndarray,
    by_length: np.ndarray,
    level: np.ndarray,
    length: np.ndarray,
    n: np.ndarray,
    words: Words,
) -> dict[str, float]:
    """Features of runs by length, zones by size, or pixels by their dependences.

    Parameters
    ----------
    counts : ndarray of float, shape (n_levels, n_lengths, n_directions)
        How many there are.
    by_level, by_length : ndarray of float, shape (n_levels or n_lengths, n_directions)
        Their sums.
    level, length : ndarray of float, shape (n_levels,) and (n_lengths,)
    n : ndarray of float, shape (n_directions,)
        Sum of all.
    words
        `RUNS`, `ZONES` or `DEPENDENCES`.
    """
    short, long, unit, of_length, of_level = words
    i, j = level[:, None], length[:, None]
    i2, j2 = i**2, j**2
    level2, length2 = i2[..., None], j2[None]
    p, p_level, p_length = counts / n, by_level / n, by_length / n
    level_mean, length_mean = total(p_level * i, 0), total(p_length * j, 0)
    uniform_level, uniform_length = total(by_level**2, 0), total(by_length**2, 0)
    return _mean_over_directions(
        {
            f"{short}Emphasis": total(by_length / j2, 0) / n,
            f"{long}Emphasis": total(by_length * j2, 0) / n,
            "GrayLevelNonUniformity": uniform_level / n,
            "GrayLevelNonUniformityNormalized": uniform_level / n**2,
            f"{of_length}NonUniformity": uniform_length / n,
            f"{of_length}NonUniformityNormalized": uniform_length / n**2,
            f"{unit}Percentage": n / total(by_length * j, 0),
            "GrayLevelVariance": total(p_level * (i - level_mean) ** 2, 0),
            f"{unit}Variance": total(p_length * (j - length_mean) ** 2, 0),
            f"{unit}Entropy": -total(p * np.log2(p + EPS), (0, 1)),
            f"LowGrayLevel{of_level}Emphasis": total(by_level / i2, 0) / n,
            f"HighGrayLevel{of_level}Emphasis": total(by_level * i2, 0) / n,
            f"{short}LowGrayLevelEmphasis": total(counts / (level2 * length2), (0, 1)) / n,
            f"{short}HighGrayLevelEmphasis": total(counts * level2 / length2, (0, 1)) / n,
            f"{long}LowGrayLevelEmphasis": total(counts * length2 / level2, (0, 1)) / n,
            f"{long}HighGrayLevelEmphasis": total(counts * (length2 * level2), (0, 1)) / n,
        }
    )


def of_tones(p: np.ndarray, difference: np.ndarray, level: np.ndarray, n: float) -> dict:
    """Features of the differences from neighbouring grey tones.

    Parameters
    ----------
    p : ndarray of float, shape (n_levels,)
        Share of the pixels with a level; none is 0.
    difference : ndarray of float, shape (n_levels,)
        Sum over the pixels of a level of their differences from the mean of their neighbours.
    level : ndarray of float, shape (n_levels,)
    n : float
        Pixels.
    """
    one, two = np.s_[:, None], np.s_[None, :]
    apart = level[one] - level[two]
    apart2 = apart**2
    weighted = p * difference
    coarse, all_differences = total(weighted), total(difference)
    shares = level * p
    between = total(np.abs(shares[one] - shares[two]), (0, 1))
    pairs = len(p) * (len(p) - 1)
    contrast = total(p[one] * p[two] * apart2, (0, 1)) * all_differences / n
    strength = total((p[one] + p[two]) * apart2, (0, 1))
    distance = np.abs(apart) * (weighted[one] + weighted[two])
    return {
        "Busyness": coarse / between if between else 0.0,
        "Coarseness": 1 / coarse if coarse else 1e6,
        "Complexity": total(distance / (p[one] + p[two]), (0, 1)) / n,
        "Contrast": contrast / pairs if pairs else 0.0,
        "Strength": strength / all_differences if all_differences else 0.0,
    }


def _mean_over_directions(values: dict[str, np.ndarray]) -> dict[str, float]:
    """Mean of each feature over the directions that have a value; NaN where none has."""
    means = np.nanmean(np.array(list(values.values())), axis=1)
    return dict(zip(values, means, strict=True))
