"""The physics of a frame: speckle statistics, resolution, shadow, compression."""

import numpy as np
import pytest

from thyro import bmode

SPACING = (0.08, 0.08)


@pytest.fixture(scope="module")
def homogeneous():
    """Envelope of tissue with many scatterers per resolution cell, before compression."""
    density = np.full((512, 512), bmode.SCATTERERS_PER_MM2, np.float32)
    echoes = bmode.scatter(density, spacing_mm=SPACING, rng=np.random.default_rng(1))
    return bmode.envelope(echoes, spacing_mm=SPACING)


def lateral_width(amplitude):
    """Lag, in pixels, at which the lateral autocorrelation of the intensity is one half."""
    power = amplitude**2 - np.mean(amplitude**2)
    lags = np.arange(20)
    correlation = [np.mean(power[:, : -lag or None] * power[:, lag:]) for lag in lags]
    return np.interp(0.5, (correlation / correlation[0])[::-1], lags[::-1])


def test_speckle_of_homogeneous_tissue_is_rayleigh(homogeneous):
    # Wagner et al. 1983: mean / SD of a Rayleigh envelope is sqrt(pi / (4 - pi)) = 1.913.
    assert homogeneous.mean() / homogeneous.std() == pytest.approx(1.913, abs=0.1)
    assert np.mean(homogeneous**2) == pytest.approx(1, abs=0.06)


def test_speckle_widens_with_depth(homogeneous):
    shallow, deep = lateral_width(homogeneous[40:140]), lateral_width(homogeneous[-140:-40])
    # Squared envelope of a Gaussian beam: the autocorrelation halves at sigma * sqrt(2 ln 2).
    for width, row in ((shallow, 90), (deep, 422)):
        expected = bmode.beam_sigma_mm(row * SPACING[0]) / SPACING[1] * np.sqrt(2 * np.log(2))
        assert width == pytest.approx(expected, rel=0.15)
    assert deep > 1.2 * shallow


def test_speckle_keeps_its_power_on_a_coarse_grid():
    density = np.full((400, 400), bmode.SCATTERERS_PER_MM2, np.float32)
    echoes = bmode.scatter(density, spacing_mm=(0.3, 0.3), rng=np.random.default_rng(2))
    amplitude = bmode.envelope(echoes, spacing_mm=(0.3, 0.3))
    assert np.mean(amplitude**2) == pytest.approx(1, abs=0.05)


def test_few_scatterers_leave_rayleigh_statistics_but_not_the_power():
    density = np.full((512, 512), 4, np.float32)
    echoes = bmode.scatter(density, spacing_mm=SPACING, rng=np.random.default_rng(3))
    amplitude = bmode.envelope(echoes, spacing_mm=SPACING)
    assert np.mean(np.abs(echoes) ** 2) == pytest.approx(1, abs=0.05)
    assert amplitude.mean() / amplitude.std() < 1.6


def test_a_point_becomes_the_point_spread_function():
    echoes = np.zeros((200, 200), np.complex64)
    echoes[100, 100] = 1
    amplitude = bmode.envelope(echoes, spacing_mm=SPACING)
    assert np.unravel_index(amplitude.argmax(), amplitude.shape) == (100, 100)
    assert np.sum(amplitude**2) == pytest.approx(1, rel=1e-3)
    profile = amplitude[:, 100] / amplitude.max()
    step = int(bmode.PULSE_SIGMA_MM / SPACING[0])
    expected = np.exp(-0.5 * (step * SPACING[0] / bmode.PULSE_SIGMA_MM) ** 2)
    assert profile[100 + step] == pytest.approx(expected, abs=0.01)


def test_compression_maps_decibels_to_grey_levels():
    def grey(amplitude):
        flat = np.full((64, 64), amplitude, np.float32)
        return int(bmode.compress(flat, spacing_mm=SPACING, gain_db=24)[32, 32])

    assert grey(1) == 102  # 24 of 60 dB
    assert grey(10) == 187  # 20 dB more
    assert (grey(0), grey(1e4)) == (0, 255)


def test_what_attenuates_casts_a_shadow_and_what_does_not_enhances():
    tissue = bmode.Tissue((160, 200), (0.2, 0.2))
    block = (np.abs(tissue.z - 8) < 1) & (np.abs(tissue.x + 8) < 3)
    cyst = (np.abs(tissue.z - 8) < 1) & (np.abs(tissue.x - 8) < 3)
    tissue.loss += 8 * block - 3 * cyst
    image = tissue.expose(gain_db=25, time_gain_db=0, rng=np.random.default_rng(4))
    assert image.dtype == np.uint8 and image.shape == (160, 200)
    behind = image[60:100].mean(axis=0)
    assert behind[50:70].mean() < behind[90:110].mean() - 40
    assert behind[130:150].mean() > behind[90:110].mean() + 15


def test_an_interface_is_brightest_where_it_is_level():
    tissue = bmode.Tissue((160, 200), (0.2, 0.2))
    tissue.echo -= 40
    tissue.reflect(12 + 0.6 * np.maximum(tissue.x, 0), 15.0, 0.2)
    image = tissue.expose(gain_db=25, time_gain_db=0, rng=np.random.default_rng(5))
    level = image[:, 20:80].max(axis=0).mean()
    tilted = image[:, 120:180].max(axis=0).mean()
    assert level > tilted + 30


def test_random_field_has_unit_variance_and_the_asked_correlation_length():
    field = bmode.random_field(
        (256, 256), (0.4, 1.2), spacing_mm=(0.2, 0.2), rng=np.random.default_rng(6)
    )
    assert field.mean() == pytest.approx(0, abs=1e-4)
    assert field.std() == pytest.approx(1, rel=1e-4)
    # Autocorrelation of noise smoothed with a Gaussian of SD s: exp(-lag^2 / (4 s^2)).
    down = np.mean(field[:-4] * field[4:])
    across = np.mean(field[:, :-12] * field[:, 12:])
    assert [down, across] == pytest.approx([np.exp(-1), np.exp(-1)], abs=0.08)
