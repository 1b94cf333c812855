"""The words of the radiomic features follow their numbers."""

from pathlib import Path

import pandas as pd
import pytest

from thyro.report.words import features
from thyro.study import OR, SR, load_study

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
    "settings": {"paper": {"binWidth": 25.0}, "planar": {"binWidth": {"original": 4.0}}},
    "grid": {"pixel_mm": 0.1, "resampled": 60, "as_they_are": 0},
    "bins": {
        "paper": {"original": 6.0, "fewest": 1.0, "most": 15.0},
        "planar": {"original": 32.0, "fewest": 10.0, "most": 32.0},
    },
    "redundancy": {"n": 1102, "redundant": 1004, "threshold": 0.9},
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


def test_redundancy_is_counted():
    assert features.features({"OR": SCALARS})["redundant"] == (
        "In the classical feature set 1,004 of 1,102 features that are not degenerate and "
        "vary in the "
        "training cohort have another with an absolute rank correlation above 0.9"
    )


def test_settings_are_those_that_ran():
    types = ["original", "log-sigma-1-0-mm-3D", "log-sigma-1-0-mm-3D", "log-sigma-2-5-mm-3D"]
    text = features.settings(SCALARS, types)
    assert (
        "The Laplacian of Gaussian in the planar one is 1.0 and 2.5 mm wide (pixels where" in text
    )
    assert text.startswith(
        "The classical feature set was measured on the images as they come, with grey "
        "levels in bins 25 "
        "wide. For the planar feature set the images of 60 patients were resampled to "
        "pixels of 0.1 mm "
    )
    assert "more), with grey levels in bins of one width for each image type, taken" in text
    assert (
        "a median of 6 grey levels in the original image and between 1 and 15 over all image types "
        "in the classical feature set, and of 32 grey levels" in text
    )
    widths = SCALARS["settings"] | {"planar": {"binWidth": 10.0}}
    assert "bins 10 wide" in features.settings(SCALARS | {"settings": widths}, [])


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        ((0.1, 40, 20), "those of 20 other patients do not tell the size of a pixel, and stayed"),
        (
            (0.1, 0, 60),
            "The images do not tell the size of a pixel: the planar feature set, too, was",
        ),
        (
            (0, 0, 60),
            "The planar feature set, too, was measured on the pixels that the images have,",
        ),
    ],
)
def test_images_that_were_not_resampled_are_told(grid, words):
    found = dict(zip(("pixel_mm", "resampled", "as_they_are"), grid, strict=True))
    text = features.settings(SCALARS | {"grid": found}, [])
    assert "Laplacian" not in text
    assert words in text and ("resampled" in text) == (found["resampled"] > 0)


def test_what_networks_saw_is_told():
    box = {"side_mm": 0.0, "fixed": 0, "scaled": 60, "cut": 0}
    square = {"side_mm": 30.0, "fixed": 40, "scaled": 20, "cut": 3}
    assert features.crops({"A": box, "B": box}) == (
        "A and B saw the box of the outline, so that a crop scales with it."
    )
    assert features.crops({"A": box, "B": square}).endswith(
        "it. B saw 40 outlines in a square of 30 mm, 20 others, of unknown pixel size, in a box; "
        "3 outlines are larger and were cut."
    )
    unknown = features.crops({"B": square | {"fixed": 0, "scaled": 60, "cut": 0}})
    assert unknown.endswith("scales with it, as the images do not tell the size of a pixel.")
    whole = features.crops({"B": square | {"scaled": 0, "cut": 0}})
    assert whole == "B saw 40 outlines in a square of 30 mm."


def test_the_phantom_is_counted_without_what_has_no_reference_or_is_not_measured():
    agrees = pd.array([True, False, None, True, True], dtype="boolean")
    compared = pd.DataFrame({"feature": ["a", "Kurtosis", "c", "d", "e"], "agrees": agrees})
    compared = compared.assign(feature_class="glcm", note="")
    described = compared.loc[:3, ["feature_class", "feature"]]
    strings = features.verification(compared, pd.concat([described, described]))
    assert strings == {"agree": "2", "shared": "3", "differing": "; not so Kurtosis"}
    compared.loc[1, "note"] = "Without subtracting 3."
    told = features.verification(compared, described)
    assert told["differing"] == "; not so Kurtosis, for the reasons that the table gives"
    alike = features.verification(compared[compared["feature"].ne("Kurtosis")], described)
    assert alike["differing"] == ""


