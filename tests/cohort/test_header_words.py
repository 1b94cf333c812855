"""Names of columns in three languages."""

import pytest

from thyro.cohort.header_words import (
    NO,
    VARIABLES,
    WORDS,
    YES,
    found,
    parts_of,
    says,
    unit_of,
    variable_of,
)


@pytest.mark.parametrize(
    ("header", "parts"),
    [
        ("Size_of_US", ["size", "of", "us"]),
        ("patientID", ["patient", "id"]),
        ("TI-RADS", ["ti", "rads"]),
        ("最大径（mm）", ["最大径", "mm"]),
        ("TI-RADS分级", ["ti", "rads", "分级"]),
        ("  ", []),
    ],
)
def test_parts_of_a_name(header, parts):
    assert parts_of(header) == parts


@pytest.mark.parametrize(
    ("header", "role", "word"),
    [
        ("Patient-ID", "patient", "patient"),
        ("width", "id", ""),  # a short word stands for itself
        ("Lymphknotenmetastase", "disease", "metasta"),
        ("中央区淋巴结转移", "disease", "转移"),
        ("Geburtsdatum", "birth", "geburt"),
        ("dataset", "split", "dataset"),
        ("offset", "split", ""),
        ("rand", "pixels", ""),
    ],
)
def test_a_role_is_said_by_a_word(header, role, word):
    assert says(header, role) == word


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("Size (mm)", "mm"),
        ("age_years", "years"),
        ("大小（毫米）", "mm"),
        ("TSH [mIU/L]", "mIU/L"),
        ("margin (see notes)", ""),
        ("mm", ""),
        ("Age", ""),
    ],
)
def test_the_unit_that_ends_a_name(header, unit):
    assert unit_of(header) == unit


def test_variables_that_many_studies_have():
    assert variable_of("年龄") == ("age", "Age", "years")
    assert variable_of("Geschlecht") == ("sex", "Sex", "")
    assert variable_of("Something else") == ("", "", "")


def test_every_word_is_found_in_itself_and_no_answer_is_yes_and_no():
    for words in [*WORDS.values(), *(entry[3] for entry in VARIABLES)]:
        assert all(found(word, (word,)) == word for word in words)
    assert not {*YES} & {*NO}
