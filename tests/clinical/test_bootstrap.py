"""Bootstrap validation: against rms, and against optimism that is known."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from tests.reference import cases, compare, note, number
from thyro.clinical import bootstrap
from thyro.clinical.logistic import design, fit_logistic
from thyro.clinical.screening import select_terms
from thyro.statistics import NoMaximum, maximise_logistic, rank_auc

FARTHEST = 30.0  # a linear predictor beyond it belongs to a separated sample
EFFECTS = np.array([0.8, 0.5, 0.3, 0.2, 0.0, 0.0, 0.0, 0.0])


def cohort(n, rng):
    """Eight standard normal predictors, four of which matter."""
    X = rng.normal(size=(n, 8))
    return X, (rng.random(n) < expit(X @ EFFECTS - 0.7)).astype(int)


def all_columns(patients, outcome):
    """A regression on every column, as `fit` of `optimism_of`."""
    design = np.column_stack([np.ones(len(patients)), patients])
    try:
        beta, _ = maximise_logistic(design, outcome, farthest=FARTHEST)
    except (NoMaximum, np.linalg.LinAlgError):
        raise ValueError("separated, or a level that the sample lacks") from None
    return {"model": lambda others: expit(beta[0] + others.to_numpy() @ beta[1:])}


def optimism(X, y, **keywords):
    """Optimism of a logistic regression with fixed terms, as rms::validate."""
    return bootstrap.optimism_of(all_columns, pd.DataFrame(X), y, **keywords)["model"]


def columns(case, formula=None):
    """Design without the column of ones, and outcome, of the variables that the formula names."""
    data = {
        k: v for k, v in case["input"].items() if k != "resample_indices_1based_rows_are_bootstraps"
    }
    frame = pd.DataFrame(data)
    for term, levels in (case.get("factor_levels") or {}).items():
        frame[term] = pd.Categorical(frame[term], categories=levels)
    names = [name.strip() for name in case["formula"].split("~")[1].split("+")]
    levels = {t: list(frame[t].cat.categories) for t in names if frame[t].dtype == "category"}
    return design(frame[names], levels, {})[0][:, 1:], frame["y"].to_numpy()


OF_RMS = {"r2": "R2", "intercept": "Intercept", "slope": "Slope", "brier": "B"}


@pytest.mark.parametrize("case", cases("validate", "deterministic_cases"))
def test_optimism_of_given_samples(case):
    X, y = columns(case)
    rows = np.array(case["input"]["resample_indices_1based_rows_are_bootstraps"]) - 1
    got, want, name = optimism(X, y, rows=rows), case["output"], case["name"]
    assert (got.draws, got.failed) == (want["B"], 0)
    for column in ("apparent", "training", "test", "optimism", "corrected"):
        for mine, theirs in OF_RMS.items():
            compare("validate", name, got.table.loc[mine, column], want[column][theirs], 1e-6)
        auc = got.table.loc["auc", column]
        dxy = 2 * auc if column == "optimism" else 2 * auc - 1
        compare("validate", name, dxy, want[column]["Dxy"], 1e-6, what=f"{column} Dxy")
    compare("validate", name, got.table.loc["auc", "corrected"], want["corrected_auc"], 1e-6)
    for mine, theirs in OF_RMS.items():  # rms's own convergence
        value = want["rms_validate_corrected"][theirs]
        compare("validate, rms itself", name, got.table.loc[mine, "corrected"], value, 2e-4)


@pytest.mark.parametrize("case", cases("validate", "validate_cases"))
def test_optimism_is_that_of_rms_within_its_scatter(case):
    X, y = columns(case)
    want = case["output"]
    got = optimism(X, y, draws=1000, seed=7).table
    compare("validate", case["name"], got.loc["auc", "apparent"], want["apparent_auc"], 1e-6)
    limit = 5 * want["corrected_auc_mc_sd"] * np.sqrt(200 / 1000)
    check_scatter(case, got.loc["auc", "corrected"], want["corrected_auc_mean"], limit)
    for mine, theirs in OF_RMS.items():
        index = want["indexes"][theirs]
        apparent = got.loc[mine, "apparent"]
        compare("validate", case["name"], apparent, index["index_orig"], 1e-6, what=theirs)
        limit = 5 * index["corrected_mc_sd"] * np.sqrt(200 / 1000)
        check_scatter(case, got.loc[mine, "corrected"], index["corrected_mean"], limit)


def check_scatter(case, got, want, limit):
    note("validate, in Monte Carlo SD", case["name"], 5 * abs(got - want) / limit, 5)
    assert abs(got - want) <= limit


@pytest.mark.parametrize("case", cases("calibrate_bootstrap", "bootstrap_calibration_cases"))
def test_bias_corrected_calibration(case):
    X, y = columns(case)
    want, name = case["output"], case["name"]
    got = bootstrap.calibrate(X, y, want["predy"], draws=200, seed=3)
    compare("calibrate_bootstrap", name, got["apparent"], want["apparent"], 1e-5, what="apparent")
    off = np.abs(got["corrected"] - np.array(want["bias_corrected_mean_over_seeds"]))
    limit = 5 * np.array(want["mc_sd_single_run"]) + 0.002
    note("calibrate, corrected", name, (off / limit).max(), 1)
    assert (off <= limit).all()
    # The mean error that rms prints below the curve, at the patients' own predictions.
    beta, _ = maximise_logistic(np.column_stack([np.ones(len(y)), X]), y)
    p = expit(beta[0] + X @ beta[1:])
    error = np.abs(p - np.interp(p, got["predicted"], got["corrected"], np.nan, np.nan))
    error = error[np.isfinite(error)]
    for value, key in (
        (error.mean(), "mean_abs_error"),
        (np.quantile(error, 0.9), "q90_abs_error"),
    ):
        limit = 5 * number(want[f"{key}_sd"]) + 0.002
        note("calibrate, corrected", name, abs(value - want[f"{key}_mean"]) / limit, 1)
        assert abs(value - want[f"{key}_mean"]) <= limit


def test_optimism_is_the_true_optimism():
    rng = np.random.default_rng(4)
    population, outcome = cohort(40_000, rng)
    estimated, true = [], []
    for seed in range(60):
        X, y = cohort(200, rng)
        got = optimism(X, y, draws=40, seed=seed).table  # 2400 samples in all
        beta, _ = maximise_logistic(np.column_stack([np.ones(200), X]), y)
        there = rank_auc(outcome, population @ beta[1:])
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

    fixed = optimism(X, y, draws=30, seed=2)
    same = bootstrap.optimism_of(all_terms, frame, y, draws=30, seed=2)["model"]
    pd.testing.assert_frame_equal(fixed.table, same.table, atol=1e-7, rtol=0)
    searched = bootstrap.optimism_of(chosen, frame, y, draws=30, seed=2)["model"]
    # Choosing on the same patients adds to the optimism of what was chosen.
    terms = select_terms(frame, y, list(frame)).terms
    kept = optimism(frame[terms], y, draws=30, seed=2)
    assert searched.table.loc["auc", "optimism"] > kept.table.loc["auc", "optimism"]


def test_a_seed_gives_the_same_samples():
    X, y = cohort(100, np.random.default_rng(1))
    one, same, other = (optimism(X, y, draws=20, seed=s).table for s in (3, 3, 4))
    pd.testing.assert_frame_equal(one, same)
    assert not one.equals(other)


def test_samples_that_cannot_be_fitted_are_counted():
    rng = np.random.default_rng(3)
    X = np.column_stack([rng.normal(size=60), np.r_[np.ones(3), np.zeros(57)]])
    y = np.r_[1, 1, 0, rng.integers(0, 2, 57)]
    got = optimism(X, y, draws=200, seed=0)
    assert got.failed > 0 and got.draws + got.failed == 200
    assert np.isfinite(got.table.to_numpy()).all()


def test_a_separated_outcome_has_nothing_to_validate():
    x = np.arange(20.0)[:, None]
    with pytest.raises(ValueError, match="separated"):
        bootstrap.calibrate(x, (x[:, 0] > 9).astype(int), [0.5])


def test_a_sample_whose_model_cannot_be_recalibrated_fails():
    """A model that gives everybody one risk has no slope in other patients."""
    rng = np.random.default_rng(5)
    X, y = cohort(80, rng)
    calls = []

    def fit(patients, outcome):
        calls.append(len(patients))
        flat = len(calls) in (3, 4)
        return {"model": lambda others: np.full(len(others), 0.3) if flat else expit(others[0])}

    got = bootstrap.optimism_of(fit, pd.DataFrame(X), y, draws=10)["model"]
    assert (got.draws, got.failed) == (8, 2)


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


def resampled(frame, y, draws, make, seed=0):
    """Signatures that each sample makes for itself, as 04 leaves them."""
    rng, n, parts = np.random.default_rng(seed), len(y), []
    for k in range(draws + 1):
        rows = rng.integers(0, n, n) if k else np.arange(n)
        drawn = np.bincount(rows, minlength=n)
        columns = {"sample": k, "patient_id": frame.index, "drawn": drawn}
        parts.append(pd.DataFrame(columns | {"signature": make(rows)}))
    return pd.concat(parts, ignore_index=True)


def one_term(patients, outcome):
    return {"A": fit_logistic(patients, outcome, ["signature"], tests=False).predict}


def test_with_signatures_that_stay_the_pipeline_is_the_bootstrap_of_the_nomogram():
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, 90)
    frame = pd.DataFrame({"signature": y + rng.normal(size=90)}, [f"P{i}" for i in range(90)])
    table = resampled(frame, y, 30, lambda rows: frame["signature"].to_numpy())
    shuffled = table.sample(frac=1, random_state=1)
    got = bootstrap.pipeline_optimism(one_term, frame, y, shuffled, draws=30)["A"]
    of_samples = [part for k, part in table.groupby("sample") if k]
    rows = np.array([np.repeat(np.arange(90), part["drawn"]) for part in of_samples])
    want = bootstrap.optimism_of(one_term, frame, y, rows=rows)["A"]
    pd.testing.assert_frame_equal(got.table, want.table)
    assert (got.draws, got.failed) == (30, 0)


def test_a_signature_that_learns_its_patients_by_heart_is_found_out():
    """Noise that knows whoever made it: in-sample perfect, and worth nothing."""
    rng = np.random.default_rng(5)
    y = rng.integers(0, 2, 200)
    frame = pd.DataFrame({"signature": 0.0}, [f"P{i}" for i in range(200)])

    def by_heart(rows):
        known = np.isin(np.arange(200), rows)
        return np.where(known, 1.5 * y, 0.75) + rng.normal(size=200)

    table = resampled(frame, y, 60, by_heart)
    whole = table[table["sample"].eq(0)].set_index("patient_id")["signature"]
    found = bootstrap.pipeline_optimism(one_term, frame, y, table, draws=60)["A"].table
    fixed = frame.assign(signature=whole)
    conditional = bootstrap.optimism_of(one_term, fixed, y, draws=60)["A"].table
    assert found.loc["auc", "apparent"] == conditional.loc["auc", "apparent"] > 0.8
    assert abs(conditional.loc["auc", "optimism"]) < 0.02  # conditional on it, nothing is wrong
    # Of all patients a sample lacks 37 %, whom its signature does not know.
    assert found["optimism"]["auc"] > 0.08
    # The others flatter what is left; who was never drawn tells that it is noise.
    assert found["corrected"]["auc"] > 0.6
    again = bootstrap.pipeline_optimism(one_term, frame, y, table, draws=60)["A"]
    assert abs(again.left_out_auc - 0.5) < 0.03


def test_the_auc_of_patients_left_out_is_of_nobody_in_the_sample():
    y = np.array([0, 1, 0, 1, 0, 1])
    frame = pd.DataFrame({"x": [0.1, 0.9, 0.2, 0.3, 0.7, 0.4]})

    def given(patients, outcome):
        return {"A": lambda others: others["x"].to_numpy()}

    rows = [[0, 1, 0, 1, 2, 2], [0, 1, 2, 3, 4, 4]]  # without 3, 4, 5; without 5 alone
    found = bootstrap.optimism_of(given, frame, y, rows=np.array(rows))["A"]
    assert found.left_out_auc == 0.0  # 3 and 5 are both below 4


def test_samples_that_were_not_made_count_as_failed():
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, 60)
    frame = pd.DataFrame({"signature": y + rng.normal(size=60)}, [f"P{i}" for i in range(60)])
    table = resampled(frame, y, 20, lambda rows: frame["signature"].to_numpy())
    some = table[~table["sample"].isin([3, 4])]
    found = bootstrap.pipeline_optimism(one_term, frame, y, some, draws=20)["A"]
    assert (found.draws, found.failed) == (18, 2)
    for lacking in (table[table["sample"].gt(0)], table[table["patient_id"].ne("P7")]):
        with pytest.raises(ValueError, match="resampled: expected sample 0, and every patient"):
            bootstrap.pipeline_optimism(one_term, frame, y, lacking, draws=20)


def test_validations_are_stacked_with_their_signature():
    X, y = cohort(100, np.random.default_rng(1))
    one = {"A": optimism(X, y, draws=20)}
    table = bootstrap.validation_table({"fixed": one, "repeated": one})
    assert table.groupby("signature").size().to_dict() == {"fixed": 5, "repeated": 5}
    assert list(table) == [
        *("measure", "apparent", "training", "test", "optimism", "corrected"),
        *("model", "signature", "left_out_auc"),
    ]
    assert set(table["left_out_auc"]) == {one["A"].left_out_auc}
    assert bootstrap.failed_samples({"fixed": one}) == {"fixed": one["A"].failed}
