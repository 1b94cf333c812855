"""Bootstrap validation: against fits one by one, and against optimism that is known."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from thyro.clinical import bootstrap
from thyro.clinical.logistic import fit_logistic
from thyro.clinical.screening import select_terms
from thyro.statistics import smoothing
from thyro.statistics.delong import auc_ci

EFFECTS = np.array([0.8, 0.5, 0.3, 0.2, 0.0, 0.0, 0.0, 0.0])


def cohort(n, rng):
    """Eight standard normal predictors, four of which matter."""
    X = rng.normal(size=(n, 8))
    return X, (rng.random(n) < expit(X @ EFFECTS - 0.7)).astype(int)


def test_many_fits_at_once_are_the_fits_one_by_one():
    rng = np.random.default_rng(0)
    X, y = cohort(150, rng)
    rows = bootstrap.resamples(150, 5, 1)
    design = np.column_stack([np.ones(150), X])
    counts = np.array([np.bincount(row, minlength=150) for row in rows], dtype=float)
    beta, sound = bootstrap.fit_samples(design, y, counts)
    frame = pd.DataFrame(X).add_prefix("x")
    for row, coefficients, good in zip(rows, beta, sound, strict=True):
        one = fit_logistic(frame.iloc[row], y[row], list(frame))
        assert good
        np.testing.assert_allclose(coefficients, one.coefficients, atol=1e-8)


def test_optimism_is_the_true_optimism():
    rng = np.random.default_rng(4)
    population, outcome = cohort(40_000, rng)
    estimated, true = [], []
    for seed in range(60):
        X, y = cohort(200, rng)
        got = bootstrap.optimism(X, y, draws=100, seed=seed).table
        design = np.column_stack([np.ones(200), X])
        beta, _ = bootstrap.fit_samples(design, y, np.ones((1, 200)))
        there = auc_ci(outcome, population @ beta[0, 1:]).auc
        estimated.append(got.loc["auc", "optimism"])
        true.append(got.loc["auc", "apparent"] - there)
    assert np.mean(true) > 0.02  # there is something to correct
    assert abs(np.mean(estimated) - np.mean(true)) < 0.01


def test_the_whole_process_may_be_repeated_in_each_sample():
    rng = np.random.default_rng(6)
    X, y = cohort(160, rng)
    frame = pd.DataFrame(X).add_prefix("x")

    def all_terms(patients, outcome):
        return {"model": fit_logistic(patients, outcome, list(frame)).predict}

    def chosen(patients, outcome):
        terms = select_terms(patients, outcome, list(frame)).terms
        return {"model": fit_logistic(patients, outcome, terms).predict}

    fixed = bootstrap.optimism(X, y, draws=30, seed=2)
    same = bootstrap.optimism_of(all_terms, frame, y, draws=30, seed=2)["model"]
    pd.testing.assert_frame_equal(fixed.table, same.table, atol=1e-7, rtol=0)
    searched = bootstrap.optimism_of(chosen, frame, y, draws=30, seed=2)["model"]
    # Choosing on the same patients adds to the optimism of what was chosen.
    terms = select_terms(frame, y, list(frame)).terms
    kept = bootstrap.optimism(frame[terms], y, draws=30, seed=2)
    assert searched.table.loc["auc", "optimism"] > kept.table.loc["auc", "optimism"]


def test_a_seed_gives_the_same_samples():
    X, y = cohort(100, np.random.default_rng(1))
    one, same, other = (bootstrap.optimism(X, y, draws=20, seed=s).table for s in (3, 3, 4))
    pd.testing.assert_frame_equal(one, same)
    assert not one.equals(other)


def test_samples_that_cannot_be_fitted_are_counted():
    rng = np.random.default_rng(3)
    X = np.column_stack([rng.normal(size=60), np.r_[np.ones(3), np.zeros(57)]])
    y = np.r_[1, 1, 0, rng.integers(0, 2, 57)]
    got = bootstrap.optimism(X, y, draws=200, seed=0)
    assert got.failed > 0 and got.draws + got.failed == 200
    assert np.isfinite(got.table.to_numpy()).all()


def test_a_separated_outcome_has_nothing_to_validate():
    x = np.arange(20.0)[:, None]
    with pytest.raises(ValueError, match="separated"):
        bootstrap.optimism(x, (x[:, 0] > 9).astype(int))


def test_a_process_that_mostly_fails_stops():
    frame, y = pd.DataFrame({"x": np.arange(20.0)}), np.tile([0, 1], 10)
    calls = []

    def fit(patients, outcome):
        calls.append(len(patients))
        if len(calls) > 1:
            raise ValueError("not here")
        return {"model": lambda patients: np.full(len(patients), 0.5)}

    with pytest.raises(ValueError, match="only 0 of 10 samples"):
        bootstrap.optimism_of(fit, frame, y, draws=10)


def test_the_corrected_curve_leans_towards_the_middle():
    rng = np.random.default_rng(8)
    X, y = cohort(120, rng)
    at = np.linspace(0.1, 0.7, 13)
    curve = bootstrap.calibrate(X, y, at, draws=100)
    slopes = [np.polyfit(at, curve[name], 1)[0] for name in ("apparent", "corrected")]
    assert slopes[1] < slopes[0]  # predictions of an overfitted model are too extreme
    beyond = bootstrap.calibrate(X, y, [0.0001, 0.5], draws=10)
    assert np.isnan(beyond["apparent"][0]) and np.isfinite(beyond["apparent"][1])


def test_a_parabola_is_its_own_loess_and_a_line_its_own_lowess():
    x = np.sort(np.random.default_rng(0).random(80))
    weights = smoothing.loess_weights(x, x)
    np.testing.assert_allclose(weights @ (3 * x**2 - x + 1), 3 * x**2 - x + 1, atol=1e-10)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-10)
    np.testing.assert_allclose(smoothing.lowess(x, 2 * x - 1)[1], 2 * x - 1, atol=1e-10)


def test_loess_of_few_distinct_values_is_their_mean():
    p, y = np.repeat([0.2, 0.8], 10), np.tile([0.0, 1, 1, 0, 1], 4)
    smooth = smoothing.loess_weights(np.array([0.2, 0.8]), p) @ y
    np.testing.assert_allclose(smooth, [0.6, 0.6], atol=1e-9)
