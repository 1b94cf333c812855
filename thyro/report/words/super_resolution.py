"""The words of super-resolution: what was done, what it gained, and whether resampling did as much.

As `wording`: frames and dictionaries of the notebooks in, display strings out.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from thyro import tables
from thyro.report.words import study as words_study
from thyro.statistics import GOOD_ICC
from thyro.study import Study, SuperResolution

AXES = {"both": "both axes", "rows": "depth", "columns": "width"}
DIGITS = {"psnr": 2, "ssim": 3}

MACHINES = ["SR_SVM", "OR_SVM", "BC_SVM"]


def super_resolution(study: Study, scalars: Mapping, gains: pd.DataFrame) -> dict:
    """Settings of the super-resolution, and its quality in test patients.

    Parameters
    ----------
    scalars
        `scalars.json` of notebook 01.
    gains
        As `fidelity.fidelity_gains` returns it.
    """
    settings = study.super_resolution
    tested = gains[gains["split"].eq("test")].set_index(["method", "measure"])
    better, worse = _against_bicubic(tested)
    sharpness = {key: tables.number(x, 1) for key, x in scalars["edge_sharpness"].items()}
    return {
        **_training(settings),
        "noise": tables.number(255 * settings.noise_sigma, 0),
        "parameters": f"{scalars['parameters_generator']:,}",
        "start": _start(settings),
        "stopped_at": f"{scalars['stopped_at']:,}",
        "steps": f"{scalars['steps']:,}",
        **_images(settings),
        "n": str(tested.loc[("sr", "psnr"), "n"]),
        **_means(tested, "sr", ""),
        **_means(tested, "bicubic", "_bicubic"),
        **{
            f"{measure}_gain": tables.estimate(
                *tested.loc[("sr", measure), ["gain", "gain_low", "gain_high"]], digits
            )
            for measure, digits in DIGITS.items()
        },
        "verdict": _verdict(better, worse),
        "adversary": _adversary(tested),
        "abstract": _abstract(better),
        **{f"sharpness_{image_set}": sharpness[image_set] for image_set in ("or", "lr", "sr")},
    }


def _training(settings: SuperResolution) -> dict[str, str]:
    """What was to be undone, and by which losses it was learned."""
    coarser = (
        f"resolution was reduced {settings.factor} times along {AXES[settings.along]} with an "
    )
    coarser += "antialiasing filter"
    structure = " and of structural similarity" if settings.ssim_weight else ""
    judged = "and then also against a discriminator, which judges whether a patch is an original"
    return {
        "degradation": coarser if settings.factor > 1 else "resolution was left as it is",
        "loss": f"a loss of squared error{structure}",
        "judged": judged if settings.adversarial_steps else "and no discriminator judged it",
    }


def _start(settings: SuperResolution) -> str:
    """What the weights were before the training patients."""
    if settings.start == "scratch":
        return "Training started from random weights."
    frozen = ""
    if settings.frozen_blocks:
        frozen = f" The first {settings.frozen_blocks} residual blocks then stayed as they were."
    if settings.start == "simulated":
        return (
            f"It was first trained on {settings.pretraining_frames} simulated frames "
            f"({settings.pretraining_steps:,} steps)." + frozen
        )
    return f"Training started from the weights of {Path(settings.start).name}." + frozen


def _images(settings: SuperResolution) -> dict[str, str]:
    """Where SR images lie and what of them is enhanced, and how their control is made."""
    region = "to every original image"
    if settings.region == "nodule":
        region = "to the surroundings of the nodule in every original image"
    if settings.scale > 1:
        finer = f"a grid {settings.scale} times finer"
        return {
            "region": region,
            "grid": f"on {finer}, to which the nodule outline was brought by its nearest pixel",
            "control": f"every original brought to {finer} by bicubic interpolation",
        }
    control = "every original brought down as for training, but without noise, and back by bicubic "
    control += "interpolation"
    return {
        "region": region,
        "grid": "on the same grid, so that one nodule outline serves both",
        "control": control if settings.factor > 1 else "every original as it is",
    }


def _means(tested: pd.DataFrame, method: str, suffix: str) -> dict[str, str]:
    return {
        f"{measure}{suffix}": tables.number(tested.loc[(method, measure), "mean"], digits)
        for measure, digits in DIGITS.items()
    }


def _against_bicubic(tested: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Measures in which SR is better and worse than bicubic: an interval without zero."""
    of_sr = tested.loc["sr"]
    better = [m.upper() for m in DIGITS if of_sr.loc[m, "gain_low"] > 0]
    worse = [m.upper() for m in DIGITS if of_sr.loc[m, "gain_high"] < 0]
    return better, worse


