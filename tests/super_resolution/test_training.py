"""Training of both networks: phases, early stop, what a kill leaves, who is seen."""

import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from lightning_fabric import Fabric
from monai.losses import SSIMLoss

from thyro.store import checkpoints
from thyro.super_resolution import networks, training
from thyro.super_resolution.degradation import Degradation
from thyro.super_resolution.training import TrainingSettings

SMALL = TrainingSettings(
    width=8,
    blocks=2,
    pretraining_steps=3,
    pixel_steps=6,
    adversarial_steps=4,
    batch=2,
    patch_px=32,
    inner_share=0.25,
    check_every=2,
)


def frames(n, *, seed=1, shape=(70, 90)):
    """Smooth shades with speckle."""
    rng = np.random.default_rng(seed)
    smooth = np.add.outer(np.linspace(0, 120, shape[0]), np.linspace(0, 80, shape[1]))
    return [np.clip(smooth + 25 * rng.standard_normal(shape), 0, 255) for _ in range(n)]


def small(images=None, *, seed=3, **changes):
    settings = {key: changes.pop(key) for key in list(changes) if hasattr(SMALL, key)}
    return training.train_generator(
        frames(4) if images is None else images,
        replace(SMALL, **settings),
        changes.pop("degradation", Degradation()),
        **{"simulated": frames(2, seed=9), "seed": seed} | changes,
    )


def weights(network):
    return torch.cat([w.detach().ravel() for w in network.parameters()])


def same(a, b):
    return all(
        torch.equal(weights(getattr(a, name)), weights(getattr(b, name)))
        for name in ("generator", "pixel_generator", "discriminator")
    )


class Memory:
    """A checkpoint that remembers."""

    def __init__(self):
        self.data, self.saved = None, 0

    def load(self):
        return self.data

    def save(self, data):
        self.data, self.saved = data, self.saved + 1


class Killed(Exception):
    pass


def killed_after(steps):
    """A progress bar under which the run dies at a step."""
    left = iter(range(steps))

    def bar(label):
        def wrap(items, *, total):
            for item in items:
                if next(left, None) is None:
                    raise Killed
                yield item

        return wrap

    return bar


@pytest.fixture(scope="module")
def undisturbed():
    return small()


def test_every_phase_leaves_its_rows(undisturbed):
    history = undisturbed.history
    assert history.columns.tolist() == training.COLUMNS
    assert history["step"].tolist() == list(range(13))
    assert history["phase"].value_counts().to_dict() == {
        "pretraining": 3,
        "pixel": 6,
        "adversarial": 4,
    }
    against = history["phase"].eq("adversarial")
    assert history[["generator", "discriminator"]].notna().all(axis=1).equals(against)
    looked = history.index[history["inner_psnr"].notna()].tolist()
    assert looked == [4, 6, 8]  # every second step of the pixel phase


def test_every_weight_of_both_networks_is_trained(undisturbed):
    with torch.random.fork_rng():
        torch.manual_seed(3)
        start = networks.Generator(width=8, blocks=2), networks.Discriminator()
    for before, after in zip(
        start, (undisturbed.generator, undisturbed.discriminator), strict=True
    ):
        for (name, a), b in zip(before.named_parameters(), after.parameters(), strict=True):
            assert not torch.equal(a, b), name


def test_the_generator_without_the_adversary_is_the_one_before_it():
    with_adversary, without = small(), small(adversarial_steps=0)
    assert torch.equal(weights(with_adversary.pixel_generator), weights(without.generator))
    assert not torch.equal(weights(with_adversary.generator), weights(without.generator))
    assert with_adversary.stopped_at == without.stopped_at > 0


def test_the_same_seed_gives_the_same_bytes(undisturbed):
    assert same(undisturbed, small())
    assert not same(undisturbed, small(seed=4))
    pd.testing.assert_frame_equal(undisturbed.history, small().history)


