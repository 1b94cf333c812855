"""Frames on pixels of one size: the same object, wherever the grid of its frame lies."""

import numpy as np
import pytest

from tests.radiomics.test_extractor import frame
from thyro.radiomics import cohort_extraction, feature_sets
from thyro.radiomics.common_grid import CommonGrid, resample


def scene(side_mm, *, shape_mm=(24.0, 30.0), wave_mm=2.0):
    """Waves and an oval nodule of 6 x 9 mm, shown on pixels of `side_mm` (row, column)."""
    rows, columns = (
        (np.arange(round(length / side)) + 0.5) * side
        for length, side in zip(shape_mm, side_mm, strict=True)
    )
    y, x = np.meshgrid(rows, columns, indexing="ij")
    image = 120 + 60 * np.sin(2 * np.pi * x / wave_mm) * np.cos(2 * np.pi * y / (1.4 * wave_mm))
    return image, ((y - 12) / 3) ** 2 + ((x - 15) / 4.5) ** 2 <= 1


@pytest.mark.parametrize("side_mm", [(0.06, 0.06), (0.1, 0.1), (0.15, 0.15), (0.08, 0.12)])
def test_what_is_seen_does_not_depend_on_the_pixels_of_the_scanner(side_mm):
    image, mask, spacing = resample(*scene(side_mm), side_mm, 0.1, margin_mm=100)
    want, inside = scene((0.1, 0.1))
    assert spacing == (0.1, 0.1) and image.shape == mask.shape
    rows, columns = (min(a, b) for a, b in zip(image.shape, want.shape, strict=True))
    inner = (slice(5, rows - 5), slice(5, columns - 5))
    assert np.abs(image[inner] - want[inner]).max() < 2.5  # of 120
    assert np.mean(mask[inner] != inside[inner]) < 0.002
    assert mask.sum() * 0.01 == pytest.approx(np.pi * 3 * 4.5, rel=0.02)


def test_equal_pixels_change_nothing():
    image, mask = frame()
    again, same, _ = resample(image, mask, (0.1, 0.1), 0.1, margin_mm=100)
    np.testing.assert_allclose(again, image, atol=1e-9)
    np.testing.assert_array_equal(same, mask)


def test_of_the_frame_as_much_is_kept_as_the_widest_filter_sees():
    image, mask = scene((0.1, 0.1), shape_mm=(40.0, 60.0))
    near, inside, _ = resample(image, mask, (0.1, 0.1), 0.1, margin_mm=2)
    assert near.shape == (60 + 40, 90 + 40) and inside.sum() == mask.sum()
    top, left = (np.flatnonzero(mask.any(axis=axis))[0] - 20 for axis in (1, 0))
    cut = image[top : top + near.shape[0], left : left + near.shape[1]]
    # The spline of a part differs from that of the whole at the border alone.
    np.testing.assert_allclose(near[20:-20, 20:-20], cut[20:-20, 20:-20], atol=1e-6)


def test_detail_that_larger_pixels_cannot_show_becomes_no_pattern():
    """Waves of 0.15 mm on pixels of 0.2 mm would look like longer ones."""
    side = (0.05, 0.05)
    _, mask = scene(side)
    fine = scene(side, wave_mm=0.15)[0]
    coarse, _, _ = resample(fine, mask, side, 0.2)
    assert fine.std() > 25 and coarse[5:-5, 5:-5].std() < 1


def test_grey_levels_stay_within_their_range():
    image, mask = frame()
    hard = np.where(image > 110, 255.0, 0.0)
    made, _, _ = resample(hard, mask, (0.1, 0.1), 0.07)
    assert made.min() == 0 and made.max() == 255


def test_patients_without_a_pixel_size_stay_as_they_are():
    grid = CommonGrid(0.2, frozenset({"P1"}))
    image, mask = frame()
    assert grid("P2", image, mask, (1.0, 1.0)) == (image, mask, (1.0, 1.0))
    assert grid("P1@noisy-1", image, mask, (0.1, 0.1))[2] == (0.2, 0.2)
    assert [grid.side(key) for key in ("P1", "P1@eroded", "P2")] == [0.2, 0.2, 0.0]
    assert CommonGrid(0, frozenset({"P1"})).side("P1") == 0


def read(patient):
    image, mask = frame(seed=int(patient[1:]))
    if patient == "P2":  # four pixels wide: two are left
        mask = np.zeros_like(mask)
        mask[20:26, 20:26] = True
    return image, mask, (0.1, 0.1)


def test_a_nodule_of_which_too_little_is_left_is_listed():
    grid = CommonGrid(0.25, frozenset({"P1", "P2"}))
    found = cohort_extraction.extract_cohort(
        ["P1", "P2"], read, feature_set=feature_sets.PLANAR, grid=grid
    )
    assert found.failures["patient_id"].tolist() == ["P2"]
    reason = found.failures["reason"].item()
    assert reason.startswith("mask: ") and "of 36 pixels are left on pixels of 0.25 mm" in reason
    assert found.features.loc["P1"].notna().all() and found.features.loc["P2"].isna().all()
