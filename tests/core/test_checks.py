"""Arguments come back in one form, or the message names what is wrong with them."""

import numpy as np
import pandas as pd
import pytest

from thyro.core.checks import (
    as_columns,
    as_grey,
    as_labels,
    as_level,
    as_one_of,
    as_probabilities,
    as_scores,
)


@pytest.mark.parametrize(
    "y", [[0, 1, 0, 1], [0.0, 1.0, 0.0, 1.0], [False, True, False, True], pd.Series([0, 1, 0, 1])]
)
def test_labels_become_integers(y):
    got = as_labels(y)
    assert got.dtype.kind == "i"
    assert got.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0, 1, 2, 1], "outcome: expected only 0 .* found \\[2\\]"),
        (["yes", "no"], "found \\['no', 'yes'\\]"),
        ([0, 1, np.nan, 1], "found \\[nan\\]"),
        ([0, 1, None, 1], "found \\[None\\]"),
        ([[0, 1]], "got \\(1, 2\\)"),
        ([], "got \\(0,\\)"),
        ([0, 0, 0, 1], "at least 2 patients per class, got 1 with and 3 without the outcome"),
    ],
)
def test_labels_are_refused_with_what_was_found(y, message):
    with pytest.raises(ValueError, match=message):
        as_labels(y, "outcome")


@pytest.mark.parametrize("y", [[0, 1, 2, 1], [0, 0, 0, 1]])
def test_messages_are_right_in_every_study(y):
    with pytest.raises(ValueError, match="with.* the outcome") as caught:
        as_labels(y)
    assert "metastasis" not in str(caught.value)


def test_labels_of_one_class_pass_when_asked():
    assert as_labels([1, 1], min_per_class=0).tolist() == [1, 1]


@pytest.mark.parametrize(
    ("score", "message"),
    [
        ([0.1, np.nan, np.inf], "score_a: 2 of 3 values .* first at position 1 \\(nan\\)"),
        (["a", 1, 2], "score_a: expected numbers"),
        ([0.1, 0.2], "score_a: expected 3 values"),
        (0.3, "score_a: expected shape"),
    ],
)
def test_scores_are_refused_with_what_was_found(score, message):
    with pytest.raises(ValueError, match=message):
        as_scores(score, "score_a", 3)


@pytest.mark.parametrize("p", [[0.5, 77.2], [-1e-9, 0.5]])
def test_probabilities_outside_0_1_are_refused(p):
    with pytest.raises(ValueError, match="p: expected probabilities between 0 and 1"):
        as_probabilities(p)


def test_probabilities_may_be_0_and_1():
    assert as_probabilities([0, 1], n=2).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("level", [0, 1, 95, -0.5, np.nan])
def test_levels_are_shares(level):
    with pytest.raises(ValueError, match="level: expected a coverage"):
        as_level(level)


def test_an_unknown_choice_lists_the_known_ones():
    assert as_one_of("b", "method", ("a", "b")) == "b"
    with pytest.raises(ValueError, match="method: expected one of a, b; got 'c'"):
        as_one_of("c", "method", ("a", "b"))


FRAME = pd.DataFrame({"age": [40.0, np.nan], "size": [1.0, 2.0]}, index=["P001", "P002"])


def test_columns_come_back_in_the_order_asked():
    assert list(as_columns(FRAME.assign(age=1.0), ["size", "age"])) == ["size", "age"]


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        (["age"], ValueError, "1 values of 'age' are missing, the first in row 'P002'"),
        (["size", "weight"], ValueError, "unknown: \\['weight'\\]"),
        (["size", "size"], ValueError, "repeated: \\['size'\\]"),
        ([], ValueError, "expected distinct column names"),
        ("size", TypeError, "got the string 'size'"),
    ],
)
def test_columns_are_refused_with_what_was_found(columns, error, message):
    with pytest.raises(error, match=message):
        as_columns(FRAME, columns)


def test_columns_of_something_else_than_a_table_are_refused():
    with pytest.raises(TypeError, match="frame: expected a DataFrame, got list"):
        as_columns([1, 2], ["age"])


@pytest.mark.parametrize("image", [np.zeros((2, 3)), np.full((2, 3), 255, dtype=np.uint8)])
def test_grey_values_may_be_0_and_255(image):
    assert as_grey(image) is image


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((2, 3, 3)), "got shape \\(2, 3, 3\\)"),
        (np.full((2, 3), 255.5), "with values 255.5 to 255.5"),
        (np.array([[0, np.nan]]), "2-D array of grey values 0-255"),
        (np.array([[-1.0, 0]]), "with values -1 to 0"),
    ],
)
def test_other_images_are_refused(image, message):
    with pytest.raises(ValueError, match=message):
        as_grey(image)
