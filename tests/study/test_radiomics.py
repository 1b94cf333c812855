"""What a study may tell pyradiomics, and how it is handed on."""

from pathlib import Path

import pytest

from thyro.radiomics import FEATURE_SETS
from thyro.radiomics.feature_sets import SETTINGS
from thyro.study import Radiomics, StudyError, arguments, load_study

DEFAULT = Radiomics()


def test_nothing_is_told_by_default():
    assert DEFAULT.settings(planar=True) == DEFAULT.settings(planar=False) == {}
    study = load_study("demo", Path("params"))
    job = study.jobs["02_features_or"]
    assert arguments.job_arguments(study, "demo", job)["radiomics_settings"] == {}


def test_every_key_reaches_pyradiomics_under_its_name():
    every = Radiomics(
        bin_count=32,
        distances=[1, 2],
        symmetrical_glcm=False,
        weighting="euclidean",
        gldm_alpha=1,
        voxel_shift=300.0,
        wavelet="db4",
        gradient_in_mm=False,
        lbp_radius=2,
        lbp_subdivision=2,
        normalise=True,
        outliers=3.0,
        grey_range=[-1.0, 2.0],
        grey_range_mode="sigma",
        resample_mm=[0.2, 0.1],
        interpolator="sitkLinear",
    )
    told = every.settings(planar=False)
    assert set(told) <= set(SETTINGS)
    assert len(told) == len(Radiomics.model_fields) - 2  # image types and classes are no settings
    assert told["resampledPixelSpacing"] == [0.1, 0.2, 0]  # x before y; one slice stays one
    assert told["normalizeScale"] == 100 and told["weightingNorm"] == "euclidean"
    of_planar = every.settings(planar=True)
    assert set(told) - set(of_planar) == {"binCount", "resampledPixelSpacing", "interpolator"}
    assert every.changes_images and not DEFAULT.changes_images


def test_image_types_and_classes_are_those_of_the_sets():
    given = Radiomics.model_fields["image_types"].annotation.__args__[0].__args__
    filters = {name for one in FEATURE_SETS.values() for name in one.filters}
    assert set(given) == {"LBP" if name.startswith("LBP") else name for name in filters}
    classes = {
        row.removesuffix("2D")
        for one in FEATURE_SETS.values()
        for row in one.describe()["feature_class"]
    }
    assert set(Radiomics.model_fields["classes"].annotation.__args__[0].__args__) == classes


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"force2D": True}, "force2D"),
        ({"image_types": ["Wavelet"]}, "`image_types` must hold Original"),
        ({"image_types": ["Original", "wavelet"]}, "`features.radiomics.image_types.1`"),
        ({"classes": ["shape"]}, "`classes` needs one beside shape"),
        ({"outliers": 3.0}, "`outliers` needs `normalise: true`"),
        ({"grey_range_mode": "sigma"}, "`grey_range_mode` needs `grey_range`"),
        ({"interpolator": "sitkLinear"}, "`interpolator` needs `resample_mm`"),
        ({"grey_range": [150.0, 60.0]}, "`grey_range` must rise"),
        ({"wavelet": "coif99"}, "is no discrete wavelet of PyWavelets"),
        ({"distances": []}, "`features.radiomics.distances`"),
        ({"normalise": True}, "say `bins: 0` and a `bin_width` of the changed grey levels"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_runs(changed, keys, message):
    with pytest.raises(StudyError) as caught:
        load_study("mine", changed(features={"radiomics": keys}))
    assert message in str(caught.value)


def test_images_may_be_changed_where_no_width_is_taken_from_them(changed):
    folder = changed(features={"radiomics": {"normalise": True}, "bins": 0})
    assert load_study("mine", folder).features.radiomics.normalise