def test_the_global_random_state_is_left_alone():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    small()
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize("steps", [1, 3, 5, 8, 9, 12])
def test_a_run_killed_at_any_step_ends_like_an_undisturbed_one(undisturbed, monkeypatch, steps):
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0)
    memory = Memory()
    with pytest.raises(Killed):
        small(checkpoint=memory, progress=killed_after(steps))
    assert memory.saved == steps
    again = small(checkpoint=memory)
    assert same(undisturbed, again)
    assert memory.saved == 13  # and it did not begin anew
    pd.testing.assert_frame_equal(undisturbed.history, again.history)


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 4},
        {"learning_rate": 3e-3},
        {"images": frames(4, seed=2)},
        {"simulated": frames(2, seed=8)},
        {"degradation": Degradation(sigma=0.1)},
        {"start": networks.Generator(width=8, blocks=2)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_checkpoint_of_another_run_is_not_gone_on_with(monkeypatch, changes):
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0)
    memory = Memory()
    with pytest.raises(Killed):
        small(checkpoint=memory, progress=killed_after(7))
    assert same(small(checkpoint=memory, **changes), small(**changes))


def test_a_broken_checkpoint_is_not_gone_on_with(undisturbed):
    memory = Memory()
    memory.data = b"half of a file"
    assert same(undisturbed, small(checkpoint=memory))


def test_training_restores_what_can_be_restored():
    # Squares with sharp edges: blurred by the degradation, and easily guessed.
    rng = np.random.default_rng(0)
    squares = [np.kron(rng.integers(0, 2, (8, 8)), np.full((12, 12), 200.0)) for _ in range(4)]
    settings = {"pixel_steps": 240, "check_every": 60, "learning_rate": 3e-3}
    history = small(squares, pretraining_steps=0, **settings).history
    assert history["inner_psnr"].dropna().iloc[-1] > 0.5  # dB over interpolation
    pixel = history.loc[history["phase"].eq("pixel"), "pixel"]
    assert pixel.tail(20).mean() < 0.9 * pixel.head(20).mean()


def test_some_patches_are_black_to_one_side():
    patches = torch.ones(400, 1, 8, 8)
    training._blacken(patches, 0.25, np.random.default_rng(0))
    black = patches[:, 0].eq(0)
    cut = black.flatten(1).any(dim=1)
    assert 70 < cut.sum() < 130
    for patch in black[cut]:
        lines = [patch.all(dim=axis) for axis in (0, 1)]
        columns, rows = lines[0].expand(8, 8), lines[1][:, None].expand(8, 8)
        assert torch.equal(columns, patch) or torch.equal(rows, patch)
        assert not patch.all()
    untouched = torch.ones(4, 1, 8, 8)
    training._blacken(untouched, 0.0, np.random.default_rng(0))
    assert untouched.eq(1).all()


def test_the_pixel_phase_ends_when_the_watched_patients_get_no_better():
    # A learning rate that destroys: the first look is the best.
    result = small(pixel_steps=400, learning_rate=0.5, patience=3, adversarial_steps=0)
    steps = result.history["phase"].eq("pixel").sum()
    assert steps == result.stopped_at + 3 * SMALL.check_every < 400


def test_watched_patients_are_not_trained_on():
    images = frames(4)
    order = np.random.default_rng([3, 1]).permutation(4)
    watched, trained = order[0], order[1]
    black = [image.copy() for image in images]
    black[watched][:, :45] = 0
    # Without early stop to choose by them, the trained weights do not see them.
    calm = {"check_every": 1000, "adversarial_steps": 0, "pixel_steps": 4}
    first = small(images, **calm).history["pixel"]
    assert first.equals(small(black, **calm).history["pixel"])
    black[trained][:, :45] = 0
    assert not first.equals(small(black, **calm).history["pixel"])


def test_one_patient_is_enough_and_nobody_is_watched():
    result = small(frames(1))
    assert result.history["inner_psnr"].isna().all()
    assert result.stopped_at == SMALL.pixel_steps


def test_a_start_changes_the_first_loss_and_frozen_blocks_stay():
    start = small(frames(4, seed=6)).generator
    calm = {"pretraining_steps": 0, "adversarial_steps": 2}
    fresh, tuned = small(**calm), small(start=start, frozen_blocks=1, **calm)
    assert tuned.history["pixel"][0] != fresh.history["pixel"][0]
    for name, weight in tuned.generator.named_parameters():
        frozen = name.startswith(("enter.", "residual.0."))
        assert torch.equal(weight, start.state_dict()[name]) == frozen, name
        assert weight.requires_grad


