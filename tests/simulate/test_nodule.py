"""One frame: the outline has the stated size, and each sign does to the image what it means."""

from functools import cache

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, gaussian_filter, laplace
from skimage.measure import label, regionprops

from thyro.simulate import nodule

SHAPE = (160, 208)
PLAIN = {
    "image_shape": SHAPE,
    "spacing_mm": (0.2, 0.2),
    "diameter_mm": 12.0,
    "aspect": 0.8,
    "margin": "Smooth or ill defined",
    "echo": "Hypoechoic",
    "composition": "Solid",
    "calcification": "No",
    "thyroiditis": False,
    "coarse": 0.0,
    "fine": 0.0,
}


def draw(seed, **signs):
    """The frame of one patient."""
    return nodule.draw_frame(nodule.Scene(**{**PLAIN, **signs}), rng=np.random.default_rng(seed))


drawn_once = cache(draw)  # many tests look at the same patients, and change nothing of them


def frames(n=6, **signs):
    """Frames of `n` patients who have the same signs."""
    signs = {name: value for name, value in signs.items() if PLAIN.get(name) != value}
    return [drawn_once(seed, **signs) for seed in range(n)]


def inside(made, statistic):
    """Mean over frames of a statistic of the grey levels inside the outline."""
    return np.mean([statistic(frame.image[frame.mask]) for frame in made])


def solidity(made):
    """Mean share of the convex hull that the outline fills."""
    return np.mean([regionprops(frame.mask.astype(int))[0].solidity for frame in made])


def test_frame_is_grey_levels_and_one_region():
    for frame in frames():
        assert frame.image.dtype == np.uint8 and frame.image.shape == SHAPE
        assert frame.mask.dtype == bool and frame.mask.shape == SHAPE
        assert label(frame.mask).max() == 1
        assert np.isin(frame.image, (0, 255)).mean() < 0.3
        assert 40 < frame.image.mean() < 120


@pytest.mark.parametrize("margin", nodule.MARGINS)
@pytest.mark.parametrize("aspect", [0.6, 1.3])
def test_outline_has_the_diameter_and_aspect_of_the_scene(margin, aspect):
    for frame in frames(margin=margin, aspect=aspect):
        top, left, bottom, right = regionprops(frame.mask.astype(int))[0].bbox
        size_mm = 0.2 * np.array([bottom - top, right - left])
        assert size_mm == pytest.approx(nodule.nodule_size_mm(12.0, aspect), abs=0.45)


def test_spacing_may_differ_between_the_axes():
    mask = frames(1, spacing_mm=(0.2, 0.15))[0].mask
    top, left, bottom, right = regionprops(mask.astype(int))[0].bbox
    assert [(bottom - top) * 0.2, (right - left) * 0.15] == pytest.approx([9.6, 12.0], abs=0.45)


@pytest.mark.parametrize("fine", [-4.0, 0.0, 4.0])
def test_no_strength_of_the_grain_makes_a_black_frame(fine):
    for frame in frames(12, fine=fine):
        assert frame.image[frame.mask].std() > 3


def test_echo_levels_are_in_order():
    bright = [inside(frames(echo=echo), np.mean) for echo in nodule.ECHO_DB]
    assert bright[0] > bright[1] + 10 > bright[2] + 25


def test_microcalcification_is_bright_and_leaves_no_shadow():
    without, micro = frames(), frames(calcification="Micro")
    assert inside(micro, lambda v: np.percentile(v, 99.5)) > 25 + inside(
        without, lambda v: np.percentile(v, 99.5)
    )
    assert darkest_column_behind(micro) > darkest_column_behind(without) - 10


@pytest.mark.parametrize("calcification", ["Stubby", "Peripheral"])
def test_coarse_calcification_is_bright_and_casts_a_shadow(calcification):
    without, coarse = frames(), frames(calcification=calcification)
    assert inside(coarse, np.max) > 30 + inside(without, np.max)
    assert darkest_column_behind(coarse) < darkest_column_behind(without) - 15


