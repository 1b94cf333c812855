"""B-mode ultrasound of a map of scatterers.

Scatterers with random phases are convolved with the pulse and with a beam that widens with depth;
the envelope of the sum is low-pass filtered and log-compressed to 8 bit. The linear convolution
model is that of Bamber and Dickinson (1980), Phys. Med. Biol. 25:463-479; the statistics of
speckle follow Wagner et al. (1983), IEEE Trans. Sonics Ultrason. 30:156-163.

The first axis of every array is depth, the second is lateral; spacings are (row, column) in mm.
"""

from __future__ import annotations

import numpy as np
from scipy import fft

WAVELENGTH_MM = 0.154  # 10 MHz at 1540 m/s
PULSE_SIGMA_MM = 0.11  # axial standard deviation of the two-way pulse
F_NUMBER = 3.0  # while the aperture grows with depth
APERTURE_MM = 7.5  # at most; deeper than F_NUMBER x APERTURE_MM the beam widens
VIDEO_SIGMA_MM = (0.07, 0.14)  # low-pass filter after detection, row and column
DYNAMIC_RANGE_DB = 60.0
SCATTERERS_PER_MM2 = 120.0  # well above ten per resolution cell: fully developed speckle
NOISE_DB = -36.0  # electronic noise at the skin; the time gain lifts it by 0.4 dB/mm

_PAD = 24  # pixels simulated around the frame and cut off: the convolution is circular


class Tissue:
    """Maps of backscatter, scatterers, attenuation and reflectors on a grid around one frame.

    Whoever builds a scene writes into the maps; `expose` turns them into an image. Coordinates are
    mm: `z` down from the skin, shape (rows, 1), and `x` to the right from the middle, (1, columns).
    """

    def __init__(self, image_shape, spacing_mm) -> None:
        self.spacing_mm = spacing_mm
        self.shape = (image_shape[0] + 2 * _PAD, image_shape[1] + 2 * _PAD)
        rows, columns = (np.arange(n, dtype=np.float32) for n in self.shape)
        self.z = ((rows - _PAD) * np.float32(spacing_mm[0]))[:, None]
        self.x = ((columns - (self.shape[1] - 1) / 2) * np.float32(spacing_mm[1]))[None, :]
        self.echo = np.zeros(self.shape, np.float32)  # backscatter, dB
        self.loss = np.zeros(self.shape, np.float32)  # dB/mm, both ways, that time gain leaves
        self.density = np.full(self.shape, SCATTERERS_PER_MM2, np.float32)
        self.coherent = np.zeros(self.shape, np.complex64)  # reflectors, amplitude after imaging

    def field(self, sigma_mm, rng) -> np.ndarray:
        """Unit Gaussian field of (row, column) correlation length in mm."""
        return random_field(self.shape, sigma_mm, spacing_mm=self.spacing_mm, rng=rng)

    def curve(self, amplitude: float, length_mm: float, rng) -> np.ndarray:
        """Smooth random function of x with this standard deviation and shortest wavelength."""
        lengths = length_mm * rng.uniform(1, 4, size=(5, 1))
        phase = rng.uniform(0, 2 * np.pi, size=(5, 1))
        waves = np.sin(2 * np.pi * self.x / lengths + phase).sum(axis=0, keepdims=True)
        return (amplitude * waves / np.sqrt(2.5)).astype(np.float32)

    def fill(self, share, echo) -> None:
        """Replace the backscatter by `echo` (dB) where `share` is 1, and in part below 1."""
        self.echo += share * (echo - self.echo)

    def brighten(self, level_db, off) -> None:
        """Raise the backscatter to `level_db` along a Gaussian ridge, `off` SD from its crest."""
        self.echo = np.maximum(self.echo, level_db - 4.34 * off**2)

    def reflect(self, depth_mm, level_db, thickness_mm: float) -> None:
        """Add an interface: rough, so seen throughout, and specular, so brightest where level."""
        depth_mm = np.asarray(depth_mm, dtype=np.float32)
        off = (self.z - depth_mm) / thickness_mm
        slope = np.gradient(depth_mm[0], self.spacing_mm[1]).astype(np.float32)
        level = level_db - 25 * np.minimum(np.abs(slope), 1.5)
        self.brighten(level - 4, off)
        # A tilted mirror changes its phase across the beam and cancels itself.
        phase = np.exp(4j * np.pi / WAVELENGTH_MM * depth_mm).astype(np.complex64)
        self.coherent += np.exp(-(off**2) / 2) * (amplitude_ratio(level) * phase)

    def expose(self, *, gain_db: float, time_gain_db, rng: np.random.Generator) -> np.ndarray:
        """Image the tissue: uint8 grey levels of the frame, without the border around it.

        `time_gain_db`, shape (rows, 1), is what the operator's sliders add at each depth.
        """
        # A shadow is as sharp as the beam is narrow.
        path_db = _smooth_laterally(self.loss, 0.3 / self.spacing_mm[1])
        path_db = np.cumsum(path_db, axis=0) * np.float32(self.spacing_mm[0])
        sent = amplitude_ratio(time_gain_db - path_db)
        echoes = scatter(self.density, spacing_mm=self.spacing_mm, rng=rng)
        echoes *= sent * amplitude_ratio(self.echo)
        echoes += amplitude_ratio(NOISE_DB + 0.4 * self.z) * _phasors(self.shape, rng)
        amplitude = envelope(
            echoes, self.coherent * sent, spacing_mm=self.spacing_mm, skin_row=_PAD
        )
        return self.crop(compress(amplitude, spacing_mm=self.spacing_mm, gain_db=gain_db))

    def crop(self, array) -> np.ndarray:
        """Copy of `array` without the border around the frame."""
        return array[_PAD:-_PAD, _PAD:-_PAD].copy()