def _verdict(better: list[str], worse: list[str]) -> str:
    verdict = "The generator did not exceed bicubic interpolation: its images are not better."
    if better:
        where = "on both measures" if len(better) == 2 else f"in {better[0]} only"
        verdict = f"The generator exceeded bicubic interpolation {where}."
    return verdict + (f" It fell below it in {words_study.listed(worse)}." if worse else "")


def _abstract(better: list[str]) -> str:
    """What the abstract has to say where super-resolution is not better; else nothing."""
    missed = [m.upper() for m in DIGITS if m.upper() not in better]
    if not missed:
        return ""
    return (
        "In degraded images of test patients the generator did not exceed bicubic interpolation in "
        f"{' or '.join(missed)}."
    )


def _adversary(tested: pd.DataFrame) -> str:
    """What the adversarial phase changed; nothing where there was none."""
    if "pixel" not in tested.index.get_level_values("method"):
        return ""
    means = tested["mean"]
    before = _means(tested, "pixel", "")
    change = {
        measure: tables.number(means["sr", measure] - means["pixel", measure], digits)
        for measure, digits in DIGITS.items()
    }
    return (
        f"Before the adversarial phase the same generator reached {before['psnr']} dB and "
        f"{before['ssim']}; that phase changed them by {change['psnr']} dB and {change['ssim']}."
    )


def agreement(compared: pd.DataFrame) -> dict[str, str]:
    """How far the features of SR images, and of the control, agree with those of OR images.

    `compared` has one row per feature: feature_class, degenerate, and icc and spearman of SR and,
    with the suffix `_bc`, of the control. Left out are degenerate features, shape, which
    depends on the outline alone, and what is constant in an image set.
    """
    chosen = compared[~compared["degenerate"] & compared["feature_class"].ne("shape")]
    known = chosen.dropna(subset=["icc", "icc_bc"])
    strings = {"n": f"{len(known):,}", "good": f"{GOOD_ICC:g}"}
    for name, suffix in (("sr", ""), ("bc", "_bc")):
        icc, rho = known[f"icc{suffix}"], known[f"spearman{suffix}"]
        strings[f"{name}_median"] = tables.number(icc.median(), 2)
        strings[f"{name}_share"] = tables.percent((icc >= GOOD_ICC).mean(), 0)
        strings[f"{name}_rho"] = tables.number(rho.median(), 2)
    return strings


def control(measured: pd.DataFrame, delong: pd.DataFrame, *, level: float) -> dict:
    """AUC of the same machine on three image sets, and what its tests say.

    Parameters
    ----------
    measured, delong
        `performance_table` of `MACHINES` and `delong_matrix` of them, per cohort.
    level
        One less it is the p value, adjusted by Holm, below which machines are told apart.
    """
    test = delong[delong["cohort"].eq("test")].set_index(["model_a", "model_b"])
    with_bc, with_or = test.loc[("SR_SVM", "BC_SVM")], test.loc[("SR_SVM", "OR_SVM")]
    return {
        "aucs": words_study.each(words_study.aucs(measured, "test", MACHINES)),
        "sr_vs_bc": words_study.comparison(with_bc),
        "or_vs_bc": words_study.comparison(test.loc[("OR_SVM", "BC_SVM")]),
        "verdict": _against_control(with_bc, with_or, 1 - level),
    }


def _against_control(with_bc: pd.Series, with_or: pd.Series, alpha: float) -> str:
    """What follows from the tests of SR_SVM with the control and with OR_SVM.

    The control lacks detail that the original has, so to be better than it alone is no gain.
    """
    if with_bc["p_holm"] >= alpha:
        return (
            "The test cohort does not tell SR_SVM from the control: nothing here shows that "
            "super-resolution did more for the model than resampling would."
        )
    if with_bc["difference"] < 0:
        return "SR_SVM fell below the control: resampling served the model better."
    if with_or["p_holm"] < alpha and with_or["difference"] > 0:
        return "SR_SVM exceeded OR_SVM and the control: resampling does not explain its gain."
    return (
        "SR_SVM exceeded the control, but is not shown to exceed OR_SVM: this is no gain of "
        "super-resolution over the original images."
    )
