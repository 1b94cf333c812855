"""The neck around a thyroid nodule: skin, fat, muscle, the lobe, trachea and carotid artery.

Every structure is written into the maps of `bmode.Tissue`. Lengths are mm, `z` points down from
the skin, `x` to the right from the middle of the frame; decibels are relative to normal thyroid.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from thyro.simulate import bmode

PARENCHYMA_DB = {False: (0.0, 1.3), True: (-2.5, 2.8)}  # mean and spread; with thyroiditis


class Place(NamedTuple):
    """Where things lie, in mm."""

    capsule: float  # depth of the front of the lobe
    back: float  # depth of its back
    half_width: float  # of the lobe
    nodule: tuple[float, float]  # x, z of the middle of its bounding box
    transverse: bool  # with trachea and carotid at the sides
    lateral: int  # side of the carotid, -1 or 1


def choose_place(
    frame_mm: tuple[float, float],
    nodule_mm: tuple[float, float],
    *,
    extends: bool,
    rng: np.random.Generator,
) -> Place:
    """Put the nodule near the middle of the frame, inside a lobe that is large enough for it.

    Parameters
    ----------
    frame_mm, nodule_mm : tuple of float
        Height and width.
    extends : bool
        Whether the nodule reaches through the capsule.
    """
    height, width = nodule_mm
    capsule = rng.uniform(5.5, 7.5)
    if extends:
        top = capsule - min(rng.uniform(0.12, 0.25) * height, 3.0)
    else:
        room = min(0.95 * frame_mm[0], capsule + 16) - capsule - height
        top = capsule + rng.uniform(0.5, max(0.7, 0.8 * room))
    transverse = rng.uniform() < 0.6
    usual = rng.uniform(8.5, 11.5) if transverse else rng.uniform(22, 30)
    return Place(
        capsule=capsule,
        back=max(capsule + rng.uniform(14, 18), top + height + rng.uniform(1.0, 2.5)),
        half_width=max(usual, 0.6 * width + 2),
        nodule=(rng.uniform(-0.05, 0.05) * frame_mm[1], top + height / 2),
        transverse=transverse,
        lateral=int(rng.choice([-1, 1])),
    )


def add_neck(
    tissue: bmode.Tissue, place: Place, *, thyroiditis: bool, rng: np.random.Generator
) -> None:
    """Layers from the skin to the muscle behind the thyroid, the lobe, and what lies beside it.

    Parameters
    ----------
    tissue : bmode.Tissue
        Whose maps are written.
    place : Place
    thyroiditis : bool
        Hashimoto, which makes the parenchyma darker and patchy.
    rng : numpy.random.Generator
    """
    streaks = tissue.field((0.13, 1.8), rng)
    patches = tissue.field((0.7, 1.0), rng)
    ripple = tissue.curve(0.25, 12, rng)
    tilt = rng.normal(0, 0.03) * tissue.x
    skin = rng.uniform(1.2, 1.8) + ripple / 4
    fascia = skin + (place.capsule - skin) * rng.uniform(0.3, 0.5) + ripple / 2 + tilt
    front, back, inside = _lobe(tissue, place, ripple, rng)

    tissue.echo = -9 + 4.5 * streaks + 2.5 * patches  # muscle and connective tissue
    tissue.fill(_step(fascia - tissue.z, 0.3), -4 + 4 * streaks + 2 * patches)
    tissue.fill(_step(skin - tissue.z, 0.2), 4 + 2 * streaks)
    # Loose connective tissue wraps the lobe, the more so at its sides.
    wrap = np.minimum(tissue.z - front, back - tissue.z)
    near = np.exp(-((np.minimum(wrap, 0) / (0.7 + 1.5 * (1 - inside))) ** 2))
    tissue.fill(0.8 * near * (tissue.z > fascia), 4 + 4 * streaks + 2.5 * patches)
    lobe = _step(tissue.z - front, 0.5) * _step(back - tissue.z, 0.8)
    mean, spread = PARENCHYMA_DB[thyroiditis]
    tissue.fill(lobe, mean + spread * patches + 0.8 * streaks)
    # Penetration: what the time gain cannot make up for grows behind the thyroid.
    tissue.loss += 0.10 + rng.uniform(0.1, 0.5) * _step(tissue.z - back, 3.0)

    tissue.reflect(skin, 9, 0.2)
    tissue.reflect(fascia, _patchy(tissue, 14, rng), 0.15)
    for _ in range(3):  # partial fasciae between and inside the muscles
        depth = rng.uniform(0.3, 0.95) * place.capsule + tissue.curve(0.2, 12, rng)
        depth += rng.normal(0, 0.05) * tissue.x
        tissue.reflect(np.minimum(depth, front - 0.3), _patchy(tissue, 3, rng, 9), 0.12)
    tissue.reflect(front, _patchy(tissue, 14, rng, 6) - 30 * (1 - inside), 0.15)
    tissue.reflect(back, _patchy(tissue, 13, rng, 6) - 30 * (1 - inside), 0.25)
    for _ in range(5):
        depth = place.back + rng.uniform(0.5, 12.0) + tissue.curve(0.6, 12, rng)
        depth += rng.normal(0, 0.12) * tissue.x
        tissue.reflect(depth, _patchy(tissue, 8, rng, 8), rng.uniform(0.15, 0.35))
    _add_vessels(tissue, place, rng)
    if place.transverse:
        _add_trachea(tissue, place, rng)
        _add_carotid(tissue, place, rng)


def _lobe(tissue: bmode.Tissue, place: Place, ripple, rng):
    """Return the depths of the lobe's front and back, and a share that is 0 beside the lobe."""
    half_height = (place.back - place.capsule) / 2
    across = np.abs(tissue.x - rng.uniform(-1.5, 1.5)) / place.half_width
    arc = np.maximum(1 - across**2.5, 0)
    front = place.capsule + half_height * (1 - arc ** rng.uniform(0.3, 0.5)) + ripple
    back = place.back - half_height * (1 - arc ** rng.uniform(0.3, 0.7))
    return front, back + tissue.curve(0.5, 12, rng), _step(1 - across, 0.15)


