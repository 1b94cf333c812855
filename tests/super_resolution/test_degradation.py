"""What super-resolution has to undo: resolution, axes, noise."""

import re

import numpy as np
import pytest
import torch

from thyro.simulate import cohort as simulate
from thyro.super_resolution import degradation
from thyro.super_resolution.degradation import Degradation


def power_above(frame, cycles_per_pixel):
    """Share of the power, its mean left out, at frequencies above a band along either axis."""
    power = np.abs(np.fft.fft2(frame - frame.mean())) ** 2
    rows, columns = (np.abs(np.fft.fftfreq(side)) for side in frame.shape)
    beyond = (rows[:, None] > cycles_per_pixel) | (columns > cycles_per_pixel)
    return power[beyond].sum() / power.sum()


@pytest.fixture(scope="module")
def frames():
    cohort = simulate.simulate_cohort(4, rng=np.random.default_rng(0))
    return torch.from_numpy(np.stack(cohort.images).astype(np.float32) / 255)[:, None]


def test_less_than_2_percent_of_the_energy_is_above_the_quarter_band(frames):
    for before, frame in zip(frames, Degradation()(frames), strict=True):
        assert power_above(frame[0].numpy(), 1 / 8) < 0.02
        assert power_above(before[0].numpy(), 1 / 8) > power_above(frame[0].numpy(), 1 / 8)


def test_even_of_white_noise_little_is_left_above_the_quarter_band():
    noise = torch.from_numpy(np.random.default_rng(0).random((1, 1, 384, 512), dtype=np.float32))
    assert power_above(noise[0, 0].numpy(), 1 / 8) > 0.9
    assert power_above(Degradation()(noise)[0, 0].numpy(), 1 / 8) < 0.06


@pytest.mark.parametrize("sigma", [0.02, 5 / 255])
def test_the_noise_at_low_resolution_has_the_configured_sd(frames, sigma):
    loss = Degradation(sigma=sigma)
    noise = loss.low(frames, np.random.default_rng(1)) - loss.low(frames)
    assert noise.std().item() == pytest.approx(sigma, rel=0.02)
    assert noise.mean().abs().item() < 0.02 * sigma


@pytest.mark.parametrize(
    ("factor", "axes", "shape"),
    [
        (4, "both", (96, 128)),
        (2, "both", (192, 256)),
        (1, "both", (384, 512)),
        (4, "rows", (96, 512)),
        (4, "columns", (384, 128)),
    ],
)
def test_the_low_resolution_is_coarser_along_the_chosen_axes(frames, factor, axes, shape):
    assert Degradation(factor, axes).low(frames).shape[-2:] == shape


def test_along_one_axis_the_other_keeps_its_detail():
    stripes = (0.5 + 0.4 * torch.sin(2 * torch.pi * torch.arange(64) / 4)).expand(1, 1, 64, 64)
    across, along = Degradation(4, "columns", 0.0)(stripes), Degradation(4, "rows", 0.0)(stripes)
    assert across.std() < 0.1 * stripes.std()
    assert torch.allclose(along, stripes, atol=1e-6)


def test_noise_only_leaves_the_resolution(frames):
    degraded = Degradation(factor=1, sigma=0.01)(frames, np.random.default_rng(0))
    assert (degraded - frames).std() == pytest.approx(0.01, rel=0.25)  # black pixels are clipped
    assert torch.equal(Degradation(factor=1)(frames), frames)


@pytest.mark.parametrize("finer", [degradation.bicubic, degradation.lanczos])
def test_interpolation_keeps_what_is_even_and_its_place(finer):
    low = torch.full((2, 1, 12, 16), 0.3)
    assert torch.allclose(finer(low, (48, 64)), torch.full((2, 1, 48, 64), 0.3), atol=1e-5)
    ramp = torch.linspace(0.2, 0.8, 16).expand(1, 1, 12, 16)
    made = finer(ramp, (48, 64))[0, 0, 24]
    assert made[32 - 4] + made[32 + 3] == pytest.approx(1.0, abs=1e-4)  # symmetric: no shift


@pytest.mark.parametrize("bad", [{"factor": 0}, {"axes": "depth"}, {"sigma": -0.1}, {"sigma": 1}])
def test_impossible_degradations_are_refused(bad):
    message = "degradation: expected a factor of at least 1, sigma from 0 to below 1 and axes of "
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        Degradation(**bad)
