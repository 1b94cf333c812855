"""B-mode ultrasound of a map of scatterers.

Scatterers with random phases are convolved with the pulse and with a beam that widens with depth;
the envelope of the sum is low-pass filtered and log-compressed to 8 bit. The linear convolution
model is that of Bamber and Dickinson (1980), Phys. Med. Biol. 25:463-479; the statistics of
speckle follow Wagner et al. (1983), IEEE Trans. Sonics Ultrason. 30:156-163.

The first axis of every array is depth, the second is lateral; spacings are (row, column) in mm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import fft

SCATTERERS_PER_MM2 = 120.0  # well above ten per resolution cell: fully developed speckle
CLUTTER_DB = -21.0  # what reverberation and side lobes bring back from behind a shadow

_PAD = 24  # pixels simulated around the frame and cut off: the convolution is circular


@dataclass(frozen=True)
class Scanner:
    """What a scanner makes of the sound. Lengths are standard deviations in mm."""

    wavelength_mm: float  # at 1540 m/s
    pulse_mm: float  # axial, of the two-way pulse
    f_number: float  # while the aperture grows with depth
    aperture_mm: float  # at most; deeper than f_number x aperture_mm the beam widens
    video_mm: tuple[float, float]  # low-pass filter after detection, row and column
    dynamic_range_db: float  # of the 256 grey levels
    # Electronic noise at the skin: power of its real part, and again of its imaginary part, where 0
    # is the mean power of the echoes of normal thyroid. Together they are 3 dB above `noise_db`.
    # The scanner's own time gain lifts it by 0.4 dB/mm; the operator's sliders leave it.
    noise_db: float
    gain_db: float  # level of normal thyroid above black
    looks: int  # frames from several directions that are averaged: spatial compounding

    def defocused(self, factor: float) -> Scanner:
        """The scanner with pulse, beam and filter wider by `factor`: a frame that is blurred."""
        return replace(
            self,
            pulse_mm=factor * self.pulse_mm,
            f_number=factor * self.f_number,
            aperture_mm=self.aperture_mm / factor,
            video_mm=tuple(factor * sigma for sigma in self.video_mm),
        )

    def beam_mm(self, z_mm: np.ndarray) -> np.ndarray:
        """Lateral standard deviation of the beam at depth `z_mm`: constant, then diffraction."""
        full_width = self.wavelength_mm * np.hypot(self.f_number, z_mm / self.aperture_mm)
        return full_width / 2.355


# All invented, within what linear arrays for the neck offer: A at 10 MHz, compounding; B older, at
# 7.5 MHz, with coarser and harder speckle, a smaller dynamic range and more noise; F at 20 MHz,
# half as coarse as A and in all else like it, whatever such a frequency loses on its way.
SCANNERS = {
    "A": Scanner(
        wavelength_mm=0.154,
        pulse_mm=0.11,
        f_number=3.0,
        aperture_mm=7.5,
        video_mm=(0.07, 0.14),
        dynamic_range_db=60.0,
        noise_db=-32.0,
        gain_db=25.0,
        looks=2,
    ),
    "B": Scanner(
        wavelength_mm=0.205,
        pulse_mm=0.13,
        f_number=2.6,
        aperture_mm=6.5,
        video_mm=(0.13, 0.21),
        dynamic_range_db=54.0,
        noise_db=-28.0,
        gain_db=25.0,
        looks=1,
    ),
    "F": Scanner(
        wavelength_mm=0.077,
        pulse_mm=0.055,
        f_number=3.0,
        aperture_mm=7.5,
        video_mm=(0.035, 0.07),
        dynamic_range_db=60.0,
        noise_db=-32.0,
        gain_db=25.0,
        looks=2,
    ),
}


class Tissue:
    """Maps of backscatter, scatterers, attenuation and reflectors on a grid around one frame.

    Whoever builds a scene writes into the maps; `expose` turns them into an image. Coordinates are
    mm: `z` down from the skin, shape (rows, 1), and `x` to the right from the middle, (1, columns).
    """

    def __init__(
        self,
        image_shape: tuple[int, int],
        spacing_mm: tuple[float, float],
        scanner: Scanner = SCANNERS["A"],
    ) -> None:
        self.spacing_mm = spacing_mm
        self.scanner = scanner
        self.shape = (image_shape[0] + 2 * _PAD, image_shape[1] + 2 * _PAD)
        rows, columns = (np.arange(n, dtype=np.float32) for n in self.shape)
        self.z = ((rows - _PAD) * np.float32(spacing_mm[0]))[:, None]
        self.x = ((columns - (self.shape[1] - 1) / 2) * np.float32(spacing_mm[1]))[None, :]
        self.echo = np.zeros(self.shape, np.float32)  # backscatter, dB
        self.loss = np.zeros(self.shape, np.float32)  # dB/mm, both ways, that time gain leaves
        self.density = np.full(self.shape, SCATTERERS_PER_MM2, np.float32)
        self.coherent = np.zeros(self.shape, np.complex64)  # reflectors, amplitude after imaging

    def field(self, sigma_mm: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
        """Unit Gaussian field of (row, column) correlation length in mm."""
        return random_field(self.shape, sigma_mm, spacing_mm=self.spacing_mm, rng=rng)

    def smooth(self, values: np.ndarray, sigma_mm: float) -> np.ndarray:
        """Gaussian low-pass of a map; circular."""
        spectrum = fft.rfft2(values)
        spectrum *= _low_pass_2d(self.shape, (sigma_mm, sigma_mm), self.spacing_mm)
        return fft.irfft2(spectrum, s=self.shape)

    def curve(self, amplitude: float, length_mm: float, rng: np.random.Generator) -> np.ndarray:
        """Smooth random function of x, shape (1, columns).

        Parameters
        ----------
        amplitude : float
            Its standard deviation.
        length_mm : float
            Its shortest wavelength.
        rng : numpy.random.Generator
        """
        lengths = length_mm * rng.uniform(1, 4, size=(5, 1))
        phase = rng.uniform(0, 2 * np.pi, size=(5, 1))
        waves = np.sin(2 * np.pi * self.x / lengths + phase).sum(axis=0, keepdims=True)
        return (amplitude * waves / np.sqrt(2.5)).astype(np.float32)

    def box(
        self, centre_mm: tuple[float, float], half_mm: tuple[float, float]
    ) -> tuple[slice, slice]:
        """Rows and columns within `half_mm` (x, z) of the point `centre_mm` (x, z)."""
        (x, z), (dx, dz) = centre_mm, half_mm
        rows = np.searchsorted(self.z[:, 0], (z - dz, z + dz))
        columns = np.searchsorted(self.x[0], (x - dx, x + dx))
        return slice(*rows), slice(*columns)

    def fill(self, share: ArrayLike, echo: ArrayLike) -> None:
        """Replace the backscatter by `echo` (dB) where `share` is 1, and in part below 1."""
        self.echo += share * (echo - self.echo)

    def brighten(self, level_db: ArrayLike, off: np.ndarray) -> None:
        """Raise the backscatter to `level_db` along a Gaussian ridge, `off` SD from its crest."""
        self.echo = np.maximum(self.echo, level_db - 4.34 * off**2)

    def reflect(self, depth_mm: ArrayLike, level_db: ArrayLike, thickness_mm: float) -> None:
        """Add an interface: rough, so seen throughout, and specular, so brightest where level.

        Parameters
        ----------
        depth_mm : array_like of float, shape (1, columns)
        level_db : array_like of float, shape (1, columns), or float
            Where the interface is level.
        thickness_mm : float
        """
        depth_mm = np.asarray(depth_mm, dtype=np.float32)
        off = (self.z - depth_mm) / thickness_mm
        slope = np.gradient(depth_mm[0], self.spacing_mm[1]).astype(np.float32)
        level = level_db - 25 * np.minimum(np.abs(slope), 1.5)
        self.brighten(level - 4, off)
        # A tilted mirror changes its phase across the beam and cancels itself.
        phase = np.exp(4j * np.pi / self.scanner.wavelength_mm * depth_mm).astype(np.complex64)
        self.coherent += np.exp(-(off**2) / 2) * (amplitude_ratio(level) * phase)

    def expose(
        self, *, gain_db: float, time_gain_db: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Image the tissue: uint8 grey levels of the frame, without the border around it.

        Parameters
        ----------
        gain_db : float
            Added to the gain of the scanner, of echoes and noise alike.
        time_gain_db : ndarray of float, shape (rows, 1)
            What the operator's sliders add at each depth: to the echoes only, a simplification.
        rng : numpy.random.Generator
        """
        scanner = self.scanner
        # A shadow is as sharp as the beam is narrow.
        path_db = _smooth_laterally(self.loss, 0.3 / self.spacing_mm[1])
        path_db = np.cumsum(path_db, axis=0) * np.float32(self.spacing_mm[0])
        sent = amplitude_ratio(time_gain_db) * (
            amplitude_ratio(-path_db) + amplitude_ratio(CLUTTER_DB)
        )
        # The looks see the same scatterers from where their phases differ.
        strength = _strength(self.density, self.spacing_mm, rng) * amplitude_ratio(self.echo)
        noise = amplitude_ratio(scanner.noise_db + 0.4 * self.z)  # of each part of the phasors
        amplitude = np.zeros(self.shape, np.float32)
        for _ in range(scanner.looks):
            echoes = strength * sent * _phasors(self.shape, rng)
            echoes += noise * _phasors(self.shape, rng)
            amplitude += envelope(
                echoes,
                self.coherent * sent,
                spacing_mm=self.spacing_mm,
                skin_row=_PAD,
                scanner=scanner,
            )
        amplitude /= scanner.looks
        return self.crop(
            compress(
                amplitude,
                spacing_mm=self.spacing_mm,
                gain_db=scanner.gain_db + gain_db,
                scanner=scanner,
            )
        )

    def crop(self, array: np.ndarray) -> np.ndarray:
        """Copy of `array` without the border around the frame."""
        return array[_PAD:-_PAD, _PAD:-_PAD].copy()


