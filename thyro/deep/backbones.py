"""ResNet-101 and DenseNet-121 without classifier.

The networks are MONAI's with torchvision's layout, so that torchvision's ImageNet checkpoints fit.
They take grey crops, 0-255; the three colour channels all receive the same one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from monai.networks.nets import DenseNet121, resnet101
from torch import Tensor, nn

from thyro.core import as_one_of
from thyro.deep import weights as checkpoints

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_SD = (0.229, 0.224, 0.225)

WIDTHS = {"ResNet101": 2048, "DenseNet121": 1024}  # pooled features


@dataclass(frozen=True)
class Network:
    """A network without classifier: crops in, pooled features out."""

    module: nn.Module  # (n, 3, size, size) -> (n, width); in evaluation mode
    name: str  # "ResNet101" or "DenseNet121"
    width: int  # number of pooled features
    weights: str  # where the weights come from, for the report


def build(
    name: str,
    *,
    weights: Mapping[str, Tensor] | None = None,
    seed: int = 0,
    description: str = "",
) -> Network:
    """Make one of the two networks, ready to give pooled features.

    Parameters
    ----------
    name : "ResNet101" or "DenseNet121"
    weights : mapping, optional
        State dict as `checkpoints.fetch` gives it; its classifier is ignored.
        By default random weights (He initialisation): call `calibrate_batchnorm` then.
    seed : int
        Of the random weights.
    description : str
        Where the weights come from; the second thing `checkpoints.fetch` gives.

    Raises
    ------
    ValueError
        If the name is unknown, or a weight is missing, surplus or of another shape.
    """
    as_one_of(name, "name", WIDTHS)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = _bare(name)
    if weights is not None:
        _load(module, name, weights, description)
    return Network(
        module=module.eval().to(memory_format=torch.channels_last),
        name=name,
        width=WIDTHS[name],
        weights=description or ("random" if weights is None else "given"),
    )


def calibrate_batchnorm(network: Network, crops, *, batch: int = 16) -> Network:
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
    """Number of weights; torchvision's count less its classifier."""
    return sum(p.numel() for p in network.module.parameters())


def chain(module: nn.Module, names: Sequence[str]) -> nn.Sequential:
    """Parts of a network one after the other, flat at the end; they share its weights."""
    return nn.Sequential(*[module.get_submodule(name) for name in names], nn.Flatten())


def as_crops(crops):
    """Checked crops, float32 of shape (n, size, size), grey levels 0-255."""
    crops = np.asarray(crops, dtype=np.float32)
    if crops.ndim != 3 or not len(crops) or crops.shape[1] != crops.shape[2]:
        raise ValueError(f"crops: expected shape (n, size, size), n >= 1, got {crops.shape}.")
    if not np.isfinite(crops).all() or crops.min() < 0 or crops.max() > 255:
        raise ValueError(
            "crops: expected finite grey levels from 0 to 255, "
            f"found {np.nanmin(crops):g} to {np.nanmax(crops):g}."
        )
    return crops


def as_input(crops, network):
    """ImageNet-normalised tensor (n, 3, size, size) on the device of the network."""
    device = next(network.module.parameters()).device
    mean, sd = (torch.tensor(v).view(1, 3, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_SD))
    x = (torch.from_numpy(crops)[:, None] / 255 - mean) / sd
    return x.to(device, memory_format=torch.channels_last)


def _bare(name):
    """The network without classifier, ending in pooled features."""
    if name == "ResNet101":
        # MONAI's default first stride is 1 and its shortcuts have a bias; ImageNet's do not.
        return resnet101(
            pretrained=False,
            spatial_dims=2,
            n_input_channels=3,
            conv1_t_stride=2,
            bias_downsample=False,
            feed_forward=False,
        )
    module = DenseNet121(spatial_dims=2, in_channels=3, out_channels=1)
    module.class_layers.out = nn.Identity()
    return module


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
