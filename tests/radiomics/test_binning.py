"""Widths of bins: as many bins in every image type, and none that follow the size of a nodule."""

import numpy as np
import pytest

from tests.radiomics.test_extractor import frame
from tests.radiomics.test_feature_sets import texture
from thyro.radiomics import binning, extractor, filters
from thyro.radiomics.common_grid import CommonGrid
from thyro.radiomics.feature_sets import PAPER, PLANAR

AS_IT_IS = CommonGrid(0, frozenset())
SETS = {"paper": PAPER, "planar": PLANAR}


def read(patient):
    image, mask = frame(seed=int(patient[1:]))
    if patient == "P9":
        mask = mask & False
        mask[10:14, 10:14] = True
    return image, mask, (0.1, 0.07)


def test_the_median_nodule_spans_so_many_bins_in_every_image_type():
    patients = ["P0", "P1", "P2"]
    widths = binning.bin_widths(SETS, patients, read, bins=32, grid=AS_IT_IS)
    assert tuple(widths) == PLANAR.image_types
    ranges = {name: [] for name in widths}
    for patient in patients:
        image, mask, _ = read(patient)
        for name, made in filters.filtered_images(image, mask, (0.1, 0.07), PLANAR).items():
            ranges[name].append(np.ptp(made[mask]))
    for name, width in widths.items():
        if name != "lbp-2D":  # whole numbers, which no bin divides
            assert width == float(f"{np.median(ranges[name]) / 32:.2g}")
    assert widths["lbp-2D"] == 1
    levels = extractor.extract_with_levels(
        *read("P1"), {"binWidth": widths}, feature_set=PLANAR
    ).levels
    assert levels.drop("lbp-2D").between(16, 50).all()


def test_none_are_asked_for_or_none_are_planar():
    assert binning.bin_widths(SETS, ["P0"], read, bins=0, grid=AS_IT_IS) == {}
    assert binning.bin_widths({"paper": PAPER}, ["P0"], read, bins=32, grid=AS_IT_IS) == {}


def test_who_cannot_be_resampled_is_left_out():
    grid = CommonGrid(0.2, frozenset({"P0", "P9"}))
    one, both = (
        binning.bin_widths(SETS, patients, read, bins=32, grid=grid)
        for patients in (["P0"], ["P0", "P9"])
    )
    assert one == both
    with pytest.raises(ValueError, match="patients: none can be resampled"):
        binning.bin_widths(SETS, ["P9"], read, bins=32, grid=grid)


def test_a_flat_image_type_has_a_width():
    image, mask = np.full((40, 40), 80.0), np.zeros((40, 40), bool)
    mask[10:30, 10:30] = True
    widths = binning.bin_widths(
        SETS, ["P"], lambda _: (image, mask, (1, 1)), bins=32, grid=AS_IT_IS
    )
    assert widths["original"] == widths["gradient"] == 1


def test_the_same_texture_on_a_larger_area_does_not_look_coarser():
    """Its extremes lie farther apart: a number of bins between them would be fewer per contrast."""
    names = ["original_glcm_Contrast", "original_glcm_DifferenceAverage"]
    change = {}
    for what, settings in (("count", {"binCount": 32}), ("width", {"binWidth": 4})):
        small, large = (
            np.mean(
                [
                    extractor.extract(*texture(side, seed), 1, settings, feature_set=PLANAR)[names]
                    for seed in range(8)
                ],
                axis=0,
            )
            for side in (20, 100)
        )
        change[what] = np.abs(np.log(large / small))
    assert (change["width"] < 0.12).all() and (change["count"] > 2 * change["width"]).all()
