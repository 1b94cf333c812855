"""Super-resolution of an image: degradation, tiles, grids, what is kept, what is measured."""

import re

import numpy as np
import pandas as pd
import pytest
import torch

from thyro.super_resolution import enhancement, fidelity, networks
from thyro.super_resolution.degradation import Degradation


@pytest.fixture
def image():
    rng = np.random.default_rng(1)
    smooth = np.add.outer(np.linspace(0, 120, 70), np.linspace(0, 80, 90))
    return np.clip(smooth + 25 * rng.standard_normal((70, 90)), 0, 255)


@pytest.fixture
def mask(image):
    rows, columns = np.indices(image.shape)
    return (rows - 30) ** 2 + (columns - 50) ** 2 < 100


@pytest.fixture(scope="module")
def generator():
    """Changes every pixel noticeably, as a trained one does."""
    torch.manual_seed(0)
    generator = networks.Generator(width=8, blocks=2)
    with torch.no_grad():
        generator.leave.weight.mul_(10)
    return generator


def test_degrade_keeps_the_grid_and_follows_the_seed(image):
    once, again = (enhancement.degrade(image, rng=np.random.default_rng(5)) for _ in range(2))
    assert once.shape == image.shape and 0 <= once.min() and once.max() <= 255
    assert np.array_equal(once, again)
    assert not np.array_equal(once, enhancement.degrade(image, rng=np.random.default_rng(6)))


def test_degrade_is_its_degradation(image):
    x = torch.from_numpy(np.float32(image) / 255)[None, None]
    for factor, axes, sigma in [(4, "both", 5 / 255), (2, "rows", 0.1), (1, "both", 0.05)]:
        expected = Degradation(factor, axes, sigma)(x, np.random.default_rng(0))[0, 0]
        made = enhancement.degrade(
            image, factor=factor, axes=axes, sigma=sigma, rng=np.random.default_rng(0)
        )
        np.testing.assert_allclose(made, 255 * expected, atol=1e-4)


def test_enhance_keeps_any_size(image, generator):
    for rows, columns in [(64, 64), (61, 47), (70, 90), (5, 3)]:
        out = enhancement.enhance(image[:rows, :columns], generator)
        assert out.shape == (rows, columns) and 0 <= out.min() and out.max() <= 255


@pytest.mark.parametrize("inside", [1, 2, 4])
@pytest.mark.parametrize("tile", [4, 16, 36, 64])
def test_tiles_equal_the_whole(image, tile, inside):
    torch.manual_seed(1)
    generator = networks.Generator(inside=inside, width=8, blocks=1)
    with torch.no_grad():
        generator.leave.weight.mul_(10)
    large = np.tile(image, (3, 2))
    whole = enhancement.enhance(large, generator)
    assert np.abs(whole - large).mean() > 1  # there is something to be equal
    assert np.abs(enhancement.enhance(large, generator, tile=tile) - whole).max() < 1e-3


def test_enhancing_twice_gives_the_same(image, generator):
    assert np.array_equal(
        enhancement.enhance(image, generator), enhancement.enhance(image, generator)
    )


def test_around_the_nodule_it_is_as_in_the_whole_and_elsewhere_as_before(image, mask, generator):
    whole, part = (
        enhancement.enhance(image, generator),
        enhancement.enhance(image, generator, around=mask),
    )
    # The nodule spans rows 21-39 and columns 41-59; a quarter of 19, rounded up, is 5.
    box = (slice(16, 45), slice(36, 65))
    np.testing.assert_allclose(part[box], whole[box], atol=1e-3)
    outside = np.ones(image.shape, bool)
    outside[box] = False
    np.testing.assert_allclose(part[outside], image[outside], atol=1e-4)


def test_a_nodule_at_the_border_has_a_box(image, generator):
    mask = np.zeros(image.shape, bool)
    mask[:6, -4:] = True
    part = enhancement.enhance(image, generator, around=mask)
    np.testing.assert_allclose(
        part[:8, -5:], enhancement.enhance(image, generator)[:8, -5:], atol=1e-3
    )


