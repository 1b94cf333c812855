"""The user's table, typed: every declaration is applied, every problem comes at once."""

import re

import numpy as np
import pandas as pd
import pytest

from thyro.cohort import clinical_table
from thyro.cohort.clinical_table import CohortError, criterion_name
from thyro.simulate import case_mix, cohort

AGE = {"name": "age", "label": "Age", "kind": "continuous", "maximum": 120}
MARGIN = {
    "name": "margin",
    "column": "rand",
    "label": "Margin",
    "kind": "categorical",
    "levels": ["Smooth", "Irregular", "Not recorded"],
    "recode": {"s": "Smooth"},
    "missing": "Not recorded",
}
PLACE = {
    "name": "place",
    "label": "Location of metastasis",
    "kind": "categorical",
    "levels": ["None", "Central"],
    "missing": None,
    "tells_outcome": {"None": 0, "Central": 1},
}


def table(**columns):
    base = {
        "id": ["a", "b", "c", "d"],
        "y": ["1", "0", "0", "1.0"],
        "age": ["40", " 51.5 ", "", "33"],
        "rand": ["s", "Irregular", "", "Smooth"],
    }
    return pd.DataFrame(base | columns)


def read(variables=(AGE, MARGIN), options=None, **columns):
    options = {"id_column": "id", "outcome_column": "y"} | (options or {})
    return clinical_table.read_clinical(table(**columns), variables, **options)


def criterion(cell, kind, **limits):
    """Whom one criterion excludes, and the problems."""
    declared = {"column": "c", "label": "c", "kind": kind, **limits}
    clinical, problems = read(options={"criteria": [declared]}, c=cell)
    return clinical[criterion_name(0)].tolist(), problems


def test_cells_become_numbers_and_levels():
    clinical, problems = read()
    assert problems == []
    assert clinical["y"].tolist() == [1, 0, 0, 1]
    np.testing.assert_array_equal(clinical["age"], [40, 51.5, np.nan, 33])
    assert clinical["margin"].tolist() == ["Smooth", "Irregular", "Not recorded", "Smooth"]
    assert clinical["margin"].cat.categories.tolist() == MARGIN["levels"]
    assert not clinical["margin"].cat.ordered
    assert read(variables=[MARGIN | {"ordered": True}])[0]["margin"].cat.ordered


def test_an_empty_cell_without_a_level_for_it_is_missing():
    clinical, problems = read(variables=[MARGIN | {"missing": None}], y=["1", "", "0", "0"])
    assert problems == [] and clinical["margin"].isna().tolist() == [False, False, True, False]
    assert clinical["y"].isna().tolist() == [False, True, False, False]


def test_ids_are_compared_in_one_spelling():
    clinical, _ = read(id=["Mu\u0308ller", " Müller", "c", "d"])
    assert clinical["source_id"].tolist() == ["Müller", "Müller", "c", "d"]


def test_every_problem_comes_at_once_and_other_cells_are_read():
    clinical, problems = read(
        options={"radiologist_column": "r", "quality_column": "q", "scores": {"SVM": "s"}},
        id=["a", " ", "c", "d"],
        y=["1", "2", "0", "2"],
        age=["-1", "51,5", "430", "33"],
        rand=["s", "irreguler", "", "s"],
        r=["1", "maybe", "", "0"],
        q=["keep", "", "drop", "Exclude"],
        s=["0.1", "", "-2", "high"],
    )
    assert problems == [
        "row 3: id: empty, expected an id",
        "row 3, 5: y: '2', expected 1, 0 or empty",
        "row 3: r: 'maybe', expected 1, 0 or empty",
        "row 2: age: '-1', expected a number from 0 to 120; where less than 0 is right, declare "
        "`minimum: null`",
        "row 3: age: '51,5', expected a number with a decimal point: write 51.5",
        "row 4: age: '430', expected a number from 0 to 120",
        "row 3: rand: 'irreguler', expected one of: Irregular, Not recorded, Smooth, s; "
        "did you mean 'Irregular'?",
        "row 5: s: 'high', expected a number with a decimal point",
        "row 4: q: 'drop', expected one of: exclude, keep",
    ]
    assert clinical["age"].tolist()[3] == 33 and clinical["SVM"].tolist()[2] == -2
    assert clinical["quality"].tolist() == ["keep", "", "", "exclude"]


def test_a_variable_may_be_negative_when_it_says_so():
    assert read(variables=[AGE | {"minimum": None}], age=["-4", "", "", ""])[1] == []


