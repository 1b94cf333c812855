"""What is set aside before selection, and that the outcome and other patients do not matter."""

import numpy as np
import pandas as pd
import pytest

from thyro.radiomics import exclusions
from thyro.radiomics.feature_sets import PAPER, PLANAR
from thyro.study import FeatureTable

PAPER_TABLE, PLANAR_TABLE = FeatureTable("OR", "radiomics"), FeatureTable("OR", "planar")
NO_LIMITS = {"minimum_icc": 0, "minimum_distinct": 0}
LIMITS = {"minimum_icc": 0.75, "minimum_distinct": 0.1}


def made(feature_set, n=40):
    """ICCs of 0.9 and continuous values, but for a few features."""
    names = list(feature_set.names)
    stability = pd.DataFrame({"icc": 0.9}, index=pd.Index(names, name="feature"))
    values = np.random.default_rng(0).normal(size=(n, len(names)))
    return names, stability, pd.DataFrame(values, columns=names)


def test_the_set_of_the_paper_loses_what_is_degenerate_and_nothing_else():
    _, stability, training = made(PAPER)
    stability["icc"] = 0.1
    found = exclusions.set_aside(PAPER_TABLE, stability, training * 0, **LIMITS)
    assert set(found) == set(PAPER.degenerate())
    assert set(found.values()) == {("Degenerate", "says nothing on a single slice")}


def test_the_planar_set_loses_what_is_unstable_or_has_few_values():
    names, stability, training = made(PLANAR)
    unstable, few, both, unknown, enough, constant = names[:6]
    stability.loc[[unstable, both], "icc"] = [0.7499, -0.2]
    stability.loc[unknown, "icc"] = np.nan
    levels = np.arange(40)
    training[few] = training[both] = levels % 3
    training[enough] = levels % 4  # a tenth of the patients
    training[constant] = 5.0  # the next step of the selection says so
    found = exclusions.set_aside(PLANAR_TABLE, stability, training, **LIMITS)
    assert found == {
        unstable: ("ICC", "ICC 0.7499 below 0.75"),
        both: ("ICC", "ICC -0.2 below 0.75"),
        few: ("Distinct values", "3 distinct values in 40 patients"),
    }
    assert exclusions.set_aside(PLANAR_TABLE, stability, training, **NO_LIMITS) == {}


def test_missing_patients_do_not_count():
    names, stability, training = made(PLANAR)
    training.loc[10:, names[0]] = np.nan  # 10 values, 3 of them distinct: more than a tenth
    training.loc[:9, names[0]] = np.arange(10) % 3
    training.loc[:, names[1]] = np.nan
    found = exclusions.set_aside(PLANAR_TABLE, stability, training, **LIMITS)
    assert found == {}


def test_values_that_differ_by_rounding_are_one():
    column = 7.0 + np.array([0, 1e-12, -1e-12, 1e-3, 1e-3 + 1e-12])
    table = pd.DataFrame({"a": column, "b": 0.0, "c": np.nan, "d": range(5)})
    assert exclusions.distinct_values(table).to_dict() == {"a": 2, "b": 1, "c": 0, "d": 5}


def test_wrong_limits_and_tables_are_named():
    _, stability, training = made(PLANAR)
    with pytest.raises(ValueError, match="minimum_icc: expected a number from 0 to 1, got 75"):
        exclusions.set_aside(
            PLANAR_TABLE, stability, training, minimum_icc=75, minimum_distinct=0.1
        )
    with pytest.raises(ValueError, match="stability: expected the features of `training`"):
        exclusions.set_aside(PLANAR_TABLE, stability[1:], training, **LIMITS)
    with pytest.raises(ValueError, match="training: expected features of the paper set"):
        exclusions.set_aside(PAPER_TABLE, made(PAPER)[1], training, **LIMITS)
    foreign = training.rename(columns={training.columns[0]: "mine"})
    with pytest.raises(ValueError, match="training: expected features of the planar set"):
        exclusions.set_aside(PLANAR_TABLE, stability, foreign, **LIMITS)


def test_a_part_of_a_set_may_be_measured():
    _, stability, training = made(PAPER)
    names = [name for name in training if "_glcm_" in name]
    out = exclusions.set_aside(PAPER_TABLE, stability.loc[names], training[names], **LIMITS)
    whole = exclusions.set_aside(PAPER_TABLE, stability, training, **LIMITS)
    assert out == {name: why for name, why in whole.items() if name in names} and out
