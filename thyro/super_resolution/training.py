"""Training of the super-resolution networks: pretraining, pixel loss, then the adversary.

Neither loss nor optimiser of the reference study is printed. Here the generator first learns on
simulated frames, of which there are as many as one likes, then on the training patients with a loss
of squared error (what PSNR measures; the absolute error would aim at the median of the speckle) and
structural similarity, and at last against the discriminator. The generator before that last phase
is kept: it is the control that tells what the adversary adds.
"""

import hashlib
import json
import math
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from thyro.core import Checkpoint, as_grey
from thyro.super_resolution.degradation import Degradation
from thyro.super_resolution.networks import Discriminator, Generator
from thyro.super_resolution.training_state import State

if TYPE_CHECKING:
    from lightning_fabric import Fabric

PHASES = ("pretraining", "pixel", "adversarial")
COLUMNS = ["step", "phase", "pixel", "generator", "discriminator", "inner_psnr"]
TYPICAL_ERROR = 0.005  # mean squared error (0-1 scale) of interpolated frames: brings losses to 1
INNER_PATCHES = 48
GRADIENT_NORM = 1.0  # longer ones are cut: SSIM is steep where a patch is black
RISE = 20  # steps over which the learning rate rises at the start of a phase
CHECKPOINT_SECONDS = 30


@dataclass(frozen=True)
class TrainingSettings:
    """How the networks are built and trained; the numbers of steps are upper limits."""

    inside: int = 4  # times coarser is the grid that the generator works on
    width: int = 32
    blocks: int = 6
    pretraining_steps: int = 300  # on simulated frames
    pixel_steps: int = 2000  # without the adversary
    adversarial_steps: int = 300
    adversarial_weight: float = 0.01  # of the adversarial beside the pixel loss
    ssim_weight: float = 0.3  # of 1 - SSIM beside the squared error
    border_share: float = 0.25  # of patches that are black to one side, as beside a scan
    batch: int = 8
    patch_px: int = 96
    learning_rate: float = 2e-3
    frozen_blocks: int = 0  # first blocks that keep the weights of the start
    inner_share: float = 0.1  # of the training patients, to stop early
    check_every: int = 100  # steps between looks at them
    patience: int = 5  # looks without improvement before the pixel phase ends

    @property
    def architecture(self) -> dict[str, int]:
        """What the generator is built from."""
        return {"inside": self.inside, "width": self.width, "blocks": self.blocks}


@dataclass(frozen=True)
class Training:
    """Trained networks and how it went."""

    generator: Generator
    pixel_generator: Generator  # the same before the adversary
    discriminator: Discriminator
    history: pd.DataFrame  # COLUMNS; losses, and dB over interpolation on the inner part
    stopped_at: int  # steps of the pixel phase up to the weights that were kept


def train_generator(
    images: Sequence[np.ndarray],
    settings: TrainingSettings,
    degradation: Degradation,
    *,
    start: Generator | None = None,
    simulated: Sequence[np.ndarray] = (),
    seed: int,
    device: str = "cpu",
    devices: int = 1,
    checkpoint: Checkpoint | None = None,
    progress: Callable | None = None,
) -> Training:
    """Train generator and discriminator on patches of `images`.

    A share of the patients is set aside to watch: the pixel phase keeps the weights (a running
    average, since those of single steps scatter) that did best on them, and ends when they stop
    getting better. On a CPU, the same images, seed and number of threads give the same weights,
    whether or not the run was interrupted.

    Parameters
    ----------
    images
        Scan areas of training patients only, one per patient: grey, 0-255, sides at least
        `patch_px`.
    start
        Generator to begin with, by default a new one.
    simulated
        Frames for the pretraining, of any number.
    device : "cpu" or "cuda"
        On a CUDA device in mixed precision (bfloat16).
    devices
        How many; each takes its part of every batch.
    checkpoint
        Where the state is kept, every half a minute; needed for several devices.
    progress
        Called with the name of a phase, gives a wrapper of its steps.

    Raises
    ------
    ValueError
        If there are no images or one is smaller than a patch, constant or no grey image; if blocks
        are to be frozen without a start; if the device is not there.
    """
    _check(images, settings, start, simulated, device, devices, checkpoint)
    from lightning_fabric import Fabric  # a second, and only for those who train

    fabric = Fabric(
        accelerator=device,
        devices=devices,
        strategy="ddp_notebook" if devices > 1 else "auto",
        precision="bf16-mixed" if device == "cuda" else "32-true",
    )
    run = _Run(images, settings, degradation, start, simulated, seed, checkpoint, progress)
    state = run.begin()
    # Several processes leave their result in the checkpoint: it is larger than a pipe holds.
    if not state.load(fabric.launch(run) or checkpoint.load(), run.identity):
        raise RuntimeError("checkpoint: does not hold what the processes have trained.")
    for network in (state.generator, state.best, state.discriminator):
        network.requires_grad_(True).eval()
    history = pd.DataFrame(state.history, columns=COLUMNS)
    return Training(state.generator, state.best, state.discriminator, history, state.best_step)


