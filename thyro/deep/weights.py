"""Where the weights of a network come from, and how their names are spelled there.

A checkpoint is a state dict: torchvision's, the one of an installed package, RadImageNet's (a
sequence of the parts of a network without classifier, whose names are then numbers), one saved from
a wrapper, which puts a prefix before every name, or the network's own.
"""

import hashlib
import importlib.resources
import io
import re
from collections.abc import Collection, Mapping
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from thyro import store
from thyro.core import as_one_of
from thyro.study import NETWORKS, NetworkEntry

WRAPPED = ("state_dict", "model_state_dict", "model")  # entries that hold the state dict itself


def fetch(spec: str, name: str) -> tuple[dict[str, Tensor] | None, str]:
    """Weights for `backbones.build`, and a sentence for the report.

    Parameters
    ----------
    spec : str
        "random"; "imagenet" for the checkpoint of the package that the registry names, or
        torchvision's, downloaded once into torch's cache; or a file of a state dict,
        `.safetensors` or PyTorch's (read with `weights_only`), in the naming of the package,
        torchvision, RadImageNet or MONAI.
    name : str
        Of `study.NETWORKS`.

    Returns
    -------
    weights : dict or None
        None for "random", and when the download fails: the sentence then gives the reason, and
        the analysis goes on from random weights. A file that cannot be read is an error, and so is
        a package that is not installed.
    description : str
    """
    as_one_of(name, "name", NETWORKS)
    if spec == "random":
        return None, "random initial weights, no pre-training"
    if spec != "imagenet":
        return read(spec), f"weights from the file {Path(spec).name}"
    entry = NETWORKS[name]
    address, file = entry.address, entry.address.rsplit("/")[-1]
    if entry.package:
        name = entry.package.replace("_", "-")
        return _of_package(entry, file), f"ImageNet weights of {name} ({file})"
    try:
        weights = torch.hub.load_state_dict_from_url(
            address, map_location="cpu", progress=False, check_hash=True
        )
    except Exception as error:  # no network, proxy, full disk, wrong hash: all mean "not to be had"
        return None, f"random initial weights: ImageNet weights could not be had ({error})"
    return weights, f"ImageNet weights of torchvision ({file})"


def _of_package(entry: NetworkEntry, file: str) -> dict[str, Tensor]:
    """The state dict that an installed package brings."""
    data = importlib.resources.files(entry.package).joinpath(entry.address).read_bytes()
    # As torch does with downloads: the name ends in the beginning of the checksum.
    if hashlib.sha256(data).hexdigest()[:8] not in file:
        raise ValueError(
            f"{file}: damaged; its checksum is not that of its name. "
            f"Install {entry.package} again (make setup)."
        )
    return _state(data, file, "Install the package again (make setup).")


def read(path: str) -> dict[str, Tensor]:
    """The state dict in a file, relative to the project; it is among the inputs from now on.

    Raises
    ------
    ValueError
        If the file is not there, cannot be read, or holds anything but named tensors.
    """
    file = store.path(path)
    if not file.is_file():
        raise ValueError(
            f'weights: expected "random", "imagenet" or the file of a state dict, got {path!r}.'
        )
    remedy = "Fetch it again, or save one by torch.save(model.state_dict(), file)."
    return _state(store.read_bytes(path), file.name, remedy)


def _state(data: bytes, name: str, remedy: str) -> dict[str, Tensor]:
    """The state dict that `data`, the content of the file `name`, hold."""
    try:
        if name.endswith(".safetensors"):
            state = safetensors.torch.load(data)
        else:
            state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # of many kinds: cut off, damaged, pickled code, another format
        reason = str(error).strip().split("\n")[0][:120]
        raise ValueError(f"{name}: not a readable checkpoint ({reason}). {remedy}") from error
    for key in WRAPPED:
        if isinstance(state, Mapping) and isinstance(state.get(key), Mapping):
            state = state[key]
    if not isinstance(state, Mapping) or not state:
        raise ValueError(f"{name}: expected named tensors, found {type(state)}. {remedy}")
    strange = [key for key, value in state.items() if not isinstance(value, Tensor)]
    if strange:
        raise ValueError(f"{name}: expected tensors only; {strange[:3]} are none. {remedy}")
    return dict(state)


def spelled(weights: Mapping[str, Tensor], name: str, own: Collection[str]) -> dict[str, Tensor]:
    """A state dict under the names of the network, without its classifier.

    The prefix that a wrapper put before the names is found by trying: the one after which most of
    them are known. What stands outside of it does not belong to the network.

    Parameters
    ----------
    weights : mapping of str to Tensor
    name : str
        Of `study.NETWORKS`.
    own : collection of str
        The names of the network.
    """
    entry, tried = NETWORKS[name], {}
    for prefix in _prefixes(weights):
        inside = {key.removeprefix(prefix): key for key in weights if key.startswith(prefix)}
        if entry.classifier:
            inside = {k: v for k, v in inside.items() if not k.startswith(entry.classifier)}
        tried[prefix] = {_own_name(k, entry): weights[v] for k, v in inside.items()}
    # of equals the shortest: it leaves out least
    return max(sorted(tried.items()), key=lambda one: (len(set(one[1]) & set(own)), -len(one[0])))[
        1
    ]


def _prefixes(keys: Collection[str]) -> set[str]:
    """No prefix, and the first one and two parts of every name."""
    parts = [key.split(".") for key in keys]
    return {"", *(".".join(p[:n]) + "." for p in parts for n in (1, 2) if len(p) > n)}


def _own_name(key: str, entry: NetworkEntry) -> str:
    """The network's name of a weight that a package, torchvision or RadImageNet named."""
    first, dot, rest = key.partition(".")
    if first.isdigit() and int(first) in entry.numbered:
        key = f"{entry.numbered[int(first)]}{dot}{rest}"
    for pattern, replacement in entry.respelled:
        key = re.sub(pattern, replacement, key)
    return key
