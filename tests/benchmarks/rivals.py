"""Super-resolution beside fair rivals, on real frames and on simulated ones.

`python -m tests.benchmarks.rivals --data FOLDER` trains with the settings of `demo` and prints, for
patients that trained nothing: PSNR, SSIM, edge sharpness, agreement of features with the original,
what the discriminator can tell, and how much of the generator's work on originals is linear. Then
the AUC of the sound recipe's support vector machine, cross-fitted, on the planar features of every
patient's image as it is and enhanced in each way, and of the degraded image restored in each way.
The networks saw the images of most of these patients, and no outcome. Of simulated patients a finer
scanner saw the same tissue: features of originals, and of originals enhanced in each way, are
compared with those of its images.

The folder is that of the DDTI collection; a fifth of its cases is held out, with the largest lesion
of each. Without the folder only simulated frames are measured.
"""

import argparse
import time
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import pandas as pd

from thyro import core, imaging, models, radiomics, simulate, statistics, super_resolution, tables
from thyro.study import SuperResolution
from thyro.super_resolution.enhancement import resample
from thyro.super_resolution.fidelity import METHODS

SEED = 2024
SIMULATED = 160, 60  # frames that train, and held out
CASES = 30  # of the held-out ones: features are measured
FOLDS, REPEATS = 5, 4  # of the cross-fitting
BINS = {"binCount": 32}
STUDY = SuperResolution()


def real(folder: Path):
    """Frames that train, (image, mask, pixel size) of one frame of every case, outcomes, who is
    held out, and images of a finer scanner: none."""
    table = pd.read_csv(folder / "labels.csv")
    out = table["case_id"].drop_duplicates().sample(frac=0.2, random_state=SEED)
    inside = table[~table["case_id"].isin(out)]
    train = [imaging.read_image(folder / name)[0] for name in inside["image"]]
    largest = table.sort_values("mask_area_px").drop_duplicates("case_id", keep="last").sort_index()
    largest = largest.set_index("image_id")
    patients = {}
    for one, row in largest.iterrows():
        image = imaging.read_image(folder / row["image"])[0]
        mask = imaging.read_mask(folder / row["mask"], image, component="largest")
        patients[one] = image, mask, (1.0, 1.0)
    y = largest["label_tirads_ge4a"].dropna().astype(int)
    return train, patients, y, largest.index[largest["case_id"].isin(out)], {}


def simulated():
    """The same of simulated patients."""
    drawn = simulate.simulate_cohort(sum(SIMULATED), rng=np.random.default_rng(SEED))
    train = [drawn.images[i] for i in range(SIMULATED[0])]
    patients = {
        f"P{i}": (drawn.images[i], drawn.readers[0][i], tuple(drawn.table["spacing_mm"].iloc[i]))
        for i in range(sum(SIMULATED))
    }
    y = pd.Series(drawn.table["y"].to_numpy(int), list(patients))
    out = y.index[SIMULATED[0] :]
    seen = drawn.images_of("F")
    return train, patients, y, out, {one: seen[y.index.get_loc(one)] for one in out[:CASES]}


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


def show(name: str, train, patients, y, out, finer) -> None:
    """Train, measure and print."""
    held_out = {one: patients[one] for one in out}
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
    known = {one: patients[one] for one in y.index}
    extract = partial(radiomics.extract, settings=BINS, feature_set=radiomics.PLANAR)
    everyone = known | held_out
    low = super_resolution.restored_features(everyone, networks, loss(), drawn, extract, bar)
    restored = low.loc[low.index.get_level_values("patient_id").isin(out[:CASES])]
    classes = radiomics.PLANAR.describe().set_index("name")["feature_class"]
    textures = restored[classes.index[classes.ne("shape2D")]]
    medians = super_resolution.agreement_medians(textures, drawn)
    by_class = super_resolution.feature_agreement(textures).groupby(classes).median()
    print(shown(tables.restored(medians, by_class)))
    print(f"low-resolution arm in {time.process_time() - began:.0f} CPU s")
    print("the support vector machine on degraded images, restored:")
    methods = [one for one in low.index.unique("method") if one != "original"]
    print(machines({one: low.loc[one].loc[y.index] for one in methods}, y).to_string())
    ways = {"original": lambda image: image, "bicubic": bicubic}
    ways |= {
        name: partial(super_resolution.enhance, generator=net) for name, net in networks.items()
    }
    measured = {way: features(known, change) for way, change in ways.items()}
    print("the support vector machine on originals, as they are and enhanced:")
    print(machines(measured, y).to_string())
    if finer:
        print(f"median ICC with what a finer scanner saw, {len(finer)} patients held out:")
        print(beside_finer(finer, patients, measured, classes, drawn).to_string(index=False))


def features(patients: dict, change) -> pd.DataFrame:
    """Planar features of changed images, a row per patient."""
    versions = ((change(image), mask, mm) for image, mask, mm in patients.values())
    rows = joblib.Parallel(2)(joblib.delayed(planar)(*version) for version in versions)
    return pd.DataFrame(rows, list(patients))


def beside_finer(finer: dict, patients: dict, measured: dict, classes, drawn) -> pd.DataFrame:
    """How far textures of originals, as they are and enhanced, are those of a finer scanner."""
    seen = {one: (image, *patients[one][1:]) for one, image in finer.items()}
    versions = {"original": features(seen, lambda image: image)}  # what others are compared with
    acquired = {"original": "as acquired"}
    versions |= {acquired.get(way, way): table.loc[list(finer)] for way, table in measured.items()}
    joined = pd.concat(versions, names=["method", "patient_id"])
    medians = super_resolution.agreement_medians(
        joined[classes.index[classes.ne("shape2D")]], drawn
    )
    return medians.round(3)


def machines(measured: dict, y: pd.Series) -> pd.DataFrame:
    """AUC of the support vector machine on features of images that were made in several ways."""
    recipe = models.Recipe(
        selection={"set_aside": radiomics.PLANAR.degenerate(), "patience": 20},
        classifiers={"SVM": ("SVM", {})},
        tuned=("SVM",),
    )
    divisions = [core.outer_folds(y, FOLDS, seed=SEED + k) for k in range(REPEATS)]
    found = {}
    for way, table in measured.items():
        fitted = models.out_of_fold(recipe, table, y, divisions, workers=2)
        auc = statistics.cross_fitted_aucs(y, fitted.by_fold).loc[0]
        found[way] = {
            "patients": len(y),
            "events": int(y.sum()),
            "AUC": tables.estimate(auc["auc"], auc["ci_low"], auc["ci_high"], 3),
        }
    return pd.DataFrame(found).T


def bicubic(image: np.ndarray) -> np.ndarray:
    return resample(image, factor=STUDY.factor, axes=STUDY.along)


def planar(image: np.ndarray, mask: np.ndarray, spacing_mm) -> pd.Series:
    eight_bits = np.rint(np.clip(image, 0, 255)).astype(np.uint8)
    return radiomics.extract(
        eight_bits, mask, spacing_mm, settings=BINS, feature_set=radiomics.PLANAR
    )


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
