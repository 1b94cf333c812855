"""Every number is that of pyradiomics, whatever the frame, the mask and the settings."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from radiomics import imageoperations

from tests import plain_radiomics
from tests.radiomics.test_extractor import frame
from thyro import study
from thyro.radiomics import common_grid, extractor, feature_sets, filters

DDTI = Path("../shared/data/ddti")


def agree(image, mask, spacing_mm, settings=None, feature_set=feature_sets.PAPER):
    """Whether both measure the same: the limits are four digits below those promised."""
    fast = extractor.extract(image, mask, spacing_mm, settings, feature_set=feature_set)
    plain = plain_radiomics.measure(image, mask, spacing_mm, feature_set, settings)
    np.testing.assert_allclose(fast, plain, rtol=1e-10, atol=1e-12, equal_nan=True)


def place(mask, where):
    """The nodule moved to a corner, or other regions that filters may stumble over."""
    rows, columns = np.nonzero(mask)
    moved = np.zeros_like(mask)
    if where == "first corner":
        moved[rows - rows.min(), columns - columns.min()] = True
    elif where == "last corner":
        moved[rows - rows.max() - 1, columns - columns.max() - 1] = True
    elif where == "tiny":
        moved[10:14, 20:24] = True
    elif where == "two pixels thin":
        moved[10:12, 4:40] = True
    elif where == "two parts":
        moved[2:9, 3:12] = moved[30:40, 40:50] = True
    return moved


@pytest.mark.parametrize(
    "where",
    ["first corner", "last corner", "tiny", "two pixels thin", "two parts"],
)
@pytest.mark.parametrize("shape", [(48, 56), (47, 53)], ids=["even", "odd"])
def test_any_place(where, shape):
    image, mask = frame(shape=shape)
    agree(image, place(mask, where), (0.1, 0.07))


def test_the_whole_frame():
    image, mask = frame()
    mask[:] = True  # pyradiomics refuses a mask without outside
    values = extractor.extract(image, mask, (0.1, 0.07))
    assert np.isfinite(values).all()
    assert values["original_shape_VoxelVolume"] == pytest.approx(mask.size * 0.1 * 0.07)
    assert values["original_firstorder_Mean"] == pytest.approx(image.mean())


@pytest.mark.parametrize(
    "settings",
    [
        {"binWidth": 10},
        {"binCount": 32},
        {"binWidth": 5, "distances": [1, 2]},
        {"gldm_a": 1, "symmetricalGLCM": False, "voxelArrayShift": 300},
        {"weightingNorm": "euclidean"},
        {"wavelet": "db4"},
        {"lbp3DIcosphereRadius": 2, "lbp3DIcosphereSubdivision": 2},
        {"gradientUseSpacing": False},
        {"normalize": True, "normalizeScale": 100, "removeOutliers": 2, "binWidth": 10},
        {"preCrop": True, "padDistance": 4},
        {"resegmentRange": [60, 150]},
        {"resegmentRange": [-1, 2], "resegmentMode": "sigma", "resegmentShape": True},
        {"resampledPixelSpacing": [0.14, 0.14, 0], "interpolator": "sitkLinear"},
        {"minimumROISize": 20},
    ],
    ids=lambda settings: ", ".join(settings),
)
def test_any_setting(settings):
    agree(*frame(), (0.1, 0.07), settings)


def flat(image, mask):
    return np.where(mask, 80.0, image)


def black(image, mask):
    """An anechoic part with no grey level at all, in which the local pattern has no kurtosis."""
    image = image.copy()
    image[:, :40] = 0
    return image


def two_levels(image, mask):
    return np.where(image > 110, 200.0, 40.0)


@pytest.mark.parametrize("change", [flat, black, two_levels])
def test_any_grey_levels(change):
    image, mask = frame(shape=(96, 112))
    agree(change(image, mask), mask, (0.1, 0.07))


def test_where_nothing_at_all_is_seen():
    """So far from any echo that the spline is zero, the local pattern has no kurtosis."""
    image, mask = np.zeros((40, 1300)), np.zeros((40, 1300), dtype=bool)
    image[:, :48] = frame(shape=(40, 48))[0]
    mask[10:24, 12:30] = mask[10:24, 1270:1284] = True
    whole, masked = image[None], mask[None]
    values = filters.filtered(whole, masked, (0.1, 0.1, 1.0), {"LBP3D": {}}, {})
    with np.errstate(all="ignore"), pytest.warns():
        kurtosis = dict(values)["lbp-3D-k"]
    assert 0 < np.isnan(kurtosis).sum() < kurtosis.size
    agree(image, mask, (0.1, 0.1))


@pytest.mark.parametrize("settings", [{}, {"binCount": 16}, {"normalize": True}])
def test_the_planar_set(settings):
    image, mask = frame()
    agree(image, mask, (0.1, 0.07), {"binWidth": 0.5, **settings}, feature_sets.PLANAR)


@pytest.mark.parametrize("feature_set", [feature_sets.PAPER, feature_sets.PLANAR])
@pytest.mark.parametrize(
    "keys",
    [
        {"image_types": ["Original", "LBP", "Wavelet"], "wavelet": "haar", "distances": [1, 3]},
        {"classes": ["firstorder", "glcm", "ngtdm"], "weighting": "manhattan", "gldm_alpha": 1},
        {"image_types": ["Original", "LoG", "Square"], "classes": ["shape", "glszm"]},
        {"normalise": True, "outliers": 2.0, "grey_range": [-150.0, 120.0]},
        {"grey_range": [-1.0, 1.5], "grey_range_mode": "sigma", "voxel_shift": 100.0},
    ],
    ids=lambda keys: ", ".join(keys),
)
def test_what_a_study_tells_is_what_pyradiomics_does(keys, feature_set):
    asked = study.Radiomics(**keys)
    part = feature_sets.part_of(feature_set, image_types=asked.image_types, classes=asked.classes)
    settings = {"binWidth": 10} | asked.settings(planar=feature_set.planar)
    agree(*frame(), (0.1, 0.07), settings, part)


@pytest.mark.parametrize("whole", [feature_sets.PAPER, feature_sets.PLANAR])
def test_few_features_are_those_of_the_whole_set_bit_by_bit(whole):
    settings = {"binWidth": 0.5}
    full = extractor.extract_with_levels(*frame(), (0.1, 0.07), settings, feature_set=whole)
    # Image types whose bins are all alike share their texture, though other ones are asked of each.
    flat = {"binWidth": 500.0}
    coarse = extractor.extract(*frame(), (0.1, 0.07), flat, feature_set=whole)
    rng = np.random.default_rng(8)
    for n in (1, 5, 120):
        names = rng.choice(whole.names, n, replace=False)
        part = feature_sets.only(whole, names)
        few = extractor.extract_with_levels(*frame(), (0.1, 0.07), settings, feature_set=part)
        pd.testing.assert_series_equal(
            few.features, full.features[list(part.names)], check_exact=True
        )
        pd.testing.assert_series_equal(few.levels, full.levels[list(part.image_types)])
        few = extractor.extract(*frame(), (0.1, 0.07), flat, feature_set=part)
        pd.testing.assert_series_equal(few, coarse[list(part.names)], check_exact=True)


def test_no_feature_is_measured_where_none_is_wanted():
    none = feature_sets.only(feature_sets.PLANAR, [])
    found = extractor.extract_with_levels(*frame(), (0.1, 0.07), feature_set=none)
    assert len(found.features) == len(found.levels) == 0


@pytest.mark.parametrize("pixel_mm", [0.08, 0.16])
def test_the_planar_set_as_it_is_measured(pixel_mm):
    """Resampled, each image type in bins of its own width: pyradiomics' numbers for that width."""
    resampled = common_grid.resample(*frame(shape=(96, 112)), (0.1, 0.07), pixel_mm)
    types = feature_sets.PLANAR.image_types
    widths = {name: (4.0, 0.5)[i % 2] for i, name in enumerate(types)}
    fast = extractor.extract(*resampled, {"binWidth": widths}, feature_set=feature_sets.PLANAR)
    of_type = fast.index.str.split("_").str[0]
    for width in (4.0, 0.5):
        plain = plain_radiomics.measure(*resampled, feature_sets.PLANAR, {"binWidth": width})
        has_it = of_type.map(widths) == width
        np.testing.assert_allclose(fast[has_it], plain[has_it], rtol=1e-10, atol=1e-12)
        assert has_it.sum() > 500
    agree(*resampled, {"binCount": 32}, feature_sets.PLANAR)
    with pytest.raises(ValueError, match="goes with no change of the image"):
        extractor.extract(*resampled, {"binWidth": widths, "normalize": True})


