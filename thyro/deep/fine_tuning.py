"""Transfer learning: the last block of a network, or all of it, fine-tuned on training patients.

The backbone before the last block is frozen, so its activations are computed once, and every epoch
and every network of a cross-validation starts from them.
"""

import hashlib
import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import safetensors.torch
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.nn import functional as F

from thyro.core import Checkpoint, as_labels, as_one_of, safetensors_metadata
from thyro.deep.backbones import Network, as_input, chain
from thyro.deep.crops import as_crops
from thyro.deep.training_run import COLUMNS, FineTuningSettings, Run, TrainedPart, inner_part
from thyro.study import NETWORKS

TRAINED = {"none": "", "last_block": "last block", "whole": "all layers"}
FEWEST = 10  # training patients
SMALLEST_PX = 32  # of a crop, after which nothing is left to pool
ANGLE = 10.0  # degrees, of a rotation
BATCH = "batch."  # before the names of batch statistics in a state


@dataclass(frozen=True)
class Learned:
    """A fine-tuned network, its features, and those of networks that never saw a fold."""

    network: Network  # fine-tuned on all training patients; the one given where nothing was trained
    features: np.ndarray  # pooled, by `network`: float32, shape (n, width)
    frozen: np.ndarray | None  # the same by the network that was given, where asked for
    fold_features: np.ndarray | None  # by the network of every fold: shape (n_folds, n, width)
    p: np.ndarray | None  # output of `network` itself: shape (n,)
    fold_p: np.ndarray | None  # output of the network of every fold: shape (n_folds, n)
    history: pd.DataFrame  # network, epoch, loss, inner_loss, inner_auc, seconds, kept
    state: bytes  # of what was trained, and all batch statistics, for `restore_network`


def cross_fit(
    network: Network,
    crops: ArrayLike,
    y: ArrayLike,
    train: ArrayLike,
    folds: ArrayLike,
    *,
    settings: FineTuningSettings,
    frozen: bool = False,
    seed: int = 0,
    device: str | None = None,
    checkpoint: Callable[[str], Checkpoint] | None = None,
    progress: Callable | None = None,
) -> Learned:
    """Fine-tune a network on the training patients, and once more without each fold of them.

    Parameters
    ----------
    network : Network
        Prepared, and not changed.
    crops : array_like of float, shape (n, size, size)
        Grey 0-255, of all patients.
    y : array_like of int, shape (n,)
        1 with the outcome; only those of training patients are read.
    train : array_like of bool, shape (n,)
    folds : array_like of int, shape (n_train,)
        Fold of each training patient. The network trained without it predicts it.
    settings : FineTuningSettings
    frozen : bool
        Also keep the features of the network as it was given. The backbone is passed once for
        both, unless the whole network is trained.
    seed : int
    device : str, optional
        Such as "cuda"; by default the CPU. On CUDA in bfloat16 mixed precision.
    checkpoint : callable, optional
        Called with the name of a network, "all" or "fold_0", gives what keeps its training. A
        finished one is kept too, so that a run that was killed goes on with the next.
    progress : callable, optional
        Called as `progress(iterable, total=n)`, like tqdm: over crops, then over epochs.

    Returns
    -------
    Learned
        With `settings.trained` "none" the given network, its features, and nothing else.

    Raises
    ------
    ValueError
        If fewer than ten patients train, crops are too small, or a network would train on fewer
        than three patients with, or without, the outcome.
    """
    as_one_of(settings.trained, "settings.trained", TRAINED)
    crops, train, labels, folds = _checked(crops, train, y, folds)
    device = torch.device(device or "cpu")
    work = replace(network, module=deepcopy(network.module).to(device).eval())
    inputs = _inputs(work, crops, np.flatnonzero(train), settings, progress)
    body, given = _body(work, settings.trained), None
    if frozen or settings.trained == "none":
        given = _pooled(body, inputs, np.arange(len(crops)), settings.batch)
    if settings.trained == "none":
        return _untuned(network, given, given if frozen else None)
    trainings = _trainings(train, labels, folds)
    for _, outcomes in trainings.values():  # before the first of them trains
        inner_part(outcomes, settings.inner_share, seed)
    parts, histories = _train(
        lambda: TrainedPart(deepcopy(body), network.width),
        inputs,
        trainings,
        settings,
        seed=seed,
        device=device,
        identity=_identity(network, crops[train]),
        checkpoint=checkpoint,
        progress=progress,
    )
    history = pd.concat(histories, names=["network"]).reset_index("network")
    return _learned(network, parts, inputs, train, folds, settings, history, given)