def test_missing_columns_stop_at_once_and_list_those_that_are_there():
    message = "The table has no column 'rand', 'score'. It has: id, y, age."
    with pytest.raises(CohortError, match=f"^{re.escape(message)}$") as caught:
        clinical_table.read_clinical(
            table().drop(columns="rand"),
            [AGE, MARGIN],
            id_column="id",
            outcome_column="y",
            scores={"SVM": "score"},
        )
    assert caught.value.problems == [message]


def test_many_columns_are_counted_and_their_names_cut():
    wide = pd.DataFrame("", index=range(2), columns=[f"c{i}" for i in range(39)] + ["x" * 60])
    with pytest.raises(CohortError) as caught:
        clinical_table.read_clinical(wide, [], id_column="id", outcome_column="c1")
    names = ", ".join(f"c{i}" for i in range(30))
    assert str(caught.value) == f"The table has no column 'id'. It has: {names} and 10 more."
    with pytest.raises(CohortError) as caught:
        clinical_table.read_clinical(wide.iloc[:, -1:], [], id_column="id", outcome_column="y")
    assert str(caught.value) == f"The table has no column 'id', 'y'. It has: {'x' * 40}."


def test_a_table_without_a_header_does_not_show_its_first_patient():
    message = (
        "The table has no column 'id', 'y', 'age'. Its first row holds numbers or dates, as that "
        "of a patient does; it must hold the names of the columns."
    )
    first = table().set_axis(["secret", "1", "40", "s"], axis=1)
    with pytest.raises(CohortError, match=f"^{re.escape(message)}$") as caught:
        clinical_table.read_clinical(first, [AGE], id_column="id", outcome_column="y")
    assert caught.value.problems == [message]


@pytest.mark.parametrize("role", ["outcome_column", "radiologist_column", "quality_column"])
def test_ids_are_read_as_nothing_else(role):
    message = "id: the column of the ids cannot hold anything else."
    with pytest.raises(CohortError, match=f"^{re.escape(message)}$"):
        read(options={role: "id"})
    with pytest.raises(CohortError, match=f"^{re.escape(message)}$"):
        read(variables=[AGE | {"column": "id"}])
    with pytest.raises(CohortError, match=f"^{re.escape(message)}$"):
        read(options={"criteria": [{"column": "id", "label": "x", "kind": "inclusion"}]})


@pytest.mark.parametrize(
    ("one", "other"),
    [("007", "7"), ("7", "7.0"), ("P7", "p7"), ("P7", "P 7"), ("P7", "P\u200b7"), ("７", "7")],
)
def test_one_patient_under_two_spellings_is_a_problem(one, other):
    _, problems = read(id=[one, "b", other, one])
    assert problems == [
        "row 2, 4, 5: id: ids that differ only in how they are written (capitals, spaces, zeros, "
        "invisible characters); write those of one patient alike, and of others differently"
    ]


def test_an_id_of_invisible_characters_is_empty():
    _, problems = read(id=["a", "\u200b", "\ufeff", " "])
    assert problems == ["row 3, 4, 5: id: empty, expected an id"]


def test_rows_of_one_patient_agree_in_the_outcome_where_both_record_it():
    remedy = (
        "both 1 and 0 for the same patient; correct it, or give each patient an id of their own"
    )
    _, problems = read(id=["a", "b", " a", "b"], y=["1", "0", "0", "1"])
    assert problems == [f"row 2, 4: y: {remedy}", f"row 3, 5: y: {remedy}"]
    assert read(id=["a", "a", "a", "b"], y=["1", "", "0", "1"])[1] == [f"row 2, 4: y: {remedy}"]
    # A patient's images may differ in everything else.
    assert read(id=["a", "a", "b", "b"], y=["1", "", "0", "0"])[1] == []
    assert "both" not in "".join(read(id=["", "", "b", "c"], y=["1", "0", "0", "0"])[1])


def test_an_outcome_that_nobody_has_is_a_problem():
    _, problems = read(y=["", " ", "", ""])
    assert problems == ["y: empty in every row, expected the outcome as 1 or 0"]


def test_a_location_that_contradicts_the_outcome_is_a_problem():
    _, problems = read(variables=[PLACE], place=["None", "Central", "", "Central"])
    assert problems == [
        "row 2: place: 'None' means 0, but y is 1",
        "row 3: place: 'Central' means 1, but y is 0",
    ]
    assert read(variables=[PLACE], place=["Central", "None", "None", ""])[1] == []
    assert read(variables=[PLACE], y=["", "", "0", ""], place=["None", "Central", "", ""])[1] == []


