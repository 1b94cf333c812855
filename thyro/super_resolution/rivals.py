"""Linear rivals of the generator: what two filters do that learn from the same training patients.

A network is worth its nonlinear layers only where it does better than a filter without them. Both
filters here take what the generator takes, a frame on its own grid, and are applied by the same
call, `enhancement.enhance`. Neither can add what is not in its input, and nor can the generator.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import safetensors.torch
import torch
from scipy import stats
from scipy.signal.windows import hann
from torch import Tensor, nn
from torch.nn import functional as F

from thyro.core import as_grey, as_level
from thyro.super_resolution.degradation import Degradation
from thyro.super_resolution.enhancement import degrade, enhance
from thyro.super_resolution.normal_equations import NormalEquations

WHITE = 255.0
CELLS = 5  # side of the upsampler's kernel, in pixels of the low resolution
RIDGES = (1e-4, 1e-3, 1e-2, 1e-1)  # penalties that are tried, of the mean variance of its inputs
EVERY = 5  # one frame in so many is left out to choose among them
POSITIONS = 200_000  # places of all frames together that a least-squares fit looks at
FRAMES = 100  # at most, of training patients: more would change no digit that is told
TILE_PX = 64  # side of the tiles of which mean spectra are taken, where frames are as large
LEAST_CHANGE = 0.01  # grey levels: less is rounding
FILTER_PX = 15  # side of the filter that explains a difference of images


class LinearUpsampler(nn.Module):
    """The generator without its nonlinear layers: one kernel for each phase of the coarse grid.

    Parameters
    ----------
    inside
        Side of a pixel of the low resolution, in pixels of the frame: there are `inside`^2 phases.
    cells
        Side of the kernel in pixels of the low resolution, odd.
    """

    def __init__(self, *, inside: int, cells: int = CELLS):
        super().__init__()
        self.settings = {"inside": inside, "cells": cells}
        self.inside = inside
        phases = inside**2
        self.kernels = nn.Conv2d(phases, phases, cells)

    @property
    def reach(self) -> int:
        """Pixels to each side that an output pixel depends on, at most."""
        return self.inside * (self.settings["cells"] // 2)

    def forward(self, x: Tensor) -> Tensor:
        """Frames (n, 1, rows, columns) on 0-1, sides multiples of `inside`; same shape returned."""
        return x + F.pixel_shuffle(self.kernels(self.coarse(x)), self.inside)

    def coarse(self, x: Tensor) -> Tensor:
        """What the kernels see: places within a pixel of the low resolution as channels.

        Beyond the border every pixel is that of the border, as interpolation has it.
        """
        padded = F.pad(x, (self.reach,) * 4, mode="replicate")
        return F.pixel_unshuffle(padded, self.inside)


class MatchedFilter(nn.Module):
    """A symmetric filter, the same at every pixel: it changes amplitudes and moves nothing.

    Parameters
    ----------
    kernel
        Shape (2 reach + 1, 2 reach + 1), symmetric in both axes.
    """

    inside = 1

    def __init__(self, kernel: Tensor):
        super().__init__()
        self.settings = {"reach": kernel.shape[0] // 2}
        self.kernel = nn.Parameter(kernel.to(torch.float32))

    @property
    def reach(self) -> int:
        """Pixels to each side that an output pixel depends on."""
        return self.settings["reach"]

    def forward(self, x: Tensor) -> Tensor:
        """Frames (n, 1, rows, columns) on 0-1; same shape returned."""
        padded = F.pad(x, (self.reach,) * 4, mode="replicate")
        shape = padded.shape[-2:]
        # By Fourier: of a single channel it is many times faster than a convolution.
        spectrum = torch.fft.rfft2(padded) * torch.fft.rfft2(self.kernel, s=shape)
        return torch.fft.irfft2(spectrum, s=shape)[..., 2 * self.reach :, 2 * self.reach :]


def fit_rivals(
    images: Sequence[np.ndarray],
    generator: nn.Module,
    degradation: Degradation,
    rng: np.random.Generator,
) -> dict[str, nn.Module]:
    """The linear rivals of a generator, learned from at most 100 training patients.

    Parameters
    ----------
    images
        Scan areas of training patients only, one per patient: grey, 0-255.
    generator
        As trained on them.
    degradation
        What it was trained to undo.
    rng
        Draws the patients, the noise, and the places that are looked at.

    Returns
    -------
    dict
        least_squares : `fit_upsampler`
        matched : `match_spectrum`, of degraded images
        matched_originals : the same of the images as they are, for comparisons of SR images
    """
    chosen = [images[i] for i in rng.permutation(len(images))[:FRAMES]]
    how = {"factor": degradation.factor, "axes": degradation.axes, "sigma": degradation.sigma}
    upsampler = fit_upsampler(chosen, degradation, rng)
    degraded = [degrade(image, **how, rng=rng) for image in chosen]
    return {
        "least_squares": upsampler,
        "matched": match_spectrum((image, enhance(image, generator)) for image in degraded),
        "matched_originals": match_spectrum((image, enhance(image, generator)) for image in chosen),
    }


def fit_upsampler(
    images: Sequence[np.ndarray],
    degradation: Degradation,
    rng: np.random.Generator,
    *,
    cells: int = CELLS,
    ridges: Sequence[float] = RIDGES,
) -> LinearUpsampler:
    """Least squares: the linear filter that brings degraded frames nearest to their originals.

    What is fitted is what interpolation misses, so the ridge pulls towards interpolation, as the
    first guess of the generator does. It is chosen by a fifth of the frames, which the fit that is
    tried leaves out; the filter is then fitted to all. One kernel stands for each of the factor^2
    places within a pixel of the low resolution, also where one axis alone is coarser.

    Parameters
    ----------
    images
        Scan areas of training patients only: grey, 0-255.
    degradation
        What the filter is to undo, noise included.
    rng
        Of the noise, and of the places that are looked at.
    cells
        Side of a kernel in pixels of the low resolution.
    ridges
        Penalties on the squared coefficients to choose from, as shares of the mean variance of the
        inputs; of a single frame, which leaves none out, the largest is taken.

    Raises
    ------
    ValueError
        If there is no image, or one is smaller than the kernel.
    """
    _check(images, degradation.factor * cells)
    upsampler = LinearUpsampler(inside=degradation.factor, cells=cells)
    fitted, left_out = NormalEquations(), NormalEquations()
    for place, image in enumerate(images):
        # Frames are degraded as they are. Where the factor does not divide a side, a pixel of the
        # low resolution is a little longer: the filter has to bear that here as it will elsewhere.
        original = _frame(image)
        degraded, original = (
            _whole_cells(x, upsampler.inside) for x in (degradation(original, rng), original)
        )
        missing = F.pixel_unshuffle(original - degraded, upsampler.inside)
        missing = F.pad(missing, (cells // 2,) * 4)
        # Of two to four frames the second is left out.
        part = left_out if place == 1 or place % EVERY == EVERY - 1 else fitted
        part.add(upsampler.coarse(degraded), missing, cells, POSITIONS // len(images), rng)
    ridge = max(ridges)
    if left_out.n:
        ridge = min(ridges, key=lambda one: left_out.error(*fitted.solve(one)))
        fitted.join(left_out)
    kernels, constant = fitted.solve(ridge)
    with torch.no_grad():
        upsampler.kernels.weight.copy_(_tensor(kernels).view_as(upsampler.kernels.weight))
        upsampler.kernels.bias.copy_(_tensor(constant))
    return upsampler.eval()


def match_spectrum(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> MatchedFilter:
    """The filter that gives frames the mean power spectrum that the generator gives them.

    Its transfer function is the square root of the ratio of the two mean spectra (Welch's, over
    tiles of 64 x 64 pixels, or smaller ones in smaller frames, under a Hann window), one for each
    pair of absolute frequencies along depth and width: real and not negative, so that it shifts
    nothing, and 1 for the mean. A Hann taper of the kernel makes it smooth.

    Parameters
    ----------
    pairs : iterable of (frame, enhanced frame)
        Of training patients only: grey, 0-255, of one shape.

    Raises
    ------
    ValueError
        If there is no pair, or none has detail at every frequency.

    References
    ----------
    Welch (1967), IEEE Trans. Audio Electroacoust. 15:70-73.
    """
    pairs = [[as_grey(frame) for frame in pair] for pair in pairs]
    tile = min([TILE_PX, *(min(frame.shape) // 2 * 2 for frame, _ in pairs)])
    power = sum(
        np.stack([_tile_power(frame, tile) for frame in pair]) for pair in pairs
    ) + np.zeros((2, tile, tile))
    if not power.all():
        raise ValueError("pairs: expected frames with detail at every frequency, got none.")
    # Of a real image the powers at f and -f are the same: one flip makes both axes symmetric.
    power = power + np.roll(np.flip(power, 2), 1, 2)
    transfer = np.sqrt(power[1] / power[0])
    transfer[0, 0] = 1.0
    centre, reach = tile // 2, 3 * tile // 8
    around = slice(centre - reach, centre + reach + 1)
    kernel = np.fft.fftshift(np.fft.ifft2(transfer).real)[around, around]
    taper = hann(2 * reach + 3)[1:-1]
    kernel = kernel * np.outer(taper, taper)
    return MatchedFilter(_tensor(kernel / kernel.sum())).eval()


def filters_to_bytes(filters: Mapping[str, nn.Module]) -> bytes:
    """Kernels and settings of several filters in the safetensors format, by name.

    The same filters give the same bytes.
    """
    weights = {
        f"{name}.{key}": value.contiguous()
        for name, network in filters.items()
        for key, value in network.state_dict().items()
    }
    about = {name: network.settings for name, network in filters.items()}
    return safetensors.torch.save(weights, metadata={"settings": json.dumps(about, sort_keys=True)})


def linear_share(
    generator: nn.Module,
    training: Sequence[np.ndarray],
    held_out: Sequence[np.ndarray],
    rng: np.random.Generator,
    *,
    level: float = 0.95,
) -> dict[str, float]:
    """How much of what the generator does to an original a linear filter of it does as well.

    A filter of 15 x 15 pixels, one for all places, is fitted by least squares to the difference
    (enhanced less original) in training patients. Its share is that of the variance of the
    difference which it explains in a held-out patient.

    Parameters
    ----------
    generator
    training, held_out
        Scan areas of patients, at most 100 of whom are taken: grey, 0-255.
    rng
        Draws the patients, and the places that are looked at.
    level : float, default 0.95
        Coverage of the interval.

    Returns
    -------
    dict
        share (mean over held-out patients; 1 where the generator is a linear filter, 0 where no
        filter does any of it), ci_low, ci_high (of t over patients), rms (root mean squared
        difference in grey levels), n (held-out patients), side_px (of the filter).

    Raises
    ------
    ValueError
        If there is no frame on either side, or the generator leaves one as it is.
    """
    level, sums = as_level(level), NormalEquations()
    chosen, tested = (
        [frames[i] for i in rng.permutation(len(frames))[:FRAMES]]
        for frames in (training, held_out)
    )
    _check(chosen, FILTER_PX)
    _check(tested, FILTER_PX)
    for image in chosen:
        x = _frame(image)
        change = _frame(enhance(image, generator)) - x
        sums.add(x, change, FILTER_PX, POSITIONS // len(chosen), rng)
    weight = _tensor(sums.solve(0.0)[0]).view(1, 1, FILTER_PX, FILTER_PX)
    edge = slice(FILTER_PX // 2, -(FILTER_PX // 2))
    shares, squares = [], []
    for image in tested:
        change = enhance(image, generator) - image
        explained = WHITE * F.conv2d(_frame(image), weight)[0, 0].numpy()
        inner = change[edge, edge]
        if np.std(inner) < LEAST_CHANGE:
            raise ValueError("generator: leaves a frame as it is; there is nothing to explain.")
        shares.append(1 - np.var(inner - explained) / np.var(inner))
        squares.append(np.mean(change**2))
    n, mean = len(shares), float(np.mean(shares))
    half = stats.t.isf((1 - level) / 2, n - 1) * stats.sem(shares) if n > 1 else np.nan
    return {
        "share": mean,
        "ci_low": float(mean - half),
        "ci_high": float(mean + half),
        "rms": float(np.sqrt(np.mean(squares))),
        "n": n,
        "side_px": FILTER_PX,
    }


def _tile_power(frame: np.ndarray, side: int) -> np.ndarray:
    """Mean power over the square tiles of a frame, their means removed under the window."""
    rows, columns = (length // side for length in frame.shape)
    whole = frame[: rows * side, : columns * side].astype(float)
    tiles = whole.reshape(rows, side, columns, side).swapaxes(1, 2)
    window = np.outer(*[hann(side, sym=False)] * 2)
    means = (tiles * window).sum(axis=(2, 3), keepdims=True) / window.sum()
    return (np.abs(np.fft.fft2(window * (tiles - means))) ** 2).mean(axis=(0, 1))


def _check(images: Sequence[Any], smallest: int) -> None:
    if not len(images):
        raise ValueError("images: expected the frame of at least one patient, got none.")
    for place, image in enumerate(images):
        if min(np.shape(image)) < smallest:
            raise ValueError(
                f"images[{place}]: {np.shape(image)}, smaller than a kernel of {smallest} pixels."
            )


def _whole_cells(x: Tensor, inside: int) -> Tensor:
    """The frame up to the last whole square of `inside` x `inside` pixels."""
    rows, columns = (side // inside * inside for side in x.shape[-2:])
    return x[..., :rows, :columns]


def _frame(image: np.ndarray) -> Tensor:
    return torch.from_numpy(as_grey(image).astype(np.float32) / np.float32(WHITE))[None, None]


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).to(torch.float32)
