"""Deep features: crops around the nodule, pooled features, and Grad-CAM."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F

from thyro.networks import (
    Network,
    as_crops,
    as_input,
    build,
    calibrate_batchnorm,
    fetch_weights,
)

CALIBRATION_CROPS = 64  # ample for a mean and a variance; all crops would double the cost
LAST_BLOCKS = {"ResNet101": "layer4", "DenseNet121": "features.denseblock4"}


def crop_square(mask, *, margin: float = 0.1) -> tuple[int, int, int]:
    """Top row, left column and side in pixels of the square around the nodule.

    The longer side of the bounding box, widened by `margin` of it on each side. Where the frame
    allows, the square is shifted back inside; otherwise it is centred on the frame's shorter
    side and sticks out of it, at negative rows or columns.
    """
    mask = np.asarray(mask)
    if mask.ndim != 2 or mask.dtype != bool or not mask.any():
        raise ValueError(
            "mask: expected bool, shape (rows, columns), with at least one pixel, "
            f"got {mask.dtype} of shape {mask.shape}."
        )
    if margin < 0:
        raise ValueError(f"margin: expected 0 or more (share of the box), got {margin}.")
    boxes = [np.flatnonzero(mask.any(axis=axis))[[0, -1]] for axis in (1, 0)]
    side = int(np.ceil(max(last - first + 1 for first, last in boxes) * (1 + 2 * margin)))
    starts = []
    for (first, last), length in zip(boxes, mask.shape, strict=True):
        if side <= length:
            start = int(np.clip((first + last + 1 - side) // 2, 0, length - side))
        else:
            start = (length - side) // 2
        starts.append(start)
    return starts[0], starts[1], side


def crop(image, mask, *, size: int = 224, margin: float = 0.1) -> np.ndarray:
    """Cut the square around the nodule and resize it; never stretched.

    Parameters
    ----------
    image : array_like of float or uint8, shape (rows, columns)
        Grey levels 0-255. The surroundings of the nodule are kept.
    mask : array_like of bool, shape (rows, columns)
    size : int, default 224
        Rows and columns of the result.
    margin : float, default 0.1
        Share of the longer side of the bounding box added on each side.

    Returns
    -------
    ndarray of float32, shape (size, size)
        Outside the frame its mirror image, where the frame is too small for a square.
    """
    image, mask = np.asarray(image, dtype=np.float32), np.asarray(mask)
    if image.shape != mask.shape or not np.isfinite(image).all():
        raise ValueError(
            "image: expected finite grey levels in the shape of the mask, "
            f"{mask.shape}, got {image.shape}."
        )
    top, left, side = crop_square(mask, margin=margin)
    padding = [
        (max(-start, 0), max(start + side - length, 0))
        for start, length in zip((top, left), image.shape, strict=True)
    ]
    top, left = top + padding[0][0], left + padding[1][0]
    square = np.pad(image, padding, mode="symmetric")[top : top + side, left : left + side]
    resized = F.interpolate(
        torch.from_numpy(square.copy())[None, None],
        size=(size, size),
        mode="bilinear",
        antialias=True,
        align_corners=False,
    )
    # weights that add up to one but for rounding would make white whiter than 255
    return resized[0, 0].clamp(0, 255).numpy()


def crop_mask(mask, *, size: int = 224, margin: float = 0.1) -> np.ndarray:
    """The mask on the grid of `crop`, shape (size, size)."""
    return crop(np.asarray(mask) * 255.0, mask, size=size, margin=margin) > 127.5


def prepare(name: str, weights: str, crops, *, seed: int = 0, device: str | None = None) -> Network:
    """The network that a study uses: weights fetched, built, and calibrated when they are random.

    The same arguments give the same network, so that one stage can compute features and a later
    one explain them.

    Parameters
    ----------
    name : "ResNet101" or "DenseNet121"
    weights : str
        "random", "imagenet" or a file, as in `fetch_weights`.
    crops : array_like of float, shape (n, size, size)
        Of TRAINING patients. The first `CALIBRATION_CROPS` set the batch statistics of random
        weights; pre-trained weights bring their own.
    seed : int
        Of random weights.
    device : str, optional
        Such as "cuda"; by default the CPU.
    """
    state, description = fetch_weights(weights, name)
    network = build(name, weights=state, seed=seed, description=description)
    network.module.to(device)
    if state is None:
        calibrate_batchnorm(network, np.asarray(crops)[:CALIBRATION_CROPS])
    return network


def use_threads(n: int) -> None:
    """Compute networks on `n` threads from here on: the last bits of features depend on it."""
    torch.set_num_threads(n)


def feature_names(network: Network) -> list[str]:
    """Column names of the pooled features: `resnet101_0000`, `resnet101_0001` and so on."""
    return [f"{network.name.lower()}_{i:04d}" for i in range(network.width)]


def head_weights(weights: pd.Series, network: Network) -> np.ndarray:
    """One weight per pooled feature, shape (width,), zero where `weights` names none.

    Parameters
    ----------
    weights : Series of float, index as `feature_names`
        Weights of the selected features in their own units (`models.linear_weights`).
    """
    names = feature_names(network)
    strange = sorted(set(weights.index) - set(names))
    if strange:
        raise ValueError(
            f"weights: expected names from {names[0]} to {names[-1]}, found {strange[:3]}."
        )
    return weights.reindex(names, fill_value=0.0).to_numpy()


def pooled_features(
    network: Network,
    crops,
    *,
    batch: int = 16,
    device: str | None = None,
    progress: Callable | None = None,
) -> np.ndarray:
    """Features of the last layer before the classifier, averaged over the crop.

    Parameters
    ----------
    network : Network
    crops : array_like of float, shape (n, size, size)
        Grey 0-255.
    batch : int, default 16
        Crops computed at once; no influence beyond rounding.
    device : str, optional
        Where to compute, such as "cuda"; the network is moved there. By default where it is.
    progress : callable, optional
        Called as `progress(iterable, total=n)`, like tqdm, over batches.

    Returns
    -------
    ndarray of float32, shape (n, network.width)
    """
    crops = as_crops(crops)
    starts = range(0, len(crops), batch)
    steps = starts if progress is None else progress(starts, total=len(starts))
    network.module.eval().to(device)
    with torch.inference_mode():
        parts = [
            network.module(as_input(crops[i : i + batch], network)).cpu().numpy() for i in steps
        ]
    return np.concatenate(parts)


def grad_cam(network: Network, head_weights, crop) -> np.ndarray:
    """Where in the crop a linear head finds evidence, by Grad-CAM at the last block.

    Parameters
    ----------
    network : Network
    head_weights : array_like of float, shape (width,)
        Weights of the pooled features in the score of metastasis, zero for features that were
        not selected; negated, the map shows evidence against metastasis.
    crop : array_like of float, shape (size, size)
        Grey 0-255.

    Returns
    -------
    ndarray of float32, shape (size, size)
        0-1, the maximum being 1; zero everywhere if no region raises the score.

    References
    ----------
    Selvaraju et al. (2017), ICCV, 618-626.
    """
    crops = as_crops(np.asarray(crop)[None])
    head = torch.as_tensor(np.asarray(head_weights, dtype=np.float32))
    if head.shape != (network.width,):
        raise ValueError(
            f"head_weights: expected one per pooled feature, shape ({network.width},), "
            f"got {tuple(head.shape)}."
        )
    kept = []
    block = network.module.eval().get_submodule(LAST_BLOCKS[network.name])
    hook = block.register_forward_hook(lambda module, inputs, output: kept.append(output))
    try:
        x = as_input(crops, network).requires_grad_()
        score = (network.module(x) * head.to(x.device)).sum()
    finally:
        hook.remove()
    activation = kept[0]
    (gradient,) = torch.autograd.grad(score, activation)
    heat = F.relu((gradient.mean(dim=(2, 3), keepdim=True) * activation).sum(1, keepdim=True))
    heat = F.interpolate(heat, size=crops.shape[1:], mode="bilinear", align_corners=False)
    heat = heat[0, 0].detach().cpu().numpy()
    return heat / heat.max() if heat.max() > 0 else heat


def share_inside(heat, mask) -> float:
    """Share of a heat map's sum that lies inside the nodule; NaN for an empty map.

    `mask`, bool and of the shape of `heat`, is the mask of the crop.
    """
    heat, mask = np.asarray(heat, dtype=float), np.asarray(mask)
    if heat.shape != mask.shape or mask.dtype != bool:
        raise ValueError(f"mask: expected bool of shape {heat.shape}, got {mask.shape}.")
    return float(heat[mask].sum() / heat.sum()) if heat.sum() > 0 else float("nan")
