"""A simulated cohort: the table of `case_mix`, frames made on demand, and the truth.

It stands in for the data of Li et al. (2024), which are not public; nothing learned from it is a
finding about patients.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit

from thyro import core
from thyro.simulate import bmode, case_mix, nodule, risk

ID_PREFIX = {"A": "S", "B": "B", "F": "F"}  # patients of different devices differ in their ids
# What makes a patient and does not stand in the table.
_LATENT = [*risk.LATENTS, "clinical_predictor", "linear_predictor", "risk"]
_LATENT += ["aspect", "defocus", "gain_db", "copy_of"]


class SimulatedCohort(NamedTuple):
    """A cohort and what made it; row i, frame i and truth i are one patient's.

    Frames are computed when they are asked for.
    """

    # One row per assessed patient: patient_id, y, clinical variables, radiologist, spacing_mm,
    # centre, and the columns of the criteria.
    table: pd.DataFrame
    images: FrameSequence  # uint8 arrays, shape (rows, columns)
    masks: FrameSequence  # bool arrays, same shape: the true outlines
    # Latents, linear predictor of the clinical terms alone and of all, risk, how the frame was
    # taken, and `copy_of`, the id whose frame a patient shares; attrs["coefficients"].
    truth: pd.DataFrame
    readers: tuple[FrameSequence, FrameSequence]  # bool arrays: outlines as two readers drew them

    def images_of(self, device: str) -> FrameSequence:
        """Images of the same patients by another device of `bmode.SCANNERS`, on the same grid.

        The tissue is the same, scatterer by scatterer, so that "F" shows what a finer scanner would
        have seen in place of this one: a reference for super-resolution.
        """
        core.as_one_of(device, "device", bmode.SCANNERS)
        return FrameSequence(self.images.frames.by(device), "image")


class FrameSequence(Sequence):
    """One part of the frames of a cohort; item i is always the same, whatever was read before."""

    def __init__(self, frames: _Frames, part: str) -> None:
        self.frames = frames
        self._part = part

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> np.ndarray:
        i = operator.index(index)
        if not -len(self) <= i < len(self):
            raise IndexError(f"patient {i}: the cohort has {len(self)} patients.")
        return getattr(self.frames.frame(i % len(self)), self._part).copy()


def simulate_cohort(
    n: int,
    *,
    rng: np.random.Generator,
    image_shape: tuple[int, int] = (384, 512),
    effect: float = 1.0,
    coarse_log_odds: float = risk.COARSE_LOG_ODDS,
    fine_log_odds: float = risk.FINE_LOG_ODDS,
    prevalence: float | None = None,
    size_shift: float = 0.0,
    radiologist: bool = True,
    device: str = "A",
    exclusions: float = 0.0,
    missing: float = 0.0,
    missing_at_random: float = 0.0,
) -> SimulatedCohort:
    """Simulate a cohort of which `n` patients can be included.

    These are the same patients whatever the options are, but for `size_shift`: `effect`, log odds
    and `prevalence` change their outcomes, `device` their images, `missing` empties cells and
    `exclusions` adds others.

    Parameters
    ----------
    n : int
        Patients who pass all criteria, counted before `missing` empties cells: the included are
        fewer where an analysis takes only complete patients. Their prevalence and every count of
        Table 1 hardly vary between cohorts; `case_mix` says which intervals that spoils.
    rng : numpy.random.Generator
        The same state gives the same cohort, pixel by pixel.
    image_shape : tuple of int
        Rows and columns of every frame, at least 128 x 160.
    effect : float, default 1
        Factor on all log odds, and on the log odds between the radiologist's readings in the two
        outcome groups. At 0 nothing known before surgery predicts the outcome.
    coarse_log_odds, fine_log_odds : float
        Of the outcome, per SD of the coarse and of the fine latent of a nodule's texture.
    prevalence : float, optional
        Share of patients with the outcome; without it the published one, 162 of 544.
    size_shift : float, default 0
        By how many SD nodules are larger than in Table 1, and what goes with it: `case_mix`.
    radiologist : bool, default True
        Whether the table has the yes/no reading of a radiologist.
    device : str, default "A"
        "B" is another centre with another scanner, "F" one with a finer scanner than both.
    exclusions : float, default 0
        Patients assessed beyond the `n`, as a share of `n`. They lie among the others and fail at
        least one criterion, save one (two from 100 patients on) who passes all and repeats an
        earlier row, frame and all, under another id. Whoever fails for poor ultrasound has a
        blurred or a dark frame, and whoever has incomplete records an empty cell.
    missing : float, default 0
        Share of the cells of the clinical variables left empty completely at random, each by
        itself: of 15 variables, 0.05 leaves about half of the patients complete (0.95^15 = 0.46;
        0.51 of them in the 13 known before surgery).
    missing_at_random : float, default 0
        About this share of the cells of `case_mix.AT_RANDOM` left empty besides, the more often the
        older the patient and with the outcome; below 0.5.

    Returns
    -------
    SimulatedCohort
        Surgical method and location of metastasis in `table` are known after surgery only: they
        follow from the outcome at any `effect`.

    Raises
    ------
    ValueError
        If a number is out of range, the device is unknown or the frames are too small.
    """
    if n < 1:
        raise ValueError(f"n: expected at least 1 patient, got {n}.")
    if not 0 <= effect < np.inf:
        raise ValueError(f"effect: expected a finite number of at least 0, got {effect}.")
    shares = {"exclusions": exclusions, "missing": missing, "missing_at_random": missing_at_random}
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise ValueError(f"{name}: expected a share between 0 and 1, got {share}.")
    if prevalence is None:
        prevalence = case_mix.PREVALENCE
    if not 0 < prevalence < 1:
        raise ValueError(f"prevalence: expected a share strictly within 0 and 1, got {prevalence}.")
    for name, number in (
        ("coarse_log_odds", coarse_log_odds),
        ("fine_log_odds", fine_log_odds),
        ("size_shift", size_shift),
    ):
        if not np.isfinite(number):
            raise ValueError(f"{name}: expected a finite number, got {number}.")
    core.as_one_of(device, "device", bmode.SCANNERS)
    image_shape = nodule.as_image_shape(image_shape)
    # A stream for each part, so that changing one leaves the others as they are.
    seeds = np.random.SeedSequence(rng.integers(2**32, size=4).tolist())
    own, others, gaps, order, frame_seeds, at_random = seeds.spawn(6)
    further = round(exclusions * n)
    copies = min(further, 2 if n >= 100 else 1)
    model = _Model(effect, coarse_log_odds, fine_log_odds, prevalence, size_shift)
    patients, coefficients = _draw_patients(n, image_shape, model, own)
    if further > copies:
        rest, _ = _draw_patients(further - copies, image_shape, model, others, coefficients)
        patients = pd.concat([patients, rest], ignore_index=True)
    signs = patients[[*_SIGNS]].assign(stream=range(len(patients)))
    patients = case_mix.empty_cells(patients, missing, np.random.default_rng(gaps))
    at_random = np.random.default_rng(at_random)
    patients = case_mix.empty_at_random(patients, missing_at_random, at_random)

    order = np.random.default_rng(order)
    # Who is drawn again comes twice, and the later row is the copy.
    again = order.choice(n, copies, replace=False)
    rows = order.permutation(np.concatenate([np.arange(len(patients)), again]))
    patients = patients.iloc[rows].reset_index(drop=True)
    ids = pd.Series([f"{ID_PREFIX[device]}{i:04d}" for i in range(1, len(rows) + 1)])
    first = ids.groupby(rows).transform("first")
    patients.insert(0, "patient_id", ids)
    patients = patients.assign(centre=device, copy_of=first.where(first != ids, ""))
    truth = patients[["patient_id", *_LATENT]].copy()
    truth.attrs["coefficients"] = coefficients
    table = patients.drop(columns=_LATENT if radiologist else [*_LATENT, "radiologist"])
    frames = _Frames(signs.iloc[rows], image_shape, device, frame_seeds)
    images, masks, *readers = (FrameSequence(frames, part) for part in nodule.Frame._fields)
    return SimulatedCohort(table, images, masks, truth, tuple(readers))


def source_table(cohort: SimulatedCohort) -> pd.DataFrame:
    """Write the cohort as a user's table would hold it: every cell text, "" where empty.

    Columns `image`, `mask` and `mask_2` name one file per patient, mask and mask_2 being those of
    the two readers. Whoever has no pathology has neither outcome nor location of metastasis.
    """
    table = cohort.table.drop(columns="spacing_mm")
    unknown = table["pathology"] == 0
    text = table.apply(lambda column: column.map(_cell).where(column.notna(), "")).astype(str)
    text.loc[unknown, ["y", "lnm_location"]] = ""
    for k, (column, ending) in enumerate(
        {"image": "dcm", "mask": "nii.gz", "mask_2": "nii.gz"}.items(), start=1
    ):
        folder = column.replace("image", "images").replace("mask", "masks")
        text.insert(k, column, folder + "/" + text["patient_id"] + "." + ending)
    return text


def _cell(value) -> str:
    """A value as text that gives the same value back; whole numbers without a point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


