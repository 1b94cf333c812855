"""Features of pyradiomics against the consensus values of the digital phantom of the IBSI.

The Image Biomarker Standardisation Initiative published a phantom of 5 x 4 x 4 voxels, a mask, and
for every feature the value that independent teams agreed on, with a tolerance. Here plain
pyradiomics measures that phantom as it measures by default: in 3-D, texture matrices of runs and
co-occurrences per direction and then averaged (the IBSI's "3D, averaged"), dependence and tone
difference over 26 neighbours. A bin width of 1 leaves the phantom's levels as they are, so the
discretisation is not under test: pyradiomics starts its bins at a multiple of the width, the IBSI
at the smallest grey level of the region.

`thyro.radiomics` measures single slices and cannot read the phantom. What carries the verification
over to it is that every feature it returns equals plain pyradiomics within 1e-6, which its own
tests show. The reference has no values for 2-D shape, so that class is not compared.

Phantom, mask and values (`ibsi_phantom.json`): IBSI, CC BY 4.0.
Source: Zwanenburg et al. (2020), Radiology 295:328-338, doi 10.1148/radiol.2020191145.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk
from radiomics import featureextractor

from thyro.radiomics import feature_sets

DIGITS = 3  # significant digits in which the reference values are published

# Class of pyradiomics -> form of the IBSI's tag, and feature -> what fills the form.
TAGS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "firstorder": (
        "{}",
        {
            "10Percentile": "stat_p10",
            "90Percentile": "stat_p90",
            "Energy": "stat_energy",
            # The two of the discretised grey levels; all others use the grey levels themselves.
            "Entropy": "ih_entropy",
            "InterquartileRange": "stat_iqr",
            "Kurtosis": "stat_kurt",
            "Maximum": "stat_max",
            "Mean": "stat_mean",
            "MeanAbsoluteDeviation": "stat_mad",
            "Median": "stat_median",
            "Minimum": "stat_min",
            "Range": "stat_range",
            "RobustMeanAbsoluteDeviation": "stat_rmad",
            "RootMeanSquared": "stat_rms",
            "Skewness": "stat_skew",
            "Uniformity": "ih_uniformity",
            "Variance": "stat_var",
        },
    ),
    "shape": (
        "morph_{}",
        {
            "Compactness1": "comp_1",
            "Compactness2": "comp_2",
            "Elongation": "pca_elongation",
            "Flatness": "pca_flatness",
            "LeastAxisLength": "pca_least_axis",
            "MajorAxisLength": "pca_maj_axis",
            "Maximum3DDiameter": "diam",
            "MeshVolume": "volume",
            "MinorAxisLength": "pca_min_axis",
            "Sphericity": "sphericity",
            "SphericalDisproportion": "sph_dispr",
            "SurfaceArea": "area_mesh",
            "SurfaceVolumeRatio": "av",
            "VoxelVolume": "vol_approx",
        },
    ),
    "glcm": (
        "cm_{}_3D_avg",
        {
            "Autocorrelation": "auto_corr",
            "ClusterProminence": "clust_prom",
            "ClusterShade": "clust_shade",
            "ClusterTendency": "clust_tend",
            "Contrast": "contrast",
            "Correlation": "corr",
            "DifferenceAverage": "diff_avg",
            "DifferenceEntropy": "diff_entr",
            "DifferenceVariance": "diff_var",
            "Id": "inv_diff",
            "Idm": "inv_diff_mom",
            "Idmn": "inv_diff_mom_norm",
            "Idn": "inv_diff_norm",
            "Imc1": "info_corr1",
            "Imc2": "info_corr2",
            "InverseVariance": "inv_var",
            "JointAverage": "joint_avg",
            "JointEnergy": "energy",
            "JointEntropy": "joint_entr",
            "MaximumProbability": "joint_max",
            "SumAverage": "sum_avg",
            "SumEntropy": "sum_entr",
            "SumSquares": "joint_var",
        },
    ),
    "glrlm": (
        "rlm_{}_3D_avg",
        {
            "GrayLevelNonUniformity": "glnu",
            "GrayLevelNonUniformityNormalized": "glnu_norm",
            "GrayLevelVariance": "gl_var",
            "HighGrayLevelRunEmphasis": "hgre",
            "LongRunEmphasis": "lre",
            "LongRunHighGrayLevelEmphasis": "lrhge",
            "LongRunLowGrayLevelEmphasis": "lrlge",
            "LowGrayLevelRunEmphasis": "lgre",
            "RunEntropy": "rl_entr",
            "RunLengthNonUniformity": "rlnu",
            "RunLengthNonUniformityNormalized": "rlnu_norm",
            "RunPercentage": "r_perc",
            "RunVariance": "rl_var",
            "ShortRunEmphasis": "sre",
            "ShortRunHighGrayLevelEmphasis": "srhge",
            "ShortRunLowGrayLevelEmphasis": "srlge",
        },
    ),
    "glszm": (
        "szm_{}_3D",
        {
            "GrayLevelNonUniformity": "glnu",
            "GrayLevelNonUniformityNormalized": "glnu_norm",
            "GrayLevelVariance": "gl_var",
            "HighGrayLevelZoneEmphasis": "hgze",
            "LargeAreaEmphasis": "lze",
            "LargeAreaHighGrayLevelEmphasis": "lzhge",
            "LargeAreaLowGrayLevelEmphasis": "lzlge",
            "LowGrayLevelZoneEmphasis": "lgze",
            "SizeZoneNonUniformity": "zsnu",
            "SizeZoneNonUniformityNormalized": "zsnu_norm",
            "SmallAreaEmphasis": "sze",
            "SmallAreaHighGrayLevelEmphasis": "szhge",
            "SmallAreaLowGrayLevelEmphasis": "szlge",
            "ZoneEntropy": "zs_entr",
            "ZonePercentage": "z_perc",
            "ZoneVariance": "zs_var",
        },
    ),
    # The IBSI calls this matrix the neighbouring grey level dependence matrix; its coarseness of 0
    # is pyradiomics' gldm_a, and both count the centre voxel as one dependence.
    "gldm": (
        "ngl_{}_3D",
        {
            "DependenceEntropy": "dc_entr",
            "DependenceNonUniformity": "dcnu",
            "DependenceNonUniformityNormalized": "dcnu_norm",
            "DependenceVariance": "dc_var",
            "GrayLevelNonUniformity": "glnu",
            "GrayLevelVariance": "gl_var",
            "HighGrayLevelEmphasis": "hgce",
            "LargeDependenceEmphasis": "hde",
            "LargeDependenceHighGrayLevelEmphasis": "hdhge",
            "LargeDependenceLowGrayLevelEmphasis": "hdlge",
            "LowGrayLevelEmphasis": "lgce",
            "SmallDependenceEmphasis": "lde",
            "SmallDependenceHighGrayLevelEmphasis": "ldhge",
            "SmallDependenceLowGrayLevelEmphasis": "ldlge",
        },
    ),
    "ngtdm": (
        "ngt_{}_3D",
        {
            "Busyness": "busyness",
            "Coarseness": "coarseness",
            "Complexity": "complexity",
            "Contrast": "contrast",
            "Strength": "strength",
        },
    ),
}

AXES = (
    "pyradiomics divides the covariance of the voxel centres by their number; the reference fits a "
    "division by one less. On {n} voxels that shortens every axis by the factor √({less}/{n}); "
    "MajorAxisLength stays within its tolerance all the same."
)
PLANE = (
    "No counterpart: the IBSI defines the largest diameter in space only; pyradiomics adds the "
    "largest within one {}."
)
BESIDE = "Compared, though not among the features of a study: it is {}."
# Why a feature disagrees or has no counterpart, or why it is compared although no study uses it.
NOTES: Mapping[tuple[str, str], str] = {
    ("firstorder", "Kurtosis"): (
        "pyradiomics returns the plain kurtosis, 3 for a normal distribution; the IBSI's is the "
        "excess over 3. Less 3 it agrees."
    ),
    ("firstorder", "TotalEnergy"): (
        "No counterpart: pyradiomics' own addition, Energy times the volume of a voxel."
    ),
    ("shape", "LeastAxisLength"): AXES,
    ("shape", "MinorAxisLength"): AXES,
    ("shape", "Maximum2DDiameterSlice"): PLANE.format("slice"),
    ("shape", "Maximum2DDiameterColumn"): PLANE.format("plane of equal row"),
    ("shape", "Maximum2DDiameterRow"): PLANE.format("plane of equal column"),
    ("shape", "Compactness1"): BESIDE.format("Sphericity to the power of 3/2, over 6π"),
    ("shape", "Compactness2"): BESIDE.format("the cube of Sphericity"),
    ("shape", "SphericalDisproportion"): BESIDE.format("the inverse of Sphericity"),
    ("glcm", "SumAverage"): BESIDE.format("twice JointAverage, the matrix being symmetrical"),
}


@cache
def phantom() -> Mapping:
    """The digital phantom: `image`, `mask`, `spacing_mm` and `references` by the IBSI's tag."""
    return json.loads(Path(__file__).with_name("ibsi_phantom.json").read_text("utf-8"))


