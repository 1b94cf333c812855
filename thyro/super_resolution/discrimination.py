"""How well the discriminator tells made patches from original ones: only then does it teach."""

from collections.abc import Iterable

import numpy as np
import torch
from scipy.stats import norm, rankdata

from thyro.core import as_level
from thyro.super_resolution.degradation import Degradation
from thyro.super_resolution.networks import Discriminator, Generator
from thyro.super_resolution.training import random_patches

PATCHES = 4  # of every patient: more say little that is new


def discriminator_auc(
    discriminator: Discriminator,
    generator: Generator,
    frames: Iterable[np.ndarray],
    degradation: Degradation,
    rng: np.random.Generator,
    *,
    patch_px: int,
    level: float = 0.95,
) -> dict[str, float]:
    """AUC and accuracy of the discriminator on patches of patients that trained nothing.

    Four patches of every patient are judged, as they are and as the generator restores them after
    degradation. Where the interval of the AUC holds 0.5 the discriminator is at chance, and what
    it taught the generator was noise.

    Parameters
    ----------
    discriminator, generator
        At the end of training.
    frames : iterable of array, shape (rows, columns)
        Scan areas of held-out patients, one per patient: grey, 0-255. Those smaller than a patch
        are left out.
    degradation
    rng
        Of the places of the patches, and of the noise.
    patch_px
        Side of a patch, as in training.
    level : float, default 0.95
        Coverage of the interval.

    Returns
    -------
    dict
        auc (of calling original patches original), ci_low, ci_high (`clustered_auc`), accuracy
        (share of patches judged rightly, at a probability of one half), n (patients).
    """
    device = next(generator.parameters()).device
    discriminator = discriminator.to(device)
    frames = [frame for frame in frames if min(frame.shape) >= patch_px]
    real, made = [], []
    with torch.inference_mode():
        for frame in frames:
            original = random_patches([frame], PATCHES, patch_px, rng)
            restored = generator(degradation(original, rng).to(device)).clamp(0, 1)
            real.append(discriminator.logit(original.to(device))[:, 0].cpu().numpy())
            made.append(discriminator.logit(restored)[:, 0].cpu().numpy())
    right = np.mean([np.array(real) > 0, np.array(made) < 0]) if frames else np.nan
    auc, low, high = clustered_auc(np.array(real), np.array(made), level=level)
    return {
        "auc": auc,
        "ci_low": low,
        "ci_high": high,
        "accuracy": float(right),
        "n": len(frames),
    }


def clustered_auc(
    cases: np.ndarray, controls: np.ndarray, *, level: float = 0.95
) -> tuple[float, float, float]:
    """AUC of scores that come several to a patient, with a Wald interval cut to 0-1.

    Every case is compared with every control. The variance is that of Obuchowski: placements are
    summed within patients, who alone are independent.

    Parameters
    ----------
    cases, controls : array of float, shape (n_patients, n_each)
        Scores of the same patients, row by row; higher for cases.
    level : float, default 0.95
        Coverage of the interval.

    Returns
    -------
    tuple of float
        AUC, lower and upper limit; NaN of fewer than two patients.

    References
    ----------
    Obuchowski (1997), Biometrics 53:567-578.
    """
    level = as_level(level)
    n = len(cases)
    if n < 2:
        return np.nan, np.nan, np.nan
    of_cases = _placements(cases.ravel(), controls.ravel()).reshape(cases.shape)
    of_controls = 1 - _placements(controls.ravel(), cases.ravel()).reshape(controls.shape)
    auc = of_cases.mean()
    by_patient = (of_cases - auc).sum(axis=1) / cases.size
    by_patient = by_patient + (of_controls - auc).sum(axis=1) / controls.size
    half = norm.isf((1 - level) / 2) * np.sqrt(n / (n - 1) * np.sum(by_patient**2))
    return float(auc), float(max(0.0, auc - half)), float(min(1.0, auc + half))


def _placements(scores: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Share of `others` below each score; ties count one half."""
    ranks = rankdata(np.concatenate([scores, others]))[: len(scores)]
    return (ranks - rankdata(scores)) / len(others)
