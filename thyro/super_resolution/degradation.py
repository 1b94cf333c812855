"""What super-resolution has to undo: a loss of resolution along chosen axes, and noise (R-22).

In the plane, because a single frame has no other direction; linear, with an antialiasing filter;
noise is added at the low resolution, and the image comes back to its own grid by interpolation.
"""

from dataclasses import asdict, dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

AXES = ("both", "rows", "columns")


@dataclass(frozen=True)
class Degradation:
    """A loss of resolution.

    Parameters
    ----------
    factor
        How many times coarser, linear; 1 leaves the resolution as it is and only adds noise.
    axes : "both", "rows" or "columns"
        What becomes coarser: both, the depth (fewer rows) or the width (fewer columns).
    sigma
        Standard deviation of the Gaussian noise as a share of 255.
    """

    factor: int = 4
    axes: str = "both"
    sigma: float = 5 / 255

    def __post_init__(self) -> None:
        if self.factor < 1 or not 0 <= self.sigma < 1 or self.axes not in AXES:
            raise ValueError(
                "degradation: expected a factor of at least 1, sigma from 0 to below 1 and axes "
                f"of {', '.join(AXES)}; got {asdict(self)}."
            )

    def low(self, x: Tensor, rng: np.random.Generator | None = None) -> Tensor:
        """Bring frames (n, 1, rows, columns) on 0-1 to the low resolution; noise with an `rng`."""
        rows, columns = x.shape[-2:]
        shape = (
            rows if self.axes == "columns" else max(1, round(rows / self.factor)),
            columns if self.axes == "rows" else max(1, round(columns / self.factor)),
        )
        low = F.interpolate(x, shape, mode="bicubic", antialias=True, align_corners=False)
        if rng is None or not self.sigma:
            return low
        # numpy's stream: a CPU and a GPU get the same noise.
        noise = torch.from_numpy(rng.standard_normal(low.shape, dtype=np.float32))
        return low + self.sigma * noise.to(x.device)

    def __call__(self, x: Tensor, rng: np.random.Generator | None = None) -> Tensor:
        """Degrade frames and bring them back to their own grid by bicubic interpolation."""
        return bicubic(self.low(x, rng), x.shape[-2:])


def bicubic(low: Tensor, shape: tuple[int, int]) -> Tensor:
    """Interpolate frames (n, 1, rows, columns) to a finer grid, clipped to 0-1."""
    return F.interpolate(low, tuple(shape), mode="bicubic", align_corners=False).clamp(0, 1)


def lanczos(low: Tensor, shape: tuple[int, int]) -> Tensor:
    """The same with a Lanczos kernel of 3 lobes."""
    size = shape[1], shape[0]
    frames = [Image.fromarray(frame[0].cpu().numpy()) for frame in low]
    finer = np.stack([np.asarray(f.resize(size, Image.Resampling.LANCZOS)) for f in frames])
    return torch.from_numpy(finer)[:, None].to(low.device).clamp(0, 1)
