"""The networks whose features a study can use, each declared once.

An entry says how a network is built and taken apart; `deep` does both. The registry lies on the
floor of the study because the plan and the checks of a study file need the names, and on that floor
nothing imports torch: `build` does so when it is called.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class NetworkEntry:
    """A convolutional network without classifier, in torchvision's layout."""

    name: str
    width: int  # number of pooled features
    build: Callable[[], Any]  # -> torch.nn.Module that ends in pooled features
    backbone: tuple[str, ...]  # modules in the order of the forward pass that stay frozen
    head: tuple[str, ...]  # the last block and what follows: trained by `fine_tuning: last_block`
    cam_layer: str  # whose output Grad-CAM reads
    redrawn: tuple[str, ...]  # drawn anew in its sanity check: the last block and weights after it
    address: str  # of torchvision's ImageNet weights
    classifier: str  # prefix of torchvision's classifier, not used here
    numbered: Mapping[int, str]  # RadImageNet's number of a part -> torchvision's name
    colours: tuple[str, str]  # of curves: dark for enhanced images, light for original ones
    citation: str  # key in references.bib
    respelled: tuple[tuple[str, str], ...] = ()  # of torchvision's names: pattern, what replaces it
    fixed_crop: bool = False  # sees `features.crop_mm` of every frame, where pixels have a size

    @property
    def key(self) -> str:
        """In names of files: "resnet101"."""
        return self.name.lower()


def _resnet101():
    from monai.networks.nets import resnet101

    # MONAI's default first stride is 1 and its shortcuts have a bias; ImageNet's do not.
    return resnet101(
        pretrained=False,
        spatial_dims=2,
        n_input_channels=3,
        conv1_t_stride=2,
        bias_downsample=False,
        feed_forward=False,
    )


def _densenet121():
    from monai.networks.nets import DenseNet121
    from torch import nn

    module = DenseNet121(spatial_dims=2, in_channels=3, out_channels=1)
    module.class_layers.out = nn.Identity()
    return module


NETWORKS = {
    entry.name: entry
    for entry in (
        NetworkEntry(
            name="ResNet101",
            width=2048,
            build=_resnet101,
            backbone=(
                *("conv1", "bn1", "act", "maxpool", "layer1", "layer2", "layer3"),
                *("layer4.0", "layer4.1"),
            ),
            head=("layer4.2", "avgpool"),
            cam_layer="layer4",
            redrawn=("layer4",),
            address="https://download.pytorch.org/models/resnet101-63fe2227.pth",
            classifier="fc.",
            numbered={0: "conv1", 1: "bn1", 4: "layer1", 5: "layer2", 6: "layer3", 7: "layer4"},
            colours=("#00513B", "#41AE86"),
            citation="he2016",
        ),
        NetworkEntry(
            name="DenseNet121",
            width=1024,
            build=_densenet121,
            backbone=(
                *(f"features.{part}" for part in ("conv0", "norm0", "relu0", "pool0")),
                *(
                    f"features.{part}{i}"
                    for i in (1, 2, 3)
                    for part in ("denseblock", "transition")
                ),
            ),
            head=("features.denseblock4", "features.norm5", "class_layers"),
            cam_layer="features.denseblock4",
            redrawn=("features.denseblock4", "features.norm5"),
            address="https://download.pytorch.org/models/densenet121-a639ec97.pth",
            classifier="classifier.",
            numbered={0: "features"},
            colours=("#5B2A86", "#BC80BD"),
            citation="huang2017",
            # MONAI's dense layers sit one level deeper; before PyTorch 0.4 norm1 was written norm.1
            respelled=((r"(denselayer\d+)\.(norm|conv)\.?([12])\.", r"\1.layers.\2\3."),),
        ),
    )
}
