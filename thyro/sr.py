"""Super-resolution of ultrasound frames: degradation, generator, discriminator, training.

Li et al. 2024 describe a light adversarial network trained on pairs of an original image and a
copy of a quarter of its resolution with Gaussian noise, both on the original grid; loss, optimiser
and noise are not printed, the choices made here are stated where they are made. The texture that a
generator adds is synthetic: it looks like tissue and need not be.
"""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import safetensors.torch
import torch
from skimage.metrics import structural_similarity
from torch import Tensor, nn
from torch.nn import functional as F

WHITE = 255.0


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

    Works on `factor` x `factor` blocks of pixels as channels, so its cost is that of an image
    `factor` times smaller on each side, and nothing of the input is lost.

    Parameters
    ----------
    factor
        Linear degradation it is trained for, 2 or 4.
    width
        Channels.
    blocks
        Residual blocks.
    """

    def __init__(self, *, factor: int = 4, width: int = 32, blocks: int = 6):
        super().__init__()
        self.settings = {"factor": factor, "width": width, "blocks": blocks}
        self.factor = factor
        self.enter = nn.Conv2d(factor**2, width, 3, padding=1)
        self.residual = nn.Sequential(*(ResidualBlock(width) for _ in range(blocks)))
        self.leave = nn.Conv2d(width, factor**2, 3, padding=1)
        with torch.no_grad():  # start near "no change": bicubic is the first guess
            self.leave.weight.mul_(0.1)
            self.leave.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """Frames (n, 1, rows, columns) on 0-1, sides multiples of `factor`; same shape returned."""
        low = self.enter(F.pixel_unshuffle(x, self.factor))
        return x + F.pixel_shuffle(self.leave(self.residual(low)), self.factor)


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
        self.judge = nn.Sequential(nn.Linear(widths[-1], 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        """Patches (n, 1, rows, columns) on 0-1; returns (n, 1), each in [0, 1]."""
        return self.judge(self.features(x))


@dataclass(frozen=True)
class Training:
    """A trained pair of networks and how it went."""

    generator: Generator
    discriminator: Discriminator
    history: pd.DataFrame  # step, phase, pixel (mean squared, 0-1 scale), generator, discriminator


def _degrade(x: Tensor, factor: int, sigma: float, rng: np.random.Generator) -> Tensor:
    """Degrade frames (n, 1, rows, columns) on 0-1; sides at least `factor`."""
    shape = x.shape[-2:]
    small = [max(1, round(side / factor)) for side in shape]
    low = F.interpolate(x, small, mode="bicubic", antialias=True, align_corners=False)
    noise = rng.standard_normal(low.shape, dtype=np.float32)
    low = low + sigma * torch.from_numpy(noise).to(x.device)
    return F.interpolate(low, shape, mode="bicubic", align_corners=False).clamp(0, 1)


def degrade(
    image: np.ndarray, *, factor: int = 4, sigma: float = 5 / 255, rng: np.random.Generator
) -> np.ndarray:
    """Lower the resolution of a frame by `factor` and put it back on its grid (R-22).

    Antialiased bicubic downsampling, Gaussian noise at low resolution, bicubic back: what comes out
    is also the bicubic reconstruction that the generator has to beat.

    Parameters
    ----------
    image : array, shape (rows, columns)
        Grey, 0-255.
    factor
        Linear, along both axes.
    sigma
        Standard deviation of the noise as a share of 255.

    Returns
    -------
    float array, shape (rows, columns)
        0-255.
    """
    with torch.inference_mode():
        return _array(_degrade(_tensor(image), factor, sigma, rng))


def enhance(image: np.ndarray, generator: Generator) -> np.ndarray:
    """Apply the generator to a frame.

    Parameters
    ----------
    image : array, shape (rows, columns)
        Grey, 0-255; any size.

    Returns
    -------
    float array, shape (rows, columns)
        0-255, on the same grid.
    """
    device = next(generator.parameters()).device
    x = _tensor(image).to(device)
    rows, columns = x.shape[-2:]
    pad = (0, -columns % generator.factor, 0, -rows % generator.factor)
    with torch.inference_mode():
        out = generator.eval()(F.pad(x, pad, mode="replicate"))
    return _array(out[..., :rows, :columns].clamp(0, 1))


def _tensor(image: np.ndarray) -> Tensor:
    image = np.asarray(image, dtype=np.float32)
    if image.ndim != 2 or not (image.min() >= 0 and image.max() <= WHITE):  # false for NaN too
        raise ValueError(
            f"image: expected a 2-D array of grey values 0-255, got shape {image.shape} with "
            f"values {image.min():g} to {image.max():g}."
        )
    return torch.from_numpy(image / WHITE)[None, None]


def _array(x: Tensor) -> np.ndarray:
    return (x[0, 0].cpu().numpy() * WHITE).astype(float)


def train(
    images: list[np.ndarray],
    *,
    factor: int = 4,
    sigma: float = 5 / 255,
    width: int = 32,
    blocks: int = 6,
    warmup_steps: int = 600,
    adversarial_steps: int = 200,
    adversarial_weight: float = 0.002,
    batch: int = 8,
    patch_px: int = 96,
    learning_rate: float = 1e-3,
    seed: int,
    device: str = "cpu",
    progress=None,
) -> Training:
    """Train generator and discriminator on patches of `images`.

    First the generator alone on the mean squared error (which is what PSNR measures; the absolute
    error would aim at the median of the speckle), then against the discriminator. On a CPU the same
    images and seed give the same weights.

    Parameters
    ----------
    images
        Scan areas of training patients only: grey, 0-255, sides at least `patch_px`.
    sigma
        Noise of the degradation as a share of 255.
    adversarial_weight
        Weight of the adversarial loss beside the pixel loss.

    Raises
    ------
    ValueError
        If there are no images, or one is smaller than a patch.
    """
    if not images:
        raise ValueError("images: no training patient; super-resolution learns from them only.")
    small = [image.shape for image in images if min(image.shape) < patch_px]
    if small:
        raise ValueError(
            f"patch_px: {patch_px} pixels, but a scan area has {small[0][0]} x {small[0][1]}; "
            "choose a smaller patch."
        )
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    generator = Generator(factor=factor, width=width, blocks=blocks).to(device)
    discriminator = Discriminator().to(device)
    generator_step = torch.optim.Adam(generator.parameters(), lr=learning_rate)
    discriminator_step = torch.optim.Adam(discriminator.parameters(), lr=learning_rate / 4)

    history = []
    steps = range(warmup_steps + adversarial_steps)
    for step in steps if progress is None else progress(steps, total=len(steps)):
        adversarial = step >= warmup_steps
        original = _patches(images, batch, patch_px, rng).to(device)
        degraded = _degrade(original, factor, sigma, rng)
        made = generator(degraded)
        pixel = F.mse_loss(made, original)
        row = {"step": step, "pixel": pixel.item()}
        loss = pixel
        if adversarial:
            row["discriminator"] = _judge(
                discriminator, discriminator_step, original, made.detach()
            )
            fooled = discriminator(made)
            against = F.binary_cross_entropy(fooled, torch.ones_like(fooled))
            row["generator"] = against.item()
            loss = pixel + adversarial_weight * against
        generator_step.zero_grad()
        loss.backward()
        generator_step.step()
        history.append(row)
    columns = ["step", "pixel", "generator", "discriminator"]
    return Training(generator.eval(), discriminator.eval(), pd.DataFrame(history, columns=columns))


def _patches(images: list[np.ndarray], n: int, size: int, rng: np.random.Generator) -> Tensor:
    """`n` random square patches, flipped left to right at random, shape (n, 1, size, size), 0-1."""
    patches = np.empty((n, 1, size, size), dtype=np.float32)
    for patch in patches:
        image = images[rng.integers(len(images))]
        row, column = (rng.integers(side - size + 1) for side in image.shape)
        cut = image[row : row + size, column : column + size]
        patch[0] = cut[:, ::-1] if rng.random() < 0.5 else cut  # depth has a direction, width none
    return torch.from_numpy(patches / np.float32(WHITE))


def _judge(discriminator: Discriminator, step, original: Tensor, made: Tensor) -> float:
    """One step of the discriminator; returns its loss."""
    real, fake = discriminator(original), discriminator(made)
    loss = F.binary_cross_entropy(real, torch.ones_like(real))
    loss = (loss + F.binary_cross_entropy(fake, torch.zeros_like(fake))) / 2
    step.zero_grad()
    loss.backward()
    step.step()
    return loss.item()


def quality(original: np.ndarray, other: np.ndarray) -> dict[str, float]:
    """PSNR in dB (peak 255) and SSIM (Wang et al. 2004: Gaussian window, sigma 1.5) of two frames.

    Identical frames have infinite PSNR and SSIM 1.
    """
    error = np.mean((np.asarray(original, float) - other) ** 2)
    ssim = structural_similarity(
        np.asarray(original, float),
        other,
        data_range=WHITE,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    psnr = 10 * np.log10(WHITE**2 / error) if error > 0 else np.inf
    return {"psnr": float(psnr), "ssim": float(ssim)}


def held_out_quality(
    image: np.ndarray, generator: Generator, *, sigma: float, rng: np.random.Generator
) -> dict[str, float]:
    """Degrade a frame that trained nothing, restore it, and compare both with the original.

    Bicubic interpolation is the degraded frame itself: it is back on the original grid already.
    """
    degraded = degrade(image, factor=generator.factor, sigma=sigma, rng=rng)
    restored, bicubic = quality(image, enhance(degraded, generator)), quality(image, degraded)
    return restored | {f"{key}_bicubic": value for key, value in bicubic.items()}


def to_bytes(generator: Generator) -> bytes:
    """Weights and settings in the safetensors format; the same generator gives the same bytes."""
    # One entry: safetensors does not keep the order of several.
    settings = {"settings": json.dumps(generator.settings, sort_keys=True)}
    return safetensors.torch.save(generator.state_dict(), metadata=settings)


def describe(network: nn.Module) -> list[tuple[str, str]]:
    """(layer, what it does) of a network as built, for the diagram of Figure 2A."""
    rows = []
    for layer in network.modules():
        if isinstance(layer, ResidualBlock):
            rows.append(("Residual block", f"3x3 twice, {layer.body[0].out_channels}"))
        elif isinstance(layer, nn.Conv2d) and not _inside_block(network, layer):
            size = "x".join(map(str, layer.kernel_size))
            rows.append(("Convolution", f"{size}, {layer.in_channels} to {layer.out_channels}"))
        elif isinstance(layer, nn.AvgPool2d | nn.AdaptiveAvgPool2d):
            rows.append(
                ("Pooling", "global" if isinstance(layer, nn.AdaptiveAvgPool2d) else "2x2 mean")
            )
        elif isinstance(layer, nn.Sigmoid):
            rows.append(("Probability", "sigmoid"))
    return rows


def _inside_block(network: nn.Module, layer: nn.Module) -> bool:
    blocks = (m for m in network.modules() if isinstance(m, ResidualBlock))
    return any(layer is inner for block in blocks for inner in block.modules())


def count_parameters(network: nn.Module) -> int:
    """Number of trained weights."""
    return sum(p.numel() for p in network.parameters())