def _patchy(tissue: bmode.Tissue, level_db: float, rng, spread_db: float = 4) -> np.ndarray:
    """Level of an interface along x: mean `level_db`, stronger here and weaker there."""
    return level_db + tissue.curve(spread_db, 9, rng)


def _add_vessels(tissue: bmode.Tissue, place: Place, rng) -> None:
    """Small vessels of the lobe, cut across or along: dark, with hardly a wall."""
    for _ in range(rng.integers(2, 6)):
        x = rng.uniform(-0.8, 0.8) * place.half_width
        z = place.capsule + rng.uniform(0.15, 0.85) * (place.back - place.capsule)
        slope, length = rng.normal(0, 0.4), rng.choice([0.5, 2.5])
        rows, columns = tissue.box((x, z), (1.5 * length, 1 + 1.5 * length * abs(slope)))
        dx, dz = tissue.x[:, columns] - x, tissue.z[rows] - z
        across = (dz - slope * dx) / rng.uniform(0.3, 0.55)
        dark = np.exp(-(across**4) - (dx / length) ** 4)
        tissue.echo[rows, columns] -= rng.uniform(5, 10) * dark


def _add_carotid(tissue: bmode.Tissue, place: Place, rng) -> None:
    """A round vessel beside the lobe: its wall is bright where the beam meets it squarely."""
    radius = rng.uniform(2.4, 3.4)
    dx = tissue.x - place.lateral * (place.half_width + radius + rng.uniform(-0.8, 0.8))
    dz = (tissue.z - place.capsule - rng.uniform(5, 10)) / rng.uniform(0.85, 1.1)
    inside = radius - np.hypot(dx, dz)
    lumen = _step(inside, 0.4)
    tissue.fill(lumen, -24 + 8 * _step(-dz - 0.3 * radius, radius))  # reverberation at the front
    tissue.coherent *= 1 - lumen
    tissue.loss -= 0.5 * lumen
    tissue.brighten(10 - 22 * (dx / radius) ** 2, inside / 0.25)


def _add_trachea(tissue: bmode.Tissue, place: Place, rng) -> None:
    """Cartilage, and air that reflects: a bright front, echoes of it, and no sound behind."""
    radius = rng.uniform(8, 10)
    dx = tissue.x + place.lateral * (place.half_width + radius + rng.uniform(-2.5, -0.5))
    dz = tissue.z - place.capsule - radius + rng.uniform(-1, 2)
    inside = radius - np.hypot(dx, dz) + tissue.curve(0.2, 6, rng)
    tissue.fill(_step(inside, 0.5), -12)
    air = _step(inside - 1.5, 0.3)
    tissue.coherent *= 1 - air
    tissue.fill(air, -8)
    tilt = (dx / radius) ** 2 + 2 * _step(dz, 0.5)  # no sound returns from sides and back
    for bounce in range(3):
        tissue.brighten(14 - 30 * tilt - 7 * bounce, (inside - 1.5 - 1.4 * bounce) / 0.3)
    tissue.loss += 2.5 * air


def _step(distance_mm, width_mm) -> np.ndarray:
    """0 to 1 over a transition of `width_mm` around distance 0."""
    return np.clip(distance_mm / np.float32(width_mm) + np.float32(0.5), 0, 1)
