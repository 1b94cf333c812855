"""The same image, or nearly the same, in two cohorts."""

import numpy as np
import pandas as pd
import pytest

from thyro.cohort import between, near_copies

SIDE = near_copies.SIDE
SAME = "the same pixels as row {} of the cohort; an image belongs to one of them"
NEAR = (
    "nearly the same frame as row {} of the cohort; leave one out, or say keep in the quality "
    "column"
)


def seen(hashes, prints, decided="", first_row=0):
    """Images of rows from `first_row` on, with the print of that number each."""
    rows = range(first_row, first_row + len(hashes))
    words = pd.Series({row: "" for row in rows} | dict(decided or {}), dtype=str)
    made = [np.random.default_rng(n).integers(-127, 128, (SIDE, SIDE)) for n in prints]
    return between.Seen(pd.Series(list(hashes), rows), np.array(made, np.int8), words)


def test_other_images_are_no_problem():
    assert between.shared_images(seen("abc", [1, 2, 3]), seen("de", [4, 5])) == {}


def test_the_first_row_of_the_cohort_is_named_and_rows_come_in_order():
    found = between.shared_images(seen("aba", [1, 2, 1], first_row=3), seen("cxa", [2, 9, 1]))
    assert found == {0: NEAR.format(6), 2: SAME.format(5)}
    assert list(found) == [0, 2]


@pytest.mark.parametrize(
    ("here", "there", "found"),
    [
        ({}, {}, {0: SAME.format(2), 1: NEAR.format(3)}),
        ({}, {0: "keep", 1: "keep"}, {0: SAME.format(2)}),  # the same pixels are not kept twice
        ({}, {0: "exclude"}, {1: NEAR.format(3)}),
        ({}, {1: "exclude"}, {0: SAME.format(2)}),
        ({0: "exclude"}, {}, {1: NEAR.format(3)}),
        ({0: "exclude", 1: "exclude"}, {}, {}),
        ({1: "keep"}, {}, {0: SAME.format(2), 1: NEAR.format(3)}),
    ],
)
def test_a_reader_leaves_one_out_or_keeps_a_near_copy(here, there, found):
    first, second = seen("ab", [1, 2], here), seen("ac", [1, 2], there)
    assert between.shared_images(first, second) == found
