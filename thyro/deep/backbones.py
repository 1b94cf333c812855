"""The networks of the registry without classifier: built, loaded, calibrated.

They have the layout of their ImageNet checkpoints, so that these fit. They take grey crops, 0-255;
the three colour channels all receive the same one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from thyro.core import as_one_of
from thyro.deep import weights as checkpoints
from thyro.deep.crops import as_crops
from thyro.study import NETWORKS


@dataclass(frozen=True)
class Network:
    """A network without classifier: crops in, pooled features out."""

    module: nn.Module  # (n, 3, size, size) -> (n, width); in evaluation mode
    name: str  # of `study.NETWORKS`
    width: int  # number of pooled features
    weights: str  # where the weights come from, for the report


def build(
    name: str,
    *,
    weights: Mapping[str, Tensor] | None = None,
    seed: int = 0,
    description: str = "",
) -> Network:
    """Make a network of the registry, ready to give pooled features.

    Parameters
    ----------
    name : str
        Of `study.NETWORKS`.
    weights : mapping, optional
        State dict as `weights.fetch` gives it; its classifier is ignored.
        By default random weights (He initialisation): call `calibrate_batchnorm` then.
    seed : int
        Of the random weights.
    description : str
        Where the weights come from; the second thing `weights.fetch` gives.

    Raises
    ------
    ValueError
        If the name is unknown, or a weight is missing, surplus or of another shape.
    """
    as_one_of(name, "name", NETWORKS)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = NETWORKS[name].build()
    if weights is not None:
        _load(module, name, weights, description)
    return Network(
        module=module.eval().to(memory_format=torch.channels_last),
        name=name,
        width=NETWORKS[name].width,
        weights=description or ("random" if weights is None else "given"),
    )


def calibrate_batchnorm(network: Network, crops: ArrayLike, *, batch: int = 16) -> Network:
    """Give a network with random weights the batch statistics of training crops.

    Fresh batch normalisation believes in mean 0 and variance 1, and over a hundred layers the
    activations then explode or vanish. One pass over crops of TRAINING patients replaces both by
    their averages over batches. Weights stay as they are.

    Parameters
    ----------
    network : Network
        Changed in place, and returned.
    crops : array_like of float, shape (n, size, size)
        At least two, grey 0-255.
    """
    crops = as_crops(crops)
    if len(crops) < 2:
        raise ValueError("crops: expected at least 2 for statistics of a batch, got 1.")
    layers = [m for m in network.module.modules() if isinstance(m, nn.BatchNorm2d)]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # plain average over batches
        layer.train()
    with torch.inference_mode():
        # equal parts, so that no batch of one crop is left over
        for part in np.array_split(crops, max(len(crops) // batch, 1)):
            network.module(as_input(part, network))
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
        layer.eval()
    return network


def count_parameters(network: Network) -> int:
    """Number of weights, without those of the classifier."""
    return sum(p.numel() for p in network.module.parameters())


def chain(module: nn.Module, names: Sequence[str]) -> nn.Sequential:
    """Parts of a network one after the other, flat at the end; they share its weights."""
    return nn.Sequential(*[module.get_submodule(name) for name in names], nn.Flatten())


def as_input(crops: np.ndarray, network: Network) -> Tensor:
    """Tensor (n, 3, size, size) on the device of the network, normalised as for its weights."""
    device = next(network.module.parameters()).device
    entry = NETWORKS[network.name]
    mean, sd = (torch.tensor(v).view(1, 3, 1, 1) for v in (entry.mean, entry.sd))
    x = (torch.from_numpy(crops)[:, None] / 255 - mean) / sd
    return x.to(device, memory_format=torch.channels_last)


def _load(module, name, weights, description):
    """Load a state dict, every weight exactly once."""
    own = module.state_dict()
    given = checkpoints.spelled(weights, name, own)
    counters = {key for key in own if key.endswith("num_batches_tracked")}  # old files lack them
    missing = sorted(set(own) - counters - set(given))
    surplus = sorted(set(given) - set(own))
    misshapen = [
        f"{key} {tuple(given[key].shape)} instead of {tuple(own[key].shape)}"
        for key in sorted(set(given) & set(own))
        if given[key].shape != own[key].shape
    ]
    if missing or surplus or misshapen:
        raise ValueError(
            f"{description or 'weights'}: not those of {name}: {len(missing)} missing "
            f"{missing[:2]}, {len(surplus)} surplus {surplus[:2]}, {len(misshapen)} of another "
            f"shape {misshapen[:2]}."
        )
    module.load_state_dict({**{key: own[key] for key in counters}, **given})
