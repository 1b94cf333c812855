"""Words on super-resolution: what was done, what it gained, and whether resampling did as much."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from thyro import tables
from thyro.report.results import Results
from thyro.report.words.phrases import aucs, comparison, each, listed
from thyro.statistics import GOOD_ICC
from thyro.study import BC, OR, SR, ModelName, Study, SuperResolution

AXES = {"both": "both axes", "rows": "depth", "columns": "width"}
DIGITS = {"psnr": 2, "ssim": 3}


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
        ),
        "agreement": agreement(results.values("03_selection/agreement")),
        "control": control(
            results.table("06_statistics/control_performance"),
            results.table("06_statistics/control"),
            level=study.statistics.level,
        ),
    }


def super_resolution(
    settings: SuperResolution, scalars: Mapping, gains: pd.DataFrame
) -> dict[str, str]:
    """Settings of the super-resolution, and its fidelity in test patients.

    Parameters
    ----------
    settings : SuperResolution
        Of the study.
    scalars : mapping
        `scalars.json` of 01.
    gains : DataFrame
        `super_resolution.gains`.
    """
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
    return verdict + (f" It fell below it in {listed(worse)}." if worse else "")


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
        "sr_vs_bc": comparison(test.loc[(sr, bicubic)]),
        "or_vs_bc": comparison(test.loc[(original, bicubic)]),
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