def compare_with_ibsi() -> pd.DataFrame:
    """Measure the phantom and set every value beside its reference.

    A value agrees if, rounded to the three significant digits in which the reference is published,
    it differs from it by the tolerance at most.

    Returns
    -------
    pandas.DataFrame, one row per feature
        The features of the paper's set on the original image, and the four others that
        pyradiomics shares with the IBSI. Columns `feature_class`, `feature` (pyradiomics' names),
        `ibsi_name`, `ibsi_tag`, `reference`, `tolerance`, `value` (full precision; lengths in mm,
        grey levels as they are), `agrees` (boolean) and `note`. Where the IBSI defines no such
        feature, name, tag, reference, tolerance and `agrees` are missing and `note` says why.

    Raises
    ------
    ValueError
        If pyradiomics returns other features than those asked for.
    """
    references, n = phantom()["references"], int(np.sum(phantom()["mask"]))
    names = _features()
    measured = _measure(names)
    rows = []
    for feature_class, feature in names:
        form, stems = TAGS[feature_class]
        tag = form.format(stems[feature]) if feature in stems else None
        value = measured[feature_class, feature]
        row = {"feature_class": feature_class, "feature": feature}
        if tag is None:
            row |= {"ibsi_name": None, "ibsi_tag": None}
            row |= {"reference": np.nan, "tolerance": np.nan, "value": value, "agrees": None}
        else:
            known = references[tag]
            row |= {"ibsi_name": known["name"], "ibsi_tag": tag}
            row |= {"reference": known["value"], "tolerance": known["tolerance"], "value": value}
            row |= {"agrees": _agrees(value, known["value"], known["tolerance"])}
        note = NOTES.get((feature_class, feature), "")
        rows.append(row | {"note": note.format(n=n, less=n - 1)})
    return pd.DataFrame(rows).astype({"agrees": "boolean"})