@pytest.mark.parametrize(
    ("kind", "limits", "cell", "fails"),
    [
        ("inclusion", {}, ["1", "0", "", "1.0"], [False, True, True, False]),
        ("exclusion", {}, ["1", "0", "", "1.0"], [True, False, False, True]),
        ("inclusion", {"at_least": 18}, ["17.9", "18", "", "90"], [True, False, True, False]),
        ("exclusion", {"at_most": 17}, ["17.9", "17", "", "3"], [False, True, False, True]),
        (
            "inclusion",
            {"at_least": 0, "at_most": 31},
            ["-1", "0", "31", "32"],
            [True, False, False, True],
        ),
    ],
)
def test_criteria(kind, limits, cell, fails):
    assert criterion(cell, kind, **limits) == (fails, [])


@pytest.mark.parametrize("kind", ["inclusion", "exclusion"])
@pytest.mark.parametrize(
    ("limits", "expected"),
    [({}, "1 or 0"), ({"at_most": 17}, "numbers"), ({"at_least": 0}, "numbers")],
)
def test_a_criterion_that_nobody_filled_is_a_problem(kind, limits, expected):
    _, problems = criterion(["", " ", "", ""], kind, **limits)
    assert problems == [f"c: empty in every row, expected {expected}"]


def test_dates_that_nobody_filled_are_a_problem_told_once():
    dates = {"column": "us", "until": "op", "label": "x", "kind": "exclusion"}
    _, problems = read(
        options={"criteria": [dates | {"at_most": 3}, dates | {"at_least": 90}]},
        us=["2024-01-31"] * 4,
        op=[""] * 4,
    )
    assert problems == ["op: empty in every row, expected dates"]


def test_days_between_two_dates_are_a_criterion():
    options = {
        "criteria": [
            {
                "column": "us",
                "until": "op",
                "label": "x",
                "kind": kind,
                "at_least": 0,
                "at_most": 31,
            }
            for kind in ("inclusion", "exclusion")
        ]
    }
    clinical, problems = read(
        options=options,
        us=["2024-01-31", "2024-01-31", "2024-03-01", ""],
        op=["2024-03-02", "2024-03-03", "2024-02-29T08:00", "2024-03-02"],
    )
    assert problems == []
    assert clinical[criterion_name(0)].tolist() == [False, True, True, True]
    assert clinical[criterion_name(1)].tolist() == [True, False, False, False]


def test_an_unusable_criterion_excludes_nobody_so_that_their_images_are_looked_at_too():
    assert criterion(["maybe", "1", "0", ""], "inclusion") == (
        [False, False, True, True],
        ["row 2: c: 'maybe', expected 1, 0 or empty"],
    )
    options = {"until": "y2", "at_most": 31}
    declared = {"column": "c", "label": "c", "kind": "inclusion", **options}
    clinical, problems = read(
        options={"criteria": [declared]},
        c=["03/04/2024", "2024-03-01", "", "2024-03-01"],
        y2=["2024-03-01", "2024-03-05", "", "x"],
    )
    assert clinical[criterion_name(0)].tolist() == [False, False, True, False]
    assert problems == [
        "row 2: c: '03/04/2024', expected a date as year-month-day, such as 2024-03-31; a time of "
        "day may follow and is left out",
        "row 5: y2: 'x', expected a date as year-month-day, such as 2024-03-31; a time of day may "
        "follow and is left out",
    ]


def test_other_columns_are_carried_as_text():
    clinical, _ = read(
        options={"other_columns": ["image"]}, image=[" a.png", "u\u0308.png", "", "=1"]
    )
    assert clinical["image"].tolist() == ["a.png", "u\u0308.png", "", "=1"]


def test_a_column_whose_name_is_taken_is_carried_as_text_beside_it():
    names = ["age", "margin", "y", "id", "source_id", "criterion 1"]
    clinical, problems = read(
        options={"other_columns": names},
        age=["40", "51.50", " ", "033"],
        margin=["1", "2", "3", "4"],
        source_id=["w", "x", "y", "z"],
        **{"criterion 1": ["k", "l", "m", "n"]},
    )
    assert problems == []
    assert clinical["age"].tolist()[:2] == [40, 51.5]
    assert clinical["margin"].tolist() == ["Smooth", "Irregular", "Not recorded", "Smooth"]
    text = {name: clinical_table.text_column(clinical, name) for name in names}
    assert [column.name for column in text.values()] == names
    assert text["age"].tolist() == ["40", "51.50", "", "033"]
    assert text["margin"].tolist() == ["1", "2", "3", "4"]
    assert text["y"].tolist() == ["1", "0", "0", "1.0"]
    assert text["id"].tolist() == list("abcd") and text["source_id"].tolist() == list("wxyz")
    assert text["criterion 1"].tolist() == list("klmn")


