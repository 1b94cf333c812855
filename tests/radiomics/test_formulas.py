"""Texture formulas: to the last digit those of pyradiomics, from the same matrices."""

import warnings

import numpy as np
import pytest

from tests.radiomics.test_extractor import frame
from thyro.radiomics import feature_sets, formulas, measure

FEATURES = measure._classes(feature_sets.PAPER.names)["original"]


def region(seed, bin_width, *, planar):
    image, mask = frame(seed=seed)
    if not planar:
        image, mask = image[None], mask[None]
    made = measure._Region(mask, (0.1, 0.07, 1.0)[: mask.ndim])
    made.bin(image[mask], {"binWidth": bin_width})
    return made


@pytest.mark.parametrize("kind", measure.TEXTURES)
@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("bin_width", [500, 60, 25, 6, 1])  # one grey level to two hundred
def test_equal_pyradiomics(kind, planar, bin_width):
    for seed, settings in ((0, {}), (1, {"distances": [1, 3]}), (2, {"weightingNorm": "infinity"})):
        of_kind = measure.TEXTURES[kind](*[region(seed, bin_width, planar=planar)] * 2, **settings)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            ours = dict(of_kind.features(FEATURES[kind]))
            theirs = {
                name: float(np.squeeze(getattr(of_kind, f"get{name}FeatureValue")()))
                for name in FEATURES[kind]
            }
        assert list(ours) == list(theirs)
        for name in ours:
            np.testing.assert_equal(ours[name], theirs[name], err_msg=f"{kind}_{name} {settings}")


def test_tones_of_one_level_have_no_difference():
    values = formulas.of_tones(np.ones(1), np.zeros(1), np.ones(1), 20.0)
    assert values == {
        "Busyness": 0,
        "Coarseness": 1e6,
        "Complexity": 0,
        "Contrast": 0,
        "Strength": 0,
    }


def test_lengths_by_hand():
    """Two runs of one pixel at level 1, one run of two pixels at level 3; one direction."""
    counts = np.array([[[2.0], [0.0]], [[0.0], [1.0]]])
    of_runs = formulas.of_lengths(
        counts,
        counts.sum(1),
        counts.sum(0),
        np.array([1.0, 3.0]),
        np.array([1.0, 2.0]),
        np.array([3.0]),
        formulas.RUNS,
    )
    assert of_runs["ShortRunEmphasis"] == pytest.approx((2 + 1 / 4) / 3)
    assert of_runs["LongRunHighGrayLevelEmphasis"] == pytest.approx((2 + 4 * 9) / 3)
    assert of_runs["GrayLevelVariance"] == pytest.approx(2 / 3 * 1 / 3 * 4)
    assert of_runs["RunPercentage"] == pytest.approx(3 / 4)
    assert of_runs["RunEntropy"] == pytest.approx(-(2 / 3 * np.log2(2 / 3) + np.log2(1 / 3) / 3))
