"""Heat maps: equal to MONAI's, on the region that decides, and gone with the weights."""

from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
import torch
from monai.visualize import GradCAM

from tests.deep.networks import crops, pooled
from thyro.deep import backbones, grad_cam
from thyro.deep.features import feature_names, prepare_network
from thyro.models import classifiers
from thyro.study import NETWORKS, Declared

TILE = 64  # pixels: two cells of the last block's grid a side
ACROSS = 3
CHANCE = 1 / ACROSS**2  # that a maximum lies in the cell that decides


@pytest.fixture(scope="module")
def dense():
    return backbones.calibrate_batchnorm(backbones.build("DenseNet121"), crops(6))


@pytest.fixture(scope="module")
def head():
    return np.random.default_rng(5).normal(size=1024).astype(np.float32)


def test_grad_cam_equals_monai(dense, head):
    images = crops(3)
    heat = grad_cam.heat_maps(dense, head, images, batch=2)
    layer = torch.nn.Linear(1024, 1, bias=False)
    layer.weight.data = torch.from_numpy(head)[None]
    whole = torch.nn.Sequential(deepcopy(dense.module), layer)  # MONAI leaves its hooks behind
    # MONAI's own last step turns the map over, for subtraction from an image; left out here.
    cam = GradCAM(whole, target_layers="0.features.denseblock4", postprocessing=lambda m: m)
    for ours, image in zip(heat, images, strict=True):
        theirs = cam(backbones.as_input(image[None], dense), class_idx=0)[0, 0].detach().numpy()
        assert theirs.max() > 0
        np.testing.assert_allclose(ours, theirs / theirs.max(), atol=1e-5)


def test_of_a_network_that_ends_in_the_block_the_map_is_the_weighted_activation():
    """Zhou et al. (2016): behind ResNet's last block there is only a mean."""
    network = backbones.calibrate_batchnorm(backbones.build("ResNet101"), crops(2))
    kept = []
    hook = network.module.layer4.register_forward_hook(lambda m, i, o: kept.append(o))
    pooled(network, crops(1))
    hook.remove()
    cells = kept[0][0].numpy().reshape(2048, -1)
    strong, weak = np.argsort(-np.linalg.norm(cells, axis=0))[[0, -1]]
    weights = cells[:, strong] - cells[:, weak]  # the score of the strong cell is above zero
    expected = (weights @ cells).clip(0).reshape(2, 2)
    heat = grad_cam.heat_maps(network, weights, crops(1)[0])
    assert heat.shape == (64, 64) and heat.max() == 1 and heat.min() >= 0
    # the corners of an enlarged map are its outermost cells
    corners = heat[[0, 0, -1, -1], [0, -1, 0, -1]].reshape(2, 2)
    np.testing.assert_allclose(corners, expected / expected.max(), atol=1e-4)


def test_a_map_depends_neither_on_the_batch_nor_on_its_neighbours(dense, head):
    together = grad_cam.heat_maps(dense, head, crops(5))
    np.testing.assert_allclose(
        together, grad_cam.heat_maps(dense, head, crops(5), batch=2), atol=1e-4
    )
    alone = grad_cam.heat_maps(dense, head, crops(5)[3])
    np.testing.assert_allclose(together[3], alone, atol=1e-4)


def test_every_crop_may_have_its_own_weights(dense, head):
    heads = np.array([1, 1, -1])[:, None] * head  # towards the class that is predicted
    np.testing.assert_array_equal(heads, [head, head, -head])
    maps = grad_cam.heat_maps(dense, heads, crops(3), batch=2)
    for_it = grad_cam.heat_maps(dense, head, crops(3))
    against = grad_cam.heat_maps(dense, -head, crops(3))
    np.testing.assert_allclose(maps[:2], for_it[:2], atol=1e-4)
    np.testing.assert_allclose(maps[2], against[2], atol=1e-4)
    assert np.abs(for_it[2] - against[2]).max() > 0.5
    with pytest.raises(ValueError, match="or such a row per crop"):
        grad_cam.heat_maps(dense, heads[:2], crops(3))


