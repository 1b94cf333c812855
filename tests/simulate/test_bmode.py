"""The physics of a frame: speckle statistics, resolution, shadow, compression."""

from dataclasses import replace

import numpy as np
import pytest

from thyro.simulate import bmode

SPACING = (0.08, 0.08)


A, B = bmode.SCANNERS["A"], bmode.SCANNERS["B"]


def envelope_of_tissue(scanner):
    """Envelope of tissue with many scatterers per resolution cell, before compression."""
    # The resolution cell of F is a fourth: as many scatterers there need four times as many.
    many = bmode.SCATTERERS_PER_MM2 * (0.11 / scanner.pulse_mm) ** 2
    density = np.full((512, 512), max(many, bmode.SCATTERERS_PER_MM2), np.float32)
    echoes = bmode.scatter(density, spacing_mm=SPACING, rng=np.random.default_rng(1))
    return bmode.envelope(echoes, spacing_mm=SPACING, scanner=scanner)


@pytest.fixture(scope="module")
def homogeneous():
    return envelope_of_tissue(A)


def lateral_width(amplitude):
    """Lag, in pixels, at which the lateral autocorrelation of the intensity is one half."""
    power = amplitude**2 - np.mean(amplitude**2)
    lags = np.arange(20)
    correlation = [np.mean(power[:, : -lag or None] * power[:, lag:]) for lag in lags]
    return np.interp(0.5, (correlation / correlation[0])[::-1], lags[::-1])


@pytest.mark.parametrize("scanner", bmode.SCANNERS.values(), ids=list(bmode.SCANNERS))
def test_speckle_of_homogeneous_tissue_is_rayleigh(scanner):
    # Wagner et al. 1983: mean / SD of a Rayleigh envelope is sqrt(pi / (4 - pi)) = 1.913.
    amplitude = envelope_of_tissue(scanner)
    assert amplitude.mean() / amplitude.std() == pytest.approx(1.913, abs=0.1)
    assert np.mean(amplitude**2) == pytest.approx(1, abs=0.06)


def plain_image(scanner, rng):
    """A frame of tissue without structure."""
    tissue = bmode.Tissue((200, 200), SPACING, scanner)
    return tissue.expose(gain_db=0, time_gain_db=0, rng=rng).astype(float)


def test_second_scanner_has_coarser_and_harder_speckle(homogeneous):
    assert lateral_width(envelope_of_tissue(B)) > 1.1 * lateral_width(homogeneous)
    first, second = (plain_image(scanner, np.random.default_rng(7)) for scanner in (A, B))
    assert second.std() > 1.15 * first.std()
    assert 5 < second.mean() - first.mean() < 25


def test_the_finer_scanner_halves_every_length_of_the_first():
    F = bmode.SCANNERS["F"]
    assert F.pulse_mm == A.pulse_mm / 2
    assert F.beam_mm(np.array([0.0, 30.0])) == pytest.approx(A.beam_mm(np.array([0.0, 30.0])) / 2)
    assert F.video_mm == pytest.approx([sigma / 2 for sigma in A.video_mm])
    assert F.looks == A.looks  # or it would not see the same scatterers


def test_compounding_averages_looks_of_independent_speckle():
    one, two = (plain_image(replace(A, looks=looks), np.random.default_rng(8)) for looks in (1, 2))
    # Grey is a logarithm: averaging two independent envelopes narrows it by about a third.
    assert 0.55 < two.std() / one.std() < 0.8
    assert two.mean() == pytest.approx(one.mean(), abs=6)


def test_defocus_widens_the_point_spread_function_and_keeps_the_level():
    blurred = A.defocused(2.5)
    assert blurred.beam_mm(0.0) == pytest.approx(2.5 * A.beam_mm(0.0))
    assert blurred.beam_mm(40.0) == pytest.approx(2.5 * A.beam_mm(40.0))
    assert A.defocused(1.0) == A
    sharp, dull = (plain_image(s, np.random.default_rng(9)) for s in (A, blurred))
    assert np.abs(np.diff(dull, axis=1)).mean() < 0.6 * np.abs(np.diff(sharp, axis=1)).mean()
    assert dull.mean() == pytest.approx(sharp.mean(), abs=6)


def test_speckle_widens_with_depth(homogeneous):
    shallow, deep = lateral_width(homogeneous[40:140]), lateral_width(homogeneous[-140:-40])
    # Squared envelope of a Gaussian beam: the autocorrelation halves at sigma * sqrt(2 ln 2).
    for width, row in ((shallow, 90), (deep, 422)):
        expected = A.beam_mm(row * SPACING[0]) / SPACING[1] * np.sqrt(2 * np.log(2))
        assert width == pytest.approx(expected, rel=0.15)
    assert deep > 1.2 * shallow


