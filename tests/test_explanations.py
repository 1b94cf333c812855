"""Heat maps: that they are right, find what decides, and depend on the weights."""

from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
import torch
from monai.visualize import GradCAM
from torch import nn
from torch.nn import functional as F

from thyro import deep, explanations, networks

SIDE = 48
PATCH = 12


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


class Small(nn.Module):
    """A network of two layers with the names of ResNet-101's last parts."""

    def __init__(self, seed):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.first = nn.Conv2d(3, 8, 5, padding=2)
            self.layer4 = nn.Sequential(nn.Conv2d(8, 16, 5, stride=4, padding=2), nn.ReLU())
        self.avgpool = nn.AdaptiveAvgPool2d(1)

    def forward(self, x):
        return self.avgpool(self.layer4(self.first(x).relu())).flatten(1)


def striped(n, seed):
    """Noise with one patch of stripes, upright in cases and level in controls; where it lies.

    The noise is as rough as the stripes, so that contrast alone does not lead to them.
    """
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    noise = rng.choice([60.0, 200.0], (n, SIDE // 2, SIDE // 2))
    images = noise.repeat(2, axis=1).repeat(2, axis=2).astype(np.float32)
    regions = np.zeros((n, SIDE, SIDE), dtype=bool)
    stripes = np.where(np.arange(PATCH) % 4 < 2, 60.0, 200.0)
    for i in range(n):
        top, left = rng.integers(0, SIDE - PATCH, 2)
        patch = np.tile(stripes, (PATCH, 1))
        images[i, top : top + PATCH, left : left + PATCH] = patch if y[i] else patch.T
        # a map of 12 x 12 values says where to within its grid of 4 pixels
        regions[i, max(top - 2, 0) : top + PATCH + 2, max(left - 2, 0) : left + PATCH + 2] = True
    return images, y, regions


@pytest.fixture(scope="module")
def taught():
    """The small network, trained to tell the stripes, and the weights of its head."""
    images, y, _ = striped(160, seed=0)
    network = networks.Network(Small(0), "ResNet101", 16, "toy")
    head = nn.Linear(16, 1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        head.reset_parameters()
    optimiser = torch.optim.Adam([*network.module.parameters(), *head.parameters()], lr=0.01)
    x, target = networks.as_input(images, network), torch.as_tensor(y, dtype=torch.float32)
    for step in range(150):
        part = slice(step % 4 * 40, step % 4 * 40 + 40)
        loss = F.binary_cross_entropy_with_logits(head(network.module(x[part]))[:, 0], target[part])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return network, head.weight.detach().numpy()[0]


def hits(maps, regions):
    """Share of maps whose maximum lies in the region."""
    places = [np.unravel_index(heat.argmax(), heat.shape) for heat in maps]
    return np.mean([region[place] for region, place in zip(regions, places, strict=True)])


def test_grad_cam_equals_monai(dense):
    weights = np.random.default_rng(5).normal(size=1024).astype(np.float32)
    one = crops(1)
    heat = explanations.grad_cam(dense, weights, one)[0]
    head = torch.nn.Linear(1024, 1, bias=False)
    head.weight.data = torch.from_numpy(weights)[None]
    whole = torch.nn.Sequential(deepcopy(dense.module), head)  # on which MONAI leaves a hook
    # MONAI's own last step turns the map over, for subtraction from an image; left out here.
    cam = GradCAM(whole, target_layers="0.features.denseblock4", postprocessing=lambda m: m)
    theirs = cam(networks.as_input(one, dense), class_idx=0)[0, 0].detach().numpy()
    assert theirs.max() > 0
    np.testing.assert_allclose(heat, theirs / theirs.max(), atol=1e-5)


def test_the_maximum_lies_where_the_class_is_decided(taught):
    network, head = taught
    images, y, regions = striped(200, seed=9)
    cases = y == 1
    maps = explanations.grad_cam(network, head, images[cases])
    assert hits(maps, regions[cases]) >= 0.95
    assert regions[cases].mean() < 0.12  # what a place at random would reach
    against = explanations.grad_cam(network, -head, images[~cases])
    assert hits(against, regions[~cases]) >= 0.95  # for the class that the network chose
    energy = explanations.energy(maps, regions[cases])
    assert energy["inside"].median() > 3 * energy["area"].median()


def test_it_does_no_longer_when_the_weights_are_drawn_anew(taught):
    network, head = taught
    images, y, regions = striped(200, seed=9)
    cases = images[y == 1]
    maps = explanations.grad_cam(network, head, cases)
    found = []
    for seed in range(1, 6):
        other = networks.Network(Small(seed), "ResNet101", 16, "toy")
        again = explanations.grad_cam(other, head, cases)
        found.append(hits(again, regions[y == 1]))
        assert explanations.agreement(maps, again)["rank_correlation"].median() < 0.6
    assert np.mean(found) < 0.3 and max(found) < 0.5


def test_maps_do_not_depend_on_the_batch(dense):
    head = np.random.default_rng(1).normal(size=1024)
    whole, single = (explanations.grad_cam(dense, head, crops(5), batch=b) for b in (16, 2))
    assert whole.shape == (5, 64, 64) and whole.max(axis=(1, 2)).tolist() == [1.0] * 5
    np.testing.assert_allclose(whole, single, atol=1e-5)
    assert explanations.grad_cam(dense, head * 0, crops(2)).max() == 0
    with pytest.raises(ValueError, match=r"head_weights: expected one per pooled feature"):
        explanations.grad_cam(dense, [1.0], crops(1))


@pytest.mark.parametrize("name", ["DenseNet121", "ResNet101"])
def test_only_what_is_named_is_drawn_anew(name):
    network = deep.prepare(name, "random", crops(6))
    before = {key: value.clone() for key, value in network.module.state_dict().items()}
    block = "layer4." if name == "ResNet101" else ("features.denseblock4.", "features.norm5.")
    convolutions = {key for key in before if before[key].ndim == 4}
    for what, where in (("last block", block), ("all", "")):
        other = explanations.randomised(network, 11, crops(6), what=what)
        state = other.module.state_dict()
        moved = {key for key in before if not torch.equal(before[key], state[key])}
        assert all(key.startswith(where) for key in moved)
        assert {key for key in convolutions if key.startswith(where)} <= moved
        assert any("running_var" in key for key in moved)  # measured with the new weights
        assert other.weights.endswith(f"; {what} drawn anew")
    now = network.module.state_dict()
    assert all(torch.equal(before[key], now[key]) for key in before)


def test_agreement_is_one_for_equal_maps_and_nothing_for_empty_ones():
    rng = np.random.default_rng(0)
    a = rng.uniform(size=(3, 8, 8))
    b = np.stack([a[0] ** 3, 1 - a[1], np.zeros((8, 8))])
    table = explanations.agreement(a, b)
    np.testing.assert_allclose(table["rank_correlation"], [1, -1, np.nan])
    assert table["ssim"].isna().tolist() == [False, False, True]
    np.testing.assert_allclose(explanations.agreement(a, a)["ssim"], 1)
    with pytest.raises(ValueError, match="maps_b: expected maps of the same crops"):
        explanations.agreement(a, b[:2])


def test_energy_stands_beside_the_area():
    maps = np.array([[[1.0, 3.0], [0.0, 4.0]], np.zeros((2, 2))])
    masks = np.array([[[True, True], [False, False]], [[True, False], [False, False]]])
    found = explanations.energy(maps, masks)
    np.testing.assert_allclose(found["inside"], [0.5, np.nan])
    np.testing.assert_allclose(found["area"], [0.5, 0.25])
    np.testing.assert_allclose(found["ratio"], [1.0, np.nan])
    with pytest.raises(ValueError, match="mask: expected bool of shape"):
        explanations.energy(maps, maps)


def test_the_head_may_turn_for_those_called_negative(dense):
    head = np.random.default_rng(1).normal(size=1024)
    heads = explanations.for_predicted(head, [0.8, 0.2], 0.5)
    both = explanations.grad_cam(dense, heads, crops(2))
    towards = explanations.grad_cam(dense, head, crops(2)[:1])[0]
    np.testing.assert_allclose(both[0], towards, atol=1e-5)
    against = explanations.grad_cam(dense, -head, crops(2)[1:])[0]
    np.testing.assert_allclose(both[1], against, atol=1e-5)


def test_the_surest_patient_of_every_outcome():
    p = pd.Series({"b": 0.9, "a": 0.9, "c": 0.6, "d": 0.2, "e": 0.1, "f": 0.3})
    y = pd.Series({"b": 1, "a": 1, "c": 0, "d": 1, "e": 0, "f": 0})
    found = explanations.outcomes(y, p, 0.5)
    assert list(found) == list(explanations.OUTCOMES)
    assert list(found.values()) == ["a", "c", "d", "e"]
    assert explanations.outcomes(y, p, 0.05)["false negative"] is None
    at_cut_off = explanations.outcomes(y, p, 0.6)
    assert at_cut_off["false positive"] == "c"  # the cut-off itself is positive


def test_head_weights_stand_at_their_feature(dense):
    names = deep.feature_names(dense)
    assert (names[0], names[-1], len(set(names))) == ("densenet121_0000", "densenet121_1023", 1024)
    weights = explanations.head_weights(pd.Series({names[7]: 2.0, names[3]: -1.0}), dense)
    assert weights[[3, 7]].tolist() == [-1.0, 2.0]
    assert np.count_nonzero(weights) == 2
    with pytest.raises(ValueError, match="from densenet121_0000 to densenet121_1023"):
        explanations.head_weights(pd.Series({"resnet101_0003": 1.0}), dense)