def scatter(density_mm2, *, spacing_mm, rng: np.random.Generator) -> np.ndarray:
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
    expected = density_mm2 * np.float32(spacing_mm[0] * spacing_mm[1])
    count = rng.poisson(expected)
    # The sum of `count` phasors of Gaussian strength is Gaussian with variance `count`.
    strength = np.sqrt(count / (2 * expected), dtype=np.float32)
    return strength * _phasors(count.shape, rng)


def envelope(echoes, coherent=0.0, *, spacing_mm, skin_row: int = 0) -> np.ndarray:
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

    Returns
    -------
    ndarray of float32, shape (rows, columns)
        Envelope before the video filter: Rayleigh in homogeneous tissue. The convolution is
        circular, so a border of about 2 mm belongs to the other side.
    """
    rows, columns = echoes.shape
    z_mm = np.abs(np.arange(rows) - skin_row)[:, None] * spacing_mm[0]
    pulse = _low_pass(rows, PULSE_SIGMA_MM / spacing_mm[0])[:, None]
    beam = _low_pass(columns, beam_sigma_mm(z_mm) / spacing_mm[1])
    # Parseval: dividing by the energy of the point spread function keeps the power of speckle.
    energy = np.mean(pulse**2) * np.mean(beam**2, axis=1, keepdims=True)
    field = (echoes / np.sqrt(energy) + coherent).astype(np.complex64)
    field = fft.ifft(fft.fft(field, axis=0) * pulse, axis=0)
    return np.abs(fft.ifft(fft.fft(field, axis=1) * beam, axis=1))


def beam_sigma_mm(z_mm):
    """Lateral standard deviation of the beam at depth `z_mm`: constant, then diffraction."""
    full_width = WAVELENGTH_MM * np.hypot(F_NUMBER, z_mm / APERTURE_MM)
    return full_width / 2.355


def compress(amplitude, *, spacing_mm, gain_db: float) -> np.ndarray:
    """Turn an envelope into grey levels of 0-255.

    The video filter that every scanner applies between detection and display fills the nulls of
    the speckle; then 60 dB fill the 256 levels, an envelope of 1 lying `gain_db` above black.
    """
    video = fft.rfft2(amplitude) * _low_pass_2d(amplitude.shape, VIDEO_SIGMA_MM, spacing_mm)
    video = np.maximum(fft.irfft2(video, s=amplitude.shape), np.float32(1e-6))
    grey = (20 * np.log10(video) + gain_db) * np.float32(255 / DYNAMIC_RANGE_DB)
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)


def random_field(shape, sigma_mm, *, spacing_mm, rng: np.random.Generator) -> np.ndarray:
    """Smooth Gaussian field, mean 0 and SD 1, with a kernel of `sigma_mm` (row, column).

    Returns
    -------
    ndarray of float32, shape (rows, columns), periodic at the borders
    """
    noise = fft.rfft2(rng.standard_normal(shape, dtype=np.float32))
    noise *= _low_pass_2d(shape, sigma_mm, spacing_mm)
    noise[0, 0] = 0
    field = fft.irfft2(noise, s=shape)
    return field / field.std()


def amplitude_ratio(decibel):
    """Amplitude ratio of a level in dB, float32."""
    return np.exp(np.asarray(decibel, dtype=np.float32) * np.float32(np.log(10) / 20))


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