class _Model(NamedTuple):
    """What the patients of a cohort are drawn from: the options of `simulate_cohort`."""

    effect: float
    coarse: float
    fine: float
    prevalence: float
    size_shift: float


def _draw_patients(
    n: int, image_shape, model: _Model, seeds, coefficients: dict | None = None
) -> tuple[pd.DataFrame, dict]:
    """Draw patients, one per row in the order of the table, and return the model of their risk.

    Without `coefficients` they pass all criteria and the intercept is set for them; with those of
    other patients they fail.
    """
    # The outcome has a stream of its own: what it uses depends on the model of the risk.
    rng, outcome_rng = map(np.random.default_rng, seeds.spawn(2))
    clinical = case_mix.preoperative(n, rng, size_shift=model.size_shift)
    latents = pd.DataFrame(rng.standard_normal((n, 2)), columns=risk.LATENTS)
    aspect = _aspect(clinical["shape"], rng)
    spacing = _spacing_mm(clinical["diameter"].to_numpy(), aspect, image_shape, rng)
    criteria_cells = case_mix.criteria_cells(n, rng, failing=coefficients is not None)
    poor = criteria_cells["poor_ultrasound"].to_numpy() == 1
    blurred = poor & (rng.uniform(size=n) < 0.5)
    defocus = np.where(blurred, rng.uniform(2.0, 2.8, n), 1.0)
    gain_db = np.where(poor & ~blurred, rng.uniform(-18.0, -12.0, n), 0.0)

    terms = risk.risk_terms(clinical, latents)
    log_odds = {"coarse": model.coarse, "fine": model.fine, "effect": model.effect}
    if coefficients is None:
        coefficients = risk.coefficients(terms, risk.log_odds(**log_odds), model.prevalence)
    of_terms = terms * pd.Series(coefficients)[terms.columns]
    of_latents = of_terms[[*risk.LATENTS]].sum(axis=1)
    clinical_score = coefficients["intercept"] + of_terms.drop(columns=[*risk.LATENTS]).sum(axis=1)
    score = clinical_score + of_latents
    y = case_mix.outcome(expit(score), outcome_rng)
    read = risk.reading(clinical, latents, y, outcome_rng, **log_odds)
    clinical = clinical.assign(**case_mix.surgery(y, clinical["bilaterality"], outcome_rng))
    clinical.insert(0, "y", y)
    patients = clinical.join(latents).assign(
        radiologist=read,
        spacing_mm=[(s, s) for s in spacing.tolist()],  # pixels are square
        clinical_predictor=clinical_score,
        linear_predictor=score,
        risk=expit(score),
        aspect=aspect,
        defocus=defocus,
        gain_db=gain_db,
    )
    return patients.join(criteria_cells), coefficients