@pytest.mark.parametrize("scale", [2, 4])
def test_a_finer_grid_holds_the_same_scene(image, mask, generator, scale):
    still = networks.Generator(width=4, blocks=1)
    with torch.no_grad():
        still.leave.weight.zero_()
    made = enhancement.enhance(image, still, scale=scale)
    assert made.shape == (scale * 70, scale * 90)
    # A generator that changes nothing leaves bicubic interpolation: the control.
    np.testing.assert_array_equal(made, enhancement.resample(image, factor=4, scale=scale))
    means = made.reshape(70, scale, 90, scale).mean(axis=(1, 3))
    assert np.abs(means - image).mean() < 6
    finer = enhancement.finer_mask(mask, scale)
    assert finer.sum() == scale**2 * mask.sum()
    assert np.array_equal(finer[::scale, ::scale], mask)


def test_the_control_on_the_same_grid_is_the_degradation_without_noise(image):
    rng = np.random.default_rng(0)
    expected = enhancement.degrade(image, factor=2, axes="rows", sigma=0, rng=rng)
    assert np.array_equal(enhancement.resample(image, factor=2, axes="rows"), expected)


@pytest.mark.parametrize(("scale", "folders"), [(1, {"images", "bicubic"}), (2, None)])
def test_results_are_ready_to_be_written(image, mask, generator, scale, folders):
    settings = {"factor": 2, "axes": "both", "scale": scale}
    kept = enhancement.sr_and_control(image, mask, generator, region="frame", **settings)
    assert set(kept) == (folders or {"images", "bicubic", "masks"})
    for name, array in kept.items():
        assert array.shape == (scale * 70, scale * 90)
        assert array.dtype == (bool if name == "masks" else np.uint8)
    whole = enhancement.enhance(image, generator, scale=scale)
    assert np.array_equal(kept["images"], np.rint(whole).astype(np.uint8))
    part = enhancement.sr_and_control(image, mask, generator, region="nodule", **settings)
    assert np.array_equal(part["bicubic"], kept["bicubic"])
    around = enhancement.enhance(image, generator, scale=scale, around=mask)
    assert np.array_equal(part["images"], np.rint(around).astype(np.uint8))


def test_an_unknown_region_is_refused(image, mask, generator):
    settings = {"factor": 2, "axes": "both", "scale": 1}
    with pytest.raises(ValueError, match="^region: expected one of frame, nodule; got 'lobe'"):
        enhancement.sr_and_control(image, mask, generator, region="lobe", **settings)


def test_fidelity_compares_every_method_with_the_original(image, mask, generator):
    loss, rng = Degradation(sigma=0.02), np.random.default_rng(0)
    rows = enhancement.held_out_fidelity(image, mask, {"sr": generator}, loss, rng)
    assert [row["method"] for row in rows] == ["sr", "lanczos", "bicubic"]
    degraded = enhancement.degrade(image, sigma=0.02, rng=np.random.default_rng(0))
    measured = {row.pop("method"): row for row in rows}
    sharpness = [fidelity.edge_sharpness(one, mask) for one in (degraded, image)]
    assert measured["bicubic"].pop("sharpness") == sharpness[0] / sharpness[1] < 1
    assert measured["bicubic"] == fidelity.psnr_ssim(image, degraded)
    assert measured["sr"].pop("sharpness") > 0
    restored = enhancement.enhance(degraded, generator)
    assert measured["sr"] == pytest.approx(fidelity.psnr_ssim(image, restored), rel=1e-5)
    assert measured["lanczos"] != measured["bicubic"]


def test_versions_share_a_grid(image, generator):
    made = enhancement.frame_versions(image, generator, Degradation(), np.random.default_rng(0))
    assert made["or"] is image
    assert np.array_equal(made["lr"], enhancement.degrade(image, rng=np.random.default_rng(0)))
    assert np.array_equal(made["sr"], enhancement.enhance(image, generator))


