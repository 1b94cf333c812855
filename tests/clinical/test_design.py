"""Columns of a regression: coding of factors and splines, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from thyro.clinical.design import design, independent_terms, prepare
from thyro.clinical.splines import spline_basis

AGE = [30.0, 40.0, 50.0, 60.0, 70.0]
MARGIN = pd.Categorical(
    ["Smooth", "Irregular", "Smooth", "Extension", "Irregular"],
    ["Smooth", "Irregular", "Unknown", "Extension"],
)
Y = [0, 1, 0, 1, 0]


def patients():
    return pd.DataFrame({"age": AGE, "margin": MARGIN, "left": [True, False, False, True, True]})


def test_factors_have_a_column_per_level_but_the_reference():
    data = prepare(patients(), Y, ["margin", "age", "left"], None)
    assert data.names == ["(Intercept)", "margin=Irregular", "margin=Extension", "age", "left=True"]
    assert data.blocks == {"margin": [1, 2], "age": [3], "left": [4]}
    assert data.design[:, 1].tolist() == [0, 1, 0, 0, 1]
    assert data.design[:, 3].tolist() == AGE and data.design[:, 0].tolist() == [1] * 5
    assert data.notes == ["margin: no patient has Unknown; left out."]


def test_dependent_terms_keep_every_declared_level():
    data = prepare(patients(), Y, ["margin"], None, dependent=True)
    assert data.names[1:] == ["margin=Irregular", "margin=Unknown", "margin=Extension"]
    assert not data.design[:, 2].any() and data.notes == []


def test_a_term_goes_with_its_first_redundant_column():
    frame = patients()
    frame["rough"] = [False, True, False, True, True]  # margin says it
    frame["later"] = [31.0, 41.0, 51.0, 61.0, 71.0]  # age and one
    assert independent_terms(frame, ["margin", "age", "rough", "later"]) == ["margin", "age"]
    assert independent_terms(frame, ["rough", "later"]) == ["rough", "later"]


def test_a_spline_has_the_columns_of_its_basis():
    knots = [35.0, 50.0, 65.0]
    columns, names, blocks = design(patients()[["age"]], {}, {"age": knots})
    assert names == ["(Intercept)", "age", "age'"] and blocks == {"age": [1, 2]}
    np.testing.assert_array_equal(columns[:, 1:], spline_basis(AGE, knots))


def test_the_description_has_ranges_and_few_distinct_values():
    told = prepare(patients(), Y, ["age", "margin"], None).described()
    assert told["ranges"] == {"age": (30.0, 70.0)} and told["distinct"] == {"age": AGE}
    assert (told["n"], told["n_events"], list(told["levels"])) == (5, 2, ["margin"])


@pytest.mark.parametrize(
    ("frame", "terms", "knots", "message"),
    [
        (patients(), ["age", "age*left"], None, r"\['age\*left'\] is an interaction"),
        (patients().assign(age=1.0), ["age"], None, "age has a single value"),
        (patients(), ["margin"], {"margin": [1, 2, 3]}, "are not continuous terms"),
        (patients().assign(twice=np.multiply(AGE, 2)), ["age", "twice"], None, "twice can be comp"),
        (patients().head(4), ["age"], None, "y: expected 4 values"),
    ],
)
def test_what_cannot_be_laid_out_is_refused(frame, terms, knots, message):
    with pytest.raises(ValueError, match=message):
        prepare(frame, Y, terms, knots)


def test_an_unseen_level_is_named():
    with pytest.raises(ValueError, match="margin: level 'Extension' did not occur"):
        design(patients()[["margin"]], {"margin": ["Smooth", "Irregular"]}, {})
