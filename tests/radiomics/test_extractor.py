"""Features of one nodule."""

import logging

import numpy as np
import pandas as pd
import pytest
from radiomics import imageoperations, shape
from scipy.ndimage import gaussian_filter

from thyro.radiomics import extractor, feature_sets


def frame(seed=0, shape=(48, 56)):
    """Speckle with an oval nodule that has a hole and an arm, so that it is not convex."""
    rng = np.random.default_rng(seed)
    image = np.clip(gaussian_filter(rng.normal(size=shape), 1) * 90 + 110, 0, 255).round()
    rows, columns = np.indices(shape)
    mask = ((rows - 22) / 11) ** 2 + ((columns - 27) / 15) ** 2 <= 1
    mask[20:24, 22:26] = False
    mask[30:44, 26:29] = True
    return image, mask


@pytest.fixture(scope="module")
def features():
    return extractor.extract(*frame(), (0.1, 0.07))


def test_1561_names_in_17_image_types(features):
    table = feature_sets.PAPER.describe()
    assert list(features.index) == list(feature_sets.PAPER.names) == list(table["name"])
    assert len(features) == 1561
    assert np.isfinite(features).all()
    counts = table.groupby("feature_class").size()
    expected = {"shape": 14, "firstorder": 18, "glcm": 22, "glrlm": 16, "glszm": 16}
    expected |= {"gldm": 14, "ngtdm": 5}
    assert {name: n // (1 if name == "shape" else 17) for name, n in counts.items()} == expected
    assert table["image_type"].nunique() == 17


def test_high_pass_across_slices_is_noise(features):
    names = feature_sets.PAPER.degenerate()
    assert len(names) == 4 * 91 + 2
    noise = [name for name in names if name.endswith("firstorder_Maximum")]
    carrying = [name.replace("H_", "L_") for name in noise]
    assert features[noise].abs().max() < 1e-9
    assert features[carrying].abs().min() > 1
    assert features[list(feature_sets.PAPER.flat)].abs().max() == 0


def test_pyradiomics_is_left_as_it_was():
    def of_pyradiomics():
        return imageoperations.getBinEdges, shape.cShape, shape.RadiomicsShape.__init__

    before = of_pyradiomics()
    image, mask = frame()
    extractor.extract(image, mask, 0.1)
    with pytest.raises(ValueError, match="could not compute"):
        extractor.extract(np.zeros_like(image), mask, 0.1)
    assert of_pyradiomics() == before


def test_uint8_and_one_number_spacing_change_nothing():
    image, mask = frame(shape=(40, 44))
    a = extractor.extract(image, mask, 0.1)
    b = extractor.extract(image.astype(np.uint8), mask, (0.1, 0.1))
    pd.testing.assert_series_equal(a, b, check_exact=True)


def test_spacing_scales_length_and_leaves_grey_levels(features):
    image, mask = frame()
    doubled = extractor.extract(image, mask, (0.2, 0.14))
    length = "original_shape_MajorAxisLength"
    assert doubled[length] == pytest.approx(2 * features[length])
    energy = "wavelet-LLL_firstorder_TotalEnergy"  # energy times the volume of a voxel
    assert doubled[energy] == pytest.approx(4 * features[energy])
    grey = [name for name in features.index if name.startswith("wavelet-LLL") and name != energy]
    pd.testing.assert_series_equal(doubled[grey], features[grey], check_exact=True)


def test_settings_reach_pyradiomics(features):
    coarse = extractor.extract(*frame(), (0.1, 0.07), {"binWidth": 50})
    entropy = "original_firstorder_Entropy"
    assert coarse[entropy] < features[entropy] - 0.5


@pytest.mark.parametrize("settings", [{"force2D": True}, {"binwidth": 5}, {"level": 2}])
def test_settings_that_would_change_the_names_are_refused(settings):
    with pytest.raises(ValueError, match=f"settings: {next(iter(settings))} not accepted"):
        extractor.extract(*frame(), 1.0, settings)


def test_a_vanished_image_type_is_an_error(monkeypatch):
    # scipy 1.17 has it no more; pyradiomics then leaves the image type out with a line in its log.
    monkeypatch.delattr("scipy.special.sph_harm")
    with pytest.raises(ValueError, match=r"an image type would be missing .*sph_harm"):
        extractor.extract(*frame(), 1.0)


def test_wrong_arguments_are_named():
    image, mask = frame()
    thin, small = np.zeros_like(mask), np.zeros_like(mask)
    thin[5, :] = True
    small[4:7, 4:7] = True
    pixel = np.zeros_like(mask)
    pixel[9, 9] = True
    wrong = {
        "mask: expected the shape": (image[:-1], mask, 1.0),
        "mask: expected bool": (image, mask.astype(int), 1.0),
        "mask: expected at least 16 pixels": (image, small, 1.0),
        "on two rows and two columns": (image, thin, 1.0),
        "pixels on two rows and two columns, got 0": (image, np.zeros_like(mask), 1.0),
        "two columns, got 1 pixels": (image, pixel, 1.0),
        "two columns, got 2 pixels": (image[:1, :2], np.ones((1, 2), bool), 1.0),
        "image: expected finite grey levels": (image * 2, mask, 1.0),
        "grey levels from 0 to 255, found -": (image - 200, mask, 1.0),
        "values that are not finite": (np.where(mask, np.nan, image), mask, 1.0),
        r"image: expected grey levels, shape": (image[None], mask, 1.0),
        "spacing_mm: expected": (image, mask, None),
        "spacing_mm: expected a positive": (image, mask, (0.1, -0.1)),
        r"got \(0, 0\)": (image, mask, 0),
        "as black as its surroundings": (image * 0, mask, 1.0),
    }
    for message, arguments in wrong.items():
        with pytest.raises(ValueError, match=message):
            extractor.extract(*arguments)


def test_a_mask_of_single_pixels_has_no_texture():
    image, _ = frame()
    dots = np.zeros(image.shape, dtype=bool)
    dots[4:40:4, 4:40:4] = True
    values = extractor.extract(image, dots, 1.0)
    assert values.isna().sum() == 17 * 22
    assert values.index[values.isna()].str.contains("_glcm_").all()


def test_nothing_global_is_left_changed():
    level = logging.getLogger("radiomics").level
    extractor.extract(*frame(), 1.0)
    assert logging.getLogger("radiomics").level == level


def test_a_frame_of_4k():
    """The features of a nodule do not see how large the frame is, and hardly notice."""
    image, mask = frame(shape=(200, 240))
    mask[...] = False
    mask[90:112, 100:131] = True
    image[95, 110] = 255  # what scales some filters is the brightest pixel of the frame
    large = np.zeros((2160, 3840))
    large[700:900, 1800:2040] = image
    wide = np.zeros(large.shape, dtype=bool)
    wide[700:900, 1800:2040] = mask
    small = extractor.extract(image, mask, 0.1)
    found = extractor.extract(large, wide, 0.1)
    noise = found.index.str.startswith(feature_sets.PAPER.noise_types)
    np.testing.assert_allclose(found[~noise], small[~noise], rtol=1e-9, atol=1e-9)
