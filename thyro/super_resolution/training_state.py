"""All that a run of training changes, and the bytes it is kept in: a run goes on after a kill."""

import json
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import Tensor

from thyro.core import safetensors_metadata
from thyro.super_resolution.networks import Discriminator, Generator

NETWORKS = ("generator", "average", "best", "discriminator")
MEMORY = 0.999  # of the running average of weights


@dataclass
class State:
    """Networks, optimisers, random stream and history, at some step of some phase."""

    generator: Generator
    average: Generator  # of the weights over the last thousand steps of the pixel phase
    best: Generator  # the average that did best in it; what the adversary starts from
    discriminator: Discriminator
    optimisers: dict[str, torch.optim.Adam]
    rng: np.random.Generator
    learning_rate: float
    frozen_blocks: int
    phase: str = "pretraining"
    step: int = 0  # done in the phase
    best_loss: float = float("inf")
    best_step: int = 0
    waits: int = 0  # looks at the watched patients without improvement
    history: list[dict[str, Any]] | None = None

    @classmethod
    def begin(
        cls,
        start: Generator | None,
        architecture: dict,
        *,
        learning_rate: float,
        frozen_blocks: int,
        seed: int,
    ) -> "State":
        """The state before the first step.

        Parameters
        ----------
        start
            Generator to begin with, or None for a new one.
        architecture
            inside, width and blocks of the generator.
        learning_rate
            Highest one of the generator.
        frozen_blocks
            First blocks that keep the weights of the start.
        seed
            Of random weights, and of all that is drawn.
        """
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            generator, discriminator = Generator(**architecture), Discriminator()
        if start is not None:
            generator.load_state_dict(start.state_dict())
        state = cls(
            generator=generator,
            average=deepcopy(generator),
            best=deepcopy(generator),
            discriminator=discriminator,
            optimisers={},
            rng=np.random.default_rng(seed),
            learning_rate=learning_rate,
            frozen_blocks=frozen_blocks,
            history=[],
        )
        state._optimise()
        return state

    def enter(self, phase: str) -> None:
        """Begin a phase: step 0, and optimisers that remember nothing of the one before."""
        self.phase, self.step, self.waits = phase, 0, 0
        for part in (self.generator.enter, *self.generator.residual[: self.frozen_blocks]):
            part.requires_grad_(not self.frozen_blocks)
        self.average.load_state_dict(self.generator.state_dict())
        self._optimise()

    def average_in(self) -> None:
        """Take the weights of this step into their running average, which forgets its start."""
        share = 1 - min(MEMORY, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for kept, new in zip(
                self.average.parameters(), self.generator.parameters(), strict=True
            ):
                kept.lerp_(new, share)

    def _optimise(self) -> None:
        self.optimisers = {
            # The judge learns more slowly than the generator, which has a pixel loss to hold on to.
            name: torch.optim.Adam([w for w in network.parameters() if w.requires_grad], lr=rate)
            for name, network, rate in (
                ("generator", self.generator, self.learning_rate),
                ("discriminator", self.discriminator, self.learning_rate / 4),
            )
        }

    def move(self, device: torch.device) -> None:
        """Bring networks and optimisers to a device."""
        for name in NETWORKS:
            getattr(self, name).to(device)
        for optimiser in self.optimisers.values():
            optimiser.load_state_dict(optimiser.state_dict())  # its moments follow their weights

    def to_bytes(self, identity: str) -> bytes:
        """The state as safetensors; `identity` says of which run."""
        tensors = {
            f"{name}.{key}": value
            for name in NETWORKS
            for key, value in getattr(self, name).state_dict().items()
        }
        for name, optimiser in self.optimisers.items():
            for i, moments in optimiser.state_dict()["state"].items():
                tensors |= {f"adam.{name}.{i}.{key}": value for key, value in moments.items()}
        about = {
            "identity": identity,
            "phase": self.phase,
            "step": self.step,
            "best_loss": self.best_loss,
            "best_step": self.best_step,
            "waits": self.waits,
            "history": self.history,
            "rng": self.rng.bit_generator.state,
        }
        return safetensors.torch.save(
            {key: value.contiguous() for key, value in tensors.items()},
            metadata={"state": json.dumps(about)},
        )

    def load(self, data: bytes, identity: str) -> bool:
        """Go on from the bytes of an earlier state; False, and unchanged, if of another run."""
        about = json.loads(safetensors_metadata(data).get("state", "{}"))
        if about.pop("identity", None) != identity:
            return False
        self.enter(about["phase"])
        self.rng.bit_generator.state = about.pop("rng")
        for key, value in about.items():
            setattr(self, key, value)
        tensors = safetensors.torch.load(data)
        for name in NETWORKS:
            getattr(self, name).load_state_dict(_below(tensors, name))
        for name, optimiser in self.optimisers.items():
            moments: dict[int, dict[str, Tensor]] = {}
            for key, value in _below(tensors, f"adam.{name}").items():
                number, what = key.split(".")
                moments.setdefault(int(number), {})[what] = value
            optimiser.load_state_dict(optimiser.state_dict() | {"state": moments})
        return True


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix` and a point, without them."""
    return {
        key.removeprefix(f"{prefix}."): value
        for key, value in tensors.items()
        if key.startswith(f"{prefix}.")
    }