def scatter(
    density_mm2: np.ndarray, *, spacing_mm: tuple[float, float], rng: np.random.Generator
) -> np.ndarray:
    """Draw the complex field of random scatterers.

    Parameters
    ----------
    density_mm2 : ndarray of float, shape (rows, columns)
        Expected number of scatterers per mm2, above 0.
    spacing_mm : tuple of float
        Row and column spacing. Phases are independent: positions are random on the scale of half
        a wavelength, the carrier's period in an echo.

    Returns
    -------
    ndarray of complex64, shape (rows, columns)
        Mean power 1 in every pixel, whatever the density.
    """
    strength = _strength(density_mm2, spacing_mm, rng)
    return strength * _phasors(strength.shape, rng)


def envelope(
    echoes: np.ndarray,
    coherent: ArrayLike = 0.0,
    *,
    spacing_mm: tuple[float, float],
    skin_row: int = 0,
    scanner: Scanner = SCANNERS["A"],
) -> np.ndarray:
    """Convolve scatterers with the point spread function and detect the envelope.

    Parameters
    ----------
    echoes : ndarray of complex64, shape (rows, columns)
        Random scatterers. Mean power 1 per pixel gives an envelope of mean power 1.
    coherent : ndarray of complex64, shape (rows, columns), or 0
        Reflectors larger than the point spread function, in amplitude after imaging.
    spacing_mm : tuple of float
    skin_row : int
        Row of depth zero; rows before it are padding.
    scanner : Scanner

    Returns
    -------
    ndarray of float32, shape (rows, columns)
        Envelope before the video filter: Rayleigh in homogeneous tissue. The convolution is
        circular, so a border of about 2 mm belongs to the other side.
    """
    rows, columns = echoes.shape
    z_mm = np.abs(np.arange(rows) - skin_row)[:, None] * spacing_mm[0]
    pulse = _low_pass(rows, scanner.pulse_mm / spacing_mm[0])[:, None]
    beam = _low_pass(columns, scanner.beam_mm(z_mm) / spacing_mm[1])
    # Parseval: dividing by the energy of the point spread function keeps the power of speckle.
    energy = np.mean(pulse**2) * np.mean(beam**2, axis=1, keepdims=True)
    field = (echoes / np.sqrt(energy) + coherent).astype(np.complex64)
    field = fft.ifft(fft.fft(field, axis=0) * pulse, axis=0)
    return np.abs(fft.ifft(fft.fft(field, axis=1) * beam, axis=1))


