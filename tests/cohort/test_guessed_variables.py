"""Clinical variables, declared with their evidence."""

import numpy as np
import pandas as pd

from thyro.cohort.guessed_roles import guess_roles
from thyro.cohort.guessed_variables import guess_variables
from thyro.study import OPEN, Variable

N = 40
TABLE = pd.DataFrame(
    {
        "id": [f"p{i}" for i in range(N)],
        "malignant": ["0", "1"] * (N // 2),
        "Alter": np.arange(30, 30 + N),
        "Größe [mm]": np.linspace(3, 30, N).round(1),
        "z-score of shape": np.linspace(-2, 2, N).round(2),
        "Rand": ["glatt", "unscharf", "unscharf", "glatt"] * (N // 4),
        "T stage": ["T1", "T10", "T2", "T2"] * (N // 4),
        "found": ["benign", "cancerous"] * (N // 2),
        "foci": ["1", "2", "3", "2"] * (N // 4),
        "seldom": ["a", "b", "b", "a"] * (N // 8) + [""] * (N // 2),
    }
).astype(str)


def declared():
    found = guess_variables(TABLE, guess_roles(TABLE), "malignant")
    return {variable.column: variable for variable in found}


def test_every_declaration_is_accepted_once_nothing_is_open():
    for variable in declared().values():
        assert set(variable.keys) == set(variable.evidence)
        keys = {key: value for key, value in variable.keys.items() if value != OPEN}
        assert Variable(**({"kind": "continuous"} | keys)).column == variable.column


def test_names_labels_and_units_are_words_of_the_field():
    found = declared()
    assert [found["Alter"].keys[k] for k in ("name", "label", "unit")] == ["age", "Age", "years"]
    assert [found["Größe [mm]"].keys[k] for k in ("name", "unit")] == ["size", "mm"]
    assert found["Größe [mm]"].evidence["unit"] == "the header ends in it"


def test_two_columns_of_one_word_keep_their_own_names():
    table = TABLE.assign(**{"node location": TABLE["Rand"], "location": TABLE["Rand"]})
    found = guess_variables(table, guess_roles(table), "malignant")
    labels = [variable.keys["label"] for variable in found]
    assert len(set(labels)) == len(labels)
    assert {"Location", "location"} <= {*labels}


def test_levels_are_those_of_the_table_with_a_reference():
    rand, stage = declared()["Rand"].keys, declared()["T stage"].keys
    assert rand["levels"] == ["Smooth", "Ill defined"]
    assert rand["recode"] == {"glatt": "Smooth", "unscharf": "Ill defined"}
    assert stage["levels"] == ["T1", "T2", "T10"] and stage["ordered"] is True


def test_what_is_known_afterwards_is_kept_from_models():
    found = declared()
    assert found["T stage"].keys["preoperative"] is False
    assert found["found"].keys["preoperative"] is False
    assert found["found"].evidence["preoperative"].startswith("it tells the outcome of every row")
    assert "preoperative" not in found["Rand"].keys


def test_a_variable_that_is_often_empty_excludes_nobody():
    assert declared()["seldom"].keys["required"] is False
    assert "required" not in declared()["Rand"].keys


def test_numbers_that_could_be_codes_are_left_open():
    foci = declared()["foci"]
    assert foci.keys["kind"] == OPEN
    assert foci.evidence["kind"].startswith("whole numbers 1 to 3: could be ordinal or categorical")


def test_a_number_that_separates_the_outcomes_is_no_predictor():
    table = TABLE.assign(level=[str(10 * int(y) + i % 5) for i, y in enumerate(TABLE["malignant"])])
    (last,) = [
        variable
        for variable in guess_variables(table, guess_roles(table), "malignant")
        if variable.column == "level"
    ]
    assert last.keys["preoperative"] is False
