"""The networks are those of the ImageNet checkpoints: same names, same numbers.

Names, shapes and forward passes are written out here from the papers and torchvision's naming, with
plain functions of PyTorch, independently of the package.
"""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from thyro.deep import backbones, features
from thyro.deep import weights as checkpoints

RESNET_BLOCKS = (3, 4, 23, 3)
DENSE_BLOCKS = (6, 12, 24, 16)


def convolution(state, rng, name, n_out, n_in, k):
    scale = (2 / (n_in * k * k)) ** 0.5
    weights = rng.normal(0, scale, (n_out, n_in, k, k))
    state[f"{name}.weight"] = torch.from_numpy(weights).float()


def normalisation(state, rng, name, n):
    """Weights and statistics of batches, none of them trivial."""
    for part, low, high in (
        ("weight", 0.3, 0.9),
        ("bias", -0.2, 0.2),
        ("running_mean", -0.3, 0.3),
        ("running_var", 0.6, 1.8),
    ):
        state[f"{name}.{part}"] = torch.from_numpy(rng.uniform(low, high, n)).float()
    state[f"{name}.num_batches_tracked"] = torch.tensor(7)


def resnet_state(seed=0):
    """A state dict as torchvision names it, classifier included."""
    rng, state = np.random.default_rng(seed), {}
    convolution(state, rng, "conv1", 64, 3, 7)
    normalisation(state, rng, "bn1", 64)
    n_in = 64
    for layer, (blocks, width) in enumerate(
        zip(RESNET_BLOCKS, (64, 128, 256, 512), strict=True), 1
    ):
        for block in range(blocks):
            name = f"layer{layer}.{block}"
            for i, (n, m, k) in enumerate(
                ((width, n_in, 1), (width, width, 3), (4 * width, width, 1)), 1
            ):
                convolution(state, rng, f"{name}.conv{i}", n, m, k)
                normalisation(state, rng, f"{name}.bn{i}", n)
            if block == 0:
                convolution(state, rng, f"{name}.downsample.0", 4 * width, n_in, 1)
                normalisation(state, rng, f"{name}.downsample.1", 4 * width)
            n_in = 4 * width
    state["fc.weight"], state["fc.bias"] = torch.zeros(1000, 2048), torch.zeros(1000)
    return state


