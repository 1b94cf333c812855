"""What every feature measures and what every image type shows, one sentence each.

The sentences of `feature_definitions.json` describe the formulas of pyradiomics 3.0.1. In them the
region is what the mask outlines, a grey level the value of a pixel in the image type, and a
level the bin that holds it, counted from 1; `FEATURE_TERMS` says so to a reader of the table.

Reference: van Griethuysen et al. (2017), Cancer Research 77:e104-e107.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pandas as pd

# pyradiomics writes the width into the name: log-sigma-1-5-mm-3D.
SIGMA = re.compile(r"log-sigma-(\d+(?:-\d+)?)-mm-[23]D")

FEATURE_TERMS = (
    "Region: what the mask outlines. Grey level: value of a pixel in the image type; level: "
    "the bin that holds it, counted from 1. Pair (GLCM): two neighbouring pixels in a direction; "
    "run (GLRLM): consecutive pixels of one level in a direction; both are measured per direction "
    "and averaged. Zone (GLSZM): connected pixels of one level. Dependence (GLDM): a pixel and "
    "those of its neighbours that have its level, counted. Departure (NGTDM): distance of a pixel "
    "from the mean level of its neighbours, summed over the pixels of a level. Lengths are in mm "
    "where the spacing of the pixels is known, else in pixels."
)


@cache
def _sentences() -> dict:
    return json.loads(Path(__file__).with_name("feature_definitions.json").read_text("utf-8"))


def feature_sentences() -> Mapping[str, Mapping[str, str]]:
    """What every feature measures, by class and feature."""
    return _sentences()["features"]


def image_type_sentences() -> Mapping[str, str]:
    """What every image type shows; all widths of the Laplacian of Gaussian are "log-sigma"."""
    return _sentences()["image_types"]


def describe_feature(table: pd.DataFrame) -> pd.DataFrame:
    """Add to every feature its definition and that of its image type.

    Parameters
    ----------
    table : DataFrame, shape (n_features, >= 3)
        Columns `image_type`, `feature_class` and `feature`, as `FeatureSet.describe` returns
        them beside `name`.

    Returns
    -------
    pandas.DataFrame, shape (n_features, + 2)
        The same rows and columns, and `definition` (of the feature) and `filter` (of the image
        type).

    Raises
    ------
    ValueError
        If a column is absent, or a feature or an image type has no definition.
    """
    absent = [name for name in ("image_type", "feature_class", "feature") if name not in table]
    if absent:
        raise ValueError(f"table: expected the columns of FeatureSet.describe, found no {absent}.")
    keys = zip(table["feature_class"], table["feature"], strict=True)
    return table.assign(
        definition=[_feature(feature_class, feature) for feature_class, feature in keys],
        filter=[_image_type(name) for name in table["image_type"]],
    )


def _feature(feature_class: str, feature: str) -> str:
    sentences = feature_sentences()
    sentence = sentences.get(feature_class, {}).get(feature)
    if sentence is None:
        raise ValueError(
            f"table: {feature!r} of the class {feature_class!r} has no definition. Classes with "
            f"definitions: {', '.join(sentences)}; add the sentence to feature_definitions.json."
        )
    return sentence


def _image_type(name: str) -> str:
    sentences = image_type_sentences()
    sigma = SIGMA.fullmatch(name)
    if sigma:
        return sentences["log-sigma"].format(sigma_mm=sigma[1].replace("-", "."))
    if name not in sentences:
        raise ValueError(
            f"table: the image type {name!r} has no definition. Image types with one: "
            f"{', '.join(sentences)}; add the sentence to feature_definitions.json."
        )
    return sentences[name]
