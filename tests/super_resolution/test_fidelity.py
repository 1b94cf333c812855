"""Fidelity: numbers that can be worked out by hand, and the properties that define them."""

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage, stats

from thyro.super_resolution import fidelity

RNG = np.random.default_rng(11)


def ssim_by_definition(x, y):
    """Wang et al. (2004), equation 13 in every window of 11 x 11 pixels, without any filter."""
    offset = np.arange(-5, 6)
    weight = np.exp(-np.add.outer(offset**2, offset**2) / (2 * 1.5**2))
    weight /= weight.sum()
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = []
    for i in range(x.shape[0] - 10):
        for j in range(x.shape[1] - 10):
            a, b = x[i : i + 11, j : j + 11], y[i : i + 11, j : j + 11]
            ma, mb = np.sum(weight * a), np.sum(weight * b)
            va, vb = np.sum(weight * (a - ma) ** 2), np.sum(weight * (b - mb) ** 2)
            cov = np.sum(weight * (a - ma) * (b - mb))
            likeness = (2 * ma * mb + c1) * (2 * cov + c2)
            values.append(likeness / ((ma**2 + mb**2 + c1) * (va + vb + c2)))
    return np.mean(values)


def test_identical_frames():
    frame = RNG.uniform(0, 255, (40, 40))
    assert fidelity.psnr_ssim(frame, frame) == {"psnr": np.inf, "ssim": pytest.approx(1)}


def test_psnr_by_hand():
    # A constant error of 25.5 is a tenth of the peak: 20 dB.
    frame = np.full((40, 40), 100.0)
    assert fidelity.psnr_ssim(frame, frame + 25.5)["psnr"] == pytest.approx(20)


def test_ssim_is_that_of_the_paper():
    frame = RNG.uniform(0, 255, (24, 31))
    other = np.clip(0.7 * frame + RNG.normal(20, 15, frame.shape), 0, 255)
    measured = fidelity.psnr_ssim(frame, other)["ssim"]
    assert measured == pytest.approx(ssim_by_definition(frame, other), abs=1e-12)


def test_frames_of_bytes_do_not_wrap_round():
    dark, bright = np.full((20, 20), 1, np.uint8), np.full((20, 20), 3, np.uint8)
    assert fidelity.psnr_ssim(dark, bright) == fidelity.psnr_ssim(bright, dark)
    assert fidelity.psnr_ssim(dark, bright)["psnr"] == pytest.approx(20 * np.log10(255 / 2))


@pytest.mark.parametrize(
    ("first", "second"), [((20, 20), (20, 21)), ((10, 20), (10, 20)), ((20, 20, 3), (20, 20, 3))]
)
def test_frames_that_cannot_be_compared_are_refused(first, second):
    with pytest.raises(ValueError, match="two frames of one shape, at least 11 x 11"):
        fidelity.psnr_ssim(np.ones(first), np.ones(second))