def _aspect(shape, rng) -> np.ndarray:
    """Draw height over width of every nodule."""
    low, high = np.where(shape == "Taller-than-wide", [[1.12], [1.4]], [[0.55], [0.9]])
    return rng.uniform(low, high)


def _spacing_mm(diameter_mm, aspect, image_shape, rng) -> np.ndarray:
    """Choose the depth setting: the operator's habit, deeper for a large nodule.

    The nodule takes up at most 70 % of the height and of the width of the frame, and 93 % of the
    height together with the tissue above and below it; on a coarse grid a small one is shown
    magnified, so that no mask has fewer than about 150 pixels.
    """
    rows, columns = image_shape
    height, width = nodule.nodule_size_mm(diameter_mm, aspect)
    needed = np.maximum.reduce(
        [(height + nodule.CLEARANCE_MM) / 0.93, height / 0.7, width / 0.7 * rows / columns]
    )
    # An irregular outline fills at least 0.7 of its ellipse.
    allowed = rows * np.sqrt(0.7 * np.pi / 4 * height * width / 150)
    usual = rng.choice([25.0, 30.0, 35.0, 40.0], p=[0.2, 0.4, 0.3, 0.1], size=len(height))
    depth = np.maximum(np.minimum(usual, allowed), needed)
    return depth / rows


# Columns of the table that a frame shows, and the fields of `nodule.Scene` they fill.
_SIGNS = {
    "spacing_mm": "spacing_mm",
    "diameter": "diameter_mm",
    "aspect": "aspect",
    "margin": "margin",
    "echo": "echo",
    "composition": "composition",
    "calcification": "calcification",
    "ht": "thyroiditis",
    "coarse_latent": "coarse",
    "fine_latent": "fine",
    "defocus": "defocus",
    "gain_db": "gain_db",
}


class _Frames:
    """Makes frame i from a random stream of its own and keeps the last one made."""

    def __init__(self, signs: pd.DataFrame, image_shape, device: str, seeds) -> None:
        signs = signs.rename(columns=_SIGNS)
        self._streams = signs.pop("stream").tolist()
        self._signs = signs.assign(thyroiditis=signs["thyroiditis"] == "Yes")
        self._same = {"image_shape": image_shape, "device": device}  # in all frames
        self._seeds = seeds  # a SeedSequence, whose child k is that of stream k
        self._last: tuple[int, nodule.Frame | None] = (-1, None)

    def __len__(self) -> int:
        return len(self._signs)

    def by(self, device: str) -> _Frames:
        """The same frames by another device."""
        other = copy.copy(self)
        other._same = self._same | {"device": device}
        other._last = (-1, None)
        return other

    def frame(self, i: int) -> nodule.Frame:
        """Image, mask and readers' masks of patient `i`, counted from 0."""
        made, frame = self._last
        if made != i:
            key = (*self._seeds.spawn_key, self._streams[i])
            seed = np.random.SeedSequence(self._seeds.entropy, spawn_key=key)
            (signs,) = self._signs.iloc[[i]].to_dict("records")
            scene = nodule.Scene(**signs, **self._same)
            frame = nodule.draw_frame(scene, rng=np.random.default_rng(seed))
            self._last = i, frame
        return frame