def compress(
    amplitude: np.ndarray,
    *,
    spacing_mm: tuple[float, float],
    gain_db: float,
    scanner: Scanner = SCANNERS["A"],
) -> np.ndarray:
    """Turn an envelope into grey levels of 0-255.

    The video filter that every scanner applies between detection and display fills the nulls of
    the speckle; then the dynamic range fills the 256 levels.

    Parameters
    ----------
    amplitude : ndarray of float, shape (rows, columns)
    spacing_mm : tuple of float
        Row and column spacing.
    gain_db : float
        How far above black an envelope of 1 lies.
    scanner : Scanner
    """
    video = fft.rfft2(amplitude) * _low_pass_2d(amplitude.shape, scanner.video_mm, spacing_mm)
    video = np.maximum(fft.irfft2(video, s=amplitude.shape), np.float32(1e-6))
    grey = (20 * np.log10(video) + gain_db) * np.float32(255 / scanner.dynamic_range_db)
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)


def random_field(
    shape: tuple[int, int],
    sigma_mm: tuple[float, float],
    *,
    spacing_mm: tuple[float, float],
    rng: np.random.Generator,
) -> np.ndarray:
    """Smooth Gaussian field, mean 0 and SD 1.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    sigma_mm : tuple of float
        Standard deviation of the kernel along rows and columns.
    spacing_mm : tuple of float
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float32, shape (rows, columns), periodic at the borders
    """
    noise = fft.rfft2(rng.standard_normal(shape, dtype=np.float32))
    noise *= _low_pass_2d(shape, sigma_mm, spacing_mm)
    noise[0, 0] = 0
    field = fft.irfft2(noise, s=shape)
    return field / field.std()


