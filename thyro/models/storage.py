"""Fitted classifiers as bytes and back, in skops format: no pickle, no code from a file."""

import io
import json
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from sklearn.pipeline import Pipeline

from thyro.study import CLASSIFIERS

# Beyond skops' own list; parts of calibrated classifiers that hold numbers and no code.
TRUSTED = (
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.model_selection._split.StratifiedKFold",
)
# What skops loads by the way, in a second: to list scikit-learn's estimators it imports all of it,
# adapters of these among them, which hold none and are passed over where a package is absent.
BY_THE_WAY = ("torch", "dask", "pytest")


def classifier_to_bytes(model: Pipeline) -> bytes:
    """The model in skops format; equal models give equal bytes.

    skops names its parts after memory addresses and stamps them with the time. Both are replaced
    by a count in order of appearance and a fixed date. The nodes of a tree are records with bytes
    between their fields that hold whatever was in memory: these become zero.
    """
    with _no_detours():
        import skops.io

    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(model))) as source:
        schema = json.loads(source.read("schema.json"))
        numbers: dict[int, int] = {}
        _renumber(schema, numbers)
        contents = {"schema.json": json.dumps(schema, indent=2).encode()}
        for name in source.namelist():
            if name != "schema.json":
                contents[_renamed(name, numbers)] = _without_padding(source.read(name))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(contents):
            archive.writestr(zipfile.ZipInfo(name), contents[name])  # dated 1980-01-01
    return target.getvalue()


def classifier_from_bytes(data: bytes) -> Pipeline:
    """The model that `classifier_to_bytes` stored; runs no code from the file.

    Raises
    ------
    skops.io.exceptions.UntrustedTypesFoundException
        If the file holds anything but the types that skops trusts, and those of the registry.
    """
    with _no_detours():
        import skops.io

    of_entries = [name for entry in CLASSIFIERS.values() for name in entry.trusted]
    return skops.io.loads(data, trusted=[*TRUSTED, *of_entries])


@contextmanager
def _no_detours() -> Iterator[None]:
    """Let `skops.io` be imported without what it loads by the way."""
    without = [name for name in BY_THE_WAY if name not in sys.modules]
    sys.modules.update(dict.fromkeys(without))  # None: importing it is an ImportError
    try:
        yield
    finally:
        for name in without:
            del sys.modules[name]


def _without_padding(data: bytes) -> bytes:
    """A stored array of records with nothing between their fields; other files as they are."""
    if not data.startswith(np.lib.format.MAGIC_PREFIX):
        return data
    values = np.load(io.BytesIO(data), allow_pickle=False)
    if values.dtype.names is None:
        return data
    clean = np.zeros(values.shape, values.dtype)
    for field in values.dtype.names:
        clean[field] = values[field]
    target = io.BytesIO()
    np.save(target, clean, allow_pickle=False)
    return target.getvalue()


def _renumber(node, numbers):
    """Replace in place every id in a skops schema, and the files named after ids."""
    if isinstance(node, list):
        for child in node:
            _renumber(child, numbers)
    elif isinstance(node, dict):
        for key, child in node.items():
            if key == "__id__":
                node[key] = numbers.setdefault(child, len(numbers))
            elif key == "file":
                node[key] = _renamed(child, numbers)
            else:
                _renumber(child, numbers)


def _renamed(name, numbers):
    """File name `<id>.<suffix>` with the id replaced by its number."""
    stem, dot, suffix = name.partition(".")
    return f"{numbers.setdefault(int(stem), len(numbers))}{dot}{suffix}"