def darkest_column_behind(made):
    """Mean over frames of the darkest 1 mm, across, in the 3 mm behind the nodule."""
    darkest = []
    for frame in made:
        _, left, bottom, right = regionprops(frame.mask.astype(int))[0].bbox
        behind = frame.image[bottom : bottom + 15, left:right].mean(axis=0)
        darkest.append(np.convolve(behind, np.ones(5) / 5, "valid").min())
    return np.mean(darkest)


def test_cystic_part_is_dark():
    solid = inside(frames(), lambda v: np.percentile(v, 5))
    assert (
        inside(frames(composition="Cystic and solid"), lambda v: np.percentile(v, 5)) < solid - 10
    )


def test_margin_sets_how_rough_the_outline_is():
    smooth, irregular = (solidity(frames(margin=margin)) for margin in nodule.MARGINS[:2])
    assert smooth > 0.97 > 0.95 > irregular


def test_extrathyroidal_extension_reaches_through_the_capsule():
    # The same seed puts the capsule at the same depth, and the nodule below it unless it extends.
    confined, extending = frames(), frames(margin="Extrathyroidal extension")
    for inner, outer in zip(confined, extending, strict=True):
        top_mm = [0.2 * frame.mask.any(axis=1).argmax() for frame in (inner, outer)]
        assert top_mm[1] < 7.5 - 0.9 and top_mm[0] > 5.5
        assert top_mm[1] < top_mm[0] - 1


def test_thyroiditis_makes_the_parenchyma_darker_and_patchy():
    def parenchyma(made):
        ring = [f.image[50:100, 60:148][~f.mask[50:100, 60:148]] for f in made]
        return np.mean([v.mean() for v in ring]), np.mean([v.std() for v in ring])

    normal, patchy = parenchyma(frames()), parenchyma(frames(thyroiditis=True))
    assert patchy[0] < normal[0] - 5
    assert patchy[1] > normal[1]


@pytest.mark.parametrize("latent", ["coarse", "fine"])
def test_a_latent_changes_texture_more_than_brightness(latent):
    # At a pixel size that shows both: 0.08 mm.
    close = {"image_shape": (256, 256), "spacing_mm": (0.08, 0.08), "diameter_mm": 8.0}
    weak, strong = (frames(8, **close, **{latent: value}) for value in (-1.5, 1.5))
    change = np.subtract(*(inside(made, contrast) for made in (strong, weak)))
    level = np.subtract(*(inside(made, np.mean) for made in (strong, weak)))
    assert 1 < change < 20 and abs(level) < 12


def contrast(values):
    """Spread of grey levels around their median, which stones and cysts hardly move."""
    return np.subtract(*np.percentile(values, [84, 16])) / 2


def test_a_fourfold_loss_of_resolution_leaves_the_coarse_latent_and_not_the_fine_one():
    """How far detail tells a weak latent from a strong one, in pixels and in squares of 4 x 4."""
    close = {"image_shape": (256, 256), "spacing_mm": (0.08, 0.08), "diameter_mm": 8.0}
    lost = {}
    for latent in ("coarse", "fine"):
        told = []
        for size in (1, 4):
            weak, strong = (
                np.array([detail(f, size) for f in frames(8, **close, **{latent: value})])
                for value in (-1.5, 1.5)
            )
            spread = np.sqrt((weak.var(ddof=1) + strong.var(ddof=1)) / 2)
            told.append((strong.mean() - weak.mean()) / spread)
        assert told[0] > 2
        lost[latent] = told[0] / told[1]
    assert lost["fine"] > 1.5 * lost["coarse"]


