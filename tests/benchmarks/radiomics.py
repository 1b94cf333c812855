"""Radiomic features of real masks against their targets: speed beside pyradiomics, memory.

Every ratio is of two times taken one after the other in the same process. `--all` measures every
mask instead of a sample (a quarter of an hour more).
"""

import importlib
import resource
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk
from PIL import Image
from tqdm import tqdm

from tests import plain_radiomics
from thyro import radiomics

FOLDER = Path("../shared/data/ddti")
SEED = 2024
SAMPLE = 40
LARGE, HUGE = 40_000, 150_000  # pixels
# what, of which masks: floor, goal
RATIOS = {
    "median, all masks": (3, 10),
    "median, masks above 40 000 pixels": (10, 25),
    "mask above 150 000 pixels (frame upsampled twice)": (40, 150),
}
SLOPE = 1.1, 1.0
TWO_PROCESSES = 1.8, 1.95
MEMORY = 400, 250  # MB of one worker


def read(name: str):
    """Image, mask and pixel size of a frame; `name` with "x2" in the end is upsampled."""
    name, twice = name.removesuffix("x2"), name.endswith("x2")
    with Image.open(FOLDER / f"images/{name}.jpg") as image:
        image = image.convert("L")
        size = [side * (2 if twice else 1) for side in image.size]
        image = np.asarray(image.resize(size, Image.Resampling.BICUBIC), dtype=float)
    with Image.open(FOLDER / f"masks/{name}.png") as mask:
        mask = np.asarray(mask.convert("L").resize(size, Image.Resampling.NEAREST)) > 127
    return image, mask, (1.0, 1.0)


def seconds(measure, repeat: int) -> float:
    times = []
    for _ in range(repeat):
        began = time.perf_counter()
        measure()
        times.append(time.perf_counter() - began)
    return min(times)


def measured(names, flash) -> pd.DataFrame:
    """Pixels and seconds of each mask, by pyradiomics, by thyro and by flash-radiomics."""
    rows = []
    for name in tqdm(names, leave=False):
        image, mask, spacing = read(name)
        paper = radiomics.PAPER
        row = {
            "name": name,
            "pixels": int(mask.sum()),
            "thyro": seconds(partial(radiomics.extract, image, mask, spacing), 3),
        }
        began = time.perf_counter()
        plain = plain_radiomics.measure(image, mask, spacing, paper)
        row["plain"] = time.perf_counter() - began
        ours = radiomics.extract(image, mask, spacing)
        row["difference"] = ((ours - plain).abs() / plain.abs().where(plain.abs() > 1e-9)).max()
        if flash is not None:
            began = time.perf_counter()
            other = plain_radiomics.measure(image, mask, spacing, paper, extractor=flash)
            row["flash"] = time.perf_counter() - began
            row["flash agrees"] = int(np.isclose(other, plain, rtol=1e-6, atol=1e-9).sum())
        rows.append(row)
    return pd.DataFrame(rows)


def flash_radiomics():
    """The extractor of another replacement of pyradiomics, where it is installed."""
    try:
        module = importlib.import_module("flash_radiomics.featureextractor")
    except ImportError:
        return None
    return module.RadiomicsFeatureExtractor


def two_processes(names) -> float:
    """How many times sooner two processes measure a cohort than one."""
    radiomics.extract_cohort(names[:4], read, workers=2)  # the processes stand ready
    times = []
    for workers in (1, 2):
        began = time.perf_counter()
        radiomics.extract_cohort(names, read, workers=workers)
        times.append(time.perf_counter() - began)
    return times[0] / times[1]


def memory(n: int) -> float:
    """MB of a process that measures `n` masks; not `ru_maxrss`, which a child has of its parent."""
    code = (
        "import sys; from tests.benchmarks import radiomics as r; "
        "from thyro import radiomics; from pathlib import Path; "
        f"radiomics.extract_cohort(r.masks()[:{n}], r.read); "
        "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(out.stdout) / 1024


def masks() -> list[str]:
    return sorted(path.stem for path in (FOLDER / "masks").glob("*.png"))


def main() -> None:
    if not FOLDER.is_dir():
        print(f"radiomic features of real frames: skipped, {FOLDER} is not there")
        return
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    names = masks()
    pixels = pd.Series({name: int(read(name)[1].sum()) for name in names})
    if "--all" not in sys.argv:
        names = sorted(pd.Series(names).sample(SAMPLE, random_state=SEED))
    huge = [f"{pixels[4 * pixels > HUGE].idxmin()}x2"]
    table = measured([*names, *huge], flash_radiomics())
    print(report(table))
    print(f"largest relative difference: {table['difference'].max():.1e}")
    ratio = two_processes(masks()[:120])
    print(f"2 processes over 1: {ratio:.2f} (floor {TWO_PROCESSES[0]}, goal {TWO_PROCESSES[1]})")
    for n in (10, 150):
        print(f"memory after {n} masks: {memory(n):.0f} MB (floor {MEMORY[0]}, goal {MEMORY[1]})")


def report(table: pd.DataFrame) -> str:
    """Ratios with floors and goals, and how the cost grows."""
    of_frames = ~table["name"].str.endswith("x2")
    groups = dict(
        zip(
            RATIOS,
            (of_frames, of_frames & (table["pixels"] > LARGE), table["pixels"] > HUGE),
            strict=True,
        )
    )
    rows = []
    for what, (floor, goal) in RATIOS.items():
        part = table[groups[what]]
        row = {"what": what, "masks": len(part), "pixels": part["pixels"].median()}
        row |= {"plain (s)": part["plain"].median(), "thyro (s)": part["thyro"].median()}
        row |= {"ratio": (part["plain"] / part["thyro"]).median(), "floor": floor, "goal": goal}
        if "flash" in part:
            row["flash-radiomics"] = (part["plain"] / part["flash"]).median()
            row["its values within 1e-6"] = part["flash agrees"].median()
        rows.append(row)
    slope = np.polyfit(np.log(table["pixels"]), np.log(table["thyro"]), 1)[0]
    return (
        pd.DataFrame(rows).round(3).to_string(index=False)
        + f"\nslope of log(seconds) on log(pixels): {slope:.2f} (floor {SLOPE[0]}, goal {SLOPE[1]})"
    )


if __name__ == "__main__":
    main()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of the measurements, pyradiomics included: {peak:.0f} MB")
