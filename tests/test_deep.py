"""Crops, networks and heat maps."""

import numpy as np
import pandas as pd
import pytest
import safetensors.torch
import torch
from monai.visualize import GradCAM

from thyro import deep, networks


def crops(n=4, size=64, seed=0):
    """Textures of different grain."""
    rng = np.random.default_rng(seed)
    grains = [
        np.kron(rng.uniform(0, 255, (size // g, size // g)), np.ones((g, g)))
        for g in (1 + np.arange(n) % 2 * 7)
    ]
    return np.stack(grains).astype(np.float32)


@pytest.fixture(scope="module")
def dense():
    return networks.calibrate_batchnorm(networks.build("DenseNet121"), crops(6))


def box(top, bottom, left, right, shape=(80, 120)):
    mask = np.zeros(shape, dtype=bool)
    mask[top:bottom, left:right] = True
    return mask


@pytest.mark.parametrize(
    "mask",
    [
        box(30, 50, 40, 70),
        box(0, 12, 0, 20),
        box(70, 80, 100, 120),
        box(0, 80, 30, 60),
        box(39, 41, 0, 120),
        box(5, 6, 7, 8),
    ],
    ids=["middle", "top left", "bottom right", "full height", "full width", "one pixel"],
)
def test_the_square_holds_the_nodule_and_its_margin(mask):
    top, left, side = deep.crop_square(mask, margin=0.1)
    rows, columns = np.nonzero(mask)
    assert top <= rows.min() and rows.max() < top + side
    assert left <= columns.min() and columns.max() < left + side
    longer = max(np.ptp(rows), np.ptp(columns)) + 1
    assert side == int(np.ceil(longer * 1.2))
    for start, length in ((top, 80), (left, 120)):
        if side <= length:
            assert 0 <= start and start + side <= length


def test_a_crop_is_cut_and_not_stretched():
    image = np.arange(80 * 120, dtype=float).reshape(80, 120) % 251
    mask = box(30, 50, 40, 60)
    top, left, side = deep.crop_square(mask)
    assert (top, left, side) == (28, 38, 24)
    np.testing.assert_allclose(deep.crop(image, mask, size=24), image[28:52, 38:62])
    # A frame too small for the square is mirrored: every grey level it shows occurs in the image.
    wide = deep.crop(image, box(39, 41, 0, 120), size=144)
    assert wide.shape == (144, 144)
    assert np.isin(wide.round(3), image).all()
    np.testing.assert_allclose(wide[32:112, 12:132], image)


def test_a_circle_stays_a_circle():
    rows, columns = np.indices((80, 120))
    mask = ((rows - 40) ** 2 + (columns - 60) ** 2) <= 15**2
    small = deep.crop_mask(mask, size=96)
    rows, columns = np.nonzero(small)
    assert abs(np.ptp(rows) - np.ptp(columns)) <= 1
    assert small.mean() == pytest.approx(mask.sum() / 38**2, rel=0.03)


def test_crop_arguments_are_named():
    image = np.zeros((80, 120))
    with pytest.raises(ValueError, match="mask: expected bool"):
        deep.crop(image, np.zeros((80, 120), dtype=bool))
    with pytest.raises(ValueError, match="image: expected finite"):
        deep.crop(image[:-1], box(1, 5, 1, 5))
    with pytest.raises(ValueError, match="margin: expected 0 or more"):
        deep.crop(image, box(1, 5, 1, 5), margin=-1)


def test_resnet101_is_the_imagenet_network():
    network = networks.build("ResNet101")
    # torchvision: 44,549,160 parameters, of which 2,049,000 in the classifier.
    assert networks.count_parameters(network) == 44_549_160 - 2_049_000
    networks.calibrate_batchnorm(network, crops(2))
    features = deep.pooled_features(network, crops(2))
    assert features.shape == (2, network.width) == (2, 2048)
    assert np.isfinite(features).all() and features.std() > 0.1
    kept = []
    network.module.maxpool.register_forward_hook(lambda m, i, o: kept.append(o.shape))
    heat = deep.grad_cam(network, np.ones(2048), crops(1)[0])
    assert kept[0][2:] == (16, 16)  # a quarter of 64: stride 2, then pooling
    assert heat.shape == (64, 64) and heat.max() == 1 and heat.min() >= 0
    keys = {k for k in network.module.state_dict() if "num_batches" not in k}
    assert {"conv1.weight", "layer1.0.downsample.1.bias", "layer3.22.conv3.weight"} <= keys


def test_densenet121_is_the_imagenet_network(dense):
    # torchvision: 7,978,856 parameters, of which 1,025,000 in the classifier.
    assert networks.count_parameters(dense) == 7_978_856 - 1_025_000
    assert dense.width == 1024


def torchvision_names(state, old):
    """The state dict of a MONAI DenseNet as torchvision spells it, with a classifier."""
    spelled = {}
    for key, value in state.items():
        key = key.replace(".layers.", ".")
        if old and "denselayer" in key:
            for part in ("norm", "conv"):
                key = key.replace(f".{part}1.", f".{part}.1.").replace(f".{part}2.", f".{part}.2.")
        if not (old and "num_batches_tracked" in key):
            spelled[key] = value.contiguous()
    spelled["classifier.weight"] = torch.zeros(1000, 1024)
    return spelled


@pytest.mark.parametrize("old", [True, False], ids=["norm.1", "norm1"])
def test_torchvision_weights_are_loaded_whole(dense, old, tmp_path):
    file = tmp_path / "weights.pth"
    torch.save(torchvision_names(dense.module.state_dict(), old), file)
    weights, description = networks.fetch_weights(str(file), "DenseNet121")
    network = networks.build("DenseNet121", weights=weights, seed=9, description=description)
    assert network.weights == "weights from the file weights.pth"
    np.testing.assert_array_equal(
        deep.pooled_features(network, crops(2)), deep.pooled_features(dense, crops(2))
    )
    weights.pop("features.conv0.weight")
    weights["features.conv9.weight"] = torch.zeros(1)
    with pytest.raises(ValueError, match="not those of DenseNet121: 1 missing .* 1 surplus"):
        networks.build("DenseNet121", weights=weights)


def test_weights_come_from_safetensors_too(tmp_path):
    file = tmp_path / "weights.safetensors"
    safetensors.torch.save_file({"a": torch.ones(2)}, file)
    weights, _ = networks.fetch_weights(str(file), "ResNet101")
    assert weights["a"].tolist() == [1, 1]


def test_weights_that_cannot_be_had_are_said_so(monkeypatch):
    def refuse(url, **options):
        assert url.endswith("resnet101-63fe2227.pth")
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", refuse)
    weights, description = networks.fetch_weights("imagenet", "ResNet101")
    assert weights is None
    assert "could not be had (no network)" in description
    assert networks.fetch_weights("random", "ResNet101")[0] is None
    with pytest.raises(ValueError, match='weights: expected "random", "imagenet" or the file'):
        networks.fetch_weights("imagnet", "ResNet101")
    with pytest.raises(ValueError, match="name: expected one of ResNet101, DenseNet121"):
        networks.fetch_weights("random", "ResNet50")


def test_random_weights_depend_on_the_seed_alone():
    state = torch.random.get_rng_state()
    a, b, c = (
        networks.build("DenseNet121", seed=s).module.features.conv0.weight for s in (1, 1, 2)
    )
    assert torch.equal(a, b) and not torch.equal(a, c)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_calibration_sets_statistics_and_nothing_else():
    network = networks.build("DenseNet121")
    before = {k: v.clone() for k, v in network.module.state_dict().items()}
    networks.calibrate_batchnorm(network, crops(5), batch=2)
    changed = {k for k, v in network.module.state_dict().items() if not torch.equal(v, before[k])}
    assert changed == {k for k in before if "running" in k or "tracked" in k}
    assert not any(module.training for module in network.module.modules())
    # The first layer now sees what it was told to expect: mean 0, variance 1.
    kept = []
    norm = network.module.features.norm0
    hook = norm.register_forward_hook(lambda m, i, o: kept.append(o.clone()))
    deep.pooled_features(network, crops(5))
    hook.remove()
    assert kept[0].mean().abs() < 0.05
    assert kept[0].var() == pytest.approx(1, abs=0.1)
    with pytest.raises(ValueError, match="crops: expected at least 2"):
        networks.calibrate_batchnorm(network, crops(1))


def test_features_are_deterministic_and_independent_of_the_batch(dense):
    batches = []

    def progress(iterable, total):
        batches.append(total)
        return iterable

    a = deep.pooled_features(dense, crops(5), batch=2, progress=progress)
    assert batches == [3]
    np.testing.assert_array_equal(a, deep.pooled_features(dense, crops(5), batch=2))
    np.testing.assert_allclose(a, deep.pooled_features(dense, crops(5)), atol=1e-4)
    assert a.shape == (5, 1024)
    assert np.corrcoef(a[0], a[1])[0, 1] < 0.99  # grain 1 and grain 8 look different to it
    with pytest.raises(ValueError, match="grey levels from 0 to 255"):
        deep.pooled_features(dense, crops(2) * 2)
    with pytest.raises(ValueError, match=r"shape \(n, size, size\)"):
        deep.pooled_features(dense, crops(2)[0])


def test_grad_cam_equals_monai(dense):
    weights = np.random.default_rng(5).normal(size=1024).astype(np.float32)
    one = crops(1)
    heat = deep.grad_cam(dense, weights, one[0])
    head = torch.nn.Linear(1024, 1, bias=False)
    head.weight.data = torch.from_numpy(weights)[None]
    whole = torch.nn.Sequential(dense.module, head)
    # MONAI's own last step turns the map over, for subtraction from an image; left out here.
    cam = GradCAM(whole, target_layers="0.features.denseblock4", postprocessing=lambda m: m)
    theirs = cam(networks.as_input(one, dense), class_idx=0)[0, 0].detach().numpy()
    assert theirs.max() > 0
    np.testing.assert_allclose(heat, theirs / theirs.max(), atol=1e-5)


def test_grad_cam_finds_the_only_bright_region():
    """A toy network that pools brightness: the maximum must lie in the bright square."""

    class Toy(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer4 = torch.nn.Conv2d(3, 2, 5, padding=2, bias=False)
            self.layer4.weight.data[:] = torch.tensor([1.0, -1.0]).view(2, 1, 1, 1)

        def forward(self, x):
            return self.layer4(x).relu().mean(dim=(2, 3))

    toy = networks.Network(module=Toy(), name="ResNet101", width=2, weights="toy")
    image = np.full((40, 40), 10, dtype=np.float32)
    image[25:33, 5:13] = 250
    region = np.zeros((40, 40), dtype=bool)
    region[23:35, 3:15] = True
    heat = deep.grad_cam(toy, [1.0, 0.0], image)
    assert region[np.unravel_index(heat.argmax(), heat.shape)]
    assert deep.share_inside(heat, region) > 0.99
    assert deep.share_inside(heat * 0, region) != deep.share_inside(heat, region)
    assert deep.grad_cam(toy, [0.0, 0.0], image).max() == 0
    with pytest.raises(ValueError, match=r"head_weights: expected one per pooled feature"):
        deep.grad_cam(toy, [1.0], image)


def test_grad_cam_depends_on_the_weights_of_the_network(dense):
    # Adebayo et al. (2018): a map that survives randomised weights explains nothing.
    other = networks.calibrate_batchnorm(networks.build("DenseNet121", seed=5), crops(6))
    head, image = np.random.default_rng(1).normal(size=1024), crops(2)[1]
    a, b = (deep.grad_cam(n, head, image) for n in (dense, other))
    assert np.corrcoef(a.ravel(), b.ravel())[0, 1] < 0.9


def test_prepare_is_repeatable_and_calibrates_random_weights():
    a, b = (deep.prepare("DenseNet121", "random", crops(4), seed=2) for _ in range(2))
    np.testing.assert_array_equal(
        deep.pooled_features(a, crops(3)), deep.pooled_features(b, crops(3), device="cpu")
    )
    assert a.weights == "random initial weights, no pre-training"
    bare = networks.build("DenseNet121", seed=2)
    assert not np.allclose(deep.pooled_features(a, crops(1)), deep.pooled_features(bare, crops(1)))


def test_given_weights_keep_their_own_statistics(dense, tmp_path):
    file = tmp_path / "weights.safetensors"
    safetensors.torch.save_file(torchvision_names(dense.module.state_dict(), False), file)
    network = deep.prepare("DenseNet121", str(file), crops(4, seed=8))
    np.testing.assert_array_equal(
        deep.pooled_features(network, crops(2)), deep.pooled_features(dense, crops(2))
    )


def test_head_weights_stand_at_their_feature(dense):
    names = deep.feature_names(dense)
    assert (names[0], names[-1], len(set(names))) == ("densenet121_0000", "densenet121_1023", 1024)
    weights = deep.head_weights(pd.Series({names[7]: 2.0, names[3]: -1.0}), dense)
    assert weights[[3, 7]].tolist() == [-1.0, 2.0]
    assert np.count_nonzero(weights) == 2
    with pytest.raises(ValueError, match="from densenet121_0000 to densenet121_1023"):
        deep.head_weights(pd.Series({"resnet101_0003": 1.0}), dense)


def test_share_inside_counts_the_sum():
    heat = np.array([[1.0, 3.0], [0.0, 4.0]])
    assert deep.share_inside(heat, np.array([[True, True], [False, False]])) == 0.5
    assert np.isnan(deep.share_inside(heat * 0, heat > 1))
    with pytest.raises(ValueError, match="mask: expected bool of shape"):
        deep.share_inside(heat, heat)


@pytest.mark.parametrize("side", [37, 61, 150, 223])
def test_white_stays_white_when_it_is_resized(side):
    mask = np.zeros((side + 9, side + 20), dtype=bool)
    mask[3 : side - 2, 5:side] = True
    assert deep.crop(np.full(mask.shape, 255.0), mask, size=224).max() <= 255
