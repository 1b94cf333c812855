"""One training of a network, or of its last block, that goes on after a kill.

Batch normalisation keeps its statistics, as batches are small. The head is one linear unit on
pooled features, standardised by the patients that train. All that is random in an epoch comes from
the seed and its number, so that a run that was stopped between two ends like one that was not.
"""

import hashlib
import json
import time
from copy import deepcopy
from dataclasses import asdict, dataclass
from typing import Literal, Protocol

import numpy as np
import pandas as pd
import safetensors.torch
import torch
from numpy.typing import ArrayLike
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch.nn import functional as F

from thyro.core import Checkpoint, safetensors_metadata

SMALLEST_SD = 0.1  # of a pooled feature, to be divided by it: share of the root mean square of all
TINY = 1e-6  # the SD of features that are all the same in everyone
COLUMNS = ["epoch", "loss", "inner_loss", "inner_auc", "seconds"]


@dataclass(frozen=True)
class FineTuningSettings:
    """What is trained and how."""

    trained: Literal["none", "last_block", "whole"] = "last_block"
    epochs: int = 5  # at most
    optimiser: Literal["AdamW"] = "AdamW"  # of torch.optim
    learning_rate: float = 1e-4
    weight_decay: float = 1e-4
    batch: int = 16
    inner_share: float = 0.15  # of the training patients: watched, to stop early
    patience: int = 2  # epochs without improvement
    class_weights: bool = True  # patients of the rarer outcome weigh more
    augmentation: bool = True  # mirror images; of whole networks also small rotations

    def constant_loss(self, y: ArrayLike) -> float:
        """Loss of the best prediction that is the same for everybody: what training has to beat."""
        p = (
            0.5 if self.class_weights else float(np.mean(np.asarray(y)))
        )  # weights make outcomes even
        return float(-p * np.log(p) - (1 - p) * np.log(1 - p))


class Inputs(Protocol):
    """What a network under training sees of patients, by their number."""

    def plain(self, rows: np.ndarray) -> Tensor: ...
    def augmented(self, rows: np.ndarray, rng: np.random.Generator) -> Tensor: ...


class TrainedPart(nn.Module):
    """What is trained: from the inputs to pooled features, and a linear unit upon them."""

    def __init__(self, body: nn.Module, width: int):
        super().__init__()
        self.body = body
        self.head = nn.Linear(width, 1)
        nn.init.zeros_(self.head.weight)  # every patient starts at even odds
        nn.init.zeros_(self.head.bias)
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("sd", torch.ones(width))
        self.register_buffer("log_weights", torch.zeros(()))  # log odds that class weights add

    def forward(self, x: Tensor) -> Tensor:
        """Log odds under the class weights, shape (n,)."""
        return self.score(self.body(x))

    def score(self, features: Tensor) -> Tensor:
        return self.head((features - self.mean) / self.sd)[:, 0]

    def probability(self, features: Tensor) -> Tensor:
        """Probability of the outcome, as often as it occurs among the patients that train."""
        return torch.sigmoid(self.score(features) - self.log_weights)


