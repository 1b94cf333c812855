"""What the columns of a table of predictions are taken for, and what is asked instead."""

from pathlib import Path

import pandas as pd
import pytest

from thyro.cohort import CohortError, score_roles, spreadsheet

SHARED = Path("../shared/data")
N = 40


def table(**columns):
    """A table of `N` rows as text: an id and an outcome, and what is given; None takes one out."""
    cells = {"patient": [f"p{i}" for i in range(N)], "metastasis": [str(i % 2) for i in range(N)]}
    cells |= {"prediction": [f"0.{i + 10}" for i in range(N)]} | columns
    return pd.DataFrame({name: one for name, one in cells.items() if one is not None}, dtype=str)


def test_outcome_score_and_patient_are_known_by_name_and_cells():
    roles = score_roles.guess_roles(table())
    assert (roles.outcome, roles.scores, roles.ids) == (
        "metastasis",
        {"prediction": "probability"},
        ("patient",),
    )
    assert (roles.cohort, roles.cohorts, roles.groups) == ("", {}, {})
    assert roles.told == (
        "patient: the patient (each cell once)",
        "metastasis: the outcome (1 and 0, and the name of one)",
        "prediction: a probability (numbers from 0 to 1)",
    )


@pytest.mark.parametrize(
    ("name", "words", "found"),
    [
        ("patientId", score_roles.PATIENT, True),
        ("Clinical_pred", score_roles.SCORE, True),
        ("概率1", score_roles.SCORE, True),
        ("spread", score_roles.SCORE, False),
        ("y", score_roles.OUTCOME, True),
        ("lymph-node metastasis", score_roles.OUTCOME, True),
        ("year", score_roles.OUTCOME, False),
    ],
)
def test_a_word_of_a_name_counts_and_not_a_part_of_one(name, words, found):
    assert score_roles.is_called(name, words) == found


@pytest.mark.parametrize(
    ("cells", "name", "role"),
    [
        ([f"{i / 10}" for i in range(N)], "model_score", "score"),
        ([str(i % 2) for i in range(N)], "radiologist", "reading"),
        ([str(i % 5 + 1) for i in range(N)], "doctor grade", "score"),
        ([f"0,{i + 10}" for i in range(N)], "risk", "probability"),  # a comma is named later
        (["Male", "Female"] * 20, "gender", None),
        ([str(40 + i) for i in range(N)], "age", None),
        ([f"0.{i + 10}" for i in range(N)], "texture", None),  # others are called as scores
    ],
)
def test_a_column_has_the_role_that_name_and_cells_allow(cells, name, role):
    assert score_roles.guess_roles(table(**{name: cells})).scores.get(name) == role


def test_numbers_from_0_to_1_are_probabilities_where_no_column_is_called_as_one():
    cells = [f"0.{i + 10}" for i in range(N)]
    assert score_roles.guess_roles(table(prediction=None, SVM=cells)).scores == {
        "SVM": "probability"
    }


def test_columns_of_few_values_are_groups_of_patients():
    given = {"gender": ["Male", "Male", "Female", ""] * 10, "stage": ["2", "1"] * 20}
    roles = score_roles.guess_roles(table(**given, name=[f"n{i}" for i in range(N)]))
    assert roles.groups == {"gender": ["Female", "Male"], "stage": ["1", "2"]}
    assert "name: not used (40 different texts)" in roles.told


def test_cohorts_are_named_training_first_and_external_last():
    cells = ["External hospital", "validation", "Training", "train 2"] * 10
    roles = score_roles.guess_roles(table(cohort=cells))
    assert roles.cohorts == {
        "training": "train",
        "validation": "validation",
        "train 2": "train_2",
        "external hospital": "external_hospital",
    }
    assert score_roles.guess_roles(table(cohort=cells), cohort="none").cohort == ""


def test_names_in_other_letters_are_counted():
    assert score_roles.names_of(["性别", "Age", "age", "2nd"], "group") == {
        "性别": "group_1",
        "Age": "age",
        "age": "age_3",
        "2nd": "group_2nd",
    }


