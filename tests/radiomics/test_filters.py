"""Filtered images of one frame."""

import numpy as np
import pytest
import scipy.special

from tests.radiomics.test_extractor import frame
from thyro.radiomics import extractor, feature_sets, filters


@pytest.fixture(scope="module")
def made():
    image, mask = frame()
    return filters.filtered_images(image, mask, (0.1, 0.07))


def test_seventeen_images_in_the_order_of_the_features(made):
    types = dict.fromkeys(["original", *feature_sets.PAPER.describe()["image_type"]])
    assert list(made) == list(types)
    assert len(made) == 17 and {a.shape for a in made.values()} == {frame()[0].shape}
    np.testing.assert_array_equal(made["original"], frame()[0])


@pytest.mark.parametrize(
    "feature_set", feature_sets.FEATURE_SETS.values(), ids=lambda feature_set: feature_set.name
)
def test_they_are_the_images_that_features_are_measured_on(feature_set):
    image, mask = frame()
    features = extractor.extract(image, mask, (0.1, 0.07), feature_set=feature_set)
    made = filters.filtered_images(image, mask, (0.1, 0.07), feature_set)
    assert set(made) == set(feature_set.describe()["image_type"])
    for image_type, array in made.items():
        for feature, measure in (("Minimum", np.min), ("Mean", np.mean), ("Maximum", np.max)):
            want = features[f"{image_type}_firstorder_{feature}"]
            assert measure(array[mask]) == pytest.approx(want, rel=1e-9, abs=1e-12), image_type


def test_local_binary_patterns_are_unknown_outside_the_mask(made):
    _, mask = frame()
    for image_type, array in made.items():
        expected = ~mask if image_type.startswith("lbp-3D") else np.zeros_like(mask)
        np.testing.assert_array_equal(np.isnan(array), expected)


def test_noise_bands_hold_rounding_noise_only(made):
    for image_type in feature_sets.PAPER.noise_types:
        assert np.abs(made[image_type]).max() < 1e-10


def test_a_lost_package_stops(monkeypatch):
    monkeypatch.delattr(scipy.special, "sph_harm")
    with pytest.raises(ImportError, match="sph_harm"):
        filters.filtered_images(*frame(), (0.1, 0.07))


def test_a_mask_of_another_image_is_refused():
    image, mask = frame()
    with pytest.raises(ValueError, match=r"shape \(48, 56\), got \d+ of shape \(56, 48\)"):
        filters.filtered_images(image, mask.T, (0.1, 0.07))
    with pytest.raises(ValueError, match="got 0 of shape"):
        filters.filtered_images(image, mask & False, (0.1, 0.07))
