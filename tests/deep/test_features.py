"""Crops, networks and pooled features."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import safetensors.torch
import torch

from thyro.deep import backbones
from thyro.deep import features as deep
from thyro.deep.fine_tuning import Learned


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
    return backbones.calibrate_batchnorm(backbones.build("DenseNet121"), crops(6))


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
    network = backbones.build("ResNet101")
    # torchvision: 44,549,160 parameters, of which 2,049,000 in the classifier.
    assert backbones.count_parameters(network) == 44_549_160 - 2_049_000
    backbones.calibrate_batchnorm(network, crops(2))
    features = deep.pooled_features(network, crops(2))
    assert features.shape == (2, network.width) == (2, 2048)
    assert np.isfinite(features).all() and features.std() > 0.1
    kept = []
    network.module.maxpool.register_forward_hook(lambda m, i, o: kept.append(o.shape))
    deep.pooled_features(network, crops(1))
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
    deep.pooled_features(network, crops(5))
    hook.remove()
    assert kept[0].mean().abs() < 0.05
    assert kept[0].var() == pytest.approx(1, abs=0.1)
    with pytest.raises(ValueError, match="crops: expected at least 2"):
        backbones.calibrate_batchnorm(network, crops(1))


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


def test_prepare_is_repeatable_and_calibrates_random_weights():
    a, b = (deep.prepare("DenseNet121", "random", crops(4), seed=2) for _ in range(2))
    np.testing.assert_array_equal(
        deep.pooled_features(a, crops(3)), deep.pooled_features(b, crops(3), device="cpu")
    )
    assert a.weights == "random initial weights, no pre-training"
    bare = backbones.build("DenseNet121", seed=2)
    assert not np.allclose(deep.pooled_features(a, crops(1)), deep.pooled_features(bare, crops(1)))


def test_given_weights_keep_their_own_statistics(dense, tmp_path):
    file = tmp_path / "weights.safetensors"
    state = {key: value.contiguous() for key, value in dense.module.state_dict().items()}
    safetensors.torch.save_file(state, file)
    network = deep.prepare("DenseNet121", str(file), crops(4, seed=8))
    np.testing.assert_array_equal(
        deep.pooled_features(network, crops(2)), deep.pooled_features(dense, crops(2))
    )


@pytest.mark.parametrize("side", [37, 61, 150, 223])
def test_white_stays_white_when_it_is_resized(side):
    mask = np.zeros((side + 9, side + 20), dtype=bool)
    mask[3 : side - 2, 5:side] = True
    assert deep.crop(np.full(mask.shape, 255.0), mask, size=224).max() <= 255


@pytest.fixture
def learned(dense):
    """Six patients, of whom four train in two folds."""
    rng = np.random.default_rng(0)
    return Learned(
        network=dense,
        features=rng.normal(size=(6, 1024)).astype(np.float32),
        fold_features=rng.normal(size=(2, 4, 1024)).astype(np.float32),
        p=np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
        p_out_of_fold=np.array([0.7, 0.8, 0.9, 1.0]),
        history=pd.DataFrame(),
        state=b"",
    )


PATIENTS = pd.Index(list("abcdef"), name="patient_id")
TRAIN = np.array([True, True, False, True, True, False])
FOLDS = np.array([0, 1, 1, 0])


def test_tables_of_a_tuned_network_say_whose_features_they_are(learned):
    features = deep.feature_table(learned, PATIENTS)
    assert features.loc["c"].tolist() == learned.features[2].tolist()
    table = deep.fold_table(learned, PATIENTS[TRAIN], FOLDS)
    assert table.shape == (8, 1024) and table.index.names == ["fold", "patient_id"]
    np.testing.assert_array_equal(table.loc[(1, "d")], learned.fold_features[1, 2])


def test_the_output_of_a_network_is_out_of_fold_where_the_protocol_is_sound(learned):
    table = deep.output_table(learned, "SR_DenseNet121", PATIENTS, TRAIN, FOLDS)
    wide = table.pivot(index="patient_id", columns="protocol", values="p")
    assert wide["paper"].tolist() == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    assert wide["sound"].tolist() == [0.7, 0.8, 0.3, 0.9, 1.0, 0.6]
    folds = table[table["protocol"].eq("sound")].set_index("patient_id")["fold"]
    assert folds.fillna(-1).tolist() == [0, 1, -1, 1, 0, -1]
    assert table.loc[table["protocol"].eq("paper"), "fold"].isna().all()


def test_a_frozen_network_leaves_tables_without_rows(learned):
    frozen = replace(learned, fold_features=None, p=None, p_out_of_fold=None)
    assert deep.fold_table(frozen, PATIENTS[TRAIN], FOLDS).shape == (0, 1024)
    empty = deep.output_table(frozen, "SR_DenseNet121", PATIENTS, TRAIN, FOLDS)
    full = deep.output_table(learned, "SR_DenseNet121", PATIENTS, TRAIN, FOLDS)
    assert len(empty) == 0 and list(empty.columns) == list(full.columns)
