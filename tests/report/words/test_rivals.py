"""Words on the rivals: verdicts follow from intervals and from nothing else."""

import pandas as pd
import pytest

from thyro.report.words import rivals

DISCRIMINATOR = {"auc": 0.52, "ci_low": 0.44, "ci_high": 0.6, "accuracy": 0.55, "n": 18}
SHARE = {"share": 0.84, "ci_low": 0.82, "ci_high": 0.86, "rms": 4.43, "n": 18, "side_px": 15}
OTHERS = ("pixel", "least_squares", "matched", "lanczos", "bicubic")


def margins(psnr=None, ssim=None):
    """`fidelity.generator_margins`, with the limits of some methods in the test cohort as given."""
    rows = []
    for over in OTHERS:
        for measure, given, usual in (("psnr", psnr, (0.2, 0.9)), ("ssim", ssim, (0.01, 0.03))):
            low, high = (given or {}).get(over, usual)
            row = {"over": over, "measure": measure, "n": 18, "gain": (low + high) / 2}
            rows.append(row | {"split": "test", "gain_low": low, "gain_high": high})
            # elsewhere all is well, and nobody asks
            rows.append(row | {"split": "external", "gain_low": 1.0, "gain_high": 2.0})
    return pd.DataFrame(rows)


def in_test(**limits):
    frame = margins(**limits)
    return frame[frame["split"].eq("test")].set_index(["over", "measure"])


def restored(margin=(0.06, 0.01, 0.12)):
    """`low_resolution.agreement_medians`, with the margin of the generator as given."""
    methods = ["bicubic", "sr", "pixel", "least_squares", "matched"]
    frame = pd.DataFrame({"method": methods, "n_patients": 18, "n_features": 1183})
    frame = frame.assign(icc=[0.41, 0.72, 0.71, 0.66, 0.7], good=0.5)
    frame = frame.assign(ci_low=frame["icc"] - 0.1, ci_high=frame["icc"] + 0.1)
    columns = ["margin", "margin_low", "margin_high"]
    frame[columns] = 0.0
    frame.loc[1, columns] = margin
    return frame


@pytest.mark.parametrize("method", ["bicubic", "least_squares"])
@pytest.mark.parametrize(
    ("psnr", "ssim", "verdict", "missed"),
    [
        ((0.2, 0.9), (0.01, 0.03), "exceeded NAME on both measures.", None),
        ((0.2, 0.9), (-0.01, 0.03), "exceeded NAME in PSNR only.", "SSIM"),
        ((-0.1, 0.9), (0.01, 0.03), "exceeded NAME in SSIM only.", "PSNR"),
        (
            (0.2, 0.9),
            (-0.03, -0.01),
            "exceeded NAME in PSNR only. It fell below it in SSIM.",
            "SSIM",
        ),
        (
            (0, 0.9),
            (-0.01, 0.03),
            "did not exceed NAME: its images are not better.",
            "PSNR or SSIM",
        ),
        (  # a single patient has no interval
            (float("nan"), float("nan")),
            (float("nan"), float("nan")),
            "did not exceed NAME: its images are not better.",
            "PSNR or SSIM",
        ),
    ],
)
def test_better_needs_an_interval_above_zero_and_the_abstract_says_otherwise(
    method, psnr, ssim, verdict, missed
):
    over = in_test(psnr={method: psnr}, ssim={method: ssim})
    name = rivals.NAMES[method]
    assert rivals.verdict(over, method) == f"The generator {verdict.replace('NAME', name)}"
    said = f"In degraded images of test patients the generator did not exceed {name} in {missed}."
    assert rivals.abstract(over) == (said if missed else "")


def test_the_abstract_names_both_that_were_not_exceeded():
    over = in_test(psnr={"least_squares": (-0.1, 0.2)}, ssim={"bicubic": (-0.1, 0.1)})
    assert rivals.abstract(over) == (
        "In degraded images of test patients the generator did not exceed bicubic interpolation in "
        "SSIM, or the linear upsampler of least squares in PSNR."
    )