@pytest.mark.parametrize("settings", [{"binWidth": 25}, {"binCount": 32}])
def test_levels_are_those_of_pyradiomics(settings):
    image, mask = frame()
    levels = extractor.extract_with_levels(
        image, mask, 0.1, settings, feature_set=feature_sets.PLANAR
    ).levels
    assert tuple(levels.index) == feature_sets.PLANAR.image_types
    for name, made in filters.filtered_images(image, mask, (0.1, 0.1), feature_sets.PLANAR).items():
        binned, _ = imageoperations.binImage(made, mask, **settings)
        assert levels[name] == len(np.unique(binned[mask])), name
    assert levels.max() <= settings.get("binCount", 256)


@pytest.mark.skipif(not DDTI.is_dir(), reason="the real frames are not beside the project")
@pytest.mark.parametrize("name", ["35_1", "250_1", "223_1"])
@pytest.mark.parametrize(
    "feature_set", feature_sets.FEATURE_SETS.values(), ids=list(feature_sets.FEATURE_SETS)
)
def test_real_frames(name, feature_set):
    with Image.open(DDTI / f"images/{name}.jpg") as image:
        image = np.asarray(image.convert("L"), dtype=float)
    with Image.open(DDTI / f"masks/{name}.png") as mask:
        mask = np.asarray(mask.convert("L")) > 127
    agree(image, mask, (1.0, 1.0), feature_set=feature_set)


def test_bins_that_are_all_alike_are_measured_once():
    # Levels 1 and 2 of the local pattern are below one width of a bin.
    values = extractor.extract(*frame(), 0.1)
    first, second = (
        values[values.index.str.startswith(f"lbp-3D-m{level}_glcm")].to_numpy() for level in (1, 2)
    )
    np.testing.assert_array_equal(first, second)


def test_nothing_is_remembered_between_nodules():
    image, mask = frame()
    before = extractor.extract(image, mask, (0.1, 0.07))
    extractor.extract(*frame(seed=3, shape=(40, 61)), 0.2, {"binWidth": 7})
    after = extractor.extract(image, mask, (0.1, 0.07))
    pd.testing.assert_series_equal(before, after, check_exact=True)
