"""The radiomics features of one nodule, as pyradiomics 3.0.1 has them.

Reference: van Griethuysen et al. (2017), Cancer Research 77:e104-e107.
"""

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd
import SimpleITK as sitk
from radiomics import featureextractor, imageoperations

from thyro.core import FEWEST_PIXELS
from thyro.radiomics import feature_sets, measure
from thyro.radiomics.filters import SLICE_THICKNESS_MM, box

DEFAULT_SETTINGS: Mapping[str, object] = {"binWidth": 25}


@dataclass(frozen=True)
class Measured:
    """What was measured in one nodule."""

    features: pd.Series  # float, shape (n_features,), indexed by the names of the feature set
    levels: pd.Series  # int: distinct grey levels after binning, indexed by image type


def extract(
    image: np.ndarray,
    mask: np.ndarray,
    spacing_mm: float | tuple[float, float],
    settings: Mapping[str, object] | None = None,
    *,
    feature_set: feature_sets.FeatureSet = feature_sets.PAPER,
) -> pd.Series:
    """Compute the features of one nodule.

    Parameters
    ----------
    image : array_like of float or uint8, shape (rows, columns)
        Grey levels, 0-255. Computed as float64, so both types give the same features.
    mask : array_like of bool, shape (rows, columns)
        The nodule: at least 16 pixels on two rows and two columns.
    spacing_mm : float or (float, float)
        Pixel size (row, column) in mm. Shape, TotalEnergy and the gradient image depend on it,
        nothing else. Give 1.0 for an image without spacing: lengths are then in pixels.
    settings : mapping, optional
        Settings of pyradiomics that replace its defaults: those of `feature_sets.SETTINGS`.
        `binWidth` may also be a mapping of every image type to its width, then without settings
        that change the image (`feature_sets.PREPARATION`).
    feature_set : FeatureSet, default PAPER
        Which features: the 1561 of the paper, unless another is given.

    Returns
    -------
    pandas.Series of float, shape (n_features,)
        Indexed by `feature_set.names`, in that order. A value is NaN where pyradiomics itself has
        none: texture of a mask in which no two pixels touch.

    Raises
    ------
    ValueError
        If an argument is not as described, if pyradiomics cannot compute (a region as black as
        its surroundings), or if the names it returns are not exactly `feature_set.names`.
    """
    return extract_with_levels(image, mask, spacing_mm, settings, feature_set=feature_set).features


def extract_with_levels(
    image: np.ndarray,
    mask: np.ndarray,
    spacing_mm: float | tuple[float, float],
    settings: Mapping[str, object] | None = None,
    *,
    feature_set: feature_sets.FeatureSet = feature_sets.PAPER,
) -> Measured:
    """The features of one nodule as `extract` gives them, and the grey levels behind them."""
    image, mask = _as_image(image), _as_mask(mask)
    if image.shape != mask.shape:
        raise ValueError(
            f"mask: expected the shape of the image, {image.shape}, got {mask.shape}. "
            "Resample the mask where the images are read."
        )
    row_mm, column_mm = _as_spacing(spacing_mm)
    settings = _as_settings(settings)
    if feature_set.planar:
        frame, inside, spacing = image, mask, (column_mm, row_mm)
    else:
        frame, inside, spacing = image[None], mask[None], (column_mm, row_mm, SLICE_THICKNESS_MM)
    with quiet():
        try:
            prepared = _prepare(frame, inside, spacing, settings)
            values, levels = measure.measure(*prepared, settings, feature_set)
        except ImportError as error:
            raise ValueError(
                f"pyradiomics: an image type would be missing ({error}). LBP-3D needs trimesh, and "
                "scipy below 1.17 for scipy.special.sph_harm: install what the lock file names."
            ) from error
        except (ValueError, RuntimeError) as error:
            region = image[mask]
            raise ValueError(
                f"image: pyradiomics could not compute ({error}). The region has "
                f"{region.size} pixels and grey levels {region.min():g} to {region.max():g}; "
                "a region as black as its surroundings has no local pattern to describe."
            ) from error
    return Measured(
        features=_in_order(values, feature_set.names),
        levels=_in_order(levels, feature_set.image_types).astype(int),
    )


def _as_image(image):
    image = np.asarray(image)
    if image.ndim != 2 or image.dtype.kind not in "uif":
        raise ValueError(
            "image: expected grey levels, shape (rows, columns), "
            f"got {image.dtype} of shape {image.shape}."
        )
    image = image.astype(float)
    if not np.isfinite(image).all() or image.min() < 0 or image.max() > 255:
        raise ValueError(
            "image: expected finite grey levels from 0 to 255, "
            f"found {np.nanmin(image):g} to {np.nanmax(image):g} and "
            f"{np.count_nonzero(~np.isfinite(image))} values that are not finite."
        )
    return image