def restore_network(network: Network, state: bytes) -> Network:
    """The fine-tuned network again, from one that was built with the same weights and seed.

    Parameters
    ----------
    network : Network
        Not changed; its batch statistics need not be calibrated.
    state : bytes
        `Learned.state`.

    Raises
    ------
    ValueError
        If the state is that of another network.
    """
    about = json.loads(safetensors_metadata(state).get("tuned", "{}"))
    if about.get("network") != network.name:
        raise ValueError(
            f"state: expected that of {network.name}, got that of {about.get('network')}."
        )
    work = replace(network, module=deepcopy(network.module), weights=about["weights"])
    tensors = safetensors.torch.load(state)
    statistics = {key[len(BATCH) :]: v for key, v in tensors.items() if key.startswith(BATCH)}
    work.module.load_state_dict(work.module.state_dict() | statistics)
    if about["trained"] != "none":
        part = TrainedPart(_body(work, about["trained"]), network.width)
        part.load_state_dict({k: v for k, v in tensors.items() if not k.startswith(BATCH)})
    return work


@dataclass(frozen=True)
class _Activations:
    """What the frozen backbone makes of every crop, then of the mirror images of training crops."""

    seen: Tensor  # shape (n or n + n_train, channels, rows, columns)
    place: np.ndarray  # of the mirror image of a patient among these
    device: torch.device

    def plain(self, rows: np.ndarray) -> Tensor:
        return self.seen[rows].to(self.device)

    def augmented(self, rows: np.ndarray, rng: np.random.Generator) -> Tensor:
        return self.plain(np.where(rng.random(len(rows)) < 0.5, self.place[rows], rows))


@dataclass(frozen=True)
class _Crops:
    """Crops themselves, for a network that is trained as a whole."""

    network: Network
    crops: np.ndarray

    def plain(self, rows: np.ndarray) -> Tensor:
        return as_input(self.crops[rows], self.network)

    def augmented(self, rows: np.ndarray, rng: np.random.Generator) -> Tensor:
        """Mirrored or not, and turned by some degrees."""
        x = self.plain(rows)
        angle = torch.as_tensor(np.radians(rng.uniform(-ANGLE, ANGLE, len(rows))))
        sign = torch.as_tensor(np.where(rng.random(len(rows)) < 0.5, -1.0, 1.0))
        cos, sin, none = angle.cos(), angle.sin(), torch.zeros(len(rows))
        turn = torch.stack([sign * cos, -sin, none, sign * sin, cos, none], 1).view(-1, 2, 3)
        grid = F.affine_grid(turn.to(x), list(x.shape), align_corners=False)
        return F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)


def _checked(crops, train, y, folds):
    """Crops, who trains, and outcome and fold of those."""
    crops, train, folds = as_crops(crops), np.asarray(train, dtype=bool), np.asarray(folds)
    if crops.shape[1] < SMALLEST_PX:
        raise ValueError(
            f"crops: expected {SMALLEST_PX} pixels a side or more, got {crops.shape[1]}."
        )
    if train.shape != (len(crops),) or len(y) != len(crops):
        raise ValueError(
            f"train: expected one flag and one outcome for each of {len(crops)} crops."
        )
    labels = as_labels(np.asarray(y)[train].astype(int), "y")
    if len(labels) < FEWEST:
        raise ValueError(f"train: expected {FEWEST} training patients or more, got {len(labels)}.")
    if folds.shape != labels.shape or len(np.unique(folds)) < 2:
        raise ValueError(
            f"folds: expected two folds or more of {len(labels)} training patients, got "
            f"{len(folds)} numbers of {len(np.unique(folds))} folds."
        )
    return crops, train, labels, folds


def _body(network: Network, trained: str) -> nn.Module:
    """What turns inputs into pooled features: the network, or its last block and what follows."""
    if trained == "whole":
        return network.module
    return chain(network.module, NETWORKS[network.name].head)


