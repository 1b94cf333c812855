"""Words on super-resolution: what was done, what it gained, and whether resampling did as much.

Beside linear filters, and what the generator is in itself, is told by `rivals`.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from thyro import tables
from thyro.report.results import Results
from thyro.report.words import rivals
from thyro.report.words.phrases import applying, aucs, each, gap, listed
from thyro.statistics import GOOD_ICC
from thyro.study import BC, OR, SR, ModelName, Study, SuperResolution

AXES = {"both": "both axes", "rows": "depth", "columns": "width"}
DIGITS = rivals.DIGITS


def texts(study: Study, results: Results) -> dict:
    """Texts of super-resolution and its controls, from what 01, 03 and 06 left.

    Returns
    -------
    dict
        sr, agreement, control.
    """
    return {
        "sr": super_resolution(
            study.super_resolution,
            results.values("01_super_resolution/scalars"),
            results.table("01_super_resolution/gains"),
            results.table("01_super_resolution/margins"),
            results.table("01_super_resolution/low_resolution"),
        ),
        "agreement": agreement(results.values("03_selection/agreement")),
        "control": control(
            results.table("06_statistics/control_performance"),
            results.table("06_statistics/control"),
            level=study.statistics.level,
        ),
    }


def super_resolution(
    settings: SuperResolution,
    scalars: Mapping,
    gains: pd.DataFrame,
    margins: pd.DataFrame,
    restored: pd.DataFrame,
) -> dict[str, str]:
    """Settings of the super-resolution, and its fidelity in test patients.

    Parameters
    ----------
    settings : SuperResolution
        Of the study.
    scalars : mapping
        `scalars.json` of 01.
    gains, margins : DataFrame
        `super_resolution.fidelity_gains` and `generator_margins`.
    restored : DataFrame
        `super_resolution.agreement_medians`.
    """
    tested = gains[gains["split"].eq("test")].set_index(["method", "measure"])
    over = margins[margins["split"].eq("test")].set_index(["over", "measure"])
    sharpness = {key: tables.number(x, 1) for key, x in scalars["edge_sharpness"].items()}
    judged = scalars["discriminator"] if settings.adversarial_steps else None
    return {
        **_training(settings),
        "parameters": f"{scalars['parameters_generator']:,}",
        "start": _start(settings),
        "kept": _kept(settings, scalars["stopped_at"]),
        "steps": f"{scalars['steps']:,}",
        **_images(settings),
        "n": str(tested.loc[("sr", "psnr"), "n"]),
        **_means(tested, "sr", ""),
        **_means(tested, "bicubic", "_bicubic"),
        **{f"{measure}_gain": rivals.difference(over, "bicubic", measure) for measure in DIGITS},
        "verdict": rivals.verdict(over, "bicubic"),
        "adversary": _adversary(tested, over),
        "methods": _methods(settings),
        "rivals": rivals.built(scalars["rivals"]),
        "linear": rivals.against_filters(over),
        "abstract": rivals.abstract(over),
        "discriminator": rivals.discriminator(judged),
        "linear_share": rivals.linear_share(scalars["linear_share"]),
        "low_resolution": rivals.low_resolution(restored),
        **{f"sharpness_{image_set}": sharpness[image_set] for image_set in ("or", "lr", "sr")},
    }


def _training(settings: SuperResolution) -> dict[str, str]:
    """What was to be undone, and by which losses it was learned."""
    coarser = (
        f"resolution was reduced {settings.factor} times along {AXES[settings.along]} with an "
    )
    coarser += "antialiasing filter"
    noise = f"Gaussian noise with a standard deviation of {255 * settings.noise_sigma:.2g} grey "
    steps = {
        coarser: settings.factor > 1,
        f"{noise}levels was added": settings.noise_sigma > 0,
        "bicubic interpolation brought the image back to its grid": settings.factor > 1,
    }
    structure = " and of structural similarity" if settings.ssim_weight else ""
    loss = f"a loss of squared error{structure}"
    judged = "and then also against a discriminator, which judges whether a patch is an original"
    adversarial = settings.adversarial_steps > 0
    return {
        "network": "A generative adversarial network"
        if adversarial
        else "The generator of an adversarial network, without its adversary,",
        "degradation": listed(applying(steps)) or "nothing was taken from them",
        "loss": f"first by {loss} alone" if adversarial else f"by {loss}",
        "judged": judged if adversarial else "and no discriminator judged it",
        "without": "Without adversary: the generator before it met the discriminator."
        if adversarial
        else "",
    }


def _methods(settings: SuperResolution) -> str:
    """By what degraded images were restored."""
    before = "the same generator before it met the discriminator"
    methods = {"the generator": True, before: settings.adversarial_steps > 0}
    return listed([*applying(methods), "Lanczos interpolation", "bicubic interpolation"])


def _start(settings: SuperResolution) -> str:
    """What the weights were before the training patients."""
    simulated = settings.start == "simulated"
    if settings.start == "scratch" or (simulated and not settings.pretraining_steps):
        return "Training started from random weights."
    frozen = ""
    if settings.frozen_blocks:
        frozen = f" The first {settings.frozen_blocks} residual blocks then stayed as they were."
    if simulated:
        return (
            f"It was first trained on {settings.pretraining_frames} simulated frames "
            f"({settings.pretraining_steps:,} steps)." + frozen
        )
    return f"Training started from the weights of {Path(settings.start).name}." + frozen


def _kept(settings: SuperResolution, stopped_at: int) -> str:
    """Which weights of the first phase were kept; the best may be the last that were allowed."""
    kept = (
        f"of which a running average of the weights after {stopped_at:,} steps was kept, which did "
        "best on a part of the training patients held out for this purpose"
    )
    if stopped_at >= settings.pixel_steps:
        kept += " (the last steps that were allowed: more might have done better)"
    return kept


def _images(settings: SuperResolution) -> dict[str, str]:
    """Where SR images lie and what of them is enhanced, and how their control is made."""
    region = "to every original image"
    if settings.region == "nodule":
        region = "to the surroundings of the outline in every original image"
    if settings.scale > 1:
        finer = f"a grid {settings.scale} times finer"
        return {
            "region": region,
            "grid": f"on {finer}, to which the outline was brought by its nearest pixel",
            "control": f"every original brought to {finer} by bicubic interpolation",
        }
    control = "every original brought down as for training, but without noise, and back by bicubic "
    control += "interpolation"
    return {
        "region": region,
        "grid": "on the same grid, so that one outline serves both",
        "control": control if settings.factor > 1 else "every original as it is",
    }


def _means(tested: pd.DataFrame, method: str, suffix: str) -> dict[str, str]:
    return {
        f"{measure}{suffix}": tables.number(tested.loc[(method, measure), "mean"], digits)
        for measure, digits in DIGITS.items()
    }


def _adversary(tested: pd.DataFrame, over: pd.DataFrame) -> str:
    """What the adversarial phase changed; nothing where there was none."""
    if "pixel" not in tested.index.get_level_values("method"):
        return ""
    before = _means(tested, "pixel", "")
    psnr, ssim = (rivals.difference(over, "pixel", measure) for measure in DIGITS)
    return (
        f"Before the adversarial phase the same generator reached {before['psnr']} dB and "
        f"{before['ssim']}; that phase changed them by {psnr} dB and {ssim}."
    )


def agreement(summaries: Mapping[str, Mapping[str, float]]) -> dict[str, str]:
    """How far the features of SR images, and of the control, agree with those of OR images.

    `summaries` is `agreement.json` of 03: `statistics.agreement_summary` by image set.
    """
    strings = {"n": f"{summaries[SR.key]['n']:,}", "good": f"{GOOD_ICC:g}"}
    for images in (SR, BC):
        found = summaries[images.key]
        strings[f"{images.key}_median"] = tables.number(found["icc"], 2)
        strings[f"{images.key}_share"] = tables.percent(found["good"], 0)
        strings[f"{images.key}_rho"] = tables.number(found["spearman"], 2)
    return strings


def control(measured: pd.DataFrame, delong: pd.DataFrame, *, level: float) -> dict:
    """AUC of the same classifier on three image sets, and what its tests say.

    Parameters
    ----------
    measured, delong : DataFrame
        `statistics.performance_table` and `delong_matrix` of the three models, per cohort.
    level : float
        One less it is the p value, adjusted by Holm, below which models are told apart.
    """
    known = [ModelName.read(model) for model in measured["model"]]
    kind = next(model.kind for model in known if model.image_set == BC.name)
    sr, original, bicubic = (str(ModelName(images.name, kind)) for images in (SR, OR, BC))
    test = delong[delong["cohort"].eq("test")].set_index(["model_a", "model_b"])
    return {
        "sr": sr,
        "or": original,
        "bc": bicubic,
        "aucs": each(aucs(measured, "test", [sr, original, bicubic])),
        "sr_vs_bc": gap(sr, bicubic, test.loc[(sr, bicubic)], level=level),
        "or_vs_bc": gap(original, bicubic, test.loc[(original, bicubic)], level=level),
        "verdict": _against_control(test.loc[(sr, bicubic)], test.loc[(sr, original)], 1 - level),
    }


def _against_control(with_bc: pd.Series, with_or: pd.Series, alpha: float) -> str:
    """What follows from the tests of a model of SR images with the control and with OR images.

    The control lacks detail that the original has, so to be better than it alone is no gain.
    """
    sr, original = with_or.name
    if with_bc["p_holm"] >= alpha:
        return (
            f"The test cohort does not tell {sr} from the control: nothing here shows that "
            "super-resolution did more for the model than resampling would."
        )
    if with_bc["difference"] < 0:
        return f"{sr} fell below the control: resampling served the model better."
    if with_or["p_holm"] < alpha and with_or["difference"] > 0:
        return f"{sr} exceeded {original} and the control: resampling does not explain its gain."
    return (
        f"{sr} exceeded the control, but is not shown to exceed {original}: this is no gain of "
        "super-resolution over the original images."
    )
