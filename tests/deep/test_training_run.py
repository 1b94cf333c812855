"""One training: who is watched, when it stops, and what it keeps."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from thyro.deep import training_run
from thyro.deep.training_run import FineTuningSettings, Run, TrainedPart, inner_part

QUICK = FineTuningSettings(epochs=4, patience=4, learning_rate=0.05, batch=8, inner_share=0.25)


class Points:
    """Patients of two numbers each, the first of which tells the outcome."""

    def __init__(self, n=48, seed=0, *, effect=3.0):
        rng = np.random.default_rng(seed)
        self.y = (np.arange(n) % 3 == 0).astype(int)
        values = rng.normal(size=(n, 2))
        values[:, 0] += effect * self.y
        self.x = torch.tensor(values, dtype=torch.float32)
        self.augmented_rows = []

    def plain(self, rows):
        return self.x[rows]

    def augmented(self, rows, rng):
        self.augmented_rows.append(rows)
        return self.x[rows] + torch.tensor(rng.normal(0, 0.1, (len(rows), 2)), dtype=torch.float32)


class Slot:
    """A checkpoint in memory."""

    def __init__(self):
        self.data = None

    def load(self):
        return self.data

    def save(self, data):
        self.data = data


def part():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return TrainedPart(nn.Sequential(nn.Linear(2, 4), nn.Tanh()), 4)


def run(points=None, settings=QUICK, *, seed=0, checkpoint=None, identity="this"):
    points = points or Points()
    return Run(
        part(),
        points,
        np.arange(len(points.y)),
        points.y,
        settings,
        seed=seed,
        device=torch.device("cpu"),
        identity=identity,
        checkpoint=checkpoint,
    )


def trained(one):
    while not one.done:
        one.epoch()
    return one.finish()


def test_the_watched_part_is_stratified_and_leaves_enough():
    y = np.repeat([0, 1], [40, 20])
    watched = inner_part(y, 0.15, 7)
    assert np.bincount(y[watched]).tolist() == [6, 3]
    assert not np.array_equal(watched, inner_part(y, 0.15, 8))
    few = inner_part(np.repeat([0, 1], [30, 3]), 0.4, 0)
    assert np.bincount(np.repeat([0, 1], [30, 3])[~few]).tolist() == [18, 2]
    with pytest.raises(ValueError, match="2 of 32 patients that would train a network"):
        inner_part(np.repeat([0, 1], [30, 2]), 0.15, 0)


def test_loss_falls_and_the_best_epoch_is_kept():
    one = run()
    learned = trained(one)
    table = one.table()
    assert table["loss"].iloc[-1] < table["loss"].iloc[0]
    assert table["kept"].sum() == 1
    assert table.loc[table["kept"], "inner_loss"].item() == table["inner_loss"].min()
    assert one.history[-1]["inner_auc"] > 0.9
    with torch.no_grad():
        p = learned.probability(learned.body(one.inputs.x)).numpy()
    assert p[one.inputs.y == 1].mean() > p[one.inputs.y == 0].mean() + 0.3


def test_nobody_who_is_watched_trains():
    points = Points()
    one = run(points)
    trained(one)
    watched = set(one.inner_rows.tolist())
    shown = set(np.concatenate(points.augmented_rows).tolist())
    assert watched and shown == set(range(48)) - watched
    plain = Points()
    trained(run(plain, replace(QUICK, augmentation=False)))
    assert plain.augmented_rows == []


def test_it_stops_when_the_watched_patients_no_longer_improve():
    settings = replace(QUICK, epochs=50, patience=2, learning_rate=0.5)
    one = run(Points(effect=0.0), settings)
    trained(one)
    assert one.epochs == one.best_epoch + 2 < 50


def test_class_weights_are_one_on_average_and_taken_back_from_probabilities():
    one = run()
    counts = np.bincount(one.y)
    weights = one.weights.numpy()
    assert (counts * weights).sum() == pytest.approx(len(one.y))
    assert weights[1] / weights[0] == pytest.approx(counts[0] / counts[1])
    assert float(one.part.log_weights) == pytest.approx(np.log(counts[0] / counts[1]))
    with torch.no_grad():  # nothing learned: the probability is the prevalence
        p = one.part.probability(torch.zeros(1, 4)).item()
    assert p == pytest.approx(counts[1] / counts.sum(), rel=1e-5)
    plain = run(settings=replace(QUICK, class_weights=False))
    assert plain.weights.tolist() == [1, 1] and float(plain.part.log_weights) == 0


@pytest.mark.parametrize("weighed", [True, False])
def test_the_loss_of_a_constant_is_the_least_that_one_can_have(weighed):
    y = np.repeat([0, 1], [30, 10])
    counts = np.bincount(y)
    weights = (len(y) / (2 * counts) if weighed else np.ones(2))[y]
    p = np.linspace(0.01, 0.99, 9801)[:, None]
    losses = -(weights * (y * np.log(p) + (1 - y) * np.log(1 - p))).mean(axis=1)
    settings = FineTuningSettings(class_weights=weighed)
    assert settings.constant_loss(y) == pytest.approx(losses.min(), abs=1e-6)


def test_features_are_standardised_by_those_who_train():
    one = run()
    with torch.no_grad():
        features = one.part.body(one.inputs.plain(one.rows))
    torch.testing.assert_close(one.part.mean, features.mean(dim=0))
    torch.testing.assert_close(one.part.sd, features.std(dim=0, correction=0))


def test_a_feature_that_hardly_varies_in_those_who_train_is_not_blown_up_in_others():
    points = Points()
    rare = torch.zeros(len(points.y), 2)
    rare[0, 0] = 0.01  # a feature that one patient has, and one that nobody has
    points.x = torch.cat([points.x, rare], dim=1)
    body = TrainedPart(nn.Identity(), 4)
    one = Run(
        *(body, points, np.arange(48), points.y, QUICK),
        **{"seed": 0, "device": torch.device("cpu"), "identity": "this", "checkpoint": None},
    )
    sd = points.x[one.rows].std(dim=0, correction=0)
    least = 0.1 * sd.square().mean().sqrt()
    torch.testing.assert_close(one.part.sd, torch.stack([sd[0], sd[1], least, least]))
    nobody = Points()
    nobody.x = torch.zeros(48, 2)
    one = run(nobody)
    assert torch.isfinite(one.part(nobody.x)).all() and (one.part.sd > 0).all()


@pytest.mark.parametrize("epochs", [1, 3])
def test_it_goes_on_from_its_checkpoint_and_from_no_other(epochs):
    undisturbed = trained(run()).state_dict()
    slot = Slot()
    first = run(checkpoint=slot)
    for _ in range(epochs):
        first.epoch()
    second = run(checkpoint=slot)
    assert second.epochs == epochs
    again = trained(second).state_dict()
    assert all(torch.equal(undisturbed[key], again[key]) for key in undisturbed)
    for other in ({"seed": 1}, {"identity": "that"}, {"settings": replace(QUICK, batch=4)}):
        assert run(checkpoint=slot, **other).epochs == 0


def test_what_is_done_keeps_its_best_weights_alone():
    slot = Slot()
    learned = trained(run(checkpoint=slot))
    size = len(slot.data)
    later = run(checkpoint=slot)
    assert later.done
    finished = later.finish().state_dict()
    assert all(torch.equal(value, finished[key]) for key, value in learned.state_dict().items())
    assert b"adam." not in slot.data and size == len(slot.data)


def test_a_learning_rate_that_diverges_is_named():
    points = Points()
    points.x[:, 1] = torch.inf
    with pytest.raises(ValueError, match=r"diverged in epoch 1. Lower the learning rate, 0.05\."):
        run(points).epoch()


def test_batches_are_equal_parts():
    sizes = [len(part) for part in training_run._batches(np.arange(35), 16)]
    assert sizes == [18, 17]
    assert [len(part) for part in training_run._batches(np.arange(3), 16)] == [3]
