"""Square crops around the nodule."""

import numpy as np
import pytest

from tests.deep.networks import crops as textures
from thyro.deep import crops as cropping


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
    top, left, side = cropping.crop_square(mask, margin=0.1)
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
    top, left, side = cropping.crop_square(mask)
    assert (top, left, side) == (28, 38, 24)
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
