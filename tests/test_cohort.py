"""From the user's table to the cohort: typed, counted, split."""

import pandas as pd
import pytest

from thyro import cohort

AGE = {
    "name": "age",
    "column": None,
    "label": "Age",
    "kind": "continuous",
    "levels": [],
    "recode": {},
    "missing": None,
}
MARGIN = {
    "name": "margin",
    "column": "rand",
    "label": "Margin",
    "kind": "categorical",
    "levels": ["Smooth", "Irregular", "Not recorded"],
    "recode": {"s": "Smooth"},
    "missing": "Not recorded",
}
COLUMNS = {"id_column": "id", "outcome_column": "y"}


def table(**columns):
    base = {
        "id": ["a", "b", "c", "d"],
        "y": ["1", "0", "0", "1.0"],
        "age": ["40", "51.5", "", "33"],
        "rand": ["s", "Irregular", "", "Smooth"],
    }
    return pd.DataFrame(base | columns)


def read(**columns):
    return cohort.read_clinical(table(**columns), [AGE, MARGIN], **COLUMNS)


def test_cells_become_numbers_and_levels():
    clinical = read()
    assert clinical["y"].tolist() == [1, 0, 0, 1]
    assert clinical["age"].isna().tolist() == [False, False, True, False]
    assert clinical["margin"].tolist() == ["Smooth", "Irregular", "Not recorded", "Smooth"]
    assert clinical["margin"].cat.categories.tolist() == MARGIN["levels"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"id": ["a", " ", "c", "d"]}, "row 3: id: empty, expected an id"),
        ({"y": ["1", "2", "0", "2"]}, "row 3, 5: y: '2', expected 1, 0 or empty"),
        ({"y": ["1", "yes", "0", "1"]}, "row 3: y: 'yes', expected 1, 0 or empty"),
        (
            {"age": ["40", "51,5", "1", "2"]},
            "row 3: age: '51,5', expected a number with a decimal point",
        ),
        ({"age": ["40", "inf", "1", "2"]}, "row 3: age: 'inf', expected a number"),
        (
            {"rand": ["s", "x", "", "s"]},
            "row 3: rand: 'x', expected one of: Irregular, Not recorded, Smooth, s",
        ),
    ],
)
def test_a_cell_that_cannot_be_used_is_named_with_its_row(columns, message):
    with pytest.raises(cohort.CohortError, match=message.replace("(", r"\(")):
        read(**columns)


def test_all_problems_come_at_once():
    with pytest.raises(cohort.CohortError, match=r"(?s)row 2: y.*row 4: age"):
        read(y=["?", "0", "0", "1"], age=["1", "2", "?", "4"])


def test_a_missing_column_lists_those_that_are_there():
    with pytest.raises(cohort.CohortError, match="no column 'rand'. It has: id, y, age"):
        cohort.read_clinical(table().drop(columns="rand"), [AGE, MARGIN], **COLUMNS)


def test_exclusions_are_counted_and_sum():
    clinical = read(id=["a", "a", "c", "d"], y=["1", "1", "0", ""], age=["40", "41", "", "3"])
    clinical["area"] = [5, 9, 1, 1]
    flow = cohort.include(clinical, [AGE, MARGIN], one_per_patient="area")
    assert [(s["label"], s["n"]) for s in flow.steps] == [
        ("Assessed (images)", 4),
        ("Excluded: outcome not recorded", 1),
        ("Excluded: further image of the same patient", 1),
        ("Excluded: age not recorded", 1),
    ]
    assert flow.frame["source_id"].tolist() == ["a"] and flow.frame["area"].tolist() == [9]


def test_a_size_that_is_no_number_is_named_with_its_row():
    clinical = read()
    clinical["area"] = ["5", "big", "1", ""]
    with pytest.raises(cohort.CohortError, match="row 3: area: 'big', expected a number"):
        cohort.include(clinical, [AGE, MARGIN], one_per_patient="area")


def test_a_repeated_patient_stops_when_nothing_says_which_row_counts():
    with pytest.raises(cohort.CohortError, match="row 2, 3: the same patient more than once"):
        cohort.include(read(id=["a", "a", "c", "d"]), [AGE, MARGIN])


def test_544_patients_are_split_as_in_the_paper():
    split = cohort.split_by_patient(pd.Series([0, 0, 1, 0] * 136), seed=1)
    assert split.value_counts().to_dict() == {"train": 380, "test": 164}


def test_the_split_follows_the_seed_and_can_be_stratified():
    y = pd.Series([0] * 70 + [1] * 30)
    first, again, other = (cohort.split_by_patient(y, seed=s) for s in (1, 1, 2))
    assert first.equals(again) and not first.equals(other)
    stratified = cohort.split_by_patient(y, seed=1, stratify=True)
    assert y[stratified == "test"].sum() == 9


def test_a_split_without_outcomes_stops():
    with pytest.raises(cohort.CohortError, match="at least two with and two without"):
        cohort.split_by_patient(pd.Series([1] + [0] * 30), seed=1)


def test_the_flow_chart_sums_or_stops():
    patients = pd.DataFrame({"y": [0, 1, 1], "split": ["train", "train", "test"]})
    steps = [
        {"label": "Assessed", "n": 4, "excluded": False},
        {"label": "Excluded: x", "n": 1, "excluded": True},
    ]
    chart = cohort.flow_chart(steps, patients)
    assert [(s["label"], s["n"], s.get("events")) for s in chart[2:]] == [
        ("Included", 3, None),
        ("Training cohort", 2, 1),
        ("Test cohort", 1, 1),
    ]
    with pytest.raises(cohort.CohortError, match="ends with 4 patients, the cohort has 3"):
        cohort.flow_chart(steps[:1], patients)


def test_pseudonyms_sort_and_say_nothing():
    assert cohort.pseudonyms(2) == ["P001", "P002"]
    assert cohort.pseudonyms(1200)[-1] == "P1200"


def test_the_patient_table_carries_no_hospital_id():
    clinical = read(age=["40", "51", "60", "33"]).assign(image="7/secret-a.png")
    split = pd.Series(["train", "test", "train", "test"], name="split")
    patients = cohort.patient_table(
        clinical, ["age", "margin"], split=split, spacing_mm=[(0.1, 0.2)] * 4, folder="r"
    )
    assert list(patients) == [
        "patient_id",
        "y",
        "split",
        "age",
        "margin",
        "image",
        "mask",
        "spacing_mm",
    ]
    assert patients["image"].tolist()[0] == "r/images/P001.png"
    assert "secret" not in patients.to_csv()