def test_pretraining_goes_on_from_a_start_and_changes_it():
    start = networks.Generator(width=8, blocks=2)
    before = weights(start).clone()
    result = small(start=start)
    assert torch.equal(weights(start), before)
    assert not torch.equal(weights(result.generator), before)


RUN = """
import sys
import torch
from tests.super_resolution.test_training import Degradation, SMALL, frames, training
from thyro import store
torch.set_num_threads(1)
training.CHECKPOINT_SECONDS = 0
training.train_generator(
    frames(4), SMALL, Degradation(), simulated=frames(2, seed=9), seed=3, devices=2,
    checkpoint=store.Checkpoint(sys.argv[1], "training"),
)
"""


def test_two_processes_agree_with_one(undisturbed, tmp_path):
    # From an interpreter of its own: processes are forked, and that of the tests has threads.
    subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path)], check=True, timeout=120, capture_output=True
    )
    # A process that finds the last state has nothing left to train.
    result = small(
        checkpoint=checkpoints.Checkpoint(str(tmp_path), "training"), progress=killed_after(0)
    )
    assert len(result.history) == 13
    for name in ("generator", "pixel_generator", "discriminator"):
        one, two = weights(getattr(undisturbed, name)), weights(getattr(result, name))
        assert torch.allclose(one, two, atol=1e-4) and not torch.equal(one, two)


def test_what_several_processes_leave_must_be_of_this_run(monkeypatch):
    memory = Memory()
    memory.data = b"of another run"
    monkeypatch.setattr(Fabric, "launch", lambda fabric, run: None)
    with pytest.raises(RuntimeError, match="does not hold what the processes have trained"):
        small(checkpoint=memory)


def test_ssim_is_that_of_monai():
    a, b = torch.rand(2, 3, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    expected = 1 - SSIMLoss(spatial_dims=2, data_range=1.0)(a, b)
    assert training.ssim(a, b).item() == pytest.approx(expected.item(), abs=1e-6)
    assert training.ssim(a, a).item() == pytest.approx(1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"images": []}, "images: no training patient; super-resolution learns from them only."),
        (
            {"images": [np.random.default_rng(0).uniform(0, 255, (20, 90))]},
            "patch_px: 32 pixels, but the scan area of images[0] has 20 x 90; choose a smaller "
            "patch.",
        ),
        (
            {"images": [*frames(1), np.full((50, 50), 7.0)]},
            "images[1]: every pixel is 7; an empty image teaches nothing. Exclude it.",
        ),
        (
            {"images": [np.full((50, 50), np.nan)]},
            "images[0]: expected a 2-D array of grey values 0-255, got shape (50, 50) with values "
            "nan to nan.",
        ),
        (
            {"images": [np.linspace(0, 300, 2500).reshape(50, 50)]},
            "images[0]: expected a 2-D array of grey values 0-255, got shape (50, 50) with values "
            "0 to 300.",
        ),
        (
            {"simulated": []},
            "pretraining_steps: there are no simulated frames to train on.",
        ),
        (
            {"frozen_blocks": 1, "pretraining_steps": 0},
            "frozen_blocks: needs a start; random weights would stay random.",
        ),
        (
            {"start": networks.Generator(width=8, blocks=3)},
            "start: has {'inside': 4, 'width': 8, 'blocks': 3}, other than the settings.",
        ),
        ({"patch_px": 36}, "patch_px: expected a multiple of 8, got 36."),
        ({"devices": 3}, "devices: expected 1 to 2 (the batch), got 3."),
        (
            {"devices": 2},
            "checkpoint: several devices need one, to hand over what they trained.",
        ),
    ],
)
def test_training_refuses(arguments, message):
    with pytest.raises(ValueError, match="^" + re.escape(message) + "$"):
        small(**arguments)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_missing_gpu_is_said():
    message = "device: 1 CUDA device(s) asked for, 0 found. Say `compute: {device: cpu}`"
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        small(device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
def test_a_gpu_trains_in_mixed_precision():
    result = small(device="cuda")
    assert np.isfinite(result.history["pixel"]).all()
    assert next(result.generator.parameters()).device.type == "cpu"
