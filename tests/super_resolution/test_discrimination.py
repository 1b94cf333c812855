"""What the discriminator knows: areas under curves worked out by hand, and patches it can tell."""

import numpy as np
import pytest
import torch
from torch import nn

from thyro import statistics
from thyro.super_resolution import discrimination, networks
from thyro.super_resolution.degradation import Degradation

RNG = np.random.default_rng(4)


def test_one_patch_of_a_patient_gives_the_auc_of_all_pairs():
    cases, controls = (
        np.round(RNG.normal(0.5, 1, (30, 1)), 1),
        np.round(RNG.normal(0, 1, (30, 1)), 1),
    )
    pairs = (cases > controls.T) + 0.5 * (cases == controls.T)
    assert discrimination.clustered_auc(cases, controls)[0] == pytest.approx(pairs.mean())


def test_patients_who_say_the_same_many_times_say_it_once():
    """Every patch repeated: the interval is that of one patch, and DeLong's would be shorter."""
    cases, controls = RNG.normal(0.5, 1, (25, 1)), RNG.normal(0, 1, (25, 1))
    once = discrimination.clustered_auc(cases, controls)
    often = discrimination.clustered_auc(
        np.repeat(cases, 6, axis=1), np.repeat(controls, 6, axis=1)
    )
    assert often == pytest.approx(once)
    y = np.repeat([1, 0], 150)
    naive = statistics.auc_ci(y, np.concatenate([np.repeat(x, 6) for x in (cases, controls)]))
    assert naive.ci_high - naive.ci_low < 0.6 * (often[2] - often[1])


def test_the_interval_covers_as_often_as_it_says():
    """Patients differ and share their differences: scores of a patient vary together."""
    covered = []
    for _ in range(400):
        patient = RNG.normal(0, 1, (40, 1))
        cases, controls = (patient + RNG.normal(m, 1, (40, 4)) for m in (0.5, 0.0))
        # P(case > control) over pairs of patients: differences have variance 4.
        truth = statistics_of_normal(0.5 / 2)
        _, low, high = discrimination.clustered_auc(cases, controls)
        covered.append(low <= truth <= high)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.035)  # 3 standard errors


def statistics_of_normal(z):
    return 0.5 * (1 + torch.erf(torch.tensor(z / np.sqrt(2))).item())


@pytest.mark.parametrize("level", [0.5, 0.99])
def test_the_level_is_the_coverage(level):
    cases, controls = RNG.normal(0.5, 1, (25, 2)), RNG.normal(0, 1, (25, 2))
    auc, low, high = discrimination.clustered_auc(cases, controls, level=level)
    usual = discrimination.clustered_auc(cases, controls)
    assert (high - low < usual[2] - usual[1]) == (level < 0.95) and low < auc < high


def test_one_patient_has_no_auc():
    assert np.isnan(discrimination.clustered_auc(np.ones((1, 4)), np.ones((1, 4)))).all()


class Roughness(nn.Module):
    """Judges by the difference of neighbours: originals with speckle are rougher."""

    def __init__(self, sign):
        super().__init__()
        self.sign = sign

    def logit(self, x):
        return self.sign * (x.diff(dim=-1).abs().mean(dim=(1, 2, 3))[:, None] - 0.03)


@pytest.mark.parametrize(("sign", "auc"), [(1, 1.0), (-1, 0.0), (0, 0.5)])
def test_patches_of_held_out_patients_are_judged(sign, auc):
    rng = np.random.default_rng(1)
    frames = [rng.uniform(0, 255, (40, 50)) for _ in range(6)] + [np.ones((20, 90))]
    still = networks.Generator(width=4, blocks=1)
    with torch.no_grad():
        still.leave.weight.zero_()  # what is judged is the degraded image
    found = discrimination.discriminator_auc(
        Roughness(sign), still, frames, Degradation(sigma=0), rng, patch_px=32
    )
    assert found["n"] == 6  # one is smaller than a patch
    assert found["auc"] == auc and found["ci_low"] <= auc <= found["ci_high"]
    assert found["accuracy"] == (auc if sign else 0)


def test_frames_smaller_than_a_patch_say_nothing():
    still, rng = networks.Generator(width=4, blocks=1), np.random.default_rng(0)
    found = discrimination.discriminator_auc(
        networks.Discriminator(), still, [np.ones((20, 20))], Degradation(), rng, patch_px=32
    )
    assert found["n"] == 0 and np.isnan(found["auc"]) and np.isnan(found["accuracy"])