def table(psnr, split="test", ssim=0.01):
    """Long table of {method: PSNR per patient}; SSIM and sharpness are proportional to PSNR."""
    rows = [
        (f"p{k}", split, method, value, ssim * value, value / 50)
        for method, values in psnr.items()
        for k, value in enumerate(values)
    ]
    columns = ["patient_id", "split", "method", "psnr", "ssim", "sharpness"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.set_index("patient_id")


def one(gains, method, measure, split="test"):
    chosen = gains["method"].eq(method) & gains["measure"].eq(measure) & gains["split"].eq(split)
    return gains[chosen].squeeze()


def test_the_gain_over_bicubic_is_paired():
    # Four differences by hand: mean 0.5, SD 0.336650, t(3, 0.975) = 3.182446. The two methods
    # vary together from 20 to 50 dB, which an unpaired interval would show.
    bicubic = np.array([20.0, 30, 40, 50])
    gains = fidelity.fidelity_gains(
        table({"sr": bicubic + [0.1, 0.4, 0.6, 0.9], "bicubic": bicubic})
    )
    half = 3.182446 * 0.336650 / 2
    row = one(gains, "sr", "psnr")
    assert row["n"] == 4
    assert list(row["gain":"gain_high"]) == pytest.approx([0.5, 0.5 - half, 0.5 + half], abs=1e-5)
    mean = np.mean(bicubic) + 0.5
    low, high = stats.t.interval(0.95, 3, mean, stats.sem(bicubic + [0.1, 0.4, 0.6, 0.9]))
    assert list(row["mean":"ci_high"]) == pytest.approx([mean, low, high])
    assert one(gains, "sr", "ssim")["gain"] == pytest.approx(0.005)


def test_gains_come_in_the_order_of_the_report_and_bicubic_gains_nothing():
    methods = {
        "bicubic": [20.0, 21],
        "lanczos": [20.1, 21.2],
        "sr": [21.0, 23],
        "pixel": [22.0, 23],
    }
    both = pd.concat([table(methods, "external"), table(methods, "test")])
    gains = fidelity.fidelity_gains(both.sample(frac=1, random_state=0))
    assert list(gains["split"].unique()) == ["test", "external"]
    assert list(gains["method"].unique()) == ["sr", "pixel", "lanczos", "bicubic"]
    assert list(gains["measure"][:3]) == ["psnr", "ssim", "sharpness"] and len(gains) == 24
    bicubic = gains[gains["method"].eq("bicubic")]
    assert bicubic[["gain", "gain_low", "gain_high"]].isna().all(axis=None)
    assert gains[gains["method"].ne("bicubic")].notna().all(axis=None)


def test_the_margin_over_every_method_is_paired():
    methods = {
        "sr": [21.0, 33.0, 26.0],
        "least_squares": [20.5, 32.1, 25.7],
        "bicubic": [20.0, 30.0, 24.0],
    }
    both = pd.concat([table(methods), table(methods, "external")])
    margins = fidelity.generator_margins(both)
    assert list(margins["over"].unique()) == ["least_squares", "bicubic"] and len(margins) == 12
    row = margins[margins["over"].eq("least_squares") & margins["measure"].eq("psnr")].iloc[0]
    # Differences 0.5, 0.9, 0.3: mean 0.566667, SD 0.305505, t(2, 0.975) = 4.302653.
    half = 4.302653 * 0.305505 / np.sqrt(3)
    expected = [0.566667, 0.566667 - half, 0.566667 + half]
    assert list(row["gain":"gain_high"]) == pytest.approx(expected, abs=1e-5)
    gains = fidelity.fidelity_gains(both)
    last = margins[margins["over"].eq("bicubic")].reset_index(drop=True)
    of_sr = gains[gains["method"].eq("sr")].reset_index(drop=True)
    pd.testing.assert_frame_equal(last[["gain", "gain_low"]], of_sr[["gain", "gain_low"]])
    with pytest.raises(ValueError, match="over: expected one of sr, pixel, least_squares"):
        fidelity.fidelity_gains(both, over="nearest")


def test_level_is_the_coverage():
    pairs = table({"sr": [21.0, 23, 22], "bicubic": [20.0, 21, 20]})
    wide, narrow = (one(fidelity.fidelity_gains(pairs, level=x), "sr", "psnr") for x in (0.99, 0.5))
    assert wide["gain_low"] < narrow["gain_low"] < narrow["gain_high"] < wide["gain_high"]
    with pytest.raises(ValueError, match="coverage between 0 and 1"):
        fidelity.fidelity_gains(pairs, level=95)


def test_one_patient_has_a_mean_and_no_interval():
    row = one(fidelity.fidelity_gains(table({"sr": [21.0], "bicubic": [20.0]})), "sr", "psnr")
    assert (row["n"], row["mean"], row["gain"]) == (1, 21, 1)
    assert row[["ci_low", "ci_high", "gain_low", "gain_high"]].isna().all()


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (table({"sr": [20.0, 21], "bicubic": [19.0]}), "p1 has none of bicubic"),
        (table({"sr": [20.0, 21]}), "p0 has none of bicubic"),
        (table({"sr": [20.0], "bicubic": [19.0, 20]}), "p1 has none of sr"),
        (table({"bicubic": [19.0]}, "train"), "fidelity: split: expected one of test, external"),
        (table({"bicubic": [19.0], "SR": [20.0]}), "fidelity: method: expected one of sr, pixel"),
        (table({"bicubic": [np.inf, 19.0]}), r"infinite one for p0 \(bicubic\)"),
        (table({"bicubic": [np.nan, 19.0]}), "1 values of 'psnr' are missing"),
        (table({"bicubic": [19.0]}).rename_axis(None), "patient_id"),
        (pd.concat([table({"bicubic": [19.0]})] * 2), r"p0 \(test\) has more than one row"),
    ],
)
def test_a_table_that_does_not_pair_is_refused(pairs, message):
    with pytest.raises(ValueError, match=message):
        fidelity.fidelity_gains(pairs)


