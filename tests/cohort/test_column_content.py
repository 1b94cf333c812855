"""Cells of a column, counted."""

import pandas as pd
import pytest

from thyro.cohort.column_content import content_of, date_form


def content(*texts, **options):
    return content_of(pd.Series(texts, dtype=str), **options)


def test_words_for_no_value_are_told_from_values():
    found = content("1", "NA", "", "未知", "2")
    assert (found.rows, found.filled, found.known, found.distinct) == (5, 4, 2, 2)
    assert found.not_known == {"NA": 1, "未知": 1}
    assert found.counted() == "2 distinct numbers in 5 rows, 3 empty"


def test_a_decimal_comma_is_a_number_only_where_it_is_declared():
    assert not content("1,5", "2,5").is_numeric
    declared = content("1,5", "2,5", comma=True)
    assert declared.is_numeric and declared.numbers == [1.5, 2.5] and declared.commas == 2


def test_codes_are_few_whole_numbers_that_repeat():
    assert content(*"123" * 4).is_codes
    assert not content(*"123").is_codes
    assert not content(*["1.5", "2", "3"] * 4).is_codes
    assert not content(*map(str, range(8)), *map(str, range(8))).is_codes


def test_as_many_texts_as_rows_are_never_levels():
    assert content("a", "b", "c").each_its_own and not content("a", "b", "c").is_levels
    assert content(*["left", "right"] * 3).is_levels
    assert content(*["left", "right"] * 3).is_binary and not content("left", "right").is_binary


def test_remarks_by_hand_are_never_levels():
    assert content(*["none"] * 20, "letter of Ms Smith").has_remarks
    assert not content(*["none"] * 20, "letter of Ms Smith").is_levels
    assert content(*["none"] * 20, *["x" * 50] * 20).has_remarks
    assert not content(*["solid"] * 9, *["cystic"] * 9, "partly cystic").has_remarks
    assert not content(*["F"] * 20, "M").has_remarks


def test_files_by_their_ending():
    assert content("a/1.png", "b.NII.GZ", "c.dcm").is_files
    assert not content("1", "2.5", "c.dcm").is_files


def test_one_wrong_probability_of_many_leaves_them_probabilities():
    assert content(*["0.5"] * 200, "4.9e15").in_unit_interval
    assert not content(*["0.5"] * 20, "7").in_unit_interval
    assert not content("a").in_unit_interval


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["2024-01-31", "2024-02-01T10:00:00"], "year-month-day"),
        (["2024/1/31"], "year/month/day"),
        (["31.01.2024", "1.2.2024"], "day.month.year"),
        (["31/01/2024"], "day/month/year"),
        (["01/31/2024"], "month/day/year"),
        (["2024年1月31日"], "年月日"),
        (["31.02.2024"], ""),  # there is no such day
        (["20240131"], ""),
        (["1.5", "2.5"], ""),
    ],
)
def test_dates_by_the_way_they_are_written(texts, form):
    assert date_form(content(*texts), told=False) == form


def test_eight_digits_are_a_date_where_the_name_says_so():
    assert date_form(content("20240131"), told=True) == "yearmonthday"
    assert date_form(content("20241331"), told=True) == ""