def _check(images, settings, start, simulated, device, devices, checkpoint) -> None:
    if not len(images):
        raise ValueError("images: no training patient; super-resolution learns from them only.")
    for name, frames in (("images", images), ("simulated", simulated)):
        for place, image in enumerate(frames):
            image = as_grey(image, f"{name}[{place}]")
            if min(image.shape) < settings.patch_px:
                raise ValueError(
                    f"patch_px: {settings.patch_px} pixels, but the scan area of {name}[{place}] "
                    f"has {image.shape[0]} x {image.shape[1]}; choose a smaller patch."
                )
            if image.min() == image.max():
                raise ValueError(
                    f"{name}[{place}]: every pixel is {image.min():g}; an empty image teaches "
                    "nothing. Exclude it."
                )
    if settings.pretraining_steps and not len(simulated):
        raise ValueError("pretraining_steps: there are no simulated frames to train on.")
    if settings.frozen_blocks and start is None and not settings.pretraining_steps:
        raise ValueError("frozen_blocks: needs a start; random weights would stay random.")
    if start is not None and start.settings != settings.architecture:
        raise ValueError(f"start: has {start.settings}, other than the settings.")
    if settings.patch_px % 8:
        raise ValueError(f"patch_px: expected a multiple of 8, got {settings.patch_px}.")
    if not 1 <= devices <= settings.batch:
        raise ValueError(f"devices: expected 1 to {settings.batch} (the batch), got {devices}.")
    if devices > 1 and checkpoint is None:
        raise ValueError("checkpoint: several devices need one, to hand over what they trained.")
    if device == "cuda" and torch.cuda.device_count() < devices:
        raise ValueError(
            f"device: {devices} CUDA device(s) asked for, {torch.cuda.device_count()} found. "
            "Say `compute: {device: cpu}`, or install the CUDA build of torch."
        )