def amplitude_ratio(decibel: ArrayLike) -> np.ndarray:
    """Amplitude ratio of a level in dB, float32."""
    return np.exp(np.asarray(decibel, dtype=np.float32) * np.float32(np.log(10) / 20))


def _strength(density_mm2, spacing_mm, rng) -> np.ndarray:
    """Amplitude per pixel of a random number of scatterers; mean power 1 with `_phasors`."""
    expected = density_mm2 * np.float32(spacing_mm[0] * spacing_mm[1])
    # The sum of `count` phasors of Gaussian strength is Gaussian with variance `count`.
    return np.sqrt(rng.poisson(expected) / (2 * expected), dtype=np.float32)


def _phasors(shape, rng) -> np.ndarray:
    """Complex Gaussian numbers, variance 1 in each part."""
    return rng.standard_normal((*shape, 2), dtype=np.float32).view(np.complex64)[..., 0]


def _smooth_laterally(values, sigma_px: float) -> np.ndarray:
    """Gaussian low-pass along the columns; circular."""
    columns = values.shape[1]
    low_pass = _low_pass(columns, sigma_px)[: columns // 2 + 1]
    return fft.irfft(fft.rfft(values, axis=1) * low_pass, n=columns, axis=1)


def _low_pass(n: int, sigma_px) -> np.ndarray:
    """Transfer function of a Gaussian of `sigma_px` along an axis of `n` pixels."""
    return np.exp(-2 * (np.pi * sigma_px * fft.fftfreq(n)) ** 2).astype(np.float32)


def _low_pass_2d(shape, sigma_mm, spacing_mm) -> np.ndarray:
    """Transfer function of a separable Gaussian for `rfft2` of an array of `shape`."""
    down = _low_pass(shape[0], sigma_mm[0] / spacing_mm[0])
    across = _low_pass(shape[1], sigma_mm[1] / spacing_mm[1])
    return down[:, None] * across[: shape[1] // 2 + 1]
