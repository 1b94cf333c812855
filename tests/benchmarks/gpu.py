"""Does a GPU compute what the CPU computes, how much faster, and in how much memory?

`python -m tests.benchmarks.gpu` wants a CUDA device and ends within eight minutes. It trains the
super-resolution networks, then computes the features of every network and fine-tunes all of its
layers, on original and on super-resolved crops, of patients that it simulates. It ends with
status 0 if all agrees, 1 if something does not, 2 if there is no CUDA device.

`--cpu` tries the script itself on small data, in a minute: the CPU then stands in for the GPU, in
the mixed precision that a GPU trains in, so that losses differ as they do there.
"""

import argparse
import faulthandler
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from unittest import mock

import numpy as np
import torch
from lightning_fabric import Fabric

from thyro import core, deep, imaging, simulate, study, super_resolution

LIMIT_S = 8 * 60
SEED = 2024
FRAMES = 12  # train the super-resolution

# A difference is relative to the CPU's value. Features and enhanced frames are computed in float32,
# with TF32 off. Another order of summation changes their seventh digit; a hundred layers of random
# weights carry that to the fourth in ResNet-101 (measured against float64 on crops of 224 pixels:
# 8e-5, in DenseNet-121 2e-6), while the three digits of TF32 would end at 8e-2 and 3e-3. Training
# is in bfloat16 wherever mixed precision takes it, and its numbers have two to three digits.
TOLERANCES = {
    "features": 1e-3,  # root mean square of the differences over that of the features
    "frame": 1e-4,  # largest difference, over 255 grey levels
    "step": 0.01,  # loss of the first step, before any weight has moved
    "steps": 0.05,  # mean loss of the last steps: the same patches, weights that drifted apart
    "epoch": 0.02,  # loss of the first epoch (that of its first step is log 2 in every network)
    "watched": 0.1,  # loss of the few watched patients after it, through all layers in bfloat16
}


@dataclass(frozen=True)
class Sizes:
    """How much is computed."""

    compared: int  # patients, on both
    batch: int  # of them
    patients: int  # on the GPU alone, for its speed
    crop_px: int
    epochs: int  # of the latter
    folds: int
    super_resolution: dict[str, int]  # settings of its training


FULL = Sizes(
    compared=48,
    batch=8,
    patients=96,
    crop_px=224,
    epochs=3,
    folds=3,
    super_resolution={"pretraining_steps": 100, "pixel_steps": 200, "adversarial_steps": 100},
)
SMALL = Sizes(
    compared=16,
    batch=4,
    patients=16,
    crop_px=32,
    epochs=1,
    folds=2,
    super_resolution={"pretraining_steps": 4, "pixel_steps": 12, "adversarial_steps": 4}
    | {"width": 8, "blocks": 1, "batch": 2, "patch_px": 64},
)


class Device:
    """What is compared with the CPU: a CUDA device, or the CPU in its place."""

    def __init__(self, kind: str):
        self.kind = kind
        self.is_cuda = kind == "cuda"

    def __str__(self) -> str:
        return torch.cuda.get_device_name() if self.is_cuda else "the CPU in the place of a GPU"

    @contextmanager
    def training(self) -> Iterator[None]:
        """Mixed precision: thyro asks for it on CUDA; the stand-in has it from here."""
        if self.is_cuda:
            yield
            return
        begin = Fabric.__init__

        def mixed(fabric: Fabric, *args, **how) -> None:
            begin(fabric, *args, **how | {"precision": "bf16-mixed"})

        with mock.patch.object(Fabric, "__init__", mixed):
            yield

    def measured(self, work: Callable) -> tuple:
        """Result, seconds and peak memory in MB (of a CUDA device, else 0) of `work()`."""
        if self.is_cuda:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        began = time.perf_counter()
        result = work()
        if self.is_cuda:
            torch.cuda.synchronize()
        seconds = time.perf_counter() - began
        return result, seconds, torch.cuda.max_memory_reserved() / 2**20 if self.is_cuda else 0.0


CPU = Device("cpu")


class Report:
    """Lines, printed as they are measured, and whether all that was compared agrees."""

    def __init__(self) -> None:
        self.agrees = True

    def speed(self, what: str, unit: str, gpu: float, cpu: float, memory: float) -> None:
        """Units of work per second on both, and the peak memory of the device in MB."""
        ratio = f"{gpu / cpu:.1f} times the CPU's {cpu:.1f}"
        memory = f"; peak memory {memory:.0f} MB" if memory else ""
        print(f"{what:<40} {gpu:8.1f} {unit} a second, {ratio}{memory}", flush=True)

    def difference(self, what: str, kind: str, value: float) -> None:
        """A difference beside its tolerance; NaN is beyond every one."""
        agrees = bool(value <= TOLERANCES[kind])
        self.agrees &= agrees
        verdict = "agrees" if agrees else "DOES NOT AGREE"
        print(f"  {what:<38} {value:8.1e}, tolerated {TOLERANCES[kind]:g}: {verdict}", flush=True)


