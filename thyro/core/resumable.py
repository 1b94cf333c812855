"""What a long computation keeps so that a killed run goes on: where, as the code that runs sees it.

`store` has the files behind both; a test may keep them in a dictionary.
"""

import json
from collections.abc import Iterable
from typing import Protocol

import numpy as np


class Checkpoint(Protocol):
    """Where a training keeps its state until it is done."""

    def load(self) -> bytes | None: ...
    def save(self, data: bytes) -> None: ...


class Cache(Protocol):
    """Where rows of numbers are kept under the checksum of what they came from."""

    def keys(self) -> set[str]: ...
    def load(self, key: str) -> np.ndarray | None: ...
    def save(self, key: str, values: np.ndarray) -> None: ...
    def keep(self, keys: Iterable[str]) -> None: ...
    def mark_unfinished(self) -> None: ...
    def is_unfinished(self) -> bool: ...


def safetensors_metadata(data: bytes) -> dict[str, str]:
    """What stands beside the weights in a safetensors file; nothing if it is another file."""
    size = int.from_bytes(data[:8], "little")
    try:
        return dict(json.loads(data[8 : 8 + size])["__metadata__"])
    except (ValueError, KeyError, TypeError):
        return {}
