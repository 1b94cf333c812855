"""Linear rivals: filters that are known come back, spectra match, and tiles equal the whole."""

import numpy as np
import pytest
import safetensors.torch
import torch
from scipy import ndimage
from torch import nn
from torch.nn import functional as F

from thyro.super_resolution import enhancement, fidelity, networks, rivals
from thyro.super_resolution.degradation import Degradation


def frames(n, *, seed=1, shape=(96, 120), width=1.0):
    """Smooth shades under speckle of a correlation length."""
    rng = np.random.default_rng(seed)
    shade = np.add.outer(np.linspace(40, 120, shape[0]), np.linspace(0, 60, shape[1]))
    noise = (ndimage.gaussian_filter(rng.standard_normal(shape), width) for _ in range(n))
    return [np.clip(shade + 20 * one / one.std(), 0, 255) for one in noise]


class Blur(nn.Module):
    """A generator that is a known linear filter: means over 3 x 3 pixels, by a share."""

    inside, reach = 1, 1

    def __init__(self, share=0.6):
        super().__init__()
        kernel = share * torch.ones(1, 1, 3, 3) / 9
        kernel[0, 0, 1, 1] += 1 - share
        self.kernel = nn.Parameter(kernel)

    def forward(self, x):
        return F.conv2d(F.pad(x, (1,) * 4, mode="replicate"), self.kernel)


def psnr(original, other):
    return fidelity.psnr_ssim(original, other)["psnr"]


@pytest.mark.parametrize(("factor", "axes"), [(4, "both"), (2, "rows"), (1, "both")])
def test_the_upsampler_is_nearer_to_unseen_originals_than_interpolation(factor, axes):
    loss = Degradation(factor, axes, 0.03)
    upsampler = rivals.fit_upsampler(frames(30, width=2.2), loss, np.random.default_rng(0))
    assert networks.count_parameters(upsampler) == factor**4 * 25 + factor**2
    gains, rng = [], np.random.default_rng(1)
    for image in frames(4, seed=2, width=2.2):
        degraded = enhancement.degrade(image, factor=factor, axes=axes, sigma=0.03, rng=rng)
        restored = enhancement.enhance(degraded, upsampler)
        gains.append(psnr(image, restored) - psnr(image, degraded))
    assert min(gains) > 0.1


def test_least_squares_are_those_of_numpy():
    """Of one phase and a kernel of one pixel: the regression of what is missing on the pixel."""
    rng = np.random.default_rng(3)
    image = rng.integers(0, 256, (40, 50)).astype(float)
    loss = Degradation(1, "both", 0.1)
    fitted = rivals.fit_upsampler([image], loss, np.random.default_rng(5), cells=1, ridges=[0])
    degraded = enhancement.degrade(image, factor=1, sigma=0.1, rng=np.random.default_rng(5)) / 255
    slope, constant = np.polyfit(degraded.ravel(), (image / 255 - degraded).ravel(), 1)
    assert fitted.kernels.weight.item() == pytest.approx(slope, abs=1e-5)
    assert fitted.kernels.bias.item() == pytest.approx(constant, abs=1e-5)


def test_the_ridge_pulls_towards_interpolation():
    image = frames(1)[0]
    rng = np.random.default_rng(0)
    stiff = rivals.fit_upsampler([image], Degradation(), rng, ridges=[1e9])
    degraded = enhancement.degrade(image, rng=rng)
    # All that is left is the mean of what each place misses.
    means = stiff.kernels.bias.detach().numpy().reshape(4, 4) * 255
    change = enhancement.enhance(degraded, stiff) - degraded
    np.testing.assert_allclose(change, np.tile(means, (24, 30)), atol=1e-3)


@pytest.mark.parametrize("same", [True, False])
def test_the_ridge_is_the_best_for_frames_that_were_left_out(same):
    """Stripes at the same places as in the frames left out are learned; at others they harm."""
    images = frames(5, shape=(96, 96), width=6)
    for place, image in enumerate(images):
        image[1 if same or place not in (1, 4) else 3 :: 4] *= 0.5
    loss, ridges = Degradation(4, "both", 0.0), (1e-4, 1e6)
    chosen, stiff, loose = (
        rivals.fit_upsampler(images, loss, np.random.default_rng(0), ridges=tried).kernels.weight
        for tried in (ridges, ridges[1:], ridges[:1])
    )
    assert torch.equal(chosen, loose if same else stiff) and not torch.equal(loose, stiff)


def test_the_upsampler_learns_each_place_of_a_coarse_pixel():
    """Stripes with the period of the factor: one filter for all places could not restore them."""
    image = frames(1, shape=(96, 96), width=6)[0]
    image[1::4] *= 0.5
    loss = Degradation(4, "both", 0.0)
    upsampler = rivals.fit_upsampler([image], loss, np.random.default_rng(0))
    degraded = enhancement.degrade(image, sigma=0, rng=np.random.default_rng(0))
    restored = enhancement.enhance(degraded, upsampler)
    assert psnr(image, restored) > psnr(image, degraded) + 20