def test_rows_that_are_counted_in_each_cohort_name_the_patient_with_it():
    counted = {"cohort": ["a", "b"] * 20, "row": [str(i // 2) for i in range(N)]}
    roles = score_roles.guess_roles(table(patient=None, **counted))
    assert roles.ids == ("cohort", "row")
    assert score_roles.guess_roles(table(patient=None)).ids == ()


def test_words_stand_for_the_outcome_where_the_user_says_which_means_yes():
    given = table(metastasis=["yes", "no"] * 20)
    with pytest.raises(CohortError, match="holds 'no' and 'yes', .* --positive 'yes'"):
        score_roles.guess_roles(given)
    roles = score_roles.guess_roles(given, positive="no")
    assert (roles.positive, roles.negative) == ("no", "yes")
    with pytest.raises(CohortError, match="must hold it and one other value"):
        score_roles.guess_roles(given, positive="maybe")


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({"metastasis": None}, {}, "no column holds an outcome, 1 and 0; .* --outcome COLUMN"),
        ({"metastasis": [""] * N}, {}, "metastasis: empty in every row; fill in the outcome"),
        ({"metastasis": ["1"] * N}, {}, "metastasis: the same outcome, '1', in every row"),
        ({"recurrence": ["1", "0"] * 20}, {}, "metastasis and recurrence may each be .* --outcome"),
        ({"prediction": None}, {}, "no column holds a probability, .* --role COLUMN=probability"),
        ({"prediction": [""] * N}, {}, "prediction: empty in every row; .* --role prediction="),
        ({"prediction": ["high", "low"] * 20}, {}, "2 different texts where a score has numbers"),
        (
            {"prediction": [f"{i}.5" for i in range(N)]},
            {},
            "row 3, 4, .* prediction: numbers up to 39.5, as of per cent, .* divide by 100",
        ),
        ({"patient": ["a"] * N}, {}, "row 2, 3, .* patient: empty, or the same .* --id none"),
        ({"set": ["a", "b"] * 20, "cohort": ["c", "d"] * 20}, {}, "set and cohort .* --cohort set"),
        (
            {},
            {"outcome": "nowhere"},
            "--outcome: the table has no column 'nowhere'; it has patient",
        ),
        ({}, {"said": {"x": "score"}}, "--role x=score: the table has no column 'x'"),
        ({}, {"said": {"prediction": "odds"}}, "--role prediction=odds: expected one of probab"),
    ],
)
def test_what_cannot_be_guessed_is_asked_for_by_an_option(columns, options, message):
    with pytest.raises(CohortError, match=message):
        score_roles.guess_roles(table(**columns), **options)


def test_what_the_user_says_is_taken_as_said():
    given = table(age=[str(40 + i) for i in range(N)], sex=["1", "0"] * 20)
    roles = score_roles.guess_roles(
        given,
        outcome="sex",
        id_column="none",
        said={"age": "score", "metastasis": "reading", "prediction": "ignore", "patient": "group"},
    )
    assert roles.outcome == "sex" and roles.ids == ()
    assert roles.scores == {"metastasis": "reading", "age": "score"}
    assert "age: a score (as said)" in roles.told


@pytest.mark.parametrize(
    ("file", "outcome", "kinds", "ids"),
    [
        ("clnm_ptc/rival_scores.csv", "Label", {"probability"}, ("cohort", "row")),
        ("llnm_net/predictions.csv", "metastasis", {"probability"}, ("patient",)),
    ],
)
def test_roles_of_public_tables(file, outcome, kinds, ids):
    if not (SHARED / file).is_file():
        pytest.skip(f"{file} does not lie beside the project")
    cells = spreadsheet.read((SHARED / file).read_bytes(), file)
    roles = score_roles.guess_roles(cells)
    assert (roles.outcome, set(roles.scores.values()), roles.ids) == (outcome, kinds, ids)
    assert roles.cohort == "cohort"
