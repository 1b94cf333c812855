"""pyradiomics 3.0.1 called by hand, nothing of thyro in between."""

import logging
import warnings

import numpy as np
import pandas as pd
import SimpleITK as sitk
from radiomics import featureextractor


def measure(
    image,
    mask,
    spacing_mm,
    feature_set,
    settings=None,
    *,
    extractor=featureextractor.RadiomicsFeatureExtractor,
) -> pd.Series:
    """Every feature of a feature set; `spacing_mm` as (row, column). NaN where there is none."""
    spacing = spacing_mm[::-1] if feature_set.planar else (*spacing_mm[::-1], 1.0)
    arrays = np.asarray(image, dtype=float), np.asarray(mask, dtype=np.uint8)
    slices = [sitk.GetImageFromArray(a if feature_set.planar else a[None]) for a in arrays]
    for one in slices:
        one.SetSpacing(spacing)
    logging.getLogger("radiomics").setLevel(logging.CRITICAL)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        measures = extractor(additionalInfo=False, **{"binWidth": 25, **(settings or {})})
        measures.disableAllImageTypes()
        for name, its_settings in feature_set.filters.items():
            measures.enableImageTypeByName(name, customArgs=dict(its_settings))
        if feature_set.planar:
            measures.enableFeatureClassByName("shape2D")
        found = pd.Series(measures.execute(*slices)).astype(float)
    return found.reindex(list(feature_set.names))