LEFT = {"left": {"ICC": 210, "Distinct values": 12, "LASSO": 30}, "kept": 8}


def test_limits_of_the_planar_set_are_told_with_what_they_cost():
    found = {"planar_or": LEFT, "planar_sr": LEFT | {"left": {"ICC": 1300}}}
    demo = load_study("demo", Path("params"))
    assert features.limits(demo, found) == (
        "Of the planar feature set those with an ICC below 0.75 (210 of OR images and 1,300 of SR "
        "images) and those with fewer distinct values than 10% of the training patients (12 of OR "
        "images and 0 of SR images) were set aside before selection; the classical feature set was "
        "selected from without such limits."
    )

    def asking(**limits):
        selection = demo.selection.model_copy(update=limits)
        return features.limits(demo.model_copy(update={"selection": selection}), found)

    without = asking(minimum_icc=0.0, minimum_distinct=0.0)
    assert without == "Stability was not used to select features."
    one = asking(minimum_icc=0.0)
    assert one.startswith("Of the planar feature set those with fewer distinct values")


def test_only_what_could_differ_was_screened():
    counted = {"features": 1561, "left": {"Degenerate": 366, "z-score": 91, "LASSO": 30}}
    found = {"radiomics_or": counted, "radiomics_sr": counted | {"left": {"Degenerate": 366}}}
    demo = load_study("demo", Path("params"))
    assert features.screened(demo, found) == (
        "Of the 1,561 features of the classical feature set 1,104 of OR images and 1,195 "
        "of SR images "
        "are neither degenerate nor constant and were screened at p < 0.05 each, without "
        "adjustment for multiplicity."
    )


def test_selected_features_are_told_with_their_stability_and_their_size():
    kept = {"n": 7, "unstable": 2, "lowest": "wavelet-HHL_glcm_Idn", "lowest_icc": 0.25}
    kept |= {"follow_size": 6, "of_size": 3}
    none = kept | {"unstable": 0, "lowest": "", "lowest_icc": None}
    found = {"radiomics_sr": {"features_kept": kept}, "radiomics_or": {"features_kept": none}}
    found |= {f"planar_{s}": {"features_kept": none} for s in ("or", "sr")}
    strings = features.selected(found, (OR, SR))
    assert strings["paper"].endswith(
        "Of the features of the classical feature set selected in SR images (7), 2 had an ICC "
        "below 0.75 (lowest 0.25, of wavelet-HHL_glcm_Idn), 6 an absolute rank correlation of "
        "0.5 or more with the diameter, and 3 depend on its size by construction."
    )
    assert "in OR images (7), 0 had an ICC below 0.75, 6 an" in strings["paper"]
    assert strings["planar"].count("of the planar feature set") == 2


def test_stability_is_told_without_a_second_reader():
    strings = features.robustness(SCALARS)
    assert (strings["n"], strings["stable"], strings["patients"]) == ("1,195", "709", "30")
    assert strings["mask"] == "0.90" and strings["noise"] == "0.95" and strings["reader"] == ""


def test_a_second_reader_is_told():
    median = SCALARS["stability"]["median"] | {"icc_reader": 0.982}
    twice = {
        "read_twice": 12,
        "dice": 0.883,
        "stability": SCALARS["stability"] | {"median": median},
    }
    strings = features.robustness(SCALARS | twice)
    assert strings["reader"] == (
        "Between the outlines of two readers in 12 patients (mean Dice coefficient 0.88) the "
        "median ICC was 0.98."
    )
    undefined = features.robustness(SCALARS | {"read_twice": 12, "dice": 0.883})
    assert undefined["reader"] == ""


def test_settings_that_the_study_chooses_are_told_and_are_no_default():
    chosen = {"paper": {"binWidth": 25, "distances": [1, 2], "wavelet": "db4"}}
    assert features._chosen(chosen) == (
        "Of pyradiomics’ settings the study chooses: distances [1, 2] and wavelet db4. "
    )
    left = features._defaults(chosen)
    assert "no normalisation" in left and "distance" not in left and "coiflet" not in left
    assert features._chosen({"paper": {"binWidth": 25}}) == ""
    kept = ("normalize", "distances", "wavelet", "lbp3DIcosphereRadius")
    assert features._defaults({"paper": dict.fromkeys(kept)}) == ""
    assert features._binned({"binWidth": 25, "binCount": 32}).endswith(
        "32 bins of every outlined region"
    )
