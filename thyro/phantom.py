"""A neck with one thyroid nodule, as a map of scatterers, and its B-mode frame.

A frame is simulated, not drawn: tissue is a map of backscatter (dB), of scatterers per mm2, of
attenuation (dB/mm) and of reflectors, which `bmode` turns into an image. Everything that makes a
nodule look the way it does is a property of tissue.

Lengths are mm, `z` points down from the skin, `x` to the right from the middle of the frame.
Decibels are relative to normal thyroid tissue.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from thyro import bmode, checks

THYROID_DB = 25.0  # level of normal thyroid above black
CLEARANCE_MM = 9.0  # skin, fat, strap muscle and capsule above a nodule, some tissue below it
MIN_IMAGE_SHAPE = (128, 160)

MARGINS = ("Smooth or ill defined", "Irregular or lobulated", "Extrathyroidal extension")
ECHO_DB = {  # range of the nodule's mean backscatter; strap muscle lies at -10
    "Hyper- or Isoechoic": (-1.5, 3.0),
    "Hypoechoic": (-8.0, -5.0),
    "Very hypoechoic": (-15.0, -11.0),
}
COMPOSITIONS = ("Cystic and solid", "Solid")
CALCIFICATIONS = (
    "No",
    "Stubby",
    "Peripheral",
    "Micro",
    "Stubby and micro",
    "Peripheral and micro",
)


@dataclass(frozen=True)
class Scene:
    """What one frame shows. Level names are those of the clinical table."""

    image_shape: tuple[int, int]  # rows, columns; at least MIN_IMAGE_SHAPE
    spacing_mm: tuple[float, float]  # row, column
    diameter_mm: float  # larger of the nodule's height and width
    aspect: float  # height over width of the nodule
    margin: str
    echo: str
    composition: str
    calcification: str
    thyroiditis: bool  # Hashimoto: darker and patchy parenchyma
    texture: float  # standard normal: how clustered the nodule's scatterers are

    def __post_init__(self) -> None:
        as_image_shape(self.image_shape)
        for name, levels in (
            ("margin", MARGINS),
            ("echo", ECHO_DB),
            ("composition", COMPOSITIONS),
            ("calcification", CALCIFICATIONS),
        ):
            checks.as_one_of(getattr(self, name), name, levels)
        height, width = nodule_size_mm(self.diameter_mm, self.aspect)
        frame = np.multiply(self.image_shape, self.spacing_mm)
        if height + CLEARANCE_MM > 0.95 * frame[0] or width > 0.8 * frame[1]:
            raise ValueError(
                f"spacing_mm: a nodule {height:.1f} mm high and {width:.1f} mm wide does not fit a "
                f"frame of {frame[0]:.1f} x {frame[1]:.1f} mm. Use a coarser spacing."
            )


class Frame(NamedTuple):
    """One simulated frame."""

    image: np.ndarray  # uint8, shape (rows, columns)
    mask: np.ndarray  # bool, same shape: the true outline of the nodule


def as_image_shape(image_shape) -> tuple[int, int]:
    """Return (rows, columns) of a frame that is large enough to show a neck."""
    rows, columns = (operator.index(size) for size in image_shape)
    if rows < MIN_IMAGE_SHAPE[0] or columns < MIN_IMAGE_SHAPE[1]:
        raise ValueError(
            f"image_shape: expected at least {MIN_IMAGE_SHAPE}, got ({rows}, {columns})."
        )
    return rows, columns


def nodule_size_mm(diameter_mm, aspect):
    """Return (height, width) of nodules whose larger side is `diameter_mm`."""
    return diameter_mm * np.minimum(1.0, aspect), diameter_mm / np.maximum(1.0, aspect)


def draw_frame(scene: Scene, *, rng: np.random.Generator) -> Frame:
    """Simulate one frame and the true outline of its nodule."""
    tissue = bmode.Tissue(scene.image_shape, scene.spacing_mm)
    place = _choose_place(scene, rng)
    nodule = _outline_nodule(tissue, scene, place, rng)
    _add_neck(tissue, scene, place, rng)
    _add_nodule(tissue, scene, nodule, rng)
    _add_calcifications(tissue, scene, nodule, rng)
    # The gain knob, and sliders of the time gain that are never quite right.
    turns = rng.uniform(0.4, 1.2) * tissue.z / tissue.z[-1] + rng.uniform()
    image = tissue.expose(
        gain_db=THYROID_DB + rng.normal(0, 1.2),
        time_gain_db=1.5 * np.sin(2 * np.pi * turns),
        rng=rng,
    )
    return Frame(image, tissue.crop(nodule.distance > 0))


class _Place(NamedTuple):
    """Where things lie, in mm."""

    capsule: float  # depth of the front of the lobe
    back: float  # depth of its back
    half_width: float  # of the lobe
    nodule: tuple[float, float]  # x, z of the middle of its bounding box
    transverse: bool  # with trachea and carotid at the sides
    lateral: int  # side of the carotid, -1 or 1


class _Nodule(NamedTuple):
    """Position of every pixel relative to the outline."""

    distance: np.ndarray  # mm along the radius, positive inside
    angle: np.ndarray  # of the pixel seen from the origin, -pi/2 towards the skin
    outline: tuple[np.ndarray, np.ndarray]  # angles and radii (mm) of the outline
    origin: tuple[float, float]  # x, z

    def point(self, reach: float, rng) -> tuple[float, float, float]:
        """Draw a point within the share `reach` of the radius; return x, z and that radius."""
        angle, share = rng.uniform(-np.pi, np.pi), reach * np.sqrt(rng.uniform())
        radius = np.interp(angle, *self.outline, period=2 * np.pi)
        x = self.origin[0] + share * radius * np.cos(angle)
        return x, self.origin[1] + share * radius * np.sin(angle), radius


def _choose_place(scene: Scene, rng) -> _Place:
    """Put the nodule near the middle of the frame, inside a lobe that is large enough for it."""
    height, width = nodule_size_mm(scene.diameter_mm, scene.aspect)
    frame = np.multiply(scene.image_shape, scene.spacing_mm)
    capsule = rng.uniform(5.5, 7.5)
    if scene.margin == "Extrathyroidal extension":
        top = capsule - min(rng.uniform(0.12, 0.25) * height, 3.0)
    else:
        room = min(0.95 * frame[0], capsule + 16) - capsule - height
        top = capsule + rng.uniform(0.5, max(0.7, 0.8 * room))
    transverse = rng.uniform() < 0.6
    usual = rng.uniform(8.5, 11.5) if transverse else rng.uniform(22, 30)
    return _Place(
        capsule=capsule,
        back=max(capsule + rng.uniform(14, 18), top + height + rng.uniform(1.0, 2.5)),
        half_width=max(usual, 0.6 * width + 2),
        nodule=(rng.uniform(-0.05, 0.05) * frame[1], top + height / 2),
        transverse=transverse,
        lateral=int(rng.choice([-1, 1])),
    )


def _add_neck(tissue: bmode.Tissue, scene: Scene, place: _Place, rng) -> None:
    """Layers from the skin to the muscle behind the thyroid, the lobe, and what lies beside it."""
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
    lobe = _step(tissue.z - front, 0.5) * _step(back - tissue.z, 0.8)
    mean, spread = (-2.5, 2.8) if scene.thyroiditis else (0.0, 1.3)
    tissue.fill(lobe, mean + spread * patches + 0.8 * streaks)
    # Penetration: what the time gain cannot make up for grows behind the thyroid.
    tissue.loss += 0.10 + rng.uniform(0.1, 0.5) * _step(tissue.z - back, 3.0)

    tissue.reflect(skin, 9, 0.2)
    tissue.reflect(fascia, _patchy(tissue, 14, rng), 0.15)
    for _ in range(3):  # partial fasciae between and inside the muscles
        depth = rng.uniform(0.3, 0.95) * place.capsule + tissue.curve(0.2, 12, rng)
        depth += rng.normal(0, 0.05) * tissue.x
        tissue.reflect(np.minimum(depth, front - 0.3), _patchy(tissue, 3, rng, 9), 0.12)
    tissue.reflect(front, _patchy(tissue, 16, rng) - 30 * (1 - inside), 0.15)
    tissue.reflect(back, _patchy(tissue, 13, rng) - 30 * (1 - inside), 0.25)
    for _ in range(4):
        depth = place.back + rng.uniform(0.5, 12.0) + tissue.curve(0.6, 12, rng)
        depth += rng.normal(0, 0.12) * tissue.x
        tissue.reflect(depth, _patchy(tissue, 8, rng, 8), rng.uniform(0.15, 0.35))
    if place.transverse:
        _add_trachea(tissue, place, rng)
        _add_carotid(tissue, place, rng)


def _lobe(tissue: bmode.Tissue, place: _Place, ripple, rng):
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


def _add_carotid(tissue: bmode.Tissue, place: _Place, rng) -> None:
    """A round vessel beside the lobe: its wall is bright where the beam meets it squarely."""
    radius = rng.uniform(2.4, 3.4)
    dx = tissue.x - place.lateral * (place.half_width + radius + rng.uniform(-0.8, 0.8))
    dz = (tissue.z - place.capsule - rng.uniform(5, 10)) / rng.uniform(0.85, 1.1)
    inside = radius - np.hypot(dx, dz)
    lumen = _step(inside, 0.4)
    tissue.fill(lumen, -24 + 8 * _step(-dz - 0.3 * radius, radius))  # reverberation at the front
    tissue.coherent *= 1 - lumen
    tissue.loss -= 0.25 * lumen
    tissue.brighten(8 - 20 * (dx / radius) ** 2, inside / 0.25)


def _add_trachea(tissue: bmode.Tissue, place: _Place, rng) -> None:
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


def _outline_nodule(tissue: bmode.Tissue, scene: Scene, place: _Place, rng) -> _Nodule:
    """Draw a closed star-shaped outline with exactly the height and width of the scene."""
    height, width = nodule_size_mm(scene.diameter_mm, scene.aspect)
    angle = np.linspace(-np.pi, np.pi, 721)[:-1]
    radius = 1 + _roughness(scene.margin, angle, rng)
    x, z = radius * np.cos(angle), radius * np.sin(angle)
    x, z = x * width / np.ptp(x), z * height / np.ptp(z)
    middle = (x.min() + x.max()) / 2, (z.min() + z.max()) / 2
    origin = (place.nodule[0] - middle[0], place.nodule[1] - middle[1])
    # Scaling the axes keeps the order of directions: the radius is still a function of angle.
    outline = np.arctan2(z, x), np.hypot(x, z)

    dx, dz = tissue.x - np.float32(origin[0]), tissue.z - np.float32(origin[1])
    pixel_angle = np.arctan2(dz, dx)
    radius = np.interp(pixel_angle, *outline, period=2 * np.pi).astype(np.float32)
    return _Nodule(radius - np.hypot(dx, dz), pixel_angle, outline, origin)


def _roughness(margin: str, angle, rng) -> np.ndarray:
    """Relative deviation of the radius from an ellipse: harmonics whose size the margin sets."""
    if margin == "Smooth or ill defined":
        orders, size = np.arange(2, 5), 0.03
    elif margin == "Extrathyroidal extension":
        orders, size = np.arange(3, 12), 0.07
    elif rng.uniform() < 0.5:  # lobulated
        orders, size = np.arange(4, 8), 0.08
    else:  # irregular
        orders, size = np.arange(4, 18), 0.08
    phase = rng.uniform(0, 2 * np.pi, len(orders))
    weight = rng.uniform(0.5, 1, len(orders)) / np.sqrt(orders)
    waves = weight @ np.cos(orders[:, None] * angle + phase[:, None])
    return np.clip(size * waves / np.sqrt((weight**2).sum() / 2), -0.3, 0.3)


def _add_nodule(tissue: bmode.Tissue, scene: Scene, nodule: _Nodule, rng) -> None:
    """Fill the outline: mean echo, clustered scatterers, a more or less sharp transition."""
    smooth = scene.margin == "Smooth or ill defined"
    transition = min(rng.uniform(0.2, 1.5 if smooth else 0.6), 0.12 * scene.diameter_mm)
    share = _step(nodule.distance, transition)
    level = rng.uniform(*ECHO_DB[scene.echo])
    tissue.fill(share, level + 1.5 * tissue.field((0.9, 1.1), rng))
    if scene.echo == "Hyper- or Isoechoic":  # a halo is what shows a nodule like its surroundings
        tissue.echo -= rng.uniform(2, 8) * np.exp(-((nodule.distance / 0.4) ** 2))
    tissue.density += share * (_clustered(tissue, scene.texture, rng) - tissue.density)
    tissue.coherent *= 1 - share
    tissue.loss += 0.12 * share
    if scene.composition == "Cystic and solid":
        _add_cysts(tissue, scene, nodule, rng)


def _clustered(tissue: bmode.Tissue, texture: float, rng) -> np.ndarray:
    """Density of scatterers that gather in clusters, the more so the higher the image latent.

    One half of the clustering is finer than the point spread function, which blurs it; the other
    half is coarser and shows as mottling. The mean density does not depend on the latent.
    """
    latent = np.clip(texture, -3, 3)
    strength, coarse = 0.6 * np.exp(0.45 * latent), 0.4 * np.exp(0.25 * latent)
    clusters = tissue.field((0.1, 0.1), rng) + tissue.field((coarse, coarse), rng)
    return bmode.SCATTERERS_PER_MM2 * np.exp(strength * clusters - strength**2)


def _add_cysts(tissue: bmode.Tissue, scene: Scene, nodule: _Nodule, rng) -> None:
    """One to three pockets of fluid: hardly an echo, and enhancement behind them."""
    for _ in range(rng.integers(1, 4)):
        x, z, radius = nodule.point(0.5, rng)
        size = rng.uniform(0.25, 0.5) * radius
        inside = size - np.hypot((tissue.x - x) / rng.uniform(1, 1.6), tissue.z - z)
        fluid = _step(inside, 0.3) * _step(nodule.distance - 0.4, 0.3)
        tissue.fill(fluid, -28)
        tissue.loss -= 0.4 * fluid


def _add_calcifications(tissue: bmode.Tissue, scene: Scene, nodule: _Nodule, rng) -> None:
    """Points without a shadow (micro), coarse stones and rims with one."""
    kind = scene.calcification.lower()
    if "micro" in kind:
        for _ in range(3 + rng.poisson(0.6 * scene.diameter_mm)):
            x, z, _ = nodule.point(0.9, rng)
            size = min(rng.uniform(0.3, 1.0), 0.1 * scene.diameter_mm) / 2
            _add_stone(tissue, (x, z), (size, size), rng.uniform(16, 24), 0.0, rng)
    if "stubby" in kind:
        for _ in range(rng.integers(1, 3)):
            x, z, radius = nodule.point(0.5, rng)
            size = min(rng.uniform(0.8, 1.8), 0.35 * radius)
            _add_stone(tissue, (x, z), (size * rng.uniform(1, 1.5), size), 22, 10.0, rng)
    if "peripheral" in kind:
        for middle in (-np.pi / 2 + rng.uniform(-0.6, 0.6), rng.uniform(-np.pi, np.pi)):
            _add_rim(tissue, nodule, middle, rng)


def _add_stone(tissue: bmode.Tissue, centre, half_mm, level_db, loss, rng) -> None:
    """An ellipse of calcium at (x, z); `loss` (dB/mm) casts its shadow."""
    # No smaller than the grid can hold, or a coarse grid would lose it.
    half = np.maximum(half_mm, 0.6 * np.array(tissue.spacing_mm[::-1]))
    (z0, z1), (x0, x1) = (
        np.searchsorted(axis.ravel(), (middle - 2 * reach, middle + 2 * reach))
        for axis, middle, reach in zip((tissue.z, tissue.x), centre[::-1], half[::-1], strict=True)
    )
    box = (slice(z0, z1), slice(x0, x1))
    off = ((tissue.x[:, x0:x1] - centre[0]) / half[0]) ** 2
    off = off + ((tissue.z[z0:z1] - centre[1]) / half[1]) ** 2
    phase = np.exp(2j * np.pi * rng.uniform())
    tissue.coherent[box] += np.exp(-(off**2)) * np.complex64(10 ** (level_db / 20) * phase)
    tissue.echo[box] = np.maximum(tissue.echo[box], level_db - 8 - 6 * off)
    tissue.loss[box] += loss * (off < 1)


def _add_rim(tissue: bmode.Tissue, nodule: _Nodule, middle: float, rng) -> None:
    """An arc of calcium just inside the outline, around the direction `middle`."""
    turn = np.abs(np.angle(np.exp(1j * (nodule.angle - np.float32(middle)))))
    share = _step(rng.uniform(0.4, 0.9) - turn, 0.1)
    off = (nodule.distance - 0.4) / 0.25
    tissue.brighten(20 - 60 * (1 - share), off)
    tissue.loss += 10 * share * (np.abs(off) < 1)


def _step(distance_mm, width_mm) -> np.ndarray:
    """0 to 1 over a transition of `width_mm` around distance 0."""
    return np.clip(distance_mm / np.float32(width_mm) + np.float32(0.5), 0, 1)
