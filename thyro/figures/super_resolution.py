"""Figures of super-resolution: its training, what it restores, what it changes.

Every `draw_*` takes a table and Axes and returns the Axes; every `*_figure` takes all that its
panels show and returns the Figure. Nothing is computed but positions on the paper.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from thyro.figures.diagrams import draw_network
from thyro.figures.style import (
    IMAGE_LOOKS,
    SERIES_COLOURS,
    SINGLE_COLUMN,
    SMALL,
    WIDTH,
    AxesGrid,
    panel_letters,
)
from thyro.figures.ultrasound import draw_pair, draw_profile
from thyro.study import OR, SR
from thyro.tables import RECONSTRUCTIONS

PHASES = {  # of training: name in the legend and colour of the ground
    "pretraining": ("Pre-training", "#E4E4E4"),
    "pixel": ("Pixel loss", "#FFFFFF"),
    "adversarial": ("Adversarial", "#FBE3D0"),
}
# Of spectra, by the names of style.IMAGE_LOOKS: SR lies on OR where they agree, OR is the wider.
WIDTHS = {OR.name: 2.6, "LR": 1.2, SR.name: 1.2}
HELD_OUT = {"test": ("Test", "o", "#0072B2"), "external": ("External", "s", "#D55E00")}
GAINS = {"psnr": "PSNR gain over\nbicubic (dB)", "ssim": "SSIM gain over\nbicubic"}
TICKS = {"psnr": 5, "ssim": 4}  # at most: labels such as "0.005" need room
ROUND = (1, 2, 5, 10)  # steps of few ticks


def draw_training(history: pd.DataFrame, axes: AxesGrid) -> AxesGrid:
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


def training_figure(history: pd.DataFrame) -> Figure:
    """Draw the training across the page, as `draw_training`."""
    fig, axes = plt.subplots(1, 3, figsize=(WIDTH, 2.1))
    draw_training(history, axes)
    return fig


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
        curve, look = spectrum[spectrum["image_set"].eq(name.lower())], IMAGE_LOOKS[name]
        style = {"color": look.colour, "ls": look.line, "lw": width, "label": look.title}
        ax.plot(curve["frequency"], curve["power"], **style)
    lowest, highest = ax.get_ylim()
    ax.set(xlim=(0, 0.5), ylim=(lowest - 0.1 * (highest - lowest), highest))  # room for the words
    ax.set_xlabel("Spatial frequency (cycles per pixel)")
    ax.set_ylabel("Power (dB re 1 grey level²)")
    ax.legend(loc="upper right")
    return ax


def spectrum_figure(spectrum: pd.DataFrame, *, factor: int | None = None) -> Figure:
    """Draw the power spectra in one column, as `draw_spectrum`."""
    fig, ax = plt.subplots(figsize=(SINGLE_COLUMN, 2.6))
    draw_spectrum(spectrum, ax, factor=factor)
    return fig


def draw_gains(gains: pd.DataFrame, axes: AxesGrid) -> AxesGrid:
    """Draw the gain over bicubic of every method and cohort: mean and interval.

    Parameters
    ----------
    gains : DataFrame
        One row per cohort, method and measure: split, method, measure, gain, gain_low, gain_high.
    axes : pair of Axes
        PSNR and SSIM, side by side; the names of the methods stand at the first.

    Returns
    -------
    `axes`
    """
    shown = gains[gains["method"].ne("bicubic")]
    methods = [method for method in RECONSTRUCTIONS if method in set(shown["method"])]
    cohorts = [split for split in HELD_OUT if split in set(shown["split"])]
    pair = np.ravel(np.asarray(axes, object))
    for ax, measure in zip(pair, GAINS, strict=True):
        ax.axvline(0, color="0.3", lw=0.8, ls=":")
        for order, split in enumerate(cohorts):
            rows = shown[shown["split"].eq(split) & shown["measure"].eq(measure)]
            label, marker, colour = HELD_OUT[split]
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
    pair[0].set_yticklabels([RECONSTRUCTIONS[method] for method in methods])
    if len(cohorts) > 1:
        pair[0].legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.1)
    return axes


def gains_figure(gains: pd.DataFrame) -> Figure:
    """Draw the gains in PSNR and SSIM side by side, as `draw_gains`."""
    fig, axes = plt.subplots(1, 2, figsize=(5.0, 1.9))
    draw_gains(gains, axes)
    return fig


def super_resolution_figure(
    generator: Sequence[tuple[str, str]],
    discriminator: Sequence[tuple[str, str]],
    images: Mapping[str, np.ndarray],
    mask: np.ndarray,
    *,
    spacing_mm: tuple[float, float] | None = None,
) -> Figure:
    """Figure 2: the networks, and one patient's original beside the super-resolved image.

    Parameters
    ----------
    generator, discriminator : sequences of (layer, what it does)
        As `draw_network`.
    images : mapping of name to ndarray
        Of one patient: "OR", "LR" (degraded) and "SR", as `draw_profile`.
    mask : ndarray of bool, shape of the original
    spacing_mm : (row, column), optional
        Of the original.
    """
    left, right = OR.name, SR.name
    details = [f"{left} detail", f"{right} detail"]
    fig, axes = plt.subplot_mosaic(
        [["networks"], [[[left, right]]], [[[*details, "profile", "profile"]]]],
        figsize=(WIDTH, 7.6),
        height_ratios=[2.1, 2.8, 1.9],
    )
    draw_network(generator, discriminator, axes["networks"])
    pair = [[axes[left], axes[right]], [axes[name] for name in details]]
    draw_pair(images[left], images[right], mask, pair, spacing_mm=spacing_mm)
    draw_profile(images, mask, axes["profile"], spacing_mm=spacing_mm)
    panel_letters([axes["networks"], axes[left]])
    return fig
