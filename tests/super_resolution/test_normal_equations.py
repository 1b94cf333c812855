"""Sums of windows give the filter that numpy and torch would find window by window."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from thyro.super_resolution.normal_equations import NormalEquations

RNG = np.random.default_rng(2)
X, Y = (torch.from_numpy(RNG.normal(size=(1, 2, 12, 15))).float() for _ in range(2))


def summed(x=X, y=Y, n=10_000):
    sums = NormalEquations()
    sums.add(x, y, 3, n, np.random.default_rng(0))
    return sums


def test_the_filter_is_that_of_least_squares_on_every_window():
    kernel, constant = summed().solve(0.0)
    windows = F.unfold(X, 3)[0].T.double()
    rows = torch.cat([windows, torch.ones(len(windows), 1)], dim=1).numpy()
    targets = Y[0, :, 1:-1, 1:-1].flatten(1).T.numpy()
    expected = np.linalg.lstsq(rows, targets, rcond=None)[0]
    np.testing.assert_allclose(kernel, expected[:-1].T, atol=1e-6)
    np.testing.assert_allclose(constant, expected[-1], atol=1e-6)


def test_errors_follow_from_the_sums():
    sums = summed()
    kernel, constant = sums.solve(0.0)
    weight = torch.from_numpy(kernel).float().view(2, 2, 3, 3)
    made = F.conv2d(X, weight, torch.from_numpy(constant).float())
    missed = (Y[..., 1:-1, 1:-1] - made).square().mean().item()
    assert sums.error(kernel, constant) == pytest.approx(missed, rel=1e-4)
    nothing = Y[..., 1:-1, 1:-1].square().mean().item()
    assert sums.error(0 * kernel, 0 * constant) == pytest.approx(nothing, rel=1e-4)


def test_frames_in_parts_are_frames_together():
    both, part = summed(), summed(X.flip(3), Y.flip(3))
    both.join(part)
    once = summed()
    once.add(X.flip(3), Y.flip(3), 3, 10_000, np.random.default_rng(0))
    np.testing.assert_allclose(both.solve(0.1)[0], once.solve(0.1)[0])
    assert both.n == 2 * 10 * 13


def test_no_more_places_are_taken_than_asked_for():
    assert summed(n=17).n == 17


def test_a_penalty_shortens_the_filter_and_directions_without_variance_stay_at_zero():
    free, held = (np.linalg.norm(summed().solve(ridge)[0]) for ridge in (0.0, 10.0))
    assert held < 0.2 * free
    twice = torch.cat([X[:, :1], X[:, :1]], dim=1)  # one channel twice: which of them is not known
    kernel = summed(twice).solve(0.0)[0].reshape(2, 2, 9)
    np.testing.assert_allclose(kernel[:, 0], kernel[:, 1], atol=1e-6)
