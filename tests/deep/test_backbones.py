"""The networks are those of the ImageNet checkpoints: same names, same numbers.

Names, shapes and forward passes are written out here from the papers and the naming of torchvision
and of the package with the weights of EfficientNet-Lite0, with plain functions of PyTorch,
independently of the package.
"""

from functools import partial

import numpy as np
import pytest
import skimage
import torch
from torch.nn import functional as F

from tests.deep.networks import SMALL, crops, pooled
from thyro.deep import backbones
from thyro.deep import weights as checkpoints
from thyro.deep.crops import crop
from thyro.study import NETWORKS

RESNET_BLOCKS = (3, 4, 23, 3)
DENSE_BLOCKS = (6, 12, 24, 16)
# EfficientNet-Lite0: repeats, kernel, stride of the first, expansion, channels.
LITE_BLOCKS = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
LITE = "EfficientNetLite0"


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


def resnet_state(seed=0, n_blocks=RESNET_BLOCKS, basic=False):
    """A state dict as torchvision names it, classifier included; or with basic blocks."""
    rng, state = np.random.default_rng(seed), {}
    wider = 1 if basic else 4
    convolution(state, rng, "conv1", 64, 3, 7)
    normalisation(state, rng, "bn1", 64)
    n_in = 64
    for layer, (blocks, width) in enumerate(zip(n_blocks, (64, 128, 256, 512), strict=True), 1):
        for block in range(blocks):
            name = f"layer{layer}.{block}"
            shapes = ((width, n_in, 1), (width, width, 3), (4 * width, width, 1))
            if basic:
                shapes = ((width, n_in, 3), (width, width, 3))
            for i, (n, m, k) in enumerate(shapes, 1):
                convolution(state, rng, f"{name}.conv{i}", n, m, k)
                normalisation(state, rng, f"{name}.bn{i}", n)
            if block == 0 and n_in != wider * width:
                convolution(state, rng, f"{name}.downsample.0", wider * width, n_in, 1)
                normalisation(state, rng, f"{name}.downsample.1", wider * width)
            n_in = wider * width
    state["fc.weight"], state["fc.bias"] = torch.zeros(1000, n_in), torch.zeros(1000)
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


def lite_blocks():
    """Name, kernel, stride, expansion, channels in and out of every block, as the file counts."""
    n_in, number = 32, 0
    for repeats, kernel, stride, expansion, n_out in LITE_BLOCKS:
        for i in range(repeats):
            yield f"_blocks.{number}", kernel, stride if i == 0 else 1, expansion, n_in, n_out
            n_in, number = n_out, number + 1


