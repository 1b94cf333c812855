"""Checks of one publication: its claims, and facts that the feature sets here share."""

import pytest

from thyro.audit import li2024
from thyro.radiomics import feature_sets

from .conftest import found, original


def test_facts_on_pyradiomics_are_those_of_the_feature_set():
    facts, paper = original().data["pyradiomics"], feature_sets.PAPER
    described = paper.describe()
    assert len(described) == original().need("radiomics", "n_total")
    per_class = described.groupby("feature_class")["feature"].nunique()
    assert per_class["firstorder"] == facts["features"]["firstorder"]
    assert per_class["shape"] == facts["features"]["shape"]
    textures = per_class.drop(["firstorder", "shape"])
    without = {c: len(names) for c, names in facts["example_without"].items()}
    for name, n in textures.items():
        assert n == facts["features"][name] - without.get(name, 0)
    assert textures.sum() == original().need("radiomics", "n_texture")
    assert sorted(paper.noise_types) == sorted(facts["noise_on_one_slice"])
    assert len(paper.degenerate()) == 366


def test_the_empty_features_are_counted():
    told = found("F4").implied
    assert told.startswith("366 cannot carry information (23%): 364 of 4 wavelet bands, 2 of shape")


def test_sets_of_seventeen_images():
    told = found("F3").implied  # by hand: seven, and at most fourteen in the plane
    assert told.startswith("18 possible; 7 sets have 17") and "at most 14" in told


def test_claims_against_the_table():
    assert "SR_DenseNet121 0.784 < OR_DenseNet121 0.814 in Test" in found("D7").implied
    assert found("D7").implied.startswith("true in 7 of 8")
    assert found("D8").implied.startswith("OR_DenseNet121 in Test (0.814 v 0.799)")
    assert "+0.002 to SR_SVM" in found("D11").implied and "Nomogram_B" in found("D11").implied
    assert "0.052 after adjustment" in found("H3").implied


def test_weights_of_a_signature_that_saw_the_outcome():
    told = found("E2").implied  # by hand: 0.909 and 0.926 for B, 0.950 and 0.951 for A
    for number in ("0.950", "0.951", "0.909", "0.926", "1.23 times"):
        assert number in told


def test_the_joint_auc_of_two_scores():
    d = li2024.separation(original().interval("SR_SVM", "Test"))
    assert li2024.joint_auc((1, 0), (d, 1.0)) == pytest.approx(0.87805)
    best = li2024.joint_auc((d, 1.0), (d, 1.0))
    assert all(li2024.joint_auc(w, (d, 1.0)) < best for w in ((1, 0), (0, 1), (1, 1), (3 * d, 1)))


def test_terms_that_are_listed_in_two_ways():
    assert "findings of pathology (2.3)" in found("H4").implied
    assert found("H4").where == "2.3, Table 1"


def test_what_is_not_printed_is_listed():
    assert found("H8").printed == "0 of 7" and "odds ratios" in found("H8").implied
