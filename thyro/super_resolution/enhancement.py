"""Super-resolution of ultrasound frames: what is done to an image, and how well it is done.

`degradation` says what has to be undone, `networks` what undoes it, `training` how it learns. What
comes out follows from what went in: no function of an image holds more about a patient than the
image does. Detail that was not recorded is a guess from other patients.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from thyro.core import as_grey, as_one_of
from thyro.study import BC, OR, SR
from thyro.super_resolution import fidelity
from thyro.super_resolution.degradation import Degradation, bicubic, lanczos
from thyro.super_resolution.networks import Generator

WHITE = np.float32(255)
TILE = 768  # pixels; what a processor cache holds, and wide enough for the reach around it
INTERPOLATIONS = {"lanczos": lanczos, "bicubic": bicubic}
NODULE_MARGIN = 0.25  # of the sides of the nodule's box: what filters and crops look at


def degrade(
    image: np.ndarray,
    *,
    factor: int = 4,
    sigma: float = 5 / 255,
    axes: str = "both",
    rng: np.random.Generator,
) -> np.ndarray:
    """Lower the resolution of a frame and put it back on its grid (R-22).

    Antialiased bicubic downsampling, Gaussian noise at low resolution, bicubic back: what comes out
    is also the bicubic reconstruction that the generator has to beat.

    Parameters
    ----------
    image : array, shape (rows, columns)
        Grey, 0-255.
    factor
        Linear; 1 only adds noise.
    sigma
        Standard deviation of the noise as a share of 255.
    axes : "both", "rows" or "columns"
        What becomes coarser.

    Returns
    -------
    float array, shape (rows, columns)
        0-255.
    """
    with torch.inference_mode():
        return _array(Degradation(factor, axes, sigma)(_tensor(image), rng))


def enhance(
    image: np.ndarray,
    generator: nn.Module,
    *,
    scale: int = 1,
    around: np.ndarray | None = None,
    tile: int = TILE,
) -> np.ndarray:
    """Apply the generator to a frame, in tiles that see all that their pixels depend on.

    Parameters
    ----------
    image : array, shape (rows, columns)
        Grey, 0-255; any size.
    generator
        Or a rival of it: a network that says `inside` (its sides are multiples of it) and `reach`.
    scale
        1 keeps the grid; 2 or 4 interpolates to one that many times finer first.
    around : array of bool, shape (rows, columns), optional
        Mask of the nodule: only the box around it, with a margin of a quarter of its sides, is
        enhanced; the rest stays as it is, or is interpolated to the finer grid.
    tile
        Side of a tile in pixels, a multiple of the generator's grid. Memory grows with it; the
        result does not change.

    Returns
    -------
    float array, shape (scale * rows, scale * columns)
        0-255.
    """
    inside = generator.inside
    if tile < inside or tile % inside:
        raise ValueError(f"tile: expected a multiple of {inside}, got {tile}.")
    device = next(generator.parameters()).device
    with torch.inference_mode():
        x = _finer(_tensor(image), scale)
        box = (slice(None),) * 2 if around is None else _box(around, image.shape, scale)
        rows, columns = x.shape[-2:]
        # The grid inside starts at the first pixel; what is added at the end is cut off again.
        pad = (0, -columns % inside, 0, -rows % inside)
        padded = F.pad(x, pad, mode="replicate").to(device)
        made = _in_tiles(padded, generator.eval(), box, tile).cpu()
        x[(..., *box)] = made[..., :rows, :columns][(..., *box)].clamp(0, 1)
        return _array(x)


def resample(image: np.ndarray, *, factor: int, axes: str = "both", scale: int = 1) -> np.ndarray:
    """The bicubic control: as many grey values as the SR image, from interpolation alone.

    On the same grid the frame goes down by `factor` with antialiasing and back, without noise; on a
    finer one it is interpolated. Comparison with it tells whether SR or mere resampling changed a
    result.

    Parameters
    ----------
    image : array, shape (rows, columns)
        Grey, 0-255.
    factor
        Linear loss of resolution.
    axes : "both", "rows" or "columns"
        What becomes coarser.
    scale
        1 keeps the grid; 2 or 4 makes one that many times finer.

    Returns
    -------
    float array, shape (scale * rows, scale * columns)
        0-255.
    """
    with torch.inference_mode():
        x = _tensor(image)
        return _array(Degradation(factor, axes, 0.0)(x) if scale == 1 else _finer(x, scale))


def frame_versions(
    image: np.ndarray, generator: Generator, degradation: Degradation, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """A frame as it is ("or"), degraded ("lr") and enhanced as it is ("sr"), on its own grid.

    Parameters
    ----------
    image : array, shape (rows, columns)
        Grey, 0-255.
    generator
    degradation
    rng
        Of the noise.
    """
    with torch.inference_mode():
        degraded = _array(degradation(_tensor(image), rng))
    return {"or": image, "lr": degraded, "sr": enhance(image, generator)}


def finer_mask(mask: np.ndarray, scale: int) -> np.ndarray:
    """The mask on a grid `scale` times finer: every pixel becomes `scale` x `scale` of its kind."""
    return np.repeat(np.repeat(mask, scale, axis=0), scale, axis=1)


def sr_and_control(
    image: np.ndarray,
    mask: np.ndarray,
    generator: Generator,
    *,
    factor: int,
    axes: str,
    scale: int,
    region: str,
) -> dict[str, np.ndarray]:
    """What is kept of a patient: SR image and bicubic control as 8 bits, a mask for a finer grid.

    Parameters
    ----------
    image : array, shape (rows, columns)
        Grey, 0-255.
    mask : array of bool, same shape
    region : "frame" or "nodule"
        What is enhanced: everything, or the box around the nodule with a margin.

    Returns
    -------
    dict
        images, bicubic : uint8, shape (scale * rows, scale * columns)
        masks : bool, the same shape; only where `scale` is above 1
    """
    as_one_of(region, "region", ("frame", "nodule"))
    around = mask if region == "nodule" else None
    made = {
        "images": enhance(image, generator, scale=scale, around=around),
        "bicubic": resample(image, factor=factor, axes=axes, scale=scale),
    }
    kept = {name: np.rint(grey).astype(np.uint8) for name, grey in made.items()}
    return kept | ({"masks": finer_mask(mask, scale)} if scale > 1 else {})


def held_out_fidelity(
    image: np.ndarray,
    mask: np.ndarray,
    generators: Mapping[str, nn.Module],
    degradation: Degradation,
    rng: np.random.Generator,
) -> list[dict]:
    """Degrade a frame that trained nothing, restore it in several ways, and compare.

    Parameters
    ----------
    image : array, shape (rows, columns)
        Grey, 0-255.
    mask : array of bool, same shape
        The nodule.
    generators
        By the name of the method; rivals of the generator among them.
    degradation
    rng
        Of the noise.

    Returns
    -------
    list of dict
        method, psnr, ssim (see `fidelity.psnr_ssim`), sharpness (of the outline,
        `fidelity.edge_sharpness`, as a share of the original's): one for each of `generators`, then
        "lanczos" and "bicubic" interpolation of the same low-resolution image. On the grid of the
        original the latter is also what "no restoration" means: the generators receive it.
    """
    with torch.inference_mode():
        low = degradation.low(_tensor(image), rng)
        restored = {name: _array(finer(low, image.shape)) for name, finer in INTERPOLATIONS.items()}
    made = {name: enhance(restored["bicubic"], generator) for name, generator in generators.items()}
    sharpest = fidelity.edge_sharpness(image, mask)
    return [
        {"method": name, **fidelity.psnr_ssim(image, other)}
        | {"sharpness": fidelity.edge_sharpness(other, mask) / sharpest if sharpest else np.inf}
        for name, other in (made | restored).items()
    ]


def measure_held_out(
    frames: Mapping[str, np.ndarray],
    masks: Mapping[str, np.ndarray],
    splits: pd.Series,
    generators: Mapping[str, nn.Module],
    degradation: Degradation,
    rng: np.random.Generator,
    progress: Callable,
) -> pd.DataFrame:
    """Fidelity of every frame that trained nothing.

    Parameters
    ----------
    frames, masks
        By patient, as `held_out_fidelity` takes them.
    splits : Series of str, index patient_id
        Of all patients: those of "train" are left out. The test cohort comes first, so that an
        external one leaves its noise as it is.
    generators, degradation, rng
        As in `held_out_fidelity`.
    progress
        Called as `progress(iterable, total=n)`, like tqdm.

    Returns
    -------
    DataFrame
        Index patient_id, one row per patient and method: split, method, psnr, ssim, sharpness.
    """
    held_out = splits[splits.ne("train")].sort_values(ascending=False, kind="stable")
    rows = [
        {"patient_id": patient, "split": held_out[patient], **row}
        for patient in progress(held_out.index, total=len(held_out))
        for row in held_out_fidelity(frames[patient], masks[patient], generators, degradation, rng)
    ]
    return pd.DataFrame(rows).set_index("patient_id")


def enhanced_files(
    images: Mapping[str, np.ndarray],
    masks: Mapping[str, np.ndarray],
    generator: Generator,
    **how: Any,
) -> Iterator[tuple[str, np.ndarray]]:
    """Name of the file and pixels of all that is kept of the patients, one at a time.

    Parameters
    ----------
    images, masks
        By patient.
    generator
    **how
        As in `sr_and_control`: factor, axes, scale, region.
    """
    for patient, image in images.items():
        for folder, array in sr_and_control(image, masks[patient], generator, **how).items():
            yield f"{folder}/{patient}.png", array


def image_table(cases: pd.DataFrame, out_dir: str, *, scale: int) -> pd.DataFrame:
    """One row per patient and image set: where image and mask lie, and the size of a pixel.

    Parameters
    ----------
    cases : DataFrame, index patient_id
        image, mask and spacing_mm (row, column) of the originals.
    out_dir
        Where `enhanced_files` were written.
    scale
        Of their grid: above 1 they have masks of their own.
    """
    rows = cases.reset_index()[["patient_id", "image", "mask", "spacing_mm"]]
    files = "/" + rows["patient_id"] + ".png"
    made = rows.assign(
        spacing_mm=[tuple(side / scale for side in sides) for sides in rows["spacing_mm"]],
        mask=rows["mask"] if scale == 1 else out_dir + "/masks" + files,
    )
    return pd.concat(
        [
            rows.assign(image_set=OR.key),
            made.assign(image_set=SR.key, image=out_dir + "/images" + files),
            made.assign(image_set=BC.key, image=out_dir + "/bicubic" + files),
        ],
        ignore_index=True,
    )


def _in_tiles(x: Tensor, generator: nn.Module, box: tuple[slice, slice], tile: int) -> Tensor:
    """Apply the generator to the box of a frame (1, 1, rows, columns); the rest stays as it was."""
    made, reach = x.clone(), generator.reach
    rows, columns = (
        _spans(part, side, tile, generator.inside)
        for part, side in zip(box, x.shape[-2:], strict=True)
    )
    for inner in product(rows, columns):
        outer = tuple(slice(max(0, span.start - reach), span.stop + reach) for span in inner)
        kept = tuple(
            slice(span.start - seen.start, span.stop - seen.start)
            for span, seen in zip(inner, outer, strict=True)
        )
        made[(..., *inner)] = generator(x[(..., *outer)])[(..., *kept)]
    return made


def _spans(part: slice, side: int, tile: int, step: int) -> list[slice]:
    """Cut a part of a side into pieces of at most `tile`, that begin and end at multiples."""
    start, stop, _ = part.indices(side)
    start, stop = start // step * step, -(-stop // step) * step
    return [slice(first, min(first + tile, stop)) for first in range(start, stop, tile)]


def _box(mask: np.ndarray, shape: tuple[int, int], scale: int) -> tuple[slice, slice]:
    """Box around the nodule with its margin, on a grid `scale` times finer."""
    if mask.shape != shape or not mask.any():
        raise ValueError(f"around: expected a mask of shape {shape} with pixels inside.")
    sides = []
    for axis in (1, 0):
        inside = np.flatnonzero(mask.any(axis=axis))
        margin = int(np.ceil(NODULE_MARGIN * (np.ptp(inside) + 1)))
        start, stop = max(0, inside[0] - margin), inside[-1] + 1 + margin
        sides.append(slice(int(scale * start), int(scale * stop)))
    return tuple(sides)


def _finer(x: Tensor, scale: int) -> Tensor:
    rows, columns = x.shape[-2:]
    return bicubic(x, (scale * rows, scale * columns)) if scale > 1 else x


def _tensor(image: np.ndarray) -> Tensor:
    return torch.from_numpy(as_grey(image).astype(np.float32) / WHITE)[None, None]


def _array(x: Tensor) -> np.ndarray:
    return (x[0, 0].numpy() * WHITE).astype(float)
