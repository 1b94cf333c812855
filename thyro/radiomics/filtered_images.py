"""What the image filters of a profile make of one frame, to be looked at."""

import warnings

import numpy as np

from thyro.radiomics import feature_sets, filters

SLICE_THICKNESS_MM = 1.0  # a frame has no thickness


def filtered_images(
    image: np.ndarray,
    mask: np.ndarray,
    spacing_mm: tuple[float, float],
    profile: feature_sets.FeatureSet = feature_sets.PAPER,
) -> dict[str, np.ndarray]:
    """The image types of a profile, made from one frame.

    Inside the mask they are what the features are measured on.

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
        Grey levels, 0-255.
    mask : ndarray of bool, same shape
        The nodule.
    spacing_mm : (row, column)
        The gradient depends on it.
    profile : profiles.Profile, default profiles.PAPER

    Returns
    -------
    dict of image type to ndarray of float, shape (rows, columns)
        The original first, the others in the order of the profile. Local binary patterns in 3-D
        are NaN outside the mask, where pyradiomics has none.

    Raises
    ------
    ValueError
        If the shapes differ or the mask is empty.
    ImportError
        If a package that a filter needs lacks what it needs.
    """
    frame, mask = np.asarray(image, float), np.asarray(mask, bool)
    if frame.shape != mask.shape or not mask.any():
        raise ValueError(
            f"mask: expected pixels inside, shape {frame.shape}, got {mask.sum()} of shape "
            f"{mask.shape}."
        )
    spacing = (spacing_mm[1], spacing_mm[0])  # SimpleITK's order
    if not profile.planar:  # one slice of a volume
        frame, spacing = frame[None], (*spacing, SLICE_THICKNESS_MM)
    everywhere = np.ones(frame.shape, bool)
    with warnings.catch_warnings():  # of scipy, about the names that pyradiomics uses
        warnings.simplefilter("ignore")
        made = {
            image_type: np.reshape(values, mask.shape).astype(float)
            for image_type, values in filters.filtered(
                frame, everywhere, spacing, profile.filters, {}
            )
        }
    for image_type, array in made.items():
        if image_type.startswith("lbp-3D"):
            array[~mask] = np.nan
    order = dict.fromkeys(["original", *profile.describe()["image_type"]])
    return {image_type: made[image_type] for image_type in order}