@pytest.mark.parametrize("shape", [(256, 256), (120, 300), (301, 77)])
def test_white_noise_is_flat_at_its_variance(shape):
    rng = np.random.default_rng(5)  # of its own: what it draws does not hang on other tests
    spectra = [fidelity.power_spectrum(10 * rng.standard_normal(shape)) for _ in range(160)]
    # Power averaged before the logarithm, whose mean would lie below where a ring has few values.
    level = 10 * np.log10(np.mean([10 ** (s / 10) for s in spectra], axis=0))
    # The windowed mean, taken out, leaks into the slowest ring and takes about 1 dB from it.
    assert level[0] == pytest.approx(19, abs=0.6)
    assert level[1:] == pytest.approx(20, abs=0.8)
    assert level.mean() == pytest.approx(20, abs=0.1)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_wave_stands_at_its_frequency_along_either_axis(axis):
    rows, columns = np.indices((96, 200))
    wave = 127 + 50 * np.cos(2 * np.pi * 0.2 * (rows, columns)[axis])
    spectrum = fidelity.power_spectrum(wave, bins=40)
    assert spectrum.idxmax() == pytest.approx(0.2, abs=0.5 / 40)
    assert spectrum.index.name == "frequency" and spectrum.name == "power"
    assert spectrum.index.to_numpy() == pytest.approx((np.arange(40) + 0.5) / 80)


@pytest.mark.parametrize("shape", [(16, 16), (16, 90), (131, 17), (82, 16), (128, 131)])
def test_no_ring_is_empty(shape):
    spectrum = fidelity.power_spectrum(RNG.uniform(0, 255, shape))
    assert len(spectrum) == min(64, max(shape) // 2)
    assert np.isfinite(spectrum).all()


def test_a_shift_of_grey_changes_no_spectrum_and_twice_the_contrast_is_6_db():
    image = ndimage.gaussian_filter(RNG.uniform(0, 100, (80, 90)), 1)
    spectrum = fidelity.power_spectrum(image)
    pd.testing.assert_series_equal(fidelity.power_spectrum(image + 100), spectrum)
    pd.testing.assert_series_equal(fidelity.power_spectrum(2 * image), spectrum + 20 * np.log10(2))


def test_detail_is_the_mean_spectrum_and_the_sharpness_of_every_patient():
    frames = [RNG.uniform(0, 255, (40, 60)) for _ in range(2)]
    masks = [half_plane(20), half_plane(10)]
    masks = [np.pad(mask, ((0, 10), (0, 20))) for mask in masks]
    part = slice(4, 36), slice(0, 60)
    cases = (
        (f"P{i}", {"or": frame, "lr": 0.5 * frame}, mask, part)
        for i, (frame, mask) in enumerate(zip(frames, masks, strict=True))
    )
    spectrum, sharpness = fidelity.spectra_and_sharpness(cases, bins=30)
    expected = sum(fidelity.power_spectrum(frame[part], bins=30) for frame in frames) / 2
    curves = spectrum.pivot(index="frequency", columns="image_set", values="power")
    np.testing.assert_allclose(curves["or"], expected)
    np.testing.assert_allclose(curves["lr"], expected + 20 * np.log10(0.5))
    assert sharpness["patient_id"].tolist() == ["P0", "P0", "P1", "P1"]
    assert sharpness["image_set"].tolist() == ["or", "lr", "or", "lr"]
    assert sharpness["edge_sharpness"][2] == fidelity.edge_sharpness(frames[1], masks[1])


def test_frames_of_two_sizes_share_the_fewest_rings():
    cases = [
        (str(side), {"or": RNG.uniform(0, 255, (side, side))}, np.eye(side) > 0, (slice(None),) * 2)
        for side in (40, 64)
    ]
    spectrum, _ = fidelity.spectra_and_sharpness(cases)
    assert len(spectrum) == 20
    # White noise reads its variance whatever the size; rings of few pixels scatter.
    assert spectrum["power"].iloc[5:].mean() == pytest.approx(10 * np.log10(255**2 / 12), abs=1)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.full((40, 40), 7.0), "more than one grey value"),
        (np.pad([[9.0]], (0, 40)), "more than one grey value"),  # only where the window is zero
        (np.full((40, 40), np.nan), "finite grey values"),
        (np.eye(15), "at least 16 x 16"),
        (np.ones((20, 20, 3)), "two-dimensional|shape"),
    ],
)
def test_images_without_a_spectrum_are_refused(image, message):
    with pytest.raises(ValueError, match=message):
        fidelity.power_spectrum(image)


