"""Super-resolution: degradation, both networks, training."""

import numpy as np
import pytest
import torch

from thyro import sr


@pytest.fixture
def image():
    rng = np.random.default_rng(1)
    smooth = np.add.outer(np.linspace(0, 120, 70), np.linspace(0, 80, 90))
    return np.clip(smooth + 25 * rng.standard_normal((70, 90)), 0, 255)


def small(images, **changes):
    settings = {"width": 8, "blocks": 2, "warmup_steps": 3, "adversarial_steps": 3, "batch": 2}
    return sr.train(images, **{**settings, "patch_px": 32, "seed": 3, **changes})


def test_degrade_keeps_the_grid_and_follows_the_seed(image):
    once, again = (sr.degrade(image, rng=np.random.default_rng(5)) for _ in range(2))
    assert once.shape == image.shape
    assert np.array_equal(once, again)
    assert not np.array_equal(once, sr.degrade(image, rng=np.random.default_rng(6)))


def test_degrade_removes_what_is_finer_than_a_quarter():
    stripes = 127.5 + 100 * np.sin(2 * np.pi * np.arange(128) / 4)  # period 4 < 8 pixels
    coarse = 127.5 + 100 * np.sin(2 * np.pi * np.arange(128) / 64)
    kept = [
        sr.degrade(np.tile(wave, (64, 1)), sigma=0, rng=np.random.default_rng(0)).std() / wave.std()
        for wave in (stripes, coarse)
    ]
    assert kept[0] < 0.1 and kept[1] > 0.95


def test_degrade_adds_noise_of_the_stated_size_at_low_resolution():
    grey = np.full((400, 400), 128.0)
    noisy = sr.degrade(grey, factor=4, sigma=0.02, rng=np.random.default_rng(0))
    # Bicubic weights at the middle of a cell of 4 are not one: compare with its own gain.
    assert 0.5 * 0.02 * 255 < noisy.std() < 0.02 * 255


@pytest.mark.parametrize("factor", [2, 4])
def test_generator_keeps_any_size(image, factor):
    generator = sr.Generator(factor=factor, width=8, blocks=1)
    for rows, columns in [(64, 64), (61, 47), (70, 90)]:
        out = sr.enhance(image[:rows, :columns], generator)
        assert out.shape == (rows, columns) and 0 <= out.min() and out.max() <= 255


def test_discriminator_gives_a_probability():
    p = sr.Discriminator()(torch.rand(3, 1, 32, 32))
    assert p.shape == (3, 1) and 0 <= p.min() and p.max() <= 1


def test_every_weight_of_both_networks_is_trained(image):
    torch.manual_seed(3)
    start = [sr.Generator(width=8, blocks=2), sr.Discriminator()]
    trained = small([image])
    for before, after in zip(start, [trained.generator, trained.discriminator], strict=True):
        for (name, a), b in zip(before.named_parameters(), after.parameters(), strict=True):
            assert not torch.equal(a, b), name


def test_the_same_seed_gives_the_same_bytes(image):
    once, again, other = (small([image], seed=seed).generator for seed in (3, 3, 4))
    assert sr.to_bytes(once) == sr.to_bytes(again) != sr.to_bytes(other)


def test_training_lowers_the_error(image):
    history = small([image], warmup_steps=60, adversarial_steps=0, learning_rate=3e-3).history
    assert history["pixel"].tail(10).mean() < history["pixel"].head(10).mean()


def test_the_adversary_starts_after_the_warm_up(image):
    history = small([image]).history
    assert history["generator"].notna().tolist() == [False] * 3 + [True] * 3


def test_quality_of_identical_frames():
    frame = np.random.default_rng(0).uniform(0, 255, (40, 40))
    assert sr.quality(frame, frame) == {"psnr": np.inf, "ssim": pytest.approx(1)}


def test_quality_psnr_by_hand():
    # A constant error of 25.5 is a tenth of the peak: 20 dB.
    frame = np.full((40, 40), 100.0)
    assert sr.quality(frame, frame + 25.5)["psnr"] == pytest.approx(20)


def test_bicubic_is_the_degraded_frame(image):
    generator = sr.Generator(width=8, blocks=1)
    row = sr.held_out_quality(image, generator, sigma=0.02, rng=np.random.default_rng(0))
    degraded = sr.degrade(image, sigma=0.02, rng=np.random.default_rng(0))
    assert row["psnr_bicubic"] == sr.quality(image, degraded)["psnr"]


def test_the_diagram_lists_the_layers_that_were_built():
    rows = sr.describe(sr.Generator(width=8, blocks=3))
    assert [name for name, _ in rows] == ["Convolution", *["Residual block"] * 3, "Convolution"]
    assert sr.describe(sr.Discriminator())[-1][0] == "Probability"


@pytest.mark.parametrize(
    ("images", "message"),
    [([], "no training patient"), ([np.zeros((20, 90))], "32 pixels, but a scan area has 20 x 90")],
)
def test_training_refuses(images, message):
    with pytest.raises(ValueError, match=message):
        small(images)


@pytest.mark.parametrize(
    "bad", [np.zeros((4, 4, 3)), np.full((9, 9), np.nan), np.full((9, 9), 300.0)]
)
def test_frames_that_are_no_grey_image_are_refused(bad):
    with pytest.raises(ValueError, match="2-D array of grey values 0-255"):
        sr.degrade(bad, rng=np.random.default_rng(0))
