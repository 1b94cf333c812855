"""A simulated cohort: the clinical table of Li et al. 2024, frames made on demand, and the truth.

The variables and their frequencies are those of Table 1, column ALL, of Li et al. (2024), Discov.
Oncol., doi:10.1007/s12672-024-01601-0. How variables depend on each other, and what raises the risk
of metastasis, is invented here and stated below; nothing was fitted to the results of the paper.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import norm, truncnorm

from thyro import phantom

PREVALENCE = 162 / 544
# Table 1, counts of 544. The printed order, except that the commonest location comes first: the
# printed one, "Full", is held by six patients and would be a useless reference.
COUNTS = {
    "gender": {"Female": 420, "Male": 124},
    "bilaterality": {"No": 443, "Yes": 101},
    "multifocality": {"No": 408, "Yes": 136},
    "location": {"Middle": 270, "Full": 6, "Upper": 123, "Lower": 114, "Isthmus": 31},
    "ht": {"No": 409, "Yes": 135},
    "composition": dict(zip(phantom.COMPOSITIONS, (13, 531), strict=True)),
    "calcification": dict(zip(phantom.CALCIFICATIONS, (228, 58, 6, 222, 27, 3), strict=True)),
    "margin": dict(zip(phantom.MARGINS, (319, 158, 67), strict=True)),
    "echo": dict(zip(phantom.ECHO_DB, (42, 249, 253), strict=True)),
    "shape": {"No taller-than-wide": 297, "Taller-than-wide": 247},
}
ACR_LEVELS = ("TR2", "TR3", "TR4", "TR5")
SURGERY = ("Unilateral leaf + isthmus + CDN", "TT + CND", "TT + CND + LND")  # as printed
LNM_LOCATION = ("No", "Central", "Central + Lateral")
LATERAL_SHARE = 51 / (114 + 51)  # of the metastases of Table 1

# Correlations of the Gaussian copula, levels counted from the first. All others are 0.
DEPENDENCE = {
    ("age", "diameter"): -0.10,
    ("diameter", "multifocality"): 0.15,
    ("diameter", "calcification"): 0.20,
    ("diameter", "composition"): -0.20,
    ("diameter", "margin"): 0.30,
    ("diameter", "shape"): -0.25,
    ("gender", "ht"): -0.30,  # thyroiditis is a disease of women
    ("bilaterality", "multifocality"): 0.75,
    ("composition", "calcification"): 0.30,
    ("composition", "margin"): 0.45,
    ("composition", "echo"): 0.60,
    ("composition", "shape"): 0.40,
    ("calcification", "margin"): 0.10,
}
# Log odds of metastasis per unit at effect 1. The clinical factors are those the paper retained;
# sizes are invented and round.
LOG_ODDS = {
    "age": -0.045,  # per year
    "log_diameter": 0.9,  # per unit of ln(mm)
    "margin[Irregular or lobulated]": 0.5,
    "margin[Extrathyroidal extension]": 1.1,
    "multifocality[Yes]": 0.7,
    "image_latent": 0.8,  # per SD of the latent that clusters the nodule's scatterers
}
# The radiologist of Table 2, both cohorts pooled.
SENSITIVITY, SPECIFICITY = 121 / 173, 322 / 371


class SimulatedCohort(NamedTuple):
    """A cohort and what made it. Frames are computed when they are asked for."""

    table: pd.DataFrame  # one row per patient: patient_id, y, clinical variables, spacing_mm
    images: FrameSequence  # uint8 arrays, shape (rows, columns)
    masks: FrameSequence  # bool arrays, same shape
    truth: pd.DataFrame  # latents, linear predictor and risk; attrs["coefficients"]


class FrameSequence(Sequence):
    """The images or the masks of a cohort; item i is always the same, whatever was read before."""

    def __init__(self, frames: _Frames, part: str) -> None:
        self._frames = frames
        self._part = part

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: int) -> np.ndarray:
        i = operator.index(index)
        if not -len(self) <= i < len(self):
            raise IndexError(f"patient {i}: the cohort has {len(self)} patients.")
        return getattr(self._frames.frame(i % len(self)), self._part).copy()


def simulate_cohort(
    n: int,
    *,
    rng: np.random.Generator,
    image_shape: tuple[int, int] = (384, 512),
    effect: float = 1.0,
    radiologist: bool = True,
) -> SimulatedCohort:
    """Simulate `n` patients.

    Parameters
    ----------
    n : int
        Number of patients.
    rng : numpy.random.Generator
        The same state gives the same cohort, pixel by pixel.
    image_shape : tuple of int
        Rows and columns of every frame, at least 128 x 160.
    effect : float, default 1
        Factor on all log odds, and on the log odds between the radiologist's readings in the two
        outcome groups. At 0 nothing known before surgery predicts the outcome.
    radiologist : bool, default True
        Whether the table has the yes/no reading of a radiologist.

    Returns
    -------
    SimulatedCohort
        Surgical method and location of metastasis in `table` are known after surgery only: they
        follow from the outcome at any `effect`.

    Raises
    ------
    ValueError
        If `n` or `effect` is out of range or the frames are too small.
    """
    if n < 1:
        raise ValueError(f"n: expected at least 1 patient, got {n}.")
    if not 0 <= effect < np.inf:
        raise ValueError(f"effect: expected a finite number of at least 0, got {effect}.")
    image_shape = phantom.as_image_shape(image_shape)
    table = _preoperative(n, rng)
    truth = _truth(table, effect, rng)
    truth["aspect"] = _aspect(table["shape"], rng)
    spacing = _spacing_mm(table["diameter"].to_numpy(), truth["aspect"], image_shape, rng)
    entropy = rng.integers(2**32, size=4).tolist()
    # Drawn last, so that `effect` changes outcomes and leaves patients and images as they are.
    y = rng.binomial(1, truth["risk"])
    table.insert(1, "y", y)
    table["acr_tirads"] = acr_tirads(table)
    table["lnm_location"], table["surgical_method"] = _surgery(y, table["bilaterality"], rng)
    if radiologist:
        table["radiologist"] = _reading(y, effect, rng)
    table["spacing_mm"] = [(s, s) for s in spacing.tolist()]  # pixels are square
    frames = _Frames(table, truth, image_shape, entropy)
    return SimulatedCohort(
        table, FrameSequence(frames, "image"), FrameSequence(frames, "mask"), truth
    )


def variables() -> list[dict]:
    """Describe the clinical variables of the table, in the order of Table 1."""
    labels = {
        "age": "Age",
        "diameter": "Diameter",
        "gender": "Gender",
        "bilaterality": "Bilaterality",
        "multifocality": "Multifocality",
        "location": "Location",
        "ht": "Hashimoto thyroiditis",
        "composition": "Composition",
        "calcification": "Calcification",
        "margin": "Margin",
        "echo": "Echogenicity",
        "shape": "Shape",
        "acr_tirads": "ACR TI-RADS",
        "surgical_method": "Surgical method",
        "lnm_location": "Location of LNM",
    }
    after = {"surgical_method": SURGERY, "lnm_location": LNM_LOCATION}
    levels = {**COUNTS, "acr_tirads": ACR_LEVELS, **after}
    return [
        {
            "name": name,
            "label": label,
            "kind": "categorical" if name in levels else "continuous",
            "unit": {"age": "years", "diameter": "mm"}.get(name, ""),
            "levels": list(levels.get(name, ())),
            "preoperative": name not in after,
        }
        for name, label in labels.items()
    ]


def risk_terms(table: pd.DataFrame, image_latent) -> pd.DataFrame:
    """Return the terms of the true model, one column per key of `LOG_ODDS`."""
    terms = {
        "age": table["age"],
        "log_diameter": np.log(table["diameter"]),
        "margin[Irregular or lobulated]": table["margin"] == "Irregular or lobulated",
        "margin[Extrathyroidal extension]": table["margin"] == "Extrathyroidal extension",
        "multifocality[Yes]": table["multifocality"] == "Yes",
        "image_latent": image_latent,
    }
    return pd.DataFrame(terms, index=table.index).astype(float)


def acr_tirads(table: pd.DataFrame) -> pd.Categorical:
    """Score the ultrasound signs: Tessler et al. (2017), J. Am. Coll. Radiol. 14:587-595.

    The least suspicious signs of Table 1 give two points, so TR1 cannot occur. The level follows
    from the signs, so its frequencies come near to Table 1 without being drawn from it.
    """
    points_of = {
        "composition": (1, 2),
        "echo": (1, 2, 3),
        "shape": (0, 3),
        "margin": (0, 2, 3),
        "calcification": (0, 1, 2, 3, 4, 5),
    }
    points = sum(np.take(points_of[name], table[name].cat.codes) for name in points_of)
    return pd.Categorical.from_codes(np.searchsorted((3, 4, 7), points, "right"), ACR_LEVELS)


def _preoperative(n: int, rng) -> pd.DataFrame:
    """Draw identity and everything known before surgery from a Gaussian copula."""
    names = ["age", "diameter", *COUNTS]
    correlation = pd.DataFrame(np.eye(len(names)), names, names)
    for (a, b), value in DEPENDENCE.items():
        correlation.loc[a, b] = correlation.loc[b, a] = value
    normal = rng.standard_normal((n, len(names))) @ np.linalg.cholesky(correlation).T
    u = pd.DataFrame(norm.cdf(normal), columns=names)
    # Mean and SD after truncation are those of Table 1: 43.03 +- 11.33 and 12.22 +- 8.56.
    columns = {
        "patient_id": [f"S{i:04d}" for i in range(1, n + 1)],
        "age": _truncated_normal(u["age"], 42.434, 12.070, 18, 80).round(),
        "diameter": np.exp(
            _truncated_normal(u["diameter"], 2.1656, 0.8658, np.log(3), np.log(45))
        ).round(1),
    }
    for name, counts in COUNTS.items():
        edges = np.cumsum(list(counts.values()))[:-1] / sum(counts.values())
        codes = np.searchsorted(edges, u[name])
        columns[name] = pd.Categorical.from_codes(codes, list(counts))
    return pd.DataFrame(columns)


def _truncated_normal(u, mean: float, sd: float, low: float, high: float) -> np.ndarray:
    """Quantiles of a normal distribution between `low` and `high`."""
    return truncnorm.ppf(u, (low - mean) / sd, (high - mean) / sd, loc=mean, scale=sd)


def _truth(table: pd.DataFrame, effect: float, rng) -> pd.DataFrame:
    """Draw the image latent and compute every patient's risk; the mean risk is `PREVALENCE`."""
    latent = rng.standard_normal(len(table))
    slopes = {name: effect * value for name, value in LOG_ODDS.items()}
    score = risk_terms(table, latent).to_numpy() @ np.array(list(slopes.values()))
    intercept = brentq(
        lambda a: expit(a + score).mean() - PREVALENCE, -score.max() - 10, 10 - score.min()
    )
    truth = pd.DataFrame(
        {
            "patient_id": table["patient_id"],
            "image_latent": latent,
            "linear_predictor": intercept + score,
            "risk": expit(intercept + score),
        }
    )
    truth.attrs["coefficients"] = {"intercept": intercept, **slopes}
    return truth


