"""The two networks of the super-resolution: generator and discriminator, as small as they can be.

Li et al. 2024 describe a light generator of convolutions and residual blocks and a discriminator of
convolutions and pooling that ends in one probability; widths and depths are not printed.
"""

import json

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from thyro.core import safetensors_metadata


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions whose output is added to their input; shape is kept."""

    def __init__(self, width: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Generator(nn.Module):
    """Adds the learned residual between a degraded frame and the original.

    Blocks of `inside` x `inside` pixels become channels: the cost is that of an image so many times
    smaller, and nothing of the input is lost. It has no normalisation and no pooling: what a pixel
    becomes depends on the `reach` around it and on nothing else, which lets tiles equal the whole.

    Parameters
    ----------
    inside
        How many times coarser, along both axes, the grid is that it works on.
    width
        Channels.
    blocks
        Residual blocks.
    """

    def __init__(self, *, inside: int = 4, width: int = 32, blocks: int = 6):
        super().__init__()
        self.settings = {"inside": inside, "width": width, "blocks": blocks}
        self.inside = inside
        self.enter = nn.Conv2d(inside**2, width, 3, padding=1)
        self.residual = nn.Sequential(*(ResidualBlock(width) for _ in range(blocks)))
        self.leave = nn.Conv2d(width, inside**2, 3, padding=1)
        with torch.no_grad():  # start near "no change": interpolation is the first guess
            self.leave.weight.mul_(0.1)
            self.leave.bias.zero_()
        self.to(memory_format=torch.channels_last)  # faster on a CPU

    @property
    def reach(self) -> int:
        """Pixels to each side that an output pixel depends on."""
        return self.inside * (2 * len(self.residual) + 3)

    def forward(self, x: Tensor) -> Tensor:
        """Frames (n, 1, rows, columns) on 0-1, sides multiples of `inside`; same shape returned."""
        coarse = self.enter(F.pixel_unshuffle(x, self.inside))
        return x + F.pixel_shuffle(self.leave(coarse + self.residual(coarse)), self.inside)


class Discriminator(nn.Module):
    """Convolutions and pooling, ending in the probability that a patch is an original one."""

    def __init__(self, *, width: int = 16):
        super().__init__()
        widths = [1, width, 2 * width, 4 * width]
        stages = [
            layer
            for before, after in zip(widths, widths[1:], strict=False)
            for layer in (
                nn.Conv2d(before, after, 3, padding=1),
                nn.LeakyReLU(0.2),
                nn.AvgPool2d(2),
            )
        ]
        self.features = nn.Sequential(*stages, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.score = nn.Linear(widths[-1], 1)

    def forward(self, x: Tensor) -> Tensor:
        """Patches (n, 1, rows, columns) on 0-1; returns probabilities (n, 1)."""
        return torch.sigmoid(self.logit(x))

    def logit(self, x: Tensor) -> Tensor:
        """Log odds of the probability, (n, 1): the losses of a sure judge still have a slope."""
        return self.score(self.features(x))


def generator_to_bytes(generator: Generator, *, trained_for: dict) -> bytes:
    """Weights and settings in the safetensors format; the same generator gives the same bytes.

    `trained_for` says what was to be undone, for whoever starts from this file.
    """
    about = generator.settings | {"trained_for": trained_for}
    # One entry: safetensors does not keep the order of several.
    weights = {name: weight.contiguous() for name, weight in generator.state_dict().items()}
    return safetensors.torch.save(weights, metadata={"settings": json.dumps(about, sort_keys=True)})


def generator_from_bytes(data: bytes, *, settings: dict, trained_for: dict) -> Generator:
    """A generator that `generator_to_bytes` wrote, to start from.

    Parameters
    ----------
    data
        The file.
    settings
        Those it should have: inside, width, blocks.
    trained_for
        What it should undo: factor, axes, sigma.

    Raises
    ------
    ValueError
        If it is no such file, or of another architecture or degradation: both are named.
    """
    try:
        about = json.loads(safetensors_metadata(data)["settings"])
        weights = safetensors.torch.load(data)
    except (ValueError, KeyError, safetensors.SafetensorError):
        raise ValueError(
            "start: expected a generator.safetensors that a study of this project left."
        ) from None
    wanted = settings | {"trained_for": trained_for}
    other = [
        f"{key} {about.get(key)} instead of {value}"
        for key, value in wanted.items()
        if about.get(key) != value
    ]
    generator = Generator(**settings)
    if not other:
        try:
            generator.load_state_dict(weights)
        except RuntimeError:
            other = ["weights that do not fit its own settings"]
    if other:
        raise ValueError(
            f"start: this generator has {'; '.join(other)}. Choose another file, or settings that "
            "fit it."
        )
    return generator


def describe_layers(network: nn.Module) -> list[tuple[str, str]]:
    """(layer, what it does) of a network as built, for the diagram of Figure 2A."""
    rows = []
    for layer in network.modules():
        if isinstance(layer, ResidualBlock):
            rows.append(("Residual block", f"3x3 twice, {layer.body[0].out_channels}"))
        elif isinstance(layer, nn.Conv2d) and not _inside_block(network, layer):
            size = "x".join(map(str, layer.kernel_size))
            rows.append(("Convolution", f"{size}, {layer.in_channels} to {layer.out_channels}"))
        elif isinstance(layer, nn.AvgPool2d):
            rows.append(("Pooling", "2x2 mean"))
        elif isinstance(layer, nn.AdaptiveAvgPool2d):
            rows.append(("Pooling", "global"))
        elif isinstance(layer, nn.Linear):
            rows.append(("Probability", f"{layer.in_features} to 1, sigmoid"))
    if isinstance(network, Generator):
        shuffle, channels = f"{network.inside}x{network.inside} pixels", network.inside**2
        rows = [
            ("Space to depth", f"{shuffle} to {channels} channels"),
            *rows,
            ("Depth to space", f"{channels} channels to {shuffle}"),
        ]
    return rows


def _inside_block(network: nn.Module, layer: nn.Module) -> bool:
    blocks = (m for m in network.modules() if isinstance(m, ResidualBlock))
    return any(layer is inner for block in blocks for inner in block.modules())


def count_parameters(network: nn.Module) -> int:
    """Number of trained weights."""
    return sum(p.numel() for p in network.parameters())
