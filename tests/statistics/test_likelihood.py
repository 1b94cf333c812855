"""Separation and Firth's fallback: against closed forms and a plain optimiser."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import minimize
from scipy.special import expit

from tests.invented import clinical, close, read
from tests.reference import cases, note
from thyro.clinical.logistic import fit_logistic
from thyro.statistics import likelihood_ratio_p

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "logistic.json").read_text())


@pytest.mark.parametrize(
    ("cases_low", "n_low", "cases_high", "n_high"), [(0, 10, 5, 12), (7, 7, 3, 9), (0, 4, 6, 6)]
)
def test_firth_of_a_2x2_table_adds_a_half_to_every_cell(cases_low, n_low, cases_high, n_high):
    # For a saturated model Firth's penalty is Haldane's correction (Firth 1993, section 4.3).
    group = pd.Categorical(["low"] * n_low + ["high"] * n_high, categories=["low", "high"])
    y = [1] * cases_low + [0] * (n_low - cases_low) + [1] * cases_high + [0] * (n_high - cases_high)
    fit = fit_logistic(pd.DataFrame({"group": group}), y, ["group"])
    low = np.log((cases_low + 0.5) / (n_low - cases_low + 0.5))
    high = np.log((cases_high + 0.5) / (n_high - cases_high + 0.5))
    assert fit.method == "Firth"
    assert "separated by group=high: Firth" in fit.note
    close(fit.coefficients, [low, high - low], 1e-9)
    # Information n p (1 - p) of two independent groups.
    variance = [1 / (n * expit(lp) * expit(-lp)) for n, lp in ((n_low, low), (n_high, high))]
    close(fit.covariance, [[variance[0], -variance[0]], [-variance[0], sum(variance)]], 1e-9)


@pytest.mark.parametrize("case", GOLDEN["edge_cases"], ids=lambda case: case["name"])
def test_firth_maximises_the_penalised_likelihood(case):
    frame, y = read(case)
    fit = fit_logistic(frame, y, list(frame))
    design = np.column_stack([np.ones(len(y)), frame])

    def penalised(beta):
        p = expit(design @ beta)
        information = design.T @ (design * (p * (1 - p))[:, None])
        return -np.sum(stats.bernoulli.logpmf(y, p)) - np.linalg.slogdet(information)[1] / 2

    best = minimize(penalised, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-9})
    assert fit.method == "Firth"
    close(fit.coefficients, best.x, 1e-5)
    close(fit.log_likelihood, -best.fun, 1e-9)
    held = minimize(
        lambda beta: penalised([beta[0], 0]), [0], method="Nelder-Mead", options={"xatol": 1e-9}
    )
    close(fit.null_log_likelihood, -held.fun, 1e-9)
    close(fit.lr_p[frame.columns[0]], stats.chi2.sf(2 * (held.fun - best.fun), 1), 1e-7)


def test_steep_but_overlapping_data_keep_maximum_likelihood():
    # One pair of patients overlaps, so the maximum exists although predictors reach beyond 18.
    frame = pd.DataFrame({"x": [*np.linspace(-40, -1, 20), 0.02, -0.02, *np.linspace(1, 40, 20)]})
    y = [0] * 21 + [1] * 21
    fit = fit_logistic(frame, y, ["x"])
    assert fit.method == "maximum likelihood"
    assert np.abs(fit.linear_predictor(frame)).max() > 18
    # Score equations of maximum likelihood.
    residual = y - fit.predict(frame)
    close([residual.sum(), residual @ frame["x"]], [0, 0], 1e-8)


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e6])
def test_separation_is_seen_in_any_unit(unit):
    frame, y = read(GOLDEN["edge_cases"][0])
    one, other = (fit_logistic(f, y, ["x"]) for f in (frame, frame * unit))
    assert other.method == "Firth"
    close(other.coefficients * [1, unit], one.coefficients, 1e-6)


def test_separation_by_one_level_of_several_is_seen():
    frame, y = clinical()
    y = np.where(frame["margin"] == "Extension", 1, y)
    fit = fit_logistic(frame, y, ["age", "margin"])
    assert fit.method == "Firth"
    assert "margin=Extension" in fit.note
    assert np.isfinite(fit.table()[["estimate", "se", "ci_low", "ci_high", "lr_p"]]).all(axis=None)


LOGISTIC = "logistic"


@pytest.mark.parametrize("case", cases("logistic", "edge_cases"))
def test_separation_is_told(case):
    frame, y = read(case)
    fit = fit_logistic(frame, y, list(frame))
    assert fit.method == "Firth" and "separated" in fit.note
    assert np.isfinite(fit.coefficients).all() and np.isfinite(fit.covariance).all()
    note(LOGISTIC, case["name"], 0.0, 1e-7)


def test_the_ratio_of_likelihoods_is_that_of_the_regression():
    frame, y = clinical()
    for term in ("age", "margin"):
        fit = fit_logistic(frame, y, [term])
        values = frame[term]
        coded = pd.get_dummies(values, drop_first=True, dtype=float) if term == "margin" else values
        design = np.column_stack([np.ones(len(y)), coded])
        assert likelihood_ratio_p(design, np.asarray(y)) == pytest.approx(fit.lr_p[term], rel=1e-9)


def test_the_ratio_is_that_of_firths_likelihoods_where_the_outcome_is_separated():
    x, y = np.arange(12.0), np.repeat([0, 1], 6)
    fit = fit_logistic(pd.DataFrame({"x": x}), y, ["x"])
    p = likelihood_ratio_p(np.column_stack([np.ones(12), x]), y)
    assert fit.method == "Firth" and p == pytest.approx(fit.lr_p["x"], rel=1e-9)
    assert (
        likelihood_ratio_p(np.column_stack([np.ones(4), [0, 1, 0, 1]]), np.array([0, 0, 1, 1])) == 1
    )
