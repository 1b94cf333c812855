"""The words of the radiomic features follow their numbers."""

import numpy as np
import pandas as pd
import pytest

from thyro.radiomics import feature_sets
from thyro.report.words import features as words_features


def test_the_profiles_are_counted():
    strings = words_features.features({"or": {"failures": 0}, "sr": {"failures": 0}})
    assert strings["n"] == "1,561" and strings["image_types"] == "17"
    assert strings["degenerate"] == "366"
    assert strings["planar_n"] == "1,192" and strings["planar_image_types"] == "13"
    assert strings["failures"] == "Every image could be measured."


def test_who_could_not_be_measured_is_told():
    strings = words_features.features({"or": {"failures": 2}, "sr": {"failures": 0}})
    assert "Not every nodule could be measured (2 in OR images)" in strings["failures"]


def test_the_phantom_is_counted_without_what_has_no_reference():
    agrees = pd.array([True, False, None, True], dtype="boolean")
    compared = pd.DataFrame({"feature": ["a", "Kurtosis", "c", "d"], "agrees": agrees})
    strings = words_features.verification(compared)
    assert strings == {"agree": "2", "shared": "3", "differing": "Kurtosis"}


@pytest.fixture
def stability():
    names = feature_sets.PAPER.names
    icc = np.where(np.arange(len(names)) % 2 == 0, 0.9, 0.5)
    table = pd.DataFrame({"icc_mask": icc, "icc_noise": 0.95, "icc_reader": icc}, index=names)
    return table.assign(icc=icc)


def test_stability_leaves_out_what_is_degenerate(stability):
    scalars = {"robustness_patients": 30, "read_twice": 0, "dice": None}
    strings = words_features.robustness(scalars, stability, minimum=0)
    assert strings["n"] == "1,195" and strings["noise"] == "0.95" and strings["reader"] == ""
    informative = stability.drop(index=list(feature_sets.PAPER.degenerate()))
    assert strings["stable"] == str((informative["icc"] >= 0.75).sum())
    assert strings["filter"] == "Stability was not used to select features."


def test_second_reader_and_filter_are_told(stability):
    scalars = {"robustness_patients": 30, "read_twice": 12, "dice": 0.883}
    strings = words_features.robustness(scalars, stability, minimum=0.75)
    assert "in 12 patients (mean Dice coefficient 0.88)" in strings["reader"]
    assert strings["filter"].startswith("Features with an ICC below 0.75 were set aside")


@pytest.mark.parametrize(("p", "words"), [(0.5, "does not tell"), (0.001, "apart for SR_SVM.")])
def test_the_verdict_on_the_profiles_follows_the_test(p, words):
    names = [name for pair in words_features.PLANAR_PAIRS for name in pair]
    measured = pd.DataFrame({"model": names, "cohort": "test", "auc": 0.7})
    measured = measured.assign(ci_low=0.6, ci_high=0.8, accuracy=0.7)
    delong = pd.DataFrame(words_features.PLANAR_PAIRS, columns=["model_a", "model_b"])
    delong = delong.assign(cohort="test", p_value=[p, 0.9])
    strings = words_features.planar(measured, delong, level=0.95)
    assert words in strings["verdict"]
    assert strings["aucs"].startswith("SR_SVM was 0.700 (0.600–0.800), of SR_SVM_planar 0.700")
