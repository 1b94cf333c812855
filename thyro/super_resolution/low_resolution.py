"""Are restored images measured as their originals would be? The arm of low resolution.

An image of a poorer scanner has no original. Here it has: originals are degraded, restored in
several ways, and every feature is compared with that of the original. How features are measured is
for the caller to say.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from torch import nn

from thyro import statistics
from thyro.core import as_level
from thyro.super_resolution.degradation import Degradation
from thyro.super_resolution.enhancement import degrade, enhance

ORIGINAL, DEGRADED = "original", "bicubic"  # what is degraded is also its bicubic restoration
LINEAR = "least_squares"  # the rival that others are compared with


def restored_features(
    cases: Mapping[str, tuple[np.ndarray, np.ndarray, tuple[float, float]]],
    generators: Mapping[str, nn.Module],
    degradation: Degradation,
    rng: np.random.Generator,
    extract: Callable[[np.ndarray, np.ndarray, tuple[float, float]], pd.Series],
    progress: Callable,
) -> pd.DataFrame:
    """Features of originals, and of the same images degraded and restored in several ways.

    Parameters
    ----------
    cases : mapping of patient_id to (image, mask, spacing_mm)
        Of patients that trained nothing; images grey, 0-255.
    generators
        By the name of the method; each takes the degraded image on its grid.
    degradation
    rng
        Of the noise.
    extract : callable
        `extract(image, mask, spacing_mm)` gives a Series of features; images have 8 bits, as they
        are kept. A ValueError leaves the version without values.
    progress : callable
        Called as `progress(iterable, total=n)`, like tqdm.

    Returns
    -------
    DataFrame
        Index (method, patient_id): "original", "bicubic" and the names of `generators`; a column
        per feature.

    Raises
    ------
    ValueError
        If there is no patient, or not one could be measured.
    """
    rows, reason = {}, ""
    for patient in progress(list(cases), total=len(cases)):
        image, mask, spacing_mm = cases[patient]
        low = degrade(
            image,
            factor=degradation.factor,
            sigma=degradation.sigma,
            axes=degradation.axes,
            rng=rng,
        )
        versions = {ORIGINAL: image, DEGRADED: low}
        versions |= {name: enhance(low, generator) for name, generator in generators.items()}
        for method, version in versions.items():
            try:
                measured = extract(np.rint(version).astype(np.uint8), mask, spacing_mm)
            except ValueError as error:
                measured, reason = pd.Series(dtype=float), f"{patient}, {method}: {error}"
            rows[method, patient] = measured
    if not rows:
        raise ValueError("cases: expected at least one patient, got none.")
    if not any(len(measured) for measured in rows.values()):
        raise ValueError(f"cases: no version of any patient could be measured; the last: {reason}")
    index = pd.MultiIndex.from_tuples(rows, names=["method", "patient_id"])
    return pd.DataFrame(list(rows.values())).set_axis(index)


def feature_agreement(features: pd.DataFrame) -> pd.DataFrame:
    """ICC(2,1) of every feature between originals and each restoration of the degraded images.

    Parameters
    ----------
    features : DataFrame
        As `restored_features` returns them; at least two patients.

    Returns
    -------
    DataFrame
        Index `feature`, a column per method. NaN where a feature does not vary in a version.
    """
    original = features.loc[ORIGINAL]
    return pd.DataFrame(
        {
            method: statistics.agreement_table(original, features.loc[method])["icc"]
            for method in _methods(features)
        }
    )


def agreement_medians(
    features: pd.DataFrame,
    rng: np.random.Generator,
    *,
    draws: int = 200,
    level: float = 0.95,
) -> pd.DataFrame:
    """Median ICC over the features, and how far it exceeds that of the linear upsampler.

    Intervals are of the percentiles over bootstrap samples of patients, the same samples for all
    methods.

    Parameters
    ----------
    features : DataFrame
        As `restored_features` returns them, with the columns that are to count.
    rng
        Draws the patients.
    draws
        Bootstrap samples.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row per method: method, n_patients, n_features (those with an ICC for every method),
        icc, ci_low, ci_high, good (share of features with an ICC of `statistics.GOOD_ICC` or more),
        margin, margin_low, margin_high (to least squares; NaN for itself, and where it is not
        among the methods).
    """
    level = as_level(level)
    methods = _methods(features)
    values = np.stack([features.loc[name].to_numpy(float) for name in (ORIGINAL, *methods)])
    values = values[:, ~np.isnan(values).all(axis=2).any(axis=0)]  # measured in every version
    n = values.shape[1]
    whole = _icc(values)
    known = ~np.isnan(whole).any(axis=0)
    values, whole = values[..., known], whole[:, known]
    medians = np.array(
        [np.nanmedian(_icc(values[:, rng.integers(n, size=n)]), axis=1) for _ in range(draws)]
    )
    ends = [(1 - level) / 2, (1 + level) / 2]
    rows = []
    for i, method in enumerate(methods):
        low, high = np.quantile(medians[:, i], ends)
        row = {"method": method, "n_patients": n, "n_features": int(known.sum())}
        row |= {"icc": float(np.median(whole[i])), "ci_low": low, "ci_high": high}
        row["good"] = float(np.mean(whole[i] >= statistics.GOOD_ICC))
        margin = np.full(3, np.nan)
        if LINEAR in methods and method != LINEAR:
            rival = methods.index(LINEAR)
            margin[0] = row["icc"] - np.median(whole[rival])
            margin[1:] = np.quantile(medians[:, i] - medians[:, rival], ends)
        rows.append(row | dict(zip(("margin", "margin_low", "margin_high"), margin, strict=True)))
    return pd.DataFrame(rows)


def _methods(features: pd.DataFrame) -> list[str]:
    names = features.index.get_level_values("method").unique()
    return [name for name in names if name != ORIGINAL]


def _icc(values: np.ndarray) -> np.ndarray:
    """ICC (n_methods, n_features) of each version with the first, (n_versions, n, n_features)."""
    return np.stack(
        [
            statistics.icc_of_features(np.stack([values[0], version], axis=1))[0]
            for version in values[1:]
        ]
    )
