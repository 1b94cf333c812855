"""A nomogram as it is handed on, with all that turns a patient into its terms."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from thyro import clinical, nomogram
from thyro.frozen import archive
from thyro.frozen.signatures import Signature

MODEL, IMPUTATION, CARD = "model.json", "imputation.json", "card.md"
GENERATOR, NETWORK = "generator.safetensors", "networks/{}.safetensors"


@dataclass(frozen=True)
class FrozenModel:
    """What a file of frozen models holds.

    `about` has plain values only: study, outcome, nomogram, recipe, level; `variables` with label,
    kind, unit and levels; `training` with the distribution of every input; `measuring` with how an
    image becomes features; `performance`, `cutoffs`, `cohorts`, `versions` and `commit`.
    """

    about: dict[str, Any]
    fit: clinical.LogisticFit
    nomogram: nomogram.Nomogram
    signature: Signature | None = None
    weights: dict[str, bytes] = field(default_factory=dict, repr=False)  # of networks, by member

    @property
    def variables(self) -> dict[str, dict]:
        """Inputs that a person gives, by name: those of the terms, then what is needed besides."""
        return self.about["variables"]

    @property
    def imputes(self) -> bool:
        """Whether a gap is filled as in training."""
        return isinstance(self.fit, clinical.PooledFit)

    @property
    def required(self) -> list[str]:
        """Variables without which there is no risk."""
        free = set(self.fit.imputation.variables) if self.imputes else set()
        if self.signature is not None and self.signature.centres is not None:
            free -= set(self.signature.centres.preserved)  # the signature has to know them
        return [name for name in self.variables if name not in free]

    @property
    def reads_images(self) -> bool:
        """Whether a term of it is measured in an image."""
        return self.signature is not None

    def to_members(self) -> dict[str, bytes]:
        """As members of a file."""
        plain = {
            "about": self.about,
            "fit": self.fit.to_dict(),
            "nomogram": self.nomogram.to_dict(),
            "signature": self.signature and self.signature.name,
        }
        members = dict(self.weights)
        if self.imputes:
            plain["fits"] = [one.to_dict() for one in self.fit.fits]
            members[IMPUTATION] = _json(self.fit.imputation.to_dict())
        if self.signature is not None:
            members |= self.signature.to_members()
        return members | {MODEL: _json(plain)}

    @classmethod
    def from_members(cls, members: Mapping[str, bytes]) -> "FrozenModel":
        """Rebuild what `to_members` wrote."""
        plain = json.loads(members[MODEL])
        fit = clinical.LogisticFit.from_dict(plain["fit"])
        if "fits" in plain:
            own = {one.name: getattr(fit, one.name) for one in fields(clinical.LogisticFit)}
            fit = clinical.PooledFit(
                **own,
                fits=[clinical.LogisticFit.from_dict(one) for one in plain["fits"]],
                df=np.array(plain["fit"]["df"], dtype=float),
                fmi=np.array(plain["fit"]["fmi"], dtype=float),
                imputation=clinical.Completion.from_dict(json.loads(members[IMPUTATION])),
            )
        name = plain["signature"]
        return cls(
            about=plain["about"],
            fit=fit,
            nomogram=nomogram.Nomogram.from_dict(plain["nomogram"]),
            signature=None if name is None else Signature.from_members(name, members),
            weights={key: data for key, data in members.items() if key.endswith(".safetensors")},
        )


def load(file: Path) -> FrozenModel:
    """The model of a file; raises as `archive.read`."""
    return FrozenModel.from_members(archive.read(file))


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False, default=_plain).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON.")
