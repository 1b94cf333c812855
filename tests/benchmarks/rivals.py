"""Super-resolution beside fair rivals, on real frames and on simulated ones.

`python -m tests.benchmarks.rivals --data FOLDER` trains with the settings of `demo` and prints, for
patients that trained nothing: PSNR, SSIM, edge sharpness, agreement of features with the original,
what the discriminator can tell, and how much of the generator's work on originals is linear. The
folder is that of the DDTI collection; a fifth of its cases is held out, with the largest lesion of
each. Without the folder only simulated frames are measured.
"""

import argparse
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from thyro import imaging, radiomics, simulate, super_resolution, tables
from thyro.study import SuperResolution
from thyro.super_resolution.fidelity import METHODS

SEED = 2024
SIMULATED = 160, 60  # frames that train, and held out
CASES = 30  # of the held-out ones: features are measured
STUDY = SuperResolution()


def real(folder: Path):
    """Frames that train, and (image, mask, pixel size) of one frame of every held-out case."""
    table = pd.read_csv(folder / "labels.csv")
    cases = table["case_id"].drop_duplicates().sample(frac=0.2, random_state=SEED)
    out = table["case_id"].isin(cases)
    train = [imaging.read_image(folder / name)[0] for name in table.loc[~out, "image"]]
    largest = table[out].sort_values("mask_area_px").drop_duplicates("case_id", keep="last")
    held_out = {}
    for row in largest.sort_index().itertuples():
        image = imaging.read_image(folder / row.image)[0]
        held_out[row.image_id] = image, imaging.read_mask(folder / row.mask, image), (1.0, 1.0)
    return train, held_out


def simulated():
    """The same of simulated patients."""
    drawn = simulate.simulate_cohort(sum(SIMULATED), rng=np.random.default_rng(SEED))
    train = [drawn.images[i] for i in range(SIMULATED[0])]
    held_out = {
        f"P{i}": (drawn.images[i], drawn.readers[0][i], tuple(drawn.table["spacing_mm"].iloc[i]))
        for i in range(SIMULATED[0], sum(SIMULATED))
    }
    return train, held_out


def scan(image: np.ndarray) -> np.ndarray:
    return image[imaging.scan_area(image)]


def train_networks(frames):
    """Generator, rivals and discriminator, trained as `demo` says."""
    names = super_resolution.TrainingSettings.__dataclass_fields__
    settings = super_resolution.TrainingSettings(
        **{name: getattr(STUDY, name) for name in names if hasattr(STUDY, name)}
    )
    drawn = simulate.simulate_cohort(STUDY.pretraining_frames, rng=np.random.default_rng([SEED, 1]))
    return super_resolution.train_generator(
        frames, settings, loss(), simulated=[scan(image) for image in drawn.images], seed=SEED
    )


def loss():
    return super_resolution.Degradation(STUDY.factor, STUDY.along, STUDY.noise_sigma)


def show(name: str, train, held_out) -> None:
    """Train, measure and print."""
    frames = [scan(image) for image in train]
    began = time.process_time()
    trained = train_networks(frames)
    print(f"\n{name}: {len(frames)} frames train, {len(held_out)} patients held out")
    print(
        f"trained in {time.process_time() - began:.0f} CPU s, kept pixel step {trained.stopped_at}"
    )
    drawn = np.random.default_rng([SEED, 2])
    networks = {"sr": trained.generator, "pixel": trained.pixel_generator}
    began = time.process_time()
    rivals = super_resolution.fit_rivals(frames, networks["sr"], loss(), drawn)
    print(f"rivals learned in {time.process_time() - began:.0f} CPU s")
    networks |= {key: rivals[key] for key in ("least_squares", "matched")}
    areas = {key: imaging.scan_area(image) for key, (image, _, _) in held_out.items()}
    scans = {key: image[areas[key]] for key, (image, _, _) in held_out.items()}
    masks = {key: mask[areas[key]] for key, (_, mask, _) in held_out.items()}
    quality = super_resolution.measure_held_out(
        scans, masks, pd.Series("test", index=list(scans)), networks, loss(), drawn, bar
    )
    print(shown(tables.fidelity(super_resolution.fidelity_gains(quality)).drop(columns="Cohort")))
    print("the generator less every other method:")
    margins = super_resolution.generator_margins(quality)
    margins["over"] = margins["over"].map(METHODS)
    print(margins.drop(columns="split").round(4).to_string(index=False))

    judged = super_resolution.discriminator_auc(
        trained.discriminator,
        networks["sr"],
        scans.values(),
        loss(),
        drawn,
        patch_px=STUDY.patch_px,
    )
    share = super_resolution.linear_share(networks["sr"], frames, list(scans.values()), drawn)
    print(f"discriminator, AUC {figures(judged, 'auc')}, accuracy {judged['accuracy']:.2f}")
    print(f"linear share of SR - OR {figures(share, 'share')}, rms {share['rms']:.1f} grey levels")

    began = time.process_time()
    some = dict(list(held_out.items())[:CASES])
    extract = partial(radiomics.extract, settings={"binCount": 32}, feature_set=radiomics.PLANAR)
    restored = super_resolution.restored_features(some, networks, loss(), drawn, extract, bar)
    classes = radiomics.PLANAR.describe().set_index("name")["feature_class"]
    textures = restored[classes.index[classes.ne("shape2D")]]
    medians = super_resolution.agreement_medians(textures, drawn)
    by_class = super_resolution.feature_agreement(textures).groupby(classes).median()
    print(shown(tables.restored(medians, by_class)))
    print(f"low-resolution arm in {time.process_time() - began:.0f} CPU s")


def figures(found: dict, key: str) -> str:
    return tables.estimate(found[key], found["ci_low"], found["ci_high"], 2)


def shown(table: pd.DataFrame) -> str:
    return table.to_string(index=False)


def bar(items, *, total):
    return items


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.benchmarks.rivals", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the DDTI collection")
    data = parser.parse_args().data
    if data is not None:
        show("DDTI", *real(data))
    show("Simulated", *simulated())


if __name__ == "__main__":
    main()
