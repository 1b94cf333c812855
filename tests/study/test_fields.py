"""Texts that are shown, and lists that name a thing once."""

import pytest
from pydantic import ValidationError

from thyro.study import fields


@pytest.mark.parametrize("text", ["", " ", "\t\n"])
def test_a_text_that_shows_nothing_is_refused(text):
    with pytest.raises(ValueError, match="must not be blank"):
        fields.not_blank(text)


def test_a_text_stays_as_it_was_typed():
    assert fields.not_blank(" a ") == " a "


@pytest.mark.parametrize("texts", [["a", "a"], ["a", "b", " a"], ["", " "]])
def test_what_is_named_twice_is_refused(texts):
    with pytest.raises(ValueError, match="must differ from each other"):
        fields.distinct(texts)


def test_different_texts_keep_their_order():
    assert fields.distinct(["b", "a", "A"]) == ["b", "a", "A"]
    assert fields.distinct([]) == []


def test_a_section_guesses_nothing_from_another_kind():
    class Part(fields.Section):
        share: fields.Share
        number: fields.Positive

    assert Part(share=0.5, number=1).number == 1
    for wrong in ({"share": "0.5"}, {"share": 1.0}, {"number": 1.0}, {"number": 0}, {"x": 1}):
        with pytest.raises(ValidationError):
            Part(**{"share": 0.5, "number": 1} | wrong)


@pytest.mark.parametrize("name", ["utf-8", "UTF8", "gb18030", "GBK", "big5", "cp1252"])
def test_encodings_of_text_are_taken_as_they_are_written(name):
    assert fields.encoding_of_text(name) == name


@pytest.mark.parametrize("name", ["", "gb18031", "base64", "rot13", "Chinese (GB)", "utf-8\0"])
def test_what_is_no_encoding_of_text_is_named(name):
    with pytest.raises(ValueError, match="is no encoding of text; such are utf-8, gb18030"):
        fields.encoding_of_text(name)


@pytest.mark.parametrize(
    ("name", "taken"),
    [("", ""), ("a.csv", "a.csv"), ("./a.csv", "a.csv"), ("sub//Ä b.CSV", "sub/Ä b.CSV")],
)
def test_a_csv_in_the_folder_is_spelled_in_one_way(name, taken):
    assert fields.csv_in_folder(name) == taken


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.xlsx", "must be the name of a CSV, such as decisions.csv"),
        ("folder", "must be the name of a CSV"),
        (" ", "must be the name of a CSV"),
        ("../a.csv", "lies outside the data folder; name a file in it, such as decisions.csv"),
        ("a/../../b.csv", "lies outside the data folder"),
        ("/tmp/a.csv", "lies outside the data folder"),
    ],
)
def test_what_is_no_csv_in_the_folder_is_refused(name, message):
    with pytest.raises(ValueError, match=message):
        fields.csv_in_folder(name)
