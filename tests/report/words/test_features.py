"""The words of the radiomic features follow their numbers."""

import pandas as pd

from thyro.report.words import features

SCALARS = {
    "profiles": {
        "paper": {"features": 1561, "degenerate": 366},
        "planar": {"features": 1192, "degenerate": 0},
    },
    "image_types": {"paper": 17, "planar": 13},
    "failures": 0,
    "robustness_patients": 30,
    "read_twice": 0,
    "dice": None,
    "stability": {
        "n": 1195,
        "good": 709,
        "median": {"icc": 0.9, "icc_mask": 0.9, "icc_noise": 0.95, "icc_reader": None},
    },
}


def test_the_feature_sets_are_counted():
    strings = features.features({"OR": SCALARS, "SR": SCALARS})
    assert strings["n"] == "1,561" and strings["image_types"] == "17"
    assert strings["degenerate"] == "366"
    assert strings["planar_n"] == "1,192" and strings["planar_image_types"] == "13"
    assert strings["failures"] == "Every image could be measured."


def test_who_could_not_be_measured_is_told():
    found = {"OR": SCALARS | {"failures": 2}, "SR": SCALARS, "BC": SCALARS | {"failures": 1}}
    strings = features.features(found)
    assert "could be measured (2 in OR images and 1 in BC images)" in strings["failures"]


def test_the_phantom_is_counted_without_what_has_no_reference():
    agrees = pd.array([True, False, None, True], dtype="boolean")
    compared = pd.DataFrame({"feature": ["a", "Kurtosis", "c", "d"], "agrees": agrees})
    strings = features.verification(compared)
    assert strings == {"agree": "2", "shared": "3", "differing": "Kurtosis"}


def test_stability_is_told_without_a_second_reader():
    strings = features.robustness(SCALARS, minimum=0)
    assert (strings["n"], strings["stable"], strings["patients"]) == ("1,195", "709", "30")
    assert strings["mask"] == "0.90" and strings["noise"] == "0.95" and strings["reader"] == ""
    assert strings["filter"] == "Stability was not used to select features."


def test_second_reader_and_filter_are_told():
    median = SCALARS["stability"]["median"] | {"icc_reader": 0.982}
    twice = {
        "read_twice": 12,
        "dice": 0.883,
        "stability": SCALARS["stability"] | {"median": median},
    }
    strings = features.robustness(SCALARS | twice, minimum=0.75)
    assert strings["reader"] == (
        "Between the outlines of two readers in 12 patients (mean Dice coefficient 0.88) the "
        "median ICC was 0.98."
    )
    assert strings["filter"].startswith("Features with an ICC below 0.75 were set aside")
    undefined = features.robustness(SCALARS | {"read_twice": 12, "dice": 0.883}, minimum=0)
    assert undefined["reader"] == ""
