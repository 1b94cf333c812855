"""A neck with one thyroid nodule, as a map of scatterers, and its B-mode frame.

A frame is simulated, not drawn: tissue is a map of backscatter (dB), of scatterers per mm2, of
attenuation (dB/mm) and of reflectors, which `bmode` turns into an image. Everything that makes a
nodule look the way it does is a property of tissue.

Lengths are mm, `z` points down from the skin, `x` to the right from the middle of the frame.
Decibels are relative to normal thyroid tissue.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from thyro import core
from thyro.simulate import bmode, neck

CLEARANCE_MM = 9.0  # skin, fat, strap muscle and capsule above a nodule, some tissue below it
MIN_IMAGE_SHAPE = (128, 160)

MARGINS = ("Smooth or ill defined", "Irregular or lobulated", "Extrathyroidal extension")
ECHO_DB = {  # range of the nodule's mean backscatter beside its parenchyma; muscle lies at -9
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
# A reader's outline errs with an SD of 0.12 mm times the square root of the diameter in mm: 0.3 mm
# at 6 mm, 0.5 mm at 17 mm. The second reader draws outside by a share of that on average.
READER_ERROR_MM = 0.12
READER_BIAS = (0.0, 0.5)


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
    coarse: float  # standard normal: how clustered the nodule's scatterers are
    fine: float  # standard normal: how strongly its backscatter changes within a resolution cell
    device: str = "A"  # key of `bmode.SCANNERS`
    defocus: float = 1.0  # above 1 a blurred frame: factor on the point spread function
    gain_db: float = 0.0  # below 0 a frame that is too dark

    def __post_init__(self) -> None:
        as_image_shape(self.image_shape)
        for name, levels in (
            ("margin", MARGINS),
            ("echo", ECHO_DB),
            ("composition", COMPOSITIONS),
            ("calcification", CALCIFICATIONS),
            ("device", bmode.SCANNERS),
        ):
            core.as_one_of(getattr(self, name), name, levels)
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
    reader_1: np.ndarray  # bool: the outline as a reader drew it
    reader_2: np.ndarray  # as another did, who draws a little generously


def as_image_shape(image_shape: Sequence[int]) -> tuple[int, int]:
    """Return (rows, columns) of a frame that is large enough to show a neck."""
    rows, columns = (operator.index(size) for size in image_shape)
    if rows < MIN_IMAGE_SHAPE[0] or columns < MIN_IMAGE_SHAPE[1]:
        raise ValueError(
            f"image_shape: expected at least {MIN_IMAGE_SHAPE}, got ({rows}, {columns})."
        )
    return rows, columns


def nodule_size_mm(diameter_mm: ArrayLike, aspect: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return (height, width) of nodules whose larger side is `diameter_mm`."""
    return diameter_mm * np.minimum(1.0, aspect), diameter_mm / np.maximum(1.0, aspect)


def draw_frame(scene: Scene, *, rng: np.random.Generator) -> Frame:
    """Simulate one frame, the true outline of its nodule and two readers' outlines."""
    scanner = bmode.SCANNERS[scene.device].defocused(scene.defocus)
    tissue = bmode.Tissue(scene.image_shape, scene.spacing_mm, scanner)
    size = nodule_size_mm(scene.diameter_mm, scene.aspect)
    place = neck.choose_place(
        np.multiply(scene.image_shape, scene.spacing_mm),
        size,
        extends=scene.margin == "Extrathyroidal extension",
        rng=rng,
    )
    nodule = _outline_nodule(tissue, scene.margin, size, place.nodule, rng)
    neck.add_neck(tissue, place, thyroiditis=scene.thyroiditis, rng=rng)
    _add_nodule(tissue, scene, nodule, rng)
    _add_calcifications(tissue, scene, nodule, rng)
    # The gain knob, and sliders of the time gain that are never quite right.
    turns = rng.uniform(0.4, 1.2) * tissue.z / tissue.z[-1] + rng.uniform()
    image = tissue.expose(
        gain_db=scene.gain_db + rng.normal(0, 1.2),
        time_gain_db=1.5 * np.sin(2 * np.pi * turns),
        rng=rng,
    )
    # Read last: the readers change nothing in the image.
    sd = READER_ERROR_MM * np.sqrt(scene.diameter_mm)
    readers = (_read(nodule, sd, bias, rng) for bias in READER_BIAS)
    return Frame(image, tissue.crop(nodule.distance > 0), *map(tissue.crop, readers))


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


