"""What the tests of networks share: crops, features of a network, and a small network."""

import numpy as np
import torch
from torch import nn

from thyro.deep import backbones
from thyro.deep.crops import as_crops
from thyro.study import NetworkEntry


def crops(n=4, size=64, seed=0):
    """Textures of different grain."""
    rng = np.random.default_rng(seed)
    grains = [
        np.kron(rng.uniform(0, 255, (size // g, size // g)), np.ones((g, g)))
        for g in (1 + np.arange(n) % 2 * 7)
    ]
    return np.stack(grains).astype(np.float32)


def pooled(network, images):
    """Pooled features by the forward pass of the whole network, float32 of shape (n, width)."""
    network.module.eval()
    with torch.inference_mode():
        return network.module(backbones.as_input(as_crops(images), network)).cpu().numpy()


class Small(nn.Module):
    """Four convolutions, in the layout that an entry describes."""

    def __init__(self):
        super().__init__()
        self.stem = self.block(3, 8, 2)
        self.body = nn.Sequential(self.block(8, 16, 2), self.block(16, 16, 2))
        self.last = self.block(16, 12, 1)
        self.pool = nn.AdaptiveAvgPool2d(1)

    @staticmethod
    def block(n_in, n_out, stride):
        convolution = nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False)
        return nn.Sequential(convolution, nn.BatchNorm2d(n_out), nn.ReLU())

    def forward(self, x):
        return self.pool(self.last(self.body(self.stem(x)))).flatten(1)


SMALL = NetworkEntry(
    name="Small",
    width=12,
    build=Small,
    backbone=("stem", "body"),
    head=("last", "pool"),
    cam_layer="last",
    redrawn=("last",),
    address="https://example.org/small-0badcafe.pth",
    classifier="out.",
    numbered={0: "stem", 1: "body", 2: "last"},
    respelled=((r"^trunk\.", "body."),),
    colours=("#000000", "#999999"),
    citation="small2026",
)