def _inputs(network, crops, of_training, settings, progress):
    """What the trained part sees: crops, or activations of the backbone."""
    if settings.trained == "whole":
        return _Crops(network, crops)
    backbone = chain(network.module, NETWORKS[network.name].backbone)[:-1]
    mirror = settings.augmentation and settings.trained != "none"
    shown = np.concatenate([crops, crops[of_training][:, :, ::-1]]) if mirror else crops
    starts, seen = range(0, len(shown), settings.batch), []
    with torch.no_grad():
        for i in starts if progress is None else progress(starts, total=len(starts)):
            seen.append(backbone(as_input(shown[i : i + settings.batch], network)).cpu())
    seen = torch.cat(seen).contiguous(memory_format=torch.channels_last)
    place = np.zeros(len(crops), dtype=int)
    place[of_training] = len(crops) + np.arange(len(of_training))
    return _Activations(seen, place, next(network.module.parameters()).device)


def _trainings(train, labels, folds):
    """Who trains each network, and their outcomes: all, and those outside of each fold."""
    rows = np.flatnonzero(train)
    outside = {f"fold_{k}": folds != k for k in np.unique(folds)}
    return {"all": (rows, labels)} | {name: (rows[o], labels[o]) for name, o in outside.items()}


def _train(new, inputs, trainings, settings, *, seed, device, identity, checkpoint, progress):
    """What every network (name -> who trains, their outcomes) has learned, and its history."""
    parts, histories = {}, {}
    steps = [(name, n) for name in trainings for n in range(settings.epochs)]
    for name, n in steps if progress is None else progress(steps, total=len(steps)):
        if n == 0:
            run = Run(
                new(),
                inputs,
                *trainings[name],
                settings,
                seed=seed,
                device=device,
                identity=f"{identity} {name}",
                checkpoint=checkpoint(name) if checkpoint else None,
            )
        if not run.done:
            run.epoch()
        if n == settings.epochs - 1:
            parts[name], histories[name] = run.finish(), run.table()
    return parts, histories


def _untuned(network, features, frozen) -> Learned:
    """A network as it was given, and its features."""
    return Learned(
        network=network,
        features=features,
        frozen=frozen,
        fold_features=None,
        p=None,
        fold_p=None,
        history=pd.DataFrame(columns=["network", *COLUMNS, "kept"]),
        state=_to_bytes(network, "none", {}, network.weights),
    )


def _learned(network, parts, inputs, train, folds, settings, history, frozen) -> Learned:
    """Features and output of what was trained: `parts` of all patients, and without each fold."""
    final, *of_folds = parts.values()
    everyone = np.arange(len(train))
    features, *by_fold = (
        _pooled(part.body, inputs, everyone, settings.batch) for part in (final, *of_folds)
    )
    description = f"{network.weights}; {TRAINED[settings.trained]} tuned on {train.sum()} patients"
    state = _to_bytes(network, settings.trained, final.state_dict(), description)
    return Learned(
        network=restore_network(network, state),
        features=features,
        frozen=frozen,
        fold_features=np.stack(by_fold),
        p=_output(final, features),
        fold_p=np.stack([_output(*pair) for pair in zip(of_folds, by_fold, strict=True)]),
        history=history,
        state=state,
    )


def _pooled(body: nn.Module, inputs, rows: np.ndarray, batch: int) -> np.ndarray:
    """Pooled features of patients, float32 of shape (n, width)."""
    with torch.no_grad():
        parts = [
            body(inputs.plain(rows[i : i + batch])).float().cpu().numpy()
            for i in range(0, len(rows), batch)
        ]
    return np.concatenate(parts)


def _output(part: TrainedPart, features: np.ndarray) -> np.ndarray:
    """Probability that the head gives, shape (n,)."""
    device = part.head.weight.device
    with torch.no_grad():
        return part.probability(torch.from_numpy(features).to(device)).double().cpu().numpy()


def _identity(network: Network, crops: np.ndarray) -> str:
    """Checksum of the network at the start and of the crops that train."""
    total = hashlib.sha256(f"{network.name} {crops.shape}".encode())
    total.update(np.ascontiguousarray(crops))
    for key, value in network.module.state_dict().items():
        total.update(key.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    return total.hexdigest()


def _to_bytes(network: Network, trained: str, learned: dict[str, Tensor], weights: str) -> bytes:
    """What was trained, and the statistics of all batch normalisation of the network."""
    tensors = {f"{BATCH}{key}": v for key, v in network.module.named_buffers()} | learned
    tensors = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
    about = {"network": network.name, "trained": trained, "weights": weights}
    # one entry: several would be written in any order
    return safetensors.torch.save(tensors, metadata={"tuned": json.dumps(about)})