def test_the_matched_filter_is_the_amplitude_of_a_known_filter():
    pairs = [(image, enhancement.enhance(image, Blur())) for image in frames(20, width=0.4)]
    matched = rivals.match_spectrum(pairs)
    kernel = matched.kernel.detach().numpy()
    assert kernel.shape == (49, 49) and kernel.sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(kernel, kernel[::-1], atol=1e-6)
    np.testing.assert_allclose(kernel, kernel[:, ::-1], atol=1e-6)
    known = np.abs(np.fft.fft2(Blur().kernel.detach().numpy()[0, 0], (64, 64)))
    found = np.abs(np.fft.fft2(kernel, (64, 64)))
    assert np.abs(found - known).max() < 0.06
    other = frames(1, seed=9, width=0.4)[0]
    made = [enhancement.enhance(other, network) for network in (matched, Blur())]
    spectra = [fidelity.power_spectrum(image, bins=16) for image in made]
    assert np.abs(spectra[0] - spectra[1]).max() < 0.7  # dB


@pytest.mark.parametrize("axis", [0, 1])
def test_depth_and_width_are_matched_apart(axis):
    pairs = [
        (image, ndimage.gaussian_filter1d(image, 1.0, axis)) for image in frames(12, width=0.4)
    ]
    kernel = rivals.match_spectrum(pairs).kernel.detach().numpy()
    along, across = kernel.sum(1 - axis), kernel.sum(axis)
    assert along[24] < 0.5 < 0.9 < across[24]


def test_a_matched_filter_moves_nothing_and_keeps_the_mean():
    flat = rivals.MatchedFilter(torch.ones(5, 5) / 25)
    image = np.zeros((40, 50))
    image[20, 30] = 250
    out = enhancement.enhance(image, flat)
    np.testing.assert_allclose(out[18:23, 28:33], 10, atol=1e-3)
    assert np.abs(out).sum() == pytest.approx(250, abs=0.5)


@pytest.mark.parametrize("name", ["least_squares", "matched", "matched_originals"])
def test_tiles_equal_the_whole(name):
    fitted = rivals.fit_rivals(frames(3), Blur(), Degradation(), np.random.default_rng(0))
    image = np.tile(frames(1, seed=4)[0], (2, 1))
    whole = enhancement.enhance(image, fitted[name])
    assert whole.shape == image.shape and np.abs(whole - image).mean() > 0.1
    assert np.abs(enhancement.enhance(image, fitted[name], tile=64) - whole).max() < 1e-3


def test_rivals_of_small_frames_have_smaller_tiles():
    fitted = rivals.fit_rivals(
        frames(4, shape=(35, 48)), Blur(), Degradation(), np.random.default_rng(0)
    )
    assert fitted["matched"].kernel.shape == (25, 25)  # tiles of 34 pixels


def test_the_same_seed_gives_the_same_bytes_and_they_hold_the_filters():
    made = [
        rivals.fit_rivals(frames(3), Blur(), Degradation(), np.random.default_rng(seed))
        for seed in (0, 0, 1)
    ]
    once, again, other = map(rivals.filters_to_bytes, made)
    assert once == again != other
    kept = safetensors.torch.load(once)
    assert torch.equal(kept["matched.kernel"], made[0]["matched"].kernel)
    assert kept["least_squares.kernels.weight"].shape == (16, 16, 5, 5)


def test_a_linear_generator_is_explained_and_a_threshold_is_not():
    images = frames(12, width=0.7)
    rng = np.random.default_rng(0)
    linear = rivals.linear_share(Blur(), images[:8], images[8:], rng)
    assert linear["share"] == pytest.approx(1, abs=1e-3) and linear["n"] == 4
    assert linear["ci_low"] <= linear["share"] <= linear["ci_high"]

    class Parity(Blur):  # odd grey levels become brighter: no smooth function of the pixel
        def forward(self, x):
            return x + 0.02 * torch.sign(torch.sin(255 * torch.pi * x + 0.5))

    nonlinear = rivals.linear_share(Parity(), images[:8], images[8:], rng)
    assert abs(nonlinear["share"]) < 0.05
    assert nonlinear["rms"] == pytest.approx(0.02 * 255, rel=0.05)


def test_one_held_out_patient_has_no_interval():
    found = rivals.linear_share(Blur(), frames(2), frames(1, seed=2), np.random.default_rng(0))
    assert np.isnan(found["ci_low"]) and np.isnan(found["ci_high"]) and found["n"] == 1


def test_what_cannot_be_fitted_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="at least one patient, got none"):
        rivals.fit_upsampler([], Degradation(), rng)
    with pytest.raises(ValueError, match=r"images\[1\]: \(12, 50\), smaller than a kernel of 20"):
        rivals.fit_upsampler([np.ones((40, 50)), np.ones((12, 50))], Degradation(), rng)
    with pytest.raises(ValueError, match="detail at every frequency"):
        rivals.match_spectrum([])
    with pytest.raises(ValueError, match="detail at every frequency"):
        rivals.match_spectrum([(np.full((64, 64), 7), np.full((64, 64), 7))])
    with pytest.raises(ValueError, match="leaves a frame as it is"):
        rivals.linear_share(Blur(share=0), frames(2), frames(1), rng)