def detail(frame, size):
    """Log spread of the second difference down the rows inside the outline, after averaging."""
    image, mask = (
        part.reshape(256 // size, size, 256 // size, size) for part in (frame.image, frame.mask)
    )
    image, mask = image.mean(axis=(1, 3)), mask.all(axis=(1, 3))
    return np.log(np.diff(image, 2, axis=0)[mask[2:] & mask[:-2]].std())


def test_halo_surrounds_a_nodule_that_is_as_bright_as_its_surroundings():
    for frame in frames(echo="Hyper- or Isoechoic"):
        depth = distance_transform_edt(frame.mask) - distance_transform_edt(~frame.mask)
        rim, core, around = (
            frame.image[(depth > low) & (depth <= high)].mean()
            for low, high in ((-2, 2), (10, 40), (-12, -6))
        )
        assert rim < min(core, around) - 4


def dice(a, b):
    return 2 * np.sum(a & b) / (a.sum() + b.sum())


@pytest.mark.parametrize("margin", nodule.MARGINS)
@pytest.mark.parametrize("diameter_mm", [5.0, 12.0, 20.0])
def test_readers_come_near_to_the_true_outline(margin, diameter_mm):
    made = frames(20, margin=margin, diameter_mm=diameter_mm)
    for reader in ("reader_1", "reader_2"):
        masks = [getattr(frame, reader) for frame in made]
        agreement = [dice(mask, frame.mask) for mask, frame in zip(masks, made, strict=True)]
        assert 0.88 < np.mean(agreement) < 0.96
        assert 0.82 < min(agreement) and max(agreement) < 0.98
        assert all(mask.dtype == bool and label(mask, connectivity=1).max() == 1 for mask in masks)


def test_second_reader_is_generous():
    made = frames(40)
    area = np.array([[f.mask.sum(), f.reader_1.sum(), f.reader_2.sum()] for f in made])
    first, second = (area[:, 1:] / area[:, :1]).mean(axis=0)
    assert first == pytest.approx(1, abs=0.03)
    assert 1.06 < second < 1.18
    # Radial error of the first reader in mm: 0.12 sqrt(12) = 0.42, read off along the axes.
    error = [
        0.2 * (f.reader_1[:, c].sum() - f.mask[:, c].sum())
        for f in made
        for c in [int(np.mean(np.nonzero(f.mask)[1]))]
    ]
    assert np.std(error) == pytest.approx(0.42 * np.sqrt(2), rel=0.35)


def test_a_defocused_or_dark_frame_shows_the_same_neck_badly():
    good, blurred, dark = frames(3), frames(3, defocus=2.2), frames(3, gain_db=-15.0)
    for sharp, dull, dim in zip(good, blurred, dark, strict=True):
        assert np.array_equal(sharp.mask, dull.mask) and np.array_equal(sharp.mask, dim.mask)
        edges = [np.var(laplace(frame.image.astype(float))) for frame in (sharp, dull)]
        assert edges[1] < 0.2 * edges[0]
        assert dim.image.mean() < sharp.image.mean() - 45


@pytest.mark.parametrize("device", ["B", "F"])
def test_devices_show_the_same_neck_differently(device):
    for a, b in zip(frames(3), frames(3, device=device), strict=True):
        assert np.array_equal(a.mask, b.mask)
        assert np.array_equal(a.image.shape, b.image.shape)
        smooth = [gaussian_filter(f.image.astype(float), 5).ravel() for f in (a, b)]
        assert np.corrcoef(smooth)[0, 1] > 0.8
        assert not np.array_equal(a.image, b.image)


def test_same_stream_same_frame():
    first, second = ([draw(seed) for seed in range(2)] for _ in range(2))
    for a, b in zip(first, second, strict=True):
        assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    assert not np.array_equal(first[0].image, first[1].image)


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"margin": "spiky"}, "margin: expected one of"),
        ({"echo": "anechoic"}, "echo: expected one of"),
        ({"device": "C"}, "device: expected one of"),
        ({"image_shape": (100, 200)}, r"image_shape: expected at least \(128, 160\)"),
        ({"diameter_mm": 40.0}, "Use a coarser spacing"),
    ],
)
def test_impossible_scene_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        nodule.Scene(**{**PLAIN, **wrong})