def test_an_explanation_leaves_the_network_as_it_was(dense, head):
    before = {key: value.clone() for key, value in dense.module.state_dict().items()}
    grad_cam.heat_maps(dense, head, crops(1))
    assert all(torch.equal(before[k], v) for k, v in dense.module.state_dict().items())
    assert all(p.requires_grad and p.grad is None for p in dense.module.parameters())
    assert not dense.module.get_submodule("features.denseblock4")._forward_hooks


def test_a_score_that_nothing_raises_gives_an_empty_map():
    """A toy network that pools brightness: the map is the bright square, or nothing."""

    class Toy(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer4 = torch.nn.Conv2d(3, 2, 5, padding=2, bias=False)
            self.layer4.weight.data[:] = torch.tensor([1.0, -1.0]).view(2, 1, 1, 1)

        def forward(self, x):
            return self.layer4(x).relu().mean(dim=(2, 3))

    toy = backbones.Network(module=Toy(), name="ResNet101", width=2, weights="toy")
    image = np.full((40, 40), 10, dtype=np.float32)
    image[25:33, 5:13] = 250
    region = np.zeros((40, 40), dtype=bool)
    region[23:35, 3:15] = True
    heat = grad_cam.heat_maps(toy, [1.0, 0.0], image)
    assert region[np.unravel_index(heat.argmax(), heat.shape)]
    assert grad_cam.share_inside(heat, region) > 0.99
    assert grad_cam.heat_maps(toy, [0.0, 0.0], image).max() == 0
    with pytest.raises(ValueError, match="head_weights: expected one per pooled feature"):
        grad_cam.heat_maps(toy, [1.0], image)


def test_head_weights_stand_at_their_feature(dense):
    names = feature_names(dense)
    weights = grad_cam.head_weights(pd.Series({names[7]: 2.0, names[3]: -1.0}), dense)
    assert weights[[3, 7]].tolist() == [-1.0, 2.0]
    assert np.count_nonzero(weights) == 2
    with pytest.raises(ValueError, match="from densenet121_0000 to densenet121_1023"):
        grad_cam.head_weights(pd.Series({"resnet101_0003": 1.0}), dense)


def spots(n, seed):
    """Grey noise with three dark spots (0), or two and a bright one (1); the cell of that one."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    images = rng.normal(128, 10, (n, ACROSS * TILE, ACROSS * TILE))
    regions = np.zeros(images.shape, dtype=bool)
    off_centre = np.arange(TILE) - TILE / 2
    spot = 100 * np.exp(-(off_centre[:, None] ** 2 + off_centre**2) / 2 / (TILE / 4.5) ** 2)
    for image, region, bright in zip(images, regions, y, strict=True):
        first, *others = rng.choice(ACROSS**2, 3, replace=False)
        for cell in (first, *others):
            top, left = TILE * np.array(divmod(cell, ACROSS))
            where = np.s_[top : top + TILE, left : left + TILE]
            image[where] += spot if bright and cell == first else -spot
            region[where] = cell == first
    return np.clip(images, 0, 255).astype(np.float32), y, regions


def found(maps, regions):
    """Share of maps whose maximum lies in the region."""
    places = [np.unravel_index(heat.argmax(), heat.shape) for heat in maps]
    return np.mean([region[place] for region, place in zip(regions, places, strict=True)])


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_has_a_map_of_every_image(name):
    network = prepare_network(name, NETWORKS[name].starts_from("random"), crops(6), seed=1)
    weights = np.random.default_rng(0).normal(size=NETWORKS[name].width)
    # A map shows what raises the score: of a score and its opposite one is raised somewhere.
    maps = [grad_cam.heat_maps(network, sign * weights, crops(6)) for sign in (1, -1)]
    assert all(one.shape == crops(6).shape and one.min() >= 0 for one in maps)
    assert np.isfinite(maps).all() and np.max(maps) > 0


@pytest.mark.parametrize("name", Declared().networks)
def test_every_network_finds_the_region_that_decides(name):
    """The networks as a study starts them, and a logistic head: the path of a study.

    With weights drawn anew and the head kept, DenseNet121 and EfficientNetLite0 find the region no
    more often than by chance. ResNet101 goes on to find it, since all its channels, redrawn or not,
    answer to a bright spot: the agreement of the maps shows that they do not depend on the weights,
    which is what the control is for. `test_explained_toy` has the drop for weights that were
    trained.
    """
    images, y, _ = spots(24, 0)
    start = NETWORKS[name].starts_from("random")
    network = prepare_network(name, start, images[:8], seed=1)
    features = pooled(network, images)
    features = pd.DataFrame(features, columns=feature_names(network))
    weights = classifiers.linear_weights(classifiers.fit_classifier("logistic", features, y))[0]
    weights = grad_cam.head_weights(weights, network)

    images, y, regions = spots(40, 1)
    cases, regions = images[y == 1], regions[y == 1]
    maps = grad_cam.heat_maps(network, weights, cases)
    assert found(maps, regions) >= 0.95
    energy = grad_cam.energy_in_nodule(maps, regions)
    np.testing.assert_allclose(energy["area"], CHANCE)
    assert energy["ratio"].median() > 1.5

    control = grad_cam.randomised_network(network, 7, images[:8])
    redrawn = grad_cam.heat_maps(control, weights, cases)
    assert grad_cam.energy_in_nodule(redrawn, regions)["ratio"].median() < energy["ratio"].median()
    survives = grad_cam.heat_map_agreement(maps, redrawn)["rank_correlation"].median() > 0.8
    assert survives == (name == "ResNet101")
    assert survives or found(redrawn, regions) <= CHANCE


def test_randomised_weights_are_drawn_anew_and_calibrated(dense):
    before = {key: value.clone() for key, value in dense.module.state_dict().items()}
    a, b, c = (grad_cam.randomised_network(dense, seed, crops(6)) for seed in (1, 1, 2))
    assert all(torch.equal(before[k], v) for k, v in dense.module.state_dict().items())
    np.testing.assert_array_equal(*(pooled(n, crops(2)) for n in (a, b)))
    expected = backbones.calibrate_batchnorm(backbones.build("DenseNet121", seed=1), crops(6))
    np.testing.assert_array_equal(pooled(a, crops(2)), pooled(expected, crops(2)))
    assert not torch.equal(a.module.features.conv0.weight, c.module.features.conv0.weight)
    assert a.weights == "random; all drawn anew"
    assert not any(module.training for module in a.module.modules())
    with pytest.raises(ValueError, match="what: expected one of all, last block"):
        grad_cam.randomised_network(dense, 1, crops(6), what="head")


@pytest.mark.parametrize("name", NETWORKS)
def test_the_last_block_alone_is_randomised(name):
    network = backbones.calibrate_batchnorm(backbones.build(name), crops(6))
    control = grad_cam.randomised_network(network, 1, crops(6, seed=3), what="last block")
    drawn = tuple(f"{part}." for part in NETWORKS[name].redrawn)
    old, new = network.module.state_dict(), control.module.state_dict()
    changed = {key for key in old if not torch.equal(old[key], new[key])}
    assert changed and all(key.startswith(drawn) for key in changed)
    convolutions = {k for k in old if k.startswith(drawn) and old[k].ndim == 4}
    assert convolutions <= changed
    statistics = {k for k in old if k.startswith(drawn) and "running" in k}
    assert statistics <= changed | {k for k in statistics if old[k].std() == 0}


def test_half_of_densenets_features_outlive_its_last_block(dense):
    kept = []
    for network in (
        dense,
        grad_cam.randomised_network(dense, 1, crops(6), what="last block"),
    ):
        block = network.module.features.denseblock4
        hook = block.register_forward_hook(lambda m, i, o: kept.append(o))
        pooled(network, crops(2))
        hook.remove()
    same = [torch.equal(kept[0][:, k], kept[1][:, k]) for k in range(1024)]
    assert sum(same) == 512 and all(same[:512])


def test_agreement_is_one_with_itself_and_none_with_noise():
    rng = np.random.default_rng(0)
    maps = rng.uniform(size=(3, 32, 32))
    alone = grad_cam.heat_map_agreement(maps, maps)
    np.testing.assert_allclose(alone, 1)
    # ranks: a monotone change leaves them
    np.testing.assert_allclose(grad_cam.heat_map_agreement(maps, maps**3)["rank_correlation"], 1)
    other = grad_cam.heat_map_agreement(maps, rng.uniform(size=maps.shape))
    assert other["rank_correlation"].abs().max() < 0.15  # standard error 1 / 32
    assert other["ssim"].abs().max() < 0.15
    np.testing.assert_allclose(grad_cam.heat_map_agreement(maps, 1 - maps)["rank_correlation"], -1)
    empty = grad_cam.heat_map_agreement(np.zeros_like(maps), maps)
    assert empty.isna().all(axis=None) and len(empty) == 3
    with pytest.raises(ValueError, match="maps_b: expected maps of the same crops"):
        grad_cam.heat_map_agreement(maps, maps[:2])
    with pytest.raises(ValueError, match="maps_a: expected finite numbers of 0 or more"):
        grad_cam.heat_map_agreement(maps - 1, maps)


def test_share_inside_counts_the_sum():
    heat = np.array([[1.0, 3.0], [0.0, 4.0]])
    assert grad_cam.share_inside(heat, np.array([[True, True], [False, False]])) == 0.5
    assert np.isnan(grad_cam.share_inside(heat * 0, heat > 1))
    with pytest.raises(ValueError, match="mask: expected bool of shape"):
        grad_cam.share_inside(heat, heat)


def test_energy_of_a_flat_map_is_the_area():
    masks = np.zeros((3, 8, 8), dtype=bool)
    masks[:, :4, :4] = True
    maps = np.ones((3, 8, 8))
    maps[1, 4:] = 0
    maps[2] = 0
    table = grad_cam.energy_in_nodule(maps, masks)
    np.testing.assert_array_equal(table["area"], 0.25)
    np.testing.assert_array_equal(table["inside"], [0.25, 0.5, np.nan])
    np.testing.assert_array_equal(table["ratio"], [1, 2, np.nan])
    with pytest.raises(ValueError, match="masks: expected 3, one per map, got 2"):
        grad_cam.energy_in_nodule(maps, masks[:2])


def test_the_surest_of_each_outcome_is_chosen():
    table = pd.DataFrame(
        [
            ("P9", 1, 0.9),
            ("P2", 1, 0.9),  # as sure, and first by id
            ("P3", 1, 0.3),
            ("P4", 1, 0.1),
            ("P5", 0, 0.4),  # at the threshold
            ("P6", 0, 0.39),
            ("P7", 0, 0.2),
            ("P1", 0, 0.2),
        ],
        columns=["patient_id", "y", "p"],
    ).set_index("patient_id")
    expected = dict(zip(grad_cam.OUTCOMES, ["P2", "P5", "P4", "P1"], strict=True))
    for order in (table, table[::-1]):
        assert grad_cam.surest_by_outcome(order["y"], order["p"], 0.4) == expected
    all_positive = grad_cam.surest_by_outcome(table["y"], table["p"], -np.inf)
    assert list(all_positive.values()) == ["P2", "P5", None, None]
    with pytest.raises(ValueError, match="p: expected the index of y"):
        grad_cam.surest_by_outcome(table["y"], table["p"][::-1], 0.4)