def _outline_nodule(tissue: bmode.Tissue, margin: str, size_mm, middle_mm, rng) -> _Nodule:
    """Draw a closed star-shaped outline with exactly the height and width of `size_mm`."""
    height, width = size_mm
    angle = np.linspace(-np.pi, np.pi, 721)[:-1]
    radius = 1 + _roughness(margin, angle, rng)
    x, z = radius * np.cos(angle), radius * np.sin(angle)
    x, z = x * width / np.ptp(x), z * height / np.ptp(z)
    middle = (x.min() + x.max()) / 2, (z.min() + z.max()) / 2
    origin = (middle_mm[0] - middle[0], middle_mm[1] - middle[1])
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
    return np.clip(size * _harmonics(orders, angle, rng), -0.3, 0.3)


def _harmonics(orders, angle, rng) -> np.ndarray:
    """Random periodic function of `angle` with SD 1 and these orders, the higher the weaker."""
    phase = rng.uniform(0, 2 * np.pi, len(orders))
    weight = rng.uniform(0.5, 1, len(orders)) / np.sqrt(orders)
    waves = weight @ np.cos(orders[:, None] * angle + phase[:, None])
    return waves / np.sqrt((weight**2).sum() / 2)


def _read(nodule: _Nodule, sd_mm: float, bias: float, rng) -> np.ndarray:
    """Mask of a reader whose outline errs smoothly by `sd_mm`, outside by `bias` SD on average."""
    angle, radius = nodule.outline
    error = sd_mm * (bias + _harmonics(np.arange(1, 8), angle, rng))
    error = np.maximum(error, -0.4 * radius)
    rows, columns = (np.flatnonzero((nodule.distance > -4 * sd_mm).any(axis)) for axis in (1, 0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    mask = np.zeros(nodule.distance.shape, bool)
    pixel_error = np.interp(nodule.angle[box], angle, error, period=2 * np.pi)
    mask[box] = nodule.distance[box] + pixel_error > 0
    return mask


def _add_nodule(tissue: bmode.Tissue, scene: Scene, nodule: _Nodule, rng) -> None:
    """Fill the outline: mean echo, clustered scatterers, a more or less sharp transition."""
    smooth = scene.margin == "Smooth or ill defined"
    transition = min(rng.uniform(0.2, 1.5 if smooth else 0.6), 0.12 * scene.diameter_mm)
    share = _step(nodule.distance, transition)
    level = rng.uniform(*ECHO_DB[scene.echo]) + neck.PARENCHYMA_DB[scene.thyroiditis][0]
    density = _clustered(tissue, scene.coarse, rng)
    # `density` alone sets how scatterers interfere; where there are more, more sound returns.
    echo = 10 * np.log10(density / bmode.SCATTERERS_PER_MM2) + _laminae(tissue, scene.fine, rng)
    tissue.density += share * (density - tissue.density)
    tissue.fill(share, level + tissue.field((0.9, 1.1), rng) + echo)
    if scene.echo == "Hyper- or Isoechoic":  # a halo is what shows a nodule like its surroundings
        width = min(rng.uniform(0.4, 0.7), 0.08 * scene.diameter_mm)
        tissue.echo -= rng.uniform(6, 11) * np.exp(-((nodule.distance / np.float32(width)) ** 2))
    tissue.coherent *= 1 - share
    tissue.loss += 0.12 * share
    # The beam is bent where it grazes the sides: thin shadows begin there.
    grazing = np.exp(-((nodule.distance / 0.35) ** 2) - (np.sin(nodule.angle) / 0.35) ** 2)
    tissue.loss += rng.uniform(0.2, 1.0) * grazing
    if scene.composition == "Cystic and solid":
        _add_cysts(tissue, nodule, rng)


def _clustered(tissue: bmode.Tissue, latent: float, rng) -> np.ndarray:
    """Density, per mm2, of scatterers that gather in clusters of 0.12 to 0.18 mm.

    The higher the coarse latent, the stronger the clusters, which outlast a fourfold loss of
    resolution. The mean grey level hardly changes.
    """
    strength = min(0.9 * np.exp(0.7 * latent), 2.7)  # above, a few points would hold all the echo
    clusters = (tissue.field((0.12, 0.12), rng) + tissue.field((0.18, 0.18), rng)) / np.sqrt(2)
    density = bmode.SCATTERERS_PER_MM2 * np.exp(strength * clusters - strength**2 / 4)
    # No void: about one scatterer is left in a resolution cell.
    return np.maximum(density, 6)


def _laminae(tissue: bmode.Tissue, latent: float, rng) -> np.ndarray:
    """Backscatter, dB, of laminae 0.05 mm thin and wider than a beam.

    The higher the fine latent, the stronger. Their mean power over 0.15 mm is the same everywhere,
    so that a fourfold loss of resolution leaves little of them; the mean grey level hardly changes.
    """
    laminae = tissue.field((0.05, 0.4), rng)
    laminae -= tissue.smooth(laminae, 0.25)
    strength = min(4.0 * np.exp(0.75 * latent), 14.0)
    power = bmode.amplitude_ratio(strength * laminae / laminae.std()) ** 2
    # Rounding of the transform may leave a smooth power a little below 0.
    relative = 10 * np.log10(power / np.maximum(tissue.smooth(power, 0.15), 1e-3))
    return relative - relative.mean() / 4


def _add_cysts(tissue: bmode.Tissue, nodule: _Nodule, rng) -> None:
    """Two to four pockets of fluid that may run together: hardly an echo, enhancement behind."""
    wall = tissue.field((0.8, 0.8), rng)
    x, z, radius = nodule.point(0.4, rng)
    depth = np.full(tissue.shape, -np.inf, np.float32)  # mm inside the nearest pocket
    for _ in range(rng.integers(2, 5)):
        size = rng.uniform(0.25, 0.5) * radius
        pocket = size - np.hypot((tissue.x - x) / rng.uniform(1, 1.6), tissue.z - z)
        depth = np.maximum(depth, pocket + 0.12 * size * wall)
        x, z, radius = nodule.point(0.6, rng)
    fluid = _step(depth, 0.3) * _step(nodule.distance - 0.6, 0.3)
    # Fine echoes drift in the fluid, and its wall is a little brighter than the nodule.
    tissue.fill(fluid, -25 + 2 * wall)
    tissue.coherent *= 1 - fluid
    tissue.loss -= 0.8 * fluid
    tissue.brighten(3 - 40 * (nodule.distance < 0.5), depth / 0.2)


def _add_calcifications(tissue: bmode.Tissue, scene: Scene, nodule: _Nodule, rng) -> None:
    """Points without a shadow (micro), coarse stones and rims with one."""
    kind = scene.calcification.lower()
    if "micro" in kind:
        # Punctate foci lie in groups.
        groups = [nodule.point(0.6, rng)[:2] for _ in range(rng.integers(1, 4))]
        for k in range(5 + rng.poisson(0.7 * scene.diameter_mm)):
            x, z, radius = nodule.point(0.85, rng)
            x0, z0 = groups[k % len(groups)]
            pull = rng.uniform(0, 0.8)
            size = rng.uniform(0.15, 0.5) / 2
            centre = x + pull * (x0 - x), z + pull * (z0 - z)
            _add_stone(tissue, centre, (size, size), rng.uniform(14, 24), 0.0, rng)
    if "stubby" in kind:
        for _ in range(rng.integers(1, 3)):
            x, z, radius = nodule.point(0.5, rng)
            size = min(rng.uniform(0.6, 1.4), 0.3 * radius)
            _add_stone(tissue, (x, z), (size * rng.uniform(1, 1.8), size), 20, 9.0, rng)
    if "peripheral" in kind:
        for middle in (-np.pi / 2 + rng.uniform(-0.6, 0.6), rng.uniform(-np.pi, np.pi)):
            _add_rim(tissue, nodule, middle, rng)


def _add_stone(tissue: bmode.Tissue, centre, half_mm, level_db, loss, rng) -> None:
    """An ellipse of calcium at (x, z); `loss` (dB/mm) casts its shadow."""
    # No smaller than the grid can hold, or a coarse grid would lose it.
    half = np.maximum(half_mm, 0.6 * np.array(tissue.spacing_mm[::-1]))
    box = rows, columns = tissue.box(centre, 2 * half)
    dx = (tissue.x[:, columns] - centre[0]) / half[0]
    dz = (tissue.z[rows] - centre[1]) / half[1]
    turn = 3 * np.arctan2(dz, dx) + rng.uniform(0, 2 * np.pi)
    off = (dx**2 + dz**2) / (1 + 0.2 * np.cos(turn)) ** 2
    # Sound hardly enters: the front is brightest.
    level = level_db - 5 * np.clip(dz + 1, 0, 2)
    phase = np.exp(2j * np.pi * rng.uniform())
    tissue.coherent[box] += np.exp(-(off**2)) * bmode.amplitude_ratio(level) * np.complex64(phase)
    tissue.echo[box] = np.maximum(tissue.echo[box], level - 6 - 6 * off)
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
