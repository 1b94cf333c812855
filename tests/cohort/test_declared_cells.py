"""Cells are read as the study file declares, and nothing else of them changes."""

import pandas as pd
import pytest

from thyro.cohort import TableError
from thyro.cohort.declared_cells import as_declared, names_in
from thyro.study import Source

TABLE = pd.DataFrame(
    {
        "Fall": ["1,5", "2"],
        "Größe": ["3,25", "4"],
        "Grad": ["1,5", "2"],
        "Befund": ["ja", "nein"],
        "Bild": ["a", ""],
    }
)
GRADE = {"name": "grade", "column": "Grad", "label": "Grade", "kind": "categorical"}
SIZE = {"name": "size", "column": "Größe", "label": "Size", "kind": "continuous"}
KEYS = {
    "source": "folder",
    "table": "t.csv",
    "id_column": "Fall",
    "outcome_column": "Befund",
    "image_column": "images/{Bild}.png",
    "mask_column": "masks/{Bild}_{Fall}.png",
    "variables": [SIZE, GRADE | {"levels": ["1,5", "2"]}],
}


def declared(frame=TABLE, **keys):
    return as_declared(frame, Source(**(KEYS | keys)))


def test_without_declarations_only_names_of_files_are_made():
    table = declared()
    assert table[list(TABLE)].equals(TABLE)
    assert list(table["images/{Bild}.png"]) == ["images/a.png", ""]
    assert list(table["masks/{Bild}_{Fall}.png"]) == ["masks/a_1,5.png", ""]
    assert names_in("masks/{Bild}_{Fall}.png") == ["Bild", "Fall"]
    assert names_in("image") == []


def test_a_decimal_comma_becomes_a_point_in_numbers_and_nowhere_else():
    table = declared(decimal="comma")
    assert list(table["Größe"]) == ["3.25", "4"]
    assert list(table["Fall"]) == list(TABLE["Fall"])  # an id
    assert list(table["Grad"]) == list(TABLE["Grad"])  # levels
    assert list(TABLE["Größe"]) == ["3,25", "4"]  # the given table is left alone


def test_a_point_beside_decimal_commas_may_separate_thousands():
    mixed = TABLE.assign(Größe=["3,25", "1.234"])
    with pytest.raises(TableError) as error:
        declared(mixed, decimal="comma")
    assert error.value.problems == [
        "row 3: Größe: a decimal point, where `decimal: comma` is declared; write one of them"
    ]
    table = declared(mixed, decimal="comma", table="t.xlsx")  # which stores numbers without a mark
    assert list(table["Größe"]) == ["3.25", "1.234"]


def test_cells_mean_what_is_declared():
    table = declared(recode={"Befund": {"ja": "1", "nein": "0"}, "Grad": {"2": ""}})
    assert list(table["Befund"]) == ["1", "0"]
    assert list(table["Grad"]) == ["1,5", ""]


def test_columns_that_are_not_there_are_named():
    with pytest.raises(TableError) as error:
        declared(recode={"Befnd": {"ja": "1"}}, image_column="{bild}.png")
    assert error.value.problems == [
        "`recode` names a column 'Befnd', which is not there.",
        "'{bild}.png' is made of a column 'bild', which is not there.",
    ]