def _features() -> list[tuple[str, str]]:
    """Class and name of the features to compare: the paper's, then those shared besides."""
    described = feature_sets.PAPER.describe()
    described = described[described["image_type"].eq("original")]
    names = []
    for feature_class, (_, stems) in TAGS.items():
        ours = list(described.loc[described["feature_class"].eq(feature_class), "feature"])
        names += [(feature_class, name) for name in [*ours, *sorted(set(stems) - set(ours))]]
    return names


def _measure(names: list[tuple[str, str]]) -> dict[tuple[str, str], float]:
    """Values of plain pyradiomics on the phantom, by class and feature."""
    wanted = {}
    for feature_class, feature in names:
        wanted.setdefault(feature_class, []).append(feature)
    image = sitk.GetImageFromArray(np.asarray(phantom()["image"], dtype=float))
    mask = sitk.GetImageFromArray(np.asarray(phantom()["mask"], dtype=np.uint8))
    for volume in (image, mask):
        volume.SetSpacing([phantom()["spacing_mm"]] * 3)
    with _without_log():
        extractor = featureextractor.RadiomicsFeatureExtractor(additionalInfo=False, binWidth=1)
        extractor.disableAllFeatures()
        extractor.enableFeaturesByName(**wanted)
        returned = extractor.execute(image, mask)
    values = {tuple(name.split("_")[1:]): float(value) for name, value in returned.items()}
    if set(values) != set(names):
        different = sorted(set(values) ^ set(names))
        raise ValueError(
            f"pyradiomics: expected {len(names)} features of the phantom, got {len(values)}, "
            f"different in {different}. Install pyradiomics 3.0.1."
        )
    return values


def _agrees(value: float, reference: float, tolerance: float) -> bool:
    rounded = float(f"{value:.{DIGITS}g}")
    # A difference of exactly the tolerance counts; in binary 0.844 - 0.848 exceeds 0.004.
    return abs(rounded - reference) <= tolerance + 1e-9 * abs(reference)


@contextmanager
def _without_log() -> Iterator[None]:
    """Silence the remarks of pyradiomics about features that it turns off by default."""
    logger = logging.getLogger("radiomics")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