@pytest.mark.parametrize(
    "bad", [np.zeros((4, 4, 3)), np.full((9, 9), np.nan), np.full((9, 9), 300.0)]
)
def test_frames_that_are_no_grey_image_are_refused(bad, generator):
    for use in (
        lambda: enhancement.degrade(bad, rng=np.random.default_rng(0)),
        lambda: enhancement.enhance(bad, generator),
        lambda: enhancement.resample(bad, factor=4),
    ):
        with pytest.raises(ValueError, match="image: expected a 2-D array of grey values 0-255"):
            use()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tile": 6}, "tile: expected a multiple of 4, got 6."),
        ({"tile": 0}, "tile: expected a multiple of 4, got 0."),
        (
            {"around": np.zeros((70, 90), bool)},
            "around: expected a mask of shape (70, 90) with pixels inside.",
        ),
        (
            {"around": np.ones((7, 9), bool)},
            "around: expected a mask of shape (70, 90) with pixels inside.",
        ),
    ],
)
def test_enhance_refuses(image, generator, arguments, message):
    with pytest.raises(ValueError, match="^" + re.escape(message) + "$"):
        enhancement.enhance(image, generator, **arguments)


def test_an_original_without_an_edge_has_no_share_of_it(mask, generator):
    flat, rng = np.full((70, 90), 100.0), np.random.default_rng(0)
    rows = enhancement.held_out_fidelity(flat, mask, {}, Degradation(), rng)
    assert {row["sharpness"] for row in rows} == {np.inf}  # which `fidelity_gains` refuses


def test_held_out_patients_are_measured_the_test_cohort_first(image, mask, generator):
    splits = pd.Series({"a": "external", "b": "train", "c": "test", "d": "test"})
    frames = {patient: image / 2 + i for i, patient in enumerate(splits.index)}
    masks, how = dict.fromkeys(splits.index, mask), ({"sr": generator}, Degradation())
    seen = []

    def progress(patients, total):
        seen.append(total)
        return patients

    measured = enhancement.measure_held_out(
        frames, masks, splits, *how, np.random.default_rng(3), progress
    )
    assert list(dict.fromkeys(measured.index)) == ["c", "d", "a"] and seen == [3]
    assert list(measured.columns) == ["split", "method", "psnr", "ssim", "sharpness"]
    alone = enhancement.held_out_fidelity(frames["c"], mask, *how, np.random.default_rng(3))
    assert measured.loc["c"].drop(columns="split").to_dict("records") == alone


def test_files_of_the_patients_come_one_at_a_time(image, mask, generator):
    how = {"factor": 2, "axes": "both", "scale": 2, "region": "frame"}
    made = enhancement.enhanced_files({"P1": image}, {"P1": mask}, generator, **how)
    found = dict(made)
    assert list(found) == ["images/P1.png", "bicubic/P1.png", "masks/P1.png"]
    assert found["masks/P1.png"].shape == (140, 180)


@pytest.mark.parametrize("scale", [1, 2])
def test_the_table_of_images_says_where_each_lies(scale):
    cases = pd.DataFrame(
        {"image": ["00/a.png"], "mask": ["00/m.png"], "spacing_mm": [(0.2, 0.1)], "y": [1]},
        index=pd.Index(["P1"], name="patient_id"),
    )
    table = enhancement.image_table(cases, "01", scale=scale).set_index("image_set")
    assert table["image"].to_dict() == {
        "or": "00/a.png", "sr": "01/images/P1.png", "bc": "01/bicubic/P1.png"
    }  # fmt: skip
    assert table.loc["or", "mask"] == "00/m.png" and table.loc["or", "spacing_mm"] == (0.2, 0.1)
    assert table.loc["sr", "mask"] == ("00/m.png" if scale == 1 else "01/masks/P1.png")
    assert table.loc["bc", "spacing_mm"] == (0.2 / scale, 0.1 / scale)