def test_the_ending_of_text_columns_may_be_that_of_a_users_column():
    words = ["a b", "c", "", "d"]
    for names in (["age (text)"], ["age", "age (text)"], ["age (text)", "age"]):
        clinical, _ = read(options={"other_columns": names}, **{"age (text)": words})
        assert clinical_table.text_column(clinical, "age (text)").tolist() == words
        if "age" in names:
            assert clinical_table.text_column(clinical, "age").tolist() == ["40", "51.5", "", "33"]
        else:
            assert clinical_table.text_column(clinical, "age").tolist()[1] == 51.5


@pytest.mark.parametrize(
    ("variables", "scores", "taken"),
    [
        ([AGE | {"name": "split", "column": "age"}], {}, "'split'"),
        ([AGE], {"age": "y"}, "'age'"),
        ([AGE], {"SVM": "age", "mask": "y"}, "'mask'"),
    ],
)
def test_names_of_the_cohort_are_not_for_variables(variables, scores, taken):
    message = f"The names {taken} of variables or scores are taken; choose others."
    with pytest.raises(CohortError, match=f"^{re.escape(message)}$"):
        read(variables=variables, options={"scores": scores})


def test_messages_quote_no_id_and_cut_free_text():
    text = "Jane Doe, born 1960, seen in the clinic on Monday with a swelling"
    _, problems = read(id=["secret-1", "secret-2", "", "secret-4"], age=[text, "x", "", "-7"])
    assert "secret" not in "".join(problems)
    assert any(repr(text[:40] + "…") in line for line in problems)


def test_stop_at_raises_all_problems_or_nothing():
    clinical_table.stop_at([])
    with pytest.raises(CohortError) as caught:
        clinical_table.stop_at(["row 2: a", "row 3: b"])
    assert str(caught.value) == "The cohort cannot be used:\n  row 2: a\n  row 3: b"
    assert caught.value.problems == ["row 2: a", "row 3: b"]


def test_a_simulated_cohort_written_as_text_is_read_as_it_was():
    made = cohort.simulate_cohort(40, rng=np.random.default_rng(5)).table
    declared = case_mix.clinical_variables()
    text = made.drop(columns="spacing_mm").astype(object).map(str)
    clinical, problems = clinical_table.read_clinical(
        text,
        declared,
        id_column="patient_id",
        outcome_column="y",
        radiologist_column="radiologist",
    )
    assert problems == []
    for name in [variable["name"] for variable in declared]:
        assert clinical[name].tolist() == made[name].tolist()
    assert clinical["radiologist"].tolist() == made["radiologist"].tolist()


def test_an_id_of_several_columns_tells_centres_apart():
    frame = pd.DataFrame({"centre": ["A", "A", "B", "B"], "number": ["1", "2", "1", ""]})
    frame = frame.assign(y=["1", "0", "0", "1"], age=["40", "50", "60", "70"])
    options = {"id_column": ["centre", "number"], "outcome_column": "y"}
    clinical, problems = clinical_table.read_clinical(
        frame, [AGE], **options, other_columns=["centre"]
    )
    assert clinical["source_id"].tolist() == ["A|1", "A|2", "B|1", ""]
    assert problems == ["row 5: centre, number: empty, expected an id"]
    frame.loc[3, "number"] = "01"
    _, problems = clinical_table.read_clinical(frame, [AGE], **options)
    assert len(problems) == 1 and "differ only in how they are written" in problems[0]


def test_a_reading_may_be_a_grade():
    frame = table(grade=["1", "5", "3.5", "2"])
    options = {"id_column": "id", "outcome_column": "y", "radiologist_column": "grade"}
    clinical, problems = clinical_table.read_clinical(
        frame, [AGE | {"missing": None}], **options, radiologist_grades=True
    )
    assert clinical["radiologist"].tolist() == [1, 5, 3.5, 2]
    assert not [line for line in problems if "grade" in line]
    _, problems = clinical_table.read_clinical(frame, [AGE], **options)
    assert any("grade" in line and "expected" in line for line in problems)


def test_a_text_column_called_quality_is_no_decision_of_the_reader():
    words = ["keep", "exclude", "", "keep"]
    clinical, _ = read(options={"other_columns": ["quality"]}, quality=words)
    assert "quality" not in clinical
    assert clinical_table.text_column(clinical, "quality").tolist() == words
