"""Words on super-resolution: verdicts follow from intervals and from nothing else."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.report.words.test_rivals import DISCRIMINATOR, SHARE, margins, restored
from thyro.report.words import super_resolution
from thyro.study import SuperResolution

SCALARS = {
    "parameters_generator": 120240,
    "start": "It started from scratch.",
    "stopped_at": 1400,
    "steps": 2200,
    "edge_sharpness": {"or": 9.06, "lr": 5.2, "sr": 10.41},
    "rivals": {"least_squares": 6416, "matched": 2401, "matched_originals": 2401},
    "discriminator": DISCRIMINATOR,
    "linear_share": SHARE,
}
INVENTED = yaml.safe_load(Path("tests/report/variables.yml").read_text())


def gains(methods=("sr", "pixel", "least_squares", "matched", "lanczos", "bicubic")):
    """`fidelity.fidelity_gains`, of methods that get better from the first to the last."""
    rows = [
        {"split": split, "method": method, "measure": measure, "n": 18, "mean": mean + place * step}
        for split in ("test", "external")
        for place, method in enumerate(methods)
        for measure, mean, step in (("psnr", 28.4, 0.5), ("ssim", 0.81, 0.004))
    ]
    return pd.DataFrame(rows)


def told(settings=None, scalars=SCALARS, over=None, **changes):
    settings = settings or SuperResolution(**changes)
    over = margins() if over is None else over
    return super_resolution.super_resolution(settings, scalars, gains(), over, restored())


def test_numbers_are_those_of_the_test_cohort():
    made = told()
    assert set(made) == set(INVENTED["sr"])
    assert (made["n"], made["parameters"]) == ("18", "120,240")
    assert (made["psnr"], made["psnr_bicubic"], made["ssim_bicubic"]) == ("28.40", "30.90", "0.830")
    assert made["psnr_gain"] == "0.55 (0.20–0.90)" and made["ssim_gain"] == "0.020 (0.010–0.030)"
    assert "after 1,400 steps was kept, which did best" in made["kept"] and made["steps"] == "2,200"
    assert (made["sharpness_or"], made["sharpness_sr"]) == ("9.1", "10.4")
    assert made["degradation"] == (
        "resolution was reduced 4 times along both axes with an antialiasing filter, Gaussian "
        "noise with a standard deviation of 5 grey levels was added and bicubic interpolation "
        "brought the image back to its grid"
    )
    assert made["network"] == "A generative adversarial network"
    assert made["methods"].startswith("the generator, the same generator before it met the disc")


@pytest.mark.parametrize(("cap", "more"), [(1400, True), (1500, False)])
def test_weights_that_did_best_at_the_cap_might_have_done_better(cap, more):
    kept = told(pixel_steps=cap)["kept"]
    assert kept.endswith("(the last steps that were allowed: more might have done better)") == more


def test_the_cost_of_the_adversary_is_told():
    over = margins(psnr={"pixel": (-0.6, -0.4)}, ssim={"pixel": (-0.006, -0.002)})
    assert told(over=over)["adversary"] == (
        "Before the adversarial phase the same generator reached 28.90 dB and 0.814; that phase "
        "changed them by −0.50 (−0.60 to −0.40) dB and −0.004 (−0.006 to −0.002)."
    )


def test_without_an_adversary_none_is_told_of():
    alone = gains(["sr", "least_squares", "matched", "bicubic"])
    settings = SuperResolution(adversarial_steps=0)
    made = super_resolution.super_resolution(settings, SCALARS, alone, margins(), restored())
    assert made["adversary"] == made["discriminator"] == ""
    assert made["judged"] == "and no discriminator judged it" and made["without"] == ""
    assert made["network"].endswith("without its adversary,")
    assert made["loss"] == "by a loss of squared error and of structural similarity"
    assert made["methods"] == "the generator, Lanczos interpolation and bicubic interpolation"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"along": "rows"}, {"degradation": "4 times along depth with an antialiasing filter"}),
        ({"factor": 1}, {"degradation": "Gaussian", "control": "every original as it is"}),
        ({"factor": 2}, {"degradation": "and bicubic interpolation brought the image back"}),
        ({"noise_sigma": 0.0}, {"degradation": "filter and bicubic"}),
        ({"factor": 1, "noise_sigma": 0.0}, {"degradation": "nothing was taken from them"}),
        ({"ssim_weight": 0}, {"loss": "first by a loss of squared error alone"}),
        ({"region": "nodule"}, {"region": "to the surroundings of the outline in every original"}),
        ({}, {"grid": "on the same grid", "control": "without noise", "region": "to every orig"}),
        ({"scale": 4}, {"grid": "on a grid 4 times finer", "control": "to a grid 4 times finer"}),
    ],
)
def test_the_method_is_told_as_the_study_has_it(changes, words):
    made = told(**changes)
    assert {key for key, text in words.items() if text not in made[key]} == set()
    assert ("resolution" not in made["degradation"]) == (changes.get("factor") == 1)
    assert ("noise" not in made["degradation"]) == ("noise_sigma" in changes)
    assert ("structural" in made["loss"]) == ("ssim_weight" not in changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"start": "scratch"}, "Training started from random weights."),
        ({"pretraining_steps": 0}, "Training started from random weights."),
        (
            {"pretraining_frames": 24, "pretraining_steps": 1200},
            "It was first trained on 24 simulated frames (1,200 steps).",
        ),
        (
            {"start": "models/centre_b.safetensors", "frozen_blocks": 2},
            "Training started from the weights of centre_b.safetensors. The first 2 residual "
            "blocks then stayed as they were.",
        ),
    ],
)
def test_the_start_is_told(changes, words):
    assert told(**changes)["start"] == words


def test_agreement_is_told_for_sr_and_control():
    summaries = {
        "sr": {"n": 1090, "icc": 0.75, "spearman": 0.375, "good": 2 / 3},
        "bc": {"n": 1090, "icc": 0.2, "spearman": 0.1, "good": 1 / 3},
    }
    made = super_resolution.agreement(summaries)
    assert made == {
        "n": "1,090",
        "good": "0.75",
        "sr_median": "0.75",
        "sr_share": "67%",
        "sr_rho": "0.38",
        "bc_median": "0.20",
        "bc_share": "33%",
        "bc_rho": "0.10",
    }
    assert set(made) == set(INVENTED["agreement"])


UNTOLD = "The test cohort does not tell SR_SVM from the control: nothing here shows"
NO_GAIN = "SR_SVM exceeded the control, but is not shown to exceed OR_SVM: this is no gain"


@pytest.mark.parametrize(
    ("with_bc", "with_or", "verdict"),  # difference, and p after Holm's adjustment
    [
        ((0.1, 0.049), (0.1, 0.04), "SR_SVM exceeded OR_SVM and the control: resampling does not"),
        ((0.1, 0.049), (0.1, 0.06), NO_GAIN),
        ((0.1, 0.049), (-0.1, 0.04), NO_GAIN),
        ((-0.1, 0.049), (-0.1, 0.04), "SR_SVM fell below the control"),
        ((0.1, 0.051), (0.1, 0.04), UNTOLD),
        ((-0.1, 0.4), (-0.1, 0.4), UNTOLD),
    ],
)
def test_the_verdict_is_that_of_adjusted_tests_in_the_test_cohort(with_bc, with_or, verdict):
    measured = pd.DataFrame({"model": ["SR_SVM", "OR_SVM", "BC_SVM"] * 2})
    measured["cohort"] = ["train"] * 3 + ["test"] * 3
    measured = measured.assign(auc=0.8, ci_low=0.7, ci_high=0.9)
    pairs = [("SR_SVM", "OR_SVM"), ("SR_SVM", "BC_SVM"), ("OR_SVM", "BC_SVM")]
    rows = [
        {"model_a": a, "model_b": b, "cohort": cohort, "difference": 0.2, "p_holm": p}
        for cohort, p in (("train", 0.0001), ("test", 0.9), ("external", 0.0001))
        for a, b in pairs
    ]
    delong = pd.DataFrame(rows).assign(ci_low=-0.1, ci_high=0.2, p_value=0.01)
    delong.loc[3, ["difference", "p_holm"]] = with_or
    delong.loc[4, ["difference", "p_holm"]] = with_bc
    made = super_resolution.control(measured, delong, level=0.95)
    assert made["verdict"].startswith(verdict)
    assert made["aucs"].startswith("SR_SVM was 0.800 (0.700–0.900), of OR_SVM 0.800")
    assert made["sr_vs_bc"].startswith("the AUC of SR_SVM was 0.100 ")
    assert made["or_vs_bc"].endswith("p = 0.010, after Holm’s adjustment = 0.900)")
    assert set(made) == set(INVENTED["control"])


def test_the_control_may_be_another_classifier():
    measured = pd.DataFrame({"model": ["SR_Forest", "OR_Forest", "BC_Forest"], "cohort": "test"})
    measured = measured.assign(auc=0.8, ci_low=0.7, ci_high=0.9)
    pairs = [("SR_Forest", "OR_Forest"), ("SR_Forest", "BC_Forest"), ("OR_Forest", "BC_Forest")]
    delong = pd.DataFrame(pairs, columns=["model_a", "model_b"]).assign(cohort="test")
    delong = delong.assign(difference=0.1, ci_low=0.0, ci_high=0.2, p_value=0.01, p_holm=0.01)
    made = super_resolution.control(measured, delong, level=0.95)
    assert made["verdict"].startswith("SR_Forest exceeded OR_Forest and the control")
    assert super_resolution.control(measured, delong, level=0.999)["verdict"].startswith(
        "The test cohort does not tell SR_Forest from the control"
    )