def _surgery(y, bilaterality, rng) -> tuple[pd.Categorical, pd.Categorical]:
    """Draw location of metastasis and the operation, which follow the outcome.

    Lateral metastasis means lateral dissection; else a bilateral tumour means total thyroidectomy.
    The remaining probabilities give the frequencies of Table 1.
    """
    lateral = (y == 1) & (rng.uniform(size=len(y)) < LATERAL_SHARE)
    dissected = lateral | (rng.uniform(size=len(y)) < 0.061)
    total = dissected | (bilaterality == "Yes") | (rng.uniform(size=len(y)) < 0.449)
    return (
        pd.Categorical.from_codes(y + lateral, LNM_LOCATION),
        pd.Categorical.from_codes(total.astype(int) + dissected, SURGERY),
    )


def _reading(y, effect: float, rng) -> np.ndarray:
    """Draw the radiologist's 0/1 reading, which depends on the outcome alone."""
    by_outcome = logit([1 - SPECIFICITY, SENSITIVITY])
    average = logit(PREVALENCE * SENSITIVITY + (1 - PREVALENCE) * (1 - SPECIFICITY))
    return rng.binomial(1, expit(average + effect * (by_outcome - average))[y])


def _aspect(shape, rng) -> np.ndarray:
    """Draw height over width of every nodule."""
    low, high = np.where(shape == "Taller-than-wide", [[1.12], [1.4]], [[0.55], [0.9]])
    return rng.uniform(low, high)


