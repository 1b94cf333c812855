"""Square crops around the nodule."""

import dataclasses

import numpy as np
import pytest

from tests.deep.networks import crops as textures
from thyro.deep import crops as cropping
from thyro.study import NETWORKS


def box(top, bottom, left, right, shape=(80, 120)):
    mask = np.zeros(shape, dtype=bool)
    mask[top:bottom, left:right] = True
    return mask


@pytest.mark.parametrize(
    "mask",
    [
        box(30, 50, 40, 70),
        box(0, 12, 0, 20),
        box(70, 80, 100, 120),
        box(0, 80, 30, 60),
        box(39, 41, 0, 120),
        box(5, 6, 7, 8),
    ],
    ids=["middle", "top left", "bottom right", "full height", "full width", "one pixel"],
)
def test_the_square_holds_the_nodule_and_its_margin(mask):
    top, left, side, columns_of_it = cropping.crop_box(mask, margin=0.1)
    assert columns_of_it == side
    rows, columns = np.nonzero(mask)
    assert top <= rows.min() and rows.max() < top + side
    assert left <= columns.min() and columns.max() < left + side
    longer = max(np.ptp(rows), np.ptp(columns)) + 1
    assert side == int(np.ceil(longer * 1.2))
    for start, length in ((top, 80), (left, 120)):
        if side <= length:
            assert 0 <= start and start + side <= length


def test_a_crop_is_cut_and_not_stretched():
    image = np.arange(80 * 120, dtype=float).reshape(80, 120) % 251
    mask = box(30, 50, 40, 60)
    assert cropping.crop_box(mask) == (28, 38, 24, 24)
    np.testing.assert_allclose(cropping.crop(image, mask, size=24), image[28:52, 38:62])
    # A frame too small for the square is mirrored: every grey level it shows occurs in the image.
    wide = cropping.crop(image, box(39, 41, 0, 120), size=144)
    assert wide.shape == (144, 144)
    assert np.isin(wide.round(3), image).all()
    np.testing.assert_allclose(wide[32:112, 12:132], image)


def test_a_circle_stays_a_circle():
    rows, columns = np.indices((80, 120))
    mask = ((rows - 40) ** 2 + (columns - 60) ** 2) <= 15**2
    small = cropping.crop_mask(mask, size=96)
    rows, columns = np.nonzero(small)
    assert abs(np.ptp(rows) - np.ptp(columns)) <= 1
    assert small.mean() == pytest.approx(mask.sum() / 38**2, rel=0.03)


def test_crop_arguments_are_named():
    image = np.zeros((80, 120))
    with pytest.raises(ValueError, match="mask: expected bool"):
        cropping.crop(image, np.zeros((80, 120), dtype=bool))
    with pytest.raises(ValueError, match="image: expected finite"):
        cropping.crop(image[:-1], box(1, 5, 1, 5))
    with pytest.raises(ValueError, match="margin: expected 0 or more"):
        cropping.crop(image, box(1, 5, 1, 5), margin=-1)


def test_a_fixed_side_is_as_many_mm_of_every_frame():
    """A circle of 4 mm on pixels of two sizes, one of them not square: the same crop."""
    seen = {}
    fixed = cropping.Cropping(96, side_mm=8.0, sized=frozenset("ab"))
    for patient, spacing in (("a", (0.05, 0.05)), ("b", (0.1, 0.2))):
        shape = [round(20 / side) for side in spacing]
        rows, columns = np.indices(shape)
        mask = np.hypot(
            *((x + 0.5) * s - 10 for x, s in zip((rows, columns), spacing, strict=True))
        )
        mask = mask <= 2
        seen[patient] = fixed.crop(patient, mask * 200.0, mask, spacing)
        area = fixed.crop_mask(patient, mask, spacing).mean()
        assert area == pytest.approx(np.pi * 4 / 64, rel=0.05)
        assert fixed.is_fixed(patient) and not fixed.cuts(patient, mask, spacing)
    assert np.abs(seen["a"] - seen["b"]).mean() < 4  # of 200: the coarse outline


def test_without_a_pixel_size_the_crop_scales_with_the_nodule():
    image = np.arange(80 * 120, dtype=float).reshape(80, 120) % 251
    mask = box(30, 50, 40, 60)
    fixed = cropping.Cropping(24, side_mm=8.0, sized=frozenset("a"))
    as_before = cropping.crop(image, mask, size=24)
    np.testing.assert_array_equal(fixed.crop("b", image, mask, (1.0, 1.0)), as_before)
    np.testing.assert_array_equal(cropping.Cropping(24).crop("a", image, mask, (1, 1)), as_before)
    assert not fixed.cuts("b", mask, (1.0, 1.0)) and fixed.cuts("a", mask, (0.5, 0.5))
    assert not fixed.cuts("a", mask, (0.4, 0.4))  # exactly as large


def test_only_a_network_that_asks_for_it_has_a_fixed_side(monkeypatch):
    asking = dataclasses.replace(NETWORKS["DenseNet121"], fixed_crop=True)
    monkeypatch.setitem(NETWORKS, "DenseNet121", asking)
    made = cropping.croppings(NETWORKS, size=64, margin=0.1, side_mm=30.0, sized=["a", "b"])
    assert made["ResNet101"] == cropping.Cropping(64, 0.1, 0.0, frozenset("ab"))
    assert made["DenseNet121"] == cropping.Cropping(64, 0.1, 30.0, frozenset("ab"))


def test_crops_of_a_cohort_are_counted():
    masks = {"a": box(30, 50, 40, 60), "b": box(10, 70, 10, 100), "c": box(30, 50, 40, 60)}

    def read(patient):
        return masks[patient] * 100.0, masks[patient], (0.2, 0.2)

    fixed, scaled = (cropping.Cropping(32, 0.1, side, frozenset("ab")) for side in (8.0, 0.0))
    shapes = {"first": scaled, "second": fixed, "third": scaled}
    crops, counts = cropping.crop_patients("abc", read, shapes)
    assert counts["second"] == {"side_mm": 8.0, "fixed": 2, "scaled": 1, "cut": 1}
    assert counts["first"] == {"side_mm": 0.0, "fixed": 0, "scaled": 3, "cut": 0}
    assert list(crops) == list(shapes) and crops["first"] is crops["third"]
    assert list(crops["second"]) == list("abc") and crops["second"]["b"].shape == (32, 32)
    np.testing.assert_array_equal(crops["second"]["a"], fixed.crop("a", *read("a")))
    assert cropping.crop_patients("abc", read, {}) == ({}, {})


@pytest.mark.parametrize("side", [37, 61, 150, 223])
def test_white_stays_white_when_it_is_resized(side):
    mask = np.zeros((side + 9, side + 20), dtype=bool)
    mask[3 : side - 2, 5:side] = True
    assert cropping.crop(np.full(mask.shape, 255.0), mask, size=224).max() <= 255


def test_crops_that_a_network_cannot_see_are_named():
    given = textures(3)
    assert cropping.as_crops(given.astype(np.uint8)).dtype == np.float32
    with pytest.raises(ValueError, match="grey levels from 0 to 255, found .* to 510"):
        cropping.as_crops(given / given.max() * 510)
    with pytest.raises(ValueError, match="expected finite grey levels"):
        cropping.as_crops(np.where(given > 200, np.nan, given))
    for wrong in (given[0], given[:0], given[:, 1:]):
        with pytest.raises(ValueError, match=r"shape \(n, size, size\), n >= 1"):
            cropping.as_crops(wrong)