def lite_state(seed=0, squeezed=False):
    rng, state = np.random.default_rng(seed), {}
    convolution(state, rng, "_conv_stem", 32, 3, 3)
    normalisation(state, rng, "_bn0", 32)
    for name, kernel, _, expansion, n_in, n_out in lite_blocks():
        n = expansion * n_in
        if expansion > 1:
            convolution(state, rng, f"{name}._expand_conv", n, n_in, 1)
            normalisation(state, rng, f"{name}._bn0", n)
        convolution(state, rng, f"{name}._depthwise_conv", n, 1, kernel)
        normalisation(state, rng, f"{name}._bn1", n)
        if squeezed:  # by a quarter of the channels that come in
            few = max(1, n_in // 4)
            for part, to, of in (("reduce", few, n), ("expand", n, few)):
                convolution(state, rng, f"{name}._se_{part}", to, of, 1)
                state[f"{name}._se_{part}.bias"] = torch.from_numpy(rng.normal(size=to)).float()
        convolution(state, rng, f"{name}._project_conv", n_out, n, 1)
        normalisation(state, rng, f"{name}._bn2", n_out)
    convolution(state, rng, "_conv_head", 1280, 320, 1)
    normalisation(state, rng, "_bn1", 1280)
    state["_fc.weight"], state["_fc.bias"] = torch.zeros(1000, 1280), torch.zeros(1000)
    return state


def normalised(x, state, name, eps=1e-5):
    mean, var, weight, bias = (
        state[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
    )
    return F.batch_norm(x, mean, var, weight, bias, training=False, eps=eps)


STATES = {
    "ResNet101": resnet_state,
    "DenseNet121": dense_state,
    LITE: lite_state,
    "ResNet18": partial(resnet_state, n_blocks=(2, 2, 2, 2), basic=True),
    "ResNet50": partial(resnet_state, n_blocks=(3, 4, 6, 3)),
    "EfficientNetB0": partial(lite_state, squeezed=True),
}


def resnet_forward(x, state, n_blocks=RESNET_BLOCKS, basic=False):
    x = F.conv2d(x, state["conv1.weight"], stride=2, padding=3)
    x = F.max_pool2d(F.relu(normalised(x, state, "bn1")), 3, stride=2, padding=1)
    for layer, blocks in enumerate(n_blocks, 1):
        for block in range(blocks):
            name = f"layer{layer}.{block}"
            stride = 2 if layer > 1 and block == 0 else 1
            if basic:
                y = F.conv2d(x, state[f"{name}.conv1.weight"], stride=stride, padding=1)
                y = F.relu(normalised(y, state, f"{name}.bn1"))
                y = F.conv2d(y, state[f"{name}.conv2.weight"], padding=1)
                y = normalised(y, state, f"{name}.bn2")
            else:
                y = F.conv2d(x, state[f"{name}.conv1.weight"])
                y = F.relu(normalised(y, state, f"{name}.bn1"))
                # torchvision's second convolution has the stride, the paper's first one
                y = F.conv2d(y, state[f"{name}.conv2.weight"], stride=stride, padding=1)
                y = F.relu(normalised(y, state, f"{name}.bn2"))
                y = normalised(F.conv2d(y, state[f"{name}.conv3.weight"]), state, f"{name}.bn3")
            if f"{name}.downsample.0.weight" in state:
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


def same(x, weights, stride=1, groups=1):
    """A convolution padded as TensorFlow does: where one side gets more, it is the last."""
    for place in (-2, -1):
        n, k = x.shape[place], weights.shape[place]
        total = max((-(-n // stride) - 1) * stride + k - n, 0)
        ends = (total // 2, total - total // 2)
        x = F.pad(x, (0, 0, *ends) if place == -2 else ends)
    return F.conv2d(x, weights, stride=stride, groups=groups)


def lite_forward(x, state, squeezed=False):
    def activated(x, name):
        x = normalised(x, state, name, eps=1e-3)
        return x * torch.sigmoid(x) if squeezed else x.clamp(0, 6)

    def weighed(x, name):
        means = x.mean(dim=(2, 3), keepdim=True)
        reduce, expand = (
            (state[f"{name}._se_{part}.weight"], state[f"{name}._se_{part}.bias"])
            for part in ("reduce", "expand")
        )
        few = F.conv2d(means, *reduce)
        return x * torch.sigmoid(F.conv2d(few * torch.sigmoid(few), *expand))

    x = activated(same(x, state["_conv_stem.weight"], stride=2), "_bn0")
    for name, _, stride, expansion, n_in, n_out in lite_blocks():
        y = x
        if expansion > 1:
            y = activated(F.conv2d(y, state[f"{name}._expand_conv.weight"]), f"{name}._bn0")
        weights = state[f"{name}._depthwise_conv.weight"]
        y = activated(same(y, weights, stride, groups=len(weights)), f"{name}._bn1")
        y = weighed(y, name) if squeezed else y
        y = F.conv2d(y, state[f"{name}._project_conv.weight"])
        y = normalised(y, state, f"{name}._bn2", eps=1e-3)
        x = x + y if stride == 1 and n_in == n_out else y
    x = activated(F.conv2d(x, state["_conv_head.weight"]), "_bn1")
    return x.mean(dim=(2, 3))


IMAGENET = (255 * np.array([0.485, 0.456, 0.406]), 255 * np.array([0.229, 0.224, 0.225]))


@pytest.mark.parametrize(
    ("name", "make", "forward", "parameters", "normalisation"),
    [
        # torchvision's counts less the classifier; of Lite0 that of the file
        ("ResNet101", resnet_state, resnet_forward, 44_549_160 - 2_049_000, IMAGENET),
        ("DenseNet121", dense_state, dense_forward, 7_978_856 - 1_025_000, IMAGENET),
        (LITE, lite_state, lite_forward, 4_652_008 - 1_281_000, (np.full(3, 127), np.full(3, 128))),
        (
            *("ResNet18", STATES["ResNet18"]),
            partial(resnet_forward, n_blocks=(2, 2, 2, 2), basic=True),
            *(11_689_512 - 513_000, IMAGENET),
        ),
        (
            *("ResNet50", STATES["ResNet50"]),
            partial(resnet_forward, n_blocks=(3, 4, 6, 3)),
            *(25_557_032 - 2_049_000, IMAGENET),
        ),
        (
            *("EfficientNetB0", STATES["EfficientNetB0"]),
            partial(lite_forward, squeezed=True),
            *(5_288_548 - 1_281_000, IMAGENET),
        ),
    ],
    ids=["ResNet101", "DenseNet121", LITE, "ResNet18", "ResNet50", "EfficientNetB0"],
)
def test_a_checkpoint_gives_the_features_of_an_independent_forward_pass(
    name, make, forward, parameters, normalisation
):
    state = make()
    network = backbones.build(name, weights=state)
    assert backbones.count_parameters(network) == parameters
    images = np.random.default_rng(1).uniform(0, 255, (2, 96, 96)).astype(np.float32)
    grey = torch.from_numpy(images)[:, None].expand(-1, 3, -1, -1)
    mean, sd = (torch.tensor(values).float().view(1, 3, 1, 1) for values in normalisation)
    with torch.no_grad():
        want = forward((grey - mean) / sd, state).numpy()
    got = pooled(network, images)
    assert got.shape == (2, network.width) and want.std() > 0.01
    # sums of some thousand terms in another order: relative to the size of the features
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5 * np.abs(want).max())


@pytest.mark.parametrize("name", NETWORKS)
def test_no_key_is_missing_or_surplus(name):
    """The names written out here are all that the network takes, and all that it needs."""
    state = STATES[name]()
    own = {key for key in state if not key.startswith(NETWORKS[name].classifier)}
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


@pytest.fixture(scope="module")
def dense():
    return backbones.calibrate_batchnorm(backbones.build("DenseNet121"), crops(6))


def test_resnet101_is_the_imagenet_network():
    network = backbones.build("ResNet101")
    # torchvision: 44,549,160 parameters, of which 2,049,000 in the classifier.
    assert backbones.count_parameters(network) == 44_549_160 - 2_049_000
    backbones.calibrate_batchnorm(network, crops(2))
    values = pooled(network, crops(2))
    assert values.shape == (2, network.width) == (2, 2048)
    assert np.isfinite(values).all() and values.std() > 0.1
    kept = []
    network.module.maxpool.register_forward_hook(lambda m, i, o: kept.append(o.shape))
    pooled(network, crops(1))
    assert kept[0][2:] == (16, 16)  # a quarter of 64: stride 2, then pooling
    keys = {k for k in network.module.state_dict() if "num_batches" not in k}
    assert {"conv1.weight", "layer1.0.downsample.1.bias", "layer3.22.conv3.weight"} <= keys


def test_densenet121_is_the_imagenet_network(dense):
    # torchvision: 7,978,856 parameters, of which 1,025,000 in the classifier.
    assert backbones.count_parameters(dense) == 7_978_856 - 1_025_000
    assert dense.width == 1024


def test_random_weights_depend_on_the_seed_alone():
    state = torch.random.get_rng_state()
    a, b, c = (
        backbones.build("DenseNet121", seed=s).module.features.conv0.weight for s in (1, 1, 2)
    )
    assert torch.equal(a, b) and not torch.equal(a, c)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_calibration_sets_statistics_and_nothing_else():
    network = backbones.build("DenseNet121")
    before = {k: v.clone() for k, v in network.module.state_dict().items()}
    backbones.calibrate_batchnorm(network, crops(5), batch=2)
    changed = {k for k, v in network.module.state_dict().items() if not torch.equal(v, before[k])}
    assert changed == {k for k in before if "running" in k or "tracked" in k}
    assert not any(module.training for module in network.module.modules())
    # The first layer now sees what it was told to expect: mean 0, variance 1.
    kept = []
    norm = network.module.features.norm0
    hook = norm.register_forward_hook(lambda m, i, o: kept.append(o.clone()))
    pooled(network, crops(5))
    hook.remove()
    assert kept[0].mean().abs() < 0.05
    assert kept[0].var() == pytest.approx(1, abs=0.1)
    with pytest.raises(ValueError, match="crops: expected at least 2"):
        backbones.calibrate_batchnorm(network, crops(1))


def test_features_depend_on_the_crop_and_on_nothing_beside_it(dense):
    together = pooled(dense, crops(5))
    apart = np.concatenate([pooled(dense, crops(5)[i : i + 2]) for i in (0, 2, 4)])
    np.testing.assert_allclose(together, apart, atol=1e-4)
    assert np.corrcoef(together[0], together[1])[0, 1] < 0.99  # grain 1 and 8 look different


@pytest.mark.parametrize("name", [*NETWORKS, SMALL.name])
def test_an_entry_takes_its_network_apart_without_rest(name, monkeypatch):
    """Backbone and head, one after the other, are the network; so are width and layers."""
    monkeypatch.setitem(NETWORKS, SMALL.name, SMALL)
    entry = NETWORKS[name]
    network = backbones.calibrate_batchnorm(backbones.build(name, seed=3), crops(4))
    backbone, head = (
        backbones.chain(network.module, part) for part in (entry.backbone, entry.head)
    )
    with torch.inference_mode():
        x = backbones.as_input(crops(3), network)
        together = head(backbone[:-1](x))
    np.testing.assert_allclose(together, pooled(network, crops(3)), rtol=1e-5, atol=1e-5)
    assert together.shape == (3, entry.width)
    for layer in (entry.cam_layer, *entry.redrawn):
        assert network.module.get_submodule(layer) is not None
    parts = sum(p.numel() for part in (backbone, head) for p in part.parameters())
    assert parts == backbones.count_parameters(network)


@pytest.mark.parametrize(
    ("picture", "classes"),
    [  # of ImageNet
        ("cat", [281, 282, 285]),  # tabby, tiger cat, Egyptian cat
        ("coffee", [967]),  # espresso
        ("rocket", [657, 744]),  # missile, projectile
    ],
)
def test_imagenet_weights_of_the_package_classify_pictures(picture, classes):
    """Weights and preprocessing fit each other: the probability stands on the right classes."""
    weights, description = checkpoints.fetch("imagenet", LITE)
    network = backbones.build(LITE, weights=weights, description=description)
    image = getattr(skimage.data, picture)()  # red, green, blue
    short, start = min(image.shape[:2]), abs(image.shape[1] - image.shape[0]) // 2
    centre = np.zeros(image.shape[:2], dtype=bool)
    centre[:, start : start + short] = True
    channels = [crop(image[..., i], centre, margin=0)[None] for i in range(3)]
    x = torch.cat([backbones.as_input(one, network)[:, [i]] for i, one in enumerate(channels)], 1)
    with torch.inference_mode():
        features = network.module(x)[0]
        p = torch.softmax(weights["_fc.weight"] @ features + weights["_fc.bias"], 0)
    assert int(p.argmax()) in classes
    if picture == "coffee":  # 0.94; by the mean and SD of torchvision's networks 0.84
        assert p[classes].sum() > 0.9


def test_a_name_that_is_not_in_the_registry_is_named():
    with pytest.raises(ValueError, match="name: expected one of ResNet101, DenseNet121"):
        backbones.build("VGG16")