def _spacing_mm(diameter_mm, aspect, image_shape, rng) -> np.ndarray:
    """Choose the depth setting: the operator's habit, deeper for a large nodule.

    The nodule with what surrounds it fits within 70 % of the frame; on a coarse grid a small one
    is shown magnified, so that no mask has fewer than about 150 pixels.
    """
    rows, columns = image_shape
    height, width = phantom.nodule_size_mm(diameter_mm, aspect)
    needed = np.maximum.reduce(
        [(height + phantom.CLEARANCE_MM) / 0.93, height / 0.7, width / 0.7 * rows / columns]
    )
    # An irregular outline fills at least 0.7 of its ellipse.
    allowed = rows * np.sqrt(0.7 * np.pi / 4 * height * width / 150)
    usual = rng.choice([25.0, 30.0, 35.0, 40.0], p=[0.2, 0.4, 0.3, 0.1], size=len(height))
    depth = np.maximum(np.minimum(usual, allowed), needed)
    return depth / rows


class _Frames:
    """Makes frame i from a random stream of its own and keeps the last one made."""

    def __init__(self, table, truth, image_shape, entropy: list[int]) -> None:
        names = ["spacing_mm", "diameter", "margin", "echo", "composition", "calcification", "ht"]
        # Copied, so that whoever edits the table does not change the images.
        self._signs = table[names].assign(
            aspect=truth["aspect"], image_latent=truth["image_latent"]
        )
        self._image_shape = image_shape
        self._entropy = entropy
        self._last: tuple[int, phantom.Frame | None] = (-1, None)

    def __len__(self) -> int:
        return len(self._signs)

    def frame(self, i: int) -> phantom.Frame:
        """Image and mask of patient `i`, counted from 0."""
        made, frame = self._last
        if made != i:
            # The i-th child, as `SeedSequence.spawn` would number it.
            seed = np.random.SeedSequence(self._entropy, spawn_key=(i,))
            frame = phantom.draw_frame(self._scene(i), rng=np.random.default_rng(seed))
            self._last = i, frame
        return frame

    def _scene(self, i: int) -> phantom.Scene:
        row = self._signs.iloc[i]
        return phantom.Scene(
            image_shape=self._image_shape,
            spacing_mm=row["spacing_mm"],
            diameter_mm=row["diameter"],
            aspect=row["aspect"],
            margin=row["margin"],
            echo=row["echo"],
            composition=row["composition"],
            calcification=row["calcification"],
            thyroiditis=row["ht"] == "Yes",
            texture=row["image_latent"],
        )
