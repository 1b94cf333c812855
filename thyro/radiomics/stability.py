"""Which features survive what nobody controls: a slightly other outline, a little more speckle.

Every patient of a sample is measured as it is and in perturbed versions; the versions are the
raters of an ICC(2,1) per feature. Nothing here knows the outcome. The perturbations follow
Zwanenburg et al. (2019), Sci. Rep. 9:614 (translation, growth and shrinkage of the outline, its
random deformation, noise), by pixels instead of volumes.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import ndimage

from thyro import statistics
from thyro.radiomics import cohort_extraction
from thyro.radiomics.common_grid import SEPARATOR
from thyro.statistics import GOOD_ICC

KINDS = {  # versions that are compared, together, with the image and mask as they are
    "mask": ("eroded", "dilated", "shifted", "deformed"),
    "noise": ("noisy-1", "noisy-2"),
    "reader": ("second",),
}
UNCHANGED = "unchanged"

# Koo, Li (2016), J. Chiropr. Med. 15:155-163, ask for 30 or more patients and 3 or more raters.
# Two versions of noise beside the image as it is make three.
SAMPLE = 30
FEWEST = 5  # patients below which an ICC would be chance

# SD of the noise as a share of grey. It is what single frames of thyroid ultrasound carry: over
# the nodules of 273 public ones (DDTI) the usual wavelet estimate (median absolute coefficient of
# the finest diagonal band / 0.6745; Donoho, Johnstone 1994, Biometrika 81:425-455) is 0.042 of the
# mean grey, quartiles 0.036 and 0.049. Zwanenburg et al. take the noise of an image likewise.
NOISE = 0.04
SHIFT_PX = (1.0, 2.0)
DEFORMATION_PX = 1.0  # SD of the displacement of the outline
WAVE = 0.15  # width of a bulge of the deformed outline, as a share of the nodule's width
MARGIN_PX = 6  # around the nodule: six SD of the deformation


def stability_sample(patients: Iterable[str], n: int = SAMPLE, seed: int = 0) -> list[str]:
    """Draw patients without replacement, or take all where there are no more than `n`.

    Parameters
    ----------
    patients : iterable of str
        Ids of training patients, each once; their order does not matter to the draw.
    n : int, default 30
    seed : int, default 0

    Returns
    -------
    list of str
        In the order given.

    Raises
    ------
    ValueError
        If `n` is below 1.
    """
    patients = list(patients)
    if n < 1:
        raise ValueError(f"n: expected at least one patient, got {n}.")
    order = np.random.default_rng(seed).permutation(len(patients))[:n]
    drawn = set(np.array(sorted(patients), dtype=object)[order])
    return [patient for patient in patients if patient in drawn]


@dataclass(frozen=True)
class Perturbed:
    """Reads a version of a patient, as `read` reads the patient.

    The same version is the same in every process and run, whoever else is measured. A mask that
    becomes too small is given as it is: the extraction refuses it, names the version, and the
    patient is missing from the ICC of that kind. Keeping the mask of the reader in its place would
    count as perfect agreement. Only the part of an outline inside the frame changes: a mask that
    fills the frame can only be shifted.

    Attributes
    ----------
    read
        `read(patient_id)` gives (image, mask, spacing_mm); picklable.
    seed
        Of direction, deformation and noise.
    second
        As `read`, with the mask of the second reader, where there is one.
    """

    read: Callable
    seed: int = 0
    second: Callable | None = None

    def __call__(self, key: str) -> tuple[np.ndarray, np.ndarray, tuple[float, float]]:
        """Image 0-255, mask (both of shape (rows, columns)) and pixel size of "patient@version"."""
        patient, _, version = key.rpartition(SEPARATOR)
        image, mask, spacing_mm = self.read(patient)
        # Not Python's hash, which differs from process to process.
        digest = hashlib.sha256(key.encode()).digest()
        rng = np.random.default_rng([self.seed, int.from_bytes(digest[:8], "big")])
        if version == "eroded":  # not from the border of the frame, where no reader drew a line
            mask = ndimage.binary_erosion(mask, border_value=1)
        elif version == "dilated":
            mask = ndimage.binary_dilation(mask)
        elif version == "shifted":
            mask = _shifted(mask, rng)
        elif version == "deformed":
            mask = _deformed(mask, rng)
        elif version in KINDS["noise"]:
            image = _noisy(image, rng)
        elif version == "second":
            mask = self.second(patient)[1]
        elif version != UNCHANGED:
            known = [UNCHANGED, *(name for names in KINDS.values() for name in names)]
            raise ValueError(
                f"key: expected a patient, {SEPARATOR!r} and one of {', '.join(known)}, "
                f"got {key!r}."
            )
        return image, mask, spacing_mm


def extract_perturbed(
    patients: Iterable[str],
    read: Callable,
    *,
    seed: int = 0,
    second: Callable | None = None,
    twice: Iterable[str] = (),
    **how: Any,
) -> cohort_extraction.Extraction:
    """Measure every version of some patients.

    Parameters
    ----------
    patients : iterable of str
        Of training, for versions of mask and noise: `stability_sample` draws them.
    read, second : callable
        See `Perturbed`.
    seed : int, default 0
    twice : iterable of str
        Patients whom two readers outlined and `second` can read, for the versions of readers. They
        need not be among `patients`, since few of a cohort may have been outlined twice.
    **how
        As in `extract_cohort`: settings, feature_set, grid, workers, cluster, progress, and a
        cache in a folder of its own. A version is perturbed on the pixels that the scanner and
        the reader had, and resampled then.

    Returns
    -------
    Extraction
        One row per version, index such as "P0001@eroded", for `stability_table`.

    Raises
    ------
    ValueError
        If there are patients outlined twice but no `second`; else as `extract_cohort`.
    """
    patients, twice = list(patients), list(twice)
    if twice and second is None:
        raise ValueError(
            f"second: expected a reader of the second masks of {len(twice)} patients, got None."
        )
    simulated = (UNCHANGED, *KINDS["mask"], *KINDS["noise"])
    keys = [f"{patient}{SEPARATOR}{version}" for patient in patients for version in simulated]
    keys += [
        f"{patient}{SEPARATOR}{version}"
        for patient in twice
        for version in (UNCHANGED, *KINDS["reader"])
    ]
    # A patient of both lists has the unchanged version once.
    return cohort_extraction.extract_cohort(
        dict.fromkeys(keys), Perturbed(read, seed, second), **how
    )


def stability_table(features: pd.DataFrame) -> pd.DataFrame:
    """ICC(2,1) of every feature under each kind of perturbation.

    Parameters
    ----------
    features : DataFrame of float, shape (n_versions, n_features)
        What `extract_perturbed` measured, index "patient@version". A row of NaN is a version that
        could not be measured.

    Returns
    -------
    DataFrame
        Index `feature`, in the order given:

        icc_mask, icc_noise : over the unchanged image and all versions of the kind. NaN where the
            feature does not vary, or fewer than 5 patients have a value in every version.
        icc_reader : first against second reader; only where some patients were outlined twice.
        icc : the smallest of them, NaN where there is none.
        stable : whether it is 0.75 or more.
        n_patients : patients behind the ICCs, the fewest of them.

    Raises
    ------
    ValueError
        If no patient has a version to be compared with the unchanged one.
    """
    parts = [str(key).rpartition(SEPARATOR) for key in features.index]
    wide = features.set_axis(
        pd.MultiIndex.from_tuples([(patient, version) for patient, _, version in parts])
    )
    icc, counts = {}, {}
    for kind, versions in KINDS.items():
        patients = dict.fromkeys(patient for patient, _, version in parts if version in versions)
        if patients:
            ratings = np.stack(
                [
                    wide.reindex([(patient, version) for patient in patients]).to_numpy(float)
                    for version in (UNCHANGED, *versions)
                ],
                axis=1,
            )
            icc[f"icc_{kind}"], counts[kind] = statistics.icc_of_features(ratings, fewest=FEWEST)
    if not icc:
        raise ValueError(
            "features: expected rows such as 'P0001@eroded', as `extract` measures them, found "
            f"{list(features.index[:3])}."
        )
    measured = pd.DataFrame(icc, index=features.columns.rename("feature"))
    smallest = measured.min(axis=1)
    return measured.assign(
        icc=smallest,
        stable=smallest >= GOOD_ICC,
        n_patients=np.min(list(counts.values()), axis=0),
    )


def dice(first: np.ndarray, second: np.ndarray) -> float:
    """Overlap of two masks, 0 (none) to 1 (the same): twice the common area over the sum of both.

    Raises
    ------
    ValueError
        If the shapes differ or both are empty.

    References
    ----------
    Dice (1945), Ecology 26:297-302.
    """
    first, second = np.asarray(first, bool), np.asarray(second, bool)
    total = np.count_nonzero(first) + np.count_nonzero(second)
    if first.shape != second.shape or not total:
        raise ValueError(
            "second: expected a mask of the same image with pixels inside, got shapes "
            f"{first.shape} and {second.shape} with {total} pixels in both."
        )
    return 2 * np.count_nonzero(first & second) / total


def reader_dice(patients: Iterable[str], read: Callable, second: Callable) -> pd.Series:
    """Dice of first and second reader, index `patient_id`.

    Parameters
    ----------
    patients : iterable of str
        Who was outlined twice.
    read, second : callable
        As in `Perturbed`.

    Raises
    ------
    ValueError
        As `dice`, with the patient named.
    """
    overlap = {}
    for patient in patients:
        try:
            overlap[patient] = dice(read(patient)[1], second(patient)[1])
        except ValueError as error:
            raise ValueError(f"patient {patient}: {error}") from error
    return pd.Series(overlap, name="dice", dtype=float).rename_axis("patient_id")


def _shifted(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """`mask` moved by one or two pixels in any direction; what leaves the frame is lost."""
    angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(*SHIFT_PX)
    steps = np.rint(length * np.array([np.sin(angle), np.cos(angle)]))
    return ndimage.shift(mask.astype(np.uint8), steps, order=0).astype(bool)


def _deformed(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """`mask` whose outline goes in and out in smooth random waves."""
    where = ndimage.find_objects(mask.astype(np.uint8))
    if not where:
        return mask
    box = tuple(
        slice(max(0, side.start - MARGIN_PX), side.stop + MARGIN_PX)  # beyond the frame is cut
        for side in where[0]
    )
    inside = mask[box]
    if inside.all():
        return mask
    # Signed distance to the outline, which runs between pixels.
    distance = np.where(
        inside,
        ndimage.distance_transform_edt(inside) - 0.5,
        0.5 - ndimage.distance_transform_edt(~inside),
    )
    waves = rng.normal(size=inside.shape)
    waves = ndimage.gaussian_filter(waves, max(2.0, WAVE * np.sqrt(inside.sum())))
    waves -= waves.mean()  # of a small nodule the waves are longer than the box: none is left over
    deformed = mask.copy()
    deformed[box] = distance + DEFORMATION_PX * waves / waves.std() > 0
    return deformed


def _noisy(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """`image` with multiplicative noise, in whole grey levels 0-255 as a scanner stores them."""
    noise = 1 + NOISE * rng.normal(size=np.shape(image))
    return np.clip(np.rint(np.asarray(image, float) * noise), 0, 255)
