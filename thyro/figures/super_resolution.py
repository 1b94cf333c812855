"""Figures of super-resolution: its training, what it restores, what it changes.

Every `draw_*` takes a table and Axes and returns the Axes; nothing is computed but positions on
the paper and the medians and quartiles of a box.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from thyro.figures.performance import SERIES_COLOURS, SMALL
from thyro.figures.ultrasound import IMAGE_SETS
from thyro.super_resolution import HELD_OUT, MEASURES, METHODS

PHASES = {  # of training: name in the legend and colour of the ground
    "pretraining": ("Pre-training", "#E4E4E4"),
    "pixel": ("Pixel loss", "#FFFFFF"),
    "adversarial": ("Adversarial", "#FBE3D0"),
}
WIDTHS = {"or": 2.6, "lr": 1.2, "sr": 1.2}  # SR lies on OR where they agree: OR is the wider
COHORTS = {"test": ("Test", "o", "#0072B2"), "external": ("External", "s", "#D55E00")}
GAINS = {"psnr": "PSNR gain over\nbicubic (dB)", "ssim": "SSIM gain over\nbicubic"}
TICKS = {"psnr": 5, "ssim": 4}  # at most: labels such as "0.005" need room
AGREEMENT = (0.5, 0.75, 0.9)  # ICC: below poor, moderate, good, above excellent
GOLDEN = (5**0.5 - 1) / 2
ROUND = (1, 2, 5, 10)  # steps of few ticks


def draw_training(history: pd.DataFrame, axes):
    """Draw how super-resolution was trained, on three panels with the phases as their ground.

    Parameters
    ----------
    history : DataFrame
        One row per step: `step`, `phase` ("pretraining", "pixel", "adversarial"), `pixel` (the
        loss without the adversary's part), `generator` and `discriminator` (adversarial losses,
        NaN without an adversary), `inner_psnr` (dB over bicubic, NaN where it was not measured).
    axes : three Axes
        Pixel loss, gain on training patients held out within training, adversarial losses. The
        last one shows its own phase only, and says so when there is none.

    Returns
    -------
    `axes`
    """
    pixel, gain, adversary = np.ravel(np.asarray(axes, object))
    pixel.plot(history["step"], history["pixel"], color=SERIES_COLOURS[0], lw=0.6)
    pixel.set(yscale="log", ylabel="Loss", title="Pixel loss")

    measured = history.dropna(subset=["inner_psnr"])
    gain.axhline(0, color="0.3", lw=0.8, ls=":")
    gain.plot(measured["step"], measured["inner_psnr"], color=SERIES_COLOURS[0], marker=".", ms=4)
    gain.set(ylabel="PSNR over bicubic (dB)", title="Held out within training")

    for ax in (pixel, gain):
        _shade_phases(history, ax)
    phases = [PHASES[phase] for phase in history["phase"].unique()]
    # Beside the dense curve of the loss there is no room for it.
    gain.legend(handles=[Patch(fc=ground, ec="0.7", lw=0.5, label=name) for name, ground in phases])

    against = history[history["phase"].eq("adversarial")]
    for name, colour, line in (("generator", "#D55E00", "-"), ("discriminator", "#000000", "--")):
        adversary.plot(
            against["step"], against[name], color=colour, ls=line, lw=0.9, label=name.capitalize()
        )
    adversary.set(ylabel="Loss", title="Adversarial phase")
    if against.empty:
        adversary.text(
            0.5,
            0.5,
            "None in this training",
            transform=adversary.transAxes,
            ha="center",
            va="center",
            size=SMALL,
        )
        adversary.set(xticks=[], yticks=[])
    else:
        adversary.set_facecolor(PHASES["adversarial"][1])
        adversary.legend()
        adversary.margins(x=0)
        adversary.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=ROUND))
    for ax in (pixel, gain, adversary):
        ax.set_xlabel("Step")
    return axes


def _shade_phases(history: pd.DataFrame, ax: Axes) -> None:
    """Give every phase its ground; the axis ends where training did."""
    for phase, steps in history.groupby("phase", sort=False)["step"]:
        ax.axvspan(steps.min() - 0.5, steps.max() + 0.5, color=PHASES[phase][1], lw=0, zorder=0)
    ax.set_xlim(history["step"].iloc[0] - 0.5, history["step"].iloc[-1] + 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=ROUND))


def draw_spectrum(spectrum: pd.DataFrame, ax: Axes, *, factor: int | None = None) -> Axes:
    """Draw the power spectra of original, degraded and super-resolved images.

    Parameters
    ----------
    spectrum : DataFrame
        `image_set` ("or", "lr", "sr"), `frequency` in cycles per pixel, `power` in dB.
    ax : Axes
    factor : int, optional
        Of a degradation along both axes: shades the frequencies beyond the highest that the
        low-resolution grid holds along an axis (diagonals reach √2 further). What LR shows there
        comes from interpolation; what SR shows there it inferred.
    """
    if factor is not None:
        limit = 0.5 / factor
        ax.axvspan(limit, 0.5, color="0.95", lw=0, zorder=0)
        ax.text(
            limit + 0.005,
            0.02,
            f"beyond the LR grid (factor {factor})",
            transform=ax.get_xaxis_transform(),
            size=SMALL,
            color="0.35",
        )
    for name, width in WIDTHS.items():
        curve, look = spectrum[spectrum["image_set"].eq(name)], IMAGE_SETS[name.upper()]
        style = {"color": look.colour, "ls": look.style, "lw": width, "label": look.title}
        ax.plot(curve["frequency"], curve["power"], **style)
    lowest, highest = ax.get_ylim()
    ax.set(xlim=(0, 0.5), ylim=(lowest - 0.1 * (highest - lowest), highest))  # room for the words
    ax.set_xlabel("Spatial frequency (cycles per pixel)")
    ax.set_ylabel("Power (dB re 1 grey level²)")
    ax.legend(loc="upper right")
    return ax


def draw_gains(gains: pd.DataFrame, axes):
    """Draw the gain over bicubic of every method and cohort: mean and interval.

    Parameters
    ----------
    gains : DataFrame
        As `fidelity.fidelity_gains` returns it.
    axes : pair of Axes
        PSNR and SSIM, side by side; the names of the methods stand at the first.

    Returns
    -------
    `axes`
    """
    shown = gains[gains["method"].ne("bicubic")]
    methods = [method for method in METHODS if method in set(shown["method"])]
    cohorts = [split for split in HELD_OUT if split in set(shown["split"])]
    pair = np.ravel(np.asarray(axes, object))
    for ax, measure in zip(pair, MEASURES, strict=True):
        ax.axvline(0, color="0.3", lw=0.8, ls=":")
        for order, split in enumerate(cohorts):
            rows = shown[shown["split"].eq(split) & shown["measure"].eq(measure)]
            label, marker, colour = COHORTS[split]
            below = 0.22 * (order - (len(cohorts) - 1) / 2)
            ax.errorbar(
                rows["gain"],
                [methods.index(method) + below for method in rows["method"]],
                xerr=[rows["gain"] - rows["gain_low"], rows["gain_high"] - rows["gain"]],
                fmt=marker,
                ms=4,
                color=colour,
                elinewidth=1.2,
                capsize=2,
                label=label,
            )
        ax.set(ylim=(len(methods) - 0.5, -0.5), xlabel=GAINS[measure])
        ax.set_yticks(range(len(methods)), [])
        ax.tick_params(axis="y", length=0)
        ax.tick_params(axis="x", labelsize=SMALL)
        ax.margins(x=0.1)
        ax.xaxis.set_major_locator(MaxNLocator(TICKS[measure], steps=ROUND))
    pair[0].set_yticklabels([METHODS[method] for method in methods])
    if len(cohorts) > 1:
        pair[0].legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.1)
    return axes


def draw_agreement(agreement: pd.DataFrame, ax: Axes) -> Axes:
    """Draw how the features of SR agree with those of OR, by image type, the best on top.

    One dot per feature over the box of its image type (quartiles and median), an open circle at
    the median of the bicubic control where the table has one. At the right the number of features
    that have an ICC; those that are constant have none.

    Parameters
    ----------
    agreement : DataFrame
        One row per feature: `image_type`, `icc`, and `icc_bc` where the control was measured.
    ax : Axes
        About 3.5 x 4.5 inches for 17 image types.

    References
    ----------
    Koo, Li (2016), J. Chiropr. Med. 15:155-163 (poor, moderate, good, excellent).
    """
    by_type = agreement.groupby("image_type")
    median = by_type["icc"].median().sort_values(ascending=False, kind="stable")
    for limit in AGREEMENT:
        ax.axvline(limit, color="0.8", lw=0.7, zorder=0)
    for row, image_type in enumerate(median.index):
        icc = by_type.get_group(image_type)["icc"]
        known = np.sort(icc.dropna())
        # Multiples of the golden ratio spread neighbours apart without any randomness.
        height = row + 0.7 * (np.arange(len(known)) * GOLDEN % 1 - 0.5)
        label = "Feature" if row == 0 else None
        ax.scatter(known, height, s=3, color=SERIES_COLOURS[5], lw=0, label=label)
        if len(known):
            ax.boxplot(
                known,
                positions=[row],
                orientation="horizontal",
                widths=0.62,
                showfliers=False,
                showcaps=False,
                manage_ticks=False,
                boxprops={"lw": 0.7},
                whiskerprops={"lw": 0.7},
                medianprops={"lw": 1.6, "color": SERIES_COLOURS[1]},
                label="Median" if row == 0 else None,
            )
        ax.text(1.02, row, f"{len(known)}", transform=ax.get_yaxis_transform(), va="center", size=6)
    if "icc_bc" in agreement:
        control = by_type["icc_bc"].median()[median.index]
        style = {"facecolor": "w", "edgecolor": "k", "lw": 0.8, "zorder": 4}
        ax.scatter(control, range(len(median)), s=14, label="Median, bicubic control", **style)
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, borderaxespad=0.1)
    ax.text(1.02, -1, "n", transform=ax.get_yaxis_transform(), va="center", size=6, style="italic")
    ax.set_yticks(range(len(median)), median.index, size=6.5)
    ax.tick_params(axis="y", length=0)
    lowest = min(0.0, agreement["icc"].min())
    ax.set(xlim=(lowest - 0.03, 1.02), ylim=(len(median) - 0.4, -0.6))
    ax.set_xticks([0, *AGREEMENT, 1], ["0", *map(str, AGREEMENT), "1"])
    ax.set_xlabel("Agreement of OR and SR, ICC(2,1)")
    return ax