def test_no_cases_have_no_detail():
    with pytest.raises(ValueError, match="at least one"):
        fidelity.spectra_and_sharpness([])


def half_plane(columns=20):
    """A straight outline between the columns 19 and 20 of 40."""
    mask = np.zeros((30, 40), dtype=bool)
    mask[:, :columns] = True
    return mask


def test_a_ramp_has_its_slope():
    ramp = np.tile(3.0 * np.arange(40), (30, 1))
    # 1 %: the derivative of a Gaussian is cut off at four SD.
    assert fidelity.edge_sharpness(ramp, half_plane()) == pytest.approx(3, rel=0.01)


def test_a_step_by_hand():
    # Gradient of a step of 100 blurred by SD 1, at the four columns 0.5 and 1.5 px away; sampled
    # Gaussians sum to one only nearly, and the step lies between two pixels.
    step = np.where(half_plane(), 100.0, 0.0)
    expected = 100 * np.mean(stats.norm.pdf([0.5, 1.5, 0.5, 1.5]))
    assert fidelity.edge_sharpness(step, half_plane()) == pytest.approx(expected, rel=0.01)


def test_a_blurred_edge_is_less_sharp_and_what_is_far_away_does_not_count():
    rows, columns = np.indices((60, 60))
    mask = np.hypot(rows - 30, columns - 30) < 15
    image = np.where(mask, 60.0, 140.0)
    sharp = fidelity.edge_sharpness(image, mask)
    assert fidelity.edge_sharpness(ndimage.gaussian_filter(image, 2), mask) < 0.8 * sharp
    image[27:34, 27:34] = 255
    image[:5] = 0
    assert fidelity.edge_sharpness(image, mask) == sharp


def test_the_border_of_the_image_is_no_outline():
    # A nodule in the corner: the ring follows its two inner sides only.
    mask = np.zeros((30, 40), dtype=bool)
    mask[:12, :15] = True
    image = np.where(mask, 100.0, 0.0)
    image[:5, :5] = 255  # bright structure at the border, far from the outline
    without = np.where(mask, 100.0, 0.0)
    assert fidelity.edge_sharpness(image, mask) == fidelity.edge_sharpness(without, mask) > 0


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.zeros((30, 40)), "is empty"),
        (np.ones((30, 40)), "covers the whole image"),
        (np.ones((30, 41)), r"shape of the image, \(30, 40\)"),
    ],
)
def test_masks_without_an_outline_are_refused(mask, message):
    with pytest.raises(ValueError, match=message):
        fidelity.edge_sharpness(np.ones((30, 40)), mask)


@pytest.mark.parametrize("corner", [(30, 40), (0, 0), (57, 84), (3, 50)])
def test_what_lies_far_from_the_outline_changes_no_sharpness(corner):
    """All of the frame gives the same number, to the last digit."""
    image = RNG.uniform(0, 255, (80, 110))
    row, column = corner
    mask = np.zeros(image.shape, bool)
    mask[row : row + 23, column : column + 26] = True
    away = ndimage.distance_transform_edt(mask) + ndimage.distance_transform_edt(~mask)
    gradient = ndimage.gaussian_gradient_magnitude(image, sigma=1.0, mode="nearest")
    assert fidelity.edge_sharpness(image, mask) == gradient[away <= 2].mean()
