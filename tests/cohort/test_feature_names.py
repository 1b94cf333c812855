"""Columns of features, by the way their names are made."""

from thyro.cohort.feature_names import FEWEST, feature_groups


def test_pyradiomics_is_known_by_its_classes():
    names = [
        "original_shape_Elongation",
        "CT_wavelet-LLH_glcm_Idn",
        "lbp2D_glszm_SmallAreaEmphasis",
    ]
    assert feature_groups([*names, "age", "shapeliness"]) == {
        "named as pyradiomics names its features": names
    }


def test_numbered_columns_are_features_where_they_are_many():
    many = [f"DL_{i}" for i in range(FEWEST)]
    few = [f"fold{i}" for i in range(FEWEST - 1)]
    assert feature_groups(["age", *many, *few]) == {
        f"{FEWEST} columns that are numbered: 'DL'": many
    }


def test_columns_that_begin_alike_are_features_where_they_are_many():
    many = [f"T1_{chr(97 + i)}" for i in range(FEWEST)]
    assert feature_groups([*many, "T2_a", "age"]) == {
        f"{FEWEST} columns that begin alike: 'T1'": many
    }
