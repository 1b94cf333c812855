"""Super-resolution of real frames against its targets: quality, speed, memory.

Trained on four fifths of the cases of the DDTI collection, measured on the others. Scan area only;
beside it whole frames with their black borders and text, on which noise is easily seen.
"""

import resource
import time
from pathlib import Path

import numpy as np
import pandas as pd

from thyro.imaging import pixels, reading
from thyro.simulate import cohort
from thyro.super_resolution import enhancement, fidelity, training
from thyro.super_resolution.degradation import Degradation

FOLDER = Path("../shared/data/ddti")
SEED = 2024
PRETRAINING_FRAMES = 24
# At most five minutes of training on two cores, the adversary included.
SETTINGS = {
    4: training.TrainingSettings(
        pretraining_steps=600,
        pixel_steps=12000,
        adversarial_steps=400,
        learning_rate=2e-3,
        patience=20,
    ),
    2: training.TrainingSettings(
        inside=2,
        pretraining_steps=400,
        pixel_steps=8500,
        adversarial_steps=200,
        batch=4,
        learning_rate=2e-3,
        patience=20,
    ),
}
# factor, method: (floor dB, floor SSIM), (goal dB, goal SSIM); over bicubic
TARGETS = {
    (4, "pixel"): ((0.4, 0.10), (0.8, 0.13)),
    (2, "pixel"): ((0.9, 0.13), (1.5, 0.15)),
    (4, "sr"): ((-0.2, 0.06), (0.3, 0.10)),
}
SPEED = 5, 12  # megapixels per second, factor 4 on the same grid
MEMORY = 3000, 1500  # MB, whole process, while training


def read() -> tuple[list[np.ndarray], list[tuple], list[tuple]]:
    """Scan areas that train; held out, scan areas with their masks, and the whole frames."""
    table = pd.read_csv(FOLDER / "labels.csv")
    cases = table["case_id"].drop_duplicates().sample(frac=0.2, random_state=SEED)
    train, held_out, whole = [], [], []
    for name, mask, out in zip(
        table["image"], table["mask"], table["case_id"].isin(cases), strict=True
    ):
        image = reading.read_image(FOLDER / name)[0].astype(np.uint8)
        area = pixels.scan_area(image)
        if out:
            nodule = reading.read_mask(FOLDER / mask, image)
            held_out.append((image[area], nodule[area]))
            whole.append((image, nodule))
        else:
            train.append(image[area])
    return train, held_out, whole


def train(images, factor: int, simulated, *, progress=None):
    """Networks trained for a factor, and the seconds it took."""
    began = time.perf_counter()
    trained = training.train_generator(
        images,
        SETTINGS[factor],
        Degradation(factor=factor),
        simulated=simulated,
        seed=SEED,
        progress=progress,
    )
    return trained, time.perf_counter() - began


def gains(trained, factor: int, frames) -> pd.DataFrame:
    """As `fidelity_gains`, by frame: mean and gain over bicubic of each method and measure."""
    networks = {"sr": trained.generator, "pixel": trained.pixel_generator}
    rng = np.random.default_rng(SEED)
    rows = [
        {"patient_id": str(i), "split": "test", **row}
        for i, (frame, mask) in enumerate(frames)
        for row in enhancement.held_out_fidelity(
            frame, mask, networks, Degradation(factor=factor), rng
        )
    ]
    return fidelity.fidelity_gains(pd.DataFrame(rows)).set_index(["method", "measure"])


def bar(label: str):
    from tqdm import tqdm

    return lambda items, *, total: tqdm(items, total=total, desc=label, leave=False)


def main() -> None:
    if not FOLDER.is_dir():
        print(f"super-resolution of real frames: skipped, {FOLDER} is not there")
        return
    images, held_out, whole = read()
    print(f"DDTI: {len(images)} frames train, {len(held_out)} held out by case; sigma 5/255")
    drawn = cohort.simulate_cohort(PRETRAINING_FRAMES, rng=np.random.default_rng(SEED))
    simulated = [image[pixels.scan_area(image)] for image in drawn.images]
    rows, notes = [], []
    for factor in (4, 2):
        trained, seconds = train(images, factor, simulated, progress=bar)
        steps = trained.history["phase"].value_counts()
        notes.append(
            f"factor {factor}: trained {seconds:.0f} s, {steps.to_dict()} steps, kept pixel step "
            f"{trained.stopped_at}"
        )
        for where, frames in (("scan area", held_out), ("whole frames", whole)):
            measured = gains(trained, factor, frames)
            bicubic = measured["mean"]["bicubic"]
            for (of, method), (floor, goal) in TARGETS.items():
                if of == factor:
                    rows.append(
                        {
                            "factor": factor,
                            "method": fidelity.METHODS[method],
                            "measured on": where,
                            "bicubic": f"{bicubic['psnr']:.2f} / {bicubic['ssim']:.3f}",
                            "gain": _pair(measured["gain"][method][["psnr", "ssim"]]),
                            "floor": _pair(floor),
                            "goal": _pair(goal),
                        }
                    )
        if factor == 4:
            speed = _speed(trained.generator)
    print(pd.DataFrame(rows).to_string(index=False))
    print("dB / SSIM, mean over frames.", *notes, sep="\n")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"inference, factor 4: {speed:.1f} megapixel/s (floor {SPEED[0]}, goal {SPEED[1]})")
    print(f"memory, whole process: {memory:.0f} MB (floor {MEMORY[0]}, goal {MEMORY[1]})")
    print(f"cost of a frame 16 times as large: {_growth(trained.generator):.1f} times")


def _pair(values) -> str:
    psnr, ssim = values
    return f"{psnr:+.2f} / {ssim:+.3f}"


def _seconds(generator, side: int) -> float:
    frame = np.random.default_rng(0).uniform(0, 255, (side, side))
    times = []
    for _ in range(5):
        began = time.perf_counter()
        enhancement.enhance(frame, generator)
        times.append(time.perf_counter() - began)
    return min(times)


def _speed(generator) -> float:
    return 0.512**2 / _seconds(generator, 512)


def _growth(generator) -> float:
    """1024 x 1024 to 4096 x 4096."""
    return _seconds(generator, 4096) / _seconds(generator, 1024)


if __name__ == "__main__":
    main()
