"""Deep features: crops around the nodule, and pooled features."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F

from thyro.deep import weights as checkpoints
from thyro.deep.backbones import Network, as_crops, as_input, build, calibrate_batchnorm
from thyro.deep.fine_tuning import Learned

CALIBRATION_CROPS = 64  # ample for a mean and a variance; all crops would double the cost


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


def prepare(
    name: str, weights: str, crops=None, *, seed: int = 0, device: str | None = None
) -> Network:
    """The network that a study uses: weights fetched, built, and calibrated when they are random.

    The same arguments give the same network, so that one stage can compute features and a later
    one explain them.

    Parameters
    ----------
    name : "ResNet101" or "DenseNet121"
    weights : str
        "random", "imagenet" or a file, as in `checkpoints.fetch`.
    crops : array_like of float, shape (n, size, size), optional
        Of TRAINING patients. The first `CALIBRATION_CROPS` set the batch statistics of random
        weights; pre-trained weights bring their own. Left out where `tuning.restore` brings them.
    seed : int
        Of random weights.
    device : str, optional
        Such as "cuda"; by default the CPU.
    """
    state, description = checkpoints.fetch(weights, name)
    network = build(name, weights=state, seed=seed, description=description)
    network.module.to(device)
    if state is None and crops is not None:
        calibrate_batchnorm(network, np.asarray(crops)[:CALIBRATION_CROPS])
    return network


def use_threads(n: int) -> None:
    """Compute networks on `n` threads from here on: the last bits of features depend on it."""
    torch.set_num_threads(n)


def feature_names(network: Network) -> list[str]:
    """Column names of the pooled features: `resnet101_0000`, `resnet101_0001` and so on."""
    return [f"{network.name.lower()}_{i:04d}" for i in range(network.width)]


def feature_table(learned: Learned, patients: Sequence[str]) -> pd.DataFrame:
    """Pooled features of the final network, one row per patient."""
    columns = feature_names(learned.network)
    return pd.DataFrame(learned.features, pd.Index(patients, name="patient_id"), columns)


def fold_table(learned: Learned, train: Sequence[str], folds) -> pd.DataFrame:
    """Features of training patients by the network of every fold, indexed by fold and patient.

    Without rows where the network was left frozen: its features then serve every fold.
    """
    numbers = [] if learned.fold_features is None else np.unique(folds).tolist()
    index = pd.MultiIndex.from_product([numbers, train], names=["fold", "patient_id"])
    values = np.empty((0, learned.network.width), dtype=np.float32)
    if numbers:
        values = learned.fold_features.reshape(len(index), -1)
    return pd.DataFrame(values, index, feature_names(learned.network))


def output_table(learned: Learned, model: str, patients: pd.Index, train, folds) -> pd.DataFrame:
    """What the network itself predicts, in the form of the predictions of the models.

    Parameters
    ----------
    learned : Learned
    model : str
        Name of the row.
    patients : Index, shape (n,)
    train : array_like of bool, shape (n,)
    folds : array_like of int, shape (n_train,)

    Returns
    -------
    DataFrame
        patient_id, model, p, protocol, fold: "paper" by the final network, "sound" by the network
        of the fold in training patients. Without rows where the network was left frozen.
    """
    columns = {"patient_id": str, "model": str, "p": float, "protocol": str, "fold": "Int64"}
    if learned.p is None:
        return pd.DataFrame(columns=list(columns)).astype(columns)
    train = np.asarray(train, dtype=bool)
    paper = pd.DataFrame({"patient_id": patients, "model": model, "p": learned.p})
    paper = paper.assign(protocol="paper", fold=pd.array([pd.NA] * len(paper), dtype="Int64"))
    sound = paper.assign(protocol="sound")
    sound.loc[train, "p"] = learned.p_out_of_fold
    sound.loc[train, "fold"] = np.asarray(folds)
    return pd.concat([paper, sound], ignore_index=True)


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