def test_speckle_keeps_its_power_on_a_coarse_grid():
    density = np.full((400, 400), bmode.SCATTERERS_PER_MM2, np.float32)
    echoes = bmode.scatter(density, spacing_mm=(0.3, 0.3), rng=np.random.default_rng(2))
    amplitude = bmode.envelope(echoes, spacing_mm=(0.3, 0.3))
    assert np.mean(amplitude**2) == pytest.approx(1, abs=0.05)


def test_in_the_cells_of_the_finer_scanner_speckle_is_not_fully_developed():
    density = np.full((512, 512), bmode.SCATTERERS_PER_MM2, np.float32)
    echoes = bmode.scatter(density, spacing_mm=SPACING, rng=np.random.default_rng(1))
    fine = bmode.envelope(echoes, spacing_mm=SPACING, scanner=bmode.SCANNERS["F"])
    assert 1.5 < fine.mean() / fine.std() < 1.85


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
    step = int(A.pulse_mm / SPACING[0])
    expected = np.exp(-0.5 * (step * SPACING[0] / A.pulse_mm) ** 2)
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
    image = tissue.expose(gain_db=0, time_gain_db=0, rng=np.random.default_rng(4))
    assert image.dtype == np.uint8 and image.shape == (160, 200)
    behind = image[60:100].mean(axis=0)
    assert behind[50:70].mean() < behind[90:110].mean() - 40
    assert behind[130:150].mean() > behind[90:110].mean() + 15


def test_an_interface_is_brightest_where_it_is_level():
    tissue = bmode.Tissue((160, 200), (0.2, 0.2))
    tissue.echo -= 40
    tissue.reflect(12 + 0.6 * np.maximum(tissue.x, 0), 15.0, 0.2)
    image = tissue.expose(gain_db=0, time_gain_db=0, rng=np.random.default_rng(5))
    level = image[:, 20:80].max(axis=0).mean()
    tilted = image[:, 120:180].max(axis=0).mean()
    assert level > tilted + 30


def test_clutter_keeps_a_deep_shadow_from_going_black():
    tissue = bmode.Tissue((160, 200), (0.2, 0.2), replace(A, noise_db=-90.0))
    tissue.loss += 20 * (np.abs(tissue.z - 8) < 1) * np.ones_like(tissue.x)
    image = tissue.expose(gain_db=0, time_gain_db=0, rng=np.random.default_rng(6))
    # Tissue lies 25 dB above black and clutter 21 dB below tissue: 4 of 60 dB.
    assert image[70:].mean() == pytest.approx(4 * 255 / 60, abs=8)


def test_noise_lies_3_db_above_its_level_and_rises_with_depth():
    def level_db(noise_db, echo_db, **kwargs):
        tissue = bmode.Tissue((300, 400), (0.1, 0.1), replace(A, noise_db=noise_db, looks=1))
        tissue.echo += echo_db
        settings = {"gain_db": 0, "time_gain_db": 0} | kwargs
        image = tissue.expose(**settings, rng=np.random.default_rng(7))
        return image.mean(axis=1) * 60 / 255, tissue.crop(tissue.z * np.ones_like(tissue.x))[:, 0]

    echoes, depth = level_db(-200, 0)
    noise, _ = level_db(-13, -200)
    slope, at_skin = np.polyfit(depth, noise - echoes, 1)
    # Clutter adds 0.74 dB to the echoes of this tissue.
    clutter = 20 * np.log10(1 + 10 ** (bmode.CLUTTER_DB / 20))
    assert at_skin == pytest.approx(-13 + 20 * np.log10(np.sqrt(2)) - clutter, abs=0.5)
    assert slope == pytest.approx(0.4, abs=0.02)
    # The operator's sliders lift the echoes only, the gain both.
    assert np.mean(level_db(-200, 0, time_gain_db=5)[0] - echoes) == pytest.approx(5, abs=0.1)
    assert np.array_equal(level_db(-13, -200, time_gain_db=5)[0], noise)
    assert np.mean(level_db(-13, -200, gain_db=5)[0] - noise) == pytest.approx(5, abs=0.1)


def test_a_box_holds_what_lies_within_it():
    tissue = bmode.Tissue((160, 200), (0.2, 0.2))
    rows, columns = tissue.box((3.0, 10.0), (2.03, 1.03))
    assert tissue.x[0, columns] == pytest.approx(tissue.x[0][np.abs(tissue.x[0] - 3) <= 2.03])
    assert tissue.z[rows, 0] == pytest.approx(tissue.z[:, 0][np.abs(tissue.z[:, 0] - 10) <= 1.03])


def test_smoothing_a_map_takes_the_power_of_a_gaussian_from_it():
    tissue = bmode.Tissue((200, 200), (0.1, 0.1))
    field = tissue.field((0.07, 0.07), np.random.default_rng(8))
    smooth = tissue.smooth(field, 0.25)
    assert smooth.mean() == pytest.approx(field.mean(), abs=1e-4)
    # Gaussians of 0.07 and 0.25 mm in a row are one of 0.26 mm, whose variance falls as its square.
    assert smooth.std() == pytest.approx(0.07 / np.hypot(0.07, 0.25), rel=0.2)


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
