"""The choice of clinical terms, and who may be one."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.invented import clinical, close, read
from thyro.clinical.screening import fit_nomograms, preoperative, select_terms, univariate_table

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "logistic.json").read_text())


each_case = pytest.mark.parametrize("case", GOLDEN["logistic_cases"], ids=lambda case: case["name"])


@each_case
def test_univariate_fits_match_glm(case):
    frame, y = read(case)
    table = univariate_table(frame, y, list(frame))
    for want in case["output"]["univariate"]:
        rows = table[table["term"] == want["variable"]]
        close(rows["estimate"], want["beta"][1:], 1e-7)
        close(rows["se"], want["se"][1:], 1e-7)
        close(rows["p_value"], want["p_wald"][1:], 1e-7)
        close(rows["lr_p"], want["lr_p"], 1e-7)
    assert set(table["n"]) == {len(y)}


def test_the_factors_that_made_the_data_are_found():
    chosen = [
        select_terms(*clinical(600, seed), ["age", "side", "margin", "noise"]).terms
        for seed in range(40)
    ]
    assert all({"age", "margin"} <= set(terms) for terms in chosen)
    # side and noise stay by chance, one time in twenty each: 12 of 80 is beyond the 0.999 quantile.
    assert sum(len(terms) - 2 for terms in chosen) < 12


def test_entry_and_retention_are_limits_of_the_likelihood_ratio_p():
    frame, y = clinical(600)
    screened = univariate_table(frame, y, list(frame)).groupby("term")["lr_p"].first()
    last = screened.idxmax()
    inside = select_terms(frame, y, list(frame), entry=screened[last] * 1.001)
    outside = select_terms(frame, y, list(frame), entry=screened[last] * 0.999)
    assert last in set(inside.multivariable["term"])
    assert last not in set(outside.multivariable["term"])
    kept = inside.multivariable.groupby("term")["lr_p"].first()
    for factor, stays in ((1.001, True), (0.999, False)):
        retain = {"entry": 1.1, "retain": kept["margin"] * factor}
        assert ("margin" in select_terms(frame, y, list(frame), **retain).terms) == stays


def test_both_regressions_stand_side_by_side():
    frame, y = clinical(600)
    selection = select_terms(frame, y, list(frame), entry=1e-3)
    table = selection.to_frame()
    assert len(table) == len(selection.univariate)
    entered = table["estimate_multivariable"].notna()
    assert set(table.loc[entered, "term"]) == set(selection.multivariable["term"])


def test_when_nothing_enters_the_smallest_p_is_taken():
    frame, y = clinical()
    selection = select_terms(frame, y, ["side", "noise"], entry=1e-9)
    smallest = selection.univariate.set_index("term")["lr_p"].idxmin()
    assert selection.terms == [smallest]
    assert f"No variable has p < 1e-09: {smallest}" in selection.note


def test_when_nothing_stays_the_smallest_univariate_p_is_taken():
    frame, y = clinical()
    selection = select_terms(frame, y, ["age", "margin"], retain=1e-30)
    smallest = selection.univariate.set_index("term")["lr_p"].idxmin()
    assert selection.terms == [smallest]
    assert "No variable keeps p < 1e-30" in selection.note


def test_single_values_are_set_aside():
    frame, y = clinical()
    frame["ht"] = pd.Categorical(["No"] * len(frame), categories=["No", "Yes"])
    selection = select_terms(frame, y, ["ht", "age"])
    assert selection.terms == ["age"]
    assert "ht: a single value in training, set aside." in selection.note
    with pytest.raises(ValueError, match="all of ht have a single value"):
        select_terms(frame, y, ["ht"])


@pytest.mark.parametrize("seed", range(12))
def test_small_cohorts_with_rare_levels_still_give_finite_numbers(seed):
    # Most of these are separated somewhere; the penalty then weighs more than the data.
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"age": rng.normal(45, 11, 30).round()})
    for name, size in (("echo", 3), ("composition", 4), ("calcification", 6)):
        levels = [f"{name} {k}" for k in range(size)]
        shares = rng.dirichlet(np.full(size, 0.7))
        frame[name] = pd.Categorical(rng.choice(levels, 30, p=shares), categories=levels)
    y = np.r_[np.ones(8, int), np.zeros(22, int)]
    selection = select_terms(frame, y, list(frame), entry=0.8, retain=0.8)
    for table in (selection.univariate, selection.multivariable):
        assert np.isfinite(table[["estimate", "se", "p_value", "lr_p"]]).all(axis=None)
    assert ((selection.univariate["lr_p"] >= 0) & (selection.univariate["lr_p"] <= 1)).all()


def test_what_others_determine_in_few_patients_is_left_out_of_a_repeated_choice_alone():
    frame, y = clinical()
    frame["margin_again"] = frame["margin"].astype(str)
    limits = {"entry": 1.1, "retain": 1.1}
    variables = ["age", "margin", "margin_again"]
    with pytest.raises(ValueError, match="margin_again=.* can be computed from the terms before"):
        select_terms(frame, y, variables, **limits)
    assert select_terms(frame, y, variables, **limits, again=True).terms == ["age", "margin"]
    process = {"variables": variables, "signatures": {"C": []}, **limits}
    repeated = fit_nomograms(frame, y, **process)["C"](frame)
    alone = fit_nomograms(frame, y, **process | {"variables": ["age", "margin"]})["C"](frame)
    assert repeated.tolist() == alone.tolist()


DECLARED = {"age": {"preoperative": True}, "lnm_location": {"preoperative": False}}


def test_a_model_before_surgery_takes_what_is_known_before_surgery():
    assert preoperative(DECLARED, []) == ["age"]
    assert preoperative(DECLARED, ["age"]) == ["age"]
    with pytest.raises(ValueError, match="'lnm_location' is not known at the time of prediction"):
        preoperative(DECLARED, ["age", "lnm_location"])
    with pytest.raises(ValueError, match="'size' is not declared"):
        preoperative(DECLARED, ["size"])


def test_a_variable_that_may_be_missing_enters_no_model():
    optional = DECLARED | {"tsh": {"preoperative": True, "required": False}}
    assert preoperative(optional, []) == ["age"]
    with pytest.raises(ValueError, match="'tsh' may be missing; no nomogram can rest on it"):
        preoperative(optional, ["tsh"])
    message = (
        "candidates: no variable is required of every patient and known at the time of prediction."
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        preoperative({"lnm_location": {"preoperative": False}}, [])


def test_the_level_is_that_of_the_intervals_and_of_nothing_else():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.normal(size=(80, 2)), columns=["a", "b"])
    y = rng.binomial(1, 1 / (1 + np.exp(-frame["a"])))
    usual, narrow = (select_terms(frame, y, ["a", "b"], level=level) for level in (0.95, 0.8))
    assert usual.terms == narrow.terms
    for wide, slim in (
        (usual.univariate, narrow.univariate),
        (usual.multivariable, narrow.multivariable),
    ):
        same = [name for name in wide.columns if name not in ("ci_low", "ci_high")]
        pd.testing.assert_frame_equal(wide[same], slim[same])
        assert (slim["ci_low"] > wide["ci_low"]).all() and (slim["ci_high"] < wide["ci_high"]).all()