def test_the_differences_from_filters_are_told_with_their_intervals():
    over = in_test(psnr={"matched": (1.1, 1.3)}, ssim={"least_squares": (-0.003, -0.001)})
    assert rivals.against_filters(over) == (
        "Its difference from the linear upsampler of least squares was 0.55 (0.20–0.90) dB and "
        "−0.002 (−0.003 to −0.001), that from the linear filter of matched spectrum 1.20 "
        "(1.10–1.30) dB and 0.020 (0.010–0.030). The generator exceeded the linear upsampler of "
        "least squares in PSNR only. It fell below it in SSIM. The margin asked for was 0.1 dB and "
        "0.005."
    )


def test_a_gain_below_the_margin_is_none():
    limits = {"psnr": {"least_squares": (0.09, 0.3)}, "ssim": {"least_squares": (0.004, 0.03)}}
    over = in_test(**limits)
    assert rivals.verdict(over, "least_squares").startswith("The generator did not exceed the lin")
    assert rivals.abstract(over).endswith("the linear upsampler of least squares in PSNR or SSIM.")
    over = in_test(psnr={"bicubic": (0.01, 0.3)})
    assert rivals.verdict(over, "bicubic").endswith("bicubic interpolation on both measures.")


def test_the_filters_are_told_by_their_size():
    assert "(6,416 coefficients, one kernel" in rivals.built({"least_squares": 6416})


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ((0.44, 0.6), "no better than chance: the network is in effect a regression"),
        ((0.5, 0.7), "no better than chance: the network is in effect a regression"),
        ((0.3, 0.45), "worse than chance: the network is in effect a regression"),
        ((0.51, 0.7), "better than chance; 55% of its verdicts were right."),
    ],
)
def test_a_discriminator_at_chance_makes_a_regression(limits, words):
    judged = DISCRIMINATOR | dict(zip(("ci_low", "ci_high"), limits, strict=True))
    text = rivals.discriminator(judged)
    assert words in text and "of 18 test patients" in text
    assert ("regression" in text) == (limits[0] <= 0.5)


@pytest.mark.parametrize("judged", [None, DISCRIMINATOR | {"auc": float("nan")}])
def test_of_no_discriminator_nothing_is_told(judged):
    assert rivals.discriminator(judged) == ""


@pytest.mark.parametrize(
    ("share", "end"),
    [
        ((0.84, 0.82, 0.86), "84 (82–86)% of the variance of this change: most of it is linear "
         "filtering of the original."),
        ((0.4, 0.3, 0.45), "this change: the larger part is not linear."),
        ((0.51, 0.45, 0.57), "51 (45–57)% of the variance of this change."),
        ((0.9, float("nan"), float("nan")), "most of it is linear filtering of the original."),
    ],
)  # fmt: skip
def test_the_linear_share_is_told_as_far_as_its_interval_goes(share, end):
    found = SHARE | dict(zip(("share", "ci_low", "ci_high"), share, strict=True))
    text = rivals.linear_share(found)
    assert text.endswith(end) and "change by 4.4 levels" in text and "15 × 15 pixels" in text


@pytest.mark.parametrize(
    ("margin", "end"),
    [
        ((0.06, 0.01, 0.12), "The generator exceeded the linear upsampler of least squares by 0.06 "
         "(0.01–0.12)."),
        ((-0.06, -0.12, -0.01), "The generator fell below the linear upsampler of least squares, "
         "by −0.06 (−0.12 to −0.01)."),
        ((0.06, -0.01, 0.12), "The generator is not told from the linear upsampler of least "
         "squares: the difference was 0.06 (−0.01 to 0.12)."),
    ],
)  # fmt: skip
def test_features_of_restored_images_are_compared_with_the_linear_rival(margin, end):
    text = rivals.low_resolution(restored(margin))
    assert text.startswith("In 18 test patients whose images were degraded and restored, the")
    assert "1,183 planar features" in text and "0.72 (0.62–0.82) for the generator, 0.41" in text
    assert text.endswith(end)
