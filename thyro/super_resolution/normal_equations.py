"""Least squares of filters: sums over the windows of many frames, of which none is kept."""

import numpy as np
import torch
from torch import Tensor


class NormalEquations:
    """Normal equations of filters, summed frame by frame: no frame is kept."""

    def __init__(self):
        self.n, self.sums = 0, np.zeros(())

    def add(self, x: Tensor, y: Tensor, side: int, n: int, rng: np.random.Generator) -> None:
        """Add at most `n` places: windows of `side` around them in `x`, the place itself in `y`.

        Both have the shape (1, channels, rows, columns); windows lie inside the frame.
        """
        windows = x[0].unfold(1, side, 1).unfold(2, side, 1)  # a view: (channels, ., ., side, side)
        columns = windows.shape[2]
        every = windows.shape[1] * columns
        row, column = np.divmod(rng.choice(every, min(n, every), replace=False), columns)
        edge = side // 2
        targets = y[0][:, row + edge, column + edge]
        windows = windows[:, row, column].movedim(1, -1).flatten(0, 2)
        one = torch.ones(1, windows.shape[1])
        rows = torch.cat([one, windows, targets]).to(torch.float64)
        self.n_inputs = len(windows)
        self.n += windows.shape[1]
        self.sums = self.sums + (rows @ rows.T).numpy()

    def join(self, other: "NormalEquations") -> None:
        """Add all that another one has summed, of the same inputs and outputs."""
        self.n, self.sums = self.n + other.n, self.sums + other.sums

    def error(self, coefficients: np.ndarray, constant: np.ndarray) -> float:
        """Mean squared error of a filter at the places summed here."""
        # Outputs less prediction, as a combination of what was summed: (1, inputs, outputs).
        miss = np.hstack([-constant[:, None], -coefficients, np.eye(len(constant))])
        return float(np.mean(np.einsum("ij,jk,ik->i", miss, self.sums, miss)) / self.n)

    def solve(self, ridge: float) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients (n_outputs, n_inputs) and constants (n_outputs,)."""
        mean = self.sums[0] / self.n
        spread = self.sums / self.n - np.outer(mean, mean)
        inputs, outputs = slice(1, 1 + self.n_inputs), slice(1 + self.n_inputs, None)
        normal = spread[inputs, inputs]
        penalty = ridge * np.trace(normal) / len(normal)
        # Not `solve`: without a penalty, smooth frames leave directions that nothing determines.
        inverse = np.linalg.pinv(
            normal + penalty * np.eye(len(normal)), rcond=1e-10, hermitian=True
        )
        coefficients = (inverse @ spread[inputs, outputs]).T
        return coefficients, mean[outputs] - coefficients @ mean[inputs]