def train_super_resolution(report: Report, device: Device, sizes: Sizes, cohort):
    """Train on both, and return the generator that the CPU trained."""
    frames = [cohort.images[i] for i in range(FRAMES)]
    scans = [image[imaging.scan_area(image)] for image in frames]
    train = partial(
        super_resolution.train_generator,
        scans,
        # One look at those watched: neither of both stops before the other.
        super_resolution.TrainingSettings(
            **sizes.super_resolution, check_every=sizes.super_resolution["pixel_steps"]
        ),
        super_resolution.Degradation(),
        simulated=scans,
        seed=SEED,
    )
    cpu, cpu_seconds, _ = CPU.measured(partial(train, device="cpu"))
    with device.training():
        train(device=device.kind)  # kernels are chosen and loaded
        gpu, seconds, memory = device.measured(partial(train, device=device.kind))
    n = len(cpu.history)
    report.speed("super-resolution, training", "steps", n / seconds, n / cpu_seconds, memory)
    ours, theirs = gpu.history["pixel"], cpu.history["pixel"]
    report.difference("loss of the first step", "step", _relative(ours[0], theirs[0]))
    last = slice(-(n // 5), None)
    report.difference(
        "mean loss of the last fifth", "steps", _relative(ours[last].mean(), theirs[last].mean())
    )
    frame, generator = frames[0], cpu.generator
    here = super_resolution.enhance(frame, generator)
    there = super_resolution.enhance(frame, generator.to(device.kind))
    report.difference("one generator, a frame on both", "frame", np.abs(there - here).max() / 255)
    return generator.to("cpu")


def crops_of(cohort, generator, size: int) -> dict[str, np.ndarray]:
    """Crops of all patients from original and super-resolved frames, shape (n, size, size)."""
    crops = {study.OR.name: [], study.SR.name: []}
    for image, mask in zip(cohort.images, cohort.masks, strict=True):
        enhanced = super_resolution.enhance(image, generator, around=mask)
        for name, frame in zip(crops, (image, enhanced), strict=True):
            crops[name].append(deep.crop(frame, mask, size=size))
    return {name: np.stack(of_set) for name, of_set in crops.items()}


def compare_network(report: Report, device: Device, sizes: Sizes, name: str, crops) -> None:
    """Features of a network as it is, then the training of all of its layers.

    Parameters
    ----------
    report : Report
    device : Device
    sizes : Sizes
    name : str
        Image set and network, "OR_ResNet101".
    crops : ndarray of float, shape (sizes.patients, size, size)
    """
    n = sizes.compared
    y = np.arange(len(crops)) % 2
    network = deep.prepare_network(
        study.ModelName.read(name).kind, "random", crops[: _n_train(n)], seed=SEED
    )

    def run(on: Device, n: int, trained: str, epochs: int = 1, batch: int = sizes.batch) -> tuple:
        train = np.arange(n) < _n_train(n)
        return on.measured(
            partial(
                deep.cross_fit,
                network,
                crops[:n],
                y[:n],
                train,
                core.outer_folds(y[:n][train], sizes.folds, seed=SEED),
                settings=deep.FineTuningSettings(
                    trained, epochs=epochs, patience=epochs, batch=batch
                ),
                seed=SEED,
                device=on.kind,
            )
        )

    theirs, cpu_seconds, _ = run(CPU, n, "none")
    ours, seconds, memory = run(device, n, "none")  # kernels are chosen and loaded
    if len(crops) > n:
        _, seconds, memory = run(device, len(crops), "none")
    report.speed(f"{name}, features", "crops", len(crops) / seconds, n / cpu_seconds, memory)
    report.difference(
        "pooled features",
        "features",
        _size(ours.features - theirs.features) / _size(theirs.features),
    )

    theirs, _, _ = run(CPU, n, "whole")
    with device.training():
        ours, _, memory = run(device, n, "whole")
        longest = ours
        if len(crops) > n:
            longest, _, memory = run(device, len(crops), "whole", sizes.epochs, 16)
    seen = [_n_train(m) * sizes.folds for m in (len(crops), n)]
    # In an epoch the final network sees all training patients, and each of `folds` networks those
    # outside its fold: `folds` times all of them, of whom some are only watched.
    speeds = [
        patients * learned.history["epoch"].max() / learned.history["seconds"].sum()
        for patients, learned in zip(seen, (longest, theirs), strict=True)
    ]
    report.speed(f"{name}, fine-tuning of all layers", "crops", *speeds, memory)
    for column, kind, what in (
        ("loss", "epoch", "loss of the first epoch"),
        ("inner_loss", "watched", "loss of those watched, after it"),
    ):
        first = [learned.history[column].iloc[0] for learned in (ours, theirs)]
        report.difference(what, kind, _relative(*first))


def _n_train(n: int) -> int:
    """Of `n` patients, the number of those that train."""
    return n * 3 // 4


def _size(values: np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(values, dtype=float))))


def _relative(ours: float, theirs: float) -> float:
    return abs(ours - theirs) / abs(theirs)


def check(device: Device, sizes: Sizes) -> bool:
    """Whether the device agrees with the CPU in all that is compared."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    report = Report()
    cohort = simulate.simulate_cohort(sizes.patients, rng=np.random.default_rng(SEED))
    generator = train_super_resolution(report, device, sizes, cohort)
    for image_set, crops in crops_of(cohort, generator, sizes.crop_px).items():
        for network in study.NETWORKS:
            name = str(study.ModelName(image_set, network))
            compare_network(report, device, sizes, name, crops)
    return report.agrees


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.gpu", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--cpu", action="store_true", help="try the script without a GPU")
    small = parser.parse_args().cpu
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    if not small and not torch.cuda.is_available():
        print("No CUDA device: nothing was checked. `--cpu` tries the script itself.")
        return 2
    began = time.monotonic()
    # After the time that it may take: where it stands, and status 1.
    faulthandler.dump_traceback_later(LIMIT_S, exit=True, file=sys.__stderr__)
    device = Device("cpu" if small else "cuda")
    print(
        f"{device}, beside a CPU with {torch.get_num_threads()} threads; torch {torch.__version__}"
    )
    agrees = check(device, SMALL if small else FULL)
    faulthandler.cancel_dump_traceback_later()
    print(f"{'all agrees' if agrees else 'NOT ALL AGREES'}, {time.monotonic() - began:.0f} s")
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main())
