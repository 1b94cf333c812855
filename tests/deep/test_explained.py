"""All that Grad-CAM says of one network: the right patients, and what the single steps give."""

import numpy as np
import pandas as pd
import pytest

from tests.deep.networks import SMALL
from thyro.deep import backbones, explained, grad_cam
from thyro.deep.crops import Cropping, crop, crop_mask
from thyro.deep.features import feature_names
from thyro.study import NETWORKS

IDS = [f"P{i}" for i in range(12)]
TRAINING, TEST = IDS[:6], IDS[6:]
DRAWN = ["P7", "P10"]
Y = pd.Series([1, 1, 0, 0, 1, 0], TEST)
P = pd.Series([0.9, 0.6, 0.7, 0.2, 0.3, 0.1], TEST)
SIZE = 32


def frame(patient):
    """Image and mask of a patient, and the pixel size that no network reads."""
    rng = np.random.default_rng(IDS.index(patient))
    mask = np.zeros((40, 50), dtype=bool)
    mask[10:25, 12:30] = True
    return rng.uniform(0, 255, mask.shape), mask, (0.1, 0.1)


@pytest.fixture
def network(monkeypatch):
    monkeypatch.setitem(NETWORKS, SMALL.name, SMALL)
    images = [crop(*frame(i)[:2], size=SIZE) for i in TRAINING]
    return backbones.calibrate_batchnorm(backbones.build(SMALL.name, seed=3), np.stack(images))


@pytest.fixture
def weights(network):
    values = np.random.default_rng(1).normal(size=network.width)
    return pd.Series(values, feature_names(network)).iloc[::2]


@pytest.fixture
def look(network, weights):
    return explain(network, weights)


def explain(network, weights, **changes):
    keywords = {"threshold": 0.5, "training": TRAINING, "drawn": DRAWN, "seed": 3}
    keywords["cropping"] = Cropping(SIZE)
    return explained.explain_network(network, weights, frame, Y, P, **(keywords | changes))


def test_examples_are_the_surest_of_each_outcome(look):
    assert {outcome: example.patient_id for outcome, example in look.examples.items()} == {
        "true positive": "P6",
        "false positive": "P8",
        "false negative": "P10",
        "true negative": "P11",
    }
    assert list(look.examples) == list(grad_cam.OUTCOMES)


def test_an_example_is_what_the_network_saw(network, weights, look):
    example = look.examples["false positive"]
    image, mask, _ = frame("P8")
    np.testing.assert_array_equal(example.crop, crop(image, mask, size=SIZE))
    np.testing.assert_array_equal(example.mask, crop_mask(mask, size=SIZE))
    head = grad_cam.head_weights(weights, network)
    np.testing.assert_allclose(example.heat, grad_cam.heat_maps(network, head, example.crop), 1e-5)
    assert example.p == P["P8"]


def test_an_outcome_without_patient_has_no_example(network, weights):
    found = explain(network, weights, threshold=0.05).examples
    assert found["false negative"] is None and found["true negative"] is None
    assert found["true positive"].patient_id == "P6"


def test_the_control_is_calibrated_on_training_patients_and_seeded_beside_the_network(
    network, weights, look
):
    crops = {i: crop(*frame(i)[:2], size=SIZE) for i in IDS}
    masks = [crop_mask(frame(i)[1], size=SIZE) for i in DRAWN]
    control = grad_cam.randomised_network(network, 4, [crops[i] for i in TRAINING])
    head = grad_cam.head_weights(weights, network)
    maps, redrawn = (
        grad_cam.heat_maps(one, head, [crops[i] for i in DRAWN]) for one in (network, control)
    )
    expected = grad_cam.energy_in_nodule(maps, masks)
    expected = expected.join(grad_cam.heat_map_agreement(maps, redrawn))
    assert look.sanity["patient_id"].tolist() == DRAWN
    pd.testing.assert_frame_equal(look.sanity.drop(columns="patient_id"), expected)


def test_no_other_patient_is_read(network, weights):
    read = []

    def spy(patient):
        read.append(patient)
        return frame(patient)

    explained.explain_network(
        *(network, weights, spy, Y, P),
        threshold=0.5,
        training=TRAINING * 5,
        drawn=DRAWN,
        cropping=Cropping(SIZE),
    )
    assert sorted(read) == sorted({*TRAINING, *DRAWN, "P6", "P8", "P10", "P11"})


def test_the_summary_has_the_medians_of_every_network():
    sanity = pd.DataFrame(
        {
            "model": ["b", "b", "b", "a"],
            "inside": [0.1, 0.5, 0.2, np.nan],
            "rank_correlation": [0.0, 0.3, 0.9, 1.0],
            "area": [0.1, 0.2, 0.3, 0.6],
        }
    )
    found = explained.heat_map_summary(sanity)
    assert found["area"] == pytest.approx(0.25) and list(found["models"]) == ["b", "a"]
    assert found["models"]["b"] == {"inside": 0.2, "rank_correlation": 0.3}
    assert np.isnan(found["models"]["a"]["inside"])