def _as_mask(mask):
    mask = np.asarray(mask)
    if mask.ndim != 2 or mask.dtype != bool:
        raise ValueError(
            "mask: expected bool, shape (rows, columns), "
            f"got {mask.dtype} of shape {mask.shape}. Say which label is the nodule: mask == 1."
        )
    rows, columns = np.nonzero(mask)
    if len(rows) < FEWEST_PIXELS or np.ptp(rows) == 0 or np.ptp(columns) == 0:
        raise ValueError(
            f"mask: expected at least {FEWEST_PIXELS} pixels on two rows and two columns, "
            f"got {len(rows)} pixels."
        )
    return mask


def _as_spacing(spacing_mm):
    if isinstance(spacing_mm, Real):
        spacing_mm = (spacing_mm, spacing_mm)
    spacing = np.asarray(spacing_mm if spacing_mm is not None else [], dtype=float)
    if spacing.shape != (2,) or not np.isfinite(spacing).all() or spacing.min() <= 0:
        raise ValueError(
            "spacing_mm: expected a positive number or (row, column) in mm, "
            f"got {spacing_mm!r}. Where the spacing is unknown give 1.0: shape is then in pixels."
        )
    return tuple(spacing.tolist())


def _as_settings(settings):
    settings = {**DEFAULT_SETTINGS, **(settings or {})}
    unknown = sorted(set(settings) - set(feature_sets.SETTINGS))
    if unknown:
        raise ValueError(
            f"settings: {', '.join(unknown)} not accepted. Settings that keep the names of the "
            f"features: {', '.join(feature_sets.SETTINGS)}."
        )
    if isinstance(settings["binWidth"], Mapping) and set(settings) & set(feature_sets.PREPARATION):
        raise ValueError(
            "settings: a binWidth of each image type goes with no change of the image."
        )
    return settings


def _prepare(frame, mask, spacing, settings):
    """Frame, mask and spacing as pyradiomics would filter them, and the mask that has the shape.

    Without a setting that changes one of them they are as they came.
    """
    if not set(settings) & set(feature_sets.PREPARATION):
        return frame, mask, spacing, mask
    images = [sitk.GetImageFromArray(array) for array in (frame, mask.astype(np.uint8))]
    for image in images:
        image.SetSpacing(spacing)
    extractor = featureextractor.RadiomicsFeatureExtractor(additionalInfo=False, **settings)
    settings = extractor.settings
    image, given = extractor.loadImage(*images, None, **settings)
    _, corrected = imageoperations.checkMask(image, given, **settings)
    # Grey levels may take a part out of the mask; shape is that of all of it.
    entire = part = given if corrected is None else corrected
    if settings.get("resegmentRange") is not None:
        part = imageoperations.resegmentMask(image, entire, **settings)
        imageoperations.checkMask(image, part, **settings)
    arrays = [sitk.GetArrayFromImage(one) for one in (image, part, entire)]
    inside, of_shape = arrays[1] == 1, arrays[2] == 1
    if settings.get("resegmentShape"):
        of_shape = inside
    elif part is not entire:  # pyradiomics crops the outline to what its grey levels left
        of_shape = _within(of_shape, box(inside))
    return arrays[0].astype(float), inside, image.GetSpacing(), of_shape


def _within(mask, place):
    """The part of a mask that is in a box."""
    kept = np.zeros_like(mask)
    kept[place] = mask[place]
    return kept


def _in_order(values, names):
    """The values as a Series in the order of `names`, none missing and none more."""
    missing = [name for name in names if name not in values]
    surplus = sorted(set(values) - set(names))
    if missing or surplus:
        raise ValueError(
            f"pyradiomics returned {len(values)} features instead of {len(names)}: "
            f"{len(missing)} missing ({', '.join(missing[:3])} ...), "
            f"{len(surplus)} unexpected ({', '.join(surplus[:3])} ...). It drops an image type "
            "without an error where the image is too small for the filter, or a package is absent "
            "or too new."
        )
    series = pd.Series([float(values[name]) for name in names], index=names, dtype=float)
    infinite = series.index[np.isinf(series)]
    if len(infinite):
        raise ValueError(
            f"pyradiomics returned {len(infinite)} infinite values, first {infinite[0]}."
        )
    return series


@contextmanager
def quiet() -> Iterator[None]:
    """Silence pyradiomics' log lines, and the warnings of scipy and numpy about its code."""
    logger = logging.getLogger("radiomics")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
