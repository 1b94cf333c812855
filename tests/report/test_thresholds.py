import json
import re

import numpy as np
import pytest

from tests.report.conftest import HOSTILE, PREDICTIONS, InventedResults
from thyro.report import thresholds


@pytest.fixture(scope="module")
def results():
    return InventedResults()


@pytest.fixture(scope="module")
def data(results):
    return thresholds.embedded(results, PREDICTIONS)


def test_a_step_is_reached_exactly_where_the_probability_is():
    p = np.concatenate([np.arange(1001) / 1000, np.random.default_rng(0).random(2000)])
    for k in (1, 7, 290, 570, 999, 1000):
        np.testing.assert_array_equal(thresholds.steps(p) >= k, p >= k / 1000)
    assert thresholds.steps(np.array([0.0, 1.0])).tolist() == [0, 1000]


def test_what_is_embedded_gives_the_confusion_matrix(results, data):
    for model in data["protocols"][0]["models"]:
        scores = results.scores["04_models/predictions"] | results.scores["05_nomogram/predictions"]
        p = scores.get(model["name"], results.y)
        for cohort, (controls, cases) in zip(("train", "test"), model["scores"], strict=True):
            inside = results.patients["split"].eq(cohort).to_numpy()
            for y, steps in ((0, controls), (1, cases)):
                wanted = int((p[inside & (results.y == y)] >= 0.42).sum())
                assert int((np.cumsum(steps) >= 420).sum()) == wanted


def test_models_and_cohorts_are_those_of_the_study(data):
    assert data["cohorts"] == ["Training cohort", "Test cohort"]
    labels = [protocol["label"] for protocol in data["protocols"]]
    assert labels == ["Sound recipe, cross-fitted", "Classical recipe, in-sample"]
    models = data["protocols"][0]["models"]
    # a score that is no probability has no place here
    assert [m["name"] for m in models] == ["SR_SVM", "Nomogram_A", HOSTILE, "Radiologist"]
    assert [m["chosen"] for m in models] == [False, True, True, True]
    assert all(re.fullmatch(r"#[0-9A-Fa-f]{6}", m["colour"]) for m in models)
    assert all(re.fullmatch(r"[\d. ]*", m["dash"]) for m in models)


def test_a_grade_is_yes_from_the_cut_off_of_the_reader(results, monkeypatch):
    graded = InventedResults()
    graded.patients["radiologist"] = graded.y * 3 + 1
    monkeypatch.setattr(graded, "values", lambda name: {"radiologist_yes_from": 4})
    assert thresholds.embedded(graded, PREDICTIONS) == thresholds.embedded(results, PREDICTIONS)


def test_no_patient_and_no_markup_is_in_the_element(results):
    text = thresholds.element(results, PREDICTIONS, outcome=HOSTILE)
    assert not re.search(r"\bP\d+\b", text)
    assert text.count("<script") == 1 and "&lt;script&gt;" in text
    embedded = re.search(r'<script type="application/json">(.*?)</script>', text)[1]
    assert json.loads(embedded) == thresholds.embedded(results, PREDICTIONS)
