"""Joined families keep their features apart, and folds keep what their networks saw apart."""

import pandas as pd
import pytest

from thyro import models
from thyro.study import Declared

IDS = pd.Index(["a", "b", "c"], name="patient_id")
TABLES = Declared(networks=("ResNet101",), fused=(("radiomics", "ResNet101"),)).recipe_tables()
NAME, PLANAR = "OR_radiomics+ResNet101", "OR_planar+ResNet101"


def table(value, ids=IDS):
    return pd.DataFrame(float(value), ids, ["x", "y"])


@pytest.fixture
def measured():
    return {one.name: table(k) for k, one in enumerate(TABLES) if not one.fused}


def test_features_of_one_name_stay_apart(measured):
    found = models.with_joined(TABLES, measured)
    assert list(found) == [one.name for one in TABLES]
    joined, deep = found[NAME], measured["OR_ResNet101"].iloc[0, 0]
    assert list(joined) == ["radiomics: x", "radiomics: y", "ResNet101: x", "ResNet101: y"]
    radiomic = measured["OR_radiomics"].iloc[0, 0]
    assert joined.loc["b"].tolist() == [radiomic, radiomic, deep, deep]
    assert found[PLANAR].loc["b", "planar: x"] == measured["OR_planar"].iloc[0, 0]


def test_patients_are_told_by_name_and_others_are_refused(measured):
    turned = models.with_joined(TABLES, measured | {"OR_ResNet101": table(9, IDS[::-1])})
    assert list(turned[NAME].index) == list(IDS) and turned[NAME]["ResNet101: x"].eq(9).all()
    other = {"OR_ResNet101": table(9, IDS[:2])}
    with pytest.raises(ValueError, match="radiomics, ResNet101 of the same patients"):
        models.with_joined(TABLES, measured | other)


def test_every_fold_has_the_features_of_its_own_network(measured):
    """What a network that saw a fold's outcomes says of its patients reaches no fold."""
    folds = {"OR_ResNet101": {0: table(50), 1: table(60)}, "SR_ResNet101": {}}
    found = models.with_joined_folds(TABLES, measured, folds)
    assert list(found[NAME]) == [0, 1]
    assert found[NAME][1]["ResNet101: x"].tolist() == [60, 60, 60]
    assert found[NAME][0]["ResNet101: x"].tolist() == [50, 50, 50]
    radiomic = measured["OR_radiomics"]["x"].tolist()
    assert found[NAME][0]["radiomics: x"].tolist() == radiomic
    assert found["SR_radiomics+ResNet101"] == {}  # was not tuned: the same in every fold
    assert found["OR_ResNet101"] is folds["OR_ResNet101"]


def test_what_is_set_aside_has_the_name_that_the_joined_table_gives_it(measured):
    aside = {"OR_planar": {"x": ("ICC", "low")}, "OR_radiomics": {}}
    found = models.with_joined_aside(TABLES, aside)
    assert found[PLANAR] == {"planar: x": ("ICC", "low")} and found[NAME] == {}
    assert set(found[PLANAR]) < set(models.with_joined(TABLES, measured)[PLANAR])