class _Run:
    """One training: what it is given, and the way through its phases."""

    def __init__(self, images, settings, degradation, start, simulated, seed, checkpoint, progress):
        self.settings, self.degradation, self.start, self.seed = settings, degradation, start, seed
        self.checkpoint, self.progress = checkpoint, progress
        order = np.random.default_rng([seed, 1]).permutation(len(images))
        # A single patient trains, and there is nobody to watch: nothing stops early then.
        n_inner = min(max(1, round(settings.inner_share * len(images))), len(images) - 1)
        watched = [images[i] for i in sorted(order[:n_inner])]
        trained = [images[i] for i in sorted(order[n_inner:])]
        self.frames = {"pretraining": list(simulated), "pixel": trained, "adversarial": trained}
        self.watched = None
        if watched:
            rng = np.random.default_rng([seed, 2])
            original = random_patches(watched, INNER_PATCHES, settings.patch_px, rng)
            self.watched = original, degradation(original, rng)

    def __call__(self, fabric: "Fabric") -> bytes | None:
        """Train, and return the last state; one of several processes keeps it instead."""
        self.fabric = fabric
        self.leads = fabric.global_rank == 0  # of several processes, the one that keeps and shows
        state = self.begin()
        if self.checkpoint is not None and (saved := self.checkpoint.load()):
            state.load(saved, self.identity)
        state.move(fabric.device)
        self.kept = time.monotonic()
        for phase in PHASES[PHASES.index(state.phase) :]:
            if phase != state.phase:
                state.enter(phase)
            self._go_through(state)
        if fabric.world_size == 1:
            return state.to_bytes(self.identity)
        self._keep(state)

    def begin(self) -> State:
        """The state before the first step."""
        return State.begin(
            self.start,
            self.settings.architecture,
            learning_rate=self.settings.learning_rate,
            frozen_blocks=self.settings.frozen_blocks,
            seed=self.seed,
        )

    def _go_through(self, state: State) -> None:
        """Train to the end of the phase, from wherever in it the state stands."""
        steps = getattr(self.settings, f"{state.phase}_steps")
        rest = range(state.step, steps)
        wrap = self.progress(state.phase) if self.progress and self.leads and rest else None
        for _ in wrap(rest, total=len(rest)) if wrap else rest:
            self._train_once(state, steps)
            if state.phase == "pixel" and self._stands_still(state, last=state.step == steps):
                break
            if time.monotonic() - self.kept > CHECKPOINT_SECONDS:
                self._keep(state)
        if state.phase == "pixel":
            if self.watched is None or not steps:
                state.best, state.best_step = deepcopy(state.average), state.step
            state.generator.load_state_dict(state.best.state_dict())

    def _train_once(self, state: State, steps: int) -> None:
        settings, device = self.settings, self.fabric.device
        adversarial = state.phase == "adversarial"
        _set_rate(state.optimisers["generator"], settings.learning_rate, state.step, steps)
        original = random_patches(
            self.frames[state.phase], settings.batch, settings.patch_px, state.rng
        )
        _blacken(original, settings.border_share, state.rng)
        degraded = self.degradation(original, state.rng)
        # All processes draw the same patches, and each takes its own.
        mine = slice(self.fabric.global_rank, None, self.fabric.world_size)
        original, degraded = original[mine].to(device), degraded[mine].to(device)
        row: dict[str, Any] = {"step": len(state.history), "phase": state.phase}
        with self.fabric.autocast():
            made = state.generator(degraded)
        loss = pixel_loss(made.float(), original, settings.ssim_weight)
        row["pixel"] = loss.item()
        if adversarial:
            row["discriminator"] = self._judge(state, original, made.detach())
            against = self._against(state.discriminator, made, True)
            row["generator"] = against.item()
            loss = loss + settings.adversarial_weight * against
        self._descend(state.optimisers["generator"], loss)
        if state.phase == "pixel":
            state.average_in()
        state.history.append(row)
        state.step += 1

    def _judge(self, state: State, original: Tensor, made: Tensor) -> float:
        """One step of the discriminator; returns its loss."""
        real = self._against(state.discriminator, original, True)
        fake = self._against(state.discriminator, made, False)
        loss = (real + fake) / 2
        self._descend(state.optimisers["discriminator"], loss)
        return loss.item()

    def _against(self, discriminator: Discriminator, patches: Tensor, original: bool) -> Tensor:
        """Cross-entropy of calling `patches` original (or not)."""
        with self.fabric.autocast():
            logit = discriminator.logit(patches)
        return F.binary_cross_entropy_with_logits(
            logit.float(), torch.full_like(logit, float(original), dtype=torch.float32)
        )

    def _descend(self, optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
        optimiser.zero_grad()
        loss.backward()
        weights = [w for group in optimiser.param_groups for w in group["params"]]
        if self.fabric.world_size > 1:
            for weight in weights:
                weight.grad = self.fabric.all_reduce(weight.grad)  # the mean
        nn.utils.clip_grad_norm_(weights, GRADIENT_NORM)
        optimiser.step()

    def _stands_still(self, state: State, *, last: bool) -> bool:
        """Look at the watched patients now and then: whether nothing has got better for long."""
        if self.watched is None or not (last or state.step % self.settings.check_every == 0):
            return False
        original, degraded = (part.to(self.fabric.device) for part in self.watched)
        with torch.inference_mode():
            made = state.average(degraded).clamp(0, 1)
            loss = pixel_loss(made, original, self.settings.ssim_weight).item()
            before, after = (F.mse_loss(x, original).item() for x in (degraded, made))
        state.history[-1]["inner_psnr"] = 10 * math.log10(before / after)
        state.waits += 1
        if loss < state.best_loss:
            state.best_loss, state.best_step, state.waits = loss, state.step, 0
            state.best.load_state_dict(state.average.state_dict())
        return state.waits >= self.settings.patience

    def _keep(self, state: State) -> None:
        self.kept = time.monotonic()
        if self.checkpoint is not None and self.leads:
            self.checkpoint.save(state.to_bytes(self.identity))

    @cached_property
    def identity(self) -> str:
        """What this run is: a checkpoint of another one is not gone on with."""
        about = {
            "settings": asdict(self.settings),
            "degradation": asdict(self.degradation),
            "seed": self.seed,
        }
        digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
        for frames in self.frames.values():
            for frame in frames:
                digest.update(str(frame.shape).encode() + np.ascontiguousarray(frame).tobytes())
        for weights in self.start.state_dict().values() if self.start else ():
            digest.update(weights.numpy().tobytes())
        return digest.hexdigest()


def pixel_loss(made: Tensor, original: Tensor, ssim_weight: float) -> Tensor:
    """Squared error, brought to about 1, and a share of 1 - SSIM.

    Parameters
    ----------
    made, original
        Patches (n, 1, size, size) on 0-1.
    ssim_weight
        Of 1 - SSIM; 0 leaves it out.
    """
    loss = F.mse_loss(made, original) / TYPICAL_ERROR
    return loss + ssim_weight * (1 - ssim(made, original)) if ssim_weight else loss


def ssim(a: Tensor, b: Tensor) -> Tensor:
    """Structural similarity of square patches (n, 1, size, size) on 0-1, with a gradient.

    The window of Wang et al. 2004: Gaussian, 11 x 11, sigma 1.5. Two matrix products blur a square
    patch many times faster than convolutions of a single channel do.
    """
    n, size = len(a), a.shape[-1]
    blur = _blur(size).to(a.device)
    moments = blur @ torch.cat([a, b, a * a, b * b, a * b]) @ blur.T
    mean_a, mean_b, aa, bb, ab = moments.split(n)
    c1, c2 = 0.01**2, 0.03**2
    variances = aa - mean_a**2 + bb - mean_b**2
    similar = (2 * mean_a * mean_b + c1) * (2 * (ab - mean_a * mean_b) + c2)
    return (similar / ((mean_a**2 + mean_b**2 + c1) * (variances + c2))).mean()


@cache
def _blur(size: int) -> Tensor:
    """Matrix (size - 10, size) of the window along one side, complete windows only."""
    window = torch.exp(-((torch.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    window = window / window.sum()
    return torch.stack([F.pad(window, (i, size - 11 - i)) for i in range(size - 10)])


def _set_rate(optimiser, highest: float, step: int, steps: int) -> None:
    """Learning rate of a step: a short rise at the start of the phase, then half a cosine."""
    falling = 0.01 + 0.99 * (1 + math.cos(math.pi * step / steps)) / 2
    for group in optimiser.param_groups:
        group["lr"] = highest * falling * min(1.0, (step + 1) / RISE)


def _blacken(patches: Tensor, share: float, rng: np.random.Generator) -> None:
    """Make one side of some patches black: frames are, beside the scan, and noise shows there."""
    size = patches.shape[-1]
    for patch in patches:
        if rng.random() < share:
            cut, axis = int(rng.integers(1, size)), int(rng.integers(1, 3))
            side = slice(cut, None) if rng.random() < 0.5 else slice(cut)
            patch.movedim(axis, 0)[side] = 0


def random_patches(frames: list[np.ndarray], n: int, size: int, rng: np.random.Generator) -> Tensor:
    """`n` random square patches, flipped left to right at random, shape (n, 1, size, size), 0-1."""
    patches = np.empty((n, 1, size, size), dtype=np.float32)
    for patch in patches:
        frame = frames[rng.integers(len(frames))]
        row, column = (rng.integers(side - size + 1) for side in frame.shape)
        cut = frame[row : row + size, column : column + size]
        patch[0] = cut[:, ::-1] if rng.random() < 0.5 else cut  # depth has a direction, width none
    return torch.from_numpy(patches / np.float32(255))
