"""Words on what the generator is worth beside simpler things, and on what it is.

A filter without nonlinear layers may restore as much; a discriminator at chance teaches nothing;
and what is done to an original may be filtering. Verdicts follow from intervals.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from thyro import tables
from thyro.report.words.phrases import listed

DIGITS = {"psnr": 2, "ssim": 3}
NAMES = {  # of what the generator is compared with, inside a sentence
    "bicubic": "bicubic interpolation",
    "least_squares": "the linear upsampler of least squares",
    "matched": "the linear filter of matched spectrum",
}
# What the generator has to exceed the linear upsampler by, to be called better: of images with less
# between them nobody could tell which is which. Interpolation is exceeded by anything above zero.
MARGINS = {"least_squares": {"psnr": 0.1, "ssim": 0.005}}
CHANCE = 0.5


def difference(over: pd.DataFrame, method: str, measure: str) -> str:
    """The generator less another method, with interval.

    `over` is `super_resolution.generator_margins` of one cohort, indexed by `over` and `measure`.
    """
    columns = ["gain", "gain_low", "gain_high"]
    return tables.estimate(*over.loc[(method, measure), columns], DIGITS[measure])


def verdict(over: pd.DataFrame, method: str) -> str:
    """Whether the generator exceeded `method`: an interval above zero, or above its margin."""
    better, worse = _told_apart(over, method)
    text = f"The generator did not exceed {NAMES[method]}: its images are not better."
    if better:
        where = "on both measures" if len(better) == 2 else f"in {better[0]} only"
        text = f"The generator exceeded {NAMES[method]} {where}."
    return text + (f" It fell below it in {listed(worse)}." if worse else "")


def abstract(over: pd.DataFrame) -> str:
    """What the abstract has to say where interpolation or a linear filter does as much."""
    missed = []
    for method in ("bicubic", "least_squares"):
        better, _ = _told_apart(over, method)
        measures = [m.upper() for m in DIGITS if m.upper() not in better]
        if measures:
            missed.append(f"{NAMES[method]} in {' or '.join(measures)}")
    if not missed:
        return ""
    return (
        f"In degraded images of test patients the generator did not exceed {', or '.join(missed)}."
    )


def built(coefficients: Mapping[str, int]) -> str:
    """The two linear filters, by their numbers of coefficients."""
    return (
        f"the linear upsampler of least squares ({coefficients['least_squares']:,} coefficients, "
        "one kernel for each place within a pixel of the low resolution) and a symmetric linear "
        "filter that gives degraded images the mean power spectrum which the generator gives them"
    )


def against_filters(over: pd.DataFrame) -> str:
    """By how much the generator exceeds the two linear filters."""
    (least_psnr, least_ssim), (matched_psnr, matched_ssim) = (
        [difference(over, method, measure) for measure in DIGITS]
        for method in ("least_squares", "matched")
    )
    return (
        f"Its difference from {NAMES['least_squares']} was {least_psnr} dB and {least_ssim}, that "
        f"from {NAMES['matched']} {matched_psnr} dB and {matched_ssim}. "
        f"{verdict(over, 'least_squares')} The margin asked for was "
        f"{MARGINS['least_squares']['psnr']:g} dB and {MARGINS['least_squares']['ssim']:g}."
    )


def discriminator(judged: Mapping[str, float] | None) -> str:
    """Whether the discriminator knew anything that it could teach.

    `judged` is `super_resolution.discriminator_auc`; None where there was no adversary.
    """
    if judged is None or not np.isfinite(judged["auc"]):
        return ""
    auc, low, high = (judged[key] for key in ("auc", "ci_low", "ci_high"))
    told = (
        f"At the end of training the discriminator told original patches of {judged['n']} test "
        f"patients from restored ones with an AUC of {tables.estimate(auc, low, high, 2)}"
    )
    if low > CHANCE:
        right = tables.percent(judged["accuracy"], 0)
        return f"{told}, better than chance; {right} of its verdicts were right."
    what = "no better than chance" if high >= CHANCE else "worse than chance"
    return f"{told}, {what}: the network is in effect a regression with a pixel loss."


def linear_share(found: Mapping[str, float]) -> str:
    """How much of the change from OR to SR a linear filter explains.

    `found` is `super_resolution.linear_share`.
    """
    share, low, high = (found[key] for key in ("share", "ci_low", "ci_high"))
    told = (
        "From OR to SR images of test patients grey values change by "
        f"{tables.number(found['rms'], 1)} levels (root mean square). One linear filter of "
        f"{found['side_px']} × {found['side_px']} pixels, learned from training patients, explains "
        f"{tables.estimate(100 * share, 100 * low, 100 * high, 0)}% of the variance of this change"
    )
    if (share if np.isnan(low) else low) > 0.5:
        return f"{told}: most of it is linear filtering of the original."
    if (share if np.isnan(high) else high) < 0.5:
        return f"{told}: the larger part is not linear."
    return f"{told}."


def low_resolution(restored: pd.DataFrame) -> str:
    """Whether features of restored images agree with those of the originals.

    `restored` is `super_resolution.agreement_medians`.
    """
    rows = restored.set_index("method")
    names = {"sr": "the generator", **NAMES}
    medians = {
        name: tables.estimate(*rows.loc[method, ["icc", "ci_low", "ci_high"]], 2)
        for method, name in names.items()
    }
    (first, value), *others = medians.items()
    low, high = rows.loc["sr", ["margin_low", "margin_high"]]
    told = (
        f"In {rows.loc['sr', 'n_patients']} test patients whose images were degraded and restored, "
        f"the median ICC of {rows.loc['sr', 'n_features']:,} planar features with those of the "
        f"originals was {value} for {first}, "
        f"{listed([f'{text} for {name}' for name, text in others])}. "
    )
    margin = tables.estimate(*rows.loc["sr", ["margin", "margin_low", "margin_high"]], 2)
    rival = NAMES["least_squares"]
    if low > 0:
        return f"{told}The generator exceeded {rival} by {margin}."
    if high < 0:
        return f"{told}The generator fell below {rival}, by {margin}."
    return f"{told}The generator is not told from {rival}: the difference was {margin}."


def _told_apart(over: pd.DataFrame, method: str) -> tuple[list[str], list[str]]:
    """Measures in which the generator is better (beyond a margin) and worse (below zero)."""
    rows, margin = over.loc[method], MARGINS.get(method, {})
    better = [m.upper() for m in DIGITS if rows.loc[m, "gain_low"] > margin.get(m, 0)]
    worse = [m.upper() for m in DIGITS if rows.loc[m, "gain_high"] < 0]
    return better, worse