class Run:
    """The training of one network: `epoch` until it is `done`, then `finish`.

    Parameters
    ----------
    part : TrainedPart
        On the CPU; changed in place.
    inputs : Inputs
    rows : ndarray of int, shape (n_train,)
        Who trains, a stratified part of them only being watched.
    y : ndarray of int, shape (n_train,)
    settings : FineTuningSettings
    seed : int
    device : torch.device
    identity : str
        Of the network and the patients: a checkpoint of another run is left aside.
    checkpoint : Checkpoint, optional
    """

    def __init__(
        self,
        part: TrainedPart,
        inputs: Inputs,
        rows: np.ndarray,
        y: np.ndarray,
        settings: FineTuningSettings,
        *,
        seed: int,
        device: torch.device,
        identity: str,
        checkpoint: Checkpoint | None,
    ):
        self.inputs, self.settings, self.seed, self.checkpoint = inputs, settings, seed, checkpoint
        about = json.dumps([identity, asdict(settings), seed, rows.tolist(), y.tolist()])
        self.identity = hashlib.sha256(about.encode()).hexdigest()
        watched = inner_part(y, settings.inner_share, seed)
        self.rows, self.y = rows[~watched], y[~watched]
        self.inner_rows, self.inner_y = rows[watched], y[watched]
        self.part = part.to(device).eval()
        self.weights = self._class_weights().to(device)
        from lightning_fabric import Fabric  # a second, and only for those who train

        fabric = Fabric(
            accelerator=device.type,
            devices=[device.index] if device.index else 1,
            precision="bf16-mixed" if device.type == "cuda" else "32-true",
        )
        optimiser = getattr(torch.optim, settings.optimiser)(
            part.parameters(),
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
        )
        self.fabric = fabric
        self.model, self.optimiser = fabric.setup(self.part, optimiser)
        self.best: dict[str, Tensor] = {}
        self.epochs, self.best_epoch, self.best_loss = 0, 0, float("inf")
        self.history: list[dict] = []
        if not self._resume():
            self._standardise()

    @property
    def done(self) -> bool:
        """All epochs are done, or the watched patients no longer improve."""
        waited = self.epochs - self.best_epoch
        return self.epochs >= self.settings.epochs or waited >= self.settings.patience

    def epoch(self) -> None:
        """Show every patient once, then look at those watched."""
        started = time.monotonic()
        rng = np.random.default_rng([self.seed, self.epochs + 1])
        order, total = rng.permutation(len(self.rows)), 0.0
        see = self.inputs.augmented if self.settings.augmentation else _plain(self.inputs)
        for batch in _batches(order, self.settings.batch):
            loss = self._loss(self.model(see(self.rows[batch], rng)), self.y[batch])
            self.optimiser.zero_grad()
            self.fabric.backward(loss)
            self.optimiser.step()
            total += float(loss.detach()) * len(batch)
        self.epochs += 1
        inner_loss, inner_auc = self._look()
        if inner_loss < self.best_loss:
            self.best_loss, self.best_epoch = inner_loss, self.epochs
            self.best = deepcopy(self.part.state_dict())
        seconds = time.monotonic() - started
        row = (self.epochs, total / len(order), inner_loss, inner_auc, seconds)
        self.history.append(dict(zip(COLUMNS, row, strict=True)))
        if self.checkpoint is not None:
            self.checkpoint.save(self._to_bytes())

    def finish(self) -> TrainedPart:
        """The weights of the epoch that did best in the watched patients."""
        self.part.load_state_dict(self.best)
        return self.part

    def table(self) -> pd.DataFrame:
        """One row per epoch; `kept` marks the best."""
        history = pd.DataFrame(self.history, columns=COLUMNS)
        return history.assign(kept=history["epoch"].eq(self.best_epoch))

    def _loss(self, log_odds: Tensor, y: np.ndarray) -> Tensor:
        target = torch.as_tensor(y, dtype=log_odds.dtype, device=log_odds.device)
        weights = self.weights[target.long()]
        each = F.binary_cross_entropy_with_logits(log_odds, target, reduction="none")
        return (weights * each).mean()

    def _look(self) -> tuple[float, float]:
        """Loss and AUC in the watched patients."""
        with torch.no_grad():
            batches = _batches(np.arange(len(self.inner_rows)), self.settings.batch)
            seen = [self.model(self.inputs.plain(self.inner_rows[batch])) for batch in batches]
            log_odds = torch.cat(seen).float()
            loss = float(self._loss(log_odds, self.inner_y))
        if not np.isfinite(loss):
            raise ValueError(
                f"The training of a network diverged in epoch {self.epochs}. Lower the learning "
                f"rate, {self.settings.learning_rate:g}."
            )
        return loss, float(roc_auc_score(self.inner_y, log_odds.cpu().numpy()))

    def _class_weights(self) -> Tensor:
        """Weights of both outcomes, one on average over the patients."""
        if not self.settings.class_weights:
            return torch.ones(2)
        counts = np.bincount(self.y, minlength=2)
        self.part.log_weights.fill_(float(np.log(counts[0] / counts[1])))
        return torch.tensor(len(self.y) / (2 * counts), dtype=torch.float32)

    def _standardise(self) -> None:
        """Learn mean and SD of the pooled features from the patients that train.

        Of a network that ends in a ReLU many features are zero in nearly all of them. Divided by
        its own SD such a feature would be enormous in the first other patient who has it.
        """
        with torch.no_grad():
            parts = _batches(np.arange(len(self.rows)), self.settings.batch)
            features = torch.cat([self.part.body(self.inputs.plain(self.rows[p])) for p in parts])
            self.part.mean.copy_(features.mean(dim=0))
            sd = features.std(dim=0, correction=0)
            least = SMALLEST_SD * sd.square().mean().sqrt()
            self.part.sd.copy_(sd.clamp_min(max(float(least), TINY)))

    def _to_bytes(self) -> bytes:
        """Where the training stands; of a finished one only what is kept of it."""
        tensors = {f"best.{key}": value for key, value in self.best.items()}
        if not self.done:
            tensors |= {f"now.{key}": value for key, value in self.part.state_dict().items()}
            for i, moments in self.optimiser.state_dict()["state"].items():
                tensors |= {f"adam.{i}.{key}": value for key, value in moments.items()}
        about = {
            "identity": self.identity,
            "epochs": self.epochs,
            "best_epoch": self.best_epoch,
            "best_loss": self.best_loss,
            "history": self.history,
        }
        return safetensors.torch.save(
            {key: value.contiguous().cpu() for key, value in tensors.items()},
            metadata={"run": json.dumps(about)},
        )

    def _resume(self) -> bool:
        """Go on from the checkpoint; False where there is none of this run."""
        data = None if self.checkpoint is None else self.checkpoint.load()
        about = json.loads(safetensors_metadata(data).get("run", "{}")) if data else {}
        if about.pop("identity", None) != self.identity:
            return False
        for key, value in about.items():
            setattr(self, key, value)
        tensors = safetensors.torch.load(data)
        device = self.weights.device
        self.best = {
            key.removeprefix("best."): value.to(device)
            for key, value in tensors.items()
            if key.startswith("best.")
        }
        if self.done:
            return True
        self.part.load_state_dict(
            {k.removeprefix("now."): v for k, v in tensors.items() if k.startswith("now.")}
        )
        moments: dict[int, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            if key.startswith("adam."):
                _, number, what = key.split(".")
                moments.setdefault(int(number), {})[what] = value
        self.optimiser.load_state_dict(self.optimiser.state_dict() | {"state": moments})
        return True


def inner_part(y: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Who is watched, and does not train: `share` of each outcome, drawn by `seed`.

    Parameters
    ----------
    y : ndarray of int, shape (n_train,)
    share : float
        Between 0 and 1; at least one patient of each outcome is watched, and two train.
    seed : int

    Raises
    ------
    ValueError
        If an outcome has fewer than three patients: two to train on, one to watch.
    """
    counts = np.bincount(y, minlength=2)
    if counts.min() < 3:
        raise ValueError(
            f"y: {counts[1]} of {len(y)} patients that would train a network have the outcome; at "
            "least three with and three without are needed. Use fewer folds, or no fine-tuning."
        )
    rng, watched = np.random.default_rng([seed, 0]), np.zeros(len(y), dtype=bool)
    for outcome, n in enumerate(counts):
        k = int(np.clip(round(share * n), 1, n - 2))
        watched[rng.choice(np.flatnonzero(y == outcome), k, replace=False)] = True
    return watched


def _batches(order: np.ndarray, size: int) -> list[np.ndarray]:
    """Equal parts, so that no small rest pulls as hard as a whole batch."""
    return np.array_split(order, max(round(len(order) / size), 1))


def _plain(inputs: Inputs):
    return lambda rows, rng: inputs.plain(rows)
