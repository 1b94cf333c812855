"""A toy set where one region decides: Grad-CAM finds it, and not without what was learned."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from thyro.deep import backbones, grad_cam

SIDE = 48
PATCH = 12


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
    network = backbones.Network(Small(0), "ResNet101", 16, "toy")
    head = nn.Linear(16, 1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        head.reset_parameters()
    optimiser = torch.optim.Adam([*network.module.parameters(), *head.parameters()], lr=0.01)
    x, target = backbones.as_input(images, network), torch.as_tensor(y, dtype=torch.float32)
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


def test_the_maximum_lies_where_the_class_is_decided(taught):
    network, head = taught
    images, y, regions = striped(200, seed=9)
    cases = y == 1
    maps = grad_cam.heat_maps(network, head, images[cases])
    assert hits(maps, regions[cases]) >= 0.95
    assert regions[cases].mean() < 0.12  # what a place at random would reach
    against = grad_cam.heat_maps(network, -head, images[~cases])
    assert hits(against, regions[~cases]) >= 0.95  # for the class that the network chose
    energy = grad_cam.energy_in_nodule(maps, regions[cases])
    assert energy["inside"].median() > 3 * energy["area"].median()


def test_it_does_no_longer_when_the_weights_are_drawn_anew(taught):
    network, head = taught
    images, y, regions = striped(200, seed=9)
    cases = images[y == 1]
    maps = grad_cam.heat_maps(network, head, cases)
    found = []
    for seed in range(1, 6):
        other = backbones.Network(Small(seed), "ResNet101", 16, "toy")
        again = grad_cam.heat_maps(other, head, cases)
        found.append(hits(again, regions[y == 1]))
        assert grad_cam.heat_map_agreement(maps, again)["rank_correlation"].median() < 0.6
    assert np.mean(found) < 0.3 and max(found) < 0.5
