"""The network of a study, and the tables of what it gives."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import safetensors.torch

from tests.deep.networks import crops, pooled
from thyro.deep import backbones, features
from thyro.deep.fine_tuning import Learned
from thyro.store import Checkpoint


@pytest.fixture(scope="module")
def dense():
    return backbones.calibrate_batchnorm(backbones.build("DenseNet121"), crops(6))


def test_prepare_is_repeatable_and_calibrates_random_weights():
    a, b = (features.prepare_network("DenseNet121", "random", crops(4), seed=2) for _ in range(2))
    np.testing.assert_array_equal(pooled(a, crops(3)), pooled(b, crops(3)))
    assert a.weights == "random initial weights, no pre-training"
    bare = backbones.build("DenseNet121", seed=2)
    assert not np.allclose(pooled(a, crops(1)), pooled(bare, crops(1)))


def test_given_weights_keep_their_own_statistics(dense, tmp_path):
    file = tmp_path / "weights.safetensors"
    state = {key: value.contiguous() for key, value in dense.module.state_dict().items()}
    safetensors.torch.save_file(state, file)
    network = features.prepare_network("DenseNet121", str(file), crops(4, seed=8))
    np.testing.assert_array_equal(pooled(network, crops(2)), pooled(dense, crops(2)))


@pytest.fixture
def learned(dense):
    """Six patients, of whom four train in two folds."""
    rng = np.random.default_rng(0)
    return Learned(
        network=dense,
        features=rng.normal(size=(6, 1024)).astype(np.float32),
        frozen=None,
        fold_features=rng.normal(size=(2, 6, 1024)).astype(np.float32),
        p=np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
        fold_p=np.array([[0.7, 0.1, 0.2, 0.1, 0.95, 0.6], [0.1, 0.8, 0.8, 0.9, 0.1, 0.6]]),
        history=pd.DataFrame(),
        state=b"",
    )


PATIENTS = pd.Index(list("abcdef"), name="patient_id")
TRAIN = np.array([True, True, False, True, True, False])
FOLDS = np.array([0, 1, 1, 0])


def test_tables_of_a_tuned_network_say_whose_features_they_are(learned):
    whole = features.feature_table(learned.network, learned.features, PATIENTS)
    assert whole.loc["c"].tolist() == learned.features[2].tolist()
    table = features.fold_table(learned, PATIENTS, FOLDS)
    assert table.shape == (12, 1024) and table.index.names == ["fold", "patient_id"]
    np.testing.assert_array_equal(table.loc[(1, "d")], learned.fold_features[1, 3])


def test_the_output_of_a_network_is_of_those_that_never_saw_the_patient(learned):
    table = features.output_table(learned, "SR_DenseNet121", PATIENTS, TRAIN, FOLDS)
    wide = table.pivot(index="patient_id", columns="protocol", values="p")
    assert wide["paper"].tolist() == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    # others by both: the mean of the log odds of 0.2 and 0.8 is that of 0.5
    np.testing.assert_allclose(wide["sound"], [0.7, 0.8, 0.5, 0.9, 0.95, 0.6])
    folds = table[table["protocol"].eq("sound")].set_index("patient_id")["fold"]
    assert folds.fillna(-1).tolist() == [0, 1, -1, 1, 0, -1]
    assert table.loc[table["protocol"].eq("paper"), "fold"].isna().all()


def test_a_frozen_network_leaves_tables_without_rows(learned):
    frozen = replace(learned, fold_features=None, p=None, fold_p=None)
    assert features.fold_table(frozen, PATIENTS, FOLDS).shape == (0, 1024)
    empty = features.output_table(frozen, "SR_DenseNet121", PATIENTS, TRAIN, FOLDS)
    full = features.output_table(learned, "SR_DenseNet121", PATIENTS, TRAIN, FOLDS)
    assert len(empty) == 0 and list(empty.columns) == list(full.columns)


def test_tables_of_a_network_are_named_by_network_and_images(learned):
    tables = features.network_tables(learned, "SR", PATIENTS, TRAIN, FOLDS)
    kinds = ("deep", "folds", "output", "tuning")
    assert list(tables) == [f"{kind}_densenet121_sr" for kind in kinds]
    assert set(tables["output_densenet121_sr"]["model"]) == {"SR_DenseNet121"}
    folds = tables["folds_densenet121_sr"].index.get_level_values("patient_id")
    assert list(dict.fromkeys(folds)) == list(PATIENTS)


def test_a_network_that_is_also_used_frozen_leaves_those_features_too(learned):
    both = replace(learned, frozen=-learned.features)
    tables = features.network_tables(both, "OR", PATIENTS, TRAIN, FOLDS)
    tuned, frozen = (tables[f"deep_densenet121{kind}_or"] for kind in ("", "_frozen"))
    assert frozen.loc["c"].tolist() == (-learned.features[2]).tolist()
    pd.testing.assert_frame_equal(frozen, -tuned)


def test_checkpoints_of_every_training_are_removed(learned, project):
    history = pd.DataFrame({"network": ["all", "all", "fold_0"]})
    for name in ("all", "fold_0", "other"):
        Checkpoint("results/s", name).save(b"state")
    features.remove_checkpoints(replace(learned, history=history), partial(Checkpoint, "results/s"))
    assert [file.name for file in (project / "results/s").iterdir()] == [".other.safetensors"]