def dense_state(seed=0):
    rng, state = np.random.default_rng(seed), {}
    convolution(state, rng, "features.conv0", 64, 3, 7)
    normalisation(state, rng, "features.norm0", 64)
    n = 64
    for block, layers in enumerate(DENSE_BLOCKS, 1):
        for layer in range(1, layers + 1):
            name = f"features.denseblock{block}.denselayer{layer}"
            normalisation(state, rng, f"{name}.norm1", n)
            convolution(state, rng, f"{name}.conv1", 128, n, 1)
            normalisation(state, rng, f"{name}.norm2", 128)
            convolution(state, rng, f"{name}.conv2", 32, 128, 3)
            n += 32
        if block < 4:
            normalisation(state, rng, f"features.transition{block}.norm", n)
            convolution(state, rng, f"features.transition{block}.conv", n // 2, n, 1)
            n //= 2
    normalisation(state, rng, "features.norm5", n)
    state["classifier.weight"], state["classifier.bias"] = torch.zeros(1000, n), torch.zeros(1000)
    return state


def normalised(x, state, name):
    mean, var, weight, bias = (
        state[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
    )
    return F.batch_norm(x, mean, var, weight, bias, training=False, eps=1e-5)


def resnet_forward(x, state):
    x = F.conv2d(x, state["conv1.weight"], stride=2, padding=3)
    x = F.max_pool2d(F.relu(normalised(x, state, "bn1")), 3, stride=2, padding=1)
    for layer, blocks in enumerate(RESNET_BLOCKS, 1):
        for block in range(blocks):
            name = f"layer{layer}.{block}"
            stride = 2 if layer > 1 and block == 0 else 1
            y = F.conv2d(x, state[f"{name}.conv1.weight"])
            y = F.relu(normalised(y, state, f"{name}.bn1"))
            # torchvision's second convolution has the stride, the paper's first one
            y = F.conv2d(y, state[f"{name}.conv2.weight"], stride=stride, padding=1)
            y = F.relu(normalised(y, state, f"{name}.bn2"))
            y = normalised(F.conv2d(y, state[f"{name}.conv3.weight"]), state, f"{name}.bn3")
            if block == 0:
                x = F.conv2d(x, state[f"{name}.downsample.0.weight"], stride=stride)
                x = normalised(x, state, f"{name}.downsample.1")
            x = F.relu(x + y)
    return x.mean(dim=(2, 3))


def dense_forward(x, state):
    x = F.conv2d(x, state["features.conv0.weight"], stride=2, padding=3)
    x = F.max_pool2d(F.relu(normalised(x, state, "features.norm0")), 3, stride=2, padding=1)
    for block, layers in enumerate(DENSE_BLOCKS, 1):
        for layer in range(1, layers + 1):
            name = f"features.denseblock{block}.denselayer{layer}"
            y = F.relu(normalised(x, state, f"{name}.norm1"))
            y = F.conv2d(y, state[f"{name}.conv1.weight"])
            y = F.relu(normalised(y, state, f"{name}.norm2"))
            x = torch.cat([x, F.conv2d(y, state[f"{name}.conv2.weight"], padding=1)], dim=1)
        if block < 4:
            name = f"features.transition{block}"
            x = F.relu(normalised(x, state, f"{name}.norm"))
            x = F.avg_pool2d(F.conv2d(x, state[f"{name}.conv.weight"]), 2, stride=2)
    return F.relu(normalised(x, state, "features.norm5")).mean(dim=(2, 3))


@pytest.mark.parametrize(
    ("name", "make", "forward", "parameters"),
    [
        # torchvision's counts less the classifier
        ("ResNet101", resnet_state, resnet_forward, 44_549_160 - 2_049_000),
        ("DenseNet121", dense_state, dense_forward, 7_978_856 - 1_025_000),
    ],
    ids=["ResNet101", "DenseNet121"],
)
def test_a_checkpoint_gives_the_features_of_an_independent_forward_pass(
    name, make, forward, parameters
):
    state = make()
    network = backbones.build(name, weights=state)
    assert backbones.count_parameters(network) == parameters
    crops = np.random.default_rng(1).uniform(0, 255, (2, 96, 96)).astype(np.float32)
    grey = torch.from_numpy(crops)[:, None].expand(-1, 3, -1, -1) / 255
    mean, sd = (
        torch.tensor(values).view(1, 3, 1, 1)
        for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    )
    with torch.no_grad():
        want = forward((grey - mean) / sd, state).numpy()
    got = features.pooled_features(network, crops)
    assert got.shape == (2, network.width) and want.std() > 0.01
    # sums of some thousand terms in another order: relative to the size of the features
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5 * np.abs(want).max())


@pytest.mark.parametrize("make", [resnet_state, dense_state])
def test_no_key_is_missing_or_surplus(make):
    """The names written out here are all that the network takes, and all that it needs."""
    name = "ResNet101" if make is resnet_state else "DenseNet121"
    state = make()
    own = {key for key in state if not key.startswith(checkpoints.CLASSIFIERS[name])}
    assert len(own) == len(backbones.build(name).module.state_dict())
    # Not a counter of batches: old state dicts have none, and none is needed.
    needed = next(key for key in sorted(own) if key.endswith("running_mean"))
    lacking = {key: value for key, value in state.items() if key != needed}
    with pytest.raises(ValueError, match=f"not those of {name}: 1 missing"):
        backbones.build(name, weights=lacking)
    with pytest.raises(ValueError, match=r"1 surplus \['extra.weight'\]"):
        backbones.build(name, weights=state | {"extra.weight": torch.zeros(1)})
    key = next(key for key in state if key.endswith("weight"))
    with pytest.raises(ValueError, match="1 of another shape"):
        backbones.build(name, weights=state | {key: torch.zeros(2, 2)})
